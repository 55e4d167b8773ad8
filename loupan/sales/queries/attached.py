"""What goes with a main unit: what may be chosen, what a deal has, what the deal costs with it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from loupan.core.rounding import AmountOutOfRange
from loupan.inventory.models import Unit
from loupan.inventory.queries.units import units_for
from loupan.inventory.states import UnitStatus
from loupan.org.models import User
from loupan.pricing.queries.book import PriceBook
from loupan.pricing.queries.offers import GIFT, AttachedDraft, Offer
from loupan.pricing.queries.problems import refusal_of
from loupan.pricing.rules import deal_price, discounts, list_price
from loupan.pricing.rules.attached import MOST_ATTACHED, Attached, PricedTogether, price_together
from loupan.pricing.rules.tracing import PricingProblem
from loupan.sales import errors
from loupan.sales.models import AttachedUnit, Deal
from loupan.sales.states import ATTACHABLE, AttachedPricing

MOST_CHOICES = 20


@dataclass(frozen=True)
class AttachedWish:
    """A unit that somebody wants to go with the main one, as entered."""

    unit_id: int
    pricing: str = AttachedPricing.SEPARATE

    @property
    def is_inside(self) -> bool:
        return self.pricing == AttachedPricing.INSIDE


def attachable_for(viewer: User, unit: Unit, typed: str = "") -> QuerySet[Unit]:
    """Stalls and the like that are for sale beside this unit, by number."""
    rows = units_for(viewer).filter(
        project_id=unit.project_id,
        product_type__in=ATTACHABLE,
        status=UnitStatus.AVAILABLE,
        list_total__isnull=False,
    )
    if typed := typed.strip():
        rows = rows.filter(number__icontains=typed)
    return rows.exclude(pk=unit.pk).order_by("number", "pk")


def check_wishes(
    wishes: Sequence[AttachedWish], *, unit: Unit, found: Iterable[Unit]
) -> list[Unit]:
    """The units wished for, in that order, out of those found.

    Raises TooManyAttached, AttachedTwice, AttachedUnknown, AttachedUnsuitable.
    """
    if len(wishes) > MOST_ATTACHED:
        raise errors.TooManyAttached(most=MOST_ATTACHED)
    by_id = {each.pk: each for each in found}
    chosen: list[Unit] = []
    for wish in wishes:
        there = unit if wish.unit_id == unit.pk else by_id.get(wish.unit_id)
        if there is None or there.project_id != unit.project_id:
            raise errors.AttachedUnknown
        if there is unit or there in chosen:
            raise errors.AttachedTwice(unit=there)
        if there.product_type not in ATTACHABLE:
            raise errors.AttachedUnsuitable(unit=there)
        chosen.append(there)
    return chosen


def drafts_of(viewer: User, unit: Unit, wishes: Sequence[AttachedWish]) -> list[AttachedDraft]:
    """The wishes with their units, to price them. Raises what check_wishes raises."""
    if not wishes:
        return []
    found = units_for(viewer).filter(pk__in=[wish.unit_id for wish in wishes][: MOST_ATTACHED + 1])
    chosen = check_wishes(wishes, unit=unit, found=found)
    return [AttachedDraft(each, wish.is_inside) for each, wish in zip(chosen, wishes, strict=True)]


def offered_words(offer: Offer) -> list[dict[str, Any]]:
    """What an offer says of the units that go along: texts and ids, to be kept with a quote."""
    return [
        {
            "unit_id": each.unit.pk,
            "number": each.unit.number,
            "pricing": (
                AttachedPricing.INSIDE if each.is_inside else AttachedPricing.SEPARATE
            ).value,
            "list_total": f"{each.list_total:.2f}",
            "amount": f"{each.amount:.2f}",
        }
        for each in offer.attached
    ]


def attached_of(deal: Deal) -> QuerySet[AttachedUnit]:
    """What goes with the deal's main unit now, or went with it when it ended."""
    return (
        AttachedUnit.objects.filter(deal=deal, removed_on=None)
        .select_related("unit")
        .order_by("pk")
    )


def price_again(
    deal: Deal,
    book: PriceBook,
    attached: Sequence[AttachedUnit],
    *,
    without_signing_discounts: bool = False,
) -> PricedTogether:
    """The deal's own snapshot priced again: with these units attached, or without what was for
    signing on time (2.3.1 e). Raises what price_for raises.
    """
    items = tuple(
        discounts.DiscountItem(
            code=f"{item.seq}",
            name=item.name,
            kind=discounts.DiscountKind(item.kind),
            form=discounts.DiscountForm(item.form),
            value=item.amount_or_rate,
            order=item.seq,
            conditions=discounts.Conditions(product_types=frozenset(item.product_types)),
        )
        for item in deal.discounts.all()
        if item.kind != GIFT
        if not (without_signing_discounts and item.is_for_signing_on_time)
    )
    return priced_with(deal, book, items, attached)


def priced_with(
    deal: Deal,
    book: PriceBook,
    items: Sequence[discounts.DiscountItem],
    attached: Sequence[AttachedUnit],
    facts: discounts.DealFacts | None = None,
) -> PricedTogether:
    """The list prices of a deal's snapshot with these discounts; their conditions only with `facts`.

    Raises what price_for raises.
    """
    settings = book.classes[deal.unit.product_type]
    try:
        return price_together(
            deal_price.PriceInput(
                list_total=deal.list_total,
                built_area=deal.built_area,
                inner_area=deal.inner_area,
                items=tuple(items),
                facts=facts,
                basis=list_price.Basis(deal.price_basis),
                stack_mode=discounts.StackMode(book.policy.stack_mode),
                round_each_step=settings.round_each_step,
                identity_best_only=book.policy.identity_best_only,
                exclusive_choice=discounts.ExclusiveChoice(book.policy.exclusive_choice),
                precision=settings.precision,
            ),
            [
                Attached(
                    each.unit.number,
                    each.list_total,
                    each.product_type,
                    each.pricing == AttachedPricing.INSIDE,
                )
                for each in attached
            ],
        )
    except (PricingProblem, AmountOutOfRange) as problem:
        raise refusal_of(problem) from problem
