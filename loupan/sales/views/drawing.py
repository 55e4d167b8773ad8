"""The board as HTML, built by hand: a thousand units must not pass a template (PERFORMANCE 1).

Everything that is not a constant of this file is escaped here.  A cell is a link that works without
script; what script filters by stands in its data attributes.  No inline style: the place of a cell
is its place in a table, a duplex spans rows, what does not exist is an empty cell.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from html import escape
from itertools import pairwise
from typing import Any

from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from loupan.inventory.queries.board import BoardBuilding
from loupan.inventory.states import OFFERED, UnitStatus
from loupan.inventory.tables import STATUS_PATTERNS, STATUS_TONES
from loupan.sales.forms.board import BoardState

S = UnitStatus

MARKS: Mapping[UnitStatus, str | Promise] = {
    S.NOT_RELEASED: pgettext_lazy("mark of a unit status on the board", "N"),
    S.WITHHELD: pgettext_lazy("mark of a unit status on the board", "W"),
    S.AVAILABLE: pgettext_lazy("mark of a unit status on the board", "A"),
    S.LOCKED: pgettext_lazy("mark of a unit status on the board", "L"),
    S.HELD: pgettext_lazy("mark of a unit status on the board", "H"),
    S.PROVISIONAL: pgettext_lazy("mark of a unit status on the board", "P"),
    S.RESERVED: pgettext_lazy("mark of a unit status on the board", "R"),
    S.CONTRACTED: pgettext_lazy("mark of a unit status on the board", "C"),
    S.FILED: pgettext_lazy("mark of a unit status on the board", "F"),
    S.HANDED_OVER: pgettext_lazy("mark of a unit status on the board", "D"),
    S.TITLED: pgettext_lazy("mark of a unit status on the board", "T"),
    S.OFF_MARKET: pgettext_lazy("mark of a unit status on the board", "X"),
}
FLAG_LABELS = {
    "encumbered": _("Encumbered"),
    "sealed": _("Sealed by court"),
    "show_flat": _("Show flat"),
    "price_missing": _("No list price"),
    "permit_missing": _("No valid permit"),
}
# Shown as a dot on the cell; a show flat is no obstacle.
WARNING_FLAGS = frozenset({"encumbered", "sealed", "price_missing", "permit_missing"})
OPEN_FOR_SALE = frozenset(status.value for status in OFFERED)
COUNTED = frozenset({S.LOCKED.value})  # Statuses that show a clock.
AGE_EDGES = (30, 90, 180, 365)
PRICE_STEPS = 7
# Positions further apart than this are no row of doors: drawn one after the other.
WIDEST_ENTRANCE = 40


@dataclass(frozen=True)
class StatusLook:
    """One status as the board draws it."""

    code: str
    label: str
    mark: str
    tone: str
    pattern: str

    @property
    def classes(self) -> str:
        return f"lp-tone-{self.tone}" + (f" lp-pattern-{self.pattern}" if self.pattern else "")


def status_looks() -> dict[str, StatusLook]:
    """The twelve statuses in the reader's language."""
    return {
        status.value: StatusLook(
            status.value,
            str(status.label),
            str(MARKS[status]),
            STATUS_TONES[status],
            STATUS_PATTERNS.get(status, ""),
        )
        for status in UnitStatus
    }


