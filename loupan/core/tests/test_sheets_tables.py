"""The table on a stranger's sheet is found: headings, meanings, rows, grids."""

from collections import Counter
from datetime import date
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

import pytest

from loupan.core.sheets.cells import Cell, as_decimal
from loupan.core.sheets.errors import ColumnNotFound, NoTableFound
from loupan.core.sheets.grids import Grid, find_grid, floor_number
from loupan.core.sheets.reading import Sheet, Workbook, read_workbook
from loupan.core.sheets.tables import Table, best_table, column_letter, find_table
from loupan.core.sheets.testing import open_data

VOCABULARY = {
    "building": ["楼栋", "栋号", "楼号"],
    "entrance": ["单元", "单元号"],
    "floor": ["楼层", "所在层"],
    "room": ["房号", "室号"],
    "unit_price": ["备案单价", "预售单价", "单价"],
    "total": ["总价", "备案总价", "合计总价"],
    "built_area": ["建筑面积", "预测建筑面积"],
    "inner_area": ["套内面积", "套内建筑面积", "户内面积"],
    "buyer": ["姓名", "客户姓名", "name"],
}
TAIWAN = {
    "signed_on": ["交易年月日"],
    "area": ["建物移轉總面積平方公尺"],
    "parking_area": ["車位移轉總面積平方公尺"],
    "total": ["總價元"],
    "parking_total": ["車位總價元"],
    "unit_price": ["單價元平方公尺"],
    "serial": ["編號"],
}
SIJI = [
    "siji_units_fullroomno.xls",
    "siji_units_shortroomno.xls",
    "derived_siji_gb18030.csv",
    "derived_siji_utf16le_tab.csv",
    "derived_siji_utf8bom_semicolon.csv",
]


def a_table(rows: list[list[Cell]], **mapping: str) -> Table:
    return find_table(Sheet("房源", rows), VOCABULARY, mapping)


def siji(name: str) -> Workbook:
    return read_workbook(open_data("sz_presale_siji", name).read_bytes(), name)


def siji_units(name: str) -> dict[tuple[str, str, int, str], tuple[Decimal | None, ...]]:
    units = {}
    for row in best_table(siji(name), VOCABULARY).rows():
        floor = row.integer("floor")
        assert floor is not None
        place = (row.code("building"), row.code("entrance"), floor, row.code("room")[-2:])
        units[place] = tuple(map(row.decimal, ("unit_price", "built_area", "inner_area")))
    return units


def siji_grids() -> dict[str, Grid]:
    found = (find_grid(sheet) for sheet in siji("siji_price_grid.xlsx").sheets)
    return {grid.title: grid for grid in found if grid}


def test_titles_and_blank_lines_above_are_skipped() -> None:
    table = a_table(
        [
            ["四季名苑价目表", None, None],
            [],
            ["制表日期:2025-03-08", None, "单位:元"],
            ["楼栋", "房号", "总价"],
            ["1栋", "101", "100"],
        ]
    )
    assert table.header_rows == (4,)
    assert [(row.number, row.cells) for row in table.rows()] == [
        (5, {"building": "1栋", "room": "101", "total": "100"})
    ]
    assert table.mapping == {"building": "楼栋", "room": "房号", "total": "总价"}
    assert table.missing == [
        "entrance",
        "floor",
        "unit_price",
        "built_area",
        "inner_area",
        "buyer",
    ]


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("建筑面积（㎡）", "built_area"),
        ("建筑面积(平方米)", "built_area"),
        ("建 筑 面 积", "built_area"),
        ("建筑面积m²", "built_area"),
        ("*楼栋", "building"),
        ("楼栋:", "building"),
        ("备案单价（元/㎡）", "unit_price"),
        ("单价元/平方米", "unit_price"),
        ("总价（元）", "total"),
        ("ＮＡＭＥ", "buyer"),
        ("客户\n姓名", "buyer"),
    ],
)
def test_a_heading_is_known_by_any_of_its_forms(heading: str, field: str) -> None:
    table = a_table([["编码", heading], ["x", "1"]])
    assert table.columns[1].field == field


def test_a_heading_in_ten_thousands_multiplies_its_numbers() -> None:
    table = a_table(
        [
            ["楼栋", "总价（万元）", "单价(元)"],
            ["1", "123.5", "9"],
            ["2", "80万", "9"],
            ["万科", "-"],
        ]
    )
    assert [row.decimal("total") for row in table.rows()] == [1235000, 800000, None]
    assert [row.decimal("unit_price") for row in table.rows()] == [9, 9, None]


