"""Months, days, lateness and days off (DOMAIN 0.2 rules 5 to 7)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loupan.core.dates import (
    DateOutOfRange,
    Shift,
    add_days,
    add_months,
    days_late,
    due_date,
    is_working_day,
    shifted,
)

DAYS = st.dates(date(1950, 1, 1), date(2150, 12, 31))


@pytest.mark.parametrize(
    ("anchor", "months", "expected"),
    [
        (date(2025, 1, 31), 1, date(2025, 2, 28)),
        (date(2025, 1, 31), 2, date(2025, 3, 31)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2025, 8, 31), 1, date(2025, 9, 30)),
        (date(2025, 3, 15), 6, date(2025, 9, 15)),
        (date(2025, 11, 30), 3, date(2026, 2, 28)),
        (date(2025, 3, 31), -1, date(2025, 2, 28)),
        (date(2025, 3, 31), 0, date(2025, 3, 31)),
    ],
)
def test_months_clamp_to_the_end_and_count_from_the_anchor(
    anchor: date, months: int, expected: date
) -> None:
    """ORC-01."""
    assert add_months(anchor, months) == expected


@given(anchor=DAYS, months=st.integers(-500, 500))
def test_months_land_in_the_right_month_and_never_after_the_day(anchor: date, months: int) -> None:
    found = add_months(anchor, months)
    assert (found.year * 12 + found.month) - (anchor.year * 12 + anchor.month) == months
    assert found.day <= anchor.day
    assert found.day == anchor.day or (found + timedelta(days=1)).day == 1


@given(one=DAYS, other=DAYS, months=st.integers(-500, 500))
def test_an_earlier_anchor_never_falls_due_later(one: date, other: date, months: int) -> None:
    low, high = sorted((one, other))
    assert add_months(low, months) <= add_months(high, months)


@pytest.mark.parametrize("months", [-1_000_000, -12 * 126, 12 * 176, 1_000_000, 10**30])
def test_months_out_of_range_are_refused(months: int) -> None:
    with pytest.raises(DateOutOfRange):
        add_months(date(2025, 1, 31), months)


@pytest.mark.parametrize("days", [-50_000, 70_000, 10**9, 10**30, -(10**30)])
def test_days_out_of_range_are_refused(days: int) -> None:
    with pytest.raises(DateOutOfRange):
        add_days(date(2025, 1, 31), days)


@pytest.mark.parametrize("anchor", [date(1, 1, 1), date(9999, 12, 31)])
def test_an_anchor_that_is_a_slip_is_refused(anchor: date) -> None:
    with pytest.raises(DateOutOfRange):
        due_date(anchor)


def test_seven_days_after_the_contract() -> None:
    """0.2 rule 5, ORC-11."""
    assert due_date(date(2025, 3, 15), days=7) == date(2025, 3, 22)


def test_paid_on_the_due_date_is_not_late() -> None:
    """0.2 rule 5, ORC-20."""
    due = date(2025, 3, 22)
    assert [days_late(due, paid) for paid in (date(2025, 3, 1), due, date(2025, 3, 30))] == [
        0,
        0,
        8,
    ]


# 2025: National Day from Wednesday 1 to Wednesday 8 October; Saturday 11 is worked instead.
OFF = {date(2025, 10, day) for day in range(1, 9)}
MADE_UP = {date(2025, 9, 28), date(2025, 10, 11)}


def holidays_2025(day: date) -> bool | None:
    if day in OFF or day in MADE_UP:
        return day in MADE_UP
    return None


@pytest.mark.parametrize(
    ("day", "following", "preceding"),
    [
        (date(2025, 10, 1), date(2025, 10, 9), date(2025, 9, 30)),
        (date(2025, 10, 9), date(2025, 10, 9), date(2025, 10, 9)),
        (date(2025, 10, 11), date(2025, 10, 11), date(2025, 10, 11)),
        (date(2025, 10, 12), date(2025, 10, 13), date(2025, 10, 11)),
        (date(2025, 9, 28), date(2025, 9, 28), date(2025, 9, 28)),
        (date(2025, 9, 27), date(2025, 9, 28), date(2025, 9, 26)),
    ],
)
def test_days_off_and_made_up_weekends_come_from_the_table(
    day: date, following: date, preceding: date
) -> None:
    """0.2 rule 7."""
    assert shifted(day, Shift.NONE, holidays_2025) == day
    assert shifted(day, Shift.NEXT_WORKING_DAY, holidays_2025) == following
    assert shifted(day, Shift.PREVIOUS_WORKING_DAY, holidays_2025) == preceding


def test_without_a_table_only_weekends_are_off() -> None:
    assert due_date(date(2025, 3, 15), days=7, shift=Shift.NEXT_WORKING_DAY) == date(2025, 3, 24)


@given(day=DAYS)
def test_a_shift_ends_on_a_working_day_in_its_direction(day: date) -> None:
    following = shifted(day, Shift.NEXT_WORKING_DAY)
    preceding = shifted(day, Shift.PREVIOUS_WORKING_DAY)
    assert preceding <= day <= following
    assert is_working_day(following)
    assert is_working_day(preceding)


def test_a_table_without_working_days_is_refused() -> None:
    with pytest.raises(DateOutOfRange):
        shifted(date(2025, 1, 1), Shift.NEXT_WORKING_DAY, lambda day: False)
