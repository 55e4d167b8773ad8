"""Views of a list somebody kept: one's own, those shared, and the habit of a reader, in one reading."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.http import QueryDict

from loupan.core.models import ListView
from loupan.core.people import Actor


@dataclass(frozen=True)
class Views:
    """What a reader can open on one page."""

    views: Sequence[ListView]
    columns: Sequence[str]  # Chosen last, if ever.
    opens_with: ListView | None

    def by_id(self, text: str) -> ListView | None:
        return next((view for view in self.views if str(view.pk) == text), None)


def views_for(viewer: Actor, project_id: int | None) -> QuerySet[ListView]:
    """One's own views, and those shared with one in the project or everywhere.

    Where a view is shared says who is offered it; what it shows is the reader's own scope.
    """
    place = Q(project_id=None) if project_id is None else Q(project_id__in=[project_id])
    shared = Q(is_shared=True) & (place | Q(project_id=None)) & Q(role__in=["", *viewer.roles])
    return ListView.objects.filter(Q(by_id=viewer.pk) | shared).order_by("name", "pk")


def views_in_reach(viewer: Actor) -> QuerySet[ListView]:
    """One's own views of every page, and those shared with one in the projects where one acts."""
    places = Q(project_id=None) | Q(project_id__in=viewer.places)
    shared = Q(is_shared=True) & places & Q(role__in=["", *viewer.roles])
    return ListView.objects.exclude(name="").filter(Q(by_id=viewer.pk) | shared)


def views_of(found: Sequence[ListView], viewer: Actor) -> Views:
    """What of the views of a page counts for this reader."""
    habit = next((row for row in found if not row.name and row.by_id == viewer.pk), None)
    views = [row for row in found if row.name]
    columns = QueryDict(habit.query).getlist("column") if habit else []
    wanted = habit.opens_with_id if habit else None
    return Views(views, columns, next((row for row in views if row.pk == wanted), None))


def menu(
    views: Views, path: str, query: QueryDict, viewer: Actor, *, may_share: bool
) -> Sequence[Mapping[str, Any]]:
    """The views as lines of a menu, each an address."""
    chosen = views.by_id(query.get("view", ""))
    return [
        {
            "pk": view.pk,
            "label": view.name,
            "url": address_of(view, path),
            "active": view is chosen,
            "is_shared": view.is_shared,
            "is_mine": view.by_id == viewer.pk,
            "opens": view is views.opens_with,
            "may_remove": view.by_id == viewer.pk or (view.is_shared and may_share),
        }
        for view in views.views
    ]


def address_of(view: ListView, path: str) -> str:
    query = QueryDict(view.query, mutable=True)
    query["view"] = str(view.pk)
    return f"{path}?{query.urlencode()}"
