"""Pictures of layouts, plans of parking levels with the spots of their units (INV-08, INV-13)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from loupan.core import audit
from loupan.core.db import writes
from loupan.core.people import Actor
from loupan.core.pictures import CleanPicture
from loupan.core.refusals import ChangedMeanwhile
from loupan.inventory import errors
from loupan.inventory.models import (
    Building,
    HotSpot,
    Layout,
    LayoutPicture,
    Picture,
    SitePlan,
    Unit,
)
from loupan.inventory.permissions import EDIT_PROPERTY
from loupan.org.permissions import require


@dataclass(frozen=True)
class Spot:
    """Where a unit lies: middle and size as shares of the picture, 0 to 1."""

    unit_id: int
    x: Decimal
    y: Decimal
    width: Decimal
    height: Decimal


@writes
def keep_picture(*, project_id: int, image: CleanPicture, by: Actor, at: datetime) -> Picture:
    """Part: keep an image that was drawn anew."""
    return Picture.objects.create(
        project_id=project_id,
        content=image.content,
        thumbnail=image.thumbnail,
        media_type=image.media_type,
        width=image.width,
        height=image.height,
        by_id=by.pk,
        made_at=at,
    )


@writes
def add_layout_picture(
    *, layout_id: int, image: CleanPicture, kind: str, caption: str, by: Actor, at: datetime
) -> LayoutPicture:
    """Add a drawing or a photograph to a layout, after the others."""
    layout = Layout.objects.get(pk=layout_id)
    require(by, EDIT_PROPERTY, layout.project_id)
    picture = keep_picture(project_id=layout.project_id, image=image, by=by, at=at)
    shown = LayoutPicture.objects.create(
        layout=layout,
        picture=picture,
        kind=kind,
        caption=caption,
        sort=LayoutPicture.objects.filter(layout=layout).count() + 1,
    )
    audit.record("inventory.layout.pictured", layout, by=by, at=at, kind=kind, caption=caption)
    return shown


@writes
def remove_layout_picture(*, layout_picture_id: int, by: Actor, at: datetime) -> Layout:
    """Take a picture off its layout and forget it."""
    shown = LayoutPicture.objects.select_related("layout", "picture").get(pk=layout_picture_id)
    require(by, EDIT_PROPERTY, shown.layout.project_id)
    audit.record(
        "inventory.layout.picture_removed",
        shown.layout,
        by=by,
        at=at,
        kind=shown.kind,
        caption=shown.caption,
    )
    picture = shown.picture
    shown.delete()
    picture.delete()
    return shown.layout


@writes
def draw_site_plan(
    *,
    building_id: int,
    name: str,
    floor_no: int,
    image: CleanPicture,
    by: Actor,
    at: datetime,
) -> SitePlan:
    """Put the drawing of a level up, to place its units on."""
    building = Building.objects.get(pk=building_id)
    require(by, EDIT_PROPERTY, building.project_id)
    plan = SitePlan.objects.create(
        project_id=building.project_id,
        building=building,
        floor_no=floor_no,
        name=name,
        picture=keep_picture(project_id=building.project_id, image=image, by=by, at=at),
    )
    audit.record("inventory.site_plan.drawn", plan, by=by, at=at, name=name)
    return plan


@writes
def redraw_site_plan(*, plan_id: int, image: CleanPicture, by: Actor, at: datetime) -> SitePlan:
    """Another drawing of the same level; the spots stay where they are."""
    plan = SitePlan.objects.locked().get(pk=plan_id)
    require(by, EDIT_PROPERTY, plan.project_id)
    old = plan.picture
    plan.picture = keep_picture(project_id=plan.project_id, image=image, by=by, at=at)
    plan.version += 1
    plan.save(update_fields=["picture", "version"])
    old.delete()
    audit.record("inventory.site_plan.redrawn", plan, by=by, at=at)
    return plan


@writes
def place_spots(
    *, plan_id: int, version: int, spots: Sequence[Spot], by: Actor, at: datetime
) -> SitePlan:
    """Where the units of a plan lie, all of them; who is not among them has no spot any more.

    Raises ChangedMeanwhile, SpotOfAnotherPlan, SpotElsewhere.
    """
    plan = SitePlan.objects.locked().get(pk=plan_id)
    require(by, EDIT_PROPERTY, plan.project_id)
    if plan.version != version:
        raise ChangedMeanwhile
    wanted = {spot.unit_id: spot for spot in spots}
    units = {unit.pk: unit for unit in Unit.objects.filter(pk__in=wanted)}
    if len(units) != len(wanted):
        raise Unit.DoesNotExist
    for unit in units.values():
        if unit.building_id != plan.building_id:
            raise errors.SpotOfAnotherPlan(unit=unit)
    other = (
        HotSpot.objects.filter(unit__in=units)
        .exclude(plan=plan)
        .select_related("unit", "plan")
        .first()
    )
    if other is not None:
        raise errors.SpotElsewhere(unit=other.unit, plan=other.plan)
    earlier = HotSpot.objects.filter(plan=plan).count()
    HotSpot.objects.filter(plan=plan).delete()
    HotSpot.objects.bulk_create(
        HotSpot(
            plan=plan, unit_id=spot.unit_id, x=spot.x, y=spot.y, width=spot.width,
            height=spot.height,
        )
        for spot in wanted.values()
    )  # fmt: skip
    plan.version += 1
    plan.save(update_fields=["version"])
    audit.record(
        "inventory.site_plan.placed", plan, by=by, at=at, spots=len(wanted), earlier=earlier
    )
    return plan


@writes
def delete_site_plan(*, plan_id: int, by: Actor, at: datetime) -> int:
    """Take a plan down with its spots; the units stay. The id of its building."""
    plan = SitePlan.objects.locked().select_related("picture").get(pk=plan_id)
    require(by, EDIT_PROPERTY, plan.project_id)
    audit.record("inventory.site_plan.deleted", plan, by=by, at=at, name=plan.name)
    picture, building_id = plan.picture, plan.building_id
    plan.delete()
    picture.delete()
    return building_id
