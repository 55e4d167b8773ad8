"""Trees of words without a database: order, moves, merged words (PRM-02)."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from loupan.parameters.rules.entries import (
    Word,
    depth_of,
    drawn,
    hangs_below,
    height_of,
    moved,
    vocabulary,
)


@st.composite
def forests(draw: st.DrawFn) -> list[Word]:
    """Entries that hang on earlier ones, some out of use, some merged into any other."""
    count = draw(st.integers(0, 12))
    words = []
    for pk in range(1, count + 1):
        parent = draw(st.none() | st.integers(1, pk - 1)) if pk > 1 else None
        others = [other for other in range(1, count + 1) if other != pk]
        successor = draw(st.none() | st.sampled_from(others)) if others else None
        words.append(
            Word(pk, f"c{pk}", f"Word {pk}", parent, draw(st.integers(0, 3)), draw(st.booleans()),
                 successor)
        )  # fmt: skip
    return words


@given(forests())
def test_the_drawn_tree_has_everything_once_and_children_right_below(words: list[Word]) -> None:
    lines = list(drawn(words))
    assert sorted(word.pk for _depth, word in lines) == [word.pk for word in words]
    parents = {word.pk: word.parent for word in words}
    for depth, word in lines:
        assert depth == depth_of(parents, word.parent)
    for (depth, _), (following, word) in pairwise(lines):
        assert following <= depth + 1
        if following == depth + 1:
            assert word.parent == lines[[w.pk for _d, w in lines].index(word.pk) - 1][1].pk


@given(forests())
def test_every_word_is_counted_under_one_other_even_in_a_ring(words: list[Word]) -> None:
    known = vocabulary(words)
    for word in words:
        final = known.final(word.pk)
        assert final in known.words
        assert word.pk in known.counted_as(final) or known.words[final].successor


@given(forests())
def test_what_can_be_chosen_is_in_use_up_to_the_top(words: list[Word]) -> None:
    by_pk = {word.pk: word for word in words}
    offered = {word.pk for _depth, word in vocabulary(words).in_use()}
    for word in words:
        line, above = word, [word]
        while line.parent:
            line = by_pk[line.parent]
            above.append(line)
        assert (word.pk in offered) == all(each.is_enabled for each in above)


@given(st.lists(st.integers(), unique=True, min_size=1), st.integers(-9, 9), st.data())
def test_moving_keeps_everybody_and_the_order_of_the_others(
    siblings: list[int], steps: int, data: st.DataObject
) -> None:
    one = data.draw(st.sampled_from(siblings))
    after = moved(siblings, one, steps)
    assert sorted(after) == sorted(siblings)
    assert [s for s in after if s != one] == [s for s in siblings if s != one]
    assert after.index(one) == min(max(siblings.index(one) + steps, 0), len(siblings) - 1)


def test_height_and_ancestry() -> None:
    parents = {1: None, 2: 1, 3: 2, 4: None}
    assert (height_of(parents, 1), height_of(parents, 4)) == (3, 1)
    assert hangs_below(parents, 1, 3)
    assert hangs_below(parents, 1, 1)
    assert not hangs_below(parents, 1, 4)
    assert not hangs_below(parents, 1, None)


def test_a_merged_word_is_counted_under_its_successor_s_successor() -> None:
    words = vocabulary([
        Word(1, "a", "A", successor=2, is_enabled=False),
        Word(2, "b", "B", successor=3, is_enabled=False),
        Word(3, "c", "C"),
    ])  # fmt: skip
    assert words.final(1) == 3
    assert words.counted_as(3) == [1, 2, 3]
    assert words.label("a") == "A"
    assert words.label("gone") == "gone"
