"""The verb that everything exists for: a unit is reserved, for good, for somebody (T10)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from django.db.models import QuerySet

from loupan.core import audit
from loupan.core.calendar import business_day
from loupan.core.compiled import Compiled
from loupan.core.db import writes
from loupan.core.together import take_ids, write_together
from loupan.customers.actions.ownership import ADVANCED, advanced_class
from loupan.customers.models import Customer
from loupan.customers.states import CustomerClass
from loupan.inventory.actions.units import MOVED, ensure_saleable, moved_unit
from loupan.inventory.models import Unit
from loupan.ledger.actions.schedules import DueLine, schedule_rows
from loupan.ledger.models import Account
from loupan.org.models import FunctionGroup, User
from loupan.org.permissions import require
from loupan.pricing.actions.discounts import lock_quotas, take_quotas
from loupan.pricing.errors import (
    OBJECTIONS,
    DiscountAboveAuthority,
    DiscountNotApplicable,
    DiscountQuotaUsedUp,
    DiscountUsedByPerson,
    GiftWithoutName,
    SpecialWithoutReason,
)
from loupan.pricing.models import Discount
from loupan.pricing.permissions import AUTHORITY_LABELS, authority_of
from loupan.pricing.queries.book import price_book_of
from loupan.pricing.queries.offers import AttachedDraft, Gift, Offer, Special, price_for
from loupan.pricing.rules.authority import AuthorityLevel
from loupan.pricing.rules.discounts import RefusalReason
from loupan.sales import errors, rules
from loupan.sales.actions.attached import TakenUnit, attached_row, lock_in_order, take_attached
from loupan.sales.actions.claims import end_claim, ensure_obtainable, take_unit
from loupan.sales.actions.process import process_rows
from loupan.sales.actions.provisionals import convert_provisionals
from loupan.sales.models import AttachedUnit, Buyer, Claim, Deal, DealDiscount, Reservation
from loupan.sales.parameters import RESERVATION
from loupan.sales.queries.attached import AttachedWish
from loupan.sales.queries.deals import deals_with_discount
from loupan.sales.states import ClaimKind

LATEST_SIGN_BY = timedelta(days=90)


@dataclass(frozen=True)
class BuyerDraft:
    """A buyer as entered; without shares all buyers own equal parts."""

    customer_id: int
    share: Decimal | None = None


@writes
def reserve_unit(
    *,
    unit_id: int,
    buyers: Sequence[BuyerDraft],
    payment_plan_id: int,
    by: User,
    at: datetime,
    discount_ids: Sequence[int] = (),
    deposit: Decimal | None = None,
    reserved_on: date | None = None,
    sign_by: date | None = None,
    special: Special | None = None,
    gift: Gift | None = None,
    attached: Sequence[AttachedWish] = (),
    proof: str = "",
) -> Reservation:
    """Take a unit off the market for its buyers, at a price that is frozen from now on (T10, U-5).

    Of two at once one wins and the other is refused (U-1).  What is attached comes along, or
    nothing is reserved (U-9).  Amounts in yuan; a deposit not given is
    that of the plan; `proof` names the document behind discounts that need one; a `gift` changes
    the net price alone, but is confirmed like a special discount.
    Raises UnitNotAvailable, PermitMissing, UnitSealed, AreaMissing,
    ListPriceMissing, BuyerMissing, BuyerTwice, SharesIncomplete, CustomerUnknown,
    DiscountNotApplicable, DiscountUsedByPerson, SpecialWithoutReason, GiftWithoutName,
    DiscountQuotaUsedUp, DiscountAboveAuthority, PriceAboveFiled,
    DepositTooSmall, DepositExceedsPrice, SignByOutOfRange, DateInFuture, what take_attached raises
    and what price_for raises.
    """
    return make_reservation(
        unit_id=unit_id,
        buyers=buyers,
        payment_plan_id=payment_plan_id,
        by=by,
        at=at,
        discount_ids=discount_ids,
        deposit=deposit,
        reserved_on=reserved_on,
        sign_by=sign_by,
        special=special,
        gift=gift,
        attached=attached,
        proof=proof,
    )


@writes
def make_reservation(
    *,
    unit_id: int,
    buyers: Sequence[BuyerDraft],
    payment_plan_id: int,
    by: User,
    at: datetime,
    discount_ids: Sequence[int],
    deposit: Decimal | None,
    reserved_on: date | None,
    sign_by: date | None,
    special: Special | None,
    gift: Gift | None,
    attached: Sequence[AttachedWish],
    proof: str = "",
    permission: str = "sales.reserve_unit",
    verb: str = "reserve",
) -> Reservation:
    """Part: the same for a verb of UNIT, for whoever holds the permission: also of a direct contract.

    Raises what reserve_unit raises.
    """
    day = reserved_on or business_day(at)
    if attached:
        lock_in_order(unit_ids=[unit_id, *(wish.unit_id for wish in attached)])
    unit, claim = take_unit(unit_id=unit_id, at=at)
    require(by, permission, unit.project_id)
    ids = [buyer.customer_id for buyer in buyers]
    ensure_obtainable(unit=unit, claim=claim, verb=verb, by=by, customer_ids=ids)
    if day > business_day(at):
        raise errors.DateInFuture(day=day)
    ensure_saleable(unit=unit, on=day)
    taken = (
        take_attached(unit=unit, wishes=attached, customer_ids=ids, on=day, by=by, at=at)
        if attached
        else []
    )
    shares = _shares(buyers)
    customers = _customers(ids, unit, by)
    offer = _offer(
        unit, payment_plan_id, discount_ids, day, deposit=deposit, sign_by=sign_by,
        special=special, gift=gift, by=by, attached=taken, proof=proof,
    )  # fmt: skip
    _ensure_acceptable(offer, unit, special, gift, by)
    _ensure_within_limits(offer, unit, customers)

    take_quotas(discount_ids=_limited(offer, unit))
    for given_up in (claim, *(each.claim for each in taken)):
        if given_up:
            end_claim(claim=given_up, reason="reserved", at=at)
    settings = price_book_of(unit).settings
    series = settings.series_key(RESERVATION.code, unit.project_id, day)
    (account_id, deal_id, reservation_id), number = take_ids([Account, Deal, Reservation], series)
    account = Account(
        pk=account_id, project_id=unit.project_id, label=unit.number, opened_at=at,
        owner_id=customers[0].owner_id or by.pk,
    )  # fmt: skip
    deal = _deal(
        deal_id, unit, offer, account, by=by, at=at, is_published=special is None and gift is None
    )
    reservation = Reservation(
        pk=reservation_id,
        deal=deal,
        project_id=unit.project_id,
        number=settings.number(RESERVATION.code, number, day, project=unit.project.code),
        reserved_on=day,
        sign_by=offer.sign_by,
        by=by,
        at=at,
    )
    before = unit.status
    units = [unit, *(each.unit for each in taken)]
    moves = [moved_unit(unit=each, verb=verb, by=by, at=at, claim_label=str(by)) for each in units]
    event = audit.entry(
        "sales.reservation.made",
        reservation,
        by=by,
        at=at,
        before={"status": before},
        after={"status": unit.status},
        unit=unit.number,
        deal_total=offer.deal_total,
        deposit=offer.deposit,
        authority=deal.authority,
    )
    lines = [
        DueLine(line.seq, line.money_type, line.amount, line.due_on, line.note)
        for line in offer.schedule
    ]
    advanced = advanced_class(customers=customers, to=CustomerClass.RESERVED)
    write_together(
        [
            account,
            *schedule_rows(account=account, lines=lines, at=at),
            deal,
            *_discounts(deal, offer, proof),
            *(
                Claim(
                    unit_id=each.pk,
                    kind=ClaimKind.DEAL,
                    holder_id=by.pk,
                    deal_id=deal.pk,
                    made_at=at,
                )
                for each in units
            ),
            *_attached(deal, taken, offer, by=by),
            *(
                Buyer(deal_id=deal.pk, customer_id=customer.pk, share=share, seq=seq)
                for seq, (customer, share) in enumerate(zip(customers, shares, strict=True))
            ),
            *process_rows(deal=deal, schedule=offer.schedule, sign_by=offer.sign_by),
            reservation,
            *moves,
            event,
        ],
        [*((each, MOVED) for each in units), *((customer, ADVANCED) for customer in advanced)],
    )
    given_up_claims = [claim, *(each.claim for each in taken)]
    convert_provisionals(claims=given_up_claims, deal=deal, by=by, at=at)
    return reservation


def _shares(buyers: Sequence[BuyerDraft]) -> list[Decimal]:
    ids = [buyer.customer_id for buyer in buyers]
    if not ids:
        raise errors.BuyerMissing
    if len(set(ids)) != len(ids):
        raise errors.BuyerTwice
    given = [buyer.share for buyer in buyers if buyer.share is not None]
    if not given:
        return rules.equal_shares(len(ids))
    try:
        rules.check_shares(given)
    except rules.SharesProblem as problem:
        raise _incomplete(given) from problem
    if len(given) != len(ids):
        raise _incomplete(given)
    return given


def _incomplete(given: Sequence[Decimal]) -> errors.SharesIncomplete:
    return errors.SharesIncomplete(sum=f"{sum(given, Decimal(0)) * 100:.2f} %")


def _customers(ids: Sequence[int], unit: Unit, by: User) -> list[Customer]:
    """The buyers, locked, in the order in which they were named: customers `by` may see."""
    named = {f"id{number}": pk for number, pk in enumerate(ids)}
    found = _buyers_to_lock(len(ids)).rows(project_id=unit.project_id, **named)
    owners = by.access.owners(FunctionGroup.CUSTOMERS, unit.project_id)
    by_id = {
        customer.pk: customer for customer in found if owners is None or customer.owner_id in owners
    }
    if len(by_id) != len(ids):
        raise errors.CustomerUnknown
    return [by_id[pk] for pk in ids]


@lru_cache(maxsize=32)
def _buyers_to_lock(count: int) -> Compiled[Customer]:
    """The locked customers of a project with so many ids, named id0, id1 …"""

    def query(project_id: int, **ids: int) -> QuerySet[Customer]:
        return (
            Customer.objects.filter(pk__in=list(ids.values()), project_id=project_id)
            .only("owner_id", "life_class", "protected_until")
            .order_by("pk")
            .select_for_update(no_key=True)
        )

    return Compiled(query, project_id=int, **{f"id{number}": int for number in range(count)})


def _offer(
    unit: Unit,
    payment_plan_id: int,
    discount_ids: Sequence[int],
    day: date,
    *,
    deposit: Decimal | None,
    sign_by: date | None,
    special: Special | None,
    gift: Gift | None,
    by: User,
    attached: Sequence[TakenUnit],
    proof: str,
) -> Offer:
    book = price_book_of(unit)
    limited = [
        pk for pk in discount_ids if (row := book.discounts.get(pk)) and row.quota is not None
    ]
    if sign_by is not None and not day <= sign_by <= day + LATEST_SIGN_BY:
        raise errors.SignByOutOfRange(earliest=day, latest=day + LATEST_SIGN_BY)
    if deposit is not None and deposit < book.policy.min_deposit:
        raise errors.DepositTooSmall(minimum=book.policy.min_deposit)
    return price_for(
        unit=unit,
        payment_plan_id=payment_plan_id,
        discount_ids=discount_ids,
        reserve_on=day,
        viewer=by,
        deposit=deposit,
        sign_by=sign_by,
        special=special,
        gift=gift,
        left=lock_quotas(discount_ids=limited) if limited else {},
        attached=[AttachedDraft(each.unit, each.is_inside) for each in attached],
        proof=proof.strip(),
    )


def _ensure_acceptable(
    offer: Offer, unit: Unit, special: Special | None, gift: Gift | None, by: User
) -> None:
    if special is not None and not special.reason.strip():
        raise SpecialWithoutReason
    if gift is not None and not gift.name.strip():
        raise GiftWithoutName
    for item in offer.refused:
        if item.reason == RefusalReason.QUOTA_USED_UP:
            raise DiscountQuotaUsedUp(discount=item.name)
        if item.is_objection:
            raise DiscountNotApplicable(discount=item.name, reason=OBJECTIONS[item.reason])
    if offer.authority > authority_of(by, unit.project_id):
        raise DiscountAboveAuthority(
            rate=f"{offer.overall_rate_truncated * 100:.2f} %",
            who=AUTHORITY_LABELS[offer.authority],
        )
    amounts = [(unit, offer.main_total), *((each.unit, each.amount) for each in offer.attached)]
    for each_unit, amount in amounts:
        if each_unit.filed_total is not None and amount > each_unit.filed_total:
            raise errors.PriceAboveFiled(unit=each_unit)


def _ensure_within_limits(offer: Offer, unit: Unit, customers: Sequence[Customer]) -> None:
    """No person has a discount in more deals than it allows (DSC-04); the buyers are locked."""
    for discount in _granted(offer, unit):
        if discount.per_person is None:
            continue
        for customer in customers:
            count = deals_with_discount(discount.pk, customer.pk)
            if count >= discount.per_person:
                named = {"person": customer.name, "discount": discount.name}
                raise DiscountUsedByPerson(**named, count=count)


def _limited(offer: Offer, unit: Unit) -> list[int]:
    return [row.pk for row in _granted(offer, unit) if row.quota is not None]


def _granted(offer: Offer, unit: Unit) -> list[Discount]:
    """The discounts of an offer; a scheme of several items once."""
    known = price_book_of(unit).discounts
    ids = dict.fromkeys(item.discount_id for item in offer.applied)
    return [known[pk] for pk in ids if pk is not None]


def _deal(
    deal_id: int,
    unit: Unit,
    offer: Offer,
    account: Account,
    *,
    by: User,
    at: datetime,
    is_published: bool,
) -> Deal:
    """The deal with its price as it was agreed. It belongs to whom the first buyer belongs to."""
    inside = any(each.is_inside for each in offer.attached)
    confirmed = not is_published or inside or offer.authority > AuthorityLevel.SC
    return Deal(
        pk=deal_id,
        project_id=unit.project_id,
        unit=unit,
        account=account,
        consultant_id=account.owner_id or by.pk,
        payment_plan_id=offer.payment_plan_id,
        price_basis=offer.price_basis,
        built_area=offer.built_area,
        inner_area=offer.inner_area,
        list_unit_price=offer.list_unit_price,
        list_total=offer.list_total,
        deal_total=offer.deal_total,
        attached_total=offer.attached_total,
        deal_unit_price=offer.deal_unit_price,
        deal_inner_unit_price=offer.deal_inner_unit_price,
        overall_rate=offer.overall_rate,
        floor_total=unit.floor_total,
        deposit=offer.deposit,
        trace=offer.trace,
        authority=authority_of(by, unit.project_id).name if confirmed else "",
        reserved_on=offer.reserve_on,
        made_at=at,
    )


def _discounts(deal: Deal, offer: Offer, proof: str) -> list[DealDiscount]:
    return [
        DealDiscount(
            deal_id=deal.pk,
            discount_id=item.discount_id,
            kind=item.kind,
            name=item.name,
            form=item.form,
            amount_or_rate=item.amount_or_rate,
            is_for_signing_on_time=item.is_for_signing_on_time,
            product_types=list(item.product_types),
            proof=proof.strip() if item.needs_proof else "",
            gift_name=item.gift_name,
            gift_cost=item.gift_cost,
            seq=seq,
        )
        for seq, item in enumerate(offer.applied)
    ]


def _attached(
    deal: Deal, taken: Sequence[TakenUnit], offer: Offer, *, by: User
) -> list[AttachedUnit]:
    rows = []
    for each, priced in zip(taken, offer.attached, strict=True):
        row = attached_row(deal=deal, taken=each, on=deal.reserved_on, by=by)
        row.amount, row.trace = priced.amount, priced.trace
        rows.append(row)
    return rows
