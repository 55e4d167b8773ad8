"""A reserved deal goes over to another payment plan: price, payments, process (AFF-08, 2.3.1 d)."""

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal

from loupan.core import audit
from loupan.core.calendar import business_day
from loupan.core.db import writes
from loupan.core.formatting import money_text
from loupan.ledger import queries as ledger
from loupan.ledger.actions.schedules import DueLine, replace_schedule
from loupan.ledger.models import Account
from loupan.org.models import User
from loupan.org.permissions import require
from loupan.pricing.actions.discounts import lock_quotas, return_quotas, take_quotas
from loupan.pricing.errors import DiscountUsedByPerson
from loupan.pricing.queries.book import PriceBook, price_book
from loupan.sales import errors
from loupan.sales.actions.attached import (
    PRICE,
    ensure_below_filed,
    ensure_same_units,
    ensure_within_authority,
    lock_units_of,
    put_price,
)
from loupan.sales.actions.process import mark_money, refit_process
from loupan.sales.models import Buyer, Deal, DealDiscount, PlanChange, Reservation
from loupan.sales.queries.attached import attached_of, price_again
from loupan.sales.queries.deals import deals_with_discount
from loupan.sales.queries.plan_changes import ChangedPlan, changed_plan
from loupan.sales.states import DEAL


@writes
def change_payment_plan(
    *,
    deal_id: int,
    payment_plan_id: int,
    reason: str,
    by: User,
    at: datetime,
    discount_ids: Collection[int] | None = None,
    proof: str = "",
    seen_total: Decimal | None = None,
) -> PlanChange:
    """Put a reserved deal under another plan: it is priced again from its own list price.

    Discounts are looked at as at the day of the reservation, or of the change where the project
    says so; without `discount_ids` the deal's own are.  Receipts settle the new payments.  With
    `seen_total` another price is refused.  Raises NotAllowedNow, ReasonMissing,
    PriceRulesChanged, PriceSeenOtherwise, DiscountUsedByPerson, DiscountAboveAuthority,
    PriceAboveFiled, ChangedMeanwhile and what changed_plan raises.
    """
    units = lock_units_of(deal_id=deal_id)
    require(by, "sales.change_plan", units.main.project_id)
    deal = (
        Deal.objects.locked().select_related("payment_plan", "account", "project").get(pk=deal_id)
    )
    ensure_same_units(deal=deal, units=units)
    deal.unit = units.main
    deal.status = DEAL.after("change_plan", deal.status)
    if not reason.strip():
        raise errors.ReasonMissing
    book = price_book(deal.project_id)
    attached = list(attached_of(deal))
    if price_again(deal, book, attached).deal_total != deal.deal_total:
        raise errors.PriceRulesChanged
    sign_by = Reservation.objects.values_list("sign_by", flat=True).get(deal=deal)
    changed = changed_plan(
        deal,
        book,
        attached,
        payment_plan_id=payment_plan_id,
        discount_ids=discount_ids,
        proof=proof,
        left=_quotas(discount_ids or (), book),
        sign_by=sign_by,
        today=business_day(at),
    )
    if seen_total is not None and seen_total != changed.priced.deal_total:
        raise errors.PriceSeenOtherwise(total=money_text(changed.priced.deal_total))
    _ensure_within_limits(deal, changed, book)
    ensure_below_filed(unit=units.main, attached=attached, priced=changed.priced)
    deal.discounts.all().delete()
    DealDiscount.objects.bulk_create(changed.discounts)
    ensure_within_authority(deal=deal, book=book, attached=attached, priced=changed.priced, by=by)
    take_quotas(discount_ids=[pk for pk in changed.taken if _is_limited(pk, book)])
    return_quotas(discount_ids=changed.given_back)
    change = PlanChange(
        deal=deal, from_plan=deal.payment_plan, to_plan=changed.plan, reason=reason.strip(),
        priced_on=changed.priced_on, total_before=deal.deal_total,
        total_after=changed.priced.deal_total, by=by, at=at,
    )  # fmt: skip
    put_price(deal=deal, attached=attached, priced=changed.priced)
    deal.payment_plan = changed.plan
    deal.version += 1
    deal.save(update_fields=["version", "authority", "payment_plan", *PRICE])
    account = Account.objects.locked().select_related("project").get(pk=deal.account_id)
    replace_schedule(
        account=account,
        lines=[
            DueLine(line.seq, line.money_type, line.amount, line.due_on, line.note)
            for line in changed.lines
        ],
        reason="plan_change",
        at=at,
    )
    due = sum((line.amount for line in ledger.lines_of(deal.account_id)), Decimal(0))
    assert due == deal.deal_total, (due, deal.deal_total)
    refit_process(deal=deal, schedule=changed.lines, sign_by=sign_by)
    mark_money(deal=deal)
    change.save()
    audit.record(
        "sales.deal.plan_changed",
        deal,
        by=by,
        at=at,
        before={"payment_plan": change.from_plan.name, "deal_total": change.total_before},
        after={"payment_plan": change.to_plan.name, "deal_total": change.total_after},
        plan=change.to_plan.name,
        deal_total=change.total_after,
        lost=", ".join(name for name, _why in changed.lost),
        reason=change.reason,
    )
    return change


def _is_limited(pk: int, book: PriceBook) -> bool:
    return (row := book.discounts.get(pk)) is not None and row.quota is not None


def _quotas(discount_ids: Collection[int], book: PriceBook) -> dict[int, int]:
    limited = [pk for pk in discount_ids if _is_limited(pk, book)]
    return lock_quotas(discount_ids=limited) if limited else {}


def _ensure_within_limits(deal: Deal, changed: ChangedPlan, book: PriceBook) -> None:
    """DSC-04: nobody has a newly granted discount in more deals than it allows."""
    buyers = list(Buyer.objects.filter(deal=deal).select_related("customer__person"))
    for pk in sorted(changed.taken):
        discount = book.discounts[pk]
        if discount.per_person is None:
            continue
        for buyer in buyers:
            count = deals_with_discount(pk, buyer.customer_id)
            if count >= discount.per_person:
                raise DiscountUsedByPerson(
                    person=buyer.customer.name, discount=discount.name, count=count
                )
