"""Customers in a browser: twenty seconds at reception, a follow-up, a full number (UX 6, DOMAIN 7.3)."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from loupan.customers.models import Customer, DuplicateAttempt, FollowUp, Reveal, Visit
from loupan.customers.testing import a_customer, a_source
from loupan.org.testing import Cast, the_cast
from tests.browser.conftest import DESKTOP, PHONE, Desk

pytestmark = pytest.mark.django_db(transaction=True)
DeskOf = Callable[..., Desk]


@pytest.fixture
def cast(live_server: LiveServer) -> Cast:
    cast = the_cast()
    a_source(cast.project)
    return cast


@pytest.mark.parametrize(
    ("size", "theme"), [(PHONE, "light"), (DESKTOP, "dark")], ids=["phone", "desktop, dark"]
)
def test_a_visit_is_recorded_followed_up_and_called_back(
    cast: Cast, desk_of: DeskOf, size: dict[str, int], theme: str
) -> None:
    desk = desk_of(cast.lin, size=size, theme=theme)
    page = desk.open("/customers/reception/")
    page.fill("[name=phone]", "138 0013-8000")
    expect(page.locator("#phone-check .lp-tone-green")).to_be_visible()
    page.fill("[name=name]", "陈晓雨")
    desk.looks_sound()
    page.keyboard.press("Control+Enter")
    expect(page.locator("h1")).to_contain_text("陈晓雨")
    assert Visit.objects.get().customer.owner == cast.lin
    desk.looks_sound()

    page.locator("a[href$='/follow-ups/']").first.click()
    page.fill("[name=content]", "约周末看房")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#timeline")).to_contain_text("约周末看房")
    assert FollowUp.objects.get().by == cast.lin

    assert "13800138000" not in page.content()
    page.locator("#reveal-phone a").click()
    page.locator("#reveal-phone button").click()
    expect(page.locator("#reveal-phone")).to_contain_text("13800138000")
    assert Reveal.objects.get().what == "phone"
    desk.looks_sound()


def test_while_typing_somebody_elses_customer_is_guarded(cast: Cast, desk_of: DeskOf) -> None:
    a_customer(cast.project, cast.mo, phone="13800138000", name="欧阳娜")
    desk = desk_of(cast.lin, size=PHONE)
    page = desk.open("/customers/reception/")
    page.fill("[name=phone]", "13800138000")
    answer = page.locator("#phone-check")
    expect(answer).to_contain_text("海成·云麓")
    expect(answer).to_contain_text("莫")
    assert "欧阳" not in page.content()
    assert DuplicateAttempt.objects.get().by == cast.lin
    desk.looks_sound()


def test_ticked_customers_go_to_a_consultant(cast: Cast, desk_of: DeskOf) -> None:
    names = ["阿卜杜拉·买买提江·托合提阿洪", "海成置业（重庆）有限责任公司第一分公司", "王芳"]
    for name in names:
        a_customer(cast.project, None, name=name)
    desk = desk_of(cast.mo)
    page = desk.open("/customers/")
    desk.looks_sound()
    for box in page.locator("[data-tick]").all()[:2]:
        box.check()
    page.locator("button[name=verb][value=assign]").click()
    page.select_option("[name=owner_id]", label="林小雨")
    page.locator("main form button.btn-primary").last.click()
    page.wait_for_load_state()
    assert Customer.objects.filter(owner=cast.lin).count() == 2
    desk.looks_sound()
