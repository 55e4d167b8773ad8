"""Custom fields: which column of the value table a kind uses, and what a value may be (PRM-04)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from loupan.parameters.rules.values import Kind, Parameter, Problem, WrongValue, checked, read

COLUMN = {
    "text": "text",
    "decimal": "number",
    "money": "number",
    "date": "day",
    "choice": "entry_id",
    "bool": "flag",
}


@dataclass(frozen=True)
class Field:
    """A custom field as a project knows it; `label` becomes text in the reader's language."""

    pk: int
    subject: str
    code: str
    label: Any
    kind: str
    dictionary: str = ""
    is_required: bool = False
    is_listed: bool = True
    order: int = 0
    names: tuple[str, ...] = ()  # In every language, for the headings of files.

    @property
    def key(self) -> str:
        """Its name among the columns and filters of a list, and in forms."""
        return f"cf_{self.code}"

    @property
    def column(self) -> str:
        return COLUMN[self.kind]

    @property
    def filter(self) -> str:
        """What a filter compares: a part of a text, the rest exactly."""
        return "text__icontains" if self.kind == "text" else self.column


_SHAPES: dict[str, Parameter[Any]] = {
    "text": Parameter("f.text", Kind.TEXT, "", "", ""),
    "decimal": Parameter("f.decimal", Kind.DECIMAL, Decimal(0), "", ""),
    "money": Parameter("f.money", Kind.MONEY, Decimal(0), "", ""),
    "date": Parameter("f.date", Kind.DATE, date(2000, 1, 1), "", ""),
    "bool": Parameter("f.bool", Kind.BOOL, default=False, group="", label=""),
}


def checked_value(field: Field, value: Any, choices: frozenset[int]) -> Any:
    """The typed value, None where nothing is said; raises WrongValue.

    A choice is the id of an entry; amounts in yuan.
    """
    if value is None or value == "":
        return None
    if field.kind == "choice":
        if isinstance(value, int) and not isinstance(value, bool) and value in choices:
            return value
        raise WrongValue(Problem.NOT_A_CHOICE)
    return checked(_SHAPES[field.kind], value)


def read_value(field: Field, text: str, named: dict[str, int]) -> Any:
    """What a program or a spreadsheet wrote; a choice by code, name or id. Raises WrongValue."""
    text = text.strip()
    if not text:
        return None
    if field.kind == "choice":
        if (found := named.get(text.lower())) is None:
            raise WrongValue(Problem.NOT_A_CHOICE)
        return found
    return read(_SHAPES[field.kind], text)


def from_plain(kind: str, value: Any) -> Any:
    """The typed value of what was kept as JSON of it."""
    if value is None:
        return None
    if kind in {"decimal", "money"}:
        return Decimal(str(value))
    return date.fromisoformat(value) if kind == "date" else value
