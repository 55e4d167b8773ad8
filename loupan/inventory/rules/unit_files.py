"""What a file of units says, whatever its layout: a list of rows, or grids of prices.

Note [Which price a file means]: a column of filed prices (备案价, 预售单价) gives the filed price.
It gives the list price too while the unit has none of its own: until the office has set its
list, what was filed is what is asked.  A column of list prices never touches the filed price.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any, Final

from loupan.core.refusals import Refusal
from loupan.core.sheets.cells import Cell, as_code, as_decimal, as_text, is_missing
from loupan.core.sheets.errors import CellProblem, ColumnNotFound, NoTableFound
from loupan.core.sheets.grids import Grid, find_grid
from loupan.core.sheets.reading import Workbook
from loupan.core.sheets.tables import Column, Row, Table, best_table, find_table
from loupan.inventory import errors
from loupan.inventory.rules import addresses
from loupan.parameters.errors import FieldUnreadable

VOCABULARY: Final[dict[str, Sequence[str]]] = {
    "building": (
        "楼栋", "楼号", "栋号", "楼栋号", "楼栋名称", "楼幢", "幢号", "栋", "幢", "楼座", "座",
        "大楼", "楼宇", "building", "tower", "block", "budynek", "棟別", "棟", "棟號",
    ),
    "entrance": (
        "单元", "单元号", "单元名称", "梯", "單元", "entrance", "stairs", "section", "klatka",
        "klatka schodowa",
    ),
    "floor": (
        "楼层", "所在楼层", "所在层", "层", "层号", "实际层", "名义层", "樓層", "樓別", "樓",
        "移轉層次", "floor", "level", "storey", "piętro", "kondygnacja",
    ),
    "room": (
        "房号", "室号", "房间号", "房间", "户号", "门牌号", "室", "戶號", "房號", "戶別",
        "room", "room no", "room number", "flat", "flat no", "apartment", "apartment no",
        "unit no", "numer lokalu", "nr lokalu", "lokal", "mieszkanie", "numer mieszkania",
    ),
    "number": (
        "房源编号", "房屋编号", "房源", "房源名称", "房间全称", "完整房号", "房产编号", "编号",
        "unit", "unit number", "code", "kod", "numer", "symbol",
    ),
    "position": ("户序", "位置序号", "户位", "position"),
    "built_area": (
        "建筑面积", "预测建筑面积", "房屋建筑面积", "建面", "预测面积", "面积", "built area",
        "gross area", "area", "size", "metraż", "powierzchnia", "建物面積", "建築面積", "權狀面積",
        "建物移轉總面積平方公尺",
    ),
    "inner_area": (
        "套内面积", "套内建筑面积", "户内面积", "预测套内面积", "室内面积", "套内", "使用面积",
        "inner area", "net area", "usable area", "powierzchnia użytkowa", "室內面積", "主建物面積",
    ),
    "measured_built_area": ("实测建筑面积", "实测面积", "實測面積", "measured built area"),
    "measured_inner_area": ("实测套内面积", "实测套内建筑面积", "measured inner area"),
    "list_unit_price": (
        "标准单价", "表价单价", "面价单价", "销售单价", "单价", "建面单价", "均价", "表价", "面价",
        "list unit price", "unit price", "price per sqm", "price per m2", "price/m2", "cena/m²",
        "cena za m²", "cena m2", "cena za metr", "單價", "單價元平方公尺", "每平方公尺單價",
    ),
    "list_total": (
        "标准总价", "表价总价", "面价总价", "销售总价", "房屋总价", "总价", "总房款", "list total",
        "total price", "total", "price", "cena", "cena brutto", "cena całkowita", "總價", "總價元",
    ),
    "filed_unit_price": (
        "备案单价", "备案价", "预售单价", "申报单价", "拟售单价", "拟售价格", "物价备案单价",
        "備案單價", "filed unit price", "filed price",
    ),
    "filed_total": ("备案总价", "预售总价", "申报总价", "拟售总价", "備案總價", "filed total"),
    "floor_unit_price": ("底价单价", "底价", "最低单价", "底價", "floor unit price"),
    "floor_total": ("底价总价", "底总价", "底價總價", "floor total", "floor price total"),
    "status": (
        "状态", "销售状态", "房源状态", "房屋状态", "当前状态", "狀態", "銷售狀態", "status",
        "state", "availability",
    ),
    "layout": (
        "户型", "户型名称", "户型代码", "房型", "格局", "layout", "plan", "type", "pokoje",
        "liczba pokoi", "rooms", "居室",
    ),
    "orientation": ("朝向", "座向", "方位", "orientation", "facing", "aspect", "ekspozycja"),
    "product_type": (
        "物业类型", "产品类型", "业态", "房屋用途", "规划用途", "用途", "房屋类型", "房屋性质",
        "主要用途", "product type", "use", "usage", "rodzaj", "typ",
    ),
    "view": ("景观", "景观面", "view", "widok"),
    "fitout": ("装修标准", "装修", "装修情况", "交付标准", "精装/毛坯", "fit-out", "fitout"),
    "balcony_area": ("阳台面积", "balcony area", "powierzchnia balkonu"),
    "garden_area": ("花园面积", "庭院面积", "garden area"),
    "is_corner": ("端户", "边户", "是否边户", "是否端户", "corner", "corner unit"),
    "is_show_flat": ("样板间", "样板房", "是否样板间", "show flat"),
}  # fmt: skip

AREAS: Final = (
    "built_area", "inner_area", "measured_built_area", "measured_inner_area", "balcony_area",
    "garden_area",
)  # fmt: skip
UNIT_PRICES: Final = ("list_unit_price", "filed_unit_price", "floor_unit_price")
TOTALS: Final = ("list_total", "filed_total", "floor_total")
_PLACES: Final = {
    **dict.fromkeys(AREAS + UNIT_PRICES, Decimal("0.0001")),
    **dict.fromkeys(TOTALS, Decimal("0.01")),
}
_LIMITS: Final = {
    **dict.fromkeys(AREAS, Decimal(10) ** 6),
    **dict.fromkeys(UNIT_PRICES, Decimal(10) ** 9),
    **dict.fromkeys(TOTALS, Decimal(10) ** 15),
}
LAYOUT_LENGTH: Final = 20
VIEW_LENGTH: Final = 40

# What a file may say of a unit's fate.  A file makes no deal: sold elsewhere is not sold here.
FILE_STATUSES: Final[dict[str, Sequence[str]]] = {
    "available": (
        "可售", "待售", "在售", "未售", "可预售", "期房待售", "现房待售", "可銷售", "available",
        "for sale", "free", "on sale", "dostępne", "dostępny", "dostępna", "wolne", "w sprzedaży",
    ),
    "reserved": (
        "已认购", "认购", "已预订", "预订", "预定", "已预定", "已定", "小订", "大定", "保留", "預訂",
        "reserved", "booked", "on hold", "rezerwacja", "zarezerwowane", "zarezerwowany",
    ),
    "sold": (
        "已售", "售出", "已售出", "已签约", "签约", "已签", "已网签", "网签", "已备案", "备案", "成交",
        "已成交", "已交房", "已办证", "已銷售", "sold", "contracted", "sprzedane", "sprzedany",
        "sprzedana",
    ),
    "withheld": ("销控", "控制", "暂不可售", "暂停销售", "銷控", "withheld", "blocked"),
    "off_market": (
        "非售", "自持", "不可售", "自留", "抵款", "拆迁安置", "公建", "off market", "not for sale",
        "off_market",
    ),
    "not_released": (
        "未推", "未推出", "未开盘", "未开售", "待推", "not released", "not_released", "planned",
        "wkrótce",
    ),
}  # fmt: skip
_STATUS_OF: Final = {word: code for code, words in FILE_STATUSES.items() for word in words}

_ORIENTATIONS: Final = {
    "南": "S", "东南": "SE", "西南": "SW", "东": "E", "西": "W", "北": "N", "东北": "NE",
    "西北": "NW", "南北": "NS", "东西": "E", "東南": "SE", "東": "E", "東北": "NE", "座北朝南": "S",
    "坐北朝南": "S", "正南": "S", "正北": "N", "正东": "E", "正西": "W", "南北通透": "NS",
    "s": "S", "se": "SE", "sw": "SW", "e": "E", "w": "W", "n": "N", "ne": "NE", "nw": "NW",
    "ns": "NS", "south": "S", "south-east": "SE", "south-west": "SW", "east": "E", "west": "W",
    "north": "N", "north-east": "NE", "north-west": "NW", "north and south": "NS",
}  # fmt: skip
_PRODUCTS: Final = {
    "flat": (
        "住宅", "普通住宅", "公寓", "高层", "小高层", "洋房", "多层", "住家用", "flat", "apartment",
        "mieszkanie",
    ),
    "villa": ("别墅", "叠墅", "联排", "独栋", "合院", "villa", "house", "dom"),
    "shop": ("商铺", "商业", "店铺", "店面", "商用", "shop", "retail", "lokal usługowy", "lokal"),
    "office": ("办公", "写字楼", "办公楼", "office", "biuro"),
    "parking": ("车位", "车库", "停车位", "地下车位", "parking", "parking stall", "garaż"),
    "storage": ("储藏", "储藏室", "储物间", "storage", "komórka lokatorska"),
    "garden": ("花园", "庭院", "下沉庭院", "院落", "garden", "ogród"),
    "roof": ("露台", "屋顶", "屋顶露台", "roof", "roof terrace", "taras"),
}  # fmt: skip
_FITOUTS: Final = {
    "毛坯": "shell", "清水": "shell", "shell": "shell", "bare": "shell", "精装": "fitted",
    "精装修": "fitted", "装修": "fitted", "fitted": "fitted", "全装修": "fitted",
    "简装": "fitted", "豪装": "fitted",
}  # fmt: skip
_YES: Final = frozenset({"是", "有", "√", "✓", "✔", "y", "yes", "true", "1", "tak", "对"})
_NO: Final = frozenset({"否", "无", "×", "✗", "n", "no", "false", "0", "nie", "不是"})
_PRODUCT_OF: Final = {word: code for code, words in _PRODUCTS.items() for word in words}

# What a grid of numbers holds, by the words of its sheet's name.
_GRID_WORDS: Final = (
    ("filed_total", ("备案总价", "预售总价")),
    ("filed_unit_price", ("备案单价", "预售单价", "备案价")),
    ("list_total", ("总价", "總價", "total")),
    ("list_unit_price", ("单价", "單價", "均价", "unit")),
    ("inner_area", ("套内", "户内", "inner")),
    ("built_area", ("面积", "面積", "area")),
    ("status", ("状态", "销控", "status")),
    ("layout", ("户型", "layout")),
)


@dataclass(slots=True)
class FileUnit:
    """A unit as the file describes it. `values` holds only what is given."""

    sheet: str
    row: int
    building: str
    entrance: str
    floor: int
    spanned: int
    room: str
    position: int | None
    values: dict[str, Any]
    places: dict[str, tuple[str, int, str]] = field(default_factory=dict)
    custom: Mapping[int, Any] | None = None  # By id of the custom field, typed.


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row was left out. `column` is the field at fault; `row` is Excel's number."""

    sheet: str
    row: int
    column: str
    value: str
    reason: str

    def as_dict(self) -> dict[str, Any]:
        return {
            "sheet": self.sheet,
            "row": self.row,
            "column": self.column,
            "value": self.value,
            "reason": self.reason,
        }


