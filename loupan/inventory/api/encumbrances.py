"""Encumbrances, deletions, splits and merges over the API (CONTRACT 3)."""

from datetime import date
from typing import Annotated, Any, Literal

from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Router, Schema, Status
from pydantic import Field, StringConstraints

from loupan.core.rest import AFTER, ERRORS, LIMIT, ApiRequest, AreaIn, Id, Line, paged
from loupan.inventory.actions.encumbrances import encumber_units, lift_encumbrance
from loupan.inventory.actions.property import delete_units
from loupan.inventory.actions.reshaping import merge_units, split_unit
from loupan.inventory.models import Encumbrance, Unit
from loupan.inventory.permissions import EDIT_PROPERTY, READ_BOARD
from loupan.inventory.queries.deletion import weigh_deletion
from loupan.inventory.queries.units import encumbrances_for, standing_units
from loupan.inventory.rules.reshaping import Part
from loupan.inventory.tables import is_lifted
from loupan.org.models import Project
from loupan.org.permissions import require
from loupan.org.queries import projects_for

router = Router(tags=["property"])

UnitIds = Annotated[list[Id], Field(min_length=1, max_length=2_000)]
PositiveArea = Annotated[AreaIn, Field(gt=0)]
Text80 = Annotated[str, StringConstraints(max_length=80, strip_whitespace=True)]
RoomNo = Annotated[str, StringConstraints(min_length=1, max_length=18, strip_whitespace=True)]


class EncumbranceOut(Schema):
    """A right of somebody else to a unit; `lifted_on` is empty while it is in force."""

    id: int
    unit_id: int
    unit: str
    kind: str
    holder: str
    document_no: str
    reason: str
    starts_on: date
    ends_on: date | None
    lifted_on: date | None
    lifted_by_document: str


class EncumbrancesOut(Schema):
    items: list[EncumbranceOut]
    next: str | None = None


class EncumbranceIn(Schema):
    unit_ids: UnitIds
    kind: Literal["mortgage", "pre_notice", "seal"]
    document_no: Annotated[
        str, StringConstraints(min_length=1, max_length=80, strip_whitespace=True)
    ]
    starts_on: date
    ends_on: date | None = None
    holder: Text80 = ""
    reason: Line = ""


class LiftingIn(Schema):
    lifted_on: date
    reason: Line
    document_no: Text80 = ""


class DeletionIn(Schema):
    """With `dry_run` only the reasons are told."""

    unit_ids: UnitIds
    dry_run: bool = False


class DeletableOut(Schema):
    unit_id: int
    number: str
    reasons: list[str]


class DeletionOut(Schema):
    deleted: int
    units: list[DeletableOut]


class PartIn(Schema):
    room_no: RoomNo
    position: Annotated[int, Field(ge=1, le=999)]
    built_area: PositiveArea | None = None
    inner_area: PositiveArea | None = None


class SplitIn(Schema):
    """The parts have together exactly the areas of the unit."""

    version: Annotated[int, Field(ge=0, le=2**31 - 1)]
    parts: Annotated[list[PartIn], Field(min_length=2, max_length=6)]
    reason: Line


class UnitsMergeIn(Schema):
    unit_ids: Annotated[list[Id], Field(min_length=2, max_length=20)]
    room_no: RoomNo
    reason: Line


class SuccessorsOut(Schema):
    unit_ids: list[int]
    numbers: list[str]


@router.get(
    "projects/{project_id}/encumbrances/",
    response={200: EncumbrancesOut, **ERRORS},
    summary="Encumbrances of units",
)
def list_encumbrances(
    request: ApiRequest,
    project_id: Id,
    active: bool | None = None,  # noqa: FBT001  A field of the address.
    after: AFTER = None,
    limit: LIMIT = 50,
) -> dict[str, Any]:
    """Newest first; `active` tells those in force from those lifted."""
    project = _project(request, project_id)
    require(request.user, READ_BOARD, project.pk)
    rows = encumbrances_for(request.user).filter(project=project)
    if active is not None:
        rows = rows.filter(lifting__isnull=active)
    page, following = paged(rows, after=after, limit=limit)
    return {"items": [_encumbrance(row) for row in page], "next": following}


