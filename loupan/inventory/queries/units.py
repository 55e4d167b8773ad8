"""Lists of property, scoped to who asks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Count, Max, Min, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from loupan.core.at_once import Rows, read_at_once
from loupan.core.audit import history_of
from loupan.core.prepared import run_prepared
from loupan.inventory.models import (
    Building,
    Encumbrance,
    Entrance,
    Layout,
    PresalePermit,
    ReshapedUnit,
    Unit,
    UnitChange,
    UnitImport,
    Zone,
)
from loupan.inventory.parameters import UNIT as UNIT_FIELDS
from loupan.inventory.permissions import EDIT_PROPERTY, READ_BOARD
from loupan.inventory.states import OFFERED, SOLD, UnitStatus
from loupan.org.models import FunctionGroup, User
from loupan.parameters.queries.book import book_of
from loupan.parameters.queries.fields import labels_of

GROUP = FunctionGroup.INVENTORY


def _reach(viewer: User, project: str = "project_id") -> Q:
    """Rows of the projects in which the viewer may read the board and whose scope is not empty."""
    return viewer.access.rows(GROUP, project=project) & Q(
        **{f"{project}__in": viewer.acts_in(READ_BOARD)}
    )


def units_for(viewer: User) -> QuerySet[Unit]:
    return Unit.objects.filter(_reach(viewer)).select_related(
        "project", "building", "entrance", "layout", "use", "tenure"
    )


def shows_unit(viewer: User, unit_id: int) -> bool:
    """Whether `units_for` holds this unit: the same answer by one short statement."""
    found = run_prepared("SELECT project_id FROM inventory_unit WHERE id = %s", [unit_id])
    return bool(found) and viewer.may(READ_BOARD, found[0][0])


def standing_units(viewer: User) -> QuerySet[Unit]:
    """Units that are there: without those that were split or merged into others."""
    return units_for(viewer).filter(is_retired=False)


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


def encumbrances_for(viewer: User) -> QuerySet[Encumbrance]:
    return Encumbrance.objects.filter(_reach(viewer)).select_related("unit", "lifting", "by")


def imports_for(viewer: User) -> QuerySet[UnitImport]:
    """Files of units brought in, without their bytes."""
    return UnitImport.objects.filter(_reach(viewer)).select_related("by").defer("content")


def by_status(units: QuerySet[Unit]) -> QuerySet[Unit, tuple[str, int]]:
    """How many units stand in each status that occurs."""
    return units.order_by().values_list("status").annotate(Count("id"))


def every_status(counted: Iterable[tuple[str, int]]) -> dict[str, int]:
    """The counts of the twelve statuses in their order, zeros included."""
    found = dict(counted)
    return {status.value: found.get(status.value, 0) for status in UnitStatus}


def status_counts(units: QuerySet[Unit]) -> dict[str, int]:
    """How many units stand in each of the twelve statuses, zeros included."""
    return every_status(by_status(units))


def editable(rows: QuerySet[Any], viewer: User, project: str = "project_id") -> QuerySet[Any]:
    """Those of the rows whose project the viewer may edit property in."""
    return rows.filter(**{f"{project}__in": viewer.acts_in(EDIT_PROPERTY)})


def relatives_of(unit: Unit) -> list[ReshapedUnit]:
    """The units this one was split into or merged from, and those it came out of; one statement."""
    return list(
        ReshapedUnit.objects.filter(reshaping__units__unit=unit)
        .exclude(unit=unit)
        .select_related("unit", "reshaping")
        .distinct()
    )


@dataclass(frozen=True)
class BuildingRow:
    """A building of the overview: how many units stand in it, how high, how many are offered or sold."""

    building: Building
    entrances: Sequence[Entrance]
    units: int
    lowest: int | None
    highest: int | None
    offered: int
    sold: int


def building_rows(buildings: QuerySet[Building]) -> list[BuildingRow]:
    """Buildings in board order with their figures, in two queries."""
    found = list(buildings.order_by("sort", "id"))
    figures = (
        Unit.objects.filter(building__in=found, is_retired=False)
        .order_by()
        .values_list("building_id")
        .annotate(
            units=Count("id"),
            lowest=Min("floor_no"),
            highest=Max("floor_no"),
            offered=Count("id", filter=Q(status__in=OFFERED)),
            sold=Count("id", filter=Q(status__in=SOLD)),
        )
    )
    read = read_at_once(
        {
            "figures": Rows(figures),
            "entrances": Rows(Entrance.objects.filter(building__in=found)),
        }
    )
    entrances: dict[int, list[Entrance]] = {}
    for entrance in read["entrances"]:
        entrances.setdefault(entrance.building_id, []).append(entrance)
    by_building = {pk: figures for pk, *figures in read["figures"]}
    return [
        BuildingRow(
            building,
            entrances.get(building.pk, []),
            *by_building.get(building.pk, (0, None, None, 0, 0)),
        )
        for building in found
    ]


@dataclass(frozen=True)
class Happening:
    """One line of a unit's history, from its moves or from the audit."""

    at: datetime
    by: str
    title: str
    text: str
    tone: str
    icon: str
    changes: Sequence[tuple[str, object, object]] = ()


