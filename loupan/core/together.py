"""Rows of several tables written together: the hot path of a sale (docs/performance.md).

On PostgreSQL all of it is one statement, on SQLite one short statement per table; either way without
the work of the ORM.  The rows are ordinary unsaved models, so that what is written is read in the
action and nowhere else.  Only actions call this, inside their transaction.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

from django.db import connection, models

Row = models.Model
Update = tuple[Row, Sequence[str]]
_AS_THEY_ARE = (models.CharField, models.IntegerField, models.BooleanField, models.ForeignKey)


def take_ids(kinds: Sequence[type[Row]], series: str) -> tuple[list[int], int]:
    """One new id for each kind of row, and the next number of a series (see core.numbering)."""
    tables = [kind._meta.db_table for kind in kinds]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            taken = ", ".join("nextval(pg_get_serial_sequence(%s, 'id'))" for _ in tables)
            cursor.execute(f"WITH n AS ({_NEXT}) SELECT (SELECT last FROM n), {taken}",  # noqa: S608
                           [series, *tables])  # fmt: skip
            number, *ids = cursor.fetchone()
            return ids, number
        cursor.execute(_NEXT, [series])
        number = cursor.fetchone()[0]
        marks = ", ".join("%s" for _ in tables)
        cursor.execute(
            f"SELECT name, seq FROM sqlite_sequence WHERE name IN ({marks})",  # noqa: S608
            tables,
        )
        last = dict(cursor.fetchall())
        return [last.get(table, 0) + 1 for table in tables], number


_NEXT = """
INSERT INTO core_numberseries ("key", "last") VALUES (%s, 1)
ON CONFLICT ("key") DO UPDATE SET "last" = core_numberseries."last" + 1
RETURNING "last"
"""


def write_together(inserts: Iterable[Row], updates: Iterable[Update] = ()) -> None:
    """Insert the rows and update the named fields of the others. Rows without an id get one.

    On PostgreSQL the parts of the statement do not see each other: whatever a unique constraint must
    see gone first is written before.
    """
    parts = [*_inserts(inserts), *(_update(row, names) for row, names in updates)]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            named = ", ".join(f"w{number} AS ({sql})" for number, (sql, _) in enumerate(parts))
            cursor.execute(
                f"WITH {named} SELECT 1",
                [value for _, values in parts for value in values],
            )
            return
        for sql, values in parts:
            cursor.execute(sql, values)


def _inserts(rows: Iterable[Row]) -> list[tuple[str, list[Any]]]:
    groups: dict[tuple[type[Row], bool], list[Row]] = {}
    for row in rows:
        groups.setdefault((type(row), row.pk is not None), []).append(row)
    parts = []
    for (kind, has_id), members in groups.items():
        columns = _columns(kind, connection.vendor, has_id=has_id)
        marks = f"({', '.join(['%s'] * len(columns))})"
        names = ", ".join(f'"{column}"' for column, _, _ in columns)
        sql = (
            f'INSERT INTO "{kind._meta.db_table}" ({names}) VALUES '  # noqa: S608
            f"{', '.join([marks] * len(members))}"
        )
        parts.append((sql, [prepare(getattr(row, name)) for row in members
                            for _, name, prepare in columns]))  # fmt: skip
    return parts


def _update(row: Row, names: Sequence[str]) -> tuple[str, list[Any]]:
    wanted = set(names)
    columns = [
        column for column in _columns(type(row), connection.vendor, has_id=False)
        if column[1] in wanted
    ]  # fmt: skip
    assert len(columns) == len(wanted), (row, names)
    changes = ", ".join(f'"{column}" = %s' for column, _, _ in columns)
    sql = f'UPDATE "{row._meta.db_table}" SET {changes} WHERE id = %s'  # noqa: S608
    return sql, [*(prepare(getattr(row, name)) for _, name, prepare in columns), row.pk]


@cache
def _columns(
    kind: type[Row], vendor: str, *, has_id: bool
) -> list[tuple[str, str, Callable[[Any], Any]]]:
    """Column, attribute, and how its values go into this kind of database."""
    return [
        (str(field.column), field.attname, _prepared(field))
        for field in kind._meta.concrete_fields
        if has_id or not field.primary_key
    ]


def _prepared(field: Any) -> Callable[[Any], Any]:
    plain = type(field).get_db_prep_save is models.Field.get_db_prep_save
    if (isinstance(field, _AS_THEY_ARE) and plain) or isinstance(field, models.ForeignKey):
        return _as_it_is
    return lambda value: field.get_db_prep_save(value, connection)


def _as_it_is(value: Any) -> Any:
    return value
