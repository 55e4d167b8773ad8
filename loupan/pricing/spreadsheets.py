"""Prices from a file: any list or grid that the import of units understands (2.2.5)."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from loupan.inventory.queries.imports import register_of
from loupan.inventory.rules.comparing import best_fit
from loupan.inventory.spreadsheets import read_units
from loupan.org.models import Project
from loupan.pricing.queries.units import priced_units


@dataclass(frozen=True)
class PriceFile:
    """Unit price and total by unit, room numbers nobody knows, and which rounding makes its totals."""

    given: dict[int, tuple[Decimal | None, Decimal | None]] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    fit: dict[str, Any] = field(default_factory=dict)


def read_prices(content: bytes, filename: str, project: Project) -> PriceFile:
    """The prices a file gives for units that are there.

    Raises UnreadableFile and the refusals of the import of units.
    """
    file = read_units(content, filename, {}, project.pk)
    register = register_of(project, file.units)
    found = PriceFile()
    for unit in file.units:
        price, total = unit.values.get("list_unit_price"), unit.values.get("list_total")
        if price is None and total is None:
            continue
        unit_id = register.find(register.home(unit), unit)
        if unit_id is None:
            found.unknown.append(f"{unit.building} {unit.entrance} {unit.room}")
        else:
            found.given[unit_id] = (price, total)
    areas = {unit.id: unit.area for unit in priced_units(project.pk, {"units": list(found.given)})}
    pairs = [
        (price * area, total)
        for unit_id, (price, total) in found.given.items()
        if price is not None and total is not None and (area := areas.get(unit_id)) is not None
    ]
    found.fit.update(best_fit(pairs))
    return found
