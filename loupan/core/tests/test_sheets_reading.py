"""Files of other offices come in: encodings, separators, merged cells, odd and broken workbooks."""

import csv
import io
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from loupan.core.refusals import Refusal
from loupan.core.sheets.cells import Cell, as_date, as_decimal, as_text
from loupan.core.sheets.errors import (
    DamagedWorkbook,
    FileEmpty,
    FileTooBig,
    NotASpreadsheet,
    PasswordProtected,
    TooManyCells,
    TooManyColumns,
    TooManyRows,
    UnclosedQuote,
)
from loupan.core.sheets.limits import Limits
from loupan.core.sheets.reading import Sheet, Workbook, read_workbook
from loupan.core.sheets.testing import open_data

UNITS = "楼栋,单元,楼层,房号\r\n四季名苑1栋,四单元,19,01\r\n四季名苑2栋,,7,02\r\n"
TRADITIONAL = "鄉鎮市區,交易標的,總價元\r\n五股區,房地及車位,8910000\r\n中正區,建物買賣,123456\r\n"


def a_book(rows: list[list[object]], merges: tuple[str, ...] = ()) -> bytes:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    for row in rows:
        page.append(row)
    for region in merges:
        page.merge_cells(region)
    with io.BytesIO() as file:
        book.save(file)
        return file.getvalue()


def rows_of(data: bytes, filename: str) -> list[list[Cell]]:
    return read_workbook(data, filename).sheets[0].rows


def corpus() -> Iterator[Path]:
    for path in sorted(open_data("workbook_corpus").iterdir()):
        if path.suffix not in {".md", ".csv"}:
            yield path


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "gb18030", "gbk"],
)
@pytest.mark.parametrize("separator", [",", "\t", ";", "|"])
def test_every_encoding_and_separator_gives_the_same_rows(encoding: str, separator: str) -> None:
    text = UNITS.replace(",", separator)
    assert rows_of(text.encode(encoding), "units.csv") == [
        ["楼栋", "单元", "楼层", "房号"],
        ["四季名苑1栋", "四单元", "19", "01"],
        ["四季名苑2栋", None, "7", "02"],
    ]


def test_big5_is_told_from_gb18030() -> None:
    assert rows_of(TRADITIONAL.encode("big5"), "a.csv")[1] == ["五股區", "房地及車位", "8910000"]
    assert rows_of(TRADITIONAL.encode("gb18030"), "a.csv")[0][0] == "鄉鎮市區"


def test_quotes_separators_and_line_ends_inside_cells_are_kept() -> None:
    text = '姓名,备注\r\n"王,小明","说""好""\r\n再来"\r\n李;雷;x,y;z;w\r\n'
    assert rows_of(text.encode(), "a.csv") == [
        ["姓名", "备注"],
        ["王,小明", '说"好"\n再来'],
        ["李;雷;x", "y;z;w"],
    ]


def test_a_separator_in_every_note_does_not_win_over_the_headings() -> None:
    text = "姓名,电话\n" + "王,1;2;3;4\n" * 300
    assert rows_of(text.encode(), "a.csv")[5] == ["王", "1;2;3;4"]


def test_blank_lines_keep_the_row_numbers_of_excel() -> None:
    rows = rows_of("价格表\n\n楼栋,房号\n1,2\n".encode(), "a.csv")
    assert rows[3] == ["1", "2"]


def test_text_formulas_and_separator_hints_are_understood() -> None:
    text = 'sep=;\r\n电话;编号\r\n="13800138000";\t007\r\n'
    assert rows_of(text.encode("gbk"), "a.csv") == [["电话", "编号"], ["13800138000", "007"]]


def test_control_characters_never_reach_a_cell() -> None:
    assert rows_of(b"a,b\n1\x00\x07,2\n" + b"c,d\n" * 300, "a.csv")[1] == ["1", "2"]


