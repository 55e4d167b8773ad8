"""How the list of units is narrowed, on the page and in its export."""

from datetime import date
from typing import Any

import django_filters
from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy as _

from loupan.core.calendar import day_bounds
from loupan.core.filters import RowFilter
from loupan.core.forms import DayInput, YesNoSelect
from loupan.inventory.models import (
    Building,
    ControlPlan,
    Encumbrance,
    EncumbranceKind,
    Layout,
    Orientation,
    ProductType,
    ReleaseBatch,
    Unit,
    UnitChange,
)
from loupan.inventory.parameters import UNIT
from loupan.inventory.states import BatchStatus, PlanStatus, UnitStatus
from loupan.org.queries import current_project
from loupan.parameters.filters import add_custom_filters
from loupan.parameters.queries.book import book_here


def _buildings(request: Any) -> QuerySet[Building]:
    return Building.objects.filter(project=current_project(request)).only("name")


def _layouts(request: Any) -> QuerySet[Layout]:
    return Layout.objects.filter(project=current_project(request)).only("name")


class UnitFilter(django_filters.FilterSet):  # type: ignore[misc]  # It is untyped.
    q = django_filters.CharFilter(
        label=_("Number"), field_name="number", lookup_expr="icontains", max_length=60
    )
    building = RowFilter(
        label=_("Building"),
        field_name="building_id",
        offers=_buildings,
        empty_label=_("All buildings"),
    )
    status = django_filters.ChoiceFilter(
        label=_("Status"), choices=UnitStatus.choices, empty_label=_("All statuses")
    )
    layout = RowFilter(
        label=_("Layout"), field_name="layout_id", offers=_layouts, empty_label=_("All layouts")
    )
    product_type = django_filters.ChoiceFilter(
        label=_("Product type"), choices=ProductType.choices, empty_label=_("All types")
    )
    orientation = django_filters.ChoiceFilter(
        label=_("Orientation"),
        choices=[choice for choice in Orientation.choices if choice[0]],
        empty_label=_("All orientations"),
    )

    class Meta:
        model = Unit
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        add_custom_filters(self, UNIT, book_here(self.request))


class EncumbranceFilter(django_filters.FilterSet):  # type: ignore[misc]  # It is untyped.
    q = django_filters.CharFilter(
        label=_("Number"), field_name="unit__number", lookup_expr="icontains", max_length=60
    )
    kind = django_filters.ChoiceFilter(
        label=_("Kind"), choices=EncumbranceKind.choices, empty_label=_("All kinds")
    )
    active = django_filters.BooleanFilter(
        label=_("In force"), field_name="lifting", lookup_expr="isnull", widget=YesNoSelect
    )

    class Meta:
        model = Encumbrance
        fields: list[str] = []


class BatchFilter(django_filters.FilterSet):  # type: ignore[misc]  # It is untyped.
    q = django_filters.CharFilter(
        label=_("Name"), field_name="name", lookup_expr="icontains", max_length=60
    )
    state = django_filters.ChoiceFilter(
        label=_("State"), choices=BatchStatus.choices, empty_label=_("All states")
    )

    class Meta:
        model = ReleaseBatch
        fields: list[str] = []


class ControlPlanFilter(django_filters.FilterSet):  # type: ignore[misc]  # It is untyped.
    verb = django_filters.ChoiceFilter(
        label=_("Step"), choices=ControlPlan.Verb.choices, empty_label=_("All steps")
    )
    state = django_filters.ChoiceFilter(
        label=_("State"), choices=PlanStatus.choices, empty_label=_("All states")
    )

    class Meta:
        model = ControlPlan
        fields: list[str] = []


class UnitChangeFilter(django_filters.FilterSet):  # type: ignore[misc]  # It is untyped.
    """The control log narrowed: unit, building, by whom, to which status, between which days."""

    q = django_filters.CharFilter(
        label=_("Number"), field_name="unit__number", lookup_expr="icontains", max_length=60
    )
    building = RowFilter(
        label=_("Building"),
        field_name="unit__building_id",
        offers=_buildings,
        empty_label=_("All buildings"),
    )
    to_status = django_filters.ChoiceFilter(
        label=_("Became"), choices=UnitStatus.choices, empty_label=_("All statuses")
    )
    by = django_filters.CharFilter(
        label=_("By"), field_name="by__display_name", lookup_expr="icontains", max_length=60
    )
    start = django_filters.DateFilter(
        label=_("From"), method="since", widget=DayInput, input_formats=["%Y-%m-%d"]
    )
    end = django_filters.DateFilter(
        label=_("To"), method="until", widget=DayInput, input_formats=["%Y-%m-%d"]
    )
    moves = django_filters.BooleanFilter(
        label=_("Moves only"), method="only_moves", widget=YesNoSelect
    )

    class Meta:
        model = UnitChange
        fields: list[str] = []

    def since(self, rows: QuerySet[UnitChange], _name: str, day: date) -> QuerySet[UnitChange]:
        return rows.filter(at__gte=day_bounds(day)[0])

    def until(self, rows: QuerySet[UnitChange], _name: str, day: date) -> QuerySet[UnitChange]:
        return rows.filter(at__lt=day_bounds(day)[1])

    def only_moves(
        self, rows: QuerySet[UnitChange], _name: str, chosen: Any
    ) -> QuerySet[UnitChange]:
        return rows.exclude(from_status=F("to_status")) if chosen else rows
