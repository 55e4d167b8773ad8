"""Finding the table on a stranger's sheet: where the headings are and what each column means."""

import itertools
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Final

from loupan.core.sheets.cells import (
    Cell,
    as_code,
    as_date,
    as_decimal,
    as_int,
    as_text,
    half_width,
    is_missing,
)
from loupan.core.sheets.errors import CellProblem, ColumnNotFound, NoTableFound
from loupan.core.sheets.reading import Sheet, Workbook

# Field name -> headings by which strangers call it, the best first.
Vocabulary = Mapping[str, Sequence[str]]

_LOOKED_AT: Final = 40  # Rows with something in them among which the headings are sought.
_DATA_SAMPLE: Final = 25
_TOTALS: Final = frozenset(
    {"合计", "總計", "总计", "合計", "小计", "小計", "total", "totals", "sum"}
)
_BRACKETS = re.compile(r"[(\[{【〔「<][^)\]}】〕」>]*[)\]}】〕」>]")
_NOISE = re.compile(r"[\s*:_\-‐/\\.,;'\"“”‘’()\[\]{}【】〔〕「」<>|#]+")
_UNIT = re.compile(
    r"(?:(?:万|千|百万|亿)?(?:元|圆|圓|rmb|cny|yuan|ntd|pln|zł)?(?:每)?"
    r"(?:m2|㎡|平方米|平方公尺|平米|sqm)?|%)$"
)
_OWN_FACTOR = re.compile("[万萬亿億]")
_TEN_THOUSANDS = re.compile(r"[(\[【/,:_ ]\s*(?:单位[::]?)?(?:人民币)?[万萬]元?\b|[万萬]元")


@dataclass(frozen=True, slots=True)
class Column:
    """A column as found: `index` from 0, `letter` as Excel names it, `field` if understood.

    `factor` multiplies numbers: a column headed "总价(万元)" has 10000.
    """

    index: int
    letter: str
    header: str
    field: str | None
    factor: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of data. `number` is Excel's; `cells` holds every mapped field, None if empty."""

    number: int
    cells: dict[str, Cell]
    factors: Mapping[str, Decimal] = field(default_factory=dict)

    def text(self, name: str) -> str:
        return as_text(self.cells.get(name))

    def code(self, name: str) -> str:
        return as_code(self.cells.get(name))

    def decimal(self, name: str) -> Decimal | None:
        """The number, in units of one even if the heading says 万元. Raises NotANumber."""
        cell = self.cells.get(name)
        number = as_decimal(cell)
        factor = self.factors.get(name)
        if number is None or factor is None or (isinstance(cell, str) and _OWN_FACTOR.search(cell)):
            return number
        return number * factor

    def integer(self, name: str) -> int | None:
        return as_int(self.cells.get(name))

    def day(self, name: str) -> date | None:
        return as_date(self.cells.get(name))


@dataclass(frozen=True, slots=True)
class Table:
    """A table on a sheet. Row numbers are Excel's; `header_rows` are the lines of headings."""

    sheet: Sheet
    header_rows: tuple[int, ...]
    first_row: int
    columns: list[Column]
    missing: list[str]

    @property
    def mapping(self) -> dict[str, str]:
        """Field -> heading, the form in which a mapping is remembered and given back."""
        return {column.field: column.header for column in self.columns if column.field}

    @property
    def unmapped(self) -> list[Column]:
        return [column for column in self.columns if not column.field and column.header]

    @property
    def mapped(self) -> dict[str, Column]:
        return {column.field: column for column in self.columns if column.field}

    def rows(self) -> Iterator[Row]:
        """Every row of data; empty rows, repeated headings and lines of totals are left out."""
        fields = [(column.field, column.index) for column in self.columns if column.field]
        factors = {
            column.field: column.factor
            for column in self.columns
            if column.field and column.factor != 1
        }
        headings = {index: self._heading_at(index) for _name, index in fields}
        data = itertools.islice(self.sheet.rows, self.first_row - 1, None)
        for number, cells in enumerate(data, self.first_row):
            first = next((cell for cell in cells if cell is not None), None)
            if first is None or _is_total(first):
                continue
            width = len(cells)
            found = {name: cells[index] if index < width else None for name, index in fields}
            if fields and all(found[name] == headings[index] for name, index in fields):
                continue
            yield Row(number, found, factors)

    def raw(self, number: int) -> list[Cell]:
        """The cells of a row as they stand, one for every column of the table."""
        cells = self.sheet.rows[number - 1]
        return [cells[c.index] if c.index < len(cells) else None for c in self.columns]

    def _heading_at(self, index: int) -> Cell:
        return self.sheet.cell(self.header_rows[-1], index) if self.header_rows else None


