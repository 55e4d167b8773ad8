"""The unit board as data: one statement written by hand, encoded once (DOMAIN 2.1, UX 3).

Note [The version of a board]: every change that the board shows writes a UnitChange, whose id is
the version.  Ids are given before they are committed, so a later id may be seen while an earlier
one is still on its way.  `since` therefore also repeats every change of the last seconds; a
repeated unit is the same unit, and no late commit is missed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import compress
from typing import Any

import orjson
from django.db import connection
from django.db.models import Max

from loupan.core.calendar import business_day
from loupan.inventory.models import Building, Entrance, UnitChange

OVERLAP = timedelta(seconds=10)
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
_CLAIM_AT = COLUMNS.index("claim_until")


@dataclass(frozen=True)
class BoardBuilding:
    """A tab of the board."""

    id: int
    code: str
    name: str
    is_parking: bool
    entrances: Sequence[dict[str, Any]]


def board(
    project_id: int,
    *,
    at: datetime,
    building: str | None = None,
    since: int | None = None,
    with_floor_prices: bool = False,
) -> dict[str, Any]:
    """The units of a project as the board shows them; amounts are text with two decimals.

    `building` is the code, the name or the id of one building.  With `since` (an earlier
    `version`) only the units changed after it, and `removed`, the ids of units that are gone.
    """
    version = board_version(project_id)  # Before the rows: newer rows are only sent twice.
    buildings = board_buildings(project_id, building)
    answer: dict[str, Any] = {"version": version, "buildings": buildings}
    codes = None if building is None else [entry.id for entry in buildings]
    if since is not None:
        answer["removed"] = _removed(project_id, since=since, at=at)
    answer["units"] = _units(
        project_id, at=at, building_ids=codes, since=since, with_floor_prices=with_floor_prices
    )
    return answer


def board_json(
    project_id: int,
    *,
    at: datetime,
    building: str | None = None,
    since: int | None = None,
    with_floor_prices: bool = False,
) -> bytes:
    """`board`, encoded: a thousand units must not pass a response schema (PERFORMANCE 2)."""
    return orjson.dumps(
        board(
            project_id,
            at=at,
            building=building,
            since=since,
            with_floor_prices=with_floor_prices,
        )
    )


@dataclass(frozen=True)
class BoardChanges:
    """What happened on a board after a version: its units as they stand now, and those gone."""

    version: int
    units: list[dict[str, Any]]
    removed: list[int]


def board_changes(project_id: int, *, at: datetime, since: int) -> BoardChanges:
    """Changes after `since`, one statement where there are none: a desk asks every second.

    The changes are read before the units: a newer one is only sent twice.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.unit_id, MAX(c.id) FROM inventory_unitchange c"
            " WHERE c.project_id = %s AND (c.id > %s OR c.at >= %s) GROUP BY c.unit_id",
            [project_id, since, _stored(at - OVERLAP)],
        )
        last = dict(cursor.fetchall())
    version = max([since, *last.values()])
    if not last:
        return BoardChanges(version, [], [])
    marks = ", ".join(["%s"] * len(last))
    sql = f"{_select(with_floor_prices=False)} AND u.id IN ({marks})"
    with connection.cursor() as cursor:
        cursor.execute(sql, [business_day(at), project_id, *sorted(last)])
        units = _as_dicts(COLUMNS, cursor.fetchall())
    there = {unit["id"] for unit in units}
    return BoardChanges(version, units, sorted(set(last) - there))


def board_version(project_id: int) -> int:
    """The id of the last change in the project; 0 before the first."""
    return UnitChange.objects.filter(project_id=project_id).aggregate(last=Max("id"))["last"] or 0


def board_buildings(project_id: int, chosen: str | None = None) -> list[BoardBuilding]:
    """Buildings with their entrances in board order; `chosen` by code, by name, or by id."""
    rows = list(
        Building.objects.filter(project_id=project_id)
        .order_by("sort", "id")
        .values("id", "code", "name", "is_parking")
    )
    if chosen is not None:
        for key in ("code", "name", "id"):
            found = [row for row in rows if str(row[key]) == chosen]
            if found:
                break
        rows = found
    entrances: dict[int, list[dict[str, Any]]] = {row["id"]: [] for row in rows}
    for entrance in (
        Entrance.objects.filter(building__project_id=project_id, building_id__in=entrances)
        .order_by("sort", "id")
        .values("id", "building_id", "code", "name")
    ):
        place = {key: entrance[key] for key in ("id", "code", "name")}
        entrances[entrance["building_id"]].append(place)
    return [
        BoardBuilding(row["id"], row["code"], row["name"], row["is_parking"], entrances[row["id"]])
        for row in rows
    ]