def test_an_open_quote_is_refused_with_its_row() -> None:
    with pytest.raises(UnclosedQuote) as refusal:
        read_workbook(b'a,b\n1,2\n"3,4\n5,6\n', "a.csv")
    assert refusal.value.facts["row"] == 3
    with pytest.raises(UnclosedQuote):
        read_workbook(b'a,b\n"3,4\n' + b"5,6\n" * 100_000, "a.csv")


def test_cells_of_a_workbook_are_plain_python() -> None:
    rows = rows_of(
        a_book(
            [["电话", 13800138000, 91.94, date(2025, 3, 8), True, "  ", " ０１ "], [None, "x\ny"]]
        ),
        "a.xlsx",
    )
    assert rows[0] == [
        "电话",
        Decimal(13800138000),
        Decimal("91.94"),
        date(2025, 3, 8),
        True,
        None,
        "０１",
    ]
    assert as_text(rows[0][1]) == "13800138000"
    assert rows[1][:2] == [None, "x\ny"]


def test_a_table_that_starts_in_the_middle_keeps_its_place() -> None:
    book = a_book([[], [], [None, None, "楼栋"], [None, None, "1栋"]])
    assert rows_of(book, "a.xlsx")[2:] == [[None, None, "楼栋"], [None, None, "1栋"]]


def test_merged_regions_are_filled_with_their_value() -> None:
    book = a_book(
        [["价目表", None, None], ["楼栋", "层", "价"], ["1栋", 2, 10], [None, 1, 9], ["2栋", 1, 8]],
        ("A1:C1", "A3:A4"),
    )
    rows = rows_of(book, "a.xlsx")
    assert rows[0] == ["价目表"] * 3
    assert [row[0] for row in rows[2:]] == ["1栋", "1栋", "2栋"]
    merged_xls = open_data("workbook_corpus", "merge_cells.xls").read_bytes()
    assert rows_of(merged_xls, "a.xls")[0] == ["Row Merge", "Row Merge", "Not Merged"]


def test_cells_merged_in_secret_can_be_filled_down() -> None:
    sheet = Sheet("x", [["楼栋", "层"], ["1栋", "2"], [None, "1"], [None, None], ["2栋"], []])
    sheet.fill_down([0], first_row=2)
    assert [row[:1] for row in sheet.rows] == [["楼栋"], ["1栋"], ["1栋"], [None], ["2栋"], []]


def test_a_wrong_ending_is_forgiven() -> None:
    assert rows_of(UNITS.encode("gbk"), "units.xls")[1][0] == "四季名苑1栋"
    assert rows_of(a_book([["楼栋"]]), "units.csv") == [["楼栋"]]


def test_hidden_sheets_are_marked() -> None:
    book = read_workbook(open_data("workbook_corpus", "any_sheets.xlsx").read_bytes(), "a.xlsx")
    assert [sheet.name for sheet in book.visible_sheets] == ["Visible"]
    hidden = book.sheet("Hidden")
    assert hidden is not None
    assert hidden.is_blank


@pytest.mark.parametrize(
    ("data", "filename", "refusal"),
    [
        (b"", "a.xlsx", FileEmpty),
        (b" \n \n", "a.csv", FileEmpty),
        (b"\xef\xbb\xbf", "a.csv", FileEmpty),
        (b"%PDF-1.7 ...", "a.pdf", NotASpreadsheet),
        (b"\x89PNG\r\n", "a.xlsx", NotASpreadsheet),
        (b"PK\x03\x04 and nothing", "a.xlsx", DamagedWorkbook),
        (b"PK\x05\x06" + bytes(18), "a.xlsx", DamagedWorkbook),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"junk" * 500, "a.xls", DamagedWorkbook),
        (b"Attachment lost", "a.xls", DamagedWorkbook),
        (b"<html><table></table></html>", "a.xls", DamagedWorkbook),
        (bytes(range(256)) * 40, "a.csv", NotASpreadsheet),
    ],
)
def test_what_is_no_spreadsheet_is_refused(
    data: bytes, filename: str, refusal: type[Refusal]
) -> None:
    with pytest.raises(refusal, match=r"\w{3}"):
        read_workbook(data, filename)


