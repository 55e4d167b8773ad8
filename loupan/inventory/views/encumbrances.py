"""Encumbrances of units: the list, a new one, its lifting; and the deletion of many units."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from loupan.core.ui import ListPage, answer_form, refusals_on
from loupan.inventory import tables
from loupan.inventory.actions.encumbrances import encumber_units, lift_encumbrance
from loupan.inventory.filters import EncumbranceFilter
from loupan.inventory.forms.units import EncumbranceForm, LiftingForm
from loupan.inventory.models import Encumbrance
from loupan.inventory.permissions import EDIT_PROPERTY, READ_BOARD
from loupan.inventory.queries.units import encumbrances_for
from loupan.org.permissions import require
from loupan.org.queries import DeskRequest, current_project


def _rows(request: DeskRequest) -> QuerySet[Encumbrance]:
    return encumbrances_for(request.user).filter(project=current_project(request))


def _verbs(request: DeskRequest) -> list[dict[str, Any]]:
    if not request.user.may(EDIT_PROPERTY, current_project(request).pk):
        return []
    return [
        {
            "label": _("Record an encumbrance"),
            "url": reverse("inventory:encumbrance_new"),
            "icon": "plus",
            "tone": "primary",
            "key": "n",
        }
    ]


encumbrance_list = require_GET(
    ListPage(
        title=gettext_lazy("Encumbrances"),
        columns=tables.ENCUMBRANCE_COLUMNS,
        rows=_rows,
        filterset=EncumbranceFilter,
        project=current_project,
        permission=READ_BOARD,
        export_permission="sales.export",
        filename="encumbrances",
        verbs=_verbs,
        empty=gettext_lazy("No unit of this project is encumbered."),
    )
)


def _crumbs() -> list[dict[str, Any]]:
    return [{"label": _("Encumbrances"), "url": reverse("inventory:encumbrances")}]


@require_http_methods(["GET", "POST"])
def encumbrance_new(request: DeskRequest) -> HttpResponse:
    project = current_project(request)
    require(request.user, EDIT_PROPERTY, project.pk)
    form = EncumbranceForm(
        request.POST or None,
        viewer=request.user,
        project_id=project.pk,
        given=request.GET.get("units", ""),
    )
    if form.is_valid():
        with refusals_on(form):
            made = encumber_units(
                project_id=project.pk, **form.chosen(), by=request.user, at=timezone.now()
            )
            messages.success(request, _("Recorded for %(count)s units") % {"count": len(made)})
            return redirect("inventory:encumbrances")
    context = {"title": _("Record an encumbrance"), "crumbs": _crumbs()}
    return answer_form(request, "inventory/units_form.html", context, form)


@require_http_methods(["GET", "POST"])
def encumbrance_lifting(request: DeskRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(encumbrances_for(request.user), pk=pk)
    require(request.user, EDIT_PROPERTY, found.project_id)
    form = LiftingForm(request.POST or None, initial={"lifted_on": timezone.localdate()})
    if form.is_valid():
        with refusals_on(form):
            lift_encumbrance(
                encumbrance_id=pk, **form.cleaned_data, by=request.user, at=timezone.now()
            )
            messages.success(
                request, _("The encumbrance of %(unit)s is lifted") % {"unit": found.unit}
            )
            return redirect("inventory:unit", pk=found.unit_id)
    context = {
        "title": _("Lift the encumbrance of %(unit)s") % {"unit": found.unit},
        "subtitle": str(found),
        "crumbs": _crumbs(),
    }
    return answer_form(request, "inventory/units_form.html", context, form)