def test_groups_over_headings_are_read_together() -> None:
    merged: list[list[Cell]] = [
        ["楼栋", "房号", "备案", "备案", "面积", "面积"],
        ["楼栋", "房号", "单价", "总价", "建筑", "套内"],
        ["1", "101", "5", "50", "10", "8"],
    ]
    vocabulary = VOCABULARY | {"built_area": ["建筑面积", "面积 建筑"], "inner_area": ["套内面积"]}
    unfilled: list[Cell] = ["楼栋", "房号", "备案", None, "面积", None]
    for rows in (merged, [unfilled, *merged[1:]]):
        table = find_table(Sheet("x", rows), vocabulary)
        assert table.missing == ["entrance", "floor", "buyer"]
        assert [row.cells for row in table.rows()] == [
            {
                "building": "1",
                "room": "101",
                "unit_price": "5",
                "total": "50",
                "built_area": "10",
                "inner_area": "8",
            }
        ]


def test_a_second_line_in_another_language_is_no_row() -> None:
    name = "f_lvr_land_b.csv"
    book = read_workbook(open_data("tw_presale_2019q1", name).read_bytes(), name)
    table = best_table(book, TAIWAN)
    rows = list(table.rows())
    assert (table.header_rows, table.first_row, table.missing) == ((1,), 3, [])
    assert len(rows) == 659
    assert (rows[0].number, rows[0].day("signed_on")) == (3, date(2017, 7, 20))


def test_every_presale_contract_of_taiwan_has_its_unit_price() -> None:
    rows = right = 0
    for path in sorted(open_data("tw_presale_2019q1").glob("?_lvr_land_b.csv")):
        for row in best_table(read_workbook(path.read_bytes(), path.name), TAIWAN).rows():
            rows += 1
            total, area = row.decimal("total"), row.decimal("area")
            parking, parking_area = row.decimal("parking_total"), row.decimal("parking_area")
            assert total is not None
            assert area is not None
            if parking and parking_area:
                total, area = total - parking, area - parking_area
            price = (total / area).quantize(Decimal(1), ROUND_HALF_UP)
            right += price == row.decimal("unit_price")
    assert (rows, right) == (2236, 2235)


def test_data_of_words_is_not_taken_for_a_second_heading() -> None:
    rows: list[list[Cell]] = [["楼栋", "房号", "备注"], ["一栋", "东", "好"], ["二栋", "西", "好"]]
    assert [row.number for row in a_table(rows).rows()] == [2, 3]


def test_empty_rows_totals_and_repeated_headings_are_left_out() -> None:
    head: list[Cell] = ["楼栋", "房号", "总价"]
    table = a_table(
        [head, ["1", "101", "5"], [None, None, None], [], head, ["1", "102"], ["合 计", None, "9"]]
    )
    assert [(row.number, row.text("total")) for row in table.rows()] == [(2, "5"), (6, "")]


def test_a_chosen_mapping_overrules_the_vocabulary() -> None:
    rows: list[list[Cell]] = [["楼栋", "门牌", "单价", "成交价"], ["1", "101", "5", "6"]]
    table = a_table(rows, room="门牌", unit_price="成交价", building="")
    assert table.mapping == {"room": "门牌", "unit_price": "成交价"}
    assert a_table(rows, room="b").mapping["room"] == "门牌"
    assert [column.header for column in table.unmapped] == ["楼栋", "单价"]
    with pytest.raises(ColumnNotFound, match="价钱"):
        a_table(rows, total="价钱")


def test_a_mapping_given_back_finds_the_same_columns() -> None:
    rows: list[list[Cell]] = [["价格", None], ["单价", "总价"], ["1", "2"]]
    table = a_table(rows)
    assert a_table(rows, **table.mapping).mapping == table.mapping


def test_unknown_headings_are_still_headings() -> None:
    table = a_table([["报表"], ["Kod", "Metraż"], ["A1", "61.02"], ["A2", "38.41"]])
    assert [column.header for column in table.unmapped] == ["Kod", "Metraż"]
    assert [row.number for row in table.rows()] == [3, 4]


def test_a_sheet_without_headings_is_refused() -> None:
    for rows in ([], [[None]], [["1", "2"], ["3", "4"]]):
        with pytest.raises(NoTableFound, match="房源"):
            a_table(list(map(list, rows)))
    with pytest.raises(NoTableFound):
        best_table(Workbook("empty.xlsx", []), VOCABULARY)


def test_the_sheet_with_the_most_known_columns_is_chosen() -> None:
    cover = Sheet("封面", [["姓名", "说明"], ["王", "好"]])
    units = Sheet("房源", [["楼栋", "房号", "总价"], ["1", "101", "5"]])
    hidden = Sheet("旧", [["楼栋", "单元", "房号", "总价"], ["1", "1", "1", "1"]], visible=False)
    assert best_table(Workbook("a.xlsx", [cover, units, hidden]), VOCABULARY).sheet is units


