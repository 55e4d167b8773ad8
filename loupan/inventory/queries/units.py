"""Lists of property, scoped to who asks."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from loupan.core.models import AuditEvent
from loupan.inventory.models import (
    Building,
    Entrance,
    Layout,
    PresalePermit,
    Unit,
    UnitChange,
    UnitImport,
    Zone,
)
from loupan.inventory.permissions import READ_BOARD
from loupan.inventory.states import UnitStatus
from loupan.org.models import FunctionGroup, User

GROUP = FunctionGroup.INVENTORY


def _reach(viewer: User, project: str = "project_id") -> Q:
    """Rows of the projects in which the viewer may read the board and whose scope is not empty."""
    return viewer.access.rows(GROUP, project=project) & Q(
        **{f"{project}__in": viewer.acts_in(READ_BOARD)}
    )


def units_for(viewer: User) -> QuerySet[Unit]:
    return Unit.objects.filter(_reach(viewer)).select_related(
        "project", "building", "entrance", "layout"
    )


def buildings_for(viewer: User) -> QuerySet[Building]:
    return Building.objects.filter(_reach(viewer)).select_related("zone", "permit")


def entrances_for(viewer: User) -> QuerySet[Entrance]:
    return Entrance.objects.filter(_reach(viewer, "building__project_id")).select_related(
        "building"
    )


def zones_for(viewer: User) -> QuerySet[Zone]:
    return Zone.objects.filter(_reach(viewer))


def permits_for(viewer: User) -> QuerySet[PresalePermit]:
    return PresalePermit.objects.filter(_reach(viewer))


def layouts_for(viewer: User) -> QuerySet[Layout]:
    return Layout.objects.filter(_reach(viewer))


def imports_for(viewer: User) -> QuerySet[UnitImport]:
    """Files of units brought in, without their bytes."""
    return UnitImport.objects.filter(_reach(viewer)).select_related("by").defer("content")


def status_counts(units: QuerySet[Unit]) -> dict[str, int]:
    """How many units stand in each of the twelve statuses, zeros included."""
    found = dict(units.order_by().values_list("status").annotate(Count("id")))
    return {status.value: found.get(status.value, 0) for status in UnitStatus}


@dataclass(frozen=True)
class BuildingRow:
    """A building of the overview: its places and how many units stand in them."""

    building: Building
    entrances: int
    units: int
    lowest: int | None
    highest: int | None
    available: int
    sold: int


@dataclass(frozen=True)
class Happening:
    """One line of a unit's history, from its changes or from the audit."""

    at: datetime
    by: User | None
    verb: str
    text: str
    before: dict[str, object]
    after: dict[str, object]


def changes_of(unit: Unit) -> QuerySet[UnitChange]:
    return UnitChange.objects.filter(unit_id=unit.pk).select_related("by").order_by("-id")


def has_history(unit_ids: list[int]) -> dict[int, int]:
    """Audited events by unit id: what makes a unit more than a line of a plan."""
    found = (
        AuditEvent.objects.filter(subject_type=Unit._meta.label_lower, subject_id__in=unit_ids)
        .order_by()
        .values_list("subject_id")
        .annotate(Count("id"))
    )
    return dict(found)


def lone_building(project_id: int) -> str:
    """The name of the project's building if there is just one, for files that name none."""
    names = list(Building.objects.filter(project_id=project_id).values_list("name", flat=True)[:2])
    return names[0] if len(names) == 1 else ""
