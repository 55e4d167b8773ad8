"""Units as pricing looks at them."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import F, Max, QuerySet

from loupan.inventory.models import Unit
from loupan.pricing.rules.repricing import PricedUnit

_UNIT_COLUMNS = (
    "id", "number", "building__name", "layout__name", "layout__code", "product_type", "status",
    "price_basis", "predicted_built_area", "predicted_inner_area", "measured_built_area",
    "measured_inner_area", "list_unit_price", "list_total", "floor_total", "filed_total",
    "entrance_id", "entrance__name", "floor_no", "floors_spanned", "position", "orientation",
    "view", "is_corner", "balcony_area", "garden_area", "fitout_unit_price", "room_no",
)  # fmt: skip


def units_in(project_id: int, scope: Mapping[str, Sequence[Any]]) -> QuerySet[Unit]:
    """The units of a scope: `buildings`, `layouts`, `units` by id, `product_types`; {} is all."""
    rows = Unit.objects.filter(project_id=project_id)
    for key, column in (
        ("buildings", "building_id"),
        ("layouts", "layout_id"),
        ("product_types", "product_type"),
        ("units", "pk"),
    ):
        if scope.get(key) is not None:
            rows = rows.filter(**{f"{column}__in": scope[key]})
    return rows


def priced_units(project_id: int, scope: Mapping[str, Sequence[Any]]) -> list[PricedUnit]:
    """Units with everything formulas may ask of them, in board order; two statements."""
    tops = dict(
        Unit.objects.filter(project_id=project_id)
        .values_list("entrance_id")
        .annotate(top=Max(F("floor_no") + F("floors_spanned") - 1))
    )
    rows = (
        units_in(project_id, scope)
        .order_by("building__sort", "building_id", "entrance__sort", "entrance_id", "-floor_no",
                  "position", "id")
        .values_list(*_UNIT_COLUMNS)
    )  # fmt: skip
    return [_priced_unit(dict(zip(_UNIT_COLUMNS, row, strict=True)), tops) for row in rows]


def _priced_unit(row: Mapping[str, Any], tops: Mapping[int, int]) -> PricedUnit:
    built = row["measured_built_area"] or row["predicted_built_area"]
    inner = row["measured_inner_area"] or row["predicted_inner_area"]
    highest = tops[row["entrance_id"]]
    return PricedUnit(
        id=row["id"],
        number=row["number"],
        building=row["building__name"],
        layout=row["layout__name"] or "",
        product=row["product_type"],
        status=row["status"],
        basis=row["price_basis"],
        built_area=built,
        inner_area=inner,
        unit_price=row["list_unit_price"],
        total=row["list_total"],
        floor_total=row["floor_total"],
        filed_total=row["filed_total"],
        entrance=row["entrance__name"],
        floor_no=row["floor_no"],
        position=row["position"],
        values={
            "built_area": built,
            "inner_area": inner,
            "shared_area": None if built is None or inner is None else built - inner,
            "balcony_area": row["balcony_area"],
            "garden_area": row["garden_area"],
            "list_unit_price": row["list_unit_price"],
            "list_total": row["list_total"],
            "floor_total": row["floor_total"],
            "fitout_unit_price": row["fitout_unit_price"],
            "floor_no": Decimal(row["floor_no"]),
            "floors_total": Decimal(highest),
            "orientation": row["orientation"],
            "view": row["view"],
            "position": Decimal(row["position"]),
            "layout": row["layout__code"] or "",
            "is_top": row["floor_no"] + row["floors_spanned"] - 1 == highest,
            "is_corner": row["is_corner"],
            "room_no": row["room_no"],
        },
    )
