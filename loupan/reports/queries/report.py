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
class Bar:
    """One day of the chart: two bars side by side, placed on a sheet CHART_HEIGHT high."""

    label: str
    x: int
    first: int
    second: int

    @property
    def first_y(self) -> int:
        return CHART_HEIGHT - self.first

    @property
    def second_x(self) -> int:
        return self.x + BAR_WIDTH

    @property
    def second_y(self) -> int:
        return CHART_HEIGHT - self.second


CHART_HEIGHT, BAR_WIDTH, BAR_STEP = 100, 9, 24


@dataclass(frozen=True)
class Chart:
    """What two columns of a report look like, day by day."""

    first: Any
    second: Any
    bars: Sequence[Bar]
    highest: Decimal

    @property
    def width(self) -> int:
        return len(self.bars) * BAR_STEP


@dataclass(frozen=True)
class Report:
    """What a report said at an instant."""

    columns: Sequence[Column]
    rows: Sequence[Row]
    totals: Mapping[str, Any]
    figures: Sequence[Figure] = ()
    chart: Chart | None = None


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
    """Totals of the named columns over all rows; counts stay whole numbers."""
    totals: dict[str, Any] = {}
    for key in keys:
        values = [row.cells[key] or 0 for row in rows]
        is_count = values and all(isinstance(value, int) for value in values)
        totals[key] = sum(values, 0 if is_count else Decimal(0))
    return totals


def chart_of(rows: Sequence[Row], label: str, first: Column, second: Column) -> Chart | None:
    """Bars of two columns; none where there are too few or too many rows to look at."""
    highest = max((row.cells[c.key] for row in rows for c in (first, second)), default=Decimal(0))
    if not 2 <= len(rows) <= 62 or highest <= 0:
        return None

    def height(value: Decimal) -> int:
        return int(value * CHART_HEIGHT / highest) if value > 0 else 0

    bars = [
        Bar(
            f"{row.cells[label]} · {first.label} {row.cells[first.key]:,.0f}"
            f" · {second.label} {row.cells[second.key]:,.0f}",
            place * BAR_STEP + 3,
            height(row.cells[first.key]),
            height(row.cells[second.key]),
        )
        for place, row in enumerate(rows)
    ]
    return Chart(first.label, second.label, bars, highest)
