"""The columns of the list of units, on the page and in the export alike; colours of statuses."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from html import escape
from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from loupan.core.models import AuditEvent, ImportState
from loupan.core.sheets.cells import plain
from loupan.core.ui import Column
from loupan.core.ui.imports import IMPORT_TONES
from loupan.inventory.models import (
    ControlPlan,
    Encumbrance,
    EncumbranceKind,
    Fitout,
    Orientation,
    ProductType,
    ReleaseBatch,
    Unit,
    UnitChange,
    UnitImport,
)
from loupan.inventory.permissions import READ_FLOOR_PRICE
from loupan.inventory.queries.units import VERB_LABELS
from loupan.inventory.rules.grid import COLUMN_OF, NUMBERS
from loupan.inventory.states import BatchStatus, PlanStatus, UnitStatus

S = UnitStatus

# The board's colours (DOMAIN 2.1.1), never told by colour alone.
STATUS_TONES = {
    S.NOT_RELEASED: "grey",
    S.WITHHELD: "slate",
    S.AVAILABLE: "green",
    S.LOCKED: "green",
    S.HELD: "straw",
    S.PROVISIONAL: "yellow",
    S.RESERVED: "orange",
    S.CONTRACTED: "red",
    S.FILED: "maroon",
    S.HANDED_OVER: "purple",
    S.TITLED: "blue",
    S.OFF_MARKET: "black",
}
STATUS_MARKS: Mapping[UnitStatus, Any] = {
    S.NOT_RELEASED: pgettext_lazy("mark of a unit status on the board", "N"),
    S.WITHHELD: pgettext_lazy("mark of a unit status on the board", "W"),
    S.AVAILABLE: pgettext_lazy("mark of a unit status on the board", "A"),
    S.LOCKED: pgettext_lazy("mark of a unit status on the board", "L"),
    S.HELD: pgettext_lazy("mark of a unit status on the board", "H"),
    S.PROVISIONAL: pgettext_lazy("mark of a unit status on the board", "P"),
    S.RESERVED: pgettext_lazy("mark of a unit status on the board", "R"),
    S.CONTRACTED: pgettext_lazy("mark of a unit status on the board", "C"),
    S.FILED: pgettext_lazy("mark of a unit status on the board", "F"),
    S.HANDED_OVER: pgettext_lazy("mark of a unit status on the board", "D"),
    S.TITLED: pgettext_lazy("mark of a unit status on the board", "T"),
    S.OFF_MARKET: pgettext_lazy("mark of a unit status on the board", "X"),
}
STATUS_PATTERNS = {S.LOCKED: "stripe", S.OFF_MARKET: "hatch"}


def status_tone(unit: Unit) -> str:
    return STATUS_TONES[UnitStatus(unit.status)]


@dataclass(frozen=True)
class SpotLook:
    """A status as a plan draws it."""

    tone: str
    pattern: str
    mark: str
    label: str


def spot_look(status: str) -> SpotLook:
    known = UnitStatus(status)
    return SpotLook(
        STATUS_TONES[known],
        STATUS_PATTERNS.get(known, ""),
        str(STATUS_MARKS[known]),
        str(known.label),
    )


def unit_url(unit: Unit) -> str:
    return reverse("inventory:unit", args=[unit.pk])


def import_url(batch: UnitImport) -> str:
    return reverse("inventory:import", args=[batch.pk])


def _layout(unit: Unit) -> Any:
    return unit.layout.name if unit.layout else None


UNIT_COLUMNS = [
    Column("number", _("Number"), link=unit_url, sort="number"),
    Column(
        "building", _("Building"), value=lambda unit: unit.building.name, group="building__name"
    ),
    Column("entrance", _("Entrance"), value=lambda unit: str(unit.entrance), is_hidden=True),
    Column("floor_no", _("Floor"), kind="number", sort="floor_no", group="floor_no"),
    Column("status", _("Status"), kind="status", tone=status_tone, group="status"),
    Column("layout", _("Layout"), value=_layout, group="layout__code"),
    Column("product_type", _("Product type"), is_hidden=True, group="product_type"),
    Column("use", _("Planned use"), value=lambda unit: unit.use and str(unit.use), is_hidden=True),
    Column(
        "tenure", _("Tenure"), value=lambda unit: unit.tenure and str(unit.tenure), is_hidden=True
    ),
    Column("orientation", _("Orientation"), is_hidden=True, group="orientation"),
    Column("built_area", _("Built area"), kind="area"),
    Column("inner_area", _("Inner area"), kind="area"),
    Column("list_unit_price", _("List unit price"), kind="money", sort="list_unit_price"),
    Column("list_total", _("List total"), kind="money", sort="list_total"),
    Column("filed_unit_price", _("Filed unit price"), kind="money", is_hidden=True),
    Column(
        "floor_total",
        _("Floor total"),
        kind="money",
        permission=READ_FLOOR_PRICE,
        is_hidden=True,
    ),
]
IMPORT_COLUMNS = [
    Column("filename", _("File"), link=import_url),
    Column("kind", _("Kind")),
    Column(
        "state",
        _("State"),
        kind="status",
        tone=lambda batch: IMPORT_TONES[ImportState(batch.state)],
    ),
    Column("created", _("Created"), kind="number"),
    Column("updated", _("Changed"), kind="number"),
    Column("unchanged", _("Unchanged"), kind="number"),
    Column("refused", _("Refused"), kind="number"),
    Column("by", _("By"), value=lambda batch: str(batch.by)),
    Column("made_at", _("Uploaded at"), kind="datetime"),
]


def encumbrance_tone(one: Encumbrance) -> str:
    if is_lifted(one):
        return "grey"
    return "red" if one.kind == EncumbranceKind.SEAL else "yellow"


def is_lifted(one: Encumbrance) -> bool:
    return hasattr(one, "lifting")


def _lifted(one: Encumbrance) -> Any:
    return one.lifting.lifted_on if is_lifted(one) else None


ENCUMBRANCE_COLUMNS = [
    Column("unit", _("Unit"), link=lambda one: unit_url(one.unit), sort="unit__number"),
    Column("kind", _("Kind"), kind="status", tone=encumbrance_tone),
    Column("holder", _("Holder")),
    Column("document_no", _("Document number")),
    Column("starts_on", _("From"), kind="date", sort="starts_on"),
    Column("ends_on", _("Until"), kind="date"),
    Column("lifted_on", _("Lifted on"), kind="date", value=_lifted),
    Column("reason", _("Reason"), is_hidden=True),
    Column("by", _("By"), value=lambda one: str(one.by or ""), is_hidden=True),
]


# --- Sales control --------------------------------------------------------------------------------


def change_url(change: Any) -> str:
    """The unit's page; nothing for a unit of an undone import."""
    return reverse("inventory:unit", args=[change.unit_id]) if change.unit_number else ""


