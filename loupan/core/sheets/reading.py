"""From the bytes of an upload to sheets of clean cells.

Note [Why another process]: a workbook is a program for its reader. Zip bombs, sparse giants,
panics of the native reader and endless files end the process that met them; so that process is
a child with limited memory and time, and the server only ever sees lines of JSON from it.
"""

import functools
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Final, cast

import orjson

from loupan.core.sheets import text_files
from loupan.core.sheets.cells import Cell, clean, number_from_float
from loupan.core.sheets.errors import (
    DamagedWorkbook,
    FileEmpty,
    FileTooBig,
    NotASpreadsheet,
    PasswordProtected,
    ReaderBusy,
    ReadingStopped,
    ReadingTookTooLong,
    TooManyCells,
    TooManyColumns,
    TooManyRows,
    TooMuchText,
    UnknownEncoding,
    UnreadableFile,
    ZipBomb,
)
from loupan.core.sheets.limits import DEFAULT, MEBIBYTE, Limits

CHILD: Final = Path(__file__).with_name("child.py")
ZIP: Final = b"PK\x03\x04"
OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLD_BIFF: Final = (b"\x09\x08", b"\x09\x04", b"\x09\x02", b"\x09\x00")
_OTHER_KINDS: Final = (b"%PDF", b"{\\rtf", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x1f\x8b", b"MZ")
_BINARY_ENDINGS: Final = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".et")
_WEB_PAGE = re.compile(rb"\s*<(?:!doctype|html|\?xml|head|table|meta)", re.IGNORECASE)
_LONGEST_LINE: Final = 128 * MEBIBYTE
_PASSED_ON: Final = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR", "TEMP", "TMP", "LANG")
# Escapes, DEL, C1 controls, byte order mark, U+FFFE/F: the bytes of a line that needs cleaning.
_NEEDS_CLEANING = re.compile(rb"\\|\x7f|\xc2[\x80-\x9f]|\xef\xbb\xbf|\xef\xbf[\xbe\xbf]")
_readers = threading.BoundedSemaphore(2)

Merge = tuple[int, int, int, int]


@dataclass(slots=True)
class Sheet:
    """One sheet. `rows[0]` is Excel's row 1; rows may differ in length.

    Merged regions are filled with their value; `merged` names them as (first row, first
    column, last row, last column), counted from 0.
    """

    name: str
    rows: list[list[Cell]]
    visible: bool = True
    merged: list[Merge] = field(default_factory=list)

    @property
    def width(self) -> int:
        return max(map(len, self.rows), default=0)

    @property
    def is_blank(self) -> bool:
        return not any(cell is not None for row in self.rows for cell in row)

    def cell(self, row: int, column: int) -> Cell:
        """The cell at Excel's row (from 1) and column (from 0); None outside the sheet."""
        if not 1 <= row <= len(self.rows):
            return None
        cells = self.rows[row - 1]
        return cells[column] if 0 <= column < len(cells) else None

    def fill_down(self, columns: Iterable[int], first_row: int) -> None:
        """Repeat the value above in the empty cells of these columns (from 0), for files that
        merge cells without saying so. `first_row` is Excel's number of the first row of data."""
        for column in columns:
            above: Cell = None
            for cells in self.rows[first_row - 1 :]:
                if column < len(cells) and cells[column] is not None:
                    above = cells[column]
                elif above is not None and any(cell is not None for cell in cells):
                    cells.extend([None] * (column + 1 - len(cells)))
                    cells[column] = above


@dataclass(frozen=True, slots=True)
class Workbook:
    """All sheets of an upload, in their order, hidden ones included and marked."""

    filename: str
    sheets: list[Sheet]

    @property
    def visible_sheets(self) -> list[Sheet]:
        return [sheet for sheet in self.sheets if sheet.visible]

    def sheet(self, name: str) -> Sheet | None:
        return next((sheet for sheet in self.sheets if sheet.name == name), None)


