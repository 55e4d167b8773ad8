"""Amounts, areas and rates as text, the same in every language: `1,459,160.00`."""

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from django.utils import timezone

Number = Decimal | int
NOTHING = "—"
WAN = Decimal(10_000)


def number_text(value: Number | None, *, places: int = 0, signed: bool = False) -> str:
    """`1234.5` as `1,235`, or with `places` decimals; half up; a dash for None."""
    if value is None:
        return NOTHING
    rounded = Decimal(value).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    if not rounded:
        rounded = abs(rounded)  # No "-0.00".
    return f"{rounded:+,f}" if signed and rounded else f"{rounded:,f}"


def money_text(value: Number | None, *, unit: str = "yuan", signed: bool = False) -> str:
    """Yuan and fen, or ten-thousands of yuan with two decimals when `unit` is `wan`."""
    if value is not None and unit == "wan":
        value = Decimal(value) / WAN
    return number_text(value, places=2, signed=signed)


def area_text(value: Number | None, *, places: int = 2) -> str:
    """Square metres."""
    return number_text(value, places=places)


def rate_text(value: Number | None, *, places: int = 2, signed: bool = False) -> str:
    """A share of one as a percentage: `Decimal("0.0485")` is `4.85%`."""
    if value is None:
        return NOTHING
    return number_text(Decimal(value) * 100, places=places, signed=signed) + "%"


def date_text(value: date | None) -> str:
    """A day as `2025-03-08`; an instant gives its day in office time."""
    if value is None:
        return NOTHING
    if isinstance(value, datetime):
        value = _local(value).date()
    return value.isoformat()


def datetime_text(value: datetime | None, *, seconds: bool = False) -> str:
    """An instant in office time as `2025-03-08 14:30`."""
    if value is None:
        return NOTHING
    return _local(value).strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")


def _local(value: datetime) -> datetime:
    return timezone.localtime(value) if timezone.is_aware(value) else value
