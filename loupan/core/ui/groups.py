"""Rows of a list in groups, with counts and subtotals, in one statement (UX 4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connections, models
from django.db.models import F, Q, QuerySet
from django.db.models.functions import ExtractMonth, ExtractYear
from django.utils.translation import gettext as _

from loupan.core.ui.columns import Column
from loupan.core.ui.keyset import field_at, typed

MOST_GROUPS = 500
EMPTY = "-"


@dataclass
class Group:
    """Rows that agree in one column."""

    label: str
    token: str
    count: int
    sums: Mapping[str, Decimal] = field(default_factory=dict)
    url: str = ""
    is_open: bool = False
    cells: Sequence[Mapping[str, Any]] = ()


def groups_of(
    rows: QuerySet[Any], column: Column, totals: Mapping[str, models.Aggregate]
) -> list[Group]:
    """The groups of a list in their order, at most MOST_GROUPS and one, each with its sums."""
    parts = _parts(rows.model, column)
    names = [f"lp_g{place}" for place in range(len(parts))]
    # A sum may be over a computed column, which cannot be summed in the same breath.
    sums = {
        f"lp_s{place}": total.get_source_expressions()[0]
        for place, total in enumerate(totals.values())
    }
    inner = (
        rows.order_by()
        .annotate(**dict(zip(names, parts, strict=True)), **sums)
        .values_list("pk", *names, *sums)
    )
    found = _summed(inner, names, list(sums))
    return [_group(rows.model, column, line, totals, len(parts)) for line in found]


def _summed(
    inner: QuerySet[Any, Any], names: Sequence[str], sums: Sequence[str]
) -> list[Sequence[Any]]:
    connection = connections[inner.db]
    sql, params = inner.query.get_compiler(inner.db).as_sql()
    quote = connection.ops.quote_name
    keys = ", ".join(quote(name) for name in names)
    added = "".join(f", SUM({quote(name)})" for name in sums)
    order = ", ".join(f"{quote(name)} IS NULL, {quote(name)}" for name in names)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {keys}, COUNT(*){added} FROM ({sql}) found"  # noqa: S608  Our own names.
            f" GROUP BY {keys} ORDER BY {order} LIMIT {MOST_GROUPS + 1}",
            params,
        )
        return list(cursor.fetchall())


def _parts(model: type[models.Model], column: Column) -> list[models.expressions.Combinable]:
    if isinstance(field_at(model, column.group), models.DateField):
        return [ExtractYear(column.group), ExtractMonth(column.group)]
    return [F(column.group)]


def _group(
    model: type[models.Model],
    column: Column,
    line: Sequence[Any],
    totals: Mapping[str, models.Aggregate],
    keys: int,
) -> Group:
    value = (
        line[0]
        if keys == 1
        else (None if line[0] is None else f"{int(line[0])}-{int(line[1]):02d}")
    )
    sums = {
        name: Decimal(str(amount or 0)).quantize(Decimal("0.01"))
        for name, amount in zip(totals, line[keys + 1 :], strict=True)
    }
    label = label_of(model, column, value)
    token = EMPTY if value is None else f".{value}"
    return Group(label=label, token=token, count=line[keys], sums=sums)


def label_of(model: type[models.Model], column: Column, value: Any) -> str:
    if value is None or value == "":
        return "—"
    found = field_at(model, column.group)
    if isinstance(found, models.BooleanField):
        return _("Yes") if value else _("No")
    choices = {str(key): str(label) for key, label in found.flatchoices} if found else {}
    return choices.get(str(value), str(value))


def within(rows: QuerySet[Any], column: Column, token: str) -> QuerySet[Any]:
    """The rows of one group, by the token of its address; none for what was made up."""
    path = column.group
    if token == EMPTY:
        return rows.filter(**{f"{path}__isnull": True})
    text = token.removeprefix(".")
    found = field_at(rows.model, path)
    if isinstance(found, models.DateField):
        year, _dash, month = text.partition("-")
        if not (_is_number(year, 4) and _is_number(month, 2) and 0 < int(month) < 13):
            return rows.none()
        return rows.filter(Q(**{f"{path}__year": int(year), f"{path}__month": int(month)}))
    if isinstance(found, models.BooleanField):
        return rows.filter(**{path: text in {"True", "1"}})
    value = typed(found, text)
    return rows.none() if value is None else rows.filter(**{path: value})


def _is_number(text: str, most: int) -> bool:
    return text.isascii() and text.isdigit() and 0 < len(text) <= most and int(text) > 0


def value_in_group(column: Column, row: Any) -> Any:
    """What a row is grouped by, for the export."""
    found = row
    for part in column.group.split("__"):
        found = getattr(found, part, None)
    if isinstance(found, date | datetime):
        return f"{found:%Y-%m}"
    return label_of(type(row), column, found)
