"""Price lists as versions: their lines, what they come to, what blocks them (DOMAIN 2.2.5)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Case, F, Max, Q, QuerySet, When
from django.db.models.functions import Coalesce

from loupan.inventory.models import Unit
from loupan.inventory.states import SOLD, UnitStatus
from loupan.org.models import User
from loupan.pricing.models import FloorLevel, FloorPrice, PriceKind, PriceList, PriceListLine
from loupan.pricing.queries.book import price_book
from loupan.pricing.queries.formulas import table_from
from loupan.pricing.queries.reach import within_reach
from loupan.pricing.queries.traces import trace_steps
from loupan.pricing.queries.units import priced_units
from loupan.pricing.rules import repricing
from loupan.pricing.rules.repricing import PricedUnit, Recipe
from loupan.pricing.states import PriceListStatus

# Prices of these never change again (U-5), and what is no stock has none to change.
NEVER_REPRICED = frozenset({UnitStatus.PROVISIONAL, UnitStatus.OFF_MARKET}) | SOLD


def price_lists_for(viewer: User, project_id: int | None = None) -> QuerySet[PriceList]:
    """Versions of prices this person may read; those of floors only with the right to floor prices."""
    rows = PriceList.objects.filter(within_reach(viewer, project_id))
    seen = viewer.acts_in("inventory.read_floor_price")
    return rows.filter(~Q(kind=PriceKind.FLOOR) | Q(project_id__in=seen)).order_by("-id")


def settings_of(project_id: int) -> dict[str, repricing.Settings]:
    """Order and precision by product type."""
    return {
        product: repricing.Settings(found.order, found.precision)
        for product, found in price_book(project_id).classes.items()
    }


def recipe_of(price_list: PriceList) -> Recipe:
    """What the prices of a list are computed from, as it was kept with the list."""
    return recipe_from(price_list.method, price_list.basis)


def recipe_from(method: str, basis: Mapping[str, Any]) -> Recipe:
    base_price = basis.get("base_price")
    return Recipe(
        method=repricing.Method(method),
        amount=Decimal(basis.get("amount", "0")),
        target=repricing.Target(basis.get("target", "unit_price")),
        base_price=Decimal(base_price) if base_price else None,
        text=basis.get("text", ""),
        code=basis.get("code", ""),
        edition=basis.get("edition", 0),
        formulas=basis.get("formulas", {}),
        tables={table["code"]: table_from(table) for table in basis.get("tables", [])},
    )


def repriceable(project_id: int, scope: Mapping[str, Sequence[Any]]) -> list[PricedUnit]:
    """The units of a scope whose price may still change; those claimed for a while included."""
    return [unit for unit in priced_units(project_id, scope) if unit.status not in NEVER_REPRICED]


@dataclass(frozen=True)
class Outlook:
    """What new prices come to: for all, by building, by layout, and how unit prices are spread (X-06)."""

    lines: Sequence[repricing.Line]
    figures: repricing.Figures
    buildings: Sequence[tuple[str, repricing.Figures]]
    layouts: Sequence[tuple[str, repricing.Figures]]
    bins: Sequence[repricing.Bin]
    wrong: Mapping[int, str]


def outlook_of(lines: Sequence[repricing.Line], project_id: int) -> Outlook:
    rate = price_book(project_id).policy.filed_lower_rate
    wrong = {line.unit.id: why for line in lines if (why := repricing.wrong_with(line, rate))}
    return Outlook(
        lines=lines,
        figures=repricing.figures(lines, rate),
        buildings=repricing.by_group(lines, lambda line: line.unit.building, rate),
        layouts=sorted(repricing.by_group(lines, lambda line: line.unit.layout, rate)),
        bins=repricing.distribution(lines),
        wrong=wrong,
    )


def trial(price_list: PriceList, changes: Mapping[str, Any]) -> Outlook:
    """What a draft would come to with another amount, base price or rows of tables; nothing is saved.

    Raises FormulaProblem.
    """
    recipe = recipe_from(price_list.method, {**price_list.basis, **changes})
    lines = repricing.repriced(
        repriceable(price_list.project_id, price_list.scope),
        recipe,
        settings_of(price_list.project_id),
        with_trace=False,
    )
    return outlook_of(lines, price_list.project_id)


def stored_lines(price_list: PriceList, *, with_trace: bool = False) -> list[repricing.Line]:
    """The lines of a list beside the units as they are now; a line without one has no unit any more."""
    kept = {
        row["unit_id"]: row
        for row in price_list.lines.values(
            "unit_id", "new_unit_price", "new_total", "problem", *(["trace"] if with_trace else [])
        )
    }
    units = priced_units(price_list.project_id, price_list.scope)
    return [
        repricing.Line(
            unit,
            kept[unit.id]["new_unit_price"],
            kept[unit.id]["new_total"],
            kept[unit.id]["problem"],
            trace_steps(kept[unit.id]["trace"]) if with_trace else (),
        )
        for unit in units
        if unit.id in kept
    ]


def stale_lines(price_list: PriceList) -> QuerySet[PriceListLine]:
    """Lines computed with an area the unit no longer has, whose price can still change."""
    built = Coalesce("unit__measured_built_area", "unit__predicted_built_area")
    inner = Coalesce("unit__measured_inner_area", "unit__predicted_inner_area")
    return (
        price_list.lines.exclude(unit__status__in=NEVER_REPRICED)
        .annotate(
            area_now=Case(
                When(unit__price_basis="built", then=built),
                When(unit__price_basis="inner", then=inner),
            )
        )
        .filter(~Q(area=F("area_now")) | Q(area=None, area_now__isnull=False)
                | Q(area__isnull=False, area_now=None))
    )  # fmt: skip


def wrong_lines(price_list: PriceList) -> QuerySet[PriceListLine]:
    """Lines that block approval: no price, below the floor, above the filed price, below its share.

    Units whose price cannot change any more do not count.
    """
    rate = price_book(price_list.project_id).policy.filed_lower_rate
    floors = Q(new_total__lt=F("unit__floor_total"))
    filed = Q(new_total__gt=F("unit__filed_total"))
    wrong = Q(new_total=None)
    if price_list.kind == PriceKind.LIST:
        wrong |= floors | filed
        if rate is not None:
            wrong |= Q(new_total__lt=F("unit__filed_total") * rate)
    return price_list.lines.exclude(unit__status__in=NEVER_REPRICED).filter(wrong)


def without_floor(wrong: QuerySet[PriceListLine]) -> QuerySet[PriceListLine]:
    """The same for somebody who may not know floor prices: what only the floor blocks is left out."""
    return wrong.filter(
        Q(new_total=None) | Q(unit__floor_total=None) | Q(new_total__gte=F("unit__floor_total"))
    )


def due_price_lists(at: datetime) -> list[int]:
    """Approved lists whose instant has come, the earliest first."""
    return list(
        PriceList.objects.filter(status=PriceListStatus.APPROVED, effective_at__lte=at)
        .order_by("effective_at", "id")
        .values_list("pk", flat=True)
    )


def in_force_since(project_id: int) -> datetime | None:
    """When list prices of a project last changed by a version."""
    found: datetime | None = PriceList.objects.filter(
        project_id=project_id, kind=PriceKind.LIST, status=PriceListStatus.EFFECTIVE
    ).aggregate(last=Max("took_effect_at"))["last"]
    return found


def prices_of_unit(viewer: User, unit: Unit) -> QuerySet[PriceListLine]:
    """Every version in which the price of a unit stood, the latest first."""
    return (
        PriceListLine.objects.filter(unit=unit, price_list__in=price_lists_for(viewer))
        .exclude(price_list__status=PriceListStatus.DISCARDED)
        .select_related("price_list")
        .defer("trace", "price_list__basis")
        .order_by("-price_list_id")
    )


def floor_prices_of(unit: Unit) -> dict[str, Decimal]:
    """The floor totals of a unit by level, as far as they are set (DOMAIN 2.2.1)."""
    found = dict(FloorPrice.objects.filter(unit=unit).values_list("level", "total"))
    if unit.floor_total is not None:
        found[FloorLevel.PROJECT] = unit.floor_total
    return found
