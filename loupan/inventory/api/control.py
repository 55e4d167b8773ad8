"""Sales control over the API: release batches, planned steps, the log (SAL-29, CTL-03, 04, 06)."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Annotated, Any, Literal

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Query, Router, Schema, Status
from pydantic import Field

from loupan.core.calendar import business_day, day_bounds
from loupan.core.rest import AFTER, ERRORS, LIMIT, ApiRequest, Id, Line, Moment, paged
from loupan.inventory.actions import batches, control_plans
from loupan.inventory.models import ControlPlan, PresalePermit, ReleaseBatch, UnitChange
from loupan.inventory.permissions import READ_BOARD, RELEASE_UNIT
from loupan.inventory.queries import control as queries
from loupan.inventory.queries.stock import advice_in_words, alert_in_words, alerts_of
from loupan.inventory.queries.units import units_for
from loupan.inventory.states import BatchStatus
from loupan.org.models import Project
from loupan.org.permissions import require
from loupan.org.queries import projects_for

router = Router(tags=["sales control"])

UnitIds = Annotated[list[Id], Field(min_length=1, max_length=5000)]


class BatchIn(Schema):
    name: Annotated[Line, Field(min_length=1, max_length=60)]
    permit_id: Id
    unit_ids: UnitIds
    note: Line = ""


class ObstacleOut(Schema):
    code: str
    detail: str


class BatchUnitOut(Schema):
    unit_id: int
    number: str
    status: str
    obstacles: list[ObstacleOut]


class BatchOut(Schema):
    id: int
    project_id: int
    name: str
    permit: str
    state: str
    note: str
    unit_count: int
    released_at: datetime | None
    version: int


class BatchPageOut(BatchOut):
    obstacles: list[ObstacleOut]
    units: list[BatchUnitOut]


class BatchesOut(Schema):
    items: list[BatchOut]
    next: str | None = None


class MomentIn(Schema):
    due_at: Moment


class ControlPlanIn(MomentIn):
    verb: Literal["release", "withhold", "unwithhold"]
    unit_ids: UnitIds
    reason: Line = ""
    until: Moment | None = None


class PlannedUnitOut(Schema):
    unit_id: int
    number: str
    state: str
    refusal: str


class ControlPlanOut(Schema):
    id: int
    project_id: int
    batch_id: int | None
    verb: str
    due_at: datetime
    state: str
    reason: str
    unit_count: int
    done_count: int
    failed_count: int


class PlanPageOut(ControlPlanOut):
    units: list[PlannedUnitOut]


class ControlPlansOut(Schema):
    items: list[ControlPlanOut]
    next: str | None = None


class ChangeOut(Schema):
    id: int
    at: datetime
    unit_id: int
    unit: str
    verb: str
    from_status: str
    to_status: str
    reason: str
    by: str
    source: str


class ChangesOut(Schema):
    items: list[ChangeOut]
    next: str | None = None


def _project(request: ApiRequest, project_id: int) -> Project:
    return get_object_or_404(projects_for(request.user), pk=project_id)


def _ensure_reached(request: ApiRequest, project_id: int, unit_ids: Collection[int]) -> None:
    known = units_for(request.user).filter(project_id=project_id, pk__in=unit_ids).count()
    if known != len(set(unit_ids)):
        raise Http404


def _batch(request: ApiRequest, batch_id: int) -> ReleaseBatch:
    return get_object_or_404(queries.batches_for(request.user), pk=batch_id)


def _plan(request: ApiRequest, plan_id: int) -> ControlPlan:
    return get_object_or_404(queries.control_plans_for(request.user), pk=plan_id)


def batch_out(row: Any) -> dict[str, Any]:
    names = ("id", "project_id", "name", "state", "note", "unit_count", "released_at", "version")
    return {**{name: getattr(row, name) for name in names}, "permit": row.permit.number}


def _said(obstacles: Collection[Any]) -> list[dict[str, str]]:
    return [{"code": each.code, "detail": str(each)} for each in obstacles]


def _batch_page(request: ApiRequest, batch_id: int) -> dict[str, Any]:
    row, today = _batch(request, batch_id), business_day(timezone.now())
    units = list(queries.units_of_batch(row))
    is_open = row.state == BatchStatus.PREPARED
    missing = {
        each.unit.pk: each.obstacles
        for each in (queries.batch_readiness(row, units, today) if is_open else [])
    }
    return {
        **batch_out(row),
        "obstacles": _said(queries.batch_obstacles(row, today)) if is_open else [],
        "units": [
            {
                "unit_id": unit.pk,
                "number": unit.number,
                "status": unit.status,
                "obstacles": _said(missing.get(unit.pk, ())),
            }
            for unit in units
        ],
    }


def plan_out(row: Any) -> dict[str, Any]:
    names = (
        "id", "project_id", "batch_id", "verb", "due_at", "state", "reason", "unit_count",
        "done_count", "failed_count",
    )  # fmt: skip
    return {name: getattr(row, name) for name in names}


def _plan_page(request: ApiRequest, plan_id: int) -> dict[str, Any]:
    row = _plan(request, plan_id)
    units = [
        {
            "unit_id": line.unit_id,
            "number": line.unit.number,
            "state": line.state,
            "refusal": line.refusal,
        }
        for line in queries.units_of_plan(row)
    ]
    return {**plan_out(row), "units": units}


@router.get(
    "projects/{project_id}/release-batches/",
    response={200: BatchesOut, **ERRORS},
    summary="Release batches",
)
def list_batches(
    request: ApiRequest,
    project_id: Id,
    state: Literal["", "prepared", "released", "discarded"] = "",
    after: AFTER = None,
    limit: LIMIT = 100,
) -> Any:
    """The release batches of a project, newest first."""
    rows = queries.batches_for(request.user).filter(project=_project(request, project_id))
    found, following = paged(rows.filter(state=state) if state else rows, after=after, limit=limit)
    return {"items": [batch_out(row) for row in found], "next": following}


@router.post(
    "projects/{project_id}/release-batches/",
    response={201: BatchPageOut, **ERRORS},
    summary="Prepare a release batch",
)
def prepare(request: ApiRequest, project_id: Id, payload: BatchIn) -> Any:
    """Put units together that come to market under one permit; 409 `in_another_batch` names a unit."""
    project = _project(request, project_id)
    require(request.user, RELEASE_UNIT, project.pk)
    get_object_or_404(PresalePermit, pk=payload.permit_id, project=project)
    _ensure_reached(request, project.pk, payload.unit_ids)
    made = batches.prepare_batch(
        project_id=project.pk, **payload.dict(), by=request.user, at=timezone.now()
    )
    return Status(201, _batch_page(request, made.pk))


@router.get(
    "release-batches/{batch_id}/",
    response={200: BatchPageOut, **ERRORS},
    summary="A release batch",
)
def show_batch(request: ApiRequest, batch_id: Id) -> Any:
    """A batch with its units and, while it is prepared, what each still needs."""
    return _batch_page(request, batch_id)


@router.post(
    "release-batches/{batch_id}/release/",
    response={201: BatchPageOut, **ERRORS},
    summary="Release a batch",
)
def release(request: ApiRequest, batch_id: Id) -> Any:
    """Offer every unit of the batch, wholly or not at all; 409 `batch_incomplete` counts what is missing."""
    _batch(request, batch_id)
    batches.release_batch(batch_id=batch_id, by=request.user, at=timezone.now())
    return Status(201, _batch_page(request, batch_id))


@router.post(
    "release-batches/{batch_id}/plans/",
    response={201: PlanPageOut, **ERRORS},
    summary="Plan the release of a batch",
)
def plan_batch(request: ApiRequest, batch_id: Id, payload: MomentIn) -> Any:
    """The clock releases the batch at that moment, wholly or not at all."""
    _batch(request, batch_id)
    made = control_plans.plan_batch(
        batch_id=batch_id, due_at=payload.due_at, by=request.user, at=timezone.now()
    )
    return Status(201, _plan_page(request, made.pk))


@router.delete(
    "release-batches/{batch_id}/", response={204: None, **ERRORS}, summary="Discard a batch"
)
def discard(request: ApiRequest, batch_id: Id) -> Any:
    """Give a batch up that is not released; its units are free for another."""
    _batch(request, batch_id)
    batches.discard_batch(batch_id=batch_id, by=request.user, at=timezone.now())
    return Status(204, None)


@router.get(
    "projects/{project_id}/control-plans/",
    response={200: ControlPlansOut, **ERRORS},
    summary="Planned steps of sales control",
)
def list_plans(
    request: ApiRequest,
    project_id: Id,
    state: Literal["", "waiting", "done", "failed", "cancelled"] = "",
    after: AFTER = None,
    limit: LIMIT = 100,
) -> Any:
    """Planned releases, withholdings and renewed offers of a project, newest first."""
    rows = queries.control_plans_for(request.user).filter(project=_project(request, project_id))
    found, following = paged(rows.filter(state=state) if state else rows, after=after, limit=limit)
    return {"items": [plan_out(row) for row in found], "next": following}


@router.post(
    "projects/{project_id}/control-plans/",
    response={201: PlanPageOut, **ERRORS},
    summary="Plan a step of sales control",
)
def plan(request: ApiRequest, project_id: Id, payload: ControlPlanIn) -> Any:
    """Set a release, a withholding or a renewed offer of units for a moment."""
    project = _project(request, project_id)
    verb = ControlPlan.Verb(payload.verb)
    require(request.user, control_plans.PERMISSION_OF[verb], project.pk)
    _ensure_reached(request, project.pk, payload.unit_ids)
    made = control_plans.plan_control(
        project_id=project.pk, **payload.dict(), by=request.user, at=timezone.now()
    )
    return Status(201, _plan_page(request, made.pk))


@router.get(
    "control-plans/{plan_id}/", response={200: PlanPageOut, **ERRORS}, summary="A planned step"
)
def show_plan(request: ApiRequest, plan_id: Id) -> Any:
    """A planned step with every unit: done, or why not."""
    return _plan_page(request, plan_id)


@router.post(
    "control-plans/{plan_id}/retry/",
    response={201: PlanPageOut, **ERRORS},
    summary="Try a planned step again",
)
def retry(request: ApiRequest, plan_id: Id) -> Any:
    """Try again, now, the units that could not move."""
    _plan(request, plan_id)
    control_plans.retry_plan(plan_id=plan_id, by=request.user, at=timezone.now())
    return Status(201, _plan_page(request, plan_id))


@router.delete(
    "control-plans/{plan_id}/", response={204: None, **ERRORS}, summary="Cancel a planned step"
)
def cancel(request: ApiRequest, plan_id: Id) -> Any:
    """Give up what is planned, or what is left of it."""
    _plan(request, plan_id)
    control_plans.cancel_plan(plan_id=plan_id, by=request.user, at=timezone.now())
    return Status(204, None)


Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2100, 12, 31))]


class StockAlertOut(Schema):
    """`low`: `count` units are available, at least `limit` are wanted.  `slow`: `count` units are on
    sale for more than `limit` days.  `product_type` is empty for the project as a whole; `waiting` units
    are not released or withheld.
    """

    kind: Literal["low", "slow"]
    product_type: str
    count: int
    limit: int
    waiting: int
    detail: str
    advice: str


class StockAlertsOut(Schema):
    items: list[StockAlertOut]
    next: str | None = None


@router.get(
    "projects/{project_id}/stock-alerts/",
    response={200: StockAlertsOut, **ERRORS},
    summary="Stock alerts",
)
def list_stock_alerts(request: ApiRequest, project_id: Id) -> Any:
    """What is short of what the project wants available, and what lies too long, now."""
    project = _project(request, project_id)
    require(request.user, READ_BOARD, project.pk)
    found = alerts_of(project.pk, business_day(timezone.now()))
    return {
        "items": [
            {
                "kind": each.kind.value,
                "product_type": each.product_type,
                "count": each.count,
                "limit": each.limit,
                "waiting": each.waiting,
                "detail": alert_in_words(each),
                "advice": advice_in_words(each),
            }
            for each in found
        ]
    }


@router.get(
    "projects/{project_id}/control-log/",
    response={200: ChangesOut, **ERRORS},
    summary="Control log",
)
def control_log(
    request: ApiRequest,
    project_id: Id,
    start: Annotated[Day | None, Query()] = None,
    end: Annotated[Day | None, Query()] = None,
    unit_id: Annotated[Id | None, Query()] = None,
    after: AFTER = None,
    limit: LIMIT = 100,
) -> Any:
    """Who changed which unit when, newest first; both days are included."""
    rows = queries.unit_changes_for(request.user).filter(project=_project(request, project_id))
    if start:
        rows = rows.filter(at__gte=day_bounds(start)[0])
    if end:
        rows = rows.filter(at__lt=day_bounds(end)[1])
    if unit_id:
        rows = rows.filter(unit_id=unit_id)
    found, following = paged(rows, after=after, limit=limit)
    return {"items": [_change(row) for row in found], "next": following}


def _change(row: UnitChange) -> dict[str, Any]:
    names = ("id", "at", "unit_id", "verb", "from_status", "to_status", "reason", "source")
    number = getattr(row, "unit_number", None) or ""
    return {**{name: getattr(row, name) for name in names}, "unit": number, "by": str(row.by or "")}
