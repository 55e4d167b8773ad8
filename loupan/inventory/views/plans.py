"""Plans of parking and storage: a drawing with a live spot for every unit (INV-13)."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from loupan.core.ui import answer_form, refusals_on
from loupan.inventory.actions.pictures import (
    delete_site_plan,
    draw_site_plan,
    place_spots,
    redraw_site_plan,
)
from loupan.inventory.forms.pictures import PictureForm, SitePlanForm, SpotsForm, sent
from loupan.inventory.models import HotSpot, SitePlan, Unit
from loupan.inventory.permissions import EDIT_PROPERTY, READ_BOARD
from loupan.inventory.queries.board import board_version
from loupan.inventory.queries.plans import plans_for, spot_states, spots_of, unplaced_units
from loupan.inventory.queries.units import status_counts
from loupan.inventory.states import UnitStatus
from loupan.inventory.tables import spot_look
from loupan.org.permissions import require
from loupan.org.queries import DeskRequest, current_project


def _crumbs() -> list[dict[str, Any]]:
    return [{"label": _("Plans"), "url": reverse("inventory:plans")}]


def _plan(request: DeskRequest, pk: int) -> SitePlan:
    return get_object_or_404(plans_for(request.user).select_related("picture"), pk=pk)


def _plan_to_edit(request: DeskRequest, pk: int) -> SitePlan:
    found = _plan(request, pk)
    require(request.user, EDIT_PROPERTY, found.project_id)
    return found


@require_GET
def plan_list(request: DeskRequest) -> HttpResponse:
    project = current_project(request)
    require(request.user, READ_BOARD, project.pk)
    may_edit = request.user.may(EDIT_PROPERTY, project.pk)
    context = {
        "plans": plans_for(request.user).filter(project=project),
        "verbs": [
            {
                "label": _("New plan"),
                "url": reverse("inventory:plan_new"),
                "icon": "plus",
                "tone": "primary",
                "key": "n",
            }
        ]
        if may_edit
        else [],
    }
    return render(request, "inventory/plan_list.html", context)


@require_http_methods(["GET", "POST"])
def plan_new(request: DeskRequest) -> HttpResponse:
    project = current_project(request)
    require(request.user, EDIT_PROPERTY, project.pk)
    form = SitePlanForm(*sent(request), viewer=request.user, project_id=project.pk)
    if form.is_valid():
        with refusals_on(form):
            plan = draw_site_plan(**form.chosen(), by=request.user, at=timezone.now())
            messages.success(request, _("Now place the units on the plan"))
            return redirect("inventory:plan_spots", pk=plan.pk)
    context = {"title": _("New plan"), "crumbs": _crumbs()}
    return answer_form(request, "inventory/picture_form.html", context, form)


def _drawn(spots: list[HotSpot], plan: SitePlan) -> list[dict[str, Any]]:
    """Spots in pixels of the picture, with how they look now."""
    wide, high = plan.picture.width, plan.picture.height
    return [
        {
            "spot": spot,
            "unit": spot.unit,
            "look": spot_look(spot.unit.status),
            "left": f"{(spot.x - spot.width / 2) * wide:.1f}",
            "top": f"{(spot.y - spot.height / 2) * high:.1f}",
            "width": f"{spot.width * wide:.1f}",
            "height": f"{spot.height * high:.1f}",
            "middle": f"{spot.x * wide:.1f}",
            "base": f"{spot.y * high:.1f}",
            "size": f"{max(9.0, min(float(spot.width * wide) / 4, float(spot.height * high) / 3)):.1f}",
        }
        for spot in spots
    ]


@require_GET
def plan(request: DeskRequest, pk: int) -> HttpResponse:
    """The drawing with every unit in its place and colour; another desk's change shows by itself."""
    found = _plan(request, pk)
    may_edit = request.user.may(EDIT_PROPERTY, found.project_id)
    version = board_version(found.project_id)  # Before the rows: newer ones are only sent twice.
    spots = spots_of(found)
    counts = status_counts(Unit.objects.filter(hot_spot__plan=found))
    context = {
        "plan": found,
        "spots": _drawn(spots, found),
        "version": version,
        "legend": [
            {"look": spot_look(status), "label": UnitStatus(status).label, "count": count}
            for status, count in counts.items()
            if count
        ],
        "unplaced": len(unplaced_units(found)) if may_edit else 0,
        "may_edit": may_edit,
        "crumbs": _crumbs(),
        "verbs": [
            {
                "label": _("Place units"),
                "url": reverse("inventory:plan_spots", args=[pk]),
                "icon": "map-pin",
            },
            {
                "label": _("Another drawing"),
                "url": reverse("inventory:plan_picture", args=[pk]),
                "icon": "photo",
            },
            {
                "label": _("Delete"),
                "url": reverse("inventory:plan_delete", args=[pk]),
                "icon": "trash",
                "tone": "danger",
                "method": "post",
                "confirm": _("The plan and its spots go; the units stay."),
            },
        ]
        if may_edit
        else [],
    }
    return render(request, "inventory/plan.html", context)


@require_GET
def plan_data(request: DeskRequest, pk: int) -> HttpResponse:
    """How the spots look now, where anything changed after `?since=`; 204 where nothing did."""
    found = get_object_or_404(plans_for(request.user), pk=pk)
    version = board_version(found.project_id)
    if request.GET.get("since") == str(version):
        return HttpResponse(status=204)
    spots = {}
    for row in spot_states(found):
        look = spot_look(row["unit__status"])
        spots[row["unit_id"]] = {
            "tone": look.tone,
            "mark": look.mark,
            "label": look.label,
            "warned": row["unit__is_sealed"] or row["unit__is_encumbered"],
            "holder": row["unit__claim_label"],
        }
    return JsonResponse({"version": version, "spots": spots})


@require_http_methods(["GET", "POST"])
def plan_spots(request: DeskRequest, pk: int) -> HttpResponse:
    """Place the units on the drawing by clicking, move them by dragging, save all at once."""
    found = _plan_to_edit(request, pk)
    form = SpotsForm(request.POST or None)
    if form.is_valid():
        with refusals_on(form):
            place_spots(plan_id=pk, **form.cleaned_data, by=request.user, at=timezone.now())
            messages.success(request, _("The units of %(plan)s are placed") % {"plan": found})
            return redirect("inventory:plan", pk=pk)
    context = {
        "plan": found,
        "spots": _drawn(spots_of(found), found),
        "unplaced": unplaced_units(found),
        "crumbs": [*_crumbs(), {"label": found.name, "url": reverse("inventory:plan", args=[pk])}],
    }
    return answer_form(request, "inventory/plan_spots.html", context, form)


@require_http_methods(["GET", "POST"])
def plan_picture(request: DeskRequest, pk: int) -> HttpResponse:
    found = _plan_to_edit(request, pk)
    form = PictureForm(*sent(request))
    if form.is_valid():
        with refusals_on(form):
            redraw_site_plan(plan_id=pk, **form.chosen(), by=request.user, at=timezone.now())
            messages.success(request, _("The drawing is replaced; the spots stay"))
            return redirect("inventory:plan", pk=pk)
    context = {"title": _("Another drawing"), "subtitle": found.name, "crumbs": _crumbs()}
    return answer_form(request, "inventory/picture_form.html", context, form)


@require_POST
def plan_delete(request: DeskRequest, pk: int) -> HttpResponse:
    found = _plan_to_edit(request, pk)
    delete_site_plan(plan_id=pk, by=request.user, at=timezone.now())
    messages.success(request, _("The plan %(plan)s is gone") % {"plan": found.name})
    return redirect("inventory:plans")
