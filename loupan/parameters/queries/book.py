"""Everything that is set for a project, read once and kept while its stamp stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar, overload
from uuid import UUID

from django.db.models import OuterRef, Subquery
from django.http import HttpRequest

from loupan.org.queries import current_project
from loupan.parameters import hooks
from loupan.parameters.models import ParameterStamp, ParameterValue
from loupan.parameters.queries.entries import vocabularies_of
from loupan.parameters.queries.fields import fields_of
from loupan.parameters.queries.holidays import working_days
from loupan.parameters.queries.numbers import numberings_of
from loupan.parameters.queries.places import depth_of, key_of, upward_of
from loupan.parameters.rules import numbers
from loupan.parameters.rules.entries import Vocabulary, vocabulary
from loupan.parameters.rules.fields import Field
from loupan.parameters.rules.numbers import Numbering
from loupan.parameters.rules.values import Held, Parameter, Resolved, resolved

T = TypeVar("T")
MOST_BOOKS = 500


@dataclass(frozen=True)
class ParameterBook:
    """The settings of one project at one moment; read only."""

    values: Mapping[str, Resolved]
    vocabularies: Mapping[str, Vocabulary]
    numberings: Mapping[str, Numbering]
    company_code: str
    days: Mapping[date, bool]
    fields: Mapping[str, tuple[Field, ...]]

    def __getitem__(self, parameter: Parameter[T]) -> T:
        found: T = self.values[parameter.key].value
        return found

    def vocabulary(self, dictionary: str) -> Vocabulary:
        """The entries of a dictionary the project knows, those out of use included."""
        return self.vocabularies.get(dictionary, NO_WORDS)

    def offered(self, dictionary: str) -> list[tuple[int, str]]:
        """What a form or a filter offers of a dictionary, drawn as its tree."""
        found = self.vocabulary(dictionary).in_use()
        return [(word.pk, f"{'　' * depth}{word.label}") for depth, word in found]

    def is_working(self, day: date) -> bool | None:
        """What the holiday table says of a day, for core.dates; None where it says nothing."""
        return self.days.get(day)

    def series_key(self, series: str, project_id: int, day: date) -> str:
        """The counter a document of that day takes its number from, for core.numbering."""
        return numbers.series_key(series, project_id, self.numberings[series].reset, day)

    def number(self, series: str, count: int, day: date, *, project: str) -> str:
        """The number of a document; `project` is the project's code."""
        return numbers.rendered(
            self.numberings[series], count, day, company=self.company_code, project=project
        )


NO_WORDS = vocabulary(())
_books: dict[UUID, ParameterBook] = {}
# Of projects that have no stamp: nothing was changed at any level since they were made, for every
# change gives one to each project below it.
_unstamped: dict[int, ParameterBook] = {}


def forget_books() -> None:
    """Read everything anew, as a new process does."""
    _books.clear()
    _unstamped.clear()


def parameter_stamp(project: str = "project_id") -> Subquery:
    """For a query of rows of a project: the stamp of its settings, to be handed to `book_of`."""
    return Subquery(ParameterStamp.objects.filter(project_id=OuterRef(project)).values("stamp")[:1])


def book_of(project_id: int, stamp: UUID | None = None) -> ParameterBook:
    """What is set for a project; nothing is read while its stamp (asked for if None) is known."""
    if stamp is not None and (known := _books.get(stamp)):
        return known
    held = ParameterStamp.objects.filter(project_id=project_id).values_list("stamp", flat=True)
    stamp = held.first()
    known = _books.get(stamp) if stamp is not None else _unstamped.get(project_id)
    if known is not None:
        return known
    book = ParameterBook(
        values=_values_of(project_id),
        vocabularies=vocabularies_of(upward_of(project_id)),
        **numberings_of(project_id),
        days=working_days(),
        fields=fields_of(upward_of(project_id)),
    )
    kept: dict[Any, ParameterBook] = _books if stamp is not None else _unstamped
    if len(kept) >= MOST_BOOKS:
        kept.pop(next(iter(kept)))
    kept[stamp or project_id] = book
    return book


PROJECT_STAMP = "settings_stamp"


def book_here(request: HttpRequest) -> ParameterBook:
    """What is set for the project a page is about; its stamp came with the project."""
    known = getattr(request, "_desk_book", None)
    if known is None:
        project = current_project(request)
        stamp = getattr(project, PROJECT_STAMP)
        known = None if stamp else _unstamped.get(project.pk)
        known = known or book_of(project.pk, stamp)
        request._desk_book = known  # type: ignore[attr-defined]  # noqa: SLF001
    assert isinstance(known, ParameterBook)
    return known


def _values_of(project_id: int) -> dict[str, Resolved]:
    rows = ParameterValue.objects.filter(upward_of(project_id), text__isnull=False)
    said: dict[str, list[Held]] = {}
    for row in sorted(rows.select_related("company"), key=depth_of):
        said.setdefault(row.key, []).append(Held(key_of(row), row.text, row.is_locked))
    return {key: resolved(each, said.get(key, ())) for key, each in hooks.PARAMETERS.items()}


@overload
def parameter(project_id: int, wanted: Parameter[T]) -> T: ...
@overload
def parameter(project_id: int, wanted: str) -> Any: ...
def parameter(project_id: int, wanted: Parameter[T] | str) -> Any:
    """The value that counts in a project, by the declaration (typed) or by its key."""
    key = wanted if isinstance(wanted, str) else wanted.key
    return book_of(project_id).values[key].value
