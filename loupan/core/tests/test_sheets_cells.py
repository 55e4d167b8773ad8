"""The text of strangers becomes numbers, dates and codes, or a sentence naming the value."""

import contextlib
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loupan.core.sheets.cells import (
    Cell,
    as_code,
    as_date,
    as_decimal,
    as_int,
    as_text,
    chinese_numeral,
    clean,
    number_from_float,
)
from loupan.core.sheets.errors import (
    AmbiguousDate,
    CellProblem,
    NotADate,
    NotANumber,
    NotAWholeNumber,
)

FULL_WIDTH = str.maketrans("0123456789.,-", "０１２３４５６７８９．，－")
MONEY = st.decimals(
    min_value=Decimal("-999999999999.99"),
    max_value=Decimal("999999999999.99"),
    places=2,
)
DAYS = st.dates(min_value=date(1927, 5, 18), max_value=date(2173, 10, 13))


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("1,234.50", "1234.50"),
        ("717 675 zł", "717675"),
        ("717\u00a0675 zł", "717675"),
        ("11 761,30 zł/m²", "11761.30"),
        ("61.02 m²", "61.02"),
        ("90.91㎡", "90.91"),
        ("90.91 平方米", "90.91"),
        ("￥1,200.00", "1200.00"),
        ("¥-1,200", "-1200"),
        ("-¥1,200", "-1200"),
        ("(1,234.50)", "-1234.50"),
        ("−5", "-5"),
        ("+5", "5"),
        ("人民币 300元整", "300"),
        ("49365.68元/㎡", "49365.68"),
        ("123.5万", "1235000"),
        ("123.5 万元", "1235000"),
        ("1.2亿元", "120000000"),
        ("１２３．５", "123.5"),
        ("98%", "0.98"),
        ("1.38E+10", "13800000000"),
        ("1.234.567,89", "1234567.89"),
        ("1'234'567.89", "1234567.89"),
        ("11761,30", "11761.30"),
        ("0,123", "0.123"),
        ("1,234", "1234"),
        (".5", "0.5"),
        ("111.25999999999999", "111.25999999999999"),
    ],
)
def test_a_number_is_read_however_it_is_typed(typed: str, number: str) -> None:
    assert as_decimal(typed) == Decimal(number)


@pytest.mark.parametrize(
    "typed",
    ["", "-", "--", "——", "/", "／", "...", "brak danych", "无", "暂无", "N/A", "  ", "待定", None],
)
def test_a_way_of_saying_nothing_is_nothing(typed: str | None) -> None:
    assert as_decimal(typed) is None
    assert as_date(typed) is None
    assert as_int(typed) is None


@pytest.mark.parametrize(
    "typed",
    [
        "abc",
        "12 34",
        "1,23,4",
        "1.2.3",
        "12坪",
        "3房",
        "1e999",
        "Infinity",
        "=1+1",
        "5--",
        "--5",
        "1_000",
        "٣",
        "0x10",
        "9" * 31,
        "3-1-1201",
        "#REF!",
    ],
)
def test_what_is_no_number_is_refused_by_its_own_words(typed: str) -> None:
    with pytest.raises(NotANumber) as refusal:
        as_decimal(typed)
    assert typed[:50] in str(refusal.value)


@pytest.mark.parametrize("cell", [True, date(2025, 3, 8), Decimal("NaN"), Decimal("Infinity")])
def test_a_cell_of_another_kind_is_no_number(cell: Cell) -> None:
    with pytest.raises(NotANumber):
        as_decimal(cell)


@given(MONEY)
def test_grouped_and_foreign_numbers_keep_their_value(amount: Decimal) -> None:
    assert as_decimal(f"{amount:,}") == amount
    assert as_decimal(f"{amount:,}".replace(",", " ").replace(".", ",") + " zł") == amount
    assert as_decimal(f"￥{amount}元") == amount
    assert as_decimal(str(amount).translate(FULL_WIDTH)) == amount


@given(st.text(max_size=40) | st.text("0123456789.,- ()¥万元%m²eE'/年月日", max_size=20))
def test_any_text_is_read_or_refused_and_never_breaks(typed: str) -> None:
    for parse in (as_decimal, as_date, as_int):
        with contextlib.suppress(CellProblem):
            parse(typed)


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e14, max_value=1e14))
def test_a_stored_float_becomes_what_the_workbook_shows(stored: float) -> None:
    assert number_from_float(stored) == pytest.approx(Decimal(repr(stored)), rel=Decimal("1e-14"))


