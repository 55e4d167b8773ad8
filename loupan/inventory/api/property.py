"""Buildings, their units by rule, and units changed together, over the API (CONTRACT 3)."""

from collections.abc import Mapping
from typing import Annotated, Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Router, Schema, Status
from pydantic import Field, StringConstraints

from loupan.core.audit import plain
from loupan.core.rest import ERRORS, ApiRequest, AreaIn, Id, Line
from loupan.inventory.actions.generation import generate_units
from loupan.inventory.actions.grid import edit_units_together
from loupan.inventory.actions.property import set_permit_buildings
from loupan.inventory.api.units import router as units_router
from loupan.inventory.models import Building
from loupan.inventory.permissions import EDIT_PROPERTY, READ_BOARD
from loupan.inventory.queries.generation import preview_of
from loupan.inventory.queries.grid import EditsWeighed, weigh_edits
from loupan.inventory.queries.units import buildings_for, permits_for
from loupan.inventory.rules.generation import GenerationRule, Pattern, Slot
from loupan.inventory.rules.grid import MOST_EDITS, UnitEdit
from loupan.org.models import Project
from loupan.org.permissions import require
from loupan.org.queries import projects_for

router = Router(tags=["property"])

Floor = Annotated[int, Field(ge=-10, le=200)]
Code = Annotated[str, StringConstraints(max_length=20, strip_whitespace=True)]
PositiveArea = Annotated[AreaIn, Field(gt=0)]
CellText = Annotated[str, StringConstraints(max_length=200)]


class BuildingOut(Schema):
    id: int
    code: str
    name: str
    zone: str
    permit: str
    is_parking: bool
    completes_on: str
    supervised_bank: str
    supervised_account: str
    completion_filing: str
    completion_filed_on: str
    survey_report: str
    surveyed_on: str
    version: int


class BuildingsOut(Schema):
    items: list[BuildingOut]


class SlotIn(Schema):
    """A position of every floor of a pattern; on the floors `duplex_on` it takes `spans` floors."""

    position: Annotated[int, Field(ge=1, le=99)]
    layout_id: Id | None = None
    built_area: PositiveArea | None = None
    inner_area: PositiveArea | None = None
    orientation: Annotated[str, StringConstraints(pattern=r"^(|S|SE|SW|E|W|N|NE|NW|NS)$")] = ""
    product_type: Annotated[
        str, StringConstraints(pattern=r"^(flat|villa|shop|office|parking|storage)$")
    ] = "flat"
    duplex_on: Annotated[list[Floor], Field(max_length=50)] = []
    spans: Annotated[int, Field(ge=2, le=3)] = 2


class PatternIn(Schema):
    """Floors that look alike; without `entrances` in all of them."""

    lowest: Floor
    highest: Floor
    slots: Annotated[list[SlotIn], Field(min_length=1, max_length=24)]
    entrances: Annotated[list[Code], Field(max_length=50)] = []


class GenerationIn(Schema):
    """The rule of a building. With `dry_run` nothing is made."""

    entrances: Annotated[list[Code], Field(min_length=1, max_length=50)] = [""]
    patterns: Annotated[list[PatternIn], Field(min_length=1, max_length=12)]
    skipped_floors: Annotated[list[Floor], Field(max_length=100)] = []
    skipped_positions: Annotated[list[int], Field(max_length=100)] = []
    number_pattern: Annotated[str, StringConstraints(max_length=40)] = "{floor}{position:02}"
    number_prefix: Annotated[str, StringConstraints(max_length=10)] = ""
    floor_offset: Annotated[int, Field(ge=0, le=50)] = 0
    dry_run: bool = False

    def rule(self, building: Building) -> GenerationRule:
        return GenerationRule(
            building=building.code,
            entrances=list(dict.fromkeys(self.entrances)),
            patterns=[
                Pattern(
                    lowest=pattern.lowest,
                    highest=pattern.highest,
                    entrances=frozenset(pattern.entrances),
                    slots=[_slot(slot) for slot in pattern.slots],
                )
                for pattern in self.patterns
            ],
            skipped_floors=frozenset(self.skipped_floors),
            skipped_positions=frozenset(self.skipped_positions),
            number_pattern=self.number_pattern,
            number_prefix=self.number_prefix,
            floor_offset=self.floor_offset,
        )


def _slot(slot: SlotIn) -> Slot:
    values = slot.dict()
    return Slot(**{**values, "duplex_on": frozenset(values["duplex_on"])})


class GeneratedUnitOut(Schema):
    """`kind`: new, kept (there already) or refused, with the reason."""

    number: str
    entrance: str
    floor: int
    floors_spanned: int
    position: int
    kind: str
    reason: str


class GenerationOut(Schema):
    made: list[int]
    new: int
    kept: int
    refused: int
    units: list[GeneratedUnitOut]


class UnitEditIn(Schema):
    """`values` are texts by field, read as in a file; an empty text clears the field."""

    unit_id: Id
    version: Annotated[int, Field(ge=0, le=2**31 - 1)]
    values: dict[Line, CellText]


class UnitEditsIn(Schema):
    changes: Annotated[list[UnitEditIn], Field(min_length=1, max_length=MOST_EDITS)]
    dry_run: bool = False


class UnitDifferenceOut(Schema):
    """Fields from old to new, as text; prices that follow from an area are among them."""

    unit_id: int
    number: str
    before: dict[str, Any]
    after: dict[str, Any]


