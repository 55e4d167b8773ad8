"""What goes with a main unit, over the API: what may be chosen, attach, take out."""

from typing import Annotated, Any, Literal

from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Query, Router, Schema, Status
from pydantic import Field

from loupan.core.rest import AFTER, ERRORS, LIMIT, ApiRequest, AreaOut, Id, Line, MoneyOut, paged
from loupan.inventory.queries.units import units_for
from loupan.sales.actions import attached
from loupan.sales.api.deals import AttachedOut, attached_out
from loupan.sales.api.units import AttachedIn, ReasonIn
from loupan.sales.queries.attached import attachable_for
from loupan.sales.queries.deals import deals_for

router = Router(tags=["sales"])


class AttachableFilterIn(Schema):
    q: Annotated[Line, Field(max_length=60)] = ""


class AttachableOut(Schema):
    id: int
    number: str
    product_type: str
    built_area: AreaOut | None
    list_total: MoneyOut


class AttachablesOut(Schema):
    items: list[AttachableOut]
    next: str | None = None


class RemovalIn(ReasonIn):
    unit_goes_to: Literal["available", "withheld"] = "available"


@router.get("units/{unit_id}/attachable-units/", response={200: AttachablesOut, **ERRORS})
def attachable_units(
    request: ApiRequest,
    unit_id: Id,
    filters: Query[AttachableFilterIn],
    after: AFTER = None,
    limit: LIMIT = 100,
) -> Any:
    """Stalls, storage units, gardens and roofs for sale in the project of a unit; `q` is a number."""
    unit = get_object_or_404(units_for(request.user), pk=unit_id)
    page, following = paged(attachable_for(request.user, unit, filters.q), after=after, limit=limit)
    return {"items": page, "next": following}


@router.post("deals/{deal_id}/attached-units/", response={201: AttachedOut, **ERRORS})
def attach(request: ApiRequest, deal_id: Id, payload: AttachedIn) -> Any:
    """Let one more unit go with a reserved deal; total and schedule change with it."""
    deal = get_object_or_404(deals_for(request.user), pk=deal_id)
    row = attached.attach_unit(
        deal_id=deal.pk, **payload.dict(), by=request.user, at=timezone.now()
    )
    return Status(201, attached_out(row))


@router.post(
    "deals/{deal_id}/attached-units/{unit_id}/removal/", response={201: AttachedOut, **ERRORS}
)
def detach(request: ApiRequest, deal_id: Id, unit_id: Id, payload: RemovalIn) -> Any:
    """Take a unit out of a reserved deal; total and schedule change, the unit comes free."""
    deal = get_object_or_404(deals_for(request.user), pk=deal_id)
    row = attached.detach_unit(
        deal_id=deal.pk, unit_id=unit_id, **payload.dict(), by=request.user, at=timezone.now()
    )
    return Status(201, attached_out(row))
