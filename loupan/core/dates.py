"""Calendar arithmetic of the trade (DOMAIN 0.2 rules 5 to 7). No clock in here."""

from calendar import monthrange
from collections.abc import Callable
from datetime import date, timedelta
from enum import StrEnum

FIRST_YEAR = 1900
LAST_YEAR = 2200
LONGEST_HOLIDAY_DAYS = 60
SATURDAY = 5

# What the holiday table says of a day: a make-up working day, a day off, or nothing.
HolidayTable = Callable[[date], bool | None]


class DateOutOfRange(ValueError):
    """A date before 1900 or after 2200 would come out: the offset or the anchor is a slip."""


class Shift(StrEnum):
    """What happens to a due date on a day off (0.2 rule 7)."""

    NONE = "none"
    NEXT_WORKING_DAY = "next_working_day"
    PREVIOUS_WORKING_DAY = "previous_working_day"


def sensible(day: date) -> date:
    """The day itself, or DateOutOfRange."""
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise DateOutOfRange(day.isoformat())
    return day


def add_months(anchor: date, months: int) -> date:
    """The same day of the month `months` later (or earlier), clamped to the month's end (ORC-01).

    Count from the anchor each time: 31 January + 2 months is 31 March, not 28 March.
    """
    year, month = divmod(anchor.year * 12 + anchor.month - 1 + months, 12)
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise DateOutOfRange(f"{anchor} + {months} months")
    return date(year, month + 1, min(anchor.day, monthrange(year, month + 1)[1]))


def add_days(anchor: date, days: int) -> date:
    """`days` calendar days after the anchor (0.2 rule 5)."""
    try:
        return sensible(anchor + timedelta(days=days))
    except OverflowError as overflow:
        raise DateOutOfRange(f"{anchor} + {days} days") from overflow


def due_date(
    anchor: date,
    *,
    days: int = 0,
    months: int = 0,
    shift: Shift = Shift.NONE,
    holidays: HolidayTable | None = None,
) -> date:
    """When something agreed as "so much after the anchor" falls due: months first, then days."""
    return shifted(add_days(add_months(anchor, months), days), shift, holidays)


def days_late(due_on: date, paid_on: date) -> int:
    """Days after the due date; paid on it or earlier is 0 (0.2 rule 5)."""
    return max(0, (paid_on - due_on).days)


def is_working_day(day: date, holidays: HolidayTable | None = None) -> bool:
    """What the holiday table says, and Monday to Friday where it says nothing."""
    listed = holidays(day) if holidays else None
    return day.weekday() < SATURDAY if listed is None else listed


def shifted(day: date, shift: Shift, holidays: HolidayTable | None = None) -> date:
    """The nearest working day in the direction of `shift`; the day itself if it is one."""
    if shift == Shift.NONE:
        return day
    step = 1 if shift == Shift.NEXT_WORKING_DAY else -1
    for distance in range(LONGEST_HOLIDAY_DAYS):
        candidate = add_days(day, step * distance)
        if is_working_day(candidate, holidays):
            return candidate
    raise DateOutOfRange(f"no working day within {LONGEST_HOLIDAY_DAYS} days of {day}")


def add_working_days(anchor: date, days: int, holidays: HolidayTable | None = None) -> date:
    """The day on which so many working days after the anchor have passed; the anchor does not count.

    With no days it is the anchor itself, or the next working day where the anchor is none.
    """
    found = shifted(anchor, Shift.NEXT_WORKING_DAY, holidays) if days == 0 else anchor
    for _count in range(days):
        found = shifted(add_days(found, 1), Shift.NEXT_WORKING_DAY, holidays)
    return found
