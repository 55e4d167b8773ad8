"""What is sold with a deal's main unit: locked, moved and freed together with it (U-9)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q

from loupan.core.db import writes
from loupan.core.people import Actor
from loupan.core.refusals import ChangedMeanwhile
from loupan.inventory.actions.units import ensure_saleable, move_unit
from loupan.inventory.models import Unit
from loupan.sales.actions.claims import end_claim
from loupan.sales.models import AttachedUnit, Claim, Deal


@dataclass(frozen=True)
class DealUnits:
    """The units of one deal, locked: the main one and those attached to it."""

    main: Unit
    attached: tuple[Unit, ...]

    @property
    def every(self) -> tuple[Unit, ...]:
        return (self.main, *self.attached)


@writes
def lock_units_of(*, deal_id: int) -> DealUnits:
    """Part: lock every unit of a deal in ascending order of id; the first lock of every verb on it.

    They come with permit and project.  Once the deal is locked as well, ensure_same_units.
    """
    main_id = Deal.objects.values_list("unit_id", flat=True).get(pk=deal_id)
    attached = AttachedUnit.objects.filter(deal_id=deal_id, removed_on=None).values("unit_id")
    rows = list(
        Unit.objects.locked()
        .select_related("building__permit", "project")
        .filter(Q(pk=main_id) | Q(pk__in=attached))
    )
    main = next(unit for unit in rows if unit.pk == main_id)
    return DealUnits(main, tuple(unit for unit in rows if unit is not main))


@writes
def ensure_same_units(*, deal: Deal, units: DealUnits) -> None:
    """Part: raise ChangedMeanwhile unless the locked deal still has the units locked before it."""
    attached = AttachedUnit.objects.filter(deal=deal, removed_on=None)
    now = {deal.unit_id, *attached.values_list("unit_id", flat=True)}
    if deal.unit_id != units.main.pk or now != {unit.pk for unit in units.every}:
        raise ChangedMeanwhile


@writes
def ensure_units_saleable(*, units: DealUnits, on: date) -> None:
    """Part, U-2: raise PermitMissing, UnitSealed, AreaMissing or ListPriceMissing of any of them."""
    for unit in units.every:
        ensure_saleable(unit=unit, on=on)


@writes
def move_units(
    *,
    units: DealUnits,
    verb: str,
    by: Actor | None,
    at: datetime,
    reason: str = "",
    keeps_label: bool = True,
) -> None:
    """Part, U-9: move all units of a deal by the same verb, or none. Raises NotAllowedNow.

    They keep the label of who sold them while the deal lives on.
    """
    for unit in units.every:
        label = unit.claim_label if keeps_label else ""
        move_unit(unit=unit, verb=verb, by=by, at=at, reason=reason, claim_label=label)


@writes
def end_claims(*, deal: Deal, reason: str, at: datetime, unit_ids: Sequence[int] = ()) -> None:
    """Part: the deal claims its units no more, or only these of them; the caller moves them."""
    claims = Claim.objects.filter(deal=deal, is_active=True).order_by("unit_id")
    if unit_ids:
        claims = claims.filter(unit_id__in=unit_ids)
    for claim in claims:
        end_claim(claim=claim, reason=reason, at=at)
