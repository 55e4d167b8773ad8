"""Amounts in capital numerals (DOMAIN 2.9.4)."""

from decimal import Decimal

import cn2an
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from loupan.core.words import NotAnAmount, amount_in_words

ORC_47 = [
    ("1459160.00", "壹佰肆拾伍万玖仟壹佰陆拾元整"),
    ("389160", "叁拾捌万玖仟壹佰陆拾元整"),
    ("20000.50", "贰万元伍角整"),
    ("1000001.05", "壹佰万零壹元零伍分"),
    ("30010.00", "叁万零壹拾元整"),
    ("0.05", "伍分"),
    ("0", "零元整"),
    ("100000000", "壹亿元整"),
    ("10203040.60", "壹仟零贰拾万叁仟零肆拾元陆角整"),
    ("-50000", "负伍万元整"),
]
# The examples printed with the official rule, each with every form that it accepts.
OFFICIAL = [
    ("1409.50", {"壹仟肆佰零玖元伍角", "壹仟肆佰零玖元伍角整"}),
    ("6007.14", {"陆仟零柒元壹角肆分"}),
    ("1680.32", {"壹仟陆佰捌拾元零叁角贰分", "壹仟陆佰捌拾元叁角贰分"}),
    ("107000.53", {"壹拾万柒仟元零伍角叁分", "壹拾万零柒仟元伍角叁分"}),
    ("16409.02", {"壹万陆仟肆佰零玖元零贰分"}),
    ("325.04", {"叁佰贰拾伍元零肆分"}),
]
FEN_AMOUNTS = st.decimals("0", "9999999999999.99", places=2)


@pytest.mark.parametrize(("amount", "words"), ORC_47)
def test_amounts_read_as_on_a_voucher(amount: str, words: str) -> None:
    """ORC-47."""
    assert amount_in_words(Decimal(amount)) == words


@pytest.mark.parametrize(("amount", "accepted"), OFFICIAL)
def test_the_official_examples_are_written_in_an_accepted_form(
    amount: str, accepted: set[str]
) -> None:
    assert amount_in_words(Decimal(amount)) in accepted


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("100005000", "壹亿零伍仟元整"),
        ("1000000000000", "壹万亿元整"),
        ("110000010", "壹亿壹仟万零壹拾元整"),
        ("0.50", "伍角整"),
        ("20.05", "贰拾元零伍分"),
        ("15", "壹拾伍元整"),
        ("1.500", "壹元伍角整"),
        ("-0", "零元整"),
    ],
)
def test_zeros_between_the_groups_are_read_once(amount: str, words: str) -> None:
    assert amount_in_words(Decimal(amount)) == words


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "0.001", f"1.{'0' * 60}1", "1E16", "1E-90"])
def test_what_is_no_amount_has_no_words(amount: str) -> None:
    with pytest.raises(NotAnAmount):
        amount_in_words(Decimal(amount))


@given(amount=FEN_AMOUNTS)
def test_another_implementation_agrees_where_the_conventions_do(amount: Decimal) -> None:
    yuan, fen = divmod(int(amount * 100), 100)
    # It never writes the optional zero after a yuan digit of zero, and starts small amounts oddly.
    assume(yuan > 0 and not (yuan % 10 == 0 and fen >= 10))
    theirs = cn2an.an2cn(str(amount), "rmb")
    assert amount_in_words(amount).removesuffix("整") == theirs.removesuffix("整")


@given(amount=FEN_AMOUNTS)
def test_words_are_well_formed(amount: Decimal) -> None:
    words = amount_in_words(amount)
    assert "零零" not in words
    assert words.endswith("整") is (int(amount * 100) % 10 == 0)
    assert amount_in_words(-amount) == (f"负{words}" if amount else words)


@given(one=FEN_AMOUNTS, other=FEN_AMOUNTS)
def test_different_amounts_never_read_the_same(one: Decimal, other: Decimal) -> None:
    assert (amount_in_words(one) == amount_in_words(other)) is (one == other)
