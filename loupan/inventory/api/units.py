"""The board, units and imports over the API (CONTRACT 3)."""

from datetime import datetime
from typing import Annotated, Any, Literal

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import File, Form, Router, Schema, Status
from ninja.files import UploadedFile
from pydantic import Field

from loupan.core.rest import (
    AFTER,
    ERRORS,
    LIMIT,
    ApiRequest,
    AreaOut,
    Id,
    Line,
    MoneyOut,
    UnitPriceOut,
    mapping_of,
    paged,
)
from loupan.core.sheets.uploads import content_of
from loupan.inventory import spreadsheets, tasks
from loupan.inventory.actions import imports
from loupan.inventory.models import Unit, UnitImport
from loupan.inventory.parameters import UNIT
from loupan.inventory.permissions import IMPORT_UNITS, READ_BOARD, READ_FLOOR_PRICE
from loupan.inventory.queries.board import board_json
from loupan.inventory.queries.past_board import past_moment
from loupan.inventory.queries.units import imports_for, standing_units, units_for
from loupan.inventory.rules.unit_files import VOCABULARY
from loupan.inventory.states import UnitStatus
from loupan.org.models import Project
from loupan.org.permissions import require
from loupan.org.queries import projects_for
from loupan.parameters.spreadsheets import FileFields

router = Router(tags=["inventory"])

AT_ONCE = 120_000  # Files with more rows are carried out by the worker.
StatusCode = Literal[
    "not_released", "withheld", "available", "locked", "held", "provisional", "reserved",
    "contracted", "filed", "handed_over", "titled", "off_market",
]  # fmt: skip
assert set(StatusCode.__args__) == set(UnitStatus.values)  # type: ignore[attr-defined]


class EntranceOut(Schema):
    id: int
    code: str
    name: str


class BoardBuildingOut(Schema):
    id: int
    code: str
    name: str
    is_parking: bool
    entrances: list[EntranceOut]


class BoardUnitOut(Schema):
    """A cell of the board. `building` and `entrance` are codes; floor prices by permission."""

    id: int
    number: str
    building: str
    entrance: str
    floor: int
    position: int
    room_no: str
    floors_spanned: int
    status: StatusCode
    product_type: str
    layout: str
    orientation: str
    view: str
    built_area: AreaOut | None
    inner_area: AreaOut | None
    list_unit_price: UnitPriceOut | None
    list_total: MoneyOut | None
    claim_until: datetime | None
    claim_label: str
    flags: list[str]
    floor_unit_price: UnitPriceOut | None = None
    floor_total: MoneyOut | None = None


class AsItStoodOut(Schema):
    """What a board of the past is made of: names of fields, and ids of units.

    `unknown` are units whose areas and prices of that moment are not on record (left out),
    `removed` units that stood there and have been deleted since.
    """

    at: datetime
    recorded: list[str]
    reconstructed: list[str]
    as_of_now: list[str]
    unknown: list[int]
    removed: list[int]


class BoardOut(Schema):
    """`removed` (ids of units that are gone) comes with `since` only, `as_it_stood` with `at` only."""

    version: int
    buildings: list[BoardBuildingOut]
    units: list[BoardUnitOut]
    removed: list[int] | None = None
    as_it_stood: AsItStoodOut | None = None


class UnitOut(Schema):
    id: int
    project_id: int
    number: str
    building: str
    entrance: str
    floor: int
    position: int
    room_no: str
    status: StatusCode
    product_type: str
    layout: str
    orientation: str
    built_area: AreaOut | None
    inner_area: AreaOut | None
    price_basis: str
    list_unit_price: UnitPriceOut | None
    list_total: MoneyOut | None
    filed_unit_price: UnitPriceOut | None
    filed_total: MoneyOut | None
    version: int
    floor_unit_price: UnitPriceOut | None = None
    floor_total: MoneyOut | None = None


class UnitsOut(Schema):
    items: list[UnitOut]
    next: str | None = None


class RowErrorOut(Schema):
    sheet: str
    row: int
    column: str
    value: str
    reason: str


