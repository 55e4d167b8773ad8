"""Keeping dictionaries: adding, renaming, moving, taking out of use, merging (PRM-01, PRM-02)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from loupan.core import audit
from loupan.core.db import writes
from loupan.core.refusals import ChangedMeanwhile
from loupan.org.models import User
from loupan.parameters import errors, hooks
from loupan.parameters.actions.stamps import renew
from loupan.parameters.models import DictionaryEntry
from loupan.parameters.permissions import MANAGE, require_at
from loupan.parameters.queries.entries import entries_at, level_of, place_of_entry
from loupan.parameters.queries.places import Place, key_of
from loupan.parameters.rules import entries as rules

_FIELDS = ("name", "name_en", "parent", "tone", "order", "is_enabled", "successor")


@writes
def make_entry(
    *,
    dictionary: str,
    place: Place,
    code: str,
    name: str,
    name_en: str = "",
    tone: str = "",
    parent_id: int | None = None,
    by: User,
    at: datetime,
) -> DictionaryEntry:
    """Add a word to a dictionary, last among its like, for a level and everything below.

    Raises CodeNotSensible, CodeTaken, NoTree, ParentNotOfThisDictionary, TreeTooDeep.
    """
    require_at(by, MANAGE, place.company, place.project)
    assert dictionary in hooks.DICTIONARIES, dictionary
    if not rules.CODE.fullmatch(code):
        raise errors.CodeNotSensible
    _refuse_taken(dictionary, place, code)
    _ensure_parent(dictionary, place, parent_id, height=1)
    last = entries_at(place, dictionary).filter(parent_id=parent_id).last()
    row = DictionaryEntry.objects.create(
        dictionary=dictionary,
        code=code,
        name=name,
        name_en=name_en,
        tone=tone,
        parent_id=parent_id,
        order=last.order + rules.STEP if last else rules.STEP,
        **place.row,
    )
    _record("made", row, {}, by=by, at=at, dictionary=dictionary, code=code)
    return row


@writes
def edit_entry(
    *,
    entry_id: int,
    name: str,
    name_en: str,
    tone: str,
    parent_id: int | None,
    version: int,
    by: User,
    at: datetime,
) -> DictionaryEntry:
    """Rename a word, colour it, hang it elsewhere with everything below; its code stays.

    Raises ChangedMeanwhile, EntryMerged, EntryInsideItself and as make_entry.
    """
    row = _locked(entry_id, by)
    if row.version != version:
        raise ChangedMeanwhile
    if row.successor_id:
        raise errors.EntryMerged(name=row, successor=row.successor)
    before = audit.snapshot(row, *_FIELDS)
    if parent_id != row.parent_id:
        _ensure_may_hang(row, parent_id)
        row.parent_id = parent_id
        row.order = _last_order(row)
    row.name, row.name_en, row.tone = name, name_en, tone
    _save(row, "name", "name_en", "tone", "parent", "order")
    _record("changed", row, before, by=by, at=at)
    return row


@writes
def shift_entry(*, entry_id: int, steps: int, by: User, at: datetime) -> DictionaryEntry:
    """Move a word up (negative) or down among those of its own level that hang where it hangs."""
    row = _locked(entry_id, by)
    place = place_of_entry(row)
    siblings = list(
        DictionaryEntry.objects.locked().filter(
            place.at(), dictionary=row.dictionary, parent_id=row.parent_id
        )
    )
    siblings.sort(key=lambda each: (each.order, each.pk))
    before = audit.snapshot(row, "order")
    ids = rules.moved([each.pk for each in siblings], row.pk, steps)
    for number, each in enumerate(sorted(siblings, key=lambda each: ids.index(each.pk)), 1):
        each.order = number * rules.STEP
        each.save(update_fields=["order"])
        if each.pk == row.pk:
            row = each
    renew(project_ids=place.project_ids())
    if row.order != before["order"]:
        _record("moved", row, before, by=by, at=at)
    return row


@writes
def disable_entry(*, entry_id: int, by: User, at: datetime) -> DictionaryEntry:
    """Offer a word no more; old records keep its text. Twice changes nothing."""
    return _switch(entry_id, "disabled", by=by, at=at)


@writes
def enable_entry(*, entry_id: int, by: User, at: datetime) -> DictionaryEntry:
    """Offer a word again. Raises EntryMerged: what was merged goes on under its successor."""
    return _switch(entry_id, "enabled", by=by, at=at)


def _switch(entry_id: int, verb: str, *, by: User, at: datetime) -> DictionaryEntry:
    row = _locked(entry_id, by)
    if row.successor_id:
        raise errors.EntryMerged(name=row, successor=row.successor)
    before = audit.snapshot(row, "is_enabled")
    wanted = verb == "enabled"
    if row.is_enabled != wanted:
        row.is_enabled = wanted
        _save(row, "is_enabled")
        _record(verb, row, before, by=by, at=at)
    return row


@writes
def merge_entry(*, entry_id: int, successor_id: int, by: User, at: datetime) -> DictionaryEntry:
    """Count a word under another one from now on: old records show its text, reports the successor.

    Raises EntryMerged, EntryHasChildren, MergeNotPossible.
    """
    row = _locked(entry_id, by)
    if row.successor_id:
        raise errors.EntryMerged(name=row, successor=row.successor)
    known = entries_at(place_of_entry(row), row.dictionary)
    successor = known.filter(pk=successor_id, is_enabled=True, successor=None).first()
    if successor is None or successor.pk == row.pk or successor.parent_id == row.pk:
        name = successor or successor_id
        raise errors.MergeNotPossible(name=row, successor=name)
    if count := row.children.filter(successor=None, is_enabled=True).count():
        raise errors.EntryHasChildren(name=row, count=count)
    before = audit.snapshot(row, "successor", "is_enabled")
    row.successor, row.is_enabled = successor, False
    _save(row, "successor", "is_enabled")
    _record("merged", row, before, by=by, at=at)
    return row


@dataclass(frozen=True)
class EntryDraft:
    """An entry as a spreadsheet gives it; `parent_code` empty: at the top."""

    row: int
    code: str
    name: str
    name_en: str = ""
    parent_code: str = ""
    tone: str = ""
    is_enabled: bool = True


@dataclass(frozen=True)
class Imported:
    made: int
    changed: int
    unchanged: int


@writes
def import_entries(
    *, dictionary: str, place: Place, drafts: Sequence[EntryDraft], by: User, at: datetime
) -> Imported:
    """Take a whole list up: known codes of this level are changed, new ones added, none removed.

    Wholly or not at all: the first refusal undoes everything.
    """
    require_at(by, MANAGE, place.company, place.project)
    made = changed = 0
    for draft in drafts:
        known = {row.code: row for row in entries_at(place, dictionary)}
        parent = known.get(draft.parent_code) if draft.parent_code else None
        if draft.parent_code and parent is None:
            raise errors.ParentUnknown(row=draft.row, code=draft.parent_code)
        parent_id = parent.pk if parent else None
        there = known.get(draft.code)
        given: dict[str, Any] = {
            "name": draft.name, "name_en": draft.name_en, "tone": draft.tone, "parent_id": parent_id,
        }  # fmt: skip
        if there is None or key_of(there) != place.key:
            there = make_entry(
                dictionary=dictionary, place=place, code=draft.code, **given, by=by, at=at
            )
            made += 1
        elif any(getattr(there, name) != value for name, value in given.items()):
            there = edit_entry(entry_id=there.pk, version=there.version, **given, by=by, at=at)
            changed += 1
        if there.is_enabled != draft.is_enabled and there.successor_id is None:
            _switch(there.pk, "enabled" if draft.is_enabled else "disabled", by=by, at=at)
    return Imported(made, changed, len(drafts) - made - changed)


# --- parts ------------------------------------------------------------------------------------------


def _locked(entry_id: int, by: User) -> DictionaryEntry:
    row = (
        DictionaryEntry.objects.locked()
        .select_related("company", "project__company", "successor", "parent")
        .get(pk=entry_id)
    )
    require_at(by, MANAGE, row.company, row.project)
    return row


def _save(row: DictionaryEntry, *fields: str) -> None:
    row.version += 1
    row.save(update_fields=[*fields, "version"])


def _record(
    verb: str, row: DictionaryEntry, before: dict[str, Any], *, by: User, at: datetime, **facts: Any
) -> None:
    after = audit.snapshot(row, *(before or ("code", "name", "parent")))
    was, now = audit.differences(before, after)
    renew(project_ids=place_of_entry(row).project_ids())
    event = f"parameters.dictionary_entry.{verb}"
    audit.record(event, row, by=by, at=at, before=was, after=now, **facts)


def _refuse_taken(dictionary: str, place: Place, code: str) -> None:
    """A code means one thing wherever it is known: not above, not here, not below."""
    for row in DictionaryEntry.objects.filter(dictionary=dictionary, code=code).select_related(
        "company", "project__company"
    ):
        there = place_of_entry(row)
        if there.path.startswith(place.path) or place.path.startswith(there.path):
            is_next_door = place.project and there.project and place.key != there.key
            if not is_next_door:
                raise errors.CodeTaken(code=code, name=row, place=level_of(row))


def _ensure_parent(dictionary: str, place: Place, parent_id: int | None, *, height: int) -> None:
    if parent_id is None:
        return
    if not hooks.DICTIONARIES[dictionary].is_tree:
        raise errors.NoTree(dictionary=hooks.DICTIONARIES[dictionary].label)
    rows = {row.pk: row for row in entries_at(place, dictionary)}
    parent = rows.get(parent_id)
    if parent is None or parent.successor_id:
        raise errors.ParentNotOfThisDictionary
    parents = {pk: row.parent_id for pk, row in rows.items()}
    if rules.depth_of(parents, parent_id) + height > rules.DEEPEST:
        raise errors.TreeTooDeep(deepest=rules.DEEPEST)


def _ensure_may_hang(row: DictionaryEntry, parent_id: int | None) -> None:
    every = DictionaryEntry.objects.filter(dictionary=row.dictionary)
    parents = dict(every.values_list("pk", "parent_id"))
    if rules.hangs_below(parents, row.pk, parent_id):
        raise errors.EntryInsideItself(name=row)
    height = rules.height_of(parents, row.pk)
    _ensure_parent(row.dictionary, place_of_entry(row), parent_id, height=height)


def _last_order(row: DictionaryEntry) -> int:
    siblings = entries_at(place_of_entry(row), row.dictionary).filter(parent_id=row.parent_id)
    last = siblings.exclude(pk=row.pk).last()
    return last.order + rules.STEP if last else rules.STEP
