"""Prices in a real browser: the lab answers while a number is turned, on a desk and on a phone."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from loupan.inventory.testing import a_unit
from loupan.org.testing import the_cast
from loupan.pricing.actions.price_lists import Terms
from loupan.pricing.testing import a_policy, a_price_list, the_one_price_formula
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
