"""Files made to hurt are refused with a sentence, in time, and the server lives on."""

import io
import os
import random
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from loupan.core.refusals import Refusal
from loupan.core.sheets.errors import (
    DamagedWorkbook,
    ReaderBusy,
    ReadingStopped,
    ReadingTookTooLong,
    TooManyCells,
    TooManyColumns,
    UnreadableFile,
    ZipBomb,
)
from loupan.core.sheets.limits import MEBIBYTE, Limits
from loupan.core.sheets.reading import _readers, read_workbook
from loupan.core.sheets.testing import open_data

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def an_xlsx(sheet: str | bytes, strings: str = "") -> bytes:
    """A minimal workbook around the raw XML of its sheet and of its shared strings."""
    parts: dict[str, str | bytes] = {
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}"><Relationship Id="rId1" '
        f'Type="{RELATED}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{RELATED}"><sheets>'
        '<sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}">'
        f'<Relationship Id="rId1" Type="{RELATED}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId2" Type="{RELATED}/sharedStrings" Target="sharedStrings.xml"/>'
        "</Relationships>",
        "xl/worksheets/sheet1.xml": sheet,
        "xl/sharedStrings.xml": strings or f'<sst xmlns="{MAIN}"/>',
    }
    with io.BytesIO() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in parts.items():
                archive.writestr(name, content)
        return file.getvalue()


def a_sheet(rows: str) -> str:
    return f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'


def an_ods(table: str) -> bytes:
    office = "urn:oasis:names:tc:opendocument:xmlns"
    content = (
        f'<office:document-content xmlns:office="{office}:office:1.0" '
        f'xmlns:table="{office}:table:1.0" xmlns:text="{office}:text:1.0"><office:body>'
        f"<office:spreadsheet>{table}</office:spreadsheet></office:body></office:document-content>"
    )
    with io.BytesIO() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
            archive.writestr("content.xml", content)
            archive.writestr("META-INF/manifest.xml", "<manifest/>")
        return file.getvalue()


def refused(data: bytes, filename: str, limits: Limits | None = None) -> UnreadableFile | None:
    """The refusal of the file, None if it was read; either within twenty seconds."""
    started = time.monotonic()
    answer = None
    try:
        read_workbook(data, filename, limits or Limits())
    except UnreadableFile as refusal:
        answer = refusal
    assert time.monotonic() - started < 20
    assert answer is None or len(str(answer)) > 20
    return answer


def test_the_minimal_workbook_itself_is_read() -> None:
    book = read_workbook(an_xlsx(a_sheet('<row r="1"><c r="A1"><v>7</v></c></row>')), "a.xlsx")
    assert [len(sheet.rows) for sheet in book.sheets] == [1]


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = an_xlsx(a_sheet(" " * 80 * MEBIBYTE))
    assert isinstance(refused(bomb, "a.xlsx"), ZipBomb)
    small = an_xlsx(a_sheet(" " * MEBIBYTE))
    assert refused(small, "a.xlsx") is None
    assert isinstance(refused(small, "a.xlsx", Limits(unpacked=MEBIBYTE)), ZipBomb)


def test_a_bomb_that_lies_about_its_size_meets_the_clock_or_the_memory_limit() -> None:
    row = '<row><c t="inlineStr"><is><t>' + "x" * 900 + "</t></is></c></row>"
    data = an_xlsx(a_sheet(row * 200_000))
    true_size = len(a_sheet(row * 200_000)).to_bytes(4, "little")
    assert data.count(true_size) == 2
    lying = data.replace(true_size, (1000).to_bytes(4, "little"))
    limits = Limits(seconds=3, memory=256 * MEBIBYTE)
    assert refused(lying, "a.xlsx", limits) is not None


