"""What is typed or pasted into the grid of units (INV-05): which fields, and what a cell means."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from loupan.core.sheets.cells import as_code, as_int, clean
from loupan.core.sheets.errors import CellProblem
from loupan.inventory import errors
from loupan.inventory.rules.addresses import LAST_POSITION
from loupan.inventory.rules.comparing import AGREED, PLAIN
from loupan.inventory.rules.unit_files import VOCABULARY, value_of

MOST_EDITS: Final = 5_000
# Fields of the grid, by the words of files of units; prices have their price lists.
FIELDS: Final = (
    "layout", "product_type", "orientation", "view", "fitout", "built_area", "inner_area",
    "measured_built_area", "measured_inner_area", "balcony_area", "garden_area", "is_corner",
    "is_show_flat", "position",
)  # fmt: skip
USUAL_FIELDS: Final = ("layout", "orientation", "view", "fitout", "built_area", "inner_area")
NUMBERS: Final = frozenset({name for name in FIELDS if name.endswith("_area")} | {"position"})
NEVER_EMPTY: Final = frozenset({"product_type", "position"})
_CLEARED: Final[Mapping[str, Any]] = {
    "orientation": "", "view": "", "fitout": "", "is_corner": False, "is_show_flat": False,
}  # fmt: skip
COLUMN_OF: Final[Mapping[str, str]] = {
    **{n: PLAIN[n] for n in FIELDS if n in PLAIN},
    "position": "position",
}
AGREED_FIELDS: Final = frozenset(
    {name for name, column in COLUMN_OF.items() if column in AGREED} | {"position"}
)


@dataclass(frozen=True)
class UnitEdit:
    """What somebody typed for one unit: texts by field, and the version they looked at."""

    unit_id: int
    version: int
    texts: Mapping[str, str]


def typed_value(name: str, text: str) -> Any:
    """The value a cell means; an empty one clears the field. Areas in m².

    Raises CellProblem or RowProblem.
    """
    if name not in COLUMN_OF:
        raise errors.NoSuchField(value=name[:40])
    text = clean(text) or ""
    if not text:
        if name in NEVER_EMPTY:
            raise errors.ValueNeeded
        return _CLEARED.get(name)
    if name == "position":
        return _position(text)
    value = value_of(name, text)
    return _CLEARED.get(name) if value is None else value


def _position(text: str) -> int:
    try:
        number = as_int(text)
    except CellProblem as problem:
        raise errors.NotAPosition(value=text[:40], limit=LAST_POSITION) from problem
    if number is None or not 1 <= number <= LAST_POSITION:
        raise errors.NotAPosition(value=text[:40], limit=LAST_POSITION)
    return number


def pasted_rows(text: str) -> list[list[str]]:
    """The cells of a block copied from a spreadsheet, quoted cells with line breaks included."""
    reader = csv.reader(text.splitlines(keepends=True), delimiter="\t")
    try:
        return [[cell.strip() for cell in row] for row in reader if any(map(str.strip, row))]
    except csv.Error:  # A cell longer than any value, or a stray quote: then the plain lines.
        return [line.split("\t") for line in text.splitlines() if line.strip()]


def heading_of(text: str, labels: Mapping[str, str]) -> str:
    """The field a heading names: by the label of the grid, or by a word of files. "" for none."""
    word = as_code(text).lower()
    for name, label in labels.items():
        if word in {name, label.lower()}:
            return name
    known = {w.lower(): name for name, words in VOCABULARY.items() for w in words}
    return known.get(word, "")


def edits_of_rows(
    rows: Sequence[Sequence[str]],
    labels: Mapping[str, str],
    units: Mapping[str, tuple[int, int]],
) -> tuple[list[UnitEdit], list[str]]:
    """Rows with headings as edits; empty cells change nothing. Also the numbers that no unit has.

    `units` are ids and versions by number and, where only one unit has it, by room number.
    Raises NoSuchField for a block without headings.
    """
    heads = [heading_of(cell, labels) for cell in rows[0]] if rows else []
    keys = [place for place, name in enumerate(heads) if name in {"number", "room"}]
    if not keys or not set(heads) & set(FIELDS):
        raise errors.NoSuchField(value=" ".join(rows[0])[:40] if rows else "")
    edits, unknown = [], []
    for row in rows[1:]:
        cells = [*row, *[""] * (len(heads) - len(row))]
        key = next((as_code(cells[place]) for place in keys if cells[place]), "")
        found = units.get(key)
        if found is None:
            unknown.append(key or "—")
            continue
        texts = {
            name: cell
            for name, cell in zip(heads, cells, strict=False)
            if name in COLUMN_OF and cell
        }
        edits.append(UnitEdit(*found, texts))
    return edits, unknown
