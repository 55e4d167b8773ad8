"""Release batches: units that come to market together under one permit (SAL-29, CTL-03)."""

from collections.abc import Collection
from datetime import datetime

from loupan.core import audit
from loupan.core.calendar import business_day
from loupan.core.db import writes
from loupan.core.refusals import ChangedMeanwhile
from loupan.inventory import errors
from loupan.inventory.actions.units import release_units
from loupan.inventory.models import BatchUnit, PlannedUnit, PresalePermit, ReleaseBatch, Unit
from loupan.inventory.permissions import RELEASE_UNIT
from loupan.inventory.queries.control import (
    batch_obstacles,
    batch_readiness,
    other_open_batches,
    units_of_batch,
)
from loupan.inventory.states import BATCH, PlanStatus
from loupan.org.models import User
from loupan.org.permissions import require


@writes
def prepare_batch(
    *,
    project_id: int,
    name: str,
    permit_id: int,
    unit_ids: Collection[int],
    note: str = "",
    by: User,
    at: datetime,
) -> ReleaseBatch:
    """Put units together for a release. Raises NoUnitsChosen, BatchNameTaken, InAnotherBatch."""
    require(by, RELEASE_UNIT, project_id)
    if ReleaseBatch.objects.filter(project_id=project_id, name=name).exists():
        raise errors.BatchNameTaken(name=name)
    permit = PresalePermit.objects.get(pk=permit_id, project_id=project_id)
    batch = ReleaseBatch.objects.create(
        project_id=project_id, name=name, permit=permit, note=note, by=by, made_at=at
    )
    _fill(batch, unit_ids)
    audit.record(
        "inventory.release_batch.prepared", batch, by=by, at=at, name=name, units=len(set(unit_ids))
    )
    return batch


@writes
def edit_batch(
    *,
    batch_id: int,
    version: int,
    name: str,
    permit_id: int,
    unit_ids: Collection[int],
    note: str = "",
    by: User,
    at: datetime,
) -> ReleaseBatch:
    """Change a batch that is not released yet. Raises what prepare_batch raises, NotAllowedNow,
    ChangedMeanwhile.
    """
    batch = ReleaseBatch.objects.locked().get(pk=batch_id)
    require(by, RELEASE_UNIT, batch.project_id)
    batch.state = BATCH.after("edit", batch.state)
    if batch.version != version:
        raise ChangedMeanwhile
    same_name = ReleaseBatch.objects.filter(project_id=batch.project_id, name=name)
    if same_name.exclude(pk=batch.pk).exists():
        raise errors.BatchNameTaken(name=name)
    before = {
        **audit.snapshot(batch, "name", "note", "permit"),
        "units": BatchUnit.objects.filter(batch=batch).count(),
    }
    batch.name, batch.note = name, note
    batch.permit = PresalePermit.objects.get(pk=permit_id, project_id=batch.project_id)
    batch.version += 1
    batch.save(update_fields=["name", "note", "permit", "version"])
    BatchUnit.objects.filter(batch=batch).delete()
    _fill(batch, unit_ids)
    after = {**audit.snapshot(batch, "name", "note", "permit"), "units": len(set(unit_ids))}
    audit.record("inventory.release_batch.edited", batch, by=by, at=at, before=before, after=after)
    return batch


@writes
def discard_batch(*, batch_id: int, by: User, at: datetime) -> ReleaseBatch:
    """Give a batch up; its units are free for another. Raises NotAllowedNow, BatchPlanned."""
    batch = ReleaseBatch.objects.locked().get(pk=batch_id)
    require(by, RELEASE_UNIT, batch.project_id)
    batch.state = BATCH.after("discard", batch.state)
    if batch.plans.filter(state=PlanStatus.WAITING).exists():
        raise errors.BatchPlanned
    _close(batch)
    audit.record("inventory.release_batch.discarded", batch, by=by, at=at, name=batch.name)
    return batch


@writes
def release_batch(*, batch_id: int, by: User, at: datetime) -> ReleaseBatch:
    """Offer every unit of a batch for sale, wholly or not at all (CTL-03).

    Raises NotAllowedNow, NoUnitsChosen, PaymentPlanMissing, BatchIncomplete.
    """
    batch = ReleaseBatch.objects.locked().get(pk=batch_id)
    require(by, RELEASE_UNIT, batch.project_id)
    BATCH.after("release", batch.state)
    ids = list(BatchUnit.objects.filter(batch=batch).values_list("unit_id", flat=True))
    if not ids:
        raise errors.NoUnitsChosen
    locked = {u.pk: u for u in Unit.objects.locked().filter(pk__in=ids)}
    today = business_day(at)
    for obstacle in batch_obstacles(batch, today):
        raise obstacle
    units = [unit for unit in units_of_batch(batch) if unit.pk in locked]
    missing = [each for each in batch_readiness(batch, units, today) if not each.is_ready]
    if missing:
        raise errors.BatchIncomplete(count=len(missing), first=missing[0].obstacles[0])
    release_units(unit_ids=ids, by=by, at=at)
    mark_released(batch=batch, by=by, at=at)
    return batch


@writes
def mark_released(*, batch: ReleaseBatch, by: User, at: datetime) -> ReleaseBatch:
    """Part: the units of a locked batch are on the market."""
    batch.state = BATCH.after("release", batch.state)
    batch.released_at, batch.released_by = at, by
    batch.save(update_fields=["released_at", "released_by"])
    _close(batch)
    # What was planned for later has nothing left to do.
    waiting = batch.plans.filter(state=PlanStatus.WAITING)
    PlannedUnit.objects.filter(plan__in=waiting).update(state=PlanStatus.CANCELLED)
    waiting.update(state=PlanStatus.CANCELLED)
    audit.record(
        "inventory.release_batch.released", batch, by=by, at=at, name=batch.name,
        units=BatchUnit.objects.filter(batch=batch).count(),
    )  # fmt: skip
    return batch


def _close(batch: ReleaseBatch) -> None:
    batch.version += 1
    batch.save(update_fields=["state", "version"])
    BatchUnit.objects.filter(batch=batch).update(is_open=False)


def _fill(batch: ReleaseBatch, unit_ids: Collection[int]) -> None:
    ids = sorted(set(unit_ids))
    if not ids:
        raise errors.NoUnitsChosen
    units = Unit.objects.locked().filter(pk__in=ids, project_id=batch.project_id)
    if len(units) != len(ids):
        raise Unit.DoesNotExist
    for taken in other_open_batches(ids, batch.pk)[:1]:
        raise errors.InAnotherBatch(unit=taken.unit, batch=taken.batch)
    BatchUnit.objects.bulk_create(
        [BatchUnit(batch=batch, unit_id=unit_id) for unit_id in ids], batch_size=500
    )
