"""Units kept from sale: the list of them; units that leave the stock and come back (非售, T20)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from loupan.core.at_once import Part, Summed, Sums
from loupan.core.ui import BulkVerb, ListPage, answer_form, refusals_on
from loupan.inventory.actions import units as actions
from loupan.inventory.models import Unit
from loupan.inventory.permissions import READ_BOARD, TAKE_OFF_MARKET, WITHHOLD_UNIT
from loupan.inventory.queries.units import standing_units, units_for
from loupan.inventory.states import UnitStatus
from loupan.inventory.tables import STATUS_PATTERNS, STATUS_TONES, unit_url
from loupan.org.models import User
from loupan.org.permissions import require
from loupan.org.queries import DeskRequest, current_project
from loupan.sales import tables
from loupan.sales.actions import control as verbs
from loupan.sales.filters import ControlledFilter
from loupan.sales.forms.control import ExtensionForm, GivingBackForm, WhyForm
from loupan.sales.forms.verbs import ReasonForm
from loupan.sales.queries import control as queries


def _rows(request: DeskRequest) -> QuerySet[Unit]:
    found = queries.controlled_units(request.user, request.at)  # type: ignore[attr-defined]
    return found.filter(project=current_project(request))


def _counts(request: DeskRequest) -> Mapping[str, Part]:
    at: datetime = request.at  # type: ignore[attr-defined]
    wanted = {status.value: Q(status=status) for status in queries.CONTROLLED}
    wanted |= {"over": queries.is_over(at), "soon": queries.ends_soon(at)}
    rows = _rows(request)
    return {name: Summed(rows.filter(condition)) for name, condition in wanted.items()}


def _chips(request: DeskRequest, counted: Mapping[str, Sums]) -> list[dict[str, Any]]:
    """How many units are kept from sale in which way, and how many wait for a decision."""
    counts = {name: found.count for name, found in counted.items()}
    said = [
        (
            status.label,
            "status",
            status.value,
            STATUS_TONES[status],
            STATUS_PATTERNS.get(status, ""),
        )
        for status in queries.CONTROLLED
    ]
    ends: list[tuple[Any, str, str, str, str]] = [
        (_("Within 24 hours"), "end", "soon", "orange", ""),
        (_("Over, to be decided"), "end", "over", "red", ""),
    ]
    return [
        {
            "label": label,
            "count": counts[value],
            "url": f"{request.path}?view=" if is_chosen else f"{request.path}?{name}={value}",
            "active": is_chosen,
            "tone": tone,
            "pattern": pattern,
        }
        for label, name, value, tone, pattern in [*said, *ends]
        for is_chosen in [request.GET.get(name) == value]
        if counts[value] or is_chosen
    ]


def _verbs(request: DeskRequest) -> list[dict[str, Any]]:
    return [
        {
            "label": _("Unit board"),
            "url": f"{reverse('sales:board')}?project={current_project(request).pk}",
            "icon": "layout-grid",
        },
        {"label": _("Control log"), "url": reverse("inventory:control_log"), "icon": "history"},
    ]


def _release(*, pk: int, reason: str, by: User, at: datetime) -> object:
    return verbs.release_from_control(unit_id=pk, reason=reason, by=by, at=at)


def _extend(*, pk: int, until: datetime, by: User, at: datetime) -> object:
    return verbs.extend_control(unit_id=pk, until=until, by=by, at=at)


def _change_reason(*, pk: int, reason: str, word_id: int | None, by: User, at: datetime) -> object:
    return verbs.change_control_reason(unit_id=pk, reason=reason, word_id=word_id, by=by, at=at)


def _why_form(data: Any, _user: User, project_id: int | None) -> forms.Form:
    assert project_id is not None
    return WhyForm(data, project_id=project_id)


# Each row is refused by the right its own status asks for; who may withhold sees the verbs.
BULK_VERBS = [
    BulkVerb(
        "release", gettext_lazy("Offer again"), WITHHOLD_UNIT, rows=standing_units, act=_release,
        form=lambda data, _user, _project: GivingBackForm(data), icon="flag",
        help=gettext_lazy("Withholdings and holds end, locks are taken back; each unit is for sale at once."),
    ),
    BulkVerb(
        "extend", gettext_lazy("Extend"), WITHHOLD_UNIT, rows=standing_units, act=_extend,
        form=lambda data, _user, _project: ExtensionForm(data), icon="clock",
        help=gettext_lazy(
            "A hold lasts as long as you may hold, counted from its beginning; a lock is not extended."
        ),
    ),
    BulkVerb(
        "change_reason", gettext_lazy("Change the reason"), WITHHOLD_UNIT, rows=standing_units,
        act=_change_reason, form=_why_form, icon="pencil",
    ),
]  # fmt: skip

CONTROLLED = ListPage(
    title=gettext_lazy("Units kept from sale"),
    columns=tables.CONTROLLED,
    rows=_rows,
    filterset=ControlledFilter,
    project=current_project,
    permission=READ_BOARD,
    order="ends",
    export_permission="sales.export",
    filename="units-kept-from-sale",
    bulk=BULK_VERBS,
    key="sales:controlled_units",
    row_url=unit_url,
    verbs=_verbs,
    chips=_chips,
    counts=_counts,
    folded=("building", "product_type", "holder"),
    empty=gettext_lazy("No unit is withheld, held or locked."),
)


@require_http_methods(["GET", "HEAD", "POST"])
def controlled_units(request: DeskRequest) -> HttpResponse:
    """What is withheld, held or locked in a project: why, by whom, until when."""
    request.at = timezone.now()  # type: ignore[attr-defined]
    return CONTROLLED(request)


@require_http_methods(["GET", "POST"])
def off_market(request: DeskRequest, pk: int) -> HttpResponse:
    """Take one unit off the market, or put it back, with the reason."""
    unit = get_object_or_404(units_for(request.user), pk=pk)
    require(request.user, TAKE_OFF_MARKET, unit.project_id)
    is_back = unit.status == UnitStatus.OFF_MARKET
    form = ReasonForm(request.POST or None)
    if form.is_valid():
        at, reason = timezone.now(), form.cleaned_data["reason"]
        with refusals_on(form):
            if is_back:
                actions.return_to_market(unit_ids=[unit.pk], reason=reason, by=request.user, at=at)
                said = _("Unit %(unit)s is in the stock again, not released yet.")
            else:
                actions.take_off_market(unit_ids=[unit.pk], reason=reason, by=request.user, at=at)
                said = _("Unit %(unit)s is off the market.")
            messages.success(request, said % {"unit": unit.number})
            return redirect(f"{reverse('sales:board')}?project={unit.project_id}&unit={unit.pk}")
    context = {
        "unit": unit,
        "is_back": is_back,
        "crumbs": [{"label": _("Unit board"), "url": reverse("sales:board")}],
    }
    return answer_form(request, "sales/off_market_form.html", context, form)
