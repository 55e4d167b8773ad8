"""The page's side of the door: refusals on forms, and the two generic pages (HOUSE 3.8, UX 4).

One of the two translators of refusals (HOUSE 3.9); the other is core/rest.py.
"""

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.db.models import F, Q, QuerySet
from django.forms import BaseForm, ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django_filters import FilterSet

from loupan.core.actions import record_export, save_reference
from loupan.core.exports import workbook_of
from loupan.core.refusals import Refusal

Text = str | Promise


@contextmanager
def refusals_on(form: BaseForm) -> Iterator[None]:
    """A business "no" becomes an error of the form, at its field where it names one."""
    try:
        yield
    except Refusal as refusal:
        place = refusal.field if refusal.field in form.fields else None
        form.add_error(place, str(refusal))
    except ValidationError as error:
        form.add_error(None, error)


def answer_form(
    request: HttpRequest, template: str, context: Mapping[str, Any], form: BaseForm
) -> HttpResponse:
    """The page with its form: 200 when fresh, 422 when what was typed is wrong."""
    status = 422 if form.is_bound and form.errors else 200
    return render(request, template, {**context, "form": form}, status=status)


# --- lists ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Column:
    """One column of a list, on the page and in the export alike.

    `value` takes a row; without it the attribute `key` is read (dots reach further).  `sort` is the
    database column that a click on the head sorts by.  `kind` chooses the component that prints it: text,
    money, area, rate, number, date, datetime, status, phone.
    """

    key: str
    label: Text
    kind: str = "text"
    value: Callable[[Any], Any] | None = None
    sort: str = ""
    link: Callable[[Any], str] | None = None
    tone: Callable[[Any], str] | None = None
    permission: str = ""
    is_hidden: bool = False

    def of(self, row: Any) -> Any:
        if self.value:
            return self.value(row)
        found = row
        for part in self.key.split("."):
            found = getattr(found, part, None)
            if found is None:
                return None
        display = getattr(row, f"get_{self.key}_display", None)
        return display() if display else found


@dataclass(frozen=True)
class Cell:
    column: Column
    value: Any
    url: str
    tone: str


def _token(values: Sequence[Any]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([_plain(v) for v in values])).decode().rstrip("=")


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value


def _untoken(token: str) -> list[Any] | None:
    try:
        read = orjson.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (ValueError, binascii.Error):
        return None
    return read if isinstance(read, list) and len(read) == 2 else None


def _same_kind(model_field: models.Field[Any, Any], text: Any) -> Any:
    try:
        return model_field.to_python(text)
    except (ValidationError, InvalidOperation, TypeError, ValueError):
        return None


