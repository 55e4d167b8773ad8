"""The holiday table: which days are off, which are made up, on which customers are greeted (PRM-05)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from loupan.core.exports import workbook_of
from loupan.parameters.models import Holiday


def working_days() -> dict[date, bool]:
    """For core.dates: False on a day off, True on a made-up working day; other days are not in it."""
    rows = Holiday.objects.exclude(kind=Holiday.Kind.GREETING).values_list("on", "kind")
    return {on: kind == Holiday.Kind.WORK for on, kind in rows}


def holidays_of(year: int) -> QuerySet[Holiday]:
    return Holiday.objects.filter(on__year=year).order_by("on")


def years() -> list[int]:
    """The years of which the table knows anything, ascending."""
    return [day.year for day in Holiday.objects.dates("on", "year")]


def greeting_days(first: date, last: date) -> QuerySet[Holiday]:
    """On which days customers are greeted, both ends included."""
    return Holiday.objects.filter(on__range=(first, last), is_greeting=True).order_by("on")


@dataclass(frozen=True)
class Month:
    number: int
    days: list[Holiday]


def months_of(year: int) -> list[Month]:
    rows = groupby(holidays_of(year), key=lambda row: row.on.month)
    return [Month(number, list(days)) for number, days in rows]


def workbook(year: int, *, who: str, at: datetime) -> bytes:
    """The year in the form in which it can come back."""
    heads = [
        (_("Day"), "date"), (_("Kind"), "text"), (_("Name"), "text"), (_("English name"), "text"),
        (_("Greeting day"), "text"),
    ]  # fmt: skip
    lines = [
        [row.on, row.kind, row.name, row.name_en, _("yes") if row.is_greeting else ""]
        for row in holidays_of(year)
    ]
    return workbook_of(_("Holidays"), heads, lines, who=who, at=at)
