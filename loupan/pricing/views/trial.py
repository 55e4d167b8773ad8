"""The price trial: what any unit would cost, every step of it, and who may confirm it (DSC-08)."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from loupan.core.calendar import business_day
from loupan.core.typed import whole
from loupan.core.ui import refusals_on
from loupan.inventory.models import Unit
from loupan.inventory.queries.units import units_for
from loupan.org.permissions import require
from loupan.org.queries import DeskRequest, current_project
from loupan.pricing.errors import OBJECTIONS
from loupan.pricing.forms.trial import TrialForm
from loupan.pricing.models import PaymentPlanLine
from loupan.pricing.permissions import AUTHORITY_LABELS, authority_of
from loupan.pricing.queries.book import price_stamp
from loupan.pricing.queries.offers import price_for, verdicts_on
from loupan.pricing.tables.traces import trace_rows


@require_safe
def trial(request: DeskRequest) -> HttpResponse:
    """A unit, a plan, discounts: nothing is kept and nobody is named."""
    project = current_project(request)
    require(request.user, "pricing.read", project.pk)
    unit = _unit(request)
    context: dict[str, Any] = {
        "unit": unit,
        "crumbs": [{"label": _("Discounts"), "url": reverse("pricing:discounts")}],
        "units_url": reverse("pricing:unit_choices"),
    }
    if unit is not None:
        context |= _tried(request, unit)
    return render(request, "pricing/trial.html", context)


def _unit(request: DeskRequest) -> Unit | None:
    asked = whole(request.GET.get("unit"))
    if asked is None:
        return None
    unit = get_object_or_404(units_for(request.user).annotate(price_stamp=price_stamp()), pk=asked)
    require(request.user, "pricing.read", unit.project_id)
    return unit


def _tried(request: DeskRequest, unit: Unit) -> dict[str, Any]:
    form = TrialForm(
        request.GET, unit=unit, viewer=request.user, today=business_day(timezone.now())
    )
    offer = None
    if form.is_valid():
        data = form.cleaned_data
        with refusals_on(form):
            offer = price_for(
                unit=unit,
                payment_plan_id=data["plan"].pk,
                discount_ids=[row.pk for row in data["discount"]],
                reserve_on=data["reserve_on"],
                viewer=request.user,
                deposit=data["deposit"],
                special=form.special(),
                gift=form.gift(),
            )
    shown: dict[str, Any] = {"form": form, "offer": offer}
    if offer is None:
        return shown
    published_only = form.special() is None and form.gift() is None
    sees_floor = request.user.may("inventory.read_floor_price", unit.project_id)
    labels = dict(PaymentPlanLine.MoneyType.choices)
    return shown | {
        "trace": trace_rows(offer.trace),
        "verdicts": [
            (str(AUTHORITY_LABELS[verdict.level]), verdict, verdict.level == offer.authority)
            for verdict in verdicts_on(offer, unit, published_only=published_only)
        ],
        "sees_floor": sees_floor,
        "authority": str(AUTHORITY_LABELS[offer.authority]),
        "is_mine": offer.authority <= authority_of(request.user, unit.project_id),
        "published_only": published_only,
        "gifts": [item for item in offer.applied if item.gift_name],
        "objections": [
            (item.name, str(OBJECTIONS.get(item.reason, item.reason))) for item in offer.refused
        ],
        "lines": [
            (labels[line.money_type], line.due_on, line.note, line.amount)
            for line in offer.schedule
        ],
    }
