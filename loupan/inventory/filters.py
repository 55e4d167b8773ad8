"""How the list of units is narrowed, on the page and in its export."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from loupan.inventory.models import (
    Building,
    Encumbrance,
    EncumbranceKind,
    Layout,
    Orientation,
    ProductType,
    Unit,
)
from loupan.inventory.parameters import UNIT
from loupan.inventory.states import UnitStatus
from loupan.org.queries import current_project
from loupan.parameters.filters import add_custom_filters


def _buildings(request: Any) -> QuerySet[Building]:
    return Building.objects.filter(project=current_project(request))


def _layouts(request: Any) -> QuerySet[Layout]:
    return Layout.objects.filter(project=current_project(request))


class UnitFilter(django_filters.FilterSet):  # type: ignore[misc]  # It is untyped.
    q = django_filters.CharFilter(
        label=_("Number"), field_name="number", lookup_expr="icontains", max_length=60
    )
    building = django_filters.ModelChoiceFilter(
        label=_("Building"), queryset=_buildings, empty_label=_("All buildings")
    )
    status = django_filters.ChoiceFilter(
        label=_("Status"), choices=UnitStatus.choices, empty_label=_("All statuses")
    )
    layout = django_filters.ModelChoiceFilter(
        label=_("Layout"), queryset=_layouts, empty_label=_("All layouts")
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
        add_custom_filters(self, UNIT, current_project(self.request).pk)


class EncumbranceFilter(django_filters.FilterSet):  # type: ignore[misc]  # It is untyped.
    q = django_filters.CharFilter(
        label=_("Number"), field_name="unit__number", lookup_expr="icontains", max_length=60
    )
    kind = django_filters.ChoiceFilter(
        label=_("Kind"), choices=EncumbranceKind.choices, empty_label=_("All kinds")
    )
    active = django_filters.BooleanFilter(
        label=_("In force"), field_name="lifting", lookup_expr="isnull"
    )

    class Meta:
        model = Encumbrance
        fields: list[str] = []
