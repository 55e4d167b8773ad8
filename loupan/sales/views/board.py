"""The unit board: the page, its changes, the side panel, and the verbs on units (UX 3)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from typing import Any
from urllib.parse import urlencode

import orjson
from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from loupan.core.calendar import business_day
from loupan.core.formatting import date_text
from loupan.core.typed import whole, wholes
from loupan.core.ui import refusals_on
from loupan.customers.queries import customers_for
from loupan.inventory.actions.units import release_units, unwithhold_units, withhold_units
from loupan.inventory.models import Orientation, Unit
from loupan.inventory.permissions import READ_BOARD, RELEASE_UNIT, TAKE_OFF_MARKET, WITHHOLD_UNIT
from loupan.inventory.queries.board import (
    BoardBuilding,
    board_buildings,
    board_changes,
    status_shown,
)
from loupan.inventory.queries.board import board as board_of
from loupan.inventory.queries.past_board import past_moment, statuses_at
from loupan.inventory.queries.units import changes_of, units_for
from loupan.inventory.states import UNIT, UnitStatus
from loupan.org.models import User
from loupan.org.permissions import require
from loupan.org.queries import DeskRequest, current_project
from loupan.pricing.queries.book import price_book_of
from loupan.sales import permissions
from loupan.sales.actions.claims import hold_unit, lock_unit, release_hold, unlock_unit
from loupan.sales.forms.board import BoardForm, BoardState, HoldForm, MomentForm
from loupan.sales.forms.control import GivingBackForm, WithholdForm
from loupan.sales.queries.board import interest_in, sold_for
from loupan.sales.queries.contracts import no_direct_contract
from loupan.sales.queries.units import UnitSheet, released_on, unit_sheet
from loupan.sales.states import ClaimKind
from loupan.sales.views import drawing

MOST_EDGES = 8
MOST_UNITS = 5_000
LAST_MOVES = 6


# --- The page ---------------------------------------------------------------------------------------


@require_safe
def board(request: DeskRequest) -> HttpResponse:
    """Every unit in its place, now or at the moment `?at=`; with `?unit=` one opened beside it."""
    project, now = current_project(request), timezone.now()
    require(request.user, READ_BOARD, project.pk)
    asked = moment_asked(request, now)
    as_of = asked.cleaned_data.get("at")
    buildings = board_buildings(project.pk)
    building = request.GET.get("building", "")
    chosen = building if building in {entry.code for entry in buildings} else None
    data = board_of(project.pk, at=now, building=chosen, as_of=as_of)
    units = data["units"]
    form = BoardForm(request.GET, layouts=sorted({unit["layout"] for unit in units} - {""}))
    batch = _batch_verbs(request.user, project.pk)
    state = form.state(may_select=bool(batch), as_of=as_of)
    unit = _chosen(request, project.pk, now)
    pen = pen_of(request.user, project.pk, state, now)
    pen.query = _query(request.GET, unit=None)
    pen.chosen = unit.pk if unit else None
    pen.price_edges = drawing.price_edges(units) if state.view == "price" else ()
    pen.heading = _heading(request, project.name, as_of or now, is_past=as_of is not None)
    counts = drawing.counts_of(units, state)
    context = {
        "project": project,
        "now": now,
        "state": state,
        "form": form,
        "asked": asked,
        "stood": data.get("as_it_stood"),
        "tabs": _tabs(request.GET, buildings, chosen),
        "board": drawing.board_html(data["buildings"], units, pen) if units else "",
        "version": data["version"],
        "edges": ",".join(map(str, pen.price_edges)),
        "legend": [
            drawing.LegendEntry(
                look, counts[code], code in state.status, _toggle(request.GET, code)
            )
            for code, look in pen.looks.items()
        ],
        "scale": drawing.scale_of(pen),
        "unit": unit,
        "batch": batch,
        "batch_form": WithholdForm(project_id=project.pk, at=now, auto_id="batch_%s")
        if state.is_selecting
        else None,
        "verbs": _page_verbs(request, state, may_select=bool(batch)),
        "query": request.GET.urlencode(),
        "clear_url": f"?{_kept(request.GET, 'building', 'view', 'line', 'select', 'at')}",
        "close_url": f"?{_plain(request.GET, unit=None)}",
        "present_url": f"?{_plain(request.GET, at=None)}",
        "moments": _moments(request.GET, now),
    }
    if unit and as_of:
        context |= past_of(request.user, unit, now, as_of)
    elif unit:
        context |= panel_of(request.user, unit, now)
    return render(request, "sales/board.html", context, status=422 if asked.errors else 200)


def moment_asked(request: DeskRequest, now: datetime) -> MomentForm:
    """The moment the address asks about, if it does; what cannot be meant is said on the page."""
    form = MomentForm({"at": request.GET.get("at", "")})
    if form.is_valid() and form.cleaned_data["at"]:
        with refusals_on(form):
            form.cleaned_data["at"] = past_moment(form.cleaned_data["at"], now)
    return form


def state_asked(
    request: DeskRequest, units: Sequence[Mapping[str, Any]], as_of: datetime | None
) -> BoardState:
    """What the address asks to see of the board, for a paper of it."""
    layouts = sorted({unit["layout"] for unit in units} - {""})
    return BoardForm(request.GET, layouts=layouts).state(may_select=False, as_of=as_of)


def _heading(request: DeskRequest, project: str, moment: datetime, *, is_past: bool) -> str:
    """What stands on every sheet: whose, when, by whom, in which units."""
    when = f"{timezone.localtime(moment):%Y-%m-%d %H:%M}"
    parts = [
        project,
        _("Control sheet"),
        f"{_('As it stood')} {when}" if is_past else when,
        str(request.user),
        _("area in m², list total in 10k yuan"),
    ]
    return escape(" · ".join(parts))


def _moments(given: QueryDict, now: datetime) -> list[tuple[str, str]]:
    """Evenings people ask about, each with its address."""
    evening = timezone.localtime(now).replace(hour=18, minute=0, second=0, microsecond=0)
    first = evening.replace(day=1) - timedelta(days=1)
    asked = [
        (_("Yesterday evening"), evening - timedelta(days=1)),
        (_("A week ago"), evening - timedelta(days=7)),
        (_("End of last month"), first),
        (_("A month ago"), evening - timedelta(days=30)),
    ]
    return [
        (label, f"?{_plain(given, at=f'{moment:%Y-%m-%dT%H:%M}', select=None)}")
        for label, moment in asked
    ]


def pen_of(
    viewer: User,
    project_id: int,
    state: BoardState,
    now: datetime,
    unit_ids: Sequence[int] | None = None,
) -> drawing.Pen:
    """What the cells of a board, or the few named, are drawn with; asked for only where it shows."""
    at = state.as_of or now
    pen = drawing.Pen(state=state, today=business_day(at), query="")
    if unit_ids is not None and not unit_ids:
        return pen
    if state.needs_release:
        pen.released = released_on(project_id, unit_ids)
    if state.line == "days":
        stood = statuses_at(project_id, at, unit_ids)
        pen.since = {pk: then.since for pk, then in stood.items()}
    if state.needs_deals:
        pen.sold = sold_for(viewer, project_id, at=now, as_of=state.as_of, unit_ids=unit_ids)
    if state.needs_interest:
        pen.interest = interest_in(project_id, until=at, unit_ids=unit_ids)
    return pen


def _chosen(request: DeskRequest, project_id: int, at: datetime) -> Unit | None:
    asked = request.GET.get("unit", "")
    if not asked:
        return None
    unit = get_object_or_404(_units(request.user), pk=whole(asked), project_id=project_id)
    return _shown(unit, at)


def _units(viewer: User) -> QuerySet[Unit]:
    return units_for(viewer).select_related("building__permit")


def _shown(unit: Unit, at: datetime) -> Unit:
    """The unit as the board shows it: without a claim whose time is over, though no job came round."""
    if (status := status_shown(unit, at)) != unit.status:
        unit.status, unit.claim_until, unit.claim_label = status, None, ""
    return unit


def _plain(given: QueryDict, **changes: str | None) -> str:
    query = given.copy()
    for key, value in changes.items():
        if value is None:
            query.pop(key, None)
        else:
            query[key] = value
    return query.urlencode()


def _query(given: QueryDict, **changes: str | None) -> str:
    """The address as it stands in a link of a cell: escaped, ready for one more pair."""
    said = _plain(given, **changes)
    return f"{escape(said)}&amp;" if said else ""


def _kept(given: QueryDict, *keys: str) -> str:
    query = given.copy()
    for key in [key for key in query if key not in {*keys, "project"}]:
        del query[key]
    return query.urlencode()


def _toggle(given: QueryDict, status: str) -> str:
    query = given.copy()
    chosen = set(query.getlist("status")) ^ {status}
    query.setlist("status", sorted(chosen))
    return f"?{query.urlencode()}"


def _tabs(
    given: QueryDict, buildings: Sequence[BoardBuilding], chosen: str | None
) -> list[dict[str, Any]]:
    tabs = [{"label": _("All"), "url": f"?{_plain(given, building=None)}", "active": not chosen}]
    tabs += [
        {
            "label": entry.name,
            "url": f"?{_plain(given, building=entry.code)}",
            "active": entry.code == chosen,
        }
        for entry in buildings
    ]
    return tabs


def _page_verbs(
    request: DeskRequest, state: BoardState, *, may_select: bool
) -> list[dict[str, Any]]:
    if state.is_public:
        verbs: list[dict[str, Any]] = [
            {
                "label": _("Back to the board"),
                "icon": "arrow-back-up",
                "url": f"?{_plain(request.GET, view=None)}",
                "key": "b",
            }
        ]
        return verbs
    verbs = []
    if may_select and state.as_of is None:
        label = _("End selection") if state.is_selecting else _("Select units")
        turned = None if state.is_selecting else "1"
        verbs.append(
            {
                "label": label,
                "icon": "circle-check",
                "url": f"?{_plain(request.GET, select=turned, unit=None)}",
                "key": "s",
            }
        )
    verbs.append(
        {
            "label": _("Big screen"),
            "icon": "layout",
            "url": f"?{_plain(request.GET, view='screen', unit=None, select=None, at=None)}",
            "key": "w",
        }
    )
    verbs.append(
        {
            "label": _("Control sheet"),
            "icon": "printer",
            "url": f"?{_plain(request.GET, view='print', unit=None, select=None)}",
            "key": "p",
        }
    )
    if request.user.may("documents.print", current_project(request).pk):
        url = reverse("sales:control_sheet")
        verbs.append(
            {
                "label": _("Control sheet as PDF"),
                "icon": "file-type-pdf",
                "url": f"{url}?{_kept(request.GET, 'building', 'line', 'at')}",
            }
        )
    return verbs


# --- Live -------------------------------------------------------------------------------------------


@require_safe
def board_data(request: DeskRequest) -> HttpResponse:
    """The cells changed after `?since=`, drawn as the asking page draws them; 204 where none are."""
    at = timezone.now()
    project_id, since = _number(request, "project"), _number(request, "since")
    if not request.user.may(READ_BOARD, project_id):
        raise Http404
    changes = board_changes(project_id, at=at, since=since)
    if changes.version == since and not changes.units and not changes.removed:
        return HttpResponse(status=204)
    building = request.GET.get("building", "")
    units = [unit for unit in changes.units if not building or unit["building"] == building]
    layouts = {unit["layout"] for unit in units} | {request.GET.get("layout", "")}
    form = BoardForm(request.GET, layouts=layouts)
    state = form.state(may_select=True)
    pen = pen_of(request.user, project_id, state, at, [unit["id"] for unit in units])
    pen.query = _query(request.GET, unit=None, since=None, edges=None, project=None)
    pen.price_edges = _edges(request.GET.get("edges", ""))
    answer = {
        "version": changes.version,
        "cells": {str(unit["id"]): pen.cell(unit) for unit in units},
        "removed": changes.removed,
    }
    return HttpResponse(orjson.dumps(answer), content_type="application/json")


def _number(request: DeskRequest, name: str) -> int:
    number = whole(request.GET.get(name))
    if number is None:
        raise Http404
    return number


def _edges(text: str) -> list[int]:
    return sorted(wholes(text.split(",")[:MOST_EDGES]))


# --- The side panel ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class PanelVerb:
    """A button of the panel: `post` acts at once, `load` shows its form, `get` opens a page."""

    label: str
    url: str
    icon: str
    kind: str = "post"
    is_main: bool = False
    disabled: str = ""
    unit: int | None = None


def panel_of(viewer: User, unit: Unit, at: datetime, **more: Any) -> dict[str, Any]:
    """The context of the panel of one unit."""
    sheet = unit_sheet(unit, viewer, business_day(at))
    released = unit.first_released_on
    is_open = unit.status in drawing.OPEN_FOR_SALE
    return {
        "unit": unit,
        "sheet": sheet,
        "look": drawing.status_looks()[unit.status],
        "verbs_now": _verbs(viewer, sheet, at),
        "obstacle": obstacle_of(unit, at),
        "orientation": Orientation(unit.orientation).label if unit.orientation else "",
        "days": (business_day(at) - released).days if released and is_open else None,
        "is_own_claim": sheet.claim is not None and sheet.claim.holder_id == viewer.pk,
        "is_counting": unit.claim_until is not None and unit.status == UnitStatus.LOCKED,
        "lights": [
            {
                "label": step.get_code_display(),
                "tone": light.value,
                "note": date_text(step.actual_on or step.planned_on)
                if step.actual_on or step.planned_on
                else "",
            }
            for step, light in sheet.steps
        ],
        "changes": [
            (change, UnitStatus(change.to_status).label if change.to_status else "")
            for change in sheet.changes
        ],
        "deal_url": _address("sales:deal", sheet.deal.pk) if sheet.deal else "",
        **more,
    }


def obstacle_of(unit: Unit, at: datetime) -> str:
    """Why this unit cannot be sold today although its status would allow it."""
    permit, today = unit.building.permit, business_day(at)
    if permit is None or permit.issued_on > today:
        return _("Its building has no pre-sale permit yet.")
    if permit.valid_until and permit.valid_until < today:
        return _("The pre-sale permit of its building has expired.")
    if unit.is_sealed:
        return _("It is sealed by a court.")
    if unit.list_total is None:
        return _("It has no list price yet.")
    return ""


def _address(name: str, *args: Any) -> str:
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def _verbs(viewer: User, sheet: UnitSheet, at: datetime) -> list[PanelVerb]:
    """What this person may do with the unit now, the likeliest first."""
    unit, claim = sheet.unit, sheet.claim
    here, blocked = unit.project_id, obstacle_of(unit, at)
    status = unit.status
    moves = set(UNIT.open_verbs(status))

    def may(permission: str) -> bool:
        return viewer.may(permission, here)

    own = claim is None or claim.holder_id == viewer.pk or sheet.claim_customer is not None
    verbs = []
    if sheet.deal and (url := _address("sales:deal", sheet.deal.pk)):
        verbs.append(PanelVerb(_("Open the deal"), url, "file-certificate", "get", is_main=True))
    if own and "reserve" in moves and may(permissions.RESERVE_UNIT):
        url = _address("sales:reserve", unit.pk)
        if url:
            if sheet.claim_customer:
                url += f"?customer={sheet.claim_customer.pk}"
            verbs.append(
                PanelVerb(_("Reserve"), url, "writing", "get", is_main=True, disabled=blocked)
            )
    if (
        own
        and "contract_directly" in moves
        and may(permissions.CONTRACT_DIRECTLY)
        and no_direct_contract(price_book_of(unit).policy) is None
    ):
        url = reverse("sales:contract_directly", args=[unit.pk])
        verbs.append(PanelVerb(_("Sign at once"), url, "file-certificate", "get", disabled=blocked))
    if "lock" in moves and may(permissions.LOCK_UNIT):
        url = reverse("sales:unit_lock", args=[unit.pk])
        verbs.append(PanelVerb(_("Lock"), url, "lock", disabled=blocked))
    is_offered = status in drawing.OPEN_FOR_SALE and unit.list_total is not None
    if is_offered and may(permissions.QUOTE):
        url = reverse("sales:quote", args=[unit.pk])
        verbs.append(PanelVerb(_("Quote"), url, "file-text", "get"))
    if unit.list_total is not None and may("pricing.read"):
        url = f"{reverse('pricing:trial')}?unit={unit.pk}"
        verbs.append(PanelVerb(_("Price trial"), url, "calculator", "get"))
    if own and "hold" in moves and may(permissions.HOLD_UNIT):
        url = reverse("sales:unit_hold", args=[unit.pk])
        verbs.append(PanelVerb(_("Hold"), url, "user", "load", disabled=blocked))
    if own and "reserve_provisionally" in moves and may(permissions.RESERVE_PROVISIONALLY):
        url = reverse("sales:reserve_provisionally", args=[unit.pk])
        if sheet.claim_customer:
            url += f"?customer={sheet.claim_customer.pk}"
        verbs.append(PanelVerb(_("Reserve provisionally"), url, "clock", "get", disabled=blocked))
    if sheet.provisional:
        url = reverse("sales:provisional", args=[sheet.provisional.pk])
        verbs.append(PanelVerb(_("Provisional reservation"), url, "clock", "get"))
    if claim and claim.kind == ClaimKind.LOCK:
        mine = claim.holder_id == viewer.pk and may(permissions.LOCK_UNIT)
        if mine or may(permissions.UNLOCK_ANY):
            url = reverse("sales:unit_unlock", args=[unit.pk])
            verbs.append(PanelVerb(_("Unlock"), url, "arrow-back-up"))
    if claim and claim.kind == ClaimKind.HOLD and may(permissions.HOLD_UNIT):
        url = reverse("sales:unit_unhold", args=[unit.pk])
        verbs.append(PanelVerb(_("End the hold"), url, "arrow-back-up"))
    if "release" in moves and may(RELEASE_UNIT):
        url = reverse("sales:release")
        verbs.append(PanelVerb(_("Release for sale"), url, "flag", disabled=blocked, unit=unit.pk))
    if "unwithhold" in moves and may(WITHHOLD_UNIT):
        url = reverse("sales:unwithhold")
        verbs.append(PanelVerb(_("Offer again"), url, "flag", disabled=blocked, unit=unit.pk))
    if (status == UnitStatus.WITHHELD and may(WITHHOLD_UNIT)) or (
        status == UnitStatus.HELD and may(permissions.HOLD_UNIT)
    ):
        here_only = urlencode({"project": here, "q": unit.number})
        url = f"{reverse('sales:controlled_units')}?{here_only}"
        verbs.append(PanelVerb(_("Extend or change"), url, "clock", "get"))
    if {"take_off_market", "return_to_market"} & moves and may(TAKE_OFF_MARKET):
        url = reverse("sales:off_market", args=[unit.pk])
        is_back = "return_to_market" in moves
        away = (_("Take off the market"), "building-off")
        label, icon = (_("Return to the market"), "flag") if is_back else away
        verbs.append(PanelVerb(label, url, icon, "get"))
    if "withhold" in moves and may(WITHHOLD_UNIT):
        url = f"{reverse('sales:withhold')}?unit={unit.pk}"
        verbs.append(PanelVerb(_("Withhold"), url, "ban", "load"))
    return verbs


@require_safe
def unit_panel(request: DeskRequest, pk: int) -> HttpResponse:
    """The side panel of one unit, now or at `?at=`; without htmx the board with it open."""
    now = timezone.now()
    unit = _shown(get_object_or_404(_units(request.user), pk=pk), now)
    asked = moment_asked(request, now)
    if asked.errors:
        raise Http404
    if not request.htmx:
        return redirect(_board_with(unit))
    if as_of := asked.cleaned_data["at"]:
        context = past_of(request.user, unit, now, as_of)
        return render(request, "sales/_unit_past.html", context)
    return render(request, "sales/_unit_panel.html", panel_of(request.user, unit, now))


def past_of(viewer: User, unit: Unit, now: datetime, as_of: datetime) -> dict[str, Any]:
    """The panel of a unit as it stood: facts only, nothing can be done to the past."""
    there = board_of(unit.project_id, at=now, building=unit.building.code, as_of=as_of)
    then = next((one for one in there["units"] if one["id"] == unit.pk), None)
    sold = sold_for(viewer, unit.project_id, at=now, as_of=as_of, unit_ids=[unit.pk])
    since = statuses_at(unit.project_id, as_of, [unit.pk]).get(unit.pk)
    moves = changes_of(unit).filter(at__lte=as_of)[:LAST_MOVES]
    return {
        "unit": unit,
        "then": then,
        "as_of": as_of,
        "since": since.since if since else None,
        "sold": sold.get(unit.pk),
        "is_unknown": unit.pk in there["as_it_stood"].unknown,
        "look": drawing.status_looks()[then["status"] if then else UnitStatus.NOT_RELEASED],
        "changes": [
            (change, UnitStatus(change.to_status).label if change.to_status else "")
            for change in moves
        ],
        "now_url": _board_with(unit),
    }


def _board_with(unit: Unit) -> str:
    return f"{reverse('sales:board')}?project={unit.project_id}&unit={unit.pk}"


def _panel(request: DeskRequest, pk: int, *, status: int = 200, **more: Any) -> HttpResponse:
    """The panel as it stands now: the fragment, or the whole board around it."""
    now = timezone.now()
    unit = _shown(get_object_or_404(_units(request.user), pk=pk), now)
    context = panel_of(request.user, unit, now, **more)
    template = "sales/_unit_panel.html" if request.htmx else "sales/unit_form.html"
    return render(request, template, context, status=status)


def _act(request: DeskRequest, pk: int, do: Callable[[int], object], done: str) -> HttpResponse:
    """A verb on one unit that needs no more than a click; the panel says how it went."""
    unit = get_object_or_404(_units(request.user), pk=pk)
    form = forms.Form(request.POST)
    form.is_valid()
    with refusals_on(form):
        do(unit.pk)
    said = " ".join(str(error) for error in form.non_field_errors())
    if request.htmx:
        return _panel(request, pk, status=409 if said else 200, refused=said)
    if said:
        messages.error(request, said)
    else:
        messages.success(request, done % {"unit": unit.number})
    return redirect(_board_with(unit))


@require_POST
def unit_lock(request: DeskRequest, pk: int) -> HttpResponse:
    """Keep a unit for some minutes (T4)."""

    def do(unit_id: int) -> object:
        return lock_unit(unit_id=unit_id, by=request.user, at=timezone.now())

    return _act(request, pk, do, _("Unit %(unit)s is locked for you."))


@require_POST
def unit_unlock(request: DeskRequest, pk: int) -> HttpResponse:
    """Give a locked unit back (T5)."""

    def do(unit_id: int) -> object:
        return unlock_unit(unit_id=unit_id, by=request.user, at=timezone.now())

    return _act(request, pk, do, _("Unit %(unit)s is available again."))


@require_POST
def unit_unhold(request: DeskRequest, pk: int) -> HttpResponse:
    """Offer a held unit again (T7)."""

    def do(unit_id: int) -> object:
        return release_hold(unit_id=unit_id, by=request.user, at=timezone.now())

    return _act(request, pk, do, _("Unit %(unit)s is available again."))


@require_http_methods(["GET", "HEAD", "POST"])
def unit_hold(request: DeskRequest, pk: int) -> HttpResponse:
    """Keep a unit for a named customer (T6)."""
    unit, at = get_object_or_404(_units(request.user), pk=pk), timezone.now()
    require(request.user, permissions.HOLD_UNIT, unit.project_id)
    form = HoldForm(
        request.POST or None,
        customers=customers_for(request.user).filter(project_id=unit.project_id),
        longest=permissions.longest_hold(request.user, unit.project_id),
        at=at,
    )
    if form.is_valid():
        said = form.cleaned_data
        with refusals_on(form):
            hold_unit(
                unit_id=unit.pk,
                customer_id=said["customer"].pk,
                days=said["days"],
                reason=said["reason"],
                by=request.user,
                at=at,
            )
        if not form.errors:
            return _done(request, unit, _("Unit %(unit)s is held."))
    status = 422 if form.is_bound else 200
    return _panel(request, pk, status=status, hold_form=form)


def _done(request: DeskRequest, unit: Unit, done: str) -> HttpResponse:
    if request.htmx:
        return _panel(request, unit.pk)
    messages.success(request, done % {"unit": unit.number})
    return redirect(_board_with(unit))


# --- Sales control: one unit from its panel, many from a selection -----------------------------------


def _batch_verbs(viewer: User, project_id: int) -> list[tuple[str, str, bool]]:
    """(label, address, needs a reason) of what this person may do with a selection."""
    verbs = []
    if viewer.may(RELEASE_UNIT, project_id):
        verbs.append((_("Release for sale"), reverse("sales:release"), False))
    if viewer.may(WITHHOLD_UNIT, project_id):
        verbs.append((_("Withhold"), reverse("sales:withhold"), True))
        verbs.append((_("Offer again"), reverse("sales:unwithhold"), False))
    return verbs


def _said_units(request: DeskRequest) -> list[int]:
    """The units named in the form: one field for each, or one for all; only those within reach."""
    texts = request.POST.getlist("unit") + request.POST.get("units", "").split(",")
    ids = set(wholes(texts))
    found = list(
        units_for(request.user)
        .filter(pk__in=sorted(ids)[:MOST_UNITS])
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    if len(found) != len(ids):
        raise Http404
    return found


def _control(
    request: DeskRequest,
    form: forms.Form,
    do: Callable[[list[int], dict[str, Any]], object],
    done: Callable[[int], str],
) -> HttpResponse:
    ids = _said_units(request)
    if form.is_valid() and not ids:
        form.add_error(None, _("Choose at least one unit first."))
    elif form.is_valid():
        with refusals_on(form):
            do(ids, form.cleaned_data)
    said = " ".join(str(error) for errors in form.errors.values() for error in errors)
    is_panel = "panel" in request.POST and len(ids) == 1
    if said and request.htmx and is_panel and isinstance(form, WithholdForm):
        return _panel(request, ids[0], status=422, withhold_form=form)
    if request.htmx and is_panel:
        return _panel(request, ids[0], status=409 if said else 200, refused=said)
    if request.htmx:
        context = {"refused": said, "done": "" if said else done(len(ids))}
        status = 409 if said else 200
        return render(request, "sales/_board_said.html", context, status=status)
    if said:
        messages.error(request, said)
    else:
        messages.success(request, done(len(ids)))
    following = f"?unit={ids[0]}" if is_panel else "?select=1"
    return redirect(reverse("sales:board") + following)


@require_POST
def release(request: DeskRequest) -> HttpResponse:
    """Offer units for sale (T1), all or none."""

    def do(ids: list[int], _said: dict[str, Any]) -> object:
        return release_units(unit_ids=ids, by=request.user, at=timezone.now())

    return _control(request, GivingBackForm(request.POST), do, _released)


@require_http_methods(["GET", "HEAD", "POST"])
def withhold(request: DeskRequest) -> HttpResponse:
    """Keep units back from sale (T2): why, who answers for it, until when; a panel asks for that first."""
    at = timezone.now()

    def do(ids: list[int], said: dict[str, Any]) -> object:
        return withhold_units(unit_ids=ids, **said, by=request.user, at=at)

    if request.method == "POST":
        known = units_for(request.user).filter(pk__in=_said_units(request)[:1])
        here = known.values_list("project_id", flat=True).first() or current_project(request).pk
        require(request.user, WITHHOLD_UNIT, here)
        return _control(request, WithholdForm(request.POST, project_id=here, at=at), do, _withheld)
    unit = get_object_or_404(_units(request.user), pk=_number(request, "unit"))
    require(request.user, WITHHOLD_UNIT, unit.project_id)
    form = WithholdForm(project_id=unit.project_id, at=at)
    return _panel(request, unit.pk, withhold_form=form)


@require_POST
def unwithhold(request: DeskRequest) -> HttpResponse:
    """Offer withheld units again (T3), all or none."""

    def do(ids: list[int], said: dict[str, Any]) -> object:
        return unwithhold_units(
            unit_ids=ids, reason=said["reason"], by=request.user, at=timezone.now()
        )

    return _control(request, GivingBackForm(request.POST), do, _released)


def _released(count: int) -> str:
    return ngettext(
        "%(count)s unit is offered for sale.", "%(count)s units are offered for sale.", count
    ) % {"count": count}


def _withheld(count: int) -> str:
    return ngettext("%(count)s unit is withheld.", "%(count)s units are withheld.", count) % {
        "count": count
    }