@dataclass(slots=True)
class UnitFile:
    """A file as it was understood. `layout` is "list" or "grid"."""

    layout: str
    tables: list[Table]
    grids: list[tuple[Grid, str]]
    units: list[FileUnit]
    problems: list[Problem]

    def summary(self) -> dict[str, Any]:
        """How the file was understood, for the page and the API."""
        return {
            "layout": self.layout,
            "sheets": [
                {"name": table.sheet.name, "header_row": table.header_rows[0], "holds": ""}
                for table in self.tables
            ]
            + [
                {"name": grid.title, "header_row": grid.header_row, "holds": holds}
                for grid, holds in self.grids
            ],
            "columns": [_column_dict(column) for column in self.tables[0].columns if column.header]
            if self.tables
            else [],
            "mapping": self.tables[0].mapping if self.tables else {},
        }


def _column_dict(column: Column) -> dict[str, Any]:
    return {
        "letter": column.letter,
        "header": column.header,
        "field": column.field or "",
        "factor": str(column.factor),
    }


class _RowUnreadable(Exception):
    """Internal: the field, the value and the refusal of a row."""

    def __init__(self, column: str, value: str, refusal: Refusal) -> None:
        super().__init__(column)
        self.column, self.value, self.refusal = column, value, refusal


@dataclass(frozen=True, slots=True)
class CustomColumns:
    """The columns an office has made itself: their words, and what a row says in them by field.

    `read` raises FieldUnreadable.
    """

    words: Mapping[str, Sequence[str]]
    read: Callable[[Row], Mapping[int, Any]]


