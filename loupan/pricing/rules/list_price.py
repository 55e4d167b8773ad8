"""The list price of a unit: basis, order of calculation, one-unit-one-price (DOMAIN 2.2)."""

from dataclasses import dataclass
from decimal import Decimal, localcontext
from enum import StrEnum

from loupan.core.rounding import EXACT, TO_FEN, Precision, bounded
from loupan.pricing.rules.tracing import (
    AREA_LIMIT,
    DEFAULT_PRECISION,
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
