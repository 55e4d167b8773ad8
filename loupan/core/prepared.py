"""Statements that PostgreSQL parses and plans once per connection (docs/performance.md).

Django puts the values into the text of a statement, so that PostgreSQL reads and plans it anew each time.
For the long statements of a sale that is most of the work; here they go with numbered places for the
values, and psycopg prepares what it sees repeatedly (`prepare_threshold` in the settings).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.db import connection

if TYPE_CHECKING:
    from django.db.backends.utils import CursorWrapper


def run_prepared(sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """The rows of a statement with %s for its values, which contains no other per cent sign."""
    if connection.vendor != "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchall() if cursor.description else []
    with _on_the_server() as cursor:
        cursor.execute(_numbered(sql), values)
        return cursor.fetchall() if cursor.description else []


def _on_the_server() -> CursorWrapper:
    """A cursor that leaves the values to the server; counted and logged as any other."""
    import psycopg
    from psycopg.types.numeric import Int8Dumper

    connection.ensure_connection()
    cursor: Any = psycopg.RawCursor(connection.connection)
    # One type for all whole numbers: else each size of number would be a statement of its own.
    cursor.adapters.register_dumper(int, Int8Dumper)
    if connection.queries_logged:
        return connection.make_debug_cursor(cursor)
    return connection.make_cursor(cursor)


@lru_cache(maxsize=500)
def _numbered(sql: str) -> str:
    first, *others = sql.split("%s")
    return first + "".join(f"${number}{part}" for number, part in enumerate(others, 1))
