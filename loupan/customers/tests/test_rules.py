"""Rules of customers without a database: protection, clean text, masks."""

from datetime import date

import pytest

from loupan.customers import errors, rules


def test_protection_runs_thirty_days_inclusive_and_then_falls() -> None:
    """ORC-60: visit 2025-03-01, 30 days; follow-up 2025-03-20 renews."""
    until = rules.protected_until(date(2025, 3, 1), life_class="intention", grade="A")
    assert until == date(2025, 3, 31)
    assert rules.warned_on(until) == date(2025, 3, 28)
    assert rules.falls_to_pool_on(until) == date(2025, 4, 1)
    renewed = rules.protected_until(date(2025, 3, 20), life_class="intention", grade="B")
    assert renewed == date(2025, 4, 19)


@pytest.mark.parametrize(
    ("life_class", "grade", "days"),
    [
        ("potential", "A", 15),
        ("potential", "D", 15),
        ("intention", "A", 30),
        ("intention", "B", 30),
        ("intention", "C", 15),
        ("intention", "D", 7),
        ("reserved", "D", None),
        ("contracted", "A", None),
        ("owner", "C", None),
        ("resident", "C", None),
        ("lost", "A", 15),
    ],
)
def test_days_of_protection_follow_class_and_grade(
    life_class: str, grade: str, days: int | None
) -> None:
    assert rules.protection_days(life_class, grade) == days


@pytest.mark.parametrize(
    ("result", "counts"),
    [("reached", True), ("appointed", True), ("refused", True), ("no_answer", False)],
)
def test_only_an_answer_renews_the_protection(result: str, counts: bool) -> None:  # noqa: FBT001
    assert rules.is_effective(result) is counts


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  陈 晓 雨 ", "陈晓雨"),
        ("Mary   Ann\tLee", "Mary Ann Lee"),
        ("陈\u202e雨晓", "陈雨晓"),
        ("陈\x00晓\x07雨", "陈晓雨"),
        ("a" * 500, "a" * 80),
    ],
)
def test_names_are_kept_without_noise(typed: str, kept: str) -> None:
    assert rules.checked_name(typed) == kept


@pytest.mark.parametrize("typed", ["", "   ", "\x00", "\u200f"])
def test_a_name_is_needed(typed: str) -> None:
    with pytest.raises(errors.NameNeeded):
        rules.checked_name(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "138 0013-8000",
        "+86 13800138000",
        "008613800138000",
        "86-138-0013-8000",
        "１３８００１３８０００",
    ],
)
def test_one_mobile_number_has_one_form(typed: str) -> None:
    """ORC-58."""
    assert rules.checked_phones([typed]) == ["13800138000"]


def test_phones_are_needed_limited_and_checked() -> None:
    with pytest.raises(errors.PhoneNeeded):
        rules.checked_phones(["", "  "])
    with pytest.raises(errors.InvalidPhone):
        rules.checked_phones(["12345"])
    with pytest.raises(errors.TooManyPhones):
        rules.checked_phones([f"1380013800{n}" for n in range(6)])
    assert rules.checked_phones(["138 0013 8000", "+8613800138000"]) == ["13800138000"]


def test_id_numbers_are_checked_by_their_last_character() -> None:
    """ORC-59: the check digit of cards and credit codes, 15 digits extended to 18."""
    assert rules.checked_id_number("11010519491231002x", kind="individual") == "11010519491231002X"
    assert rules.checked_id_number("110105491231002", kind="individual") == "11010519491231002X"
    with pytest.raises(errors.InvalidIdNumber):
        rules.checked_id_number("110105194912310021", kind="individual")
    assert rules.checked_id_number("91350100M000100Y43", kind="corporate") == "91350100M000100Y43"
    with pytest.raises(errors.InvalidCreditCode):
        rules.checked_id_number("91350100M000100Y44", kind="corporate")
    with pytest.raises(errors.InvalidCreditCode):
        rules.checked_id_number("11010519491231002X", kind="corporate")


def test_other_papers_are_letters_and_digits() -> None:
    assert rules.checked_id_number("e 1234-5678", kind="individual", id_type="passport") == (
        "E12345678"
    )
    with pytest.raises(errors.InvalidIdNumber):
        rules.checked_id_number("<b>", kind="individual", id_type="passport")
    assert rules.checked_id_number("  ", kind="individual") == ""


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("重庆市渝北区金开大道1号", "重庆市渝北区****"),
        ("重庆市金开大道1号", "重庆市****"),
        ("5 Main Street", "****"),
        ("", ""),
    ],
)
def test_of_an_address_only_the_district_is_shown(address: str, shown: str) -> None:
    assert rules.mask_address(address) == shown


@pytest.mark.parametrize(
    ("day", "sensible"),
    [
        (date(2025, 3, 1), True),
        (date(2025, 2, 28), False),
        (date(2027, 3, 1), True),
        (date(9999, 12, 31), False),
        (date(1, 1, 1), False),
    ],
)
def test_the_next_contact_is_near(day: date, sensible: bool) -> None:  # noqa: FBT001
    assert rules.is_next_contact_sensible(day, today=date(2025, 3, 1)) is sensible
