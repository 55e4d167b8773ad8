"""Sockets for the floors above: what they let an office set, and who keeps what depends on it."""

from dataclasses import dataclass
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


@dataclass(frozen=True)
class Dictionary:
    """A list of words an app lets offices keep: its code ("customers.source"), flat or a tree."""

    code: str
    label: Any
    is_tree: bool = False
    help: Any = ""


# Every dictionary of every app, by code, in the order declared.
DICTIONARIES: dict[str, Dictionary] = {}


def declare_dictionaries(*dictionaries: Dictionary) -> None:
    """Let offices keep these. Called once per app, at start."""
    for dictionary in dictionaries:
        assert dictionary.code not in DICTIONARIES, f"{dictionary.code} is declared twice"
        DICTIONARIES[dictionary.code] = dictionary


# Plug: (ids of the projects) -> renew what was computed from the parameters; in the same transaction.
prices_depend: Hook[[list[int]], None] = Hook("parameters.prices_depend")


def tell_prices(project_ids: list[int]) -> None:
    """Part of a change: everything above that keeps prices learns that they may differ now."""
    for key in prices_depend.keys():  # noqa: SIM118  A Hook is no dict.
        prices_depend.call(key, project_ids)
