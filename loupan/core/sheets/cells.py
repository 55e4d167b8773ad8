"""What a cell is, and how the text of strangers becomes numbers, dates and codes."""

import re
import unicodedata
from datetime import date, datetime
from decimal import Decimal
from typing import Final, NoReturn

from loupan.core.sheets.errors import (
    AmbiguousDate,
    CellProblem,
    NotADate,
    NotANumber,
    NotAWholeNumber,
)

# A cell never holds an empty string: nothing is None.
Cell = str | Decimal | date | datetime | bool | None

FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2199
REPUBLIC: Final = 1911  # ROC year 1 is 1912.
_SHOWN_LENGTH: Final = 60
_MOST_DIGITS: Final = 30

# Control characters, the byte order mark and the two non-characters that XML forbids.
# Tab and line ends stay: they are typed with Alt-Enter and mean something.
UNPRINTABLE: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff\ufffe\uffff\ud800-\udfff]"
)

MISSING: Final = frozenset(
    {
        "",
        "n/a",
        "na",
        "#n/a",
        "null",
        "none",
        "nil",
        "nan",
        "brak",
        "brak danych",
        "无",
        "無",
        "暂无",
        "暫無",
        "暂缺",
        "没有",
        "沒有",
        "无数据",
        "未定",
        "待定",
        "未知",
        "空",
    }
)
_ONLY_DASHES = re.compile(r"[-‐-―−─_/\\.…*]+")

_PLAIN = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,10})?")
_SIGNED = re.compile(r"[-+−]")
_BEFORE = re.compile(
    r"(?:¥|人民币|人民幣|rmb|cny|nt\$|ntd|twd|hk\$|us\$|usd|eur|pln|\$|€|£)\s*", re.IGNORECASE
)
_TIMES: Final = {
    "万": Decimal(10_000),
    "萬": Decimal(10_000),
    "w": Decimal(10_000),
    "亿": Decimal(100_000_000),
    "億": Decimal(100_000_000),
}
_MONEY = r"(?:元|圆|圓|円|块|人民币|人民幣|rmb|cny|ntd|twd|usd|eur|pln|zł|€|\$|¥)(?:整|正)?"
_AREA = r"(?:m2|m\^2|㎡|平方米|平方公尺|平方公分|平米|平方|平|sqm|sq\.?\s?m)"
_AFTER = re.compile(
    rf"\s*(?P<times>[万萬亿億]|w(?![a-z]))?\s*"
    rf"(?:(?P<percent>%)|{_MONEY}(?:\s*(?:/|每)\s*{_AREA})?|{_AREA})?\s*\.?",
    re.IGNORECASE,
)
_BODY = re.compile(r"[0-9](?:[0-9., '’]*[0-9])?(?:e[-+]?[0-9]{1,2})?|\.[0-9]+", re.IGNORECASE)
_SPACED = re.compile(r"[0-9]{1,3}(?: [0-9]{3})+(?:[.,][0-9]+)?")
_QUOTED = re.compile(r"[0-9]{1,3}(?:['’][0-9]{3})+(?:[.,][0-9]+)?")
_COMMA_GROUPS = re.compile(r"[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]+)?")
_DOT_GROUPS = re.compile(r"[1-9][0-9]{0,2}(?:\.[0-9]{3})+(?:,[0-9]+)?")
_SCIENTIFIC = re.compile(r"[0-9]+(?:\.[0-9]+)?e[-+]?[0-9]{1,2}", re.IGNORECASE)
_ONE_COMMA = re.compile(r"[0-9]+,[0-9]+")
_ONE_DOT = re.compile(r"[0-9]*\.?[0-9]+")

_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = (
    r"(?:[ T]\s*(?:上午|下午)?\s*[0-9]{1,2}[:时][0-9]{1,2}(?:[:分][0-9]{1,2}(?:\.[0-9]+)?秒?)?"
    r"分?\s*(?:am|pm)?(?:Z|[-+][0-9]{2}:?[0-9]{2})?)?"
)
_YEAR_FIRST = re.compile(
    rf"(?P<era>民国|民國|公元|西元)?\s*(?P<year>[0-9]{{2,4}})\s*"
    rf"(?:(?P<mark>[-/.])\s*(?P<month>[0-9]{{1,2}})\s*(?P=mark)\s*(?P<day>[0-9]{{1,2}})"
    rf"|年\s*(?P<month_cn>[0-9]{{1,2}})\s*月\s*(?P<day_cn>[0-9]{{1,2}})\s*[日号號]?){_TIME}",
    re.IGNORECASE,
)
_DAY_FIRST = re.compile(
    rf"(?P<first>[0-9]{{1,2}})(?P<mark>[-/.])(?P<second>[0-9]{{1,2}})(?P=mark)"
    rf"(?P<year>[0-9]{{4}}){_TIME}",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"[0-9]{4,8}(?:\.[0-9]+)?")