def find_table(
    sheet: Sheet, vocabulary: Vocabulary, mapping: Mapping[str, str] | None = None
) -> Table:
    """Find the headings and what they mean.

    Titles and blank lines above are skipped, groups of headings over headings and a second,
    translated line are understood. `mapping` (field -> heading or column letter) overrules the
    vocabulary for its fields; a field mapped to "" stays unmapped. Raises NoTableFound, or
    ColumnNotFound for a mapping that fits no column.
    """
    table = _search(sheet, _Lookup(vocabulary), mapping or {})
    if table is None:
        raise NoTableFound(sheet=sheet.name)
    return table


def best_table(
    workbook: Workbook, vocabulary: Vocabulary, mapping: Mapping[str, str] | None = None
) -> Table:
    """The table with the most understood columns on any visible sheet. Raises NoTableFound."""
    lookup = _Lookup(vocabulary)
    found = [
        table
        for sheet in workbook.visible_sheets
        if (table := _search(sheet, lookup, {})) is not None
    ]
    if not found:
        raise NoTableFound(sheet=workbook.sheets[0].name if workbook.sheets else workbook.filename)
    table = max(found, key=lambda one: len(one.mapping))
    return find_table(table.sheet, vocabulary, mapping) if mapping else table


def column_letter(index: int) -> str:
    """Excel's name of the column counted from 0: 0 is A, 26 is AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


@lru_cache(maxsize=4096)
def _normal(label: str) -> str:
    """The heading without width, case, spaces and punctuation; brackets lose their walls only."""
    return _NOISE.sub("", unicodedata.normalize("NFKC", label).lower())


@lru_cache(maxsize=4096)
def _forms(label: str) -> tuple[str, ...]:
    """The forms of a heading to compare, the most literal first: without brackets, without unit."""
    text = unicodedata.normalize("NFKC", label).lower()
    forms = [_normal(text), _normal(_BRACKETS.sub("", text))]
    forms.append(_UNIT.sub("", forms[1]))
    return tuple(dict.fromkeys(form for form in forms if form))


class _Lookup:
    """The vocabulary turned round: normalised heading -> fields with their rank."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.names = list(vocabulary)
        self.ranks: dict[str, dict[str, int]] = {}
        for name, synonyms in vocabulary.items():
            for rank, synonym in enumerate([*synonyms, name]):
                for worse, form in enumerate(_forms(synonym)):
                    ranks = self.ranks.setdefault(form, {})
                    ranks[name] = min(ranks.get(name, 10_000), rank + 100 * worse)

    def assign(self, labels: Sequence[Sequence[str]]) -> dict[str, tuple[int, str]]:
        """Field -> (column, the label that matched). Each column and field is used once."""
        offers = []
        for column, alternatives in enumerate(labels):
            for choice, label in enumerate(alternatives):
                for worse, form in enumerate(_forms(label)):
                    for name, rank in self.ranks.get(form, {}).items():
                        offers.append((worse, rank, choice, column, name, label))
        found: dict[str, tuple[int, str]] = {}
        taken: set[int] = set()
        for _worse, _rank, _choice, column, name, label in sorted(offers):
            if name not in found and column not in taken:
                found[name] = (column, label)
                taken.add(column)
        return found


def _filled_rows(sheet: Sheet) -> list[int]:
    """Excel's numbers of the first rows that hold anything."""
    filled = (
        number
        for number, cells in enumerate(sheet.rows, 1)
        if any(cell is not None for cell in cells)
    )
    return list(itertools.islice(filled, _LOOKED_AT))


def _labels(sheet: Sheet, number: int, depth: int) -> list[tuple[str, ...]]:
    """For every column the labels it may go by: its own, with its group, its group's alone."""
    top = _texts(sheet, number)
    if depth == 1:
        return [(label,) if label else () for label in top]
    bottom = _texts(sheet, number + 1)
    width = max(len(top), len(bottom))
    top += [""] * (width - len(top))
    bottom += [""] * (width - len(bottom))
    # A group that is merged without saying so stands over the empty cells to its right.
    group = ""
    groups = []
    for above, below in zip(top, bottom, strict=True):
        group = above or (group if below else "")
        groups.append(group)
    counts = {label: groups.count(label) for label in set(groups)}
    labels: list[tuple[str, ...]] = []
    for above, below in zip(groups, bottom, strict=True):
        if not below or below == above:
            labels.append((above,) if above else ())
        elif not above:
            labels.append((below,))
        elif counts[above] > 1:
            labels.append((f"{above} {below}", f"{below} {above}", below))
        else:
            labels.append((above, f"{above} {below}", below))
    return labels


def _texts(sheet: Sheet, number: int) -> list[str]:
    return [as_text(cell).replace("\n", " ") for cell in sheet.rows[number - 1]]


def _may_be_headings(sheet: Sheet, number: int) -> bool:
    """Whether the line could be a second line of headings: words, no numbers."""
    return not any(_is_value(cell) for cell in sheet.rows[number - 1])