@router.post(
    "projects/{project_id}/encumbrances/",
    response={201: EncumbrancesOut, **ERRORS},
    summary="Record an encumbrance of units",
)
def record_encumbrance(
    request: ApiRequest, project_id: Id, payload: EncumbranceIn
) -> Status[dict[str, Any]]:
    """All or nothing. A seal blocks release and sale until it is lifted; the others warn."""
    project = _project(request, project_id)
    require(request.user, EDIT_PROPERTY, project.pk)
    _units(request, project.pk, payload.unit_ids)
    made = encumber_units(
        project_id=project.pk, **payload.dict(), by=request.user, at=timezone.now()
    )
    rows = encumbrances_for(request.user).filter(pk__in=[one.pk for one in made])
    return Status(201, {"items": [_encumbrance(row) for row in rows.order_by("pk")]})


@router.post(
    "encumbrances/{encumbrance_id}/lifting/",
    response={201: EncumbranceOut, **ERRORS},
    summary="Lift an encumbrance",
)
def lift(request: ApiRequest, encumbrance_id: Id, payload: LiftingIn) -> Status[dict[str, Any]]:
    found = get_object_or_404(encumbrances_for(request.user), pk=encumbrance_id)
    require(request.user, EDIT_PROPERTY, found.project_id)
    lift_encumbrance(encumbrance_id=found.pk, **payload.dict(), by=request.user, at=timezone.now())
    return Status(201, _encumbrance(encumbrances_for(request.user).get(pk=found.pk)))


@router.post(
    "projects/{project_id}/unit-deletions/",
    response={200: DeletionOut, **ERRORS},
    summary="Delete units without history",
)
def delete(request: ApiRequest, project_id: Id, payload: DeletionIn) -> dict[str, Any]:
    """All or nothing: 409 where a unit was released, sold or otherwise used."""
    project = _project(request, project_id)
    require(request.user, EDIT_PROPERTY, project.pk)
    rows = weigh_deletion(_units(request, project.pk, payload.unit_ids))
    told = [{"unit_id": r.unit.pk, "number": r.unit.number, "reasons": r.reasons} for r in rows]
    deleted = 0
    if not payload.dry_run:
        deleted = delete_units(
            unit_ids=[row.unit.pk for row in rows], by=request.user, at=timezone.now()
        )
    return {"deleted": deleted, "units": told}


@router.post(
    "units/{unit_id}/split/", response={201: SuccessorsOut, **ERRORS}, summary="Split a unit"
)
def split(request: ApiRequest, unit_id: Id, payload: SplitIn) -> Status[dict[str, Any]]:
    """Only an unsold unit; the parts come without prices and are not released."""
    unit = get_object_or_404(standing_units(request.user), pk=unit_id)
    require(request.user, EDIT_PROPERTY, unit.project_id)
    made = split_unit(
        unit_id=unit.pk,
        version=payload.version,
        parts=[Part(**part.dict()) for part in payload.parts],
        reason=payload.reason,
        by=request.user,
        at=timezone.now(),
    )
    return Status(201, _successors(made))


@router.post(
    "projects/{project_id}/unit-mergers/",
    response={201: SuccessorsOut, **ERRORS},
    summary="Merge units",
)
def merge(request: ApiRequest, project_id: Id, payload: UnitsMergeIn) -> Status[dict[str, Any]]:
    """Only unsold units of one entrance, on one floor or on floors above each other."""
    project = _project(request, project_id)
    require(request.user, EDIT_PROPERTY, project.pk)
    _units(request, project.pk, payload.unit_ids)
    made = merge_units(**payload.dict(), by=request.user, at=timezone.now())
    return Status(201, _successors([made]))


def _project(request: ApiRequest, project_id: int) -> Project:
    return get_object_or_404(projects_for(request.user), pk=project_id)


def _units(request: ApiRequest, project_id: int, unit_ids: list[int]) -> list[Unit]:
    """The units named, or 404 where one is out of reach."""
    wanted = set(unit_ids)
    rows = standing_units(request.user).filter(project_id=project_id, pk__in=wanted)
    found = list(rows.order_by("number"))
    for missing in wanted - {unit.pk for unit in found}:
        get_object_or_404(rows, pk=missing)
    return found


def _encumbrance(one: Encumbrance) -> dict[str, Any]:
    lifting = one.lifting if is_lifted(one) else None
    return {
        **{
            name: getattr(one, name)
            for name in (
                "id", "unit_id", "kind", "holder", "document_no", "reason", "starts_on", "ends_on",
            )
        },
        "unit": one.unit.number,
        "lifted_on": lifting.lifted_on if lifting else None,
        "lifted_by_document": lifting.document_no if lifting else "",
    }  # fmt: skip


def _successors(units: list[Unit]) -> dict[str, Any]:
    return {"unit_ids": [u.pk for u in units], "numbers": [u.number for u in units]}
