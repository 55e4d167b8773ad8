"""Predicted and measured areas, and how far they are apart (DOMAIN 2.7.1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

# 商品房销售管理办法 art. 20: up to 3 %, included, the difference is settled; beyond, the buyer may rescind.
LIMIT: Final = Decimal("0.03")


@dataclass(frozen=True)
class AreaDifference:
    """Areas and their difference in m², the ratio to the agreed area, and whether it is beyond 3 %."""

    agreed: Decimal
    measured: Decimal
    difference: Decimal
    ratio: Decimal
    is_over: bool


def area_difference(agreed: Decimal | None, measured: Decimal | None) -> AreaDifference | None:
    """(measured − agreed) ÷ agreed; None where either is unknown. The limit is compared unrounded.

    118.62 → 122.17: +3.55 m², +2.9927 %, within; → 122.18: +3.56 m², +3.0012 %, beyond (ORC-33)
    """
    if agreed is None or measured is None or agreed <= 0:
        return None
    difference = measured - agreed
    return AreaDifference(
        agreed, measured, difference, difference / agreed, abs(difference) > agreed * LIMIT
    )


def measured_values(values: Mapping[str, Any]) -> dict[str, Decimal]:
    """What a row of a survey says was measured: a plain 建筑面积 means the measured one there."""
    found = {}
    for name in ("built_area", "inner_area"):
        value = values.get(f"measured_{name}", values.get(name))
        if value is not None:
            found[f"measured_{name}"] = value
    return found
