"""Many new rows at once, for actions that bring in files: COPY on PostgreSQL, one prepared INSERT else.

Ids are taken beforehand, so that rows of several tables can name each other without asking back.
Only actions call this, inside their transaction.
"""

import gc
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import orjson
from django.db import connection, models

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_SPECIAL = re.compile(r"[\\\t\n\r]")
_PART = 1_000  # Rows of text that are sent together.


def new_ids(model: type[models.Model], count: int) -> Sequence[int]:
    """`count` ids nobody else will use, ascending."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
                [table, count],
            )
            return sorted(row[0] for row in cursor.fetchall())
        # The whole transaction is serial: nobody else takes an id meanwhile.
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        row = cursor.fetchone()
        first = (row[0] if row else 0) + 1
        return range(first, first + count)


@contextmanager
def without_collecting() -> Iterator[None]:
    """No garbage collection while some hundred thousand rows are held, none of which is garbage.

    Python would walk them all again and again: a third of the time of a large import.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def insert_rows(
    model: type[models.Model],
    names: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    same: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Insert rows given as values of the named fields (or columns such as `unit_id`), in that order.

    `same` are the fields that have one value in all rows.  Dicts and lists go into JSON columns.
    Defaults of the model do not apply: name every column.
    """
    columns = [_column(model, name) for name in (*names, *same)]
    table, quoted = model._meta.db_table, ", ".join(f'"{column}"' for column in columns)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            _copy(cursor, f'COPY "{table}" ({quoted}) FROM STDIN', rows, same.values())
        return
    tail = [_sqlite(value) for value in same.values()]
    marks = ", ".join(["?"] * len(columns))
    statement = f'INSERT INTO "{table}" ({quoted}) VALUES ({marks})'  # noqa: S608  Our own names.
    with connection.cursor() as cursor:
        # Past Django's wrapper, which would copy every row to turn %s into ?.
        cursor.connection.executemany(statement, ([*map(_sqlite, row), *tail] for row in rows))


def update_rows(
    model: type[models.Model], names: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Change rows given as the new values of the named fields and, last, the id."""
    is_postgres = connection.vendor == "postgresql"
    assignments = ", ".join(
        f'"{_column(model, name)}" = %s'
        + ("::jsonb" if is_postgres and _is_json(model, name) else "")
        for name in names
    )
    statement = f'UPDATE "{model._meta.db_table}" SET {assignments} WHERE id = %s'  # noqa: S608
    with connection.cursor() as cursor:
        if is_postgres:
            cursor.executemany(statement, [[_plain(v) for v in row] for row in rows])
        else:
            cursor.executemany(statement, [[_sqlite(v) for v in row] for row in rows])


def _is_json(model: type[models.Model], name: str) -> bool:
    return isinstance(model._meta.get_field(name.removesuffix("_id")), models.JSONField)


def _plain(value: Any) -> Any:
    return orjson.dumps(value).decode() if isinstance(value, dict | list | tuple) else value


def _column(model: type[models.Model], name: str) -> str:
    for field in model._meta.concrete_fields:
        if name in {field.name, field.attname}:
            return str(field.column)
    raise AssertionError(f"{model._meta.label} has no column {name}")


def _copy(cursor: Any, statement: str, rows: Iterable[Sequence[Any]], same: Iterable[Any]) -> None:
    tail = "".join(f"\t{_text(value)}" for value in same) + "\n"
    with cursor.copy(statement) as copy:
        lines: list[str] = []
        for row in rows:
            lines.append("\t".join([_TEXTS.get(type(v), _text)(v) for v in row]) + tail)
            if len(lines) == _PART:
                copy.write("".join(lines))
                lines = []
        copy.write("".join(lines))


def _escaped(value: str) -> str:
    return value.translate(_ESCAPES) if _SPECIAL.search(value) else value


def _text(value: Any) -> str:
    """A value of a rarer kind in the text form of COPY."""
    known = _TEXTS.get(type(value))
    if known is not None:
        return known(value)
    if isinstance(value, str):
        return _escaped(str(value))
    if isinstance(value, datetime | date):
        return value.isoformat()
    return _escaped(orjson.dumps(value).decode())


_TEXTS: dict[type, Callable[[Any], str]] = {
    type(None): lambda _value: "\\N",
    str: _escaped,
    bool: lambda value: "t" if value else "f",
    int: str,
    Decimal: str,
}


def _sqlite(value: Any) -> Any:
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    return orjson.dumps(value).decode()
