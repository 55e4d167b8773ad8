"""Files of customers: brought in, tried, carried out, undone (UX 7)."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from loupan.core.refusals import Refusal
from loupan.core.sheets.uploads import content_of
from loupan.core.ui import XLSX, ListPage, answer_form, refusals_on
from loupan.core.ui.imports import SHOWN, ImportPages
from loupan.customers import forms, queries, spreadsheets, tables, tasks
from loupan.customers.actions import import_files
from loupan.customers.models import Customer, CustomerImport
from loupan.customers.parameters import CUSTOMER
from loupan.org.models import User
from loupan.org.permissions import require
from loupan.org.queries import DeskRequest, current_project
from loupan.parameters.models import DictionaryEntry
from loupan.parameters.spreadsheets import FileFields

Page = Mapping[str, Any]
IMPORT = "customers.import"


def _rows(request: DeskRequest) -> QuerySet[CustomerImport]:
    mine = queries.imports_for(request.user).filter(project=current_project(request))
    return mine.defer("content", "understood", "errors")


IMPORTS = ListPage(
    title=gettext_lazy("Imports of customers"),
    columns=tables.IMPORT_COLUMNS,
    rows=_rows,
    project=current_project,
    permission=IMPORT,
    template="customers/import_list.html",
    row_url=tables.import_url,
    more=lambda _request: {"upload": forms.UploadForm()},
    crumbs=lambda _request: _crumbs()[:1],
    empty=gettext_lazy("Nothing was imported yet."),
)


def _crumbs() -> list[Page]:
    return [
        {"label": _("Customers"), "url": reverse("customers:list")},
        {"label": _("Imports of customers"), "url": reverse("customers:imports")},
    ]


def import_list(request: DeskRequest) -> HttpResponse:
    """Earlier imports, and the place to bring a file in: it is only tried first."""
    project = current_project(request)
    if request.method != "POST" or "do" in request.POST:
        return IMPORTS(request)
    require(request.user, IMPORT, project.pk)
    form = forms.UploadForm(request.POST, request.FILES)
    if form.is_valid():
        file = form.cleaned_data["file"]
        with refusals_on(form):
            batch = import_files.receive_customers_file(
                project_id=project.pk,
                filename=file.name,
                content=content_of(file),
                mapping={},
                is_dry_run=True,
                changes_existing=form.cleaned_data["changes_existing"],
                by=request.user,
                at=timezone.now(),
            )
            tasks.run_customers_import.enqueue(batch.pk, request.user.pk)
            return redirect("customers:import", pk=batch.pk)
    return answer_form(request, "customers/upload.html", {"crumbs": _crumbs()}, form)


def _import(request: DeskRequest, pk: int) -> CustomerImport:
    batch = get_object_or_404(queries.imports_for(request.user), pk=pk)
    require(request.user, IMPORT, batch.project_id)
    return batch


def _mapping_form(batch: CustomerImport, typed: Any = None) -> forms.MappingForm:
    columns = batch.understood.get("columns", [])
    headers = [column["header"] for column in columns]
    chosen = batch.mapping or queries.remembered_columns(batch.project_id, headers)
    more = FileFields(CUSTOMER, batch.project_id).labels
    return forms.MappingForm(typed, columns=columns, chosen=chosen, more=more)


PAGES = ImportPages(
    of=_import,
    columns_form=_mapping_form,
    start=import_files.start_customers_import,
    enqueue=tasks.run_customers_import.enqueue,
    urls="customers",
)


@require_GET
def import_page(request: DeskRequest, pk: int) -> HttpResponse:
    """How a file was understood, what it would do, how far it is, what it did."""
    batch = _import(request, pk)
    understood = batch.understood
    samples = understood.get("samples", {})
    labels = FileFields(CUSTOMER, batch.project_id).labels
    context = {
        **PAGES.frame(batch),
        "crumbs": _crumbs(),
        "sheets": understood.get("sheets", []),
        "errors": [_problem(error, labels) for error in batch.errors[:SHOWN]],
        "has_problems": bool(batch.refused or batch.duplicates),
        "updated": _changed(samples.get("updated", [])[:SHOWN], labels),
        "created": samples.get("created", [])[:SHOWN],
        "kept": understood.get("kept", [])[:SHOWN],
    }
    return render(request, "customers/import.html", context)


def _problem(error: Mapping[str, Any], labels: Mapping[str, str]) -> Page:
    known = {**forms.FIELD_LABELS, **labels}
    return {**error, "column": known.get(error["column"], error["column"])}


def _changed(samples: list[dict[str, Any]], labels: Mapping[str, str]) -> list[Page]:
    """Old and new of each changed field, names instead of ids."""
    sources = _named(DictionaryEntry.objects.all(), samples, "source_id")
    owners = _named(User.objects.all(), samples, "owner_id")

    def shown(name: str, value: Any) -> Any:
        names = {"source_id": sources, "owner_id": owners}.get(name)
        return names.get(value, "") if names is not None else value

    return [
        {
            **sample,
            "changes": [
                (
                    labels.get(name) or _label(name),
                    shown(name, sample["before"].get(name)),
                    shown(name, value),
                )
                for name, value in sample["after"].items()
            ],
        }
        for sample in samples
    ]


def _label(name: str) -> Any:
    field = Customer._meta.get_field(name.removesuffix("_id"))
    return getattr(field, "verbose_name", name)


def _named(rows: QuerySet[Any], samples: list[dict[str, Any]], name: str) -> dict[int, str]:
    wanted = {each[side].get(name) for each in samples for side in ("before", "after")} - {None}
    return {row.pk: str(row) for row in rows.filter(pk__in=wanted)} if wanted else {}


import_progress = require_GET(PAGES.progress)
import_run = require_POST(PAGES.run)


@require_GET
def import_errors(request: DeskRequest, pk: int) -> HttpResponse:
    """The rows not taken with their reasons, to correct and upload again."""
    batch = _import(request, pk)
    try:
        content = spreadsheets.error_workbook(batch, who=str(request.user))
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("customers:import", pk=pk)
    answer = HttpResponse(content, content_type=XLSX)
    answer["Content-Disposition"] = f'attachment; filename="refused-rows-{batch.pk}.xlsx"'
    answer["Cache-Control"] = "no-store"
    return answer


@require_POST
def import_undo(request: DeskRequest, pk: int) -> HttpResponse:
    batch = _import(request, pk)
    try:
        undone = import_files.undo_customers_import(
            import_id=pk, by=request.user, at=timezone.now()
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("customers:import", pk=pk)
    messages.success(request, _("The import of %(file)s is undone") % {"file": batch.filename})
    if kept := undone.understood["kept_count"]:
        said = ngettext(
            "%(n)s customer stays, because somebody has worked with them since.",
            "%(n)s customers stay, because somebody has worked with them since.",
            kept,
        )
        messages.warning(request, said % {"n": kept})
    return redirect("customers:import", pk=pk)
