"""What is sold with a deal's main unit: taken, moved and freed together with it (SAL-22, U-9)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q

from loupan.core import audit
from loupan.core.calendar import business_day
from loupan.core.db import writes
from loupan.core.people import Actor
from loupan.core.refusals import ChangedMeanwhile
from loupan.inventory.actions.units import ensure_saleable, move_unit
from loupan.inventory.models import Unit
from loupan.inventory.states import UnitStatus
from loupan.ledger import queries as ledger
from loupan.ledger.actions.schedules import DueLine, replace_schedule
from loupan.ledger.models import Account
from loupan.org.models import User
from loupan.org.permissions import require
from loupan.pricing.errors import DiscountAboveAuthority
from loupan.pricing.permissions import AUTHORITY_LABELS, authority_of
from loupan.pricing.queries.book import PriceBook, price_book
from loupan.pricing.queries.offers import GIFT, offer_lines
from loupan.pricing.queries.traces import trace_json
from loupan.pricing.rules.attached import PricedTogether
from loupan.pricing.rules.authority import AuthorityLevel, authority_needed
from loupan.pricing.rules.discounts import DiscountKind
from loupan.sales import errors
from loupan.sales.actions.claims import end_claim, ensure_obtainable, take_unit
from loupan.sales.actions.process import mark_money, plan_process
from loupan.sales.actions.provisionals import convert_provisionals
from loupan.sales.models import AttachedUnit, Buyer, Claim, Deal, Reservation
from loupan.sales.queries.attached import AttachedWish, attached_of, check_wishes, price_again
from loupan.sales.queries.contracts import schedule_when_signed
from loupan.sales.states import DEAL, AttachedPricing, ClaimKind

PRICE = ("deal_total", "attached_total", "deal_unit_price", "deal_inner_unit_price",
         "overall_rate", "trace")  # fmt: skip


# --- Every verb on a deal -------------------------------------------------------------------------


@dataclass(frozen=True)
class DealUnits:
    """The units of one deal, locked: the main one and those attached to it."""

    main: Unit
    attached: tuple[Unit, ...]

    @property
    def every(self) -> tuple[Unit, ...]:
        return (self.main, *self.attached)


@writes
def lock_units_of(*, deal_id: int) -> DealUnits:
    """Part: lock every unit of a deal in ascending order of id; the first lock of every verb on it.

    They come with permit and project.  Once the deal is locked as well, ensure_same_units.
    """
    main_id = Deal.objects.values_list("unit_id", flat=True).get(pk=deal_id)
    attached = AttachedUnit.objects.filter(deal_id=deal_id, removed_on=None).values("unit_id")
    rows = list(
        Unit.objects.locked()
        .select_related("building__permit", "project")
        .filter(Q(pk=main_id) | Q(pk__in=attached))
    )
    main = next(unit for unit in rows if unit.pk == main_id)
    return DealUnits(main, tuple(unit for unit in rows if unit is not main))


@writes
def ensure_same_units(*, deal: Deal, units: DealUnits) -> None:
    """Part: raise ChangedMeanwhile unless the locked deal still has the units locked before it."""
    attached = AttachedUnit.objects.filter(deal=deal, removed_on=None)
    now = {deal.unit_id, *attached.values_list("unit_id", flat=True)}
    if deal.unit_id != units.main.pk or now != {unit.pk for unit in units.every}:
        raise ChangedMeanwhile


@writes
def ensure_units_saleable(*, units: DealUnits, on: date) -> None:
    """Part, U-2: raise PermitMissing, UnitSealed, AreaMissing or ListPriceMissing of any of them."""
    for unit in units.every:
        ensure_saleable(unit=unit, on=on)


@writes
def move_units(
    *,
    units: DealUnits,
    verb: str,
    by: Actor | None,
    at: datetime,
    reason: str = "",
    keeps_label: bool = True,
) -> None:
    """Part, U-9: move all units of a deal by the same verb, or none. Raises NotAllowedNow.

    They keep the label of who sold them while the deal lives on.
    """
    for unit in units.every:
        label = unit.claim_label if keeps_label else ""
        move_unit(unit=unit, verb=verb, by=by, at=at, reason=reason, claim_label=label)


@writes
def end_claims(*, deal: Deal, reason: str, at: datetime, unit_ids: Sequence[int] = ()) -> None:
    """Part: the deal claims its units no more, or only these of them; the caller moves them."""
    claims = Claim.objects.filter(deal=deal, is_active=True).order_by("unit_id")
    if unit_ids:
        claims = claims.filter(unit_id__in=unit_ids)
    for claim in claims:
        end_claim(claim=claim, reason=reason, at=at)


# --- What a deal takes with it --------------------------------------------------------------------


@dataclass(frozen=True)
class TakenUnit:
    """A unit that is to go with a main one: locked, for sale, with the claim that gives way."""

    unit: Unit
    claim: Claim | None
    is_inside: bool


@writes
def take_attached(
    *,
    unit: Unit,
    wishes: Sequence[AttachedWish],
    customer_ids: Collection[int],
    on: date,
    by: User,
    at: datetime,
) -> list[TakenUnit]:
    """Part: take what is to go with a locked unit; when one is not for sale, none is taken.

    The units were locked in order before (lock_in_order).  Raises what check_wishes raises, and
    UnitNotAvailable, PermitMissing, UnitSealed, AreaMissing, ListPriceMissing naming the unit.
    """
    found = Unit.objects.filter(pk__in=[wish.unit_id for wish in wishes])
    chosen = check_wishes(wishes, unit=unit, found=found)
    taken = []
    for each, wish in zip(chosen, wishes, strict=True):
        there, claim = take_unit(unit_id=each.pk, at=at)
        ensure_obtainable(unit=there, claim=claim, verb="reserve", by=by, customer_ids=customer_ids)
        ensure_saleable(unit=there, on=on)
        taken.append(TakenUnit(there, claim, wish.is_inside))
    return taken


@writes
def lock_in_order(*, unit_ids: Collection[int]) -> None:
    """Part: lock these units in ascending order of id, before any of them is looked at."""
    list(Unit.objects.locked().filter(pk__in=sorted(unit_ids)).values_list("pk", flat=True))


@writes
def attached_row(*, deal: Deal, taken: TakenUnit, on: date, by: User) -> AttachedUnit:
    """Part: the unit as it goes with the deal, with the snapshot of its list price (U-5).

    Its amount is to be filled in; the caller saves it.
    """
    unit = taken.unit
    assert unit.list_total is not None, unit
    return AttachedUnit(
        deal=deal,
        unit=unit,
        pricing=AttachedPricing.INSIDE if taken.is_inside else AttachedPricing.SEPARATE,
        product_type=unit.product_type,
        built_area=unit.built_area,
        inner_area=unit.inner_area,
        list_unit_price=unit.list_unit_price,
        list_total=unit.list_total,
        floor_total=unit.floor_total,
        amount=Decimal(0),
        attached_on=on,
        by=by,
    )


# --- Attach and detach ----------------------------------------------------------------------------


@writes
def attach_unit(
    *,
    deal_id: int,
    unit_id: int,
    by: User,
    at: datetime,
    pricing: str = AttachedPricing.SEPARATE,
) -> AttachedUnit:
    """Let one more unit go with a reserved deal; its total and schedule change with it (SAL-22).

    Lump sums of the deal are spread anew.  Raises NotAllowedNow, AttachedUnknown, AttachedTwice,
    AttachedUnsuitable, TooManyAttached, UnitNotAvailable, PermitMissing, UnitSealed, AreaMissing,
    ListPriceMissing, PriceRulesChanged, DiscountAboveAuthority, PriceAboveFiled, ChangedMeanwhile.
    """
    work = _begin(deal_id, "attach_unit", more=[unit_id], by=by)
    deal, day = work.deal, business_day(at)
    wishes = [*(AttachedWish(row.unit_id) for row in work.rows), AttachedWish(unit_id, pricing)]
    found = Unit.objects.filter(pk__in=[wish.unit_id for wish in wishes])
    check_wishes(wishes, unit=work.units.main, found=found)
    buyers = Buyer.objects.filter(deal=deal).values_list("customer_id", flat=True)
    [taken] = take_attached(
        unit=work.units.main, wishes=wishes[-1:], customer_ids=list(buyers), on=day, by=by, at=at
    )
    row = attached_row(deal=deal, taken=taken, on=day, by=by)
    before = taken.unit.status
    if taken.claim:
        end_claim(claim=taken.claim, reason="reserved", at=at)
    Claim.objects.create(unit=taken.unit, kind=ClaimKind.DEAL, holder=by, deal=deal, made_at=at)
    move_unit(
        unit=taken.unit, verb="reserve", by=by, at=at, claim_label=work.units.main.claim_label
    )
    _price_and_bill(work, [*work.rows, row], by=by, at=at, event="sales.deal.unit_attached",
                    unit=taken.unit, before=before, reason="")  # fmt: skip
    convert_provisionals(claims=[taken.claim], deal=deal, by=by, at=at)
    return row


@writes
def detach_unit(
    *,
    deal_id: int,
    unit_id: int,
    reason: str,
    by: User,
    at: datetime,
    unit_goes_to: str = UnitStatus.AVAILABLE,
) -> AttachedUnit:
    """Take a unit out of a reserved deal and offer or withhold it; total and schedule change.

    Raises NotAllowedNow, NotAttached, ReasonMissing, PriceRulesChanged, DiscountAboveAuthority,
    PriceAboveFiled, ChangedMeanwhile.
    """
    work = _begin(deal_id, "detach_unit", more=[], by=by)
    row = next((row for row in work.rows if row.unit_id == unit_id), None)
    if row is None:
        raise errors.NotAttached(unit=Unit.objects.filter(pk=unit_id).first() or unit_id)
    if not reason.strip():
        raise errors.ReasonMissing
    row.removed_on = business_day(at)
    row.save(update_fields=["removed_on"])
    end_claims(deal=work.deal, reason="detached", at=at, unit_ids=[unit_id])
    unit = next(each for each in work.units.attached if each.pk == unit_id)
    before = unit.status
    suffix = "_withheld" if unit_goes_to == UnitStatus.WITHHELD else ""
    move_unit(unit=unit, verb=f"end_reservation{suffix}", by=by, at=at, reason=reason)
    rest = [each for each in work.rows if each is not row]
    _price_and_bill(work, rest, by=by, at=at, event="sales.deal.unit_detached", unit=unit,
                    before=before, reason=reason)  # fmt: skip
    return row


@dataclass(frozen=True)
class _Work:
    """A reserved deal with everything of it locked."""

    deal: Deal
    units: DealUnits
    rows: list[AttachedUnit]
    account: Account
    book: PriceBook


def _begin(deal_id: int, verb: str, *, more: Sequence[int], by: User) -> _Work:
    if more:
        there = Deal.objects.values_list("unit_id", flat=True).get(pk=deal_id)
        attached = AttachedUnit.objects.filter(deal_id=deal_id, removed_on=None)
        lock_in_order(
            unit_ids=[there, *attached.values_list("unit_id", flat=True), *more],
        )
    units = lock_units_of(deal_id=deal_id)
    require(by, "sales.attach_unit", units.main.project_id)
    deal = (
        Deal.objects.locked().select_related("payment_plan", "account", "project").get(pk=deal_id)
    )
    ensure_same_units(deal=deal, units=units)
    deal.unit = units.main
    deal.status = DEAL.after(verb, deal.status)
    rows = list(attached_of(deal))
    book = price_book(deal.project_id)
    if price_again(deal, book, rows).deal_total != deal.deal_total:
        raise errors.PriceRulesChanged
    account = Account.objects.locked().select_related("project").get(pk=deal.account_id)
    return _Work(deal, units, rows, account, book)


def _price_and_bill(
    work: _Work,
    rows: Sequence[AttachedUnit],
    *,
    by: User,
    at: datetime,
    event: str,
    unit: Unit,
    before: str,
    reason: str,
) -> None:
    """The deal with these units: its price, schedule and process; opposite rows, sum kept (U-7)."""
    deal = work.deal
    was = audit.snapshot(deal, "deal_total", "attached_total")
    priced = price_again(deal, work.book, rows)
    ensure_below_filed(unit=work.units.main, attached=rows, priced=priced)
    ensure_within_authority(deal=deal, book=work.book, attached=rows, priced=priced, by=by)
    put_price(deal=deal, attached=rows, priced=priced)
    deal.version += 1
    deal.save(update_fields=["version", "authority", *PRICE])
    sign_by = Reservation.objects.values_list("sign_by", flat=True).get(deal=deal)
    planned = offer_lines(schedule_when_signed(deal, sign_by, deal.deal_total, work.book))
    replace_schedule(
        account=work.account,
        lines=[
            DueLine(line.seq, line.money_type, line.amount, line.due_on, line.note)
            for line in planned
        ],
        reason="attached",
        at=at,
    )
    due = sum((line.amount for line in ledger.lines_of(deal.account_id)), Decimal(0))
    assert due == deal.deal_total, (due, deal.deal_total)
    plan_process(deal=deal, schedule=planned, sign_by=sign_by)
    mark_money(deal=deal)
    audit.record(
        event,
        deal,
        by=by,
        at=at,
        before={"unit_status": before, **was},
        after={"unit_status": unit.status, **audit.snapshot(deal, "deal_total", "attached_total")},
        unit=unit.number,
        reason=reason,
    )


@writes
def put_price(
    *,
    deal: Deal,
    attached: Sequence[AttachedUnit],
    priced: PricedTogether,
    earlier: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Part: this is what the deal and its attached units cost; the caller saves PRICE of the deal."""
    deal.deal_total = priced.deal_total
    deal.attached_total = priced.deal_total - priced.main.deal_total
    deal.deal_unit_price = priced.main.built_unit_price
    deal.deal_inner_unit_price = priced.main.inner_unit_price
    deal.overall_rate = priced.overall_rate
    deal.trace = [*earlier, *trace_json(priced.trace)]
    for row, each in zip(attached, priced.attached, strict=True):
        row.amount, row.trace = each.amount, trace_json(each.trace)
        row.save()


