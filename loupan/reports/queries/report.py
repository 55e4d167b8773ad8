"""The shape of a report: named columns, rows, totals; page, export and API print the same (HOUSE 3.12)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from loupan.org.models import User
from loupan.reports.queries.scope import Parameters


@dataclass(frozen=True)
class Column:
    """One column: `kind` is text, money, area, price, rate, number, date or datetime; `note` defines it."""

    key: str
    label: Any
    kind: str = "text"
    note: Any = ""


@dataclass(frozen=True)
class Row:
    """One line; `links` name where a cell is opened from (the drill-down), by column key."""

    cells: Mapping[str, Any]
    links: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Figure:
    """A key figure above the table."""

    key: str
    label: Any
    value: Any
    kind: str
    note: Any = ""
    url: str = ""


@dataclass(frozen=True)
class Report:
    """What a report said at an instant."""

    columns: Sequence[Column]
    rows: Sequence[Row]
    totals: Mapping[str, Any]
    figures: Sequence[Figure] = ()


@dataclass(frozen=True)
class Kind:
    """A report of DOMAIN 3.3 as it can be asked for."""

    code: str
    title: Any
    purpose: Any
    run: Callable[[User, Parameters, datetime], Report]
    has_period: bool = True
    permission: str = "reports.read"


def summed(rows: Sequence[Row], *keys: str) -> dict[str, Any]:
    """Totals of the named columns over all rows."""
    return {key: sum((row.cells[key] or Decimal(0) for row in rows), Decimal(0)) for key in keys}
