"""The process of a deal, its lights, and the shares of its buyers (DOMAIN 2.5.1)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from math import ceil

from loupan.core.dates import due_date
from loupan.core.rounding import EXACT, TO_FEN, Mode, Precision
from loupan.inventory.rules.areas import LIMIT, AreaDifference, area_difference
from loupan.pricing.rules.list_price import Basis
from loupan.pricing.rules.payment_plan import Anchors
from loupan.sales.states import StepCode

SOON_DAYS = 3
LATE_DAYS = 7
WHOLE = Decimal(1)
MOST_BUYERS = 100
SHARE_PRECISION = Precision(Decimal("0.0001"), Mode.TRUNCATE)  # 0.01 %.
NO_MONEY = Decimal("0.00")
SHARE_PLACES = Decimal("0.000001")  # RateField.


class SharesProblem(ValueError):
    """Shares that no group of buyers can hold: a stable code and the facts."""

    def __init__(self, code: str, **facts: object) -> None:
        self.code = code
        self.facts = facts
        super().__init__(code, facts)


# --- Process ------------------------------------------------------------------------------------


class StepAnchor(StrEnum):
    """The day that a planned date is counted from."""

    RESERVATION = "reservation"
    CONTRACT = "contract"
    HANDOVER = "handover"


@dataclass(frozen=True)
class StepRule:
    """One row of the process table: when it is planned, what must be done before it, for whom."""

    code: StepCode
    anchor: StepAnchor
    days: int
    owner_role: str
    after: tuple[StepCode, ...] = ()
    loan_only: bool = False


S = StepCode
DEFAULT_STEPS = (
    StepRule(S.RESERVATION, StepAnchor.RESERVATION, 0, "SC"),
    StepRule(S.DOWN_PAYMENT, StepAnchor.CONTRACT, 7, "SC", (S.RESERVATION,)),
    StepRule(S.CONTRACT, StepAnchor.RESERVATION, 7, "MS", (S.RESERVATION,)),
    StepRule(S.FILING, StepAnchor.CONTRACT, 30, "MS", (S.CONTRACT,)),
    StepRule(S.LOAN_DOCUMENTS, StepAnchor.CONTRACT, 7, "MS", (S.CONTRACT,), loan_only=True),
    StepRule(S.LOAN_INTERVIEW, StepAnchor.CONTRACT, 14, "MS", (S.LOAN_DOCUMENTS,), loan_only=True),
    StepRule(S.LOAN_APPROVED, StepAnchor.CONTRACT, 24, "MS", (S.LOAN_INTERVIEW,), loan_only=True),
    StepRule(S.LOAN_DISBURSED, StepAnchor.CONTRACT, 30, "MS", (S.LOAN_APPROVED,), loan_only=True),
    StepRule(S.PAID_IN_FULL, StepAnchor.CONTRACT, 30, "FM", (S.DOWN_PAYMENT, S.LOAN_DISBURSED)),
    StepRule(S.AREA_SETTLEMENT, StepAnchor.HANDOVER, -7, "MS", (S.CONTRACT,)),
    StepRule(S.HANDOVER, StepAnchor.HANDOVER, 0, "SC", (S.PAID_IN_FULL, S.AREA_SETTLEMENT)),
    StepRule(S.TITLE_MATERIALS, StepAnchor.HANDOVER, 30, "MS", (S.HANDOVER,)),
    StepRule(S.TITLE_ISSUED, StepAnchor.HANDOVER, 90, "MS", (S.TITLE_MATERIALS,)),
)


@dataclass(frozen=True)
class PlannedStep:
    """A step of one deal, with the day it is planned for, None while its anchor is unknown."""

    seq: int
    code: StepCode
    planned_on: date | None
    owner_role: str
    after: tuple[StepCode, ...]


class Light(StrEnum):
    GREY = "grey"  # In the future, or not planned yet.
    BLUE = "blue"  # Due within three days.
    GREEN = "green"  # Done.
    YELLOW = "yellow"  # Late by up to seven days.
    RED = "red"


def planned_steps(
    *,
    has_loan: bool,
    anchors: Anchors,
    sign_by: date | None = None,
    last_due_on: date | None = None,
    table: Sequence[StepRule] = DEFAULT_STEPS,
) -> list[PlannedStep]:
    """The process of one deal; loan steps only for loan plans.

    `anchors.contract` is the day of the contract once it is signed; before, what counts from it is
    planned from `sign_by` (default: the table's days after the reservation).  `last_due_on`, the
    due date of the schedule's last line, is when the deal is to be paid in full.
    """
    rows = [row for row in table if has_loan or not row.loan_only]
    kept = {row.code for row in rows}
    signing = next((row for row in rows if row.code == S.CONTRACT), None)
    if sign_by is None and signing is not None and anchors.reservation is not None:
        sign_by = due_date(anchors.reservation, days=signing.days)
    starts = {
        StepAnchor.RESERVATION: anchors.reservation,
        StepAnchor.CONTRACT: anchors.contract or sign_by,
        StepAnchor.HANDOVER: anchors.handover,
    }
    steps = []
    for seq, row in enumerate(rows, 1):
        start = starts[row.anchor]
        planned_on = None if start is None else due_date(start, days=row.days)
        if row.code == S.CONTRACT:
            planned_on = sign_by
        if row.code == S.PAID_IN_FULL and last_due_on is not None:
            planned_on = last_due_on
        after = tuple(code for code in row.after if code in kept)
        steps.append(PlannedStep(seq, row.code, planned_on, row.owner_role, after))
    return steps


def days_overdue(planned_on: date | None, actual_on: date | None, today: date) -> int:
    """Days since the planned day of a step that is not done; 0 for any other (ORC-16)."""
    if actual_on is not None or planned_on is None:
        return 0
    return max(0, (today - planned_on).days)


def light(planned_on: date | None, actual_on: date | None, today: date) -> Light:
    """The colour of a step (DOMAIN 2.5.1)."""
    if actual_on is not None:
        return Light.GREEN
    if late := days_overdue(planned_on, actual_on, today):
        return Light.YELLOW if late <= LATE_DAYS else Light.RED
    if planned_on is not None and planned_on - today <= timedelta(days=SOON_DAYS):
        return Light.BLUE
    return Light.GREY


# --- Shares -------------------------------------------------------------------------------------


def check_shares(shares: Sequence[Decimal]) -> None:
    """Shares of one: each above 0, at most six places, together 1 exactly.

    Raises SharesProblem: no_buyers, too_many_buyers, share_invalid, shares_not_whole.
    """
    if not shares:
        raise SharesProblem("no_buyers")
    if len(shares) > MOST_BUYERS:
        raise SharesProblem("too_many_buyers", most=MOST_BUYERS)
    for share in shares:
        if not (share.is_finite() and 0 < share <= WHOLE) or EXACT.remainder(share, SHARE_PLACES):
            raise SharesProblem("share_invalid", share=share)
    whole = sum(shares, Decimal(0))
    if whole != WHOLE:
        raise SharesProblem("shares_not_whole", whole=whole)


def equal_shares(count: int) -> list[Decimal]:
    """Equal shares to 0.01 %, the last takes the remainder: 0.3333, 0.3333, 0.3334."""
    if not 1 <= count <= MOST_BUYERS:
        raise SharesProblem("no_buyers" if count < 1 else "too_many_buyers", most=MOST_BUYERS)
    each = SHARE_PRECISION.apply(EXACT.divide(WHOLE, Decimal(count)))
    shares = [each] * (count - 1) + [WHOLE - each * (count - 1)]
    assert sum(shares) == WHOLE, shares
    return shares


def quote_valid_until(first: date, days: int, ends: Iterable[date | None]) -> date:
    """The last day a quote stands (SAL-24): `days` after its first, and no longer than what it is made
    of: the plan and the discounts with a last day of their own.

    from 8 March for 7 days            → 15 March
    … with a discount until 10 March   → 10 March
    … with a discount until 1 March    →  8 March, its first day
    """
    asked = first + timedelta(days=days)
    return max(first, min([asked, *(end for end in ends if end is not None)]))


@dataclass(frozen=True)
class TimeLeft:
    """What is left of a claim, down to the minute begun."""

    days: int
    hours: int
    minutes: int


def time_left(until: datetime, at: datetime) -> TimeLeft | None:
    """How long until then; None when it is over.

    A minute begun counts whole: whoever reads "1 min" still has some of it.
    """
    seconds = (until - at).total_seconds()
    if seconds <= 0:
        return None
    hours, minutes = divmod(ceil(seconds / 60), 60)
    days, hours = divmod(hours, 24)
    return TimeLeft(days, hours, minutes)


# --- Area difference ------------------------------------------------------------------------------


@dataclass(frozen=True)
class AreaSettlement:
    """What a difference of areas comes to by law; yuan, one of the first two is 0."""

    to_pay: Decimal
    to_refund: Decimal
    # What the developer gives away beyond 3 %.
    absorbed: Decimal


@dataclass(frozen=True)
class AreaOutcome:
    """What a survey means for a sale: the differences, what they come to, whether the buyer may go.

    `settlement` is None where areas settle nothing: sold by the unit, or price or area unknown.
    """

    built: AreaDifference | None
    inner: AreaDifference | None
    settlement: AreaSettlement | None
    may_rescind: bool

    @property
    def is_different(self) -> bool:
        return any(each is not None and each.difference for each in (self.built, self.inner))


def statutory_settlement(difference: AreaDifference, unit_price: Decimal) -> AreaSettlement:
    """商品房销售管理办法 art. 20 for a buyer who keeps the unit; `unit_price` in yuan per m², 2 places.

    Up to 3 % of the agreed area, included, is settled at the contract's unit price.  Beyond it a larger
    unit costs nothing more, and a smaller one is refunded twice.  To the fen, half up (ORC-33, ORC-34).

    118.62 m² at 12,301.13 → 120.05: pays 17,590.62; → 124.10: pays 43,774.80, 23,635.39 absorbed;
    → 112.00: refund 43,774.80 + 75,317.36 = 119,092.16
    """
    apart = abs(difference.difference)
    within = min(apart, difference.agreed * LIMIT)
    inside, beyond = (TO_FEN.apply(area * unit_price) for area in (within, apart - within))
    if difference.difference > 0:
        return AreaSettlement(to_pay=inside, to_refund=NO_MONEY, absorbed=beyond)
    twice = TO_FEN.apply(2 * (apart - within) * unit_price)
    return AreaSettlement(to_pay=NO_MONEY, to_refund=inside + twice, absorbed=NO_MONEY)


def area_outcome(
    basis: Basis,
    *,
    built: tuple[Decimal | None, Decimal | None],
    inner: tuple[Decimal | None, Decimal | None],
    built_price: Decimal | None,
    inner_price: Decimal | None,
) -> AreaOutcome:
    """What a survey means for a contract that has no rule of its own (DOMAIN 2.7.1).

    `built` and `inner` are agreed and measured m², the prices the contract's in yuan per m².  Sold by
    inner area, the inner area alone is looked at; sold by built area, either may let the buyer rescind
    and the built one is settled (ORC-35); sold by the unit, neither.
    """
    differences = {Basis.BUILT: area_difference(*built), Basis.INNER: area_difference(*inner)}
    price = {Basis.BUILT: built_price, Basis.INNER: inner_price}.get(basis)
    settled = differences.get(basis)
    tested = {
        Basis.BUILT: list(differences.values()),
        Basis.INNER: [differences[Basis.INNER]],
    }.get(basis, [])
    return AreaOutcome(
        built=differences[Basis.BUILT],
        inner=differences[Basis.INNER],
        settlement=statutory_settlement(settled, price) if settled and price else None,
        may_rescind=any(each is not None and each.is_over for each in tested),
    )
