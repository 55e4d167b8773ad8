"""Parameters by level of the tree, each with where its value comes from."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from loupan.core.history import lines_of
from loupan.core.ui import answer_form, refusals_on
from loupan.org.permissions import require
from loupan.org.queries import DeskRequest
from loupan.parameters.actions import values as actions
from loupan.parameters.forms import RefusedForm, ValueForm
from loupan.parameters.permissions import MANAGE, READ
from loupan.parameters.queries.places import Place, place_named
from loupan.parameters.queries.values import Line, grouped, line_at, lines_at
from loupan.parameters.views.frame import frame_of, place_asked


@require_safe
def values(request: DeskRequest) -> HttpResponse:
    """Every parameter at one level: its value, where that comes from, who locked it."""
    require(request.user, READ)
    place = place_asked(request)
    q = request.GET.get("q", "").strip().lower()
    lines = [line for line in lines_at(place) if q in _words(line)]
    context = {**frame_of(request.user, place, "values"), "groups": grouped(lines), "q": q}
    return render(request, "parameters/values.html", context)


def _words(line: Line) -> str:
    parameter = line.parameter
    return f"{parameter.key} {parameter.group} {parameter.label} {parameter.help}".lower()


def _line(request: DeskRequest, key: str) -> tuple[Place, Line]:
    require(request.user, READ)
    place = place_named(request.user, request.GET.get("place", ""))
    if (line := line_at(place, key)) is None:
        raise Http404(key)
    return place, line


def _list_url(place: Place) -> str:
    return f"{reverse('parameters:values')}?place={place.key}"


@require_http_methods(["GET", "POST"])
def value(request: DeskRequest, key: str) -> HttpResponse:
    """One parameter at one level: set it, lock it, and what it was before."""
    place, line = _line(request, key)
    may = place.may(request.user, MANAGE)
    if request.method == "POST" and not may:
        raise PermissionDenied(MANAGE)
    form = ValueForm(
        request.POST or None,
        parameter=line.parameter,
        has_below=place.project is None,
        initial={
            "value": line.counts.value,
            "is_locked": bool(line.row and line.row.is_locked),
            "version": line.row.version if line.row else 0,
        },
    )
    if form.is_valid():
        with refusals_on(form):
            actions.set_parameter(
                key=key, place=place, **form.cleaned_data, by=request.user, at=now()
            )
            messages.success(request, _("Saved: %(name)s") % {"name": line.parameter.label})
            return redirect(_list_url(place))
    return answer_form(request, "parameters/value.html", _context(place, line, may=may), form)


def _context(place: Place, line: Line, *, may: bool) -> dict[str, Any]:
    return {
        "place": place,
        "line": line,
        "may_set": may and not line.is_locked_above,
        "crumbs": [{"label": _("Parameters"), "url": _list_url(place)}],
        "history": lines_of(line.row) if line.row else None,
    }


@require_POST
def taking_back(request: DeskRequest, key: str) -> HttpResponse:
    """Let the level above count again."""
    place, line = _line(request, key)
    form = RefusedForm(request.POST)
    if form.is_valid():
        with refusals_on(form):
            actions.clear_parameter(
                key=key, place=place, **form.cleaned_data, by=request.user, at=now()
            )
            return redirect(_list_url(place))
    context = _context(place, line, may=place.may(request.user, MANAGE))
    return answer_form(request, "parameters/value.html", {**context, "is_taking_back": True}, form)
