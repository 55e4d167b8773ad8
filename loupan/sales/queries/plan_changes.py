"""What another payment plan would make of a reserved deal (AFF-08, DOMAIN 2.3.1 d)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from django.db.models import QuerySet
from django.utils.functional import Promise

from loupan.org.models import User
from loupan.pricing import errors as pricing
from loupan.pricing.errors import OBJECTIONS
from loupan.pricing.models import Discount, PaymentPlan, PlanChangeDay
from loupan.pricing.queries.book import PriceBook
from loupan.pricing.queries.discounts import discounts_for
from loupan.pricing.queries.offers import (
    GIFT,
    OUTDONE,
    PROVEN,
    OfferLine,
    items_of,
    offer_lines,
    plan_item,
)
from loupan.pricing.queries.plans import is_offered, is_plan_for, offered_on, plans_for
from loupan.pricing.rules.attached import PricedTogether
from loupan.pricing.rules.discounts import (
    DealFacts,
    DiscountForm,
    DiscountItem,
    DiscountKind,
    RefusedItem,
)
from loupan.sales import errors
from loupan.sales.models import AttachedUnit, Deal, DealDiscount, PlanChange
from loupan.sales.queries.attached import priced_with
from loupan.sales.queries.contracts import schedule_when_signed


def plan_changes_for(deal: Deal) -> QuerySet[PlanChange]:
    """Every change of a deal's payment plan, the latest first."""
    return PlanChange.objects.filter(deal=deal).select_related("from_plan", "to_plan", "by")


def plan_change_day(deal: Deal, book: PriceBook, today: date) -> date:
    """As at which day plans and discounts are looked at: by default that of the reservation."""
    if book.policy.plan_change_day == PlanChangeDay.TODAY:
        return today
    return deal.reserved_on


def plans_to_change_to(viewer: User, deal: Deal, day: date) -> list[PaymentPlan]:
    """The plans a deal could go over to: offered on that day, for such a unit, not its own."""
    rows = plans_for(viewer, deal.project_id).filter(offered_on(day))
    return [row for row in rows.exclude(pk=deal.payment_plan_id) if is_plan_for(row, deal.unit)]


def discounts_to_keep(viewer: User, deal: Deal, day: date) -> QuerySet[Discount]:
    """The discounts a deal has, and those that were offered on that day."""
    own = deal.discounts.exclude(discount=None).values("discount_id")
    rows = discounts_for(viewer, deal.project_id)
    return rows.filter(pk__in=own) | rows.filter(offered_on(day))


@dataclass(frozen=True)
class ChangedPlan:
    """A deal under another plan: its price, its payments, its discounts; nothing is saved yet."""

    plan: PaymentPlan
    priced_on: date
    priced: PricedTogether
    lines: tuple[OfferLine, ...]
    discounts: tuple[DealDiscount, ...]
    # Names of what the deal had and does not keep, each with the reason.
    lost: tuple[tuple[str, str | Promise], ...]
    taken: frozenset[int]
    given_back: frozenset[int]


def changed_plan(
    deal: Deal,
    book: PriceBook,
    attached: Sequence[AttachedUnit],
    *,
    payment_plan_id: int,
    discount_ids: Collection[int] | None,
    proof: str,
    left: Mapping[int, int],
    sign_by: date,
    today: date,
) -> ChangedPlan:
    """The deal's own list price under another plan; every discount is looked at again.

    What the deal has keeps the amount it was granted with and its place in the quota; a discount
    it does not have yet must hold like at a reservation.  A special discount and a gift stay.
    Raises PlanUnchanged, PlanNotOffered, PlanNotForUnit, DiscountNotOffered,
    DiscountNotApplicable, DiscountQuotaUsedUp and what price_for raises for amounts.
    """
    day = plan_change_day(deal, book, today)
    plan = book.plans.get(payment_plan_id)
    if payment_plan_id == deal.payment_plan_id:
        raise errors.PlanUnchanged
    if plan is None or not is_offered(plan, day):
        raise pricing.PlanNotOffered(day=day)
    if not is_plan_for(plan, deal.unit):
        raise pricing.PlanNotForUnit(plan=plan.name)
    rows = list(deal.discounts.all())
    held: dict[int, list[DealDiscount]] = {}
    for row in rows:
        if row.discount_id is not None:
            held.setdefault(row.discount_id, []).append(row)
    chosen = list(dict.fromkeys(held if discount_ids is None else discount_ids))
    drafts = _plan_draft(plan)
    for pk in chosen:
        discount = book.discounts.get(pk)
        if discount is None or (pk not in held and not discount.is_enabled):
            raise pricing.DiscountNotOffered
        drafts += _held(discount, held[pk]) if pk in held else _fresh(discount, left, proof)
    drafts += [_special(row) for row in rows if row.kind == DiscountKind.SPECIAL]
    priced = priced_with(
        deal,
        book,
        [item for item, _row in drafts],
        attached,
        DealFacts(
            reserved_on=day,
            product_type=deal.unit.product_type,
            plan_code=plan.code,
            unit_code=deal.unit.number,
            building=deal.unit.building_id,
            layout=deal.unit.layout_id,
            identities=frozenset({PROVEN}) if proof.strip() else frozenset(),
        ),
    )
    by_code = {item.code: row for item, row in drafts}
    granted = [by_code[item.code] for item in priced.main.applied]
    lost = _lost(priced.main.refused, by_code, held)
    granted += [row for row in rows if row.kind == GIFT]
    now = frozenset(row.discount_id for row in granted if row.discount_id is not None)
    gone = [(held[pk][0].name, pricing.NOT_CHOSEN) for pk in held if pk not in chosen]
    return ChangedPlan(
        plan=plan,
        priced_on=day,
        priced=priced,
        lines=offer_lines(schedule_when_signed(deal, sign_by, priced.deal_total, book, plan)),
        discounts=tuple(_copy(row, deal, seq) for seq, row in enumerate(granted)),
        lost=(*lost, *gone),
        taken=now - held.keys(),
        given_back=frozenset(held.keys() - now),
    )


