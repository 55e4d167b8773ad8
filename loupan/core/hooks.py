"""A socket offered by a lower floor and plugged in from above in apps.py (HOUSE 3.7)."""

from collections.abc import Callable
from typing import Generic, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Hook(Generic[P, T]):
    """One key, one plug; fails loudly when empty or doubled."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._plugs: dict[str, Callable[P, T]] = {}

    def plug(self, key: str, fn: Callable[P, T]) -> None:
        assert key not in self._plugs, f"{self.name}: {key} is plugged in twice"
        self._plugs[key] = fn

    def call(self, key: str, *args: P.args, **kwargs: P.kwargs) -> T:
        assert key in self._plugs, f"{self.name}: nothing is plugged into {key}"
        return self._plugs[key](*args, **kwargs)

    def keys(self) -> list[str]:
        return sorted(self._plugs)
