"""Typed values and which level wins, without a database (PRM-01)."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loupan.parameters.rules.values import (
    Held,
    Kind,
    Parameter,
    Problem,
    Resolved,
    WrongValue,
    checked,
    read,
    resolved,
    written,
)

MINUTES = Parameter[int]("t.minutes", Kind.INTEGER, 15, "g", "Minutes", minimum=1, maximum=120)
KINDS: dict[Kind, Parameter[Any]] = {
    Kind.BOOL: Parameter("t.bool", Kind.BOOL, default=False, group="g", label="b"),
    Kind.INTEGER: Parameter("t.int", Kind.INTEGER, 0, "g", "i"),
    Kind.MONEY: Parameter("t.money", Kind.MONEY, Decimal("0.00"), "g", "m"),
    Kind.DECIMAL: Parameter("t.decimal", Kind.DECIMAL, Decimal(0), "g", "d"),
    Kind.PERCENT: Parameter("t.percent", Kind.PERCENT, Decimal(0), "g", "p"),
    Kind.DATE: Parameter("t.date", Kind.DATE, date(2025, 1, 1), "g", "d"),
    Kind.CHOICE: Parameter(
        "t.choice", Kind.CHOICE, "a", "g", "c", choices=(("a", "A"), ("b", "B"))
    ),
    Kind.TEXT: Parameter("t.text", Kind.TEXT, "", "g", "t"),
}
VALUES = {
    Kind.BOOL: st.booleans(),
    Kind.INTEGER: st.integers(-(10**12) + 1, 10**12 - 1),
    Kind.MONEY: st.decimals(-(10**12), 10**12, places=2),
    Kind.DECIMAL: st.decimals(-(10**12), 10**12, places=6),
    Kind.PERCENT: st.decimals(-1, 10, places=6),
    Kind.DATE: st.dates(),
    Kind.CHOICE: st.sampled_from(["a", "b"]),
    Kind.TEXT: st.text(max_size=500),
}
PAIRS = st.sampled_from(list(Kind)).flatmap(lambda kind: st.tuples(st.just(kind), VALUES[kind]))


@given(PAIRS)
def test_what_is_written_is_read_back(pair: tuple[Kind, Any]) -> None:
    kind, value = pair
    parameter = KINDS[kind]
    assert read(parameter, written(value)) == value
    assert type(read(parameter, written(value))) is type(checked(parameter, value))


@pytest.mark.parametrize("kind", list(Kind))
@given(text=st.text(max_size=40))
def test_any_text_is_a_value_or_refused_by_name(kind: Kind, text: str) -> None:
    try:
        value = read(KINDS[kind], text)
    except WrongValue:
        return
    assert checked(KINDS[kind], value) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Kind.BOOL, "True"),
        (Kind.INTEGER, "15.0"),
        (Kind.INTEGER, "１５"),
        (Kind.MONEY, "0.001"),
        (Kind.MONEY, "NaN"),
        (Kind.MONEY, "1e9"),
        (Kind.DATE, "2025-02-30"),
        (Kind.CHOICE, "c"),
    ],
)
def test_what_looks_like_a_value_is_none(kind: Kind, text: str) -> None:
    with pytest.raises(WrongValue):
        read(KINDS[kind], text)


def test_a_yes_is_no_number() -> None:
    with pytest.raises(WrongValue):
        checked(MINUTES, value=True)


@pytest.mark.parametrize(("value", "problem"), [(0, Problem.TOO_SMALL), (121, Problem.TOO_LARGE)])
def test_bounds_belong_to_the_values(value: int, problem: Problem) -> None:
    with pytest.raises(WrongValue) as caught:
        checked(MINUTES, value)
    assert caught.value.problem is problem
    assert (checked(MINUTES, 1), checked(MINUTES, 120)) == (1, 120)


@pytest.mark.parametrize(
    ("held", "counts"),
    [
        ([], Resolved(15)),
        ([Held("g", "20")], Resolved(20, "g")),
        ([Held("g", "20"), Held("c", None), Held("p", "30")], Resolved(30, "p")),
        (
            [Held("g", "20", is_locked=True), Held("c", "25"), Held("p", "30")],
            Resolved(20, "g", "g"),
        ),
        (
            [Held("g", "20"), Held("c", "25", is_locked=True), Held("p", "30")],
            Resolved(25, "c", "c"),
        ),
        ([Held("g", "20"), Held("p", "9999")], Resolved(20, "g")),
    ],
)
def test_the_lowest_level_wins_unless_one_above_has_locked(
    held: list[Held], counts: Resolved
) -> None:
    assert resolved(MINUTES, held) == counts


LEVELS = st.lists(
    st.tuples(st.none() | st.integers(1, 120).map(str), st.booleans()), max_size=6
).map(lambda said: [Held(f"l{n}", text, lock and text is not None)
                    for n, (text, lock) in enumerate(said)])  # fmt: skip


@given(LEVELS)
def test_the_origin_says_the_value_and_nothing_counts_below_a_lock(held: list[Held]) -> None:
    found = resolved(MINUTES, held)
    origin = next((each for each in held if each.place == found.origin), None)
    assert written(found.value) == (origin.text if origin else "15")
    locks = [each.place for each in held if each.is_locked]
    assert found.locked_by == (locks[0] if locks else "")
    if locks:
        assert found.origin == locks[0]
