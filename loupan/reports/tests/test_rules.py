"""Ratios are sums over sums, half-up to a hundredth of a percent (DOMAIN 3.1)."""

from decimal import Decimal

import pytest

from loupan.reports import rules


@pytest.mark.parametrize(
    ("part", "whole", "rate"),
    [(33, 220, "0.1500"), (30, 33, "0.9091"), (60, 220, "0.2727"), (80, 300, "0.2667")],
    ids=["visit to reservation", "reservation to contract", "visit to intent", "return visits"],
)
def test_the_funnel_orc_70(part: int, whole: int, rate: str) -> None:
    assert rules.ratio(part, whole) == Decimal(rate)


def test_an_average_price_is_the_sum_of_totals_by_the_sum_of_areas() -> None:
    both = rules.Count(2, Decimal(200), Decimal(2_305_000))
    assert both.average == Decimal("11525.00")
    one = rules.Count(1, Decimal(90), Decimal(1_045_000))
    assert both.less(one) == rules.Count(1, Decimal(110), Decimal(1_260_000))


def test_without_a_base_there_is_no_rate_and_no_average() -> None:
    assert rules.ratio(5, 0) is None
    assert rules.average_price(Decimal(5), Decimal(0)) is None
