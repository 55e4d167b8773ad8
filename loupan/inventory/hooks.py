"""Sockets for the floors above: how a project computes a list price, panels on the page of a unit."""

from collections.abc import Callable
from dataclasses import dataclass

from loupan.core.hooks import Hook
from loupan.inventory.models import Unit
from loupan.inventory.rules.prices import PriceCalculator
from loupan.org.models import User

# Key "list_price", plugged in by pricing: project id -> the calculator of that project, which has
# read its precision and order once and is then asked for each unit of an import.
price_calculator: Hook[[int], PriceCalculator] = Hook("inventory.price_calculator")
LIST_PRICE = "list_price"


def calculator_for(project_id: int, default: Callable[[], PriceCalculator]) -> PriceCalculator:
    """The project's own calculator, or the plain one where no pricing is installed."""
    if LIST_PRICE in price_calculator.keys():  # noqa: SIM118  A Hook is no dict.
        return price_calculator.call(LIST_PRICE, project_id)
    return default()


@dataclass(frozen=True)
class Panel:
    """A part of the unit's page that a floor above fills: loaded from `url` by htmx."""

    key: str
    title: str
    url: str


# Plug: (unit, viewer) -> Panel, or None where the viewer may see nothing of it.
panels: Hook[[Unit, User], Panel | None] = Hook("inventory.panels")


def panels_of(unit: Unit, viewer: User) -> list[Panel]:
    found = (panels.call(key, unit, viewer) for key in panels.keys())  # noqa: SIM118  Not a dict.
    return [panel for panel in found if panel is not None]