@dataclass
class Pen:
    """What every cell of one answer is drawn with."""

    state: BoardState
    today: date
    released: Mapping[int, date]
    query: str  # The board's address without its unit, escaped, ready for `unit=`.
    chosen: int | None = None
    price_edges: Sequence[int] = ()
    looks: Mapping[str, StatusLook] = field(default_factory=status_looks)

    def __post_init__(self) -> None:
        self.heads = {
            code: (f'class="ub-c {look.classes}', escape(look.label), escape(look.mark))
            for code, look in self.looks.items()
        }

    def cell(self, unit: Mapping[str, Any]) -> str:
        """One unit: a link, or in selection a box to tick."""
        pk, status, state = unit["id"], unit["status"], self.state
        classes, label, mark = self.heads[status]
        number, room = escape(unit["number"]), escape(unit["room_no"])
        days = self.days(unit)
        price = unit["list_unit_price"] or ""
        if state.view == "price":
            classes += f" ub-p{self.price_step(price)}"
        elif state.view == "age":
            classes += f" ub-a{bisect_right(AGE_EDGES, days) if days is not None else 9}"
        if (state.status and status not in state.status) or not state.matches(unit):
            classes += " ub-dim"
        line = self.line(unit, days)
        flags = unit["flags"]
        warned = ""
        if flags and not WARNING_FLAGS.isdisjoint(flags):
            said = escape(", ".join(str(FLAG_LABELS[flag]) for flag in flags))
            warned = f'<em data-m="!">{said}</em> '
        data = (
            f' id="u{pk}" title="{number}" data-s="{status}" data-n="{number}"'
            f' data-l="{escape(unit["layout"])}" data-o="{unit["orientation"]}"'
            f' data-a="{unit["built_area"] or ""}" data-t="{unit["list_total"] or ""}" data-p="{price}"'
        )
        body = f'<b>{room}</b> <i data-m="{mark}">{label}</i> {warned}<span>{line}</span>'
        if state.is_selecting:
            return (
                f'<label {classes}"{data}><input type="checkbox" name="unit" value="{pk}">'
                f"{body}</label>"
            )
        current = ' aria-current="true"' if pk == self.chosen else ""
        return f'<a {classes}"{data}{current} href="?{self.query}unit={pk}">{body}</a>'

    def days(self, unit: Mapping[str, Any]) -> int | None:
        """Days since a unit still for sale was first offered."""
        since = self.released.get(unit["id"])
        if since is None or unit["status"] not in OPEN_FOR_SALE:
            return None
        return max(0, (self.today - since).days)

    def line(self, unit: Mapping[str, Any], days: int | None) -> str:
        """The second line of a cell, escaped."""
        until = unit["claim_until"]
        if until and self.state.view not in {"price", "age"}:
            who = "" if self.state.view == "screen" else f"<s>{escape(unit['claim_label'])}</s> "
            if unit["status"] in COUNTED:
                return f'{who}<u data-until="{escape(until)}" data-warn="60">{_clock(until)}</u>'
            return f"{who}{_day(until)}"
        line = self.state.line
        if line == "layout":
            return escape(unit["layout"])
        if line == "total":
            return wan(unit["list_total"])
        if line == "price":
            return whole(unit["list_unit_price"])
        if line == "days":
            return "" if days is None else gettext("%(days)s d") % {"days": days}
        return unit["built_area"] or ""

    def price_step(self, price: str) -> int:
        if not price:
            return 9
        return bisect_right(self.price_edges, _yuan(price))


def _clock(until: str) -> str:
    return f"{localtime(datetime.fromisoformat(until)):%H:%M}"


def _day(until: str) -> str:
    return f"{localtime(datetime.fromisoformat(until)):%m-%d}"


def _yuan(text: str) -> int:
    """Whole yuan of an amount with two decimals, half up, without leaving integers."""
    return (int(text.replace(".", "")) + 50) // 100


def whole(text: str | None) -> str:
    """`12830.00` as `12,830`."""
    return f"{_yuan(text):,}" if text else ""


def grouped(text: str | None) -> str:
    """`1521895.00` as `1,521,895.00`."""
    if not text:
        return ""
    yuan, fen = text.split(".")
    return f"{int(yuan):,}.{fen}"


def wan(text: str | None) -> str:
    """`1521895.00` as `152.19`: ten thousands of yuan, half up."""
    if not text:
        return ""
    hundredths = (int(text.replace(".", "")) + 5_000) // 10_000
    return f"{hundredths // 100:,}.{hundredths % 100:02d}"


