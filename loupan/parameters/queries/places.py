"""Levels of the tree at which something can be set: the group, its companies, their projects."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.http import Http404
from django.utils.translation import gettext as _

from loupan.org.models import Company, Project, User
from loupan.parameters.models import Placed
from loupan.parameters.permissions import READ, may_at

GROUP = "group"
KEY = re.compile(r"(company|project)-([1-9][0-9]{0,17})", re.ASCII)


@dataclass(frozen=True)
class Place:
    """One level; `key` names it in addresses: "group", "company-3", "project-5"."""

    company: Company | None = None
    project: Project | None = None
    depth: int = 0

    @property
    def key(self) -> str:
        if self.project is not None:
            return f"project-{self.project.pk}"
        return f"company-{self.company.pk}" if self.company is not None else GROUP

    @property
    def kind(self) -> str:
        return self.key.partition("-")[0]

    @property
    def label(self) -> str:
        return str(self.project or self.company or _("Whole group"))

    @property
    def row(self) -> dict[str, Any]:
        """The columns of a row at this level."""
        return {"company": self.company, "project": self.project}

    @property
    def path(self) -> str:
        """Of the company the level belongs to; of the group nothing."""
        company = self.project.company if self.project else self.company
        return company.path if company else ""

    @property
    def project_id(self) -> int | None:
        return self.project.pk if self.project else None

    def at(self) -> Q:
        return Q(company=self.company, project=self.project)

    def upward(self) -> Q:
        """Rows of this level and of all levels above it."""
        ids = [int(part) for part in self.path.strip("/").split("/") if part]
        found = Q(company=None, project=None) | Q(company_id__in=ids)
        return found | Q(project=self.project) if self.project is not None else found

    def project_ids(self) -> list[int]:
        """The projects at and below this level."""
        if self.project is not None:
            return [self.project.pk]
        below = Project.objects.filter(company__path__startswith=self.path or "/")
        return list(below.values_list("pk", flat=True))

    def may(self, viewer: User, permission: str) -> bool:
        return may_at(viewer, permission, self.company, self.project)


def upward_of(project_id: int) -> Q:
    """Rows of a project and of all levels above it, without having read the project."""
    is_above = Project.objects.filter(
        pk=project_id, company__path__startswith=OuterRef("company__path")
    )
    return Q(project_id=project_id) | (Q(project=None) & (Q(company=None) | Q(Exists(is_above))))


def depth_of(row: Placed) -> int:
    """0 the group, 1 a company at the top, more further down, most for a project."""
    if row.project_id:
        return 1_000
    return row.company.path.count("/") if row.company else 0


def key_of(row: Placed) -> str:
    if row.project_id:
        return f"project-{row.project_id}"
    return f"company-{row.company_id}" if row.company_id else GROUP


def place_named(viewer: User, key: str, permission: str = READ) -> Place:
    """The level of that key as far as the viewer holds the permission there; else 404."""
    place = _named(key)
    if place is None or not place.may(viewer, permission):
        raise Http404(key)
    return place


def _named(key: str) -> Place | None:
    if key == GROUP:
        return Place()
    if not (match := KEY.fullmatch(key)):
        return None
    kind, pk = match[1], int(match[2])
    if pk >= 2**63:
        return None
    if kind == "company":
        company = Company.objects.filter(pk=pk).first()
        return Place(company=company) if company else None
    project = Project.objects.select_related("company").filter(pk=pk).first()
    return Place(project=project) if project else None


def place_of(project: Project) -> Place:
    return Place(project=project)


def places_for(viewer: User, permission: str = READ) -> list[Place]:
    """The levels a person may look at, from the top down, as a tree is drawn."""
    return [place for place in _all_places() if place.may(viewer, permission)]


def _all_places() -> Iterator[Place]:
    yield Place()
    projects: dict[int, list[Project]] = {}
    for project in Project.objects.select_related("company").order_by("code", "pk"):
        projects.setdefault(project.company_id, []).append(project)
    for company in Company.objects.order_by("path", "pk"):
        depth = company.path.count("/") - 1
        yield Place(company=company, depth=depth)
        for project in projects.get(company.pk, []):
            yield Place(project=project, depth=depth + 1)