_EXCEL_EPOCH: Final = date(1899, 12, 30).toordinal()
_FIRST_SERIAL: Final = 10_000  # 1927-05-18; smaller numbers are counts, not days.
_LAST_SERIAL: Final = 99_999  # 2173-10-13; six digits are a ROC date.

_NUMERALS: Final = {
    **{sign: value for value, sign in enumerate("零一二三四五六七八九")},
    **{sign: value for value, sign in enumerate("〇壹贰叁肆伍陆柒捌玖")},
    "貳": 2,
    "參": 3,
    "陸": 6,
    "两": 2,
    "兩": 2,
}
_PLACES: Final = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}


def clean(text: str) -> str | None:
    """The text without control characters and outer spaces; None if nothing is left."""
    if not text:
        return None
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if UNPRINTABLE.search(text):
        text = UNPRINTABLE.sub("", text)
    return text.strip() or None


def number_from_float(value: float) -> Decimal:
    """What Excel shows for a stored float: at most 15 significant digits, no “.0”."""
    if value.is_integer() and abs(value) < 1e15:
        return Decimal(int(value))
    text = repr(value)
    return Decimal(text if len(text) <= 16 else format(value, ".15g"))


def half_width(text: str) -> str:
    """Full-width letters, digits and signs as their ordinary forms (NFKC), spaces single."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def as_text(cell: Cell) -> str:
    """The cell as a person would write it down; an empty cell is "". Numbers have no “.0”."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, Decimal):
        return plain(cell)
    if isinstance(cell, datetime):
        if (cell.hour, cell.minute, cell.second) == (0, 0, 0):
            return cell.date().isoformat()
        return cell.strftime("%Y-%m-%d %H:%M:%S")
    return cell.isoformat()


def as_code(cell: Cell) -> str:
    """The cell as a code to compare by: half-width, with single spaces."""
    return half_width(as_text(cell))


def plain(number: Decimal) -> str:
    """The number without exponent and without trailing zeros behind the point."""
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def is_missing(cell: Cell) -> bool:
    """Whether the cell says in one of the usual ways that there is nothing: "--", 无, n/a."""
    if cell is None:
        return True
    if not isinstance(cell, str):
        return False
    text = half_width(cell).lower()
    return text in MISSING or _ONLY_DASHES.fullmatch(text) is not None


def as_decimal(cell: Cell) -> Decimal | None:
    """The number in the cell, None where it says that there is none ("--", 无, brak danych).

    Understands "1,234.50", "11 761,30 zł/m²", "61.02 m²", "￥1.2万元" (ten thousands are
    multiplied out), full-width digits, "(1,234)" as negative, "98%" as 0.98. A comma before
    exactly three digits separates thousands; otherwise a lone comma is the decimal sign.
    Raises NotANumber naming the value for everything else.
    """
    if cell is None:
        return None
    if isinstance(cell, Decimal):
        if not cell.is_finite():
            _refuse(NotANumber, cell)
        return cell
    if not isinstance(cell, str):
        _refuse(NotANumber, cell)
    if _PLAIN.fullmatch(cell):
        return Decimal(cell)
    if is_missing(cell):
        return None
    text = half_width(cell)
    negative = False
    if text.startswith("(") and text.endswith(")"):
        negative, text = True, text[1:-1].strip()
    seen_sign = negative
    if not seen_sign and _SIGNED.match(text):
        negative, seen_sign, text = text[0] != "+", True, text[1:].lstrip()
    if currency := _BEFORE.match(text):
        text = text[currency.end() :]
        if not seen_sign and _SIGNED.match(text):
            negative, text = text[0] != "+", text[1:].lstrip()
    body = _BODY.match(text)
    if body is None:
        _refuse(NotANumber, cell)
    after = _AFTER.fullmatch(text, body.end())
    if after is None:
        _refuse(NotANumber, cell)
    digits = _ungrouped(body.group())
    if digits is None or sum(map(str.isdigit, digits)) > _MOST_DIGITS:
        _refuse(NotANumber, cell)
    number = Decimal(digits)
    if after["times"]:
        number *= _TIMES[after["times"].lower()]
    if after["percent"]:
        number = number.scaleb(-2)
    return -number if negative and number else number


def _ungrouped(body: str) -> str | None:
    """The digits as Python writes them, or None where the separators make no sense."""
    if _ONE_DOT.fullmatch(body) or _SCIENTIFIC.fullmatch(body):
        return body
    if _COMMA_GROUPS.fullmatch(body):
        return body.replace(",", "")
    if _SPACED.fullmatch(body) or _QUOTED.fullmatch(body):
        return re.sub(r"[ '’]", "", body).replace(",", ".")
    if _ONE_COMMA.fullmatch(body):
        return body.replace(",", ".")
    if _DOT_GROUPS.fullmatch(body):
        return body.replace(".", "").replace(",", ".")
    return None


