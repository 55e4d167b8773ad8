"""Unsold units split or merged; the old ones leave the board with their history (INV-15)."""

from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal

from loupan.core import audit
from loupan.core.db import writes
from loupan.core.people import Actor
from loupan.core.refusals import ChangedMeanwhile
from loupan.inventory import errors
from loupan.inventory.actions.property import park_units
from loupan.inventory.actions.units import move_unit
from loupan.inventory.models import HotSpot, ReshapedUnit, Reshaping, Unit, UnitChange
from loupan.inventory.permissions import EDIT_PROPERTY
from loupan.inventory.rules.addresses import NAME_LENGTH, ROOM_LENGTH, unit_number
from loupan.inventory.rules.reshaping import Merged, Part, Piece, check_sums, merged
from loupan.inventory.states import UnitStatus
from loupan.org.permissions import require

S = UnitStatus
FREE = frozenset({S.NOT_RELEASED, S.WITHHELD, S.AVAILABLE, S.OFF_MARKET})


@writes
def split_unit(
    *,
    unit_id: int,
    version: int,
    parts: Sequence[Part],
    reason: str,
    by: Actor,
    at: datetime,
) -> list[Unit]:
    """Make several units of an unsold one. The parts have its exact areas and no prices yet.

    Raises ChangedMeanwhile, ReasonMissing, UnitRetired, UnitNotFree, UnitEncumbered, TooFewUnits,
    AreaSumsDiffer, InnerAreaTooLarge, UnitNumberTaken, PlaceTaken.
    """
    (old,) = _free_units([unit_id], reason, by)
    if old.version != version:
        raise ChangedMeanwhile
    check_sums(parts, old.built_area, old.inner_area)
    number, floor_no, spanned = old.number, old.floor_no, old.floors_spanned
    _retire([old], reason, by=by, at=at)
    is_measured = old.measured_built_area is not None
    made = [
        _make(
            old,
            room_no=part.room_no,
            floor_no=floor_no,
            spanned=spanned,
            position=part.position,
            built=part.built_area,
            inner=part.inner_area,
            is_measured=is_measured,
        )
        for part in parts
    ]
    _remember(Reshaping.Kind.SPLIT, {number: old}, made, reason, by=by, at=at)
    return made


@writes
def merge_units(
    *,
    unit_ids: Collection[int],
    room_no: str,
    reason: str,
    by: Actor,
    at: datetime,
) -> Unit:
    """Make one unit of several unsold ones; it stands where the lowest and first of them stood.

    Raises ReasonMissing, UnitRetired, UnitNotFree, UnitEncumbered, TooFewUnits,
    UnitsOfDifferentPlaces, AreasIncomplete, UnitNumberTaken, PlaceTaken.
    """
    units = _free_units(unit_ids, reason, by)
    whole = merged([_piece(unit) for unit in units])
    old = {unit.number: unit for unit in units}
    first = min(units, key=lambda unit: (unit.floor_no, unit.position))
    is_measured = all(unit.measured_built_area is not None for unit in units)
    _retire(units, reason, by=by, at=at)
    made = _make(
        first,
        room_no=room_no,
        floor_no=whole.floor,
        spanned=whole.spanned,
        position=whole.position,
        built=whole.built_area,
        inner=whole.inner_area,
        is_measured=is_measured,
    )
    _ensure_room(made, whole)
    _remember(Reshaping.Kind.MERGE, old, [made], reason, by=by, at=at)
    return made


def _free_units(unit_ids: Collection[int], reason: str, by: Actor) -> list[Unit]:
    units = list(
        Unit.objects.locked()
        .select_related("building", "entrance")
        .filter(pk__in=sorted(set(unit_ids)))
    )
    if len(units) != len(set(unit_ids)):
        raise Unit.DoesNotExist
    for project_id in sorted({unit.project_id for unit in units}):
        require(by, EDIT_PROPERTY, project_id)
    if not reason.strip():
        raise errors.ReasonMissing
    for unit in units:
        if unit.is_retired:
            raise errors.UnitRetired(unit=unit)
        if unit.status not in FREE:
            raise errors.UnitNotFree(unit=unit, status=UnitStatus(unit.status).label)
        if unit.is_sealed or unit.is_encumbered:
            raise errors.UnitEncumbered(unit=unit)
    return units


