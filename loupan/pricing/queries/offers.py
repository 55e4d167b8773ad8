"""The one way to price a unit for a deal (DOMAIN 2.3)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from loupan.core.dates import DateOutOfRange, add_days
from loupan.core.rounding import AmountOutOfRange
from loupan.inventory.models import Unit
from loupan.org.models import User
from loupan.pricing import errors
from loupan.pricing.models import Discount, PaymentPlan
from loupan.pricing.queries.book import PriceBook, price_book_of
from loupan.pricing.queries.discounts import quota_left
from loupan.pricing.queries.plans import deposit_of_plan, is_offered, is_plan_for, schedule_of
from loupan.pricing.queries.problems import refusal_of
from loupan.pricing.queries.traces import trace_json
from loupan.pricing.rules import authority, deal_price, discounts, list_price, payment_plan
from loupan.pricing.rules.attached import Attached, PricedTogether, price_together
from loupan.pricing.rules.tracing import PricingProblem

PROVEN = "proven"  # The identity that any document proves: which one is written on the deal.
# Reasons that are no objection to the item: a better one of its kind was chosen as well.
OUTDONE = {
    discounts.RefusalReason.IDENTITY_BEST_ONE_ONLY,
    discounts.RefusalReason.EXCLUDED_BY_BETTER,
}


def example_price(unit: Unit, rate: Decimal, on: date) -> Decimal:
    """What a unit would cost under a plan of that rate with the standing discounts; yuan.

    Raises PricingProblem.
    """
    book = price_book_of(unit)
    rows = [
        row
        for row in book.discounts.values()
        if row.is_enabled and row.is_default and row.quota is None and not row.needs_proof
    ]
    plan = PaymentPlan(code="*example*", name="", rate=rate)
    items = [plan_item(plan), *(item for row in rows for item in items_of(row, {}))]
    return deal_price.price_deal(_price_input(unit, plan, items, book, on, None)).deal_total


@dataclass(frozen=True)
class OfferItem:
    """A discount as it was applied, or refused for `reason`; the plan's own has no id."""

    discount_id: int | None
    kind: str
    code: str
    name: str
    form: str
    amount_or_rate: Decimal
    is_for_signing_on_time: bool = False
    reason: str = ""
    product_types: tuple[str, ...] = ()
    needs_proof: bool = False
    gift_name: str = ""
    gift_cost: Decimal = Decimal(0)

    @property
    def is_objection(self) -> bool:
        """Refused for a reason other than that a better one was granted."""
        return self.reason != "" and self.reason not in OUTDONE


@dataclass(frozen=True)
class OfferLine:
    """One payment: yuan, and the day it is due, None while that is unknown."""

    seq: int
    money_type: str
    amount: Decimal
    due_on: date | None
    note: str = ""


@dataclass(frozen=True)
class AttachedDraft:
    """A unit that is to go with the main one; `is_inside`, the main unit's price pays for it."""

    unit: Unit
    is_inside: bool = False


@dataclass(frozen=True)
class AttachedOffer:
    """What an attached unit costs in an offer; yuan, m²."""

    unit: Unit
    is_inside: bool
    list_total: Decimal
    amount: Decimal
    trace: list[dict[str, Any]]


@dataclass(frozen=True)
class Offer:
    """What a unit costs under one plan with some discounts, and how that came about (X-01).

    The deal total is that of all units; areas, unit prices and list total are the main unit's.
    """

    unit_id: int
    payment_plan_id: int
    plan_code: str
    plan_name: str
    reserve_on: date
    sign_by: date
    price_basis: str
    built_area: Decimal | None
    inner_area: Decimal | None
    list_unit_price: Decimal | None
    list_total: Decimal
    deal_total: Decimal
    discount_amount: Decimal
    deal_unit_price: Decimal | None
    deal_inner_unit_price: Decimal | None
    overall_rate: Decimal
    overall_rate_truncated: Decimal
    deposit: Decimal
    loan_total: Decimal
    down_payment: Decimal
    down_payment_ratio: Decimal
    schedule: tuple[OfferLine, ...]
    applied: tuple[OfferItem, ...]
    refused: tuple[OfferItem, ...]
    authority: authority.AuthorityLevel
    # Only for those who may see floor prices.
    floor_total: Decimal | None
    floor_margin: Decimal | None
    trace: list[dict[str, Any]]
    attached: tuple[AttachedOffer, ...] = ()
    attached_total: Decimal = Decimal(0)

    @property
    def main_total(self) -> Decimal:
        """What of the deal total is for the main unit."""
        return self.deal_total - self.attached_total

    @property
    def gift_cost(self) -> Decimal:
        """What the gifts of the discounts granted cost the seller (DSC-10)."""
        return sum((item.gift_cost for item in self.applied), Decimal(0))

    @property
    def net_total(self) -> Decimal:
        """The real net price: what is left of the deal total after gifts (DSC-10)."""
        return self.deal_total - self.gift_cost


