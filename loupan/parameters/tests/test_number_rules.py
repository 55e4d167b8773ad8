"""Patterns of numbers without a database (PRM-03)."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loupan.parameters.rules.numbers import (
    LONGEST_NUMBER,
    Numbered,
    Numbering,
    PatternProblem,
    Reset,
    WrongPattern,
    checked,
    could_meet,
    counts_on,
    fits,
    parsed,
    period,
    rendered,
    series_key,
)

DAY = date(2025, 3, 8)


def number(pattern: str, count: int = 7, day: date = DAY) -> str:
    return rendered(Numbering(pattern), count, day, company="HCG", project="HC")


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("{project}-RG{year}-{seq:4}", "HC-RG2025-0007"),
        ("{company}/{project}/{yy}{month}{day}-{seq}", "HCG/HC/250308-7"),
        ("认{year}第{seq:3}号", "认2025第007号"),
        ("({year}){seq:2}", "(2025)07"),
    ],
)
def test_a_pattern_is_filled_in(pattern: str, expected: str) -> None:
    assert number(pattern) == expected


def test_a_counter_is_never_cut() -> None:
    assert number("A{seq:2}", 12345) == "A12345"


@pytest.mark.parametrize(
    ("pattern", "reset", "problem"),
    [
        ("", Reset.YEAR, PatternProblem.UNREADABLE),
        ("{project", Reset.YEAR, PatternProblem.UNREADABLE),
        ("{nothing}{seq}", Reset.NEVER, PatternProblem.UNREADABLE),
        ("{year:2}{seq}", Reset.YEAR, PatternProblem.UNREADABLE),
        ("{seq:0}", Reset.NEVER, PatternProblem.UNREADABLE),
        ("{seq:12}", Reset.NEVER, PatternProblem.UNREADABLE),
        ("<b>{seq}", Reset.NEVER, PatternProblem.UNREADABLE),
        ("a\n{seq}", Reset.NEVER, PatternProblem.UNREADABLE),
        ("HC{year}", Reset.YEAR, PatternProblem.NO_COUNTER),
        ("{year}{seq}-{seq}", Reset.YEAR, PatternProblem.TWO_COUNTERS),
        ("x" * 60 + "{seq}", Reset.NEVER, PatternProblem.TOO_LONG),
        ("{project}-{seq}", Reset.YEAR, PatternProblem.PERIOD_MISSING),
        ("{year}-{seq}", Reset.MONTH, PatternProblem.PERIOD_MISSING),
        ("{month}-{seq}", Reset.MONTH, PatternProblem.PERIOD_MISSING),
        ("{year}{month}-{seq}", Reset.DAY, PatternProblem.PERIOD_MISSING),
    ],
)
def test_what_is_no_pattern_is_refused_by_name(
    pattern: str, reset: Reset, problem: PatternProblem
) -> None:
    with pytest.raises(WrongPattern) as caught:
        checked(Numbering(pattern, reset))
    assert caught.value.problem is problem


@given(st.text(max_size=70))
def test_any_text_is_a_pattern_or_refused(text: str) -> None:
    try:
        checked(Numbering(text, Reset.NEVER))
    except WrongPattern:
        return
    assert number(text)


def test_the_counter_is_kept_by_period_and_by_year_as_ever() -> None:
    assert [period(reset, DAY) for reset in Reset] == ["", "2025", "2025-03", "2025-03-08"]
    assert series_key("sales.reservation", 7, Reset.YEAR, DAY) == "reservation/7/2025"
    assert series_key("ledger.receipt", 7, Reset.MONTH, DAY) == "receipt/7/2025-03"
    assert series_key("sales.contract", 7, Reset.NEVER, DAY) == "contract/7"


PIECES = st.sampled_from(
    ["{year}", "{yy}", "{month}", "{day}", "{project}", "{company}", "-", "A", "1", "RG", "2025"]
)


@st.composite
def used(draw: st.DrawFn) -> Numbered:
    before, after = draw(st.lists(PIECES, max_size=3)), draw(st.lists(PIECES, max_size=2))
    width = draw(st.integers(1, 3))
    pattern = "".join([*before, f"{{seq:{width}}}", *after])
    return Numbered(
        Numbering(pattern, Reset.NEVER),
        draw(st.sampled_from(["C", "C1"])),
        draw(st.sampled_from(["HC", "HC1", "HC-1", "1"])),
    )


COUNTS = st.integers(1, 120)
DAYS = st.dates(date(2024, 1, 1), date(2026, 12, 31))


@given(used(), used(), COUNTS, COUNTS, DAYS, DAYS)
def test_what_cannot_meet_never_gives_one_number_twice(
    one: Numbered, other: Numbered, n: int, m: int, day: date, later: date
) -> None:
    if could_meet(one, other):
        return
    first = rendered(one.numbering, n, day, company=one.company, project=one.project)
    second = rendered(other.numbering, m, later, company=other.company, project=other.project)
    assert first != second


@given(used())
def test_every_pattern_meets_itself(one: Numbered) -> None:
    if fits(one.numbering, company=one.company, project=one.project):
        assert could_meet(one, one)


@given(
    st.sampled_from(list(Reset)), DAYS, DAYS, COUNTS, COUNTS,
    st.lists(PIECES, max_size=4), st.lists(PIECES, max_size=3),
)  # fmt: skip
def test_within_a_project_no_two_periods_give_one_number(
    reset: Reset, day: date, later: date, n: int, m: int, before: list[str], after: list[str]
) -> None:
    numbering = Numbering("".join([*before, "{seq:2}", *after]), reset)
    try:
        checked(numbering)
    except WrongPattern:
        return
    if (period(reset, day), n) == (period(reset, later), m):
        return
    same_look_within_period = period(reset, day) == period(reset, later)
    first = rendered(numbering, n, day, company="C", project="HC")
    second = rendered(numbering, m, later, company="C", project="HC")
    if not same_look_within_period or day == later:
        assert first != second


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        (("{project}{seq:2}", "HC"), ("{project}{seq:2}", "HC1"), True),  # HC101
        (("{project}-{seq:2}", "HC"), ("{project}-{seq:2}", "HC1"), False),
        (("{project}-{seq}", "HC-2025"), ("{project}-{year}-{seq}", "HC"), True),
        (("RG{year}-{seq}", "HC"), ("RG{year}-{seq}", "JW"), True),
        (("RG{year}-{seq}", "HC"), ("HT{year}-{seq}", "JW"), False),
        (("{seq:9}", "HC"), ("{year}{seq:1}", "HC"), True),
    ],
)
def test_which_patterns_could_meet(
    one: tuple[str, str], other: tuple[str, str], *, meet: bool
) -> None:
    first, second = (Numbered(Numbering(pattern), "C", code) for pattern, code in (one, other))
    assert could_meet(first, second) is could_meet(second, first) is meet


def test_only_the_width_may_change_while_the_counter_counts_on() -> None:
    four = Numbering("{project}-{year}-{seq:4}")
    assert counts_on(four, Numbering("{project}-{year}-{seq:6}"))
    assert not counts_on(four, Numbering("{project}-{year}-{seq:4}", Reset.NEVER))
    assert not counts_on(four, Numbering("{project}{year}-{seq:4}"))
    assert parsed("{seq}")[0].width == 1


def test_a_number_has_at_most_forty_characters() -> None:
    assert fits(Numbering("{project}-{seq:4}"), company="C", project="P" * 35)
    assert not fits(Numbering("{project}-{seq:4}"), company="C", project="P" * 36)
    assert LONGEST_NUMBER == 40
