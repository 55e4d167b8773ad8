"""Which money settles which line, and what a deposit is worth (DOMAIN 2.5.2, 2.5.3). Yuan."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from loupan.core.rounding import EXACT, Mode, Precision

ZERO = Decimal(0)
DEPOSIT_CAP = Decimal("0.20")  # Civil Code art. 586.
TO_FEN_DOWN = Precision(Decimal("0.01"), Mode.TRUNCATE)
RATIO = Precision(Decimal("0.0001"), Mode.TRUNCATE)

# (receipt, line) → signed amount.
Shares = dict[tuple[int, int], Decimal]


class LedgerProblem(ValueError):
    """Lines and receipts that contradict each other: a stable code and the facts."""

    def __init__(self, code: str, **facts: object) -> None:
        self.code = code
        self.facts = facts
        super().__init__(code, facts)


class Overpayment(StrEnum):
    """Where money goes that nothing due needs."""

    NEXT_LINE = "next_line"
    KEEP_AS_CREDIT = "keep_as_credit"


@dataclass(frozen=True)
class Due:
    """A line in force. `money_class` is any label: money settles lines of its own class only."""

    line_id: int
    money_class: str
    amount: Decimal
    due_on: date | None
    seq: int


@dataclass(frozen=True)
class Paid:
    """Money in (positive) or back (negative). `corrects` names the receipt that it takes back."""

    receipt_id: int
    money_class: str
    amount: Decimal
    received_on: date
    corrects: int | None = None


# Note [How money is allocated]
# Oldest due date first, lines without one last, then by line order; receipts by date.  What is
# left goes to the next line that is not due yet.  In fen, L1 100.00 due first, L2 100.00 after it:
#
#     R1 120.00             L1 100.00  L2 20.00
#     R2  60.00                        L2 60.00
#     R3 takes back R1      L1 -100.00 L2 -20.00      exactly what R1 had
#     and R2 moves up       L1 60.00                  the oldest line is open again
#
# So a receipt and what takes it back cancel each other on every line, and the money that remains
# is allocated as if neither had been.  A refund that names no receipt first uses money that settles
# nothing, then gives up the newest lines.


def allocate(
    lines: Iterable[Due],
    receipts: Iterable[Paid],
    *,
    overpayment: Overpayment = Overpayment.NEXT_LINE,
    as_of: date | None = None,
) -> Shares:
    """The allocation that an account should have; what is not in it settles nothing (unallocated).

    KEEP_AS_CREDIT settles only lines due by `as_of`.  Raises LedgerProblem: line_negative,
    line_twice, receipt_twice, nothing_to_correct, correction_exceeds_receipt, as_of_missing.
    """
    dues = _in_order(lines, overpayment, as_of)
    paid = _by_date(receipts)
    taken = _taken_back(dues, paid)
    shares = _fill(dues, _net(paid))
    for (correction, original, line_id), amount in taken.items():
        shares[original, line_id] += amount
        shares[correction, line_id] -= amount
    found = {key: amount for key, amount in sorted(shares.items()) if amount}
    _assert_sound(dues, paid, found)
    return found


def _in_order(lines: Iterable[Due], overpayment: Overpayment, as_of: date | None) -> list[Due]:
    dues = list(lines)
    if len({due.line_id for due in dues}) != len(dues):
        raise LedgerProblem("line_twice")
    for due in dues:
        if not due.amount.is_finite() or due.amount < 0:
            raise LedgerProblem("line_negative", line=due.line_id, amount=due.amount)
    if overpayment == Overpayment.KEEP_AS_CREDIT:
        if as_of is None:
            raise LedgerProblem("as_of_missing")
        dues = [due for due in dues if due.due_on is not None and due.due_on <= as_of]
    return sorted(dues, key=lambda due: (due.due_on or date.max, due.seq, due.line_id))


def _by_date(receipts: Iterable[Paid]) -> list[Paid]:
    ordered = list(receipts)
    paid = {each.receipt_id: each for each in ordered}
    if len(ordered) != len(paid):
        raise LedgerProblem("receipt_twice")
    for each in ordered:
        if each.corrects is not None:
            original = paid.get(each.corrects)
            wrong = original is None or original.amount <= 0 or original.corrects is not None
            if wrong or each.amount >= 0:
                raise LedgerProblem("nothing_to_correct", receipt=each.receipt_id)

    def moment(each: Paid) -> tuple[date, int, int]:
        if each.corrects is None:
            return each.received_on, each.receipt_id, 0
        original = paid[each.corrects]
        after = max(each.received_on, original.received_on)
        return after, max(each.receipt_id, original.receipt_id), 1

    return sorted(ordered, key=moment)


def _net(paid: Sequence[Paid]) -> list[Paid]:
    """Receipts less what corrects them; the corrections themselves are gone."""
    back: dict[int, Decimal] = defaultdict(Decimal)
    for each in paid:
        if each.corrects is not None:
            back[each.corrects] += each.amount
    net = [
        replace(each, amount=each.amount + back.get(each.receipt_id, ZERO))
        for each in paid
        if each.corrects is None
    ]
    for each in net:
        if each.receipt_id in back and each.amount < 0:
            raise LedgerProblem("correction_exceeds_receipt", receipt=each.receipt_id)
    return net


class _Filling:
    """Lines being filled by receipts in order of time, and emptied by refunds."""

    def __init__(self, dues: Sequence[Due]) -> None:
        self.dues = dues
        self.filled: dict[int, Decimal] = defaultdict(Decimal)
        self.credit: dict[str, Decimal] = defaultdict(Decimal)
        self.shares: Shares = defaultdict(Decimal)

    def take(self, each: Paid) -> None:
        left = each.amount
        for due in self._of(each):
            room = min(due.amount, due.amount - self.filled[due.line_id])
            part = min(left, room)
            if part > 0:
                self._move(each.receipt_id, due.line_id, part)
                left -= part
        self.credit[each.money_class] += left

    def pay_back(self, each: Paid) -> None:
        left = -each.amount
        from_credit = min(left, max(ZERO, self.credit[each.money_class]))
        self.credit[each.money_class] -= from_credit
        left -= from_credit
        for due in reversed(self._of(each)):
            part = min(left, self.filled[due.line_id])
            if part > 0:
                self._move(each.receipt_id, due.line_id, -part)
                left -= part
        self.credit[each.money_class] -= left

    def take_back(self, each: Paid, original: Paid) -> dict[int, Decimal]:
        """What a correction takes from each line: all of it, or the unallocated and newest part."""
        held = {due.line_id: self.shares[original.receipt_id, due.line_id] for due in self.dues}
        left = -each.amount
        from_credit = min(left, original.amount - sum(held.values(), ZERO))
        left -= from_credit
        self.credit[original.money_class] -= from_credit
        taken: dict[int, Decimal] = {}
        for line_id, amount in reversed(held.items()):
            part = min(left, amount)
            if part > 0:
                self._move(original.receipt_id, line_id, -part)
                taken[line_id] = part
                left -= part
        return taken

    def _of(self, each: Paid) -> list[Due]:
        return [due for due in self.dues if due.money_class == each.money_class]

    def _move(self, receipt_id: int, line_id: int, amount: Decimal) -> None:
        self.filled[line_id] += amount
        self.shares[receipt_id, line_id] += amount


def _fill(dues: Sequence[Due], paid: Iterable[Paid]) -> Shares:
    filling = _Filling(dues)
    for each in paid:
        if each.amount > 0:
            filling.take(each)
        else:
            filling.pay_back(each)
    return filling.shares


def _taken_back(dues: Sequence[Due], paid: Sequence[Paid]) -> dict[tuple[int, int, int], Decimal]:
    """(correction, original, line) → what the original had there and the correction takes back."""
    if all(each.corrects is None for each in paid):
        return {}
    filling = _Filling(dues)
    receipts: dict[int, Paid] = {}
    taken: dict[tuple[int, int, int], Decimal] = {}
    for each in paid:
        if each.corrects is not None:
            original = receipts[each.corrects]
            for line_id, amount in filling.take_back(each, original).items():
                taken[each.receipt_id, original.receipt_id, line_id] = amount
            left = original.amount + each.amount
            receipts[each.corrects] = replace(original, amount=max(ZERO, left))
        elif each.amount > 0:
            receipts[each.receipt_id] = each
            filling.take(each)
        else:
            filling.pay_back(each)
    return taken


def _assert_sound(
    dues: Iterable[Due], paid: Iterable[Paid], shares: Mapping[tuple[int, int], Decimal]
) -> None:
    by_line: dict[int, Decimal] = defaultdict(Decimal)
    by_receipt: dict[int, Decimal] = defaultdict(Decimal)
    for (receipt_id, line_id), amount in shares.items():
        by_line[line_id] += amount
        by_receipt[receipt_id] += amount
    for due in dues:
        assert 0 <= by_line[due.line_id] <= due.amount, due
    for each in paid:
        low, high = sorted((ZERO, each.amount))
        assert low <= by_receipt[each.receipt_id] <= high, each


def unallocated(receipts: Iterable[Paid], shares: Mapping[tuple[int, int], Decimal]) -> Decimal:
    """Money received that settles no line."""
    return sum((each.amount for each in receipts), ZERO) - sum(shares.values(), ZERO)


@dataclass(frozen=True)
class Share:
    """One row to append to the allocations."""

    receipt_id: int
    line_id: int
    amount: Decimal


def reallocation(
    current: Mapping[tuple[int, int], Decimal], desired: Mapping[tuple[int, int], Decimal]
) -> list[Share]:
    """The signed rows that turn one allocation into the other; what is taken away comes first."""
    deltas = [
        Share(*key, desired.get(key, ZERO) - current.get(key, ZERO))
        for key in sorted({*current, *desired})
    ]
    changed = [share for share in deltas if share.amount]
    moved = sum((share.amount for share in changed), ZERO)
    assert moved == sum(desired.values(), ZERO) - sum(current.values(), ZERO)
    return sorted(changed, key=lambda share: share.amount > 0)


@dataclass(frozen=True)
class Settled:
    amount: Decimal
    settled: Decimal

    @property
    def outstanding(self) -> Decimal:
        return self.amount - self.settled


def settle(lines: Iterable[Due], shares: Mapping[tuple[int, int], Decimal]) -> dict[int, Settled]:
    """What each line is and what has been allocated to it."""
    by_line: dict[int, Decimal] = defaultdict(Decimal)
    for (_receipt_id, line_id), amount in shares.items():
        by_line[line_id] += amount
    return {due.line_id: Settled(due.amount, by_line[due.line_id]) for due in lines}


@dataclass(frozen=True)
class DepositEffect:
    """Of a deposit, what the penalty rule covers and what is an ordinary advance."""

    effective: Decimal
    excess: Decimal


def deposit_effect(deposit: Decimal, deal_total: Decimal) -> DepositEffect:
    """A deposit has effect up to 20 % of the deal total (ORC-18, Civil Code art. 586)."""
    cap = TO_FEN_DOWN.apply(EXACT.multiply(deal_total, DEPOSIT_CAP))
    effective = min(deposit, cap)
    return DepositEffect(effective, deposit - effective)


@dataclass(frozen=True)
class Default:
    """How a deal ends by one side's fault: what the seller keeps and what it pays to the buyer."""

    kept: Decimal
    paid_to_buyer: Decimal


def buyer_default(deposit: Decimal, advance: Decimal, deal_total: Decimal) -> Default:
    """The buyer forfeits the deposit and gets the rest back (ORC-18, Civil Code art. 587)."""
    effect = deposit_effect(deposit, deal_total)
    return Default(kept=effect.effective, paid_to_buyer=advance + effect.excess)


def seller_default(deposit: Decimal, advance: Decimal, deal_total: Decimal) -> Default:
    """The seller pays the deposit back double, and the rest (ORC-18, Civil Code art. 587)."""
    effect = deposit_effect(deposit, deal_total)
    return Default(kept=ZERO, paid_to_buyer=effect.effective * 2 + effect.excess + advance)


def is_down_payment_complete(required: Decimal, received: Decimal) -> bool:
    """`received` on the deposit and down payment lines together reaches what they require."""
    return received >= required


def paid_ratio(received: Decimal, deal_total: Decimal) -> Decimal:
    """House money received ÷ deal total, truncated to four places: 0.9999 is not paid in full."""
    if deal_total <= 0:
        raise LedgerProblem("deal_total_not_positive", deal_total=deal_total)
    return RATIO.apply(EXACT.divide(received, deal_total))
