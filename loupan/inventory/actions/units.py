"""The status of units: the one place that writes it, and the verbs of sales control (DOMAIN 2.1)."""

from collections.abc import Collection
from datetime import date, datetime

from loupan.core import audit
from loupan.core.calendar import business_day
from loupan.core.db import writes
from loupan.core.people import Actor
from loupan.inventory import errors
from loupan.inventory.models import Unit, UnitChange
from loupan.inventory.states import UNIT, UnitStatus
from loupan.org.models import User
from loupan.org.permissions import require

MOVED = ("status", "claim_until", "claim_label", "first_released_on", "version")


@writes
def move_unit(
    *,
    unit: Unit,
    verb: str,
    by: Actor | None,
    at: datetime,
    reason: str = "",
    claim_until: datetime | None = None,
    claim_label: str = "",
) -> Unit:
    """Part: move a locked unit by a verb of UNIT. Nothing else in the product sets a unit's status.

    Raises NotAllowedNow.
    """
    change = moved_unit(
        unit=unit, verb=verb, by=by, at=at, reason=reason, claim_until=claim_until,
        claim_label=claim_label,
    )  # fmt: skip
    unit.save(update_fields=MOVED)
    change.save(force_insert=True)
    return unit


@writes
def moved_unit(
    *,
    unit: Unit,
    verb: str,
    by: Actor | None,
    at: datetime,
    reason: str = "",
    claim_until: datetime | None = None,
    claim_label: str = "",
) -> UnitChange:
    """Part: the same, but the caller saves the unit (its fields MOVED) and the change given back.

    Raises NotAllowedNow.
    """
    if unit.is_retired:
        raise errors.UnitRetired(unit=unit)
    before, unit.status = unit.status, UNIT.after(verb, unit.status)
    unit.claim_until, unit.claim_label = claim_until, claim_label
    if unit.status == UnitStatus.AVAILABLE and unit.first_released_on is None:
        unit.first_released_on = business_day(at)
    unit.version += 1
    return UnitChange(
        project_id=unit.project_id,
        unit=unit,
        verb=verb,
        from_status=before,
        to_status=unit.status,
        reason=reason,
        by_id=by.pk if by else None,
        post_id=by.post_id if by else None,
        source=by.source if by else "job",
        at=at,
        claim_until=claim_until,
        claim_label=claim_label,
    )


@writes
def relabel_claim(*, unit: Unit, label: str, by: Actor | None, at: datetime) -> Unit:
    """Part: somebody else holds a locked unit from now on, or (claim_until emptied by the caller) the
    same person without an end; its status stays.
    """
    unit.claim_label = label
    unit.version += 1
    unit.save(update_fields=["claim_until", "claim_label", "version"])
    UnitChange.objects.create(
        project_id=unit.project_id,
        unit=unit,
        verb="relabel_claim",
        from_status=unit.status,
        to_status=unit.status,
        by_id=by.pk if by else None,
        post_id=by.post_id if by else None,
        source=by.source if by else "job",
        at=at,
        claim_until=unit.claim_until,
        claim_label=label,
    )
    return unit


@writes
def ensure_saleable(*, unit: Unit, on: date) -> None:
    """Part, U-2: raise PermitMissing, UnitSealed, AreaMissing or ListPriceMissing.

    Ask for `building__permit` with the unit, or this asks twice.
    """
    permit = unit.building.permit
    if permit is None or permit.issued_on > on or (permit.valid_until and permit.valid_until < on):
        raise errors.PermitMissing(unit=unit, day=on)
    if unit.is_sealed:
        raise errors.UnitSealed(unit=unit)
    if unit.price_basis != "unit" and not (unit.built_area or unit.inner_area):
        raise errors.AreaMissing(unit=unit)
    if unit.list_total is None:
        raise errors.ListPriceMissing(unit=unit)


