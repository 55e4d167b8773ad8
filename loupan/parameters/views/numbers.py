"""How documents are numbered, with the next numbers as they would be."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import localdate, now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from loupan.core.history import lines_of
from loupan.core.ui import answer_form, refusals_on
from loupan.org.permissions import require
from loupan.org.queries import DeskRequest
from loupan.parameters import forms
from loupan.parameters.actions import numbers as actions
from loupan.parameters.permissions import MANAGE, READ
from loupan.parameters.queries import numbers as queries
from loupan.parameters.queries.numbers import NumberingLine
from loupan.parameters.queries.places import Place, place_named
from loupan.parameters.rules.numbers import Numbering, Reset, WrongPattern, checked
from loupan.parameters.views.frame import frame_of, place_asked


@require_safe
def numberings(request: DeskRequest) -> HttpResponse:
    """Every kind of document with its pattern and its next number."""
    require(request.user, READ)
    place = place_asked(request)
    context = {
        **frame_of(request.user, place, "numberings"),
        "lines": queries.lines_at(place, localdate()),
    }
    return render(request, "parameters/numberings.html", context)


def _line(request: DeskRequest, code: str) -> tuple[Place, NumberingLine]:
    require(request.user, READ)
    place = place_named(request.user, request.GET.get("place", ""))
    for line in queries.lines_at(place, localdate()):
        if line.series.code == code:
            return place, line
    raise Http404(code)


def _list_url(place: Place) -> str:
    return f"{reverse('parameters:numberings')}?place={place.key}"


@require_http_methods(["GET", "POST"])
def numbering(request: DeskRequest, code: str) -> HttpResponse:
    """Change how one kind of document is numbered from now on."""
    place, line = _line(request, code)
    may = place.may(request.user, MANAGE)
    if request.method == "POST" and not may:
        raise PermissionDenied(MANAGE)
    form = forms.NumberingForm(
        request.POST or None,
        initial={
            "pattern": line.numbering.pattern,
            "reset": line.numbering.reset.value,
            "version": line.row.version if line.row else 0,
        },
    )
    if form.is_valid() and "preview" not in request.POST:
        with refusals_on(form):
            actions.set_numbering(
                series=code, place=place, **form.cleaned_data, by=request.user, at=now()
            )
            messages.success(request, _("Saved: %(name)s") % {"name": line.series.label})
            return redirect(_list_url(place))
    context = {**_context(place, line, may=may), "examples": _examples(place, code, form, line)}
    return answer_form(request, "parameters/numbering.html", context, form)


def _examples(place: Place, code: str, form: Any, line: NumberingLine) -> list[str]:
    """The next three numbers by what is typed, else by what counts."""
    if form.is_bound:
        typed = form.cleaned_data if form.is_valid() else {}
        if not typed:
            return []
        try:
            wanted = checked(Numbering(typed["pattern"], Reset(typed["reset"])))
        except WrongPattern as wrong:
            form.add_error("pattern", str(queries.refusal_of(wrong.problem)))
            return []
        return queries.examples(place, code, wanted, localdate())
    return queries.examples(place, code, line.numbering, localdate())


def _context(place: Place, line: NumberingLine, *, may: bool) -> dict[str, Any]:
    return {
        "place": place,
        "line": line,
        "may_set": may,
        "crumbs": [{"label": _("Numbers"), "url": _list_url(place)}],
        "history": lines_of(line.row) if line.row else None,
    }


@require_POST
def numbering_taking_back(request: DeskRequest, code: str) -> HttpResponse:
    """Number as the level above does again."""
    place, line = _line(request, code)
    form = forms.RefusedForm(request.POST)
    if form.is_valid():
        with refusals_on(form):
            actions.clear_numbering(
                series=code, place=place, **form.cleaned_data, by=request.user, at=now()
            )
            return redirect(_list_url(place))
    context = _context(place, line, may=place.may(request.user, MANAGE))
    context |= {"is_taking_back": True}
    return answer_form(request, "parameters/numbering.html", context, form)
