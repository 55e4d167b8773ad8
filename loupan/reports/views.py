"""Pages of the roof: home, reports, search, help."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from loupan.core.actions import record_export
from loupan.core.calendar import business_day
from loupan.core.exports import workbook_of
from loupan.core.typed import one_line
from loupan.core.ui import XLSX
from loupan.documents.queries import table_pdf
from loupan.org.permissions import require
from loupan.org.queries import DeskRequest, NoProject, current_project
from loupan.reports.forms import ReportForm
from loupan.reports.queries import catalogue
from loupan.reports.queries.guides import first_sale_for, guides_for
from loupan.reports.queries.home import cards_for
from loupan.reports.queries.readiness import readiness_for
from loupan.reports.queries.report import Kind, Report
from loupan.reports.queries.search import found


@require_safe
def home(request: DeskRequest) -> HttpResponse:
    at = timezone.now()
    try:
        project = current_project(request)
    except NoProject:
        project = None
    cards = cards_for(request.user, project, at) if project else []
    context = {
        "cards": cards,
        "project": project,
        "at": at,
        "readiness": readiness_for(request.user, project, at),
    }
    return render(request, "reports/home.html", context)


@require_safe
def report_list(request: DeskRequest) -> HttpResponse:
    require(request.user, "reports.read")
    return render(request, "reports/report_list.html", {"kinds": catalogue.KINDS.values()})


@require_safe
def report(request: DeskRequest, code: str) -> HttpResponse:
    kind = catalogue.KINDS.get(code)
    if kind is None:
        raise Http404
    require(request.user, kind.permission)
    at = timezone.now()
    form = ReportForm(request.GET, viewer=request.user, today=business_day(at))
    fields = [field for field in form if kind.has_period or field.name not in {"from", "to"}]
    context: dict[str, Any] = {"kind": kind, "fields": fields, "at": at}
    if not form.is_valid():
        return render(request, "reports/report.html", context, status=422)
    done = catalogue.run(code, request.user, form.parameters(), at)
    if wanted := request.GET.get("export"):
        return _export(request, kind, done, form.in_words(with_days=kind.has_period), wanted)
    query = request.GET.copy()
    query.pop("export", None)
    may_export = request.user.may("reports.export")
    return render(
        request,
        "reports/report.html",
        {
            **context,
            "report": done,
            "lines": [
                [(c, row.cells.get(c.key), row.links.get(c.key, "")) for c in done.columns]
                for row in done.rows
            ],
            "totals": [(c, done.totals.get(c.key)) for c in done.columns],
            "export_query": query.urlencode() if may_export else None,
        },
    )


def _export(
    request: DeskRequest, kind: Kind, done: Report, asked: str, wanted: str
) -> HttpResponse:
    require(request.user, "reports.export")
    at = timezone.localtime()
    title = str(kind.title)
    heads = [(str(c.label), c.kind) for c in done.columns]
    lines = [[row.cells.get(c.key) for c in done.columns] for row in done.rows]
    lines.append([_("Total"), *(done.totals.get(c.key) for c in done.columns[1:])])
    record_export(
        title=f"{kind.code} {title}",
        columns=[c.key for c in done.columns],
        rows=len(done.rows),
        reason=request.GET.get("reason", "")[:200],
        by=request.user,
        at=at,
    )
    who = str(request.user)
    if wanted == "xlsx":
        body, content_type = workbook_of(title, heads, lines, who=f"{who} · {asked}", at=at), XLSX
    elif wanted == "pdf":
        body = table_pdf(title, heads, lines, who=who, at=at, subtitle=asked)
        content_type = "application/pdf"
    else:
        raise Http404
    answer = HttpResponse(body, content_type=content_type)
    name = f"{kind.code}-{at:%Y%m%d-%H%M}.{wanted}"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@require_safe
def search(request: DeskRequest) -> HttpResponse:
    """The palette's results, alone or as a page; only what the person may see."""
    text = one_line(request.GET.get("q"))
    groups = found(request.user, text) if text else []
    template = "reports/_search_results.html" if request.htmx else "core/search.html"
    return render(request, template, {"groups": groups, "q": text})


@require_safe
def help_page(request: DeskRequest) -> HttpResponse:
    return render(
        request,
        "reports/help.html",
        {"guides": guides_for(request.user), "first_sale": first_sale_for(request.user)},
    )
