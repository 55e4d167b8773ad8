"""The unit board as data: one statement written by hand, encoded once (DOMAIN 2.1, UX 3).

Note [The version of a board]: every change that the board shows writes a UnitChange, whose id is
the version.  Ids are given before they are committed, so a later id may be seen while an earlier
one is still on its way.  `since` therefore also repeats every change of the last seconds; a
repeated unit is the same unit, and no late commit is missed.

Note [A claim whose time is over]: a lock or a hold ends at its minute, not when the job comes round:
whoever acts on the unit ends it first (sales: take_unit).  The board says so from that minute on, and
`since` repeats the units whose claims ran out in the last minute.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import compress
from typing import Any

import orjson
from django.db import connection

from loupan.core.calendar import business_day
from loupan.inventory.models import Unit
from loupan.inventory.queries import past_board
from loupan.inventory.queries.past_board import EXPIRING, instant, stored
from loupan.inventory.states import UnitStatus

OVERLAP = timedelta(seconds=10)
RUN_OUT = timedelta(minutes=1)  # For so long a claim that ran out is repeated; the job is faster.
MOST_NAMED = 5_000  # Ids that are listed in one statement.
FLAGS = ("encumbered", "sealed", "show_flat", "price_missing", "permit_missing")
# One list for each combination of flags: bit 0 is the first.
_FLAG_LISTS = [
    list(compress(FLAGS, [mask >> bit & 1 for bit in range(len(FLAGS))]))
    for mask in range(2 ** len(FLAGS))
]
COLUMNS = (
    "id",
    "number",
    "building",
    "entrance",
    "floor",
    "position",
    "room_no",
    "floors_spanned",
    "status",
    "product_type",
    "layout",
    "orientation",
    "view",
    "built_area",
    "inner_area",
    "list_unit_price",
    "list_total",
    "claim_until",
    "claim_label",
    "flags",
)
FLOOR_COLUMNS = ("floor_unit_price", "floor_total")
_FLAGS_AT = COLUMNS.index("flags")
_CLAIM_AT, _STATUS_AT = COLUMNS.index("claim_until"), COLUMNS.index("status")

_BUILDING_AT, _ENTRANCE_AT = COLUMNS.index("building"), COLUMNS.index("entrance")
_FLOOR_AT, _POSITION_AT = COLUMNS.index("floor"), COLUMNS.index("position")
_PERMIT_MISSING = 1 << FLAGS.index("permit_missing")


@dataclass(frozen=True)
class BoardBuilding:
    """A tab of the board."""

    id: int
    code: str
    name: str
    is_parking: bool
    entrances: list[dict[str, Any]]


@dataclass(frozen=True)
class BoardChanges:
    """What a desk has missed: the version reached, units as on the board, ids of units gone."""

    version: int
    units: list[dict[str, Any]]
    removed: list[int]


@dataclass(frozen=True)
class _Places:
    """What the rows of units only name by id: buildings, entrances in board order, permits."""

    buildings: list[BoardBuilding]
    building_codes: dict[int, str]
    entrance_codes: dict[int, str]
    ranks: dict[int, int]
    without_permit: frozenset[int]


def board(
    project_id: int,
    *,
    at: datetime,
    building: str | None = None,
    since: int | None = None,
    as_of: datetime | None = None,
    with_floor_prices: bool = False,
) -> dict[str, Any]:
    """The units of a project as the board shows them; amounts are text with two decimals.

    `building` is the code, the name or the id of one building.  With `since` (an earlier
    `version`) only the units changed after it, and `removed`, the ids of units that are gone.
    With `as_of` the board as it stood at that moment, and `as_it_stood`, what that is made of.
    """
    # Before the rows: newer rows are only sent twice.
    version = board_version(project_id, as_of)
    places = _places(project_id, building, business_day(as_of or at))
    answer: dict[str, Any] = {"version": version, "buildings": places.buildings}
    changed = None
    if since is not None:
        changed = _changed(project_id, since=since, at=at)
        answer["removed"] = _gone(project_id, changed)
    units = _units(
        project_id,
        places,
        at=at,
        is_one_building=building is not None,
        unit_ids=changed,
        with_floor_prices=with_floor_prices,
    )
    if as_of is not None:
        units, said = past_board.rewind(project_id, units, as_of)
        answer["as_it_stood"] = said
    answer["units"] = units
    return answer


def board_json(
    project_id: int,
    *,
    at: datetime,
    building: str | None = None,
    since: int | None = None,
    as_of: datetime | None = None,
    with_floor_prices: bool = False,
) -> bytes:
    """`board`, encoded: a thousand units must not pass a response schema (PERFORMANCE 2)."""
    return orjson.dumps(
        board(
            project_id,
            at=at,
            building=building,
            since=since,
            as_of=as_of,
            with_floor_prices=with_floor_prices,
        )
    )


def board_version(project_id: int, as_of: datetime | None = None) -> int:
    """The id of the last change in the project (up to a moment); 0 before the first."""
    sql = "SELECT MAX(id) FROM inventory_unitchange WHERE project_id = %s"
    given: list[Any] = [project_id]
    if as_of is not None:
        sql += " AND at <= %s"
        given.append(stored(as_of))
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        (last,) = cursor.fetchone()
    return last or 0


def board_changes(project_id: int, *, at: datetime, since: int) -> BoardChanges:
    """Changes after `since`, one statement where there are none: a desk asks every second.

    The changes are read before the units: a newer one is only sent twice.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT c.unit_id, MAX(c.id) FROM ({_CHANGES}) c GROUP BY c.unit_id",  # noqa: S608
            _since(project_id, since, at),
        )
        last = dict(cursor.fetchall())
    version = max([since, *last.values()])
    if not last:
        return BoardChanges(version, [], [])
    places = _places(project_id, None, business_day(at))
    units = _units(project_id, places, at=at, unit_ids=sorted(last))
    missing = sorted(set(last) - {unit["id"] for unit in units})
    return BoardChanges(version, units, _gone(project_id, missing) if missing else [])


