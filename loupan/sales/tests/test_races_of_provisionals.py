"""Of many who keep one unit, one does; money that comes with the clock is never lost (U-1, U-12)."""

import os
import subprocess
import sys
from collections import Counter
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from loupan.core.calendar import business_day
from loupan.ledger.queries import received_on_account
from loupan.sales.models import Claim, ProvisionalReservation
from loupan.sales.queries.books import book_differences
from loupan.sales.testing import a_buyer, a_provisional, an_office, another_unit
from loupan.sales.tests.test_races import ROOT, database_url

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race, pytest.mark.slow]


RACER = "loupan.sales.tests.racer_of_provisionals"


def race(lanes: list[tuple[str, int, list[str]]], *, module: str = RACER) -> Counter[str]:
    """Each lane (verb, person, attempts) is one process; all start at the same moment."""
    environment = {
        **os.environ,
        "DATABASE_URL": database_url(),
        "DJANGO_SETTINGS_MODULE": "loupan.config.settings",
        "LOUPAN_FIELD_KEYS": settings.FIELD_KEYS,
        "LOUPAN_SECRET_KEY": settings.SECRET_KEY,
    }
    runners = [
        subprocess.Popen(
            [sys.executable, "-m", module, verb, str(by), ",".join(attempts)],
            cwd=ROOT, env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for verb, by, attempts in lanes
    ]  # fmt: skip
    for runner in runners:
        assert runner.stdout
        assert runner.stdout.readline() == "ready\n", runner.communicate()
    for runner in runners:
        assert runner.stdin
        runner.stdin.write("go\n")
        runner.stdin.flush()
    answers: Counter[str] = Counter()
    for runner in runners:
        said, complaints = runner.communicate(timeout=120)
        assert runner.returncode == 0, complaints
        answers.update(said.split())
    return answers


def test_u_1_of_forty_who_keep_a_unit_one_does() -> None:
    office = an_office()
    unit = another_unit(office)
    buyers = [a_buyer(office).pk for _ in range(40)]
    lanes = [
        ("reserve", office.lin.pk, [f"{unit.pk}:{buyer}" for buyer in buyers[n::4]])
        for n in range(4)
    ]
    answers = race(lanes)
    assert answers == {"kept": 1, "unit_not_available": 39}
    assert ProvisionalReservation.objects.count() == 1
    assert Claim.objects.filter(is_active=True).count() == 1
    assert book_differences() == []


def test_u_12_money_and_the_clock_come_at_the_same_moment() -> None:
    """Either the money was first and the unit stays, or the clock was and no money is taken."""
    office = an_office()
    at = timezone.now()
    kept = [a_provisional(office, at=at - timedelta(days=2), days=1) for _ in range(8)]
    day = business_day(at).isoformat()
    moment = at.isoformat().replace(":", "_")
    answers = race(
        [
            ("receive", office.zhao.pk, [f"{row.pk}:{day}" for row in kept]),
            ("expire", office.zhao.pk, [f"{row.claim_id}:{moment}" for row in reversed(kept)]),
        ]
    )
    assert answers["paid"] + answers["provisional_ended"] == len(kept)
    assert answers["freed"] + answers["stays"] == len(kept)
    assert answers["freed"] == answers["provisional_ended"]
    for row in ProvisionalReservation.objects.select_related("claim", "unit"):
        received = received_on_account(row.account_id)
        assert row.claim.is_active == bool(received) == (row.unit.status == "provisional")
    assert book_differences() == []