def read_workbook(data: bytes, filename: str, limits: Limits = DEFAULT) -> Workbook:
    """The sheets of an .xlsx, .xls, .xlsb, .ods, .csv, .tsv or .txt file.

    What the file is, its first bytes say; a misleading ending is forgiven. Raises a subclass of
    UnreadableFile within `limits.seconds` for everything that cannot be read.
    """
    if not data:
        raise FileEmpty(filename=filename)
    if len(data) > limits.size:
        raise FileTooBig(
            filename=filename,
            size=-(-len(data) // MEBIBYTE),
            limit=limits.size // MEBIBYTE,
        )
    if data.startswith((ZIP, OLE, b"PK\x05\x06")):
        return Workbook(filename, _read_in_child(data, filename, limits))
    if data.startswith(_OTHER_KINDS):
        raise NotASpreadsheet(filename=filename)
    if data.startswith(_OLD_BIFF) or _WEB_PAGE.match(data[:4096].removeprefix(b"\xef\xbb\xbf")):
        raise DamagedWorkbook(filename=filename)
    is_misnamed = filename.lower().endswith(_BINARY_ENDINGS)
    try:
        rows = text_files.read_rows(data, filename, limits)
    except (UnknownEncoding, NotASpreadsheet) as refusal:
        if is_misnamed:
            raise DamagedWorkbook(filename=filename) from refusal
        raise
    if is_misnamed and not any(len(row) > 1 for row in rows):
        raise DamagedWorkbook(filename=filename)
    if not any(cell is not None for row in rows for cell in row):
        raise FileEmpty(filename=filename)
    return Workbook(filename, [Sheet(Path(filename).stem or filename, rows)])


@functools.cache
def _library_folders() -> tuple[str, ...]:
    """Where the child finds the two libraries it needs, wherever this process found them."""
    folders = []
    for library in ("orjson", "python_calamine"):
        spec = find_spec(library)
        assert spec is not None, library
        assert spec.origin is not None, library
        folder = str(Path(spec.origin).resolve().parent.parent)
        if folder not in folders:
            folders.append(folder)
    return tuple(folders)


def _read_in_child(data: bytes, filename: str, limits: Limits) -> list[Sheet]:
    started = time.monotonic()
    if not _readers.acquire(timeout=limits.seconds):
        raise ReaderBusy
    try:
        return _ask_child(data, filename, limits, started)
    finally:
        _readers.release()


def _ask_child(data: bytes, filename: str, limits: Limits, started: float) -> list[Sheet]:
    seconds = max(0.1, limits.seconds - (time.monotonic() - started))
    numbers = (
        limits.memory,
        int(seconds) + 1,
        limits.unpacked,
        limits.ratio,
        limits.rows,
        limits.columns,
        limits.cells,
    )
    command = [sys.executable, "-I", "-B", str(CHILD), *map(str, numbers), *_library_folders()]
    late = threading.Event()
    with tempfile.TemporaryFile() as source:
        source.write(data)
        source.seek(0)
        with subprocess.Popen(  # noqa: S603  Our own interpreter and program, no shell.
            command,
            stdin=source,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
        ) as child:
            assert child.stdout is not None

            def stop() -> None:
                late.set()
                child.kill()

            clock = threading.Timer(seconds, stop)
            clock.daemon = True
            clock.start()
            try:
                sheets = _listen(child.stdout, filename, limits)
            finally:
                clock.cancel()
                child.kill()
    if sheets is not None:
        return sheets
    if late.is_set():
        raise ReadingTookTooLong(filename=filename, seconds=int(limits.seconds))
    raise ReadingStopped(filename=filename)


def _listen(answer: IO[bytes], filename: str, limits: Limits) -> list[Sheet] | None:
    """The sheets the child tells of; None when it fell silent before the end."""
    sheets: list[Sheet] = []
    left = limits.answer
    while line := answer.readline(_LONGEST_LINE):
        left -= len(line)
        if left < 0:
            raise TooMuchText(filename=filename)
        if not line.endswith(b"\n"):
            if len(line) == _LONGEST_LINE:
                raise TooMuchText(filename=filename)
            return None
        message = orjson.loads(line)
        if isinstance(message, list):
            dirty = _NEEDS_CLEANING.search(line) is not None
            sheets[-1].rows.extend(_clean_rows(message, dirty))
        elif "sheet" in message:
            sheets.append(
                Sheet(
                    name=clean(message["sheet"]) or f"#{len(sheets) + 1}",
                    rows=[],
                    visible=message["visible"],
                    merged=[(a, b, c, d) for (a, b), (c, d) in message["merged"]],
                )
            )
        elif "error" in message:
            raise _refusal(message["error"], filename, limits)
        else:
            for sheet in sheets:
                _fill_merged(sheet, limits.cells)
            return sheets
    return None


def _refusal(error: str, filename: str, limits: Limits) -> UnreadableFile:
    name, _colon, sheet = error.partition(":")
    if name == "password":
        return PasswordProtected(filename=filename)
    if name == "bomb":
        return ZipBomb(filename=filename)
    if name == "memory":
        return ReadingStopped(filename=filename)
    if name == "rows":
        return TooManyRows(sheet=sheet, limit=limits.rows)
    if name == "columns":
        return TooManyColumns(sheet=sheet, limit=limits.columns)
    if name == "cells":
        return TooManyCells(filename=filename, limit=limits.cells)
    return DamagedWorkbook(filename=filename)


def _clean_rows(rows: Sequence[Sequence[object]], is_dirty: bool) -> list[list[Cell]]:  # noqa: FBT001
    tidy = clean if is_dirty else _strip
    return [
        [
            tidy(cell)
            if type(cell) is str
            else number_from_float(cell)
            if type(cell) is float
            else _rare(cell)
            for cell in row
        ]
        for row in rows
    ]


def _strip(text: str) -> str | None:
    return text.strip() or None


def _rare(cell: object) -> Cell:
    if cell is None or isinstance(cell, bool):
        return cell
    if isinstance(cell, int):
        return Decimal(cell)
    marked = cast("dict[str, str]", cell)
    if day := marked.get("d"):
        return date.fromisoformat(day)
    return datetime.fromisoformat(marked["t"])


def _fill_merged(sheet: Sheet, budget: int) -> None:
    """Give every cell of a merged region the value of its first cell, within the sheet."""
    height, width = len(sheet.rows), sheet.width
    for top, left, bottom, right in sheet.merged:
        value = sheet.cell(top + 1, left)
        if value is None:
            continue
        for row in sheet.rows[top : min(bottom + 1, height)]:
            end = min(right + 1, width)
            budget -= max(0, end - left)
            if budget < 0:
                return
            row.extend([None] * (end - len(row)))
            for column in range(left, end):
                if row[column] is None:
                    row[column] = value
