"""Zones, permits, buildings with their entrances, layouts."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from loupan.core.at_once import Rows, read_at_once
from loupan.core.ui import EditPage, answer_form, refusals_on
from loupan.inventory.actions import property as actions
from loupan.inventory.forms import property as forms
from loupan.inventory.models import (
    Entrance,
)
from loupan.inventory.permissions import (
    EDIT_PROPERTY,
    READ_BOARD,
)
from loupan.inventory.queries import units as queries
from loupan.org.permissions import require
from loupan.org.queries import DeskRequest, current_project

Page = Mapping[str, Any]


@require_GET
def buildings(request: DeskRequest) -> HttpResponse:
    """Zones, permits, buildings with their entrances, layouts of the project on one page."""
    project = current_project(request)
    require(request.user, READ_BOARD, project.pk)
    may_edit = request.user.may(EDIT_PROPERTY, project.pk)
    context = {
        "rows": queries.building_rows(queries.buildings_for(request.user).filter(project=project)),
        **read_at_once(
            {
                "zones": Rows(queries.zones_for(request.user).filter(project=project)),
                "permits": Rows(queries.permits_for(request.user).filter(project=project)),
                "layouts": Rows(queries.layouts_for(request.user).filter(project=project)),
            }
        ),
        "today": timezone.localdate(),
        "may_edit": may_edit,
        "verbs": [
            {
                "label": _("New building"),
                "url": reverse("inventory:building_new"),
                "icon": "plus",
                "tone": "primary",
                "key": "n",
            }
        ]
        if may_edit
        else [],
    }
    return render(request, "inventory/buildings.html", context)


def _to_buildings(_row: Any = None) -> str:
    return reverse("inventory:buildings")


def _to_layout(row: Any = None) -> str:
    return reverse("inventory:layout", args=[row.pk]) if row is not None else _to_buildings()


def _crumbs(_request: DeskRequest) -> list[Page]:
    return [{"label": _("Buildings"), "url": _to_buildings()}]


def _in_project(request: DeskRequest, row: Any) -> None:
    """A new row belongs to the current project; editing needs the permission there."""
    if row.pk is None:
        row.project = current_project(request)
    require(request.user, EDIT_PROPERTY, row.project_id)


def _in_building(request: DeskRequest, row: Entrance) -> None:
    if row.pk is None:
        assert request.resolver_match is not None
        row.building = get_object_or_404(
            queries.buildings_for(request.user), pk=request.resolver_match.kwargs["building_pk"]
        )
    require(request.user, EDIT_PROPERTY, row.building.project_id)


def _to_permit_buildings(row: Any = None) -> str:
    return reverse("inventory:permit_buildings", args=[row.pk]) if row else _to_buildings()


@require_http_methods(["GET", "POST"])
def permit_buildings(request: DeskRequest, pk: int) -> HttpResponse:
    """Which buildings stand under a permit: a new one is offered those without any."""
    permit = get_object_or_404(
        queries.editable(queries.permits_for(request.user), request.user), pk=pk
    )
    require(request.user, EDIT_PROPERTY, permit.project_id)
    form = forms.PermitBuildingsForm(request.POST or None, permit=permit)
    if form.is_valid():
        with refusals_on(form):
            changed = actions.set_permit_buildings(
                permit_id=pk,
                building_ids=[row.pk for row in form.cleaned_data["buildings"]],
                by=request.user,
                at=timezone.now(),
            )
            messages.success(
                request, _("%(count)s buildings changed their permit") % {"count": len(changed)}
            )
            return redirect(_to_buildings())
    context = {
        "title": _("Buildings under this permit"),
        "row": permit,
        "crumbs": _crumbs(request),
        "cancel_url": _to_buildings(),
    }
    return answer_form(request, "core/edit.html", context, form)


zone_edit = EditPage(
    title=gettext_lazy("Zone"),
    form=forms.ZoneForm,
    permission=EDIT_PROPERTY,
    event="inventory.zone",
    rows=lambda request: queries.editable(queries.zones_for(request.user), request.user),
    done_url=_to_buildings,
    prepare=_in_project,
    crumbs=_crumbs,
)
permit_edit = EditPage(
    title=gettext_lazy("Pre-sale permit"),
    form=forms.PermitForm,
    permission=EDIT_PROPERTY,
    event="inventory.permit",
    rows=lambda request: queries.editable(queries.permits_for(request.user), request.user),
    done_url=_to_permit_buildings,
    prepare=_in_project,
    crumbs=_crumbs,
)
building_edit = EditPage(
    title=gettext_lazy("Building"),
    form=forms.BuildingForm,
    permission=EDIT_PROPERTY,
    event="inventory.building",
    rows=lambda request: queries.editable(queries.buildings_for(request.user), request.user),
    done_url=_to_buildings,
    prepare=_in_project,
    crumbs=_crumbs,
)
layout_edit = EditPage(
    title=gettext_lazy("Layout"),
    form=forms.LayoutForm,
    permission=EDIT_PROPERTY,
    event="inventory.layout",
    rows=lambda request: queries.editable(queries.layouts_for(request.user), request.user),
    done_url=_to_layout,
    prepare=_in_project,
    crumbs=_crumbs,
)
_entrance_page = EditPage(
    title=gettext_lazy("Entrance"),
    form=forms.EntranceForm,
    permission=EDIT_PROPERTY,
    event="inventory.entrance",
    rows=lambda request: queries.editable(
        queries.entrances_for(request.user), request.user, "building__project_id"
    ),
    done_url=_to_buildings,
    prepare=_in_building,
    crumbs=_crumbs,
)


def entrance_edit(
    request: DeskRequest, building_pk: int | None = None, pk: int | None = None
) -> HttpResponse:
    return _entrance_page(request, pk)