def _is_value(cell: Cell) -> bool:
    """Whether the cell is a number or a date rather than words."""
    if cell is None or is_missing(cell):
        return False
    if not isinstance(cell, str):
        return True
    if not any("0" <= sign <= "9" or "０" <= sign <= "９" for sign in cell):
        return False
    for parse in (as_decimal, as_date):
        try:
            parse(cell)
        except CellProblem:
            continue
        return True
    return False


def _search(sheet: Sheet, lookup: "_Lookup", wanted: Mapping[str, str]) -> Table | None:
    numbers = _filled_rows(sheet)
    chosen = {_normal(header) for header in wanted.values() if header}
    candidates = []
    for number, after in itertools.zip_longest(numbers, numbers[1:]):
        depths = (1, 2) if after == number + 1 and _may_be_headings(sheet, after) else (1,)
        for depth in depths:
            labels = _labels(sheet, number, depth)
            hits = sum(any(_normal(label) in chosen for label in column) for column in labels)
            score = len(lookup.assign(labels)) + hits
            if score:
                candidates.append((score, -depth, -number))
    best = max(candidates, default=(0, 0, 0))
    header = (-best[2], -best[1])
    if best[0] < 2:
        is_lonely = best[0] == 0 or len({*_texts(sheet, header[0])} - {""}) < 2
        fallback = _plain_header(sheet, numbers) if is_lonely else None
        header = fallback or header
    return _table(sheet, header, lookup, wanted) if header[0] else None


def _plain_header(sheet: Sheet, numbers: Sequence[int]) -> tuple[int, int] | None:
    """The first line of different words that is about as wide as what follows."""
    widths = [sum(cell is not None for cell in sheet.rows[number - 1]) for number in numbers]
    usual = sorted(widths)[len(widths) // 2] if widths else 0
    for number, width in zip(numbers, widths, strict=True):
        cells = [cell for cell in sheet.rows[number - 1] if cell is not None]
        if (
            width >= 2
            and width * 2 >= usual
            and len(set(cells)) * 2 > len(cells)
            and not any(_is_value(cell) for cell in cells)
        ):
            return number, 1
    return None


def _table(
    sheet: Sheet, header: tuple[int, int], lookup: _Lookup, wanted: Mapping[str, str]
) -> Table:
    number, depth = header
    labels = _labels(sheet, number, depth)
    width = max(len(labels), *(len(cells) for cells in sheet.rows[number - 1 :][:_DATA_SAMPLE]))
    labels += [()] * (width - len(labels))
    headers = [alternatives[0] if alternatives else "" for alternatives in labels]
    fixed: dict[str, int] = {}
    for name, wish in wanted.items():
        if wish:
            fixed[name] = _wished_column(sheet, labels, wish)
    free = [() if column in fixed.values() else labels[column] for column in range(width)]
    found = {name: place for name, place in lookup.assign(free).items() if name not in wanted} | {
        name: (column, headers[column]) for name, column in fixed.items()
    }
    names: dict[int, tuple[str | None, str]] = {
        column: (name, label) for name, (column, label) in found.items()
    }
    columns = []
    for index in range(width):
        meaning, label = names.get(index, (None, headers[index]))
        factor = _factor(headers[index])
        columns.append(Column(index, column_letter(index), label, meaning, factor))
    last = number + depth - 1
    header_rows = tuple(range(number, last + 1))
    if depth == 1 and _is_second_header(sheet, last + 1):
        last += 1
        header_rows = (number,)
    return Table(
        sheet=sheet,
        header_rows=header_rows,
        first_row=last + 1,
        columns=columns,
        missing=[name for name in lookup.names if name not in found],
    )


def _factor(header: str) -> Decimal:
    return Decimal(10_000) if _TEN_THOUSANDS.search(half_width(header)) else Decimal(1)


def _wished_column(sheet: Sheet, labels: Sequence[Sequence[str]], wish: str) -> int:
    """The column a person chose, by heading or else by letter."""
    for exact in (True, False):
        for column, alternatives in enumerate(labels):
            for label in alternatives:
                if label == wish if exact else _normal(label) == _normal(wish):
                    return column
    for column in range(len(labels)):
        if column_letter(column) == wish.strip().upper():
            return column
    raise ColumnNotFound(sheet=sheet.name, column=wish)


def _is_second_header(sheet: Sheet, number: int) -> bool:
    """Whether this line repeats the headings in another language: words where numbers follow."""
    line = sheet.rows[number - 1] if number <= len(sheet.rows) else []
    if not any(cell is not None for cell in line) or any(_is_value(cell) for cell in line):
        return False
    sample = sheet.rows[number : number + _DATA_SAMPLE]
    words_over_numbers = 0
    for column, cell in enumerate(line):
        if cell is None or is_missing(cell):
            continue
        below = [row[column] for row in sample if column < len(row) and row[column] is not None]
        values = sum(map(_is_value, below))
        words_over_numbers += bool(below) and values * 10 >= len(below) * 8
    return words_over_numbers >= 2


def _is_total(cell: Cell) -> bool:
    return isinstance(cell, str) and len(cell) <= 12 and _normal(cell) in _TOTALS
