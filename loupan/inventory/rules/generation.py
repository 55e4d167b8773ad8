"""All units of a building from a rule: entrances × floors × positions (INV-03)."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from loupan.inventory import errors
from loupan.inventory.rules.addresses import ROOM_LENGTH, unit_number

MOST_UNITS: Final = 5_000
_PLACEHOLDER = re.compile(r"\{(floor|position)(?::0([1-4]))?\}")


@dataclass(frozen=True)
class Slot:
    """One position of every floor: what stands there. Areas in m².

    `duplex_on` are the floors on which a unit of two floors begins; the floor above has none.
    """

    position: int
    layout_id: int | None = None
    built_area: Decimal | None = None
    inner_area: Decimal | None = None
    orientation: str = ""
    product_type: str = "flat"
    duplex_on: frozenset[int] = frozenset()


@dataclass(frozen=True)
class GenerationRule:
    """The rule of one building. Skipped floors do not exist; skipped positions bear no number."""

    building: str
    entrances: Sequence[str]
    lowest: int
    highest: int
    slots: Sequence[Slot]
    skipped_floors: frozenset[int] = frozenset()
    skipped_positions: frozenset[int] = frozenset()
    pattern: str = "{floor}{position:02}"


@dataclass(frozen=True)
class PlannedUnit:
    """A unit that the rule would make."""

    entrance: str
    floor: int
    spanned: int
    position: int
    room_no: str
    number: str
    slot: Slot = field(repr=False)


def planned_units(rule: GenerationRule) -> list[PlannedUnit]:
    """Every unit the rule gives, by entrance, floors upwards, positions in order.

    Raises NothingToGenerate, TooManyUnits, BadNumberPattern.
    """
    floors = [
        floor for floor in range(rule.lowest, rule.highest + 1) if floor not in rule.skipped_floors
    ]
    slots = [slot for slot in rule.slots if slot.position not in rule.skipped_positions]
    if len(rule.entrances) * len(floors) * len(slots) > MOST_UNITS:
        raise errors.TooManyUnits(limit=MOST_UNITS)
    units = [
        unit for entrance in rule.entrances for unit in _of_entrance(rule, entrance, floors, slots)
    ]
    if not units:
        raise errors.NothingToGenerate
    if len({unit.number for unit in units}) != len(units):
        raise errors.BadNumberPattern(pattern=rule.pattern)
    return units


def _of_entrance(
    rule: GenerationRule, entrance: str, floors: Sequence[int], slots: Sequence[Slot]
) -> Iterator[PlannedUnit]:
    for index, floor in enumerate(floors):
        below = floors[index - 1] if index else None
        for slot in slots:
            if below is not None and below in slot.duplex_on:
                continue
            has_floor_above = index + 1 < len(floors)
            room_no = room_number(rule.pattern, floor, slot.position)
            yield PlannedUnit(
                entrance=entrance,
                floor=floor,
                spanned=2 if floor in slot.duplex_on and has_floor_above else 1,
                position=slot.position,
                room_no=room_no,
                number=unit_number(rule.building, entrance, room_no),
                slot=slot,
            )


def room_number(pattern: str, floor: int, position: int) -> str:
    """ "{floor}{position:02}" on floor 18, position 3 → 1803; floors below ground → B103.

    Raises BadNumberPattern.
    """
    rest = _PLACEHOLDER.sub("", pattern)
    if "{" in rest or "}" in rest or "{position" not in pattern:
        raise errors.BadNumberPattern(pattern=pattern)

    def filled(found: re.Match[str]) -> str:
        number = floor if found[1] == "floor" else position
        digits = f"{abs(number):0{found[2] or 1}d}"
        return f"B{digits}" if number < 0 else digits

    room = _PLACEHOLDER.sub(filled, pattern)
    if len(room) > ROOM_LENGTH:
        raise errors.BadNumberPattern(pattern=pattern)
    return room


def floor_list(text: str) -> frozenset[int]:
    """ "4, 13-14，24" → {4, 13, 14, 24}. Raises ValueError for anything that is no number."""
    numbers: set[int] = set()
    for part in re.split(r"[\s,，、;；]+", text.strip()):
        if not part:
            continue
        found = re.fullmatch(r"(-?[0-9]{1,3})(?:[-~～](-?[0-9]{1,3}))?", part)
        if not found:
            raise ValueError(part)
        first = int(found[1])
        numbers |= set(range(first, int(found[2] or first) + 1))
    return frozenset(numbers)


@dataclass(frozen=True)
class PlanFloor:
    """A line of the preview: a floor and what stands at each position of the entrance."""

    floor: int
    cells: Sequence[PlannedUnit | None]


@dataclass(frozen=True)
class Plan:
    """An entrance of the preview, floors down as on the board."""

    entrance: str
    positions: Sequence[int]
    floors: Sequence[PlanFloor]


def plans(units: Sequence[PlannedUnit]) -> list[Plan]:
    """The planned units as the board would show them."""
    found = []
    for entrance in dict.fromkeys(unit.entrance for unit in units):
        own = [unit for unit in units if unit.entrance == entrance]
        places = {(unit.floor, unit.position): unit for unit in own}
        positions = sorted({unit.position for unit in own})
        floors = sorted({unit.floor for unit in own}, reverse=True)
        found.append(
            Plan(
                entrance,
                positions,
                [
                    PlanFloor(floor, [places.get((floor, position)) for position in positions])
                    for floor in floors
                ],
            )
        )
    return found