@dataclass(frozen=True)
class Special:
    """A discount for this deal alone (额外/特批, DSC-09): needs authority, not publication."""

    form: str
    amount_or_rate: Decimal
    reason: str = ""


@dataclass(frozen=True)
class Gift:
    """What is given in this deal alone and is no money (赠品, DSC-10); its cost in yuan.

    It needs authority as a special discount does.
    """

    name: str
    cost: Decimal


GIFT = "gift"  # The kind under which a gift of the deal alone stands among its discounts.


def price_for(
    *,
    unit: Unit,
    payment_plan_id: int,
    discount_ids: Sequence[int] = (),
    reserve_on: date,
    viewer: User,
    deposit: Decimal | None = None,
    sign_by: date | None = None,
    special: Special | None = None,
    gift: Gift | None = None,
    left: Mapping[int, int] | None = None,
    attached: Sequence[AttachedDraft] = (),
    proof: str | None = None,
) -> Offer:
    """What this unit, with what is attached to it, costs when reserved on that day (DOMAIN 2.3).

    Yuan, m², shares of one.  The contract day is planned as `sign_by`, by default so many days after
    the reservation as the project says; the deposit is that of the plan, else the project's minimum.
    `left` are quotas known under lock; without a `proof` discounts that need one are refused, None
    leaves that open (a quote).  Raises PlanNotOffered, PlanNotForUnit, DiscountNotOffered,
    DepositExceedsDownPayment, DownPaymentBelowMinimum, PriceNotComputable, ListPriceMissing.
    """
    book = price_book_of(unit)
    plan = book.plans.get(payment_plan_id)
    if plan is None or not is_offered(plan, reserve_on):
        raise errors.PlanNotOffered(day=reserve_on)
    if not is_plan_for(plan, unit):
        raise errors.PlanNotForUnit(plan=plan.name)
    chosen = [book.discounts.get(pk) for pk in dict.fromkeys(discount_ids)]
    rows = [row for row in chosen if row is not None and row.is_enabled]
    if len(rows) != len(chosen):
        raise errors.DiscountNotOffered
    if left is None:
        limited = [row.pk for row in rows if row.quota is not None]
        left = quota_left(limited) if limited else {}
    if deposit is None:
        deposit = deposit_of_plan(plan, book.policy)
    items = [plan_item(plan), *(item for row in rows for item in items_of(row, left))]
    if special is not None:
        items.append(_special_item(special))
    try:
        sign_by = sign_by or add_days(reserve_on, book.policy.sign_within_days)
        priced = price_together(
            _price_input(unit, plan, items, book, reserve_on, proof),
            [_attached(each) for each in attached],
        )
        planned = schedule_of(
            plan, deal_total=priced.deal_total, deposit=deposit, reserved_on=reserve_on,
            contracted_on=sign_by, precision=book.classes[unit.product_type].precision,
            settings=book.settings,
        )  # fmt: skip
    except (PricingProblem, DateOutOfRange, AmountOutOfRange) as problem:
        raise refusal_of(problem) from problem
    by_code = {row.code: row for row in rows}
    return _offer(
        unit, plan, priced, planned, by_code, book, viewer,
        deposit=deposit, reserve_on=reserve_on, sign_by=sign_by, attached=attached, gift=gift,
        published_only=special is None and gift is None,
    )  # fmt: skip


def _attached(draft: AttachedDraft) -> Attached:
    unit = draft.unit
    if unit.list_total is None:
        raise PricingProblem("price_missing")
    return Attached(unit.number, unit.list_total, unit.product_type, draft.is_inside)


