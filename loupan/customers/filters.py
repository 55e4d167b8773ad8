"""One filter set for the list page and the API. The door sets `request.today`, the page also its project."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from loupan.core.filters import RowFilter
from loupan.core.forms import DayInput
from loupan.customers import queries
from loupan.customers.models import Customer, CustomerKind
from loupan.customers.parameters import CUSTOMER, SOURCE
from loupan.customers.states import CustomerClass, Grade
from loupan.org.queries import current_project
from loupan.parameters.filters import add_custom_filters
from loupan.parameters.queries.book import book_here
from loupan.parameters.queries.entries import counted_with

NEXT_CONTACT = [
    ("late", _("Late")),
    ("today", _("Today")),
    ("week", _("Within 7 days")),
    ("none", _("None planned")),
]


class CustomerFilter(django_filters.FilterSet):  # type: ignore[misc]  # It is untyped.
    q = django_filters.CharFilter(label=_("Name, pinyin, phone or its tail"), method="by_text")
    grade = django_filters.ChoiceFilter(
        label=_("Grade"), choices=Grade.choices, empty_label=_("All grades")
    )
    life_class = django_filters.ChoiceFilter(
        label=_("Class"), choices=CustomerClass.choices, empty_label=_("All classes")
    )
    kind = django_filters.ChoiceFilter(
        label=_("Kind"), choices=CustomerKind.choices, empty_label=_("All kinds")
    )
    source = django_filters.ChoiceFilter(
        label=_("Source"), method="by_source", empty_label=_("All sources")
    )
    owner = RowFilter(
        label=_("Consultant"),
        field_name="owner_id",
        offers=lambda request: queries.owners_offered(current_project(request)),
        empty_label=_("All consultants"),
    )
    next_contact = django_filters.ChoiceFilter(
        label=_("Next contact"),
        choices=NEXT_CONTACT,
        method="by_next_contact",
        empty_label=_("Any time"),
    )
    contacted_from = django_filters.DateFilter(
        label=_("First contact from"),
        field_name="first_contact_on",
        lookup_expr="gte",
        widget=DayInput,
    )
    contacted_to = django_filters.DateFilter(
        label=_("First contact to"),
        field_name="first_contact_on",
        lookup_expr="lte",
        widget=DayInput,
    )

    class Meta:
        model = Customer
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The page offers the names of its project, read once; the API takes any id.
        if getattr(self.request, "project", None):
            book = book_here(self.request)
            self.filters["source"].extra["choices"] = book.offered(SOURCE)
            add_custom_filters(self, CUSTOMER, book)

    def by_text(self, customers: QuerySet[Customer], name: str, value: str) -> QuerySet[Customer]:
        return queries.matching(customers, self.request.user, value)

    def by_source(self, customers: QuerySet[Customer], name: str, value: str) -> QuerySet[Customer]:
        """Those of what was merged into the source are counted under it."""
        return customers.filter(source_id__in=counted_with([int(value)]))

    def by_next_contact(
        self, customers: QuerySet[Customer], name: str, value: str
    ) -> QuerySet[Customer]:
        return queries.due(customers, value, today=self.request.today)