def _units(
    project_id: int,
    *,
    at: datetime,
    building_ids: list[int] | None,
    since: int | None,
    with_floor_prices: bool,
) -> list[dict[str, Any]]:
    sql = _select(with_floor_prices=with_floor_prices)
    given: list[Any] = [business_day(at), project_id]
    if building_ids is not None:
        marks = ", ".join(["%s"] * len(building_ids)) or "NULL"
        sql += f" AND u.building_id IN ({marks})"
        given += building_ids
    if since is not None:
        sql += (
            " AND u.id IN (SELECT c.unit_id FROM inventory_unitchange c"
            " WHERE c.project_id = %s AND (c.id > %s OR c.at >= %s))"
        )
        given += [project_id, since, _stored(at - OVERLAP)]
    sql += " ORDER BY b.sort, b.id, e.sort, e.id, u.floor_no DESC, u.position"
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        rows = cursor.fetchall()
    names = COLUMNS + FLOOR_COLUMNS if with_floor_prices else COLUMNS
    return _as_dicts(names, rows)


def _as_dicts(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[dict[str, Any]]:
    units = []
    for row in rows:
        unit = dict(zip(names, row, strict=True))
        unit["flags"] = _FLAG_LISTS[row[_FLAGS_AT]]
        if row[_CLAIM_AT] is not None:
            unit["claim_until"] = instant_text(row[_CLAIM_AT])
        units.append(unit)
    return units


def instant_text(value: datetime | str) -> str:
    """An instant with its offset; SQLite's plain cursor gives it without, in UTC."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if value.tzinfo is None:
        value = value.replace(tzinfo=UTC)
    return value.astimezone(UTC).isoformat()


def _stored(at: datetime) -> Any:
    """The instant as the database compares it: SQLite keeps UTC as text."""
    return connection.ops.adapt_datetimefield_value(at)


def _select(*, with_floor_prices: bool) -> str:
    """The board's statement up to its project; a first parameter is today."""
    amount = "round({0}, 2)::text" if connection.vendor == "postgresql" else "printf('%%.2f', {0})"

    def text(expression: str) -> str:
        shown = amount.format(expression)
        return f"CASE WHEN {expression} IS NULL THEN NULL ELSE {shown} END"

    floor = f", {text('u.floor_unit_price')}, {text('u.floor_total')}" if with_floor_prices else ""
    return (
        "SELECT u.id, u.number, b.code, e.code, u.floor_no, u.position, u.room_no,"  # noqa: S608
        " u.floors_spanned, u.status, u.product_type, COALESCE(l.name, ''), u.orientation, u.view,"
        f" {text('COALESCE(u.measured_built_area, u.predicted_built_area)')},"
        f" {text('COALESCE(u.measured_inner_area, u.predicted_inner_area)')},"
        f" {text('u.list_unit_price')}, {text('u.list_total')},"
        " u.claim_until, u.claim_label,"
        " CASE WHEN u.is_encumbered THEN 1 ELSE 0 END"
        " + CASE WHEN u.is_sealed THEN 2 ELSE 0 END"
        " + CASE WHEN u.is_show_flat THEN 4 ELSE 0 END"
        " + CASE WHEN u.list_total IS NULL THEN 8 ELSE 0 END"
        " + CASE WHEN p.id IS NULL OR p.valid_until < %s THEN 16 ELSE 0 END"
        f"{floor}"
        " FROM inventory_unit u"
        " JOIN inventory_building b ON b.id = u.building_id"
        " JOIN inventory_entrance e ON e.id = u.entrance_id"
        " LEFT JOIN inventory_layout l ON l.id = u.layout_id"
        " LEFT JOIN inventory_presalepermit p ON p.id = b.permit_id"
        " WHERE u.project_id = %s"
    )


def _removed(project_id: int, *, since: int, at: datetime) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT c.unit_id FROM inventory_unitchange c"
            " LEFT JOIN inventory_unit u ON u.id = c.unit_id"
            " WHERE c.project_id = %s AND u.id IS NULL AND (c.id > %s OR c.at >= %s)"
            " ORDER BY c.unit_id",
            [project_id, since, _stored(at - OVERLAP)],
        )
        return [row[0] for row in cursor.fetchall()]
