"""`manage.py demo`: whole, balanced, the same every time, and only once."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client, TestCase, override_settings

from loupan.config.demo import story
from loupan.customers.models import Customer
from loupan.inventory.models import ControlPlan, Unit
from loupan.inventory.queries.stock import alerts_of
from loupan.inventory.rules.stock import AlertKind
from loupan.inventory.states import UnitStatus
from loupan.ledger.queries import lines_of
from loupan.org.models import Company, Project, User
from loupan.org.rules import ROLE_TEMPLATES
from loupan.pricing.models import Discount, PaymentPlan
from loupan.pricing.queries.offers import price_for
from loupan.sales.models import (
    Claim,
    ContractVoid,
    Deal,
    HandoverException,
    Milestone,
    ProvisionalReservation,
    Unfiling,
)
from loupan.sales.queries.books import book_differences
from loupan.sales.queries.control import controlled_units

MORNING = datetime(2026, 3, 20, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai.
ACCOUNTS = [
    "sc1",
    "sc2",
    "tl",
    "sm",
    "cc",
    "cs",
    "ms",
    "ca",
    "sa",
    "fm",
    "pd",
    "cd",
    "gd",
    "mk",
    "cm",
    "sv",
    "ho",
    "lg",
    "hr",
    "au",
    "ex",
    "ad",
]

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def _demo(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """One demo for all tests of this file; taken out again at their end."""
    with django_db_blocker.unblock(), time_machine.travel(MORNING, tick=False):
        outer = TestCase._enter_atomics()  # type: ignore[attr-defined]
        try:
            story.tell(at=MORNING)
            yield
        finally:
            TestCase._rollback_atomics(outer)  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def _morning(_demo: None) -> Iterator[None]:
    with time_machine.travel(MORNING, tick=False):
        yield


def test_the_books_of_the_demo_agree() -> None:
    assert book_differences() == []


def test_a_second_call_makes_nothing() -> None:
    before = Company.objects.count(), Customer.objects.count()
    call_command("demo", stdout=StringIO())
    assert (Company.objects.count(), Customer.objects.count()) == before


@pytest.mark.parametrize("username", ACCOUNTS)
def test_every_role_has_an_account_of_its_code_on_the_loopback(username: str) -> None:
    user = User.objects.get(username=username)
    assert {grant.role for grant in user.access.grants} == {username.rstrip("12").upper()}
    with override_settings(DEMO_LOGINS=True):
        body = {"username": username, "password": "loupan-demo"}
        far = Client(REMOTE_ADDR="192.168.1.5").post(
            "/api/v1/tokens/", body, content_type="application/json"
        )
        near = Client().post("/api/v1/tokens/", body, content_type="application/json")
    assert (near.status_code, far.status_code) == (201, 401)


def test_every_office_role_is_there() -> None:
    office = {code.lower() for code in ROLE_TEMPLATES} - {"br", "cu"}
    assert office <= {name.rstrip("12") for name in ACCOUNTS}


def test_the_canonical_unit_prices_to_1_459_160_orc_08() -> None:
    project = Project.objects.get(code="HC")
    unit = Unit.objects.get(project=project, number="1-1-1803")
    assert (unit.built_area, unit.inner_area) == (Decimal("118.62"), Decimal("94.37"))
    assert (unit.list_unit_price, unit.list_total) == (Decimal(12830), Decimal(1521895))
    assert (unit.floor_unit_price, unit.floor_total) == (Decimal(11900), Decimal(1411578))
    assert unit.status == "available"
    offer = price_for(
        unit=unit,
        payment_plan_id=PaymentPlan.objects.get(project=project, code="MORTGAGE").pk,
        discount_ids=[
            Discount.objects.get(project=project, code=code).pk
            for code in ("ONTIME", "MEMBER", "OPENING")
        ],
        reserve_on=MORNING.date(),
        viewer=User.objects.get(username="sc1"),
    )
    assert offer.deal_total == Decimal(1459160)
    assert [line.amount for line in offer.schedule] == [50000, 389160, 1020000]


@pytest.mark.parametrize(
    ("number", "unit_price", "total"),
    [
        ("1-1-301", 12320, 1101038),
        ("1-1-1402", 12790, 1517150),
        ("1-1-1803", 12830, 1521895),
        ("1-1-2505", 12480, 1115338),
        ("1-1-2606", 11930, 847984),
    ],
)
def test_one_unit_one_price_follows_the_formula_orc_04(
    number: str, unit_price: int, total: int
) -> None:
    unit = Unit.objects.get(project__code="HC", number=number)
    assert (unit.list_unit_price, unit.list_total) == (unit_price, total)


def test_every_screen_has_something_to_show() -> None:
    units = Counter(Unit.objects.filter(project__code="HC").values_list("status", flat=True))
    assert sum(units.values()) > 300
    assert set(units) == set(UnitStatus)
    assert Unit.objects.filter(project__code="HC", product_type="parking").count() > 50
    deals = Counter(Deal.objects.values_list("status", flat=True))
    assert min(deals["reserved"], deals["contracted"], deals["cancelled"]) >= 3
    assert Customer.objects.filter(project__code="HC").count() > 120
    assert Customer.objects.filter(next_contact_on=MORNING.date()).count() > 5
    late = Deal.objects.filter(status="reserved", reservation__sign_by__lt=MORNING.date())
    assert late.count() >= 3
    assert Claim.objects.filter(is_active=True, kind="lock").count() == 2


def test_every_verb_after_and_before_a_deal_was_done_or_waits() -> None:
    assert Unfiling.objects.filter(status="open").count() == 1
    assert Milestone.objects.count() == 1
    assert ContractVoid.objects.count() == 1
    assert HandoverException.objects.count() == 1
    kept = ProvisionalReservation.objects.filter(claim__is_active=True)
    assert kept.count() == 2
    assert kept.filter(claim__expires_at__lte=MORNING).count() == 1
    titled = Deal.objects.get(status="titled")
    assert not [line for line in lines_of(titled.account_id) if line.outstanding]


def test_nobody_but_demo_people_is_there() -> None:
    assert not User.objects.filter(is_demo=False).exists()


def test_sales_control_is_in_full_swing() -> None:
    """Something withheld with an end, something held, a planned release, a stock that runs low."""
    rows = list(controlled_units(User.objects.get(username="sm"), MORNING))
    assert {row.status for row in rows} == {"withheld", "held", "locked"}
    assert any(row.status == "withheld" and row.claim_until for row in rows)
    assert all(row.why for row in rows if row.status != "locked")
    planned = ControlPlan.objects.filter(state="waiting")
    assert set(planned.values_list("verb", flat=True)) == {"release", "unwithhold"}
    kinds = {
        alert.kind for each in Project.objects.all() for alert in alerts_of(each.pk, MORNING.date())
    }
    assert kinds == {AlertKind.LOW, AlertKind.SLOW}
