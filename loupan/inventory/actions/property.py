"""Making and changing units by hand: generation by rule, single edits, deletion without history."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db.models import ProtectedError

from loupan.core import audit
from loupan.core.bulk import insert_rows, new_ids
from loupan.core.db import writes
from loupan.core.people import Actor
from loupan.core.refusals import ChangedMeanwhile
from loupan.inventory import errors
from loupan.inventory.models import Building, Entrance, Layout, Unit, UnitChange
from loupan.inventory.permissions import EDIT_PROPERTY
from loupan.inventory.queries.imports import calculator
from loupan.inventory.rules.addresses import sort_key
from loupan.inventory.rules.generation import GenerationRule, planned_units
from loupan.inventory.states import CLAIMED, UnitStatus
from loupan.org.permissions import require

AREAS = (
    "predicted_built_area",
    "predicted_inner_area",
    "measured_built_area",
    "measured_inner_area",
)
# What may be edited on a unit by hand; prices and status have verbs of their own.
EDITABLE = (
    "layout",
    "orientation",
    "view",
    "product_type",
    *AREAS,
    "is_encumbered",
    "is_sealed",
    "is_show_flat",
)
# Verbs that say where a unit comes from; anything else is history that keeps it (INV-06).
MAKING = ("make", "generate", "import", "edit")


@writes
def generate_units(*, building_id: int, rule: GenerationRule, by: Actor, at: datetime) -> list[int]:
    """Make all units of a rule in a building, all or none (INV-03); the ids of the new units.

    Raises NothingToGenerate, TooManyUnits, BadNumberPattern, UnitNumberTaken, PlaceTaken,
    InnerAreaTooLarge.
    """
    building = Building.objects.locked().select_related("project").get(pk=building_id)
    require(by, EDIT_PROPERTY, building.project_id)
    planned = planned_units(rule)
    _ensure_free(building, rule)
    entrances = {entrance.code: entrance for entrance in building.entrances.all()}
    for code in rule.entrances:
        if code not in entrances:
            entrances[code] = Entrance.objects.create(
                building=building, code=code, sort=sort_key(code)
            )
    layouts = set(
        Layout.objects.filter(project_id=building.project_id).values_list("id", flat=True)
    )
    ids = new_ids(Unit, len(planned))
    units, changes = [], []
    for unit_id, unit in zip(ids, planned, strict=True):
        slot = unit.slot
        if slot.inner_area and slot.built_area and slot.inner_area > slot.built_area:
            raise errors.InnerAreaTooLarge(inner=slot.inner_area, built=slot.built_area)
        units.append(
            (
                unit_id,
                entrances[unit.entrance].pk,
                slot.layout_id if slot.layout_id in layouts else None,
                unit.number,
                unit.room_no,
                unit.floor,
                unit.spanned,
                unit.position,
                slot.product_type,
                slot.orientation,
                slot.built_area,
                slot.inner_area,
            )
        )
        changes.append((unit_id, UnitStatus.NOT_RELEASED.value))
    insert_rows(
        Unit,
        (
            "id", "entrance_id", "layout_id", "number", "room_no", "floor_no", "floors_spanned",
            "position", "product_type", "orientation", "predicted_built_area",
            "predicted_inner_area",
        ),
        units,
        same={
            "project_id": building.project_id,
            "building_id": building.pk,
            "view": "",
            "measured_built_area": None,
            "measured_inner_area": None,
            "price_basis": str(building.project.price_basis),
            "list_unit_price": None,
            "list_total": None,
            "floor_unit_price": None,
            "floor_total": None,
            "filed_unit_price": None,
            "filed_total": None,
            "price_trace": [],
            "status": UnitStatus.NOT_RELEASED.value,
            "is_encumbered": False,
            "is_sealed": False,
            "is_show_flat": False,
            "first_released_on": None,
            "claim_until": None,
            "claim_label": "",
            "version": 0,
        },
    )  # fmt: skip
    insert_rows(
        UnitChange,
        ("unit_id", "to_status"),
        changes,
        same={
            "project_id": building.project_id,
            "verb": "generate",
            "from_status": "",
            "reason": "",
            "by_id": by.pk,
            "post_id": by.post_id,
            "source": by.source,
            "at": at,
        },
    )
    audit.record(
        "inventory.building.units_generated",
        building,
        by=by,
        at=at,
        units=len(planned),
        first=planned[0].number,
        last=planned[-1].number,
    )
    return list(ids)


def _ensure_free(building: Building, rule: GenerationRule) -> None:
    planned = planned_units(rule)
    numbers = {unit.number for unit in planned}
    taken = (
        Unit.objects.filter(project_id=building.project_id, number__in=sorted(numbers)[:5_000])
        .order_by("number")
        .values_list("number", flat=True)
        .first()
    )
    if taken is not None:
        raise errors.UnitNumberTaken(number=taken)
    places = {(unit.entrance, unit.floor, unit.position) for unit in planned}
    for code, floor, position, number in Unit.objects.filter(building=building).values_list(
        "entrance__code", "floor_no", "position", "number"
    ):
        if (code, floor, position) in places:
            raise errors.PlaceTaken(floor=floor, position=position, other=number)


@writes
def edit_unit(
    *, unit_id: int, version: int, changes: Mapping[str, Any], by: Actor, at: datetime
) -> Unit:
    """Correct the data of a unit (INV-04): layout, orientation, areas, flags.

    New areas of a priced unit give it a new list total.  Raises ChangedMeanwhile, UnitClaimed
    (areas of a claimed unit stay as agreed), InnerAreaTooLarge.
    """
    unit = Unit.objects.locked().select_related("layout").get(pk=unit_id)
    require(by, EDIT_PROPERTY, unit.project_id)
    if unit.version != version:
        raise ChangedMeanwhile
    assert set(changes) <= set(EDITABLE), changes
    before = audit.snapshot(unit, *changes, "list_unit_price", "list_total")
    for name, value in changes.items():
        setattr(unit, name, value)
    old, new = audit.differences(before, audit.snapshot(unit, *changes))
    if not new:
        return unit
    if not new.keys().isdisjoint(AREAS):
        if unit.status in CLAIMED:
            raise errors.UnitClaimed(unit=unit, status=UnitStatus(unit.status).label)
        _ensure_areas(unit)
        _price_again(unit)
    unit.version += 1
    unit.save(update_fields=[*new, "list_unit_price", "list_total", "price_trace", "version"])
    old, new = audit.differences(
        before, audit.snapshot(unit, *changes, "list_unit_price", "list_total")
    )
    _record_change(unit, "edit", by=by, at=at)
    audit.record("inventory.unit.edited", unit, by=by, at=at, before=old, after=new)
    return unit


@writes
def delete_units(*, unit_ids: Collection[int], by: Actor, at: datetime) -> int:
    """Delete units that were only ever planned (INV-06), all or none; how many.

    Raises UnitHasHistory for a unit that was released, sold or moved in any way.
    """
    units = list(Unit.objects.locked().filter(pk__in=sorted(set(unit_ids))))
    for project_id in sorted({unit.project_id for unit in units}):
        require(by, EDIT_PROPERTY, project_id)
    if len(units) != len(set(unit_ids)):
        raise Unit.DoesNotExist
    moved = set(
        UnitChange.objects.filter(unit_id__in=[unit.pk for unit in units])
        .exclude(verb__in=MAKING)
        .values_list("unit_id", flat=True)
    )
    for unit in units:
        if unit.status in CLAIMED or unit.first_released_on or unit.pk in moved:
            raise errors.UnitHasHistory(unit=unit)
    for unit in units:
        _record_change(unit, "delete", by=by, at=at)
    audit.record_all(
        audit.entry("inventory.unit.deleted", unit, by=by, at=at, number=unit.number)
        for unit in units
    )
    try:
        Unit.objects.filter(pk__in=[unit.pk for unit in units]).delete()
    except ProtectedError as error:
        raise errors.UnitHasHistory(unit=units[0]) from error
    return len(units)


def _ensure_areas(unit: Unit) -> None:
    for kind in ("predicted", "measured"):
        built = getattr(unit, f"{kind}_built_area")
        inner = getattr(unit, f"{kind}_inner_area")
        if built is not None and inner is not None and inner > built:
            raise errors.InnerAreaTooLarge(inner=inner, built=built)


def _price_again(unit: Unit) -> None:
    """The list total follows the area under the project's own rule."""
    if unit.list_unit_price is None:
        return
    priced = calculator(unit.project_id)(
        unit.price_basis, unit.built_area, unit.inner_area, unit.list_unit_price, None
    )
    if priced.total is not None:
        unit.list_total, unit.price_trace = priced.total, list(priced.trace)


def _record_change(unit: Unit, verb: str, *, by: Actor, at: datetime) -> None:
    UnitChange.objects.create(
        project_id=unit.project_id,
        unit=unit,
        verb=verb,
        from_status=unit.status,
        to_status="" if verb == "delete" else unit.status,
        by_id=by.pk,
        post_id=by.post_id,
        source=by.source,
        at=at,
    )
