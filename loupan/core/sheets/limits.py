"""How large a spreadsheet of a stranger may be. One object, so that a caller can tighten it."""

from dataclasses import dataclass

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes, counts and seconds. The defaults hold 400,000 rows of twelve columns."""

    size: int = 50 * MEBIBYTE
    unpacked: int = 1024 * MEBIBYTE
    ratio: int = 150
    rows: int = 400_000
    columns: int = 500
    cells: int = 5_000_000
    answer: int = 400 * MEBIBYTE  # What the reading process may send back.
    memory: int = 1536 * MEBIBYTE
    seconds: float = 18.0


DEFAULT = Limits()
