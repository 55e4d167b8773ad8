"""Property by pages: a price list brought in and taken back, a building generated, all pages sound."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from loupan.core.sheets.testing import open_data
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
    page.fill("[name=slot-3-duplex_on]", "17")
    page.click("button[name=preview]")
    expect(page.locator("#preview")).to_contain_text("1801")
    desk.looks_sound()
    assert not Unit.objects.exists()
    page.click("button[name=make]")
    page.wait_for_url("**/inventory/units/**")
    assert Unit.objects.filter(building=building).count() == 2 * (15 * 4 - 1)


@pytest.mark.parametrize(("size", "theme"), [(None, "dark"), (PHONE, "light")])
def test_every_page_of_property_is_sound(
    desk_of: Callable[..., Desk], size: dict[str, int] | None, theme: str
) -> None:
    project = a_project("一个名字非常非常长的住宅小区项目·云麓天境三期南区")
    user = a_user("PD", project)
    hold(user, a_post("CC", project))
    unit = a_unit(project, layout=a_layout(project), view="中央花园及城市天际线景观")
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
        "imports/",
    ):
        desk.open(f"/inventory/{path}")
        desk.looks_sound()
