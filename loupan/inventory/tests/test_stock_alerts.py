"""Stock that runs low or lies too long: what is said, where, to whom (CTL-07)."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from time_machine import travel

from loupan.core.calendar import business_day
from loupan.inventory.models import Unit
from loupan.inventory.parameters import LEAST_AVAILABLE, SLOW_AFTER
from loupan.inventory.queries.stock import alert_in_words, alerts_of
from loupan.inventory.rules.stock import EVERYTHING, AlertKind, Stock, StockAlert, stock_alerts
from loupan.inventory.testing import NOON, a_unit
from loupan.org.models import Project
from loupan.org.testing import Cast, signed_in, the_cast, token_for
from loupan.parameters.testing import a_setting

LOW, SLOW = AlertKind.LOW, AlertKind.SLOW
FLATS = Stock("flat", total=10, available=4, waiting=3, slow=2)
SHOPS = Stock("shop", total=2, available=0, waiting=0, slow=0)


@pytest.mark.parametrize(
    ("least", "slow_days", "wanted"),
    [
        ({}, 0, []),
        ({"flat": 4}, 0, []),
        ({"flat": 5}, 0, [StockAlert(LOW, "flat", 4, 5, 3)]),
        ({"shop": 1, EVERYTHING: 5}, 0,
         [StockAlert(LOW, EVERYTHING, 4, 5, 3), StockAlert(LOW, "shop", 0, 1, 0)]),
        ({"villa": 9}, 0, []),  # The project never had one.
        ({}, 90, [StockAlert(SLOW, "flat", 2, 90, 3)]),
    ],
)  # fmt: skip
def test_what_is_said_of_a_stock(
    least: dict[str, int], slow_days: int, wanted: list[StockAlert]
) -> None:
    assert stock_alerts([FLATS, SHOPS], least, slow_days) == wanted


def test_a_project_without_units_is_short_of_nothing() -> None:
    assert stock_alerts([], {EVERYTHING: 5, "flat": 5}, 90) == []


_COUNTS = st.integers(0, 50)


@given(
    st.lists(
        st.builds(
            Stock, st.sampled_from(["flat", "shop", "villa"]), _COUNTS, _COUNTS, _COUNTS, _COUNTS
        ),
        unique_by=lambda each: each.product_type,
    ),
    st.dictionaries(st.sampled_from(["", "flat", "shop", "villa"]), st.integers(0, 60)),
    st.integers(0, 400),
)
def test_an_alert_is_always_below_its_limit_and_none_below_is_left_out(
    stock: list[Stock], least: dict[str, int], slow_days: int
) -> None:
    found = stock_alerts(stock, least, slow_days)
    low = {each.product_type for each in found if each.kind is LOW}
    assert all(each.count < each.limit for each in found if each.kind is LOW)
    for each in stock:
        assert (each.product_type in low) == (
            each.total > 0 and each.available < least.get(each.product_type, 0)
        )


@pytest.fixture
def cast(db: Any) -> Cast:
    return the_cast()


def some_stock(project: Project) -> None:
    """Two flats on sale (one for 200 days), one withheld, one not released, a sold-out parking stall."""
    today = business_day(NOON)
    for position, (status, days) in enumerate(
        [("available", 200), ("available", 10), ("withheld", 10), ("not_released", None)], 1
    ):
        unit = a_unit(project, position=position, status=status)
        first = None if days is None else today - timedelta(days=days)
        Unit.objects.filter(pk=unit.pk).update(first_released_on=first)
    a_unit(project, position=9, status="contracted", product_type="parking")


def test_the_limits_of_the_project_decide(cast: Cast) -> None:
    some_stock(cast.project)
    today = business_day(NOON)
    a_setting(SLOW_AFTER, 0, project=cast.project, by=cast.mk)
    assert alerts_of(cast.project.pk, today) == []
    a_setting(SLOW_AFTER, 180, project=cast.project, by=cast.mk)
    a_setting(LEAST_AVAILABLE["flat"], 3, project=cast.project, by=cast.mk)
    a_setting(LEAST_AVAILABLE["parking"], 1, project=cast.project, by=cast.mk)
    found = alerts_of(cast.project.pk, today)
    assert found == [
        StockAlert(LOW, "flat", 2, 3, 2),
        StockAlert(LOW, "parking", 0, 1, 0),
        StockAlert(SLOW, "flat", 1, 180, 2),
    ]
    assert "2" in alert_in_words(found[0])


def test_units_that_are_no_stock_of_ours_do_not_count(cast: Cast) -> None:
    some_stock(cast.project)
    a_setting(LEAST_AVAILABLE[EVERYTHING], 2, project=cast.project, by=cast.mk)
    assert [each.kind for each in alerts_of(cast.project.pk, business_day(NOON))] == [SLOW]
    Unit.objects.filter(status="available", first_released_on__lt="2025-01-01").update(
        is_retired=True
    )
    assert [each.kind for each in alerts_of(cast.project.pk, business_day(NOON))] == [LOW]


def test_the_home_page_says_it_to_those_who_can_do_something(cast: Cast) -> None:
    some_stock(cast.project)
    a_setting(LEAST_AVAILABLE["flat"], 30, project=cast.project, by=cast.mk)
    said = str(alert_in_words(StockAlert(LOW, "flat", 2, 30, 2)))
    for person, wanted in ((cast.mo, True), (cast.mk, True), (cast.lin, False)):
        page = signed_in(person).get("/", {"project": cast.project.pk})
        assert page.status_code == 200
        assert (said in page.content.decode()) is wanted, person


def test_the_mail_of_the_control_log_ends_with_it(cast: Cast) -> None:
    some_stock(cast.project)
    a_setting(LEAST_AVAILABLE["flat"], 30, project=cast.project, by=cast.mk)
    with travel(NOON, tick=False):
        call_command(
            "control_log", "--project", cast.project.code, "--mail", "sm@example.com",
            stdout=StringIO(),
        )  # fmt: skip
    (letter,) = mail.outbox
    assert str(alert_in_words(StockAlert(LOW, "flat", 2, 30, 2))) in letter.body
    assert str(alert_in_words(StockAlert(SLOW, "flat", 1, 180, 2))) in letter.body


def test_the_api_says_the_same_and_only_within_reach(cast: Cast) -> None:
    some_stock(cast.project)
    a_setting(LEAST_AVAILABLE["flat"], 30, project=cast.project, by=cast.mk)
    path = f"/api/v1/projects/{cast.project.pk}/stock-alerts/"

    def ask(person: Any) -> Any:
        return Client(headers={"Authorization": f"Bearer {token_for(person)}"}).get(path)

    low = ask(cast.lin).json()["items"][0]
    assert (low["kind"], low["product_type"], low["count"], low["limit"], low["waiting"]) == (
        "low", "flat", 2, 30, 2,
    )  # fmt: skip
    assert ask(cast.wei).status_code == 404
