"""The dossier of a project by API (PRJ-02)."""

from typing import Annotated, Any

from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Router, Schema, Status
from pydantic import Field, StringConstraints

from loupan.core.actions import save_reference
from loupan.core.rest import AFTER, ERRORS, LIMIT, ApiRequest, CleanText, Id, paged
from loupan.org import queries
from loupan.org.forms import DossierForm
from loupan.org.models import DossierEntry, DossierSection, Project
from loupan.org.permissions import require

router = Router(tags=["org"])


class DossierEntryIn(Schema):
    section: DossierSection
    title: Annotated[str, StringConstraints(min_length=1, max_length=120), CleanText]
    text: Annotated[str, StringConstraints(min_length=1, max_length=4000), CleanText]
    sort: Annotated[int, Field(ge=0, le=32_767)] = 0
    is_in_use: bool = True


class DossierEntryChangeIn(DossierEntryIn):
    version: Annotated[int, Field(ge=0, le=2**31 - 1)]


class DossierEntryOut(Schema):
    id: int
    section: str
    title: str
    text: str
    sort: int
    is_in_use: bool
    version: int


class DossierEntriesOut(Schema):
    items: list[DossierEntryOut]
    next: str | None = None


def _project(request: ApiRequest, project_id: int) -> Project:
    return get_object_or_404(queries.projects_for(request.user), pk=project_id)


def _saved(request: ApiRequest, row: DossierEntry, payload: DossierEntryIn) -> DossierEntry:
    form = DossierForm(payload.dict(), instance=row)
    if not form.is_valid():
        raise ValidationError(form.errors.as_data())
    save_reference(form=form, event="org.dossier_entry", by=request.user, at=timezone.now())
    return row


@router.get(
    "projects/{project_id}/dossier/", response={200: DossierEntriesOut, **ERRORS}, summary="Dossier"
)
def dossier(request: ApiRequest, project_id: Id, limit: LIMIT = 100, after: AFTER = None) -> Any:
    """What is in use of a project's dossier, for everybody who works there."""
    project = _project(request, project_id)
    rows = queries.dossier_for(request.user).filter(project=project)
    found, following = paged(rows, after=after, limit=limit)
    return {"items": found, "next": following}


@router.post(
    "projects/{project_id}/dossier/",
    response={201: DossierEntryOut, **ERRORS},
    summary="Add an entry",
)
def make_entry(request: ApiRequest, project_id: Id, payload: DossierEntryIn) -> Any:
    """Add a fact, or a question with its answer."""
    project = _project(request, project_id)
    require(request.user, "org.edit_dossier", project.pk)
    return Status(201, _saved(request, DossierEntry(project=project), payload))


@router.put(
    "dossier/{entry_id}/", response={200: DossierEntryOut, **ERRORS}, summary="Change an entry"
)
def edit_entry(request: ApiRequest, entry_id: Id, payload: DossierEntryChangeIn) -> Any:
    """Change an entry, or take it out of use; 409 when the version is stale."""
    require(request.user, "org.edit_dossier")
    row = get_object_or_404(queries.dossier_edited_by(request.user), pk=entry_id)
    row.version = payload.version
    return _saved(request, row, payload)
