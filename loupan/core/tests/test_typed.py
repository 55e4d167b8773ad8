"""Ids and search words as strangers type them."""

import pytest

from loupan.core.typed import one_line, whole, wholes


@pytest.mark.parametrize(
    "text", [None, "", "²", "１２", "-1", "1.0", "1e3", "9" * 19, " 1", "\x00"]
)
def test_what_is_no_id_is_nothing(text: str | None) -> None:
    assert whole(text) is None


def test_ids_are_taken_up_to_64_bits() -> None:
    assert wholes(["0", "x", "9" * 18]) == [0, 10**18 - 1]
    assert whole("1234", digits=3) is None


def test_a_search_is_one_short_piece_without_nul() -> None:
    assert one_line(" 1-1\x00-1803 ") == "1-1-1803"
    assert len(one_line("x" * 500)) == 60
    assert one_line(None) == ""
