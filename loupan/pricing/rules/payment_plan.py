"""Who owes what and when: payment plans turned into schedules (DOMAIN 2.4)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, localcontext
from enum import StrEnum

from loupan.core.dates import HolidayTable, Shift, due_date
from loupan.core.rounding import EXACT, TO_FEN, Mode, Precision, bounded, round_to
from loupan.pricing.rules.tracing import (
    DEFAULT_PRECISION,
    ONE,
    RATE_PLACES,
    ZERO,
    PrecisionSettings,
    PricingProblem,
    Step,
    step,
)

MOST_PLAN_LINES = 120


class PlanProblem(PricingProblem):
    """A payment plan that does not fit this deal."""


class MoneyType(StrEnum):
    DEPOSIT = "deposit"
    DOWN_PAYMENT = "down_payment"
    INSTALMENT = "instalment"
    COMMERCIAL_LOAN = "commercial_loan"
    PROVIDENT_LOAN = "provident_loan"
    BALANCE = "balance"


LOANS = frozenset({MoneyType.COMMERCIAL_LOAN, MoneyType.PROVIDENT_LOAN})


class LineMethod(StrEnum):
    PERCENT = "percent"
    FIXED = "fixed"
    REMAINDER = "remainder"


class LineBase(StrEnum):
    DEAL_TOTAL = "deal_total"
    TOTAL_WITHOUT_FITOUT = "total_without_fitout"
    DOWN_PAYMENT = "down_payment"  # What the loans leave to the buyer.
    LOAN_TOTAL = "loan_total"  # A share of the deal total for all loans; the other loans come off.


class Anchor(StrEnum):
    """The day that a due date is counted from."""

    RESERVATION = "reservation"
    CONTRACT = "contract"
    FILING = "filing"
    FIXED_DATE = "fixed_date"
    PREVIOUS_LINE = "previous_line"
    MILESTONE = "milestone"
    HANDOVER = "handover"


@dataclass(frozen=True)
class PlanLine:
    """One line of a payment plan (DOMAIN 2.4.1).

    `value` is a share of one for `percent` (0.70), yuan for `fixed`, unused for `remainder`.
    `includes_deposit` None: yes for the first line that is neither deposit nor loan, unless another
    line says True; False everywhere makes the deposit a line on top of the others.
    `precision` None: the deal's setting for loans or instalments.
    """

    money_type: MoneyType
    method: LineMethod
    value: Decimal = ZERO
    base: LineBase = LineBase.DEAL_TOTAL
    anchor: Anchor = Anchor.CONTRACT
    days: int = 0
    months: int = 0
    includes_deposit: bool | None = None
    precision: Precision | None = None
    fixed_on: date | None = None
    milestone: str = ""
    shift: Shift = Shift.NONE
    late_fee_rule: str = ""
    note: str = ""


@dataclass(frozen=True)
class Anchors:
    """The days known so far; what is None has not happened or is not planned yet."""

    reservation: date | None = None
    contract: date | None = None
    filing: date | None = None
    handover: date | None = None
    milestones: Mapping[str, date] = field(default_factory=dict)


@dataclass(frozen=True)
class ScheduleLine:
    """One receivable to be: yuan, and the day it is due, None until its anchor is known."""

    seq: int
    money_type: MoneyType
    amount: Decimal
    due_on: date | None
    anchor: Anchor
    note: str = ""
    milestone: str = ""
    late_fee_rule: str = ""


@dataclass(frozen=True)
class Schedule:
    lines: tuple[ScheduleLine, ...]
    loan_total: Decimal
    down_payment_ratio: Decimal  # Half-up to four places, to show.
    trace: tuple[Step, ...]


def due_on(
    line: PlanLine,
    anchors: Anchors,
    *,
    previous: date | None = None,
    holidays: HolidayTable | None = None,
) -> date | None:
    """The day a line falls due; None while its anchor is unknown (milestones, handover)."""
    anchor = {
        Anchor.RESERVATION: anchors.reservation,
        Anchor.CONTRACT: anchors.contract,
        Anchor.FILING: anchors.filing,
        Anchor.HANDOVER: anchors.handover,
        Anchor.FIXED_DATE: line.fixed_on,
        Anchor.PREVIOUS_LINE: previous,
        Anchor.MILESTONE: anchors.milestones.get(line.milestone),
    }[line.anchor]
    if anchor is None:
        return None
    return due_date(anchor, days=line.days, months=line.months, shift=line.shift, holidays=holidays)


def schedule(
    plan_lines: Sequence[PlanLine],
    *,
    deal_total: Decimal,
    deposit: Decimal,
    anchors: Anchors,
    fitout_total: Decimal = ZERO,
    minimum_down_payment: Decimal = ZERO,
    carry_surplus: bool = False,
    precision: PrecisionSettings = DEFAULT_PRECISION,
    holidays: HolidayTable | None = None,
) -> Schedule:
    """Who owes what and when under a payment plan (DOMAIN 2.4, ORC-11 to ORC-14).

    The lines sum to the deal total exactly and none is negative; a line of nothing is left out.
    A deposit without a line of its own gets one, due on reservation.  With `carry_surplus` a
    deposit larger than the line it belongs to also pays the next lines of house money.
    Raises PlanProblem: plan_empty, plan_too_long, amount_invalid, remainder_lines,
    several_deposit_lines, several_lines_include_deposit, line_value_invalid, base_is_circular,
    other_loans_exceed_loan_total, lines_exceed_total, deposit_exceeds_line, deposit_exceeds_plan,
    down_payment_below_minimum.
    """
    _check_plan(plan_lines, deal_total, deposit, fitout_total)
    lines = _with_deposit_line(plan_lines, deposit)
    with localcontext(EXACT):
        sums = _PlanSums(lines, deal_total, deposit, fitout_total, precision)
        amounts = sums.amounts()
        if carry_surplus:
            sums.carry_surplus(amounts)
        sums.check(amounts)
        loans = sum(
            (a for a, line in zip(amounts, lines, strict=True) if line.money_type in LOANS), ZERO
        )
        ratio = (deal_total - loans) / deal_total
    if ratio < minimum_down_payment:
        raise PlanProblem("down_payment_below_minimum", ratio=ratio, minimum=minimum_down_payment)
    shown = round_to(ratio, RATE_PLACES, Mode.HALF_UP)
    totals = {"deal_total": deal_total, "loans": loans, "minimum": minimum_down_payment}
    steps = [*sums.steps, step("down_payment_ratio", f"half_up:{RATE_PLACES}", shown, **totals)]
    dated = _dated(lines, amounts, anchors, holidays)
    assert sum(line.amount for line in dated) == deal_total, dated
    assert all(line.amount > 0 for line in dated), dated
    return Schedule(dated, loans, shown, tuple(steps))


def _check_plan(
    lines: Sequence[PlanLine], deal_total: Decimal, deposit: Decimal, fitout_total: Decimal
) -> None:
    if not lines:
        raise PlanProblem("plan_empty")
    if len(lines) > MOST_PLAN_LINES:
        raise PlanProblem("plan_too_long", most=MOST_PLAN_LINES)
    for name, amount, lowest in (
        ("deal_total", deal_total, TO_FEN.unit),
        ("deposit", deposit, ZERO),
        ("fitout_total", fitout_total, ZERO),
    ):
        if not lowest <= bounded(amount) <= deal_total or TO_FEN.apply(amount) != amount:
            raise PlanProblem("amount_invalid", name=name, amount=amount)
    remainders = sum(line.method == LineMethod.REMAINDER for line in lines)
    if remainders != 1:
        raise PlanProblem("remainder_lines", count=remainders)
    if sum(line.includes_deposit is True for line in lines) > 1:
        raise PlanProblem("several_lines_include_deposit")
    for seq, line in enumerate(lines, 1):
        highest = ONE if line.method == LineMethod.PERCENT else deal_total
        if not (line.value.is_finite() and 0 <= line.value <= highest):
            raise PlanProblem("line_value_invalid", line=seq, value=line.value)


def _with_deposit_line(lines: Sequence[PlanLine], deposit: Decimal) -> tuple[PlanLine, ...]:
    own = [line for line in lines if line.money_type == MoneyType.DEPOSIT]
    if len(own) > 1 or any(line.method == LineMethod.REMAINDER for line in own):
        raise PlanProblem("several_deposit_lines", count=len(own))
    if deposit and not own:
        on_reservation = PlanLine(
            MoneyType.DEPOSIT, LineMethod.FIXED, deposit, anchor=Anchor.RESERVATION
        )
        return (on_reservation, *lines)
    return tuple(lines)


class _PlanSums:
    """The amounts of a plan's lines, worked out in the order in which they depend on each other."""

    def __init__(
        self,
        lines: Sequence[PlanLine],
        deal_total: Decimal,
        deposit: Decimal,
        fitout_total: Decimal,
        precision: PrecisionSettings,
    ) -> None:
        self.lines = lines
        self.deal_total = deal_total
        self.deposit = deposit
        self.fitout_total = fitout_total
        self.precision = precision
        self.steps: list[Step] = []
        self.remainder = next(
            seq for seq, line in enumerate(lines) if line.method == LineMethod.REMAINDER
        )
        self.with_deposit = self._line_with_deposit()

    def _line_with_deposit(self) -> int | None:
        by_default = None
        for seq, line in enumerate(self.lines):
            if line.includes_deposit and line.money_type != MoneyType.DEPOSIT:
                return seq
            house_money = line.money_type not in LOANS | {MoneyType.DEPOSIT}
            if by_default is None and house_money and line.includes_deposit is None:
                by_default = seq
        return by_default

    def amounts(self) -> list[Decimal]:
        """The amount of every line; the one with the deposit may still be negative."""
        known: dict[int, Decimal] = {}
        for seq in sorted(range(len(self.lines)), key=self._stage):
            if seq != self.remainder:
                known[seq] = self._amount(seq, known)
        known[self.remainder] = self.deal_total - sum(known.values(), ZERO)
        given = {"money_type": self.lines[self.remainder].money_type, "deal_total": self.deal_total}
        self.steps.append(step("plan_line", LineMethod.REMAINDER, known[self.remainder], **given))
        return [known[seq] for seq in range(len(self.lines))]

    def _stage(self, seq: int) -> tuple[bool, bool, int]:
        line = self.lines[seq]
        return line.base == LineBase.DOWN_PAYMENT, line.base == LineBase.LOAN_TOTAL, seq

    def _amount(self, seq: int, known: Mapping[int, Decimal]) -> Decimal:
        line = self.lines[seq]
        if line.money_type == MoneyType.DEPOSIT:
            amount, rule, base = self.deposit, "fixed", self.deposit
        elif line.method == LineMethod.FIXED:
            amount, rule, base = line.value, "fixed", line.value
        else:
            default = self.precision.instalment
            if line.money_type in LOANS:
                default = self.precision.loan
            precision = line.precision or default
            base = self._base(seq, known)
            amount, rule = precision.apply(base * line.value), f"percent:{precision}"
        given = {"money_type": line.money_type, "base": base, "value": line.value}
        self.steps.append(step("plan_line", rule, amount, **given))
        return self._less_what_is_included(seq, amount, known)

    def _base(self, seq: int, known: Mapping[int, Decimal]) -> Decimal:
        line = self.lines[seq]
        if line.base in {LineBase.DEAL_TOTAL, LineBase.LOAN_TOTAL}:
            return self.deal_total
        if line.base == LineBase.TOTAL_WITHOUT_FITOUT:
            return self.deal_total - self.fitout_total
        if line.money_type in LOANS or self.lines[self.remainder].money_type in LOANS:
            raise PlanProblem("base_is_circular", line=seq + 1)
        return self.deal_total - self._sum_of(LOANS, known)

    def _less_what_is_included(
        self, seq: int, amount: Decimal, known: Mapping[int, Decimal]
    ) -> Decimal:
        less = amount
        if self._is_share_of_loans(seq):
            if self.lines[self.remainder].money_type in LOANS:
                raise PlanProblem("base_is_circular", line=seq + 1)
            others = self._sum_of(LOANS, known)
            less -= others
            given = {"before": amount, "other_loans": others}
            self.steps.append(step("plan_line_less_other_loans", "included", less, **given))
            if less < 0:
                raise PlanProblem("other_loans_exceed_loan_total", line=seq + 1, others=others)
        if seq == self.with_deposit and self.deposit:
            less -= self.deposit
            given = {"before": amount, "deposit": self.deposit}
            self.steps.append(step("plan_line_less_deposit", "included", less, **given))
        return less

    def _is_share_of_loans(self, seq: int) -> bool:
        line = self.lines[seq]
        return line.method == LineMethod.PERCENT and line.base == LineBase.LOAN_TOTAL

    def _sum_of(self, types: Iterable[MoneyType], known: Mapping[int, Decimal]) -> Decimal:
        wanted = set(types)
        return sum((a for seq, a in known.items() if self.lines[seq].money_type in wanted), ZERO)

    def carry_surplus(self, amounts: list[Decimal]) -> None:
        """Let the part of the deposit beyond its line pay the next lines of house money."""
        start = self.with_deposit
        if start is None or amounts[start] >= 0 or amounts[start] + self.deposit < 0:
            return
        surplus, amounts[start] = -amounts[start], ZERO
        for seq in range(start + 1, len(amounts)):
            if self.lines[seq].money_type in LOANS or amounts[seq] <= 0:
                continue
            part = min(surplus, amounts[seq])
            given = {"before": amounts[seq], "surplus": surplus}
            amounts[seq] -= part
            surplus -= part
            self.steps.append(step("plan_surplus_carried", "next_line", amounts[seq], **given))
        if surplus:
            raise PlanProblem("deposit_exceeds_plan", surplus=surplus)

    def check(self, amounts: Sequence[Decimal]) -> None:
        for seq, amount in enumerate(amounts):
            if amount >= 0:
                continue
            if seq == self.with_deposit and amount + self.deposit >= 0:
                raise PlanProblem("deposit_exceeds_line", line=seq + 1, surplus=-amount)
            raise PlanProblem("lines_exceed_total", surplus=-amount)


