"""The dossier of a project: facts and answers that whoever sells it needs at hand (PRJ-02)."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy

from loupan.core.ui import EditPage
from loupan.org import queries
from loupan.org.filters import DossierFilter
from loupan.org.forms import DossierForm
from loupan.org.models import DossierEntry, DossierSection
from loupan.org.permissions import require
from loupan.org.queries import DeskRequest, current_project

EDIT = "org.edit_dossier"


def dossier(request: DeskRequest) -> HttpResponse:
    """All sections on one page, found by a word; who keeps it also sees what is no longer in use."""
    project = current_project(request)
    may_edit = request.user.may(EDIT, project.pk)
    seen = queries.dossier_edited_by if may_edit else queries.dossier_for
    found = DossierFilter(request.GET, queryset=seen(request.user).filter(project=project))
    entries = list(found.qs)
    sections = [
        (section.label, [entry for entry in entries if entry.section == section])
        for section in DossierSection
    ]
    context = {
        "project": project,
        "sections": [(label, rows) for label, rows in sections if rows],
        "filter": found,
        "may_edit": may_edit,
    }
    return render(request, "org/dossier.html", context)


def _in_project(request: DeskRequest, row: DossierEntry) -> None:
    if row.pk is None:
        row.project = current_project(request)
    require(request.user, EDIT, row.project_id)


def _crumbs(_request: Any) -> list[dict[str, Any]]:
    return [{"label": gettext_lazy("Project dossier"), "url": reverse("org:dossier")}]


entry_edit = EditPage(
    title=gettext_lazy("Dossier entry"),
    form=DossierForm,
    permission=EDIT,
    event="org.dossier_entry",
    rows=lambda request: queries.dossier_edited_by(request.user),
    done_url=lambda _row: reverse("org:dossier"),
    prepare=_in_project,
    crumbs=_crumbs,
)
