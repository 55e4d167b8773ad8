"""Phones, identity numbers, credit codes, names (DOMAIN 2.11.1, 4.4)."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loupan.core.identity import (
    COMPOUND_SURNAMES,
    IdentityProblem,
    birthday_of,
    credit_code_check,
    id18_check,
    is_valid_credit_code,
    is_valid_id_number,
    mask_id_number,
    mask_name,
    mask_phone,
    normalise_credit_code,
    normalise_id_number,
    normalise_phone,
    pinyin_of,
    sex_of,
    surname_of,
)

MOBILES = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True, alphabet="0123456789")


@pytest.mark.parametrize(
    "written",
    [
        "138 0013-8000",
        "+86 13800138000",
        "008613800138000",
        "86-138-0013-8000",
        "１３８００１３８０００",
        "(138) 0013 8000",
        "013800138000",
        "+86 138\u30000013\u30008000",
        "138—0013—8000",
    ],
)
def test_all_ways_to_write_a_mobile_are_one_number(written: str) -> None:
    """ORC-58."""
    assert normalise_phone(written) == "13800138000"


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("(023) 6789-1234", "02367891234"),
        ("+86 23 6789 1234", "02367891234"),
        ("0086-10-67891234", "01067891234"),
        ("0311-8888123", "03118888123"),
        ("023-67891234-801", "02367891234-801"),
        ("0755-88881234 转 12", "075588881234-12"),
        ("0755-88881234 ext.12", "075588881234-12"),
        ("400-820-8820", "4008208820"),
        ("+852 9123 4567", "+85291234567"),
        ("00852 9123 4567", "+85291234567"),
        ("+1 (650) 253-0000", "+16502530000"),
    ],
)
def test_fixed_lines_and_foreign_numbers(written: str, number: str) -> None:
    """2.11.1: fixed line = area code + number."""
    assert normalise_phone(written) == number


def test_a_local_number_takes_the_area_code_of_the_project() -> None:
    assert normalise_phone("6789 1234", area_code="023") == "02367891234"
    with pytest.raises(IdentityProblem, match="phone_needs_area_code"):
        normalise_phone("6789 1234")


@pytest.mark.parametrize(
    "written",
    [
        "12345",
        "12800138000",
        "1380013800",
        "138001380001",
        "138-0013-8000 转 1",
        "phone",
        "+86",
        "+999123456789",
        "00",
        "٠١٢٣٤٥٦٧٨٩",
        "13800138000; DROP TABLE",
        "1" * 5000,
    ],
)
def test_what_is_no_phone_is_refused(written: str) -> None:
    with pytest.raises(IdentityProblem) as refused:
        normalise_phone(written)
    assert refused.value.code == "phone_invalid"


@pytest.mark.parametrize("written", ["", "  ", "\u3000"])
def test_an_empty_phone_says_so(written: str) -> None:
    with pytest.raises(IdentityProblem, match="phone_empty"):
        normalise_phone(written)


@given(st.text(max_size=100))
def test_any_text_is_a_phone_or_refused_and_normal_forms_stay(written: str) -> None:
    try:
        number = normalise_phone(written)
    except IdentityProblem:
        return
    assert normalise_phone(number) == number


@given(mobile=MOBILES, cuts=st.lists(st.integers(0, 11), max_size=3), prefix=st.booleans())
def test_separators_and_prefixes_never_change_a_mobile(
    mobile: str,
    cuts: list[int],
    prefix: bool,  # noqa: FBT001
) -> None:
    written = mobile
    for cut in sorted(cuts, reverse=True):
        written = f"{written[:cut]}-{written[cut:]}"
    assert normalise_phone(f"+86 {written}" if prefix else written) == mobile


def test_a_phone_is_masked_but_for_its_ends() -> None:
    """DOMAIN 4.4."""
    assert mask_phone("13800138000") == "138****8000"
    assert mask_phone("02367891234") == "023****1234"
    assert mask_phone("12345") == "*****"


def test_the_check_digit_of_an_identity_number() -> None:
    """ORC-59."""
    assert id18_check("11010519491231002") == "X"


def test_fifteen_digits_become_eighteen() -> None:
    """ORC-59."""
    assert normalise_id_number("110105491231002") == "11010519491231002X"


@pytest.mark.parametrize(
    "written",
    ["11010519491231002x", "１１０１０５１９４９１２３１００２Ｘ", "110105 19491231 002X"],
)
def test_an_identity_number_is_written_one_way(written: str) -> None:
    assert normalise_id_number(written) == "11010519491231002X"
    assert is_valid_id_number(written)


@pytest.mark.parametrize(
    "written",
    [
        "110105194912310021",
        "010105194912310020",
        "11010519491331002X",
        "1101051949123100",
        "E12345678",
        "",
        "X" * 18,
        "١" * 18,
    ],
)
def test_what_is_no_identity_number_is_not_valid(written: str) -> None:
    assert not is_valid_id_number(written)


def test_birthday_and_sex_are_read_from_the_number() -> None:
    assert birthday_of("110105491231002") == date(1949, 12, 31)
    assert sex_of("11010519491231002X") == "f"
    assert sex_of("110105194912310038") == "m"


FIRST_17 = st.builds(
    lambda born, order: f"510103{born:%Y%m%d}{order:03d}",
    st.dates(date(1900, 1, 1), date(2025, 12, 31)),
    st.integers(0, 999),
)


@given(first17=FIRST_17)
def test_a_number_with_its_check_digit_is_valid_and_no_other(first17: str) -> None:
    right = id18_check(first17)
    valid = [check for check in "0123456789X" if is_valid_id_number(first17 + check)]
    assert valid == [right]


@given(first17=FIRST_17, place=st.integers(0, 16), digit=st.integers(0, 9))
def test_one_wrong_digit_is_always_noticed(first17: str, place: int, digit: int) -> None:
    wrong = f"{first17[:place]}{digit}{first17[place + 1 :]}"
    assert (id18_check(wrong) == id18_check(first17)) is (wrong == first17)


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("11010519491231002X", "110105********002X"),
        ("E12345678", "*****5678"),
        ("AB", "*B"),
        ("A", "*"),
        ("", ""),
    ],
)
def test_an_identity_number_is_masked_but_for_its_ends(number: str, masked: str) -> None:
    """DOMAIN 4.4."""
    assert mask_id_number(number) == masked


def test_the_check_character_of_a_credit_code() -> None:
    """ORC-59."""
    assert credit_code_check("91350100M000100Y4") == "3"
    assert is_valid_credit_code(" 91350100m000100y43 ")
    assert not is_valid_credit_code("91350100M000100Y44")


@pytest.mark.parametrize("written", ["", "91350100M000100Y4", "91350100I000100Y43", "9" * 40])
def test_what_is_no_credit_code_is_not_valid(written: str) -> None:
    assert not is_valid_credit_code(written)


def test_a_credit_code_is_written_one_way() -> None:
    assert normalise_credit_code("９１３５０１００-m000100Y43") == "91350100M000100Y43"


@pytest.mark.parametrize(
    ("name", "full", "initials"),
    [
        ("曾国强", "zengguoqiang", "zgq"),
        ("单雄信", "shanxiongxin", "sxx"),
        ("仇英", "qiuying", "qy"),
        ("解晓东", "xiexiaodong", "xxd"),
        ("查良镛", "zhaliangyong", "zly"),
        ("区楚良", "ouchuliang", "ocl"),
        ("任达华", "rendahua", "rdh"),
        ("华罗庚", "hualuogeng", "hlg"),
        ("盖叫天", "gejiaotian", "gjt"),
        ("欧阳娜娜", "ouyangnana", "oynn"),
        ("尉迟恭", "yuchigong", "ycg"),
        ("单于明", "chanyuming", "cym"),
        ("万俟卨", "moqixie", "mqx"),
        ("吕布", "lvbu", "lb"),
        ("重庆海成实业有限公司", "chongqinghaichengshiyeyouxiangongsi", "cqhcsyyxgs"),
        ("阿卜杜拉·买买提", "abodulamaimaiti", "abdlmmt"),
        ("José Smith", "josesmith", "js"),
        ("ＡＢＣ公司", "abcgongsi", "ags"),
        ("", "", ""),
        ("😀", "", ""),
    ],
)
def test_names_are_read_as_people_say_them(name: str, full: str, initials: str) -> None:
    assert pinyin_of(name) == (full, initials)


@given(st.text(max_size=120))
def test_readings_are_plain_and_fit_their_columns(name: str) -> None:
    full, initials = pinyin_of(name)
    assert len(full) <= 200
    assert len(initials) <= 40
    assert (full + initials).isascii()
    assert full == full.lower()


def test_every_compound_surname_has_two_syllables() -> None:
    assert all(len(reading.split()) == 2 for reading in COMPOUND_SURNAMES.values())


@pytest.mark.parametrize(
    ("name", "surname", "masked"),
    [("陈小明", "陈", "陈**"), ("欧阳锋", "欧阳", "欧阳*"), ("司马", "司", "司*"), ("", "", "")],
)
def test_a_masked_name_shows_the_surname(name: str, surname: str, masked: str) -> None:
    assert (surname_of(name), mask_name(name)) == (surname, masked)
