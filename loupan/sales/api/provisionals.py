"""Provisional reservations over the API: make, pay, withdraw, list."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any
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
    MoneyIn,
    MoneyOut,
    paged,
)
from loupan.sales.actions import provisionals
from loupan.sales.api.money import MethodCode, ReceiptOut, receipt_out
from loupan.sales.api.units import ReasonIn, answer_once, ensure_visible
from loupan.sales.models import ProvisionalReservation
from loupan.sales.queries.provisionals import kept_for_money, provisional_page, provisionals_for

router = Router(tags=["sales"])


class ProvisionalIn(Schema):
    customer_id: Id
    amount: MoneyIn | None = None
    days: Annotated[int, Field(ge=1, le=365)] | None = None


class ProvisionalReceiptIn(Schema):
    amount: MoneyIn
    method: MethodCode
    received_on: Day
    account_id: Id | None = None
    payer: Annotated[Line, Field(max_length=80)] = ""
    slip_number: Annotated[Line, Field(max_length=60)] = ""


class WithdrawalIn(ReasonIn):
    method: MethodCode = "transfer"


class ProvisionalOut(Schema):
    id: int
    number: str
    project_id: int
    unit_id: int
    unit: str
    customer_id: int
    amount: MoneyOut
    made_on: date
    expires_at: datetime | None
    is_running: bool
    deal_id: int | None


class ProvisionalPageOut(ProvisionalOut):
    received: MoneyOut
    outstanding: MoneyOut
    is_kept_for_money: bool
    receipts: list[ReceiptOut]


class ProvisionalsOut(Schema):
    items: list[ProvisionalOut]
    next: str | None = None


class WithdrawalOut(Schema):
    id: int
    provisional_id: int
    refunded: MoneyOut


class ProvisionalFilterIn(Schema):
    project_id: Id | None = None
    unit_id: Id | None = None
    is_running: bool | None = None
    is_kept_for_money: bool = False


def _provisional(made: ProvisionalReservation) -> dict[str, Any]:
    return {
        "id": made.pk,
        "number": made.number,
        "project_id": made.project_id,
        "unit_id": made.unit_id,
        "unit": made.unit.number,
        "customer_id": made.customer_id,
        "amount": f"{made.amount:.2f}",
        "made_on": made.made_on,
        "expires_at": made.claim.expires_at,
        "is_running": made.claim.is_active,
        "deal_id": made.deal_id,
    }


@router.post(
    "units/{unit_id}/provisional-reservations/",
    response={201: ProvisionalOut, **ERRORS},
    summary="Reserve provisionally",
)
def reserve_provisionally(request: ApiRequest, unit_id: Id, payload: ProvisionalIn) -> Any:
    """Keep the unit for one customer for some days (小订); amount and days default to the project's."""
    ensure_visible(request, unit_id)

    def do() -> tuple[int, Mapping[str, Any]]:
        made = provisionals.reserve_provisionally(
            unit_id=unit_id, **payload.dict(), by=request.user, at=timezone.now()
        )
        return 201, _provisional(made)

    return answer_once(request, do)


@router.post(
    "provisional-reservations/{provisional_id}/receipts/",
    response={201: ReceiptOut, **ERRORS},
    summary="Receive a provisional amount",
)
def receive_provisionally(
    request: ApiRequest, provisional_id: Id, payload: ProvisionalReceiptIn
) -> Any:
    """Take the money of a provisional reservation, never more than was agreed."""
    there = get_object_or_404(provisionals_for(request.user), pk=provisional_id)

    def do() -> tuple[int, Mapping[str, Any]]:
        receipt = provisionals.record_provisional_receipt(
            provisional_id=there.pk,
            amount=payload.amount,
            method=payload.method,
            received_on=payload.received_on,
            bank_account_id=payload.account_id,
            payer=payload.payer,
            slip_number=payload.slip_number,
            request_key=uuid4(),
            by=request.user,
            at=timezone.now(),
        )
        return 201, receipt_out(receipt)

    return answer_once(request, do)


@router.post(
    "provisional-reservations/{provisional_id}/withdrawal/",
    response={201: WithdrawalOut, **ERRORS},
    summary="Withdraw a provisional reservation",
)
def withdraw(request: ApiRequest, provisional_id: Id, payload: WithdrawalIn) -> Any:
    """End it: all its money goes back, the unit is offered again."""
    there = get_object_or_404(provisionals_for(request.user), pk=provisional_id)

    def do() -> tuple[int, Mapping[str, Any]]:
        made = provisionals.withdraw_provisional(
            provisional_id=there.pk,
            **payload.dict(),
            request_key=uuid4(),
            by=request.user,
            at=timezone.now(),
        )
        refunded = f"{made.refunded:.2f}"
        return 201, {"id": made.pk, "provisional_id": there.pk, "refunded": refunded}

    return answer_once(request, do)


@router.get(
    "provisional-reservations/",
    response={200: ProvisionalsOut, **ERRORS},
    summary="List provisional reservations",
)
def provisional_list(
    request: ApiRequest,
    filters: Query[ProvisionalFilterIn],
    after: AFTER = None,
    limit: LIMIT = 100,
) -> Any:
    """Within reach, newest first; `is_kept_for_money` those whose time is over but not their money."""
    rows = provisionals_for(request.user)
    if filters.is_kept_for_money:
        kept = kept_for_money(request.user, timezone.now())
        rows = rows.filter(pk__in=kept.order_by().values("pk"))
    wanted = {
        "project_id": filters.project_id,
        "unit_id": filters.unit_id,
        "claim__is_active": filters.is_running,
    }
    rows = rows.filter(**{name: value for name, value in wanted.items() if value is not None})
    page, following = paged(rows, after=after, limit=limit)
    return {"items": [_provisional(row) for row in page], "next": following}


@router.get(
    "provisional-reservations/{provisional_id}/",
    response={200: ProvisionalPageOut, **ERRORS},
    summary="One provisional reservation",
)
def provisional(request: ApiRequest, provisional_id: Id) -> Any:
    """With its money, and whether it waits for a person because its time is over."""
    there = get_object_or_404(provisionals_for(request.user), pk=provisional_id)
    page = provisional_page(there, timezone.now())
    return {
        **_provisional(there),
        "received": page.balance.received,
        "outstanding": max(page.balance.outstanding, Decimal(0)),
        "is_kept_for_money": page.is_kept,
        "receipts": [receipt_out(receipt) for receipt in page.receipts],
    }