Draft = tuple[DiscountItem, DealDiscount]


def _plan_draft(plan: PaymentPlan) -> list[Draft]:
    item = plan_item(plan)
    return [(item, _row(item, None))]


def _row(item: DiscountItem, discount: Discount | None, proof: str = "") -> DealDiscount:
    head = discount if discount is not None and item.code == item.bundle else None
    return DealDiscount(
        discount=discount,
        kind=item.kind.value,
        name=item.name,
        form=item.form.value,
        amount_or_rate=item.value,
        is_for_signing_on_time=item.conditions.on_time_signing,
        product_types=sorted(item.conditions.product_types),
        proof=proof if head and head.needs_proof else "",
        gift_name=head.gift_name if head else "",
        gift_cost=head.gift_cost if head else Decimal(0),
    )


def _fresh(discount: Discount, left: Mapping[int, int], proof: str) -> list[Draft]:
    return [(item, _row(item, discount, proof.strip())) for item in items_of(discount, left)]


def _held(discount: Discount, rows: Sequence[DealDiscount]) -> list[Draft]:
    """What the deal was granted, under the conditions of today's wording; proof and quota are given."""
    items = items_of(discount, {discount.pk: 1})
    first = items[0]
    settled = replace(first.conditions, identity="", quota_left=None)
    scheme = discount.code if len(rows) > 1 else ""
    return [
        (
            replace(
                first,
                code=first.code if number == 0 else f"{discount.code}/{number + 1}",
                name=row.name,
                form=DiscountForm(row.form),
                value=row.amount_or_rate,
                order=items[number].order if number < len(items) else first.order,
                scheme=scheme,
                conditions=settled,
            ),
            row,
        )
        for number, row in enumerate(rows)
    ]


def _special(row: DealDiscount) -> Draft:
    item = DiscountItem(
        code="*special*",
        name=row.name,
        kind=DiscountKind.SPECIAL,
        form=DiscountForm(row.form),
        value=row.amount_or_rate,
    )
    return item, row


def _lost(
    refused: Sequence[RefusedItem],
    by_code: Mapping[str, DealDiscount],
    held: Mapping[int, Sequence[DealDiscount]],
) -> list[tuple[str, str | Promise]]:
    """What the deal had and loses; what was newly asked for and does not hold is refused."""
    lost: list[tuple[str, str | Promise]] = []
    for each in refused:
        if each.item.code != each.item.bundle:
            continue
        row = by_code[each.item.code]
        if row.discount_id in held:
            lost.append((row.name, OBJECTIONS[each.reason]))
        elif each.reason == "quota_used_up":
            raise pricing.DiscountQuotaUsedUp(discount=row.name)
        elif each.reason not in OUTDONE:
            raise pricing.DiscountNotApplicable(discount=row.name, reason=OBJECTIONS[each.reason])
    return lost


def _copy(row: DealDiscount, deal: Deal, seq: int) -> DealDiscount:
    names = ("discount_id", "kind", "name", "form", "amount_or_rate", "is_for_signing_on_time",
             "product_types", "proof", "gift_name", "gift_cost")  # fmt: skip
    return DealDiscount(deal=deal, seq=seq, **{name: getattr(row, name) for name in names})
