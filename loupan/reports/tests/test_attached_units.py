"""A stall that goes with a flat is a unit sold of its own, and its money is counted once."""

from decimal import Decimal

import pytest

from loupan.org.models import User
from loupan.reports.queries import catalogue, figures
from loupan.reports.queries.figures import Period
from loupan.reports.queries.report import Report
from loupan.reports.queries.scope import Parameters, deals_in
from loupan.sales.actions.attached import detach_unit
from loupan.sales.models import Deal
from loupan.sales.queries.attached import AttachedWish
from loupan.sales.testing import (
    RESERVED_AT,
    SIGNED_AT,
    Office,
    a_contract,
    a_reservation,
    a_stall,
    an_office,
    another_unit,
)

pytestmark = pytest.mark.django_db
MARCH = Period(RESERVED_AT.date().replace(day=1), RESERVED_AT.date().replace(day=31))


@pytest.fixture
def office() -> Office:
    return an_office()


@pytest.fixture
def deal(office: Office) -> Deal:
    """The canonical flat and a stall at 120,000, contracted: 1,459,160 + 120,000 together."""
    wish = AttachedWish(a_stall(office, number="P-101").pk)
    flat = another_unit(office, number="1-1803")
    return a_contract(office, a_reservation(office, unit=flat, attached=[wish])).deal


def run(office: Office, code: str) -> Report:
    asked = Parameters(office.project.pk, MARCH.first, MARCH.last)
    return catalogue.run(code, office.mo, asked, SIGNED_AT)


def counted(office: Office, viewer: User | None = None) -> tuple[int, Decimal, Decimal | None]:
    asked = Parameters(office.project.pk, MARCH.first, MARCH.last)
    found = figures.counted(figures.gross_contracts(deals_in(viewer or office.mo, asked), MARCH))
    return found.units, found.amount, found.average


def test_it_counts_as_a_unit_and_its_money_once(office: Office, deal: Deal) -> None:
    units, amount, average = counted(office)
    assert units == 2
    assert amount == 1579160
    assert average == deal.deal_unit_price, "a stall without an area changes no average"
    a_contract(office, a_reservation(office))
    assert list(counted(office)[:2]) == [3, 1579160 + 1459160]


def test_the_daily_report_has_two_units_and_one_amount(office: Office, deal: Deal) -> None:
    totals = run(office, "r-s01").totals
    assert (totals["reservations"], totals["reserved_amount"]) == (2, 1579160)
    assert (totals["contracts"], totals["contracted_amount"]) == (2, 1579160)
    assert totals["contracted_average"] == deal.deal_unit_price


@pytest.mark.parametrize("code", ["r-s04", "r-s05", "r-s08"])
def test_the_ledgers_show_both_and_add_up(office: Office, deal: Deal, code: str) -> None:
    report = run(office, code)
    amounts = {
        row.cells["unit"].split(" ")[0]: row.cells["deal_total"]
        for row in report.rows
        if row.cells["deal_total"] is not None
    }
    assert amounts == {"1-1803": 1579160 - deal.attached_total, "P-101": deal.attached_total}
    assert report.totals["deal_total"] == 1579160


def test_the_money_reports_are_of_the_whole_deal(office: Office, deal: Deal) -> None:
    assert run(office, "r-s05").totals["balance"] == 1579160 - 50000
    assert run(office, "r-f01").totals["amount"] == 50000


def test_the_discount_is_measured_by_both_list_prices(office: Office, deal: Deal) -> None:
    depth = figures.discount_depth(Deal.objects.all())
    assert depth == (Decimal(1579160) / (deal.list_total + 120000)).quantize(Decimal("0.0001"))


def test_what_was_taken_out_is_not_counted(office: Office) -> None:
    stall = a_stall(office)
    deal = a_reservation(office, attached=[AttachedWish(stall.pk)]).deal
    detach_unit(deal_id=deal.pk, unit_id=stall.pk, reason="客户不要", by=office.mo, at=RESERVED_AT)
    totals = run(office, "r-s01").totals
    assert (totals["reservations"], totals["reserved_amount"]) == (1, 1459160)
