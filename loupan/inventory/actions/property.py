"""Making and changing units by hand: generation by rule, single edits, deletion without history."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from loupan.core import audit
from loupan.core.bulk import update_rows
from loupan.core.db import writes
from loupan.core.people import Actor
from loupan.core.refusals import ChangedMeanwhile
from loupan.inventory import errors
from loupan.inventory.models import Building, PresalePermit, Unit, UnitChange
from loupan.inventory.permissions import EDIT_PROPERTY
from loupan.inventory.queries.deletion import weigh_deletion
from loupan.inventory.queries.imports import calculator
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
    "use",
    "tenure",
    *AREAS,
    "fitout",
    "balcony_area",
    "garden_area",
    "is_corner",
    "is_show_flat",
)
# Positions no unit has: for the time of one transaction.
FIRST_PARKED, PARKED = 2_000, 30_000


@writes
def park_units(*, unit_ids: Collection[int]) -> None:
    """Part: free the places of locked units that are about to get others, so that two can swap."""
    rows = [(FIRST_PARKED + pk % PARKED, pk) for pk in sorted(set(unit_ids))]
    update_rows(Unit, ("position",), rows)


@writes
def set_permit_buildings(
    *, permit_id: int, building_ids: Collection[int], by: Actor, at: datetime
) -> list[Building]:
    """Put exactly these buildings under a permit (L-01); those it no longer names have none.

    Gives back the buildings that changed.  Raises NotInThisProject.
    """
    permit = PresalePermit.objects.select_for_update(no_key=True, of=("self",)).get(pk=permit_id)
    require(by, EDIT_PROPERTY, permit.project_id)
    rows = list(
        Building.objects.select_for_update(no_key=True, of=("self",))
        .filter(project_id=permit.project_id)
        .order_by("pk")
    )
    wanted = set(building_ids)
    if not wanted <= {row.pk for row in rows}:
        raise errors.BuildingOfAnotherProject
    changed = [row for row in rows if (row.pk in wanted) != (row.permit_id == permit.pk)]
    for row in changed:
        before = audit.snapshot(row, "permit")
        row.permit = permit if row.pk in wanted else None
        row.version += 1
        row.save(update_fields=["permit", "version"])
        audit.record(
            "inventory.building.changed", row, by=by, at=at, project_id=row.project_id,
            before=before, after=audit.snapshot(row, "permit"),
        )  # fmt: skip
    return changed


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
    for weighed in weigh_deletion(units):
        if weighed.reasons:
            raise errors.UnitHasHistory(unit=weighed.unit, reasons="; ".join(weighed.reasons))
    for unit in units:
        _record_change(unit, "delete", by=by, at=at)
    audit.record_all(
        audit.entry("inventory.unit.deleted", unit, by=by, at=at, number=unit.number)
        for unit in units
    )
    Unit.objects.filter(pk__in=[unit.pk for unit in units]).delete()
    return len(units)


def _ensure_areas(unit: Unit) -> None:
    for kind in ("predicted", "measured"):
        built = getattr(unit, f"{kind}_built_area")
        inner = getattr(unit, f"{kind}_inner_area")
        if built is not None and inner is not None and inner > built:
            raise errors.InnerAreaTooLarge(inner=inner, built=built)


def _price_again(unit: Unit) -> None:
    """The list total follows the area under the rule of the unit's class."""
    if unit.list_unit_price is None:
        return
    priced = calculator(unit.project_id)(
        unit.price_basis, unit.built_area, unit.inner_area, unit.list_unit_price, None,
        product_type=unit.product_type,
    )  # fmt: skip
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
