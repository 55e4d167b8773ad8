"""What lists of the organisation can be narrowed by; pages and API use the same."""

from datetime import date

import django_filters as filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from loupan.core.calendar import day_bounds
from loupan.core.filters import RowFilter
from loupan.core.forms import DayInput, YesNoSelect
from loupan.core.models import AuditEvent
from loupan.org import queries
from loupan.org.models import DossierEntry, Project, Role, User


def _projects(request: queries.DeskRequest) -> QuerySet[Project]:
    return queries.org_projects_for(request.user).select_related(None).only("name")


def _roles(request: queries.DeskRequest) -> QuerySet[Role]:
    return Role.objects.only("code", "name", "name_en")


class UserFilter(filters.FilterSet):  # type: ignore[misc]
    q = filters.CharFilter(method="search", label=_("Name or user name"))
    role = RowFilter(offers=_roles, method="with_role", label=_("Role"))
    project = RowFilter(offers=_projects, method="in_project", label=_("Project"))
    is_active = filters.BooleanFilter(label=_("Active"), widget=YesNoSelect)

    class Meta:
        model = User
        fields = ["q", "role", "project", "is_active"]

    def search(self, rows: QuerySet[User], _name: str, text: str) -> QuerySet[User]:
        return rows.filter(
            Q(username__icontains=text) | Q(display_name__icontains=text) | Q(phone_tail=text)
        )

    def with_role(self, rows: QuerySet[User], _name: str, role: str) -> QuerySet[User]:
        return rows.filter(holdings__post__role_id=int(role)).distinct()

    def in_project(self, rows: QuerySet[User], _name: str, project: str) -> QuerySet[User]:
        known = _projects(self.request).order_by().filter(pk=int(project))
        return rows.filter(holdings__post__project__in=known.values("pk")).distinct()


class DossierFilter(filters.FilterSet):  # type: ignore[misc]
    q = filters.CharFilter(method="search", label=_("Words"))

    class Meta:
        model = DossierEntry
        fields: list[str] = []

    def search(self, rows: QuerySet[DossierEntry], _n: str, text: str) -> QuerySet[DossierEntry]:
        return rows.filter(Q(title__icontains=text) | Q(text__icontains=text))


class EventFilter(filters.FilterSet):  # type: ignore[misc]
    q = filters.CharFilter(field_name="event", lookup_expr="icontains", label=_("What"))
    by = filters.CharFilter(method="of_person", label=_("Who"))
    since = filters.DateFilter(method="from_day", label=_("From"), widget=DayInput)
    until = filters.DateFilter(method="to_day", label=_("Until"), widget=DayInput)
    subject = filters.CharFilter(field_name="subject_type", lookup_expr="iexact", label=_("Kind"))
    number = filters.NumberFilter(
        field_name="subject_id", label=_("Id"), max_value=2**63 - 1, min_value=0
    )

    class Meta:
        model = AuditEvent
        fields: list[str] = []

    def of_person(self, rows: QuerySet[AuditEvent], _name: str, text: str) -> QuerySet[AuditEvent]:
        return rows.filter(Q(by__username__iexact=text) | Q(by__display_name__icontains=text))

    def from_day(self, rows: QuerySet[AuditEvent], _name: str, day: date) -> QuerySet[AuditEvent]:
        return rows.filter(at__gte=day_bounds(_known(day))[0])

    def to_day(self, rows: QuerySet[AuditEvent], _name: str, day: date) -> QuerySet[AuditEvent]:
        return rows.filter(at__lt=day_bounds(_known(day))[1])


def _known(day: date) -> date:
    """A day the database can compare with: nothing was logged in the year 1 or 9999."""
    return min(max(day, date(1990, 1, 1)), date(2200, 1, 1))