@dataclass(eq=False)  # A page is itself: addresses keep views in a dictionary.
class ListPage:
    """A declared list: scoped rows, a filter set, columns; keyset pages, sorting, export of what is shown.

    `rows` starts at a `…_for(viewer)` query.  There is no count over everything: the page says whether
    more rows follow.
    """

    title: Text
    columns: Sequence[Column]
    rows: Callable[[Any], QuerySet[Any]]
    filterset: type[FilterSet] | None = None
    permission: str = ""
    order: str = "-pk"
    per_page: int = 50
    export_permission: str = ""
    filename: str = "list"
    template: str = "core/list.html"
    row_url: Callable[[Any], str] | None = None
    verbs: Callable[[Any], Sequence[Mapping[str, Any]]] | None = None
    chips: Callable[[Any, QuerySet[Any]], Sequence[Mapping[str, Any]]] | None = None
    more: Callable[[Any], Mapping[str, Any]] | None = None
    empty: Text = ""
    crumbs: Callable[[Any], Sequence[Mapping[str, Any]]] | None = None
    totals: Mapping[str, Any] = field(default_factory=dict)
    # The project the page is about: what a person may do elsewhere opens no column or export here.
    project: Callable[[Any], Any] | None = None

    def _may(self, request: Any, permission: str) -> bool:
        place = self.project(request).pk if self.project else None
        return bool(request.user.may(permission, place))

    def __call__(self, request: Any) -> HttpResponse:
        if self.permission and not request.user.may(self.permission):
            raise PermissionDenied(self.permission)
        columns = [c for c in self.columns if not c.permission or self._may(request, c.permission)]
        rows = self.rows(request)
        filters = (
            self.filterset(request.GET, queryset=rows, request=request) if self.filterset else None
        )
        if filters is not None:
            rows = filters.qs if filters.is_valid() else rows.none()
        chosen = [key for key in request.GET.getlist("column") if key]
        shown = [c for c in columns if (c.key in chosen if chosen else not c.is_hidden)]
        sort, descending = self._sort(request, columns)
        if request.GET.get("export") == "xlsx":
            return self._export(request, shown, self._ordered(rows, sort, descending=descending))
        page, next_token = self._page(request, rows, sort, descending=descending)
        context = {
            "title": self.title,
            "heads": [self._head(request, c, sort, descending=descending) for c in shown],
            "all_columns": columns,
            "chosen": {c.key for c in shown},
            "lines": [self._line(row, shown) for row in page],
            "filters": filters,
            "q": request.GET.get("q", ""),
            "is_filtered": bool(set(request.GET) - {"after", "sort", "column", "limit"}),
            "clear_url": request.path,
            "next_url": self._url(request, after=next_token) if next_token else "",
            "first_url": self._url(request, after=None) if request.GET.get("after") else "",
            "export_url": self._url(request, export="xlsx", after=None)
            if self.export_permission and self._may(request, self.export_permission)
            else "",
            "verbs": list(self.verbs(request)) if self.verbs else [],
            "chips": list(self.chips(request, rows)) if self.chips else [],
            "crumbs": list(self.crumbs(request)) if self.crumbs else [],
            "sums": rows.aggregate(**self.totals) if self.totals else {},
            "empty": self.empty or _("Nothing here yet."),
            **(self.more(request) if self.more else {}),
        }
        return render(request, self.template, context)

    def _sort(self, request: HttpRequest, columns: Sequence[Column]) -> tuple[str, bool]:
        asked = request.GET.get("sort", "")
        allowed = {c.key: c.sort for c in columns if c.sort}
        if asked.lstrip("-") in allowed:
            return allowed[asked.lstrip("-")], asked.startswith("-")
        return self.order.lstrip("-"), self.order.startswith("-")

    @staticmethod
    def _ordered(rows: QuerySet[Any], sort: str, *, descending: bool) -> QuerySet[Any]:
        if sort == "pk":
            return rows.order_by("-pk" if descending else "pk")
        main = F(sort).desc(nulls_last=True) if descending else F(sort).asc(nulls_last=True)
        return rows.order_by(main, "-pk" if descending else "pk")

    def _page(
        self, request: HttpRequest, rows: QuerySet[Any], sort: str, *, descending: bool
    ) -> tuple[list[Any], str]:
        rows = self._ordered(rows, sort, descending=descending)
        mark = _untoken(request.GET.get("after", ""))
        if mark and isinstance(mark[1], int):
            rows = rows.filter(self._beyond(rows.model, sort, mark, descending=descending))
        found = list(rows[: self.per_page + 1])
        if len(found) <= self.per_page:
            return found, ""
        last = found[self.per_page - 1]
        value = None if sort == "pk" else _reach(last, sort)
        return found[: self.per_page], _token([value, last.pk])

    @staticmethod
    def _beyond(model: type[models.Model], sort: str, mark: list[Any], *, descending: bool) -> Q:
        """Rows after the mark; empty values stand last in both directions."""
        side = "lt" if descending else "gt"
        by_id = Q(**{f"pk__{side}": mark[1]})
        if sort == "pk":
            return by_id
        if mark[0] is None:
            return Q(**{f"{sort}__isnull": True}) & by_id
        value = _same_kind(_field(model, sort), mark[0])
        if value is None:
            return by_id
        return (
            Q(**{f"{sort}__{side}": value})
            | (Q(**{sort: value}) & by_id)
            | Q(**{f"{sort}__isnull": True})
        )

    def _line(self, row: Any, columns: Sequence[Column]) -> Mapping[str, Any]:
        return {
            "pk": row.pk,
            "url": self.row_url(row) if self.row_url else "",
            "cells": [
                Cell(c, c.of(row), c.link(row) if c.link else "", c.tone(row) if c.tone else "")
                for c in columns
            ],
        }

    def _head(
        self, request: HttpRequest, column: Column, sort: str, *, descending: bool
    ) -> Mapping[str, Any]:
        is_sorted = bool(column.sort) and column.sort == sort
        turn = "" if not is_sorted or descending else "-"
        direction = ("descending" if descending else "ascending") if is_sorted else ""
        url = self._url(request, sort=f"{turn}{column.key}", after=None) if column.sort else ""
        return {"column": column, "url": url, "sorted": direction}

    @staticmethod
    def _url(request: HttpRequest, **changes: str | None) -> str:
        query = request.GET.copy()
        for key, value in changes.items():
            if value is None:
                query.pop(key, None)
            else:
                query[key] = value
        return f"{request.path}?{query.urlencode()}" if query else request.path

    def _export(self, request: Any, columns: Sequence[Column], rows: QuerySet[Any]) -> HttpResponse:
        if not (self.export_permission and self._may(request, self.export_permission)):
            raise PermissionDenied(self.export_permission)
        title, at = str(self.title), timezone.localtime()
        lines = [[export_value(c.of(row)) for c in columns] for row in rows[:EXPORT_LIMIT]]
        record_export(
            title=title,
            columns=[c.key for c in columns],
            rows=len(lines),
            reason=request.GET.get("reason", "")[:200],
            by=request.user,
            at=at,
        )
        heads = [(str(c.label), c.kind) for c in columns]
        answer = HttpResponse(
            workbook_of(title, heads, lines, who=str(request.user), at=at), content_type=XLSX
        )
        answer["Content-Disposition"] = (
            f'attachment; filename="{self.filename}-{at:%Y%m%d-%H%M}.xlsx"'
        )
        return answer


