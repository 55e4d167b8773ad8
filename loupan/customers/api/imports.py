"""Files of customers over the API: tried, carried out, undone (UX 7)."""

from datetime import datetime
from typing import Annotated, Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import File, Form, Router, Schema, Status
from ninja.files import UploadedFile

from loupan.core.rest import AFTER, ERRORS, LIMIT, ApiRequest, Id, mapping_of, paged
from loupan.core.sheets.uploads import content_of
from loupan.customers import queries, spreadsheets, tasks
from loupan.customers.actions import import_files
from loupan.customers.models import CustomerImport
from loupan.org.models import Project
from loupan.org.permissions import require
from loupan.org.queries import projects_for

router = Router(tags=["customers"])
IMPORT = "customers.import"
AT_ONCE = 20_000  # Files with more rows are carried out by the worker.


class RowProblemOut(Schema):
    """Why a row was not taken; of numbers and addresses only the beginning is said."""

    sheet: str
    row: int
    column: str
    value: str
    reason: str
    is_duplicate: bool


class CustomerImportLineOut(Schema):
    id: int
    filename: str
    dry_run: bool
    state: str
    created: int
    updated: int
    unchanged: int
    duplicates: int
    refused: int
    made_at: datetime


class CustomerImportOut(CustomerImportLineOut):
    """What a file did, or would do. `state`: waiting, running, dry_run, done, refused, undone."""

    project_id: int
    changes_existing: bool
    message: str
    done: int
    total: int
    problems: list[RowProblemOut]
    understood: dict[str, Any]
    kept: list[dict[str, Any]]
    ended_at: datetime | None


class CustomerImportsOut(Schema):
    items: list[CustomerImportLineOut]
    next: str | None = None


@router.post(
    "projects/{project_id}/customer-imports/",
    response={201: CustomerImportOut, **ERRORS},
    summary="Bring customers in from a spreadsheet",
)
def import_customers(
    request: ApiRequest,
    project_id: Id,
    file: File[UploadedFile],
    dry_run: Form[bool] = False,  # noqa: FBT002  A field of the form.
    changes_existing: Form[bool] = True,  # noqa: FBT002  A field of the form.
    mapping: Annotated[str, Form(max_length=10_000)] = "",
) -> Status[dict[str, Any]]:
    """An .xlsx, .xls, .xlsb, .ods or .csv file; `mapping` is a JSON object, field → heading.

    Custom fields of the project are columns of their names (`cf_CODE` in a mapping).  Customers who
    are there already, by phone or ID number and name, take what the file says unless
    `changes_existing` is false.  A file without names or phones is refused with 409.  Files of more
    than 20,000 rows are carried out in the background: `GET customer-imports/{id}/` tells the rest.
    """
    project = get_object_or_404(projects_for(request.user), pk=project_id)
    require(request.user, IMPORT, project.pk)
    chosen = mapping_of(mapping, spreadsheets.vocabulary_of(project.pk))
    filename, content = file.name or "customers", content_of(file)
    table = spreadsheets.read_customers(content, filename, project.pk, chosen)
    batch = import_files.receive_customers_file(
        project_id=project.pk,
        filename=filename,
        content=content,
        mapping=chosen,
        is_dry_run=dry_run,
        changes_existing=changes_existing,
        by=request.user,
        at=timezone.now(),
    )
    if len(table.sheet.rows) > AT_ONCE:
        tasks.run_customers_import.enqueue(batch.pk, request.user.pk)
    else:
        batch = spreadsheets.carry_out(batch.pk, by=request.user, table=table)
    return Status(201, _shown(batch))


@router.get(
    "projects/{project_id}/customer-imports/",
    response={200: CustomerImportsOut, **ERRORS},
    summary="Earlier imports of customers",
)
def list_customer_imports(
    request: ApiRequest, project_id: Id, after: AFTER = None, limit: LIMIT = 50
) -> dict[str, Any]:
    """Newest first."""
    project: Project = get_object_or_404(projects_for(request.user), pk=project_id)
    require(request.user, IMPORT, project.pk)
    rows = queries.imports_for(request.user).filter(project=project)
    page, following = paged(rows.defer("content", "understood", "errors"), after=after, limit=limit)
    return {"items": [_line(batch) for batch in page], "next": following}


@router.get(
    "customer-imports/{import_id}/",
    response={200: CustomerImportOut, **ERRORS},
    summary="One import of customers",
)
def get_customer_import(request: ApiRequest, import_id: Id) -> dict[str, Any]:
    """How far it is, what it did, and which rows were not taken."""
    return _shown(_mine(request, queries.imports_for(request.user), import_id))


@router.delete(
    "customer-imports/{import_id}/",
    response={200: CustomerImportOut, **ERRORS},
    summary="Undo an import of customers",
)
def undo_customer_import(request: ApiRequest, import_id: Id) -> dict[str, Any]:
    """Old values come back, created customers go; `kept` names those worked with since, who stay."""
    batch = _mine(request, queries.imports_for(request.user), import_id)
    undone = import_files.undo_customers_import(
        import_id=batch.pk, by=request.user, at=timezone.now()
    )
    return _shown(undone)


def _mine(request: ApiRequest, rows: QuerySet[CustomerImport], import_id: int) -> CustomerImport:
    batch = get_object_or_404(rows, pk=import_id)
    require(request.user, IMPORT, batch.project_id)
    return batch


def _line(batch: CustomerImport) -> dict[str, Any]:
    counts = ("created", "updated", "unchanged", "duplicates", "refused")
    return {
        "id": batch.pk,
        "filename": batch.filename,
        "dry_run": batch.is_dry_run,
        "state": batch.state,
        "made_at": batch.made_at,
        **{name: getattr(batch, name) for name in counts},
    }


def _shown(batch: CustomerImport) -> dict[str, Any]:
    hidden = {"samples", "created_ids", "kept", "kept_count"}
    return {
        **_line(batch),
        "project_id": batch.project_id,
        "changes_existing": batch.changes_existing,
        "message": batch.message,
        "done": batch.done,
        "total": batch.total,
        "problems": batch.errors,
        "understood": {k: v for k, v in batch.understood.items() if k not in hidden},
        "kept": batch.understood.get("kept", []),
        "ended_at": batch.ended_at,
    }
