"""Quotes: a price under each plan with its trace; nothing is claimed."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied

from loupan.inventory.testing import a_unit
from loupan.pricing import errors as pricing
from loupan.pricing.testing import a_discount, a_lump_sum_plan
from loupan.sales import errors
from loupan.sales.actions.quotes import make_quotes
from loupan.sales.models import Claim, Quote
from loupan.sales.rules import quote_valid_until
from loupan.sales.testing import RESERVED_AT, Office, a_buyer, an_office

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Office:
    return an_office()


def test_several_plans_side_by_side_orc_11_orc_15(office: Office) -> None:
    lump = a_lump_sum_plan(office.project, office.mo)
    buyer = a_buyer(office)
    mortgage, at_once = make_quotes(
        unit_id=a_unit(office.project).pk,
        payment_plan_ids=[office.prices.plan.pk, lump.pk],
        discount_ids=office.prices.discount_ids,
        customer_id=buyer.pk,
        by=office.lin,
        at=RESERVED_AT,
    )
    assert (mortgage.deal_total, at_once.deal_total) == (Decimal(1459160), Decimal(1429177))
    assert [line["amount"] for line in mortgage.schedule] == [
        "50000.00", "389160.00", "1020000.00",
    ]  # fmt: skip
    assert (mortgage.valid_until, mortgage.customer) == (date(2025, 3, 15), buyer)
    assert Quote.objects.count() == 2
    assert not Claim.objects.exists()


def test_a_discount_out_of_its_days_is_in_the_trace_as_refused(office: Office) -> None:
    over = a_discount(
        office.project, office.mo, code="OVER", kind="regular",
        valid_until=RESERVED_AT.date() - timedelta(days=1),
    )  # fmt: skip
    [quote] = make_quotes(
        unit_id=a_unit(office.project).pk, payment_plan_ids=[office.prices.plan.pk],
        discount_ids=[over.pk], by=office.lin, at=RESERVED_AT,
    )  # fmt: skip
    refused = [step for step in quote.trace if step["step"] == "discount_refused"]
    assert [step["output"] for step in refused] == ["no_longer_valid"]
    assert quote.deal_total == Decimal(1491457)


def test_a_quote_is_for_ones_own_customer_an_offered_plan_and_a_sensible_day(
    office: Office,
) -> None:
    unit, plan = a_unit(office.project), office.prices.plan.pk

    def quote(**fields: object) -> list[Quote]:
        given = {"payment_plan_ids": [plan], "discount_ids": [], "by": office.lin, **fields}
        return make_quotes(unit_id=unit.pk, at=RESERVED_AT, **given)  # type: ignore[arg-type]

    with pytest.raises(errors.CustomerUnknown):
        quote(customer_id=a_buyer(an_office()).pk)
    with pytest.raises(pricing.PlanNotOffered):
        quote(payment_plan_ids=[plan + 99])
    with pytest.raises(pricing.DiscountNotOffered):
        quote(discount_ids=[10**9])
    with pytest.raises(pricing.PriceNotComputable):
        quote(reserve_on=date(9999, 12, 31))
    with pytest.raises(PermissionDenied):
        quote(by=office.zhao)


@pytest.mark.parametrize("days", [0, -1, 91, 10**9])
def test_a_quote_stands_for_one_to_ninety_days(office: Office, days: int) -> None:
    with pytest.raises(errors.QuoteValidityOutOfRange):
        make_quotes(
            unit_id=a_unit(office.project).pk, payment_plan_ids=[office.prices.plan.pk],
            discount_ids=[], valid_days=days, by=office.lin, at=RESERVED_AT,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("days", "ends", "last"),
    [
        (7, [], date(2025, 3, 15)),
        (7, [None, date(2025, 3, 10)], date(2025, 3, 10)),
        (7, [date(2025, 3, 1)], date(2025, 3, 8)),
        (1, [date(2025, 12, 31)], date(2025, 3, 9)),
    ],
)
def test_a_quote_ends_with_the_first_of_its_parts(
    days: int, ends: list[date | None], last: date
) -> None:
    assert quote_valid_until(date(2025, 3, 8), days, ends) == last
