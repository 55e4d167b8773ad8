"""What goes with a deal's main unit: choose, attach, take out (SAL-22)."""

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from loupan.core.formatting import money_text
from loupan.core.typed import one_line
from loupan.core.ui import answer_form, refusals_on
from loupan.inventory.queries.units import units_for
from loupan.org.permissions import require
from loupan.org.queries import DeskRequest
from loupan.sales.actions.attached import attach_unit, detach_unit
from loupan.sales.forms.attached import AttachForm, DetachForm
from loupan.sales.queries.attached import MOST_CHOICES, attachable_for, attached_of
from loupan.sales.views.deals import crumbs_of, deal_or_404


@require_safe
def attachable(request: DeskRequest, pk: int) -> HttpResponse:
    """What a picker shows for a typed number: stalls and the like that are for sale."""
    unit = get_object_or_404(units_for(request.user), pk=pk)
    found = attachable_for(request.user, unit, one_line(request.GET.get("q")))[:MOST_CHOICES]
    results = [
        {
            "id": each.pk,
            "text": each.number,
            "note": f"{each.get_product_type_display()} ¥{money_text(each.list_total)}",
        }
        for each in found
    ]
    return JsonResponse({"results": results})


@require_http_methods(["GET", "POST"])
def attach(request: DeskRequest, pk: int) -> HttpResponse:
    """Let one more unit go with a reserved deal."""
    deal = deal_or_404(request, pk)
    require(request.user, "sales.attach_unit", deal.project_id)
    form = AttachForm(request.POST or None, initial={"pricing": "separate"})
    if form.is_valid():
        with refusals_on(form):
            row = attach_unit(
                deal_id=deal.pk, **form.cleaned_data, by=request.user, at=timezone.now()
            )
            said = {
                "stall": row.unit.number,
                "unit": deal.unit.number,
                "total": money_text(row.deal.deal_total),
            }
            messages.success(
                request, _("%(stall)s goes with %(unit)s; deal total %(total)s") % said
            )
            return redirect("sales:deal", pk=deal.pk)
    context = {
        "deal": deal,
        "crumbs": crumbs_of(deal),
        "attachable_url": reverse("sales:attachable", args=[deal.unit_id]),
    }
    return answer_form(request, "sales/attach_form.html", context, form)


@require_http_methods(["GET", "POST"])
def detach(request: DeskRequest, pk: int, unit_pk: int) -> HttpResponse:
    """Take a unit out of a reserved deal."""
    deal = deal_or_404(request, pk)
    require(request.user, "sales.attach_unit", deal.project_id)
    row = get_object_or_404(attached_of(deal), unit_id=unit_pk)
    form = DetachForm(request.POST or None, initial={"unit_goes_to": "available"})
    if form.is_valid():
        with refusals_on(form):
            detach_unit(
                deal_id=deal.pk,
                unit_id=unit_pk,
                **form.cleaned_data,
                by=request.user,
                at=timezone.now(),
            )
            said = {"stall": row.unit.number, "unit": deal.unit.number}
            messages.success(request, _("%(stall)s no longer goes with %(unit)s") % said)
            return redirect("sales:deal", pk=deal.pk)
    context = {"deal": deal, "row": row, "crumbs": crumbs_of(deal)}
    return answer_form(request, "sales/detach_form.html", context, form)
