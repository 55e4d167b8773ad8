"""Numbers of documents: patterns, and which of them could give one number twice (PRM-03)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

LONGEST_PATTERN = 60
LONGEST_NUMBER = 40
WIDEST = 9
_PART = re.compile(r"\{([a-z]+)(?::([0-9]{1,2}))?\}|([^{}]+)", re.ASCII)
_LITERAL = re.compile(r"[^\W_]|[-/._#()（）〔〕第号字 ]")
COUNTER = "seq"
DIGIT = None  # Stands for "any digit" among the characters of a number.


class Reset(StrEnum):
    """When the counter begins at 1 again."""

    NEVER = "never"
    YEAR = "year"
    MONTH = "month"
    DAY = "day"


class PatternProblem(StrEnum):
    UNREADABLE = "unreadable"
    NO_COUNTER = "no_counter"
    TWO_COUNTERS = "two_counters"
    TOO_LONG = "too_long"
    PERIOD_MISSING = "period_missing"  # Two periods would give the same numbers.


class WrongPattern(ValueError):
    def __init__(self, problem: PatternProblem) -> None:
        self.problem = problem
        super().__init__(problem.value)


@dataclass(frozen=True)
class Part:
    """A piece of a pattern: a literal text, or a token filled in."""

    token: str
    text: str = ""
    width: int = 0


@dataclass(frozen=True)
class Numbering:
    """How one kind of document is numbered: "{project}-RG{year}-{seq:4}", counted anew each year."""

    pattern: str
    reset: Reset = Reset.YEAR

    @property
    def parts(self) -> tuple[Part, ...]:
        return parsed(self.pattern)


_DATES = {"year": 4, "yy": 2, "month": 2, "day": 2}
_NEEDED = {
    Reset.NEVER: (),
    Reset.YEAR: ({"year", "yy"},),
    Reset.MONTH: ({"year", "yy"}, {"month"}),
    Reset.DAY: ({"year", "yy"}, {"month"}, {"day"}),
}
_WIDE = 4  # A counter of 9999 fits, as far as the longest number is concerned.


def parsed(pattern: str) -> tuple[Part, ...]:
    """The parts of a pattern. Raises WrongPattern(UNREADABLE)."""
    parts, end = [], 0
    for match in _PART.finditer(pattern):
        name, width, text = match.groups()
        if match.start() != end:
            raise WrongPattern(PatternProblem.UNREADABLE)
        end = match.end()
        if text is not None:
            if not all(_LITERAL.fullmatch(letter) for letter in text):
                raise WrongPattern(PatternProblem.UNREADABLE)
            parts.append(Part("", text))
        elif name == COUNTER:
            parts.append(Part(COUNTER, width=min(int(width or 1), 99)))
        elif name in {*_DATES, "company", "project"} and width is None:
            parts.append(Part(name))
        else:
            raise WrongPattern(PatternProblem.UNREADABLE)
    if end != len(pattern) or not parts:
        raise WrongPattern(PatternProblem.UNREADABLE)
    return tuple(parts)


def checked(numbering: Numbering) -> Numbering:
    """The numbering itself where it can be used; raises WrongPattern.

    One counter, and as much of the date as tells the periods apart: counted anew each month, 2025-01
    and 2025-02 must look different.
    """
    if len(numbering.pattern) > LONGEST_PATTERN:
        raise WrongPattern(PatternProblem.TOO_LONG)
    parts = numbering.parts
    counters = [part for part in parts if part.token == COUNTER]
    if not counters:
        raise WrongPattern(PatternProblem.NO_COUNTER)
    if len(counters) > 1:
        raise WrongPattern(PatternProblem.TWO_COUNTERS)
    if not 1 <= counters[0].width <= WIDEST:
        raise WrongPattern(PatternProblem.UNREADABLE)
    tokens = {part.token for part in parts}
    if not all(tokens & wanted for wanted in _NEEDED[numbering.reset]):
        raise WrongPattern(PatternProblem.PERIOD_MISSING)
    return numbering


def period(reset: Reset, day: date) -> str:
    """What the counter is kept by: "2025", "2025-03", "2025-03-08"; "" when it never begins anew."""
    return {
        Reset.NEVER: "",
        Reset.YEAR: f"{day:%Y}",
        Reset.MONTH: f"{day:%Y-%m}",
        Reset.DAY: f"{day:%Y-%m-%d}",
    }[reset]


def days_of(period: str) -> tuple[date, date]:
    """The first day of a period that is not empty, and the first day after it."""
    year, month, day = [*(int(part) for part in period.split("-")), 0, 0][:3]
    first = date(year, month or 1, day or 1)
    if day:
        return first, first + timedelta(days=1)
    if month:
        return first, date(year + month // 12, month % 12 + 1, 1)
    return first, date(year + 1, 1, 1)


def series_key(series: str, project_id: int, reset: Reset, day: date) -> str:
    """The name of the counter. By year it is as it always was: "reservation/7/2025"."""
    return f"{series.rpartition('.')[2]}/{project_id}/{period(reset, day)}".rstrip("/")


def rendered(numbering: Numbering, count: int, day: date, *, company: str, project: str) -> str:
    """The number: `HC-RG2025-0007`. A counter wider than its width is written out, never cut."""
    words = {"company": company, "project": project, "year": f"{day:%Y}", "yy": f"{day:%y}"}
    words |= {"month": f"{day:%m}", "day": f"{day:%d}"}
    return "".join(
        part.text or words.get(part.token) or f"{count:0{part.width}d}" for part in numbering.parts
    )


def fits(numbering: Numbering, *, company: str, project: str) -> bool:
    """Whether a number of at least four digits stays within 40 characters."""
    length = len(_characters(numbering, company, project, max(_WIDE, _counter(numbering).width)))
    return length <= LONGEST_NUMBER


def _counter(numbering: Numbering) -> Part:
    return next(part for part in numbering.parts if part.token == COUNTER)


def _characters(numbering: Numbering, company: str, project: str, digits: int) -> list[str | None]:
    """The characters of a number whose counter has so many digits; DIGIT where any digit may stand."""
    found: list[str | None] = []
    for part in numbering.parts:
        if part.token == COUNTER:
            found += [DIGIT] * digits
        elif part.token in _DATES:
            found += [DIGIT] * _DATES[part.token]
        else:
            found += {"company": company, "project": project}.get(part.token, part.text)
    return found


@dataclass(frozen=True)
class Numbered:
    """A numbering as one project uses it."""

    numbering: Numbering
    company: str
    project: str


def could_meet(one: Numbered, other: Numbered) -> bool:
    """Whether some number could come from both: then two documents could get the same one.

    Of each length a pattern has one shape; two shapes meet where at every place the same character, or
    a digit and a digit, can stand.  Every length up to 40 is tried.  Days that do not exist (month 13)
    count as possible, so that a doubt is a yes.
    """
    return any(
        _shapes_meet(_of_length(one, length), _of_length(other, length))
        for length in range(1, LONGEST_NUMBER + 1)
    )


def _of_length(used: Numbered, length: int) -> list[str | None] | None:
    fixed = len(_characters(used.numbering, used.company, used.project, 0))
    digits = length - fixed
    if digits < _counter(used.numbering).width:
        return None
    return _characters(used.numbering, used.company, used.project, digits)


def _shapes_meet(one: list[str | None] | None, other: list[str | None] | None) -> bool:
    if one is None or other is None:
        return False
    return all(map(_can_be_same, one, other))


def _can_be_same(one: str | None, other: str | None) -> bool:
    if one is DIGIT and other is DIGIT:
        return True
    if one is DIGIT or other is DIGIT:
        letter = other if one is DIGIT else one
        return letter is not None and letter in "0123456789"
    return one == other


def counts_on(one: Numbering, other: Numbering) -> bool:
    """Whether the second goes on where the first stopped: the same but for the width of the counter."""
    same = [part.token or part.text for part in one.parts] == [
        part.token or part.text for part in other.parts
    ]
    return same and one.reset == other.reset


def meets_any(one: Numbered, others: Iterable[Numbered]) -> Numbered | None:
    """The first of the others that could give a number this one gives."""
    return next((other for other in others if could_meet(one, other)), None)