def as_int(cell: Cell) -> int | None:
    """The whole number in the cell; Chinese numerals ("十二") count. None as for as_decimal.

    Raises NotANumber or NotAWholeNumber naming the value.
    """
    if isinstance(cell, str) and (numeral := chinese_numeral(cell)) is not None:
        return numeral
    number = as_decimal(cell)
    if number is None:
        return None
    if number != number.to_integral_value():
        _refuse(NotAWholeNumber, cell)
    return int(number)


def chinese_numeral(text: str) -> int | None:
    """The value of Chinese numerals below ten thousand ("十二", "一百零八"); None for others."""
    text = text.strip()
    if not text or any(sign not in _NUMERALS and sign not in _PLACES for sign in text):
        return None
    if all(sign in _NUMERALS for sign in text):
        return int("".join(str(_NUMERALS[sign]) for sign in text)) if len(text) <= 9 else None
    total, digit, lowest = 0, None, 10_000
    for sign in text:
        if sign in _NUMERALS:
            if digit:
                return None
            digit = _NUMERALS[sign]
            continue
        place = _PLACES[sign]
        if place >= lowest or digit == 0:
            return None
        total += place * (1 if digit is None else digit)
        digit, lowest = None, place
    return total + (digit or 0)


def as_date(cell: Cell) -> date | None:
    """The day in the cell, None where it says that there is none.

    Understands 2025-03-08, 2025/3/8, 2025.3.8, 2025年3月8日, 20250308, 08.03.2025, each with or
    without a time; Excel serials; ROC dates 1080427, 950424, 108/4/27, 民國108年4月27日.
    Raises NotADate, also for days before 1900 or after 2199, or AmbiguousDate (3/8/2025).
    """
    if cell is None:
        return None
    if isinstance(cell, datetime):
        return _day(cell, cell.year, cell.month, cell.day)
    if isinstance(cell, date):
        return _day(cell, cell.year, cell.month, cell.day)
    if isinstance(cell, bool):
        _refuse(NotADate, cell)
    if isinstance(cell, Decimal):
        text = plain(cell)
        if _DIGITS.fullmatch(text) is None:
            _refuse(NotADate, cell)
        return _date_from_digits(cell, text)
    if _ISO_DAY.fullmatch(cell):
        return _day(cell, int(cell[:4]), int(cell[5:7]), int(cell[8:]))
    if is_missing(cell):
        return None
    text = half_width(cell)
    if _DIGITS.fullmatch(text):
        return _date_from_digits(cell, text)
    if found := _YEAR_FIRST.fullmatch(text):
        return _year_first(cell, found)
    found = _DAY_FIRST.fullmatch(text)
    if found is None:
        _refuse(NotADate, cell)
    first, second = int(found["first"]), int(found["second"])
    if found["mark"] == "/" and first <= 12:
        if second <= 12 and first != second:
            _refuse(AmbiguousDate, cell)
        first, second = second, first
    return _day(cell, int(found["year"]), second, first)


def _year_first(cell: str, found: re.Match[str]) -> date:
    digits = found["year"]
    year = int(digits)
    if found["era"] in {"民国", "民國"} or (len(digits) == 3 and found["era"] is None):
        year += REPUBLIC
    elif len(digits) != 4:
        _refuse(AmbiguousDate, cell)
    month = found["month"] or found["month_cn"]
    day = found["day"] or found["day_cn"]
    return _day(cell, year, int(month), int(day))


def _date_from_digits(cell: Cell, text: str) -> date:
    whole = text.partition(".")[0]
    if len(whole) == 8 and whole == text:
        return _day(cell, int(whole[:4]), int(whole[4:6]), int(whole[6:]))
    if len(whole) in {6, 7} and whole == text and not _is_serial(int(whole)):
        return _day(cell, int(whole[:-4]) + REPUBLIC, int(whole[-4:-2]), int(whole[-2:]))
    if not _is_serial(int(whole)):
        _refuse(NotADate, cell)
    return date.fromordinal(_EXCEL_EPOCH + int(whole))


def _is_serial(number: int) -> bool:
    return _FIRST_SERIAL <= number <= _LAST_SERIAL


def _day(cell: Cell, year: int, month: int, day: int) -> date:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        _refuse(NotADate, cell)
    try:
        return date(year, month, day)
    except ValueError:
        _refuse(NotADate, cell)


def _refuse(problem: type[CellProblem], cell: Cell) -> NoReturn:
    text = as_text(cell)
    if len(text) > _SHOWN_LENGTH:
        text = text[: _SHOWN_LENGTH - 1] + "…"
    raise problem(value=text)
