"""Saved views of lists over the API (UX 4): the same that the menu of a list offers."""

from typing import Annotated, Any

from django.core.exceptions import ValidationError
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Router, Schema, Status
from pydantic import Field, StringConstraints

from loupan.core.actions import remove_view, save_view
from loupan.core.models import ListView
from loupan.core.rest import AFTER, ERRORS, LIMIT, ApiRequest, CleanText, Id, paged
from loupan.core.ui.saved import views_in_reach

router = Router(tags=["lists"])
PageKey = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z_]{1,30}:[a-z_]{1,49}$"),
    Field(description="The list by the name of its page", examples=["customers:list"]),
]
Name = Annotated[str, StringConstraints(min_length=1, max_length=60), CleanText]


class ListViewIn(Schema):
    """What a list shows, under a name; one's own view of that name is replaced.

    `query` is the part of the page's address after the question mark: filters, `sort`, `column`, `group`.
    A shared view is offered to everybody who may open the page in the project, or to one role there.
    """

    page: PageKey
    name: Name
    query: Annotated[str, StringConstraints(max_length=2000), CleanText] = ""
    shared: bool = False
    project_id: Id | None = None
    role: Annotated[str, StringConstraints(max_length=4), CleanText] = ""


class ListViewOut(Schema):
    id: int
    page: str
    name: str
    query: str
    shared: bool
    mine: bool
    project_id: int | None
    role: str


class ListViewsOut(Schema):
    items: list[ListViewOut]
    next: str | None = None


@router.get("list-views/", response={200: ListViewsOut, **ERRORS}, summary="Saved views of lists")
def list_views(
    request: ApiRequest, page: PageKey | None = None, after: AFTER = None, limit: LIMIT = 50
) -> dict[str, Any]:
    """One's own and those shared with one, newest first; of one page if named."""
    rows = views_in_reach(request.user)
    if page:
        rows = rows.filter(page=page)
    found, following = paged(rows, after=after, limit=limit)
    return {"items": [_shown(view, request.user) for view in found], "next": following}


@router.post("list-views/", response={201: ListViewOut, **ERRORS}, summary="Save a view of a list")
def save_list_view(request: ApiRequest, payload: ListViewIn) -> Status[dict[str, Any]]:
    """Sharing needs the permission core.share_views in the project, and a project."""
    if payload.shared and payload.project_id is None:
        raise ValidationError({"project_id": [_("Name the project in which the view is shared.")]})
    view = save_view(
        page=payload.page,
        name=payload.name,
        query=payload.query,
        is_shared=payload.shared,
        project_id=payload.project_id,
        role=payload.role,
        by=request.user,
        at=timezone.now(),
    )
    return Status(201, _shown(view, request.user))


@router.delete(
    "list-views/{view_id}/", response={204: None, **ERRORS}, summary="Remove a saved view"
)
def remove_list_view(request: ApiRequest, view_id: Id) -> Status[None]:
    """One's own, or a shared one where one may share."""
    if not views_in_reach(request.user).filter(pk=view_id).exists():
        raise Http404
    remove_view(view_id=view_id, by=request.user, at=timezone.now())
    return Status(204, None)


def _shown(view: ListView, viewer: Any) -> dict[str, Any]:
    return {
        "id": view.pk,
        "page": view.page,
        "name": view.name,
        "query": view.query,
        "shared": view.is_shared,
        "mine": view.by_id == viewer.pk,
        "project_id": view.project_id,
        "role": view.role,
    }
