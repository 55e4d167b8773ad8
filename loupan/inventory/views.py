"""Pages of property: units, buildings and what hangs on them, generation, imports."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from loupan.core.formatting import number_text
from loupan.core.refusals import Refusal
from loupan.core.ui import XLSX, EditPage, ListPage, answer_form, refusals_on
from loupan.inventory import forms, spreadsheets, tables, tasks
from loupan.inventory.actions import imports
from loupan.inventory.actions import property as properties
from loupan.inventory.filters import UnitFilter
from loupan.inventory.hooks import panels_of
from loupan.inventory.models import (
    Entrance,
    ImportState,
    Unit,
    UnitImport,
)
from loupan.inventory.permissions import (
    EDIT_PROPERTY,
    IMPORT_UNITS,
    READ_BOARD,
    READ_FLOOR_PRICE,
)
from loupan.inventory.queries import units as queries
from loupan.inventory.queries.imports import remembered_mapping
from loupan.inventory.rules.generation import planned_units, plans
from loupan.inventory.states import UnitStatus
from loupan.org.queries import DeskRequest, current_project

Page = Mapping[str, Any]
SHOWN = 50  # Lines of a list on the page of an import; workbooks hold all.


def _needs(request: DeskRequest, permission: str, project_id: int) -> None:
    if not request.user.may(permission, project_id):
        raise PermissionDenied(permission)


def _may_edit(request: DeskRequest) -> bool:
    return request.user.may(EDIT_PROPERTY, current_project(request).pk)


# --- Units ----------------------------------------------------------------------------------------


def _unit_rows(request: DeskRequest) -> QuerySet[Unit]:
    return queries.units_for(request.user).filter(project=current_project(request))


def _unit_chips(request: DeskRequest, _rows: QuerySet[Unit]) -> list[Page]:
    """The legend: every status with its count over the project, a filter at a click."""
    counts = queries.status_counts(_unit_rows(request))
    chosen = request.GET.get("status", "")
    return [
        {
            "label": UnitStatus(status).label,
            "count": count,
            "url": f"{request.path}?status={status}",
            "active": status == chosen,
            "tone": tables.STATUS_TONES[UnitStatus(status)],
            "pattern": tables.STATUS_PATTERNS.get(UnitStatus(status), ""),
        }
        for status, count in counts.items()
        if count or status == chosen
    ]


def _unit_verbs(request: DeskRequest) -> list[Page]:
    verbs: list[Page] = []
    if request.user.may(IMPORT_UNITS, current_project(request).pk):
        verbs.append(
            {
                "label": _("Import a price list"),
                "url": reverse("inventory:imports"),
                "icon": "file-import",
                "tone": "primary",
                "key": "i",
            }
        )
    if _may_edit(request):
        verbs.append(
            {"label": _("Buildings"), "url": reverse("inventory:buildings"), "icon": "building"}
        )
    return verbs


unit_list = require_GET(
    ListPage(
        title=gettext_lazy("Units"),
        columns=tables.UNIT_COLUMNS,
        rows=_unit_rows,
        filterset=UnitFilter,
        project=current_project,
        permission=READ_BOARD,
        order="number",
        export_permission="sales.export",
        filename="units",
        row_url=tables.unit_url,
        verbs=_unit_verbs,
        chips=_unit_chips,
        empty=gettext_lazy("No units yet. Import a price list or generate a building."),
    )
)


def _unit(request: DeskRequest, pk: int) -> Unit:
    return get_object_or_404(queries.units_for(request.user), pk=pk)


@require_GET
def unit(request: DeskRequest, pk: int) -> HttpResponse:
    """Everything of one unit: facts, prices with their derivation, what happened to it."""
    found = _unit(request, pk)
    may_edit = request.user.may(EDIT_PROPERTY, found.project_id)
    verbs = []
    if may_edit:
        verbs.append(
            {
                "label": _("Edit"),
                "url": reverse("inventory:unit_edit", args=[pk]),
                "icon": "pencil",
                "key": "e",
            }
        )
        verbs.append(
            {
                "label": _("Delete"),
                "url": reverse("inventory:unit_delete", args=[pk]),
                "icon": "trash",
                "tone": "danger",
                "method": "post",
                "confirm": _("Unit %(unit)s is deleted. Only units without history can be.")
                % {"unit": found},
            }
        )
    context = {
        "unit": found,
        "tone": tables.status_tone(found),
        "pattern": tables.STATUS_PATTERNS.get(UnitStatus(found.status), ""),
        "verbs": verbs,
        "crumbs": [{"label": _("Units"), "url": reverse("inventory:units")}],
        "shows_floor_price": request.user.may(READ_FLOOR_PRICE, found.project_id),
        "happenings": queries.history_of_unit(found),
        "panels": panels_of(found, request.user),
        "flags": [
            label
            for is_set, label in (
                (found.is_encumbered, _("Encumbered")),
                (found.is_sealed, _("Sealed by court")),
                (found.is_show_flat, _("Show flat")),
                (found.list_total is None, _("No list price")),
                (found.building.permit_id is None, _("No pre-sale permit")),
            )
            if is_set
        ],
    }
    return render(request, "inventory/unit.html", context)


@require_http_methods(["GET", "POST"])
def unit_edit(request: DeskRequest, pk: int) -> HttpResponse:
    found = _unit(request, pk)
    _needs(request, EDIT_PROPERTY, found.project_id)
    form = forms.UnitForm(request.POST or None, unit=found)
    if form.is_valid():
        with refusals_on(form):
            properties.edit_unit(unit_id=pk, **form.typed(), by=request.user, at=timezone.now())
            messages.success(request, _("Unit %(unit)s corrected") % {"unit": found})
            return redirect("inventory:unit", pk=pk)
    crumbs = [
        {"label": _("Units"), "url": reverse("inventory:units")},
        {"label": found.number, "url": tables.unit_url(found)},
    ]
    context = {"unit": found, "title": _("Edit"), "crumbs": crumbs}
    return answer_form(request, "inventory/unit_edit.html", context, form)


@require_POST
def unit_delete(request: DeskRequest, pk: int) -> HttpResponse:
    found = _unit(request, pk)
    try:
        properties.delete_units(unit_ids=[pk], by=request.user, at=timezone.now())
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("inventory:unit", pk=pk)
    messages.success(request, _("Unit %(unit)s deleted") % {"unit": found})
    return redirect("inventory:units")


# --- Buildings and what hangs on them -------------------------------------------------------------


@require_GET
def buildings(request: DeskRequest) -> HttpResponse:
    """Zones, permits, buildings with their entrances, layouts of the project on one page."""
    project = current_project(request)
    _needs(request, READ_BOARD, project.pk)
    may_edit = _may_edit(request)
    context = {
        "rows": queries.building_rows(queries.buildings_for(request.user).filter(project=project)),
        "zones": queries.zones_for(request.user).filter(project=project),
        "permits": queries.permits_for(request.user).filter(project=project),
        "layouts": queries.layouts_for(request.user).filter(project=project),
        "today": timezone.localdate(),
        "may_edit": may_edit,
        "verbs": [
            {
                "label": _("New building"),
                "url": reverse("inventory:building_new"),
                "icon": "plus",
                "tone": "primary",
                "key": "n",
            }
        ]
        if may_edit
        else [],
    }
    return render(request, "inventory/buildings.html", context)


def _to_buildings(_row: Any = None) -> str:
    return reverse("inventory:buildings")


def _crumbs(_request: DeskRequest) -> list[Page]:
    return [{"label": _("Buildings"), "url": _to_buildings()}]


def _in_project(request: DeskRequest, row: Any) -> None:
    """A new row belongs to the current project; editing needs the permission there."""
    if row.pk is None:
        row.project = current_project(request)
    _needs(request, EDIT_PROPERTY, row.project_id)


def _in_building(request: DeskRequest, row: Entrance) -> None:
    if row.pk is None:
        assert request.resolver_match is not None
        row.building = get_object_or_404(
            queries.buildings_for(request.user), pk=request.resolver_match.kwargs["building_pk"]
        )
    _needs(request, EDIT_PROPERTY, row.building.project_id)


zone_edit = EditPage(
    title=gettext_lazy("Zone"),
    form=forms.ZoneForm,
    permission=EDIT_PROPERTY,
    event="inventory.zone",
    rows=lambda request: queries.editable(queries.zones_for(request.user), request.user),
    done_url=_to_buildings,
    prepare=_in_project,
    crumbs=_crumbs,
)
permit_edit = EditPage(
    title=gettext_lazy("Pre-sale permit"),
    form=forms.PermitForm,
    permission=EDIT_PROPERTY,
    event="inventory.permit",
    rows=lambda request: queries.editable(queries.permits_for(request.user), request.user),
    done_url=_to_buildings,
    prepare=_in_project,
    crumbs=_crumbs,
)
building_edit = EditPage(
    title=gettext_lazy("Building"),
    form=forms.BuildingForm,
    permission=EDIT_PROPERTY,
    event="inventory.building",
    rows=lambda request: queries.editable(queries.buildings_for(request.user), request.user),
    done_url=_to_buildings,
    prepare=_in_project,
    crumbs=_crumbs,
)
layout_edit = EditPage(
    title=gettext_lazy("Layout"),
    form=forms.LayoutForm,
    permission=EDIT_PROPERTY,
    event="inventory.layout",
    rows=lambda request: queries.editable(queries.layouts_for(request.user), request.user),
    done_url=_to_buildings,
    prepare=_in_project,
    crumbs=_crumbs,
)
_entrance_page = EditPage(
    title=gettext_lazy("Entrance"),
    form=forms.EntranceForm,
    permission=EDIT_PROPERTY,
    event="inventory.entrance",
    rows=lambda request: queries.editable(
        queries.entrances_for(request.user), request.user, "building__project_id"
    ),
    done_url=_to_buildings,
    prepare=_in_building,
    crumbs=_crumbs,
)


def entrance_edit(
    request: DeskRequest, building_pk: int | None = None, pk: int | None = None
) -> HttpResponse:
    return _entrance_page(request, pk)


@require_http_methods(["GET", "POST"])
def generation(request: DeskRequest, pk: int) -> HttpResponse:
    """All units of a building from a rule, seen as a board before anything is made (INV-03)."""
    building = get_object_or_404(queries.buildings_for(request.user), pk=pk)
    _needs(request, EDIT_PROPERTY, building.project_id)
    project = building.project
    form = forms.GenerationForm(request.POST or None)
    slots = forms.SlotFormSet(
        request.POST or None,
        prefix="slot",
        form_kwargs={"project": project},
        initial=None if request.POST else _usual_slots(request),
    )
    preview: Sequence[Any] = []
    count = 0
    if request.POST and slots.is_valid() and form.is_valid():
        rule = form.rule(building, [slot.slot() for slot in slots if slot.cleaned_data])
        with refusals_on(form):
            if "make" in request.POST:
                made = properties.generate_units(
                    building_id=pk, rule=rule, by=request.user, at=timezone.now()
                )
                said = {"count": len(made), "building": building}
                messages.success(request, _("%(count)s units made in %(building)s") % said)
                return redirect(f"{reverse('inventory:units')}?building={pk}")
            units = planned_units(rule)
            preview, count = plans(units), len(units)
    context = {
        "building": building,
        "slots": slots,
        "preview": preview,
        "counts": (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24),
        "count": count,
        "crumbs": _crumbs(request),
    }
    answer = answer_form(request, "inventory/generation.html", context, form)
    if request.POST and not slots.is_valid():
        answer.status_code = 422
    return answer


def _usual_slots(request: DeskRequest) -> list[dict[str, Any]]:
    """As many positions as asked for by ?positions=, four at first."""
    asked = request.GET.get("positions", "")
    count = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 4 else 4
    return [
        {"position": number, "product_type": "flat"}
        for number in range(1, min(max(count, 1), forms.MOST_SLOTS) + 1)
    ]


# --- Imports --------------------------------------------------------------------------------------


def _import_rows(request: DeskRequest) -> QuerySet[UnitImport]:
    return (
        queries.imports_for(request.user)
        .filter(project=current_project(request))
        .defer("content", "understood", "errors")
    )


IMPORTS = ListPage(
    title=gettext_lazy("Imports of units"),
    columns=tables.IMPORT_COLUMNS,
    rows=_import_rows,
    project=current_project,
    permission=IMPORT_UNITS,
    template="inventory/import_list.html",
    row_url=tables.import_url,
    more=lambda _request: {"upload": forms.UploadForm()},
    empty=gettext_lazy("Nothing was imported yet."),
)


@require_http_methods(["GET", "POST"])
def import_list(request: DeskRequest) -> HttpResponse:
    """Earlier imports, and the place to bring a file in: it is only tried first."""
    project = current_project(request)
    if request.method == "GET":
        return IMPORTS(request)
    _needs(request, IMPORT_UNITS, project.pk)
    form = forms.UploadForm(request.POST, request.FILES)
    if form.is_valid():
        file = form.cleaned_data["file"]
        with refusals_on(form):
            batch = imports.receive_units_file(
                project_id=project.pk,
                filename=file.name,
                content=spreadsheets.content_of(file),
                mapping={},
                is_dry_run=True,
                by=request.user,
                at=timezone.now(),
            )
            tasks.run_units_import.enqueue(batch.pk, request.user.pk)
            return redirect("inventory:import", pk=batch.pk)
    crumbs = [{"label": _("Imports of units"), "url": reverse("inventory:imports")}]
    return answer_form(request, "inventory/upload.html", {"crumbs": crumbs}, form)


def _import(request: DeskRequest, pk: int) -> UnitImport:
    batch = get_object_or_404(queries.imports_for(request.user), pk=pk)
    _needs(request, IMPORT_UNITS, batch.project_id)
    return batch


def _mapping_form(batch: UnitImport, typed: Any = None) -> forms.MappingForm:
    columns = batch.understood.get("columns", [])
    chosen = batch.mapping or remembered_mapping(
        batch.project_id, [column["header"] for column in columns]
    )
    return forms.MappingForm(typed, columns=columns, chosen=chosen)


@require_GET
def import_page(request: DeskRequest, pk: int) -> HttpResponse:
    """How a file was understood, what it would do, how far it is, what it did."""
    batch = _import(request, pk)
    understood = batch.understood
    context = {
        "batch": batch,
        "tone": tables.IMPORT_TONES[ImportState(batch.state)],
        "crumbs": [{"label": _("Imports of units"), "url": reverse("inventory:imports")}],
        "is_busy": batch.state in {ImportState.WAITING, ImportState.RUNNING},
        "steps": _steps(batch),
        "mapping_form": _mapping_form(batch) if understood.get("columns") else None,
        "sheets": [
            {**sheet, "holds": forms.FIELD_LABELS.get(sheet["holds"], "")}
            for sheet in understood.get("sheets", [])
        ],
        "unmapped": [c for c in understood.get("columns", []) if not c["field"]],
        "fit": _fit_text(understood.get("total_fit") or {}),
        "errors": [
            {**error, "column": forms.FIELD_LABELS.get(error["column"], error["column"])}
            for error in batch.errors[:SHOWN]
        ],
        "differences": understood.get("differences", [])[:SHOWN],
        "updated": [_sample(sample) for sample in _samples(batch, "updated")],
        "created": [_created(sample) for sample in _samples(batch, "created")],
    }
    return render(request, "inventory/import.html", context)


def _samples(batch: UnitImport, kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = batch.understood.get("samples", {}).get(kind, [])
    return found[:SHOWN]


def _created(sample: Mapping[str, Any]) -> Page:
    after = sample["after"]
    return {
        "row": sample["row"],
        "number": sample["number"],
        "built_area": _number(after.get("predicted_built_area")),
        "inner_area": _number(after.get("predicted_inner_area")),
        "list_unit_price": _number(after.get("list_unit_price")),
        "list_total": _number(after.get("list_total")),
    }


def _number(text: str | None) -> Decimal | None:
    return Decimal(text) if text else None


def _shown(name: str, text: Any) -> Any:
    """A stored value as people read it: amounts grouped."""
    if text and name.endswith(("_area", "_price", "_total")):
        return number_text(Decimal(text), places=2)
    return text


def _sample(sample: Mapping[str, Any]) -> Page:
    return {
        **sample,
        "changes": [
            (
                queries.field_label(name),
                _shown(name, sample["before"].get(name)),
                _shown(name, value),
            )
            for name, value in sample["after"].items()
        ],
    }


def _fit_text(fit: Mapping[str, Any]) -> str:
    if not fit:
        return ""
    mode, unit = fit["precision"].split(":")
    names = {
        "half_up": _("rounded half up"),
        "truncate": _("cut off"),
        "round_up": _("rounded up"),
    }
    return _(
        "Totals are unit price × area, %(mode)s to %(unit)s yuan: %(fits)s of %(of)s rows."
    ) % {
        "mode": names[mode],
        "unit": unit,
        "fits": fit["fits"],
        "of": fit["of"],
    }


def _steps(batch: UnitImport) -> list[Page]:
    order = [_("Uploaded"), _("Tried"), _("Carried out")]
    if batch.state == ImportState.REFUSED:
        states = ["done", "blocked", "blocked"]
    elif batch.state == ImportState.DRY_RUN:
        states = ["done", "done", "current"]
    elif batch.state in {ImportState.DONE, ImportState.UNDONE}:
        states = ["done", "done", "done"]
    else:
        states = ["done", "current" if batch.is_dry_run else "done", "todo"]
        states[2] = "todo" if batch.is_dry_run else "current"
    return [{"label": label, "state": state} for label, state in zip(order, states, strict=True)]


@require_GET
def import_progress(request: DeskRequest, pk: int) -> HttpResponse:
    """The bar while it runs; when it has ended the page draws itself again."""
    batch = _import(request, pk)
    if batch.state not in {ImportState.WAITING, ImportState.RUNNING}:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "inventory/_import_progress.html", {"batch": batch})


@require_POST
def import_run(request: DeskRequest, pk: int) -> HttpResponse:
    """Carry a tried file out, or try it again with other columns, or go on with a stopped one."""
    batch = _import(request, pk)
    is_dry_run = "again" in request.POST
    mapping = batch.mapping
    if is_dry_run:
        form = _mapping_form(batch, request.POST)
        if not form.is_valid():
            messages.error(request, _("One column cannot be two fields."))
            return redirect("inventory:import", pk=pk)
        mapping = dict(form.cleaned_data)
    try:
        if batch.state != ImportState.RUNNING:
            imports.start_units_import(
                import_id=pk,
                mapping=mapping,
                is_dry_run=is_dry_run,
                by=request.user,
                at=timezone.now(),
            )
        tasks.run_units_import.enqueue(pk, request.user.pk)
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect("inventory:import", pk=pk)


@require_GET
def import_errors(request: DeskRequest, pk: int) -> HttpResponse:
    """The refused rows with their reasons, to correct and upload again; or the differences."""
    batch = _import(request, pk)
    write, name = spreadsheets.error_workbook, "refused-rows"
    if "differences" in request.GET:
        write, name = spreadsheets.difference_workbook, "differences"
    answer = HttpResponse(write(batch, who=str(request.user)), content_type=XLSX)
    answer["Content-Disposition"] = f'attachment; filename="{name}-{batch.pk}.xlsx"'
    return answer


@require_POST
def import_undo(request: DeskRequest, pk: int) -> HttpResponse:
    batch = _import(request, pk)
    try:
        imports.undo_units_import(import_id=pk, by=request.user, at=timezone.now())
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The import of %(file)s is undone") % {"file": batch.filename})
    return redirect("inventory:import", pk=pk)
