"""How documents are numbered at a level, and what the next number would be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from loupan.core.models import NumberSeries
from loupan.core.refusals import Refusal
from loupan.org.models import Project
from loupan.parameters import errors
from loupan.parameters.hooks import SERIES, Series
from loupan.parameters.models import NumberingRule
from loupan.parameters.queries.places import Place, depth_of, key_of, upward_of
from loupan.parameters.rules import numbers
from loupan.parameters.rules.numbers import Numbered, Numbering, PatternProblem, Reset


def numbering_of(row: NumberingRule) -> Numbering:
    return Numbering(row.pattern, Reset(row.reset))


def numberings_of(project_id: int) -> dict[str, Any]:
    """For the book of a project: its numberings by series, and the code of its company."""
    rows = NumberingRule.objects.filter(upward_of(project_id), is_current=True)
    said = {
        row.series: numbering_of(row)
        for row in sorted(rows.select_related("company"), key=depth_of)
    }
    code = Project.objects.filter(pk=project_id).values_list("company__code", flat=True).first()
    return {
        "numberings": {code: said.get(code, each.numbering) for code, each in SERIES.items()},
        "company_code": code or "",
    }


@dataclass(frozen=True)
class NumberingLine:
    """One kind of document at one level."""

    series: Series
    numbering: Numbering
    origin: str
    is_own: bool
    row: NumberingRule | None
    example: str


def lines_at(place: Place, day: date) -> list[NumberingLine]:
    """Every kind of document: how it is numbered at that level, and the next number as an example."""
    rows = NumberingRule.objects.filter(place.upward(), is_current=True)
    said: dict[str, NumberingRule] = {}
    for row in sorted(rows.select_related("company", "project"), key=depth_of):
        said[row.series] = row
    project = _first_project(place)
    counting = {
        code: numbering_of(said[code]) if code in said else series.numbering
        for code, series in SERIES.items()
    }
    last = _last_numbers(project, counting, day)
    found = []
    for code, series in SERIES.items():
        here, numbering = said.get(code), counting[code]
        is_own = here is not None and key_of(here) == place.key
        found.append(
            NumberingLine(
                series=series,
                numbering=numbering,
                origin=str(here.project or here.company or _("Whole group"))
                if here
                else _("Default"),
                is_own=is_own,
                row=here if is_own else None,
                example=_example(project, numbering, last[code] + 1, day),
            )
        )
    return found


def examples(
    place: Place, series: str, numbering: Numbering, day: date, *, many: int = 3
) -> list[str]:
    """The next numbers of a project as they would be; at a higher level those of its first project."""
    project = _first_project(place)
    last = _last_numbers(project, {series: numbering}, day)[series]
    count = many if project else 1
    return [_example(project, numbering, last + n, day) for n in range(1, count + 1)]


def _last_numbers(
    project: Project | None, counting: Mapping[str, Numbering], day: date
) -> dict[str, int]:
    """How far each series of a project has counted; 0 where it has not begun."""
    if project is None:
        return dict.fromkeys(counting, 0)
    keys = {
        code: numbers.series_key(code, project.pk, numbering.reset, day)
        for code, numbering in counting.items()
    }
    rows = NumberSeries.objects.filter(key__in=list(keys.values())).values_list("key", "last")
    reached = dict(rows)
    return {code: reached.get(key, 0) for code, key in keys.items()}


def _example(project: Project | None, numbering: Numbering, count: int, day: date) -> str:
    company, code = (project.company.code, project.code) if project else ("CO", "PR")
    return numbers.rendered(numbering, count, day, company=company, project=code)


def _first_project(place: Place) -> Project | None:
    if place.project is not None:
        return place.project
    below = Project.objects.filter(company__path__startswith=place.path or "/")
    return below.select_related("company").order_by("code", "pk").first()


def refusal_of(problem: PatternProblem) -> Refusal:
    """The sentence for a pattern that cannot be used."""
    return {
        PatternProblem.UNREADABLE: errors.PatternUnreadable(),
        PatternProblem.NO_COUNTER: errors.CounterMissing(),
        PatternProblem.TWO_COUNTERS: errors.CounterTwice(),
        PatternProblem.TOO_LONG: errors.PatternTooLong(longest=numbers.LONGEST_NUMBER),
        PatternProblem.PERIOD_MISSING: errors.PeriodMissing(),
    }[problem]


def refuse_what_could_meet(series: str, place: Place, numbering: Numbering) -> None:
    """Raise NumbersCouldMeet where a document below could get a number another one has or will get.

    Asked of every project below against every other project as it numbers now, and against what was
    in use in the project before, unless the counter simply counts on.
    """
    rows = list(NumberingRule.objects.filter(series=series).select_related("company", "project"))
    below = set(place.project_ids())
    projects = list(Project.objects.select_related("company").order_by("code", "pk"))
    inside = [each for each in projects if each.pk in below]
    now = {
        each.pk: numbering if each.pk in below and not _has_nearer(each, rows, place)
        else _current(each, rows, series)
        for each in projects
    }  # fmt: skip
    for project in inside:
        if now[project.pk] != numbering:
            continue
        mine = _used(numbering, project)
        if not numbers.fits(numbering, company=mine.company, project=mine.project):
            raise errors.PatternTooLong(longest=numbers.LONGEST_NUMBER)
        for other in projects:
            if other.pk != project.pk:
                _compare(mine, project, _used(now[other.pk], other), other)
        for former in _former(project, rows, series):
            if not numbers.counts_on(former, numbering):
                _compare(mine, project, _used(former, project), project)


def _compare(mine: Numbered, project: Project, theirs: Numbered, other: Project) -> None:
    if numbers.could_meet(mine, theirs):
        raise errors.NumbersCouldMeet(
            example=mine.numbering.pattern,
            project=project,
            other=theirs.numbering.pattern,
            other_project=other,
        )


def _used(numbering: Numbering, project: Project) -> Numbered:
    return Numbered(numbering, project.company.code, project.code)


def _above(project: Project, rows: Iterable[NumberingRule]) -> list[NumberingRule]:
    place = Place(project=project)
    return sorted(
        (
            row
            for row in rows
            if row.project_id == project.pk
            or (row.project_id is None and (row.company is None or _is_above(row, place)))
        ),
        key=depth_of,
    )


def _is_above(row: NumberingRule, place: Place) -> bool:
    return row.company is not None and place.path.startswith(row.company.path)


def _current(project: Project, rows: Iterable[NumberingRule], series: str) -> Numbering:
    said = [row for row in _above(project, rows) if row.is_current]
    return numbering_of(said[-1]) if said else SERIES[series].numbering


def _has_nearer(project: Project, rows: Iterable[NumberingRule], place: Place) -> bool:
    """Whether a level between the place and the project says something of its own."""
    depth = depth_of(NumberingRule(**place.row))
    return any(depth_of(row) > depth for row in _above(project, rows) if row.is_current)


def _former(project: Project, rows: Iterable[NumberingRule], series: str) -> list[Numbering]:
    """Whatever the project may have been numbered by so far: the default and all that stood above it."""
    return [SERIES[series].numbering, *(numbering_of(row) for row in _above(project, rows))]
