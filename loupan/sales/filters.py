"""What the lists of reservations and contracts can be narrowed by."""

from datetime import timedelta
from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from loupan.core.filters import RowFilter
from loupan.core.forms import DayInput
from loupan.core.typed import one_line
from loupan.customers import queries as customers
from loupan.inventory.models import Building, ProductType, Unit
from loupan.org.queries import current_project
from loupan.parameters.filters import add_custom_filters
from loupan.parameters.queries.book import book_here
from loupan.sales.models import (
    Buyer,
    Contract,
    ProvisionalReservation,
    Reservation,
    UnitRelation,
)
from loupan.sales.parameters import DEAL_FIELDS
from loupan.sales.queries import control
from loupan.sales.queries.relations import STATES, in_state
from loupan.sales.states import DealStatus, RelationKind


class _DealFilter(django_filters.FilterSet):  # type: ignore[misc]  # It is untyped.
    q = django_filters.CharFilter(label=_("Unit, number or buyer"), method="by_text")
    status = django_filters.ChoiceFilter(
        label=_("Status"),
        field_name="deal__status",
        choices=DealStatus.choices,
        empty_label=_("All statuses"),
    )
    consultant = RowFilter(
        label=_("Consultant"),
        field_name="deal__consultant_id",
        offers=lambda request: customers.owners_offered(current_project(request)),
        empty_label=_("All consultants"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if getattr(self.request, "project", None):
            add_custom_filters(self, DEAL_FIELDS, book_here(self.request), record="deal_id")

    def by_text(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        text = value.strip()[:60].replace("\x00", "")
        people = customers.matching(
            customers.customers_for(self.request.user), self.request.user, text
        )
        theirs = Buyer.objects.filter(customer__in=people.order_by().values("pk")).values("deal_id")
        return rows.filter(
            Q(number__icontains=text) | Q(deal__unit__number__icontains=text) | Q(deal__in=theirs)
        )


def _day(label: Any, field: str, lookup: str) -> Any:
    return django_filters.DateFilter(
        label=label, field_name=field, lookup_expr=lookup, widget=DayInput
    )


class ReservationFilter(_DealFilter):
    first = _day(_("Reserved from"), "reserved_on", "gte")
    last = _day(_("Reserved until"), "reserved_on", "lte")
    sign_by = django_filters.ChoiceFilter(
        label=_("Sign by"),
        choices=[("late", _("Late")), ("soon", _("Within 7 days"))],
        method="by_sign_by",
        empty_label=_("Any time"),
    )

    class Meta:
        model = Reservation
        fields: list[str] = []

    def by_sign_by(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return narrowed(rows, value, today=self.request.today)


class ContractFilter(_DealFilter):
    first = _day(_("Signed from"), "signed_on", "gte")
    last = _day(_("Signed until"), "signed_on", "lte")

    class Meta:
        model = Contract
        fields: list[str] = []


def narrowed(rows: QuerySet[Any], when: str, *, today: Any) -> QuerySet[Any]:
    """Reservations still to be contracted that are past their day, or come to it in a week."""
    waiting = rows.filter(deal__status=DealStatus.RESERVED)
    if when == "late":
        return waiting.filter(sign_by__lt=today)
    return waiting.filter(sign_by__gte=today, sign_by__lte=today + timedelta(days=7))


class ProvisionalFilter(django_filters.FilterSet):  # type: ignore[misc]  # It is untyped.
    q = django_filters.CharFilter(label=_("Unit, number or customer"), method="by_text")
    state = django_filters.ChoiceFilter(
        label=_("State"),
        choices=[("running", _("Runs")), ("kept", _("Over, to be decided")), ("ended", _("Ended"))],
        method="by_state",
        empty_label=_("All states"),
    )

    class Meta:
        model = ProvisionalReservation
        fields: list[str] = []

    def by_text(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        text = value.strip()[:60].replace("\x00", "")
        people = customers.matching(
            customers.customers_for(self.request.user), self.request.user, text
        )
        return rows.filter(
            Q(number__icontains=text)
            | Q(unit__number__icontains=text)
            | Q(customer__in=people.order_by().values("pk"))
        )

    def by_state(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        if value == "ended":
            return rows.filter(claim__is_active=False)
        running = rows.filter(claim__is_active=True)
        if value == "kept":
            return running.filter(claim__expires_at__lte=self.request.at)
        return running.filter(claim__expires_at__gt=self.request.at)


def _buildings(request: Any) -> QuerySet[Building]:
    return Building.objects.filter(project=current_project(request)).only("name")


class ControlledFilter(django_filters.FilterSet):  # type: ignore[misc]  # It is untyped.
    """Units kept from sale narrowed: how, until when, where, by whom."""

    q = django_filters.CharFilter(label=_("Unit, holder, reason or customer"), method="by_text")
    status = django_filters.ChoiceFilter(
        label=_("Status"),
        choices=[(status.value, status.label) for status in control.CONTROLLED],
        empty_label=_("All statuses"),
    )
    end = django_filters.ChoiceFilter(
        label=_("End"),
        choices=[
            ("over", _("Over, to be decided")),
            ("soon", _("Within 24 hours")),
            ("none", _("Without an end")),
        ],
        method="by_end",
        empty_label=_("Any end"),
    )
    building = RowFilter(
        label=_("Building"),
        field_name="building_id",
        offers=_buildings,
        empty_label=_("All buildings"),
    )
    product_type = django_filters.ChoiceFilter(
        label=_("Product type"), choices=ProductType.choices, empty_label=_("All types")
    )
    holder = django_filters.CharFilter(
        label=_("Holder"), field_name="claim_label", lookup_expr="icontains", max_length=60
    )

    class Meta:
        model = Unit
        fields: list[str] = []

    def by_text(self, rows: QuerySet[Unit], name: str, value: str) -> QuerySet[Unit]:
        text = one_line(value)
        return control.mentioning(rows, self.request.user, text) if text else rows

    def by_end(self, rows: QuerySet[Unit], name: str, value: str) -> QuerySet[Unit]:
        return rows.filter(control.by_end(value, self.request.at))


class RelationFilter(django_filters.FilterSet):  # type: ignore[misc]  # It is untyped.
    q = django_filters.CharFilter(label=_("Unit or customer"), method="by_text")
    kind = django_filters.ChoiceFilter(
        label=_("Relation"), choices=RelationKind.choices, empty_label=_("All relations")
    )
    state = django_filters.ChoiceFilter(
        label=_("State"), choices=STATES, method="by_state", empty_label=_("All states")
    )

    class Meta:
        model = UnitRelation
        fields: list[str] = []

    def by_text(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        text = one_line(value)
        people = customers.matching(
            customers.customers_for(self.request.user), self.request.user, text
        )
        return rows.filter(
            Q(unit__number__icontains=text) | Q(customer__in=people.order_by().values("pk"))
        )

    def by_state(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return in_state(rows, value, today=self.request.today)
