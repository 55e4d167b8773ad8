"""No double sale, proved by real processes against each other on the database of this run."""

import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from loupan.core.models import AuditEvent
from loupan.inventory.models import Unit, UnitChange
from loupan.inventory.testing import a_unit
from loupan.pricing.testing import a_discount
from loupan.sales.models import AttachedUnit, Claim, Deal, DealDiscount
from loupan.sales.queries.books import book_differences
from loupan.sales.testing import Office, a_buyer, a_stall, an_office, another_unit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race, pytest.mark.slow]

ROOT = Path(settings.BASE_DIR)
PROCESSES = 4


def database_url() -> str:
    """The database of this very test, for other processes."""
    here = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{here['NAME']}"
    return f"postgres://{here['USER']}@{here['HOST']}:{here['PORT']}/{here['NAME']}"


def race(
    office: Office,
    lanes: Sequence[Sequence[tuple[int, ...]]],
    *,
    discounts: Sequence[int] = (),
    dies: str = "",
) -> Counter[str]:
    """Each lane is one process; all start at the same moment. How often each answer came."""
    environment = {
        **os.environ,
        "DATABASE_URL": database_url(),
        "DJANGO_SETTINGS_MODULE": "loupan.config.settings",
        "LOUPAN_FIELD_KEYS": settings.FIELD_KEYS,
        "LOUPAN_SECRET_KEY": settings.SECRET_KEY,
    }
    runners = [
        subprocess.Popen(
            [
                sys.executable, "-m", "loupan.sales.tests.racer",
                str(office.lin.pk), str(office.prices.plan.pk),
                ",".join(":".join(map(str, attempt)) for attempt in lane),
                ",".join(map(str, discounts)),
                *([dies] if dies and not number else []),
            ],
            cwd=ROOT, env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for number, lane in enumerate(lanes)
    ]  # fmt: skip
    for runner in runners:
        assert runner.stdout
        assert runner.stdin
        ready = runner.stdout.readline()
        assert ready == "ready\n", runner.communicate()
    for runner in runners:
        assert runner.stdin
        runner.stdin.write("go\n")
        runner.stdin.flush()
    answers: Counter[str] = Counter()
    for runner in runners:
        said, complaints = runner.communicate(timeout=120)
        assert runner.returncode in ({0, -9} if dies else {0}), complaints
        answers.update(said.split())
    return answers


def test_orc_02_of_two_hundred_confirmations_one_sells() -> None:
    office = an_office()
    unit = a_unit(office.project)
    buyers = [a_buyer(office) for _ in range(200)]
    lanes = [[(unit.pk, buyer.pk) for buyer in buyers[n::PROCESSES]] for n in range(PROCESSES)]
    answers = race(office, lanes)
    assert answers["sold"] == 1
    assert answers["unit_not_available"] + answers["busy"] == 199
    assert answers["busy"] == 0
    assert Deal.objects.count() == 1
    assert Claim.objects.filter(is_active=True).count() == 1
    moved = UnitChange.objects.filter(unit=unit, from_status="available", to_status="reserved")
    assert moved.count() == 1
    assert AuditEvent.objects.filter(event="sales.reservation.made").count() == 1
    assert book_differences() == []


def test_orc_03_a_hundred_customers_over_fifty_units() -> None:
    office = an_office()
    units = [another_unit(office).pk for _ in range(50)]
    buyers = [a_buyer(office).pk for _ in range(100)]
    chance = random.Random(20250308)
    lanes = [
        [(unit, buyer) for buyer in buyers[n::PROCESSES] for unit in chance.sample(units, 2)]
        for n in range(PROCESSES)
    ]
    answers = race(office, lanes)
    wanted = {unit for lane in lanes for unit, _buyer in lane}
    assert answers["sold"] == Deal.objects.count() == len(wanted)
    assert set(answers) <= {"sold", "unit_not_available"}
    assert Deal.objects.values("unit_id").distinct().count() == Deal.objects.count()
    assert book_differences() == []


def test_a_quota_of_fifty_is_granted_fifty_times_to_sixty_buyers() -> None:
    office = an_office()
    scheme = a_discount(
        office.project, office.mo, code="FIRST50", kind="promotion", form="amount",
        amount_or_rate="5000", quota=50,
    )  # fmt: skip
    pairs = [(another_unit(office).pk, a_buyer(office).pk) for _ in range(60)]
    lanes = [pairs[n::PROCESSES] for n in range(PROCESSES)]
    answers = race(office, lanes, discounts=[scheme.pk])
    assert answers == {"sold": 50, "discount_quota_used_up": 10}
    scheme.refresh_from_db()
    assert scheme.used == DealDiscount.objects.filter(discount=scheme).count() == 50
    assert Claim.objects.filter(is_active=True).count() == 50
    assert book_differences() == []


def test_a_seller_killed_in_the_middle_of_a_sale_leaves_nothing_behind() -> None:
    office = an_office()
    unit = a_unit(office.project)
    buyers = [a_buyer(office) for _ in range(4)]
    answers = race(office, [[(unit.pk, buyers[0].pk)]], dies="now")
    assert not answers
    unit.refresh_from_db()
    assert (unit.status, Deal.objects.count(), Claim.objects.count()) == ("available", 0, 0)
    answers = race(office, [[(unit.pk, buyer.pk)] for buyer in buyers], dies="now")
    assert answers["sold"] == 1
    assert Unit.objects.get(pk=unit.pk).status == "reserved"
    assert book_differences() == []


def test_u_9_of_many_flats_that_want_one_stall_one_is_sold_and_the_others_are_free() -> None:
    """Each deal wants a flat of its own and the same two stalls, named in any order."""
    office = an_office()
    first, second = a_stall(office), a_stall(office)
    flats = [another_unit(office) for _ in range(40)]
    lanes = [
        [(flat.pk, a_buyer(office).pk, *stalls) for flat in flats[n::PROCESSES]]
        for n, stalls in enumerate(
            [(first.pk, second.pk), (second.pk, first.pk), (first.pk,), (second.pk,)]
        )
    ]
    answers = race(office, lanes)
    deals = list(Deal.objects.all())
    assert answers["sold"] == len(deals)
    assert answers["sold"] + answers["unit_not_available"] == 40
    assert sorted(AttachedUnit.objects.values_list("unit_id", flat=True)) == [first.pk, second.pk]
    sold = {deal.unit_id for deal in deals}
    for flat in Unit.objects.filter(pk__in=[flat.pk for flat in flats]):
        assert flat.status == ("reserved" if flat.pk in sold else "available")
    assert book_differences() == []


def test_a_stall_sold_alone_and_wanted_by_a_flat_is_sold_once() -> None:
    office = an_office()
    stalls = [a_stall(office, total="1000000") for _ in range(10)]
    flats = [another_unit(office) for _ in range(10)]
    alone: list[tuple[int, ...]] = [(stall.pk, a_buyer(office).pk) for stall in stalls]
    together: list[tuple[int, ...]] = [
        (flat.pk, a_buyer(office).pk, stall.pk) for flat, stall in zip(flats, stalls, strict=True)
    ]
    answers = race(office, [alone, together])
    assert answers["sold"] == 10
    assert answers["unit_not_available"] == 10
    assert Claim.objects.filter(unit__in=stalls, is_active=True).count() == 10
    assert book_differences() == []
