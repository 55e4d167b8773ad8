"""Another payment plan for a reserved deal: look at it, then do it (AFF-08)."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from loupan.core.calendar import business_day
from loupan.core.formatting import money_text
from loupan.core.refusals import NotAllowedNow
from loupan.core.ui import answer_form, refusals_on
from loupan.ledger.models import MoneyType
from loupan.org.permissions import require
from loupan.org.queries import DeskRequest
from loupan.pricing.queries.book import price_book
from loupan.pricing.queries.discounts import quota_left
from loupan.pricing.queries.traces import trace_json
from loupan.pricing.tables.traces import trace_rows
from loupan.sales.actions.plan_changes import change_payment_plan
from loupan.sales.forms.plan_changes import PlanChangeForm
from loupan.sales.models import Deal, Reservation
from loupan.sales.queries.attached import attached_of
from loupan.sales.queries.plan_changes import ChangedPlan, changed_plan, plan_change_day
from loupan.sales.states import DEAL
from loupan.sales.views.deals import crumbs_of, deal_or_404


@require_http_methods(["GET", "POST"])
def change_plan(request: DeskRequest, pk: int) -> HttpResponse:
    """What is asked for in the address is worked out beside the deal; posting it carries it out."""
    deal, at = deal_or_404(request, pk), timezone.now()
    require(request.user, "sales.change_plan", deal.project_id)
    today = business_day(at)
    day = plan_change_day(deal, price_book(deal.project_id), today)
    if request.method == "POST":
        form = PlanChangeForm(request.POST, deal=deal, viewer=request.user, day=day)
        if form.is_valid():
            with refusals_on(form):
                change = change_payment_plan(deal_id=deal.pk, **form.said(), by=request.user, at=at)
                said = {
                    "unit": deal.unit.number,
                    "plan": change.to_plan.name,
                    "total": money_text(change.total_after),
                }
                messages.success(request, _("%(unit)s: now %(plan)s, deal total %(total)s") % said)
                return redirect("sales:deal", pk=deal.pk)
        context = _context(deal, day) | _outlook(form, deal, today)
        return answer_form(request, "sales/plan_change.html", context, form)
    asked = "payment_plan_id" in request.GET
    form = PlanChangeForm(
        request.GET if asked else None,
        deal=deal,
        viewer=request.user,
        day=day,
        initial={"discount_ids": _own_discounts(deal)},
    )
    outlook = _outlook(form, deal, today) if asked else {}
    form.errors.pop("reason", None)  # Nobody has to give a reason for looking.
    return render(
        request, "sales/plan_change.html", {"form": form, **_context(deal, day), **outlook}
    )


def _own_discounts(deal: Deal) -> list[int]:
    ids = deal.discounts.values_list("discount_id", flat=True)
    return [pk for pk in dict.fromkeys(ids) if pk is not None]


def _context(deal: Deal, day: date) -> dict[str, Any]:
    return {
        "deal": deal,
        "crumbs": crumbs_of(deal),
        "is_open": "change_plan" in DEAL.open_verbs(deal.status),
        "not_open": str(NotAllowedNow(status=deal.get_status_display())),
        "priced_on": day,
    }


def _outlook(form: PlanChangeForm, deal: Deal, today: date) -> dict[str, Any]:
    """The deal as it would be, or in the errors of the form why it cannot."""
    form.is_valid()
    if not {"payment_plan_id", "discount_ids"} <= form.cleaned_data.keys():
        return {}
    chosen = form.chosen()
    with refusals_on(form):
        changed = changed_plan(
            deal,
            price_book(deal.project_id),
            list(attached_of(deal)),
            **chosen,
            left=quota_left(chosen["discount_ids"]),
            sign_by=Reservation.objects.values_list("sign_by", flat=True).get(deal=deal),
            today=today,
        )
        return _shown(changed, deal)
    return {}


def _shown(changed: ChangedPlan, deal: Deal) -> dict[str, Any]:
    return {
        "changed": changed,
        "difference": changed.priced.deal_total - deal.deal_total,
        "trace": trace_rows(trace_json(changed.priced.trace)),
        "lines": [
            (MoneyType(line.money_type).label, line.due_on, line.note, line.amount)
            for line in changed.lines
        ],
    }
