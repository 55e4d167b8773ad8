"""Sockets on the customer page for the floors above (HOUSE 3.7)."""

from dataclasses import dataclass

from loupan.core.hooks import Hook
from loupan.customers.models import Customer
from loupan.org.models import User


@dataclass(frozen=True)
class Panel:
    """A part of the customer page that a floor above fills: loaded from `url` by htmx."""

    key: str
    title: str
    url: str


# Plug: (customer, viewer) -> Panel, or None where the viewer may see nothing of it.
panels: Hook[[Customer, User], Panel | None] = Hook("customers.panels")


def panels_of(customer: Customer, viewer: User) -> list[Panel]:
    found = (panels.call(key, customer, viewer) for key in panels.keys())  # noqa: SIM118  Not a dict.
    return [panel for panel in found if panel is not None]
