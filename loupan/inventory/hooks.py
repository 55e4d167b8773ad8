"""Sockets offered to the floors above: how a project computes a list price."""

from collections.abc import Callable

from loupan.core.hooks import Hook
from loupan.inventory.rules.prices import PriceCalculator

# Key "list_price", plugged in by pricing: project id -> the calculator of that project, which has
# read its precision and order once and is then asked for each unit of an import.
price_calculator: Hook[[int], PriceCalculator] = Hook("inventory.price_calculator")
LIST_PRICE = "list_price"


def calculator_for(project_id: int, default: Callable[[], PriceCalculator]) -> PriceCalculator:
    """The project's own calculator, or the plain one where no pricing is installed."""
    if LIST_PRICE in price_calculator.keys():  # noqa: SIM118  A Hook is no dict.
        return price_calculator.call(LIST_PRICE, project_id)
    return default()
