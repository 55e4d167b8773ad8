"""All units of a building from a rule, kept with the building (INV-03)."""

from datetime import datetime

from loupan.core import audit
from loupan.core.bulk import insert_rows, new_ids
from loupan.core.db import writes
from loupan.core.people import Actor
from loupan.inventory import errors
from loupan.inventory.models import Building, Entrance, Layout, Unit, UnitChange
from loupan.inventory.permissions import EDIT_PROPERTY
from loupan.inventory.queries.generation import preview_of
from loupan.inventory.rules.addresses import sort_key
from loupan.inventory.rules.generation import GenerationRule, rule_as_dict
from loupan.inventory.states import UnitStatus
from loupan.org.permissions import require


@writes
def generate_units(*, building_id: int, rule: GenerationRule, by: Actor, at: datetime) -> list[int]:
    """Make all units of a rule in a building, all or none (INV-03); the ids of the new units.

    A repeated rule adds what is missing and touches nothing that stands.  Raises NothingToGenerate,
    TooManyUnits, BadNumberPattern, PatternsOverlap, PlanCollides, NothingMissing,
    InnerAreaTooLarge.
    """
    building = Building.objects.locked().select_related("project").get(pk=building_id)
    require(by, EDIT_PROPERTY, building.project_id)
    preview = preview_of(building, rule)
    if refused := preview.refused:
        raise errors.PlanCollides(count=len(refused), first=refused[0].refusal)
    planned = [one.unit for one in preview.weighed if one.kind == "new"]
    if not planned:
        raise errors.NothingMissing(count=preview.kept)
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
    building.generation = rule_as_dict(rule)
    building.number_pattern, building.number_prefix = rule.number_pattern, rule.number_prefix
    building.floor_offset = rule.floor_offset
    building.version += 1
    building.save(
        update_fields=[
            "generation", "number_pattern", "number_prefix", "floor_offset", "version",
        ]
    )  # fmt: skip
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
