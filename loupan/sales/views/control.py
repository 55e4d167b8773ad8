"""Units leave the stock and come back (非售, T20)."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from loupan.core.ui import answer_form, refusals_on
from loupan.inventory.actions import units as actions
from loupan.inventory.permissions import TAKE_OFF_MARKET
from loupan.inventory.queries.units import units_for
from loupan.inventory.states import UnitStatus
from loupan.org.permissions import require
from loupan.org.queries import DeskRequest
from loupan.sales.forms.verbs import ReasonForm


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
