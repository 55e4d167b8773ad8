"""Reading for imports: what stands in the project, and where each row of a file belongs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Count, Max

from loupan.core.models import ImportState
from loupan.core.refusals import Refusal
from loupan.inventory import errors
from loupan.inventory.hooks import calculator_for
from loupan.inventory.models import (
    Building,
    Entrance,
    ImportKind,
    Layout,
    Unit,
    UnitChange,
    UnitImport,
    UnitImportRow,
)
from loupan.inventory.parameters import UNIT
from loupan.inventory.rules.addresses import (
    LAST_POSITION,
    NAME_LENGTH,
    building_name,
    entrance_code,
    room_of,
    unit_number,
)
from loupan.inventory.rules.areas import measured_values
from loupan.inventory.rules.comparing import (
    AGREED,
    PLAIN,
    STARTS_AT,
    Comparison,
    Difference,
    compare,
    status_difference,
)
from loupan.inventory.rules.prices import PriceCalculator, plain_list_price
from loupan.inventory.rules.unit_files import FileUnit, Problem
from loupan.inventory.states import CLAIMED, UnitStatus
from loupan.org.models import Project
from loupan.parameters.hooks import SUBJECTS
from loupan.parameters.queries.book import book_of
from loupan.parameters.queries.fields import edited_since, said_by

# The columns of a unit that a file can say something of, as read for comparing.
COLUMNS = (
    "id",
    *(column for column in PLAIN.values() if column != "layout"),
    "layout_id",
    "list_unit_price",
    "list_total",
    "price_basis",
    "first_released_on",
    "status",
    "number",
    "room_no",
    "version",
)
READ_AT_ONCE = 5_000


@dataclass
class Home:
    """An entrance of the project or of the file: where its units stand and what they are called."""

    building_code: str
    entrance_code: str
    building_id: int | None = None
    entrance_id: int | None = None
    places: dict[tuple[int, int], int] = field(default_factory=dict)
    rooms: dict[str, int] = field(default_factory=dict)
    doors: dict[int, str] = field(default_factory=dict)
    last: dict[int, int] = field(default_factory=dict)

    def add(self, unit_id: int, floor: int, position: int, room: str) -> None:
        self.places[floor, position] = unit_id
        self.rooms[room] = unit_id
        self.doors[unit_id] = room
        self.last[floor] = max(self.last.get(floor, 0), position)


@dataclass
class Register:
    """Everything of a project that rows are laid beside; kept up to date while an import runs.

    A unit that is only planned (dry run) has a negative id, the row of the file.
    """

    project: Project
    price: PriceCalculator
    homes: dict[tuple[str, str], Home]
    buildings: dict[str, int]
    names: dict[str, str]
    bare: set[str]
    layouts: dict[str, int]
    layout_codes: dict[int, str]
    layout_names: dict[str, str]
    numbers: set[str]
    # Buildings of the file that never name an entrance, by their name there.
    without_entrance: set[str] = field(default_factory=set)
    # Unit id → row of the file that meant it first.
    taken: dict[int, int] = field(default_factory=dict)
    state: tuple[int, int] = (0, 0)
    # A survey only says what was measured, of units that are here, whatever was agreed with buyers.
    is_survey: bool = False

    def refresh(self) -> None:
        """Read the project again, because somebody else made or deleted units meanwhile."""
        fresh = register_of(self.project, ())
        fresh.without_entrance, fresh.taken = self.without_entrance, self.taken
        fresh.is_survey = self.is_survey
        self.__dict__.update(fresh.__dict__)

    def building_code(self, text: str) -> str:
        """The code of the building a file means: by its name, by its code if that is all it says."""
        wanted = building_name(text)
        key = wanted.name.casefold()
        if key in self.names:
            return self.names[key]
        code = wanted.code
        known = code in self.buildings or code in self.names.values()
        if known and not (wanted.is_bare or code in self.bare):
            code = wanted.name[:20]
        self.names[key] = code
        if wanted.is_bare:
            self.bare.add(code)
        return code

    def home(self, unit: FileUnit) -> Home:
        """The entrance a row belongs to, planned if it is not there yet."""
        building = self.building_code(unit.building)
        entrance = entrance_code(unit.entrance)
        if not entrance and unit.building in self.without_entrance:
            only = [key for key in self.homes if key[0] == building]
            if len(only) == 1:
                return self.homes[only[0]]
        home = self.homes.get((building, entrance))
        if home is None:
            home = Home(building, entrance, building_id=self.buildings.get(building))
            self.homes[building, entrance] = home
        return home

    def find(self, home: Home, unit: FileUnit) -> int | None:
        """The id of the unit a row means, None for a new one."""
        if unit.position is None:
            return home.rooms.get(unit.room)
        found = home.places.get((unit.floor, unit.position))
        return home.rooms.get(unit.room) if found is None else found

    def stands_in_the_way(self, home: Home, unit: FileUnit, found: int) -> str:
        """The room number of a unit that stands where the row wants to be but is another one."""
        door = home.doors[found]
        if door == unit.room or unit.position is None:
            return ""
        return "" if room_of(door, unit.floor).position == unit.position else door

    def place(self, home: Home, unit: FileUnit) -> int:
        """The position of a new unit: what its number says, else the next free one of its floor."""
        if unit.position is not None:
            return unit.position
        return home.last.get(unit.floor, 0) + 1


def calculator(project_id: int) -> PriceCalculator:
    return calculator_for(project_id, lambda: plain_list_price)


def register_of(
    project: Project, units: Iterable[FileUnit], kind: str = ImportKind.FILE
) -> Register:
    """The project as it stands, to lay the units of a file beside."""
    buildings = list(Building.objects.filter(project=project).values_list("id", "code", "name"))
    layouts = list(Layout.objects.filter(project=project).values_list("id", "code", "name"))
    register = Register(
        project=project,
        price=calculator(project.pk),
        homes={},
        buildings={code: pk for pk, code, _name in buildings},
        names={name.casefold(): code for _pk, code, name in buildings},
        bare={code for _pk, code, name in buildings if building_name(name).is_bare or name == code},
        layouts={code: pk for pk, code, _name in layouts},
        layout_codes={pk: code for pk, code, _name in layouts},
        layout_names={name: code for _pk, code, name in layouts},
        numbers=set(Unit.objects.filter(project=project).values_list("number", flat=True)),
    )
    register.state = units_state(project.pk)
    register.is_survey = kind == ImportKind.SURVEY
    by_id: dict[int, Home] = {}
    for pk, building_id, code, building_code in Entrance.objects.filter(
        building__project=project
    ).values_list("id", "building_id", "code", "building__code"):
        by_id[pk] = Home(building_code, code, building_id, pk)
        register.homes[building_code, code] = by_id[pk]
    standing = Unit.objects.filter(project=project, is_retired=False)
    for pk, entrance_id, floor, position, room in standing.values_list(
        "id", "entrance_id", "floor_no", "position", "room_no"
    ):
        by_id[entrance_id].add(pk, floor, position, room)
    named: dict[str, bool] = {}
    for unit in units:
        if not named.get(unit.building):
            named[unit.building] = bool(entrance_code(unit.entrance))
    register.without_entrance = {building for building, has in named.items() if not has}
    return register


def units_state(project_id: int) -> tuple[int, int]:
    """What changes when a unit of the project is made or deleted."""
    found = Unit.objects.filter(project_id=project_id).aggregate(last=Max("id"), count=Count("id"))
    return found["last"] or 0, found["count"]


@dataclass(slots=True)
class Outcome:
    """What one row of the file comes to. `kind`: created, updated, unchanged, refused."""

    unit: FileUnit
    kind: str
    home: Home | None = None
    unit_id: int | None = None
    number: str = ""
    position: int = 0
    status: str = ""
    changes: dict[str, Any] = field(default_factory=dict)
    before: dict[str, Any] = field(default_factory=dict)
    trace: Sequence[dict[str, Any]] | None = None
    problem: Problem | None = None
    differences: list[Difference] = field(default_factory=list)
    raw_total: tuple[Decimal, Decimal] | None = None
    version: int = 0
    # By id of the custom field: what the unit said, and what the file says otherwise.
    custom: dict[int, tuple[Any, Any]] = field(default_factory=dict)


def weigh(register: Register, units: Sequence[FileUnit], *, may_release: bool) -> list[Outcome]:
    """What each row would do, in order. Planned units are entered in the register as they come."""
    placed = [_placed(register, unit) for unit in units]
    wanted = [o.unit_id for o in placed if o.unit_id is not None and o.unit_id > 0]
    stored = stored_units(wanted)
    said = _said(register, placed)
    for outcome in placed:
        if outcome.kind == "refused":
            continue
        if outcome.unit.custom and outcome.unit_id is not None and not register.is_survey:
            kept = said.get(outcome.unit_id, {})
            outcome.custom = {
                pk: (kept.get(pk), value)
                for pk, value in outcome.unit.custom.items()
                if kept.get(pk) != value
            }
        old = stored.get(outcome.unit_id) if outcome.unit_id and outcome.unit_id > 0 else None
        compare_with(register, outcome, old, may_release=may_release)
    return placed


def _said(register: Register, placed: Sequence[Outcome]) -> dict[int, dict[int, Any]]:
    """What the units of the rows say in custom fields, where the file says anything in them."""
    ids = [o.unit_id for o in placed if o.unit.custom and o.unit_id is not None and o.unit_id > 0]
    if not ids:
        return {}
    fields = book_of(register.project.pk).fields.get(UNIT, ())
    return said_by(SUBJECTS[UNIT], ids, fields)


def compare_with(
    register: Register,
    outcome: Outcome,
    old: Mapping[str, Any] | None,
    *,
    may_release: bool,
) -> None:
    """Fill an outcome from the stored columns of its unit; None for a new one."""
    if register.is_survey and old is not None:
        _compare_survey(register, outcome, old)
        return
    given = _with_known_layout(register, outcome.unit)
    basis = old["price_basis"] if old else register.project.price_basis
    if old is not None:
        old = {**old, "layout": register.layout_codes.get(old["layout_id"])}
    found = compare(given, old, basis, register.price)
    if old is not None and old["first_released_on"] is not None:
        _leave_offered_price(outcome, found, given, old)
    outcome.changes, outcome.trace = found.changes, found.trace
    outcome.differences, outcome.raw_total = found.differences, found.raw_total
    if old is None:
        outcome.kind = "created"
        _start(outcome, given.get("status"), may_release=may_release)
    else:
        outcome.number, outcome.version = old["number"], old["version"]
        outcome.status = old["status"]
        if (word := given.get("status")) and (
            said := status_difference(
                word, old["status"], str(UnitStatus(old["status"]).label), word
            )
        ):
            outcome.differences.append(said)
        outcome.kind = "updated" if found.changes or outcome.custom else "unchanged"
        outcome.before = {name: old[name] for name in found.changes}
        if old["status"] in CLAIMED and not AGREED.isdisjoint(found.changes):
            label = UnitStatus(old["status"]).label
            column = next(name for name in found.changes if name in AGREED)
            refuse(outcome, column, errors.UnitClaimed(unit=old["number"], status=label))
            return
    if found.refusal is not None:
        is_total = isinstance(found.refusal, errors.TotalDisagrees)
        refuse(outcome, "list_total" if is_total else "inner_area", found.refusal)


def _compare_survey(register: Register, outcome: Outcome, old: Mapping[str, Any]) -> None:
    """What was measured, beside what is kept. A claimed unit keeps its price (U-5)."""
    given = measured_values(outcome.unit.values)
    is_claimed = old["status"] in CLAIMED
    basis = "unit" if is_claimed else old["price_basis"]  # Then no price follows the area.
    found = compare(given, {**old, "layout": None}, basis, register.price)
    outcome.number, outcome.version, outcome.status = old["number"], old["version"], old["status"]
    outcome.changes, outcome.trace = found.changes, found.trace
    if is_claimed:
        outcome.changes = {name: value for name, value in found.changes.items() if name in given}
        outcome.trace = None
    outcome.kind = "updated" if outcome.changes else "unchanged"
    outcome.before = {name: old[name] for name in outcome.changes}
    if found.refusal is not None:
        refuse(outcome, "measured_inner_area", found.refusal)
    elif not given:
        refuse(outcome, "measured_built_area", errors.NothingMeasured())


def _leave_offered_price(
    outcome: Outcome, found: Comparison, given: Mapping[str, Any], old: Mapping[str, Any]
) -> None:
    """What has been offered changes its price by an approved list (2.2.5); the books stay.

    A new area still makes a new total.
    """
    said = {"list_unit_price", "list_total"}.intersection(given)
    if "list_unit_price" not in found.changes and not said.intersection(found.changes):
        return
    for column in ("list_unit_price", "list_total"):
        if column in found.changes:
            value = found.changes.pop(column)
            reason = str(errors.OfferedPrice(unit=old["number"]))
            found.differences.append(Difference(column, f"{value:f}", f"{old[column]}", reason))
    found.trace = None


def refuse(outcome: Outcome, column: str, refusal: Refusal) -> None:
    """Turn the outcome into a refused row."""
    unit = outcome.unit
    sheet, row, value = unit.places.get(column, (unit.sheet, unit.row, ""))
    if not value:
        value = str(unit.values.get(column, ""))
    outcome.kind = "refused"
    outcome.problem = Problem(sheet, row, column, value, str(refusal))


def _placed(register: Register, unit: FileUnit) -> Outcome:
    home = register.home(unit)
    outcome = Outcome(unit, "", home)
    found = register.find(home, unit)
    if found is not None:
        if door := register.stands_in_the_way(home, unit, found):
            refuse(
                outcome,
                "room",
                errors.PlaceTaken(floor=unit.floor, position=unit.position, other=door),
            )
        elif found in register.taken:
            refuse(outcome, "room", errors.SameUnitTwice(row=register.taken[found]))
        else:
            register.taken[found] = unit.row
            outcome.unit_id = found
        return outcome
    if register.is_survey:
        refuse(outcome, "room", errors.NotOnRecord(unit=unit.room))
        return outcome
    outcome.position = register.place(home, unit)
    outcome.number = unit_number(home.building_code, home.entrance_code, unit.room)
    if len(outcome.number) > NAME_LENGTH:
        refuse(outcome, "room", errors.TextTooLong(value=outcome.number, limit=NAME_LENGTH))
    elif outcome.number in register.numbers:
        refuse(outcome, "room", errors.UnitNumberTaken(number=outcome.number))
    elif outcome.position > LAST_POSITION:
        refuse(outcome, "room", errors.NumberTooLarge(value=outcome.position))
    else:
        register.numbers.add(outcome.number)
        outcome.unit_id = -len(register.numbers)
        home.add(outcome.unit_id, unit.floor, outcome.position, unit.room)
        register.taken[outcome.unit_id] = unit.row
    return outcome


def _with_known_layout(register: Register, unit: FileUnit) -> dict[str, Any]:
    layout = unit.values.get("layout")
    if layout is None or layout in register.layouts or layout not in register.layout_names:
        return unit.values
    return {**unit.values, "layout": register.layout_names[layout]}


def _start(outcome: Outcome, file_status: str | None, *, may_release: bool) -> None:
    """Where a new unit stands; see STARTS_AT. What is offered needs a price (T1)."""
    outcome.status = STARTS_AT[file_status] if file_status else UnitStatus.NOT_RELEASED
    if outcome.status != UnitStatus.AVAILABLE:
        return
    refusal: Refusal | None = None
    if not may_release:
        refusal = errors.NotYoursToRelease()
    elif outcome.changes.get("list_total") is None:
        refusal = errors.ListPriceMissing(unit=outcome.number)
    if refusal is not None:
        outcome.status = UnitStatus.NOT_RELEASED
        outcome.differences.append(
            Difference("status", str(file_status), outcome.status, str(refusal))
        )


def stored_units(unit_ids: Sequence[int]) -> dict[int, Mapping[str, Any]]:
    """The comparable columns of units by id."""
    found: dict[int, Mapping[str, Any]] = {}
    for start in range(0, len(unit_ids), READ_AT_ONCE):
        for row in Unit.objects.filter(pk__in=unit_ids[start : start + READ_AT_ONCE]).values_list(
            *COLUMNS
        ):
            values = dict(zip(COLUMNS, row, strict=True))
            found[values["id"]] = values
    return found


def remembered_mapping(project_id: int, headers: Sequence[str]) -> dict[str, str]:
    """The columns somebody chose for a file with the same headings, to offer them again."""
    wanted = sorted(filter(None, headers))
    for understood, mapping in (
        UnitImport.objects.filter(project_id=project_id, state=ImportState.DONE)
        .exclude(mapping={})
        .order_by("-id")
        .values_list("understood", "mapping")[:20]
    ):
        if sorted(column["header"] for column in understood.get("columns", [])) == wanted:
            return dict(mapping)
    return {}


def created_ids(batch: UnitImport) -> list[int]:
    """The units an import made that are still there, ascending."""
    ids: list[int] = []
    for first, last in batch.understood.get("created_ids", []):
        ids += Unit.objects.filter(
            project_id=batch.project_id, pk__gte=first, pk__lte=last
        ).values_list("pk", flat=True)
    return sorted(ids)


def touched_since(batch: UnitImport) -> list[str]:
    """Numbers of the units of an import that somebody changed after it."""
    touched = [
        number
        for number, version, after in batch.rows.exclude(unit=None).values_list(
            "unit__number", "unit__version", "after"
        )
        if version != after.get("version")
    ]
    for first, last in batch.understood.get("created_ids", []):
        made = Unit.objects.filter(project_id=batch.project_id, pk__gte=first, pk__lte=last)
        moved = made.exclude(version=0) | made.filter(
            pk__in=UnitChange.objects.filter(unit_id__gte=first, unit_id__lte=last)
            .exclude(verb="import")
            .values("unit_id")
        )
        touched += moved.values_list("number", flat=True)
    said = edited_since(SUBJECTS[UNIT], created_ids(batch), batch.ended_at or batch.made_at)
    touched += Unit.objects.filter(pk__in=sorted(said)).values_list("number", flat=True)
    return sorted(set(touched))


def ensure_can_be_undone(batch: UnitImport) -> None:
    """Raise ImportNotDone or UnitsTouchedSince."""
    if batch.state != ImportState.DONE:
        raise errors.ImportNotDone
    if touched := touched_since(batch):
        shown = "、".join(touched[:20]) + ("…" if len(touched) > 20 else "")
        raise errors.UnitsTouchedSince(count=len(touched), units=shown)


def ensure_places_are_free(rows: Sequence[UnitImportRow]) -> None:
    """Raise PlaceTaken where a unit cannot go back to its earlier position."""
    units = {unit.pk: unit for unit in Unit.objects.filter(pk__in=[row.unit_id for row in rows])}
    others = Unit.objects.filter(entrance_id__in={unit.entrance_id for unit in units.values()})
    taken = {
        (entrance, floor, position): number
        for entrance, floor, position, number in others.exclude(pk__in=units).values_list(
            "entrance_id", "floor_no", "position", "number"
        )
    }
    for row in rows:
        unit = units[row.unit_id or 0]
        place = (unit.entrance_id, unit.floor_no, row.before["position"])
        if place in taken:
            raise errors.PlaceTaken(floor=place[1], position=place[2], other=taken[place])
