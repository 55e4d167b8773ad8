"""The grid of units of a building: seen, typed into, tried, saved, taken away (INV-05)."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from loupan.core.actions import record_export
from loupan.core.formatting import number_text
from loupan.core.refusals import Refusal
from loupan.core.ui.lists import XLSX
from loupan.inventory import spreadsheets, tables
from loupan.inventory.actions.grid import edit_units_together
from loupan.inventory.forms.grid import LABELS, EditsForm, GridForm, edits_text
from loupan.inventory.models import Building, Unit
from loupan.inventory.permissions import EDIT_PROPERTY
from loupan.inventory.queries.grid import EditsWeighed, grid_units, weigh_edits
from loupan.inventory.queries.units import buildings_for, field_label, standing_units
from loupan.inventory.rules.grid import UnitEdit, edits_of_rows, pasted_rows
from loupan.org.permissions import require
from loupan.org.queries import DeskRequest

SHOWN = 300  # Lines of the list of differences; all of them are saved.
EXPORT = "sales.export"


def _building(request: DeskRequest, pk: int) -> Building:
    building = get_object_or_404(buildings_for(request.user), pk=pk)
    require(request.user, EDIT_PROPERTY, building.project_id)
    return building


def _units(
    request: DeskRequest, building: Building, narrowing: Mapping[str, Any]
) -> QuerySet[Unit]:
    return grid_units(standing_units(request.user).filter(building=building, **narrowing))


@require_GET
def grid(request: DeskRequest, pk: int) -> HttpResponse:
    """Every unit of a building as a row, the chosen fields as columns; `?export=xlsx` as a file."""
    building = _building(request, pk)
    form = GridForm(request.GET, building=building)
    fields = form.chosen()
    units = list(_units(request, building, form.narrowing()))
    if request.GET.get("export") == "xlsx":
        return _export(request, building, units, fields)
    context = {
        "building": building,
        "tabs": [
            {
                "label": other.name,
                "url": f"{reverse('inventory:grid', args=[other.pk])}?{_fields_query(request)}",
                "active": other.pk == pk,
            }
            for other in buildings_for(request.user).filter(project_id=building.project_id)
        ],
        "form": form,
        "edits": EditsForm(initial={"set_field": fields[0]}),
        "grid": tables.grid_html(units, fields, {name: str(LABELS[name]) for name in fields}),
        "count": len(units),
        "fields": fields,
        "query": request.GET.urlencode(),
        "export_url": f"?{_export_query(request)}"
        if request.user.may(EXPORT, building.project_id)
        else "",
        "crumbs": [{"label": _("Buildings"), "url": reverse("inventory:buildings")}],
    }
    return render(request, "inventory/grid.html", context)


def _fields_query(request: DeskRequest) -> str:
    return "&".join(f"field={name}" for name in LABELS if name in request.GET.getlist("field"))


def _export_query(request: DeskRequest) -> str:
    query = request.GET.copy()
    query["export"] = "xlsx"
    return query.urlencode()


def _export(
    request: DeskRequest, building: Building, units: Sequence[Unit], fields: Sequence[str]
) -> HttpResponse:
    require(request.user, EXPORT, building.project_id)
    at = timezone.localtime()
    record_export(
        title=_("Grid of %(building)s") % {"building": building},
        columns=list(fields),
        rows=len(units),
        reason="",
        by=request.user,
        at=at,
    )
    content = spreadsheets.grid_workbook(
        building, units, fields, who=f"{request.user} · {at:%Y-%m-%d %H:%M}"
    )
    answer = HttpResponse(content, content_type=XLSX)
    answer["Content-Disposition"] = (
        f'attachment; filename="units-{building.pk}-{at:%Y%m%d-%H%M}.xlsx"'
    )
    return answer


@require_POST
def grid_check(request: DeskRequest, pk: int) -> HttpResponse:
    """What the typed cells would do, old → new, and which cannot be taken; nothing is saved."""
    building = _building(request, pk)
    form = EditsForm(request.POST)
    weighed = EditsWeighed()
    edits: list[UnitEdit] = []
    unknown: list[str] = []
    if form.is_valid():
        try:
            edits, unknown = _wanted(request, building, form)
            weighed = weigh_edits(building.project_id, edits)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
    versions = {edit.unit_id: edit.version for edit in edits}
    good = [UnitEdit(one.unit_id, versions[one.unit_id], one.texts) for one in weighed.changed]
    context = {
        "building": building,
        "form": form,
        "weighed": weighed,
        "lines": [
            {"number": one.number, "changes": _shown(one.said_before, one.said_after)}
            for one in weighed.changed[:SHOWN]
        ],
        "hidden": max(0, len(weighed.changed) - SHOWN),
        "refused": [
            {
                "number": r.number,
                "field": LABELS.get(r.field, ""),
                "value": r.value,
                "reason": r.reason,
            }
            for r in weighed.refused[:SHOWN]
        ],
        "unknown": unknown[:SHOWN],
        "good": edits_text(good) if good and not weighed.stale else "",
        "crumbs": [
            {"label": _("Buildings"), "url": reverse("inventory:buildings")},
            {"label": building.name, "url": reverse("inventory:grid", args=[pk])},
        ],
    }
    template = "inventory/_grid_check.html" if request.htmx else "inventory/grid_check.html"
    return render(request, template, context, status=422 if form.errors else 200)


def _wanted(
    request: DeskRequest, building: Building, form: EditsForm
) -> tuple[list[UnitEdit], list[str]]:
    """The edits of the grid, of a pasted block, or of one value for all units shown."""
    typed = form.cleaned_data
    if typed["set_field"]:
        shown = _units(request, building, GridForm(request.POST, building=building).narrowing())
        texts = {typed["set_field"]: typed["set_value"]}
        return [UnitEdit(u.pk, u.version, texts) for u in shown], []
    if typed["pasted"]:
        units = _units(request, building, {})
        by_number = {unit.number: (unit.pk, unit.version) for unit in units}
        by_room: dict[str, list[tuple[int, int]]] = {}
        for unit in units:
            by_room.setdefault(unit.room_no, []).append((unit.pk, unit.version))
        known = {room: found[0] for room, found in by_room.items() if len(found) == 1} | by_number
        labels = {name: str(label) for name, label in LABELS.items()}
        return edits_of_rows(pasted_rows(typed["pasted"]), labels, known)
    return typed["edits"], []


def _shown(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    return [
        (field_label(name), _text(name, before[name]), _text(name, value))
        for name, value in after.items()
    ]


def _text(name: str, value: Any) -> str:
    if value is None or value == "":
        return "—"
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if name.endswith(("_area", "_price", "_total")):
        return number_text(value, places=2)
    return str(tables.CHOICE_LABELS.get(name, {}).get(value, value))


@require_POST
def grid_save(request: DeskRequest, pk: int) -> HttpResponse:
    """Save the cells that were tried, all or nothing."""
    building = _building(request, pk)
    form = EditsForm(request.POST)
    back = redirect(reverse("inventory:grid", args=[pk]) + f"?{request.POST.get('query', '')}")
    if not form.is_valid():
        messages.error(request, _("The changed cells cannot be read. Load the grid again."))
        return back
    try:
        batch = edit_units_together(
            project_id=building.project_id,
            edits=form.cleaned_data["edits"],
            title=building.name,
            by=request.user,
            at=timezone.now(),
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return back
    said = {"count": batch.updated, "building": building}
    messages.success(request, _("%(count)s units of %(building)s changed") % said)
    return redirect("inventory:import", pk=batch.pk)
