"""Plans, discounts, rounding, authority and prices, kept on their pages."""

from decimal import Decimal
from typing import Any

import pytest

from loupan.inventory.models import Unit
from loupan.inventory.testing import a_unit
from loupan.org.testing import Cast, signed_in, the_cast
from loupan.pricing.models import (
    Discount,
    DiscountAuthority,
    PaymentPlan,
    PrecisionRule,
    PricingPolicy,
)
from loupan.pricing.queries.book import price_book
from loupan.pricing.testing import CanonicalPrices, canonical_prices

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return the_cast()


@pytest.fixture
def prices(cast: Cast) -> CanonicalPrices:
    return canonical_prices(cast.project, cast.mo)


def plan_form(plan: PaymentPlan, **changes: Any) -> dict[str, Any]:
    """What the page of the canonical plan posts."""
    rows = [
        {"money_type": "deposit", "method": "fixed", "amount": "50000", "anchor": "reservation"},
        {"money_type": "down_payment", "method": "remainder", "amount": "", "anchor": "contract",
         "offset_days": "7", "includes_deposit": "on"},
        {"money_type": "commercial_loan", "method": "percent", "amount": "70", "anchor": "contract",
         "offset_days": "30", "rounding_unit": "10000", "rounding_mode": "truncate"},
    ]  # fmt: skip
    body: dict[str, Any] = {
        "code": plan.code, "name": plan.name, "kind": plan.kind, "rate": "98", "sort": "0",
        "min_down_payment_rate": "0", "is_enabled": "on", "version": plan.version,
        "line-TOTAL_FORMS": len(rows), "line-INITIAL_FORMS": len(rows),
        "line-MIN_NUM_FORMS": 0, "line-MAX_NUM_FORMS": 24,
    }  # fmt: skip
    for number, row in enumerate(rows):
        given = {"base": "deal_total", "rounding_unit": "1", "rounding_mode": "half_up",
                 "offset_days": "0", "offset_months": "0", **row}  # fmt: skip
        body |= {f"line-{number}-{name}": value for name, value in given.items()}
    return body | changes


def test_a_plan_saved_unchanged_stays_the_edition_it_is(
    cast: Cast, prices: CanonicalPrices
) -> None:
    client, plan = signed_in(cast.mo), prices.plan
    page = client.get(f"/pricing/plans/{plan.pk}/")
    assert page.status_code == 200
    assert "1,050,000.00" in page.content.decode()  # 70 % of the example price.
    same = client.post(f"/pricing/plans/{plan.pk}/", plan_form(plan, name="商贷七成"))
    assert same.status_code == 302, same.content.decode()[:3000]
    plan.refresh_from_db()
    assert (plan.name, plan.edition, PaymentPlan.objects.count()) == ("商贷七成", 1, 1)


def test_a_changed_line_makes_a_new_edition(cast: Cast, prices: CanonicalPrices) -> None:
    client, plan = signed_in(cast.mo), prices.plan
    changed = client.post(f"/pricing/plans/{plan.pk}/", plan_form(plan, **{"line-2-amount": "60"}))
    assert changed.status_code == 302
    assert PaymentPlan.objects.get(is_enabled=True).edition == 2
    stale = client.post(f"/pricing/plans/{plan.pk}/", plan_form(plan, **{"line-2-amount": "50"}))
    assert stale.status_code == 422


@pytest.mark.parametrize(
    "wrong",
    [
        {"line-1-method": "percent", "line-1-amount": "10"},  # No line takes the remainder.
        {"rate": "120"},
        {"rate": "NaN"},
        {"line-2-amount": "-1"},
        {"line-TOTAL_FORMS": "999999"},
        {"line-TOTAL_FORMS": "x"},
        {"line-0-offset_days": "1e9"},
        {"code": "a b"},
    ],
)
def test_what_is_no_plan_is_not_saved(
    cast: Cast, prices: CanonicalPrices, wrong: dict[str, str]
) -> None:
    client = signed_in(cast.mo)
    answer = client.post(f"/pricing/plans/{prices.plan.pk}/", plan_form(prices.plan, **wrong))
    assert answer.status_code == 422
    example = client.post("/pricing/plans/example/", plan_form(prices.plan, **wrong))
    assert example.status_code == 200
    assert PaymentPlan.objects.count() == 1


