"""Desks that number at once: no number twice, none left out (PRM-03), on both databases."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

ROOT = Path(settings.BASE_DIR)
DESKS, PAPERS = 3, 8
# One desk in a process of its own; every third paper is not made after all and gives its number back.
DESK = """
import sys
import django
django.setup()
from loupan.core.db import writes
from loupan.core.numbering import next_count
from loupan.core.refusals import Busy, Refusal

class NotMade(Refusal):
    message = "not made"

@writes
def paper(*, is_made):
    count = next_count("tested-race")
    if not is_made:
        raise NotMade
    return count

done, tries = [], 0
while len(done) < int(sys.argv[1]):
    tries += 1
    try:
        done.append(paper(is_made=tries % 3 != 0))
    except NotMade:
        pass
    except Busy:
        tries -= 1
print(*done)
"""


def where() -> dict[str, str]:
    """The test's own database, as another process is told of it."""
    database = connection.settings_dict
    if connection.vendor == "postgresql":
        address = f"{database['HOST']}:{database['PORT']}/{database['NAME']}"
        return {"DATABASE_URL": f"postgres://{database['USER']}@{address}"}
    return {"DATABASE_URL": f"sqlite:///{database['NAME']}"}


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_desks_that_number_at_once_leave_no_gap_and_no_double() -> None:
    env = {**os.environ, **where(), "DJANGO_SETTINGS_MODULE": "loupan.config.settings"}
    desks = [
        subprocess.Popen(
            [sys.executable, "-c", DESK, str(PAPERS)],
            cwd=ROOT,
            env=env,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _desk in range(DESKS)
    ]
    taken = [int(n) for desk in desks for n in desk.communicate(timeout=120)[0].split()]
    assert [desk.returncode for desk in desks] == [0] * DESKS
    assert sorted(taken) == list(range(1, DESKS * PAPERS + 1))
