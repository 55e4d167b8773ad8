"""What plans and discounts can be narrowed by."""

import django_filters
from django.utils.translation import gettext_lazy as _

from loupan.pricing.models import Discount, PaymentPlan, PlanKind, PriceKind, PriceList
from loupan.pricing.states import PriceListStatus

IN_USE = [("true", _("In use")), ("false", _("Retired"))]


class PlanFilter(django_filters.FilterSet):  # type: ignore[misc]  # It is untyped.
    kind = django_filters.ChoiceFilter(
        label=_("Kind"), choices=PlanKind.choices, empty_label=_("All kinds")
    )
    is_enabled = django_filters.ChoiceFilter(
        label=_("State"), choices=IN_USE, empty_label=_("All"), method="by_state"
    )

    class Meta:
        model = PaymentPlan
        fields: list[str] = []

    def by_state(self, rows, name, value):  # type: ignore[no-untyped-def]
        return rows.filter(is_enabled=value == "true")


class DiscountFilter(PlanFilter):
    kind = django_filters.ChoiceFilter(
        label=_("Kind"), choices=Discount.Kind.choices, empty_label=_("All kinds")
    )

    class Meta:
        model = Discount
        fields: list[str] = []


class PriceListFilter(django_filters.FilterSet):  # type: ignore[misc]  # It is untyped.
    q = django_filters.CharFilter(label=_("Name"), field_name="name", lookup_expr="icontains")
    kind = django_filters.ChoiceFilter(
        label=_("Prices"), choices=PriceKind.choices, empty_label=_("All kinds")
    )
    status = django_filters.ChoiceFilter(
        label=_("Status"), choices=PriceListStatus.choices, empty_label=_("All")
    )

    class Meta:
        model = PriceList
        fields: list[str] = []