@writes
def ensure_below_filed(
    *, unit: Unit, attached: Sequence[AttachedUnit], priced: PricedTogether
) -> None:
    """Part, U-6: raise PriceAboveFiled naming the first unit that would cost more than was filed."""
    amounts = [(unit, priced.main.deal_total)]
    amounts += [
        (row.unit, each.amount) for row, each in zip(attached, priced.attached, strict=True)
    ]
    for each_unit, amount in amounts:
        if each_unit.filed_total is not None and amount > each_unit.filed_total:
            raise errors.PriceAboveFiled(unit=each_unit)


@writes
def ensure_within_authority(
    *,
    deal: Deal,
    book: PriceBook,
    attached: Sequence[AttachedUnit],
    priced: PricedTogether,
    by: User,
) -> None:
    """Part, 2.3.2: raise DiscountAboveAuthority unless `by` may confirm this price; note who did.

    The caller saves `authority` of the deal.
    """
    amounts = [(deal.floor_total, priced.main.deal_total)]
    amounts += [
        (row.floor_total, each.amount) for row, each in zip(attached, priced.attached, strict=True)
    ]
    known = [(floor, amount) for floor, amount in amounts if floor is not None]
    granted = list(deal.discounts.all())
    special = any(item.kind in {DiscountKind.SPECIAL, GIFT} for item in granted)
    gifts = sum((item.gift_cost for item in granted), Decimal(0))
    inside = any(row.pricing == AttachedPricing.INSIDE for row in attached)
    needed = authority_needed(
        overall_rate_truncated=priced.overall_rate_truncated,
        deal_total=sum((amount for _floor, amount in known), Decimal(0))
        - (gifts if book.policy.gifts_count_for_floor else 0),
        floor_total=sum((floor for floor, _amount in known), Decimal(0)) if known else None,
        published_only=not (special or inside),
        matrix=book.authority,
    )
    mine = authority_of(by, deal.project_id)
    if needed > mine:
        raise DiscountAboveAuthority(
            rate=f"{priced.overall_rate_truncated * 100:.2f} %", who=AUTHORITY_LABELS[needed]
        )
    if needed > AuthorityLevel.SC:
        deal.authority = mine.name
