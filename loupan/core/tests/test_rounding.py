"""Rounding by unit and mode (DOMAIN 0.2, 2.2.4)."""

from decimal import Decimal, getcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loupan.core.rounding import AmountOutOfRange, Mode, Precision, round_to

ORC_06 = {
    "100": ("1149300", "1149300", "1149400"),
    "10": ("1149350", "1149340", "1149350"),
    "1": ("1149347", "1149347", "1149348"),
    "0.1": ("1149347.4", "1149347.3", "1149347.4"),
    "0.01": ("1149347.35", "1149347.35", "1149347.36"),
}
UNITS = st.sampled_from(["10000", "1000", "100", "10", "1", "0.1", "0.01"]).map(Decimal)
VALUES = st.decimals("-9999999999", "9999999999", places=8)


@pytest.mark.parametrize("unit", ORC_06)
def test_every_mode_and_unit_of_the_precision_table(unit: str) -> None:
    """ORC-06."""
    raw = Decimal("89.37") * Decimal("12860.55")
    assert [str(Precision(Decimal(unit), mode).apply(raw)) for mode in Mode] == list(ORC_06[unit])


@pytest.mark.parametrize(
    ("value", "half_up", "truncate", "round_up"),
    [
        ("2.5", "3", "2", "3"),
        ("3.5", "4", "3", "4"),
        ("-2.5", "-3", "-2", "-3"),
        ("-0.1", "0", "0", "-1"),
        ("0", "0", "0", "0"),
        ("2", "2", "2", "2"),
        ("0.49999999999999999999999999999999999999999999999999999999999999", "0", "0", "1"),
        ("1E-999999", "0", "0", "1"),
    ],
)
def test_halves_go_away_from_zero_and_not_to_even(
    value: str, half_up: str, truncate: str, round_up: str
) -> None:
    """0.2 rule 2."""
    found = [str(round_to(Decimal(value), Decimal(1), mode)) for mode in Mode]
    assert found == [half_up, truncate, round_up]


def test_a_result_never_prints_an_exponent() -> None:
    assert str(round_to(Decimal(1_021_412), Decimal("1E+4"), Mode.TRUNCATE)) == "1020000"


@pytest.mark.parametrize("value", ["NaN", "sNaN", "Infinity", "-Infinity", "1E18", "-1E+999999"])
def test_what_is_no_amount_is_refused(value: str) -> None:
    with pytest.raises(AmountOutOfRange):
        round_to(Decimal(value), Decimal(1), Mode.HALF_UP)


@pytest.mark.parametrize("unit", ["0", "-1", "NaN", "1E-7", "1E7"])
def test_what_is_no_unit_is_refused(unit: str) -> None:
    with pytest.raises(AmountOutOfRange):
        round_to(Decimal(1), Decimal(unit), Mode.HALF_UP)


@given(value=VALUES, unit=UNITS, mode=st.sampled_from(Mode))
def test_a_rounded_value_is_a_multiple_close_to_the_value(
    value: Decimal, unit: Decimal, mode: Mode
) -> None:
    rounded = round_to(value, unit, mode)
    off = Fraction(rounded) - Fraction(value)
    assert Fraction(rounded) % Fraction(unit) == 0
    assert abs(off) < Fraction(unit)
    assert round_to(rounded, unit, mode) == rounded
    if mode == Mode.HALF_UP:
        assert abs(off) * 2 <= Fraction(unit)
    else:
        assert (abs(rounded) <= abs(value)) is (mode == Mode.TRUNCATE or rounded == value)


@given(one=VALUES, other=VALUES, unit=UNITS, mode=st.sampled_from(Mode))
def test_rounding_keeps_the_order(one: Decimal, other: Decimal, unit: Decimal, mode: Mode) -> None:
    low, high = sorted((one, other))
    assert round_to(low, unit, mode) <= round_to(high, unit, mode)


@given(value=VALUES, mode=st.sampled_from(Mode))
def test_rounding_is_the_same_on_both_sides_of_zero(value: Decimal, mode: Mode) -> None:
    assert round_to(-value, Decimal(1), mode) == -round_to(value, Decimal(1), mode)


def test_the_global_decimal_context_is_left_alone() -> None:
    before = getcontext().copy()
    round_to(Decimal("1.005"), Decimal("0.01"), Mode.HALF_UP)
    assert (getcontext().prec, getcontext().rounding) == (before.prec, before.rounding)
    assert getcontext().flags == before.flags


def test_a_small_global_precision_does_not_change_a_result() -> None:
    getcontext().prec, usual = 5, getcontext().prec
    try:
        found = round_to(Decimal("1521894.60"), Decimal(1), Mode.HALF_UP)
    finally:
        getcontext().prec = usual
    assert found == Decimal(1_521_895)


def test_a_precision_names_itself_for_the_trace() -> None:
    assert str(Precision(Decimal("1E+4"), Mode.TRUNCATE)) == "truncate:10000"