class DifferenceOut(Schema):
    """The file and the books disagree; the books stay."""

    sheet: str
    row: int
    number: str
    column: str
    value: str
    ours: str
    reason: str


class UnitImportOut(Schema):
    """What a file did, or would do. `state`: waiting, running, dry_run, done, refused, undone."""

    id: int
    project_id: int
    filename: str
    dry_run: bool
    state: str
    message: str
    done: int
    total: int
    created: int
    updated: int
    unchanged: int
    refused: int
    errors: list[RowErrorOut]
    differences: list[DifferenceOut]
    difference_count: int
    understood: dict[str, Any]
    made_at: datetime
    ended_at: datetime | None


class UnitImportLineOut(Schema):
    id: int
    filename: str
    dry_run: bool
    state: str
    created: int
    updated: int
    unchanged: int
    refused: int
    made_at: datetime


class UnitImportsOut(Schema):
    items: list[UnitImportLineOut]
    next: str | None = None


@router.get(
    "projects/{project_id}/board/",
    response={200: BoardOut, **ERRORS},
    summary="The unit board",
    exclude_none=True,
)
def get_board(
    request: ApiRequest,
    project_id: Id,
    building: Line | None = None,
    since: Annotated[int | None, Field(ge=0, le=2**63 - 1)] = None,
    at: datetime | None = None,
) -> HttpResponse:
    """All units of a project, or of one building (its code, name or id).

    With `since` (the `version` of an earlier answer) only what changed after it.  With `at` the board
    as it stood at that moment (office time where no offset is given; `since` is not asked then), and
    `as_it_stood`: which values are on record, which are reconstructed, and which are as of now.
    """
    project = _project(request, project_id)
    require(request.user, READ_BOARD, project.pk)
    now = timezone.now()
    as_of = past_moment(at, now) if at else None
    content = board_json(
        project.pk,
        at=now,
        building=building,
        since=None if as_of else since,
        as_of=as_of,
        with_floor_prices=request.user.may(READ_FLOOR_PRICE, project.pk),
    )
    return HttpResponse(content, content_type="application/json")


@router.get(
    "projects/{project_id}/units/",
    response={200: UnitsOut, **ERRORS},
    summary="Units of a project",
)
def list_units(
    request: ApiRequest,
    project_id: Id,
    number: Line | None = None,
    status: StatusCode | None = None,
    after: AFTER = None,
    limit: LIMIT = 50,
) -> dict[str, Any]:
    """Newest first; `number` is part of the unit's number."""
    project = _project(request, project_id)
    require(request.user, READ_BOARD, project.pk)
    units = standing_units(request.user).filter(project=project)
    if number:
        units = units.filter(number__icontains=number)
    if status:
        units = units.filter(status=status)
    page, following = paged(units, after=after, limit=limit)
    return {"items": [_unit(unit, request.user) for unit in page], "next": following}


@router.get("units/{unit_id}/", response={200: UnitOut, **ERRORS}, summary="One unit")
def get_unit(request: ApiRequest, unit_id: Id) -> dict[str, Any]:
    return _unit(get_object_or_404(units_for(request.user), pk=unit_id), request.user)


@router.post(
    "projects/{project_id}/unit-imports/",
    response={201: UnitImportOut, **ERRORS},
    summary="Bring units in from a spreadsheet",
)
def import_units(
    request: ApiRequest,
    project_id: Id,
    file: File[UploadedFile],
    dry_run: Form[bool] = False,  # noqa: FBT002  A field of the form.
    mapping: Annotated[str, Form(max_length=10_000)] = "",
) -> Status[dict[str, Any]]:
    """An .xlsx, .xls, .xlsb, .ods or .csv file; `mapping` is a JSON object, field → heading.

    Custom fields of the project are columns of their names (`cf_CODE` in a mapping).  A file that is
    no price list is refused with 409. Files of more than 120,000 rows are carried
    out in the background: the answer has the state `waiting`, and `GET unit-imports/{id}/` tells
    the rest.
    """
    project = _project(request, project_id)
    require(request.user, IMPORT_UNITS, project.pk)
    chosen = mapping_of(mapping, {**VOCABULARY, **FileFields(UNIT, project.pk).vocabulary})
    filename = file.name or "units"
    content = content_of(file)
    read = spreadsheets.read_units(content, filename, chosen, project.pk)
    batch = imports.receive_units_file(
        project_id=project.pk,
        filename=filename,
        content=content,
        mapping=chosen,
        is_dry_run=dry_run,
        by=request.user,
        at=timezone.now(),
    )
    if len(read.units) > AT_ONCE:
        tasks.run_units_import.enqueue(batch.pk, request.user.pk)
    else:
        batch = spreadsheets.carry_out(batch.pk, by=request.user, file=read)
    return Status(201, _import(batch))


