"""Amounts, areas, rates and instants as people read them."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import formats, translation

from loupan.core.formatting import (
    area_text,
    date_text,
    datetime_text,
    money_text,
    number_text,
    rate_text,
)


def shown(source: str, *, cookie: str = "", **context: object) -> str:
    request = RequestFactory().get("/")
    request.COOKIES["money"] = cookie
    found = Template("{% load kit %}" + source).render(Context({**context, "request": request}))
    return str(found)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_django_itself_groups_amounts_by_three(language: str) -> None:
    """HOUSE 3.17: the Chinese format of Django alone prints 2180000.50 without a separator."""
    with translation.override(language):
        assert (
            Template('{{ x|floatformat:"2g" }}').render(Context({"x": 2180000.5})) == "2,180,000.50"
        )
        assert formats.date_format(date(2025, 3, 8)) == "2025-03-08"


def test_money_is_grouped_with_fen() -> None:
    assert money_text(Decimal("1459160")) == "1,459,160.00"
    assert money_text(Decimal("-50000.005")) == "-50,000.01"
    assert money_text(Decimal("50000"), signed=True) == "+50,000.00"
    assert money_text(None) == "—"


def test_money_in_ten_thousands_is_rounded_half_up() -> None:
    assert money_text(Decimal("1459150.00"), unit="wan") == "145.92"


def test_a_negative_nothing_is_nothing() -> None:
    assert money_text(Decimal("-0.001"), signed=True) == "0.00"


def test_areas_rates_and_numbers() -> None:
    assert area_text(Decimal("97.0149")) == "97.01"
    assert rate_text(Decimal("0.300960")) == "30.10%"
    assert number_text(1234567) == "1,234,567"


def test_an_instant_is_shown_in_office_time() -> None:
    early = datetime(2025, 3, 7, 23, 30, tzinfo=UTC)
    assert datetime_text(early) == "2025-03-08 07:30"
    assert date_text(early) == "2025-03-08"


def test_the_money_component_follows_the_choice_of_the_reader() -> None:
    source = '<data class="lp-money" value="1459160.00">1,459,160.00</data>'
    assert shown("{% money x %}", x=Decimal("1459160.00")) == source
    in_wan = shown("{% money x %}", cookie="wan", x=Decimal("1459160.00"))
    assert "145.92" in in_wan
    assert 'title="¥1,459,160.00"' in in_wan


def test_nothing_is_a_dash_and_not_zero() -> None:
    assert "—" in shown("{% money x %}", x=None)
    assert "0.00" in shown("{% money x %}", x=Decimal(0))


def test_hostile_text_stays_text() -> None:
    assert "<script>" not in shown("{% icon x label=x %}", x="<script>")
