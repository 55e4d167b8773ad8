"""What leaves as a spreadsheet: a list or a report, with the name of who took it (DOMAIN 4.4)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any

from loupan.core.sheets.writing import Kind, OutColumn, OutSheet, write_xlsx

KINDS: dict[str, Kind] = {
    "money": "money",
    "area": "area",
    "rate": "rate",
    "date": "date",
    "datetime": "datetime",
    "number": "int",
}


@dataclass(frozen=True)
class Sheet:
    """One sheet: `heads` are (label, kind)."""

    title: str
    heads: Sequence[tuple[str, str]]
    lines: Iterable[Sequence[Any]]


def workbook_of(
    title: str,
    heads: Sequence[tuple[str, str]],
    lines: Iterable[Sequence[Any]],
    *,
    who: str,
    at: datetime,
) -> bytes:
    """A workbook of one sheet; head and foot of each page name the person and the minute."""
    return workbook_of_sheets([Sheet(title, heads, lines)], who=who, at=at)


def workbook_of_sheets(sheets: Sequence[Sheet], *, who: str, at: datetime) -> bytes:
    buffer = BytesIO()
    out = [
        OutSheet(
            sheet.title,
            [OutColumn(label, KINDS.get(kind, "text")) for label, kind in sheet.heads],
            sheet.lines,
        )
        for sheet in sheets
    ]
    write_xlsx(buffer, out, watermark=f"{who} · {at:%Y-%m-%d %H:%M}")
    return buffer.getvalue()
