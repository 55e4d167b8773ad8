"""Online filing, un-filing and void contracts over the API."""

from datetime import date, datetime
from typing import Annotated, Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Router, Schema, Status
from pydantic import Field

from loupan.core.rest import ERRORS, ApiRequest, Day, Id, Line
from loupan.sales.actions import filings
from loupan.sales.actions.voids import void_contract
from loupan.sales.api.units import ReasonIn
from loupan.sales.models import Unfiling
from loupan.sales.queries.contracts import contracts_for
from loupan.sales.queries.deals import deals_for
from loupan.sales.queries.filings import unfilings_for

router = Router(tags=["sales"])


class FilingIn(Schema):
    number: Annotated[Line, Field(min_length=1, max_length=60)]
    submitted_on: Day
    filed_on: Day


class FilingOut(Schema):
    id: int
    deal_id: int
    number: str
    submitted_on: date
    filed_on: date


class UnfilingOut(Schema):
    id: int
    deal_id: int
    number: str
    status: str
    reason: str
    asked_by: str
    asked_at: datetime
    confirmed: list[str]


class VoidOut(Schema):
    id: int
    contract_id: int
    deal_id: int
    voided_on: date


def _unfiling(made: Unfiling) -> dict[str, Any]:
    return {
        "id": made.pk,
        "deal_id": made.filing.deal_id,
        "number": made.filing.number,
        "status": made.status,
        "reason": made.reason,
        "asked_by": str(made.asked_by),
        "asked_at": made.asked_at,
        "confirmed": [one.side for one in made.confirmations.all()],
    }


@router.post(
    "deals/{deal_id}/filing/", response={201: FilingOut, **ERRORS}, summary="File a contract"
)
def file_contract(request: ApiRequest, deal_id: Id, payload: FilingIn) -> Any:
    """Record the government's number of the online filing (网签备案)."""
    there = get_object_or_404(deals_for(request.user), pk=deal_id)
    made = filings.file_contract(
        deal_id=there.pk, **payload.dict(), by=request.user, at=timezone.now()
    )
    return Status(201, made)


@router.post(
    "deals/{deal_id}/unfilings/",
    response={201: UnfilingOut, **ERRORS},
    summary="Ask to un-file a contract",
)
def request_unfiling(request: ApiRequest, deal_id: Id, payload: ReasonIn) -> Any:
    """Ask that the filing be taken back; finance and the project director must confirm."""
    there = get_object_or_404(deals_for(request.user), pk=deal_id)
    made = filings.request_unfiling(
        deal_id=there.pk, reason=payload.reason, by=request.user, at=timezone.now()
    )
    return Status(201, _unfiling(made))


@router.post(
    "unfilings/{unfiling_id}/confirmation/",
    response={201: UnfilingOut, **ERRORS},
    summary="Confirm an un-filing",
)
def confirm_unfiling(request: ApiRequest, unfiling_id: Id) -> Any:
    """Agree for one's side; the second of the two carries it out."""
    there = get_object_or_404(unfilings_for(request.user), pk=unfiling_id)
    made = filings.confirm_unfiling(unfiling_id=there.pk, by=request.user, at=timezone.now())
    return Status(201, _unfiling(made))


@router.post(
    "unfilings/{unfiling_id}/refusal/",
    response={201: UnfilingOut, **ERRORS},
    summary="Decline an un-filing",
)
def decline_unfiling(request: ApiRequest, unfiling_id: Id, payload: ReasonIn) -> Any:
    """Say no to a request, or take one's own back: the contract stays filed."""
    there = get_object_or_404(unfilings_for(request.user), pk=unfiling_id)
    made = filings.decline_unfiling(
        unfiling_id=there.pk, reason=payload.reason, by=request.user, at=timezone.now()
    )
    return Status(201, _unfiling(made))


@router.post(
    "contracts/{contract_id}/void/", response={201: VoidOut, **ERRORS}, summary="Void a contract"
)
def void(request: ApiRequest, contract_id: Id, payload: ReasonIn) -> Any:
    """Void a wrongly printed or entered contract; the deal is reserved again, its money stays."""
    there = get_object_or_404(contracts_for(request.user), pk=contract_id)
    made = void_contract(
        contract_id=there.pk, reason=payload.reason, by=request.user, at=timezone.now()
    )
    return Status(
        201,
        {
            "id": made.pk,
            "contract_id": there.pk,
            "deal_id": there.deal_id,
            "voided_on": made.voided_on,
        },
    )