def _price_input(
    unit: Unit,
    plan: PaymentPlan,
    items: Sequence[discounts.DiscountItem],
    book: PriceBook,
    reserve_on: date,
    proof: str | None,
) -> deal_price.PriceInput:
    if unit.list_total is None:
        raise PricingProblem("price_missing")
    return deal_price.PriceInput(
        list_total=unit.list_total,
        built_area=unit.built_area,
        inner_area=unit.inner_area,
        items=tuple(items),
        facts=discounts.DealFacts(
            reserved_on=reserve_on,
            product_type=unit.product_type,
            plan_code=plan.code,
            unit_code=unit.number,
            building=unit.building_id,
            layout=unit.layout_id,
            identities=frozenset() if proof == "" else frozenset({PROVEN}),
        ),
        basis=list_price.Basis(unit.price_basis),
        stack_mode=discounts.StackMode(book.policy.stack_mode),
        round_each_step=book.classes[unit.product_type].round_each_step,
        identity_best_only=book.policy.identity_best_only,
        exclusive_choice=discounts.ExclusiveChoice(book.policy.exclusive_choice),
        precision=book.classes[unit.product_type].precision,
    )


def plan_item(plan: PaymentPlan) -> discounts.DiscountItem:
    """The reduction of the payment plan itself."""
    return discounts.DiscountItem(
        code=f"{plan.code}/{plan.edition}",
        name=plan.name,
        kind=discounts.DiscountKind.PLAN,
        form=discounts.DiscountForm.RATE,
        value=plan.rate,
        order=0,
        version=plan.edition,
    )


def _item(row: Discount, left: Mapping[int, int]) -> discounts.DiscountItem:
    return discounts.DiscountItem(
        code=row.code,
        name=row.name,
        kind=discounts.DiscountKind(row.kind),
        form=discounts.DiscountForm(row.form),
        value=row.amount_or_rate,
        order=row.order,
        exclusive_group=row.exclusive_group,
        version=row.version,
        conditions=discounts.Conditions(
            valid_from=row.valid_from,
            valid_until=row.valid_until,
            product_types=frozenset(row.product_types),
            plan_codes=frozenset(row.plan_codes),
            unit_codes=frozenset(row.unit_numbers),
            buildings=frozenset(row.buildings),
            layouts=frozenset(row.layouts),
            identity=PROVEN if row.needs_proof else "",
            quota_left=left.get(row.pk, 0) if row.quota is not None else None,
            on_time_signing=row.is_for_signing_on_time,
        ),
    )


def items_of(row: Discount, left: Mapping[int, int]) -> list[discounts.DiscountItem]:
    """A discount as the rules read it; a scheme of several items is one item each, bound together."""
    first = _item(row, left)
    if not row.items:
        return [first]
    first = replace(first, scheme=row.code)
    further = [
        replace(
            first,
            code=f"{row.code}/{number}",
            name=f"{row.name} · {each['name']}" if each["name"] else row.name,
            form=discounts.DiscountForm(each["form"]),
            value=Decimal(each["amount_or_rate"]),
            order=each["order"],
        )
        for number, each in enumerate(row.items, 2)
    ]
    return [first, *further]


def _special_item(special: Special) -> discounts.DiscountItem:
    return discounts.DiscountItem(
        code="*special*",
        name=special.reason,
        kind=discounts.DiscountKind.SPECIAL,
        form=discounts.DiscountForm(special.form),
        value=special.amount_or_rate,
    )


def offer_lines(planned: payment_plan.Schedule) -> tuple[OfferLine, ...]:
    return tuple(
        OfferLine(line.seq, line.money_type.value, line.amount, line.due_on, line.milestone)
        for line in planned.lines
    )


