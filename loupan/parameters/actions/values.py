"""Setting parameters at a level, locking them for the levels below, taking them back (PRM-01)."""

from datetime import datetime
from typing import Any

from loupan.core import audit
from loupan.core.db import writes
from loupan.core.refusals import ChangedMeanwhile
from loupan.org.actions.structure import say_words
from loupan.org.models import User
from loupan.parameters import errors, hooks
from loupan.parameters.actions.stamps import renew
from loupan.parameters.models import ParameterValue
from loupan.parameters.permissions import MANAGE, require_at
from loupan.parameters.queries.places import Place
from loupan.parameters.queries.values import line_at, refusal_of
from loupan.parameters.queries.words import named_alike, words_of_all
from loupan.parameters.rules.values import Parameter, WrongValue, checked, written


@writes
def set_parameter(
    *,
    key: str,
    place: Place,
    value: Any,
    is_locked: bool = False,
    version: int | None = None,
    by: User,
    at: datetime,
) -> ParameterValue:
    """Say what a parameter is at a level and below, and whether the levels below may say otherwise.

    Values are typed: yuan as Decimal, a percent as a share of one.  Raises LockedAbove,
    ValueTooSmall, ValueTooLarge, ValueNotOfThisKind, NoWord, WordTaken, ChangedMeanwhile.
    """
    require_at(by, MANAGE, place.company, place.project)
    parameter = hooks.PARAMETERS[key]
    row = _locked_row(parameter, place, version)
    try:
        text = written(checked(parameter, value))
    except WrongValue as wrong:
        raise refusal_of(parameter, wrong) from wrong
    if key in hooks.WORDS and text and (other := named_alike(place, key, text)):
        raise errors.WordTaken(word=text, other=other.label)
    before = audit.snapshot(row, "text", "is_locked")
    row.text, row.is_locked, row.version = text, is_locked, row.version + 1
    row.save(update_fields=["text", "is_locked", "version"])
    _renewed(key, place)
    _record(row, "saved", before, by=by, at=at)
    return row


@writes
def clear_parameter(
    *, key: str, place: Place, version: int | None = None, by: User, at: datetime
) -> ParameterValue:
    """Say nothing at this level any more: the level above counts again. Raises as set_parameter."""
    require_at(by, MANAGE, place.company, place.project)
    parameter = hooks.PARAMETERS[key]
    row = _locked_row(parameter, place, version)
    before = audit.snapshot(row, "text", "is_locked")
    row.text, row.is_locked, row.version = None, False, row.version + 1
    row.save(update_fields=["text", "is_locked", "version"])
    _renewed(key, place)
    _record(row, "taken_back", before, by=by, at=at)
    return row


def _renewed(key: str, place: Place) -> None:
    ids = place.project_ids()
    renew(project_ids=ids)
    if key in hooks.WORDS:
        say_words(words=words_of_all(ids))


def _locked_row(parameter: Parameter[Any], place: Place, version: int | None) -> ParameterValue:
    """The row of this level, locked; two who set it for the first time meet at the constraint."""
    made, _is_new = ParameterValue.objects.get_or_create(key=parameter.key, **place.row)
    row = ParameterValue.objects.locked().get(pk=made.pk)
    line = line_at(place, parameter.key)
    assert line is not None
    if line.is_locked_above:
        raise errors.LockedAbove(place=line.locked_by, label=parameter.label)
    if version is not None and row.version != version:
        raise ChangedMeanwhile
    return row


def _record(
    row: ParameterValue, verb: str, before: dict[str, Any], *, by: User, at: datetime
) -> None:
    after = audit.snapshot(row, "text", "is_locked")
    changed, now = audit.differences(before, after)
    audit.record(
        f"parameters.value.{verb}", row, by=by, at=at, before=changed, after=now, key=row.key
    )
