"""Purchase plans: one unit under several payment plans side by side (SAL-26)."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django import forms
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from loupan.core.calendar import business_day
from loupan.core.ui import refusals_on
from loupan.customers.models import Customer
from loupan.customers.queries import customers_for
from loupan.documents import queries as documents
from loupan.documents.actions import record_printing
from loupan.documents.rules.papers import FORMS
from loupan.inventory.models import Unit
from loupan.inventory.queries.units import units_for
from loupan.inventory.states import UNIT
from loupan.ledger.models import MoneyType
from loupan.org.permissions import require
from loupan.org.queries import DeskRequest, letterhead_of
from loupan.pricing.errors import OBJECTIONS
from loupan.pricing.models import Discount, PaymentPlan
from loupan.pricing.queries.book import price_book_of, price_stamp
from loupan.pricing.queries.discounts import discounts_for
from loupan.pricing.queries.offers import Offer, price_for
from loupan.pricing.queries.plans import offered_on, plans_for
from loupan.pricing.tables.traces import trace_rows
from loupan.sales import permissions
from loupan.sales.actions.quotes import make_quotes
from loupan.sales.forms.attached import Companions
from loupan.sales.forms.quotes import QuoteForm, QuoteTermsForm, discount_note, plan_note
from loupan.sales.models import Quote
from loupan.sales.queries.attached import drafts_of
from loupan.sales.queries.papers import mark_of
from loupan.sales.queries.quotes import quote_fields, valid_until
from loupan.sales.queries.quotes import quote_message as message_of
from loupan.sales.views.papers import TYPES

FIRST_PLANS = 3  # Laid side by side before anything was chosen.


@dataclass(frozen=True)
class PlanColumn:
    """One plan of the comparison: its offer, or why there is none."""

    plan: PaymentPlan
    offer: Offer | None
    refused: str
    lines: list[tuple[Any, str]]
    objections: list[tuple[str, str]]
    query: str
    why_query: str
    valid_until: date | None
    trace: list[Any]
    is_cheapest: bool = False


@dataclass(frozen=True)
class Choices:
    """What was chosen for a quote of one unit."""

    unit: Unit
    form: QuoteForm
    terms: QuoteTermsForm
    plans: list[PaymentPlan]
    all_plans: list[PaymentPlan]
    discounts: list[Discount]
    all_discounts: list[Discount]
    customer: Customer | None
    companions: Companions
    today: date
    day: date
    valid_days: int

    @property
    def discount_ids(self) -> list[int]:
        return [discount.pk for discount in self.discounts]


def _unit(request: DeskRequest, pk: int) -> Unit:
    rows = units_for(request.user).select_related("building__permit")
    unit = get_object_or_404(rows.annotate(price_stamp=price_stamp()), pk=pk)
    require(request.user, permissions.QUOTE, unit.project_id)
    return unit


def _choices(request: DeskRequest, unit: Unit, given: QueryDict, at: datetime) -> Choices:
    viewer, today = request.user, business_day(at)
    usual = price_book_of(unit).policy.sign_within_days
    terms = QuoteTermsForm(given, today=today, usual_days=usual)
    terms.is_valid()
    day = terms.cleaned_data.get("reserve_on") or today
    plans = plans_for(viewer, unit.project_id).filter(offered_on(day))
    discounts = discounts_for(viewer, unit.project_id).filter(offered_on(day))
    form = QuoteForm(
        given,
        customers=customers_for(viewer).filter(project_id=unit.project_id),
        plans=plans,
        discounts=discounts,
    )
    form.is_valid()
    said = form.cleaned_data
    all_plans, all_discounts = list(plans), list(discounts)
    is_fresh = "chosen" not in given and "plan" not in given
    chosen_plans = list(said.get("plan") or ())
    chosen_discounts = list(said.get("discount") or ())
    if is_fresh:
        chosen_plans = all_plans[:FIRST_PLANS]
        chosen_discounts = [row for row in all_discounts if row.is_default]
    return Choices(
        unit=unit,
        form=form,
        terms=terms,
        plans=chosen_plans,
        all_plans=all_plans,
        discounts=chosen_discounts,
        all_discounts=all_discounts,
        customer=said.get("customer"),
        companions=Companions(given, unit, viewer),
        today=today,
        day=day,
        valid_days=terms.cleaned_data.get("valid_days") or usual,
    )


def _columns(request: DeskRequest, choices: Choices) -> list[PlanColumn]:
    columns = [_column(request, choices, plan) for plan in choices.plans]
    totals = [column.offer.deal_total for column in columns if column.offer]
    if len(totals) < 2:
        return columns
    return [
        PlanColumn(
            **{
                **column.__dict__,
                "is_cheapest": column.offer is not None and column.offer.deal_total == min(totals),
            }
        )
        for column in columns
    ]


def _column(request: DeskRequest, choices: Choices, plan: PaymentPlan) -> PlanColumn:
    query = QueryDict(mutable=True)
    query["plan"] = str(plan.pk)
    query.setlist("discount", [str(pk) for pk in choices.discount_ids])
    if choices.customer:
        query["customer"] = str(choices.customer.pk)
    for name, value in choices.companions.pairs():
        query.appendlist(name, value)
    why = query.copy()
    if choices.day != choices.today:
        why["reserve_on"] = query["reserved_on"] = choices.day.isoformat()
    said = forms.Form({})
    said.is_valid()
    offer = None
    with refusals_on(said):
        offer = price_for(
            unit=choices.unit,
            payment_plan_id=plan.pk,
            discount_ids=choices.discount_ids,
            reserve_on=choices.day,
            viewer=request.user,
            attached=drafts_of(request.user, choices.unit, choices.companions.wishes),
        )
    return PlanColumn(
        plan=plan,
        offer=offer,
        refused=" ".join(str(error) for error in said.non_field_errors()),
        lines=[(line, str(MoneyType(line.money_type).label)) for line in offer.schedule]
        if offer
        else [],
        objections=[
            (item.name, str(OBJECTIONS.get(item.reason, item.reason)))
            for item in (offer.refused if offer else ())
        ],
        query=query.urlencode(),
        why_query=why.urlencode(),
        valid_until=valid_until(choices.unit, offer, choices.today, choices.valid_days)
        if offer
        else None,
        trace=trace_rows(offer.trace) if offer else [],
    )


def _context(request: DeskRequest, choices: Choices) -> dict[str, Any]:
    unit, viewer = choices.unit, request.user
    may_reserve = (
        "reserve" in UNIT.open_verbs(unit.status)
        and choices.day <= choices.today
        and viewer.may(permissions.RESERVE_UNIT, unit.project_id)
    )
    chosen_plans = {plan.pk for plan in choices.plans}
    chosen_discounts = {row.pk for row in choices.discounts}
    board = f"{reverse('sales:board')}?project={unit.project_id}&unit={unit.pk}"
    return {
        "unit": unit,
        "form": choices.form,
        "terms": choices.terms,
        "day": choices.day,
        "valid_days": choices.valid_days,
        "is_later": choices.day > choices.today,
        "customer": choices.customer,
        "companions": choices.companions,
        "attachable_url": reverse("sales:attachable", args=[unit.pk]),
        "columns": _columns(request, choices),
        "plans": [(plan, plan_note(plan), plan.pk in chosen_plans) for plan in choices.all_plans],
        "discounts": [
            (row, discount_note(row), row.pk in chosen_discounts) for row in choices.all_discounts
        ],
        "may_reserve": may_reserve,
        "may_print": viewer.may("documents.print", unit.project_id),
        "crumbs": [
            {"label": _("Unit board"), "url": board},
            {"label": unit.number, "url": board},
        ],
    }


@require_safe
def quote(request: DeskRequest, pk: int) -> HttpResponse:
    """Choose plans and discounts; the columns are worked out again with every change."""
    unit = _unit(request, pk)
    choices = _choices(request, unit, request.GET, timezone.now())
    template = "sales/_quote_plans.html" if request.htmx else "sales/quote.html"
    return render(request, template, _context(request, choices))


@require_safe
def quote_why(request: DeskRequest, pk: int) -> HttpResponse:
    """How the price of one plan comes about, step by step (X-01)."""
    unit = _unit(request, pk)
    choices = _choices(request, unit, request.GET, timezone.now())
    column = next(iter(_columns(request, choices)), None)
    context = {
        "unit": unit,
        "column": column,
        "trace": column.trace if column else [],
        "crumbs": [
            {
                "label": f"{_('Quote')} {unit.number}",
                "url": f"{reverse('sales:quote', args=[unit.pk])}?{request.GET.urlencode()}",
            }
        ],
    }
    return render(request, "sales/quote_why.html", context)


@require_POST
def quote_paper(request: DeskRequest, pk: int) -> HttpResponse:
    """Keep the quotes as they were said, and hand them out as PDF or Word."""
    unit, at = _unit(request, pk), timezone.now()
    require(request.user, "documents.print", unit.project_id)
    choices = _choices(request, unit, request.POST, at)
    wanted = "docx" if request.POST.get("form") == "docx" else "pdf"
    if made := _made(request, choices, at):
        return _paper(request, unit, made, wanted, at)
    return render(request, "sales/quote.html", _context(request, choices), status=422)


@require_POST
def quote_message(request: DeskRequest, pk: int) -> HttpResponse:
    """Keep the quotes as they were said, and show them as a text to send."""
    unit, at = _unit(request, pk), timezone.now()
    choices = _choices(request, unit, request.POST, at)
    made = _made(request, choices, at)
    if not made:
        return render(request, "sales/quote.html", _context(request, choices), status=422)
    fields = quote_fields(made, unit, request.user, address="", foot="")
    context = {
        "unit": unit,
        "message": message_of(fields),
        "valid_until": made[0].valid_until,
        "customer": choices.customer,
        "crumbs": [
            {
                "label": f"{_('Quote')} {unit.number}",
                "url": f"{reverse('sales:quote', args=[unit.pk])}?{_said(request.POST)}",
            }
        ],
    }
    return render(request, "sales/quote_message.html", context)


def _said(given: QueryDict) -> str:
    """The choices as an address, without the token of the form."""
    query = given.copy()
    for name in ("csrfmiddlewaretoken", "form"):
        query.pop(name, None)
    return query.urlencode()


def _made(request: DeskRequest, choices: Choices, at: datetime) -> list[Quote]:
    """The quotes kept, or none and the form says why."""
    form = choices.form
    if not choices.plans:
        form.add_error("plan", _("Choose at least one plan."))
    if not (form.is_valid() and choices.terms.is_valid()):
        return []
    with refusals_on(form):
        return make_quotes(
            unit_id=choices.unit.pk,
            payment_plan_ids=[plan.pk for plan in choices.plans],
            discount_ids=choices.discount_ids,
            reserve_on=choices.day,
            customer_id=choices.customer.pk if choices.customer else None,
            attached=choices.companions.wishes,
            valid_days=choices.valid_days,
            by=request.user,
            at=at,
        )
    return []


def _paper(
    request: DeskRequest, unit: Unit, made: list[Quote], form: str, at: datetime
) -> HttpResponse:
    first = made[0]
    query = QueryDict(mutable=True)
    query.setlist("plan", [str(each.payment_plan_id) for each in made])
    query.setlist("discount", [str(each) for each in first.discount_ids])
    query["reserve_on"] = first.reserve_on.isoformat()
    for each in first.attached:
        query.appendlist("attached", str(each["unit_id"]))
        query.appendlist("attached_pricing", each["pricing"])
    page = f"{reverse('sales:quote', args=[unit.pk])}?{query.urlencode()}"
    printing = record_printing(
        kind="quote",
        project_id=unit.project_id,
        subject_type=first._meta.label_lower,
        subject_id=first.pk,
        number=str(first.pk),
        form=form,
        by=request.user,
        at=at,
    )
    fields = quote_fields(
        made,
        unit,
        request.user,
        address=request.build_absolute_uri(page),
        foot=f"{request.user} · {localtime(at):%Y-%m-%d %H:%M}",
        mark=mark_of(printing.copy_no),
    )
    if form == "pdf":
        content = documents.pdf_of(FORMS["quote"](fields), letterhead_of(unit.project.company))
    else:
        content = documents.docx_of("quote", unit.project, fields)
    answer = HttpResponse(content, content_type=TYPES[form])
    shown = "inline" if form == "pdf" else "attachment"
    answer["Content-Disposition"] = f'{shown}; filename="quote-{unit.pk}-{first.pk}.{form}"'
    answer["Cache-Control"] = "no-store"
    return answer
