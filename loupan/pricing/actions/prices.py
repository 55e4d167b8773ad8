"""List, floor and filed prices of units (DOMAIN 2.2.1, 2.2.5)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from loupan.core import audit
from loupan.core.db import writes
from loupan.inventory.models import Unit, UnitChange
from loupan.inventory.states import CLAIMED
from loupan.org.models import User
from loupan.org.permissions import require
from loupan.pricing import errors
from loupan.pricing.queries import PriceBook, list_price_of, price_book
from loupan.pricing.rules.list_price import CalculationOrder

MOST_UNITS = 20_000


@dataclass(frozen=True)
class NewPrice:
    """What somebody enters for one unit: yuan per square metre of its basis, or yuan in total."""

    unit_id: int
    unit_price: Decimal | None = None
    total: Decimal | None = None


@writes
def set_list_prices(
    *, prices: Sequence[NewPrice], by: User, at: datetime, reason: str = ""
) -> list[Unit]:
    """Set list prices, all or none; totals by basis, order and precision of the project.

    Units under a claim keep their price (U-5).  Raises UnitIsClaimed, PriceMissing,
    PriceBelowFloor, PriceAboveFiled.
    """

    def change(unit: Unit, price: NewPrice, book: PriceBook) -> dict[str, object]:
        _ensure_free(unit)
        unit_price, total, trace = _computed(unit, price, book)
        if unit.floor_total is not None and total < unit.floor_total:
            raise errors.PriceBelowFloor(unit=unit)
        if unit.filed_total is not None and total > unit.filed_total:
            raise errors.PriceAboveFiled(unit=unit, amount=total)
        return {"list_unit_price": unit_price, "list_total": total, "price_trace": trace}

    return _set_prices(prices, "list_price", change, by=by, at=at, reason=reason)


@writes
def set_floor_prices(
    *, prices: Sequence[NewPrice], by: User, at: datetime, reason: str = ""
) -> list[Unit]:
    """Set floor prices (底价), all or none. Raises PriceMissing, PriceBelowFloor."""

    def change(unit: Unit, price: NewPrice, book: PriceBook) -> dict[str, object]:
        unit_price, total, _trace = _computed(unit, price, book)
        if unit.list_total is not None and unit.list_total < total:
            raise errors.PriceBelowFloor(unit=unit)
        return {"floor_unit_price": unit_price, "floor_total": total}

    return _set_prices(prices, "floor_price", change, by=by, at=at, reason=reason)


@writes
def set_filed_prices(
    *, prices: Sequence[NewPrice], by: User, at: datetime, reason: str = ""
) -> list[Unit]:
    """Set filed prices (备案价), the upper bound of list and deal. Raises PriceAboveFiled."""

    def change(unit: Unit, price: NewPrice, book: PriceBook) -> dict[str, object]:
        unit_price, total, _trace = _computed(unit, price, book)
        if unit.list_total is not None and unit.list_total > total:
            raise errors.PriceAboveFiled(unit=unit, amount=unit.list_total)
        return {"filed_unit_price": unit_price, "filed_total": total}

    return _set_prices(prices, "filed_price", change, by=by, at=at, reason=reason)


def _ensure_free(unit: Unit) -> None:
    if unit.status in CLAIMED:
        raise errors.UnitIsClaimed(unit=unit, status=unit.get_status_display())


def _computed(
    unit: Unit, price: NewPrice, book: PriceBook
) -> tuple[Decimal | None, Decimal, list[object]]:
    found = list_price_of(
        unit.price_basis,
        unit.built_area,
        unit.inner_area,
        price.unit_price,
        price.total,
        order=CalculationOrder(book.policy.calculation_order),
        precision=book.precision,
    )
    if found.total is None:
        raise errors.PriceMissing(unit=unit)
    return found.unit_price, found.total, list(found.trace)


def _set_prices(
    prices: Sequence[NewPrice],
    kind: str,
    change: Callable[[Unit, NewPrice, PriceBook], dict[str, object]],
    *,
    by: User,
    at: datetime,
    reason: str,
) -> list[Unit]:
    wanted = {price.unit_id: price for price in prices}
    units = list(Unit.objects.locked().filter(pk__in=wanted))
    if len(units) != len(wanted):
        raise Unit.DoesNotExist
    for project_id in sorted({unit.project_id for unit in units}):
        require(by, "pricing.edit_prices", project_id)
    changes, entries, touched = [], [], ["version"]
    for unit in units:
        values = change(unit, wanted[unit.pk], price_book(unit.project_id))
        before = audit.snapshot(unit, *values)
        for name, value in values.items():
            setattr(unit, name, value)
        unit.version += 1
        touched = [*values, "version"]
        changes.append(_shown_on_board(unit, kind, by=by, at=at, reason=reason))
        before, after = audit.differences(before, values)
        entries.append(
            audit.entry(
                f"pricing.{kind}.set", unit, by=by, at=at, before=before, after=after, reason=reason
            )
        )
    Unit.objects.bulk_update(units, touched, batch_size=200)
    UnitChange.objects.bulk_create(changes, batch_size=1000)
    audit.record_all(entries)
    return units


def _shown_on_board(unit: Unit, kind: str, *, by: User, at: datetime, reason: str) -> UnitChange:
    return UnitChange(
        project_id=unit.project_id,
        unit=unit,
        verb=f"set_{kind}",
        from_status=unit.status,
        to_status=unit.status,
        reason=reason,
        by=by,
        post_id=by.post_id,
        source=by.source,
        at=at,
    )
