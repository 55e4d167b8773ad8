"""The board as it stood at a moment, put together from what only grows (UX 3).

Note [What the past knows]: every move of a unit is a UnitChange, so statuses and claims of any moment
are on record.  Prices, areas, orientation and flags are the values of today, taken back through the
audit: the first event after the moment that changed a value says what it was before.  A change of data
that left no such event makes the amounts of its unit unknown, and they are left out.  Places, numbers
and layouts are as today; units removed since are named by their ids alone.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db import connection
from django.db.models import F
from django.utils import timezone

from loupan.core.models import AuditEvent
from loupan.inventory import errors
from loupan.inventory.models import Unit, UnitChange
from loupan.inventory.states import UnitStatus

PRICES = ("list_unit_price", "list_total", "floor_unit_price", "floor_total")
AREAS = (
    "predicted_built_area",
    "measured_built_area",
    "predicted_inner_area",
    "measured_inner_area",
)
WORDS = ("orientation", "view")
FLAG_OF = {"is_encumbered": "encumbered", "is_sealed": "sealed", "is_show_flat": "show_flat"}
TAKEN_BACK = frozenset({*PRICES, *AREAS, *WORDS, *FLAG_OF})
# Keys of the board by where their values come from.
RECORDED = ("status", "claim_until", "claim_label")
RECONSTRUCTED = (
    "built_area", "inner_area", "list_unit_price", "list_total", "orientation", "view", "flags",
)  # fmt: skip
AS_OF_NOW = (
    "number", "building", "entrance", "floor", "position", "room_no", "floors_spanned",
    "product_type", "layout",
)  # fmt: skip
RELABEL = "relabel_claim"  # The claim passes to another holder; the status stays.
FIRST_YEAR = 2000
EXPIRING = frozenset({UnitStatus.LOCKED.value, UnitStatus.HELD.value})


@dataclass(frozen=True)
class Then:
    """How one unit stood: its status since when, and what its claim showed."""

    status: str
    since: datetime
    claim_until: datetime | None
    claim_label: str


@dataclass(frozen=True)
class AsItStood:
    """What a board of the past is made of: keys on record, reconstructed, and as they are now.

    `unknown` are units whose amounts of that moment are not on record, `removed` units that stood
    there and have been deleted since.
    """

    at: datetime
    recorded: tuple[str, ...]
    reconstructed: tuple[str, ...]
    as_of_now: tuple[str, ...]
    unknown: list[int]
    removed: list[int]


def past_moment(said: datetime, now: datetime) -> datetime:
    """The moment somebody asks about; without an offset it is the office's time.

    Raises MomentNotKnown for what has not come yet, and for years without records.
    """
    if not FIRST_YEAR <= said.year <= now.year + 1:
        raise errors.MomentNotKnown(first=FIRST_YEAR)
    moment = said if timezone.is_aware(said) else timezone.make_aware(said)
    if moment > now:
        raise errors.MomentNotKnown(first=FIRST_YEAR)
    return moment.astimezone(UTC)


def statuses_at(
    project_id: int, moment: datetime, unit_ids: Collection[int] | None = None
) -> dict[int, Then]:
    """Every unit that was there (of those named), by id; a claim whose time was over is over.

    A unit that had been deleted by then is not among them.
    """
    last = "SELECT MAX(id) FROM inventory_unitchange WHERE project_id = %s AND at <= %s"
    given: list[Any] = [project_id, stored(moment)]
    if unit_ids is not None:
        last += f" AND unit_id IN ({', '.join(['%s'] * len(unit_ids)) or 'NULL'})"
        given += unit_ids
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT unit_id, to_status, at, claim_until, claim_label FROM inventory_unitchange"  # noqa: S608
            f" WHERE id IN ({last} AND (from_status <> to_status OR verb = %s) GROUP BY unit_id)",
            [*given, RELABEL],
        )
        rows = cursor.fetchall()
    return {
        pk: _then(status, instant(since), instant(until) if until else None, label, moment)
        for pk, status, since, until, label in rows
        if status
    }


def _then(
    status: str, since: datetime, until: datetime | None, label: str, moment: datetime
) -> Then:
    if until is not None and until <= moment and status in EXPIRING:
        return Then(UnitStatus.AVAILABLE.value, until, None, "")
    return Then(status, since, until, label)


def taken_back(
    project_id: int, moment: datetime, unit_ids: Iterable[int] | None = None
) -> tuple[dict[int, dict[str, Any]], set[int]]:
    """Values that differed then, by unit and field, and the units whose values are not on record."""
    later = UnitChange.objects.filter(
        project_id=project_id, at__gt=moment, from_status=F("to_status")
    ).exclude(verb=RELABEL)
    if unit_ids is not None:
        later = later.filter(unit_id__in=list(unit_ids))
    changed = set(later.values_list("unit_id", "at"))
    if not changed:
        return {}, set()
    events = AuditEvent.objects.filter(
        project_id=project_id,
        subject_type=Unit._meta.label_lower,
        subject_id__in=later.values("unit_id"),
        at__gt=moment,
    ).order_by("id")
    then: dict[int, dict[str, Any]] = {}
    for pk, at, before in events.values_list("subject_id", "at", "before"):
        changed.discard((pk, at))
        values = then.setdefault(pk, {})
        for name in TAKEN_BACK.intersection(before):
            values.setdefault(name, before[name])
    return {pk: values for pk, values in then.items() if values}, {pk for pk, _at in changed}


def rewind(
    project_id: int, units: Iterable[dict[str, Any]], moment: datetime
) -> tuple[list[dict[str, Any]], AsItStood]:
    """Units of today's board as they stood then; those not yet made are left out."""
    statuses = statuses_at(project_id, moment)
    values, unknown = taken_back(project_id, moment)
    measured = [pk for pk, then in values.items() if not then.keys().isdisjoint(AREAS)]
    raw = {row["id"]: row for row in _areas(measured)}
    found = []
    for unit in units:
        then = statuses.pop(unit["id"], None)
        if then is None:
            continue
        until = then.claim_until
        unit["status"], unit["claim_label"] = then.status, then.claim_label
        unit["claim_until"] = until.isoformat() if until else None
        if before := values.get(unit["id"]):
            _take_back(unit, before, raw.get(unit["id"], {}))
        if unit["id"] in unknown:
            for key in ("built_area", "inner_area", *PRICES):
                if key in unit:
                    unit[key] = None
        found.append(unit)
    # A unit that was split or merged since has given its place away: it can only be named.
    kept = (
        dict(Unit.objects.filter(project_id=project_id).values_list("pk", "is_retired"))
        if statuses
        else {}
    )
    gone = [
        pk
        for pk, then in statuses.items()
        if kept.get(pk, True) and not (pk in kept and then.status == UnitStatus.OFF_MARKET)
    ]
    said = AsItStood(
        at=moment,
        recorded=RECORDED,
        reconstructed=RECONSTRUCTED,
        as_of_now=AS_OF_NOW,
        unknown=sorted(unknown.intersection(unit["id"] for unit in found)),
        removed=sorted(gone),
    )
    return found, said


