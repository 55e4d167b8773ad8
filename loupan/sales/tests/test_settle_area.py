"""What a survey means for a sale by law: ORC-33, ORC-34, ORC-35, and the deal page (DOMAIN 2.7)."""

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from loupan.core.calendar import business_day
from loupan.inventory.rules.areas import area_difference
from loupan.org.testing import signed_in, token_for
from loupan.pricing.rules.list_price import Basis
from loupan.sales.queries.deals import deal_page, deals_for
from loupan.sales.rules import AreaOutcome, area_outcome, statutory_settlement
from loupan.sales.testing import SIGNED_AT, a_contract, a_reservation, an_office

D = Decimal


def settled(agreed: str, measured: str, price: str) -> tuple[str, str, str, bool]:
    difference = area_difference(D(agreed), D(measured))
    assert difference is not None
    done = statutory_settlement(difference, D(price))
    return f"{done.to_pay}", f"{done.to_refund}", f"{done.absorbed}", difference.is_over


# DOMAIN 2.7.2: 100 m² at 12,000.
@pytest.mark.parametrize(
    ("measured", "pay", "refund", "absorbed", "may_rescind"),
    [
        ("102.00", "24000.00", "0.00", "0.00", False),
        ("103.00", "36000.00", "0.00", "0.00", False),
        ("105.00", "36000.00", "0.00", "24000.00", True),
        ("98.50", "0.00", "18000.00", "0.00", False),
        ("97.00", "0.00", "36000.00", "0.00", False),
        ("95.00", "0.00", "84000.00", "0.00", True),
    ],
)
def test_the_simple_table(
    measured: str, pay: str, refund: str, absorbed: str, *, may_rescind: bool
) -> None:
    assert settled("100.00", measured, "12000.00") == (pay, refund, absorbed, may_rescind)


@pytest.mark.parametrize(
    ("measured", "pay", "refund", "absorbed", "may_rescind"),
    [
        ("120.05", "17590.62", "0.00", "0.00", False),
        ("122.17", "43669.01", "0.00", "0.00", False),
        ("122.18", "43774.80", "0.00", "17.22", True),
        ("124.10", "43774.80", "0.00", "23635.39", True),
        ("117.00", "0.00", "19927.83", "0.00", False),
        ("115.06", "0.00", "43809.24", "0.00", True),
        ("112.00", "0.00", "119092.16", "0.00", True),
    ],
)
def test_orc_33(measured: str, pay: str, refund: str, absorbed: str, *, may_rescind: bool) -> None:
    assert settled("118.62", measured, "12301.13") == (pay, refund, absorbed, may_rescind)


@pytest.mark.parametrize(
    ("measured", "pay", "refund", "absorbed"),
    [
        ("95.80", "22110.83", "0.00", "0.00"),
        ("98.00", "43774.81", "0.00", "12352.69"),
        ("91.00", "0.00", "60439.88", "0.00"),
    ],
)
def test_orc_34_by_inner_area(measured: str, pay: str, refund: str, absorbed: str) -> None:
    assert settled("94.37", measured, "15462.12")[:3] == (pay, refund, absorbed)


def outcome(basis: Basis, built: str | None, inner: str | None) -> AreaOutcome:
    return area_outcome(
        basis,
        built=(D("118.62"), D(built) if built else None),
        inner=(D("94.37"), D(inner) if inner else None),
        built_price=D("12301.13"),
        inner_price=D("15462.12"),
    )


def test_orc_35_either_area_lets_the_buyer_rescind_and_the_built_one_is_settled() -> None:
    found = outcome(Basis.BUILT, "120.05", "97.30")
    assert found.settlement is not None
    assert (found.settlement.to_pay, found.may_rescind) == (D("17590.62"), True)
    assert not outcome(Basis.BUILT, "120.05", "95.80").may_rescind


def test_by_inner_area_the_built_one_does_not_matter() -> None:
    found = outcome(Basis.INNER, "130.00", "95.80")
    assert found.settlement is not None
    assert (found.settlement.to_pay, found.may_rescind) == (D("22110.83"), False)


def test_sold_by_the_unit_nothing_is_settled() -> None:
    found = outcome(Basis.UNIT, "130.00", "100.00")
    assert (found.settlement, found.may_rescind, found.is_different) == (None, False, True)


def test_without_a_survey_there_is_no_difference() -> None:
    found = outcome(Basis.BUILT, None, None)
    assert (found.settlement, found.may_rescind, found.is_different) == (None, False, False)


areas = st.decimals(min_value=D("10"), max_value=D("500"), places=2)
prices = st.decimals(min_value=D("0.01"), max_value=D("300000"), places=2)


@given(areas, areas, prices)
def test_nobody_settles_more_than_the_law_lets(agreed: D, measured: D, price: D) -> None:
    difference = area_difference(agreed, measured)
    assert difference is not None
    done = statutory_settlement(difference, price)
    assert min(done.to_pay, done.to_refund) == 0
    assert done.to_pay <= agreed * D("0.03") * price + D("0.005")
    if difference.difference > 0:
        whole = done.to_pay + done.absorbed
        assert abs(whole - difference.difference * price) <= D("0.01")
    assert done.to_refund <= 2 * abs(difference.difference) * price + D("0.01")
    if not difference.is_over:
        assert done.absorbed == 0


@pytest.mark.django_db
def test_the_deal_page_and_the_api_show_it_against_what_was_agreed() -> None:
    office = an_office()
    deal = a_contract(office, a_reservation(office)).deal
    desk = signed_in(office.mo)
    path = reverse("sales:deal", args=[deal.pk])
    assert 'id="area"' not in desk.get(path).content.decode()
    unit = deal.unit
    unit.measured_built_area = (deal.built_area or D(0)) + D("1.43")
    unit.save(update_fields=["measured_built_area"])
    page = deal_page(deals_for(office.mo).get(pk=deal.pk), business_day(SIGNED_AT))
    assert page.area is not None
    assert page.area.settlement is not None
    paid = page.area.settlement.to_pay
    assert paid == (D("1.43") * (deal.deal_unit_price or D(0))).quantize(D("0.01"))
    assert page.settled_total == deal.deal_total + paid
    drawn = desk.get(path).content.decode()
    assert 'id="area"' in drawn
    assert f"{paid:,.2f}" in drawn
    client = Client(headers={"Authorization": f"Bearer {token_for(office.mo)}"})
    said = client.get(f"/api/v1/deals/{deal.pk}/").json()["area"]
    assert (said["to_pay"], said["may_rescind"]) == (f"{paid}", False)
    assert said["settled_total"] == f"{deal.deal_total + paid}"
