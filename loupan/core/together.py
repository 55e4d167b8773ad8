"""Rows of several tables written together: the hot path of a sale (docs/performance.md).

On PostgreSQL all of it is one statement, on SQLite one short statement per table; either way without
the work of the ORM.  The rows are ordinary unsaved models, so that what is written is read in the
action and nowhere else.  Only actions call this, inside their transaction.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import cache, lru_cache
from typing import Any

from django.db import connection, models

from loupan.core.prepared import run_prepared

Row = models.Model
Update = tuple[Row, Sequence[str]]
_AS_THEY_ARE = (models.CharField, models.IntegerField, models.BooleanField)
_TIMES = (models.DateField,)  # DateTimeField is one of them.


def take_ids(kinds: Sequence[type[Row]], series: str) -> tuple[list[int], int]:
    """One new id for each kind of row, and the next number of a series (see core.numbering)."""
    tables = [kind._meta.db_table for kind in kinds]
    if connection.vendor == "postgresql":
        taken = ", ".join("nextval(pg_get_serial_sequence(%s, 'id'))" for _ in tables)
        statement = f"WITH n AS ({_NEXT}) SELECT (SELECT last FROM n), {taken}"  # noqa: S608
        [(number, *ids)] = run_prepared(statement, [series, *tables])
        return ids, number
    [(number,)] = run_prepared(_NEXT, [series])
    marks = ", ".join("%s" for _ in tables)
    names = f"SELECT name, seq FROM sqlite_sequence WHERE name IN ({marks})"  # noqa: S608
    last = dict(run_prepared(names, tables))
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
    groups: dict[tuple[type[Row], bool], list[Row]] = {}
    for row in inserts:
        groups.setdefault((type(row), row.pk is not None), []).append(row)
    changes = [(row, tuple(names)) for row, names in updates]
    vendor = connection.vendor
    parts = [
        (
            _insert(kind, vendor, len(members), has_id=has_id),
            _values(members, vendor, has_id=has_id),
        )
        for (kind, has_id), members in groups.items()
    ]
    parts += [(_update(type(row), names), _changes(row, names, vendor)) for row, names in changes]
    if vendor == "postgresql":
        statement = _as_one(tuple(sql for sql, _ in parts))
        run_prepared(statement, [value for _, values in parts for value in values])
        return
    with connection.cursor() as cursor:
        for sql, values in parts:
            cursor.execute(sql, values)


def _values(rows: Sequence[Row], vendor: str, *, has_id: bool) -> list[Any]:
    columns = _columns(type(rows[0]), vendor, has_id=has_id)
    return [
        value if prepare is None else prepare(value)
        for values in [row.__dict__ for row in rows]
        for value, prepare in [(values[name], prepare) for _, name, prepare in columns]
    ]


def _changes(row: Row, names: tuple[str, ...], vendor: str) -> list[Any]:
    columns = _columns(type(row), vendor, has_id=False)
    values = [
        getattr(row, name) if prepare is None else prepare(getattr(row, name))
        for _, name, prepare in columns
        if name in names
    ]
    assert len(values) == len(names), (row, names)
    return [*values, row.pk]


@lru_cache(maxsize=500)
def _insert(kind: type[Row], vendor: str, count: int, *, has_id: bool) -> str:
    columns = _columns(kind, vendor, has_id=has_id)
    marks = f"({', '.join(['%s'] * len(columns))})"
    names = ", ".join(f'"{column}"' for column, _, _ in columns)
    rows = ", ".join([marks] * count)
    return f'INSERT INTO "{kind._meta.db_table}" ({names}) VALUES {rows}'  # noqa: S608


@lru_cache(maxsize=500)
def _update(kind: type[Row], names: tuple[str, ...]) -> str:
    columns = [field.column for field in kind._meta.concrete_fields if field.attname in names]
    changes = ", ".join(f'"{column}" = %s' for column in columns)
    return f'UPDATE "{kind._meta.db_table}" SET {changes} WHERE id = %s'  # noqa: S608


@lru_cache(maxsize=200)
def _as_one(parts: tuple[str, ...]) -> str:
    named = ", ".join(f"w{number} AS ({sql})" for number, sql in enumerate(parts))
    return f"WITH {named} SELECT 1"


@cache
def _columns(
    kind: type[Row], vendor: str, *, has_id: bool
) -> list[tuple[str, str, Callable[[Any], Any] | None]]:
    """Column, attribute, and how its values go into this kind of database; None is as they are."""
    return [
        (str(field.column), field.attname, _prepared(field, vendor))
        for field in kind._meta.concrete_fields
        if has_id or not field.primary_key
    ]


def _prepared(field: Any, vendor: str) -> Callable[[Any], Any] | None:
    if isinstance(field, models.ForeignKey):
        return None
    if type(field).get_db_prep_save is models.Field.get_db_prep_save:
        # The driver of PostgreSQL takes dates and instants of Python.
        as_they_are = _AS_THEY_ARE + (_TIMES if vendor == "postgresql" else ())
        if isinstance(field, as_they_are):
            return None
        if isinstance(field, models.DateField) and not isinstance(field, models.DateTimeField):
            return _day
    return lambda value: field.get_db_prep_save(value, connection)


def _day(value: date | None) -> str | None:
    """As SQLite keeps it."""
    return None if value is None else value.isoformat()
