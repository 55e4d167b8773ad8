"""Another payment plan for a deal, over the API: what it would be, and the change (AFF-08)."""

from datetime import date
from typing import Annotated, Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Query, Router, Schema, Status
from pydantic import Field

from loupan.core.calendar import business_day
from loupan.core.rest import ERRORS, ApiRequest, Id, Line, MoneyIn, MoneyOut, RateOut
from loupan.org.permissions import require
from loupan.pricing.queries.book import price_book
from loupan.pricing.queries.discounts import quota_left
from loupan.sales.actions.plan_changes import change_payment_plan
from loupan.sales.api.units import Ids, ReasonIn
from loupan.sales.models import Deal, PlanChange, Reservation
from loupan.sales.queries.attached import attached_of
from loupan.sales.queries.deals import deals_for
from loupan.sales.queries.plan_changes import changed_plan

router = Router(tags=["sales"])


class PlanChangeAskIn(Schema):
    discount_ids: Ids = []


class PlanChangeIn(ReasonIn):
    """Without `discount_ids` the deal's own; `seen_total` is the price shown: another is refused."""

    payment_plan_id: Id
    discount_ids: Ids | None = None
    proof: Annotated[Line, Field(max_length=120)] = ""
    seen_total: MoneyIn | None = None


class PlanChangeLineOut(Schema):
    seq: int
    money_type: str
    amount: MoneyOut
    due_on: date | None
    note: str


class LostDiscountOut(Schema):
    name: str
    reason: str


class PlanChangeOutlookOut(Schema):
    payment_plan_id: int
    priced_on: date
    deal_total_before: MoneyOut
    deal_total: MoneyOut
    overall_rate: RateOut
    lost: list[LostDiscountOut]
    schedule: list[PlanChangeLineOut]


class PlanChangeOut(Schema):
    id: int
    deal_id: int
    from_plan_id: int
    to_plan_id: int
    priced_on: date
    total_before: MoneyOut
    total_after: MoneyOut
    reason: str


def _deal(request: ApiRequest, deal_id: int) -> Deal:
    require(request.user, "sales.read")
    deal = get_object_or_404(deals_for(request.user), pk=deal_id)
    require(request.user, "sales.change_plan", deal.project_id)
    return deal


@router.get(
    "deals/{deal_id}/plan-change/{payment_plan_id}/",
    response={200: PlanChangeOutlookOut, **ERRORS},
    summary="See what another payment plan would make of a deal",
)
def plan_change_outlook(
    request: ApiRequest, deal_id: Id, payment_plan_id: Id, asked: Query[PlanChangeAskIn]
) -> Any:
    """Price, payments and the discounts that would be lost; nothing changes.

    Without `discount_ids` the deal's own discounts are looked at again.
    """
    deal = _deal(request, deal_id)
    changed = changed_plan(
        deal,
        price_book(deal.project_id),
        list(attached_of(deal)),
        payment_plan_id=payment_plan_id,
        discount_ids=asked.discount_ids or None,
        proof="",
        left=quota_left(asked.discount_ids),
        sign_by=Reservation.objects.values_list("sign_by", flat=True).get(deal=deal),
        today=business_day(timezone.now()),
    )
    return {
        "payment_plan_id": changed.plan.pk,
        "priced_on": changed.priced_on,
        "deal_total_before": deal.deal_total,
        "deal_total": changed.priced.deal_total,
        "overall_rate": changed.priced.overall_rate,
        "lost": [{"name": name, "reason": str(why)} for name, why in changed.lost],
        "schedule": [
            {name: getattr(line, name) for name in PlanChangeLineOut.model_fields}
            for line in changed.lines
        ],
    }


@router.post(
    "deals/{deal_id}/plan-change/",
    response={201: PlanChangeOut, **ERRORS},
    summary="Change the payment plan of a deal",
)
def plan_change(request: ApiRequest, deal_id: Id, payload: PlanChangeIn) -> Any:
    """Before the contract: price, payments and process are made anew, receipts settle the new ones."""
    deal = _deal(request, deal_id)
    made: PlanChange = change_payment_plan(
        deal_id=deal.pk, **payload.dict(), by=request.user, at=timezone.now()
    )
    return Status(201, made)
