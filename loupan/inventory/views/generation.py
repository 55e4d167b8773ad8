"""All units of a building from a rule, seen as a board before anything is made (INV-03)."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from loupan.core.ui import answer_form, refusals_on
from loupan.inventory.actions.generation import generate_units
from loupan.inventory.forms.generation import GenerationForm, PatternForms, remembered, retyped
from loupan.inventory.models import Building
from loupan.inventory.permissions import EDIT_PROPERTY
from loupan.inventory.queries.generation import GenerationPreview, preview_of
from loupan.inventory.queries.units import buildings_for
from loupan.org.permissions import require
from loupan.org.queries import DeskRequest


@require_http_methods(["GET", "POST"])
def generation(request: DeskRequest, pk: int) -> HttpResponse:
    """The rule of a building, its preview on the board, and the making of what is missing."""
    building = get_object_or_404(buildings_for(request.user).select_related("project"), pk=pk)
    require(request.user, EDIT_PROPERTY, building.project_id)
    wanted = request.POST.get("do", "")
    if wanted in {"preview", "make"}:
        return _carried_out(request, building, is_made=wanted == "make")
    kept = retyped(request.POST, wanted) if request.POST else remembered(building)
    return _page(
        request,
        building,
        GenerationForm(initial=kept),
        PatternForms(building.project, kept["patterns"]),
    )


def _carried_out(request: DeskRequest, building: Building, *, is_made: bool) -> HttpResponse:
    form = GenerationForm(request.POST)
    patterns = PatternForms.typed(building.project, request.POST)
    preview = None
    if patterns.are_valid() and form.is_valid():
        rule = form.rule(building, patterns.patterns())
        with refusals_on(form):
            preview = preview_of(building, rule)
            if is_made:
                made = generate_units(
                    building_id=building.pk, rule=rule, by=request.user, at=timezone.now()
                )
                said = {"count": len(made), "building": building}
                messages.success(request, _("%(count)s units made in %(building)s") % said)
                return redirect(f"{reverse('inventory:units')}?building={building.pk}")
    answer = _page(request, building, form, patterns, preview)
    if not patterns.are_valid():
        answer.status_code = 422
    return answer


def _page(
    request: DeskRequest,
    building: Building,
    form: GenerationForm,
    patterns: PatternForms,
    preview: GenerationPreview | None = None,
) -> HttpResponse:
    context: Mapping[str, Any] = {
        "building": building,
        "patterns": patterns,
        "preview": preview,
        "crumbs": [{"label": _("Buildings"), "url": reverse("inventory:buildings")}],
    }
    return answer_form(request, "inventory/generation.html", context, form)
