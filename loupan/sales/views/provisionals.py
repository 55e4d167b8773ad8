"""Provisional reservations: make one, take its money, give it back, see who waits (小订)."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.db.models import Sum
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from loupan.core.at_once import Part, Summed, Sums
from loupan.core.calendar import business_day
from loupan.core.ui import ListPage, answer_form, refusals_on
from loupan.customers.queries import customers_for
from loupan.inventory.queries.units import units_for
from loupan.org.permissions import require
from loupan.org.queries import DeskRequest, current_project
from loupan.pricing.queries.book import price_book_of
from loupan.sales import tables
from loupan.sales.actions import provisionals as actions
from loupan.sales.filters import ProvisionalFilter
from loupan.sales.forms.verbs import ProvisionalForm, ProvisionalReceiptForm, WithdrawalForm
from loupan.sales.models import ProvisionalReservation
from loupan.sales.queries.provisionals import (
    ProvisionalPage,
    history_of_provisional,
    kept_for_money,
    provisional_page,
    provisionals_for,
)

PROVISIONALS = ListPage(
    title=gettext_lazy("Provisional reservations"),
    columns=tables.PROVISIONALS,
    rows=lambda request: provisionals_for(request.user).filter(project=current_project(request)),
    filterset=ProvisionalFilter,
    project=current_project,
    permission="sales.read",
    export_permission="sales.export",
    filename="provisional-reservations",
    row_url=tables.provisional_url,
    chips=lambda request, counted: _chips(request, counted),
    counts=lambda request: _counts(request),
    totals={"amount": Sum("amount")},
    empty=gettext_lazy("No provisional reservations yet. They begin on the unit board."),
)


def _counts(request: DeskRequest) -> Mapping[str, Part]:
    waiting = kept_for_money(request.user, timezone.now()).filter(project=current_project(request))
    return {"kept": Summed(waiting)}


def _chips(request: DeskRequest, counted: Mapping[str, Sums]) -> list[dict[str, Any]]:
    is_chosen = request.GET.get("state") == "kept"
    return [
        {
            "label": _("Over, with money on it"),
            "url": "?" if is_chosen else "?state=kept",
            "count": counted["kept"].count,
            "active": is_chosen,
            "tone": "red",
        }
    ]


@require_safe
def provisionals(request: DeskRequest) -> HttpResponse:
    request.at = timezone.now()  # type: ignore[attr-defined]
    return PROVISIONALS(request)


def _crumbs(found: ProvisionalReservation | None = None) -> list[dict[str, str]]:
    trail = [{"label": _("Provisional reservations"), "url": reverse("sales:provisionals")}]
    if found:
        trail.append({"label": found.number, "url": tables.provisional_url(found)})
    return trail


@require_http_methods(["GET", "POST"])
def reserve_provisionally(request: DeskRequest, pk: int) -> HttpResponse:
    """Keep a unit for a customer for some days against a small amount (T8)."""
    unit, at = get_object_or_404(units_for(request.user), pk=pk), timezone.now()
    require(request.user, "sales.reserve_provisionally", unit.project_id)
    policy = price_book_of(unit).policy
    form = ProvisionalForm(
        request.POST or None,
        customers=customers_for(request.user).filter(project_id=unit.project_id),
        longest=policy.provisional_days,
        at=at,
        initial={
            "amount": policy.provisional_amount or None,
            "days": policy.provisional_days,
            "customer": request.GET.get("customer", "")[:18],
        },
    )
    if form.is_valid():
        said = form.cleaned_data
        with refusals_on(form):
            made = actions.reserve_provisionally(
                unit_id=unit.pk,
                customer_id=said["customer"].pk,
                amount=said["amount"],
                days=said["days"],
                by=request.user,
                at=at,
            )
            done = {"unit": unit.number, "number": made.number}
            messages.success(request, _("%(unit)s is kept: %(number)s") % done)
            return redirect("sales:provisional", pk=made.pk)
    context = {"unit": unit, "crumbs": _crumbs(), "policy": policy}
    return answer_form(request, "sales/provisional_form.html", context, form)


def _found(request: DeskRequest, pk: int) -> ProvisionalReservation:
    require(request.user, "sales.read")
    return get_object_or_404(provisionals_for(request.user), pk=pk)


def _verbs(request: DeskRequest, page: ProvisionalPage) -> list[dict[str, Any]]:
    """What may be done with it now, the likeliest first."""
    found, may = page.provisional, request.user.may
    project, verbs = found.project_id, []
    if page.is_running and page.balance.outstanding > 0 and may("ledger.record_receipt", project):
        verbs.append({"label": _("Receive money"), "icon": "cash", "tone": "primary", "key": "r",
                      "url": reverse("sales:provisional_receive", args=[found.pk])})  # fmt: skip
    if page.is_running and may("sales.reserve_unit", project):
        url = reverse("sales:reserve", args=[found.unit_id])
        verbs.append({"label": _("Reserve"), "icon": "writing",
                      "tone": "" if verbs else "primary",
                      "url": f"{url}?customer={found.customer_id}"})  # fmt: skip
    if found.deal_id:
        verbs.append({"label": _("Open the deal"), "icon": "file-certificate", "tone": "primary",
                      "url": tables.deal_url(found.deal_id)})  # fmt: skip
    if page.is_running and may("sales.end_provisional", project):
        verbs.append({"label": _("Pay it back"), "icon": "arrow-back-up", "tone": "danger",
                      "url": reverse("sales:provisional_withdraw", args=[found.pk])})  # fmt: skip
    return verbs


@require_safe
def provisional(request: DeskRequest, pk: int) -> HttpResponse:
    """One provisional reservation: until when, for whom, its money, its history."""
    found, at = _found(request, pk), timezone.now()
    page = provisional_page(found, at)
    state, tone = tables.provisional_state(found)
    return render(
        request,
        "sales/provisional.html",
        {
            "page": page,
            "provisional": found,
            "state": state,
            "tone": tone,
            "verbs": _verbs(request, page),
            "crumbs": _crumbs(),
            "sees_money": request.user.may("ledger.read", found.project_id),
            "may_print": request.user.may("documents.print", found.project_id),
            "may_reverse": page.is_running
            and request.user.may("ledger.reverse_receipt", found.project_id),
            "knows": customers_for(request.user).filter(pk=found.customer_id).exists(),
            "events": [tables.event_of(event) for event in history_of_provisional(page)],
        },
    )


@require_http_methods(["GET", "POST"])
def receive(request: DeskRequest, pk: int) -> HttpResponse:
    """Take the money of a provisional reservation."""
    found, at = _found(request, pk), timezone.now()
    require(request.user, "ledger.record_receipt", found.project_id)
    page = provisional_page(found, at)
    form = ProvisionalReceiptForm(
        request.POST or None,
        account=found.account,
        initial={
            "amount": page.balance.outstanding or None,
            "method": "transfer",
            "received_on": business_day(at),
            "payer": found.customer.name,
            "request_key": uuid4(),
        },
    )
    if form.is_valid():
        with refusals_on(form):
            made = actions.record_provisional_receipt(
                provisional_id=found.pk, **form.cleaned_data, by=request.user, at=at
            )
            said = {"number": made.number, "amount": f"{made.amount:,.2f}"}
            messages.success(request, _("%(amount)s received: %(number)s") % said)
            return redirect("sales:receipt", pk=made.pk)
    context = {"provisional": found, "page": page, "crumbs": _crumbs(found)}
    return answer_form(request, "sales/provisional_receipt_form.html", context, form)


@require_http_methods(["GET", "POST"])
def withdraw(request: DeskRequest, pk: int) -> HttpResponse:
    """Give the money back and offer the unit again (AFF-02)."""
    found, at = _found(request, pk), timezone.now()
    require(request.user, "sales.end_provisional", found.project_id)
    form = WithdrawalForm(request.POST or None, initial={"request_key": uuid4()})
    if form.is_valid():
        with refusals_on(form):
            actions.withdraw_provisional(
                provisional_id=found.pk, **form.cleaned_data, by=request.user, at=at
            )
            messages.success(request, _("%(number)s is paid back") % {"number": found.number})
            return redirect("sales:provisional", pk=found.pk)
    page = provisional_page(found, at)
    context = {"provisional": found, "page": page, "crumbs": _crumbs(found)}
    return answer_form(request, "sales/provisional_withdrawal_form.html", context, form)
