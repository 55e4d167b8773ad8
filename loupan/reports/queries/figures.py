"""Every figure of the reports, defined once, in words (DOMAIN 3.1, HOUSE 3.12).

All of them take the Q of rows the reader may see (`deals`, `units`, …) and a period of local days, both
ends included.  A correction after a closed month appears in the month it was made.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import (
    Case,
    CharField,
    Count,
    DecimalField,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from loupan.core.calendar import day_bounds
from loupan.inventory.models import Unit, UnitChange
from loupan.inventory.states import (
    SOLD,
    STOCK,
    UnitStatus,
)
from loupan.ledger.models import HOUSE_TYPES, Receipt
from loupan.reports import rules
from loupan.sales.models import (
    AttachedUnit,
    Contract,
    ContractCancellation,
    Deal,
    ReservationCancellation,
)
from loupan.sales.states import DealStatus

ZERO = Decimal(0)
AREA: DecimalField[Decimal, Decimal] = DecimalField(max_digits=16, decimal_places=4)
MONEY: DecimalField[Decimal, Decimal] = DecimalField(max_digits=20, decimal_places=2)


@dataclass(frozen=True)
class Period:
    """Local days, both included."""

    first: date
    last: date


def with_attached(deals: QuerySet[Deal]) -> QuerySet[Deal]:
    """Deals with `units_sold`, `area_sold`, `list_sold`: an attached unit is a unit sold of its own.

    Its money is within the deal total, so that amounts are never counted twice.  `amount_of_area` is
    the money of units that have an area: what average prices are made of.
    """
    lines = (
        AttachedUnit.objects.filter(deal=OuterRef("pk"), removed_on=None).order_by().values("deal")
    )

    def attached(figure: Any, field: Any) -> Any:
        return Coalesce(
            Subquery(lines.annotate(found=figure).values("found"), output_field=field),
            Value(0, output_field=field),
        )

    return deals.annotate(
        units_sold=attached(Count("pk"), IntegerField()) + 1,
        area_sold=Coalesce(F("built_area"), ZERO, output_field=AREA)
        + attached(Sum("built_area"), AREA),
        list_sold=F("list_total") + attached(Sum("list_total"), MONEY),
        amount_of_area=Case(
            When(built_area=None, then=Value(ZERO, output_field=MONEY)),
            default=F("deal_total") - F("attached_total"),
            output_field=MONEY,
        )
        + attached(Sum("amount", filter=Q(built_area__isnull=False)), MONEY),
    )


def _counted(deals: QuerySet[Deal]) -> rules.Count:
    sums = with_attached(deals).aggregate(
        units=Coalesce(Sum("units_sold"), 0),
        area=Coalesce(Sum("area_sold"), ZERO, output_field=AREA),
        amount=Coalesce(Sum("deal_total"), ZERO, output_field=MONEY),
        priced=Coalesce(Sum("amount_of_area"), ZERO, output_field=MONEY),
    )
    return rules.Count(sums["units"], sums["area"], sums["amount"], sums["priced"])


def gross_reservations(deals: QuerySet[Deal], period: Period) -> QuerySet[Deal]:
    """新增认购: reservations effective in the period, before cancellations."""
    return deals.filter(reserved_on__range=(period.first, period.last))


def cancelled_reservations(deals: QuerySet[Deal], period: Period) -> QuerySet[Deal]:
    """退订: reservations ended in the period, whatever their own date."""
    ended = ReservationCancellation.objects.filter(cancelled_on__range=(period.first, period.last))
    return deals.filter(pk__in=ended.values("deal_id"))


def gross_contracts(deals: QuerySet[Deal], period: Period) -> QuerySet[Deal]:
    """新增签约: contracts by contract date, before cancellations."""
    signed = Contract.objects.filter(is_void=False, signed_on__range=(period.first, period.last))
    return deals.filter(pk__in=signed.values("deal_id"))


def cancelled_contracts(deals: QuerySet[Deal], period: Period) -> QuerySet[Deal]:
    """退签: contracts by the execution date of their cancellation."""
    ended = ContractCancellation.objects.filter(cancelled_on__range=(period.first, period.last))
    return deals.filter(pk__in=ended.values("deal_id"))


def counted(deals: QuerySet[Deal]) -> rules.Count:
    """Units (attached ones too), built area and deal totals of these deals."""
    return _counted(deals)


def pending_contracts(deals: QuerySet[Deal], cut_off: date) -> QuerySet[Deal]:
    """已认购未签约: reservations active at the cut-off without a contract by then."""
    return deals.filter(
        Q(ended_on=None) | Q(ended_on__gt=cut_off),
        Q(contracted_on=None) | Q(contracted_on__gt=cut_off),
        reserved_on__lte=cut_off,
    )


def house_lines(receipts: QuerySet[Receipt], period: Period) -> QuerySet[Receipt]:
    return receipts.filter(
        Q(money_type__in=HOUSE_TYPES) | Q(money_type=""),
        received_on__range=(period.first, period.last),
    )


@dataclass(frozen=True)
class Collected:
    """Collections, refunds and what is left, in yuan."""

    received: Decimal
    refunded: Decimal

    @property
    def net(self) -> Decimal:
        return self.received - self.refunded


def collections(receipts: QuerySet[Receipt], period: Period) -> Collected:
    """回款: house-money receipts dated in the period less their reversals; refunds apart.

    What a provisional reservation brought becomes house money on the day it pays the deal (ORC-17).

    A forfeiture moves money from the buyer's side to penalty income: it is neither.
    """
    sums = house_lines(receipts, period).aggregate(
        received=Coalesce(
            Sum("amount", filter=Q(kind__in=["receipt", "reversal", "transfer"])),
            ZERO,
            output_field=MONEY,
        ),
        refunded=Coalesce(Sum("amount", filter=Q(kind="refund")), ZERO, output_field=MONEY),
    )
    return Collected(sums["received"], -sums["refunded"])


# What moves cash or the balance of a bank: a transfer between two accounts of the ledger and money
# kept as a penalty do not.
CASH_KINDS = frozenset({Receipt.Kind.RECEIPT, Receipt.Kind.REVERSAL, Receipt.Kind.REFUND})


def collection_rate(deals: QuerySet[Deal], period: Period) -> Decimal | None:
    """签约回款率 of the contracts signed in the period and still active at its end.

    Cumulative net collections up to the cut-off ÷ their totals.
    """
    active = gross_contracts(deals, period).filter(Q(ended_on=None) | Q(ended_on__gt=period.last))
    received = Receipt.objects.filter(
        account_id__in=active.values("account_id"), received_on__lte=period.last
    ).aggregate(sum=Coalesce(Sum("amount"), ZERO, output_field=MONEY))["sum"]
    return rules.ratio(received, counted(active).amount)


def discount_depth(deals: QuerySet[Deal]) -> Decimal | None:
    """折扣率: sum of deal totals ÷ sum of list totals."""
    sums = with_attached(deals).aggregate(deal=Sum("deal_total"), list=Sum("list_sold"))
    return rules.ratio(sums["deal"] or ZERO, sums["list"] or ZERO)


def with_status_at(units: QuerySet[Unit], cut_off: date, today: date) -> QuerySet[Unit]:
    """Units with `status_then`: the status at the end of the cut-off day, from the log of changes."""
    if cut_off >= today:
        return units.annotate(status_then=F("status"))
    _start, end = day_bounds(cut_off)
    last = (
        UnitChange.objects.filter(unit=OuterRef("pk"), at__lt=end)
        .order_by("-id")
        .values("to_status")[:1]
    )
    return units.annotate(
        status_then=Coalesce(
            Subquery(last), Value(UnitStatus.NOT_RELEASED), output_field=CharField()
        )
    )


@dataclass(frozen=True)
class Share:
    """One sell-through: by units, by area, by list value; each with its base."""

    units: Decimal | None
    area: Decimal | None
    value: Decimal | None
    sold_units: int
    base_units: int


def _sums(units: QuerySet[Any], statuses: Iterable[str]) -> tuple[int, Decimal, Decimal]:
    sums = units.filter(status_then__in=list(statuses)).aggregate(
        n=Count("pk"),
        area=Coalesce(
            Sum(
                Case(
                    When(measured_built_area__isnull=False, then="measured_built_area"),
                    default="predicted_built_area",
                )
            ),
            ZERO,
            output_field=AREA,
        ),
        value=Coalesce(Sum("list_total"), ZERO, output_field=MONEY),
    )
    return sums["n"], sums["area"], sums["value"]


RELEASED_NOW = frozenset(set(UnitStatus)) - {
    UnitStatus.NOT_RELEASED,
    UnitStatus.WITHHELD,
    UnitStatus.OFF_MARKET,
}
SALEABLE = frozenset(set(UnitStatus)) - {UnitStatus.OFF_MARKET}


def sell_through(units: QuerySet[Unit], base: Iterable[str] = RELEASED_NOW) -> Share:
    """去化率: sold (reserved, contracted and later) ÷ base; the base is the released units by default.

    `units` carries `status_then` (see with_status_at).
    """
    sold = _sums(units, SOLD)
    whole = _sums(units, base)
    return Share(
        units=rules.ratio(sold[0], whole[0]),
        area=rules.ratio(sold[1], whole[1]),
        value=rules.ratio(sold[2], whole[2]),
        sold_units=sold[0],
        base_units=whole[0],
    )


@dataclass(frozen=True)
class Stock:
    """Unsold units at list value, in yuan."""

    units: int
    offered: Decimal
    withheld: Decimal
    not_released: Decimal

    @property
    def value(self) -> Decimal:
        return self.offered + self.withheld + self.not_released


def stock(units: QuerySet[Unit]) -> Stock:
    """库存: units not sold, at list price, by whether they are offered."""
    offered = STOCK - {UnitStatus.WITHHELD, UnitStatus.NOT_RELEASED}
    return Stock(
        units=_sums(units, STOCK)[0],
        offered=_sums(units, offered)[2],
        withheld=_sums(units, [UnitStatus.WITHHELD])[2],
        not_released=_sums(units, [UnitStatus.NOT_RELEASED])[2],
    )


@dataclass(frozen=True)
class Conversion:
    """认购转签约率 of the reservations of a period."""

    gross: Decimal | None
    net: Decimal | None


def reservation_to_contract(deals: QuerySet[Deal], period: Period) -> Conversion:
    """Reservations of the period already contracted ÷ gross; and ÷ those not cancelled."""
    cohort = gross_reservations(deals, period)
    contracted = cohort.filter(contracted_on__lte=period.last).count()
    cancelled = cohort.filter(
        contracted_on=None, ended_on__lte=period.last, status=DealStatus.CANCELLED
    ).count()
    total = cohort.count()
    return Conversion(rules.ratio(contracted, total), rules.ratio(contracted, total - cancelled))


def days(period: Period) -> list[date]:
    return [period.first + timedelta(days=n) for n in range((period.last - period.first).days + 1)]