@router.get(
    "projects/{project_id}/unit-imports/",
    response={200: UnitImportsOut, **ERRORS},
    summary="Earlier imports",
)
def list_unit_imports(
    request: ApiRequest, project_id: Id, after: AFTER = None, limit: LIMIT = 50
) -> dict[str, Any]:
    project = _project(request, project_id)
    require(request.user, IMPORT_UNITS, project.pk)
    rows = imports_for(request.user).filter(project=project)
    page, following = paged(rows.defer("content", "understood", "errors"), after=after, limit=limit)
    return {"items": [_import_line(batch) for batch in page], "next": following}


@router.get(
    "unit-imports/{import_id}/", response={200: UnitImportOut, **ERRORS}, summary="One import"
)
def get_unit_import(request: ApiRequest, import_id: Id) -> dict[str, Any]:
    return _import(_mine(request, imports_for(request.user), import_id))


@router.delete(
    "unit-imports/{import_id}/", response={204: None, **ERRORS}, summary="Undo an import"
)
def undo_unit_import(request: ApiRequest, import_id: Id) -> Status[None]:
    """Old values come back, created units go; refused when somebody changed one since."""
    batch = _mine(request, imports_for(request.user), import_id)
    imports.undo_units_import(import_id=batch.pk, by=request.user, at=timezone.now())
    return Status(204, None)


def _project(request: ApiRequest, project_id: int) -> Project:
    return get_object_or_404(projects_for(request.user), pk=project_id)


def _mine(request: ApiRequest, rows: QuerySet[UnitImport], import_id: int) -> UnitImport:
    batch = get_object_or_404(rows, pk=import_id)
    require(request.user, IMPORT_UNITS, batch.project_id)
    return batch


def _unit(unit: Unit, viewer: Any) -> dict[str, Any]:
    shown = {
        "id": unit.pk,
        "building": unit.building.code,
        "entrance": unit.entrance.code,
        "floor": unit.floor_no,
        "layout": unit.layout.name if unit.layout else "",
        **{
            name: getattr(unit, name)
            for name in (
                "project_id", "number", "position", "room_no", "status", "product_type",
                "orientation", "built_area", "inner_area", "price_basis", "list_unit_price",
                "list_total", "filed_unit_price", "filed_total", "version",
            )
        },
    }  # fmt: skip
    if viewer.may(READ_FLOOR_PRICE, unit.project_id):
        shown |= {"floor_unit_price": unit.floor_unit_price, "floor_total": unit.floor_total}
    return shown


def _import_line(batch: UnitImport) -> dict[str, Any]:
    return {
        "id": batch.pk,
        "dry_run": batch.is_dry_run,
        **{
            name: getattr(batch, name)
            for name in (
                "filename", "state", "created", "updated", "unchanged", "refused", "made_at",
            )
        },
    }  # fmt: skip


def _import(batch: UnitImport) -> dict[str, Any]:
    hidden = {"differences", "difference_count", "samples", "made", "created_ids"}
    understood = {key: value for key, value in batch.understood.items() if key not in hidden}
    return {
        **_import_line(batch),
        "project_id": batch.project_id,
        "message": batch.message,
        "done": batch.done,
        "total": batch.total,
        "errors": batch.errors,
        "differences": batch.understood.get("differences", []),
        "difference_count": batch.understood.get("difference_count", 0),
        "understood": understood,
        "ended_at": batch.ended_at,
    }