EXPORT_LIMIT = 100_000
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _reach(row: Any, path: str) -> Any:
    for part in path.split("__"):
        row = getattr(row, part)
    return row


def _field(model: type[models.Model], path: str) -> models.Field[Any, Any]:
    *parents, last = path.split("__")
    for name in parents:
        related = model._meta.get_field(name).related_model
        assert isinstance(related, type)
        model = related
    found = model._meta.get_field(last)
    assert isinstance(found, models.Field)
    return found


# --- reference data -------------------------------------------------------------------------------


@dataclass(eq=False)
class EditPage:
    """Make or change a row of reference data that has no verbs of its own (HOUSE 3.21)."""

    title: Text
    form: type[ModelForm[Any]]
    permission: str
    event: str
    rows: Callable[[Any], QuerySet[Any]]
    done_url: Callable[[Any], str]
    template: str = "core/edit.html"
    prepare: Callable[[Any, Any], None] | None = None
    crumbs: Callable[[Any], Sequence[Mapping[str, Any]]] | None = None

    def __call__(self, request: Any, pk: int | None = None) -> HttpResponse:
        if not request.user.may(self.permission):
            raise PermissionDenied(self.permission)
        row = get_object_or_404(self.rows(request), pk=pk) if pk else None
        instance = row if row is not None else self.form._meta.model()
        if self.prepare:
            self.prepare(request, instance)
        typed_version = request.POST.get("version", "")
        if row is not None and typed_version.isdigit() and hasattr(row, "version"):
            instance.version = int(typed_version)
        form = self.form(request.POST or None, request.FILES or None, instance=instance)
        if form.is_valid():
            with refusals_on(form):
                saved = save_reference(
                    form=form, event=self.event, by=request.user, at=timezone.now()
                )
                return redirect(self.done_url(saved))
        context = {
            "title": self.title,
            "row": row,
            "crumbs": list(self.crumbs(request)) if self.crumbs else [],
            "cancel_url": self.done_url(row) if row is not None else request.path,
        }
        return answer_form(request, self.template, context, form)


def export_value(value: Any) -> Any:
    """What a cell of an export holds: amounts and dates as themselves, everything else as text."""
    if value is None or isinstance(value, bool | int | Decimal | date | datetime):
        return value
    return str(value)
