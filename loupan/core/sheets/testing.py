"""Help for tests that read the open data beside the project."""

from pathlib import Path

import pytest

OPEN_DATA = Path(__file__).parents[3].parent / "shared" / "data" / "open"


def open_data(*parts: str) -> Path:
    """A file or folder of the open data; the test is skipped where the folder is absent."""
    path = OPEN_DATA.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"open data not present: {path}")
    return path
