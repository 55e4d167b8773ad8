"""Writes of the documents floor: the office's templates, and what was printed."""

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db.models import Max

from loupan.core import audit
from loupan.core.db import writes
from loupan.documents import errors, queries
from loupan.documents.models import PaperTemplate, Printing
from loupan.documents.rules.word import fields_of
from loupan.org.models import Company, Project, User
from loupan.org.permissions import require

LARGEST_TEMPLATE = 5 * 1024 * 1024


@writes
def save_template(
    *,
    kind: str,
    name: str,
    content: bytes,
    company_id: int,
    project_id: int | None,
    by: User,
    at: datetime,
) -> PaperTemplate:
    """Take in a Word template as the newest edition; it is filled in once on trial first.

    Raises TemplateTooLarge, TemplateBroken (naming what Word's text asks for wrongly).
    """
    require(by, "documents.edit_templates", project_id)
    if len(content) > LARGEST_TEMPLATE:
        raise errors.TemplateTooLarge(megabytes=LARGEST_TEMPLATE // 1024 // 1024)
    company = Company.objects.get(pk=company_id)
    project = Project.objects.get(pk=project_id, company=company) if project_id else None
    reach = by.access.projects_with("documents.edit_templates")
    if not Project.objects.filter(pk__in=reach, company=company).exists():
        raise PermissionDenied("documents.edit_templates")
    queries.fill(content, {field.split("[")[0]: "" for field in fields_of(kind)})
    earlier = PaperTemplate.objects.filter(kind=kind, company=company, project=project)
    edition = (earlier.aggregate(last=Max("edition"))["last"] or 0) + 1
    template = PaperTemplate.objects.create(
        kind=kind,
        name=name,
        content=content,
        company=company,
        project=project,
        edition=edition,
        by=by,
        made_at=at,
    )
    audit.record(
        "documents.template.saved", template, by=by, at=at, kind=kind, edition=edition, name=name
    )
    return template


@writes
def retire_template(*, template_id: int, by: User, at: datetime) -> PaperTemplate:
    """Stop using a template; papers printed from it stay as they are."""
    template = queries.templates_for(by).select_for_update(of=("self",)).get(pk=template_id)
    require(by, "documents.edit_templates", template.project_id)
    template.is_enabled = False
    template.save(update_fields=["is_enabled"])
    audit.record("documents.template.retired", template, by=by, at=at, kind=template.kind)
    return template


@writes
def record_printing(
    *,
    kind: str,
    project_id: int,
    subject_type: str,
    subject_id: int,
    number: str,
    form: str,
    by: User,
    at: datetime,
) -> Printing:
    """Count a copy before it is made: the second and later ones are marked as reprints."""
    require(by, "documents.print", project_id)
    copy_no = queries.copies_of(kind, subject_type, subject_id) + 1
    printing = Printing.objects.create(
        kind=kind,
        project_id=project_id,
        subject_type=subject_type,
        subject_id=subject_id,
        number=number,
        copy_no=copy_no,
        form=form,
        by=by,
        at=at,
    )
    audit.record(
        "documents.paper.printed",
        printing,
        by=by,
        at=at,
        kind=kind,
        number=number,
        copy_no=copy_no,
        form=form,
    )
    return printing
