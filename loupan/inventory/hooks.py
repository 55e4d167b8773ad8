"""Sockets for the floors above: how a project computes a list price, panels on the page of a unit."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from loupan.core.hooks import Hook
from loupan.core.people import Actor
from loupan.inventory.models import Unit, UnitImport
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


# Plug: (import, by, at) -> the prices a file brought are on record; within the transaction of the import.
prices_imported: Hook[[UnitImport, Actor, datetime], None] = Hook("inventory.prices_imported")
# The same when an import is taken back; its units are still there.
prices_taken_back: Hook[[UnitImport, Actor, datetime], None] = Hook("inventory.prices_taken_back")


def tell_imported(batch: UnitImport, by: Actor, at: datetime) -> None:
    """Part of an import: who keeps prices learns of those it brought."""
    for key in prices_imported.keys():  # noqa: SIM118  A Hook is no dict.
        prices_imported.call(key, batch, by, at)


def tell_taken_back(batch: UnitImport, by: Actor, at: datetime) -> None:
    """Part of undoing an import."""
    for key in prices_taken_back.keys():  # noqa: SIM118
        prices_taken_back.call(key, batch, by, at)


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


# Key "payment_plan", plugged in by pricing: (project id, day) -> whether a plan can be chosen that day.
payment_plans: Hook[[int, date], bool] = Hook("inventory.payment_plans")
PAYMENT_PLAN = "payment_plan"


def has_payment_plan(project_id: int, on: date) -> bool:
    """Whether units of the project can be bought by some plan; yes where no pricing is installed."""
    if PAYMENT_PLAN in payment_plans.keys():  # noqa: SIM118  A Hook is no dict.
        return payment_plans.call(PAYMENT_PLAN, project_id, on)
    return True
