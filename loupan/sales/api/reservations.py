"""Reservations over the API: make, cancel, list."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import uuid4

from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import Field

from loupan.core.rest import (
    AFTER,
    ERRORS,
    LIMIT,
    ApiRequest,
    Day,
    Id,
    Line,
    LongText,
    MoneyIn,
    MoneyOut,
    RateIn,
    paged,
)
from loupan.pricing.queries.offers import Gift, Special
from loupan.sales.actions import cancellations, contracts, reservations
from loupan.sales.api.contracts import ContractOut, contract_out
from loupan.sales.api.deals import DealFilterIn, filtered, row_out
from loupan.sales.api.money import MethodCode, money_text
from loupan.sales.api.units import (
    AttachedIn,
    Ids,
    ReasonIn,
    answer_once,
    ensure_visible,
    wishes,
)
from loupan.sales.models import Reservation
from loupan.sales.queries.reservations import reservations_for

router = Router(tags=["sales"])


class BuyerIn(Schema):
    customer_id: Id
    share: RateIn | None = None


class SpecialIn(Schema):
    """A discount for this deal alone; needs the authority of 2.3.2."""

    form: Literal["rate", "percent_off", "amount", "unit_amount"]
    amount_or_rate: Annotated[
        Decimal, Field(ge=0, max_digits=18, decimal_places=6, allow_inf_nan=False)
    ]
    reason: Line = ""


class GiftIn(Schema):
    """What is given in this deal alone and is no money, and what it costs the seller."""

    name: Annotated[Line, Field(min_length=1, max_length=60)]
    cost: MoneyIn


class ReservationIn(Schema):
    buyers: Annotated[list[BuyerIn], Field(min_length=1, max_length=20)]
    payment_plan_id: Id
    discount_ids: Ids = []
    deposit: MoneyIn | None = None
    sign_by: Day | None = None
    reserved_on: Day | None = None
    special: SpecialIn | None = None
    gift: GiftIn | None = None
    attached: Annotated[list[AttachedIn], Field(max_length=20)] = []
    # The document behind discounts that need proof.
    proof: Annotated[Line, Field(max_length=120)] = ""


class CancellationIn(ReasonIn):
    kept: MoneyIn = Decimal(0)
    unit_goes_to: Literal["available", "withheld"] = "withheld"
    method: MethodCode = "transfer"


class ReservationOut(Schema):
    id: int
    deal_id: int
    number: str
    deal_total: MoneyOut
    status: str
    sign_by: date


class ReservationRowOut(ReservationOut):
    project_id: int
    unit_id: int
    unit: str
    reserved_on: date
    consultant: str


class CancellationOut(Schema):
    id: int
    deal_id: int
    refunded: MoneyOut
    kept: MoneyOut
    unit_goes_to: str


class ReservationsOut(Schema):
    items: list[ReservationRowOut]
    next: str | None = None


def _reservation(made: Reservation) -> dict[str, Any]:
    return {
        "id": made.pk,
        "deal_id": made.deal_id,
        "number": made.number,
        "deal_total": money_text(made.deal.deal_total),
        "status": made.deal.status,
        "sign_by": made.sign_by,
    }


@router.post("units/{unit_id}/reservations/", response={201: ReservationOut, **ERRORS})
def reserve(request: ApiRequest, unit_id: Id, payload: ReservationIn) -> Any:
    """Reserve the unit, with what is attached; of two at once one wins, the other gets 409.

    `unit_not_available` names the unit that was taken, and nothing is reserved.
    """
    ensure_visible(request, unit_id)

    def do() -> tuple[int, Mapping[str, Any]]:
        special = payload.special
        made = reservations.reserve_unit(
            unit_id=unit_id,
            buyers=[reservations.BuyerDraft(**buyer.dict()) for buyer in payload.buyers],
            payment_plan_id=payload.payment_plan_id,
            discount_ids=payload.discount_ids,
            deposit=payload.deposit,
            sign_by=payload.sign_by,
            reserved_on=payload.reserved_on,
            special=Special(**special.dict()) if special else None,
            gift=Gift(**payload.gift.dict()) if payload.gift else None,
            attached=wishes(payload.attached),
            proof=payload.proof,
            by=request.user,
            at=timezone.now(),
        )
        return 201, _reservation(made)

    return answer_once(request, do)


class DirectContractIn(Schema):
    buyers: Annotated[list[BuyerIn], Field(min_length=1, max_length=20)]
    payment_plan_id: Id
    signed_on: Day
    discount_ids: Ids = []
    deposit: MoneyIn | None = None
    special: SpecialIn | None = None
    gift: GiftIn | None = None
    attached: Annotated[list[AttachedIn], Field(max_length=20)] = []
    proof: Annotated[Line, Field(max_length=120)] = ""
    number: Annotated[Line, Field(max_length=40)] = ""
    terms: LongText = ""


@router.post(
    "units/{unit_id}/contract/",
    response={201: ContractOut, **ERRORS},
    summary="Sign a contract directly",
)
def contract_directly(request: ApiRequest, unit_id: Id, payload: DirectContractIn) -> Any:
    """Agreement and contract at once, where the project allows it (直接签约)."""
    ensure_visible(request, unit_id)

    def do() -> tuple[int, Mapping[str, Any]]:
        special = payload.special
        made = contracts.contract_directly(
            unit_id=unit_id,
            buyers=[reservations.BuyerDraft(**buyer.dict()) for buyer in payload.buyers],
            payment_plan_id=payload.payment_plan_id,
            signed_on=payload.signed_on,
            discount_ids=payload.discount_ids,
            deposit=payload.deposit,
            special=Special(**special.dict()) if special else None,
            gift=Gift(**payload.gift.dict()) if payload.gift else None,
            attached=wishes(payload.attached),
            proof=payload.proof,
            number=payload.number,
            terms=payload.terms,
            by=request.user,
            at=timezone.now(),
        )
        return 201, contract_out(made)

    return answer_once(request, do)


@router.post(
    "reservations/{reservation_id}/cancellation/", response={201: CancellationOut, **ERRORS}
)
def cancel(request: ApiRequest, reservation_id: Id, payload: CancellationIn) -> Any:
    """End a reservation by agreement: the money goes back, the unit comes free."""
    there = get_object_or_404(reservations_for(request.user), pk=reservation_id)

    def do() -> tuple[int, Mapping[str, Any]]:
        made = cancellations.cancel_reservation(
            reservation_id=there.pk,
            **payload.dict(),
            request_key=uuid4(),
            by=request.user,
            at=timezone.now(),
        )
        return 201, {
            "id": made.pk,
            "deal_id": made.deal_id,
            "refunded": money_text(made.refunded),
            "kept": money_text(made.kept),
            "unit_goes_to": made.unit_goes_to,
        }

    return answer_once(request, do)


@router.get("reservations/", response={200: ReservationsOut, **ERRORS})
def reservation_list(
    request: ApiRequest, filters: Query[DealFilterIn], after: AFTER = None, limit: LIMIT = 100
) -> Any:
    """Reservations within reach, newest first."""
    rows = reservations_for(request.user).filter(
        **filtered(filters, deal="deal__", day="reserved_on")
    )
    page, following = paged(rows, after=after, limit=limit)
    items = [{**_reservation(row), **row_out(row), "reserved_on": row.reserved_on} for row in page]
    return {"items": items, "next": following}
