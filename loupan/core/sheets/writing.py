"""Writing .xlsx and .csv: styled, never a formula, and error workbooks to correct and upload."""

import csv
import io
import itertools
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal

import xlsxwriter
from django.utils.translation import gettext as _

from loupan.core.sheets.cells import UNPRINTABLE, as_text, plain
from loupan.core.sheets.tables import Table
from loupan.core.sheets.text_files import NEEDS_GUARD

Kind = Literal["text", "money", "area", "rate", "date", "datetime", "int"]
Target = str | Path | BinaryIO

LONGEST_CELL: Final = 32_767
MOST_ROWS: Final = 1_048_575
_MOST_DIGITS: Final = 15  # What a number in a workbook can hold.
_FEW_PLACES: Final = frozenset({0, -1, -2, -3, -4})
_FORMATS: Final[dict[Kind, str]] = {
    "text": "@",
    "money": "#,##0.00",
    "area": "#,##0.00",
    "rate": "0.00##%",
    "date": "yyyy-mm-dd",
    "datetime": "yyyy-mm-dd hh:mm",
    "int": "0",
}
_WIDTHS: Final[dict[Kind, int]] = {
    "text": 12,
    "money": 16,
    "area": 11,
    "rate": 10,
    "date": 12,
    "datetime": 17,
    "int": 9,
}
_WIDEST: Final = 60
_MEASURED: Final = 200  # Rows that are looked at for the widths.
_FORBIDDEN_IN_NAME = re.compile(r"[\[\]:*?/\\]")
_NUMERIC: Final = frozenset({"money", "area", "rate", "int"})


@dataclass(frozen=True, slots=True)
class OutColumn:
    """A column to write: its heading, what it holds, its width in characters if fixed."""

    header: str
    kind: Kind = "text"
    width: float | None = None


@dataclass(frozen=True, slots=True)
class OutSheet:
    """A sheet to write. The rows may be an iterator; they are read once and not kept."""

    name: str
    columns: Sequence[OutColumn]
    rows: Iterable[Sequence[object]]


@dataclass(frozen=True, slots=True)
class RowProblem:
    """Why a row was refused. `row` is Excel's number, `column` the field or heading at fault."""

    row: int
    column: str | None
    reason: str


def write_xlsx(target: Target, sheets: Iterable[OutSheet], watermark: str = "") -> None:
    """Write a workbook in constant memory: bold frozen headings, filter, widths, formats.

    `watermark` (who exported it and when) is printed at the head and foot of every page. Text
    stays text: nothing becomes a formula or a link. Aware datetimes are written with the clock
    they show, so pass local ones.
    """
    with _open(target) as book:
        head = book.add_format(
            {"bold": True, "bg_color": "#E6ECF5", "bottom": 1, "valign": "vcenter"}
        )
        formats = {kind: book.add_format({"num_format": _FORMATS[kind]}) for kind in _FORMATS}
        names: set[str] = set()
        for sheet in sheets:
            page = book.add_worksheet(_sheet_name(sheet.name, names))
            _mark(page, watermark)
            for index, column in enumerate(sheet.columns):
                page.write_string(0, index, _safe(column.header), head)
            widths = [_width(column.header) + 3 for column in sheet.columns]
            number = 0
            for number, row in enumerate(sheet.rows, 1):
                if number > MOST_ROWS:
                    number = MOST_ROWS
                    break
                for index, (column, value) in enumerate(zip(sheet.columns, row, strict=False)):
                    _write(page, number, index, value, formats[column.kind], column.kind)
                    if number <= _MEASURED and isinstance(value, str):
                        widths[index] = max(widths[index], _width(value) + 2)
            for index, column in enumerate(sheet.columns):
                wide = column.width or min(_WIDEST, max(widths[index], _WIDTHS[column.kind]))
                page.set_column(index, index, wide, formats[column.kind])
            page.freeze_panes(1, 0)
            if sheet.columns:
                page.autofilter(0, 0, max(number, 1), len(sheet.columns) - 1)
        if not names:
            book.add_worksheet()


