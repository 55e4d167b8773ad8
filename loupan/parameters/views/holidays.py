"""The holiday table, a year at a time. It is the same for the whole group."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import localdate, localtime, now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from loupan.core.actions import record_export
from loupan.core.dates import FIRST_YEAR, LAST_YEAR
from loupan.core.typed import whole
from loupan.core.ui import XLSX, answer_form, refusals_on
from loupan.org.permissions import require
from loupan.org.queries import DeskRequest
from loupan.parameters import forms, spreadsheets
from loupan.parameters.actions import holidays as actions
from loupan.parameters.models import Holiday
from loupan.parameters.permissions import MANAGE, READ, may_at
from loupan.parameters.queries import holidays as queries
from loupan.parameters.views.frame import frame_of, place_asked


def _year(request: DeskRequest) -> int:
    year = whole(request.GET.get("year"))
    return year if year and FIRST_YEAR <= year <= LAST_YEAR else localdate().year


def _url(year: int) -> str:
    return f"{reverse('parameters:holidays')}?year={year}"


def _context(request: DeskRequest, year: int) -> dict[str, Any]:
    known = queries.years()
    frame = frame_of(request.user, place_asked(request), "holidays")
    return {
        **frame,
        "levels": [],
        "may_manage": may_at(request.user, MANAGE),
        "year": year,
        "months": queries.months_of(year),
        "years": [
            {"label": str(each), "url": _url(each), "active": each == year}
            for each in sorted({*known, year, localdate().year, localdate().year + 1})
        ],
        "upload": forms.UploadForm(),
    }


@require_safe
def holidays(request: DeskRequest) -> HttpResponse:
    """The days of a year that are not what their weekday says."""
    require(request.user, READ)
    year = _year(request)
    if request.GET.get("export") == "xlsx":
        return _workbook(request, year)
    return render(request, "parameters/holidays.html", _context(request, year))


def _workbook(request: DeskRequest, year: int) -> HttpResponse:
    at = localtime()
    content = queries.workbook(year, who=str(request.user), at=at)
    rows = queries.holidays_of(year).count()
    record_export(
        title=_("Holidays"), columns=[str(year)], rows=rows, reason="", by=request.user, at=at
    )
    answer = HttpResponse(content, content_type=XLSX)
    answer["Content-Disposition"] = f'attachment; filename="holidays-{year}.xlsx"'
    return answer


def _needs(request: DeskRequest) -> None:
    require(request.user, MANAGE)
    if not may_at(request.user, MANAGE):
        raise PermissionDenied(MANAGE)


@require_http_methods(["GET", "POST"])
def holiday_new(request: DeskRequest) -> HttpResponse:
    _needs(request)
    return _edited(request, None)


@require_http_methods(["GET", "POST"])
def holiday(request: DeskRequest, pk: int) -> HttpResponse:
    _needs(request)
    return _edited(request, get_object_or_404(Holiday, pk=pk))


def _edited(request: DeskRequest, row: Holiday | None) -> HttpResponse:
    names = ("on", "kind", "name", "name_en", "is_greeting", "version")
    first = {name: getattr(row, name) for name in names} if row else {"version": None}
    form = forms.HolidayForm(request.POST or None, initial=first, row=row)
    if form.is_valid():
        with refusals_on(form):
            saved = actions.save_holiday(**form.cleaned_data, by=request.user, at=now())
            messages.success(request, _("Saved: %(name)s") % {"name": saved})
            return redirect(_url(saved.on.year))
    back = _url(row.on.year if row else localdate().year)
    context = {"row": row, "crumbs": [{"label": _("Holidays"), "url": back}]}
    return answer_form(request, "parameters/holiday.html", context, form)


@require_POST
def holiday_removal(request: DeskRequest, pk: int) -> HttpResponse:
    """Let the weekday say what the day is again."""
    _needs(request)
    get_object_or_404(Holiday, pk=pk)
    on = actions.remove_holiday(holiday_id=pk, by=request.user, at=now())
    return redirect(_url(on.year))


@require_POST
def holidays_import(request: DeskRequest) -> HttpResponse:
    """Take up a list of days from a spreadsheet."""
    _needs(request)
    form = forms.UploadForm(request.POST, request.FILES)
    if form.is_valid():
        file = form.cleaned_data["file"]
        with refusals_on(form):
            count = spreadsheets.import_holidays(
                content=file.read(), filename=file.name, by=request.user, at=now()
            )
            messages.success(request, _("%(count)s days taken up") % {"count": count})
            return redirect(_url(_year(request)))
    context = {**_context(request, _year(request)), "upload": form, "is_uploading": True}
    return answer_form(request, "parameters/holidays.html", context, form)
