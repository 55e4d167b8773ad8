"""New prices for many units at once, and what they come to (调价, DOMAIN 2.2.5, X-06).

Methods: percent, yuan per m², yuan in total, formula, or prices given.  Whatever the method, one named
result is rounded once by its precision, and the total is worked out by list_price (2.2.2).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from enum import StrEnum
from typing import Final

from loupan.core.rounding import EXACT, TO_FEN, AmountOutOfRange
from loupan.pricing.rules.formula import Formula, LookupTable, Value, compiled
from loupan.pricing.rules.list_price import Basis, CalculationOrder, list_price
from loupan.pricing.rules.tracing import PrecisionSettings, PricingProblem, Step, step

MOST_UNITS: Final = 20_000


class Method(StrEnum):
    PERCENT = "percent"
    PER_AREA = "per_area"
    TOTAL = "total"
    FORMULA = "formula"
    IMPORT = "import"
    GIVEN = "given"


class Target(StrEnum):
    UNIT_PRICE = "unit_price"
    TOTAL = "total"


@dataclass(frozen=True, slots=True)
class PricedUnit:
    """A unit as pricing looks at it: yuan, yuan per m², m²; None where something is not known."""

    id: int
    number: str
    building: str
    layout: str
    product: str
    status: str
    basis: str
    built_area: Decimal | None
    inner_area: Decimal | None
    unit_price: Decimal | None
    total: Decimal | None
    floor_total: Decimal | None
    filed_total: Decimal | None
    entrance: str = ""
    floor_no: int = 0
    position: int = 0
    values: Mapping[str, Value | None] = field(default_factory=dict)

    @property
    def area(self) -> Decimal | None:
        """The area its unit price is a price of; none where it is sold by the piece."""
        return {"built": self.built_area, "inner": self.inner_area}.get(self.basis)


@dataclass(frozen=True, slots=True)
class Line:
    """The new price of one unit; without one, `problem` is the stable code of the reason."""

    unit: PricedUnit
    unit_price: Decimal | None = None
    total: Decimal | None = None
    problem: str = ""
    trace: tuple[Step, ...] = ()


@dataclass(frozen=True)
class Settings:
    """How a class of property computes: order and precision (2.2.4)."""

    order: CalculationOrder
    precision: PrecisionSettings


@dataclass(frozen=True)
class Recipe:
    """What prices are computed from; kept with the list, so that each can be computed again.

    `amount` is a share (0.03 is 3 % more), yuan per m², or yuan, by the method.
    """

    method: Method
    amount: Decimal = Decimal(0)
    target: Target = Target.UNIT_PRICE
    base_price: Decimal | None = None
    text: str = ""
    code: str = ""
    edition: int = 0
    formulas: Mapping[str, str] = field(default_factory=dict)
    tables: Mapping[str, LookupTable] = field(default_factory=dict)
    # By unit: its new unit price, or its new total.
    given: Mapping[int, tuple[Decimal | None, Decimal | None]] = field(default_factory=dict)

    def formula(self) -> Formula:
        """Raises FormulaProblem."""
        return compiled(self.text, tables=self.tables, formulas=self.formulas, name=self.code)


def repriced(
    units: Iterable[PricedUnit],
    recipe: Recipe,
    settings: Mapping[str, Settings],
    *,
    with_trace: bool,
) -> list[Line]:
    """New prices of units, each for itself; what cannot be priced says why.

    `settings` are by product type.  Raises FormulaProblem when the formula itself is wrong.
    """
    ask = _asking(recipe, with_trace=with_trace)
    return [_line(unit, recipe, settings[unit.product], ask) for unit in units]


@dataclass(frozen=True, slots=True)
class _Asked:
    """The new unit price or the new total before rounding, and how it was found."""

    unit_price: Decimal | None
    total: Decimal | None
    steps: tuple[Step, ...] = ()


_Ask = Callable[[PricedUnit], _Asked]


def _asking(recipe: Recipe, *, with_trace: bool) -> _Ask:
    if recipe.method == Method.FORMULA:
        return _by_formula(recipe, with_trace=with_trace)
    if recipe.method in {Method.IMPORT, Method.GIVEN}:
        return lambda unit: _Asked(*recipe.given[unit.id])
    factor = 1 + recipe.amount

    def ask(unit: PricedUnit) -> _Asked:
        if unit.total is None:
            raise PricingProblem("price_missing")
        price, area = unit.unit_price, unit.area
        with localcontext(EXACT):
            if recipe.method == Method.PERCENT:
                new = (price * factor if price is not None and area else None, unit.total * factor)
            elif recipe.method == Method.PER_AREA:
                if area is None or price is None:
                    raise PricingProblem("area_missing")
                new = (price + recipe.amount, unit.total + recipe.amount * area)
            else:
                new = (None, unit.total + recipe.amount)
        code = f"change_{recipe.method}"
        told = step(
            code, recipe.method, new[1], unit_price=price, total=unit.total, amount=recipe.amount
        )
        return _Asked(*new, (told,) if with_trace else ())

    return ask


def _by_formula(recipe: Recipe, *, with_trace: bool) -> _Ask:
    formula = recipe.formula()
    rule = f"{recipe.code}:v{recipe.edition}"
    # Units that are alike in everything the formula asks for have the same result.
    known: dict[tuple[Value | None, ...], _Asked | PricingProblem] = {}

    def compute(values: Mapping[str, Value | None]) -> _Asked:
        if with_trace:
            told = formula.explain(values)
            steps = (*told.steps, step("formula_unit_price", rule, told.value))
            result = told.value
        else:
            result, steps = formula.value(values), ()
        if result <= 0:
            raise PricingProblem("price_not_positive")
        is_total = recipe.target == Target.TOTAL
        return _Asked(None if is_total else result, result if is_total else None, steps)

    def ask(unit: PricedUnit) -> _Asked:
        values = {**unit.values, "base_price": recipe.base_price}
        alike = tuple([values.get(name) for name in formula.variables])
        found = known.get(alike)
        if found is None:
            try:
                found = compute(values)
            except PricingProblem as problem:
                found = problem
            known[alike] = found
        if isinstance(found, PricingProblem):
            raise found
        return found

    return ask


def _line(unit: PricedUnit, recipe: Recipe, settings: Settings, ask: _Ask) -> Line:
    try:
        asked = ask(unit)
        precision = settings.precision
        order = settings.order
        unit_price = asked.unit_price
        if asked.total is None or (unit_price is None and unit.basis == Basis.UNIT):
            order = CalculationOrder.UNIT_PRICE_FIRST
        elif unit_price is None:
            order = CalculationOrder.TOTAL_FIRST
        if unit_price is not None:
            unit_price = precision.list_unit_price.apply(unit_price)
        priced = list_price(
            basis=Basis(unit.basis),
            order=order,
            built_area=unit.built_area,
            inner_area=unit.inner_area,
            unit_price=unit_price,
            total=asked.total,
            precision=precision,
        )
    except PricingProblem as problem:
        return Line(unit, problem=problem_text(problem))
    except AmountOutOfRange:
        return Line(unit, problem="amount_out_of_range")
    shown = priced.inner_unit_price if unit.basis == Basis.INNER else priced.built_unit_price
    return Line(unit, shown, priced.list_total, "", (*asked.steps, *priced.trace))


def problem_text(problem: PricingProblem) -> str:
    """The code of a problem with the one fact that tells most, as a line keeps it."""
    facts = problem.facts
    told = facts.get("name") or facts.get("key") or facts.get("floor") or facts.get("basis") or ""
    table = f"{facts['table']}/" if "table" in facts else ""
    return f"{problem.code}:{table}{told}".rstrip(":")[:60]


# --- What the prices come to ----------------------------------------------------------------------


@dataclass(frozen=True)
class Bounds:
    """How many new prices lie where they must not (U-6, 2.2.5)."""

    below_floor: int = 0
    above_filed: int = 0
    below_filed_share: int = 0
    without_price: int = 0

    @property
    def count(self) -> int:
        return self.below_floor + self.above_filed + self.below_filed_share + self.without_price


@dataclass(frozen=True)
class Figures:
    """Totals in yuan, areas in m², averages in yuan per m² of built area (均价 = Σ total ÷ Σ area)."""

    units: int
    changed: int
    area: Decimal
    old_total: Decimal
    new_total: Decimal
    old_average: Decimal | None
    new_average: Decimal | None
    bounds: Bounds

    @property
    def difference(self) -> Decimal:
        return self.new_total - self.old_total

    @property
    def change(self) -> Decimal | None:
        """As a share of the old total."""
        if not self.old_total:
            return None
        with localcontext(EXACT):
            return self.difference / self.old_total


def wrong_with(line: Line, lower_rate: Decimal | None) -> str:
    """Why a new price may not be approved: problem, below_floor, above_filed, below_filed_share; or ""."""
    if line.total is None:
        return "without_price"
    return out_of_bounds(line.total, line.unit.floor_total, line.unit.filed_total, lower_rate)


def out_of_bounds(
    total: Decimal, floor: Decimal | None, filed: Decimal | None, lower_rate: Decimal | None
) -> str:
    """Which bound a list total breaks: below_floor, above_filed, below_filed_share; or ""."""
    if floor is not None and total < floor:
        return "below_floor"
    if filed is not None and total > filed:
        return "above_filed"
    if filed is not None and lower_rate is not None and total < filed * lower_rate:
        return "below_filed_share"
    return ""


def figures(lines: Sequence[Line], lower_rate: Decimal | None = None) -> Figures:
    """What a list comes to. Old sums count the units that had a price, averages those with an area."""
    zero = Decimal(0)
    old = new = area = old_with_area = new_with_area = old_area = new_area = zero
    changed = 0
    wrong: dict[str, int] = defaultdict(int)
    with localcontext(EXACT):
        for line in lines:
            unit, total = line.unit, line.total
            built = unit.built_area
            if built is not None:
                area += built
            if unit.total is not None:
                old += unit.total
                if built is not None:
                    old_with_area += unit.total
                    old_area += built
            if total is not None:
                new += total
                if built is not None:
                    new_with_area += total
                    new_area += built
                if total != unit.total or line.unit_price != unit.unit_price:
                    changed += 1
            if said := wrong_with(line, lower_rate):
                wrong[said] += 1
        return Figures(
            units=len(lines),
            changed=changed,
            area=area,
            old_total=old,
            new_total=new,
            old_average=TO_FEN.apply(old_with_area / old_area) if old_area else None,
            new_average=TO_FEN.apply(new_with_area / new_area) if new_area else None,
            bounds=Bounds(**wrong),
        )


def by_group(
    lines: Iterable[Line], key: Callable[[Line], str], lower_rate: Decimal | None = None
) -> list[tuple[str, Figures]]:
    """The same by building or by layout, in the order in which they come."""
    groups: dict[str, list[Line]] = {}
    for line in lines:
        groups.setdefault(key(line), []).append(line)
    return [(name, figures(found, lower_rate)) for name, found in groups.items()]


@dataclass(frozen=True)
class Bin:
    """Unit prices from `lowest` up to below `highest`: how many units had one before, have one now."""

    lowest: Decimal
    highest: Decimal
    old: int
    new: int


MOST_BINS: Final = 16
_STEPS: Final = (1, 2, 5)


def distribution(lines: Iterable[Line]) -> list[Bin]:
    """Unit prices of a list in at most MOST_BINS equal steps of 1, 2 or 5 times a power of ten."""
    pairs = [(line.unit.unit_price, line.unit_price) for line in lines]
    old = [before for before, _after in pairs if before is not None]
    new = [after for _before, after in pairs if after is not None]
    if not old and not new:
        return []
    lowest, highest = min([*old, *new]), max([*old, *new])
    size = _bin_size(highest - lowest)
    first = int(lowest // size)
    count = int(highest // size) - first + 1
    bins = [[0, 0] for _place in range(count)]
    for column, prices in enumerate((old, new)):
        for price in prices:
            bins[int(price // size) - first][column] += 1
    return [
        Bin(size * (first + place), size * (first + place + 1), before, after)
        for place, (before, after) in enumerate(bins)
    ]


def _bin_size(spread: Decimal) -> Decimal:
    size = Decimal(1)
    while True:
        for times in _STEPS:
            if spread < size * times * (MOST_BINS - 1):
                return size * times
        size *= 10


def shades(lines: Sequence[Line], steps: int = 6) -> dict[int, int]:
    """For each unit with a new price the shade of its unit price, 0 for the lowest."""
    prices = [line.unit_price for line in lines if line.unit_price is not None]
    if not prices:
        return {}
    lowest, spread = min(prices), max(prices) - min(prices)
    return {
        line.unit.id: min(steps - 1, int((line.unit_price - lowest) * steps / spread))
        if spread
        else 0
        for line in lines
        if line.unit_price is not None
    }
