"""Units split and merged (INV-15)."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from loupan.core.ui import answer_form, refusals_on
from loupan.inventory.actions.reshaping import merge_units, split_unit
from loupan.inventory.forms.reshaping import MergeForm, SplitForm
from loupan.inventory.permissions import EDIT_PROPERTY
from loupan.inventory.queries.units import standing_units
from loupan.org.permissions import require
from loupan.org.queries import DeskRequest, current_project


@require_http_methods(["GET", "POST"])
def unit_split(request: DeskRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(standing_units(request.user), pk=pk)
    require(request.user, EDIT_PROPERTY, found.project_id)
    form = SplitForm(request.POST or None, unit=found)
    if form.is_bound and form.is_valid():
        with refusals_on(form):
            made = split_unit(unit_id=pk, **form.chosen(), by=request.user, at=timezone.now())
            said = {"unit": found.number, "parts": "、".join(unit.number for unit in made)}
            messages.success(request, _("%(unit)s is split into %(parts)s") % said)
            return redirect("inventory:unit", pk=made[0].pk)
    context = {
        "unit": found,
        "crumbs": [{"label": found.number, "url": reverse("inventory:unit", args=[pk])}],
    }
    answer = answer_form(request, "inventory/split.html", context, form)
    if form.is_bound:
        answer.status_code = 422
    return answer


@require_http_methods(["GET", "POST"])
def unit_merging(request: DeskRequest) -> HttpResponse:
    project = current_project(request)
    require(request.user, EDIT_PROPERTY, project.pk)
    form = MergeForm(
        request.POST or None,
        viewer=request.user,
        project_id=project.pk,
        given=request.GET.get("units", ""),
    )
    if form.is_valid():
        with refusals_on(form):
            made = merge_units(**form.chosen(), by=request.user, at=timezone.now())
            messages.success(request, _("The units are now %(unit)s") % {"unit": made.number})
            return redirect("inventory:unit", pk=made.pk)
    context = {
        "title": _("Merge units"),
        "crumbs": [{"label": _("Units"), "url": reverse("inventory:units")}],
    }
    return answer_form(request, "inventory/units_form.html", context, form)
