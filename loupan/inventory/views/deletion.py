"""Many units deleted at once: first which may go and why others stay (INV-06)."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from loupan.core.ui import answer_form, refusals_on
from loupan.inventory.actions.property import delete_units
from loupan.inventory.forms.units import UnitsForm
from loupan.inventory.permissions import EDIT_PROPERTY
from loupan.inventory.queries.deletion import weigh_deletion
from loupan.org.permissions import require
from loupan.org.queries import DeskRequest, current_project


@require_http_methods(["GET", "POST"])
def deletion(request: DeskRequest) -> HttpResponse:
    """The units named, each with the reasons that keep it; those without go at the second click."""
    project = current_project(request)
    require(request.user, EDIT_PROPERTY, project.pk)
    form = UnitsForm(
        request.POST or None,
        viewer=request.user,
        project_id=project.pk,
        given=request.GET.get("units", ""),
    )
    rows = []
    if form.is_valid():
        rows = weigh_deletion(form.cleaned_data["units"])
        good = [row.unit.pk for row in rows if not row.reasons]
        if request.POST.get("do") == "delete":
            with refusals_on(form):
                count = delete_units(unit_ids=good, by=request.user, at=timezone.now())
                messages.success(request, _("%(count)s units deleted") % {"count": count})
                return redirect("inventory:units")
    context = {
        "rows": rows,
        "good": sum(not row.reasons for row in rows),
        "crumbs": [{"label": _("Units"), "url": reverse("inventory:units")}],
    }
    return answer_form(request, "inventory/deletion.html", context, form)
