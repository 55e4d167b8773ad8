"""Signing a contract, naming its buyers, and ending a deal before its time (T11, T15, T16)."""

from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from loupan.core.calendar import business_day
from loupan.core.refusals import NotAllowedNow, Refusal
from loupan.core.ui import answer_form, refusals_on
from loupan.customers.actions.registrations import edit_customer
from loupan.ledger.models import MoneyType
from loupan.ledger.queries import received_on_account
from loupan.ledger.rules import deposit_effect
from loupan.org.permissions import require
from loupan.org.queries import DeskRequest
from loupan.sales.actions import cancellations
from loupan.sales.actions import contracts as actions
from loupan.sales.forms.deals import CancellationForm, ContractForm, IdentityForm
from loupan.sales.models import Buyer, Contract, Deal, Reservation
from loupan.sales.parameters import DEAL_FIELDS
from loupan.sales.permissions import may_note
from loupan.sales.queries.contracts import next_contract_number, signing_preview
from loupan.sales.states import DEAL
from loupan.sales.views.deals import crumbs_of, deal_or_404


@require_http_methods(["GET", "POST"])
def sign(request: DeskRequest, pk: int) -> HttpResponse:
    """Turn a reservation into the contract; `?signed_on=` shows what that day would make of it."""
    deal, at = deal_or_404(request, pk), timezone.now()
    require(request.user, "sales.sign_contract", deal.project_id)
    reservation = get_object_or_404(Reservation, deal=deal)
    today = business_day(at)
    asked = request.POST.get("signed_on") or request.GET.get("signed_on", "")
    form = ContractForm(
        request.POST or None, initial={"signed_on": _day(asked) or today, "request_key": uuid4()}
    )
    if form.is_valid():
        # A second click finds the contract that the first one made.
        if deal.contracted_on == form.cleaned_data["signed_on"] and "contract" not in (
            DEAL.open_verbs(deal.status)
        ):
            return redirect("sales:deal", pk=deal.pk)
        with refusals_on(form):
            made = actions.sign_contract(
                reservation_id=reservation.pk,
                signed_on=form.cleaned_data["signed_on"],
                number=form.cleaned_data["number"],
                terms=form.cleaned_data["terms"],
                by=request.user,
                at=at,
            )
            messages.success(request, _("Contract %(number)s is signed") % {"number": made.number})
            return redirect("sales:deal", pk=deal.pk)
    signed_on = _day(asked) or today
    context: dict[str, Any] = {
        "deal": deal,
        "reservation": reservation,
        "signed_on": signed_on,
        "crumbs": crumbs_of(deal),
        "effect": deposit_effect(deal.deposit, deal.deal_total),
        "may_edit": request.user.may("customers.edit", deal.project_id),
        "is_open": "contract" in DEAL.open_verbs(deal.status),
        "not_open": str(NotAllowedNow(status=deal.get_status_display())),
    }
    try:
        context["signing"] = found = signing_preview(deal, reservation.sign_by, signed_on)
        context["next_number"] = next_contract_number(deal.project, signed_on)
        context["lines"] = [(MoneyType(line.money_type).label, line) for line in found.lines]
        context["missing"] = (
            len(found.unidentified) + len(found.unsaid) + (found.received < found.needed)
        )
    except Refusal as refusal:
        context["problem"] = str(refusal)
    context["may_note"] = may_note(request.user, deal.project_id)
    context["fields_url"] = reverse("parameters:record_fields", args=[DEAL_FIELDS, deal.pk])
    return answer_form(request, "sales/contract_form.html", context, form)


def _day(text: str) -> Any:
    try:
        return parse_date(text[:10]) if text else None
    except ValueError:
        return None


@require_http_methods(["GET", "POST"])
def identify(request: DeskRequest, pk: int, buyer_pk: int) -> HttpResponse:
    """Enter the ID number a contract needs, without leaving it."""
    deal = deal_or_404(request, pk)
    require(request.user, "customers.edit", deal.project_id)
    buyer = get_object_or_404(Buyer.objects.select_related("customer"), deal=deal, pk=buyer_pk)
    form = IdentityForm(request.POST or None)
    if form.is_valid():
        with refusals_on(form):
            edit_customer(
                customer_id=buyer.customer_id,
                version=buyer.customer.version,
                **form.cleaned_data,
                by=request.user,
                at=timezone.now(),
            )
            return redirect("sales:sign", pk=deal.pk)
    context = {"deal": deal, "buyer": buyer, "crumbs": crumbs_of(deal)}
    return answer_form(request, "sales/contract_identity.html", context, form)


def _verb_of(deal: Deal, request: DeskRequest) -> str:
    """Which way this deal would end; none where its status or the reader does not allow it."""
    verbs = {"cancel_reservation", "cancel_contract"} & set(DEAL.open_verbs(deal.status))
    verb = next(iter(sorted(verbs)), "cancel_reservation")
    if not request.user.may(f"sales.{verb}", deal.project_id):
        raise PermissionDenied(f"sales.{verb}")
    return verb


@require_http_methods(["GET", "POST"])
def cancel(request: DeskRequest, pk: int) -> HttpResponse:
    """End a deal: what is paid back, what is kept, where the unit goes."""
    deal, at = deal_or_404(request, pk), timezone.now()
    verb = _verb_of(deal, request)
    received = received_on_account(deal.account_id)
    first = {"request_key": uuid4(), "unit_goes_to": "withheld"}
    form = CancellationForm(request.POST or None, initial=first)
    if form.is_valid():
        with refusals_on(form):
            _cancel(request, deal, verb, form.cleaned_data, at)
            messages.success(request, _("%(unit)s: the deal is ended") % {"unit": deal.unit.number})
            return redirect("sales:deal", pk=deal.pk)
    shown = form if form.is_bound else CancellationForm(request.GET or None, initial=first)
    shown.is_valid()
    kept = getattr(shown, "cleaned_data", {}).get("kept") or 0
    context = {
        "deal": deal,
        "verb": verb,
        "received": received,
        "kept": kept,
        "refund": received - kept,
        "is_open": verb in DEAL.open_verbs(deal.status),
        "not_open": str(NotAllowedNow(status=deal.get_status_display())),
        "crumbs": crumbs_of(deal),
    }
    return answer_form(request, "sales/cancellation_form.html", context, form)


def _cancel(request: DeskRequest, deal: Deal, verb: str, data: dict[str, Any], at: Any) -> None:
    if verb == "cancel_contract":
        cancellations.cancel_contract(
            contract_id=Contract.objects.get(deal=deal, is_void=False).pk,
            reason=data["reason"],
            penalty=data["kept"],
            unit_goes_to=data["unit_goes_to"],
            method=data["method"],
            request_key=data["request_key"],
            by=request.user,
            at=at,
        )
        return
    cancellations.cancel_reservation(
        reservation_id=Reservation.objects.get(deal=deal).pk,
        reason=data["reason"],
        kept=data["kept"],
        unit_goes_to=data["unit_goes_to"],
        method=data["method"],
        request_key=data["request_key"],
        by=request.user,
        at=at,
    )
