"""Reading .csv, .tsv and .txt: which encoding, which separator, which cells."""

import codecs
import csv
import io
import re
from collections import Counter
from typing import Final

from loupan.core.sheets.cells import UNPRINTABLE, Cell
from loupan.core.sheets.errors import (
    NotASpreadsheet,
    TooManyCells,
    TooManyColumns,
    TooManyRows,
    TooMuchText,
    UnclosedQuote,
    UnknownEncoding,
)
from loupan.core.sheets.limits import Limits

SEPARATORS: Final = ",\t;|"
_SAMPLE: Final = 64 * 1024
_LOOKED_AT: Final = 200  # Rows that are looked at to find the separator.
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SEPARATOR_LINE = re.compile(r"sep=([,\t;|])\r?\n", re.IGNORECASE)
_FORMULA_TEXT = re.compile(r'="([^"]*)"')
# What writing.write_csv puts an apostrophe before; shared so that reading undoes exactly that.
NEEDS_GUARD: Final = re.compile(r"'*(?:\s*[=+\-@＝＋－＠]|[\t\r\n])")


def decode(data: bytes, filename: str) -> str:
    """The text of a file of unknown encoding.

    Byte order mark; UTF-16 by where its zero bytes stand; UTF-8; Big5 or GB18030 by which bytes
    follow the lead bytes. Raises UnknownEncoding or NotASpreadsheet (binary content).
    """
    text = _decoded(data, filename)
    found = len(UNPRINTABLE.findall(text[:_SAMPLE]))
    if found > 8 and found * 100 > len(text[:_SAMPLE]):
        raise NotASpreadsheet(filename=filename)
    return text


def _decoded(data: bytes, filename: str) -> str:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                break
    candidates = ["utf-8"]
    if sixteen := _utf16_without_mark(data):
        candidates = [sixteen]
    else:
        candidates += ["big5hkscs", "gb18030"] if _looks_like_big5(data) else ["gb18030"]
    for encoding in candidates:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    if data.count(0) or len(UNPRINTABLE.findall(data[:_SAMPLE].decode("latin-1"))) > 2_000:
        raise NotASpreadsheet(filename=filename)
    raise UnknownEncoding(filename=filename)


def _utf16_without_mark(data: bytes) -> str | None:
    sample = data[:_SAMPLE]
    low, high = sample[0::2].count(0), sample[1::2].count(0)
    if len(data) % 2 or max(low, high) * 50 < len(sample):
        return None
    if high > 8 * low:
        return "utf-16-le"
    if low > 8 * high:
        return "utf-16-be"
    return None


def _looks_like_big5(data: bytes) -> bool:
    """Whether two-byte characters are those of Big5 rather than of GB18030.

    Everyday Big5 leads with 0xa1-0xc7 and follows with every third byte below 0x7f. Simplified
    GB18030 almost never follows so low, and traditional GB18030 leads with other bytes.
    """
    pairs = low = usual = position = 0
    sample = data[:_SAMPLE]
    while position < len(sample) - 1:
        if sample[position] < 0x80:
            position += 1
            continue
        pairs += 1
        usual += 0xA1 <= sample[position] <= 0xC7
        low += 0x40 <= sample[position + 1] < 0x7F
        position += 2
    return low * 12 > pairs and usual * 20 >= pairs * 19


def separator(text: str) -> str:
    """The character between the cells: the one that gives most rows the same width.

    Of equals the one that does so from the earliest row on: a semicolon that every row of data
    has in its notes is absent from the headings.
    """
    sample = text[:_SAMPLE]
    if len(text) > _SAMPLE and "\n" in sample:
        sample = sample[: sample.rindex("\n")]
    scores = {
        candidate: score
        for candidate in SEPARATORS
        if candidate in sample and (score := _evenness(sample, candidate)) is not None
    }
    return max(scores, key=lambda candidate: scores[candidate], default=",")


def _evenness(sample: str, candidate: str) -> tuple[float, int, int] | None:
    widths: list[int] = []
    try:
        for row in csv.reader(io.StringIO(sample, newline=""), delimiter=candidate):
            if any(row):
                widths.append(len(row))
            if len(widths) == _LOOKED_AT:
                break
    except csv.Error:
        return None
    wide = Counter(width for width in widths if width > 1)
    if not wide:
        return None
    width, count = max(wide.items(), key=lambda pair: (pair[1], pair[0]))
    return round(count / len(widths), 1), -widths.index(width), width


def read_rows(data: bytes, filename: str, limits: Limits) -> list[list[Cell]]:
    """The rows of a text file as Excel would number them; cells are text or None."""
    text = decode(data, filename)
    if hint := _SEPARATOR_LINE.match(text):
        mark, text = hint[1], text[hint.end() :]
    else:
        mark = separator(text)
    if text.count(mark) > limits.cells:
        raise TooManyCells(filename=filename, limit=limits.cells)
    odd = '="' in text, "'" in text
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if UNPRINTABLE.search(text):
        text = UNPRINTABLE.sub("", text)
    rows: list[list[Cell]] = []
    raw: list[str] = []
    cells = 0
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark)
    try:
        for raw in reader:
            cells += len(raw)
            if len(rows) >= limits.rows:
                raise TooManyRows(sheet=filename, limit=limits.rows)
            if len(raw) > limits.columns and any(raw[limits.columns :]):
                raise TooManyColumns(sheet=filename, limit=limits.columns)
            if cells > limits.cells:
                raise TooManyCells(filename=filename, limit=limits.cells)
            if any(odd):
                raw = [_undressed(cell) for cell in raw]
            rows.append([cell.strip() or None for cell in raw])
    except csv.Error as error:
        if '"' in text:
            raise UnclosedQuote(filename=filename, row=len(rows) + 1) from error
        raise TooMuchText(filename=filename) from error
    if raw and text.count('"') % 2 and any("\n" in cell for cell in raw):
        raise UnclosedQuote(filename=filename, row=len(rows))
    return rows


def _undressed(cell: str) -> str:
    """Without the two coats that keep Excel from guessing: ="0012", and the apostrophe of ours."""
    if formula := _FORMULA_TEXT.fullmatch(cell):
        return formula[1]
    if cell.startswith("'") and NEEDS_GUARD.match(cell):
        return cell[1:]
    return cell
