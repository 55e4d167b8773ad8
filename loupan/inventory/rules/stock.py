"""When stock runs low or lies too long (CTL-07)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

EVERYTHING = ""  # In place of a product type: all units of the project together.


class AlertKind(StrEnum):
    LOW = "low"  # Fewer units can be bought than there should be.
    SLOW = "slow"  # Units are on sale longer than they should be.


@dataclass(frozen=True)
class Stock:
    """The units of one product type: all, those that can be bought, those that could be released."""

    product_type: str
    total: int
    available: int
    waiting: int
    slow: int


@dataclass(frozen=True)
class StockAlert:
    """`count` units where `limit` is set: at least so many available, or none on sale for so many days.

    `waiting`: units not released or withheld, which would help against a low stock.
    """

    kind: AlertKind
    product_type: str
    count: int
    limit: int
    waiting: int


def stock_alerts(
    stock: Iterable[Stock], least: Mapping[str, int], slow_days: int
) -> list[StockAlert]:
    """What to say of a project's stock, the whole project first, then its types as they come.

    `least` by product type (EVERYTHING: all together); a limit of zero is none.  A type the project
    never had is not missed; one that is sold out is.  Units of all types count towards EVERYTHING.

    | at least | available | says |
    |----------|-----------|------|
    | 0        | 0         | nothing: no limit |
    | 5        | 5         | nothing |
    | 5        | 4         | low: 4 of 5 |
    """
    types = [each for each in stock if each.total]
    everything = Stock(
        EVERYTHING,
        total=sum(each.total for each in types),
        available=sum(each.available for each in types),
        waiting=sum(each.waiting for each in types),
        slow=sum(each.slow for each in types),
    )
    found = []
    for each in [everything, *types] if types else []:
        limit = least.get(each.product_type, 0)
        if each.available < limit:
            found.append(
                StockAlert(AlertKind.LOW, each.product_type, each.available, limit, each.waiting)
            )
    found += [
        StockAlert(AlertKind.SLOW, each.product_type, each.slow, slow_days, each.waiting)
        for each in types
        if slow_days and each.slow
    ]
    return found
