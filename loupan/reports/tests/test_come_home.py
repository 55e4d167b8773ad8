"""The home page by role, and the search: useful, within reach, a fixed number of statements."""

from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from loupan.customers.actions.registrations import register_customer
from loupan.inventory.testing import a_unit
from loupan.org.models import User
from loupan.org.rules import ROLE_TEMPLATES
from loupan.org.testing import a_user, signed_in
from loupan.reports.queries.home import cards_for
from loupan.reports.queries.search import found
from loupan.sales.actions.claims import lock_unit
from loupan.sales.testing import Office, a_contract, a_receipt, a_reservation, an_office

pytestmark = pytest.mark.django_db

NOW = datetime(2025, 3, 31, 2, 0, tzinfo=UTC)
INSIDE = [code for code in ROLE_TEMPLATES if code not in {"BR", "CU"}]


@pytest.fixture(autouse=True)
def _now() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def office() -> Office:
    return an_office()


def somebody(role: str, office: Office) -> User:
    if role in {"AD", "GD", "CD", "FM", "HR", "AU", "EX"}:
        return a_user(role, company=office.project.company)
    return a_user(role, office.project)


def a_busy_day(office: Office, number: int) -> None:
    for place in range(number):
        reservation = a_reservation(office)
        if place % 2:
            a_contract(office, reservation)
        customer = reservation.deal.buyers.get().customer
        customer.next_contact_on = NOW.date()
        customer.save(update_fields=["next_contact_on"])


@pytest.mark.parametrize("role", INSIDE)
def test_everybody_has_something_on_the_home_page(office: Office, role: str) -> None:
    a_busy_day(office, 2)
    user = somebody(role, office)
    page = signed_in(user).get("/")
    assert page.status_code == 200
    cards = cards_for(user, office.project, NOW)
    assert cards, role
    assert any(card.figures or card.lines for card in cards)
    text = page.content.decode()
    for card in cards:
        assert card.title in text


@pytest.mark.parametrize("role", ["SC", "SM", "CA", "PD", "GD", "AD", "AU"])
def test_the_home_page_costs_at_most_25_statements_however_busy_the_day(
    office: Office, role: str
) -> None:
    user = office.lin if role == "SC" else somebody(role, office)
    client = signed_in(user)

    def statements() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert client.get("/").status_code == 200
        return len(seen)

    a_busy_day(office, 2)
    statements()
    few = statements()
    a_busy_day(office, 6)
    assert statements() == few
    assert few <= 25


def titles(user: User, office: Office) -> set[str]:
    return {card.key for card in cards_for(user, office.project, NOW)}


def test_each_role_sees_the_cards_of_its_work(office: Office) -> None:
    lock_unit(unit_id=a_unit(office.project).pk, by=office.lin, at=NOW)
    assert {"locks", "contacts", "to_sign", "board"} <= titles(office.lin, office)
    assert {"to_collect", "to_sign"} <= titles(office.zhao, office)
    assert not {"locks", "contacts"} & titles(office.zhao, office)
    assert titles(office.cast.ad, office) == {"people", "log"}
    assert "projects" in titles(somebody("GD", office), office)
    assert "projects" not in titles(office.mo, office)


def test_administrators_see_no_business_in_the_log(office: Office) -> None:
    a_busy_day(office, 2)
    log = next(c for c in cards_for(office.cast.ad, office.project, NOW) if c.key == "log")
    assert not any("sales." in line.text or "ledger." in line.text for line in log.lines)


def test_a_consultant_sees_no_figures_of_colleagues(office: Office) -> None:
    a_busy_day(office, 2)
    friend = a_user("SC", office.project)
    cards = {card.key: card for card in cards_for(friend, office.project, NOW)}
    assert not cards["to_sign"].lines
    assert not cards["contacts"].lines
    assert not cards["to_collect"].lines
    assert all(not figure.value for figure in cards["today"].figures)


def results(user: User, text: str) -> list[str]:
    return [result.label for group in found(user, text) for result in group.results]


def test_the_search_finds_by_name_initials_phone_tail_unit_deal_and_receipt(
    office: Office,
) -> None:
    unit = a_unit(office.project)
    reservation = a_reservation(office, unit=unit, with_deposit=False)
    receipt = a_receipt(office, reservation.deal, amount="50000")
    register_customer(
        project_id=office.project.pk, name="欧阳雨桐", phones=["13800138123"], by=office.lin, at=NOW
    )
    assert results(office.lin, "欧阳") == ["欧阳雨桐"]
    assert results(office.lin, "oyyt") == ["欧阳雨桐"]
    assert results(office.lin, "8123") == ["欧阳雨桐"]
    assert results(office.lin, "13800138123") == ["欧阳雨桐"]
    assert unit.number in results(office.lin, "1-1-18")
    assert unit.number in results(office.lin, "1803")
    assert results(office.lin, reservation.number) == [f"{unit.number} · {reservation.number}"]
    assert results(office.lin, receipt.number) == [receipt.number]


def test_the_search_ends_where_the_reach_ends(office: Office) -> None:
    reservation = a_reservation(office, unit=a_unit(office.project), with_deposit=False)
    receipt = a_receipt(office, reservation.deal, amount="50000")
    buyer = reservation.deal.buyers.get().customer
    friend = a_user("SC", office.project)
    for outsider in (office.cast.wei, office.cast.guest, office.cast.ad):
        for text in (buyer.name, "cxy", reservation.number, receipt.number, "1-1-1803"):
            assert results(outsider, text) == [], (outsider, text)
    assert results(friend, buyer.name) == []
    assert results(friend, reservation.number) == []
    assert results(friend, receipt.number) == []
    assert results(friend, "1-1-1803") == ["1-1-1803"]


@pytest.mark.parametrize("text", ["%", "_", "'", "\\", "\x00", "　", "<b>", "a" * 500, "1-1-", "0"])
def test_odd_words_are_searched_like_any_other(office: Office, text: str) -> None:
    client = signed_in(office.mo)
    assert client.get("/search/", {"q": text}).status_code == 200
    fragment = client.get("/search/", {"q": text}, headers={"HX-Request": "true"})
    assert fragment.status_code == 200
    assert b"<html" not in fragment.content


def test_help_shows_the_steps_of_ones_own_work(office: Office) -> None:
    shown = {
        name: signed_in(user).get("/help/").content.decode()
        for name, user in (("sc", office.lin), ("ca", office.zhao), ("ad", office.cast.ad))
    }
    assert "/customers/reception/" in shown["sc"]
    assert "/reports/r-f01/" in shown["ca"]
    assert "/customers/reception/" not in shown["ca"]
    assert "/org/" in shown["ad"]
    assert "/sales/provisionals/" in shown["sc"]
    assert "/sales/milestones/" in signed_in(office.cast.cs).get("/help/").content.decode()
    assert signed_in(office.cast.guest).get("/help/").status_code == 200
