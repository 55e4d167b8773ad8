"""Keeping the holiday table (PRM-05). It is the same for the whole group."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from loupan.core import audit
from loupan.core.dates import FIRST_YEAR, LAST_YEAR
from loupan.core.db import writes
from loupan.core.refusals import ChangedMeanwhile
from loupan.org.models import Project, User
from loupan.parameters import errors
from loupan.parameters.actions.stamps import renew
from loupan.parameters.models import Holiday
from loupan.parameters.permissions import MANAGE, require_at

_FIELDS = ("on", "kind", "name", "name_en", "is_greeting")


@dataclass(frozen=True)
class HolidayDraft:
    """A day as it is typed or read from a spreadsheet."""

    on: date
    kind: str
    name: str
    name_en: str = ""
    is_greeting: bool = False


@writes
def save_holiday(
    *,
    on: date,
    kind: str,
    name: str,
    name_en: str = "",
    is_greeting: bool = False,
    version: int | None = None,
    by: User,
    at: datetime,
) -> Holiday:
    """Say what a day is; due dates computed from now on follow it. Raises DayOutOfRange, ChangedMeanwhile."""
    require_at(by, MANAGE)
    row = _put(HolidayDraft(on, kind, name, name_en, is_greeting), version, by=by, at=at)
    renew(project_ids=Project.objects.values_list("pk", flat=True))
    return row


@writes
def remove_holiday(*, holiday_id: int, by: User, at: datetime) -> date:
    """Let the weekday say what the day is again."""
    require_at(by, MANAGE)
    row = Holiday.objects.locked().get(pk=holiday_id)
    before = audit.snapshot(row, *_FIELDS)
    audit.record("parameters.holiday.removed", row, by=by, at=at, before=before, after={"on": None})
    row.delete()
    renew(project_ids=Project.objects.values_list("pk", flat=True))
    on: date = row.on
    return on


@writes
def import_holidays(*, drafts: Sequence[HolidayDraft], by: User, at: datetime) -> int:
    """Take up a list of days, wholly or not at all; known days are changed. How many there were."""
    require_at(by, MANAGE)
    for draft in drafts:
        _put(draft, None, by=by, at=at)
    renew(project_ids=Project.objects.values_list("pk", flat=True))
    return len(drafts)


def _put(draft: HolidayDraft, version: int | None, *, by: User, at: datetime) -> Holiday:
    if not FIRST_YEAR <= draft.on.year <= LAST_YEAR:
        raise errors.DayOutOfRange
    made, is_new = Holiday.objects.get_or_create(on=draft.on, defaults={"kind": draft.kind})
    row = Holiday.objects.locked().get(pk=made.pk)
    if version is not None and row.version != version:
        raise ChangedMeanwhile
    before = {} if is_new else audit.snapshot(row, *_FIELDS)
    row.kind, row.name, row.name_en = draft.kind, draft.name, draft.name_en
    row.is_greeting = draft.is_greeting or draft.kind == Holiday.Kind.GREETING
    row.version += 1
    row.save(update_fields=["kind", "name", "name_en", "is_greeting", "version"])
    was, now = audit.differences(before, audit.snapshot(row, *_FIELDS))
    if now:
        audit.record("parameters.holiday.saved", row, by=by, at=at, before=was, after=now)
    return row
