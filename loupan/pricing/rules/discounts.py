"""The discounts of a project and when each may be granted (DOMAIN 2.3.1)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum


class DiscountKind(StrEnum):
    PLAN = "plan"
    REGULAR = "regular"
    IDENTITY = "identity"
    PROMOTION = "promotion"
    SPECIAL = "special"


class StackGroup(StrEnum):
    A = "A"  # Exactly one: the payment plan.
    B = "B"  # Many.
    C = "C"  # The best one only, unless the project says otherwise.
    D = "D"  # Per scheme.
    E = "E"  # Needs approval.


STACK_GROUP_OF: Mapping[DiscountKind, StackGroup] = dict(zip(DiscountKind, StackGroup, strict=True))


class DiscountForm(StrEnum):
    RATE = "rate"  # The share that is paid: 0.98.
    PERCENT_OFF = "percent_off"  # The share taken off: 0.02.
    AMOUNT = "amount"  # Yuan off.
    UNIT_AMOUNT = "unit_amount"  # Yuan off per square metre of the pricing basis.


LUMP_SUMS = frozenset({DiscountForm.AMOUNT, DiscountForm.UNIT_AMOUNT})


class StackMode(StrEnum):
    CHAINED = "chained"  # 连乘: each rate on the previous result.
    ADDITIVE = "additive"  # 连减: shares off are added and taken off the list total.


class ExclusiveChoice(StrEnum):
    """Which of several items that exclude one another is granted."""

    BEST_FOR_CUSTOMER = "best_for_customer"
    FIRST_BY_ORDER = "first_by_order"


class RefusalReason(StrEnum):
    """Why an item was not granted; stable codes."""

    NOT_YET_VALID = "not_yet_valid"
    NO_LONGER_VALID = "no_longer_valid"
    PRODUCT_NOT_COVERED = "product_not_covered"
    PLAN_NOT_COVERED = "plan_not_covered"
    UNIT_NOT_COVERED = "unit_not_covered"
    BUILDING_NOT_COVERED = "building_not_covered"
    LAYOUT_NOT_COVERED = "layout_not_covered"
    IDENTITY_NOT_PROVEN = "identity_not_proven"
    QUOTA_USED_UP = "quota_used_up"
    SIGNED_TOO_LATE = "signed_too_late"
    IDENTITY_BEST_ONE_ONLY = "identity_best_one_only"
    EXCLUDED_BY_BETTER = "excluded_by_better"


@dataclass(frozen=True)
class Conditions:
    """When an item may be granted; an empty set or None means no condition."""

    valid_from: date | None = None  # Compared with the reservation date, both ends included.
    valid_until: date | None = None
    product_types: frozenset[str] = frozenset()
    plan_codes: frozenset[str] = frozenset()
    unit_codes: frozenset[str] = frozenset()
    buildings: frozenset[int] = frozenset()
    layouts: frozenset[int] = frozenset()
    identity: str = ""  # The proof that the customer must have given.
    quota_left: int | None = None
    on_time_signing: bool = False  # Lost when the contract is signed after the sign-by date.


@dataclass(frozen=True)
class DiscountItem:
    """One discount, as configured at the version in force on the reservation date.

    Items are applied by `order`; at the same order lump sums come after rates.
    """

    code: str
    name: str
    kind: DiscountKind
    form: DiscountForm
    value: Decimal
    order: int = 100
    group: StackGroup | None = None
    exclusive_group: str = ""
    version: int = 1
    conditions: Conditions = Conditions()
    scheme: str = ""  # Items of one scheme are granted together or not at all (DSC-01).

    @property
    def bundle(self) -> str:
        """What the item stands and falls with: its scheme, else itself."""
        return self.scheme or self.code

    @property
    def stack_group(self) -> StackGroup:
        return self.group or STACK_GROUP_OF[self.kind]

    @property
    def place(self) -> tuple[int, bool, str, str]:
        """Where the item stands in the row of discounts."""
        return self.order, self.form in LUMP_SUMS, self.stack_group.value, self.code

    @property
    def rule(self) -> str:
        return f"{self.kind}:{self.code}:v{self.version}"


@dataclass(frozen=True)
class DealFacts:
    """What the conditions of an item look at."""

    reserved_on: date
    product_type: str = ""
    plan_code: str = ""
    unit_code: str = ""
    building: int | None = None
    layout: int | None = None
    identities: frozenset[str] = frozenset()
    sign_by: date | None = None  # With the approved extension that keeps the discount, if any.
    signed_on: date | None = None


@dataclass(frozen=True)
class RefusedItem:
    item: DiscountItem
    reason: RefusalReason


@dataclass(frozen=True)
class Applicability:
    applied: tuple[DiscountItem, ...]
    refused: tuple[RefusedItem, ...]


def applicable(items: Iterable[DiscountItem], facts: DealFacts) -> Applicability:
    """Split items into those whose conditions hold and those refused, with the first reason.

    An item that is refused takes its whole scheme along.
    """
    asked = tuple(items)
    reasons: dict[str, RefusalReason] = {}
    for item in asked:
        if reason := next(_objections(item.conditions, facts), None):
            reasons.setdefault(item.bundle, reason)
    return Applicability(
        tuple(item for item in asked if item.bundle not in reasons),
        tuple(RefusedItem(item, reasons[item.bundle]) for item in asked if item.bundle in reasons),
    )


def _objections(conditions: Conditions, facts: DealFacts) -> Iterator[RefusalReason]:
    if conditions.valid_from and facts.reserved_on < conditions.valid_from:
        yield RefusalReason.NOT_YET_VALID
    if conditions.valid_until and facts.reserved_on > conditions.valid_until:
        yield RefusalReason.NO_LONGER_VALID
    if conditions.product_types and facts.product_type not in conditions.product_types:
        yield RefusalReason.PRODUCT_NOT_COVERED
    if conditions.plan_codes and facts.plan_code not in conditions.plan_codes:
        yield RefusalReason.PLAN_NOT_COVERED
    if conditions.unit_codes and facts.unit_code not in conditions.unit_codes:
        yield RefusalReason.UNIT_NOT_COVERED
    if conditions.buildings and facts.building not in conditions.buildings:
        yield RefusalReason.BUILDING_NOT_COVERED
    if conditions.layouts and facts.layout not in conditions.layouts:
        yield RefusalReason.LAYOUT_NOT_COVERED
    if conditions.identity and conditions.identity not in facts.identities:
        yield RefusalReason.IDENTITY_NOT_PROVEN
    if conditions.quota_left is not None and conditions.quota_left <= 0:
        yield RefusalReason.QUOTA_USED_UP
    signed_late = facts.signed_on and facts.sign_by and facts.signed_on > facts.sign_by
    if conditions.on_time_signing and signed_late:
        yield RefusalReason.SIGNED_TOO_LATE
