"""Layouts with pictures, plans with spots, area differences, over the API (CONTRACT 3)."""

from decimal import Decimal
from typing import Annotated, Any, Literal

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import File, Form, Router, Schema, Status
from ninja.files import UploadedFile
from pydantic import Field, StringConstraints

from loupan.core.pictures import MOST_BYTES, clean_picture
from loupan.core.rest import ERRORS, ApiRequest, AreaOut, Id, RateIn, RateOut
from loupan.inventory.actions.pictures import (
    Spot,
    add_layout_picture,
    place_spots,
    remove_layout_picture,
)
from loupan.inventory.models import Layout, LayoutPicture
from loupan.inventory.permissions import EDIT_PROPERTY, READ_BOARD
from loupan.inventory.queries.areas import AreaRow, area_rows
from loupan.inventory.queries.plans import pictures_for, plans_for, spots_of, with_pictures
from loupan.inventory.queries.units import layouts_for, standing_units
from loupan.inventory.rules.areas import AreaDifference
from loupan.org.models import Project
from loupan.org.permissions import require
from loupan.org.queries import projects_for

router = Router(tags=["property"])

Caption = Annotated[str, StringConstraints(max_length=80, strip_whitespace=True)]


class LayoutPictureIn(Schema):
    kind: Literal["drawing", "photo"] = "drawing"
    caption: Caption = ""


class LayoutPictureOut(Schema):
    """`picture_id` is the file at `GET pictures/{picture_id}/`. Sides in pixels."""

    id: int
    picture_id: int
    kind: str
    caption: str
    width: int
    height: int


class LayoutOut(Schema):
    id: int
    code: str
    name: str
    rooms: str
    bedrooms: int | None
    halls: int | None
    bathrooms: int | None
    built_area: AreaOut | None
    inner_area: AreaOut | None
    tour_url: str
    selling_points: list[str]
    pictures: list[LayoutPictureOut]


class LayoutsOut(Schema):
    items: list[LayoutOut]


class SpotOut(Schema):
    """Middle and size as shares of the picture."""

    unit_id: int
    number: str
    status: str
    x: RateOut
    y: RateOut
    width: RateOut
    height: RateOut


class SitePlanOut(Schema):
    id: int
    name: str
    building_id: int
    floor: int
    picture_id: int
    version: int


class SitePlansOut(Schema):
    items: list[SitePlanOut]


class SpotsOut(SitePlanOut):
    spots: list[SpotOut]


class SpotIn(Schema):
    unit_id: Id
    x: RateIn
    y: RateIn
    width: RateIn
    height: RateIn


class SpotsIn(Schema):
    """All spots of a plan; who is not among them has none any more."""

    version: Annotated[int, Field(ge=0, le=2**31 - 1)]
    spots: Annotated[list[SpotIn], Field(max_length=2_000)]


class AreaDifferenceOut(Schema):
    agreed: AreaOut
    measured: AreaOut
    difference: AreaOut
    ratio: RateOut
    beyond_limit: bool


class AreaRowOut(Schema):
    unit_id: int
    number: str
    contracted: bool
    beyond_limit: bool
    built: AreaDifferenceOut | None
    inner: AreaDifferenceOut | None


class AreaRowsOut(Schema):
    items: list[AreaRowOut]


@router.get(
    "projects/{project_id}/layouts/",
    response={200: LayoutsOut, **ERRORS},
    summary="Layouts of a project",
)
def list_layouts(request: ApiRequest, project_id: Id) -> dict[str, Any]:
    """With rooms, areas, selling points and what pictures there are."""
    project = _project(request, project_id)
    rows = with_pictures(layouts_for(request.user).filter(project=project)).order_by("code", "id")
    return {"items": [_layout(row) for row in rows]}


@router.get(
    "pictures/{picture_id}/",
    response={200: bytes, **ERRORS},
    summary="A picture",
    openapi_extra={
        "responses": {
            200: {
                "content": {
                    "image/jpeg": {"schema": {"type": "string", "format": "binary"}},
                    "image/png": {"schema": {"type": "string", "format": "binary"}},
                }
            }
        }
    },
)
def get_picture(request: ApiRequest, picture_id: Id) -> HttpResponse:
    """The image as it is kept: drawn anew, at most 2,400 pixels."""
    found = get_object_or_404(pictures_for(request.user), pk=picture_id)
    answer = HttpResponse(bytes(found.content), content_type=found.media_type)
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


@router.post(
    "layouts/{layout_id}/pictures/",
    response={201: LayoutPictureOut, **ERRORS},
    summary="Add a picture to a layout",
)
def add_picture(
    request: ApiRequest,
    layout_id: Id,
    file: File[UploadedFile],
    said: Form[LayoutPictureIn],
) -> Status[dict[str, Any]]:
    """A JPEG, PNG or WebP of up to 10 MB; what the camera wrote in is taken out."""
    layout = get_object_or_404(layouts_for(request.user), pk=layout_id)
    require(request.user, EDIT_PROPERTY, layout.project_id)
    shown = add_layout_picture(
        layout_id=layout.pk,
        image=clean_picture(file.read(MOST_BYTES + 1)),
        kind=said.kind,
        caption=said.caption,
        by=request.user,
        at=timezone.now(),
    )
    return Status(201, _picture(shown))


