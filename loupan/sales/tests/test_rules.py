"""The process table, its lights, and the shares of buyers (DOMAIN 2.5.1)."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loupan.pricing.rules.payment_plan import Anchors
from loupan.sales.rules import (
    DEFAULT_STEPS,
    Light,
    SharesProblem,
    check_shares,
    days_overdue,
    equal_shares,
    light,
    planned_steps,
)
from loupan.sales.states import StepCode

RESERVED = date(2025, 3, 8)
SIGN_BY = date(2025, 3, 15)


def planned_days(
    anchors: Anchors, *, has_loan: bool = True, last_due_on: date | None = None
) -> dict[StepCode, date | None]:
    steps = planned_steps(has_loan=has_loan, anchors=anchors, last_due_on=last_due_on)
    return {step.code: step.planned_on for step in steps}


def test_sign_within_seven_days_is_sixteen_days_late_on_31_march() -> None:
    """ORC-16."""
    planned_on = planned_days(Anchors(reservation=RESERVED))[StepCode.CONTRACT]
    assert planned_on == SIGN_BY
    assert days_overdue(planned_on, None, date(2025, 3, 31)) == 16
    assert light(planned_on, None, date(2025, 3, 31)) == Light.RED


@pytest.mark.parametrize(
    ("today", "colour"),
    [
        (date(2025, 3, 8), Light.GREY),
        (date(2025, 3, 11), Light.GREY),
        (date(2025, 3, 12), Light.BLUE),
        (date(2025, 3, 15), Light.BLUE),
        (date(2025, 3, 16), Light.YELLOW),
        (date(2025, 3, 22), Light.YELLOW),
        (date(2025, 3, 23), Light.RED),
    ],
)
def test_a_light_turns_on_its_border_days(today: date, colour: Light) -> None:
    """2.5.1: blue from three days before, yellow up to seven days late, then red."""
    assert light(SIGN_BY, None, today) == colour


def test_what_is_done_is_green_even_if_it_was_late() -> None:
    assert light(SIGN_BY, date(2025, 4, 30), date(2025, 5, 1)) == Light.GREEN
    assert days_overdue(SIGN_BY, date(2025, 4, 30), date(2025, 5, 1)) == 0


def test_what_is_not_planned_is_grey_and_never_late() -> None:
    assert light(None, None, date(2025, 5, 1)) == Light.GREY
    assert days_overdue(None, None, date(2025, 5, 1)) == 0


@given(planned_on=st.dates(date(2000, 1, 1), date(2100, 1, 1)), day=st.integers(-400, 400))
def test_a_step_only_gets_worse_with_time(planned_on: date, day: int) -> None:
    order = [Light.GREY, Light.BLUE, Light.YELLOW, Light.RED]
    today = planned_on + timedelta(days=day)
    tomorrow = today + timedelta(days=1)
    now, then = light(planned_on, None, today), light(planned_on, None, tomorrow)
    assert order.index(now) <= order.index(then)
    assert (days_overdue(planned_on, None, today) > 0) is (now in {Light.YELLOW, Light.RED})


def test_the_canonical_deal_is_planned_from_its_contract() -> None:
    """DOMAIN 0.3: down payment due 2025-03-22."""
    days = planned_days(Anchors(reservation=RESERVED, contract=SIGN_BY))
    assert days[StepCode.DOWN_PAYMENT] == date(2025, 3, 22)
    assert days[StepCode.LOAN_DISBURSED] == date(2025, 4, 14)
    assert days[StepCode.HANDOVER] is None


def test_title_is_planned_ninety_days_after_handover() -> None:
    """2.5.6."""
    days = planned_days(Anchors(reservation=RESERVED, handover=date(2026, 12, 31)))
    assert days[StepCode.TITLE_ISSUED] == date(2027, 3, 31)


def test_paid_in_full_is_planned_for_the_last_line_of_the_schedule() -> None:
    days = planned_days(Anchors(reservation=RESERVED), last_due_on=date(2025, 9, 15))
    assert days[StepCode.PAID_IN_FULL] == date(2025, 9, 15)


def test_loan_steps_exist_only_for_loan_plans() -> None:
    """2.5.1: steps 5 to 8."""
    with_loan = planned_steps(has_loan=True, anchors=Anchors(reservation=RESERVED))
    without = planned_steps(has_loan=False, anchors=Anchors(reservation=RESERVED))
    assert [step.code for step in with_loan] == list(StepCode)
    assert {step.code for step in with_loan} - {step.code for step in without} == {
        StepCode.LOAN_DOCUMENTS,
        StepCode.LOAN_INTERVIEW,
        StepCode.LOAN_APPROVED,
        StepCode.LOAN_DISBURSED,
    }
    assert [step.seq for step in without] == list(range(1, 10))
    assert all(StepCode.LOAN_DISBURSED not in step.after for step in without)


def test_no_step_waits_for_itself_or_in_a_circle() -> None:
    done: set[StepCode] = set()
    waiting = list(DEFAULT_STEPS)
    while waiting:
        ready = [row for row in waiting if set(row.after) <= done]
        assert ready
        done |= {row.code for row in ready}
        waiting = [row for row in waiting if row.code not in done]


@pytest.mark.parametrize(
    ("count", "shares"),
    [(1, ["1"]), (2, ["0.5", "0.5"]), (3, ["0.3333", "0.3333", "0.3334"])],
)
def test_the_last_buyer_takes_the_rest(count: int, shares: list[str]) -> None:
    assert equal_shares(count) == [Decimal(share) for share in shares]


@given(count=st.integers(1, 100))
def test_equal_shares_are_shares(count: int) -> None:
    shares = equal_shares(count)
    check_shares(shares)
    assert len(shares) == count


@pytest.mark.parametrize(
    ("code", "shares"),
    [
        ("no_buyers", []),
        ("too_many_buyers", ["0.005"] * 101),
        ("share_invalid", ["1.5", "-0.5"]),
        ("share_invalid", ["1", "0"]),
        ("share_invalid", ["NaN", "1"]),
        ("share_invalid", ["0.3333333", "0.6666667"]),
        ("shares_not_whole", ["0.5", "0.499999"]),
        ("shares_not_whole", ["0.5", "0.500001"]),
    ],
)
def test_shares_must_be_the_whole_exactly(code: str, shares: list[str]) -> None:
    with pytest.raises(SharesProblem) as refused:
        check_shares([Decimal(share) for share in shares])
    assert refused.value.code == code


@pytest.mark.parametrize("count", [0, -1, 101])
def test_equal_shares_need_a_sensible_number_of_buyers(count: int) -> None:
    with pytest.raises(SharesProblem):
        equal_shares(count)
