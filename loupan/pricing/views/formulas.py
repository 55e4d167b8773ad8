"""Formulas with their test bench, and the tables they look up (公式设置, X-15)."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from loupan.core.history import lines_of as history_of
from loupan.core.refusals import Refusal
from loupan.core.typed import whole
from loupan.core.ui import ListPage, answer_form, refusals_on
from loupan.inventory.queries.units import units_for
from loupan.org.permissions import require
from loupan.org.queries import DeskRequest, current_project
from loupan.pricing.actions import formulas as actions
from loupan.pricing.forms import prices as forms
from loupan.pricing.models import Formula, FormulaCase, PriceTable
from loupan.pricing.permissions import EDIT_PRICES
from loupan.pricing.queries.formulas import (
    case_results,
    formula_refused,
    formulas_for,
    price_tables_for,
    try_formula,
)
from loupan.pricing.rules.formula import FormulaProblem
from loupan.pricing.tables.formulas import FORMULAS as FORMULA_COLUMNS
from loupan.pricing.tables.formulas import (
    PRICE_TABLES,
    formula_url,
    price_table_url,
    table_heads,
    table_rows,
    tried_context,
    variable_rows,
)


def _new(request: DeskRequest, name: str, label: str) -> Sequence[Mapping[str, Any]]:
    if not request.user.may(EDIT_PRICES, current_project(request).pk):
        return []
    return [{"label": label, "url": reverse(name), "icon": "plus", "tone": "primary", "key": "n"}]


FORMULAS = ListPage(
    title=gettext_lazy("Formulas"),
    columns=FORMULA_COLUMNS,
    rows=lambda r: formulas_for(r.user, current_project(r).pk),
    project=current_project,
    permission="pricing.read",
    order="code",
    row_url=formula_url,
    verbs=lambda r: _new(r, "pricing:formula_new", _("New formula")),
    empty=gettext_lazy("No formulas yet."),
)
TABLES = ListPage(
    title=gettext_lazy("Price tables"),
    columns=PRICE_TABLES,
    rows=lambda r: price_tables_for(r.user, current_project(r).pk),
    project=current_project,
    permission="pricing.read",
    order="code",
    row_url=price_table_url,
    verbs=lambda r: _new(r, "pricing:price_table_new", _("New price table")),
    empty=gettext_lazy("No price tables yet. Formulas look values up in them."),
)


def formulas(request: DeskRequest) -> HttpResponse:
    return FORMULAS(request)


def price_tables(request: DeskRequest) -> HttpResponse:
    return TABLES(request)


# --- Formulas -------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
def formula(request: DeskRequest, pk: int | None = None) -> HttpResponse:
    """One edition: its text, its cases and what it comes to in them, a unit step by step."""
    require(request.user, "pricing.read")
    row = get_object_or_404(formulas_for(request.user), pk=pk) if pk else None
    project_id = row.project_id if row else current_project(request).pk
    if row is None or request.method == "POST":
        require(request.user, EDIT_PRICES, project_id)
    first = (
        {name: getattr(row, name) for name in ("code", "name", "target", "text", "version")}
        if row
        else {}
    )
    form = forms.FormulaForm(request.POST or None, initial=first)
    if row is not None:
        form.fields["code"].disabled = True
    if form.is_valid():
        with refusals_on(form):
            saved = actions.save_formula(
                project_id=project_id, **form.cleaned_data, by=request.user, at=timezone.now()
            )
            messages.success(request, _("Formula %(name)s saved") % {"name": saved.name})
            return redirect("pricing:formula", pk=saved.pk)
    context = {
        "row": row,
        "may_edit": request.user.may(EDIT_PRICES, project_id),
        "crumbs": [{"label": _("Formulas"), "url": reverse("pricing:formulas")}],
        "variables": variable_rows(),
        "tables": price_tables_for(request.user, project_id),
        "units_url": reverse("pricing:unit_choices"),
        **(_bench(request, row) if row else {}),
    }
    return answer_form(request, "pricing/formula.html", context, form)


def _bench(request: DeskRequest, row: Formula) -> dict[str, Any]:
    """The cases with their results, and one unit tried step by step."""
    found: dict[str, Any] = {
        "case_form": forms.CaseForm(),
        "history": history_of(row),
        "verbs": _formula_verbs(request, row),
    }
    try:
        found["results"] = case_results(row)
        found["tried"] = _tried(request, row)
    except FormulaProblem as problem:
        found["problem"] = str(formula_refused(problem))
    return found


def _tried(request: DeskRequest, row: Formula) -> dict[str, Any] | None:
    asked = whole(request.GET.get("unit"))
    unit = units_for(request.user).filter(project_id=row.project_id, pk=asked or 0).first()
    return tried_context(try_formula(row, unit, request.GET.get("base"))) if unit else None


def _formula_verbs(request: DeskRequest, row: Formula) -> list[Mapping[str, Any]]:
    if not request.user.may(EDIT_PRICES, row.project_id):
        return []
    found: list[Mapping[str, Any]] = []
    if row.status == "draft":
        found.append(
            {
                "label": _("Enable"), "url": reverse("pricing:enabling", args=[row.pk]),
                "method": "post", "icon": "check", "tone": "primary",
            }
        )  # fmt: skip
    if row.status != "retired":
        found.append(
            {
                "label": _("Retire"), "url": reverse("pricing:formula_retirement", args=[row.pk]),
                "method": "post", "icon": "archive", "confirm": _("Offer this formula no longer?"),
            }
        )  # fmt: skip
    return found


def _formula_of(request: DeskRequest, pk: int) -> Formula:
    require(request.user, "pricing.read")
    return get_object_or_404(formulas_for(request.user), pk=pk)


@require_POST
def enabling(request: DeskRequest, pk: int) -> HttpResponse:
    row = _formula_of(request, pk)
    try:
        actions.enable_formula(formula_id=row.pk, by=request.user, at=timezone.now())
        messages.success(request, _("The formula is in use"))
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect("pricing:formula", pk=pk)


@require_POST
def formula_retirement(request: DeskRequest, pk: int) -> HttpResponse:
    row = _formula_of(request, pk)
    try:
        actions.retire_formula(formula_id=row.pk, by=request.user, at=timezone.now())
        messages.success(request, _("The formula is offered no longer"))
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect("pricing:formula", pk=pk)


@require_POST
def case_new(request: DeskRequest, pk: int) -> HttpResponse:
    """Save a case; the page shows at once whether it passes."""
    row = _formula_of(request, pk)
    require(request.user, EDIT_PRICES, row.project_id)
    form = forms.CaseForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        try:
            actions.save_case(
                formula_id=row.pk,
                name=data["name"],
                unit_id=data["unit"],
                values=data["values"],
                expected=data["expected"],
                by=request.user,
                at=timezone.now(),
            )
            messages.success(request, _("The case is saved"))
        except Refusal as refusal:
            messages.error(request, str(refusal))
    else:
        said = [str(error) for errors in form.errors.values() for error in errors]
        messages.error(request, " ".join(said))
    return redirect("pricing:formula", pk=pk)


@require_POST
def case_deletion(request: DeskRequest, pk: int) -> HttpResponse:
    require(request.user, "pricing.read")
    case = get_object_or_404(
        FormulaCase.objects.filter(formula__in=formulas_for(request.user)), pk=pk
    )
    formula = actions.delete_case(case_id=case.pk, by=request.user, at=timezone.now())
    return redirect("pricing:formula", pk=formula.pk)


# --- Tables ---------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
def price_table(request: DeskRequest, pk: int | None = None) -> HttpResponse:
    """One table: what it is looked up by, and its rows."""
    require(request.user, "pricing.read")
    row = get_object_or_404(price_tables_for(request.user), pk=pk) if pk else None
    project_id = row.project_id if row else current_project(request).pk
    if row is None or request.method == "POST":
        require(request.user, EDIT_PRICES, project_id)
    form = forms.PriceTableForm(request.POST or None, initial=_table_values(row) if row else {})
    if form.is_valid():
        with refusals_on(form):
            saved = actions.save_price_table(
                project_id=project_id,
                table_id=pk,
                **form.cleaned_data,
                by=request.user,
                at=timezone.now(),
            )
            messages.success(request, _("Table %(name)s saved") % {"name": saved.name})
            return redirect("pricing:price_table", pk=saved.pk)
    context = {
        "row": row,
        "may_edit": request.user.may(EDIT_PRICES, project_id),
        "crumbs": [{"label": _("Price tables"), "url": reverse("pricing:price_tables")}],
        "history": history_of(row) if row else [],
        "heads": table_heads(row) if row else [],
        "shown": table_rows(row) if row else [],
    }
    return answer_form(request, "pricing/price_table.html", context, form)


def _table_values(row: PriceTable) -> dict[str, Any]:
    return {
        "code": row.code,
        "name": row.name,
        "keys": row.keys,
        "otherwise": None if row.otherwise is None else row.otherwise.normalize(),
        "rows": forms.rows_text(row),
        "version": row.version,
    }


@require_POST
def price_table_deletion(request: DeskRequest, pk: int) -> HttpResponse:
    require(request.user, "pricing.read")
    row = get_object_or_404(price_tables_for(request.user), pk=pk)
    try:
        actions.delete_price_table(table_id=row.pk, by=request.user, at=timezone.now())
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("pricing:price_table", pk=pk)
    messages.success(request, _("The table is gone"))
    return redirect("pricing:price_tables")
