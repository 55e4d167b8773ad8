"""What is written is styled, harmless, and read back as it was."""

import csv
import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loupan.core.sheets.cells import Cell, clean
from loupan.core.sheets.reading import Sheet, read_workbook
from loupan.core.sheets.tables import find_table
from loupan.core.sheets.testing import open_data
from loupan.core.sheets.writing import (
    OutColumn,
    OutSheet,
    RowProblem,
    guarded,
    write_csv,
    write_error_workbook,
    write_xlsx,
)

COLUMNS = [
    OutColumn("房号"),
    OutColumn("总价", "money"),
    OutColumn("面积", "area"),
    OutColumn("折扣", "rate"),
    OutColumn("日期", "date"),
    OutColumn("时间", "datetime"),
    OutColumn("层", "int"),
]
ROW = [
    "0101",
    Decimal("2180000.00"),
    Decimal("98.42"),
    Decimal("0.98"),
    date(2025, 3, 8),
    datetime(2025, 3, 8, 14, 30, tzinfo=UTC),
    12,
]
VOCABULARY = {"building": ["楼栋"], "room": ["房号"], "total": ["总价"], "signed_on": ["日期"]}


def written(*sheets: OutSheet, watermark: str = "") -> bytes:
    with io.BytesIO() as file:
        write_xlsx(file, sheets, watermark)
        return file.getvalue()


def opened(data: bytes) -> Any:
    return openpyxl.load_workbook(io.BytesIO(data))


def as_csv(header: list[str], rows: list[list[object]], encoding: str = "utf-8-sig") -> bytes:
    with io.BytesIO() as file:
        write_csv(file, header, rows, encoding)
        return file.getvalue()


def naughty() -> list[str]:
    strings: list[str] = json.loads(open_data("naughty_strings", "blns.json").read_text("utf-8"))
    return strings


def test_a_workbook_is_read_back_as_it_was_written() -> None:
    rows = read_workbook(written(OutSheet("房源", COLUMNS, [ROW])), "a.xlsx").sheets[0].rows
    assert rows == [
        [column.header for column in COLUMNS],
        [*ROW[:4], date(2025, 3, 8), datetime(2025, 3, 8, 14, 30), Decimal(12)],  # noqa: DTZ001
    ]


def test_a_workbook_is_dressed_for_the_office() -> None:
    data = written(OutSheet("房源", COLUMNS, [ROW] * 3), watermark="王&李 2025-03-08 10:00")
    page = opened(data)["房源"]
    assert page.freeze_panes == "A2"
    assert page.auto_filter.ref == "A1:G4"
    assert page["A1"].font.bold
    assert page["A2"].number_format == "@"
    assert page["B2"].number_format == "#,##0.00"
    assert page["E2"].number_format == "yyyy-mm-dd"
    assert page.column_dimensions["B"].width > 12
    assert "王&&李 2025-03-08" in str(page.oddFooter.left.text) + str(
        page.oddHeader.right.text
    ) or ("王" in str(page.oddHeader.right.text))


def test_text_never_becomes_a_formula_or_a_link_in_a_workbook() -> None:
    texts = ["=1+1", "+1", "-1", "@SUM(A1)", "http://example.com", "{=1}", "mailto:a@b.c"]
    data = written(OutSheet("x", [OutColumn("t")], [[text] for text in texts]))
    cells = [row[0] for row in opened(data)["x"].iter_rows(min_row=2)]
    assert [cell.value for cell in cells] == texts
    assert {cell.data_type for cell in cells} == {"s"}
    assert all(cell.hyperlink is None for cell in cells)


def test_numbers_that_a_workbook_would_bend_are_written_as_text() -> None:
    numbers = [Decimal("12345678901234567.89"), Decimal("NaN"), 10**18, float("inf"), 0.1]
    sheet = OutSheet("x", [OutColumn("n", "money")], [[number] for number in numbers])
    rows = read_workbook(written(sheet), "a.xlsx").sheets[0].rows
    assert [row[0] for row in rows[1:]] == [
        "12345678901234567.89",
        "NaN",
        "1000000000000000000",
        "inf",
        Decimal("0.1"),
    ]


def test_names_of_sheets_are_made_acceptable() -> None:
    names = ["a/b:c", "A b c", "'x'", "", "history", "长" * 50, "长" * 50]
    data = written(*(OutSheet(name, [OutColumn("t")], [["1"]]) for name in names))
    found = opened(data).sheetnames
    assert len(set(map(str.lower, found))) == len(names)
    assert all(0 < len(name) <= 31 for name in found)
    assert opened(written()).sheetnames


def test_a_file_can_be_written_to_a_path(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "a.xlsx", [OutSheet("x", [OutColumn("t")], [["1"]])])
    write_csv(tmp_path / "a.csv", ["t"], [["1"]])
    for name in ("a.xlsx", "a.csv"):
        assert read_workbook((tmp_path / name).read_bytes(), name).sheets[0].rows == [["t"], ["1"]]


