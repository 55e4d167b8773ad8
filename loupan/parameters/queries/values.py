"""What every parameter is at one level, where it comes from, and how it is said to people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.utils.translation import gettext as _

from loupan.core.formatting import date_text, money_text, number_text, rate_text
from loupan.core.refusals import Refusal
from loupan.parameters import errors, hooks
from loupan.parameters.models import ParameterValue
from loupan.parameters.queries.places import Place, depth_of, key_of
from loupan.parameters.rules.values import (
    Held,
    Kind,
    Parameter,
    Problem,
    Resolved,
    WrongValue,
    above,
    resolved,
)


@dataclass(frozen=True)
class Line:
    """One parameter at one level."""

    parameter: Parameter[Any]
    counts: Resolved
    origin: str  # In words: "Default", or the level it is set at.
    inherited: str  # The value that would count without this level, in words.
    locked_by: str  # In words; empty where nothing is locked.
    row: ParameterValue | None  # Of this very level.
    is_own: bool
    is_locked_above: bool

    @property
    def shown(self) -> str:
        return value_in_words(self.parameter, self.counts.value)


def value_in_words(parameter: Parameter[Any], value: Any) -> str:
    """`15 minutes`, `20,000.00 yuan`, `5%`, `yes`, the name of a choice."""
    unit = f" {parameter.unit}" if parameter.unit else ""
    match parameter.kind:
        case Kind.BOOL:
            return _("yes") if value else _("no")
        case Kind.INTEGER:
            return number_text(value) + unit
        case Kind.MONEY:
            return f"{money_text(value)} {_('yuan')}"
        case Kind.DECIMAL:
            return format(value.normalize(), "f") + unit
        case Kind.PERCENT:
            return rate_text(value)
        case Kind.DATE:
            return date_text(value)
        case Kind.CHOICE:
            return str(dict(parameter.choices)[value])
        case Kind.TEXT:
            return value or str(parameter.blank)


def lines_at(place: Place) -> list[Line]:
    """Every declared parameter as it is at that level, in one query."""
    rows = list(ParameterValue.objects.filter(place.upward()).select_related("company", "project"))
    rows.sort(key=depth_of)
    said: dict[str, list[ParameterValue]] = {}
    for row in rows:
        said.setdefault(row.key, []).append(row)
    return [_line(place, each, said.get(key, ())) for key, each in hooks.PARAMETERS.items()]


def line_at(place: Place, key: str) -> Line | None:
    return next((line for line in lines_at(place) if line.parameter.key == key), None)


def grouped(lines: Sequence[Line]) -> list[tuple[Any, list[Line]]]:
    """By the group each is declared in, in the order of declaration."""
    order = {str(line.parameter.group): number for number, line in reversed([*enumerate(lines)])}
    by_group = sorted(lines, key=lambda line: order[str(line.parameter.group)])
    return [
        (name, list(members))
        for name, members in groupby(by_group, key=lambda line: str(line.parameter.group))
    ]


def _line(place: Place, parameter: Parameter[Any], rows: Sequence[ParameterValue]) -> Line:
    held = [Held(key_of(row), row.text, row.is_locked) for row in rows]
    counts, without = resolved(parameter, held), resolved(parameter, above(held, place.key))
    labels = {key_of(row): _level(row) for row in rows}
    own = next((row for row in rows if key_of(row) == place.key), None)
    return Line(
        parameter=parameter,
        counts=counts,
        origin=labels.get(counts.origin) or _("Default"),
        inherited=value_in_words(parameter, without.value),
        locked_by=labels.get(counts.locked_by, ""),
        row=own,
        is_own=counts.origin == place.key,
        is_locked_above=bool(without.locked_by),
    )


def _level(row: ParameterValue) -> str:
    return str(row.project or row.company or _("Whole group"))


def refusal_of(parameter: Parameter[Any], wrong: WrongValue) -> Refusal:
    """The sentence for a value that is none."""
    if wrong.problem is Problem.TOO_SMALL:
        minimum = value_in_words(parameter, parameter.minimum)
        return errors.ValueTooSmall(label=parameter.label, minimum=minimum)
    if wrong.problem is Problem.TOO_LARGE:
        maximum = value_in_words(parameter, parameter.maximum)
        return errors.ValueTooLarge(label=parameter.label, maximum=maximum)
    if wrong.problem is Problem.NOT_A_WORD:
        return errors.NoWord(label=parameter.label)
    wanted = str(errors.WANTED[parameter.kind])
    if parameter.kind is Kind.CHOICE:
        wanted = ", ".join(str(name) for _code, name in parameter.choices)
    return errors.ValueNotOfThisKind(label=parameter.label, wanted=wanted)