VERB_LABELS = {
    "make": _("Made"),
    "generate": _("Generated"),
    "import": _("Imported"),
    "undo_import": _("Import undone"),
    "edit": _("Edited"),
    "price": _("Priced"),
    "release": _("Released"),
    "withhold": _("Withheld"),
    "unwithhold": _("Offered again"),
    "take_back": _("Taken back"),
    "lock": _("Locked"),
    "unlock": _("Unlocked"),
    "hold": _("Held"),
    "unhold": _("Hold ended"),
    "reserve_provisionally": _("Provisionally reserved"),
    "end_provisional": _("Provisional reservation ended"),
    "reserve": _("Reserved"),
    "contract": _("Contracted"),
    "contract_directly": _("Contracted directly"),
    "file": _("Filed"),
    "unfile": _("Filing withdrawn"),
    "end_reservation": _("Reservation ended"),
    "end_reservation_withheld": _("Reservation ended, withheld"),
    "end_contract": _("Contract ended"),
    "end_contract_withheld": _("Contract ended, withheld"),
    "void_contract": _("Contract voided"),
    "hand_over": _("Handed over"),
    "issue_title": _("Title issued"),
    "undo_handover": _("Handover undone"),
    "undo_handover_filed": _("Handover undone"),
    "encumber": _("Encumbered"),
    "seal": _("Sealed by court"),
    "lift_encumbrance": _("Encumbrance lifted"),
    "split": _("Split"),
    "merge": _("Merged"),
    "take_off_market": _("Taken off the market"),
    "return_to_market": _("Returned to the market"),
}
LAST_HAPPENINGS = 100


def history_of_unit(unit: Unit) -> list[Happening]:
    """Moves and audited changes of a unit, newest first, at most a hundred."""
    moves = [
        Happening(
            at=change.at,
            by=str(change.by or ""),
            title=str(VERB_LABELS.get(change.verb, change.verb)),
            text=_moved_text(change),
            tone="blue" if change.from_status != change.to_status else "grey",
            icon="arrows-exchange" if change.from_status != change.to_status else "pencil",
        )
        for change in changes_of(unit)[:LAST_HAPPENINGS]
    ]
    custom = labels_of(book_of(unit.project_id).fields.get(UNIT_FIELDS, ()))
    changed = [
        Happening(
            at=event.at,
            by=str(event.by or ""),
            title=str(_("Changed")),
            text=str(event.facts.get("file", "")),
            tone="grey",
            icon="history",
            changes=[
                (custom.get(name) or field_label(name), event.before.get(name), value)
                for name, value in event.after.items()
                if name not in {"version", "status"}
            ],
        )
        for event in history_of(unit)[:LAST_HAPPENINGS]
        if set(event.after) - {"version", "status"}
    ]
    return sorted([*moves, *changed], key=lambda one: one.at, reverse=True)[:LAST_HAPPENINGS]


def changes_of(unit: Unit) -> QuerySet[UnitChange]:
    """The moves of a unit, newest first."""
    return UnitChange.objects.filter(unit=unit).select_related("by").order_by("-id")


def _moved_text(change: UnitChange) -> str:
    if change.from_status == change.to_status or not change.from_status:
        return change.reason
    labels = [
        str(UnitStatus(status).label) if status in UnitStatus.values else ""
        for status in (change.from_status, change.to_status)
    ]
    return f"{labels[0]} → {labels[1]}" + (f" · {change.reason}" if change.reason else "")


def field_label(name: str) -> str:
    """What a column of a unit is called where people read."""
    try:
        return str(Unit._meta.get_field(name.removesuffix("_id")).verbose_name)  # type: ignore[union-attr]
    except FieldDoesNotExist:
        return name


def lone_building(project_id: int) -> str:
    """The name of the project's building if there is just one, for files that name none."""
    names = list(Building.objects.filter(project_id=project_id).values_list("name", flat=True)[:2])
    return names[0] if len(names) == 1 else ""