BATCH_TONES = {
    BatchStatus.PREPARED: "blue",
    BatchStatus.RELEASED: "green",
    BatchStatus.DISCARDED: "grey",
}
PLAN_TONES = {
    PlanStatus.WAITING: "blue",
    PlanStatus.DONE: "green",
    PlanStatus.FAILED: "red",
    PlanStatus.CANCELLED: "grey",
}


def batch_url(batch: ReleaseBatch) -> str:
    return reverse("inventory:batch", args=[batch.pk])


def control_plan_url(plan: ControlPlan) -> str:
    return reverse("inventory:control_plan", args=[plan.pk])


BATCH_COLUMNS = [
    Column("name", _("Name"), link=batch_url, sort="name"),
    Column(
        "state",
        _("State"),
        kind="status",
        tone=lambda batch: BATCH_TONES[BatchStatus(batch.state)],
        group="state",
    ),
    Column("permit", _("Pre-sale permit"), value=lambda batch: batch.permit.number),
    Column("unit_count", _("Units"), kind="number"),
    Column("planned_at", _("Planned for"), kind="datetime"),
    Column("released_at", _("Released at"), kind="datetime", sort="released_at"),
    Column("released_by", _("Released by"), value=lambda batch: str(batch.released_by or "")),
    Column("note", _("Note"), is_hidden=True),
]
CONTROL_PLAN_COLUMNS = [
    Column("due_at", _("At"), kind="datetime", sort="due_at", link=control_plan_url),
    Column("verb", _("Step"), group="verb"),
    Column(
        "state",
        _("State"),
        kind="status",
        tone=lambda plan: PLAN_TONES[PlanStatus(plan.state)],
        group="state",
    ),
    Column("batch", _("Batch"), value=lambda plan: plan.batch.name if plan.batch else ""),
    Column("unit_count", _("Units"), kind="number"),
    Column("done_count", _("Done"), kind="number"),
    Column("failed_count", _("Not possible"), kind="number"),
    Column("reason", _("Reason"), is_hidden=True),
    Column("by", _("Planned by"), value=lambda plan: str(plan.by)),
    Column("ran_at", _("Carried out at"), kind="datetime", is_hidden=True),
]