def _dated(
    lines: Sequence[PlanLine],
    amounts: Sequence[Decimal],
    anchors: Anchors,
    holidays: HolidayTable | None,
) -> tuple[ScheduleLine, ...]:
    dated: list[ScheduleLine] = []
    previous: date | None = None
    for line, amount in zip(lines, amounts, strict=True):
        previous = due_on(line, anchors, previous=previous, holidays=holidays)
        if amount:
            dated.append(
                ScheduleLine(
                    seq=len(dated) + 1,
                    money_type=line.money_type,
                    amount=amount,
                    due_on=previous,
                    anchor=line.anchor,
                    note=line.note,
                    milestone=line.milestone,
                    late_fee_rule=line.late_fee_rule,
                )
            )
    return tuple(dated)


def equal_parts(amount: Decimal, count: int, precision: Precision = TO_FEN) -> list[Decimal]:
    """`amount` in equal parts, each rounded, the last takes the remainder (ORC-14)."""
    if not 1 <= count <= MOST_PLAN_LINES or bounded(amount) < 0:
        raise PlanProblem("parts_invalid", amount=amount, count=count)
    with localcontext(EXACT):
        part = precision.apply(amount / count)
        left = amount
        parts = []
        for _ in range(count - 1):
            parts.append(min(part, left))
            left -= parts[-1]
        parts.append(left)
    assert sum(parts) == amount, parts
    return parts