def understand(
    workbook: Workbook,
    *,
    mapping: Mapping[str, str],
    lone_building: str = "",
    custom: CustomColumns | None = None,
) -> UnitFile:
    """Find the units of a workbook.

    `mapping` (field → heading or letter) overrules what was guessed; `lone_building` is the
    building meant where the file names none.  Raises NoTableFound, ColumnNotFound, NoUnitsFound,
    ColumnMissing.
    """
    grids = [grid for sheet in workbook.visible_sheets if (grid := find_grid(sheet)) is not None]
    if grids and not mapping and _is_grid_file(workbook):
        return _from_grids(grids, lone_building)
    tables = _tables(workbook, mapping, {**VOCABULARY, **(custom.words if custom else {})})
    return _from_tables(tables, lone_building, custom)


def _is_grid_file(workbook: Workbook) -> bool:
    """Whether no sheet is a list with a room for every row."""
    try:
        table = best_table(workbook, VOCABULARY)
    except NoTableFound:
        return True
    return "room" not in table.mapping and "number" not in table.mapping


def _tables(
    workbook: Workbook, mapping: Mapping[str, str], words: Mapping[str, Sequence[str]]
) -> list[Table]:
    """The best table, and the tables of other sheets with the same columns (a sheet a building)."""
    best = best_table(workbook, words, mapping)
    if "room" not in best.mapping and "number" not in best.mapping:
        raise errors.ColumnMissing(field="房号 / room")
    tables = []
    for sheet in workbook.visible_sheets:
        if sheet is best.sheet:
            tables.append(best)
        elif not sheet.is_blank:
            other = _same_table(sheet, best, mapping, words)
            tables += [other] if other else []
    return tables


