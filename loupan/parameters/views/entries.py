"""Dictionaries: the words an office keeps, drawn as a tree."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import localtime, now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from loupan.core import history
from loupan.core.actions import record_export
from loupan.core.ui import XLSX, answer_form, refusals_on
from loupan.org.permissions import require
from loupan.org.queries import DeskRequest
from loupan.parameters import forms, spreadsheets
from loupan.parameters.actions import entries as actions
from loupan.parameters.hooks import DICTIONARIES, Dictionary
from loupan.parameters.models import DictionaryEntry
from loupan.parameters.permissions import MANAGE, READ
from loupan.parameters.queries import entries as queries
from loupan.parameters.queries.places import Place, place_named
from loupan.parameters.rules import entries as rules
from loupan.parameters.views.frame import frame_of, place_asked


@require_safe
def dictionaries(request: DeskRequest) -> HttpResponse:
    """Every dictionary with how many words it has at this level."""
    require(request.user, READ)
    place = place_asked(request)
    counts = queries.counts_at(place)
    context = {
        **frame_of(request.user, place, "dictionaries"),
        "dictionaries": [(each, counts.get(code, 0)) for code, each in DICTIONARIES.items()],
    }
    return render(request, "parameters/dictionaries.html", context)


def _dictionary(code: str) -> Dictionary:
    if code not in DICTIONARIES:
        raise Http404(code)
    return DICTIONARIES[code]


def _url(dictionary: str, place: Place) -> str:
    return f"{reverse('parameters:dictionary', args=[dictionary])}?place={place.key}"


def _crumbs(place: Place, dictionary: Dictionary | None = None) -> list[dict[str, Any]]:
    top = f"{reverse('parameters:dictionaries')}?place={place.key}"
    found = [{"label": _("Dictionaries"), "url": top}]
    if dictionary:
        found.append({"label": str(dictionary.label), "url": _url(dictionary.code, place)})
    return found


@require_safe
def dictionary(request: DeskRequest, code: str) -> HttpResponse:
    """One dictionary as a tree: what is its own at this level, and what it has from above."""
    require(request.user, READ)
    found = _dictionary(code)
    place = place_asked(request)
    if request.GET.get("export") == "xlsx":
        return _workbook(request, found, place)
    frame = frame_of(request.user, place, "dictionaries")
    for level in frame["levels"]:
        level["url"] = level["url"].replace(
            reverse("parameters:dictionaries"), reverse("parameters:dictionary", args=[code])
        )
    context = {
        **frame,
        "dictionary": found,
        "lines": queries.lines_of(place, code),
        "crumbs": _crumbs(place),
        "upload": forms.UploadForm(),
    }
    return render(request, "parameters/dictionary.html", context)


def _workbook(request: DeskRequest, found: Dictionary, place: Place) -> HttpResponse:
    at = localtime()
    content = queries.workbook(place, found, who=str(request.user), at=at)
    record_export(
        title=str(found.label), columns=[], rows=len(queries.lines_of(place, found.code)),
        reason="", by=request.user, at=at,
    )  # fmt: skip
    answer = HttpResponse(content, content_type=XLSX)
    answer["Content-Disposition"] = f'attachment; filename="{found.code}-{at:%Y%m%d}.xlsx"'
    return answer


def _parents(found: Dictionary, place: Place, row: DictionaryEntry | None) -> list[tuple[int, str]]:
    if not found.is_tree:
        return []
    lines = queries.lines_of(place, found.code)
    parents = {line.entry.pk: line.entry.parent_id for line in lines}
    return [
        (line.entry.pk, f"{'　' * line.depth}{line.entry}")
        for line in lines
        if not line.entry.successor_id
        and not (row and rules.hangs_below(parents, row.pk, line.entry.pk))
    ]


@require_http_methods(["GET", "POST"])
def entry_new(request: DeskRequest, code: str) -> HttpResponse:
    require(request.user, MANAGE)
    found, place = (
        _dictionary(code),
        place_named(request.user, request.GET.get("place", ""), MANAGE),
    )
    form = forms.EntryForm(
        request.POST or None,
        parents=_parents(found, place, None),
        is_new=True,
        initial={"parent_id": request.GET.get("parent", "")},
    )
    if form.is_valid():
        with refusals_on(form):
            row = actions.make_entry(
                dictionary=code, place=place, **form.values(), by=request.user, at=now()
            )
            messages.success(request, _("Saved: %(name)s") % {"name": row})
            return redirect(_url(code, place))
    context = {"title": _("New entry"), "crumbs": _crumbs(place, found), "place": place}
    return answer_form(request, "parameters/entry.html", context, form)


def _entry(request: DeskRequest, pk: int, permission: str = READ) -> tuple[DictionaryEntry, Place]:
    require(request.user, permission)
    row = queries.entry_for(request.user, pk)
    if row is None or row.dictionary not in DICTIONARIES:
        raise Http404(pk)
    if permission == MANAGE and queries.entry_for(request.user, pk, MANAGE) is None:
        raise PermissionDenied(MANAGE)
    return row, queries.place_of_entry(row)


@require_http_methods(["GET", "POST"])
def entry(request: DeskRequest, pk: int) -> HttpResponse:
    """Change a word; merge it into another one; what happened to it."""
    row, place = _entry(request, pk, MANAGE if request.method == "POST" else READ)
    found = DICTIONARIES[row.dictionary]
    form = forms.EntryForm(
        request.POST or None,
        parents=_parents(found, place, row),
        is_new=False,
        initial={
            "name": row.name, "name_en": row.name_en, "tone": row.tone, "version": row.version,
            "parent_id": row.parent_id,
        },
    )  # fmt: skip
    if form.is_valid():
        with refusals_on(form):
            actions.edit_entry(entry_id=pk, **form.values(), by=request.user, at=now())
            messages.success(request, _("Saved: %(name)s") % {"name": row})
            return redirect(_url(row.dictionary, place))
    return answer_form(request, "parameters/entry.html", _context(request, row, place), form)


def _context(request: DeskRequest, row: DictionaryEntry, place: Place) -> dict[str, Any]:
    found = DICTIONARIES[row.dictionary]
    may = place.may(request.user, MANAGE)
    return {
        "title": _("Entry"),
        "row": row,
        "place": place,
        "crumbs": _crumbs(place, found),
        "may_change": may and not row.successor_id,
        "merge": forms.MergeForm(others=_others(row, place)) if may else None,
        "history": history.lines_of(row),
    }


def _others(row: DictionaryEntry, place: Place) -> list[tuple[int, str]]:
    return [
        (line.entry.pk, f"{'　' * line.depth}{line.entry}")
        for line in queries.lines_of(place, row.dictionary)
        if line.entry.is_enabled and line.entry.pk != row.pk
    ]


@require_POST
def merging(request: DeskRequest, pk: int) -> HttpResponse:
    """Count this word under another one from now on."""
    row, place = _entry(request, pk, MANAGE)
    form = forms.MergeForm(request.POST, others=_others(row, place))
    if form.is_valid():
        with refusals_on(form):
            actions.merge_entry(entry_id=pk, **form.cleaned_data, by=request.user, at=now())
            messages.success(request, _("Merged: %(name)s") % {"name": row})
            return redirect(_url(row.dictionary, place))
    context = {**_context(request, row, place), "merge": form, "is_merging": True}
    return answer_form(request, "parameters/entry.html", context, form)


@require_POST
def shifting(request: DeskRequest, pk: int) -> HttpResponse:
    """One place up or down."""
    row, place = _entry(request, pk, MANAGE)
    steps = -1 if request.POST.get("to") == "up" else 1
    actions.shift_entry(entry_id=pk, steps=steps, by=request.user, at=now())
    return redirect(f"{_url(row.dictionary, place)}#entry-{pk}")


@require_POST
def disabling(request: DeskRequest, pk: int) -> HttpResponse:
    return _switched(request, pk, actions.disable_entry)


@require_POST
def enabling(request: DeskRequest, pk: int) -> HttpResponse:
    return _switched(request, pk, actions.enable_entry)


def _switched(request: DeskRequest, pk: int, act: Any) -> HttpResponse:
    row, place = _entry(request, pk, MANAGE)
    form = forms.RefusedForm(request.POST)
    form.is_valid()
    with refusals_on(form):
        act(entry_id=pk, by=request.user, at=now())
        return redirect(f"{_url(row.dictionary, place)}#entry-{pk}")
    context = {**_context(request, row, place), "is_merging": True}
    return answer_form(request, "parameters/entry.html", context, form)


@require_POST
def entries_import(request: DeskRequest, code: str) -> HttpResponse:
    """Take a whole list up from a spreadsheet."""
    require(request.user, MANAGE)
    found, place = (
        _dictionary(code),
        place_named(request.user, request.GET.get("place", ""), MANAGE),
    )
    form = forms.UploadForm(request.POST, request.FILES)
    if form.is_valid():
        file = form.cleaned_data["file"]
        with refusals_on(form):
            done = spreadsheets.import_dictionary(
                dictionary=code, place=place, content=file.read(), filename=file.name,
                by=request.user, at=now(),
            )  # fmt: skip
            sentence = _("%(made)s new, %(changed)s changed, %(unchanged)s as they were")
            messages.success(request, sentence % vars(done))
            return redirect(_url(code, place))
    context = {
        **frame_of(request.user, place, "dictionaries"),
        "dictionary": found,
        "lines": queries.lines_of(place, code),
        "crumbs": _crumbs(place),
        "upload": form,
        "is_uploading": True,
    }
    return answer_form(request, "parameters/dictionary.html", context, form)
