"""An office's own words: said in every sentence of the catalogue, never in what people typed."""

import pytest
from django.template import Context, Template
from django.utils import translation
from django.utils.translation import gettext, gettext_lazy, ngettext
from hypothesis import given
from hypothesis import strategies as st

from loupan.core.terms import TERMS, WORD, renamed, speaking

BOOKED = {"sales.reservation": "预定", "inventory.entrance": "门"}
LATER = gettext_lazy("Reservations")


@pytest.fixture(autouse=True)
def _chinese() -> object:
    with translation.override("zh-hans"):
        yield


def test_every_sentence_says_the_word_and_afterwards_ours_again() -> None:
    with speaking(lambda: BOOKED):
        assert gettext("Reservations") == "预定"
        assert str(LATER) == "预定"
        assert gettext("Entrance") == "门"
        assert gettext("Provisional reservation") == "小订"
        assert "预定" in gettext("No reservations here yet. They begin on the unit board.")
        assert ngettext("%(n)s customer stays, because somebody has worked with them since.",
                        "%(n)s customers stay, because somebody has worked with them since.",
                        2)  # fmt: skip
    assert gettext("Reservations") == "认购"


def test_what_people_typed_is_not_touched() -> None:
    page = Template("{% load i18n %}{% translate 'Entrance' %}: {{ number }}")
    with speaking(lambda: BOOKED):
        assert page.render(Context({"number": "2单元-301 认购"})) == "门: 2单元-301 认购"


def test_our_word_inside_another_thing_stays() -> None:
    with speaking(lambda: BOOKED):
        assert "单元格" in gettext("Fill the chosen cells with") or "单元格" in renamed(
            "空白单元格", BOOKED, "zh-hans"
        )


def test_in_english_whole_words_only() -> None:
    with translation.override("en"), speaking(lambda: {"inventory.building": "Tower"}):
        assert gettext("Buildings") == "Tower"
        assert renamed("rebuilding a building", {"inventory.building": "Tower"}, "en") == (
            "rebuilding a Tower"
        )


def test_within_one_office_another_says_ours() -> None:
    with speaking(lambda: BOOKED):
        with speaking(dict):
            assert gettext("Reservations") == "认购"
        assert gettext("Reservations") == "预定"


def test_our_own_word_is_always_to_be_had() -> None:
    with speaking(lambda: BOOKED):
        assert str(TERMS["sales.reservation"].label) == "认购"


@given(st.text(alphabet="认购定金小订单元格楼栋分区abc ", max_size=30))
def test_words_that_swap_places_are_replaced_once(text: str) -> None:
    swapped = {"sales.reservation": "定金", "sales.deposit": "认购"}
    assert renamed(renamed(text, swapped, "zh-hans"), swapped, "zh-hans") == text


@given(st.text(max_size=14))
def test_no_word_breaks_a_sentence_or_a_page(text: str) -> None:
    if WORD.fullmatch(text):
        assert not set(text) & set("%<>&\"'{}\n")
        assert 1 <= len(text) <= 12