def test_a_discount_is_made_and_changed(cast: Cast, prices: CanonicalPrices) -> None:
    client = signed_in(cast.mo)
    body = {"code": "STAFF", "name": "员工", "kind": "identity", "form": "rate",
            "amount_or_rate": "0.97", "order": "50", "is_enabled": "on"}  # fmt: skip
    assert client.post("/pricing/discounts/new/", body).status_code == 302
    made = Discount.objects.get(code="STAFF")
    taken = client.post("/pricing/discounts/new/", body)
    assert taken.status_code == 422
    address = f"/pricing/discounts/{made.pk}/"
    assert client.get(address).status_code == 200
    assert client.post(address, {**body, "quota": "3", "version": made.version}).status_code == 302
    assert client.post(address, {**body, "quota": "4", "version": made.version}).status_code == 422
    for rate in ("1.5", "-1", "NaN", "1e9"):
        assert client.post(address, {**body, "amount_or_rate": rate}).status_code == 422, rate


def test_policy_rounding_and_authority_are_saved_each_by_itself(
    cast: Cast, prices: CanonicalPrices
) -> None:
    client, project = signed_in(cast.mo), cast.project
    assert client.get("/pricing/policy/").status_code == 200
    policy = PricingPolicy.objects.get(project=project)
    body = {"part": "policy", "version": policy.version, "stack_mode": "additive",
            "exclusive_choice": "first_by_order", "plan_change_day": "today",
            "min_deposit": "2万", "sign_within_days": "10", "lock_minutes": "20",
            "locks_per_person": "2", "down_payment_rule": "deposit_only",
            "provisional_amount": "0", "provisional_days": "3", "filed_lower_rate": "90"}  # fmt: skip
    assert client.post("/pricing/policy/", body).status_code == 302
    policy.refresh_from_db()
    assert (policy.stack_mode, policy.min_deposit) == ("additive", Decimal(20000))
    assert policy.filed_lower_rate == Decimal("0.9")
    assert client.post("/pricing/policy/", body).status_code == 422  # Drawn from the old one.
    assert client.post("/pricing/policy/", {**body, "lock_minutes": "0"}).status_code == 422
    rates = {"part": "authority", "rate_SM": "96", "rate_PD": "94.5", "rate_GD": "0",
             "below_GD": "on"}  # fmt: skip
    assert client.post("/pricing/policy/", rates).status_code == 302
    rows = DiscountAuthority.objects.filter(project=project)
    assert dict(rows.values_list("role_code", "min_overall_rate")) == {
        "SM": Decimal("0.96"), "PD": Decimal("0.945"), "GD": Decimal(0),
    }  # fmt: skip


def test_precision_is_kept_for_the_project_and_for_a_class_with_a_live_example(
    cast: Cast, prices: CanonicalPrices
) -> None:
    client, project = signed_in(cast.mo), cast.project
    page = client.get("/pricing/precision/")
    body = {name: value for name, value in page.context["form"].initial.items() if value}
    body |= {"area": "89.37", "unit_price": "12,860.55", "list_total_unit": "10"}
    example = client.post("/pricing/precision/example/", body)
    assert "1,149,350.00" in example.content.decode()  # ORC-06, before it is saved.
    truncated = client.post(
        "/pricing/precision/example/?class=shop", {**body, "list_total_mode": "truncate"}
    )
    assert "1,149,340.00" in truncated.content.decode()
    assert client.post("/pricing/precision/", body).status_code == 302
    whole = PrecisionRule.objects.get(project=project, product_type="", target="list_total")
    assert (whole.unit, whole.mode) == ("10", "half_up")
    shop = {**body, "list_total_unit": "100", "calculation_order": "total_first"}
    assert client.post("/pricing/precision/?class=shop", shop).status_code == 302
    classes = price_book(project.pk).classes
    assert (classes["shop"].order, classes["flat"].order) == ("total_first", "unit_price_first")
    assert f"{classes['shop'].precision.list_total.unit}" == "100"
    assert client.get("/pricing/precision/?class=shop").context["has_own"]
    assert client.post("/pricing/precision/clearing/?class=shop").status_code == 302
    assert not client.get("/pricing/precision/?class=shop").context["has_own"]
    assert f"{price_book(project.pk).classes['shop'].precision.list_total.unit}" == "10"
    for wrong in ({"list_total_unit": "3"}, {"percentage_unit": "1"}, {"loan_mode": "even"}):
        assert client.post("/pricing/precision/", {**body, **wrong}).status_code == 422, wrong
        assert client.post("/pricing/precision/example/", {**body, **wrong}).status_code == 200
    for nonsense in ("NaN", "1e99", "-1", "x", "9" * 30):
        answer = client.post("/pricing/precision/example/", {**body, "area": nonsense})
        assert answer.status_code == 200
    assert signed_in(cast.lin).post("/pricing/precision/", body).status_code == 403


