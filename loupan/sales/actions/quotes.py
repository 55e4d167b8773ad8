"""Purchase plans (置业计划): what a unit would cost. A quote claims nothing."""

from collections.abc import Sequence
from datetime import date, datetime

from loupan.core import audit
from loupan.core.calendar import business_day
from loupan.core.db import writes
from loupan.customers.queries import customers_for
from loupan.inventory.models import Unit
from loupan.org.models import User
from loupan.org.permissions import require
from loupan.pricing.queries.book import price_stamp
from loupan.pricing.queries.offers import Offer, price_for
from loupan.sales import errors
from loupan.sales.models import Quote
from loupan.sales.queries.attached import AttachedWish, drafts_of, offered_words
from loupan.sales.queries.quotes import valid_until

LONGEST_QUOTE = 90


@writes
def make_quotes(
    *,
    unit_id: int,
    payment_plan_ids: Sequence[int],
    discount_ids: Sequence[int],
    by: User,
    at: datetime,
    reserve_on: date | None = None,
    customer_id: int | None = None,
    attached: Sequence[AttachedWish] = (),
    valid_days: int | None = None,
) -> list[Quote]:
    """Price a unit under several plans and keep what was said, one quote for each.

    Valid for the days given (as long as the project lets sign where none are), but no longer than its
    plan and discounts.  Raises CustomerUnknown, QuoteValidityOutOfRange and what drafts_of and
    price_for raise.
    """
    if valid_days is not None and not 1 <= valid_days <= LONGEST_QUOTE:
        raise errors.QuoteValidityOutOfRange(days=LONGEST_QUOTE)
    unit = Unit.objects.annotate(price_stamp=price_stamp()).get(pk=unit_id)
    require(by, "sales.quote", unit.project_id)
    if customer_id is not None:
        known = customers_for(by).filter(pk=customer_id, project_id=unit.project_id)
        if not known.exists():
            raise errors.CustomerUnknown
    drafts = drafts_of(by, unit, attached)
    offers = [
        price_for(
            unit=unit,
            payment_plan_id=plan_id,
            discount_ids=discount_ids,
            reserve_on=reserve_on or business_day(at),
            viewer=by,
            attached=drafts,
        )
        for plan_id in payment_plan_ids
    ]
    quotes = Quote.objects.bulk_create(
        _quote(unit, offer, discount_ids, customer_id, valid_days, by=by, at=at) for offer in offers
    )
    audit.record_all(
        audit.entry(
            "sales.quote.made",
            quote,
            by=by,
            at=at,
            unit=unit.number,
            deal_total=quote.deal_total,
            payment_plan=offer.plan_name,
            customer_id=customer_id,
        )
        for quote, offer in zip(quotes, offers, strict=True)
    )
    return quotes


def _quote(
    unit: Unit,
    offer: Offer,
    discount_ids: Sequence[int],
    customer_id: int | None,
    valid_days: int | None,
    *,
    by: User,
    at: datetime,
) -> Quote:
    return Quote(
        project_id=unit.project_id,
        unit=unit,
        customer_id=customer_id,
        payment_plan_id=offer.payment_plan_id,
        discount_ids=list(discount_ids),
        attached=offered_words(offer),
        reserve_on=offer.reserve_on,
        list_total=offer.list_total,
        deal_total=offer.deal_total,
        deal_unit_price=offer.deal_unit_price,
        overall_rate=offer.overall_rate,
        schedule=[
            {
                "money_type": line.money_type,
                "amount": f"{line.amount:.2f}",
                "due_on": line.due_on.isoformat() if line.due_on else None,
            }
            for line in offer.schedule
        ],
        trace=offer.trace,
        valid_until=valid_until(unit, offer, business_day(at), valid_days),
        by=by,
        made_at=at,
    )