def price_edges(units: Iterable[Mapping[str, Any]]) -> list[int]:
    """The unit prices at which the price map changes its colour: steps of equally many units."""
    prices = sorted(_yuan(unit["list_unit_price"]) for unit in units if unit["list_unit_price"])
    if not prices:
        return []
    found = {prices[len(prices) * step // PRICE_STEPS] for step in range(1, PRICE_STEPS)}
    return sorted(found - {prices[0]})


# --- The board --------------------------------------------------------------------------------------


def board_html(
    buildings: Sequence[BoardBuilding], units: Sequence[Mapping[str, Any]], pen: Pen
) -> SafeString:
    """Every building with its units in their places; units come in board order."""
    by_building: dict[str, list[Mapping[str, Any]]] = {entry.code: [] for entry in buildings}
    for unit in units:
        by_building[unit["building"]].append(unit)
    parts = [_building(e, found, pen) for e in buildings if (found := by_building[e.code])]
    return SafeString(f'<div class="ub-buildings">{"".join(parts)}</div>')


def _building(entry: BoardBuilding, units: list[Mapping[str, Any]], pen: Pen) -> str:
    counts = Counter(unit["status"] for unit in units)
    said = gettext("%(count)s units, %(available)s available") % {
        "count": f"<b data-count>{len(units)}</b>",
        "available": f"<b data-available>{counts[S.AVAILABLE]}</b>",
    }
    head = (
        f'<section class="ub-b{" ub-lot" if entry.is_parking else ""}" aria-labelledby="b{entry.id}">'
        f'<h2 id="b{entry.id}">{escape(entry.name)}<small>{said}</small></h2>'
    )
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for unit in units:
        groups.setdefault(unit["entrance"], []).append(unit)
    names = {str(e["code"]): str(e["name"] or e["code"]) for e in entry.entrances}
    is_row = not entry.is_parking and all(_is_row_of_doors(group) for group in groups.values())
    body = _tower(groups, names, pen) if is_row else _lot(groups, names, pen)
    return f"{head}{body}</section>"


def _is_row_of_doors(units: Sequence[Mapping[str, Any]]) -> bool:
    positions: list[int] = [unit["position"] for unit in units]
    return max(positions) - min(positions) < WIDEST_ENTRANCE


def floor_label(floor: int) -> str:
    return f"B{-floor}" if floor < 0 else str(floor)


def _tower(
    groups: Mapping[str, Sequence[Mapping[str, Any]]], names: Mapping[str, str], pen: Pen
) -> str:
    """Floors down, entrances and positions across."""
    floors = sorted(
        {
            unit["floor"] + step
            for units in groups.values()
            for unit in units
            for step in range(min(unit["floors_spanned"], 9))
        },
        reverse=True,
    )
    row_of = {floor: row for row, floor in enumerate(floors)}
    several = len(groups) > 1
    heads, doors = ["<td></td>"], ["<td></td>"]
    columns: list[tuple[str, list[int]]] = []
    placed: list[dict[tuple[int, int], tuple[str, int]]] = []
    for code, units in groups.items():
        places = [unit["position"] for unit in units]
        wide = list(range(min(places), max(places) + 1))
        columns.append((escape(names.get(code, code)), wide))
        placed.append(_placed(units, row_of, floors, pen))
        if several:
            heads.append("<td></td>")
            doors.append("<td></td>")
        heads.append(f'<th scope="colgroup" colspan="{len(wide)}">{columns[-1][0]}</th>')
        doors += [f'<th scope="col">{place:02d}</th>' for place in wide]
    rows = ['<div class="ub-x"><table class="ub-t"><thead>']
    if any(name for name, _wide in columns):
        rows.append(f'<tr class="ub-e">{"".join(heads)}</tr>')
    rows.append(f"<tr>{''.join(doors)}</tr></thead><tbody>")
    for row, floor in enumerate(floors):
        rows.append(f'<tr><th scope="row">{floor_label(floor)}</th>')
        for (name, wide), cells in zip(columns, placed, strict=True):
            if several:
                empty = "" if any((row, place) in cells for place in wide) else " ub-g"
                rows.append(f'<td class="ub-s{empty}">{name}</td>')
            for place in wide:
                there = cells.get((row, place))
                if there is None:
                    rows.append('<td class="ub-g"></td>')
                elif there[0]:
                    span = f' rowspan="{there[1]}"' if there[1] > 1 else ""
                    rows.append(f"<td{span}>{there[0]}</td>")
        rows.append("</tr>")
    rows.append("</tbody></table></div>")
    return "".join(rows)


def _placed(
    units: Sequence[Mapping[str, Any]],
    row_of: Mapping[int, int],
    floors: Sequence[int],
    pen: Pen,
) -> dict[tuple[int, int], tuple[str, int]]:
    """(row, position) → (cell, rows it takes); the rows below a duplex hold an empty text.

    A duplex that would cover another unit keeps to the floors that are free.
    """
    cells: dict[tuple[int, int], tuple[str, int]] = {}
    bottoms = {(row_of[unit["floor"]], unit["position"]) for unit in units}
    for unit in units:
        bottom, place = row_of[unit["floor"]], unit["position"]
        top = bottom
        while bottom - top + 1 < min(unit["floors_spanned"], 9):
            above = (top - 1, place)
            if top == 0 or above in bottoms or above in cells:
                break
            top -= 1
        cells[top, place] = (pen.cell(unit), bottom - top + 1)
        for row in range(top + 1, bottom + 1):
            cells[row, place] = ("", 0)
    return cells


def _lot(
    groups: Mapping[str, Sequence[Mapping[str, Any]]], names: Mapping[str, str], pen: Pen
) -> str:
    """Stalls and storage rooms one after the other, floor by floor."""
    parts = []
    for code, units in groups.items():
        by_floor: dict[int, list[str]] = {}
        for unit in units:
            by_floor.setdefault(unit["floor"], []).append(pen.cell(unit))
        name = escape(names.get(code, code))
        for floor in sorted(by_floor, reverse=True):
            head = f"{name} {floor_label(floor)}".strip()
            parts.append(f"<h3>{head}</h3><div class='ub-stalls'>{''.join(by_floor[floor])}</div>")
    return "".join(parts)


# --- The legend -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LegendEntry:
    """A status with how many units of the board stand in it."""

    look: StatusLook
    count: int
    is_chosen: bool
    url: str


def counts_of(units: Iterable[Mapping[str, Any]], state: BoardState) -> Counter[str]:
    """Units by status that pass the other filters."""
    if not state.is_filtering:
        return Counter(unit["status"] for unit in units)
    return Counter(unit["status"] for unit in units if state.matches(unit))


def scale_of(pen: Pen) -> list[tuple[str, str]]:
    """The steps of the colour scale of a view: (class, words)."""
    if pen.state.view == "price" and pen.price_edges:
        edges = [f"{edge:,}" for edge in pen.price_edges]
        middle = [f"{low} – {high}" for low, high in pairwise(edges)]
        words = [f"< {edges[0]}", *middle, f"≥ {edges[-1]}"]
        return [(f"ub-p{step}", text) for step, text in enumerate(words)]
    if pen.state.view == "age":
        first = gettext("up to %(days)s days") % {"days": AGE_EDGES[0] - 1}
        steps = [
            gettext("%(low)s to %(high)s days") % {"low": low, "high": high - 1}
            for low, high in pairwise(AGE_EDGES)
        ]
        last = gettext("%(days)s days and more") % {"days": AGE_EDGES[-1]}
        return [(f"ub-a{step}", text) for step, text in enumerate([first, *steps, last])]
    return []
