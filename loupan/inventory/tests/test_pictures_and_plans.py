"""Layouts with pictures, plans of parking levels with live spots (INV-08, INV-13)."""

from decimal import Decimal
from io import BytesIO
from typing import Any

import orjson
import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from loupan.core.pictures import clean_picture
from loupan.core.refusals import ChangedMeanwhile
from loupan.inventory import errors
from loupan.inventory.actions.pictures import (
    Spot,
    add_layout_picture,
    delete_site_plan,
    draw_site_plan,
    place_spots,
    redraw_site_plan,
)
from loupan.inventory.actions.property import delete_units
from loupan.inventory.actions.units import withhold_units
from loupan.inventory.models import HotSpot, LayoutPicture, Picture, SitePlan, Unit
from loupan.inventory.testing import NOON, a_building, a_layout, a_unit
from loupan.inventory.tests.desk import desk, text_of
from loupan.org.models import Project, User
from loupan.org.testing import a_project, a_user, signed_in

pytestmark = pytest.mark.django_db


def an_image(size: tuple[int, int] = (60, 40)) -> bytes:
    target = BytesIO()
    Image.new("RGB", size, (240, 240, 230)).save(target, "JPEG")
    return target.getvalue()


def upload(content: bytes | None = None, name: str = "户型.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, an_image() if content is None else content)


def a_plan(project: Project, by: User, building: str = "P") -> SitePlan:
    return draw_site_plan(
        building_id=a_building(project, building, is_parking=True).pk,
        name="地下一层",
        floor_no=-1,
        image=clean_picture(an_image((400, 200))),
        by=by,
        at=NOON,
    )


def a_stall(project: Project, number: int, building: str = "P", **fields: Any) -> Unit:
    return a_unit(
        project, building=building, entrance="", floor=-1, position=number,
        room_no=f"P{number:03d}", product_type="parking", **fields,
    )  # fmt: skip


def spot(unit: Unit, x: str = "0.5", y: str = "0.5") -> Spot:
    return Spot(unit.pk, Decimal(x), Decimal(y), Decimal("0.05"), Decimal("0.1"))


# --- Layouts ------------------------------------------------------------------------------------


def test_a_layout_shows_what_is_to_be_said_of_it() -> None:
    project, user, browser = desk()
    layout = a_layout(project, "C")
    a_unit(project, layout=layout)
    typed = {
        "version": 0, "code": "C", "name": "C 户型", "rooms": "4室2厅2卫", "bedrooms": 4, "halls": 2,
        "bathrooms": 2, "built_area": "118.62", "inner_area": "94.37",
        "tour_url": "vr.example.com/c", "selling_points": "南北通透\n<b>大阳台</b>",
    }  # fmt: skip
    edit = reverse("inventory:layout_edit", args=[layout.pk])
    answer = browser.post(edit, typed)
    assert answer["Location"] == reverse("inventory:layout", args=[layout.pk])
    page = text_of(browser.get(answer["Location"]))
    assert "https://vr.example.com/c" in page
    assert "&lt;b&gt;大阳台&lt;/b&gt;" in page
    wrong = [{"tour_url": "javascript:alert(1)"}, {"inner_area": "200"}, {"built_area": "NaN"}]
    for change in wrong:
        assert browser.post(edit, typed | {"version": 1} | change).status_code == 422
    picture = reverse("inventory:layout_picture_new", args=[layout.pk])
    sent = {"file": upload(), "kind": "drawing", "caption": "标准层"}
    assert browser.post(picture, sent).status_code == 302
    shown = LayoutPicture.objects.get()
    page = text_of(browser.get(answer["Location"]))
    assert "标准层" in page
    image = browser.get(reverse("inventory:picture", args=[shown.picture_id]))
    assert (image["Content-Type"], image["X-Content-Type-Options"]) == ("image/jpeg", "nosniff")
    assert Image.open(BytesIO(image.content)).size == (60, 40)
    assert browser.get(reverse("inventory:picture", args=[shown.picture_id]), {"small": ""})
    removal = reverse("inventory:layout_picture_delete", args=[shown.pk])
    assert browser.post(removal).status_code == 302
    assert not Picture.objects.exists()
    assert user.pk


@pytest.mark.parametrize(
    "content", [b"", b"%PDF-1.7", b"<svg onload=alert(1)>", b"\xff" * (10 * 1024 * 1024 + 1)],
    ids=["empty", "pdf", "svg", "long"],
)  # fmt: skip
def test_what_is_no_picture_is_told_at_its_field(content: bytes) -> None:
    project, _user, browser = desk()
    path = reverse("inventory:layout_picture_new", args=[a_layout(project).pk])
    answer = browser.post(path, {"file": upload(content), "kind": "drawing"})
    assert answer.status_code == 422
    assert answer.context["form"].errors["file"]
    assert not Picture.objects.exists()


def test_pictures_are_seen_within_the_project_and_changed_by_who_keeps_it() -> None:
    project, user, _browser = desk()
    layout = a_layout(project)
    shown = add_layout_picture(
        layout_id=layout.pk, image=clean_picture(an_image()), kind="photo", caption="", by=user,
        at=NOON,
    )  # fmt: skip
    path = reverse("inventory:picture", args=[shown.picture_id])
    seller, stranger = a_user("SC", project), a_user("PD", a_project())
    assert signed_in(seller).get(path).status_code == 200
    assert signed_in(stranger).get(path).status_code == 404
    removal = reverse("inventory:layout_picture_delete", args=[shown.pk])
    assert signed_in(seller).post(removal).status_code == 404
    assert signed_in(stranger).post(removal).status_code == 404
    with pytest.raises(PermissionDenied):
        add_layout_picture(
            layout_id=layout.pk, image=clean_picture(an_image()), kind="photo", caption="",
            by=seller, at=NOON,
        )  # fmt: skip


# --- Plans --------------------------------------------------------------------------------------


def test_units_are_placed_and_their_state_is_live() -> None:
    project, user, browser = desk()
    plan = a_plan(project, user)
    one, two = a_stall(project, 1), a_stall(project, 2, status="contracted")
    place_spots(plan_id=plan.pk, version=0, spots=[spot(one), spot(two, "0.1")], by=user, at=NOON)
    page = text_of(browser.get(reverse("inventory:plan", args=[plan.pk])))
    assert f'data-u="{one.pk}"' in page
    assert 'x="190.0" y="90.0" width="20.0" height="20.0"' in page
    data = reverse("inventory:plan_data", args=[plan.pk])
    first = browser.get(data).json()
    assert first["spots"][str(one.pk)]["tone"] == "green"
    assert browser.get(data, {"since": first["version"]}).status_code == 204
    withhold_units(unit_ids=[one.pk], reason="调整", by=user, at=NOON)
    later = browser.get(data, {"since": first["version"]}).json()
    assert later["spots"][str(one.pk)]["tone"] == "slate"
    assert later["version"] > first["version"]
    for noise in ("x", "-1", "²", "9" * 40):
        assert browser.get(data, {"since": noise}).status_code == 200


def test_spots_that_do_not_fit_are_refused() -> None:
    project, user, _browser = desk()
    plan = a_plan(project, user)
    stall, flat = a_stall(project, 1), a_unit(project)
    place_spots(plan_id=plan.pk, version=0, spots=[spot(stall)], by=user, at=NOON)
    with pytest.raises(ChangedMeanwhile):
        place_spots(plan_id=plan.pk, version=0, spots=[], by=user, at=NOON)
    with pytest.raises(errors.SpotOfAnotherPlan):
        place_spots(plan_id=plan.pk, version=1, spots=[spot(flat)], by=user, at=NOON)
    second = a_plan(project, user)
    with pytest.raises(errors.SpotElsewhere):
        place_spots(plan_id=second.pk, version=0, spots=[spot(stall)], by=user, at=NOON)
    assert HotSpot.objects.get().plan == plan
    with pytest.raises(PermissionDenied):
        place_spots(plan_id=plan.pk, version=1, spots=[], by=a_user("SC", project), at=NOON)


def test_a_plan_goes_and_its_units_stay() -> None:
    project, user, _browser = desk()
    plan = a_plan(project, user)
    stall = a_stall(project, 1, status="not_released", first_released_on=None)
    place_spots(plan_id=plan.pk, version=0, spots=[spot(stall)], by=user, at=NOON)
    redraw_site_plan(plan_id=plan.pk, image=clean_picture(an_image()), by=user, at=NOON)
    assert Picture.objects.count() == 1
    assert HotSpot.objects.count() == 1
    delete_site_plan(plan_id=plan.pk, by=user, at=NOON)
    assert not Picture.objects.exists()
    assert Unit.objects.count() == 1
    place_spots(plan_id=a_plan(project, user).pk, version=0, spots=[spot(stall)], by=user, at=NOON)
    delete_units(unit_ids=[stall.pk], by=user, at=NOON)  # A spot keeps no unit.
    assert not HotSpot.objects.exists()


def test_a_plan_is_drawn_and_clicked_on_its_pages() -> None:
    project, _user, browser = desk()
    building = a_building(project, "P", is_parking=True)
    stall = a_stall(project, 1)
    typed = {"building": building.pk, "floor_no": -1, "name": "负一层", "file": upload()}
    answer = browser.post(reverse("inventory:plan_new"), typed)
    plan = SitePlan.objects.get()
    assert answer["Location"] == reverse("inventory:plan_spots", args=[plan.pk])
    assert "P001" in text_of(browser.get(answer["Location"]))
    spots = orjson.dumps(
        [{"unit": stall.pk, "x": "0.250000", "y": 0.5, "w": 0.04, "h": 1}]
    ).decode()
    assert browser.post(answer["Location"], {"version": 0, "spots": spots}).status_code == 302
    assert HotSpot.objects.get().x == Decimal("0.25")
    assert "负一层" in text_of(browser.get(reverse("inventory:plans")))
    again = {"file": upload(an_image((80, 80)))}
    assert browser.post(reverse("inventory:plan_picture", args=[plan.pk]), again).status_code == 302
    assert browser.post(reverse("inventory:plan_delete", args=[plan.pk])).status_code == 302
    assert not SitePlan.objects.exists()


@pytest.mark.parametrize(
    "spots",
    [
        "", "{}", "[1]", "[" * 5_000, '[{"unit": 1}]',
        '[{"unit": 1, "x": NaN, "y": 0, "w": 1, "h": 1}]',
        '[{"unit": 1, "x": "NaN", "y": 0, "w": 1, "h": 1}]',
        '[{"unit": 1, "x": "Infinity", "y": 0, "w": 1, "h": 1}]',
        '[{"unit": 1, "x": 1.1, "y": 0, "w": 1, "h": 1}]',
        '[{"unit": 1, "x": 1, "y": 0, "w": 0, "h": 1}]',
        '[{"unit": 1, "x": true, "y": 0, "w": 1, "h": 1}]',
        '[{"unit": "1", "x": 1, "y": 0, "w": 1, "h": 1}]',
        '[{"unit": 1, "x": 1e400, "y": 0, "w": 1, "h": 1}]',
    ],
    ids=range(13),
)  # fmt: skip
def test_spots_that_cannot_be_read_are_told(spots: str) -> None:
    project, user, browser = desk()
    path = reverse("inventory:plan_spots", args=[a_plan(project, user).pk])
    assert browser.post(path, {"version": 0, "spots": spots}).status_code == 422
    assert not HotSpot.objects.exists()


def test_a_plan_asks_the_database_seldom(django_assert_max_num_queries: Any) -> None:
    project, user, browser = desk()
    plan = a_plan(project, user)
    stalls = [a_stall(project, number) for number in range(1, 41)]
    place_spots(
        plan_id=plan.pk, version=0, spots=[spot(stall) for stall in stalls], by=user, at=NOON
    )
    path = reverse("inventory:plan", args=[plan.pk])
    browser.get(path)
    with django_assert_max_num_queries(17):
        browser.get(path)
    since = browser.get(reverse("inventory:plan_data", args=[plan.pk])).json()["version"]
    with django_assert_max_num_queries(8):
        browser.get(reverse("inventory:plan_data", args=[plan.pk]), {"since": since})