@router.delete(
    "layout-pictures/{layout_picture_id}/",
    response={204: None, **ERRORS},
    summary="Remove a picture from its layout",
)
def remove_picture(request: ApiRequest, layout_picture_id: Id) -> Status[None]:
    rows = LayoutPicture.objects.filter(layout__in=layouts_for(request.user))
    shown = get_object_or_404(rows.select_related("layout"), pk=layout_picture_id)
    require(request.user, EDIT_PROPERTY, shown.layout.project_id)
    remove_layout_picture(layout_picture_id=shown.pk, by=request.user, at=timezone.now())
    return Status(204, None)


@router.get(
    "projects/{project_id}/site-plans/",
    response={200: SitePlansOut, **ERRORS},
    summary="Plans of parking and storage",
)
def list_site_plans(request: ApiRequest, project_id: Id) -> dict[str, Any]:
    project = _project(request, project_id)
    return {"items": [_plan(row) for row in plans_for(request.user).filter(project=project)]}


@router.get(
    "site-plans/{plan_id}/",
    response={200: SpotsOut, **ERRORS},
    summary="A plan with its spots",
)
def get_site_plan(request: ApiRequest, plan_id: Id) -> dict[str, Any]:
    """Every placed unit with its status now."""
    return _with_spots(request, plan_id)


@router.put(
    "site-plans/{plan_id}/spots/",
    response={200: SpotsOut, **ERRORS},
    summary="Place the units of a plan",
)
def put_spots(request: ApiRequest, plan_id: Id, payload: SpotsIn) -> dict[str, Any]:
    """All at once; 409 where somebody else placed them meanwhile."""
    plan = get_object_or_404(plans_for(request.user), pk=plan_id)
    require(request.user, EDIT_PROPERTY, plan.project_id)
    wanted = {spot.unit_id for spot in payload.spots}
    there = standing_units(request.user).filter(project_id=plan.project_id)
    for missing in wanted - set(there.filter(pk__in=wanted).values_list("pk", flat=True)):
        get_object_or_404(there, pk=missing)
    least, most = Decimal("0.002"), Decimal(1)
    spots = [
        Spot(
            spot.unit_id,
            min(spot.x, most),
            min(spot.y, most),
            min(max(spot.width, least), most),
            min(max(spot.height, least), most),
        )
        for spot in payload.spots
    ]
    place_spots(
        plan_id=plan.pk, version=payload.version, spots=spots, by=request.user, at=timezone.now()
    )
    return _with_spots(request, plan_id)


@router.get(
    "projects/{project_id}/area-differences/",
    response={200: AreaRowsOut, **ERRORS},
    summary="Predicted and measured areas",
)
def list_area_differences(
    request: ApiRequest,
    project_id: Id,
    beyond_limit: bool | None = None,  # noqa: FBT001  A field of the address.
) -> dict[str, Any]:
    """Every measured unit; `beyond_limit` where the difference is more than 3 % by either area."""
    project = _project(request, project_id)
    rows = area_rows(standing_units(request.user).filter(project=project))
    return {
        "items": [
            _area_row(row) for row in rows if beyond_limit is None or row.is_over == beyond_limit
        ]
    }


def _project(request: ApiRequest, project_id: int) -> Project:
    project = get_object_or_404(projects_for(request.user), pk=project_id)
    require(request.user, READ_BOARD, project.pk)
    return project


def _layout(row: Layout) -> dict[str, Any]:
    names = (
        "id", "code", "name", "rooms", "bedrooms", "halls", "bathrooms", "built_area",
        "inner_area", "tour_url",
    )  # fmt: skip
    return {
        **{name: getattr(row, name) for name in names},
        "selling_points": [line for line in row.selling_points.splitlines() if line.strip()],
        "pictures": [_picture(shown) for shown in row.pictures.all()],
    }


def _picture(shown: LayoutPicture) -> dict[str, Any]:
    return {
        "id": shown.pk,
        "picture_id": shown.picture_id,
        "kind": shown.kind,
        "caption": shown.caption,
        "width": shown.picture.width,
        "height": shown.picture.height,
    }


def _plan(plan: Any) -> dict[str, Any]:
    return {
        "id": plan.pk,
        "name": plan.name,
        "building_id": plan.building_id,
        "floor": plan.floor_no,
        "picture_id": plan.picture_id,
        "version": plan.version,
    }


def _with_spots(request: ApiRequest, plan_id: int) -> dict[str, Any]:
    plan = get_object_or_404(plans_for(request.user), pk=plan_id)
    return {
        **_plan(plan),
        "spots": [
            {
                "unit_id": spot.unit_id,
                "number": spot.unit.number,
                "status": spot.unit.status,
                **{name: getattr(spot, name) for name in ("x", "y", "width", "height")},
            }
            for spot in spots_of(plan)
        ],
    }


def _area_row(row: AreaRow) -> dict[str, Any]:
    return {
        "unit_id": row.unit_id,
        "number": row.number,
        "contracted": row.is_contracted,
        "beyond_limit": row.is_over,
        "built": _difference(row.built),
        "inner": _difference(row.inner),
    }


def _difference(found: AreaDifference | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "agreed": found.agreed,
        "measured": found.measured,
        "difference": found.difference,
        "ratio": found.ratio,
        "beyond_limit": found.is_over,
    }