def write_csv(
    target: Target,
    header: Sequence[str],
    rows: Iterable[Sequence[object]],
    encoding: str = "utf-8-sig",
) -> None:
    """Write CSV that a spreadsheet opens without running anything (CWE-1236).

    Text that begins with = + - @ (also full-width), tab or line end gets an apostrophe in
    front, which reading takes off again. Numbers stay numbers, negative ones too.
    """
    with io.StringIO(newline="") as text:
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow([guarded(title) for title in header])
        if isinstance(target, str | Path):
            with Path(target).open("wb") as file:
                _write_csv_rows(file, text, writer, rows, encoding)
        else:
            _write_csv_rows(target, text, writer, rows, encoding)


def guarded(value: object) -> str:
    """The value as text for a CSV cell, harmless to a spreadsheet."""
    if value is None:
        return ""
    if isinstance(value, str):
        text = UNPRINTABLE.sub("", value)
        return f"'{text}" if NEEDS_GUARD.match(text) else text
    if isinstance(value, bool | Decimal | date):
        return as_text(value)
    if isinstance(value, int | float):
        return str(value)
    return guarded(str(value))


def write_error_workbook(
    target: Target, table: Table, problems: Iterable[RowProblem], watermark: str = ""
) -> None:
    """Write the refused rows as they were, cells at fault in red, the reasons in a last column.

    The workbook has the headings of the upload, so it can be corrected and uploaded again.
    """
    by_row: defaultdict[int, list[RowProblem]] = defaultdict(list)
    for problem in problems:
        by_row[problem.row].append(problem)
    with _open(target) as book:
        head = book.add_format({"bold": True, "bg_color": "#E6ECF5", "bottom": 1})
        bad_head = book.add_format(
            {"bold": True, "bg_color": "#F8D7DA", "font_color": "#842029", "bottom": 1}
        )
        reason_format = book.add_format({"font_color": "#842029", "text_wrap": True})
        shown = _FORMATS | {"money": "General"}
        good = {kind: book.add_format({"num_format": shown[kind]}) for kind in shown}
        bad = {
            kind: book.add_format(
                {"num_format": shown[kind], "bg_color": "#F8D7DA", "font_color": "#842029"}
            )
            for kind in shown
        }
        page = book.add_worksheet(_sheet_name(table.sheet.name, set()))
        _mark(page, watermark)
        last = len(table.columns)
        widths = [_width(column.header) + 3 for column in table.columns]
        for index, column in enumerate(table.columns):
            page.write_string(0, index, _safe(column.header), head)
        page.write_string(0, last, _("Row"), bad_head)
        page.write_string(0, last + 1, _("Reason"), bad_head)
        for line, (number, found) in enumerate(sorted(by_row.items()), 1):
            at_fault = {problem.column for problem in found}
            for index, (column, cell) in enumerate(
                zip(table.columns, table.raw(number), strict=True)
            ):
                is_bad = column.header in at_fault or (
                    column.field is not None and column.field in at_fault
                )
                kind = _kind_of(cell)
                _write(page, line, index, cell, (bad if is_bad else good)[kind], kind)
                if isinstance(cell, str):
                    widths[index] = max(widths[index], _width(cell) + 2)
            page.write_number(line, last, number)
            page.write_string(
                line, last + 1, _safe("\n".join(p.reason for p in found)), reason_format
            )
        for index, width in enumerate(widths):
            page.set_column(index, index, min(_WIDEST, max(width, 8)))
        page.set_column(last, last, 8)
        page.set_column(last + 1, last + 1, _WIDEST)
        page.freeze_panes(1, 0)
        page.autofilter(0, 0, max(len(by_row), 1), last + 1)


def _open(target: Target) -> Any:
    return xlsxwriter.Workbook(
        str(target) if isinstance(target, Path) else target,
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "remove_timezone": True,
        },
    )


