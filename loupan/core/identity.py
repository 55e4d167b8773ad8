"""Phones, identity numbers, credit codes and readings of names, made comparable (DOMAIN 2.11.1).

Normal forms are what is stored and indexed; masks are what is shown (DOMAIN 4.4).
"""

import re
import unicodedata
from datetime import date

import phonenumbers
from pypinyin import Style, lazy_pinyin

LONGEST_INPUT = 80


class IdentityProblem(ValueError):
    """A number that cannot be what it claims to be, with a stable code."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


# --- Phones -------------------------------------------------------------------------------------

MOBILE = re.compile(r"1[3-9][0-9]{9}")
# Three-digit area codes are 010 and 02x, the others have four; numbers have seven or eight digits.
FIXED_LINE = re.compile(r"0(?:10|2[0-9]|[3-9][0-9]{2})[2-9][0-9]{6,7}")
LOCAL_LINE = re.compile(r"[2-9][0-9]{6,7}")
SERVICE_LINE = re.compile(r"[48]00[0-9]{7}")
EXTENSION = re.compile(r"(?:转|分机|ext\.?|x|#)([0-9]{1,6})$", re.IGNORECASE)
THIRD_GROUP = re.compile(r"^(\(?0[0-9]{2,3}\)?-?[2-9][0-9]{6,7})-([0-9]{1,6})$")
DECORATION = re.compile(r"[\s\-()\[\]./·_‐-―－]+")


def normalise_phone(raw: str, *, area_code: str = "") -> str:
    """The one written form of a phone number (ORC-58).

    Mobiles: 11 digits. Fixed lines: area code and number ("02367891234"), an extension after a
    hyphen. Other countries: E.164 ("+85291234567"). `area_code` ("023") completes local numbers.
    Raises IdentityProblem: phone_empty, phone_invalid, phone_needs_area_code.
    """
    text = unicodedata.normalize("NFKC", raw).strip()
    if not text:
        raise IdentityProblem("phone_empty")
    if len(text) > LONGEST_INPUT:
        raise IdentityProblem("phone_invalid")
    text, extension = _without_extension(re.sub(r"\s", "", text))
    digits = DECORATION.sub("", text)
    if not re.fullmatch(r"\+?[0-9]+", digits):
        raise IdentityProblem("phone_invalid")
    number = _domestic(digits, area_code) or _international(digits)
    if extension and not number.startswith("0"):
        raise IdentityProblem("phone_invalid")
    return f"{number}-{extension}" if extension else number


def _without_extension(text: str) -> tuple[str, str]:
    for pattern in (THIRD_GROUP, EXTENSION):
        if found := pattern.search(text):
            rest = found[1] if pattern is THIRD_GROUP else text[: found.start()]
            return rest, found[found.lastindex or 1]
    return text, ""


def _domestic(digits: str, area_code: str) -> str:
    number = re.sub(r"^(?:\+|00)?86(?=[0-9]{10,12}$)", "", digits)
    from_abroad = number != digits
    if MOBILE.fullmatch(number.removeprefix("0")):
        return number.removeprefix("0")
    if FIXED_LINE.fullmatch(number) or SERVICE_LINE.fullmatch(number):
        return number
    if from_abroad and FIXED_LINE.fullmatch(f"0{number}"):
        return f"0{number}"
    if LOCAL_LINE.fullmatch(number):
        if not area_code:
            raise IdentityProblem("phone_needs_area_code")
        if FIXED_LINE.fullmatch(f"{area_code}{number}"):
            return f"{area_code}{number}"
    return ""


def _international(digits: str) -> str:
    if not digits.startswith(("+", "00")):
        raise IdentityProblem("phone_invalid")
    try:
        number = phonenumbers.parse(f"+{digits.removeprefix('00').removeprefix('+')}")
    except phonenumbers.NumberParseException as unreadable:
        raise IdentityProblem("phone_invalid") from unreadable
    if not phonenumbers.is_valid_number(number):
        raise IdentityProblem("phone_invalid")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def mask_phone(number: str) -> str:
    """138****8000: the first three and the last four characters (DOMAIN 4.4)."""
    return f"{number[:3]}****{number[-4:]}" if len(number) >= 8 else "*" * len(number)


# --- Identity numbers ---------------------------------------------------------------------------

ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
ID_CHECKS = "10X98765432"
# Provinces by the first two digits; 9x are permanent residents from abroad.
ID_REGION = re.compile(r"1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]|9[1-9]")
FIRST_BIRTH_YEAR = 1850


def id18_check(first17: str) -> str:
    """The last character of an 18-digit identity number (ORC-59: 11010519491231002 → X)."""
    if not re.fullmatch(r"[0-9]{17}", first17):
        raise IdentityProblem("id_number_invalid")
    weighted = sum(int(digit) * weight for digit, weight in zip(first17, ID_WEIGHTS, strict=True))
    return ID_CHECKS[weighted % 11]


def normalise_id_number(raw: str) -> str:
    """Half-width, upper-case X, no separators, 15 digits extended to 18 (ORC-59).

    Other papers (passports, permits) keep their own length. Says nothing about validity.
    Raises IdentityProblem: id_number_empty, id_number_invalid (longer than any paper's number).
    """
    text = DECORATION.sub("", unicodedata.normalize("NFKC", raw)).upper()
    if not text:
        raise IdentityProblem("id_number_empty")
    if len(text) > LONGEST_INPUT:
        raise IdentityProblem("id_number_invalid")
    if re.fullmatch(r"[0-9]{15}", text):
        first17 = f"{text[:6]}19{text[6:]}"
        return first17 + id18_check(first17)
    return text


def is_valid_id_number(raw: str) -> bool:
    """Is this a resident identity number: region, a real birthday, the check character."""
    try:
        number = normalise_id_number(raw)
        birthday_of(number)
    except IdentityProblem:
        return False
    return bool(ID_REGION.match(number)) and id18_check(number[:17]) == number[17]


def birthday_of(id_number: str) -> date:
    """The birthday in an identity number of 15 or 18. Raises IdentityProblem id_number_invalid."""
    number = _id18(id_number)
    try:
        birthday = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError as unreal:
        raise IdentityProblem("id_number_invalid") from unreal
    if birthday.year < FIRST_BIRTH_YEAR:
        raise IdentityProblem("id_number_invalid")
    return birthday


def sex_of(id_number: str) -> str:
    """ "m" or "f", by the seventeenth digit. Raises IdentityProblem id_number_invalid."""
    return "m" if int(_id18(id_number)[16]) % 2 else "f"


def _id18(raw: str) -> str:
    number = normalise_id_number(raw)
    if not re.fullmatch(r"[0-9]{17}[0-9X]", number):
        raise IdentityProblem("id_number_invalid")
    return number


def mask_id_number(number: str) -> str:
    """110105********002X: first six, last four; of shorter papers only the last four at most."""
    if len(number) >= 15:
        return f"{number[:6]}{'*' * (len(number) - 10)}{number[-4:]}"
    shown = min(4, len(number) // 2)
    return "*" * (len(number) - shown) + (number[-shown:] if shown else "")


# --- Unified social credit codes (GB 32100) -----------------------------------------------------

CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
CREDIT_WEIGHTS = tuple(3**place % 31 for place in range(17))


def credit_code_check(first17: str) -> str:
    """The last character of a credit code (ORC-59: 91350100M000100Y4 → 3)."""
    if len(first17) != 17 or not set(first17) <= set(CREDIT_ALPHABET):
        raise IdentityProblem("credit_code_invalid")
    weighted = sum(
        CREDIT_ALPHABET.index(character) * weight
        for character, weight in zip(first17, CREDIT_WEIGHTS, strict=True)
    )
    return CREDIT_ALPHABET[-weighted % 31]


def normalise_credit_code(raw: str) -> str:
    """Half-width, upper-case, no separators. Raises IdentityProblem credit_code_empty."""
    text = DECORATION.sub("", unicodedata.normalize("NFKC", raw)).upper()
    if not text:
        raise IdentityProblem("credit_code_empty")
    return text


def is_valid_credit_code(raw: str) -> bool:
    """Is this a unified social credit code with the right check character."""
    try:
        code = normalise_credit_code(raw)
        return len(code) == 18 and credit_code_check(code[:17]) == code[17]
    except IdentityProblem:
        return False


# --- Names --------------------------------------------------------------------------------------

LONGEST_PINYIN = 200
LONGEST_INITIALS = 40
LONGEST_PERSONAL_NAME = 4

COMPOUND_SURNAMES = {
    "欧阳": "ou yang",
    "司马": "si ma",
    "上官": "shang guan",
    "诸葛": "zhu ge",
    "夏侯": "xia hou",
    "东方": "dong fang",
    "皇甫": "huang fu",
    "尉迟": "yu chi",
    "公孙": "gong sun",
    "长孙": "zhang sun",
    "慕容": "mu rong",
    "司徒": "si tu",
    "司空": "si kong",
    "司寇": "si kou",
    "宇文": "yu wen",
    "令狐": "ling hu",
    "澹台": "tan tai",
    "万俟": "mo qi",
    "单于": "chan yu",
    "申屠": "shen tu",
    "太史": "tai shi",
    "轩辕": "xuan yuan",
    "钟离": "zhong li",
    "闾丘": "lv qiu",
    "端木": "duan mu",
    "南宫": "nan gong",
    "西门": "xi men",
    "独孤": "du gu",
    "赫连": "he lian",
    "呼延": "hu yan",
    "淳于": "chun yu",
    "鲜于": "xian yu",
    "濮阳": "pu yang",
    "公冶": "gong ye",
    "宗政": "zong zheng",
    "闻人": "wen ren",
    "百里": "bai li",
    "拓跋": "tuo ba",
    "乐正": "yue zheng",
    "亓官": "qi guan",
    "子车": "zi ju",
    "颛孙": "zhuan sun",
    "仲孙": "zhong sun",
    "巫马": "wu ma",
    "公西": "gong xi",
    "漆雕": "qi diao",
    "谷梁": "gu liang",
    "段干": "duan gan",
    "梁丘": "liang qiu",
    "左丘": "zuo qiu",
    "第五": "di wu",
}

# Surnames that are read otherwise than the character alone.
SURNAMES = {
    "曾": "zeng",
    "单": "shan",
    "仇": "qiu",
    "解": "xie",
    "查": "zha",
    "区": "ou",
    "盖": "ge",
    "朴": "piao",
    "乐": "yue",
    "缪": "miao",
    "覃": "qin",
    "繁": "po",
    "员": "yun",
    "贠": "yun",
    "翟": "zhai",
    "适": "kuo",
    "都": "du",
    "郇": "xun",
    "洗": "xian",
    "种": "chong",
    "黑": "he",
    "祭": "zhai",
    "折": "she",
    "藏": "zang",
    "召": "shao",
    "隗": "wei",
    "秘": "bi",
    "句": "gou",
    "卜": "bu",
    "重": "chong",
    "佴": "nai",
    "阚": "kan",
    "么": "yao",
    "长": "chang",
    "降": "xiang",
    "薄": "bo",
    "乜": "nie",
}

HAN_RUN = re.compile(r"[㐀-䶿一-鿿豈-﫿〇]+")
WORD = re.compile(rf"{HAN_RUN.pattern}|[a-z0-9]+")


def pinyin_of(name: str) -> tuple[str, str]:
    """The full reading and the initials of a name, for search: 曾国强 → zengguoqiang, zgq.

    Up to four characters are read as a person's name, its surname by the table (欧阳 is two
    characters); longer ones as a company.  ü is v.  Cut to 200 and 40 characters.
    """
    text = unicodedata.normalize("NFKC", name).strip().lower()
    syllables: list[str] = []
    for run in WORD.findall(_unaccented(text)):
        syllables += _readings(run) if HAN_RUN.match(run) else [run]
    full = "".join(syllables)
    initials = "".join(syllable[0] for syllable in syllables)
    return full[:LONGEST_PINYIN], initials[:LONGEST_INITIALS]


def _unaccented(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


def _readings(run: str) -> list[str]:
    if len(run) > LONGEST_PERSONAL_NAME:
        return _read(run)
    for length, table in ((2, COMPOUND_SURNAMES), (1, SURNAMES)):
        if surname := table.get(run[:length]):
            return [*surname.split(), *_read(run[length:])]
    return [*_read(run[:1]), *_read(run[1:])]


def _read(run: str) -> list[str]:
    return lazy_pinyin(run, style=Style.NORMAL, errors="ignore")


def surname_of(name: str) -> str:
    """The surname of a Chinese name of up to four characters; otherwise its first character."""
    text = unicodedata.normalize("NFKC", name).strip()
    compound = len(text) in (3, 4) and text[:2] in COMPOUND_SURNAMES
    return text[:2] if compound else text[:1]


def mask_name(name: str) -> str:
    """陈**: the surname and a star for every further character."""
    text = unicodedata.normalize("NFKC", name).strip()
    surname = surname_of(text)
    return surname + "*" * (len(text) - len(surname))
