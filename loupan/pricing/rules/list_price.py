"""The list price of a unit: basis, order of calculation, one-unit-one-price (DOMAIN 2.2)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from enum import StrEnum

from loupan.core.rounding import EXACT, TO_FEN, TO_YUAN, Precision, bounded
from loupan.pricing.rules.tracing import (
    AREA_LIMIT,
    DEFAULT_PRECISION,
    ZERO,
    PrecisionSettings,
    PricingProblem,
    Step,
    step,
)


class Basis(StrEnum):
    """What the unit price is a price of (计价方式)."""

    BUILT = "built"
    INNER = "inner"
    UNIT = "unit"


class CalculationOrder(StrEnum):
    """Which value is the master: the unit price, or the total (计算顺序)."""

    UNIT_PRICE_FIRST = "unit_price_first"
    TOTAL_FIRST = "total_first"


@dataclass(frozen=True)
class ListPrice:
    """Yuan, and yuan per square metre; an unknown area has no unit price."""

    list_total: Decimal
    built_unit_price: Decimal | None
    inner_unit_price: Decimal | None
    trace: tuple[Step, ...]


def list_price(
    *,
    basis: Basis,
    order: CalculationOrder,
    built_area: Decimal | None,
    inner_area: Decimal | None,
    unit_price: Decimal | None = None,
    total: Decimal | None = None,
    precision: PrecisionSettings = DEFAULT_PRECISION,
) -> ListPrice:
    """The list price of one unit by basis and calculation order (DOMAIN 2.2.2, ORC-06, ORC-07).

    The total prevails: the unit prices that were not given are derived from it, for display.
    A basis of `unit` has no unit price to start from and always counts from the total.
    Raises PricingProblem: area_missing, area_invalid, price_missing, price_not_positive.
    """
    areas = {Basis.BUILT: known_area(built_area), Basis.INNER: known_area(inner_area)}
    given = None
    if basis == Basis.UNIT or order == CalculationOrder.TOTAL_FIRST:
        list_total, first = _from_total(total, precision)
    else:
        given = positive(unit_price)
        list_total, first = _from_unit_price(basis, areas[basis], given, precision)
    steps = [first]
    prices: dict[Basis, Decimal | None] = {}
    for each, area in areas.items():
        if given is not None and each == basis:
            prices[each] = given
            continue
        prices[each] = unit_price_of(list_total, area, precision.list_unit_price)
        if area is not None:
            steps.append(
                step(
                    f"list_unit_price_{each}",
                    precision.list_unit_price,
                    prices[each],
                    list_total=list_total,
                    area=area,
                )
            )
    return ListPrice(list_total, prices[Basis.BUILT], prices[Basis.INNER], tuple(steps))


def unit_price_of(
    amount: Decimal, area: Decimal | None, precision: Precision = TO_FEN
) -> Decimal | None:
    """Yuan per square metre for display; None where the area is unknown."""
    if area is None:
        return None
    with localcontext(EXACT):
        return precision.apply(amount / area)


def known_area(area: Decimal | None) -> Decimal | None:
    if area is not None and not (area.is_finite() and 0 < area < AREA_LIMIT):
        raise PricingProblem("area_invalid", area=area)
    return area


def positive(price: Decimal | None) -> Decimal:
    if price is None:
        raise PricingProblem("price_missing")
    if bounded(price) <= 0:
        raise PricingProblem("price_not_positive", price=price)
    return price


def _from_total(total: Decimal | None, precision: PrecisionSettings) -> tuple[Decimal, Step]:
    given = positive(total)
    list_total = positive(precision.list_total.apply(given))
    return list_total, step("list_total", precision.list_total, list_total, total=given)


def _from_unit_price(
    basis: Basis, area: Decimal | None, price: Decimal, precision: PrecisionSettings
) -> tuple[Decimal, Step]:
    if area is None:
        raise PricingProblem("area_missing", basis=basis)
    with localcontext(EXACT):
        raw = price * area
    list_total = positive(precision.list_total.apply(raw))
    given = {"basis": basis, "unit_price": price, "area": area, "raw": raw}
    return list_total, step("list_total", precision.list_total, list_total, **given)


class FormulaKind(StrEnum):
    ADDITIVE = "additive"  # Yuan per square metre on top of the base.
    MULTIPLICATIVE = "multiplicative"  # Coefficients of the base.


@dataclass(frozen=True)
class FloorBand:
    """Floors from `lowest` to `highest`: start + per_floor × (floor − counted_from)."""

    lowest: int
    highest: int
    start: Decimal
    per_floor: Decimal = ZERO
    counted_from: int = 0

    def at(self, floor_no: int) -> Decimal:
        return self.start + self.per_floor * (floor_no - self.counted_from)


@dataclass(frozen=True)
class PriceFormula:
    """A one-unit-one-price formula as plain tables: base, floors, and a value per factor."""

    name: str
    base: Decimal
    floor_bands: tuple[FloorBand, ...] = ()
    tables: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)
    kind: FormulaKind = FormulaKind.ADDITIVE
    precision: Precision = TO_YUAN
    version: int = 1


@dataclass(frozen=True)
class FormulaPrice:
    unit_price: Decimal
    trace: tuple[Step, ...]


def formula_price(
    formula: PriceFormula, *, floor_no: int, factors: Mapping[str, str]
) -> FormulaPrice:
    """The list unit price of one unit by its floor and factors (ORC-04, ORC-05).

    `factors` names a row of each table that applies: {"orientation": "S", "corner": "yes"}.
    Raises PricingProblem: floor_not_in_formula, factor_unknown, price_not_positive.
    """
    rule = f"{formula.kind}:{formula.name}:v{formula.version}"
    steps = [step("formula_base", rule, formula.base)]
    running = formula.base
    with localcontext(EXACT):
        for name, row, effect in _formula_effects(formula, floor_no, factors):
            added = formula.kind == FormulaKind.ADDITIVE
            running = running + effect if added else running * effect
            given = {"factor": name, "row": row, "effect": effect}
            steps.append(step("formula_factor", rule, running, **given))
    unit_price = positive(formula.precision.apply(running))
    steps.append(step("formula_unit_price", formula.precision, unit_price, raw=running))
    return FormulaPrice(unit_price, tuple(steps))


def _formula_effects(
    formula: PriceFormula, floor_no: int, factors: Mapping[str, str]
) -> Iterator[tuple[str, str, Decimal]]:
    if formula.floor_bands:
        bands = (band for band in formula.floor_bands if band.lowest <= floor_no <= band.highest)
        band = next(bands, None)
        if band is None:
            raise PricingProblem("floor_not_in_formula", floor_no=floor_no, formula=formula.name)
        yield "floor", str(floor_no), band.at(floor_no)
    for name, row in factors.items():
        if row not in formula.tables.get(name, {}):
            raise PricingProblem("factor_unknown", factor=name, row=row, formula=formula.name)
        yield name, row, formula.tables[name][row]
