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
    return f"{prefix}{next_count(key):0{width}d}"


def next_count(key: str) -> int:
    """The next count of a series, for a number that is made by a pattern."""
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [key])
        last: int = cursor.fetchone()[0]
    return last
