"""All units of a building from a rule: entrances × floors × positions (INV-03)."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, Literal

from loupan.core.refusals import Refusal
from loupan.inventory import errors
from loupan.inventory.rules.addresses import ROOM_LENGTH, unit_number

MOST_UNITS: Final = 5_000
MOST_SPANNED: Final = 3
_PLACEHOLDER = re.compile(r"\{(floor|position)(?::0([1-4]))?\}")


@dataclass(frozen=True)
class Slot:
    """One position of every floor of a pattern: what stands there. Areas in m².

    `duplex_on` are the floors on which a unit of `spans` floors begins; the floors above have none.
    """

    position: int
    layout_id: int | None = None
    built_area: Decimal | None = None
    inner_area: Decimal | None = None
    orientation: str = ""
    product_type: str = "flat"
    duplex_on: frozenset[int] = frozenset()
    spans: int = 2


@dataclass(frozen=True)
class Pattern:
    """What stands on a range of floors: in every entrance, or only in those named."""

    lowest: int
    highest: int
    slots: Sequence[Slot]
    entrances: frozenset[str] = frozenset()


@dataclass(frozen=True)
class GenerationRule:
    """The rule of one building. Skipped floors do not exist; skipped positions bear no number.

    Numbers are `number_prefix` and `number_pattern`, in which the floor is counted `floor_offset` higher
    than it stands.
    """

    building: str
    entrances: Sequence[str]
    patterns: Sequence[Pattern]
    skipped_floors: frozenset[int] = frozenset()
    skipped_positions: frozenset[int] = frozenset()
    number_pattern: str = "{floor}{position:02}"
    number_prefix: str = ""
    floor_offset: int = 0


@dataclass(frozen=True)
class PlannedUnit:
    """A unit that the rule would make. `floors` are all it takes, its own first."""

    entrance: str
    floors: Sequence[int]
    position: int
    room_no: str
    number: str
    slot: Slot = field(repr=False)

    @property
    def floor(self) -> int:
        return self.floors[0]

    @property
    def spanned(self) -> int:
        return len(self.floors)


def planned_units(rule: GenerationRule) -> list[PlannedUnit]:
    """Every unit the rule gives, by entrance, floors upwards, positions in order.

    Raises NothingToGenerate, TooManyUnits, BadNumberPattern, PatternsOverlap, AreaNotPositive,
    InnerAreaTooLarge.
    """
    for slot in (slot for pattern in rule.patterns for slot in pattern.slots):
        if any(area is not None and area <= 0 for area in (slot.built_area, slot.inner_area)):
            raise errors.AreaNotPositive
        if slot.inner_area and slot.built_area and slot.inner_area > slot.built_area:
            raise errors.InnerAreaTooLarge(inner=slot.inner_area, built=slot.built_area)
    units: list[PlannedUnit] = []
    for entrance in rule.entrances:
        for unit in _of_entrance(rule, entrance):
            units.append(unit)
            if len(units) > MOST_UNITS:
                raise errors.TooManyUnits(limit=MOST_UNITS)
    if not units:
        raise errors.NothingToGenerate
    if len({unit.number for unit in units}) != len(units):
        raise errors.BadNumberPattern(pattern=rule.number_pattern)
    return units


def _of_entrance(rule: GenerationRule, entrance: str) -> Iterator[PlannedUnit]:
    places = _places(rule, entrance)
    floors = sorted(places)
    covered: set[tuple[int, int]] = set()
    for index, floor in enumerate(floors):
        for slot in places[floor].values():
            if (floor, slot.position) in covered:
                continue
            above = floors[index + 1 : index + slot.spans] if floor in slot.duplex_on else []
            covered |= {(higher, slot.position) for higher in above}
            room_no = room_number(rule, floor, slot.position)
            yield PlannedUnit(
                entrance=entrance,
                floors=(floor, *above),
                position=slot.position,
                room_no=room_no,
                number=unit_number(rule.building, entrance, room_no),
                slot=slot,
            )


def _places(rule: GenerationRule, entrance: str) -> dict[int, dict[int, Slot]]:
    """What stands at each floor and position. Below the first floor comes B1: there is no floor 0."""
    places: dict[int, dict[int, Slot]] = {}
    for pattern in rule.patterns:
        if pattern.entrances and entrance not in pattern.entrances:
            continue
        for floor in range(pattern.lowest, pattern.highest + 1):
            if floor in rule.skipped_floors or (floor == 0 and pattern.lowest < 0):
                continue
            for slot in pattern.slots:
                if slot.position in rule.skipped_positions:
                    continue
                here = places.setdefault(floor, {})
                if slot.position in here:
                    raise errors.PatternsOverlap(floor=floor, position=slot.position)
                here[slot.position] = slot
    return places


def room_number(rule: GenerationRule, floor: int, position: int) -> str:
    """ "{floor}{position:02}" on floor 18, position 3 → 1803; floors below ground → B103.

    Raises BadNumberPattern.
    """
    pattern = rule.number_pattern
    rest = _PLACEHOLDER.sub("", pattern)
    if "{" in rest or "}" in rest or "{position" not in pattern:
        raise errors.BadNumberPattern(pattern=pattern)
    shown = floor + rule.floor_offset if floor > 0 else floor

    def filled(found: re.Match[str]) -> str:
        number = shown if found[1] == "floor" else position
        digits = f"{abs(number):0{found[2] or 1}d}"
        return f"B{digits}" if number < 0 else digits

    room = rule.number_prefix + _PLACEHOLDER.sub(filled, pattern)
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


def floor_text(numbers: Iterable[int]) -> str:
    """{4, 13, 14} → "4, 13, 14"."""
    return ", ".join(map(str, sorted(numbers)))


# --- Beside what is there -----------------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """A unit the building has already."""

    entrance: str
    floor: int
    spanned: int
    position: int
    room_no: str
    number: str

    @property
    def floors(self) -> Sequence[int]:
        return range(self.floor, self.floor + self.spanned)


Kind = Literal["new", "kept", "refused", "standing"]


@dataclass(frozen=True)
class Weighed:
    """A planned unit beside what is there: to be made, there already, or in the way of another."""

    unit: PlannedUnit
    kind: Kind
    refusal: Refusal | None = None


def weigh_plan(
    planned: Iterable[PlannedUnit], standing: Collection[Standing], taken: Collection[str]
) -> list[Weighed]:
    """What a repeated rule does: adds the missing, keeps what is there, refuses what collides.

    `taken` are the planned numbers the project has already, in this building or another.
    """
    places = {
        (unit.entrance, floor, unit.position): unit for unit in standing for floor in unit.floors
    }
    return [_weighed(unit, places, taken) for unit in planned]


def _weighed(
    unit: PlannedUnit, places: Mapping[tuple[str, int, int], Standing], taken: Collection[str]
) -> Weighed:
    there = places.get((unit.entrance, unit.floor, unit.position))
    if there and there.floor == unit.floor and there.number == unit.number:
        return Weighed(unit, "kept")
    for floor in unit.floors:
        other = places.get((unit.entrance, floor, unit.position))
        if other:
            refusal = errors.PlaceTaken(floor=floor, position=unit.position, other=other.number)
            return Weighed(unit, "refused", refusal)
    if unit.number in taken:
        return Weighed(unit, "refused", errors.UnitNumberTaken(number=unit.number))
    return Weighed(unit, "new")


# --- The preview --------------------------------------------------------------------------------


@dataclass(frozen=True)
class PlanCell:
    """A cell of the preview: `rows` floors high; None in its place where nothing stands."""

    room_no: str
    kind: Kind
    area: Decimal | None
    reason: str
    rows: int


@dataclass(frozen=True)
class PlanFloor:
    """A line of the preview: a floor and what begins there; a covered place is left out."""

    floor: int
    cells: Sequence[PlanCell | None]


@dataclass(frozen=True)
class Plan:
    """An entrance of the preview, floors down as on the board."""

    entrance: str
    positions: Sequence[int]
    floors: Sequence[PlanFloor]


def plans(weighed: Sequence[Weighed], standing: Sequence[Standing] = ()) -> list[Plan]:
    """The building as the board would show it afterwards, with the units that stay beside the rule."""
    planned = {one.unit.number for one in weighed if one.kind == "kept"}
    rest = [unit for unit in standing if unit.number not in planned]
    entrances = dict.fromkeys(
        [*(one.unit.entrance for one in weighed), *(unit.entrance for unit in rest)]
    )
    return [_plan(entrance, weighed, rest) for entrance in entrances]


def _plan(entrance: str, weighed: Sequence[Weighed], rest: Sequence[Standing]) -> Plan:
    found: dict[tuple[int, int], tuple[Sequence[int], str, Kind, Decimal | None, str]] = {}
    for unit in rest:
        if unit.entrance == entrance:
            place = (unit.floor, unit.position)
            found[place] = (unit.floors, unit.room_no, "standing", None, "")
    for one in weighed:
        if one.unit.entrance == entrance:
            reason = str(one.refusal or "")
            place = (one.unit.floor, one.unit.position)
            area = one.unit.slot.built_area
            found[place] = (one.unit.floors, one.unit.room_no, one.kind, area, reason)
    floors = sorted({floor for taken, *_rest in found.values() for floor in taken}, reverse=True)
    positions = sorted({position for _floor, position in found})
    row_of = {floor: row for row, floor in enumerate(floors)}
    tops: dict[tuple[int, int], PlanCell] = {}
    covered: set[tuple[int, int]] = set()
    for (floor, position), (taken, room_no, kind, area, reason) in found.items():
        bottom, top = row_of[floor], row_of[floor]
        free = [row_of[one] for one in taken[1:] if (one, position) not in found]
        while free and top - 1 in free:
            top -= 1
        tops[top, position] = PlanCell(room_no, kind, area, reason, bottom - top + 1)
        covered |= {(row, position) for row in range(top + 1, bottom + 1)}
    lines = []
    for row, floor in enumerate(floors):
        shown = [place for place in positions if (row, place) not in covered]
        lines.append(PlanFloor(floor, [tops.get((row, place)) for place in shown]))
    return Plan(entrance, positions, lines)


# --- Kept with the building ---------------------------------------------------------------------


def rule_as_dict(rule: GenerationRule) -> dict[str, Any]:
    """The rule as it is kept with its building, in the words of its form."""
    return {
        "entrances": list(rule.entrances),
        "skipped_floors": floor_text(rule.skipped_floors),
        "skipped_positions": floor_text(rule.skipped_positions),
        "patterns": [
            {
                "lowest": pattern.lowest,
                "highest": pattern.highest,
                "entrances": sorted(pattern.entrances),
                "slots": [
                    {
                        "position": slot.position,
                        "layout": slot.layout_id,
                        "built_area": _plain(slot.built_area),
                        "inner_area": _plain(slot.inner_area),
                        "orientation": slot.orientation,
                        "product_type": slot.product_type,
                        "duplex_on": floor_text(slot.duplex_on),
                        "spans": slot.spans,
                    }
                    for slot in pattern.slots
                ],
            }
            for pattern in rule.patterns
        ],
    }


def _plain(area: Decimal | None) -> str | None:
    return None if area is None else f"{area:f}"
