"""What new prices come to, drawn: histogram, small board, knobs, two lists compared (X-06)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from loupan.core.formatting import money_text
from loupan.pricing.models import PriceList, PriceTable
from loupan.pricing.queries.price_lists import Outlook
from loupan.pricing.rules.repricing import Bin, Line, shades
from loupan.pricing.tables.formulas import key_label
from loupan.pricing.tables.price_lists import WRONG, line_problem

CHART_WIDTH, CHART_HEIGHT = 480, 120
SHADES = 6


def outlook_context(outlook: Outlook, *, sees_floor: bool, building: str) -> dict[str, Any]:
    """The outlook as its fragment shows it; what only floors tell is left out for some."""
    names = [name for name, _figures in outlook.buildings]
    chosen = building if building in names else (names[0] if names else "")
    return {
        "outlook": outlook,
        "figures": outlook.figures,
        "sees_floor": sees_floor,
        "bars": chart_bars(outlook.bins),
        "chart_width": CHART_WIDTH,
        "chart_height": CHART_HEIGHT,
        "buildings": names,
        "building": chosen,
        "floors": board_floors(outlook, chosen, sees_floor=sees_floor),
    }


@dataclass(frozen=True)
class Bar:
    """A step of unit prices: before and after beside each other."""

    label: str
    x: int
    width: int
    old: int
    new: int

    @property
    def old_y(self) -> int:
        return CHART_HEIGHT - self.old

    @property
    def new_y(self) -> int:
        return CHART_HEIGHT - self.new

    @property
    def new_x(self) -> int:
        return self.x + self.width


def chart_bars(bins: Sequence[Bin]) -> list[Bar]:
    """A histogram of unit prices as rectangles on a sheet of CHART_WIDTH × CHART_HEIGHT."""
    most = max((max(each.old, each.new) for each in bins), default=0)
    step = CHART_WIDTH // max(1, len(bins))
    return [
        Bar(
            label=_("%(lowest)s to %(highest)s: %(old)s before, %(new)s now")
            % {
                "lowest": f"{each.lowest:,.0f}",
                "highest": f"{each.highest:,.0f}",
                "old": each.old,
                "new": each.new,
            },
            x=place * step + 1,
            width=max(1, (step - 3) // 2),
            old=each.old * (CHART_HEIGHT - 4) // most if most else 0,
            new=each.new * (CHART_HEIGHT - 4) // most if most else 0,
        )
        for place, each in enumerate(bins)
    ]


@dataclass(frozen=True)
class LabCell:
    """A unit on the small board: its new unit price, its shade, what is wrong."""

    room: str
    price: Decimal | None
    change: str
    classes: str
    title: str


def board_floors(
    outlook: Outlook, building: str, *, sees_floor: bool
) -> list[tuple[int, list[LabCell | None]]]:
    """Floors from the top; a unit stands in the column of its entrance and position, else nothing."""
    there = [line for line in outlook.lines if line.unit.building == building]
    shade = shades(there, SHADES)
    places = sorted({(line.unit.entrance, line.unit.position) for line in there})
    columns = {place: column for column, place in enumerate(places)}
    floors: dict[int, list[LabCell | None]] = {}
    for line in there:
        wrong = outlook.wrong.get(line.unit.id, "")
        if wrong == "below_floor" and not sees_floor:
            wrong = ""
        row = floors.setdefault(line.unit.floor_no, [None] * len(columns))
        row[columns[line.unit.entrance, line.unit.position]] = _lab_cell(line, shade, wrong)
    return sorted(floors.items(), reverse=True)


def _lab_cell(line: Line, shade: Mapping[int, int], wrong: str) -> LabCell:
    unit = line.unit
    change = ""
    if line.total is not None and unit.total:
        change = f"{(line.total - unit.total) / unit.total * 100:+.1f}%"
    title = [unit.number, money_text(line.unit_price) if line.unit_price else "—", change]
    if wrong:
        title.append(str(WRONG[wrong]))
    if line.problem:
        title.append(line_problem(line.problem))
    return LabCell(
        room=unit.number.rsplit("-", 1)[-1],
        price=line.unit_price,
        change=change,
        classes=f"lab-c lab-s{shade.get(unit.id, 0)}" + (" lab-wrong" if wrong else ""),
        title=" · ".join(part for part in title if part),
    )


@dataclass(frozen=True)
class Knob:
    """One number of the lab: its field, its value, how far a slider goes around it."""

    name: str
    label: str
    value: str
    lowest: str = ""
    highest: str = ""
    step: str = ""


@dataclass(frozen=True)
class KnobGroup:
    title: str
    knobs: list[Knob]


def knobs_of(row: PriceList) -> list[KnobGroup]:
    """What can be turned in a draft: the amount, or base price and rows of the tables."""
    basis = row.basis
    if row.method == PriceList.Method.PERCENT:
        amount = f"{(Decimal(basis.get('amount', '0')) * 100).normalize():f}"
        return [KnobGroup("", [Knob("amount", _("Percent"), amount, "-20", "20", "0.1")])]
    if row.method in {PriceList.Method.PER_AREA, PriceList.Method.TOTAL}:
        amount = basis.get("amount", "0")
        is_total = row.method == PriceList.Method.TOTAL
        most, each = ("200000", "1000") if is_total else ("3000", "10")
        label = str(row.get_method_display())
        return [KnobGroup("", [Knob("amount", label, amount, f"-{most}", most, each)])]
    if row.method != PriceList.Method.FORMULA:
        return []
    base = Decimal(basis.get("base_price") or 0)
    groups = []
    if base:
        low, high = base * Decimal("0.8"), base * Decimal("1.2")
        knob = Knob("base_price", _("Base price"), f"{base:f}", f"{low:.0f}", f"{high:.0f}", "10")
        groups.append(KnobGroup("", [knob]))
    groups.extend(
        KnobGroup(table["name"], [*_table_knobs(table)]) for table in basis.get("tables", [])
    )
    return groups


def _table_knobs(table: Mapping[str, Any]) -> Iterator[Knob]:
    for place, row in enumerate(table["rows"]):
        at = f"{table['code']}-{place}"
        if table["keys"] == PriceTable.Keys.FLOOR:
            floors = f"{row['lowest']} – {row['highest']}"
            yield Knob(
                f"{at}-start", _("Floors %(floors)s: start") % {"floors": floors}, row["start"]
            )
            label = _("Floors %(floors)s: per floor") % {"floors": floors}
            yield Knob(f"{at}-per_floor", label, row["per_floor"])
        else:
            yield Knob(f"{at}-value", key_label(table["keys"], row["key"]), row["value"])


def comparison_context(first: Outlook, second: Outlook, *, sees_floor: bool) -> dict[str, Any]:
    """Two lists beside each other: sums, buildings, the units whose totals differ most."""
    left, right = ({line.unit.id: line for line in each.lines} for each in (first, second))
    differing = []
    for pk in left.keys() & right.keys():
        one, other = left[pk].total, right[pk].total
        if one is not None and other is not None and one != other:
            differing.append((other - one, left[pk], right[pk]))
    differing.sort(key=lambda found: (-abs(found[0]), found[1].unit.number))
    names = dict.fromkeys([*dict(first.buildings), *dict(second.buildings)])
    return {
        "pair": (first.figures, second.figures),
        "sees_floor": sees_floor,
        "by_building": [
            (name, dict(first.buildings).get(name), dict(second.buildings).get(name))
            for name in names
        ],
        "differing": differing[:100],
        "differing_count": len(differing),
    }
