"""Custom fields: their definitions by level, and the values of one record."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from loupan.core.history import lines_of
from loupan.core.ui import answer_form, refusals_on
from loupan.org.permissions import require
from loupan.org.queries import DeskRequest
from loupan.parameters import forms
from loupan.parameters.actions import fields as actions
from loupan.parameters.hooks import SUBJECTS
from loupan.parameters.models import CustomField
from loupan.parameters.permissions import MANAGE, READ
from loupan.parameters.queries import fields as queries
from loupan.parameters.queries.book import book_of
from loupan.parameters.queries.places import Place, key_of, place_named
from loupan.parameters.views.frame import frame_of, place_asked


@require_safe
def custom_fields(request: DeskRequest) -> HttpResponse:
    """What is kept besides, of customers, units and deals."""
    require(request.user, READ)
    place = place_asked(request)
    rows = list(queries.fields_at(place))
    context = {
        **frame_of(request.user, place, "custom_fields"),
        "subjects": [
            (each, [(row, key_of(row) == place.key) for row in rows if row.subject == code])
            for code, each in SUBJECTS.items()
        ],
    }
    return render(request, "parameters/custom_fields.html", context)


def _list_url(place: Place) -> str:
    return f"{reverse('parameters:custom_fields')}?place={place.key}"


def _crumbs(place: Place) -> list[dict[str, str]]:
    return [{"label": _("Custom fields"), "url": _list_url(place)}]


@require_http_methods(["GET", "POST"])
def custom_field_new(request: DeskRequest, subject: str) -> HttpResponse:
    require(request.user, MANAGE)
    if subject not in SUBJECTS:
        raise Http404(subject)
    place = place_named(request.user, request.GET.get("place", ""), MANAGE)
    form = forms.NewFieldForm(request.POST or None)
    if form.is_valid():
        with refusals_on(form):
            row = actions.make_field(
                subject=subject, place=place, **form.cleaned_data, by=request.user, at=now()
            )
            messages.success(request, _("Saved: %(name)s") % {"name": row})
            return redirect(_list_url(place))
    context = {"title": _("New field"), "place": place, "crumbs": _crumbs(place)}
    return answer_form(request, "parameters/custom_field.html", context, form)


@require_http_methods(["GET", "POST"])
def custom_field(request: DeskRequest, pk: int) -> HttpResponse:
    require(request.user, READ)
    row = get_object_or_404(
        CustomField.objects.select_related("company", "project__company"), pk=pk
    )
    place = Place(company=row.company, project=row.project)
    if not place.may(request.user, READ):
        raise Http404(pk)
    may = place.may(request.user, MANAGE)
    if request.method == "POST" and not may:
        raise PermissionDenied(MANAGE)
    names = ("name", "name_en", "is_required", "is_listed", "is_enabled", "order", "version")
    first = {name: getattr(row, name) for name in names}
    form = forms.FieldForm(request.POST or None, initial=first)
    if form.is_valid():
        with refusals_on(form):
            actions.edit_field(field_id=pk, **form.cleaned_data, by=request.user, at=now())
            messages.success(request, _("Saved: %(name)s") % {"name": row})
            return redirect(_list_url(place))
    context = {
        "title": row.get_kind_display(), "row": row, "place": place, "crumbs": _crumbs(place),
        "may_change": may, "history": lines_of(row),
    }  # fmt: skip
    return answer_form(request, "parameters/custom_field.html", context, form)


@require_safe
def record_panel(request: DeskRequest, subject: str, pk: int) -> HttpResponse:
    """The same to look at, as a part of the record's page."""
    kept = SUBJECTS.get(subject)
    found = kept.find(request.user, pk) if kept else None
    if kept is None or found is None:
        raise Http404(pk)
    fields = book_of(found.project_id).fields.get(subject, ())
    context = {
        "subject": kept,
        "pk": pk,
        "shown": queries.shown_values(fields, queries.values_of(kept, pk)),
        "may_edit": found.may_edit,
    }
    return render(request, "parameters/_record_fields.html", context)


@require_http_methods(["GET", "POST"])
def record_fields(request: DeskRequest, subject: str, pk: int) -> HttpResponse:
    """What one record says in the custom fields of its project; a panel of the record's page."""
    kept = SUBJECTS.get(subject)
    found = kept.find(request.user, pk) if kept else None
    if kept is None or found is None:
        raise Http404(pk)
    if request.method == "POST" and not found.may_edit:
        raise PermissionDenied(subject)
    fields = book_of(found.project_id).fields.get(subject, ())
    values = queries.values_of(kept, pk)
    choices = {f.code: queries.choices_of(found.project_id, f) for f in fields if f.dictionary}
    form = forms.RecordFieldsForm(
        request.POST or None,
        fields=fields,
        choices=choices,
        initial={field.key: queries.plain(field, values.get(field.pk)) for field in fields},
    )
    if form.is_valid():
        with refusals_on(form):
            actions.set_values(
                subject=subject, record_id=pk, values=form.by_code(), by=request.user, at=now()
            )
            messages.success(request, _("Saved: %(name)s") % {"name": found.record})
            return redirect(kept.url(pk))
    context: dict[str, Any] = {
        "record": found.record,
        "subject": kept,
        "shown": queries.shown_values(fields, values),
        "may_edit": found.may_edit,
        "crumbs": [{"label": str(found.record), "url": kept.url(pk)}],
    }
    return answer_form(request, "parameters/record_fields.html", context, form)
