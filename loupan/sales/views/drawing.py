"""The board as HTML, built by hand: a thousand units must not pass a template (PERFORMANCE 1).

Everything that is not a constant of this file is escaped here.  A cell is a link that works without
script; what script filters by stands in its data attributes.  No inline style: the place of a cell
is its place in a table, a duplex spans rows, what does not exist is an empty cell.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from html import escape
from itertools import pairwise
from typing import Any, Generic, TypeVar

from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from loupan.inventory.queries.board import BoardBuilding
from loupan.inventory.states import CLAIMED, OFFERED, UnitStatus
from loupan.inventory.tables import STATUS_MARKS, STATUS_PATTERNS, STATUS_TONES
from loupan.sales.forms.board import BoardState
from loupan.sales.queries.board import Interest, Sold

S = UnitStatus

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
HEAT_EDGES = (1, 3, 6, 10)
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
            str(STATUS_MARKS[status]),
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
    query: str  # The board's address without its unit, escaped, ready for `unit=`.
    released: Mapping[int, date] = field(default_factory=dict)
    since: Mapping[int, datetime] = field(default_factory=dict)
    sold: Mapping[int, Sold] = field(default_factory=dict)
    interest: Mapping[int, Interest] = field(default_factory=dict)
    chosen: int | None = None
    heading: str = ""  # What stands on top of every sheet of paper, escaped.
    price_edges: Sequence[int] = ()
    looks: Mapping[str, StatusLook] = field(default_factory=status_looks)

    def __post_init__(self) -> None:
        self.heads = {
            code: (f'class="ub-c {look.classes}', escape(look.label), escape(look.mark))
            for code, look in self.looks.items()
        }
        self.scale = _SCALES.get(self.state.view)
        self.has_clocks = self.state.view not in {"price", "age", "heat"}

    def cell(self, unit: Mapping[str, Any]) -> str:
        """One unit: a link, or in selection a box to tick."""
        pk, status, state = unit["id"], unit["status"], self.state
        classes, label, mark = self.heads[status]
        number, room = escape(unit["number"]), escape(unit["room_no"])
        price = unit["list_unit_price"] or ""
        if self.scale:
            classes += self.scale(self, unit)
        if (state.status and status not in state.status) or not state.matches(unit):
            classes += " ub-dim"
        flags = unit["flags"]
        warned = ""
        if flags and not WARNING_FLAGS.isdisjoint(flags):
            said = escape(", ".join(str(FLAG_LABELS[flag]) for flag in flags))
            warned = f'<em data-m="!">{said}</em> '
        data = (
            f' id="u{pk}" title="{number}{self.hint(pk)}" data-s="{status}" data-n="{number}"'
            f' data-l="{escape(unit["layout"])}" data-o="{unit["orientation"]}"'
            f' data-a="{unit["built_area"] or ""}" data-t="{unit["list_total"] or ""}" data-p="{price}"'
        )
        body = (
            f'<b>{room}</b> <i data-m="{mark}">{label}</i> {warned}<span>{self.line(unit)}</span>'
        )
        if state.view == "print":
            body += f"<small>{wan(unit['list_total'])}</small>"
        if state.is_selecting:
            return (
                f'<label {classes}"{data}><input type="checkbox" name="unit" value="{pk}">'
                f"{body}</label>"
            )
        current = ' aria-current="true"' if pk == self.chosen else ""
        return f'<a {classes}"{data}{current} href="?{self.query}unit={pk}">{body}</a>'

    def age(self, unit: Mapping[str, Any]) -> int | None:
        """Days since a unit still for sale was first offered."""
        since = self.released.get(unit["id"])
        if since is None or since > self.today or unit["status"] not in OPEN_FOR_SALE:
            return None
        return (self.today - since).days

    def hint(self, pk: int) -> str:
        """What the number of the heat map is made of, for whoever points at the cell."""
        found = self.interest.get(pk)
        if found is None:
            return ""
        said = gettext("%(quotes)s quotes, %(claims)s locks and holds, %(contacts)s contacts")
        counts = {"quotes": found.quotes, "claims": found.claims, "contacts": found.contacts}
        return f" · {escape(said % counts)}"

    def line(self, unit: Mapping[str, Any]) -> str:
        """The second line of a cell, escaped."""
        until, state = unit["claim_until"], self.state
        if until and self.has_clocks and state.line not in {"deal", "customer"}:
            who = "" if state.is_public else f"<s>{escape(unit['claim_label'])}</s> "
            if unit["status"] not in COUNTED:
                return f"{who}{_day(until)}"
            if state.as_of or state.view == "print":
                return f"{who}{_clock(until)}"
            return f'{who}<u data-until="{escape(until)}" data-warn="60">{_clock(until)}</u>'
        return _LINES[state.line](self, unit)

    def price_step(self, price: str) -> int:
        if not price:
            return 9
        return bisect_right(self.price_edges, _yuan(price))

    def age_step(self, unit: Mapping[str, Any]) -> int:
        days = self.age(unit)
        return 9 if days is None else bisect_right(AGE_EDGES, days)

    def score(self, unit: Mapping[str, Any]) -> int:
        found = self.interest.get(unit["id"])
        return found.score if found else 0

    def days(self, unit: Mapping[str, Any]) -> str:
        """Days the unit stands in its status."""
        since = self.since.get(unit["id"])
        return _days(max(0, (self.today - localtime(since).date()).days)) if since else ""

    def deal_price(self, unit: Mapping[str, Any]) -> str:
        found = self.sold.get(unit["id"])
        if found is None or found.deal_total is None:
            return _unseen(unit)
        return wan(f"{found.deal_total:.2f}")

    def customer(self, unit: Mapping[str, Any]) -> str:
        found = self.sold.get(unit["id"])
        return f"<s>{escape('、'.join(found.customers))}</s>" if found else _unseen(unit)


def _unseen(unit: Mapping[str, Any]) -> str:
    """A dash where somebody has the unit, but the reader does not see whose it is."""
    return "—" if unit["status"] in CLAIMED else ""


def _days(count: int | None) -> str:
    return "" if count is None else gettext("%(days)s d") % {"days": count}


_SCALES: Mapping[str, Callable[[Pen, Mapping[str, Any]], str]] = {
    "price": lambda pen, unit: f" ub-p{pen.price_step(unit['list_unit_price'] or '')}",
    "age": lambda pen, unit: f" ub-a{pen.age_step(unit)}",
    "heat": lambda pen, unit: f" ub-h{bisect_right(HEAT_EDGES, pen.score(unit))}",
}
_LINES: Mapping[str, Callable[[Pen, Mapping[str, Any]], str]] = {
    "number": lambda pen, unit: escape(unit["number"]),
    "area": lambda pen, unit: unit["built_area"] or "",
    "layout": lambda pen, unit: escape(unit["layout"]),
    "total": lambda pen, unit: wan(unit["list_total"]),
    "price": lambda pen, unit: whole(unit["list_unit_price"]),
    "deal": Pen.deal_price,
    "customer": Pen.customer,
    "days": Pen.days,
    "age": lambda pen, unit: _days(pen.age(unit)),
    "heat": lambda pen, unit: str(pen.score(unit) or ""),
}


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
    if pen.state.view == "print":
        head += _summary(counts, pen)
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for unit in units:
        groups.setdefault(unit["entrance"], []).append(unit)
    names = {str(e["code"]): str(e["name"] or e["code"]) for e in entry.entrances}
    is_row = not entry.is_parking and all(is_row_of_doors(group) for group in groups.values())
    body = _tower(groups, names, pen) if is_row else _lot(groups, names, pen)
    return f"{head}{body}</section>"


def _summary(counts: Mapping[str, int], pen: Pen) -> str:
    """How many units of a building stand in which status: its sheet may be read alone."""
    found = [
        f'<li class="{look.classes}"><i>{escape(look.mark)}</i>{escape(look.label)} <b>{count}</b></li>'
        for code, look in pen.looks.items()
        if (count := counts.get(code))
    ]
    return f'<p class="ub-head">{pen.heading}</p><ul class="ub-sum">{"".join(found)}</ul>'


def is_row_of_doors(units: Sequence[Mapping[str, Any]]) -> bool:
    positions: list[int] = [unit["position"] for unit in units]
    return max(positions) - min(positions) < WIDEST_ENTRANCE


def floor_label(floor: int) -> str:
    return f"B{-floor}" if floor < 0 else str(floor)


def _tower(
    groups: Mapping[str, Sequence[Mapping[str, Any]]], names: Mapping[str, str], pen: Pen
) -> str:
    """Floors down, entrances and positions across."""
    tower = tower_of(groups, pen.cell)
    floors = tower.floors
    several = len(groups) > 1
    heads, doors = ["<td></td>"], ["<td></td>"]
    columns: list[tuple[str, list[int]]] = []
    for code, wide, _cells in tower.entrances:
        columns.append((escape(names.get(code, code)), wide))
        if several:
            heads.append("<td></td>")
            doors.append("<td></td>")
        heads.append(f'<th scope="colgroup" colspan="{len(wide)}">{columns[-1][0]}</th>')
        doors += [f'<th scope="col">{place:02d}</th>' for place in wide]
    placed = [cells for _code, _wide, cells in tower.entrances]
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
                elif there[0] is not None:
                    span = f' rowspan="{there[1]}"' if there[1] > 1 else ""
                    rows.append(f"<td{span}>{there[0]}</td>")
        rows.append("</tr>")
    rows.append("</tbody></table></div>")
    return "".join(rows)


T = TypeVar("T")
# By row and position: a cell and the rows it takes; None in the rows below a duplex.
Placed = dict[tuple[int, int], tuple[T | None, int]]


@dataclass(frozen=True)
class Tower(Generic[T]):
    """A building as it stands: its floors from the top, its entrances with their positions and cells."""

    floors: Sequence[int]
    entrances: Sequence[tuple[str, list[int], Placed[T]]]


def tower_of(
    groups: Mapping[str, Sequence[Mapping[str, Any]]], draw: Callable[[Mapping[str, Any]], T]
) -> Tower[T]:
    """Units by entrance in their true places, each drawn by `draw`."""
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
    entrances = []
    for code, units in groups.items():
        # A number no floor has is skipped (4, 13), not a hole in the building.
        wide = sorted({unit["position"] for unit in units})
        entrances.append((code, wide, _placed(units, row_of, draw)))
    return Tower(floors, entrances)


def _placed(
    units: Sequence[Mapping[str, Any]],
    row_of: Mapping[int, int],
    draw: Callable[[Mapping[str, Any]], T],
) -> Placed[T]:
    """(row, position) → (cell, rows it takes); the rows below a duplex hold nothing.

    A duplex that would cover another unit keeps to the floors that are free.
    """
    cells: Placed[T] = {}
    bottoms = {(row_of[unit["floor"]], unit["position"]) for unit in units}
    for unit in units:
        bottom, place = row_of[unit["floor"]], unit["position"]
        top = bottom
        while bottom - top + 1 < min(unit["floors_spanned"], 9):
            above = (top - 1, place)
            if top == 0 or above in bottoms or above in cells:
                break
            top -= 1
        cells[top, place] = (draw(unit), bottom - top + 1)
        for row in range(top + 1, bottom + 1):
            cells[row, place] = (None, 0)
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
    if pen.state.view == "heat":
        middle = [f"{low}–{high - 1}" for low, high in pairwise(HEAT_EDGES)]
        words = ["0", *middle, f"≥ {HEAT_EDGES[-1]}"]
        return [(f"ub-h{step}", text) for step, text in enumerate(words)]
    return []
