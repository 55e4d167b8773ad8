"""Property by pages: a price list brought in and taken back, a building generated, all pages sound."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from loupan.config.demo.drawings import floor_plan, parking_level
from loupan.core.sheets.testing import open_data
from loupan.inventory.actions.encumbrances import encumber_units
from loupan.inventory.actions.pictures import add_layout_picture, draw_site_plan
from loupan.inventory.actions.units import withhold_units
from loupan.inventory.models import Unit, UnitImport
from loupan.inventory.testing import a_building, a_layout, a_permit, a_unit, a_zone
from loupan.org.testing import a_post, a_project, a_user, hold
from tests.browser.conftest import PHONE, Desk

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}


def test_a_price_list_is_tried_carried_out_and_undone_by_pages(
    desk_of: Callable[..., Desk], settings: Any
) -> None:
    settings.TASKS = AT_ONCE
    project = a_project("四季名苑")
    desk = desk_of(a_user("PD", project))
    page = desk.open("/inventory/imports/")
    page.set_input_files("[name=file]", open_data("sz_presale_siji", "derived_siji_gb18030.csv"))
    page.locator("form:has([name=file]) button[type=submit]").click()
    expect(page.locator("#understood")).to_contain_text("GB18030")
    expect(page.locator(".lp-figure").first).to_contain_text("292")
    desk.looks_sound()
    assert not Unit.objects.exists()

    page.locator("form[action$='/run/'] button.btn-primary").click()
    expect(page.locator("form[action$='/undo/']")).to_be_visible()
    assert Unit.objects.count() == 292

    page.goto(f"{desk.address}/inventory/imports/")
    page.set_input_files("[name=file]", open_data("sz_presale_siji", "siji_price_grid.xlsx"))
    page.locator("form:has([name=file]) button[type=submit]").click()
    expect(page.locator("#differences")).to_contain_text("134")
    desk.looks_sound()

    first = UnitImport.objects.order_by("pk")[0]
    page.goto(f"{desk.address}/inventory/imports/{first.pk}/")
    page.locator("form[action$='/undo/'] button").click()
    page.locator("dialog[open] button").last.click()
    expect(page.locator(".lp-status[data-code=undone]")).to_be_visible()
    assert not Unit.objects.exists()


def test_refused_rows_are_read_on_a_phone(desk_of: Callable[..., Desk], settings: Any) -> None:
    settings.TASKS = AT_ONCE
    project = a_project()
    desk = desk_of(a_user("PD", project), size=PHONE)
    page = desk.open("/inventory/imports/")
    text = "楼栋,单元,楼层,房号,建筑面积,单价\n1,1,3,301,九十,10000\n1,1,3,302,88.5,10000\n"
    page.set_input_files(
        "[name=file]",
        {"name": "坏的.csv", "mimeType": "text/csv", "buffer": text.encode()},
    )
    page.locator("form:has([name=file]) button[type=submit]").click()
    expect(page.locator("#refused")).to_contain_text("九十")
    desk.looks_sound()
    page.locator("#understood summary").click()
    expect(page.locator("[name=built_area]")).to_have_value("E")
    desk.looks_sound()


def test_a_building_is_generated_from_a_rule_by_pages(desk_of: Callable[..., Desk]) -> None:
    project = a_project()
    building = a_building(project, "8")
    desk = desk_of(a_user("PD", project))
    page = desk.open(f"/inventory/buildings/{building.pk}/generation/")
    page.fill("[name=entrances]", "1,2")
    page.fill("[name=skipped_floors]", "4,13-14")
    page.fill("[name=p0-3-duplex_on]", "17")
    page.click("button[value=add_pattern]")
    expect(page.locator("[name=p1-lowest]")).to_have_value("19")
    page.click("button[value='drop_pattern:1']")
    page.click("button[value=preview]")
    expect(page.locator("#preview .ub-c").first).to_contain_text("1801")
    desk.looks_sound()
    assert not Unit.objects.exists()
    page.click("button[value=make]")
    page.wait_for_url("**/inventory/units/**")
    assert Unit.objects.filter(building=building).count() == 2 * (15 * 4 - 1)


def test_the_grid_is_typed_into_pasted_into_checked_and_saved(
    desk_of: Callable[..., Desk],
) -> None:
    project = a_project()
    units = [a_unit(project, position=place) for place in (1, 2, 3)]
    desk = desk_of(a_user("PD", project))
    page = desk.open(f"/inventory/buildings/{units[0].building_id}/grid/")
    cells = page.locator(".gr-table tbody td")  # Six fields a row.
    cells.nth(4).click()
    page.keyboard.type("120.5")
    page.keyboard.press("Enter")
    expect(cells.nth(4)).to_have_text("120.5")
    expect(cells.nth(10)).to_be_focused()
    cells.nth(8).click()
    paste = """text => {
      const data = new DataTransfer();
      data.setData("text/plain", text);
      const event = new ClipboardEvent("paste", {clipboardData: data, bubbles: true});
      document.activeElement.dispatchEvent(event);
    }"""
    page.evaluate(paste, "园景\t毛坯\n临路\t天堂\n")
    expect(cells.nth(14)).to_have_text("临路")
    page.keyboard.press("Control+z")
    expect(cells.nth(14)).to_have_text("")
    cells.nth(8).click()
    page.evaluate(paste, "园景\t毛坯\n临路\t天堂\n")
    page.reload()  # What was typed is still there.
    expect(cells.nth(14)).to_have_text("临路")
    expect(page.locator("#grid-count")).to_have_text("5")
    desk.looks_sound()
    page.click("#grid-form [type=submit]")
    expect(page.locator("#grid-checked")).to_contain_text("天堂")
    assert not Unit.objects.exclude(version=0).exists()
    page.click("[data-grid-save]")
    page.wait_for_url("**/inventory/imports/**")
    for unit in units:
        unit.refresh_from_db()
    assert [(unit.view, unit.fitout) for unit in units] == [
        ("", ""), ("园景", "shell"), ("临路", ""),
    ]  # fmt: skip
    assert str(units[0].predicted_built_area) in {"120.5", "120.5000"}
    desk.looks_sound()


def test_stalls_are_clicked_onto_a_plan_and_change_before_ones_eyes(
    desk_of: Callable[..., Desk],
) -> None:
    project = a_project()
    user = a_user("PD", project)
    stalls = [
        a_unit(project, building="P", entrance="", floor=-1, position=n, room_no=f"P{n:03d}")
        for n in (1, 2)
    ]
    plan = draw_site_plan(
        building_id=stalls[0].building_id, name="负一层", floor_no=-1, image=parking_level(2),
        by=user, at=timezone.now(),
    )  # fmt: skip
    desk = desk_of(user)
    page = desk.open(f"/inventory/plans/{plan.pk}/spots/")
    page.locator("#plan svg").click(position={"x": 100, "y": 120})
    page.locator("#plan svg").click(position={"x": 400, "y": 120})
    expect(page.locator("#spot-count")).to_have_text("2")
    page.keyboard.press("Tab")
    desk.looks_sound()
    page.click("#spots-form [type=submit]")
    page.wait_for_url(f"**/inventory/plans/{plan.pk}/")
    spot = page.locator(f".sp-u[data-u='{stalls[1].pk}']")
    expect(spot).to_have_class(re.compile("lp-tone-green"))
    desk.looks_sound()
    withhold_units(unit_ids=[stalls[1].pk], reason="调整", by=user, at=timezone.now())
    expect(spot).to_have_class(re.compile("lp-tone-slate"))


@pytest.mark.parametrize(("size", "theme"), [(None, "dark"), (PHONE, "light")])
def test_every_page_of_property_is_sound(
    desk_of: Callable[..., Desk], size: dict[str, int] | None, theme: str
) -> None:
    project = a_project("一个名字非常非常长的住宅小区项目·云麓天境三期南区")
    user = a_user("PD", project)
    hold(user, a_post("CC", project))
    unit = a_unit(
        project,
        layout=a_layout(project),
        view="中央花园及城市天际线景观",
        measured_built_area="125",
    )
    encumber_units(
        project_id=project.pk, unit_ids=[unit.pk], kind="seal", document_no="（2026）渝01执88号",
        starts_on=date(2026, 1, 1), by=user, at=timezone.now(),
    )  # fmt: skip
    add_layout_picture(
        layout_id=a_layout(project).pk, image=floor_plan(3), kind="drawing", caption="标准层",
        by=user, at=timezone.now(),
    )  # fmt: skip
    a_unit(project, floor=17, status="off_market", building="2", with_permit=False)
    a_zone(project)
    a_permit(project)
    desk = desk_of(user, theme=theme, **({"size": size} if size else {}))
    for path in (
        "units/",
        f"units/{unit.pk}/",
        f"units/{unit.pk}/edit/",
        "buildings/",
        "buildings/new/",
        f"buildings/{unit.building_id}/",
        f"buildings/{unit.building_id}/generation/",
        "zones/new/",
        "permits/new/",
        "layouts/new/",
        f"layouts/{unit.layout_id}/",
        f"layouts/{unit.layout_id}/pictures/new/",
        f"buildings/{unit.building_id}/grid/",
        f"units/{unit.pk}/split/",
        f"units/merging/?units={unit.pk}",
        f"units/deletion/?units={unit.pk}",
        "encumbrances/",
        "encumbrances/new/",
        "areas/",
        "surveys/new/",
        "plans/",
        "plans/new/",
        "imports/",
    ):
        desk.open(f"/inventory/{path}")
        desk.looks_sound()
