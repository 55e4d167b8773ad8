"""The list price of a unit from what is known of it, for where no pricing is installed."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from loupan.core.rounding import TO_FEN, TO_YUAN


@dataclass(frozen=True, slots=True)
class ListPrice:
    """Yuan per square metre, yuan, and how they came about; None where it cannot be said."""

    unit_price: Decimal | None
    total: Decimal | None
    trace: Sequence[dict[str, Any]] = ()


class PriceCalculator(Protocol):
    """Computes one unit's list price under the order and precision of its class (DOMAIN 2.2.2, 2.2.4).

    `product_type` is the class.  `unit_price` and `total` are what is known, one or both may be None;
    where both are given the order says which is the master.  Never raises for missing values: it
    answers None.
    """

    def __call__(
        self,
        basis: str,
        built_area: Decimal | None,
        inner_area: Decimal | None,
        unit_price: Decimal | None,
        total: Decimal | None,
        *,
        product_type: str,
    ) -> ListPrice: ...


def plain_list_price(
    basis: str,
    built_area: Decimal | None,
    inner_area: Decimal | None,
    unit_price: Decimal | None,
    total: Decimal | None,
    *,
    product_type: str = "",
) -> ListPrice:
    """Unit price first, the total to the yuan half up; from the total where that is all there is.

    Every class is priced alike.

    118.62 m² × 12,830 = 1,521,894.60 → 1,521,895 (DOMAIN 0.3)
    """
    area = {"built": built_area, "inner": inner_area}.get(basis)
    if unit_price is not None and area is not None:
        raw = unit_price * area
        computed = TO_YUAN.apply(raw)
        step = {
            "step": "list_total",
            "rule": str(TO_YUAN),
            "input": {"unit_price": f"{unit_price:f}", "area": f"{area:f}", "basis": basis},
            "output": f"{computed:f}",
        }
        return ListPrice(unit_price, computed, (step,))
    if total is not None:
        derived = TO_FEN.apply(total / area) if unit_price is None and area else unit_price
        step = {"step": "list_total", "rule": "given", "input": {}, "output": f"{total:f}"}
        return ListPrice(derived, total, (step,))
    return ListPrice(unit_price, None)
