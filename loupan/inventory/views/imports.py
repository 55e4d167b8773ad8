"""Files of units: brought in, tried, carried out, undone."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.contrib import messages
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
from loupan.core.sheets.uploads import content_of
from loupan.core.ui import XLSX, ListPage, answer_form, refusals_on
from loupan.core.ui.imports import SHOWN, ImportPages
from loupan.inventory import spreadsheets, tables, tasks
from loupan.inventory.actions import imports
from loupan.inventory.forms import imports as forms
from loupan.inventory.models import UnitImport
from loupan.inventory.parameters import UNIT
from loupan.inventory.permissions import (
    IMPORT_UNITS,
)
from loupan.inventory.queries import units as queries
from loupan.inventory.queries.imports import remembered_mapping
from loupan.org.permissions import require
from loupan.org.queries import DeskRequest, current_project
from loupan.parameters.spreadsheets import FileFields

Page = Mapping[str, Any]


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
    require(request.user, IMPORT_UNITS, project.pk)
    form = forms.UploadForm(request.POST, request.FILES)
    if form.is_valid():
        file = form.cleaned_data["file"]
        with refusals_on(form):
            batch = imports.receive_units_file(
                project_id=project.pk,
                filename=file.name,
                content=content_of(file),
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
    require(request.user, IMPORT_UNITS, batch.project_id)
    return batch


def _mapping_form(batch: UnitImport, typed: Any = None) -> forms.MappingForm:
    columns = batch.understood.get("columns", [])
    chosen = batch.mapping or remembered_mapping(
        batch.project_id, [column["header"] for column in columns]
    )
    more = FileFields(UNIT, batch.project_id).labels
    return forms.MappingForm(typed, columns=columns, chosen=chosen, more=more)


PAGES = ImportPages(
    of=_import,
    columns_form=_mapping_form,
    start=imports.start_units_import,
    enqueue=tasks.run_units_import.enqueue,
    urls="inventory",
)


@require_GET
def import_page(request: DeskRequest, pk: int) -> HttpResponse:
    """How a file was understood, what it would do, how far it is, what it did."""
    batch = _import(request, pk)
    understood = batch.understood
    custom = FileFields(UNIT, batch.project_id).labels
    labels = {**forms.FIELD_LABELS, **custom}
    context = {
        **PAGES.frame(batch),
        "crumbs": [{"label": _("Imports of units"), "url": reverse("inventory:imports")}],
        "sheets": [
            {**sheet, "holds": forms.FIELD_LABELS.get(sheet["holds"], "")}
            for sheet in understood.get("sheets", [])
        ],
        "fit": _fit_text(understood),
        "errors": [
            {**error, "column": labels.get(error["column"], error["column"])}
            for error in batch.errors[:SHOWN]
        ],
        "differences": understood.get("differences", [])[:SHOWN],
        "updated": [_sample(sample, custom) for sample in _samples(batch, "updated")],
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


def _sample(sample: Mapping[str, Any], custom: Mapping[str, str]) -> Page:
    return {
        **sample,
        "changes": [
            (
                custom.get(name) or queries.field_label(name),
                _shown(name, sample["before"].get(name)),
                _shown(name, value),
            )
            for name, value in sample["after"].items()
        ],
    }


def _fit_text(understood: Mapping[str, Any]) -> str:
    """Which rounding makes the totals of the file, and what to do where the project rounds otherwise."""
    fit = understood.get("total_fit")
    if not fit:
        return ""
    mode, unit = fit["precision"].split(":")
    names = {
        "half_up": _("rounded half up"),
        "truncate": _("cut off"),
        "round_up": _("rounded up"),
    }
    said = _(
        "Totals are unit price × area, %(mode)s to %(unit)s yuan: %(fits)s of %(of)s rows."
    ) % {
        "mode": names[mode],
        "unit": unit,
        "fits": fit["fits"],
        "of": fit["of"],
    }
    if not any(each["column"] == "list_total" for each in understood.get("differences", [])):
        return said
    also = _("Set the rounding of list totals to this under Pricing settings, and all agree.")
    return f"{said} {also}"


import_progress = require_GET(PAGES.progress)
import_run = require_POST(PAGES.run)


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
