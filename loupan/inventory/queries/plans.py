"""Layouts with their pictures, plans with the live state of their spots."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Prefetch, QuerySet

from loupan.inventory.models import HotSpot, Layout, LayoutPicture, Picture, SitePlan, Unit
from loupan.inventory.permissions import READ_BOARD
from loupan.inventory.queries.units import GROUP
from loupan.inventory.states import SOLD, UnitStatus
from loupan.org.models import User


def pictures_for(viewer: User) -> QuerySet[Picture]:
    return Picture.objects.filter(
        viewer.access.rows(GROUP), project_id__in=viewer.acts_in(READ_BOARD)
    )


def plans_for(viewer: User) -> QuerySet[SitePlan]:
    return SitePlan.objects.filter(
        viewer.access.rows(GROUP), project_id__in=viewer.acts_in(READ_BOARD)
    ).select_related("building")


def with_pictures(layouts: QuerySet[Layout]) -> QuerySet[Layout]:
    """Layouts with their pictures, without the bytes of these."""
    shown = LayoutPicture.objects.select_related("picture").defer(
        "picture__content", "picture__thumbnail"
    )
    return layouts.prefetch_related(Prefetch("pictures", queryset=shown))


@dataclass(frozen=True)
class LayoutFigures:
    """How many units have a layout, how many are offered, how many sold."""

    units: int
    available: int
    sold: int


def layout_figures(layout: Layout) -> LayoutFigures:
    counts: dict[str, int] = dict(
        Unit.objects.filter(layout=layout).order_by().values_list("status").annotate(Count("id"))
    )
    return LayoutFigures(
        units=sum(counts.values()),
        available=counts.get(UnitStatus.AVAILABLE, 0),
        sold=sum(counts.get(status, 0) for status in SOLD),
    )


def spots_of(plan: SitePlan) -> list[HotSpot]:
    """The spots of a plan with their units, by number."""
    return list(plan.spots.select_related("unit").order_by("unit__number"))


def unplaced_units(plan: SitePlan) -> list[Unit]:
    """Units of the plan's level without a spot anywhere, by number."""
    return list(
        Unit.objects.filter(
            building_id=plan.building_id,
            floor_no=plan.floor_no,
            hot_spot=None,
            is_retired=False,
        ).order_by("number")
    )


def spot_states(plan: SitePlan) -> Sequence[Mapping[str, Any]]:
    """What the plan shows of its units now, in one statement."""
    return list(
        HotSpot.objects.filter(plan=plan).values(
            "unit_id", "unit__status", "unit__claim_label", "unit__is_sealed", "unit__is_encumbered"
        )
    )
