"""Who owns a unit, lives in it or answers for it, and from when to when (INV-12)."""

from collections.abc import Collection, Iterable
from datetime import date, datetime

from django.db.models import Q

from loupan.core import audit
from loupan.core.calendar import business_day
from loupan.core.db import writes
from loupan.core.refusals import ChangedMeanwhile
from loupan.customers.actions.ownership import advance_class, return_class
from loupan.customers.queries import customers_for
from loupan.customers.states import CustomerClass
from loupan.inventory.models import Unit
from loupan.inventory.states import UnitStatus
from loupan.org.models import User
from loupan.org.permissions import require
from loupan.sales import errors
from loupan.sales.models import Buyer, Deal, UnitRelation
from loupan.sales.permissions import RELATE_PERSON
from loupan.sales.queries.relations import class_of
from loupan.sales.states import LIVING_IN, RelationKind

# Units somebody may own and live in; the others have at most contacts.
INHABITABLE = frozenset({UnitStatus.HANDED_OVER, UnitStatus.TITLED, UnitStatus.OFF_MARKET})


@writes
def relate_person(
    *,
    unit_id: int,
    customer_id: int,
    kind: str,
    starts_on: date,
    ends_on: date | None = None,
    note: str = "",
    by: User,
    at: datetime,
) -> UnitRelation:
    """Write down that a customer is owner, resident, tenant or contact of a unit; both days inside.

    An owner becomes of the class owner, who lives there of the class resident (CUS-10).  Raises
    CustomerUnknown, NobodyLivesThere, PeriodBackwards, RelatedAlready.
    """
    unit = Unit.objects.locked().get(pk=unit_id)
    require(by, RELATE_PERSON, unit.project_id)
    customer = customers_for(by).filter(pk=customer_id, project_id=unit.project_id).first()
    if customer is None:
        raise errors.CustomerUnknown
    if kind != RelationKind.CONTACT and unit.status not in INHABITABLE:
        raise errors.NobodyLivesThere(unit=unit)
    if ends_on is not None and ends_on < starts_on:
        raise errors.PeriodBackwards(day=starts_on)
    made = UnitRelation(
        project_id=unit.project_id,
        unit=unit,
        customer=customer,
        kind=kind,
        starts_on=starts_on,
        ends_on=ends_on,
        note=note,
        by=by,
        at=at,
    )
    _ensure_alone(made)
    made.save(force_insert=True)
    if kind == RelationKind.OWNER:
        advance_class(customer_ids=[customer_id], to=CustomerClass.OWNER)
    elif kind in LIVING_IN:
        advance_class(customer_ids=[customer_id], to=CustomerClass.RESIDENT)
    _tell("made", made, by=by, at=at)
    return made


@writes
def end_relation(
    *, relation_id: int, ends_on: date, version: int, by: User, at: datetime
) -> UnitRelation:
    """Say until which day it lasted or will last, that day inside.

    Raises PeriodBackwards, RelationEnded where its last day is over, RelatedAlready, ChangedMeanwhile.
    """
    relation = _lock(relation_id)
    require(by, RELATE_PERSON, relation.project_id)
    if relation.version != version:
        raise ChangedMeanwhile
    before = relation.ends_on
    if before is not None and before < business_day(at):
        raise errors.RelationEnded(day=before)
    if ends_on < relation.starts_on:
        raise errors.PeriodBackwards(day=relation.starts_on)
    relation.ends_on = ends_on
    _ensure_alone(relation)
    relation.version += 1
    relation.save(update_fields=["ends_on", "version"])
    audit.record(
        "sales.unit_relation.ended", relation, by=by, at=at, before={"ends_on": before},
        after={"ends_on": ends_on},
    )  # fmt: skip
    return relation


@writes
def take_back_relation(*, relation_id: int, by: User, at: datetime) -> UnitRelation:
    """Remove what was written down by mistake; the log keeps it.

    The customer is of the class again that deals and other units give.  Raises CameWithHandover.
    """
    relation = _lock(relation_id)
    require(by, RELATE_PERSON, relation.project_id)
    if relation.deal_id is not None:
        raise errors.CameWithHandover
    _remove([relation], by=by, at=at)
    return relation


@writes
def record_owners(*, deal: Deal, units: Iterable[Unit], on: date, by: User, at: datetime) -> None:
    """Part of a handover: the buyers own the units from that day on, unless that is on record."""
    buyers = list(Buyer.objects.filter(deal=deal).values_list("customer_id", flat=True))
    made = []
    for unit in units:
        owners = UnitRelation.objects.filter(unit=unit, kind=RelationKind.OWNER, ends_on=None)
        known = set(owners.values_list("customer_id", flat=True))
        made += [
            UnitRelation.objects.create(
                project_id=deal.project_id,
                unit=unit,
                customer_id=customer_id,
                kind=RelationKind.OWNER,
                starts_on=on,
                deal=deal,
                by=by,
                at=at,
            )
            for customer_id in buyers
            if customer_id not in known
        ]
    advance_class(customer_ids=buyers, to=CustomerClass.OWNER)
    for relation in made:
        _tell("made", relation, by=by, at=at)


@writes
def remove_owners(*, deal: Deal, by: User, at: datetime) -> None:
    """Part of undoing a handover: what came with it goes with it."""
    came = UnitRelation.objects.locked().filter(deal=deal)
    _remove(list(came.select_related("unit")), by=by, at=at)


def _lock(relation_id: int) -> UnitRelation:
    # House lock order: the unit comes first.
    unit_id = UnitRelation.objects.values_list("unit_id", flat=True).get(pk=relation_id)
    Unit.objects.locked().get(pk=unit_id)
    found = UnitRelation.objects.locked().select_related("unit").filter(pk=relation_id).first()
    if found is None:  # Somebody else took it back.
        raise ChangedMeanwhile
    return found


def _ensure_alone(relation: UnitRelation) -> None:
    """Nobody is the same to a unit twice on one day."""
    same = UnitRelation.objects.filter(
        unit=relation.unit_id, customer=relation.customer_id, kind=relation.kind
    ).exclude(pk=relation.pk)
    meeting = same.filter(Q(ends_on=None) | Q(ends_on__gte=relation.starts_on))
    if relation.ends_on is not None:
        meeting = meeting.filter(starts_on__lte=relation.ends_on)
    if earlier := meeting.first():
        raise errors.RelatedAlready(
            customer=relation.customer,
            kind=relation.get_kind_display(),
            unit=relation.unit,
            since=earlier.starts_on,
        )


def _remove(relations: Collection[UnitRelation], *, by: User, at: datetime) -> None:
    for relation in relations:
        _tell("taken_back", relation, by=by, at=at)
    ids = {each.customer_id for each in relations if each.kind != RelationKind.CONTACT}
    UnitRelation.objects.filter(pk__in=[relation.pk for relation in relations]).delete()
    for customer_id in sorted(ids):
        return_class(
            customer_ids=[customer_id],
            to=class_of(customer_id),
            protected_from=business_day(at),
        )


def _tell(verb: str, relation: UnitRelation, *, by: User, at: datetime) -> None:
    said = {
        "starts_on": relation.starts_on,
        "ends_on": relation.ends_on,
        "note": relation.note,
    }
    before, after = ({}, said) if verb == "made" else (said, {})
    audit.record(
        f"sales.unit_relation.{verb}", relation, by=by, at=at, before=before, after=after,
        unit=relation.unit, kind=relation.kind, customer_id=relation.customer_id,
    )  # fmt: skip
