"""A list price from what is known of it (DOMAIN 2.2.2)."""

from decimal import Decimal

from loupan.core.rounding import AmountOutOfRange
from loupan.inventory.rules.prices import ListPrice, PriceCalculator
from loupan.pricing.queries.book import price_book
from loupan.pricing.queries.traces import trace_json
from loupan.pricing.rules import list_price
from loupan.pricing.rules.tracing import PrecisionSettings, PricingProblem


def list_price_calculator(project_id: int) -> PriceCalculator:
    """How this project computes list prices, for an import of many units (inventory's hook)."""
    classes = price_book(project_id).classes

    def calculate(
        basis: str,
        built_area: Decimal | None,
        inner_area: Decimal | None,
        unit_price: Decimal | None,
        total: Decimal | None,
        *,
        product_type: str,
    ) -> ListPrice:
        found = classes[product_type]
        return list_price_of(
            basis,
            built_area,
            inner_area,
            unit_price,
            total,
            order=found.order,
            precision=found.precision,
        )

    return calculate


def list_price_of(
    basis: str,
    built_area: Decimal | None,
    inner_area: Decimal | None,
    unit_price: Decimal | None,
    total: Decimal | None,
    *,
    order: list_price.CalculationOrder,
    precision: PrecisionSettings,
) -> ListPrice:
    """A list price from what is known: the master of the project's order, else the other one."""
    master = order
    if unit_price is None:
        master = list_price.CalculationOrder.TOTAL_FIRST
    elif total is None:
        master = list_price.CalculationOrder.UNIT_PRICE_FIRST
    try:
        priced = list_price.list_price(
            basis=list_price.Basis(basis),
            order=master,
            built_area=built_area,
            inner_area=inner_area,
            unit_price=unit_price,
            total=total,
            precision=precision,
        )
    except (PricingProblem, AmountOutOfRange):
        return ListPrice(unit_price, None)
    shown = priced.inner_unit_price if basis == "inner" else priced.built_unit_price
    return ListPrice(shown, priced.list_total, trace_json(priced.trace))