def _same_table(
    sheet: Any, best: Table, mapping: Mapping[str, str], words: Mapping[str, Sequence[str]]
) -> Table | None:
    try:
        other = find_table(sheet, words, mapping)
    except (NoTableFound, ColumnNotFound):
        return None
    return other if set(other.mapping) == set(best.mapping) else None


def _from_tables(
    tables: Sequence[Table], lone_building: str, custom: CustomColumns | None
) -> UnitFile:
    units: list[FileUnit] = []
    problems: list[Problem] = []
    for table in tables:
        reader = _TableReader(table, lone_building, custom)
        for row in table.rows():
            try:
                units.append(reader.unit(row))
            except _RowUnreadable as wrong:
                problems.append(
                    Problem(
                        table.sheet.name, row.number, wrong.column, wrong.value, str(wrong.refusal)
                    )
                )
    if not units:
        _ensure_describes_units(tables[0], problems)
    return UnitFile("list", list(tables), [], units, problems)


def _ensure_describes_units(table: Table, problems: Sequence[Problem]) -> None:
    """Where no row could be read: say which column is missing, if that is why."""
    at_fault = {problem.column for problem in problems}
    for name, label in (("building", "楼栋 / building"), ("floor", "楼层 / floor")):
        if at_fault == {name} and name not in table.mapping:
            raise errors.ColumnMissing(field=label)
    if len(table.mapping) < 3 or at_fault <= {"room", "number"}:
        raise errors.NoUnitsFound


