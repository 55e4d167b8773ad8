"""Planned steps of sales control, carried out by the clock, each once (CTL-04)."""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.utils import translation

from loupan.core import audit
from loupan.core.calendar import business_day
from loupan.core.db import writes
from loupan.core.refusals import Refusal
from loupan.inventory import errors
from loupan.inventory.actions.batches import mark_released
from loupan.inventory.actions.units import release_units, unwithhold_units, withhold_units
from loupan.inventory.models import BatchUnit, ControlPlan, PlannedUnit, ReleaseBatch, Unit
from loupan.inventory.permissions import RELEASE_UNIT, WITHHOLD_UNIT
from loupan.inventory.queries.control import (
    OPEN_PLAN,
    batch_obstacles,
    batch_readiness,
    move_obstacles,
    needs_filed,
)
from loupan.inventory.states import BATCH, CONTROL_PLAN, BatchStatus, PlanStatus
from loupan.org.models import User
from loupan.org.permissions import require

Verb = ControlPlan.Verb
PERMISSION_OF = {
    Verb.RELEASE: RELEASE_UNIT,
    Verb.WITHHOLD: WITHHOLD_UNIT,
    Verb.UNWITHHOLD: WITHHOLD_UNIT,
}


@writes
def plan_control(
    *,
    project_id: int,
    verb: str,
    unit_ids: Collection[int],
    due_at: datetime,
    reason: str = "",
    until: datetime | None = None,
    by: User,
    at: datetime,
) -> ControlPlan:
    """Plan a release, a withholding or a renewed offer of units for an instant.

    Raises InThePast, ReasonMissing, EndsInThePast, NoUnitsChosen.
    """
    require(by, PERMISSION_OF[Verb(verb)], project_id)
    if verb == Verb.WITHHOLD and not reason.strip():
        raise errors.ReasonMissing
    if until is not None and until <= due_at:
        raise errors.EndsInThePast
    ids = sorted(set(unit_ids))
    if not ids:
        raise errors.NoUnitsChosen
    if Unit.objects.filter(pk__in=ids, project_id=project_id).count() != len(ids):
        raise Unit.DoesNotExist
    plan = ControlPlan(
        project_id=project_id, verb=verb, due_at=due_at, reason=reason.strip(),
        until=until if verb == Verb.WITHHOLD else None, by=by, made_at=at,
    )  # fmt: skip
    return _planned(plan, ids, at)


@writes
def plan_batch(*, batch_id: int, due_at: datetime, by: User, at: datetime) -> ControlPlan:
    """Plan the release of a whole batch. Raises InThePast, NotAllowedNow, BatchPlanned, NoUnitsChosen."""
    batch = ReleaseBatch.objects.locked().get(pk=batch_id)
    require(by, RELEASE_UNIT, batch.project_id)
    BATCH.after("release", batch.state)
    if batch.plans.filter(state__in=OPEN_PLAN).exists():
        raise errors.BatchPlanned
    ids = list(BatchUnit.objects.filter(batch=batch).values_list("unit_id", flat=True))
    if not ids:
        raise errors.NoUnitsChosen
    plan = ControlPlan(
        project_id=batch.project_id, batch=batch, verb=Verb.RELEASE, due_at=due_at, by=by,
        made_at=at,
    )  # fmt: skip
    return _planned(plan, ids, at)


def _planned(plan: ControlPlan, unit_ids: Sequence[int], at: datetime) -> ControlPlan:
    if plan.due_at <= at:
        raise errors.InThePast
    plan.save(force_insert=True)
    PlannedUnit.objects.bulk_create(
        [PlannedUnit(plan=plan, unit_id=unit_id) for unit_id in unit_ids], batch_size=500
    )
    audit.record(
        "inventory.control_plan.made", plan, by=plan.by, at=at, verb=plan.verb, due_at=plan.due_at,
        units=len(unit_ids), reason=plan.reason,
    )  # fmt: skip
    return plan


@writes
def carry_out_plan(*, plan_id: int, by: User | None, at: datetime) -> bool:
    """Do what was planned; by nobody, the clock does it on behalf of who planned it, however often asked.

    Units that cannot move keep their reason, the others move; a batch moves wholly or not at all.
    True if the plan ran now, False where its moment has not come or somebody was faster.
    """
    plan = ControlPlan.objects.locked().select_related("by").get(pk=plan_id)
    if plan.state != PlanStatus.WAITING or plan.due_at > at:
        return False
    plan.by.source = "job"
    _run(plan, by=by or plan.by, at=at)
    return True