def _offer(
    unit: Unit,
    plan: PaymentPlan,
    priced: PricedTogether,
    planned: payment_plan.Schedule,
    by_code: Mapping[str, Discount],
    book: PriceBook,
    viewer: User,
    *,
    deposit: Decimal,
    reserve_on: date,
    sign_by: date,
    attached: Sequence[AttachedDraft],
    gift: Gift | None,
    published_only: bool,
) -> Offer:
    main = priced.main
    offered = tuple(
        AttachedOffer(draft.unit, draft.is_inside, draft.unit.list_total or Decimal(0), each.amount,
                      trace_json(each.trace))
        for draft, each in zip(attached, priced.attached, strict=True)
    )  # fmt: skip
    covered, floors = _against_floor(unit, main.deal_total, offered)
    applied = tuple(_shown(item, by_code) for item in main.applied)
    if gift is not None:
        applied += (_given(gift),)
    if book.policy.gifts_count_for_floor:
        covered -= sum((item.gift_cost for item in applied), Decimal(0))
    sees_floor = viewer.may("inventory.read_floor_price", unit.project_id)
    floor_total = floors if sees_floor else None
    return Offer(
        unit_id=unit.pk,
        payment_plan_id=plan.pk,
        plan_code=plan.code,
        plan_name=plan.name,
        reserve_on=reserve_on,
        sign_by=sign_by,
        price_basis=unit.price_basis,
        built_area=unit.built_area,
        inner_area=unit.inner_area,
        list_unit_price=unit.list_unit_price,
        list_total=main.list_total,
        deal_total=priced.deal_total,
        discount_amount=priced.list_total - priced.deal_total,
        deal_unit_price=main.built_unit_price,
        deal_inner_unit_price=main.inner_unit_price,
        overall_rate=priced.overall_rate,
        overall_rate_truncated=priced.overall_rate_truncated,
        deposit=deposit,
        loan_total=planned.loan_total,
        down_payment=priced.deal_total - planned.loan_total,
        down_payment_ratio=planned.down_payment_ratio,
        schedule=offer_lines(planned),
        applied=applied,
        refused=tuple(
            _shown(each.item, by_code, each.reason)
            for each in main.refused
            if each.item.code == each.item.bundle
        ),
        authority=authority.authority_needed(
            overall_rate_truncated=priced.overall_rate_truncated,
            deal_total=covered,
            floor_total=floors,
            published_only=published_only and not any(each.is_inside for each in attached),
            matrix=book.authority,
        ),
        floor_total=floor_total,
        floor_margin=None if floor_total is None else covered - floor_total,
        trace=trace_json([*priced.trace, *planned.trace]),
        attached=offered,
        attached_total=sum((each.amount for each in offered), Decimal(0)),
    )


def verdicts_on(offer: Offer, unit: Unit, *, published_only: bool) -> list[authority.Verdict]:
    """What each level may do with this price; the floor test only where its reader knows floors."""
    return authority.verdicts(
        overall_rate_truncated=offer.overall_rate_truncated,
        below_floor=offer.floor_margin is not None and offer.floor_margin < 0,
        published_only=published_only,
        matrix=price_book_of(unit).authority,
    )


def _against_floor(
    unit: Unit, main_total: Decimal, attached: Iterable[AttachedOffer]
) -> tuple[Decimal, Decimal | None]:
    """Amounts and floor prices together, of those units that have a floor price (U-6)."""
    amounts = [(unit.floor_total, main_total)]
    amounts += [(each.unit.floor_total, each.amount) for each in attached]
    known = [(floor, amount) for floor, amount in amounts if floor is not None]
    if not known:
        return main_total, None
    return sum((a for _, a in known), Decimal(0)), sum((f for f, _ in known), Decimal(0))


def _given(gift: Gift) -> OfferItem:
    name = gift.name.strip()
    return OfferItem(
        discount_id=None,
        kind=GIFT,
        code="*gift*",
        name=name,
        form=discounts.DiscountForm.AMOUNT.value,
        amount_or_rate=Decimal(0),
        gift_name=name,
        gift_cost=gift.cost,
    )


def _shown(
    item: discounts.DiscountItem, by_code: Mapping[str, Discount], reason: str = ""
) -> OfferItem:
    row = by_code.get(item.bundle)
    head = (
        row if item.code == item.bundle else None
    )  # Proof and gift are those of the whole scheme.
    return OfferItem(
        discount_id=row.pk if row else None,
        kind=item.kind.value,
        code=item.code,
        name=item.name,
        form=item.form.value,
        amount_or_rate=item.value,
        is_for_signing_on_time=item.conditions.on_time_signing,
        reason=str(reason),
        product_types=tuple(sorted(item.conditions.product_types)),
        needs_proof=head is not None and head.needs_proof,
        gift_name=head.gift_name if head else "",
        gift_cost=head.gift_cost if head else Decimal(0),
    )
