"""Release batches and planned steps of sales control: lists, their pages, and what may be done."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from loupan.core.audit import history_of
from loupan.core.calendar import business_day
from loupan.core.refusals import Refusal
from loupan.core.ui import ListPage, answer_form, refusals_on
from loupan.inventory import tables
from loupan.inventory.actions import batches as actions
from loupan.inventory.actions import control_plans as plan_actions
from loupan.inventory.filters import BatchFilter, ControlPlanFilter, UnitChangeFilter
from loupan.inventory.forms.control import BatchForm, ControlPlanForm, MomentForm
from loupan.inventory.models import ControlPlan, ReleaseBatch, UnitChange
from loupan.inventory.permissions import READ_BOARD, RELEASE_UNIT, WITHHOLD_UNIT
from loupan.inventory.queries import control as queries
from loupan.inventory.states import BatchStatus, PlanStatus
from loupan.org.permissions import require
from loupan.org.queries import DeskRequest, current_project

SHOWN = 500  # Units of a batch or plan drawn on its page.


# --- Batches ----------------------------------------------------------------------------------------


def _batches(request: DeskRequest) -> QuerySet[ReleaseBatch]:
    return queries.batches_for(request.user).filter(project=current_project(request))


def _list_verbs(request: DeskRequest) -> list[dict[str, Any]]:
    if not request.user.may(RELEASE_UNIT, current_project(request).pk):
        return []
    return [
        {
            "label": _("Prepare a batch"),
            "url": reverse("inventory:batch_new"),
            "icon": "plus",
            "tone": "primary",
            "key": "n",
        }
    ]


batch_list = require_http_methods(["GET", "HEAD", "POST"])(
    ListPage(
        title=gettext_lazy("Release batches"),
        columns=tables.BATCH_COLUMNS,
        rows=_batches,
        filterset=BatchFilter,
        project=current_project,
        permission=READ_BOARD,
        export_permission="sales.export",
        filename="release-batches",
        row_url=tables.batch_url,
        verbs=_list_verbs,
        empty=gettext_lazy(
            "No batch yet. Put the units together that come to market under one permit."
        ),
    )
)


def _batch_crumbs(batch: ReleaseBatch | None = None) -> list[dict[str, Any]]:
    trail = [{"label": _("Release batches"), "url": reverse("inventory:batches")}]
    if batch:
        trail.append({"label": batch.name, "url": tables.batch_url(batch)})
    return trail


def _batch(request: DeskRequest, pk: int) -> ReleaseBatch:
    return get_object_or_404(queries.batches_for(request.user), pk=pk)


def _batch_verbs(request: DeskRequest, batch: ReleaseBatch) -> list[dict[str, Any]]:
    if batch.state != BatchStatus.PREPARED or not request.user.may(RELEASE_UNIT, batch.project_id):
        return []
    return [
        {
            "label": _("Release now"),
            "icon": "flag",
            "tone": "primary",
            "method": "post",
            "url": reverse("inventory:batch_release", args=[batch.pk]),
            "confirm": _("Every unit of “%(name)s” is offered for sale now.") % {"name": batch},
        },
        {
            "label": _("Plan the release"),
            "icon": "clock",
            "url": reverse("inventory:batch_plan", args=[batch.pk]),
            "key": "p",
        },
        {
            "label": _("Edit"),
            "icon": "pencil",
            "url": reverse("inventory:batch_edit", args=[batch.pk]),
            "key": "e",
        },
        {
            "label": _("Discard"),
            "icon": "trash",
            "tone": "danger",
            "method": "post",
            "url": reverse("inventory:batch_discard", args=[batch.pk]),
            "confirm": _("“%(name)s” is given up; its units are free for another batch.")
            % {"name": batch},
        },
    ]


@require_GET
def batch(request: DeskRequest, pk: int) -> HttpResponse:
    """A batch: its units, what each still needs, its plans and its history."""
    found, today = _batch(request, pk), business_day(timezone.now())
    units = list(queries.units_of_batch(found))
    is_open = found.state == BatchStatus.PREPARED
    lines = queries.batch_readiness(found, units, today) if is_open else []
    waiting = [line for line in lines if not line.is_ready]
    whole = queries.batch_obstacles(found, today) if is_open else []
    context = {
        "batch": found,
        "tone": tables.BATCH_TONES[BatchStatus(found.state)],
        "is_open": is_open,
        "units": units[:SHOWN],
        "lines": (waiting + [line for line in lines if line.is_ready])[:SHOWN],
        "waiting": len(waiting),
        "whole": whole,
        "count": len(units),
        "total": sum((unit.list_total or 0 for unit in units), 0),
        "tones": tables.STATUS_TONES,
        "plans": [
            (plan, tables.PLAN_TONES[PlanStatus(plan.state)])
            for plan in queries.control_plans_for(request.user).filter(batch=found).order_by("-pk")
        ],
        "events": tables.control_events(history_of(found)),
        "verbs": _batch_verbs(request, found),
        "crumbs": _batch_crumbs(),
    }
    return render(request, "inventory/batch.html", context)


@require_http_methods(["GET", "POST"])
def batch_new(request: DeskRequest) -> HttpResponse:
    project = current_project(request)
    require(request.user, RELEASE_UNIT, project.pk)
    form = BatchForm(
        request.POST or None,
        viewer=request.user,
        project_id=project.pk,
        given=request.GET.get("units", ""),
    )
    if form.is_valid():
        with refusals_on(form):
            made = actions.prepare_batch(
                project_id=project.pk, **form.chosen(), by=request.user, at=timezone.now()
            )
            messages.success(request, _("Batch “%(name)s” is prepared") % {"name": made})
            return redirect("inventory:batch", pk=made.pk)
    context = {"title": _("Prepare a batch"), "crumbs": _batch_crumbs()}
    return answer_form(request, "inventory/units_form.html", context, form)


@require_http_methods(["GET", "POST"])
def batch_edit(request: DeskRequest, pk: int) -> HttpResponse:
    found = _batch(request, pk)
    require(request.user, RELEASE_UNIT, found.project_id)
    ids = queries.units_of_batch(found).values_list("pk", flat=True)
    form = BatchForm(
        request.POST or None,
        viewer=request.user,
        project_id=found.project_id,
        given="" if request.POST else ",".join(map(str, ids)),
        initial={"name": found.name, "note": found.note, "permit_id": found.permit_id},
    )
    if form.is_valid():
        with refusals_on(form):
            actions.edit_batch(
                batch_id=pk,
                version=found.version,
                **form.chosen(),
                by=request.user,
                at=timezone.now(),
            )
            messages.success(request, _("Batch “%(name)s” is changed") % {"name": found})
            return redirect("inventory:batch", pk=pk)
    context = {"title": _("Edit"), "subtitle": found.name, "crumbs": _batch_crumbs(found)}
    return answer_form(request, "inventory/units_form.html", context, form)


@require_http_methods(["GET", "POST"])
def batch_plan(request: DeskRequest, pk: int) -> HttpResponse:
    """When the clock is to release the batch."""
    found, at = _batch(request, pk), timezone.now()
    require(request.user, RELEASE_UNIT, found.project_id)
    tomorrow = timezone.localtime(at).replace(hour=9, minute=0) + timedelta(days=1)
    form = MomentForm(request.POST or None, first=tomorrow)
    if form.is_valid():
        with refusals_on(form):
            made = plan_actions.plan_batch(batch_id=pk, **form.cleaned_data, by=request.user, at=at)
            messages.success(request, _("The release of “%(name)s” is planned") % {"name": found})
            return redirect("inventory:control_plan", pk=made.pk)
    context = {
        "title": _("Plan the release"),
        "subtitle": found.name,
        "crumbs": _batch_crumbs(found),
    }
    return answer_form(request, "inventory/units_form.html", context, form)


@require_POST
def batch_release(request: DeskRequest, pk: int) -> HttpResponse:
    """Offer every unit of the batch for sale, wholly or not at all."""
    found = _batch(request, pk)
    try:
        actions.release_batch(batch_id=pk, by=request.user, at=timezone.now())
        messages.success(request, _("“%(name)s” is on the market") % {"name": found})
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect("inventory:batch", pk=pk)


@require_POST
def batch_discard(request: DeskRequest, pk: int) -> HttpResponse:
    found = _batch(request, pk)
    try:
        actions.discard_batch(batch_id=pk, by=request.user, at=timezone.now())
        messages.success(request, _("“%(name)s” is discarded") % {"name": found})
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect("inventory:batch", pk=pk)


# --- Planned steps ----------------------------------------------------------------------------------


def _plans(request: DeskRequest) -> QuerySet[ControlPlan]:
    return queries.control_plans_for(request.user).filter(project=current_project(request))


def _may_plan(request: DeskRequest, project_id: int) -> bool:
    return request.user.may(RELEASE_UNIT, project_id) or request.user.may(WITHHOLD_UNIT, project_id)


def _plan_list_verbs(request: DeskRequest) -> list[dict[str, Any]]:
    if not _may_plan(request, current_project(request).pk):
        return []
    return [
        {
            "label": _("Plan a step"),
            "url": reverse("inventory:control_plan_new"),
            "icon": "plus",
            "tone": "primary",
            "key": "n",
        }
    ]


control_plan_list = require_http_methods(["GET", "HEAD", "POST"])(
    ListPage(
        title=gettext_lazy("Control plan"),
        columns=tables.CONTROL_PLAN_COLUMNS,
        rows=_plans,
        filterset=ControlPlanFilter,
        project=current_project,
        permission=READ_BOARD,
        order="-due_at",
        export_permission="sales.export",
        filename="control-plan",
        row_url=tables.control_plan_url,
        verbs=_plan_list_verbs,
        empty=gettext_lazy(
            "Nothing is planned. A release or withholding can be set for a moment and happens by itself."
        ),
    )
)


def _plan_crumbs() -> list[dict[str, Any]]:
    return [{"label": _("Control plan"), "url": reverse("inventory:control_plans")}]


def _plan(request: DeskRequest, pk: int) -> ControlPlan:
    return get_object_or_404(queries.control_plans_for(request.user), pk=pk)


@require_GET
def control_plan(request: DeskRequest, pk: int) -> HttpResponse:
    """A planned step: when, by whom, and for each unit how it went or why not."""
    found = _plan(request, pk)
    verbs: list[dict[str, Any]] = []
    if request.user.may(plan_actions.PERMISSION_OF[ControlPlan.Verb(found.verb)], found.project_id):
        if found.state == PlanStatus.FAILED:
            verbs.append(
                {
                    "label": _("Try again"),
                    "icon": "player-play",
                    "tone": "primary",
                    "method": "post",
                    "url": reverse("inventory:control_plan_retry", args=[pk]),
                }
            )
        if found.state in queries.OPEN_PLAN:
            verbs.append(
                {
                    "label": _("Cancel the plan"),
                    "icon": "x",
                    "tone": "danger",
                    "method": "post",
                    "url": reverse("inventory:control_plan_cancel", args=[pk]),
                    "confirm": _("What is not done yet is given up."),
                }
            )
    context = {
        "plan": found,
        "tone": tables.PLAN_TONES[PlanStatus(found.state)],
        "lines": [
            (line, tables.PLAN_TONES[PlanStatus(line.state)])
            for line in queries.units_of_plan(found)[:SHOWN]
        ],
        "events": tables.control_events(history_of(found)),
        "verbs": verbs,
        "crumbs": _plan_crumbs(),
    }
    return render(request, "inventory/control_plan.html", context)


@require_http_methods(["GET", "POST"])
def control_plan_new(request: DeskRequest) -> HttpResponse:
    project = current_project(request)
    if not _may_plan(request, project.pk):
        require(request.user, RELEASE_UNIT, project.pk)
    form = ControlPlanForm(
        request.POST or None,
        viewer=request.user,
        project_id=project.pk,
        given=request.GET.get("units", ""),
    )
    if form.is_valid():
        with refusals_on(form):
            made = plan_actions.plan_control(
                project_id=project.pk, **form.chosen(), by=request.user, at=timezone.now()
            )
            messages.success(request, _("The step is planned"))
            return redirect("inventory:control_plan", pk=made.pk)
    context = {"title": _("Plan a step"), "crumbs": _plan_crumbs()}
    return answer_form(request, "inventory/units_form.html", context, form)


@require_POST
def control_plan_retry(request: DeskRequest, pk: int) -> HttpResponse:
    _plan(request, pk)
    try:
        done = plan_actions.retry_plan(plan_id=pk, by=request.user, at=timezone.now())
        if done.state == PlanStatus.DONE:
            messages.success(request, _("Every unit is done now"))
        else:
            messages.error(request, _("Some units still cannot move; each says why."))
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect("inventory:control_plan", pk=pk)


@require_POST
def control_plan_cancel(request: DeskRequest, pk: int) -> HttpResponse:
    _plan(request, pk)
    try:
        plan_actions.cancel_plan(plan_id=pk, by=request.user, at=timezone.now())
        messages.success(request, _("The plan is cancelled"))
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect("inventory:control_plan", pk=pk)


# --- The log ----------------------------------------------------------------------------------------


def _changes(request: DeskRequest) -> QuerySet[UnitChange]:
    return queries.unit_changes_for(request.user).filter(project=current_project(request))


control_log = require_http_methods(["GET", "HEAD", "POST"])(
    ListPage(
        title=gettext_lazy("Control log"),
        columns=tables.CONTROL_LOG_COLUMNS,
        rows=_changes,
        filterset=UnitChangeFilter,
        project=current_project,
        permission=READ_BOARD,
        export_permission="sales.export",
        filename="control-log",
        folded=("building", "by"),
        empty=gettext_lazy("Nothing happened to a unit of this project yet."),
    )
)