class _TableReader:
    """Turns the rows of one table into units."""

    def __init__(self, table: Table, lone_building: str, custom: CustomColumns | None) -> None:
        has_custom = custom is not None and not set(table.mapping).isdisjoint(custom.words)
        self.custom = custom if has_custom else None
        self.sheet = table.sheet.name
        has = set(table.mapping)
        self.has_number_only = "number" in has and "room" not in has
        self.room_field = "number" if self.has_number_only else "room"
        self.has_building = "building" in has
        self.has_entrance = "entrance" in has
        self.has_floor = "floor" in has
        self.has_position = "position" in has
        self.decimals: list[str] = [name for name in (*AREAS, *UNIT_PRICES, *TOTALS) if name in has]
        self.words = [name for name in _WORDS if name in has]
        self.fallback_building = lone_building or _building_of_sheet(self.sheet)

    def unit(self, row: Row) -> FileUnit:
        cells = row.cells
        room = given_code(cells[self.room_field])
        if not room:
            raise _RowUnreadable(self.room_field, room, errors.RoomMissing())
        building = given_code(cells["building"]) if self.has_building else ""
        entrance = given_code(cells["entrance"]) if self.has_entrance else ""
        if (parts := addresses.split_number(room)) and (
            not self.has_building or self.has_number_only or not room.isalnum()
        ):
            building, entrance = building or parts[0], entrance or parts[1]
            room = parts[2]
        building = building or self.fallback_building
        if not building:
            raise _RowUnreadable("building", building, errors.BuildingMissing())
        try:
            addresses.building_name(building)
            addresses.entrance_code(entrance)
        except errors.RowProblem as refusal:
            raise _RowUnreadable("building", building, refusal) from refusal
        floor = self._floor(cells, room)
        try:
            found = addresses.room_of(room, floor.number)
        except errors.RowProblem as refusal:
            raise _RowUnreadable(self.room_field, room, refusal) from refusal
        position = found.position
        if self.has_position:
            position = self._position(row) or position
        return FileUnit(
            sheet=self.sheet,
            row=row.number,
            building=building,
            entrance=entrance,
            floor=floor.number,
            spanned=floor.spanned,
            room=found.number,
            position=position,
            values=self._values(row),
            custom=self._custom(row),
        )

    def _custom(self, row: Row) -> Mapping[int, Any] | None:
        if self.custom is None:
            return None
        try:
            return self.custom.read(row) or None
        except FieldUnreadable as refusal:
            text = row.text(refusal.column)[:200]
            raise _RowUnreadable(refusal.column, text, refusal) from refusal

    def _floor(self, cells: Mapping[str, Any], room: str) -> addresses.Floor:
        text = given_code(cells["floor"]) if self.has_floor else ""
        if not text:
            number = addresses.floor_in_room(room)
            if number is None:
                raise _RowUnreadable("floor", text, errors.FloorMissing())
            return addresses.Floor(number)
        try:
            return addresses.floor_of(text)
        except errors.RowProblem as refusal:
            raise _RowUnreadable("floor", text, refusal) from refusal

    def _position(self, row: Row) -> int | None:
        try:
            number = row.integer("position")
        except CellProblem as refusal:
            raise _RowUnreadable("position", row.code("position"), refusal) from refusal
        return number if number and 0 < number <= addresses.LAST_POSITION else None

    def _values(self, row: Row) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name in self.decimals:
            try:
                number = row.decimal(name)
                if number:
                    values[name] = kept_number(name, number)
            except (CellProblem, errors.RowProblem) as refusal:
                raise _RowUnreadable(name, row.text(name)[:200], refusal) from refusal
        for name in self.words:
            text = given_code(row.cells[name])
            if text:
                try:
                    values[name] = _WORDS[name](text)
                except errors.RowProblem as refusal:
                    raise _RowUnreadable(name, text[:200], refusal) from refusal
        check_areas(values)
        return values


def check_areas(values: Mapping[str, Any]) -> None:
    """Raise for an inner area above the built area of the same row."""
    for built, inner in (
        ("built_area", "inner_area"),
        ("measured_built_area", "measured_inner_area"),
    ):
        if built in values and inner in values and values[inner] > values[built]:
            refusal = errors.InnerAreaTooLarge(inner=values[inner], built=values[built])
            raise _RowUnreadable(inner, str(values[inner]), refusal)


def kept_number(name: str, number: Decimal) -> Decimal:
    """The number with the places its column keeps. Raises BelowZero, NumberTooLarge."""
    if number < 0:
        raise errors.BelowZero(value=number)
    if number >= _LIMITS[name]:
        raise errors.NumberTooLarge(value=as_text(number)[:40])
    if number.as_tuple().exponent < -4 or (name in TOTALS and number.as_tuple().exponent < -2):  # type: ignore[operator]
        return number.quantize(_PLACES[name], ROUND_HALF_UP)
    return number


@lru_cache(maxsize=65_536)
def given_code(cell: Cell) -> str:
    """The cell as a code to compare by; nothing where it says that there is nothing."""
    text = as_code(cell)
    return "" if is_missing(text or None) else text


@lru_cache(maxsize=4096)
def file_status(text: str) -> str:
    """A word of FILE_STATUSES for what the file says. Raises UnknownStatus."""
    code = _STATUS_OF.get(text.lower())
    if code is None:
        raise errors.UnknownStatus(value=text[:60])
    return code


@lru_cache(maxsize=4096)
def _orientation(text: str) -> str:
    word = text.lower().removeprefix("朝").removesuffix("向") or text
    code = _ORIENTATIONS.get(word)
    if code is None:
        raise errors.UnknownOrientation(value=text[:60])
    return code


@lru_cache(maxsize=4096)
def _product_type(text: str) -> str:
    """The product type a word means; a flat where the word says nothing of them."""
    word = text.lower()
    if word in _PRODUCT_OF:
        return _PRODUCT_OF[word]
    return next((code for known, code in _PRODUCT_OF.items() if known in word), "flat")


def _layout(text: str) -> str:
    if len(text) > LAYOUT_LENGTH:
        raise errors.TextTooLong(value=text[:60], limit=LAYOUT_LENGTH)
    return text


