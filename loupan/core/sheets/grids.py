"""Price grids: buildings and floors down the side, positions along the top, prices inside."""

import itertools
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from loupan.core.sheets.cells import Cell, as_code, as_text, chinese_numeral, is_missing
from loupan.core.sheets.reading import Sheet

_LOOKED_AT: Final = 20
_BUILDING: Final = frozenset(
    {
        "楼栋",
        "楼座",
        "栋",
        "栋号",
        "楼号",
        "楼栋号",
        "楼栋名称",
        "幢",
        "幢号",
        "棟",
        "棟別",
        "building",
    }
)
_ENTRANCE: Final = frozenset({"单元", "单元号", "单元名称", "座", "梯", "單元", "entrance"})
_FLOOR: Final = frozenset({"楼层", "层", "层数", "层号", "所在层", "樓層", "樓", "floor", "level"})
_POSITION = re.compile(
    r"(?:第)?[0-9]{1,4}(?:号|號|室|房|户|位|号房|房号|单位)?|[a-z][0-9]{0,2}(?:户型|户|室|型|座)?"
    r"|[东西南北中]{1,2}[户室]?"
)
_FLOOR_LABEL = re.compile(r"(?P<below>地下|负|b)?(?:第)?(?P<number>-?[0-9]{1,3})(?:层|楼|f|樓|層)?")
_NOTHING: Final = frozenset({"", "0"})


@dataclass(frozen=True, slots=True)
class GridCell:
    """One filled cell of the grid. `row` is Excel's; `column` counts from 0.

    `building` and `entrance` are None where the grid does not say (an entrance of 0 says none).
    """

    row: int
    column: int
    building: str | None
    entrance: str | None
    floor: int
    position: str
    value: Cell


@dataclass(frozen=True, slots=True)
class Grid:
    """A price grid as found on a sheet. `title` is the sheet's name: 总价分布, 单价分布."""

    title: str
    header_row: int
    positions: list[str]
    cells: list[GridCell]


@dataclass(frozen=True, slots=True)
class _Header:
    row: int
    building: int | None
    entrance: int | None
    floor: int
    positions: list[tuple[int, str]]


def find_grid(sheet: Sheet) -> Grid | None:
    """The price grid on the sheet, or None if the sheet is laid out in another way.

    A grid has a heading for the floor and at least two headings that are positions (1, 02, A,
    03室), and numbers under them on at least two floors, or on one if nothing else is there.
    """
    filled = (number for number, row in enumerate(sheet.rows, 1) if any(row))
    for number in itertools.islice(filled, _LOOKED_AT):
        header = _header(sheet.rows[number - 1], number)
        if header is None:
            continue
        cells = _cells(sheet, header)
        if cells:
            return Grid(sheet.name, number, [label for _column, label in header.positions], cells)
    return None


def floor_number(cell: Cell) -> int | None:
    """The floor a label names: 3, "3F", "三层", "-1", "B2", 负一层; None for anything else."""
    text = unicodedata.normalize("NFKC", as_code(cell)).lower().replace(" ", "")
    if found := _FLOOR_LABEL.fullmatch(text):
        number = int(found["number"])
        return -abs(number) if found["below"] else number
    below = text.startswith(("地下", "负"))
    words = text.removeprefix("地下").removeprefix("负").removeprefix("第")
    numeral = chinese_numeral(words.rstrip("层楼樓層"))
    return -numeral if below and numeral is not None else numeral


def _header(row: Sequence[Cell], number: int) -> _Header | None:
    places: dict[str, int] = {}
    positions: list[tuple[int, str]] = []
    for column, cell in enumerate(row):
        label = as_code(cell).lower().replace(" ", "")
        kind = next(
            (
                name
                for name, words in (
                    ("building", _BUILDING),
                    ("entrance", _ENTRANCE),
                    ("floor", _FLOOR),
                )
                if label in words
            ),
            None,
        )
        if kind and not positions:
            if kind in places:
                return None
            places[kind] = column
        elif label and "floor" in places:
            if not _POSITION.fullmatch(label):
                break
            positions.append((column, as_code(cell)))
    labels = [label for _column, label in positions]
    if "floor" not in places or len(labels) < 2 or len(set(labels)) != len(labels):
        return None
    return _Header(
        number, places.get("building"), places.get("entrance"), places["floor"], positions
    )


def _cells(sheet: Sheet, header: _Header) -> list[GridCell]:
    found = []
    building: str | None = None
    entrance: str | None = None
    for number, row in enumerate(sheet.rows[header.row :], header.row + 1):

        def at(column: int | None, cells: Sequence[Cell] = row) -> Cell:
            return cells[column] if column is not None and column < len(cells) else None

        if (named := as_code(at(header.building))) and named != building:
            building, entrance = named, None
        if named := as_code(at(header.entrance)):
            entrance = None if named in _NOTHING or is_missing(named) else named
        floor = floor_number(at(header.floor))
        if floor is None:
            continue
        found += [
            GridCell(number, column, building, entrance, floor, label, value)
            for column, label in header.positions
            if not is_missing(value := at(column)) and as_text(value)
        ]
    return found
