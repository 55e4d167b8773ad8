"""Sales control: what keeps a unit from the market, batches, plans, who moved which unit (CTL-01 … 07)."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from loupan.core.calendar import day_bounds
from loupan.core.refusals import NotAllowedNow, Refusal
from loupan.inventory import errors
from loupan.inventory.hooks import has_payment_plan
from loupan.inventory.models import (
    BatchUnit,
    ControlPlan,
    PlannedUnit,
    ReleaseBatch,
    Unit,
    UnitChange,
    Withholding,
)
from loupan.inventory.parameters import RELEASE_NEEDS_FILED, WITHHOLD_REASON
from loupan.inventory.permissions import READ_BOARD
from loupan.inventory.states import UNIT, PlanStatus, UnitStatus
from loupan.org.models import FunctionGroup, User
from loupan.parameters.models import DictionaryEntry
from loupan.parameters.queries.book import parameter
from loupan.parameters.queries.entries import entries_in_use

OPEN_PLAN = (PlanStatus.WAITING, PlanStatus.FAILED)


def _reach(viewer: User, project: str = "project_id") -> Q:
    return viewer.access.rows(FunctionGroup.INVENTORY, project=project) & Q(
        **{f"{project}__in": viewer.acts_in(READ_BOARD)}
    )


# --- What keeps a unit from the market ------------------------------------------------------------


def sale_obstacles(unit: Unit, on: date) -> Iterator[Refusal]:
    """What forbids selling a unit on a day (U-2), the gravest first. Ask for `building__permit`."""
    permit = unit.building.permit
    if permit is None or permit.issued_on > on or (permit.valid_until and permit.valid_until < on):
        yield errors.PermitMissing(unit=unit, day=on)
    if unit.is_sealed:
        yield errors.UnitSealed(unit=unit)
    if unit.price_basis != "unit" and not (unit.built_area or unit.inner_area):
        yield errors.AreaMissing(unit=unit)
    if unit.list_total is None:
        yield errors.ListPriceMissing(unit=unit)


def move_obstacles(unit: Unit, verb: str, on: date, *, needs_filed: bool) -> Iterator[Refusal]:
    """What keeps a unit from a verb of sales control: its status, and for an offer all of T1."""
    if verb not in UNIT.open_verbs(unit.status):
        yield NotAllowedNow(status=UnitStatus(unit.status).label, verb=verb)
    if verb == ControlPlan.Verb.WITHHOLD:
        return
    yield from sale_obstacles(unit, on)
    if unit.floor_total is None:
        yield errors.FloorPriceMissing(unit=unit)
    if needs_filed:
        if unit.filed_total is None:
            yield errors.FiledPriceMissing(unit=unit)
        elif unit.list_total is not None and unit.list_total > unit.filed_total:
            yield errors.ListAboveFiled(unit=unit)


def needs_filed(project_id: int) -> bool:
    """Whether a release in this project needs the filed price."""
    return parameter(project_id, RELEASE_NEEDS_FILED)


@dataclass(frozen=True)
class UnitReadiness:
    """A unit of a batch with everything that keeps it from the market."""

    unit: Unit
    obstacles: Sequence[Refusal]

    @property
    def is_ready(self) -> bool:
        return not self.obstacles


def batch_readiness(batch: ReleaseBatch, units: Sequence[Unit], on: date) -> list[UnitReadiness]:
    """Every unit of a batch and what is missing: permit, prices, status. Writes nothing."""
    filed = needs_filed(batch.project_id)
    found = []
    for unit in units:
        obstacles = list(move_obstacles(unit, "release", on, needs_filed=filed))
        if unit.building.permit_id not in {None, batch.permit_id}:
            obstacles.append(errors.OtherPermit(unit=unit))
        found.append(UnitReadiness(unit, obstacles))
    return found


def batch_obstacles(batch: ReleaseBatch, on: date) -> list[Refusal]:
    """What keeps the batch as a whole: no payment plan in use."""
    return [] if has_payment_plan(batch.project_id, on) else [errors.PaymentPlanMissing(day=on)]


# --- Lists -----------------------------------------------------------------------------------------


def batches_for(viewer: User) -> QuerySet[ReleaseBatch]:
    """Release batches of the projects this person sees, with how many units each has."""
    return (
        ReleaseBatch.objects.filter(_reach(viewer))
        .select_related("permit", "by", "released_by")
        .annotate(
            unit_count=Count("members"),
            planned_at=Subquery(
                ControlPlan.objects.filter(batch=OuterRef("pk"), state=PlanStatus.WAITING)
                .order_by("due_at")
                .values("due_at")[:1]
            ),
        )
    )


def units_of_batch(batch: ReleaseBatch) -> QuerySet[Unit]:
    return (
        Unit.objects.filter(pk__in=BatchUnit.objects.filter(batch=batch).values("unit_id"))
        .select_related("building__permit", "layout")
        .order_by("number", "pk")
    )


def control_plans_for(viewer: User) -> QuerySet[ControlPlan]:
    """Planned steps of the projects this person sees, with how many units went and how many not."""
    return (
        ControlPlan.objects.filter(_reach(viewer))
        .select_related("batch", "by")
        .annotate(
            unit_count=Count("units"),
            done_count=Count("units", filter=Q(units__state=PlanStatus.DONE)),
            failed_count=Count("units", filter=Q(units__state=PlanStatus.FAILED)),
        )
    )


def units_of_plan(plan: ControlPlan) -> QuerySet[PlannedUnit]:
    return plan.units.select_related("unit").order_by("unit__number", "pk")


def due_control_plans(at: datetime) -> list[int]:
    """Planned steps whose moment has come, oldest first."""
    rows = ControlPlan.objects.filter(state=PlanStatus.WAITING, due_at__lte=at)
    return list(rows.order_by("due_at", "pk").values_list("pk", flat=True))


def over_withholdings(at: datetime) -> list[int]:
    """Withholdings whose time is over and that nothing keeps as far as is known."""
    rows = Withholding.objects.filter(is_active=True, until__lte=at)
    return list(rows.order_by("until", "pk").values_list("pk", flat=True))


def withhold_words(project_id: int) -> QuerySet[DictionaryEntry]:
    """The reasons for withholding that can be chosen in a project."""
    return entries_in_use(project_id, WITHHOLD_REASON)


# --- The log of sales control -----------------------------------------------------------------------


def unit_changes_for(viewer: User) -> QuerySet[UnitChange]:
    """Who changed which unit when (CTL-06), of the projects this person sees, newest first."""
    return (
        UnitChange.objects.filter(_reach(viewer))
        .select_related("by")
        .annotate(
            unit_number=Subquery(Unit.objects.filter(pk=OuterRef("unit_id")).values("number"))
        )
        .order_by("-pk")
    )


@dataclass(frozen=True)
class DayOfControl:
    """One day of sales control in a project: moves counted, and each of them."""

    day: date
    counts: Mapping[tuple[str, str], int]  # (from status, to status) -> units.
    changes: Sequence[UnitChange]


def day_of_control(project_id: int, day: date) -> DayOfControl:
    """The moves of a day, as its managers get them: status moves only, in order.

    A move to the same status (a price, an area, a label) is no move.
    """
    start, end = day_bounds(day)
    rows = [
        change
        for change in UnitChange.objects.filter(project_id=project_id, at__gte=start, at__lt=end)
        .exclude(from_status="")
        .select_related("by")
        .annotate(
            unit_number=Subquery(Unit.objects.filter(pk=OuterRef("unit_id")).values("number"))
        )
        .order_by("pk")
        if change.from_status != change.to_status
    ]
    counts: dict[tuple[str, str], int] = {}
    for change in rows:
        key = (change.from_status, change.to_status)
        counts[key] = counts.get(key, 0) + 1
    return DayOfControl(day, counts, rows)


def other_open_batches(unit_ids: Collection[int], batch_id: int | None) -> QuerySet[BatchUnit]:
    """Memberships of these units in prepared batches other than this one."""
    rows = BatchUnit.objects.filter(unit_id__in=unit_ids, is_open=True)
    return rows.exclude(batch_id=batch_id).select_related("unit", "batch").order_by("unit_id")
