"""Lists: one declaration makes the page, its views, groups, totals, export, bulk verbs (HOUSE 3.8, UX 4)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django_filters import FilterSet

from loupan.core.actions import record_export
from loupan.core.at_once import Part, Rows, Summed, Sums, read_at_once
from loupan.core.exports import Sheet, workbook_of_sheets
from loupan.core.filters import RowFilter
from loupan.core.permissions import SHARE_VIEWS
from loupan.core.typed import one_line, whole
from loupan.core.ui import address, groups, inline, posting, saved
from loupan.core.ui.columns import Cell, Column, Text, export_value
from loupan.core.ui.keyset import Order, page_of
from loupan.core.verbs import BulkVerb, register

EXPORT_LIMIT = 100_000
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
COUNTED = 1_000  # More rows are not counted unless somebody asks (PERFORMANCE 3).


@dataclass
class Look:
    """What one reader asked to see of a list: the address, understood."""

    all_columns: Sequence[Column]
    shown: Sequence[Column]
    filters: Any
    rows: QuerySet[Any]
    order: Order
    group: Column | None


@dataclass(eq=False)  # A page is itself: addresses keep views in a dictionary.
class ListPage:
    """A declared list: scoped rows, a filter set, columns.

    From these follow sorting, keyset pages, filter chips, saved views, column choice, groups with
    subtotals, totals over the whole filter, export of what is shown, verbs for many rows, inline edit
    and the step to the next record.  `rows` starts at a `…_for(viewer)` query.  Nothing is counted
    over everything unless asked: beyond COUNTED rows the page says "1,000+".  Two statements read it:
    the rows, and what stands around them (views, choices of filters, counts, totals).
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
    chips: Callable[[Any, Mapping[str, Any]], Sequence[Mapping[str, Any]]] | None = None
    # What the chips tell of, by name: counted in the one statement of the page.
    counts: Callable[[Any], Mapping[str, Part]] | None = None
    more: Callable[[Any], Mapping[str, Any]] | None = None
    empty: Text = ""
    crumbs: Callable[[Any], Sequence[Mapping[str, Any]]] | None = None
    # Sums over the whole filter by key of their column.
    totals: Mapping[str, Any] = field(default_factory=dict)
    # Further sums where rows stand in groups, which cost nothing there.
    subtotals: Mapping[str, Any] = field(default_factory=dict)
    # The project the page is about: what a person may do elsewhere opens no column or export here.
    project: Callable[[Any], Any] | None = None
    # Filters that fold away, so that the list begins on the first screen.
    folded: Sequence[str] = ()
    # Verbs for all ticked rows; the worker finds them by `key`.
    bulk: Sequence[BulkVerb] = ()
    key: str = ""
    # Columns that an office has made itself, asked for with every request.
    more_columns: Callable[[Any], Sequence[Column]] | None = None

    def __post_init__(self) -> None:
        self.subtotals = {**self.totals, **self.subtotals}
        if self.bulk:
            assert self.key, f"{self.title}: a list with bulk verbs needs a key"
            register(self.key, self.bulk)

    def __call__(self, request: Any) -> HttpResponse:
        if self.permission and not request.user.may(self.permission):
            raise PermissionDenied(self.permission)
        if request.method == "POST":
            return posting.answer(self, request)
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
        if request.GET.get("step"):
            return self._step(request)
        look = self.look(request)
        if "save" in request.GET:
            return posting.view_form(self, request)
        if "edit" in request.GET and request.htmx:
            return posting.cell(self, request, look)
        is_taken_out = request.GET.get("export") == "xlsx"
        around = read_at_once(
            {"views": self._views(request), **({} if is_taken_out else self._around(request, look))}
        )
        views = saved.views_of(around["views"], request.user)
        if not request.GET and views.opens_with:
            return redirect(saved.address_of(views.opens_with, request.path))
        look = self._as_used(request, look, views.columns)
        if is_taken_out:
            return self._export(request, look)
        return render(request, self.template, self.context(request, look, views, around))

    # --- who and where ------------------------------------------------------------------------

    def may(self, request: Any, permission: str) -> bool:
        return bool(request.user.may(permission, self.project_id(request)))

    def project_id(self, request: Any) -> int | None:
        if not self.project:
            return None
        place: int = self.project(request).pk
        return place

    def page_key(self, request: Any) -> str:
        """What saved views and runs know the page by: the name of its address."""
        match = request.resolver_match
        return self.key or (match.view_name if match else request.path)

    def filter_names(self) -> Sequence[str]:
        return list(self.filterset.base_filters) if self.filterset else []

    def open_verbs(self, request: Any) -> list[BulkVerb]:
        return [verb for verb in self.bulk if self.may(request, verb.permission)]

    # --- what is shown ------------------------------------------------------------------------

    def _views(self, request: Any) -> Part:
        views = saved.views_for(request.user, self.project_id(request))
        return Rows(views.filter(page=self.page_key(request)))

    def _around(self, request: Any, look: Look) -> dict[str, Part]:
        """What else the page reads beside its rows, by name."""
        found: dict[str, Part] = {
            f"filter.{name}": Rows(each.offers(request))
            for name, each in (look.filters.filters if look.filters is not None else {}).items()
            if isinstance(each, RowFilter)
        }
        if self.counts:
            found |= {f"count.{name}": part for name, part in self.counts(request).items()}
        if look.group is None and (self.totals or "totals" in request.GET):
            most = None if "totals" in request.GET else COUNTED + 1
            found["totals"] = Summed(look.rows, self.totals, most)
        return found

    def look(self, request: Any) -> Look:
        columns = [
            column
            for column in [
                *self.columns,
                *(self.more_columns(request) if self.more_columns else ()),
            ]
            if (not column.permission or self.may(request, column.permission))
            and (column.shown_to is None or column.shown_to(request))
        ]
        rows = self.rows(request)
        filters = (
            self.filterset(request.GET, queryset=rows, request=request) if self.filterset else None
        )
        if filters is not None:
            rows = filters.qs if filters.is_valid() else rows.none()
        by_key = {column.key: column for column in columns}
        group = by_key.get(request.GET.get("group", ""))
        look = Look(
            all_columns=columns,
            shown=[column for column in columns if not column.is_hidden],
            filters=filters,
            rows=rows,
            order=self._order(request, columns),
            group=group if group and group.group else None,
        )
        return self._as_used(request, look, ())

    def _as_used(self, request: Any, look: Look, habit: Sequence[str]) -> Look:
        """With the columns the address names, else those the reader chose last."""
        by_key = {column.key: column for column in look.all_columns}
        chosen = [key for key in request.GET.getlist("column") or habit if key in by_key]
        shown = [by_key[key] for key in dict.fromkeys(chosen)]
        return replace(look, shown=shown) if shown else look

    def _order(self, request: Any, columns: Sequence[Column]) -> Order:
        asked = request.GET.get("sort", "")
        allowed = {column.key: column.sort for column in columns if column.sort}
        if asked.lstrip("-") in allowed:
            return Order(allowed[asked.lstrip("-")], asked.startswith("-"))
        return Order.of(self.order)

    def context(
        self, request: Any, look: Look, views: saved.Views, around: Mapping[str, Any]
    ) -> dict[str, Any]:
        self._offer(look, around)
        found: list[Any] = []
        before = after = ""
        gathered = self._groups(request, look)
        is_open = not look.group or any(group.is_open for group in gathered)
        if is_open:
            found, before, after = page_of(
                self._opened(request, look),
                look.order,
                self.per_page,
                after=request.GET.get("after", ""),
                before=request.GET.get("before", ""),
            )
        summary = self._summary(
            request, look, gathered, found, around.get("totals"), has_more=bool(before or after)
        )
        may_share = self.may(request, SHARE_VIEWS)
        counted = {
            name.removeprefix("count."): each
            for name, each in around.items()
            if name.startswith("count.")
        }
        quick = list(self.chips(request, counted)) if self.chips else []
        verbs = self.open_verbs(request)
        is_filtered = address.is_filtered(request.GET)
        everything = f"{request.path}?view="
        return {
            "title": self.title,
            "heads": [self._head(request, column, look.order) for column in look.shown],
            "all_columns": self._choosable(look),
            "lines": [self.line(request, row, look) for row in found],
            "groups": gathered,
            "group": look.group,
            "group_links": self._group_links(request, look),
            "filters": look.filters,
            "first_filters": self._filter_fields(look, folded=False),
            "folded_filters": self._filter_fields(look, folded=True),
            "has_folded": any(request.GET.get(name) for name in self.folded),
            "filter_chips": address.filter_chips(request, look.filters.form)
            if look.filters is not None
            else [],
            "is_filtered": is_filtered,
            "clear_url": everything,
            "next_url": address.url(request, after=after, before=None) if after else "",
            "previous_url": address.url(request, before=before, after=None) if before else "",
            "first_url": address.elsewhere(request) if before else "",
            "export_url": address.elsewhere(request, export="xlsx")
            if self.export_permission and self.may(request, self.export_permission)
            else "",
            "views": saved.menu(
                views, request.path, request.GET, request.user, may_share=may_share
            ),
            "view": views.by_id(request.GET.get("view", "")),
            "save_url": address.elsewhere(request, save="1"),
            "here": address.url(request, edit=None),
            "kept": list(address.state_of(request.GET).lists()),
            "verbs": list(self.verbs(request)) if self.verbs else [],
            "chips": quick,
            "crumbs": list(self.crumbs(request)) if self.crumbs else [],
            "bulk_verbs": verbs,
            "empty": (self.empty or _("Nothing here yet."))
            if not is_filtered
            else _("Nothing matches these filters."),
            "group_span": self._group_span(look) + bool(verbs),
            **summary,
            **(self.more(request) if self.more else {}),
        }

    @staticmethod
    def _offer(look: Look, around: Mapping[str, Any]) -> None:
        """Give each filter by rows the choices that were read for it."""
        for name, offered in around.items():
            kind, _dot, field_name = name.partition(".")
            if kind == "filter":
                choices = [(row.pk, str(row)) for row in offered]
                look.filters.form.fields[field_name].choices = choices

    def _opened(self, request: Any, look: Look) -> QuerySet[Any]:
        if look.group is None:
            return look.rows
        return groups.within(look.rows, look.group, request.GET.get("open", ""))

    def _groups(self, request: Any, look: Look) -> list[groups.Group]:
        if look.group is None:
            return []
        found = groups.groups_of(look.rows, look.group, self.subtotals)
        under = look.shown[self._group_span(look) :]
        for group in found:
            group.cells = [
                {
                    "key": column.key if column.key in self.subtotals else "",
                    "label": column.label,
                    "sum": group.sums.get(column.key),
                }
                for column in under
            ]
            group.is_open = group.token == request.GET.get("open", "")
            opened = None if group.is_open else group.token
            group.url = address.elsewhere(request, open=opened)
        return found

    def _group_span(self, look: Look) -> int:
        """How many columns the name of a group may take: up to the first that is summed."""
        sums = [place for place, column in enumerate(look.shown) if column.key in self.subtotals]
        return max(1, min(sums, default=len(look.shown)))

    def _summary(
        self,
        request: Any,
        look: Look,
        gathered: Sequence[groups.Group],
        found: Sequence[Any],
        totals: Sums | None,
        *,
        has_more: bool,
    ) -> dict[str, Any]:
        """How many rows there are and what they sum to, as far as that was read."""
        if look.group is not None:
            sums = {
                key: sum((group.sums[key] for group in gathered), Decimal(0))
                for key in self.subtotals
            }
            return {"count": sum(group.count for group in gathered), "sums": sums}
        totals_url = address.url(request, totals="1")
        if totals is None:
            counted = {"totals_url": totals_url} if has_more else {"count": len(found)}
            return {**counted, "sums": {}}
        if totals.count > COUNTED and "totals" not in request.GET:
            return {"count": COUNTED, "is_more": True, "sums": {}, "totals_url": totals_url}
        return {"count": totals.count, "sums": totals.sums}

    def line(self, request: Any, row: Any, look: Look) -> Mapping[str, Any]:
        record = self.row_url(row) if self.row_url else ""
        carried = self._carried(request, record, row.pk) if record else ""
        return {
            "pk": row.pk,
            "row": row,
            "url": carried,
            "cells": [
                self.cell(request, column, row, record=record, carried=carried)
                for column in look.shown
            ],
        }

    def cell(
        self, request: Any, column: Column, row: Any, *, record: str = "", carried: str = ""
    ) -> Cell:
        link = column.link(row) if column.link else ""
        mark = f"{row.pk}.{column.key}"
        can_edit = inline.may_edit(column.edit, row, request.user)
        is_edited = can_edit and request.method == "GET" and request.GET.get("edit") == mark
        return Cell(
            column,
            column.of(row),
            carried if link and link == record else link,
            column.tone(row) if column.tone else "",
            column.badge(row, request) if column.badge else None,
            address.url(request, edit=mark) if can_edit else "",
            inline.form_for(column, row, request) if is_edited else None,
        )

    def _carried(self, request: Any, record: str, pk: int) -> str:
        """The address of a record that knows the list it was opened from: next and previous."""
        kept = address.state_of(request.GET)
        if opened := request.GET.get("open"):
            kept["open"] = opened
        here = f"{request.path}?{kept.urlencode() or 'view='}"
        glue = "&" if "?" in record else "?"
        return f"{record}{glue}{urlencode({'in': here, 'at': str(pk)})}"

    def _step(self, request: Any) -> HttpResponse:
        """To the record after or before the one named, in the order of the list."""
        look = self.look(request)
        everything = self.rows(request)
        row = everything.filter(pk=whole(request.GET.get("at"))).first()
        if row is None or self.row_url is None:
            return redirect(address.url(request, step=None, at=None))
        backwards = request.GET["step"] == "previous"
        rows = self._opened(request, look) if request.GET.get("open") else look.rows
        place = look.order.beyond(rows.model, look.order.value_of(row), row.pk, backwards=backwards)
        neighbour = look.order.ordered(rows, backwards=backwards).filter(place).first()
        if neighbour is None:
            messages.info(
                request,
                _("This is the first record of the list.")
                if backwards
                else _("This is the last record of the list."),
            )
        there = neighbour or row
        return redirect(self._carried(request, self.row_url(there), there.pk))

    def _head(self, request: Any, column: Column, order: Order) -> Mapping[str, Any]:
        is_sorted = bool(column.sort) and column.sort == order.sort
        turn = "" if not is_sorted or order.descending else "-"
        direction = ("descending" if order.descending else "ascending") if is_sorted else ""
        link = address.elsewhere(request, sort=f"{turn}{column.key}") if column.sort else ""
        return {"column": column, "url": link, "sorted": direction}

    @staticmethod
    def _choosable(look: Look) -> list[Mapping[str, Any]]:
        """The columns to choose from: those shown first, in their order."""
        hidden = [column for column in look.all_columns if column not in look.shown]
        return [
            {"column": column, "is_shown": column in look.shown}
            for column in [*look.shown, *hidden]
        ]

    def _group_links(self, request: Any, look: Look) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = [
            {
                "label": column.label,
                "url": address.elsewhere(request, group=column.key, open=None),
                "active": column is look.group,
            }
            for column in look.all_columns
            if column.group
        ]
        if found and look.group:
            plain = address.elsewhere(request, group=None, open=None)
            found.append({"label": _("No groups"), "url": plain, "active": False})
        return found

    def _filter_fields(self, look: Look, *, folded: bool) -> list[Any]:
        if look.filters is None:
            return []
        found = [bound for bound in look.filters.form if (bound.name in self.folded) == folded]
        for bound in found[:1]:  # Where "/" goes.
            bound.field.widget.attrs["data-slash"] = True
        return found

    # --- taking it out ------------------------------------------------------------------------

    def _export(self, request: Any, look: Look) -> HttpResponse:
        if not (self.export_permission and self.may(request, self.export_permission)):
            raise PermissionDenied(self.export_permission)
        reason = one_line(request.GET.get("reason"), most=200)
        if not reason:
            return posting.reason_form(self, request)
        at = timezone.localtime()
        sheets, count = self._sheets(request, look)
        record_export(
            title=str(self.title),
            columns=[column.key for column in look.shown],
            rows=count,
            reason=reason,
            by=request.user,
            at=at,
        )
        answer = HttpResponse(
            workbook_of_sheets(sheets, who=str(request.user), at=at), content_type=XLSX
        )
        answer["Content-Disposition"] = (
            f'attachment; filename="{self.filename}-{at:%Y%m%d-%H%M}.xlsx"'
        )
        return answer

    def _sheets(self, request: Any, look: Look) -> tuple[list[Sheet], int]:
        """The rows as shown; in groups they stand group by group, and the subtotals on a second sheet."""
        title, group = str(self.title), look.group
        heads = [(str(column.label), column.kind) for column in look.shown]
        ordered = look.order.ordered(
            self._opened(request, look) if "open" in request.GET else look.rows
        )
        found = list(ordered[:EXPORT_LIMIT])
        lines = [[export_value(column.of(row)) for column in look.shown] for row in found]
        if group is None:
            return [Sheet(title, heads, lines)], len(lines)
        gathered = groups.groups_of(look.rows, group, self.subtotals)
        rank = {each.label: place for place, each in enumerate(gathered)}
        labels = [groups.value_in_group(group, row) for row in found]
        by_group = sorted(range(len(found)), key=lambda place: rank.get(labels[place], len(rank)))
        labelled = [[labels[place], *lines[place]] for place in by_group]
        by_key = {column.key: column for column in self.columns}
        sum_heads = [(str(by_key[key].label), "money") for key in self.subtotals]
        return [
            Sheet(title, [(str(group.label), "text"), *heads], labelled),
            Sheet(
                _("Groups"),
                [(str(group.label), "text"), (_("Rows"), "number"), *sum_heads],
                [[each.label, each.count, *each.sums.values()] for each in gathered],
            ),
        ], len(lines)