def test_columns_have_the_letters_of_excel() -> None:
    assert [column_letter(index) for index in (0, 25, 26, 701, 702)] == [
        "A",
        "Z",
        "AA",
        "ZZ",
        "AAA",
    ]


def test_the_five_lists_of_siji_hold_the_same_292_units() -> None:
    first, *others = map(siji_units, SIJI)
    assert len(first) == 292
    assert all(units == first for units in others)
    assert sum(1 for _building, entrance, _floor, _room in first if not entrance) == 55


def test_the_grid_of_siji_holds_the_units_of_the_lists() -> None:
    units = siji_units(SIJI[0])
    grids = siji_grids()
    assert set(grids) == {"总价分布", "单价分布"}
    for title, grid in grids.items():
        assert grid.positions == ["1", "2", "3", "4", "5"]
        found = {
            (cell.building, cell.entrance or "", cell.floor, f"{int(cell.position):02}"): cell
            for cell in grid.cells
        }
        assert set(found) == set(units)
        for place, (price, area, _inner) in units.items():
            assert price is not None
            assert area is not None
            value = as_decimal(found[place].value)
            assert value is not None
            if title == "单价分布":
                assert value == price
            else:
                assert value == (price * area).quantize(Decimal(1), ROUND_FLOOR)
    entrances = Counter(cell.entrance for cell in grids["总价分布"].cells)
    assert entrances == {"一单元": 64, "二单元": 72, "三单元": 42, "四单元": 59, None: 55}


def test_a_grid_without_buildings_or_merges_is_found() -> None:
    sheet = Sheet(
        "3栋",
        [
            ["3栋价目表"],
            ["楼层", "01室", "02室", "备注"],
            ["顶层", "1", "2"],
            ["二层", "10", "-"],
            ["1F", "9", None, "x"],
            ["合计", "19", "2"],
        ],
    )
    grid = find_grid(sheet)
    assert grid is not None
    assert [(cell.row, cell.floor, cell.position, cell.value) for cell in grid.cells] == [
        (4, 2, "01室", "10"),
        (5, 1, "01室", "9"),
    ]
    assert {cell.building for cell in grid.cells} == {None}


def test_an_entrance_does_not_reach_into_the_next_building() -> None:
    rows: list[list[Cell]] = [
        ["楼栋", "单元", "楼层", "1", "2"],
        ["1栋", "一单元", "2", "5", "6"],
        [None, None, "1", "5", "6"],
        ["2栋", None, "1", "5", "6"],
    ]
    grid = find_grid(Sheet("x", rows))
    assert grid is not None
    assert [(cell.building, cell.entrance) for cell in grid.cells][::2] == [
        ("1栋", "一单元"),
        ("1栋", "一单元"),
        ("2栋", None),
    ]


def test_a_plain_list_is_no_grid() -> None:
    assert find_grid(siji(SIJI[0]).sheets[0]) is None
    assert find_grid(Sheet("x", [["楼栋", "楼层", "房号", "1"], ["1", "1", "101", "x"]])) is None
    assert find_grid(Sheet("x", [])) is None


@pytest.mark.parametrize(
    ("label", "floor"),
    [
        ("3", 3),
        ("３层", 3),
        ("3F", 3),
        ("第三层", 3),
        ("十二层", 12),
        ("-1", -1),
        ("B2", -2),
        ("负一层", -1),
        ("地下2层", -2),
        ("顶层", None),
        ("", None),
        ("合计", None),
        ("B", None),
    ],
)
def test_a_floor_is_known_by_its_label(label: str, floor: int | None) -> None:
    assert floor_number(label or None) == floor
    assert floor_number(Decimal(29)) == 29


def test_the_flats_of_ronson_are_understood() -> None:
    name = "ronson_units_ABC.csv"
    vocabulary = {
        "code": ["Kod"],
        "area": ["Metraż"],
        "total": ["Cena"],
        "unit_price": ["Cena/m²"],
        "status": ["Status"],
    }
    book = read_workbook(open_data("ronson_units", name).read_bytes(), name)
    rows = list(best_table(book, vocabulary).rows())
    assert len(rows) == 118
    assert Counter(row.text("status") for row in rows) == {
        "Sprzedane": 81,
        "Dostępne": 35,
        "Rezerwacja": 2,
    }
    priced = 0
    for row in rows:
        area, total, price = (row.decimal(field) for field in ("area", "total", "unit_price"))
        assert area is not None
        if total is not None and price is not None:
            priced += 1
            assert abs(area * price - total) <= 1
    assert priced == 35