def test_a_file_over_a_limit_is_refused() -> None:
    book = a_book([["a", "b", "c"]] * 5)
    text = b"a,b,c\n" * 5
    for data, name in ((book, "a.xlsx"), (text, "a.csv")):
        with pytest.raises(TooManyRows, match="4"):
            read_workbook(data, name, Limits(rows=4))
        with pytest.raises(TooManyColumns, match="2"):
            read_workbook(data, name, Limits(columns=2))
        with pytest.raises(TooManyCells, match="9"):
            read_workbook(data, name, Limits(cells=9))
        with pytest.raises(FileTooBig):
            read_workbook(data, name, Limits(size=10))


def test_every_odd_workbook_reads_or_is_refused_in_time() -> None:
    with open_data("workbook_corpus", "reader_results.csv").open(encoding="utf-8") as file:
        known = {line["file"]: line["python_calamine_0.9.1"] for line in csv.DictReader(file)}
    read: dict[str, Workbook] = {}
    sentences: dict[str, str] = {}
    for path in corpus():
        started = time.monotonic()
        try:
            read[path.name] = read_workbook(path.read_bytes(), path.name)
        except Refusal as refusal:
            sentences[path.name] = str(refusal)
        assert time.monotonic() - started < 20, path.name
    assert len(read) + len(sentences) == len(known) == 57
    assert set(sentences) == {name for name, result in known.items() if result.startswith("FAIL")}
    assert min(map(len, sentences.values())) > 20
    for name, book in read.items():
        rows = sum(len(sheet.rows) for sheet in book.sheets)
        assert rows >= int(known[name].split()[2]), name


@pytest.mark.parametrize("name", ["issue_385.xls", "pass_protected.xlsb"])
def test_a_password_is_named_as_the_reason(name: str) -> None:
    with pytest.raises(PasswordProtected):
        read_workbook(open_data("workbook_corpus", name).read_bytes(), name)


def test_workbooks_read_at_the_same_time_do_not_mix() -> None:
    books = [a_book([[number] * 3] * 50) for number in range(6)]
    with ThreadPoolExecutor(6) as pool:
        read: list[Workbook] = list(pool.map(read_workbook, books, ["a.xlsx"] * 6))
    for number, book in enumerate(read):
        assert book.sheets[0].rows == [[Decimal(number)] * 3] * 50


def test_the_reader_does_not_import_from_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("zipfile.py", "orjson.py", "json.py", "sitecustomize.py"):
        (tmp_path / name).write_text("raise SystemExit(3)")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert rows_of(a_book([["ok"]]), "a.xlsx") == [["ok"]]


def test_the_taiwanese_dates_and_amounts_are_all_understood() -> None:
    days = set()
    for path in sorted(open_data("tw_presale_2019q1").glob("?_lvr_land_b.csv")):
        header, _english, *rows = rows_of(path.read_bytes(), path.name)
        place = {name: column for column, name in enumerate(header)}
        for row in rows:
            days.add(as_date(row[place["交易年月日"]]))
            assert as_decimal(row[place["總價元"]]) is not None
    assert min(day for day in days if day) == date(2014, 2, 6)
    assert max(day for day in days if day) == date(2019, 4, 27)


def test_naughty_strings_come_through_a_text_file() -> None:
    strings = json.loads(open_data("naughty_strings", "blns.json").read_text("utf-8"))
    with io.StringIO(newline="") as file:
        writer = csv.writer(file)
        writer.writerows([["no", "text", "end"]])
        writer.writerows([number, text, "x"] for number, text in enumerate(strings))
        data = file.getvalue().encode()
    rows = rows_of(data, "naughty.csv")
    assert len(rows) == len(strings) + 1
    assert {len(row) for row in rows} == {3}
