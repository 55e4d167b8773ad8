"""Prices entered directly: first list prices, floor and filed prices (DOMAIN 2.2.1, 2.2.5).

Whatever is entered becomes a version of its own at once, so that every price has one history.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from loupan.core import audit
from loupan.core.bulk import insert_rows, update_rows
from loupan.core.db import writes
from loupan.core.people import Actor
from loupan.inventory.models import Unit, UnitChange
from loupan.inventory.states import CLAIMED, UnitStatus
from loupan.org.models import User
from loupan.org.permissions import require
from loupan.pricing import errors
from loupan.pricing.actions.price_lists import record_version
from loupan.pricing.models import FloorLevel, FloorPrice, PriceKind
from loupan.pricing.permissions import (
    AUTHORITY_LABELS,
    EDIT_PRICES,
    FLOOR_AUTHORITY,
    SET_LIMITS,
    authority_of,
)
from loupan.pricing.queries.book import PriceBook, price_book
from loupan.pricing.queries.list_prices import list_price_of
from loupan.pricing.queries.traces import trace_steps
from loupan.pricing.rules.repricing import Line, PricedUnit

MOST_UNITS = 20_000
NEVER_OFFERED = frozenset({UnitStatus.NOT_RELEASED, UnitStatus.WITHHELD, UnitStatus.OFF_MARKET})


@dataclass(frozen=True)
class NewPrice:
    """What somebody enters for one unit: yuan per square metre of its basis, or yuan in total."""

    unit_id: int
    unit_price: Decimal | None = None
    total: Decimal | None = None


@dataclass(frozen=True)
class _Found:
    unit: Unit
    unit_price: Decimal | None
    total: Decimal
    trace: list[dict[str, Any]]


@writes
def set_list_prices(
    *, prices: Sequence[NewPrice], by: User, at: datetime, reason: str = ""
) -> list[Unit]:
    """Enter the first list prices of units that were never offered, all or none.

    Nobody can buy at them before a director releases the units (T1).  Totals by basis, order and
    precision of the project.  Raises UnitIsClaimed, PriceNeedsList, PriceMissing, PriceBelowFloor,
    PriceAboveFiled.
    """
    found = _worked_out(prices, EDIT_PRICES, by)
    for each in found:
        unit, total = each.unit, each.total
        if unit.status in CLAIMED:
            raise errors.UnitIsClaimed(unit=unit, status=unit.get_status_display())
        if unit.first_released_on is not None or unit.status not in NEVER_OFFERED:
            raise errors.PriceNeedsList(unit=unit)
        if unit.floor_total is not None and total < unit.floor_total:
            raise errors.PriceBelowFloor(unit=unit)
        if unit.filed_total is not None and total > unit.filed_total:
            raise errors.PriceAboveFiled(unit=unit, amount=total)
    return _set(found, PriceKind.LIST, "", by=by, at=at, reason=reason)


@writes
def set_floor_prices(
    *,
    prices: Sequence[NewPrice],
    by: User,
    at: datetime,
    reason: str = "",
    level: str = FloorLevel.PROJECT,
) -> list[Unit]:
    """Set floor prices (底价) of a level, all or none; group ≤ company ≤ project ≤ list price.

    Each level is set from its own rank on: the project's by its director, the group's by the group.
    Raises FloorLevelNotYours, PriceMissing, PriceBelowFloor, FloorsOutOfOrder.
    """
    found = _worked_out(prices, SET_LIMITS, by)
    needed = FLOOR_AUTHORITY[FloorLevel(level)]
    for project_id in {each.unit.project_id for each in found}:
        if authority_of(by, project_id) < needed:
            raise errors.FloorLevelNotYours(who=AUTHORITY_LABELS[needed])
    known = _floors_of([each.unit.pk for each in found])
    for each in found:
        if each.unit.list_total is not None and each.unit.list_total < each.total:
            raise errors.PriceBelowFloor(unit=each.unit)
        floors = {
            FloorLevel.PROJECT: each.unit.floor_total, **known.get(each.unit.pk, {}),
            level: each.total,
        }  # fmt: skip
        rising = [total for name in reversed(FloorLevel.values) if (total := floors.get(name))]
        if rising != sorted(rising):
            raise errors.FloorsOutOfOrder(unit=each.unit)
    if level != FloorLevel.PROJECT:
        return _set_higher_floors(found, level, by=by, at=at, reason=reason)
    return _set(found, PriceKind.FLOOR, level, by=by, at=at, reason=reason)


@writes
def set_filed_prices(
    *, prices: Sequence[NewPrice], by: User, at: datetime, reason: str = ""
) -> list[Unit]:
    """Set filed prices (备案价), the upper bound of list and deal. Raises PriceAboveFiled."""
    found = _worked_out(prices, SET_LIMITS, by)
    for each in found:
        listed = each.unit.list_total
        if listed is not None and listed > each.total:
            raise errors.PriceAboveFiled(unit=each.unit, amount=listed)
    return _set(found, PriceKind.FILED, "", by=by, at=at, reason=reason)


def _worked_out(prices: Sequence[NewPrice], permission: str, by: User) -> list[_Found]:
    wanted = {price.unit_id: price for price in prices}
    units = list(Unit.objects.locked().filter(pk__in=wanted))
    if len(units) != len(wanted):
        raise Unit.DoesNotExist
    for project_id in sorted({unit.project_id for unit in units}):
        require(by, permission, project_id)
    books = {project_id: price_book(project_id) for project_id in {u.project_id for u in units}}
    return [_computed(unit, wanted[unit.pk], books[unit.project_id]) for unit in units]


def _computed(unit: Unit, price: NewPrice, book: PriceBook) -> _Found:
    settings = book.classes[unit.product_type]
    found = list_price_of(
        unit.price_basis,
        unit.built_area,
        unit.inner_area,
        price.unit_price,
        price.total,
        order=settings.order,
        precision=settings.precision,
    )
    if found.total is None:
        raise errors.PriceMissing(unit=unit)
    return _Found(unit, found.unit_price, found.total, list(found.trace))


def _set(
    found: Sequence[_Found], kind: str, level: str, *, by: User, at: datetime, reason: str
) -> list[Unit]:
    unit_price, total = f"{kind}_unit_price", f"{kind}_total"
    columns: tuple[str, ...] = (unit_price, total, "price_trace", "version")
    if kind != PriceKind.LIST:
        columns = (unit_price, total, "version")
    _record(found, kind, level, by=by, at=at, reason=reason)
    changes = []
    for each in found:
        unit = each.unit
        before = {unit_price: getattr(unit, unit_price), total: getattr(unit, total)}
        after = {unit_price: each.unit_price, total: each.total}
        changes.append((unit, *audit.differences(before, after)))
        for name, value in after.items():
            setattr(unit, name, value)
        if kind == PriceKind.LIST:
            unit.price_trace = each.trace
        unit.version += 1
    units = [each.unit for each in found]
    update_rows(Unit, columns, ([*(getattr(u, name) for name in columns), u.pk] for u in units))
    for project_id in sorted({unit.project_id for unit in units}):
        here = [change for change in changes if change[0].project_id == project_id]
        _tell(here, project_id, kind, by=by, at=at, reason=reason)
    return units


def _tell(
    changes: Sequence[tuple[Unit, Mapping[str, Any], Mapping[str, Any]]],
    project_id: int,
    kind: str,
    *,
    by: Actor,
    at: datetime,
    reason: str,
) -> None:
    """The board learns of it, and the log."""
    insert_rows(
        UnitChange,
        ("unit_id", "from_status", "to_status"),
        ((unit.pk, unit.status, unit.status) for unit, _before, _after in changes),
        same={
            "project_id": project_id,
            "verb": f"set_{kind}_price",
            "reason": reason,
            "by_id": by.pk,
            "post_id": by.post_id,
            "source": by.source,
            "at": at,
        },
    )
    audit.record_changes(
        f"pricing.{kind}_price.set",
        Unit,
        ((unit.pk, before, after) for unit, before, after in changes),
        by=by,
        at=at,
        project_id=project_id,
        reason=reason,
    )


def _set_higher_floors(
    found: Sequence[_Found], level: str, *, by: User, at: datetime, reason: str
) -> list[Unit]:
    """Floors of company and group stand beside the unit: no board shows them."""
    _record(found, PriceKind.FLOOR, level, by=by, at=at, reason=reason)
    units = [each.unit for each in found]
    FloorPrice.objects.filter(level=level, unit__in=units).delete()
    FloorPrice.objects.bulk_create(
        [
            FloorPrice(unit=each.unit, level=level, unit_price=each.unit_price, total=each.total)
            for each in found
        ],
        batch_size=1000,
    )
    for project_id in sorted({unit.project_id for unit in units}):
        audit.record_changes(
            f"pricing.{level}_floor_price.set",
            Unit,
            (
                (each.unit.pk, {}, {"floor_unit_price": each.unit_price, "floor_total": each.total})
                for each in found
                if each.unit.project_id == project_id
            ),
            by=by,
            at=at,
            project_id=project_id,
            reason=reason,
        )
    return units


def _record(
    found: Sequence[_Found], kind: str, level: str, *, by: Actor, at: datetime, reason: str
) -> None:
    """What was entered, as a version that is in force from now on."""
    by_project: dict[int, list[Line]] = {}
    for each in found:
        line = Line(
            _as_it_was(each.unit, kind), each.unit_price, each.total, "", trace_steps(each.trace)
        )
        by_project.setdefault(each.unit.project_id, []).append(line)
    names = {
        PriceKind.LIST: _("First prices"), PriceKind.FLOOR: _("Floor prices"),
        PriceKind.FILED: _("Filed prices"),
    }  # fmt: skip
    for project_id, lines in by_project.items():
        record_version(
            project_id=project_id,
            kind=kind,
            level=level,
            method="given",
            name=(reason or names[PriceKind(kind)])[:60],
            basis={},
            lines=lines,
            by=by,
            at=at,
            reason=reason,
        )


def _as_it_was(unit: Unit, kind: str) -> PricedUnit:
    return PricedUnit(
        id=unit.pk,
        number=unit.number,
        building="",
        layout="",
        product=unit.product_type,
        status=unit.status,
        basis=unit.price_basis,
        built_area=unit.built_area,
        inner_area=unit.inner_area,
        unit_price=getattr(unit, f"{kind}_unit_price"),
        total=getattr(unit, f"{kind}_total"),
        floor_total=unit.floor_total,
        filed_total=unit.filed_total,
    )


def _floors_of(unit_ids: Sequence[int]) -> dict[int, dict[str, Decimal]]:
    """Floors of company and group by unit."""
    found: dict[int, dict[str, Decimal]] = {}
    rows = FloorPrice.objects.filter(unit_id__in=unit_ids)
    for unit_id, level, total in rows.values_list("unit_id", "level", "total"):
        found.setdefault(unit_id, {})[level] = total
    return found
