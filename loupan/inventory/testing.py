"""Makers of property for the tests of this floor and those above.

unit = a_unit(project)                       # 1-1-1803 of DOMAIN 0.3, available
units = [a_unit(project, floor=f, position=p) for f in range(2, 10) for p in (1, 2)]
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from loupan.core.rounding import TO_YUAN
from loupan.inventory.actions.batches import prepare_batch
from loupan.inventory.models import (
    Building,
    Entrance,
    Layout,
    PresalePermit,
    ReleaseBatch,
    Unit,
    UnitChange,
    Zone,
)
from loupan.inventory.states import UnitStatus
from loupan.org.models import PriceBasis, Project, User

NOON = datetime(2025, 3, 8, 4, 0, tzinfo=UTC)  # 12:00 in Shanghai.


def a_zone(project: Project, *, code: str = "A", name: str = "一期") -> Zone:
    return Zone.objects.get_or_create(project=project, code=code, defaults={"name": name})[0]


def a_permit(
    project: Project,
    *,
    number: str = "渝房预售字2024第118号",
    issued_on: date = date(2024, 6, 1),
    valid_until: date | None = None,
) -> PresalePermit:
    return PresalePermit.objects.get_or_create(
        project=project,
        number=number,
        defaults={"issued_on": issued_on, "valid_until": valid_until},
    )[0]


def a_building(
    project: Project, code: str = "1", *, name: str = "", with_permit: bool = True, **fields: Any
) -> Building:
    """A building of the project, made once per code; with a valid permit unless told otherwise."""
    defaults = {
        "name": name or f"{code}号楼",
        "sort": int(code) if code.isdigit() else 0,
        "permit": a_permit(project) if with_permit else None,
        **fields,
    }
    return Building.objects.get_or_create(project=project, code=code, defaults=defaults)[0]


def an_entrance(building: Building, code: str = "1", *, name: str = "") -> Entrance:
    defaults = {
        "name": name or (f"{code}单元" if code else ""),
        "sort": int(code) if code.isdigit() else 0,
    }
    return Entrance.objects.get_or_create(building=building, code=code, defaults=defaults)[0]


def a_layout(
    project: Project, code: str = "C", *, name: str = "", rooms: str = "3室2厅2卫"
) -> Layout:
    return Layout.objects.get_or_create(
        project=project, code=code, defaults={"name": name or f"{code}户型", "rooms": rooms}
    )[0]


def a_unit(
    project: Project,
    *,
    building: str = "1",
    entrance: str = "1",
    floor: int = 18,
    position: int = 3,
    built_area: str | None = "118.62",
    inner_area: str | None = "94.37",
    list_unit_price: str | None = "12830",
    floor_unit_price: str | None = "11900",
    status: str = UnitStatus.AVAILABLE,
    with_permit: bool = True,
    **fields: Any,
) -> Unit:
    """A unit where a plan puts it, priced per m² of built area; the canonical one by default."""
    tower = a_building(project, building, with_permit=with_permit)
    stairs = an_entrance(tower, entrance)
    room_no = fields.pop("room_no", f"{floor}{position:02d}")
    area = Decimal(built_area) if built_area else None
    inner = Decimal(inner_area) if inner_area else None
    price = Decimal(list_unit_price) if list_unit_price else None
    floor_price = Decimal(floor_unit_price) if floor_unit_price else None
    unit = Unit.objects.create(
        project=project,
        building=tower,
        entrance=stairs,
        number=fields.pop(
            "number", "-".join(part for part in (building, entrance, room_no) if part)
        ),
        room_no=room_no,
        floor_no=floor,
        position=position,
        predicted_built_area=area,
        predicted_inner_area=inner,
        price_basis=fields.pop("price_basis", PriceBasis.BUILT),
        list_unit_price=price,
        list_total=fields.pop(
            "list_total", TO_YUAN.apply(price * area) if price and area else None
        ),
        floor_unit_price=floor_price,
        floor_total=fields.pop(
            "floor_total", TO_YUAN.apply(floor_price * area) if floor_price and area else None
        ),
        status=status,
        first_released_on=fields.pop(
            "first_released_on", date(2025, 1, 10) if status == UnitStatus.AVAILABLE else None
        ),
        **fields,
    )
    UnitChange.objects.create(
        project=project,
        unit=unit,
        verb="make",
        from_status="",
        to_status=status,
        source="job",
        at=NOON,
    )
    return unit


def a_release_batch(
    project: Project, by: User, units: Sequence[Unit], *, name: str = "首开"
) -> ReleaseBatch:
    """A prepared batch of these units under the permit of the project."""
    return prepare_batch(
        project_id=project.pk,
        name=name,
        permit_id=a_permit(project).pk,
        unit_ids=[unit.pk for unit in units],
        by=by,
        at=NOON,
    )
