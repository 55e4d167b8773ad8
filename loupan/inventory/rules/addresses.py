"""Where a unit is: how the words of strangers for building, entrance, floor and room are read.

Two files may call one room "01" on floor 7 and "701"; both are position 1 of floor 7.  A room
number that says nothing of its place ("A002") is an identity of its own.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from loupan.core.sheets.cells import as_code, chinese_numeral, is_missing
from loupan.core.sheets.grids import floor_number
from loupan.inventory import errors

CODE_LENGTH: Final = 20
NAME_LENGTH: Final = 60
ROOM_LENGTH: Final = 30
LOWEST_FLOOR, HIGHEST_FLOOR = -20, 200
LAST_POSITION: Final = 999

_NUMERAL = "[零〇一二三四五六七八九十]{1,3}"
_CODE = rf"(?P<code>[a-z]?[0-9]{{1,4}}[a-z]?|[a-z]{{1,2}}|{_NUMERAL})"
_BUILDING_WORD = r"(?:#\s*(?:楼|樓|栋|棟|幢)?|号楼|號樓|号栋|栋|棟|幢|座|号|楼|樓)"
_BUILDING_END = re.compile(rf"(?:.*?[^a-z0-9])??{_CODE}\s*{_BUILDING_WORD}\s*$", re.IGNORECASE)
_BUILDING_BARE = re.compile(
    rf"(?:building|tower|block|budynek|blok|第)?\s*{_CODE}\s*{_BUILDING_WORD}?", re.IGNORECASE
)
_ENTRANCE = re.compile(
    rf"(?:单元|單元|entrance|klatka|第)?\s*{_CODE}\s*(?:单元|單元|号|梯|门|座)?", re.IGNORECASE
)
_FLOOR_WORDS = re.compile(
    r"(?P<number>-?[0-9]{1,3})\.?\s*(?:st|nd|rd|th)?\s*"
    r"(?:piętro|pietro|p|kondygnacja|floor|fl|level|f)\.?"
)
_TWO_FLOORS = re.compile(
    r"(?P<from>-?[0-9]{1,3})\s*[层楼f]?\s*[-~～—–/、+至到跃]\s*(?P<to>-?[0-9]{1,3})\s*[层楼f]?"
)
_GROUND = frozenset({"parter", "ground", "ground floor", "gf", "g", "底层", "0"})
_DIGITS = re.compile(r"[0-9]{1,6}")
_LETTER_ROOM = re.compile(r"(?P<floor>[0-9]{0,3})-?(?P<letter>[a-z])", re.IGNORECASE)
_ROOM_END = re.compile(r"(?:室|房|号房|號|号|户|戶)$")
_FULL_NUMBER = re.compile(
    r"(?P<building>[^-\s]+)\s*-\s*(?:(?P<entrance>[^-\s]*)\s*-\s*)?(?P<room>[^-\s]+)"
)
_CHINESE_NUMBER = re.compile(
    rf"(?P<building>.*?(?:{_BUILDING_WORD}))\s*-?\s*(?:(?P<entrance>[^-\s]*?(?:单元|單元|梯))\s*-?\s*)?"
    r"(?:[0-9]+\s*[层楼]\s*)?(?P<room>[0-9a-z]{1,8})\s*(?:室|房|号|號)?",
    re.IGNORECASE,
)
_LETTER_AND_NUMBER = re.compile(r"(?P<building>[A-Z]{1,2})[0-9]{1,5}[A-Z]?")


@dataclass(frozen=True, slots=True)
class BuildingName:
    """A building as a file calls it. `is_bare`: the name is nothing but its code ("2栋", "A座")."""

    name: str
    code: str
    is_bare: bool


@dataclass(frozen=True, slots=True)
class Floor:
    number: int
    spanned: int = 1


@dataclass(frozen=True, slots=True)
class Room:
    """What stands on the door, and which position of the floor it names, if it names one."""

    number: str
    position: int | None


def is_nameless(text: str) -> bool:
    return is_missing(text or None) or text in {"0", "00"}


@lru_cache(maxsize=4096)
def building_name(text: str) -> BuildingName:
    """四季名苑2栋 → code 2; 2栋 → code 2, bare; 东区会所 → the name itself.

    Raises TextTooLong.
    """
    name = as_code(text)
    if len(name) > NAME_LENGTH:
        raise errors.TextTooLong(value=_short(name), limit=NAME_LENGTH)
    if bare := _BUILDING_BARE.fullmatch(name):
        return BuildingName(name, _plain_code(bare["code"]), is_bare=True)
    if found := _BUILDING_END.fullmatch(name):
        return BuildingName(name, _plain_code(found["code"]), is_bare=False)
    return BuildingName(name, name[:CODE_LENGTH], is_bare=False)


def _plain_code(code: str) -> str:
    numeral = chinese_numeral(code)
    if numeral is not None:
        return str(numeral)
    return (code.lstrip("0") or "0").upper()


@lru_cache(maxsize=4096)
def entrance_code(text: str) -> str:
    """四单元 → 4; empty, "--" and 0 → "", the nameless entrance of a building. Raises TextTooLong."""
    name = as_code(text)
    if is_nameless(name):
        return ""
    if found := _ENTRANCE.fullmatch(name):
        return _plain_code(found["code"])
    if len(name) > CODE_LENGTH:
        raise errors.TextTooLong(value=_short(name), limit=CODE_LENGTH)
    return name


@lru_cache(maxsize=4096)
def floor_of(text: str) -> Floor:
    """18, 18层, 十八层, B1, 负一层, parter, 1 piętro, 17-18 (two floors). Raises NotAFloor."""
    label = as_code(text).lower()
    number = floor_number(label)
    spanned = 1
    if number is None and label in _GROUND:
        number = 0
    if number is None and (found := _FLOOR_WORDS.fullmatch(label)):
        number = int(found["number"])
    if number is None and (found := _TWO_FLOORS.fullmatch(label)):
        number, last = int(found["from"]), int(found["to"])
        spanned = last - number + 1
    if number is None or not 1 <= spanned <= 9 or not LOWEST_FLOOR <= number <= HIGHEST_FLOOR:
        raise errors.NotAFloor(value=_short(text))
    return Floor(number, spanned)


def floor_words(number: int, spanned: int) -> str:
    """How `floor_of` reads it again: 18, -1, 17-18 for two floors."""
    return str(number) if spanned == 1 else f"{number}-{number + spanned - 1}"


def floor_in_room(room: str) -> int | None:
    """The floor a full room number names: 1803 → 18, 701 → 7, 12A → 12; None for short ones."""
    if _DIGITS.fullmatch(room):
        return int(room[:-2]) if 3 <= len(room) <= 5 else None
    found = _LETTER_ROOM.fullmatch(room)
    return int(found["floor"]) if found and found["floor"] else None


@lru_cache(maxsize=65_536)
def room_of(text: str, floor: int) -> Room:
    """On floor 7, "01", "1", "701" and "0701" are 701, position 1; "7A" and "A" are 7A, position 1.

    Raises TextTooLong.
    """
    room = _ROOM_END.sub("", text) or text
    if len(room) > ROOM_LENGTH:
        raise errors.TextTooLong(value=_short(room), limit=ROOM_LENGTH)
    if _DIGITS.fullmatch(room):
        position = _digit_position(room, floor)
        if position is None:
            return Room(room, None)
        return Room(room if len(room) > 2 else f"{_floor_label(floor)}{position:02d}", position)
    if found := _LETTER_ROOM.fullmatch(room):
        if found["floor"] and int(found["floor"]) != abs(floor):
            return Room(room, None)
        letter = found["letter"].upper()
        return Room(f"{_floor_label(floor)}{letter}", ord(letter) - ord("A") + 1)
    below = room.upper().removeprefix("B").removeprefix("-")
    if floor < 0 and below != room and _DIGITS.fullmatch(below):
        position = _digit_position(below, floor)
        return Room(room, position)
    return Room(room, None)


def _digit_position(room: str, floor: int) -> int | None:
    if len(room) <= 2:
        return int(room) or None
    rest = room.lstrip("0").removeprefix(str(abs(floor)))
    if rest == room.lstrip("0") and floor != 0:
        return None
    return int(rest) or None if 1 <= len(rest) <= 2 else None


def _floor_label(floor: int) -> str:
    return f"B{-floor}" if floor < 0 else str(floor)


@lru_cache(maxsize=4096)
def split_number(text: str) -> tuple[str, str, str] | None:
    """Building, entrance and room in one: 1-1-1803, 四季名苑1栋四单元1901, A002; None otherwise."""
    number = as_code(text)
    for pattern in (_FULL_NUMBER, _CHINESE_NUMBER):
        if found := pattern.fullmatch(number):
            return found["building"], found["entrance"] or "", found["room"]
    if found := _LETTER_AND_NUMBER.fullmatch(number):
        return found["building"], "", number
    return None


def unit_number(building: str, entrance: str, room: str) -> str:
    """1-1-1803; a room that begins with its building's letter is its own number (A002)."""
    if not entrance and building.isalpha() and room.startswith(building) and room != building:
        return room
    return "-".join(part for part in (building, entrance, room) if part)


def sort_key(code: str) -> int:
    """Where an entrance or a building stands among its like: by its number, else by its letter."""
    digits = re.search(r"[0-9]{1,6}", code)
    if digits:
        return int(digits.group())
    return ord(code[0].upper()) - ord("A") + 1 if code[:1].isascii() and code[:1].isalpha() else 0


def _short(text: str) -> str:
    return text if len(text) <= NAME_LENGTH else text[: NAME_LENGTH - 1] + "…"
