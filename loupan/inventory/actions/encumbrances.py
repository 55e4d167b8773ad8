"""Rights of others to units: put on record, lifted; a seal stops every sale (INV-14, U-2)."""

from collections.abc import Collection, Sequence
from datetime import date, datetime

from loupan.core import audit
from loupan.core.calendar import business_day
from loupan.core.db import writes
from loupan.core.people import Actor
from loupan.inventory import errors
from loupan.inventory.models import (
    Encumbrance,
    EncumbranceKind,
    EncumbranceLifting,
    Unit,
    UnitChange,
)
from loupan.inventory.permissions import EDIT_PROPERTY
from loupan.org.permissions import require


@writes
def encumber_units(
    *,
    project_id: int,
    unit_ids: Collection[int],
    kind: str,
    document_no: str,
    starts_on: date,
    holder: str = "",
    ends_on: date | None = None,
    reason: str = "",
    by: Actor,
    at: datetime,
) -> list[Encumbrance]:
    """Put a mortgage, a pre-notice or a seal on record for units, all or none.

    A seal blocks release and sale until it is lifted, also after its last day.  Raises
    NoUnitsChosen, NotYet, EndsBeforeItStarts, EncumberedAlready.
    """
    require(by, EDIT_PROPERTY, project_id)
    if not unit_ids:
        raise errors.NoUnitsChosen
    if starts_on > business_day(at):
        raise errors.NotYet(day=starts_on)
    if ends_on is not None and ends_on < starts_on:
        raise errors.EndsBeforeItStarts
    units = list(Unit.objects.locked().filter(pk__in=sorted(set(unit_ids)), project_id=project_id))
    if len(units) != len(set(unit_ids)):
        raise Unit.DoesNotExist
    known = (
        Encumbrance.objects.filter(unit__in=units, kind=kind, document_no=document_no, lifting=None)
        .select_related("unit")
        .first()
    )
    if known is not None:
        raise errors.EncumberedAlready(unit=known.unit, document=known)
    made = Encumbrance.objects.bulk_create(
        Encumbrance(
            project_id=project_id,
            unit=unit,
            kind=kind,
            holder=holder,
            document_no=document_no,
            reason=reason,
            starts_on=starts_on,
            ends_on=ends_on,
            by_id=by.pk,
            made_at=at,
        )
        for unit in units
    )
    said = " ".join(filter(None, (holder, document_no, reason)))[:200]
    verb = "seal" if kind == EncumbranceKind.SEAL else "encumber"
    _flag(units, verb, said, by=by, at=at)
    audit.record_all(
        audit.entry(
            "inventory.encumbrance.recorded",
            one,
            by=by,
            at=at,
            unit=one.unit.number,
            kind=kind,
            document_no=document_no,
            holder=holder,
        )
        for one in made
    )
    return made


@writes
def lift_encumbrance(
    *,
    encumbrance_id: int,
    lifted_on: date,
    reason: str,
    document_no: str = "",
    by: Actor,
    at: datetime,
) -> EncumbranceLifting:
    """Record that an encumbrance has ended. Raises LiftedAlready, ReasonMissing, NotYet."""
    unit_id = Encumbrance.objects.values_list("unit_id", flat=True).get(pk=encumbrance_id)
    unit = Unit.objects.locked().get(pk=unit_id)
    encumbrance = Encumbrance.objects.locked().get(pk=encumbrance_id)
    require(by, EDIT_PROPERTY, encumbrance.project_id)
    if not reason.strip():
        raise errors.ReasonMissing
    if lifted_on > business_day(at):
        raise errors.NotYet(day=lifted_on)
    if EncumbranceLifting.objects.filter(encumbrance=encumbrance).exists():
        raise errors.LiftedAlready(unit=unit)
    lifting = EncumbranceLifting.objects.create(
        encumbrance=encumbrance,
        lifted_on=lifted_on,
        document_no=document_no,
        reason=reason,
        by_id=by.pk,
        at=at,
    )
    _flag([unit], "lift_encumbrance", f"{encumbrance} · {reason}"[:200], by=by, at=at)
    audit.record(
        "inventory.encumbrance.lifted",
        encumbrance,
        by=by,
        at=at,
        unit=unit.number,
        document_no=document_no,
        reason=reason,
    )
    return lifting


def _flag(units: Sequence[Unit], verb: str, said: str, *, by: Actor, at: datetime) -> None:
    """The marks of the board follow the records that are not lifted."""
    kinds: dict[int, set[str]] = {}
    for unit_id, kind in Encumbrance.objects.filter(unit__in=units, lifting=None).values_list(
        "unit_id", "kind"
    ):
        kinds.setdefault(unit_id, set()).add(kind)
    for unit in units:
        held = kinds.get(unit.pk, set())
        unit.is_sealed = EncumbranceKind.SEAL in held
        unit.is_encumbered = bool(held - {EncumbranceKind.SEAL})
        unit.version += 1
    Unit.objects.bulk_update(units, ["is_sealed", "is_encumbered", "version"], batch_size=500)
    UnitChange.objects.bulk_create(
        UnitChange(
            project_id=unit.project_id,
            unit=unit,
            verb=verb,
            from_status=unit.status,
            to_status=unit.status,
            reason=said,
            by_id=by.pk,
            post_id=by.post_id,
            source=by.source,
            at=at,
        )
        for unit in units
    )
