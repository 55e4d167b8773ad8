"""How documents are numbered (PRM-03). What has a number keeps it."""

from datetime import datetime

from loupan.core import audit
from loupan.core.db import writes
from loupan.core.refusals import ChangedMeanwhile
from loupan.org.models import User
from loupan.parameters import hooks
from loupan.parameters.actions.stamps import renew
from loupan.parameters.models import NumberingRule
from loupan.parameters.permissions import MANAGE, require_at
from loupan.parameters.queries.numbers import refusal_of, refuse_what_could_meet
from loupan.parameters.queries.places import Place
from loupan.parameters.rules.numbers import Numbering, Reset, WrongPattern, checked


@writes
def set_numbering(
    *,
    series: str,
    place: Place,
    pattern: str,
    reset: str,
    version: int | None = None,
    by: User,
    at: datetime,
) -> NumberingRule:
    """Number a kind of document by a pattern from now on, at a level and below.

    Raises PatternUnreadable, CounterMissing, CounterTwice, PatternTooLong, PeriodMissing,
    NumbersCouldMeet, ChangedMeanwhile.
    """
    require_at(by, MANAGE, place.company, place.project)
    assert series in hooks.SERIES, series
    try:
        numbering = checked(Numbering(pattern, Reset(reset)))
    except WrongPattern as wrong:
        raise refusal_of(wrong.problem) from wrong
    before = _retired(series, place, version)
    refuse_what_could_meet(series, place, numbering)
    row = NumberingRule.objects.create(
        series=series,
        pattern=pattern,
        reset=reset,
        version=before.version + 1 if before else 1,
        **place.row,
    )
    _record("saved", row, before, by=by, at=at)
    return row


@writes
def clear_numbering(
    *, series: str, place: Place, version: int | None = None, by: User, at: datetime
) -> NumberingRule:
    """Number as the level above does again. Raises NumbersCouldMeet, ChangedMeanwhile."""
    require_at(by, MANAGE, place.company, place.project)
    row = _retired(series, place, version)
    if row is None:
        raise ChangedMeanwhile
    _record("taken_back", row, row, by=by, at=at)
    return row


def _retired(series: str, place: Place, version: int | None) -> NumberingRule | None:
    """The rule of this level, locked and no longer in use."""
    row = NumberingRule.objects.locked().filter(place.at(), series=series, is_current=True).first()
    if version is not None and (row.version if row else 0) != version:
        raise ChangedMeanwhile
    if row is not None:
        row.is_current = False
        row.save(update_fields=["is_current"])
    return row


def _record(
    verb: str, row: NumberingRule, before: NumberingRule | None, *, by: User, at: datetime
) -> None:
    renew(project_ids=Place(company=row.company, project=row.project).project_ids())
    audit.record(
        f"parameters.numbering_rule.{verb}",
        row,
        by=by,
        at=at,
        before=audit.snapshot(before, "pattern", "reset") if before else {},
        after=audit.snapshot(row, "pattern", "reset") if verb == "saved" else {},
        series=row.series,
    )
