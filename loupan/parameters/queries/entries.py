"""Dictionaries as a level knows them: its own words and those of the levels above."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Length
from django.utils.functional import lazy
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from loupan.core.exports import workbook_of
from loupan.core.typed import whole
from loupan.org.models import User
from loupan.parameters.hooks import Dictionary
from loupan.parameters.models import DictionaryEntry
from loupan.parameters.permissions import READ
from loupan.parameters.queries.places import Place, depth_of, key_of, upward_of
from loupan.parameters.rules.entries import Vocabulary, Word, drawn, vocabulary


def _in_the_readers_language(name: str, name_en: str) -> str:
    is_english = (get_language() or "").startswith("en")
    return name_en if is_english and name_en else name


label_of = lazy(_in_the_readers_language, str)


def word_of(entry: DictionaryEntry) -> Word:
    """What the rules know of an entry; it is kept for readers of either language."""
    return Word(
        entry.pk, entry.code, label_of(entry.name, entry.name_en), entry.parent_id, entry.order,
        entry.is_enabled, entry.successor_id, entry.tone,
    )  # fmt: skip


def vocabularies_of(level: Q) -> dict[str, Vocabulary]:
    """Every dictionary of a level, in one query."""
    rows: dict[str, list[DictionaryEntry]] = {}
    for row in DictionaryEntry.objects.filter(level).select_related("company"):
        rows.setdefault(row.dictionary, []).append(row)
    return {
        code: vocabulary(map(word_of, sorted(members, key=depth_of)))
        for code, members in rows.items()
    }


def entries_in_use(project_id: int, dictionary: str) -> QuerySet[DictionaryEntry]:
    """What can be chosen in a project, in order: enabled and not merged."""
    return DictionaryEntry.objects.filter(
        upward_of(project_id), dictionary=dictionary, is_enabled=True, successor=None
    ).order_by("order", "pk")


def entry_named(project_id: int, dictionary: str, text: str) -> DictionaryEntry | None:
    """The entry in use with this id, code or name."""
    named = Q(code=text) | Q(name=text) | Q(name_en__iexact=text)
    if pk := whole(text):
        named |= Q(pk=pk)
    return entries_in_use(project_id, dictionary).filter(named).order_by(*_NEAREST).first()


def names_in_use(project_id: int, dictionary: str) -> dict[str, int]:
    """Every code and name in small letters, with the entry meant: of two of one name the nearest."""
    rows = entries_in_use(project_id, dictionary).order_by(*_NEAREST)
    return {
        key.lower(): row.pk
        for row in reversed(rows)
        for key in (row.name_en, row.name, row.code)
        if key
    }


_NEAREST = (
    F("project_id").asc(nulls_last=True),
    Length("company__path").desc(nulls_last=True),
    "order",
    "pk",
)


def counted_with(entry_ids: Collection[int]) -> list[int]:
    """Entries and everything merged into them, however many times."""
    found, last = set(entry_ids), set(entry_ids)
    while last:
        last = {
            *DictionaryEntry.objects.filter(successor_id__in=last).values_list("pk", flat=True)
        } - found
        found |= last
    return sorted(found)


# --- the page ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class EntryLine:
    """One line of the drawn tree."""

    entry: DictionaryEntry
    depth: int
    level: str
    is_own: bool  # Of the very level looked at: it is changed here.
    is_first: bool
    is_last: bool


def entries_at(place: Place, dictionary: str) -> QuerySet[DictionaryEntry]:
    """What a level knows: its own and what stands above."""
    return (
        DictionaryEntry.objects.filter(place.upward(), dictionary=dictionary)
        .select_related("company", "project", "parent", "successor")
        .order_by("order", "pk")
    )


def lines_of(place: Place, dictionary: str) -> list[EntryLine]:
    rows = {row.pk: row for row in entries_at(place, dictionary)}
    tree = list(drawn(map(word_of, rows.values())))
    siblings: dict[int | None, list[int]] = {}
    for _depth, word in tree:
        if key_of(rows[word.pk]) == place.key:
            siblings.setdefault(word.parent, []).append(word.pk)
    return [
        EntryLine(
            entry=rows[word.pk],
            depth=depth,
            level=level_of(rows[word.pk]),
            is_own=key_of(rows[word.pk]) == place.key,
            is_first=siblings.get(word.parent, [0])[0] == word.pk,
            is_last=siblings.get(word.parent, [0])[-1] == word.pk,
        )
        for depth, word in tree
    ]


def level_of(row: DictionaryEntry) -> str:
    return str(row.project or row.company or _("Whole group"))


def counts_at(place: Place) -> Mapping[str, int]:
    """How many entries in use each dictionary has at a level."""
    rows = DictionaryEntry.objects.filter(place.upward(), is_enabled=True)
    found: dict[str, int] = {}
    for code in rows.values_list("dictionary", flat=True):
        found[code] = found.get(code, 0) + 1
    return found


def entry_for(viewer: User, pk: int, permission: str = READ) -> DictionaryEntry | None:
    """One entry, where the viewer may look at (or change) its level."""
    row = (
        DictionaryEntry.objects.select_related("company", "project__company", "parent", "successor")
        .filter(pk=pk)
        .first()
    )
    if row is None or not place_of_entry(row).may(viewer, permission):
        return None
    return row


def place_of_entry(row: DictionaryEntry) -> Place:
    return Place(company=row.company, project=row.project)


def workbook(place: Place, dictionary: Dictionary, *, who: str, at: datetime) -> bytes:
    """What the page shows, in the form in which it can come back."""
    lines = [
        [
            line.entry.code,
            line.entry.name,
            line.entry.name_en,
            line.entry.parent.code if line.entry.parent else "",
            line.entry.tone,
            line.entry.order,
            _("yes") if line.entry.is_enabled else _("no"),
            line.entry.successor.code if line.entry.successor else "",
            line.level,
        ]
        for line in lines_of(place, dictionary.code)
    ]
    heads = [
        (_("Code"), "text"), (_("Name"), "text"), (_("English name"), "text"),
        (_("Belongs to"), "text"), (_("Colour"), "text"), (_("Order"), "number"),
        (_("In use"), "text"), (_("Merged into"), "text"), (_("Level"), "text"),
    ]  # fmt: skip
    return workbook_of(str(dictionary.label), heads, lines, who=who, at=at)
