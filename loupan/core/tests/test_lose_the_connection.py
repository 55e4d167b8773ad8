"""A connection that PostgreSQL ended is replaced before the next request asks anything."""

from typing import Any

import pytest
from django.db import connection as default
from django.db import connections

from loupan.core.models import NumberSeries


@pytest.mark.django_db(transaction=True)
def test_the_next_request_opens_a_new_connection() -> None:
    connection: Any = default
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no server that could end a connection")
    connection.health_check_enabled = True
    assert NumberSeries.objects.count() == 0
    first = connection.connection
    connection.health_check_done = False
    assert NumberSeries.objects.count() == 0
    assert connection.connection is first

    other = connections.create_connection("default")
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [first.info.backend_pid])
    other.close()
    connection.health_check_done = False
    assert NumberSeries.objects.count() == 0
    assert connection.connection is not first
