"""Sockets for the floors above: what they let an office set, and who keeps what depends on it."""

from typing import Any

from loupan.core.hooks import Hook
from loupan.parameters.rules.values import Parameter

# Every parameter of every app, by key, in the order declared (each app's apps.py).
PARAMETERS: dict[str, Parameter[Any]] = {}


def declare(*parameters: Parameter[Any]) -> None:
    """Let offices set these. Called once per app, at start."""
    for parameter in parameters:
        assert parameter.key not in PARAMETERS, f"{parameter.key} is declared twice"
        PARAMETERS[parameter.key] = parameter


# Plug: (ids of the projects) -> renew what was computed from the parameters; in the same transaction.
prices_depend: Hook[[list[int]], None] = Hook("parameters.prices_depend")


def tell_prices(project_ids: list[int]) -> None:
    """Part of a change: everything above that keeps prices learns that they may differ now."""
    for key in prices_depend.keys():  # noqa: SIM118  A Hook is no dict.
        prices_depend.call(key, project_ids)
