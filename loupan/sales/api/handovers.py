"""Handover, title and milestones over the API."""

from datetime import date
from typing import Annotated, Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Query, Router, Schema, Status
from pydantic import Field

from loupan.core.rest import AFTER, ERRORS, LIMIT, ApiRequest, Day, Id, Line, paged
from loupan.inventory.models import Building
from loupan.org.queries import projects_for
from loupan.sales.actions import due_dates, handovers
from loupan.sales.api.units import ReasonIn
from loupan.sales.queries.deals import deals_for
from loupan.sales.queries.due_dates import milestones_for

router = Router(tags=["sales"])


class HandoverIn(Schema):
    handed_over_on: Day
    received_by: Annotated[Line, Field(min_length=1, max_length=80)]
    note: Line = ""


class HandoverOut(Schema):
    id: int
    deal_id: int
    handed_over_on: date
    received_by: str


class DoneOut(Schema):
    id: int
    deal_id: int


class TitleIn(Schema):
    number: Annotated[Line, Field(min_length=1, max_length=60)]
    tax_paid_on: Day
    issued_on: Day


class TitleOut(Schema):
    id: int
    deal_id: int
    number: str
    issued_on: date


class MilestoneIn(Schema):
    name: Annotated[Line, Field(min_length=1, max_length=40)]
    noticed_on: Day
    building_id: Id | None = None


class MilestoneOut(Schema):
    id: int
    project_id: int
    building_id: int | None
    name: str
    noticed_on: date


class MilestonesOut(Schema):
    items: list[MilestoneOut]
    next: str | None = None


class MilestoneFilterIn(Schema):
    project_id: Id | None = None


@router.post(
    "deals/{deal_id}/handover/", response={201: HandoverOut, **ERRORS}, summary="Hand a unit over"
)
def hand_over(request: ApiRequest, deal_id: Id, payload: HandoverIn) -> Any:
    """The buyers signed the handover form; 409 says what is still missing."""
    there = get_object_or_404(deals_for(request.user), pk=deal_id)
    made = handovers.hand_over(
        deal_id=there.pk, **payload.dict(), by=request.user, at=timezone.now()
    )
    return Status(201, made)


@router.post(
    "deals/{deal_id}/handover/exception/",
    response={201: DoneOut, **ERRORS},
    summary="Allow a handover with something missing",
)
def allow_handover(request: ApiRequest, deal_id: Id, payload: ReasonIn) -> Any:
    """A director lets the unit be handed over although money or a record is missing."""
    there = get_object_or_404(deals_for(request.user), pk=deal_id)
    made = handovers.allow_handover(
        deal_id=there.pk, reason=payload.reason, by=request.user, at=timezone.now()
    )
    return Status(201, {"id": made.pk, "deal_id": there.pk})


@router.post(
    "deals/{deal_id}/handover/undo/", response={201: DoneOut, **ERRORS}, summary="Undo a handover"
)
def undo_handover(request: ApiRequest, deal_id: Id, payload: ReasonIn) -> Any:
    """Take a handover back within its month, while there is no title."""
    there = get_object_or_404(deals_for(request.user), pk=deal_id)
    made = handovers.undo_handover(
        deal_id=there.pk, reason=payload.reason, by=request.user, at=timezone.now()
    )
    return Status(201, {"id": made.pk, "deal_id": there.pk})


@router.post(
    "deals/{deal_id}/title/", response={201: TitleOut, **ERRORS}, summary="Record the title"
)
def issue_title(request: ApiRequest, deal_id: Id, payload: TitleIn) -> Any:
    """The certificate of ownership of the buyers: the deal is done."""
    there = get_object_or_404(deals_for(request.user), pk=deal_id)
    made = handovers.issue_title(
        deal_id=there.pk, **payload.dict(), by=request.user, at=timezone.now()
    )
    return Status(201, made)


@router.post(
    "projects/{project_id}/milestones/",
    response={201: MilestoneOut, **ERRORS},
    summary="Record a milestone",
)
def record_milestone(request: ApiRequest, project_id: Id, payload: MilestoneIn) -> Any:
    """Payments that waited for it fall due; without a building it counts for the whole project."""
    project = get_object_or_404(projects_for(request.user), pk=project_id)
    wanted = payload.building_id
    if wanted and not Building.objects.filter(pk=wanted, project=project).exists():
        raise Http404
    made = due_dates.record_milestone(
        project_id=project.pk, **payload.dict(), by=request.user, at=timezone.now()
    )
    return Status(201, made)


@router.get(
    "milestones/", response={200: MilestonesOut, **ERRORS}, summary="List recorded milestones"
)
def milestone_list(
    request: ApiRequest,
    filters: Query[MilestoneFilterIn],
    after: AFTER = None,
    limit: LIMIT = 100,
) -> Any:
    """Within reach, newest first."""
    rows = milestones_for(request.user).order_by("-pk")
    if filters.project_id is not None:
        rows = rows.filter(project_id=filters.project_id)
    page, following = paged(rows, after=after, limit=limit)
    return {"items": list(page), "next": following}
