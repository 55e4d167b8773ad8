"""Pages and neighbours in the order of a list, by value instead of by count: as fast at the end as at the
start (PERFORMANCE 3)."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import models
from django.db.models import F, Q, QuerySet


@dataclass(frozen=True)
class Order:
    """Rows by one column, empty values last in both directions, equal ones by id."""

    sort: str
    descending: bool

    @classmethod
    def of(cls, text: str) -> "Order":
        return cls(text.lstrip("-"), text.startswith("-"))

    def ordered(self, rows: QuerySet[Any], *, backwards: bool = False) -> QuerySet[Any]:
        down = self.descending != backwards
        by_id = "-pk" if down else "pk"
        if self.sort == "pk":
            return rows.order_by(by_id)
        nulls = {"nulls_first": True} if backwards else {"nulls_last": True}
        column = F(self.sort)
        return rows.order_by(column.desc(**nulls) if down else column.asc(**nulls), by_id)

    def beyond(
        self, model: type[models.Model], value: Any, pk: int, *, backwards: bool = False
    ) -> Q:
        """Rows that come after the one with this value and id, or before it."""
        side = "lt" if self.descending != backwards else "gt"
        by_id = Q(**{f"pk__{side}": pk})
        if self.sort == "pk":
            return by_id
        empty = Q(**{f"{self.sort}__isnull": True})
        if value is None:
            return (~empty | (empty & by_id)) if backwards else empty & by_id
        value = _same_kind(model, self.sort, value)
        if value is None:
            return by_id
        found = Q(**{f"{self.sort}__{side}": value}) | (Q(**{self.sort: value}) & by_id)
        return found if backwards else found | empty

    def value_of(self, row: Any) -> Any:
        if self.sort == "pk":
            return None
        for part in self.sort.split("__"):
            row = getattr(row, part, None)
        return row

    def mark(self, row: Any) -> str:
        """Where a row stands, for the address of the next page."""
        values: Sequence[Any] = [_plain(self.value_of(row)), row.pk]
        return base64.urlsafe_b64encode(orjson.dumps(values)).decode().rstrip("=")


def read_mark(token: str) -> tuple[Any, int] | None:
    """The value and the id of a mark; nothing for what was made up."""
    try:
        read = orjson.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (ValueError, binascii.Error):
        return None
    if not isinstance(read, list) or len(read) != 2:
        return None
    value, pk = read
    is_id = isinstance(pk, int) and not isinstance(pk, bool) and abs(pk) < 2**63
    return (value, pk) if is_id else None


def page_of(
    rows: QuerySet[Any], order: Order, size: int, *, after: str = "", before: str = ""
) -> tuple[list[Any], str, str]:
    """The rows of a page, and the marks of the page before and after it where there is one."""
    backwards = bool(before)
    token = before or after
    ordered = order.ordered(rows, backwards=backwards)
    if mark := read_mark(token) if token else None:
        ordered = ordered.filter(order.beyond(rows.model, *mark, backwards=backwards))
    found = list(ordered[: size + 1])
    more = len(found) > size
    found = found[:size]
    if backwards:
        found.reverse()
    if not found:
        return [], "", ""
    has_previous = more if backwards else mark is not None
    has_next = True if backwards else more
    return (
        found,
        order.mark(found[0]) if has_previous else "",
        order.mark(found[-1]) if has_next else "",
    )


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value


def field_at(model: type[models.Model], path: str) -> models.Field[Any, Any] | None:
    """The field a path of names leads to; nothing for a computed column."""
    *parents, last = path.split("__")
    try:
        for name in parents:
            related = model._meta.get_field(name).related_model
            assert isinstance(related, type)
            model = related
        found = model._meta.get_field(last)
    except FieldDoesNotExist:
        return None
    return found if isinstance(found, models.Field) else None


def _same_kind(model: type[models.Model], path: str, text: Any) -> Any:
    return typed(field_at(model, path), text)


def typed(field: models.Field[Any, Any] | None, text: Any) -> Any:
    """A value of an address as its column has it; None where it cannot be one."""
    if field is None:
        return text
    try:
        value = field.to_python(text)
    except (ValidationError, InvalidOperation, TypeError, ValueError, OverflowError):
        return None
    if isinstance(value, int) and abs(value) >= 2**63:
        return None
    return None if isinstance(value, str) and "\x00" in value else value