def _write(page: Any, row: int, column: int, value: object, style: Any, kind: Kind) -> None:
    if value is None or value == "":
        page.write_blank(row, column, None, style)
    elif isinstance(value, bool):
        page.write_boolean(row, column, value, style)
    elif isinstance(value, datetime | date):
        if value.year < 1900 or kind not in {"date", "datetime"}:
            page.write_string(row, column, as_text(value), style)
        else:
            page.write_datetime(row, column, value, style)
    elif isinstance(value, Decimal | int | float) and kind in _NUMERIC and _fits(value):
        page.write_number(row, column, value, style)
    elif isinstance(value, Decimal):
        page.write_string(row, column, plain(value) if value.is_finite() else str(value), style)
    else:
        page.write_string(row, column, _safe(str(value)), style)


def _fits(value: Decimal | float) -> bool:
    """Whether the number survives being a float of 15 digits."""
    if isinstance(value, int):
        return abs(value) < 10**_MOST_DIGITS
    number = Decimal(repr(value)) if isinstance(value, float) else value
    if not number.is_finite():
        return False
    if abs(number) < 10**11 and number.as_tuple().exponent in _FEW_PLACES:
        return True
    return len(number.normalize().as_tuple().digits) <= _MOST_DIGITS and abs(number) < 10**15


def _kind_of(cell: object) -> Kind:
    if isinstance(cell, datetime):
        return "datetime"
    if isinstance(cell, date):
        return "date"
    return "money" if isinstance(cell, Decimal) else "text"


def _safe(text: str) -> str:
    """Text that XML can hold and a cell can show."""
    text = UNPRINTABLE.sub("", str(text))
    return text if len(text) <= LONGEST_CELL // 2 else _cut(text)


def _cut(text: str) -> str:
    """Excel counts in UTF-16 units."""
    units = text.encode("utf-16-le")
    if len(units) <= 2 * LONGEST_CELL:
        return text
    return units[: 2 * (LONGEST_CELL - 1)].decode("utf-16-le", "ignore") + "…"


def _width(text: str) -> int:
    """Columns the text takes on the screen; Chinese characters take two."""
    longest = max(str(text).split("\n"), key=len)[: 2 * _WIDEST]
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in longest)


def _sheet_name(wish: str, taken: set[str]) -> str:
    """A name Excel accepts: 31 signs, none of []:*?/\\, no outer apostrophe, not twice."""
    name = _FORBIDDEN_IN_NAME.sub(" ", UNPRINTABLE.sub("", str(wish))).strip(" '")[:31].strip(" '")
    name = name.replace("\n", " ").replace("\t", " ") or "Sheet"
    if name.lower() == "history":
        name += "_"  # Excel keeps the plain name for itself.
    unique = name
    for count in itertools.count(2):
        if unique.lower() not in taken:
            break
        suffix = f" {count}"
        unique = name[: 31 - len(suffix)] + suffix
    taken.add(unique.lower())
    return unique


def _mark(page: Any, watermark: str) -> None:
    page.set_landscape()
    page.set_paper(9)
    page.repeat_rows(0)
    text = _safe(watermark).replace("&", "&&")[:200]
    page.set_footer(f"&L&8{' ' if text[:1].isdigit() else ''}{text}&R&8&P / &N")
    if text:
        page.set_header(f"&R&8&K999999{' ' if text[:1].isdigit() else ''}{text}")


def _write_csv_rows(
    file: BinaryIO, text: io.StringIO, writer: Any, rows: Iterable[Sequence[object]], encoding: str
) -> None:
    for count, row in enumerate(rows, 1):
        writer.writerow([guarded(value) for value in row])
        if count % 5_000 == 0:
            file.write(text.getvalue().encode(encoding))
            text.seek(0)
            text.truncate()
            encoding = encoding.removesuffix("-sig")
    file.write(text.getvalue().encode(encoding))