class CellRefusalOut(Schema):
    unit_id: int
    number: str
    field: str
    value: str
    reason: str


class UnitEditsOut(Schema):
    """What changes; `import_id` (to undo it) where it was saved."""

    changed: list[UnitDifferenceOut]
    refused: list[CellRefusalOut]
    stale: list[str]
    unchanged: int
    import_id: int | None = None


@router.get(
    "projects/{project_id}/buildings/",
    response={200: BuildingsOut, **ERRORS},
    summary="Buildings of a project",
)
def list_buildings(request: ApiRequest, project_id: Id) -> dict[str, Any]:
    """In board order, with permit, supervised account and completion records."""
    project = _project(request, project_id)
    require(request.user, READ_BOARD, project.pk)
    rows = buildings_for(request.user).filter(project=project).order_by("sort", "id")
    return {"items": [_building(row) for row in rows]}


class PermitBuildingsIn(Schema):
    building_ids: Annotated[list[Id], Field(max_length=1000)]


class PermitBuildingsOut(Schema):
    changed: list[int]


@router.put(
    "permits/{permit_id}/buildings/",
    response={200: PermitBuildingsOut, **ERRORS},
    summary="Buildings under a permit",
)
def put_permit_buildings(
    request: ApiRequest, permit_id: Id, payload: PermitBuildingsIn
) -> dict[str, Any]:
    """Put exactly these buildings under the permit; those it no longer names have none."""
    permit = get_object_or_404(permits_for(request.user), pk=permit_id)
    require(request.user, EDIT_PROPERTY, permit.project_id)
    changed = set_permit_buildings(
        permit_id=permit.pk, building_ids=payload.building_ids, by=request.user, at=timezone.now()
    )
    return {"changed": [row.pk for row in changed]}


@router.post(
    "buildings/{building_id}/generation/",
    response={200: GenerationOut, 201: GenerationOut, **ERRORS},
    summary="Make the units of a building by rule",
)
def generate(request: ApiRequest, building_id: Id, payload: GenerationIn) -> Status[dict[str, Any]]:
    """Adds what is missing and keeps what is there; refused with 409 as a whole where units collide."""
    building = get_object_or_404(buildings_for(request.user), pk=building_id)
    require(request.user, EDIT_PROPERTY, building.project_id)
    rule = payload.rule(building)
    preview = preview_of(building, rule)
    made: list[int] = []
    if not payload.dry_run:
        made = generate_units(
            building_id=building.pk, rule=rule, by=request.user, at=timezone.now()
        )
    answer = {
        "made": made,
        "new": preview.new,
        "kept": preview.kept,
        "refused": len(preview.refused),
        "units": [
            {
                "number": one.unit.number,
                "entrance": one.unit.entrance,
                "floor": one.unit.floor,
                "floors_spanned": one.unit.spanned,
                "position": one.unit.position,
                "kind": one.kind,
                "reason": str(one.refusal or ""),
            }
            for one in preview.weighed
        ],
    }
    return Status(200 if payload.dry_run else 201, answer)


@units_router.patch(  # The same path as the list of units: one router answers all its methods.
    "projects/{project_id}/units/",
    tags=["property"],
    response={200: UnitEditsOut, **ERRORS},
    summary="Change many units at once",
)
def edit_units(request: ApiRequest, project_id: Id, payload: UnitEditsIn) -> dict[str, Any]:
    """All or nothing: 409 when a unit was changed meanwhile or a cell cannot be taken.

    With `dry_run` the answer lists what would change and what cannot be taken.  Undo with
    `DELETE unit-imports/{import_id}/`.
    """
    project = _project(request, project_id)
    require(request.user, EDIT_PROPERTY, project.pk)
    edits = [UnitEdit(one.unit_id, one.version, one.values) for one in payload.changes]
    weighed = weigh_edits(project.pk, edits)
    answer = _weighed(weighed)
    if not payload.dry_run:
        batch = edit_units_together(
            project_id=project.pk, edits=edits, title="API", by=request.user, at=timezone.now()
        )
        answer["import_id"] = batch.pk
    return answer


def _project(request: ApiRequest, project_id: int) -> Project:
    return get_object_or_404(projects_for(request.user), pk=project_id)


def _building(row: Building) -> Mapping[str, Any]:
    days = ("completes_on", "completion_filed_on", "surveyed_on")
    texts = (
        "id", "code", "name", "is_parking", "supervised_bank", "supervised_account",
        "completion_filing", "survey_report", "version",
    )  # fmt: skip
    return {
        **{name: getattr(row, name) for name in texts},
        **{name: plain(getattr(row, name)) or "" for name in days},
        "zone": row.zone.name if row.zone else "",
        "permit": row.permit.number if row.permit else "",
    }


def _weighed(weighed: EditsWeighed) -> dict[str, Any]:
    return {
        "changed": [
            {
                "unit_id": one.unit_id,
                "number": one.number,
                "before": plain(one.said_before),
                "after": plain(one.said_after),
            }
            for one in weighed.changed
        ],
        "refused": [
            {
                "unit_id": one.unit_id,
                "number": one.number,
                "field": one.field,
                "value": one.value,
                "reason": one.reason,
            }
            for one in weighed.refused
        ],
        "stale": weighed.stale,
        "unchanged": weighed.unchanged,
    }