def board_buildings(project_id: int, chosen: str | None = None) -> list[BoardBuilding]:
    """Buildings with their entrances in board order; `chosen` by code, by name, or by id."""
    return _places(project_id, chosen, date.max).buildings


def _places(project_id: int, chosen: str | None, today: date) -> _Places:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT b.id, b.code, b.name, b.is_parking, e.id, e.code, e.name,"
            " CASE WHEN p.id IS NULL OR p.valid_until < %s THEN 1 ELSE 0 END"
            " FROM inventory_building b"
            " LEFT JOIN inventory_entrance e ON e.building_id = b.id"
            " LEFT JOIN inventory_presalepermit p ON p.id = b.permit_id"
            " WHERE b.project_id = %s ORDER BY b.sort, b.id, e.sort, e.id",
            [today, project_id],
        )
        rows = cursor.fetchall()
    if chosen is not None:
        for column in (1, 2, 0):  # The code, the name, the id.
            found = [row for row in rows if str(row[column]) == chosen]
            if found:
                break
        rows = found
    buildings: dict[int, BoardBuilding] = {}
    entrance_codes: dict[int, str] = {}
    ranks: dict[int, int] = {}
    without_permit = set()
    for building_id, code, name, is_parking, entrance_id, entrance, entrance_name, missing in rows:
        if building_id not in buildings:
            buildings[building_id] = BoardBuilding(building_id, code, name, bool(is_parking), [])
        if missing:
            without_permit.add(building_id)
        if entrance_id is not None:
            place = {"id": entrance_id, "code": entrance, "name": entrance_name}
            buildings[building_id].entrances.append(place)
            entrance_codes[entrance_id] = entrance
            ranks[entrance_id] = len(ranks)
    return _Places(
        buildings=list(buildings.values()),
        building_codes={entry.id: entry.code for entry in buildings.values()},
        entrance_codes=entrance_codes,
        ranks=ranks,
        without_permit=frozenset(without_permit),
    )


def _units(
    project_id: int,
    places: _Places,
    *,
    at: datetime,
    is_one_building: bool = False,
    unit_ids: list[int] | None = None,
    with_floor_prices: bool = False,
) -> list[dict[str, Any]]:
    sql = _select(with_floor_prices=with_floor_prices)
    given: list[Any] = [project_id]
    if unit_ids is not None and len(unit_ids) > MOST_NAMED:
        unit_ids = None  # Nearly everything: then all of it.
    for column, wanted in (
        ("building_id", list(places.building_codes) if is_one_building else None),
        ("id", unit_ids),
    ):
        if wanted is not None:
            sql += f" AND u.{column} IN ({', '.join(['%s'] * len(wanted)) or 'NULL'})"
            given += wanted
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        rows = cursor.fetchall()
    ranks = places.ranks
    try:
        # Sorted here: the database takes five times as long for it as for everything else.
        rows.sort(key=lambda row: (ranks[row[_ENTRANCE_AT]], -row[_FLOOR_AT], row[_POSITION_AT]))
    except KeyError:
        # An entrance was made between the two statements; its units come with the next change.
        rows = [row for row in rows if row[_ENTRANCE_AT] in ranks]
        rows.sort(key=lambda row: (ranks[row[_ENTRANCE_AT]], -row[_FLOOR_AT], row[_POSITION_AT]))
    names = COLUMNS + FLOOR_COLUMNS if with_floor_prices else COLUMNS
    return _as_dicts(names, rows, places, at)