def _view(text: str) -> str:
    if len(text) > VIEW_LENGTH:
        raise errors.TextTooLong(value=text[:60], limit=VIEW_LENGTH)
    return text


def _fitout(text: str) -> str:
    word = text.lower().removesuffix("交付").removesuffix("标准")
    code = _FITOUTS.get(word) or next((c for known, c in _FITOUTS.items() if known in word), None)
    if code is None:
        raise errors.UnknownFitout(value=text[:60])
    return code


def _yes_or_no(text: str) -> bool:
    word = text.lower()
    if word not in _YES and word not in _NO:
        raise errors.NeitherYesNorNo(value=text[:60])
    return word in _YES


_WORDS: Final[dict[str, Any]] = {
    "status": file_status,
    "layout": _layout,
    "orientation": _orientation,
    "product_type": _product_type,
    "view": _view,
    "fitout": _fitout,
    "is_corner": _yes_or_no,
    "is_show_flat": _yes_or_no,
}


def value_of(name: str, text: str) -> Any:
    """What a cell says of a field of VOCABULARY, read as in a file; None where it says nothing.

    Areas in m².  Raises CellProblem or RowProblem.
    """
    if name in _WORDS:
        code = as_code(text) if name in _FLAGS else given_code(text)
        return _WORDS[name](code) if code else None
    number = as_decimal(text)
    return kept_number(name, number) if number else None


_FLAGS: Final = frozenset({"is_corner", "is_show_flat"})


def _building_of_sheet(name: str) -> str:
    """The building a sheet is named after ("3栋"); nothing for "Sheet1"."""
    text = as_code(name)
    if len(text) > addresses.NAME_LENGTH or not any(
        word in text for word in ("栋", "幢", "棟", "座", "号楼", "#")
    ):
        return ""
    return text


def _from_grids(grids: Sequence[Grid], lone_building: str) -> UnitFile:
    """Units from grids of the same places: a sheet of totals and one of unit prices are one file."""
    held = [(grid, _grid_holds(grid)) for grid in grids]
    units: dict[tuple[str, str, int, str], FileUnit] = {}
    problems: list[Problem] = []
    for grid, name in held:
        for cell in grid.cells:
            building = cell.building or lone_building or _building_of_sheet(grid.title)
            key = (building, cell.entrance or "", cell.floor, cell.position)
            text = as_text(cell.value)
            try:
                if not building:
                    raise errors.BuildingMissing
                value = _grid_value(name, cell.value)
                if value is None:
                    continue
                unit = units.get(key) or _grid_unit(grid, cell.row, building, cell, key)
            except (CellProblem, errors.RowProblem) as refusal:
                problems.append(Problem(grid.title, cell.row, name, text[:200], str(refusal)))
                continue
            units[key] = unit
            unit.values[name] = value
            unit.places[name] = (grid.title, cell.row, text)
    if not units and not problems:
        raise errors.NoUnitsFound
    return UnitFile("grid", [], held, list(units.values()), problems)


def _grid_unit(
    grid: Grid, row: int, building: str, cell: Any, key: tuple[str, str, int, str]
) -> FileUnit:
    addresses.building_name(building)
    addresses.entrance_code(key[1])
    if not addresses.LOWEST_FLOOR <= cell.floor <= addresses.HIGHEST_FLOOR:
        raise errors.NotAFloor(value=cell.floor)
    room = addresses.room_of(cell.position, cell.floor)
    return FileUnit(
        grid.title, row, building, key[1], cell.floor, 1, room.number, room.position, {}
    )


def _grid_value(name: str, cell: Any) -> Any:
    if name in _WORDS:
        return _WORDS[name](as_code(cell))
    number = as_decimal(cell)
    return kept_number(name, number) if number else None


def _grid_holds(grid: Grid) -> str:
    """The field a grid holds: by its name, else by how large its numbers are."""
    title = grid.title.lower()
    for name, words in _GRID_WORDS:
        if any(word in title for word in words):
            return name
    numbers = sorted(_numbers(cell.value for cell in grid.cells[:500]))
    usual = numbers[len(numbers) // 2] if numbers else Decimal(0)
    if usual > 300_000:
        return "list_total"
    return "list_unit_price" if usual > 1_000 else "built_area"


def _numbers(cells: Iterable[Any]) -> Iterator[Decimal]:
    for cell in cells:
        try:
            number = as_decimal(cell)
        except CellProblem:
            continue
        if number is not None:
            yield number
