"""The columns for amounts, prices, areas and rates (DOMAIN 0.2 rule 1)."""

from decimal import Decimal
from typing import Any

from django.core.validators import MinValueValidator
from django.db import models

ZERO = Decimal("0.00")
FEN = Decimal("0.01")
AMOUNT_LIMIT = Decimal("9999999999999.99")


class _FixedDecimal(models.DecimalField[Any, Any]):
    digits: int
    places: int

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["max_digits"], kwargs["decimal_places"] = self.digits, self.places
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        del kwargs["max_digits"], kwargs["decimal_places"]
        return name, path, args, kwargs

    def from_db_value(self, value: Decimal | None, expression: Any, connection: Any) -> Any:
        """Sums as well as columns: SQLite adds binary floats, and 3E-17 is not nothing."""
        return None if value is None else value.quantize(Decimal(1).scaleb(-self.places))


class MoneyField(_FixedDecimal):
    """Yuan and fen, NUMERIC(18,2)."""

    digits, places = 18, 2


class UnitPriceField(_FixedDecimal):
    """Yuan per square metre, NUMERIC(14,4)."""

    digits, places = 14, 4


class AreaField(_FixedDecimal):
    """Square metres, NUMERIC(12,4)."""

    digits, places = 12, 4


class RateField(_FixedDecimal):
    """A share of one, NUMERIC(9,6): 0.980000 is 98 %."""

    digits, places = 9, 6


not_negative = MinValueValidator(Decimal(0))
