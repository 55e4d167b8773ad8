"""Text from an address or a hidden field, taken for what it should be, or for nothing."""

LONGEST_KEY = 18  # Digits that are sure to fit into 64 bits.


def whole(text: str | None, *, digits: int = LONGEST_KEY) -> int | None:
    """A whole number of at most so many digits, such as an id; None where something else is said.

    `isdigit` alone takes `²` and digits of other scripts, which `int` or a database does not.
    """
    is_number = text and text.isascii() and text.isdigit() and len(text) <= digits
    return int(text) if text and is_number else None


def wholes(texts: list[str]) -> list[int]:
    """Those of the texts that are ids."""
    return [key for key in map(whole, texts) if key is not None]


def one_line(text: str | None, *, most: int = 60) -> str:
    """A search word or a reason: so many characters, and no NUL, which PostgreSQL cannot be told."""
    return (text or "").replace("\x00", "").strip()[:most]
