"""What leaves as a spreadsheet: a list or a report, with the name of who took it (DOMAIN 4.4)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from io import BytesIO
from typing import Any

from loupan.core.sheets.writing import Sheet, write_xlsx


def workbook_of(
    title: str,
    heads: Sequence[tuple[str, str]],
    lines: Iterable[Sequence[Any]],
    *,
    who: str,
    at: datetime,
) -> bytes:
    """One sheet: `heads` are (label, kind); the footer names the person and the minute."""
    buffer = BytesIO()
    mark = f"{who} · {at:%Y-%m-%d %H:%M}"
    write_xlsx(buffer, [Sheet(title, heads, lines)], watermark=mark)
    return buffer.getvalue()