@writes
def release_units(*, unit_ids: Collection[int], by: User, at: datetime) -> list[Unit]:
    """Offer units for sale (推盘, T1), all or none.

    Raises NotAllowedNow, PermitMissing, UnitSealed, AreaMissing, ListPriceMissing,
    FloorPriceMissing.
    """
    return _offer(unit_ids, "release", by=by, at=at, reason="")


@writes
def unwithhold_units(
    *, unit_ids: Collection[int], by: User, at: datetime, reason: str = ""
) -> list[Unit]:
    """Offer withheld units again (T3), all or none. Raises what release_units raises."""
    return _offer(unit_ids, "unwithhold", by=by, at=at, reason=reason)


@writes
def withhold_units(*, unit_ids: Collection[int], reason: str, by: User, at: datetime) -> list[Unit]:
    """Keep units back from sale (销控, T2), all or none. Raises NotAllowedNow, ReasonMissing."""
    if not reason.strip():
        raise errors.ReasonMissing
    units = _locked(unit_ids, "inventory.withhold_unit", by)
    _move_all(units, "withhold", by=by, at=at, reason=reason)
    return units


@writes
def take_off_market(
    *, unit_ids: Collection[int], reason: str, by: User, at: datetime
) -> list[Unit]:
    """Take unsold units out of the stock (self-held, resettlement, set off; T20), all or none.

    Raises NotAllowedNow, ReasonMissing.
    """
    if not reason.strip():
        raise errors.ReasonMissing
    units = _locked(unit_ids, "inventory.take_off_market", by)
    _move_all(units, "take_off_market", by=by, at=at, reason=reason)
    return units


@writes
def return_to_market(
    *, unit_ids: Collection[int], reason: str, by: User, at: datetime
) -> list[Unit]:
    """Put units back into the stock (T20), all or none: not released until somebody releases them.

    Raises NotAllowedNow, ReasonMissing.
    """
    if not reason.strip():
        raise errors.ReasonMissing
    units = _locked(unit_ids, "inventory.take_off_market", by)
    _move_all(units, "return_to_market", by=by, at=at, reason=reason)
    return units


def _offer(
    unit_ids: Collection[int], verb: str, *, by: User, at: datetime, reason: str
) -> list[Unit]:
    permission = "inventory.release_unit" if verb == "release" else "inventory.withhold_unit"
    units = _locked(unit_ids, permission, by)
    today = business_day(at)
    for unit in units:
        if verb not in UNIT.open_verbs(unit.status):
            UNIT.after(verb, unit.status)
        ensure_saleable(unit=unit, on=today)
        if unit.floor_total is None:
            raise errors.FloorPriceMissing(unit=unit)
    _move_all(units, verb, by=by, at=at, reason=reason)
    return units


def _locked(unit_ids: Collection[int], permission: str, by: User) -> list[Unit]:
    wanted = set(unit_ids)
    units = list(
        Unit.objects.locked().select_related("building__permit").filter(pk__in=sorted(wanted))
    )
    for project_id in sorted({unit.project_id for unit in units}):
        require(by, permission, project_id)
    if len(units) != len(wanted):
        raise Unit.DoesNotExist
    return units


def _move_all(units: list[Unit], verb: str, *, by: User, at: datetime, reason: str) -> None:
    changes = [moved_unit(unit=unit, verb=verb, by=by, at=at, reason=reason) for unit in units]
    Unit.objects.bulk_update(units, MOVED, batch_size=200)
    UnitChange.objects.bulk_create(changes, batch_size=1000)
    audit.record_all(
        audit.entry(
            f"inventory.unit.{_PAST[verb]}",
            unit,
            by=by,
            at=at,
            before={"status": change.from_status},
            after={"status": change.to_status},
            reason=reason,
        )
        for unit, change in zip(units, changes, strict=True)
    )


_PAST = {
    "take_off_market": "taken_off_market",
    "return_to_market": "returned_to_market",
    "release": "released",
    "withhold": "withheld",
    "unwithhold": "offered_again",
}
