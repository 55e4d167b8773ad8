"""What leaves as a spreadsheet: a list or a report, with the name of who took it (DOMAIN 4.4)."""

from collections.abc import Iterable, Sequence
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


def workbook_of(
    title: str,
    heads: Sequence[tuple[str, str]],
    lines: Iterable[Sequence[Any]],
    *,
    who: str,
    at: datetime,
) -> bytes:
    """One sheet: `heads` are (label, kind); head and foot of each page name the person and the minute."""
    buffer = BytesIO()
    columns = [OutColumn(label, KINDS.get(kind, "text")) for label, kind in heads]
    write_xlsx(buffer, [OutSheet(title, columns, lines)], watermark=f"{who} · {at:%Y-%m-%d %H:%M}")
    return buffer.getvalue()
