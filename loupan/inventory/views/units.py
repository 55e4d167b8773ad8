"""The list of units and the page of one."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet, Sum
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from loupan.core.at_once import Part, Rows
from loupan.core.refusals import Refusal
from loupan.core.ui import BulkVerb, ListPage, ReasonForm, answer_form, refusals_on
from loupan.inventory import tables
from loupan.inventory.actions import property as properties
from loupan.inventory.actions import units as moves
from loupan.inventory.filters import UnitFilter
from loupan.inventory.forms import property as forms
from loupan.inventory.hooks import panels_of
from loupan.inventory.models import (
    Unit,
)
from loupan.inventory.parameters import UNIT
from loupan.inventory.permissions import (
    EDIT_PROPERTY,
    IMPORT_UNITS,
    READ_BOARD,
    READ_FLOOR_PRICE,
    RELEASE_UNIT,
    WITHHOLD_UNIT,
)
from loupan.inventory.queries import units as queries
from loupan.inventory.states import UnitStatus
from loupan.org.models import User
from loupan.org.permissions import require
from loupan.org.queries import DeskRequest, current_project
from loupan.parameters.hooks import SUBJECTS
from loupan.parameters.queries.book import book_here
from loupan.parameters.queries.fields import listed, with_fields
from loupan.parameters.tables import custom_columns

Page = Mapping[str, Any]


def _unit_rows(request: DeskRequest) -> QuerySet[Unit]:
    project = current_project(request)
    fields = listed(book_here(request).fields.get(UNIT, ()))
    rows = queries.standing_units(request.user).filter(project=project)
    return with_fields(rows, SUBJECTS[UNIT], fields)


def _counts(request: DeskRequest) -> Mapping[str, Part]:
    standing = queries.standing_units(request.user).filter(project=current_project(request))
    return {"status": Rows(queries.by_status(standing))}


def _unit_chips(request: DeskRequest, counted: Mapping[str, Any]) -> list[Page]:
    """The legend: every status with its count over the project, a filter at a click."""
    counts = queries.every_status(counted["status"])
    chosen = request.GET.get("status", "")
    return [
        {
            "label": UnitStatus(status).label,
            "count": count,
            "url": f"{request.path}?status={status}",
            "active": status == chosen,
            "tone": tables.STATUS_TONES[UnitStatus(status)],
            "pattern": tables.STATUS_PATTERNS.get(UnitStatus(status), ""),
        }
        for status, count in counts.items()
        if count or status == chosen
    ]


def _unit_verbs(request: DeskRequest) -> list[Page]:
    verbs: list[Page] = []
    if request.user.may(IMPORT_UNITS, current_project(request).pk):
        verbs.append(
            {
                "label": _("Import a price list"),
                "url": reverse("inventory:imports"),
                "icon": "file-import",
                "tone": "primary",
                "key": "i",
            }
        )
    if request.user.may(EDIT_PROPERTY, current_project(request).pk):
        verbs.append(
            {"label": _("Buildings"), "url": reverse("inventory:buildings"), "icon": "building"}
        )
    return verbs


def _release(*, pk: int, by: User, at: datetime) -> object:
    return moves.release_units(unit_ids=[pk], by=by, at=at)


def _withhold(*, pk: int, reason: str, by: User, at: datetime) -> object:
    return moves.withhold_units(unit_ids=[pk], reason=reason, by=by, at=at)


def _offer_again(*, pk: int, by: User, at: datetime) -> object:
    return moves.unwithhold_units(unit_ids=[pk], by=by, at=at)


BULK_VERBS = [
    BulkVerb(
        "release", gettext_lazy("Release for sale"), RELEASE_UNIT, rows=queries.standing_units, act=_release,
        icon="player-play",
    ),
    BulkVerb(
        "withhold", gettext_lazy("Withhold"), WITHHOLD_UNIT, rows=queries.standing_units,
        act=_withhold, form=lambda data, _user, _project: ReasonForm(data), icon="ban",
    ),
    BulkVerb(
        "unwithhold", gettext_lazy("Offer again"), WITHHOLD_UNIT, rows=queries.standing_units,
        act=_offer_again, icon="rotate",
    ),
]  # fmt: skip

unit_list = require_http_methods(["GET", "HEAD", "POST"])(
    ListPage(
        title=gettext_lazy("Units"),
        columns=tables.UNIT_COLUMNS,
        rows=_unit_rows,
        filterset=UnitFilter,
        project=current_project,
        permission=READ_BOARD,
        order="number",
        export_permission="sales.export",
        filename="units",
        bulk=BULK_VERBS,
        key="inventory:units",
        subtotals={"list_total": Sum("list_total")},
        row_url=tables.unit_url,
        verbs=_unit_verbs,
        chips=_unit_chips,
        counts=_counts,
        more_columns=lambda request: custom_columns(UNIT, book_here(request)),
        empty=gettext_lazy("No units yet. Import a price list or generate a building."),
    )
)


def _unit(request: DeskRequest, pk: int) -> Unit:
    return get_object_or_404(queries.units_for(request.user), pk=pk)


@require_GET
def unit(request: DeskRequest, pk: int) -> HttpResponse:
    """Everything of one unit: facts, prices with their derivation, what happened to it."""
    found = _unit(request, pk)
    may_edit = request.user.may(EDIT_PROPERTY, found.project_id)
    verbs = []
    if may_edit:
        verbs.append(
            {
                "label": _("Edit"),
                "url": reverse("inventory:unit_edit", args=[pk]),
                "icon": "pencil",
                "key": "e",
            }
        )
        if not found.is_retired:
            verbs.append(
                {
                    "label": _("Split"),
                    "url": reverse("inventory:unit_split", args=[pk]),
                    "icon": "arrows-split",
                }
            )
        verbs.append(
            {
                "label": _("Delete"),
                "url": reverse("inventory:unit_delete", args=[pk]),
                "icon": "trash",
                "tone": "danger",
                "method": "post",
                "confirm": _("Unit %(unit)s is deleted. Only units without history can be.")
                % {"unit": found},
            }
        )
    context = {
        "unit": found,
        "tone": tables.status_tone(found),
        "pattern": tables.STATUS_PATTERNS.get(UnitStatus(found.status), ""),
        "verbs": verbs,
        "crumbs": [{"label": _("Units"), "url": reverse("inventory:units")}],
        "shows_floor_price": request.user.may(READ_FLOOR_PRICE, found.project_id),
        "happenings": queries.history_of_unit(found),
        "relatives": queries.relatives_of(found),
        "encumbrances": list(queries.encumbrances_for(request.user).filter(unit=found)),
        "may_edit": may_edit,
        "panels": panels_of(found, request.user),
        "flags": [
            label
            for is_set, label in (
                (found.is_retired, _("Split or merged")),
                (found.is_encumbered, _("Encumbered")),
                (found.is_sealed, _("Sealed by court")),
                (found.is_show_flat, _("Show flat")),
                (found.list_total is None, _("No list price")),
                (found.building.permit_id is None, _("No pre-sale permit")),
            )
            if is_set
        ],
    }
    return render(request, "inventory/unit.html", context)


@require_http_methods(["GET", "POST"])
def unit_edit(request: DeskRequest, pk: int) -> HttpResponse:
    found = _unit(request, pk)
    require(request.user, EDIT_PROPERTY, found.project_id)
    form = forms.UnitForm(request.POST or None, unit=found)
    if form.is_valid():
        with refusals_on(form):
            properties.edit_unit(unit_id=pk, **form.typed(), by=request.user, at=timezone.now())
            messages.success(request, _("Unit %(unit)s corrected") % {"unit": found})
            return redirect("inventory:unit", pk=pk)
    crumbs = [
        {"label": _("Units"), "url": reverse("inventory:units")},
        {"label": found.number, "url": tables.unit_url(found)},
    ]
    context = {"unit": found, "title": _("Edit"), "crumbs": crumbs}
    return answer_form(request, "inventory/unit_edit.html", context, form)


@require_POST
def unit_delete(request: DeskRequest, pk: int) -> HttpResponse:
    found = _unit(request, pk)
    try:
        properties.delete_units(unit_ids=[pk], by=request.user, at=timezone.now())
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("inventory:unit", pk=pk)
    messages.success(request, _("Unit %(unit)s deleted") % {"unit": found})
    return redirect("inventory:units")