def test_two_cells_at_the_far_ends_are_refused() -> None:
    sheet = a_sheet(
        '<row r="1"><c r="A1"><v>1</v></c></row>'
        '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    )
    assert isinstance(refused(an_xlsx(sheet), "a.xlsx"), ReadingStopped)
    wide = a_sheet('<row r="1"><c r="A1"><v>1</v></c><c r="XFD1"><v>1</v></c></row>')
    assert isinstance(refused(an_xlsx(wide), "a.xlsx"), TooManyColumns)


def test_one_long_text_used_a_hundred_thousand_times_is_refused() -> None:
    strings = f'<sst xmlns="{MAIN}"><si><t>{"长" * 500_000}</t></si></sst>'
    rows = '<row><c t="s"><v>0</v></c></row>' * 100_000
    assert refused(an_xlsx(a_sheet(rows), strings), "a.xlsx") is not None


@pytest.mark.parametrize("place", ["sheet", "strings"])
def test_an_entity_bomb_explodes_nowhere(place: str) -> None:
    entities = "".join(
        f'<!ENTITY e{number} "{f"&e{number - 1};" * 10 if number else "haha"}">'
        for number in range(12)
    )
    doctype = f'<?xml version="1.0"?><!DOCTYPE x [{entities}<!ENTITY f SYSTEM "/etc/passwd">]>'
    inline = '<row r="1"><c r="A1" t="inlineStr"><is><t>&e11;&f;</t></is></c></row>'
    shared = f'<sst xmlns="{MAIN}"><si><t>&e11;&f;</t></si></sst>'
    if place == "sheet":
        data = an_xlsx(doctype + a_sheet(inline))
    else:
        data = an_xlsx(a_sheet('<row r="1"><c r="A1" t="s"><v>0</v></c></row>'), doctype + shared)
    try:
        book = read_workbook(data, "a.xlsx")
    except DamagedWorkbook:
        return
    assert len(str(book.sheets[0].rows)) < 200
    assert "root:" not in str(book.sheets[0].rows)


def test_an_ods_that_repeats_its_rows_without_end_is_refused() -> None:
    cell = (
        '<table:table-cell office:value-type="string" '
        'table:number-columns-repeated="16384"><text:p>x</text:p>'
        "</table:table-cell>"
    )
    row = f'<table:table-row table:number-rows-repeated="1048576">{cell}</table:table-row>'
    assert refused(an_ods(f'<table:table table:name="S">{row}</table:table>'), "a.ods") is not None


def test_merged_regions_over_everything_cost_nothing() -> None:
    merges = '<mergeCell ref="A1:XFD1048576"/>' * 20_000
    row = "<row>" + "<c><v>1</v></c>" * 20 + "</row>"
    sheet = a_sheet(row * 1000).replace(
        "</worksheet>", f"<mergeCells>{merges}</mergeCells></worksheet>"
    )
    started = time.monotonic()
    assert refused(an_xlsx(sheet), "a.xlsx") is None
    assert time.monotonic() - started < 5


def test_a_file_that_never_ends_is_stopped_by_the_clock() -> None:
    rows = '<row><c><v>1</v></c><c><v>2.5</v></c><c t="str"><v>x</v></c></row>' * 150_000
    refusal = refused(an_xlsx(a_sheet(rows)), "a.xlsx", Limits(seconds=0.15))
    assert isinstance(refusal, ReadingTookTooLong)


def test_a_reader_without_memory_is_a_refusal() -> None:
    rows = '<row><c t="str"><v>abcdefgh</v></c></row>' * 300_000
    refusal = refused(an_xlsx(a_sheet(rows)), "a.xlsx", Limits(memory=48 * MEBIBYTE))
    assert isinstance(refusal, ReadingStopped | DamagedWorkbook)


@pytest.mark.parametrize("start", [b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"])
@pytest.mark.parametrize("ending", ["xlsx", "xls", "ods", "csv"])
def test_ten_megabytes_of_noise_are_refused(start: bytes, ending: str) -> None:
    noise = random.Random(1).randbytes(10 * MEBIBYTE)
    assert refused(start + noise, f"noise.{ending}") is not None


def test_ten_megabytes_of_one_line_or_of_separators_are_refused_or_read() -> None:
    assert isinstance(refused(b"," * 10 * MEBIBYTE, "a.csv"), TooManyCells)
    assert refused(b"x" * 10 * MEBIBYTE, "a.csv") is not None
    assert refused(b'"' * (10 * MEBIBYTE + 1), "a.csv") is not None
    assert refused(b"\n" * 10 * MEBIBYTE, "a.csv") is not None
    assert refused("名".encode("gbk") * 5 * MEBIBYTE, "a.csv") is not None


def cut(data: bytes, _dice: random.Random) -> bytes:
    return data[: len(data) // 2]


def flip(data: bytes, dice: random.Random) -> bytes:
    spoiled = bytearray(data)
    for _time in range(40):
        spoiled[dice.randrange(len(spoiled))] = dice.randrange(256)
    return bytes(spoiled)


def blank(data: bytes, dice: random.Random) -> bytes:
    start = dice.randrange(len(data))
    return data[:start] + bytes(min(2000, len(data) - start)) + data[start + 2000 :]


@pytest.mark.parametrize("spoil", [cut, flip, blank])
def test_spoiled_workbooks_read_or_are_refused(
    spoil: Callable[[bytes, random.Random], bytes],
) -> None:
    dice = random.Random(7)
    folder = open_data("workbook_corpus")
    for path in sorted(folder.iterdir()):
        if path.suffix in {".xls", ".xlsx", ".xlsb", ".ods"}:
            refused(spoil(path.read_bytes(), dice), path.name)


def test_readers_wait_for_each_other_and_then_say_so() -> None:
    taken = [_readers.acquire(blocking=False), _readers.acquire(blocking=False)]
    try:
        assert taken == [True, True]
        with pytest.raises(ReaderBusy):
            read_workbook(an_xlsx(a_sheet("")), "a.xlsx", Limits(seconds=0.2))
    finally:
        for _one in taken:
            _readers.release()


def test_no_process_and_no_file_is_left_behind() -> None:
    if not Path("/proc/self/fd").exists():
        pytest.skip("this system has no /proc")
    before = len(os.listdir("/proc/self/fd"))
    for _time in range(5):
        for data in (an_xlsx(a_sheet("")), an_xlsx("<broken"), b"PK\x03\x04junk"):
            try:
                read_workbook(data, "a.xlsx")
            except Refusal:
                continue
    assert len(os.listdir("/proc/self/fd")) == before
