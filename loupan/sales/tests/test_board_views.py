"""The board looked at in other ways: chosen lines, heat, price, age, wall, paper, another moment."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from loupan.inventory.actions.units import withhold_units
from loupan.inventory.models import Unit
from loupan.inventory.queries.board import board, board_version
from loupan.inventory.states import UnitStatus
from loupan.inventory.testing import NOON, a_unit
from loupan.org.models import User
from loupan.org.testing import a_user, signed_in
from loupan.pricing.testing import a_lump_sum_plan
from loupan.sales.actions.claims import expire_claim, hold_unit, lock_unit, unlock_unit
from loupan.sales.actions.quotes import make_quotes
from loupan.sales.models import Deal
from loupan.sales.queries.board import Interest, interest_in, sold_for
from loupan.sales.testing import RESERVED_AT, Office, a_buyer, a_receipt, a_reservation, an_office

pytestmark = pytest.mark.django_db

CELL = re.compile(r'<a [^>]*id="u(\d+)".*?<span>(.*?)</span>', re.DOTALL)
TAGS = re.compile(r"<[^>]+>")


@pytest.fixture
def office() -> Office:
    return an_office()


def ask(viewer: User, **query: Any) -> str:
    answer = signed_in(viewer).get(f"{reverse('sales:board')}?{urlencode(query, doseq=True)}")
    assert answer.status_code == 200, answer.content[:300]
    return str(answer.content.decode())


def lines(html: str) -> dict[int, str]:
    return {int(pk): TAGS.sub("", line).strip() for pk, line in CELL.findall(html)}


def classes(html: str, unit: Unit) -> set[str]:
    found = re.search(rf'<a class="([^"]*)" id="u{unit.pk}"', html)
    assert found
    return set(found.group(1).split())


def local(moment: Any) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%dT%H:%M:%S}"


# --- Lines --------------------------------------------------------------------------------------


def test_the_full_number_can_stand_in_the_cell(office: Office) -> None:
    unit = a_unit(office.project)
    assert lines(ask(office.lin, line="number"))[unit.pk] == "1-1-1803"


def test_deal_price_and_customer_are_told_to_those_who_see_the_deal(office: Office) -> None:
    mine, theirs = a_unit(office.project), a_unit(office.project, floor=17)
    free = a_unit(office.project, floor=16)
    other = a_user("SC", office.project)
    a_reservation(office, unit=mine, buyers=[a_buyer(office, name="陈晓雨")])
    a_reservation(
        office, unit=theirs, buyers=[a_buyer(office, name="欧阳娜娜", owner=other)], by=other
    )
    seen = {
        who: (lines(ask(who, line="customer")), lines(ask(who, line="deal")))
        for who in (office.lin, office.mo)
    }
    names, prices = seen[office.lin]
    assert (names[mine.pk], names[theirs.pk], names[free.pk]) == ("陈晓雨", "—", "")
    assert (prices[mine.pk], prices[theirs.pk], prices[free.pk]) == ("145.92", "—", "")
    assert "欧阳" not in ask(office.lin, line="customer")
    names, prices = seen[office.mo]
    assert (names[theirs.pk], prices[theirs.pk]) == ("欧阳娜娜", "145.92")


def test_the_customer_of_a_hold_is_told_to_those_who_see_the_customer(office: Office) -> None:
    unit, now = a_unit(office.project), timezone.now()
    buyer = a_buyer(office, name="周美玲")
    hold_unit(unit_id=unit.pk, customer_id=buyer.pk, days=2, by=office.mo, at=now)
    other = a_user("SC", office.project)
    assert lines(ask(office.lin, line="customer"))[unit.pk] == "周美玲"
    assert lines(ask(other, line="customer"))[unit.pk] == "—"


@pytest.mark.parametrize("view", ["screen", "print"])
def test_what_hangs_on_a_wall_names_nobody(office: Office, view: str) -> None:
    unit = a_unit(office.project)
    a_reservation(office, unit=unit, buyers=[a_buyer(office, name="陈晓雨")])
    locked = a_unit(office.project, floor=17)
    lock_unit(unit_id=locked.pk, by=office.lin, at=timezone.now())
    for line in ("customer", "deal", ""):
        html = ask(office.mo, view=view, line=line)
        assert lines(html)[unit.pk] == "118.62"
        cells = "".join(re.findall(r'<a [^>]*id="u\d+".*?</a>', html, re.DOTALL))
        assert "陈晓雨" not in cells
        assert "林小雨" not in cells


def test_a_change_carries_the_chosen_line(office: Office) -> None:
    unit = a_unit(office.project)
    since = board_version(office.project.pk)
    a_reservation(office, unit=unit, buyers=[a_buyer(office, name="陈晓雨")], at=timezone.now())
    other = a_user("SC", office.project)

    def told(viewer: User) -> str:
        said = {"project": office.project.pk, "since": since, "line": "customer"}
        answer = signed_in(viewer).get(f"{reverse('sales:board_data')}?{urlencode(said)}")
        return str(answer.json()["cells"][str(unit.pk)])

    assert "陈晓雨" in told(office.lin)
    assert "陈晓雨" not in told(other)


def test_days_count_from_the_last_move_and_age_from_the_first_release(office: Office) -> None:
    now = timezone.now()
    day = timezone.localtime(now).date()
    unit = a_unit(office.project, first_released_on=day - timedelta(days=40))
    withhold_units(unit_ids=[unit.pk], reason="调价", by=office.mo, at=now - timedelta(days=3))
    other = a_unit(office.project, floor=17, first_released_on=day - timedelta(days=40))
    days, age = lines(ask(office.mo, line="days")), lines(ask(office.mo, line="age"))
    assert days[unit.pk].startswith("3")
    assert age[unit.pk] == ""  # Withheld: not on sale.
    assert age[other.pk].startswith("40")


# --- Heat ---------------------------------------------------------------------------------------


def test_interest_is_quotes_locks_and_contacts_of_fourteen_days(office: Office) -> None:
    hot, cold = a_unit(office.project), a_unit(office.project, floor=17)
    buyer = a_buyer(office)
    now = RESERVED_AT + timedelta(days=30)

    def quote(days_ago: int, unit: Unit = hot) -> None:
        make_quotes(
            unit_id=unit.pk, payment_plan_ids=[office.prices.plan.pk], discount_ids=[],
            customer_id=buyer.pk, by=office.lin, at=now - timedelta(days=days_ago),
        )  # fmt: skip

    quote(20)
    quote(13)
    quote(1)
    lock_unit(unit_id=hot.pk, by=office.lin, at=now - timedelta(days=2))
    unlock_unit(unit_id=hot.pk, by=office.lin, at=now - timedelta(days=2, minutes=-5))
    for days_ago, result in ((40, "reached"), (3, "reached"), (2, "no_answer"), (1, "appointed")):
        buyer.follow_ups.create(
            project=office.project, method="phone", result=result, content="看过房", by=office.lin,
            grade_after="B", at=now - timedelta(days=days_ago),
        )  # fmt: skip
    found = interest_in(office.project.pk, until=now)
    assert found == {hot.pk: Interest(quotes=2, claims=1, contacts=2)}
    assert found[hot.pk].score == 6
    assert interest_in(office.project.pk, until=now, unit_ids=[cold.pk]) == {}
    assert interest_in(office.project.pk, until=now - timedelta(days=19))[hot.pk].quotes == 1


def test_several_plans_of_one_quote_are_one_interest(office: Office) -> None:
    unit = a_unit(office.project)
    plans = [office.prices.plan.pk, a_lump_sum_plan(office.project, office.mo).pk]
    make_quotes(
        unit_id=unit.pk, payment_plan_ids=plans, discount_ids=[], by=office.lin, at=RESERVED_AT
    )
    assert interest_in(office.project.pk, until=RESERVED_AT)[unit.pk].score == 1


def test_the_heat_map_has_a_number_in_every_warm_cell_and_says_what_it_counts(
    office: Office,
) -> None:
    hot, cold = a_unit(office.project), a_unit(office.project, floor=17)
    lock_unit(unit_id=hot.pk, by=office.lin, at=timezone.now())
    html = ask(office.mo, view="heat")
    assert lines(html)[hot.pk] == "2"
    assert lines(html)[cold.pk] == ""
    assert "ub-h1" in classes(html, hot)
    assert "ub-h0" in classes(html, cold)
    assert html.count('<li class="ub-h') == 5
    assert "ub-note" in html


def test_the_age_of_a_unit_sold_is_no_age(office: Office) -> None:
    sold, open_ = a_unit(office.project), a_unit(office.project, floor=17)
    a_reservation(office, unit=sold)
    html = ask(office.mo, view="age")
    assert "ub-a9" in classes(html, sold)
    assert "ub-a9" not in classes(html, open_)


def test_the_control_sheet_counts_every_building_on_its_sheet(office: Office) -> None:
    a_unit(office.project)
    a_unit(office.project, building="2", status=UnitStatus.WITHHELD)
    html = ask(office.mo, view="print")
    assert html.count('class="ub-sum"') == 2
    assert "152.19" in html  # The list total stands beside the area.
    assert 'name="unit"' not in html


# --- As it stood --------------------------------------------------------------------------------


def moved(office: Office) -> tuple[Unit, Unit]:
    """One unit withheld a day after NOON, one reserved two days after."""
    first, second = a_unit(office.project), a_unit(office.project, floor=17)
    withhold_units(unit_ids=[first.pk], reason="调价", by=office.mo, at=NOON + timedelta(days=1))
    a_reservation(
        office, unit=second, buyers=[a_buyer(office, name="陈晓雨")], at=NOON + timedelta(days=2)
    )
    return first, second


def test_the_board_of_a_moment_is_drawn_and_nothing_can_be_done_to_it(office: Office) -> None:
    first, second = moved(office)

    def then(days: float) -> list[str | None]:
        html = ask(office.mo, at=local(NOON + timedelta(days=days)), select="1")
        assert "data-past" in html
        assert 'name="unit" value' not in html  # Nothing can be selected.
        return [
            found.group(1)
            for unit in (first, second)
            if (found := re.search(rf'id="u{unit.pk}"[^>]*data-s="(\w+)"', html))
        ]

    assert then(0.5) == ["available", "available"]
    assert then(1.5) == ["withheld", "available"]
    assert then(2.5) == ["withheld", "reserved"]
    assert then(-1) == []


def test_the_links_of_a_past_board_stay_in_the_past(office: Office) -> None:
    first, _second = moved(office)
    html = ask(office.mo, at=local(NOON + timedelta(hours=1)))
    found = re.search(rf'id="u{first.pk}".*?href="([^"]*)"', html)
    assert found
    assert "at=2025-03-08T13" in found.group(1)


def test_the_panel_of_the_past_says_what_was_known_and_offers_no_verb(office: Office) -> None:
    _first, second = moved(office)

    def panel(viewer: User, days: float) -> str:
        url = reverse("sales:unit_panel", args=[second.pk])
        answer = signed_in(viewer).get(
            f"{url}?{urlencode({'at': local(NOON + timedelta(days=days))})}",
            headers={"HX-Request": "true"},
        )
        assert answer.status_code == 200
        return str(answer.content.decode())

    assert "陈晓雨" in panel(office.lin, 3)
    assert "陈晓雨" not in panel(office.lin, 1)
    assert "陈晓雨" not in panel(a_user("SC", office.project), 3)
    for days in (-1, 1, 3):
        assert "<form" not in panel(office.lin, days)


def test_customers_of_the_past_are_as_much_within_reach_as_those_of_today(office: Office) -> None:
    _first, second = moved(office)
    later, now = NOON + timedelta(days=3), NOON + timedelta(days=9)
    before = NOON + timedelta(days=1)
    assert sold_for(office.lin, office.project.pk, at=now, as_of=later)[second.pk].customers == (
        "陈晓雨",
    )
    assert sold_for(office.lin, office.project.pk, at=now, as_of=before) == {}
    other = a_user("SC", office.project)
    assert sold_for(other, office.project.pk, at=now, as_of=later) == {}


@pytest.mark.parametrize(
    "said", ["2999-01-01T00:00", "0001-01-01T00:00", "1999-12-31", "soon", "9999-12-31T23:59"]
)
def test_a_moment_that_cannot_be_is_said_and_the_board_is_that_of_now(
    office: Office, said: str
) -> None:
    a_unit(office.project)
    desk = signed_in(office.lin)
    answer = desk.get(f"{reverse('sales:board')}?{urlencode({'at': said})}")
    assert answer.status_code == 422
    html = answer.content.decode()
    assert "data-past" not in html
    assert "lp-alert" in html
    unit = Unit.objects.get()
    url = f"{reverse('sales:unit_panel', args=[unit.pk])}?{urlencode({'at': said})}"
    assert desk.get(url, headers={"HX-Request": "true"}).status_code == 404
    sheet = f"{reverse('sales:control_sheet')}?{urlencode({'at': said})}"
    assert signed_in(office.mo).get(sheet).status_code == 404


def test_the_past_of_another_project_is_not_there(office: Office) -> None:
    first, _second = moved(office)
    wei = signed_in(office.cast.wei)
    at = {"at": local(NOON + timedelta(days=1)), "project": office.project.pk}
    assert wei.get(f"{reverse('sales:board')}?{urlencode(at)}").status_code == 404
    url = f"{reverse('sales:unit_panel', args=[first.pk])}?{urlencode(at)}"
    assert wei.get(url, headers={"HX-Request": "true"}).status_code == 404


def test_the_control_sheet_of_a_moment_is_a_pdf(office: Office) -> None:
    moved(office)
    at = local(NOON + timedelta(days=1))
    answer = signed_in(office.mo).get(f"{reverse('sales:control_sheet')}?{urlencode({'at': at})}")
    assert answer.content.startswith(b"%PDF")


# --- A claim whose time is over -----------------------------------------------------------------


def test_a_lock_that_ran_out_is_free_on_board_and_panel_before_the_job_comes(
    office: Office,
) -> None:
    unit = a_unit(office.project)
    now = timezone.now()
    lock_unit(unit_id=unit.pk, by=office.lin, at=now - timedelta(minutes=15, seconds=20))
    since = board_version(office.project.pk)
    assert Unit.objects.get(pk=unit.pk).status == UnitStatus.LOCKED
    html = ask(office.mo)
    assert f'id="u{unit.pk}" title="1-1-1803" data-s="available"' in html
    desk: Client = signed_in(a_user("SC", office.project))
    panel = desk.get(
        reverse("sales:unit_panel", args=[unit.pk]), headers={"HX-Request": "true"}
    ).content.decode()
    assert 'data-status="available"' in panel
    assert "up-claim" not in panel
    assert reverse("sales:reserve", args=[unit.pk]) in panel
    # The desk that counted down hears of it at its next question.
    said = urlencode({"project": office.project.pk, "since": since})
    answer = desk.get(f"{reverse('sales:board_data')}?{said}")
    assert 'data-s="available"' in answer.json()["cells"][str(unit.pk)]


def test_a_hold_kept_for_money_is_not_called_over(office: Office) -> None:
    """U-12: money came in while the hold ran; the job keeps it, and so does the board."""
    unit, buyer = a_unit(office.project), a_buyer(office)
    claim = hold_unit(unit_id=unit.pk, customer_id=buyer.pk, days=1, by=office.mo, at=RESERVED_AT)
    deal = a_reservation(office, with_deposit=False).deal
    Deal.objects.filter(pk=deal.pk).update(unit=unit)  # As if an earlier deal of this very unit.
    a_receipt(office, deal, amount="50000", at=RESERVED_AT + timedelta(hours=1))
    over = RESERVED_AT + timedelta(days=2)
    assert board(office.project.pk, at=over)["units"][0]["status"] == "available"
    assert expire_claim(claim_id=claim.pk, by=None, at=over) is False
    [found] = [u for u in board(office.project.pk, at=over)["units"] if u["id"] == unit.pk]
    assert (found["status"], found["claim_until"]) == ("held", None)
    Deal.objects.filter(pk=deal.pk).update(unit=deal.unit_id)