def test_float_artefacts_disappear_and_phones_stay_whole() -> None:
    assert number_from_float(111.25999999999999) == Decimal("111.26")
    assert as_text(number_from_float(13800138000.0)) == "13800138000"
    assert as_text(number_from_float(0.1)) == "0.1"


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("2025-03-08", date(2025, 3, 8)),
        ("2025-3-8", date(2025, 3, 8)),
        ("2025/3/8", date(2025, 3, 8)),
        ("2025.03.08", date(2025, 3, 8)),
        ("2025年3月8日", date(2025, 3, 8)),
        ("２０２５年３月８日", date(2025, 3, 8)),
        ("2025-03-08 14:30:00", date(2025, 3, 8)),
        ("2025-03-08T14:30:00+08:00", date(2025, 3, 8)),
        ("2025/3/8 下午 2:30", date(2025, 3, 8)),
        ("20250308", date(2025, 3, 8)),
        ("45724", date(2025, 3, 8)),
        ("45724.5", date(2025, 3, 8)),
        ("08.03.2025", date(2025, 3, 8)),
        ("25/03/2025", date(2025, 3, 25)),
        ("1080427", date(2019, 4, 27)),
        ("950424", date(2006, 4, 24)),
        ("108/4/27", date(2019, 4, 27)),
        ("民國108年4月27日", date(2019, 4, 27)),
        ("民國95年4月24日", date(2006, 4, 24)),
    ],
)
def test_a_day_is_read_however_it_is_typed(typed: str, day: date) -> None:
    assert as_date(typed) == day


def test_dates_and_serials_of_a_workbook_are_days() -> None:
    assert as_date(date(2025, 3, 8)) == date(2025, 3, 8)
    assert as_date(datetime(2025, 3, 8, 14, 30, tzinfo=UTC)) == date(2025, 3, 8)
    assert as_date(Decimal(45724)) == date(2025, 3, 8)
    assert as_date(Decimal("45724.75")) == date(2025, 3, 8)
    assert as_date(Decimal(1080427)) == date(2019, 4, 27)


@pytest.mark.parametrize(
    "typed",
    [
        "2025-02-30",
        "0001-01-01",
        "9999-12-31",
        "1899-12-31",
        "2200-01-01",
        "tomorrow",
        "3",
        "2025",
        "1081327",
        "12345678901",
        "Q4’2026",
    ],
)
def test_what_is_no_day_is_refused(typed: str) -> None:
    with pytest.raises(NotADate, match=typed):
        as_date(typed)


@pytest.mark.parametrize("typed", ["3/8/2025", "25-3-8", "95年4月24日"])
def test_a_day_with_two_readings_is_refused(typed: str) -> None:
    with pytest.raises(AmbiguousDate, match=typed):
        as_date(typed)


@given(DAYS)
def test_every_day_is_read_back_from_every_writing(day: date) -> None:
    assert as_date(day.isoformat()) == day
    assert as_date(f"{day.year}年{day.month}月{day.day}日") == day
    assert as_date(f"{day.year}/{day.month}/{day.day}") == day
    assert as_date(day.strftime("%Y%m%d")) == day
    assert as_date(f"{day.day}.{day.month}.{day.year}") == day
    assert as_date(Decimal(day.toordinal() - date(1899, 12, 30).toordinal())) == day
    if day.year > 1920:
        assert as_date(f"{day.year - 1911:02}{day:%m%d}") == day
        assert as_date(f"民國{day.year - 1911}年{day.month}月{day.day}日") == day


def test_whole_numbers_may_be_chinese() -> None:
    assert as_int("十二") == 12
    assert as_int("3.0") == 3
    assert as_int(Decimal(-2)) == -2
    with pytest.raises(NotAWholeNumber, match=r"3\.5"):
        as_int("3.5")


@pytest.mark.parametrize(
    ("numeral", "value"),
    [("三", 3), ("十", 10), ("二十", 20), ("二十一", 21), ("一百零八", 108), ("二〇", 20)],
)
def test_chinese_numerals_are_numbers(numeral: str, value: int) -> None:
    assert chinese_numeral(numeral) == value


@pytest.mark.parametrize("words", ["", "层", "三三十", "十百", "万", "12"])
def test_other_words_are_no_numerals(words: str) -> None:
    assert chinese_numeral(words) is None


def test_text_is_cleaned_but_kept_as_typed() -> None:
    assert clean("\x00 王\x07小明\u3000") == "王小明"
    assert clean("a\r\nb") == "a\nb"
    assert clean("３栋（东）") == "３栋（东）"
    assert clean("\ufeff \x00") is None
    assert as_code(" ７０１　Ａ ") == "701 A"


def test_every_kind_of_cell_has_a_text() -> None:
    assert as_text(None) == ""
    assert as_text(True) == "TRUE"  # noqa: FBT003
    assert as_text(Decimal("68.00")) == "68"
    assert as_text(Decimal("1E+3")) == "1000"
    assert as_text(date(2025, 3, 8)) == "2025-03-08"
    assert as_text(datetime(2025, 3, 8, tzinfo=UTC)) == "2025-03-08"
    assert as_text(datetime(2025, 3, 8, 14, 30, tzinfo=UTC)) == "2025-03-08 14:30:00"