@writes
def retry_plan(*, plan_id: int, by: User, at: datetime) -> ControlPlan:
    """Try again, now, what could not be done. Raises NothingLeft."""
    plan = ControlPlan.objects.locked().get(pk=plan_id)
    require(by, PERMISSION_OF[Verb(plan.verb)], plan.project_id)
    if plan.state != PlanStatus.FAILED:
        raise errors.NothingLeft
    _run(plan, by=by, at=at)
    return plan


@writes
def cancel_plan(*, plan_id: int, by: User, at: datetime) -> ControlPlan:
    """Give up what is planned, or what is left of it. Raises NotAllowedNow."""
    plan = ControlPlan.objects.locked().get(pk=plan_id)
    require(by, PERMISSION_OF[Verb(plan.verb)], plan.project_id)
    before = plan.state
    plan.state = CONTROL_PLAN.after("cancel", plan.state)
    plan.save(update_fields=["state"])
    left = plan.units.filter(state__in=OPEN_PLAN).update(state=PlanStatus.CANCELLED)
    audit.record(
        "inventory.control_plan.cancelled", plan, by=by, at=at, before={"state": before},
        after={"state": plan.state}, units=left,
    )  # fmt: skip
    return plan


def _run(plan: ControlPlan, *, by: User, at: datetime) -> None:
    """House lock order: the plan (held), its batch, the units ascending."""
    batch = ReleaseBatch.objects.locked().get(pk=plan.batch_id) if plan.batch_id else None
    members = {each.unit_id: each for each in plan.units.filter(state__in=OPEN_PLAN)}
    units = list(
        Unit.objects.locked().select_related("building__permit").filter(pk__in=sorted(members))
    )
    with translation.override(plan.by.language):
        refusals = _refusals(plan, batch, units, by=by, at=at)
    going = [unit.pk for unit in units if unit.pk not in refusals]
    if going:
        _move(plan, going, by=by, at=at)
    for unit_id, member in members.items():
        member.refusal = refusals.get(unit_id, "")
        member.state = PlanStatus.FAILED if member.refusal else PlanStatus.DONE
        member.done_at = None if member.refusal else at
    PlannedUnit.objects.bulk_update(
        members.values(), ["refusal", "state", "done_at"], batch_size=200
    )
    plan.state = CONTROL_PLAN.after("fail" if refusals else "carry_out", plan.state)
    plan.ran_at, plan.runs = at, plan.runs + 1
    plan.save(update_fields=["state", "ran_at", "runs"])
    if batch is not None and not refusals:
        mark_released(batch=batch, by=by, at=at)
    audit.record(
        "inventory.control_plan.run", plan, by=by, at=at, verb=plan.verb, done=len(going),
        failed=len(refusals),
    )  # fmt: skip


def _move(plan: ControlPlan, unit_ids: list[int], *, by: User, at: datetime) -> None:
    if plan.verb == Verb.RELEASE:
        release_units(unit_ids=unit_ids, by=by, at=at)
    elif plan.verb == Verb.UNWITHHOLD:
        unwithhold_units(unit_ids=unit_ids, by=by, at=at, reason=plan.reason)
    else:
        until = plan.until if plan.until and plan.until > at else None
        withhold_units(unit_ids=unit_ids, reason=plan.reason, until=until, by=by, at=at)


def _refusals(
    plan: ControlPlan, batch: ReleaseBatch | None, units: Sequence[Unit], *, by: User, at: datetime
) -> dict[int, str]:
    """Why which unit cannot move now, by its id, as far as it cannot."""
    today = business_day(at)
    if not (by.is_active and by.may(PERMISSION_OF[Verb(plan.verb)], plan.project_id)):
        return _for_all(units, errors.NoRightAnyMore(person=by))
    if batch is None:
        filed = needs_filed(plan.project_id)
        found = {
            unit.pk: next(move_obstacles(unit, plan.verb, today, needs_filed=filed), None)
            for unit in units
        }
        return {pk: str(no)[:300] for pk, no in found.items() if no is not None}
    if batch.state != BatchStatus.PREPARED:
        return _for_all(units, errors.NothingLeft())
    for obstacle in batch_obstacles(batch, today):
        return _for_all(units, obstacle)
    refused = {
        each.unit.pk: str(each.obstacles[0])[:300]
        for each in batch_readiness(batch, units, today)
        if not each.is_ready
    }
    return {**_for_all(units, errors.BatchWaits()), **refused} if refused else {}


def _for_all(units: Sequence[Unit], refusal: Refusal) -> dict[int, str]:
    return {unit.pk: str(refusal)[:300] for unit in units}
