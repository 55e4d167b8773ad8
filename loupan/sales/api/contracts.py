"""Contracts over the API: sign, cancel, list."""

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
    paged,
)
from loupan.sales.actions import cancellations, contracts
from loupan.sales.api.deals import DealFilterIn, filtered, row_out
from loupan.sales.api.money import MethodCode, money_text
from loupan.sales.api.units import ReasonIn, answer_once
from loupan.sales.models import Contract
from loupan.sales.queries.contracts import contracts_for
from loupan.sales.queries.reservations import reservations_for

router = Router(tags=["sales"])


class ContractIn(Schema):
    signed_on: Day
    number: Annotated[Line, Field(max_length=40)] = ""
    terms: LongText = ""


class ContractCancellationIn(ReasonIn):
    penalty: MoneyIn = Decimal(0)
    unit_goes_to: Literal["available", "withheld"] = "withheld"
    method: MethodCode = "transfer"


class ContractOut(Schema):
    id: int
    deal_id: int
    number: str
    deal_total: MoneyOut
    status: str
    signed_on: date


class ContractRowOut(ContractOut):
    project_id: int
    unit_id: int
    unit: str
    consultant: str


class ContractCancellationOut(Schema):
    id: int
    deal_id: int
    refunded: MoneyOut
    penalty: MoneyOut
    unit_goes_to: str


class ContractsOut(Schema):
    items: list[ContractRowOut]
    next: str | None = None


def contract_out(made: Contract) -> dict[str, Any]:
    return {
        "id": made.pk,
        "deal_id": made.deal_id,
        "number": made.number,
        "deal_total": money_text(made.deal.deal_total),
        "status": made.deal.status,
        "signed_on": made.signed_on,
    }


@router.post("reservations/{reservation_id}/contract/", response={201: ContractOut, **ERRORS})
def sign(request: ApiRequest, reservation_id: Id, payload: ContractIn) -> Any:
    """Sign the contract of a reservation."""
    there = get_object_or_404(reservations_for(request.user), pk=reservation_id)

    def do() -> tuple[int, Mapping[str, Any]]:
        made = contracts.sign_contract(
            reservation_id=there.pk, **payload.dict(), by=request.user, at=timezone.now()
        )
        return 201, contract_out(made)

    return answer_once(request, do)


@router.post(
    "contracts/{contract_id}/cancellation/", response={201: ContractCancellationOut, **ERRORS}
)
def cancel_contract(request: ApiRequest, contract_id: Id, payload: ContractCancellationIn) -> Any:
    """End a contract that is not filed: all but the penalty goes back, the unit comes free."""
    there = get_object_or_404(contracts_for(request.user), pk=contract_id)

    def do() -> tuple[int, Mapping[str, Any]]:
        made = cancellations.cancel_contract(
            contract_id=there.pk,
            **payload.dict(),
            request_key=uuid4(),
            by=request.user,
            at=timezone.now(),
        )
        return 201, {
            "id": made.pk,
            "deal_id": made.deal_id,
            "refunded": money_text(made.refunded),
            "penalty": money_text(made.penalty),
            "unit_goes_to": made.unit_goes_to,
        }

    return answer_once(request, do)


@router.get("contracts/", response={200: ContractsOut, **ERRORS})
def contract_list(
    request: ApiRequest, filters: Query[DealFilterIn], after: AFTER = None, limit: LIMIT = 100
) -> Any:
    """Contracts within reach, newest first; `from` and `to` are days of signing."""
    rows = contracts_for(request.user).filter(**filtered(filters, deal="deal__", day="signed_on"))
    page, following = paged(rows, after=after, limit=limit)
    return {"items": [{**contract_out(row), **row_out(row)} for row in page], "next": following}