def _areas(unit_ids: list[int]) -> Iterable[Mapping[str, Any]]:
    return Unit.objects.filter(pk__in=unit_ids).values("id", *AREAS) if unit_ids else ()


def _take_back(unit: dict[str, Any], before: Mapping[str, Any], raw: Mapping[str, Any]) -> None:
    for name in PRICES:
        if name in before and name in unit:
            unit[name] = two_places(before[name])
    if raw:
        areas = {**raw, **before}
        for kind in ("built", "inner"):
            area = areas[f"measured_{kind}_area"] or areas[f"predicted_{kind}_area"]
            unit[f"{kind}_area"] = two_places(area)
    for name in WORDS:
        if name in before:
            unit[name] = before[name]
    flags = dict.fromkeys(unit["flags"], True)
    flags |= {FLAG_OF[name]: before[name] for name in FLAG_OF.keys() & before.keys()}
    flags["price_missing"] = unit["list_total"] is None
    order = (*FLAG_OF.values(), "price_missing", "permit_missing")
    unit["flags"] = [name for name in order if flags.get(name)]


def two_places(value: Decimal | str | None) -> str | None:
    """An amount with two decimals as text, as the board says it."""
    if value is None:
        return None
    return f"{Decimal(value).quantize(Decimal('0.01'), ROUND_HALF_UP):f}"


def instant(value: datetime | str) -> datetime:
    """An instant in UTC; SQLite's plain cursor gives it as text without its offset."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def stored(at: datetime) -> Any:
    """The instant as the database compares it: SQLite keeps UTC as text."""
    return connection.ops.adapt_datetimefield_value(at)