_CONTROL_EVENTS = {
    "inventory.release_batch.prepared": (_("Prepared"), "plus", "blue"),
    "inventory.release_batch.edited": (_("Changed"), "pencil", "grey"),
    "inventory.release_batch.released": (_("Released"), "flag", "green"),
    "inventory.release_batch.discarded": (_("Discarded"), "trash", "grey"),
    "inventory.control_plan.made": (_("Planned"), "clock", "blue"),
    "inventory.control_plan.run": (_("Carried out"), "flag", "green"),
    "inventory.control_plan.cancelled": (_("Cancelled"), "x", "grey"),
}


def control_events(events: Iterable[AuditEvent]) -> list[dict[str, Any]]:
    """The history of a batch or a planned step as a timeline."""
    found = []
    for event in events:
        title, icon, tone = _CONTROL_EVENTS.get(event.event, (event.event, "history", "grey"))
        facts = event.facts
        parts = []
        if "units" in facts:
            parts.append(_("%(count)s units") % {"count": facts["units"]})
        if "failed" in facts:
            parts.append(
                _("%(done)s done, %(failed)s not possible")
                % {"done": facts["done"], "failed": facts["failed"]}
            )
            tone = "red" if facts["failed"] else tone
        found.append(
            {
                "at": event.at,
                "title": title,
                "by": str(event.by or ""),
                "text": " · ".join(map(str, parts)),
                "icon": icon,
                "tone": tone,
            }
        )
    return found


SOURCES = {
    "web": _("Desk"),
    "api": _("API"),
    "job": _("Clock"),
    "import": _("Import"),
}


def _status_label(code: str) -> Any:
    return UnitStatus(code).label if code in UnitStatus.values else ""


def _change_tone(change: UnitChange) -> str:
    code = change.to_status
    return STATUS_TONES[UnitStatus(code)] if code in UnitStatus.values else "grey"


CONTROL_LOG_COLUMNS = [
    Column("at", _("Time"), kind="datetime", sort="pk"),
    Column("unit", _("Unit"), value=lambda change: change.unit_number, link=change_url),
    Column("verb", _("Step"), value=lambda change: VERB_LABELS.get(change.verb, change.verb)),
    Column("from_status", _("Was"), value=lambda change: _status_label(change.from_status)),
    Column(
        "to_status",
        _("Became"),
        kind="status",
        value=lambda change: _status_label(change.to_status),
        tone=_change_tone,
        group="to_status",
    ),
    Column("reason", _("Reason")),
    Column("claim_label", _("For or by whom"), is_hidden=True),
    Column("claim_until", _("Until"), kind="datetime", is_hidden=True),
    Column("by", _("By"), value=lambda change: str(change.by or _("Clock"))),
    Column(
        "source",
        _("Where from"),
        value=lambda change: SOURCES.get(change.source, change.source),
        is_hidden=True,
    ),
]


# --- The grid -----------------------------------------------------------------------------------

CHOICE_LABELS: Mapping[str, Mapping[str, Any]] = {
    "product_type": dict(ProductType.choices),
    "orientation": dict(Orientation.choices),
    "fitout": dict(Fitout.choices),
}
YES = _("Yes")


def grid_text(unit: Unit, name: str) -> str:
    """A field of a unit as the grid shows it, and reads it again."""
    column = COLUMN_OF[name]
    if column == "layout":
        return unit.layout.code if unit.layout else ""
    value = getattr(unit, column)
    if value is None or value is False or value == "":
        return ""
    if value is True:
        return str(YES)
    if isinstance(value, Decimal):
        return plain(value)
    return str(CHOICE_LABELS.get(column, {}).get(value, value))


def grid_html(
    units: Sequence[Unit], fields: Sequence[str], labels: Mapping[str, str]
) -> SafeString:
    """The rows of the grid by hand: tens of thousands of cells must not pass a template."""
    heads = "".join(
        f'<th scope="col" data-f="{name}"{" class=lp-num" if name in NUMBERS else ""}>'
        f"{escape(labels[name])}</th>"
        for name in fields
    )
    parts = [
        f'<thead><tr><th scope="col">{escape(str(_("Number")))}</th>{heads}</tr></thead><tbody>'
    ]
    looks = {
        status.value: (STATUS_TONES[status], escape(str(status.label))) for status in UnitStatus
    }
    for unit in units:
        tone, label = looks[unit.status]
        url = reverse("inventory:unit", args=[unit.pk])
        parts.append(
            f'<tr data-u="{unit.pk}" data-v="{unit.version}"><th scope="row">'
            f'<a href="{url}" tabindex="-1">{escape(unit.number)}</a>'
            f'<i class="lp-tone-{tone}" title="{label}"></i></th>'
        )
        parts += [
            f"<td{' class=lp-num' if name in NUMBERS else ''}>{escape(grid_text(unit, name))}</td>"
            for name in fields
        ]
        parts.append("</tr>")
    parts.append("</tbody>")
    return SafeString("".join(parts))
