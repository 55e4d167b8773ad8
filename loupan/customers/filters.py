"""One filter set for the list page and the API. The door sets `request.today`."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from loupan.core.forms import DayInput
from loupan.customers import queries
from loupan.customers.models import Customer, CustomerKind, Source
from loupan.customers.states import CustomerClass, Grade
from loupan.org.models import Project, User
from loupan.org.queries import current_project

NEXT_CONTACT = [
    ("late", _("Late")),
    ("today", _("Today")),
    ("week", _("Within 7 days")),
    ("none", _("None planned")),
]


def _project(request: Any) -> Project | None:
    return current_project(request) if request is not None else None


def _sources(request: Any) -> QuerySet[Source]:
    project = _project(request)
    return queries.sources_of(project.company_id) if project else Source.objects.none()


def _owners(request: Any) -> QuerySet[User]:
    project = _project(request)
    return queries.owners_in(project) if project else User.objects.none()


class CustomerFilter(django_filters.FilterSet):
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
    source = django_filters.ModelChoiceFilter(
        label=_("Source"), queryset=_sources, empty_label=_("All sources")
    )
    owner = django_filters.ModelChoiceFilter(
        label=_("Consultant"), queryset=_owners, empty_label=_("All consultants")
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

    def by_text(self, customers: QuerySet[Customer], name: str, value: str) -> QuerySet[Customer]:
        return queries.matching(customers, self.request.user, value)

    def by_next_contact(
        self, customers: QuerySet[Customer], name: str, value: str
    ) -> QuerySet[Customer]:
        return queries.due(customers, value, today=self.request.today)
