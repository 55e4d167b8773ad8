"""Quotes as pages: plans side by side, discounts, derivation, paper, scope (SAL-26)."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from loupan.core.calendar import business_day
from loupan.core.formatting import date_text
from loupan.documents.models import Printing
from loupan.inventory.models import Unit
from loupan.inventory.testing import a_unit
from loupan.org.models import User
from loupan.org.testing import signed_in
from loupan.pricing.models import Discount
from loupan.pricing.testing import a_discount, a_lump_sum_plan
from loupan.sales.models import Quote
from loupan.sales.testing import Office, a_buyer, an_office

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture
def office() -> Office:
    return an_office()


@pytest.fixture
def unit(office: Office) -> Unit:
    return a_unit(office.project)


def address(name: str, unit: Unit, **query: Any) -> str:
    said = urlencode(query, doseq=True)
    return reverse(name, args=[unit.pk]) + (f"?{said}" if said else "")


def page(viewer: User, unit: Unit, **query: Any) -> str:
    answer = signed_in(viewer).get(address("sales:quote", unit, **query))
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_the_canonical_price_stands_on_the_page_orc_08(office: Office, unit: Unit) -> None:
    chosen = {"chosen": 1, "plan": office.prices.plan.pk, "discount": office.prices.discount_ids}
    html = page(office.lin, unit, **chosen)
    for said in ("1,459,160.00", "12,301.13", "95.88%", "1,020,000.00", "389,160.00"):
        assert said in html, said


def test_plans_stand_side_by_side_and_the_lowest_is_marked(office: Office, unit: Unit) -> None:
    lump = a_lump_sum_plan(office.project, office.mo)
    html = page(office.lin, unit)
    assert html.count('<section class="uq-plan') == 2
    assert html.count("uq-best") == 1
    assert lump.name in html.split("uq-best")[1].split("</h2>")[0]


def test_a_change_answers_with_the_columns_alone(office: Office, unit: Unit) -> None:
    answer = signed_in(office.lin).get(address("sales:quote", unit, chosen=1), headers=HTMX)
    assert "<html" not in answer.content.decode()
    assert 'id="quote-plans"' in answer.content.decode()


def test_discounts_say_their_conditions_and_why_they_were_not_granted(
    office: Office, unit: Unit
) -> None:
    Discount.objects.filter(pk=office.prices.member.pk).update(needs_proof=True)
    other = a_discount(
        office.project, office.mo, code="LUMPONLY", name="全款专享", kind=Discount.Kind.PROMOTION,
        plan_codes=["LUMP"],
    )  # fmt: skip
    html = page(office.lin, unit, chosen=1, plan=office.prices.plan.pk, discount=other.pk)
    assert "uq-objection" in html
    assert "全款专享" in html.split("uq-objection")[1]


def test_the_derivation_opens_for_each_plan(office: Office, unit: Unit) -> None:
    query = {"plan": office.prices.plan.pk, "discount": office.prices.discount_ids}
    answer = signed_in(office.lin).get(address("sales:quote_why", unit, **query))
    assert answer.status_code == 200
    assert "1,459,160" in answer.content.decode()


def test_the_floor_margin_is_only_for_those_who_may_see_it(office: Office, unit: Unit) -> None:
    chosen = {"chosen": 1, "plan": office.prices.plan.pk, "discount": office.prices.discount_ids}
    assert "47,582.00" in page(office.mo, unit, **chosen)
    assert "47,582.00" not in page(office.lin, unit, **chosen)


@pytest.mark.parametrize(("form", "start"), [("pdf", b"%PDF"), ("docx", b"PK")])
def test_printing_keeps_what_was_said_and_counts_the_copy(
    office: Office, unit: Unit, form: str, start: bytes
) -> None:
    buyer = a_buyer(office)
    given = {
        "chosen": "1",
        "plan": [office.prices.plan.pk],
        "discount": office.prices.discount_ids,
        "customer": buyer.pk,
        "form": form,
    }
    answer = signed_in(office.lin).post(address("sales:quote_paper", unit), given)
    assert answer.status_code == 200
    assert answer.content.startswith(start)
    kept = Quote.objects.get()
    assert (f"{kept.deal_total}", kept.customer_id) == ("1459160.00", buyer.pk)
    assert Printing.objects.get().subject_id == kept.pk


def test_printing_nothing_is_refused_and_the_choices_stay(office: Office, unit: Unit) -> None:
    answer = signed_in(office.lin).post(
        address("sales:quote_paper", unit),
        {"chosen": "1", "discount": office.prices.discount_ids},
    )
    assert answer.status_code == 422
    assert not Quote.objects.exists()
    assert answer.content.decode().count("checked") >= 3


def test_a_unit_without_a_price_says_so(office: Office) -> None:
    unit = a_unit(office.project, list_unit_price=None)
    assert "lp-alert" in page(office.lin, unit)


def test_hostile_names_stay_text(office: Office, unit: Unit) -> None:
    bad = "<img src=x onerror=alert(1)>"
    Discount.objects.filter(pk=office.prices.member.pk).update(name=bad)
    Unit.objects.filter(pk=unit.pk).update(number=bad)
    assert "<img src=x" not in page(office.lin, unit)


def test_another_projects_units_and_customers_are_not_there(office: Office, unit: Unit) -> None:
    wei = signed_in(office.cast.wei)
    for name in ("sales:quote", "sales:quote_why"):
        assert wei.get(address(name, unit)).status_code == 404
    assert wei.post(address("sales:quote_paper", unit)).status_code == 404
    elsewhere = an_office()
    stranger = a_buyer(elsewhere)
    answer = signed_in(office.lin).post(
        address("sales:quote_paper", unit),
        {"chosen": "1", "plan": [office.prices.plan.pk], "customer": stranger.pk},
    )
    assert answer.status_code == 422
    assert not Quote.objects.exists()


def test_more_plans_cost_no_more_statements_but_their_own(office: Office, unit: Unit) -> None:
    desk = signed_in(office.lin)

    def statements() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert desk.get(address("sales:quote", unit), headers=HTMX).status_code == 200
        return len(asked)

    one = statements()
    for number in range(2):
        a_lump_sum_plan(office.project, office.mo, code=f"L{number}", name=f"方案{number}")
    statements()  # The price book is read anew after a change.
    assert statements() <= one


# --- Day, validity, sending ---------------------------------------------------------------------


def test_the_price_is_that_of_the_chosen_reservation_date(office: Office, unit: Unit) -> None:
    today = business_day(timezone.now())
    ends = today + timedelta(days=10)
    autumn = a_discount(
        office.project, office.mo, code="AUTUMN", name="金秋", kind="regular", form="amount",
        amount_or_rate="20000", valid_until=ends,
    )  # fmt: skip
    chosen = {"chosen": 1, "plan": office.prices.plan.pk, "discount": [autumn.pk]}
    now = page(office.lin, unit, **chosen)
    last = page(office.lin, unit, **chosen, reserve_on=ends.isoformat())
    after = page(office.lin, unit, **chosen, reserve_on=(ends + timedelta(days=1)).isoformat())
    assert "金秋" in now
    assert "金秋" in last
    assert "金秋" not in after  # Not on offer that day any more.
    reserve = reverse("sales:reserve", args=[unit.pk])
    assert reserve in now
    assert reserve not in last  # A day to come: nothing is reserved today at its price.


def test_the_way_to_the_reservation_keeps_a_day_gone_by(office: Office, unit: Unit) -> None:
    day = (business_day(timezone.now()) - timedelta(days=2)).isoformat()
    html = page(office.lin, unit, plan=office.prices.plan.pk, reserve_on=day)
    assert f"reserved_on={day}" in html


@pytest.mark.parametrize("day", ["2999-01-01", "0001-01-01", "soon", "1990-05-05"])
def test_a_day_out_of_reach_is_said_at_its_field(office: Office, unit: Unit, day: str) -> None:
    html = page(office.lin, unit, plan=office.prices.plan.pk, reserve_on=day)
    assert "is-invalid" in html
    answer = signed_in(office.lin).post(
        address("sales:quote_message", unit),
        {"chosen": 1, "plan": office.prices.plan.pk, "reserve_on": day},
    )
    assert answer.status_code == 422
    assert not Quote.objects.exists()


def test_a_quote_stands_for_the_days_chosen_but_no_longer_than_its_discount(
    office: Office, unit: Unit
) -> None:
    today = business_day(timezone.now())
    short = a_discount(
        office.project, office.mo, code="SHORT", name="限时", kind="regular", form="amount",
        amount_or_rate="5000", valid_until=today + timedelta(days=2),
    )  # fmt: skip
    desk = signed_in(office.lin)

    def made(**said: Any) -> Quote:
        given = {"chosen": 1, "plan": office.prices.plan.pk, **said}
        assert desk.post(address("sales:quote_message", unit), given).status_code == 200
        return Quote.objects.latest("pk")

    assert made().valid_until == today + timedelta(days=7)
    assert made(valid_days=15).valid_until == today + timedelta(days=15)
    assert made(valid_days=15, discount=[short.pk]).valid_until == today + timedelta(days=2)
    shown = page(office.lin, unit, chosen=1, plan=office.prices.plan.pk, valid_days=30)
    assert date_text(today + timedelta(days=30)) in shown


def test_the_text_to_send_says_what_was_kept(office: Office, unit: Unit) -> None:
    buyer = a_buyer(office, name="陈晓雨", phone="13800138000")
    chosen = {
        "chosen": 1, "plan": office.prices.plan.pk, "discount": office.prices.discount_ids,
        "customer": buyer.pk,
    }  # fmt: skip
    answer = signed_in(office.lin).post(address("sales:quote_message", unit), chosen)
    assert answer.status_code == 200
    html = answer.content.decode()
    for said in ("1-1-1803", "1,459,160.00", "389,160.00", "1,020,000.00", "有效期至"):
        assert said in html, said
    assert "13800138000" not in html
    assert Quote.objects.get().customer == buyer
    # The way back leads to the same choices.
    assert f"customer={buyer.pk}" in html
    assert "csrfmiddlewaretoken=" not in html


def test_the_derivation_stands_beside_every_plan(office: Office, unit: Unit) -> None:
    a_lump_sum_plan(office.project, office.mo)
    html = page(office.lin, unit)
    assert html.count('<details class="uq-trace') == 2


def test_sending_nothing_is_refused_and_strangers_find_nothing(office: Office, unit: Unit) -> None:
    url = address("sales:quote_message", unit)
    assert signed_in(office.lin).post(url, {"chosen": 1}).status_code == 422
    assert signed_in(office.cast.wei).post(url, {"chosen": 1}).status_code == 404
    assert signed_in(office.zhao).post(url, {"chosen": 1}).status_code == 403
    assert not Quote.objects.exists()
