"""Django's PostgreSQL, which looks whether a kept connection still stands without asking the server.

Django asks `SELECT 1` before the first statement of every request.  A server that has ended a connection
has said so on its socket; as long as nothing waits there to be read, the connection is as it was left.
"""

import select
from typing import Any

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    def is_usable(self) -> bool:
        connection: Any = self.connection
        if connection is None or connection.closed:
            return False
        poll = select.poll()
        poll.register(connection.fileno(), select.POLLIN)
        return not poll.poll(0) or super().is_usable()
