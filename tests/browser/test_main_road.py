"""DOMAIN 0.3 by pages: unit 1-1-1803 from quote to paid, every amount equal, on a desktop and a phone."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import time_machine
from playwright.sync_api import Page, expect

from loupan.core.calendar import business_day
from loupan.inventory.testing import a_unit
from loupan.org.testing import a_project
from loupan.sales.models import Deal
from loupan.sales.queries.books import book_differences
from loupan.sales.testing import a_buyer, an_office
from tests.browser.conftest import PHONE, Desk

pytestmark = pytest.mark.django_db(transaction=True)
PICTURES = os.environ.get("LOUPAN_PICTURES")


def seen(desk: Desk, name: str) -> None:
    if PICTURES:
        desk.picture(Path(PICTURES), name)
    desk.looks_sound()


def amounts(page: Page, selector: str) -> list[str]:
    return [
        text.replace(",", "")
        for text in page.locator(f"{selector} data.lp-money").all_inner_texts()
    ]


def test_the_canonical_case_is_walked_by_pages_orc_08_orc_11(
    desk_of: Callable[..., Desk], live_server: object
) -> None:
    with time_machine.travel("2025-03-08T12:00:00+08:00") as clock:
        office = an_office(a_project("海成·云麓", code="HC"))
        unit = a_unit(office.project)
        buyer = a_buyer(office, id_number="11010519491231002X", phone="13800138000")
        lin, zhao = desk_of(office.lin), desk_of(office.zhao)

        # From the board to the panel of the unit, and what it would cost.
        page = lin.open("/sales/board/")
        page.locator(".ub-c[data-n='1-1-1803']").click()
        panel = page.locator("#unit-panel")
        expect(panel.locator("h2")).to_have_text("1-1-1803")
        seen(lin, "00-board")
        panel.locator("a[href*='/quote/']").click()
        page.wait_for_url(re.compile(r"/sales/units/\d+/quote/"))
        page.locator(".uq-choices .ts-control input").first.fill("8000")
        with page.expect_response(lambda answer: "/quote/" in answer.url):
            page.locator(".ts-dropdown .option").first.click()
        for discount in office.prices.discount_ids:
            box = page.locator(f".uq-choices input[name=discount][value='{discount}']")
            if not box.is_checked():
                with page.expect_response(lambda answer: "/quote/" in answer.url):
                    box.check()
        expect(page.locator(".uq-total")).to_contain_text("1,459,160.00")
        expect(page.locator("#quote-plans")).to_contain_text("12,301.13")
        expect(page.locator("#quote-plans")).to_contain_text("95.88%")
        assert amounts(page, ".uq-lines") == ["50000.00", "389160.00", "1020000.00"]
        expect(page.locator(".uq-trace").first).to_contain_text("1,459,160")
        seen(lin, "00-quote")

        # Back to the board: lock the unit, and from its panel the guided reservation.
        page.get_by_role("link", name="1-1-1803").first.click()
        page.wait_for_url(re.compile(r"/sales/board/.*unit="))
        panel.locator("form[action$='/lock/'] button").click()
        expect(panel.locator(".up-claim [data-until]")).to_be_visible()
        expect(page.locator(".ub-c[data-n='1-1-1803']")).to_have_attribute("data-s", "locked")
        seen(lin, "00-locked")
        panel.locator("a[href*='/reservation/']").click()
        page.wait_for_url(re.compile(r"/sales/units/\d+/reservation/"))
        page.locator(".ts-control input").fill("8000")
        page.locator(".ts-dropdown .option").first.click()
        seen(lin, "01-buyers")
        small = desk_of(office.lin, size=PHONE)
        small.open(f"/sales/units/{unit.pk}/reservation/?customer={buyer.pk}&go=2")
        seen(small, "02-price-phone")
        small.open(f"/sales/units/{unit.pk}/reservation/?customer={buyer.pk}&go=4")
        seen(small, "04-check-phone")
        page.locator("#offer button[name=go]").click()
        expect(page.locator("[name=plan]").first).to_be_visible()
        for discount in office.prices.discount_ids:
            page.locator(f"input[name=discount][value='{discount}']").check()
        expect(page.locator("#offer")).to_contain_text("1,459,160.00")
        expect(page.locator("#offer")).to_contain_text("12,301.13")
        expect(page.locator("#offer")).to_contain_text("15,462.12")
        expect(page.locator("#offer")).to_contain_text("95.88%")
        seen(lin, "02-price")
        page.reload()
        expect(page.locator("#offer")).to_contain_text("1,459,160.00")  # The address kept it all.
        festival = page.locator(f"input[name=discount][value='{office.prices.festival.pk}']")
        festival.uncheck()
        expect(page.locator("#offer")).to_contain_text("1,469,160.00")
        festival.check()
        expect(page.locator("#offer")).to_contain_text("1,459,160.00")
        page.locator("#offer button[name=go]").click()
        expect(page.locator("[name=deposit]")).to_have_value("50,000.00")
        expect(page.locator("[name=sign_by]")).to_have_value("2025-03-15")
        assert amounts(page, "#offer tbody") == ["50000.00", "389160.00", "1020000.00"]
        seen(lin, "03-terms")
        page.locator("#offer button[name=go]").click()
        expect(page.locator(".lp-paper")).to_contain_text("壹佰肆拾伍万玖仟壹佰陆拾元整")
        seen(lin, "04-check")
        page.locator("#offer form[method=post] button").dblclick()
        page.wait_for_url(re.compile(r"/sales/deals/\d+/$"))
        deal = Deal.objects.get()
        assert [f"{figure}" for figure in amounts(page, ".lp-figures")] == [
            "1459160.00", "0.00", "0.00",
        ]  # fmt: skip
        seen(lin, "05-deal")

        # The deposit, in two clicks from the deal.
        page = zhao.open(f"/sales/deals/{deal.pk}/")
        page.get_by_role("link", name=re.compile("Receive money|收款")).first.click()
        dialog = page.locator("#lp-shared")
        expect(dialog.locator("[name=amount]")).to_have_value("50,000.00")
        expect(dialog).to_contain_text("伍万元整")
        dialog.locator("[name=amount]").fill("60000")
        expect(dialog).to_contain_text("陆万元整")
        dialog.locator("[name=amount]").fill("50000")
        expect(dialog).to_contain_text("伍万元整")
        seen(zhao, "06-receive")
        dialog.locator("button[type=submit]").click()
        page.wait_for_url(re.compile(r"/sales/receipts/\d+/$"))
        expect(page.locator("main")).to_contain_text("HC-SJ2025-00001")
        seen(zhao, "07-receipt")

        small = desk_of(office.zhao, size=PHONE)
        small.open(f"/sales/deals/{deal.pk}/receipts/new/")
        seen(small, "07-receive-phone")

        # The contract a week later.
        clock.move_to("2025-03-15T12:00:00+08:00")
        cs = desk_of(office.cast.cs)  # A session does not last a week.
        page = cs.open(f"/sales/deals/{deal.pk}/contract/")
        expect(page.locator("[name=signed_on]")).to_have_value("2025-03-15")
        expect(page.locator("#signing")).to_contain_text("2025-03-22")
        seen(cs, "08-contract")
        page.locator("main form.lp-form button[type=submit]").click()
        page.wait_for_url(re.compile(r"/sales/deals/\d+/$"))
        expect(page.locator("main")).to_contain_text("HC-HT2025-0001")

        # What is late, and the rest of the money.
        clock.move_to("2025-03-23T12:00:00+08:00")
        lin, zhao = desk_of(office.lin), desk_of(office.zhao)
        page = zhao.open(f"/sales/deals/{deal.pk}/")
        assert amounts(page, ".lp-figures") == ["1459160.00", "50000.00", "389160.00"]
        seen(zhao, "09-overdue")
        page = zhao.open("/ledger/receivables/?state=overdue")
        expect(page.locator("tbody")).to_contain_text("389,160.00")
        seen(zhao, "10-receivables")
        for day, total in (("2025-03-22", "439160.00"), ("2025-03-23", "1459160.00")):
            page = zhao.open(f"/sales/deals/{deal.pk}/receipts/new/")
            page.locator("[name=received_on]").fill(day)
            page.locator("main form.lp-form button[type=submit]").click()
            page.wait_for_url(re.compile(r"/sales/receipts/\d+/$"))
            page = zhao.open(f"/sales/deals/{deal.pk}/")
            assert amounts(page, ".lp-figures")[1] == total
        assert amounts(page, "#schedule tfoot") == ["1459160.00", "1459160.00", "0.00"]
        seen(zhao, "11-paid")
        for path, name in (
            ("/ledger/receipts/", "12-journal"),
            ("/sales/reservations/", "13-reservations"),
            ("/sales/contracts/", "14-contracts"),
            (f"/sales/deals/{deal.pk}/why/", "15-why"),
            (f"/customers/{buyer.pk}/", "16-customer"),
        ):
            desk = lin if "customers" in path else zhao
            desk.open(path)
            seen(desk, name)
        phone = desk_of(office.zhao, size=PHONE)
        page = phone.open(f"/sales/deals/{deal.pk}/")
        assert amounts(page, ".lp-figures") == ["1459160.00", "1459160.00", "0.00"]
        seen(phone, "17-deal-phone")
        first = deal.account.receipts.earliest("pk")
        phone.open(f"/sales/receipts/{first.pk}/reversal/")
        seen(phone, "18-reversal-phone")
        dark = desk_of(office.mo, theme="dark")
        dark.open(f"/sales/deals/{deal.pk}/")
        seen(dark, "19-deal-dark")
        page = dark.open(f"/sales/deals/{deal.pk}/cancellation/")
        page.locator("[name=kept]").fill("459160")
        expect(page.locator("#ending")).to_contain_text("1,000,000.00")
        seen(dark, "19-cancellation-dark")
        assert business_day(deal.made_at).isoformat() == "2025-03-08"
        assert book_differences() == []


def test_pricing_pages_stand_without_barriers(desk_of: Callable[..., Desk]) -> None:
    office = an_office(a_project("海成·云麓", code="HC"))
    desk = desk_of(office.mo)
    for path, name in (
        ("/pricing/plans/", "20-plans"),
        (f"/pricing/plans/{office.prices.plan.pk}/", "21-plan"),
        ("/pricing/discounts/", "22-discounts"),
        (f"/pricing/discounts/{office.prices.member.pk}/", "23-discount"),
        ("/pricing/policy/", "24-policy"),
        ("/pricing/prices/", "25-prices"),
    ):
        desk.open(path)
        seen(desk, name)
    page = desk.open(f"/pricing/plans/{office.prices.plan.pk}/")
    page.locator("[name=line-2-amount]").fill("60")
    page.locator("[name=line-2-amount]").blur()
    expect(page.locator("#example")).to_contain_text("900,000.00")
    finance = desk_of(office.cast.fm)
    finance.open("/ledger/bank-accounts/")
    seen(finance, "26-bank-accounts")
    phone = desk_of(office.mo, size=PHONE, theme="dark")
    phone.open(f"/pricing/plans/{office.prices.plan.pk}/")
    seen(phone, "27-plan-phone-dark")
