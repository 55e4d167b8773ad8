"""Triggers that refuse UPDATE and DELETE, on both databases (HOUSE 3.11, DOMAIN 0.2 rule 9).

`GuardTables` is a migration operation; `lifted` is for the emptying of a test database only.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.operations import RunPython

_POSTGRES_FUNCTION = """
CREATE OR REPLACE FUNCTION loupan_append_only() RETURNS trigger AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = '23001';
END $$ LANGUAGE plpgsql
"""

GUARDED = (
    "core_auditevent",
    "inventory_unitchange",
    "ledger_receivable",
    "ledger_receipt",
    "ledger_allocation",
    "customers_visit",
    "customers_followup",
    "customers_reveal",
    "customers_duplicateattempt",
)


def _create(wrapper: BaseDatabaseWrapper, table: str) -> list[str]:
    if wrapper.vendor == "postgresql":
        return [
            _POSTGRES_FUNCTION,
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION loupan_append_only()",
        ]
    return [
        f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table}"
        f" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for verb in ("UPDATE", "DELETE")
    ]


def _drop(wrapper: BaseDatabaseWrapper, table: str) -> list[str]:
    if wrapper.vendor == "postgresql":
        return [f"DROP TRIGGER IF EXISTS {table}_append_only ON {table}"]
    return [f"DROP TRIGGER IF EXISTS {table}_no_{verb}" for verb in ("update", "delete")]


class GuardTables(RunPython):
    """Migration operation: from here on the named tables only grow."""

    def __init__(self, *tables: str) -> None:
        self.tables = tables
        assert set(tables) <= set(GUARDED), tables
        super().__init__(self._up, self._down)

    def deconstruct(self) -> Any:
        return type(self).__name__, list(self.tables), {}

    def _up(self, apps: Any, editor: Any) -> None:
        """Also after a change of a guarded table: SQLite makes it anew and forgets its triggers."""
        for table in self.tables:
            for statement in _drop(editor.connection, table) + _create(editor.connection, table):
                editor.connection.cursor().execute(statement)

    def _down(self, apps: Any, editor: Any) -> None:
        for table in self.tables:
            for statement in _drop(editor.connection, table):
                editor.connection.cursor().execute(statement)


@contextmanager
def lifted() -> Iterator[None]:
    """Take the guards off while a test database is emptied, then put them back."""
    with connection.cursor() as cursor:
        for table in GUARDED:
            for statement in _drop(connection, table):
                cursor.execute(statement)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            for table in GUARDED:
                for statement in _create(connection, table):
                    cursor.execute(statement)
