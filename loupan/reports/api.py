"""GET reports/{code}/ (CONTRACT 3): the same rows as the page and the export."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from django.core.exceptions import ValidationError
from django.http import Http404
from django.utils import timezone
from ninja import Path, Query, Router, Schema
from pydantic import Field

from loupan.core.calendar import business_day
from loupan.core.rest import ERRORS, ApiRequest, Id
from loupan.org.permissions import require
from loupan.reports.forms import ReportForm
from loupan.reports.queries import catalogue

router = Router(tags=["reports"])

Code = Annotated[str, Field(pattern=r"^r-[a-z][0-9]{2}$")]


class ColumnOut(Schema):
    key: str
    label: str
    kind: str


class ReportOut(Schema):
    code: str
    title: str
    as_of: datetime
    columns: list[ColumnOut]
    rows: list[dict[str, Any]]
    totals: dict[str, Any]
    figures: dict[str, Any]


class ReportParameters(Schema):
    project: Id | None = None
    building: Id | None = None
    from_: Annotated[date | None, Field(alias="from")] = None
    to: date | None = None


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return timezone.localtime(value).isoformat()
    return value.isoformat() if isinstance(value, date) else value


@router.get("reports/{code}/", response={200: ReportOut, **ERRORS}, summary="One report")
def report(request: ApiRequest, code: Path[Code], asked: Query[ReportParameters]) -> dict[str, Any]:
    kind = catalogue.KINDS.get(code)
    if kind is None:
        raise Http404
    require(request.user, kind.permission)
    at = timezone.now()
    given = {
        "project": asked.project,
        "building": asked.building,
        "from": asked.from_ and asked.from_.isoformat(),
        "to": asked.to and asked.to.isoformat(),
    }
    form = ReportForm(
        {key: value for key, value in given.items() if value is not None},
        viewer=request.user,
        today=business_day(at),
    )
    if not form.is_valid():
        if {"project", "building"} & set(form.errors):
            raise Http404
        raise ValidationError({name: list(texts) for name, texts in form.errors.items()})
    done = catalogue.run(code, request.user, form.parameters(), at)
    return {
        "code": code,
        "title": str(kind.title),
        "as_of": timezone.localtime(at),
        "columns": [{"key": c.key, "label": str(c.label), "kind": c.kind} for c in done.columns],
        "rows": [{key: _plain(value) for key, value in row.cells.items()} for row in done.rows],
        "totals": {key: _plain(value) for key, value in done.totals.items()},
        "figures": {figure.key: _plain(figure.value) for figure in done.figures},
    }
