"""Owners, residents, tenants and contacts of units over the API (INV-12)."""

from datetime import date
from typing import Annotated, Any, Literal

from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Query, Router, Schema, Status
from pydantic import Field

from loupan.core.calendar import business_day
from loupan.core.rest import AFTER, ERRORS, LIMIT, ApiRequest, Day, Id, Line, paged
from loupan.customers.permissions import sees_phones
from loupan.inventory.queries.units import units_for
from loupan.org.models import User
from loupan.sales.actions import relations
from loupan.sales.models import UnitRelation
from loupan.sales.queries.relations import in_state, relations_for, state_of

router = Router(tags=["sales"])

RelationCode = Literal["owner", "resident", "tenant", "contact"]
RelationState = Literal["now", "later", "over"]


class RelationIn(Schema):
    customer_id: Id
    kind: RelationCode
    starts_on: Day
    ends_on: Day | None = None
    note: Annotated[Line, Field(max_length=200)] = ""


class RelationEndIn(Schema):
    ends_on: Day
    version: Annotated[int, Field(ge=0, lt=2**31)]


class RelationOut(Schema):
    id: int
    project_id: int
    unit_id: int
    unit: str
    customer_id: int
    customer: str
    phone: str | None
    kind: RelationCode
    starts_on: date
    ends_on: date | None
    state: RelationState
    note: str
    deal_id: int | None
    version: int


class RelationsOut(Schema):
    items: list[RelationOut]
    next: str | None = None


class RelationFilterIn(Schema):
    project_id: Id | None = None
    unit_id: Id | None = None
    customer_id: Id | None = None
    kind: RelationCode | None = None
    state: RelationState | None = None


def _relation(row: UnitRelation, viewer: User, today: date) -> dict[str, Any]:
    return {
        "id": row.pk,
        "project_id": row.project_id,
        "unit_id": row.unit_id,
        "unit": row.unit.number,
        "customer_id": row.customer_id,
        "customer": row.customer.name,
        "phone": getattr(row, "phone", None) if sees_phones(viewer) else None,
        "kind": row.kind,
        "starts_on": row.starts_on,
        "ends_on": row.ends_on,
        "state": state_of(row, today),
        "note": row.note,
        "deal_id": row.deal_id,
        "version": row.version,
    }


def _shown(request: ApiRequest, relation_id: int) -> dict[str, Any]:
    row = get_object_or_404(relations_for(request.user), pk=relation_id)
    return _relation(row, request.user, business_day(timezone.now()))


@router.get(
    "unit-relations/", response={200: RelationsOut, **ERRORS}, summary="List owners and residents"
)
def relation_list(
    request: ApiRequest,
    filters: Query[RelationFilterIn],
    after: AFTER = None,
    limit: LIMIT = 100,
) -> Any:
    """Who owns, lives in or answers for which unit, newest first; phones are masked."""
    today = business_day(timezone.now())
    rows = relations_for(request.user)
    if filters.state:
        rows = in_state(rows, filters.state, today=today)
    exact = filters.dict(exclude_none=True, exclude={"state"})
    page, following = paged(rows.filter(**exact), after=after, limit=limit)
    items = [_relation(row, request.user, today) for row in page]
    return {"items": items, "next": following}


@router.get(
    "unit-relations/{relation_id}/",
    response={200: RelationOut, **ERRORS},
    summary="One owner or resident",
)
def one_relation(request: ApiRequest, relation_id: Id) -> Any:
    """What a customer is to a unit, since when and until when."""
    return _shown(request, relation_id)


@router.post(
    "units/{unit_id}/relations/",
    response={201: RelationOut, **ERRORS},
    summary="Say who owns or lives in a unit",
)
def relate_person(request: ApiRequest, unit_id: Id, payload: RelationIn) -> Any:
    """Both days are inside; without a last day it lasts. Only a unit handed over has residents."""
    unit = get_object_or_404(units_for(request.user), pk=unit_id)
    made = relations.relate_person(
        unit_id=unit.pk, **payload.dict(), by=request.user, at=timezone.now()
    )
    return Status(201, _shown(request, made.pk))


@router.post(
    "unit-relations/{relation_id}/end/",
    response={200: RelationOut, **ERRORS},
    summary="Say until when it lasts",
)
def end_relation(request: ApiRequest, relation_id: Id, payload: RelationEndIn) -> Any:
    """The last day, inside; 409 `relation_ended` once its last day is over."""
    there = get_object_or_404(relations_for(request.user), pk=relation_id)
    relations.end_relation(
        relation_id=there.pk, **payload.dict(), by=request.user, at=timezone.now()
    )
    return _shown(request, there.pk)


@router.delete(
    "unit-relations/{relation_id}/", response={204: None, **ERRORS}, summary="Take it back"
)
def take_back_relation(request: ApiRequest, relation_id: Id) -> Any:
    """Remove what was written down by mistake; 409 for owners who came with a handover."""
    there = get_object_or_404(relations_for(request.user), pk=relation_id)
    relations.take_back_relation(relation_id=there.pk, by=request.user, at=timezone.now())
    return Status(204, None)
