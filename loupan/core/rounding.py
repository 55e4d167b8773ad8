"""The one way this product rounds (DOMAIN 0.2 rules 2 and 3, 2.2.4)."""

from dataclasses import dataclass
from decimal import ROUND_DOWN, Context, Decimal
from enum import StrEnum

# ROUND_DOWN keeps what lies below a half below it, however many digits the value has.
EXACT = Context(prec=50, rounding=ROUND_DOWN)
VALUE_LIMIT = Decimal(10) ** 18
UNIT_SMALLEST = Decimal("0.000001")
UNIT_LARGEST = Decimal(1_000_000)


class AmountOutOfRange(ValueError):
    """A value that is no number, or larger than anything the product can store."""


class Mode(StrEnum):
    HALF_UP = "half_up"  # 四舍五入
    TRUNCATE = "truncate"  # 截断, towards zero
    ROUND_UP = "round_up"  # 进位, away from zero


def bounded(value: Decimal) -> Decimal:
    """The value itself, or AmountOutOfRange for NaN, infinities and 10^18 and above."""
    if not value.is_finite() or abs(value) >= VALUE_LIMIT:
        raise AmountOutOfRange(f"not an amount: {value}")
    return value


def round_to(value: Decimal, unit: Decimal, mode: Mode) -> Decimal:
    """The multiple of `unit` that `mode` chooses for `value`; exact, no global context.

        2.5 to 1 half_up → 3 | -2.5 to 1 half_up → -3 | 1149347.3535 to 0.01 round_up → …347.36

    Raises AmountOutOfRange for values or units that no precision setting can mean.
    """
    bounded(value)
    if not unit.is_finite() or not UNIT_SMALLEST <= unit <= UNIT_LARGEST:
        raise AmountOutOfRange(f"not a rounding unit: {unit}")
    whole, rest = EXACT.divmod(value.copy_abs(), unit)
    if (mode == Mode.HALF_UP and EXACT.multiply(rest, Decimal(2)) >= unit) or (
        mode == Mode.ROUND_UP and rest > 0
    ):
        whole = EXACT.add(whole, Decimal(1))
    rounded = EXACT.multiply(whole, unit)
    if rounded.as_tuple().exponent > 0:  # type: ignore[operator]  # A finite value has a number.
        rounded = EXACT.quantize(rounded, Decimal(1))
    return -rounded if value < 0 and rounded else rounded


@dataclass(frozen=True)
class Precision:
    """One precision setting (精度设置): to which unit, in yuan or as a share, and which way."""

    unit: Decimal
    mode: Mode = Mode.HALF_UP

    def apply(self, value: Decimal) -> Decimal:
        return round_to(value, self.unit, self.mode)

    def __str__(self) -> str:
        return f"{self.mode}:{self.unit:f}"


TO_YUAN = Precision(Decimal(1))
TO_FEN = Precision(Decimal("0.01"))
TO_TEN_THOUSAND_DOWN = Precision(Decimal(10_000), Mode.TRUNCATE)
