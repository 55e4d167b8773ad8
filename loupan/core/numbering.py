"""Gap-free document numbers (PRM-03). Taken last in a transaction, to hold the lock shortest."""

from django.db import connection

# Makes the series with its first number, or locks it and counts on: one statement on both databases.
_NEXT = """
INSERT INTO core_numberseries ("key", "last") VALUES (%s, 1)
ON CONFLICT ("key") DO UPDATE SET "last" = core_numberseries."last" + 1
RETURNING "last"
"""


def next_number(key: str, *, prefix: str = "", width: int = 4) -> str:
    """The next number of a series such as "HC-RG-2025": prefix and zero-padded counter.

    The row lock makes the series gap-free: a rolled-back action gives its number back.
    """
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [key])
        last = cursor.fetchone()[0]
    return f"{prefix}{last:0{width}d}"
