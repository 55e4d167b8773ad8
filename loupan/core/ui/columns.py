"""What a list shows of a row: one declaration for the page, the export, sorting, groups, inline edit."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.functional import Promise

Text = str | Promise


@dataclass(frozen=True)
class InlineEdit:
    """A plain field that may be changed where it stands in the list (UX 4).

    `field` draws it, `stored` is its value as the form takes it, and `act` is the action of the record's
    form: `act(pk=…, value=…, version=…, by=…, at=…)`.
    """

    permission: str
    field: Callable[[Any, Any], forms.Field]  # The request and the row.
    act: Callable[..., object]
    stored: Callable[[Any], Any] | None = None
    allowed: Callable[[Any], bool] | None = None  # Rows that have it at all.


@dataclass(frozen=True)
class Column:
    """One column of a list, on the page and in the export alike.

    `value` takes a row; without it the attribute `key` is read (dots reach further).  `sort` is the
    database column that a click on the head sorts by, `group` the one rows are grouped by (days and
    instants by month).  `kind` chooses the component that prints it: text, money, area, rate, number,
    date, datetime, status, phone.
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
    group: str = ""
    edit: InlineEdit | None = None
    # A small sign beside the value, as {label, tone}, where the row and the request call for one.
    badge: Callable[[Any, Any], Mapping[str, Any] | None] | None = None
    # Shown to this reader at all; a permission says it more shortly where there is one.
    shown_to: Callable[[Any], bool] | None = None

    @property
    def is_number(self) -> bool:
        return self.kind in {"money", "area", "rate", "number"}

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
    """One value on the page, ready to print."""

    column: Column
    value: Any
    url: str
    tone: str
    badge: Mapping[str, Any] | None = None
    edit_url: str = ""
    form: Any = None


def export_value(value: Any) -> Any:
    """What a cell of an export holds: amounts and dates as themselves, everything else as text."""
    if value is None or isinstance(value, bool | int | Decimal | date | datetime):
        return value
    return str(value)
