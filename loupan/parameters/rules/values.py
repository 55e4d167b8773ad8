"""Typed values of parameters: how they are written, read and bounded, and which level wins (PRM-01)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, Generic, TypeVar

T = TypeVar("T")

LONGEST_TEXT = 500
WHOLE = re.compile(r"-?[0-9]{1,12}", re.ASCII)
PLAIN = re.compile(r"-?[0-9]{1,16}(?:\.[0-9]{1,6})?", re.ASCII)
YES, NO = "yes", "no"
LARGEST = Decimal(10) ** 15


class Kind(StrEnum):
    """What a parameter holds. A percent is kept as a share of one: 0.05 is 5 %."""

    BOOL = "bool"
    INTEGER = "integer"
    MONEY = "money"
    DECIMAL = "decimal"
    PERCENT = "percent"
    DATE = "date"
    CHOICE = "choice"
    TEXT = "text"


PLACES = {Kind.MONEY: 2, Kind.DECIMAL: 6, Kind.PERCENT: 6}


class Problem(StrEnum):
    """Why a value is refused."""

    NOT_OF_THIS_KIND = "not_of_this_kind"
    TOO_SMALL = "too_small"
    TOO_LARGE = "too_large"
    NOT_A_CHOICE = "not_a_choice"
    TOO_LONG = "too_long"
    NOT_A_WORD = "not_a_word"


class WrongValue(ValueError):
    """The value is no value of this parameter."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem.value)


@dataclass(frozen=True)
class Parameter(Generic[T]):
    """A setting an app declares: its key ("sales.lock_minutes"), kind, default and bounds.

    Amounts in yuan, percents as a share of one.  `label`, `help` and the names of choices may be lazy
    translations.
    """

    key: str
    kind: Kind
    default: T
    group: Any
    label: Any
    help: Any = ""
    unit: Any = ""
    minimum: Any = None
    maximum: Any = None
    choices: tuple[tuple[str, Any], ...] = ()
    word: re.Pattern[str] | None = None  # What a text must look like, if it is not empty.
    blank: Any = "—"  # What an empty text stands for.

    def __post_init__(self) -> None:
        assert (self.kind is Kind.CHOICE) == bool(self.choices), self.key
        assert checked(self, self.default) == self.default, self.key


def _of_kind(kind: Kind, value: Any) -> Any:
    """The value itself in the type of its kind, or WrongValue."""
    is_number = isinstance(value, int | Decimal) and not isinstance(value, bool)
    if kind is Kind.BOOL and isinstance(value, bool):
        return value
    if kind is Kind.INTEGER and is_number and value == int(value):
        return int(value)
    if kind in PLACES and is_number:
        exact = Decimal(value)
        if not exact.is_finite() or abs(exact) >= LARGEST:
            raise WrongValue(Problem.NOT_OF_THIS_KIND)
        rounded = exact.quantize(Decimal(1).scaleb(-PLACES[kind]))
        if rounded == exact:
            return rounded
    if kind is Kind.DATE and type(value) is date:
        return value
    if kind in {Kind.CHOICE, Kind.TEXT} and isinstance(value, str):
        return str(value)
    raise WrongValue(Problem.NOT_OF_THIS_KIND)


def checked(parameter: Parameter[Any], value: Any) -> Any:
    """The value, typed and within its bounds; raises WrongValue.

    A number with more decimals than its kind keeps is refused, never rounded.
    """
    if isinstance(value, Decimal) and not value.is_finite():
        raise WrongValue(Problem.NOT_OF_THIS_KIND)
    found = _of_kind(parameter.kind, value)
    if parameter.minimum is not None and found < parameter.minimum:
        raise WrongValue(Problem.TOO_SMALL)
    if parameter.maximum is not None and found > parameter.maximum:
        raise WrongValue(Problem.TOO_LARGE)
    if parameter.choices and found not in {code for code, _name in parameter.choices}:
        raise WrongValue(Problem.NOT_A_CHOICE)
    if isinstance(found, str) and len(found) > LONGEST_TEXT:
        raise WrongValue(Problem.TOO_LONG)
    if parameter.word is not None and found and not parameter.word.fullmatch(found):
        raise WrongValue(Problem.NOT_A_WORD)
    return found


def written(value: Any) -> str:
    """How a value stands in the database and on the wire; `read` is the way back."""
    if isinstance(value, bool):
        return YES if value else NO
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def read(parameter: Parameter[Any], text: str) -> Any:
    """The typed value that `written` wrote, or a program sent; raises WrongValue."""
    kind = parameter.kind
    if kind is Kind.BOOL and text in {YES, NO}:
        return checked(parameter, text == YES)
    if kind is Kind.INTEGER and WHOLE.fullmatch(text):
        return checked(parameter, int(text))
    if kind in PLACES and PLAIN.fullmatch(text):
        return checked(parameter, Decimal(text))
    if kind is Kind.DATE:
        try:
            return checked(parameter, date.fromisoformat(text))
        except ValueError as error:
            raise WrongValue(Problem.NOT_OF_THIS_KIND) from error
    if kind in {Kind.CHOICE, Kind.TEXT}:
        return checked(parameter, text)
    raise WrongValue(Problem.NOT_OF_THIS_KIND)


# --- which level wins -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Held:
    """What one level says of a parameter; `text` None: it says nothing. Levels run from the top down."""

    place: str
    text: str | None
    is_locked: bool = False


@dataclass(frozen=True)
class Resolved:
    """The value that counts, where it stands (empty: the default), and who locked it for whom below."""

    value: Any
    origin: str = ""
    locked_by: str = ""


def resolved(parameter: Parameter[Any], held: Iterable[Held]) -> Resolved:
    """The value of the lowest level that sets one; below a level that locks, nothing counts.

    What was kept and is no value any more (the bounds became narrower) counts as not said.

    | group | company | project | counts |
    |-------|---------|---------|--------|
    | –     | –       | –       | the default |
    | 15    | –       | 30      | 30, of the project |
    | 15 🔒 | 20      | 30      | 15, of the group |
    """
    found = Resolved(parameter.default)
    for each in held:
        if each.text is None:
            continue
        try:
            value = read(parameter, each.text)
        except WrongValue:
            continue
        if each.is_locked:
            return Resolved(value, each.place, each.place)
        found = Resolved(value, each.place)
    return found


def above(held: Sequence[Held], place: str) -> list[Held]:
    """The levels above one of them."""
    names = [each.place for each in held]
    return list(held[: names.index(place)]) if place in names else list(held)
