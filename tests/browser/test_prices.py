"""Prices in a real browser: the lab answers while a number is turned, on a desk and on a phone."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from loupan.inventory.testing import a_unit
from loupan.org.testing import the_cast
from loupan.pricing.actions.price_lists import Terms
from loupan.pricing.models import PaymentPlan
from loupan.pricing.testing import a_mortgage_plan, a_policy, a_price_list, the_one_price_formula
from tests.browser.conftest import DESKTOP, PHONE, Desk

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(("size", "theme"), [(DESKTOP, "light"), (PHONE, "dark")])
def test_the_lab_follows_the_slider_and_the_draft_is_kept(
    desk_of: Callable[..., Desk], size: dict[str, int], theme: str
) -> None:
    cast = the_cast()
    a_policy(cast.project, cast.mo)
    the_one_price_formula(cast.project, cast.mk)
    for floor in (3, 18):
        a_unit(cast.project, floor=floor, orientation="S", floor_unit_price=None)
    terms = Terms("formula", formula_code="price", base_price=Decimal(12000))
    drawn = a_price_list(cast.project, cast.mk, terms=terms)
    desk = desk_of(cast.mk, size=size, theme=theme)
    page = desk.open(f"/pricing/lists/{drawn.pk}/lab/")
    desk.looks_sound()
    slider = page.locator('[data-knob="id_base_price"]')
    slider.evaluate("(one) => { one.value = 12500; }")
    slider.dispatch_event("input")
    expect(page.locator("#id_base_price")).to_have_value("12500")
    expect(page.locator(".lab-figures")).to_contain_text(
        "3,036,672"
    )  # 12,620 and, on top, 12,980 a m².
    page.locator(".lab-verbs button").click()
    page.wait_for_url(f"**/pricing/lists/{drawn.pk}/")
    desk.looks_sound()
    drawn.refresh_from_db()
    assert drawn.basis["base_price"] == "12500"


@pytest.mark.parametrize(("size", "theme"), [(DESKTOP, "light"), (PHONE, "dark")])
def test_lines_of_a_plan_are_added_moved_and_removed_beside_a_live_example(
    desk_of: Callable[..., Desk], size: dict[str, int], theme: str
) -> None:
    cast = the_cast()
    a_policy(cast.project, cast.mo)
    plan = a_mortgage_plan(cast.project, cast.mo)
    desk = desk_of(cast.mo, size=size, theme=theme)
    page = desk.open(f"/pricing/plans/{plan.pk}/")
    desk.looks_sound()
    page.locator("#plan-line-more").click()
    added = page.locator("#plan-lines > *").last
    added.locator("[name$=-money_type]").select_option("instalment")
    added.locator("[name$=-amount]").fill("10")
    added.locator("[name$=-amount]").blur()
    expect(page.locator("#example")).to_contain_text("150,000.00")
    for _time in range(2):  # Past the blank line and past the loan.
        page.locator(
            "#plan-lines > *", has=page.locator("option[value=instalment]:checked")
        ).locator("[data-line=up]").click()
    loan = page.locator(
        "#plan-lines > *", has=page.locator("option[value=commercial_loan]:checked")
    )
    loan.locator("[data-line=remove]").click()
    expect(loan).to_be_hidden()
    expect(page.locator("#example")).to_contain_text("1,300,000.00")
    page.locator("#plan button[type=submit].btn-primary").click()
    page.wait_for_url(lambda url: not url.endswith(f"/plans/{plan.pk}/"))
    desk.looks_sound()
    saved = PaymentPlan.objects.get(code=plan.code, is_enabled=True)
    assert [line.money_type for line in saved.lines.all()] == [
        "deposit", "down_payment", "instalment",
    ]  # fmt: skip
    assert saved.edition == 2