def test_prices_are_set_for_a_building_or_by_pasted_lines(
    cast: Cast, prices: CanonicalPrices
) -> None:
    unit = a_unit(cast.project, status="not_released")
    client = signed_in(cast.mk)
    body = {
        "meaning": "unit_price",
        "pasted": f"{unit.number}\t13,000",
        "reason": "调价",
    }
    assert client.get("/pricing/prices/").status_code == 200
    assert client.post("/pricing/prices/", body).status_code == 302
    unit.refresh_from_db()
    assert unit.list_total == Decimal("1542060")
    whole = {"meaning": "unit_price", "building": unit.building_id,
             "price": "12,830", "reason": "调价"}  # fmt: skip
    assert client.post("/pricing/prices/", whole).status_code == 302
    unit.refresh_from_db()
    assert unit.list_total == Decimal("1521895")
    for wrong in (
        {"pasted": "9-9-9999 1"}, {"pasted": "x"}, {"pasted": f"{unit.number} NaN"},
        {"pasted": f"{unit.number} 1"}, {"pasted": f"{unit.number} 1e99"}, {"pasted": ""},
        {"reason": ""},
    ):  # fmt: skip
        assert client.post("/pricing/prices/", {**body, **wrong}).status_code == 422, wrong
    assert Unit.objects.get().list_total == Decimal("1521895")
    limits = {"which": "filed", "meaning": "unit_price", "building": unit.building_id,
              "price": "13,500", "reason": "备案"}  # fmt: skip
    client = signed_in(cast.mo)
    assert client.get("/pricing/limits/").status_code == 200
    assert client.post("/pricing/limits/", limits).status_code == 302
    floors = {**limits, "which": "floor_project", "price": "12,000"}
    assert client.post("/pricing/limits/", floors).status_code == 302
    company = client.post("/pricing/limits/", {**floors, "which": "floor_company"})
    assert company.status_code == 422
    unit.refresh_from_db()
    assert (unit.filed_unit_price, unit.floor_unit_price) == (13500, 12000)


def test_pricing_pages_are_for_those_who_price(cast: Cast, prices: CanonicalPrices) -> None:
    lin, wei = signed_in(cast.lin), signed_in(cast.wei)
    for page in (
        "plans/",
        "discounts/",
        f"plans/{prices.plan.pk}/",
        f"discounts/{prices.member.pk}/",
    ):
        assert lin.get(f"/pricing/{page}").status_code == 200, page
    for page in ("plans/new/", "discounts/new/", "prices/", "limits/", "lists/new/"):
        assert lin.get(f"/pricing/{page}").status_code == 403, page
    for page in (
        f"plans/{prices.plan.pk}/",
        f"discounts/{prices.member.pk}/",
        "policy/",
        "prices/",
    ):
        assert lin.post(f"/pricing/{page}", {"part": "policy"}).status_code == 403, page
    for page in (f"plans/{prices.plan.pk}/", f"discounts/{prices.member.pk}/"):
        assert wei.get(f"/pricing/{page}").status_code == 404, page
    assert lin.get("/pricing/units/?q=1").json() == {"results": []}
