"""On SQLite the threads of the web server write one after the other, in the order they came."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from time import sleep

import pytest
from django.db import connection

from loupan.core import db
from loupan.core.db import writes
from loupan.core.numbering import next_number

THREADS = 4
TIMES = 5


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_threads_number_their_papers_without_a_gap_and_without_a_lock_error() -> None:
    together = Barrier(THREADS)

    @writes
    def number_a_paper() -> str:
        number = next_number("HC-RG-2025")
        sleep(0.005)  # Whoever holds the lock takes its time; the others must still come through.
        return number

    def number_papers() -> list[str]:
        together.wait()
        try:
            return [number_a_paper() for _ in range(TIMES)]
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as threads:
        found = [threads.submit(number_papers) for _ in range(THREADS)]
    numbers = sorted(number for one in found for number in one.result())
    assert numbers == [f"{number:04d}" for number in range(1, THREADS * TIMES + 1)]


@pytest.mark.django_db
def test_a_writer_has_the_turn_on_sqlite_and_keeps_nobody_waiting_on_postgresql() -> None:
    @writes
    def is_taken() -> bool:
        return db._turn.locked()

    assert is_taken() == (connection.vendor == "sqlite")
    assert not db._turn.locked()
