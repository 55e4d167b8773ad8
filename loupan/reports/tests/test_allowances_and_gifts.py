"""Special allowances and gifts stand by themselves in the ledgers of deals (DSC-09, DSC-10)."""

from decimal import Decimal

import pytest

from loupan.pricing.queries.offers import Gift, Special
from loupan.reports.queries import catalogue
from loupan.reports.queries.report import Report
from loupan.reports.queries.scope import Parameters
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


@pytest.fixture
def office() -> Office:
    return an_office()


def run(office: Office, code: str) -> Report:
    day = RESERVED_AT.date()
    asked = Parameters(office.project.pk, day.replace(day=1), day.replace(day=31))
    return catalogue.run(code, office.mo, asked, SIGNED_AT)


def test_a_special_allowance_and_a_gift_are_columns_of_their_own(office: Office) -> None:
    special = Special("amount", Decimal(5000), "老客户推荐")
    gift = Gift("家电", Decimal(9000))
    reservation = a_reservation(office, by=office.mo, special=special, gift=gift)
    a_reservation(office)
    report = run(office, "r-s04")
    first, plain = (row.cells for row in report.rows)
    assert (first["special"], first["special_reason"]) == (Decimal(5000), "老客户推荐")
    assert (first["gifts"], first["gift_cost"]) == ("家电", Decimal(9000))
    assert first["deal_total"] - first["net_total"] == 9000
    assert "老客户推荐" not in first["discounts"]
    assert "家电" not in first["discounts"]
    assert (plain["special"], plain["gift_cost"]) == (None, None)
    assert plain["net_total"] == plain["deal_total"]
    assert report.totals["special"] == 5000
    assert report.totals["net_total"] == report.totals["deal_total"] - 9000
    a_contract(office, reservation)
    [line] = run(office, "r-s05").rows
    assert (line.cells["special"], line.cells["gift_cost"]) == (Decimal(5000), Decimal(9000))


def test_a_rate_is_told_by_what_it_took_off_all_units(office: Office) -> None:
    """A special rate of 99 % on the chain; the stall gets none of it, a lump sum its part."""
    special = Special("rate", Decimal("0.99"), "团购")
    a_reservation(office, by=office.mo, special=special, discount_ids=[])
    wish = [AttachedWish(a_stall(office).pk)]
    lump = Special("amount", Decimal(20_000), "团购")
    a_reservation(
        office, by=office.mo, special=lump, discount_ids=[], attached=wish,
        unit=another_unit(office),
    )  # fmt: skip
    rate, amount = (row.cells for row in run(office, "r-s04").rows if row.cells["special"])
    assert rate["special"] == Decimal("14914.57")  # 1 % of 1,521,895 × 98 %
    assert amount["special"] == Decimal(20_000)