def _as_dicts(
    names: Sequence[str], rows: Iterable[Sequence[Any]], places: _Places, at: datetime
) -> list[dict[str, Any]]:
    buildings, entrances = places.building_codes, places.entrance_codes
    without_permit = places.without_permit
    units = []
    for row in rows:
        unit = dict(zip(names, row, strict=True))
        building = row[_BUILDING_AT]
        unit["building"] = buildings[building]
        unit["entrance"] = entrances[row[_ENTRANCE_AT]]
        mask = row[_FLAGS_AT] | _PERMIT_MISSING if building in without_permit else row[_FLAGS_AT]
        unit["flags"] = _FLAG_LISTS[mask]
        if row[_CLAIM_AT] is not None:
            until = instant(row[_CLAIM_AT])
            if until <= at and row[_STATUS_AT] in EXPIRING:
                unit |= _FREE
            else:
                unit["claim_until"] = until.isoformat()
        units.append(unit)
    return units


# See Note [A claim whose time is over].
_FREE = {"status": UnitStatus.AVAILABLE.value, "claim_until": None, "claim_label": ""}


def status_shown(unit: Unit, at: datetime) -> str:
    """The status of a unit as the board shows it. See Note [A claim whose time is over]."""
    if unit.status in EXPIRING and unit.claim_until is not None and unit.claim_until <= at:
        return UnitStatus.AVAILABLE.value
    return unit.status


def _text(expression: str, *, places: int = 4) -> str:
    """An amount with two decimals as text; `places` is how many its column keeps."""
    if connection.vendor == "postgresql":
        return f"{expression}::text" if places == 2 else f"round({expression}, 2)::text"
    shown = f"printf('%%.2f', {expression})"
    return f"CASE WHEN {expression} IS NULL THEN NULL ELSE {shown} END"


def _select(*, with_floor_prices: bool) -> str:
    """The board's statement up to its project."""
    floor = (
        f", {_text('u.floor_unit_price')}, {_text('u.floor_total', places=2)}"
        if with_floor_prices
        else ""
    )
    return (
        "SELECT u.id, u.number, u.building_id, u.entrance_id, u.floor_no, u.position, u.room_no,"  # noqa: S608
        " u.floors_spanned, u.status, u.product_type, COALESCE(l.name, ''), u.orientation, u.view,"
        f" {_text('COALESCE(u.measured_built_area, u.predicted_built_area)')},"
        f" {_text('COALESCE(u.measured_inner_area, u.predicted_inner_area)')},"
        f" {_text('u.list_unit_price')}, {_text('u.list_total', places=2)},"
        " u.claim_until, u.claim_label,"
        " CASE WHEN u.is_encumbered THEN 1 ELSE 0 END"
        " + CASE WHEN u.is_sealed THEN 2 ELSE 0 END"
        " + CASE WHEN u.is_show_flat THEN 4 ELSE 0 END"
        " + CASE WHEN u.list_total IS NULL THEN 8 ELSE 0 END"
        f"{floor}"
        " FROM inventory_unit u"
        " LEFT JOIN inventory_layout l ON l.id = u.layout_id"
        " WHERE u.project_id = %s AND NOT u.is_retired"
    )


# Three index scans: with OR the database reads every change of the project.
_CHANGES = (
    "SELECT unit_id, id FROM inventory_unitchange WHERE project_id = %s AND id > %s"
    " UNION SELECT unit_id, id FROM inventory_unitchange WHERE project_id = %s AND at >= %s"
    " UNION SELECT id, 0 FROM inventory_unit WHERE project_id = %s AND status IN ('locked', 'held')"
    " AND claim_until BETWEEN %s AND %s"
)


def _since(project_id: int, since: int, at: datetime) -> list[Any]:
    """What _CHANGES is given."""
    ended = [project_id, stored(at - RUN_OUT), stored(at)]
    return [project_id, since, project_id, stored(at - OVERLAP), *ended]


def _changed(project_id: int, *, since: int, at: datetime) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT c.unit_id FROM ({_CHANGES}) c ORDER BY c.unit_id",  # noqa: S608
            _since(project_id, since, at),
        )
        return [row[0] for row in cursor.fetchall()]


def _gone(project_id: int, unit_ids: list[int]) -> list[int]:
    if not unit_ids:
        return []
    units = Unit.objects.filter(project_id=project_id, is_retired=False)
    if len(unit_ids) <= MOST_NAMED:
        units = units.filter(pk__in=unit_ids)
    there = set(units.values_list("pk", flat=True))
    return [pk for pk in unit_ids if pk not in there]
