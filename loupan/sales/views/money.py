"""The cashier's desk: money in on a deal, a wrong receipt answered by its opposite (DOMAIN 2.5.3)."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from loupan.core.calendar import business_day
from loupan.core.ui import answer_form, refusals_on
from loupan.core.words import amount_in_words
from loupan.ledger.models import Receipt
from loupan.ledger.queries import lines_of, receipts_for, settling_preview
from loupan.org.permissions import require
from loupan.org.queries import DeskRequest
from loupan.sales.actions import money
from loupan.sales.forms.deals import ReceiptForm, ReversalForm, first_values
from loupan.sales.models import Deal, ProvisionalReservation
from loupan.sales.queries.deals import deals_for
from loupan.sales.queries.provisionals import provisional_of_account, provisionals_for
from loupan.sales.states import ACTIVE_DEALS
from loupan.sales.views.deals import crumbs_of, deal_or_404


@require_http_methods(["GET", "POST"])
def receive(request: DeskRequest, pk: int) -> HttpResponse:
    """Take money; before it is recorded it is shown what it will settle."""
    deal, at = deal_or_404(request, pk), timezone.now()
    require(request.user, "ledger.record_receipt", deal.project_id)
    lines, today = lines_of(deal.account_id), business_day(at)
    first_buyer = next(iter(deal.buyers.all()), None)
    payer = first_buyer.customer.name if first_buyer else ""
    first = {**first_values(lines, payer=payer, today=today), "request_key": uuid4()}
    form = ReceiptForm(request.POST or None, account=deal.account, lines=lines, initial=first)
    if "bank_account_id" not in first and form.fields["bank_account_id"].choices:  # type: ignore[attr-defined]
        form.initial["bank_account_id"] = form.fields["bank_account_id"].choices[0][0]  # type: ignore[attr-defined]
    if form.is_valid():
        with refusals_on(form):
            made = money.record_receipt(
                deal_id=deal.pk, **form.cleaned_data, by=request.user, at=at
            )
            said = {"number": made.number, "amount": f"{made.amount:,.2f}"}
            messages.success(request, _("%(amount)s received: %(number)s") % said)
            return redirect("sales:receipt", pk=made.pk)
    asked = request.POST or (request.GET if "amount" in request.GET else first)
    context = {
        "deal": deal,
        "crumbs": crumbs_of(deal),
        "lines": lines,
        "is_open": deal.status in ACTIVE_DEALS,
        **_settling(deal, lines, asked, today),
    }
    return answer_form(request, "sales/deal_receipt_form.html", context, form)


def _settling(deal: Deal, lines: list[Any], asked: Any, today: date) -> dict[str, Any]:
    """What the amount on the form would settle, and the amount in capital letters."""
    bound = ReceiptForm(
        {
            "amount": f"{asked.get('amount') or ''}",
            "method": asked.get("method") or "transfer",
            "money_type": asked.get("money_type") or "",
            "received_on": f"{asked.get('received_on') or today}",
        },
        account=deal.account,
        lines=lines,
    )
    bound.is_valid()
    data = bound.cleaned_data
    amount: Decimal | None = data.get("amount")
    if amount is None or "received_on" not in data or amount >= Decimal(10) ** 12:
        return {"settling": None, "amount": None}
    settling = settling_preview(
        deal.account_id,
        amount=amount,
        money_type=data.get("money_type", ""),
        received_on=data["received_on"],
    )
    return {"settling": settling, "amount": amount, "in_words": amount_in_words(amount)}


def _receipt(request: DeskRequest, pk: int) -> tuple[Receipt, Deal | ProvisionalReservation]:
    """The line of the ledger and what its money is for."""
    require(request.user, "ledger.read")
    receipt = get_object_or_404(receipts_for(request.user), pk=pk)
    if kept := provisional_of_account(receipt.account_id):
        return receipt, kept
    return receipt, get_object_or_404(
        Deal.objects.select_related("unit", "project__company"), account_id=receipt.account_id
    )


def _is_open(subject: Deal | ProvisionalReservation) -> bool:
    if isinstance(subject, Deal):
        return subject.status in ACTIVE_DEALS
    return subject.claim.is_active


def _addresses(request: DeskRequest, subject: Deal | ProvisionalReservation) -> dict[str, str]:
    """Where the reader finds what the money is for, and takes more of it."""
    if isinstance(subject, ProvisionalReservation):
        is_seen = provisionals_for(request.user).filter(pk=subject.pk).exists()
        page, more = "sales:provisional", "sales:provisional_receive"
    else:
        is_seen = deals_for(request.user).filter(pk=subject.pk).exists()
        page, more = "sales:deal", "sales:receive"
    if not is_seen:
        return {}
    may_receive = _is_open(subject) and request.user.may(
        "ledger.record_receipt", subject.project_id
    )
    return {
        "subject_url": reverse(page, args=[subject.pk]),
        "receive_url": reverse(more, args=[subject.pk]) if may_receive else "",
    }


def _trail(subject: Deal | ProvisionalReservation) -> list[Any]:
    if isinstance(subject, Deal):
        return crumbs_of(subject)
    return [
        {"label": _("Provisional reservations"), "url": reverse("sales:provisionals")},
        {"label": subject.number, "url": reverse("sales:provisional", args=[subject.pk])},
    ]


@require_safe
def receipt(request: DeskRequest, pk: int) -> HttpResponse:
    """One line of the ledger: what it is, what it settles, what answers it."""
    found, deal = _receipt(request, pk)
    reversal = found.corrections.filter(kind=Receipt.Kind.REVERSAL).first()
    may_reverse = (
        found.kind == Receipt.Kind.RECEIPT
        and reversal is None
        and _is_open(deal)
        and request.user.may("ledger.reverse_receipt", found.project_id)
    )
    return render(
        request,
        "sales/deal_receipt.html",
        {
            "receipt": found,
            "deal": deal,
            "reversal": reversal,
            "may_reverse": may_reverse,
            "may_print": request.user.may("documents.print", found.project_id),
            "is_provisional": isinstance(deal, ProvisionalReservation),
            **_addresses(request, deal),
            "in_words": amount_in_words(found.amount),
            "parts": _parts(found),
            "crumbs": _trail(deal),
        },
    )


def _parts(found: Receipt) -> list[tuple[Any, Decimal]]:
    parts: dict[int, Decimal] = {}
    lines = {}
    for share in found.allocations.select_related("receivable"):
        lines[share.receivable_id] = share.receivable
        parts[share.receivable_id] = parts.get(share.receivable_id, Decimal(0)) + share.amount
    return [(lines[pk], amount) for pk, amount in parts.items() if amount]


@require_http_methods(["GET", "POST"])
def reverse_receipt(request: DeskRequest, pk: int) -> HttpResponse:
    """Answer a wrong receipt by its opposite; the reason stands on it."""
    found, deal = _receipt(request, pk)
    require(request.user, "ledger.reverse_receipt", found.project_id)
    form = ReversalForm(request.POST or None)
    if form.is_valid():
        with refusals_on(form):
            made = money.reverse_receipt(
                receipt_id=found.pk, **form.cleaned_data, by=request.user, at=timezone.now()
            )
            said = {"old": found.number, "new": made.number}
            messages.success(request, _("%(old)s is reversed by %(new)s") % said)
            return redirect("sales:receipt", pk=made.pk)
    context = {"receipt": found, "deal": deal, "parts": _parts(found), "crumbs": _trail(deal)}
    return answer_form(request, "sales/deal_reversal_form.html", context, form)
