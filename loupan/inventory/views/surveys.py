"""Surveys of finished buildings: brought in as a file, compared with what was predicted (INV-11)."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from loupan.core.actions import record_export
from loupan.core.sheets.uploads import content_of
from loupan.core.ui import answer_form, refusals_on
from loupan.core.ui.lists import XLSX
from loupan.inventory import spreadsheets, tasks
from loupan.inventory.actions.imports import receive_units_file
from loupan.inventory.forms.pictures import sent
from loupan.inventory.forms.surveys import AreaForm, SurveyForm
from loupan.inventory.models import ImportKind
from loupan.inventory.permissions import EDIT_PROPERTY, IMPORT_UNITS, READ_BOARD
from loupan.inventory.queries.areas import AreaRow, area_rows, summary_of
from loupan.inventory.queries.units import buildings_for, standing_units
from loupan.org.permissions import require
from loupan.org.queries import DeskRequest, current_project

EXPORT = "sales.export"


@require_http_methods(["GET", "POST"])
def survey_new(request: DeskRequest) -> HttpResponse:
    """A file of measured areas in any layout; it is only tried first, like a price list."""
    project = current_project(request)
    require(request.user, IMPORT_UNITS, project.pk)
    form = SurveyForm(*sent(request))
    if form.is_valid():
        file = form.cleaned_data["file"]
        with refusals_on(form):
            batch = receive_units_file(
                project_id=project.pk,
                filename=file.name,
                content=content_of(file),
                mapping={},
                is_dry_run=True,
                kind=ImportKind.SURVEY,
                by=request.user,
                at=timezone.now(),
            )
            tasks.run_units_import.enqueue(batch.pk, request.user.pk)
            return redirect("inventory:import", pk=batch.pk)
    context = {
        "title": _("Bring in a survey"),
        "crumbs": [{"label": _("Area differences"), "url": reverse("inventory:area_differences")}],
    }
    return answer_form(request, "inventory/picture_form.html", context, form)


@require_GET
def area_differences(request: DeskRequest) -> HttpResponse:
    """Measured units beside what was predicted, most apart first; `?export=xlsx` as a file."""
    project = current_project(request)
    require(request.user, READ_BOARD, project.pk)
    form = AreaForm(request.GET, buildings=buildings_for(request.user).filter(project=project))
    units = standing_units(request.user).filter(project=project)
    if building := form.typed("building"):
        units = units.filter(building=building)
    measured = area_rows(units)
    rows = [row for row in measured if _is_wanted(row, form)]
    rows.sort(key=lambda row: (-_apart(row), row.number))
    if request.GET.get("export") == "xlsx":
        return _export(request, rows, project.pk)
    query = request.GET.copy()
    query["export"] = "xlsx"
    context: dict[str, Any] = {
        "form": form,
        "rows": rows[:SHOWN],
        "hidden": max(0, len(rows) - SHOWN),
        "summary": summary_of(measured),
        "export_url": f"?{query.urlencode()}" if request.user.may(EXPORT, project.pk) else "",
        "verbs": [
            {
                "label": _("Bring in a survey"),
                "url": reverse("inventory:survey_new"),
                "icon": "file-import",
                "tone": "primary",
            }
        ]
        if request.user.may(EDIT_PROPERTY, project.pk)
        else [],
    }
    return render(request, "inventory/area_differences.html", context)


SHOWN = 500


def _is_wanted(row: AreaRow, form: forms.Form) -> bool:
    assert isinstance(form, AreaForm)
    if form.typed("over") and not row.is_over:
        return False
    stage = form.typed("stage")
    return not stage or (stage == "after") == row.is_contracted


def _apart(row: AreaRow) -> Any:
    return max((abs(one.ratio) for one in (row.built, row.inner) if one is not None), default=0)


def _export(request: DeskRequest, rows: list[AreaRow], project_id: int) -> HttpResponse:
    require(request.user, EXPORT, project_id)
    at = timezone.localtime()
    record_export(
        title=_("Area differences"), columns=[], rows=len(rows), reason="", by=request.user, at=at
    )
    content = spreadsheets.difference_of_areas_workbook(
        rows, who=f"{request.user} · {at:%Y-%m-%d %H:%M}"
    )
    answer = HttpResponse(content, content_type=XLSX)
    answer["Content-Disposition"] = f'attachment; filename="areas-{at:%Y%m%d-%H%M}.xlsx"'
    return answer
