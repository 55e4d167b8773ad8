"""Money of provisional reservations in the reports: no house money before it pays a deal (ORC-17)."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from loupan.org.models import User
from loupan.reports.queries import catalogue, figures
from loupan.reports.queries.figures import Period
from loupan.reports.queries.report import Report
from loupan.reports.queries.scope import Parameters, receipts_in
from loupan.sales.actions.provisionals import withdraw_provisional
from loupan.sales.models import Deal, ProvisionalReservation
from loupan.sales.testing import (
    RESERVED_AT,
    Office,
    a_buyer,
    a_provisional,
    a_receipt,
    a_reservation,
    an_office,
)

pytestmark = pytest.mark.django_db
NEXT_DAY = RESERVED_AT + timedelta(days=1)


@pytest.fixture
def office() -> Office:
    return an_office()


@pytest.fixture
def kept(office: Office) -> ProvisionalReservation:
    """30,000 on the first day."""
    return a_provisional(office, amount=Decimal(30000), is_paid=True, customer=a_buyer(office))


def asked(office: Office, *, days: int = 0) -> Parameters:
    day = (RESERVED_AT + timedelta(days=days)).date()
    return Parameters(office.project.pk, day, day)


def journal(office: Office, *, days: int = 0, viewer: User | None = None) -> Report:
    return catalogue.run("r-f01", viewer or office.mo, asked(office, days=days), NEXT_DAY)


def collected(office: Office, *, days: int = 0) -> Decimal:
    period = asked(office, days=days)
    money = figures.collections(receipts_in(office.mo, period), Period(period.first, period.last))
    return money.net


def converted(office: Office, kept: ProvisionalReservation) -> Deal:
    deal = a_reservation(
        office, unit=kept.unit, buyers=[kept.customer], at=NEXT_DAY, with_deposit=False
    ).deal
    a_receipt(office, deal, amount="20000", at=NEXT_DAY)
    return deal


def test_the_journal_shows_it_with_its_unit_and_the_way_to_it(
    office: Office, kept: ProvisionalReservation
) -> None:
    found = journal(office)
    [row] = found.rows
    assert (row.cells["unit"], row.cells["cash"]) == (kept.unit.number, 30000)
    assert row.links["number"] == f"/sales/provisionals/{kept.pk}/"
    assert found.totals["amount"] == 30000
    assert collected(office) == 0, "it is refundable: no house money yet"


def test_orc_17_the_cash_of_the_day_is_20_000_and_the_deal_has_50_000(
    office: Office, kept: ProvisionalReservation
) -> None:
    converted(office, kept)
    found = journal(office, days=1)
    assert sorted(row.cells["amount"] for row in found.rows) == [-30000, 20000, 30000]
    assert (found.totals["amount"], found.totals["cash"]) == (20000, 20000)
    assert collected(office, days=1) == 50000, "what pays the deposit is house money from this day"
    assert collected(office) == 0


def test_what_is_paid_back_leaves_the_journal_at_nothing(
    office: Office, kept: ProvisionalReservation
) -> None:
    withdraw_provisional(
        provisional_id=kept.pk, reason="放弃", request_key=uuid4(), by=office.mo, at=RESERVED_AT
    )
    found = journal(office)
    assert len(found.rows) == 2
    assert (found.totals["amount"], found.totals["cash"]) == (0, 0)
    assert collected(office) == 0


def test_the_journal_of_a_consultant_ends_where_the_reach_ends(
    office: Office, kept: ProvisionalReservation
) -> None:
    assert kept.consultant == office.lin
    assert len(journal(office, viewer=office.lin).rows) == 1
    assert not journal(office, viewer=office.cast.wei).rows
    elsewhere = Parameters(
        office.project.pk, RESERVED_AT.date(), RESERVED_AT.date(), building_id=10**9
    )
    assert not catalogue.run("r-f01", office.mo, elsewhere, NEXT_DAY).rows
