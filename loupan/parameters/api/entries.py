"""Dictionaries by level, and their entries."""

from typing import Annotated, Any, Literal

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils import timezone
from ninja import Path, Router, Schema, Status
from pydantic import Field, StringConstraints

from loupan.core.rest import ERRORS, ApiRequest, CleanText, Id
from loupan.org.permissions import require
from loupan.parameters.actions import entries as actions
from loupan.parameters.api.levels import PlaceKey, place_asked
from loupan.parameters.hooks import DICTIONARIES
from loupan.parameters.models import DictionaryEntry
from loupan.parameters.permissions import MANAGE, READ
from loupan.parameters.queries import entries as queries
from loupan.parameters.queries.places import key_of

router = Router(tags=["parameters"])

Code = Annotated[str, Path(max_length=40, pattern=r"^[a-z0-9_.]+$")]
Name = Annotated[
    str, StringConstraints(min_length=1, max_length=60, strip_whitespace=True), CleanText
]
Tone = Literal["", "grey", "blue", "cyan", "green", "lime", "yellow", "orange", "red", "purple"]


class DictionaryOut(Schema):
    code: str
    name: str
    is_tree: bool


class DictionariesOut(Schema):
    items: list[DictionaryOut]
    next: str | None = None


class EntryOut(Schema):
    id: int
    dictionary: str
    code: str
    name: str
    name_en: str
    parent_id: int | None
    depth: int | None = None
    tone: str
    is_enabled: bool
    successor_id: int | None = Field(
        description="The entry it was merged into and is counted under"
    )
    place: str = Field(description="Level it belongs to")
    version: int


class EntriesOut(Schema):
    items: list[EntryOut]
    next: str | None = None


class EntryChangeIn(Schema):
    name: Name
    name_en: Annotated[str, StringConstraints(max_length=60, strip_whitespace=True), CleanText] = ""
    tone: Tone = ""
    parent_id: Id | None = None
    version: Annotated[int, Field(ge=0, le=2**31 - 1)]


class EntryIn(Schema):
    code: Annotated[str, StringConstraints(min_length=1, max_length=20), CleanText]
    name: Name
    name_en: Annotated[str, StringConstraints(max_length=60, strip_whitespace=True), CleanText] = ""
    tone: Tone = ""
    parent_id: Id | None = None


class MergeIn(Schema):
    successor_id: Id


def _out(row: DictionaryEntry, depth: int | None = None) -> dict[str, Any]:
    return {
        "id": row.pk,
        "dictionary": row.dictionary,
        "code": row.code,
        "name": row.name,
        "name_en": row.name_en,
        "parent_id": row.parent_id,
        "depth": depth,
        "tone": row.tone,
        "is_enabled": row.is_enabled,
        "successor_id": row.successor_id,
        "place": key_of(row),
        "version": row.version,
    }


def _known(code: str) -> str:
    if code not in DICTIONARIES:
        raise Http404(code)
    return code


def _entry(request: ApiRequest, pk: int) -> DictionaryEntry:
    require(request.user, MANAGE)
    row = queries.entry_for(request.user, pk)
    if row is None:
        raise Http404(pk)
    if queries.entry_for(request.user, pk, MANAGE) is None:
        raise PermissionDenied(MANAGE)
    return row


@router.get("dictionaries/", response={200: DictionariesOut, **ERRORS}, summary="Dictionaries")
def dictionaries(request: ApiRequest) -> Any:
    """Which dictionaries there are."""
    require(request.user, READ)
    items = [
        {"code": code, "name": str(each.label), "is_tree": each.is_tree}
        for code, each in DICTIONARIES.items()
    ]
    return {"items": items}


@router.get(
    "dictionaries/{code}/{place}/",
    response={200: EntriesOut, **ERRORS},
    summary="Entries of a dictionary at a level",
)
def entries(request: ApiRequest, code: Code, place: PlaceKey) -> Any:
    """The words a level knows, its own and those of the levels above, in the order of the tree."""
    there = place_asked(request, place)
    lines = queries.lines_of(there, _known(code))
    return {"items": [_out(line.entry, line.depth) for line in lines]}


@router.post(
    "dictionaries/{code}/{place}/", response={201: EntryOut, **ERRORS}, summary="Add an entry"
)
def make_entry(request: ApiRequest, code: Code, place: PlaceKey, payload: EntryIn) -> Any:
    """Add a word for a level and everything below; its code stays."""
    there = place_asked(request, place)
    row = actions.make_entry(
        dictionary=_known(code), place=there, **payload.dict(), by=request.user, at=timezone.now()
    )
    return Status(201, _out(row))


@router.put(
    "dictionary-entries/{entry_id}/", response={200: EntryOut, **ERRORS}, summary="Change an entry"
)
def edit_entry(request: ApiRequest, entry_id: Id, payload: EntryChangeIn) -> Any:
    """Rename a word, colour it, hang it elsewhere."""
    row = _entry(request, entry_id)
    return _out(
        actions.edit_entry(entry_id=row.pk, **payload.dict(), by=request.user, at=timezone.now())
    )


@router.post(
    "dictionary-entries/{entry_id}/merging/",
    response={200: EntryOut, **ERRORS},
    summary="Merge an entry into another",
)
def merge_entry(request: ApiRequest, entry_id: Id, payload: MergeIn) -> Any:
    """Count a word under another from now on; old records keep its text."""
    row = _entry(request, entry_id)
    return _out(
        actions.merge_entry(
            entry_id=row.pk, successor_id=payload.successor_id, by=request.user, at=timezone.now()
        )
    )


@router.post(
    "dictionary-entries/{entry_id}/disabling/",
    response={200: EntryOut, **ERRORS},
    summary="Take an entry out of use",
)
def disable_entry(request: ApiRequest, entry_id: Id) -> Any:
    """Offer a word no more; old records keep its text."""
    row = _entry(request, entry_id)
    return _out(actions.disable_entry(entry_id=row.pk, by=request.user, at=timezone.now()))


@router.delete(
    "dictionary-entries/{entry_id}/disabling/",
    response={200: EntryOut, **ERRORS},
    summary="Use an entry again",
)
def enable_entry(request: ApiRequest, entry_id: Id) -> Any:
    """Offer a word again."""
    row = _entry(request, entry_id)
    return _out(actions.enable_entry(entry_id=row.pk, by=request.user, at=timezone.now()))
