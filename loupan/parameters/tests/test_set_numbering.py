"""Numbering documents by one's own pattern (PRM-03)."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from loupan.core.audit import history_of
from loupan.core.numbering import next_count
from loupan.core.refusals import ChangedMeanwhile
from loupan.org.testing import a_company, a_project, a_user, signed_in, token_for
from loupan.parameters import errors, hooks
from loupan.parameters.actions.numbers import clear_numbering, set_numbering
from loupan.parameters.hooks import Series
from loupan.parameters.models import NumberingRule
from loupan.parameters.queries.book import book_of
from loupan.parameters.queries.places import Place
from loupan.parameters.rules.numbers import Numbering

pytestmark = pytest.mark.django_db
NOON = datetime(2025, 3, 8, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
DAY = date(2025, 3, 8)
PAPER = Series("tested.paper", "Tested paper", Numbering("{project}-P{year}-{seq:4}"))


class Desk:
    def __init__(self) -> None:
        self.company = a_company("海成集团", code="HCG")
        self.project = a_project("海成·云麓", code="HC", company=self.company)
        self.second = a_project("海成·江湾", code="JW", company=self.company)
        self.ad = a_user("AD", company=self.company)
        self.here = Place(project=self.project)

    def put(self, pattern: str, reset: str = "year", **kwargs: Any) -> NumberingRule:
        given = {"series": PAPER.code, "place": self.here, "by": self.ad, "at": NOON, **kwargs}
        return set_numbering(pattern=pattern, reset=reset, **given)

    def next(self, project: Any = None, day: date = DAY) -> str:
        project = project or self.project
        book = book_of(project.pk)
        count = next_count(book.series_key(PAPER.code, project.pk, day))
        return book.number(PAPER.code, count, day, project=project.code)


@pytest.fixture
def desk() -> Iterator[Desk]:
    hooks.declare_series(PAPER)
    try:
        yield Desk()
    finally:
        del hooks.SERIES[PAPER.code]


def test_a_changed_pattern_counts_on_and_old_numbers_stay(desk: Desk) -> None:
    assert [desk.next(), desk.next()] == ["HC-P2025-0001", "HC-P2025-0002"]
    desk.put("{project}-P{year}-{seq:6}")
    assert desk.next() == "HC-P2025-000003"
    assert desk.next(desk.second) == "JW-P2025-0001"


def test_the_nearest_level_says_how(desk: Desk) -> None:
    desk.put("{company}-{project}-{year}-{seq}", place=Place(company=desk.company))
    assert (desk.next(), desk.next(desk.second)) == ("HCG-HC-2025-1", "HCG-JW-2025-1")
    desk.put("{project}/{yy}{month}/{seq:2}", "month")
    assert (desk.next(), desk.next(desk.second)) == ("HC/2503/01", "HCG-JW-2025-2")
    assert desk.next(day=date(2025, 4, 1)) == "HC/2504/01"
    clear_numbering(series=PAPER.code, place=desk.here, by=desk.ad, at=NOON)
    assert desk.next() == "HCG-HC-2025-2"


@pytest.mark.parametrize(
    ("pattern", "reset", "refusal"),
    [
        ("{nothing}", "year", errors.PatternUnreadable),
        ("{project}{year}", "year", errors.CounterMissing),
        ("{year}{seq}{seq}", "year", errors.CounterTwice),
        ("{project}-{seq}", "year", errors.PeriodMissing),
        ("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJ{year}-{seq}", "year", errors.PatternTooLong),
    ],
)
def test_what_is_no_pattern_is_said(
    desk: Desk, pattern: str, reset: str, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        desk.put(pattern, reset)
    assert not NumberingRule.objects.exists()


def test_two_projects_never_share_numbers(desk: Desk) -> None:
    company = Place(company=desk.company)
    with pytest.raises(errors.NumbersCouldMeet) as refused:
        desk.put("RG{year}-{seq:4}", place=company)
    assert "海成·云麓" in str(refused.value)
    desk.put("RG{year}-{seq:4}")  # One project alone may.
    with pytest.raises(errors.NumbersCouldMeet):
        desk.put("RG{year}-{seq:3}", place=Place(project=desk.second))
    desk.put("JW{year}-{seq:3}", place=Place(project=desk.second))


def test_a_new_pattern_never_gives_what_an_old_one_has_given(desk: Desk) -> None:
    desk.put("{project}-A{seq}1", "never")
    with pytest.raises(errors.NumbersCouldMeet):
        desk.put("{project}-A{seq}", "never")
    desk.put("{project}-B{seq}", "never")
    with pytest.raises(errors.NumbersCouldMeet):
        desk.put("{project}-A{seq}", "never")


def test_of_two_who_had_the_page_open_the_second_is_told(desk: Desk) -> None:
    row = desk.put("{project}-A{seq}", "never", version=0)
    with pytest.raises(ChangedMeanwhile):
        desk.put("{project}-B{seq}", "never", version=0)
    changed = desk.put("{project}-B{seq}", "never", version=row.version)
    assert history_of(changed)[0].before == {"pattern": "{project}-A{seq}", "reset": "never"}
    assert NumberingRule.objects.filter(is_current=True).count() == 1


def test_the_page_previews_and_saves(desk: Desk) -> None:
    client, place = signed_in(desk.ad), f"?place={desk.here.key}"
    assert "HC-P" in client.get(f"/parameters/numbers/{place}").content.decode()
    url = f"/parameters/numbers/{PAPER.code}/"
    typed = {"pattern": "{project}-{year}{month}-{seq:3}", "reset": "month", "version": "0"}
    shown = client.post(url + place, {**typed, "preview": "1"}).content.decode()
    assert "-001" in shown
    assert not NumberingRule.objects.exists()
    wrong = client.post(url + place, {**typed, "pattern": "{x}", "preview": "1"})
    assert wrong.status_code == 422
    assert client.post(url + place, typed).status_code == 302
    assert client.get(url + place).status_code == 200
    again = client.post(f"{url}taking-back/{place}", {"version": "1"})
    assert again.status_code == 302
    assert not NumberingRule.objects.filter(is_current=True).exists()


def test_the_api_sets_and_clears(desk: Desk) -> None:
    client = Client(headers={"Authorization": f"Bearer {token_for(desk.ad)}"})
    url = f"/api/v1/numberings/{desk.here.key}/"
    body = {"pattern": "{project}#{seq}", "reset": "never"}
    made = client.put(f"{url}{PAPER.code}/", body, "application/json").json()
    assert (made["example"], made["is_own"]) == ("HC#1", True)
    refused = client.put(f"{url}{PAPER.code}/", {"pattern": "{x}"}, "application/json")
    assert (refused.status_code, refused.json()["code"]) == (409, "pattern_unreadable")
    assert client.delete(f"{url}{PAPER.code}/").json()["pattern"] == PAPER.numbering.pattern
    assert client.get(url).status_code == 200
