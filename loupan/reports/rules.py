"""Ratios of the reports, pure (DOMAIN 3.1): sums over sums, never means of means."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

FEN = Decimal("0.01")
RATE = Decimal("0.0001")


def average_price(total: Decimal, area: Decimal) -> Decimal | None:
    """Average price in yuan per m²: sum of totals ÷ sum of areas, half-up to the fen."""
    return (total / area).quantize(FEN, ROUND_HALF_UP) if area else None


def ratio(part: Decimal | int, whole: Decimal | int) -> Decimal | None:
    """A share, half-up to a hundredth of a percent; None where there is no base."""
    return (Decimal(part) / Decimal(whole)).quantize(RATE, ROUND_HALF_UP) if whole else None


@dataclass(frozen=True)
class Count:
    """Units, area in m² and amount in yuan of a group of deals.

    `amount_of_area` is that of units with an area, None where it is all of it.
    """

    units: int
    area: Decimal
    amount: Decimal
    amount_of_area: Decimal | None = None

    @property
    def average(self) -> Decimal | None:
        return average_price(self.priced, self.area)

    @property
    def priced(self) -> Decimal:
        """The amount that average prices are made of."""
        return self.amount if self.amount_of_area is None else self.amount_of_area

    def less(self, other: "Count") -> "Count":
        return Count(
            self.units - other.units,
            self.area - other.area,
            self.amount - other.amount,
            None if self.amount_of_area is None else self.priced - other.priced,
        )
