"""What day it is in Shanghai (HOUSE 3.10): never `at.date()`, which is still yesterday at 7 a.m."""

from datetime import date, datetime, time, timedelta

from django.utils import timezone


def business_day(at: datetime) -> date:
    """The local day of an instant."""
    return timezone.localtime(at).date()


def local_today() -> date:
    """Today, for questions of access that have no instant of their own (validity of posts)."""
    return business_day(timezone.now())


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """First instant of a local day and of the next one."""
    start = timezone.make_aware(datetime.combine(day, time.min))
    return start, timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))