def test_rows_are_taken_from_an_iterator_and_may_be_none() -> None:
    rows = ([str(number)] for number in range(3))
    assert (
        len(read_workbook(written(OutSheet("x", [OutColumn("t")], rows)), "a").sheets[0].rows) == 4
    )
    assert opened(written(OutSheet("x", [OutColumn("t")], [])))["x"].auto_filter.ref == "A1:A2"


def test_naughty_strings_come_back_from_a_workbook() -> None:
    strings = [*naughty(), "_x0041_", "a\x00b\x1fc", "\ud800lone", "长" * 40_000, "\ufffe"]
    sheet = OutSheet("x", [OutColumn("n", "int"), OutColumn("t")], enumerate(strings))
    rows = read_workbook(written(sheet), "a.xlsx").sheets[0].rows
    for text, row in zip(strings, rows[1:], strict=True):
        expected = clean(text)
        if expected and len(expected) > 32_767:
            expected = expected[:32_766] + "…"
        assert row[1] == expected


def test_naughty_strings_come_back_from_a_text_file() -> None:
    strings = naughty()
    data = as_csv(["n", "t", "end"], [[number, text, "x"] for number, text in enumerate(strings)])
    rows = read_workbook(data, "a.csv").sheets[0].rows
    for text, row in zip(strings, rows[1:], strict=True):
        assert row[1] == clean(text)


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+86 138", "-1", "@x", "\tx", "\rx", "＝1", " =1", "'=1", '=cmd|"/c calc"!A0', "-"],
)
def test_text_that_a_spreadsheet_would_run_gets_an_apostrophe(text: str) -> None:
    assert guarded(text) == "'" + text
    with io.StringIO(as_csv(["t", "u"], [[text, "x"]]).decode("utf-8-sig"), newline="") as file:
        assert list(csv.reader(file))[1][0].startswith("'")


def test_numbers_and_other_text_stay_as_they_are() -> None:
    values = [Decimal("-1234.50"), -5, -0.5, date(2025, 3, 8), True, None, "a=b", "'quoted'", "3-1"]
    assert [guarded(value) for value in values] == [
        "-1234.5",
        "-5",
        "-0.5",
        "2025-03-08",
        "TRUE",
        "",
        "a=b",
        "'quoted'",
        "3-1",
    ]


@given(st.lists(st.lists(st.text(max_size=12), min_size=3, max_size=3), max_size=8))
def test_any_text_comes_back_from_a_text_file(rows: list[list[str]]) -> None:
    data = as_csv(["姓名", "电话", "备注"], [list[object](row) for row in rows])
    found = read_workbook(data, "a.csv").sheets[0].rows[1:]
    assert found == [[clean(text) for text in row] for row in rows]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_long_text_file_is_written_in_one_encoding(encoding: str) -> None:
    data = as_csv(["姓名", "层"], [["王小明", number] for number in range(12_000)], encoding)
    rows = read_workbook(data, "a.csv").sheets[0].rows
    assert len(rows) == 12_001
    assert {row[0] for row in rows[1:]} == {"王小明"}


def test_an_error_workbook_can_be_corrected_and_uploaded_again() -> None:
    rows: list[list[Cell]] = [
        ["价目表"],
        ["楼栋", "房号", "总价", "日期", "备注"],
        ["1栋", "101", "abc", date(2025, 3, 8), "=1+1"],
        ["1栋", "102", "5"],
        ["1栋", None, Decimal("91.94"), "x", True],
    ]
    table = find_table(Sheet("房源", rows), VOCABULARY)
    problems = [
        RowProblem(5, "room", "Room is missing."),
        RowProblem(3, "total", "“abc” is not a number."),
        RowProblem(5, "日期", "“x” is not a date."),
    ]
    with io.BytesIO() as file:
        write_error_workbook(file, table, problems, "Lin 2025-03-08")
        data = file.getvalue()
    book = read_workbook(data, "errors.xlsx")
    again = find_table(book.sheets[0], VOCABULARY)
    assert again.mapping == table.mapping
    assert [row.cells for row in again.rows()] == [
        row.cells for row in table.rows() if row.number in {3, 5}
    ]
    last = book.sheets[0].rows
    assert last[1][-2:] == [Decimal(3), "“abc” is not a number."]
    assert last[2][-1] == "Room is missing.\n“x” is not a date."
    page = opened(data)["房源"]
    red = {
        cell.coordinate
        for row in page["A2:E3"]
        for cell in row
        if cell.fill.fgColor.rgb == "FFF8D7DA"
    }
    assert red == {"C2", "B3", "D3"}
    assert page["E2"].data_type == "s"
