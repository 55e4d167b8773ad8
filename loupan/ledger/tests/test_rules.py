"""Allocation of receipts, deposits and ratios (DOMAIN 2.5.2, 2.5.3)."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loupan.ledger.rules import (
    Due,
    LedgerProblem,
    Overpayment,
    Paid,
    Share,
    allocate,
    buyer_default,
    deposit_effect,
    is_down_payment_complete,
    paid_ratio,
    reallocation,
    seller_default,
    settle,
    unallocated,
)

HOUSE, LOAN, FEE = "house", "loan", "fee"
DEAL_TOTAL = Decimal(1_459_160)
FIRST = date(2025, 3, 8)

# The canonical schedule: deposit, down payment, loan.
DEPOSIT = Due(1, HOUSE, Decimal(50_000), date(2025, 3, 8), 1)
DOWN_PAYMENT = Due(2, HOUSE, Decimal(389_160), date(2025, 3, 22), 2)
BANK = Due(3, LOAN, Decimal(1_020_000), date(2025, 4, 14), 3)
CANONICAL = [DEPOSIT, DOWN_PAYMENT, BANK]


def house(line_id: int, amount: int, day: int | None) -> Due:
    due_on = None if day is None else FIRST + timedelta(days=day)
    return Due(line_id, HOUSE, Decimal(amount), due_on, line_id)


def paid(
    receipt_id: int,
    amount: int,
    *,
    day: int = 0,
    money_class: str = HOUSE,
    corrects: int | None = None,
) -> Paid:
    received_on = FIRST + timedelta(days=day)
    return Paid(receipt_id, money_class, Decimal(amount), received_on, corrects)


def test_the_canonical_receipts_settle_the_canonical_schedule() -> None:
    """DOMAIN 0.3."""
    receipts = [
        paid(1, 50_000),
        paid(2, 389_160, day=14),
        paid(3, 1_020_000, day=37, money_class=LOAN),
    ]
    shares = allocate(CANONICAL, receipts)
    assert shares == {(1, 1): 50_000, (2, 2): 389_160, (3, 3): 1_020_000}
    assert all(line.outstanding == 0 for line in settle(CANONICAL, shares).values())
    assert unallocated(receipts, shares) == 0


def test_the_oldest_due_line_comes_first_whatever_its_number() -> None:
    lines = [house(1, 100, 20), house(2, 100, 10), house(3, 100, None), house(4, 100, 10)]
    shares = allocate(lines, [paid(1, 350)])
    assert shares == {(1, 2): 100, (1, 4): 100, (1, 1): 100, (1, 3): 50}


def test_money_settles_only_lines_of_its_class() -> None:
    fee = Due(4, FEE, Decimal(80), None, 4)
    shares = allocate(
        [*CANONICAL, fee], [paid(1, 100, money_class=FEE), paid(2, 70, money_class=LOAN)]
    )
    assert shares == {(1, 4): 80, (2, 3): 70}


def test_an_overpayment_goes_to_the_next_line_that_is_not_due() -> None:
    assert allocate(CANONICAL, [paid(1, 60_000)]) == {(1, 1): 50_000, (1, 2): 10_000}


def test_an_overpayment_may_be_kept_as_credit() -> None:
    receipts = [paid(1, 60_000)]
    keep = Overpayment.KEEP_AS_CREDIT
    shares = allocate(CANONICAL, receipts, overpayment=keep, as_of=date(2025, 3, 21))
    assert shares == {(1, 1): 50_000}
    assert unallocated(receipts, shares) == 10_000
    shares = allocate(CANONICAL, receipts, overpayment=keep, as_of=date(2025, 3, 22))
    assert shares == {(1, 1): 50_000, (1, 2): 10_000}


def test_what_no_line_needs_stays_unallocated() -> None:
    receipts = [paid(1, 500_000)]
    assert unallocated(receipts, allocate(CANONICAL, receipts)) == 60_840


def test_an_earlier_receipt_runs_the_allocation_again() -> None:
    """2.5.3: a receipt dated earlier than an existing one moves the later one."""
    later = [paid(1, 60_000, day=5)]
    before = allocate(CANONICAL, later)
    after = allocate(CANONICAL, [*later, paid(2, 50_000, day=0)])
    assert after == {(2, 1): 50_000, (1, 2): 60_000}
    assert reallocation(before, after) == [
        Share(1, 1, Decimal(-50_000)),
        Share(1, 2, Decimal(50_000)),
        Share(2, 1, Decimal(50_000)),
    ]


def test_a_reversal_takes_back_exactly_what_its_receipt_had() -> None:
    lines = [house(1, 100, 0), house(2, 100, 1)]
    shares = allocate(lines, [paid(1, 120), paid(3, -120, day=9, corrects=1)])
    assert shares == {(1, 1): 100, (1, 2): 20, (3, 1): -100, (3, 2): -20}


def test_later_money_moves_up_to_the_line_that_a_reversal_opened() -> None:
    lines = [house(1, 100, 0), house(2, 100, 1)]
    receipts = [paid(1, 120), paid(2, 60, day=3), paid(3, -120, day=9, corrects=1)]
    shares = allocate(lines, receipts)
    assert shares == {(1, 1): 100, (1, 2): 20, (2, 1): 60, (3, 1): -100, (3, 2): -20}
    settled = settle(lines, shares)
    assert [settled[line].outstanding for line in (1, 2)] == [40, 100]


def test_a_partial_correction_takes_the_unallocated_and_the_newest_part() -> None:
    lines = [house(1, 100, 0), house(2, 100, 1)]
    shares = allocate(lines, [paid(1, 230), paid(2, -50, day=1, corrects=1)])
    assert shares == {(1, 1): 100, (1, 2): 100, (2, 2): -20}


def test_a_refund_gives_up_credit_first_and_then_the_newest_lines() -> None:
    lines = [house(1, 100, 0), house(2, 100, 1)]
    receipts = [paid(1, 230), paid(2, -150, day=1)]
    shares = allocate(lines, receipts)
    assert shares == {(1, 1): 100, (1, 2): 100, (2, 2): -100, (2, 1): -20}
    assert unallocated(receipts, shares) == 0


def test_without_lines_nothing_is_allocated() -> None:
    assert allocate([], [paid(1, 50_000), paid(2, -50_000, day=3)]) == {}


@pytest.mark.parametrize(
    ("code", "lines", "receipts"),
    [
        ("line_twice", [DEPOSIT, DEPOSIT], []),
        ("line_negative", [house(1, -1, 0)], []),
        ("receipt_twice", [], [paid(1, 5), paid(1, 5)]),
        ("nothing_to_correct", [], [paid(2, -5, corrects=1)]),
        ("nothing_to_correct", [], [paid(1, 5), paid(2, 5, corrects=1)]),
        (
            "nothing_to_correct",
            [],
            [paid(1, 5), paid(2, -5, corrects=1), paid(3, -5, corrects=2)],
        ),
        ("correction_exceeds_receipt", [], [paid(1, 5), paid(2, -6, corrects=1)]),
        (
            "correction_exceeds_receipt",
            [DEPOSIT],
            [paid(1, 5), paid(2, -5, corrects=1), paid(3, -5, corrects=1)],
        ),
    ],
)
def test_contradictions_are_refused(code: str, lines: list[Due], receipts: list[Paid]) -> None:
    with pytest.raises(LedgerProblem) as refused:
        allocate(lines, receipts)
    assert refused.value.code == code


def test_keeping_credit_needs_a_day() -> None:
    with pytest.raises(LedgerProblem, match="as_of_missing"):
        allocate([], [], overpayment=Overpayment.KEEP_AS_CREDIT)


# --- Properties: whatever happens to an account, no fen is lost

FEN = st.decimals("0.01", "5000", places=2)
CLASSES = st.sampled_from([HOUSE, LOAN])


@st.composite
def schedules(draw: st.DrawFn) -> list[Due]:
    rows = draw(st.lists(st.tuples(FEN, CLASSES, st.none() | st.integers(0, 60)), max_size=6))
    return [
        Due(n, kind, amount, None if day is None else FIRST + timedelta(days=day), n)
        for n, (amount, kind, day) in enumerate(rows, 1)
    ]


@st.composite
def histories(draw: st.DrawFn) -> list[Paid]:
    found: list[Paid] = []
    rows = draw(st.lists(st.tuples(FEN, CLASSES, st.integers(0, 90)), max_size=6))
    for n, (amount, kind, day) in enumerate(rows, 1):
        found.append(Paid(n, kind, amount, FIRST + timedelta(days=day)))
    for original in list(found):
        share = draw(st.sampled_from([Decimal(0), Decimal(0), Decimal(1), Decimal("0.5")]))
        back = (original.amount * share).quantize(Decimal("0.01"))
        if back:
            later = original.received_on + timedelta(days=draw(st.integers(0, 60)))
            number = len(found) + 1
            found.append(Paid(number, original.money_class, -back, later, original.receipt_id))
    if draw(st.booleans()):
        refunded_on = FIRST + timedelta(days=draw(st.integers(0, 150)))
        found.append(Paid(len(found) + 1, HOUSE, -draw(FEN), refunded_on))
    return found


@given(lines=schedules(), receipts=histories())
def test_no_line_and_no_receipt_gives_more_than_it_has(
    lines: list[Due], receipts: list[Paid]
) -> None:
    shares = allocate(lines, receipts)
    for line in settle(lines, shares).values():
        assert 0 <= line.settled <= line.amount
    for each in receipts:
        own = sum(
            (a for (receipt, _), a in shares.items() if receipt == each.receipt_id), Decimal(0)
        )
        assert min(Decimal(0), each.amount) <= own <= max(Decimal(0), each.amount)


@given(lines=schedules(), receipts=histories())
def test_the_oldest_line_of_a_class_is_always_settled_first(
    lines: list[Due], receipts: list[Paid]
) -> None:
    settled = settle(lines, allocate(lines, receipts))
    for kind in (HOUSE, LOAN):
        rows = sorted(
            (due for due in lines if due.money_class == kind),
            key=lambda due: (due.due_on or date.max, due.seq),
        )
        is_open = False
        for due in rows:
            assert not (is_open and settled[due.line_id].settled)
            is_open = is_open or settled[due.line_id].outstanding > 0


@given(lines=schedules(), receipts=histories())
def test_a_full_reversal_mirrors_its_receipt_on_every_line(
    lines: list[Due], receipts: list[Paid]
) -> None:
    shares = allocate(lines, receipts)
    amounts = {each.receipt_id: each.amount for each in receipts}
    for each in receipts:
        if each.corrects is not None and amounts[each.corrects] + each.amount == 0:
            for due in lines:
                own = shares.get((each.receipt_id, due.line_id), Decimal(0))
                assert own == -shares.get((each.corrects, due.line_id), Decimal(0))


@given(lines=schedules(), receipts=histories(), data=st.data())
def test_the_order_in_which_rows_are_read_does_not_matter(
    lines: list[Due], receipts: list[Paid], data: st.DataObject
) -> None:
    shuffled: Sequence[Paid] = data.draw(st.permutations(receipts))
    assert allocate(lines, shuffled) == allocate(list(reversed(lines)), receipts)


@given(lines=schedules(), receipts=histories(), more=FEN)
def test_more_money_never_settles_less(
    lines: list[Due], receipts: list[Paid], more: Decimal
) -> None:
    before = settle(lines, allocate(lines, receipts))
    extra = Paid(99, HOUSE, more, FIRST + timedelta(days=365))
    after = settle(lines, allocate(lines, [*receipts, extra]))
    assert all(after[line].settled >= before[line].settled for line in before)


@given(lines=schedules(), before=histories(), after=histories())
def test_signed_differences_lead_from_one_allocation_to_the_other(
    lines: list[Due], before: list[Paid], after: list[Paid]
) -> None:
    current, desired = allocate(lines, before), allocate(lines, after)
    reached = dict(current)
    for share in reallocation(current, desired):
        key = share.receipt_id, share.line_id
        reached[key] = reached.get(key, Decimal(0)) + share.amount
    assert {key: amount for key, amount in reached.items() if amount} == desired
    assert reallocation(desired, desired) == []


# --- Deposit and ratios


def test_a_deposit_has_effect_up_to_a_fifth() -> None:
    """ORC-18."""
    found = deposit_effect(Decimal(300_000), DEAL_TOTAL)
    assert (str(found.effective), found.excess) == ("291832.00", Decimal(8_168))


def test_a_deposit_below_the_cap_has_full_effect() -> None:
    """DOMAIN 0.3."""
    found = deposit_effect(Decimal(50_000), DEAL_TOTAL)
    assert (found.effective, found.excess) == (Decimal(50_000), Decimal(0))


def test_a_seller_in_default_pays_the_deposit_back_double() -> None:
    """ORC-18."""
    assert seller_default(Decimal(50_000), Decimal(0), DEAL_TOTAL).paid_to_buyer == 100_000


def test_a_buyer_in_default_loses_the_deposit_and_nothing_else() -> None:
    """ORC-18."""
    found = buyer_default(Decimal(50_000), Decimal(100_000), DEAL_TOTAL)
    assert (found.kept, found.paid_to_buyer) == (Decimal(50_000), Decimal(100_000))


@given(deposit=FEN, total=FEN)
def test_a_deposit_is_split_without_loss_and_never_above_the_cap(
    deposit: Decimal, total: Decimal
) -> None:
    found = deposit_effect(deposit, total)
    assert found.effective + found.excess == deposit
    assert 0 <= found.effective <= total * Decimal("0.2")
    assert found.excess >= 0


def test_the_down_payment_is_complete_when_deposit_and_down_payment_reach_it() -> None:
    """2.5.3."""
    required = Decimal(439_160)
    assert is_down_payment_complete(required, Decimal(439_160))
    assert not is_down_payment_complete(required, Decimal("439159.99"))


def test_a_ratio_of_one_means_paid_in_full_to_the_fen() -> None:
    assert paid_ratio(Decimal("1459159.99"), DEAL_TOTAL) == Decimal("0.9999")
    assert paid_ratio(DEAL_TOTAL, DEAL_TOTAL) == 1
    with pytest.raises(LedgerProblem, match="deal_total_not_positive"):
        paid_ratio(Decimal(1), Decimal(0))
