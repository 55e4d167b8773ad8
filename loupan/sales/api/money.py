"""Money of a deal over the API: receive, reverse."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import uuid4

from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Router, Schema
from pydantic import Field

from loupan.core.rest import (
    ERRORS,
    ApiRequest,
    Day,
    Id,
    Line,
    MoneyIn,
    MoneyOut,
)
from loupan.ledger.models import Receipt
from loupan.ledger.queries import receipts_for
from loupan.sales.actions import money
from loupan.sales.api.units import ReasonIn, answer_once
from loupan.sales.queries.deals import deals_for

router = Router(tags=["sales"])

MethodCode = Literal["cash", "pos", "transfer", "cheque", "qr", "loan"]


MoneyTypeCode = Literal[
    "deposit", "down_payment", "instalment", "commercial_loan", "provident_loan", "balance"
]


class ReceiptIn(Schema):
    amount: MoneyIn
    method: MethodCode
    received_on: Day
    money_type: MoneyTypeCode | None = None
    account_id: Id | None = None
    payer: Annotated[Line, Field(max_length=80)] = ""
    slip_number: Annotated[Line, Field(max_length=60)] = ""


class AllocationOut(Schema):
    schedule_line_id: int
    amount: MoneyOut


class ReceiptOut(Schema):
    id: int
    number: str
    kind: str
    amount: MoneyOut
    money_type: str
    method: str
    received_on: date
    payer: str
    corrects_id: int | None
    allocations: list[AllocationOut]


def money_text(amount: Decimal) -> str:
    return f"{amount:.2f}"


def receipt_out(receipt: Receipt) -> dict[str, Any]:
    given: dict[int, Decimal] = {}
    for allocation in receipt.allocations.all():
        line = allocation.receivable_id
        given[line] = given.get(line, Decimal(0)) + allocation.amount
    return {
        "id": receipt.pk,
        "number": receipt.number,
        "kind": receipt.kind,
        "amount": money_text(receipt.amount),
        "money_type": receipt.money_type,
        "method": receipt.method,
        "received_on": receipt.received_on,
        "payer": receipt.payer,
        "corrects_id": receipt.corrects_id,
        "allocations": [
            {"schedule_line_id": line, "amount": money_text(amount)}
            for line, amount in given.items()
            if amount
        ],
    }


@router.post("deals/{deal_id}/receipts/", response={201: ReceiptOut, **ERRORS})
def receive(request: ApiRequest, deal_id: Id, payload: ReceiptIn) -> Any:
    """Take money on a deal; `account_id` is the bank account it came to."""
    deal = get_object_or_404(deals_for(request.user), pk=deal_id)

    def do() -> tuple[int, Mapping[str, Any]]:
        receipt = money.record_receipt(
            deal_id=deal.pk,
            amount=payload.amount,
            method=payload.method,
            received_on=payload.received_on,
            money_type=payload.money_type or "",
            bank_account_id=payload.account_id,
            payer=payload.payer,
            slip_number=payload.slip_number,
            request_key=uuid4(),
            by=request.user,
            at=timezone.now(),
        )
        return 201, receipt_out(receipt)

    return answer_once(request, do)


@router.post("receipts/{receipt_id}/reversal/", response={201: ReceiptOut, **ERRORS})
def reverse(request: ApiRequest, receipt_id: Id, payload: ReasonIn) -> Any:
    """Answer a wrong receipt by its opposite."""
    there = get_object_or_404(receipts_for(request.user), pk=receipt_id)

    def do() -> tuple[int, Mapping[str, Any]]:
        reversal = money.reverse_receipt(
            receipt_id=there.pk, reason=payload.reason, by=request.user, at=timezone.now()
        )
        return 201, receipt_out(reversal)

    return answer_once(request, do)