def _piece(unit: Unit) -> Piece:
    floors = range(unit.floor_no, unit.floor_no + unit.floors_spanned)
    return Piece(
        unit.number, unit.entrance_id, unit.product_type, floors, unit.position,
        unit.built_area, unit.inner_area,
    )  # fmt: skip


def _retire(units: Sequence[Unit], reason: str, *, by: Actor, at: datetime) -> None:
    """Off the market, number and place free for the successors; the old unit keeps its own, marked."""
    for unit in units:
        if unit.status != S.OFF_MARKET:
            move_unit(unit=unit, verb="take_off_market", by=by, at=at, reason=reason)
        mark = f"~{unit.pk}"
        unit.number = unit.number[: NAME_LENGTH - len(mark)] + mark
        unit.room_no = unit.room_no[: ROOM_LENGTH - len(mark)] + mark
        unit.is_retired = True
        unit.version += 1
    Unit.objects.bulk_update(units, ["number", "room_no", "is_retired", "version"])
    park_units(unit_ids=[unit.pk for unit in units])
    HotSpot.objects.filter(unit__in=units).delete()


def _make(
    old: Unit,
    *,
    room_no: str,
    floor_no: int,
    spanned: int,
    position: int,
    built: Decimal | None,
    inner: Decimal | None,
    is_measured: bool,
) -> Unit:
    number = unit_number(old.building.code, old.entrance.code, room_no)
    if Unit.objects.filter(project_id=old.project_id, number=number).exists():
        raise errors.UnitNumberTaken(number=number)
    place = {"entrance_id": old.entrance_id, "floor_no": floor_no, "position": position}
    if there := Unit.objects.filter(**place).first():
        raise errors.PlaceTaken(floor=floor_no, position=position, other=there)
    return Unit.objects.create(
        project_id=old.project_id,
        building_id=old.building_id,
        **place,
        number=number,
        room_no=room_no,
        floors_spanned=spanned,
        product_type=old.product_type,
        orientation=old.orientation,
        view=old.view,
        fitout=old.fitout,
        price_basis=old.price_basis,
        **{
            f"{'measured' if is_measured else 'predicted'}_{kind}_area": area
            for kind, area in (("built", built), ("inner", inner))
        },
    )


def _ensure_room(made: Unit, whole: Merged) -> None:
    """A merged unit covers its upper floors; nobody else may stand there."""
    above = (
        Unit.objects.filter(
            entrance_id=made.entrance_id,
            position=made.position,
            floor_no__gt=whole.floor,
            floor_no__lt=whole.floor + whole.spanned,
        )
        .exclude(pk=made.pk)
        .first()
    )
    if above is not None:
        raise errors.PlaceTaken(floor=above.floor_no, position=above.position, other=above)


def _remember(
    kind: str,
    old: dict[str, Unit],
    made: Sequence[Unit],
    reason: str,
    *,
    by: Actor,
    at: datetime,
) -> None:
    """The fact, the log of both sides, the audit: each side names the other."""
    project_id = made[0].project_id
    fact = Reshaping.objects.create(
        project_id=project_id, kind=kind, reason=reason, by_id=by.pk, at=at
    )
    ReshapedUnit.objects.bulk_create(
        [
            *(ReshapedUnit(reshaping=fact, unit=u, is_new=False, number=n) for n, u in old.items()),
            *(ReshapedUnit(reshaping=fact, unit=u, is_new=True, number=u.number) for u in made),
        ]
    )
    before, after = "、".join(old), "、".join(unit.number for unit in made)
    said = f"{before} → {after} · {reason}"[:200]
    rows = [(unit, kind, unit.status) for unit in old.values()]
    rows += [(unit, kind, "") for unit in made]
    UnitChange.objects.bulk_create(
        UnitChange(
            project_id=project_id,
            unit=unit,
            verb=verb,
            from_status=status,
            to_status=unit.status,
            reason=said,
            by_id=by.pk,
            post_id=by.post_id,
            source=by.source,
            at=at,
        )
        for unit, verb, status in rows
    )
    audit.record_all(
        audit.entry(
            f"inventory.unit.{'split' if kind == Reshaping.Kind.SPLIT else 'merged'}",
            unit,
            by=by,
            at=at,
            old=before,
            new=after,
            reason=reason,
        )
        for unit in [*old.values(), *made]
    )
