"""Precision: unit and mode of each named amount, order of calculation, with a live example (INV-09)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from loupan.core.rounding import Mode, Precision
from loupan.core.ui import answer_form
from loupan.inventory.models import ProductType
from loupan.org.permissions import require
from loupan.org.queries import DeskRequest, current_project
from loupan.pricing.actions import policies as actions
from loupan.pricing.forms import prices as forms
from loupan.pricing.models import ClassPolicy, PrecisionRule, PrecisionTarget
from loupan.pricing.queries.book import ClassSettings, price_book
from loupan.pricing.rules.list_price import CalculationOrder
from loupan.pricing.rules.tracing import PrecisionSettings
from loupan.pricing.tables.precision import precision_example as example_rows


def _product(request: DeskRequest) -> str:
    asked = request.GET.get("class", "")
    return asked if asked in ProductType.values else ""


def _settings(project_id: int, product: str) -> ClassSettings:
    book = price_book(project_id)
    if product:
        return book.classes[product]
    order = CalculationOrder(book.policy.calculation_order)
    return ClassSettings(order, book.policy.round_each_step, book.precision)


@require_http_methods(["GET", "POST"])
def precision(request: DeskRequest) -> HttpResponse:
    """How the project, or one class of its property, computes and rounds."""
    project = current_project(request)
    require(request.user, "pricing.read", project.pk)
    product = _product(request)
    settings = _settings(project.pk, product)
    first = forms.precision_values(settings)
    form = forms.PrecisionForm(request.POST or None, initial=first)
    if request.method == "POST":
        require(request.user, "pricing.edit_discounts", project.pk)
    if form.is_valid():
        actions.save_computing(
            project_id=project.pk,
            product_type=product,
            calculation_order=form.cleaned_data["calculation_order"],
            round_each_step=form.cleaned_data["round_each_step"],
            precision=form.chosen(),
            by=request.user,
            at=timezone.now(),
        )
        messages.success(request, _("Rounding is saved"))
        return redirect(request.get_full_path())
    context = {
        "project": project,
        "product": product,
        "tabs": _tabs(project.pk, product),
        "has_own": _has_own(project.pk, product),
        "may_edit": request.user.may("pricing.edit_discounts", project.pk),
        "example": _example(form, settings),
        "crumbs": [{"label": _("Pricing settings"), "url": reverse("pricing:policy")}],
    }
    return answer_form(request, "pricing/precision.html", context, form)


def _has_own(project_id: int, product: str) -> bool:
    own = {"project_id": project_id, "product_type": product}
    return bool(product) and (
        PrecisionRule.objects.filter(**own).exists() or ClassPolicy.objects.filter(**own).exists()
    )


def _tabs(project_id: int, chosen: str) -> list[Mapping[str, Any]]:
    return [
        {"label": _("Whole project"), "url": "?", "active": not chosen},
        *(
            {
                "label": product.label,
                "url": f"?class={product.value}",
                "active": chosen == product.value,
                "count": "•" if _has_own(project_id, product.value) else "",
            }
            for product in ProductType
        ),
    ]


@require_POST
def precision_example(request: DeskRequest) -> HttpResponse:
    """What the settings on the form make of an example, before they are saved."""
    project = current_project(request)
    require(request.user, "pricing.read", project.pk)
    settings = _settings(project.pk, _product(request))
    form = forms.PrecisionForm(request.POST, initial=forms.precision_values(settings))
    form.is_valid()
    context = {"example": _example(form, settings)}
    return render(request, "pricing/_precision_example.html", context)


def _example(form: forms.PrecisionForm, settings: ClassSettings) -> Any:
    data = form.cleaned_data if form.is_bound else {**form.initial}
    area = data.get("area") or form.fields["area"].initial
    price = data.get("unit_price") or form.fields["unit_price"].initial
    return example_rows(_typed(data, settings), area, price)


def _typed(data: Mapping[str, Any], settings: ClassSettings) -> ClassSettings:
    """The settings as they stand on the form; what cannot be read is as it was."""
    named = {}
    for target in PrecisionTarget:
        unit, mode = data.get(f"{target.value}_unit"), data.get(f"{target.value}_mode")
        if unit and mode:
            named[target.value] = Precision(Decimal(unit), Mode(mode))
        else:
            named[target.value] = getattr(settings.precision, target.value)
    order = data.get("calculation_order") or settings.order
    steps = bool(data.get("round_each_step"))
    return ClassSettings(CalculationOrder(order), steps, PrecisionSettings(**named))


@require_POST
def class_clearing(request: DeskRequest) -> HttpResponse:
    """A class of property computes as the project does again."""
    project = current_project(request)
    require(request.user, "pricing.edit_discounts", project.pk)
    product = _product(request)
    if product:
        actions.clear_class(
            project_id=project.pk, product_type=product, by=request.user, at=timezone.now()
        )
        messages.success(request, _("Rounding is saved"))
    return redirect(f"{reverse('pricing:precision')}?class={product}")
