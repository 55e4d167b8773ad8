"""Owners and residents: the list, their parts of the pages of units and customers, their verbs (INV-12)."""

from typing import Any

from django.contrib import messages
from django.db.models import DateField, QuerySet, Value
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from loupan.core.calendar import business_day
from loupan.core.history import lines_of
from loupan.core.refusals import Refusal
from loupan.core.ui import ListPage, answer_form, refusals_on
from loupan.customers.permissions import sees_phones
from loupan.customers.queries import customers_for
from loupan.inventory.queries.units import units_for
from loupan.org.permissions import require
from loupan.org.queries import DeskRequest, current_project
from loupan.sales import tables
from loupan.sales.actions import relations as actions
from loupan.sales.filters import RelationFilter
from loupan.sales.forms.relations import RelationEndForm, RelationForm
from loupan.sales.models import UnitRelation
from loupan.sales.permissions import RELATE_PERSON
from loupan.sales.queries.relations import OVER, relations_for, state_of
from loupan.sales.states import RelationKind


def _rows(request: DeskRequest) -> QuerySet[UnitRelation]:
    """Of the project; each knows the day it is looked at."""
    today = Value(request.today, output_field=DateField())  # type: ignore[attr-defined]
    rows = relations_for(request.user).filter(project=current_project(request))
    return rows.annotate(as_of=today)


RELATIONS = ListPage(
    title=gettext_lazy("Owners and residents"),
    columns=tables.RELATIONS,
    rows=_rows,
    filterset=RelationFilter,
    project=current_project,
    permission="customers.read",
    export_permission="customers.export",
    filename="owners-and-residents",
    row_url=tables.relation_url,
    empty=gettext_lazy("Nobody yet. Owners come with the handover; others are added on a unit."),
)


def relations(request: DeskRequest) -> HttpResponse:
    request.today = business_day(timezone.now())  # type: ignore[attr-defined]
    request.project = current_project(request)  # type: ignore[attr-defined]
    return RELATIONS(request)


def _lines(request: DeskRequest, rows: QuerySet[UnitRelation]) -> dict[str, Any]:
    """Those of today first, then the others, newest first."""
    today = business_day(timezone.now())
    lines = [(row, state_of(row, today)) for row in rows]
    return {
        "lines": [
            (row, *tables.relation_state(state))
            for row, state in sorted(lines, key=lambda line: line[1] == OVER)
        ],
        "sees_phones": sees_phones(request.user),
    }


@require_safe
def unit_people(request: DeskRequest, pk: int) -> HttpResponse:
    """The part of the unit's page that says whose it is and who lives there."""
    unit = get_object_or_404(units_for(request.user), pk=pk)
    require(request.user, "customers.read", unit.project_id)
    context = {
        **_lines(request, relations_for(request.user).filter(unit=unit)),
        "unit": unit,
        "may_relate": request.user.may(RELATE_PERSON, unit.project_id),
    }
    return render(request, "sales/_unit_people.html", context)


@require_safe
def customer_units(request: DeskRequest, pk: int) -> HttpResponse:
    """The part of the customer's page that lists the units they own or live in."""
    person = get_object_or_404(customers_for(request.user), pk=pk)
    context = _lines(request, relations_for(request.user).filter(customer=person))
    return render(request, "sales/_customer_units.html", context)


def _crumbs() -> list[dict[str, str]]:
    return [{"label": _("Owners and residents"), "url": reverse("sales:relations")}]


@require_http_methods(["GET", "POST"])
def relate(request: DeskRequest, pk: int) -> HttpResponse:
    """Write down that somebody owns a unit, lives there or answers for it."""
    unit, at = get_object_or_404(units_for(request.user), pk=pk), timezone.now()
    require(request.user, RELATE_PERSON, unit.project_id)
    form = RelationForm(
        request.POST or None,
        customers=customers_for(request.user).filter(project_id=unit.project_id),
        initial={
            "starts_on": business_day(at),
            "kind": RelationKind.RESIDENT
            if unit.status in actions.INHABITABLE
            else RelationKind.CONTACT,
        },
    )
    if form.is_valid():
        with refusals_on(form):
            made = actions.relate_person(unit_id=unit.pk, **form.typed(), by=request.user, at=at)
            said = {"customer": made.customer, "kind": made.get_kind_display(), "unit": unit}
            messages.success(request, _("%(customer)s is %(kind)s of %(unit)s") % said)
            return redirect("inventory:unit", pk=unit.pk)
    context = {
        "unit": unit,
        "crumbs": [{"label": unit.number, "url": reverse("inventory:unit", args=[unit.pk])}],
        "is_inhabitable": unit.status in actions.INHABITABLE,
    }
    return answer_form(request, "sales/relation_form.html", context, form)


def _found(request: DeskRequest, pk: int) -> UnitRelation:
    return get_object_or_404(relations_for(request.user), pk=pk)


def _page(request: DeskRequest, found: UnitRelation) -> dict[str, Any]:
    today = business_day(timezone.now())
    state = state_of(found, today)
    label, tone = tables.relation_state(state)
    may = request.user.may(RELATE_PERSON, found.project_id)
    verbs = []
    if may and state != OVER:
        verbs.append(
            {
                "label": _("End it"),
                "icon": "calendar-x",
                "url": reverse("sales:end_relation", args=[found.pk]),
                "key": "e",
            }
        )
    if may and found.deal_id is None:
        verbs.append(
            {
                "label": _("Take back"),
                "icon": "trash",
                "tone": "danger",
                "method": "post",
                "url": reverse("sales:take_back_relation", args=[found.pk]),
                "confirm": _("Only what was written down by mistake. The log keeps it."),
            }
        )
    return {
        "relation": found,
        "state": label,
        "tone": tone,
        "verbs": verbs,
        "crumbs": _crumbs(),
        "sees_phones": sees_phones(request.user),
        "shows_deal": found.deal_id and request.user.may("sales.read", found.project_id),
        "history": lines_of(found),
    }


@require_safe
def relation(request: DeskRequest, pk: int) -> HttpResponse:
    """What somebody is to a unit: since when, until when, by whom written down."""
    return render(request, "sales/relation.html", _page(request, _found(request, pk)))


@require_http_methods(["GET", "POST"])
def end_relation(request: DeskRequest, pk: int) -> HttpResponse:
    """Say until which day it lasts."""
    found, at = _found(request, pk), timezone.now()
    require(request.user, RELATE_PERSON, found.project_id)
    initial = {"ends_on": found.ends_on or business_day(at), "version": found.version}
    form = RelationEndForm(request.POST or None, initial=initial)
    if form.is_valid():
        with refusals_on(form):
            actions.end_relation(relation_id=found.pk, **form.cleaned_data, by=request.user, at=at)
            messages.success(request, _("The last day is set"))
            return redirect("sales:relation", pk=found.pk)
    crumbs = [*_crumbs(), {"label": str(found), "url": tables.relation_url(found)}]
    context = {"relation": found, "crumbs": crumbs}
    return answer_form(request, "sales/relation_end_form.html", context, form)


@require_POST
def take_back_relation(request: DeskRequest, pk: int) -> HttpResponse:
    """Remove what was written down by mistake."""
    found = _found(request, pk)
    try:
        actions.take_back_relation(relation_id=found.pk, by=request.user, at=timezone.now())
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("sales:relation", pk=pk)
    messages.success(request, _("%(what)s is taken back") % {"what": found})
    return redirect("inventory:unit", pk=found.unit_id)
