"""History and money only grow: the database itself refuses to change or delete them."""

import pytest
from django.db import connection

from loupan.core.append_only import GUARDED

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("table", GUARDED)
def test_every_guarded_table_has_its_triggers_after_all_migrations(table: str) -> None:
    """SQLite makes a table anew when a column changes, and forgets its triggers."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal",
                [table],
            )
            expected = {f"{table}_append_only"}
        else:
            cursor.execute(
                "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s", [table]
            )
            expected = {f"{table}_no_update", f"{table}_no_delete"}
        assert {row[0] for row in cursor.fetchall()} >= expected
