"""The pages of property: they open, refuse, hide, and do what the person does."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from loupan.core.models import AuditEvent, ImportState
from loupan.core.sheets.reading import read_workbook
from loupan.core.sheets.testing import open_data
from loupan.inventory import spreadsheets
from loupan.inventory.models import (
    Building,
    Entrance,
    Layout,
    PresalePermit,
    Unit,
    UnitImport,
    Zone,
)
from loupan.inventory.testing import a_building, a_layout, a_unit, a_zone, an_entrance
from loupan.inventory.tests.desk import desk, text_of
from loupan.org.testing import a_project, a_user, signed_in, the_cast

pytestmark = pytest.mark.django_db


def test_the_units_are_listed_filtered_and_counted() -> None:
    project, _user, browser = desk()
    a_unit(project)
    a_unit(project, floor=17, status="withheld")
    a_unit(a_project(), number="9-9-999")
    page = text_of(browser.get(reverse("inventory:units")))
    assert "1-1-1803" in page
    assert "1-1-1703" in page
    assert "9-9-999" not in page
    narrowed = text_of(browser.get(reverse("inventory:units"), {"status": "withheld"}))
    assert "1-1-1803" not in narrowed
    assert "1-1-1703" in narrowed


def test_the_floor_price_is_shown_to_who_may_see_it() -> None:
    cast = the_cast()
    unit = a_unit(cast.project)
    path = reverse("inventory:unit", args=[unit.pk])
    assert "1,411,578" not in text_of(signed_in(cast.lin).get(path))
    assert "1,411,578" in text_of(signed_in(a_user("PD", cast.project)).get(path))


def test_a_unit_shows_its_facts_its_price_and_its_history() -> None:
    project, _user, browser = desk()
    unit = a_unit(
        project,
        view="花园",
        price_trace=[
            {"step": "list_total", "rule": "half_up:1", "input": {"area": "118.62"}, "output": "1"}
        ],
    )
    page = text_of(browser.get(reverse("inventory:unit", args=[unit.pk])))
    for words in ("1,521,895.00", "118.62", "花园", "half_up:1"):
        assert words in page


@pytest.mark.parametrize("name", ["unit", "unit_edit"])
def test_a_unit_of_another_project_is_not_there(name: str) -> None:
    cast = the_cast()
    unit = a_unit(cast.project)
    assert signed_in(cast.wei).get(reverse(f"inventory:{name}", args=[unit.pk])).status_code == 404


def test_who_may_not_edit_or_import_is_told_so() -> None:
    cast = the_cast()
    unit = a_unit(cast.project)
    browser = signed_in(cast.lin)
    paths = [
        reverse("inventory:unit_edit", args=[unit.pk]),
        reverse("inventory:imports"),
        reverse("inventory:building_new"),
        reverse("inventory:building", args=[unit.building_id]),
        reverse("inventory:generation", args=[unit.building_id]),
        reverse("inventory:zone_new"),
        reverse("inventory:permit_new"),
        reverse("inventory:layout_new"),
        reverse("inventory:entrance", args=[unit.entrance_id]),
        reverse("inventory:entrance_new", args=[unit.building_id]),
    ]
    assert [browser.get(path).status_code for path in paths] == [403] * len(paths)
    deletion = browser.post(reverse("inventory:unit_delete", args=[unit.pk]))
    assert deletion.status_code == 403


def test_edit_rights_in_one_project_do_not_reach_another() -> None:
    cast = the_cast()
    editor = a_user("PD", cast.other_project)
    here = a_building(cast.project)
    browser = signed_in(editor)
    assert browser.get(reverse("inventory:building", args=[here.pk])).status_code == 404


def test_a_unit_is_corrected_with_its_version_checked() -> None:
    project, _user, browser = desk()
    unit = a_unit(project)
    path = reverse("inventory:unit_edit", args=[unit.pk])
    typed = {
        "version": unit.version,
        "product_type": "flat",
        "orientation": "S",
        "predicted_built_area": "120",
        "predicted_inner_area": "94.37",
        "is_show_flat": "on",
    }
    assert browser.post(path, typed).status_code == 302
    unit.refresh_from_db()
    assert (unit.orientation, unit.is_show_flat, unit.version) == ("S", True, 1)
    assert unit.list_total == 120 * 12830
    event = AuditEvent.objects.get(event="inventory.unit.edited")
    assert set(event.after) >= {"orientation", "predicted_built_area", "list_total"}
    stale = browser.post(path, typed)
    assert stale.status_code == 422
    wrong = browser.post(path, typed | {"version": 1, "predicted_inner_area": "130"})
    assert wrong.status_code == 422


def test_the_area_of_a_claimed_unit_is_not_corrected() -> None:
    """U-5."""
    project, _user, browser = desk()
    unit = a_unit(project, status="contracted")
    path = reverse("inventory:unit_edit", args=[unit.pk])
    typed = {"version": 0, "product_type": "flat", "predicted_built_area": "120"}
    assert browser.post(path, typed).status_code == 422
    typed = {
        "version": 0,
        "product_type": "flat",
        "predicted_built_area": "118.62",
        "predicted_inner_area": "94.37",
        "view": "江景",
    }
    assert browser.post(path, typed).status_code == 302


def test_only_a_unit_without_history_is_deleted() -> None:
    project, _user, browser = desk()
    planned = a_unit(project, status="not_released")
    released = a_unit(project, floor=17)
    browser.post(reverse("inventory:unit_delete", args=[released.pk]))
    browser.post(reverse("inventory:unit_delete", args=[planned.pk]))
    assert list(Unit.objects.values_list("pk", flat=True)) == [released.pk]


def test_buildings_zones_permits_layouts_and_entrances_are_made_and_changed() -> None:
    project, _user, browser = desk()
    assert (
        browser.post(reverse("inventory:zone_new"), {"code": "A", "name": "一期"}).status_code
        == 302
    )
    permit = {"number": "预售1号", "issued_on": "2025-01-01"}
    assert browser.post(reverse("inventory:permit_new"), permit).status_code == 302
    typed = {
        "code": "7",
        "name": "7号楼",
        "sort": 7,
        "zone": Zone.objects.get().pk,
        "permit": PresalePermit.objects.get().pk,
    }
    assert browser.post(reverse("inventory:building_new"), typed).status_code == 302
    building = Building.objects.get()
    assert (building.project, building.permit, building.zone) == (
        project,
        PresalePermit.objects.get(),
        Zone.objects.get(),
    )
    again = browser.post(reverse("inventory:building_new"), typed)
    assert again.status_code == 422
    path = reverse("inventory:building", args=[building.pk])
    changed = browser.post(path, typed | {"name": "七号楼", "version": building.version})
    assert changed.status_code == 302
    stale = browser.post(path, typed | {"name": "八号楼", "version": building.version})
    assert stale.status_code == 422
    layout = {"code": "C", "name": "C户型", "rooms": "3室2厅"}
    assert browser.post(reverse("inventory:layout_new"), layout).status_code == 302
    assert Layout.objects.get().project == project
    new = reverse("inventory:entrance_new", args=[building.pk])
    assert browser.post(new, {"code": "1", "name": "一单元", "sort": 1}).status_code == 302
    assert browser.post(new, {"code": "1", "name": "又一", "sort": 1}).status_code == 422
    entrance = Entrance.objects.get()
    path = reverse("inventory:entrance", args=[entrance.pk])
    assert browser.post(path, {"code": "1", "name": "东单元", "sort": 1}).status_code == 302
    page = text_of(browser.get(reverse("inventory:buildings")))
    for words in ("七号楼", "东单元", "预售1号", "C户型", "一期"):
        assert words in page


def test_a_zone_of_another_project_is_no_choice() -> None:
    _project, _user, browser = desk()
    foreign = a_zone(a_project())
    typed = {"code": "7", "name": "7号楼", "sort": 7, "zone": foreign.pk}
    assert browser.post(reverse("inventory:building_new"), typed).status_code == 422


def upload(browser: Client, content: bytes, name: str = "价格表.csv") -> Any:
    return browser.post(reverse("inventory:imports"), {"file": SimpleUploadedFile(name, content)})


def test_a_price_list_is_uploaded_tried_carried_out_and_undone() -> None:
    project, user, browser = desk()
    path = open_data("sz_presale_siji", "derived_siji_gb18030.csv")
    answer = upload(browser, path.read_bytes(), path.name)
    batch = UnitImport.objects.get()
    page = reverse("inventory:import", args=[batch.pk])
    assert answer["Location"] == page
    waiting = browser.get(page)
    assert waiting.status_code == 200
    bar = browser.get(reverse("inventory:import_progress", args=[batch.pk]))
    assert "lp-progress" in text_of(bar)

    spreadsheets.carry_out(batch.pk, by=user)
    bar = browser.get(reverse("inventory:import_progress", args=[batch.pk]))
    assert bar["HX-Refresh"] == "true"
    tried = text_of(browser.get(page))
    for words in ("GB18030", "预售单价", "292"):
        assert words in tried
    assert not Unit.objects.exists()

    run = reverse("inventory:import_run", args=[batch.pk])
    assert browser.post(run).status_code == 302
    spreadsheets.carry_out(batch.pk, by=user)
    assert Unit.objects.filter(project=project).count() == 292
    assert browser.get(page).status_code == 200
    assert "derived_siji_gb18030" in text_of(browser.get(reverse("inventory:imports")))

    browser.post(reverse("inventory:import_undo", args=[batch.pk]))
    assert not Unit.objects.exists()
    batch.refresh_from_db()
    assert batch.state == ImportState.UNDONE


def test_columns_are_chosen_by_hand_and_remembered() -> None:
    _project, user, browser = desk()
    text = "楼栋,楼层,房号,甲,乙\n1栋,3,301,90,11000\n".encode()
    upload(browser, text)
    batch = UnitImport.objects.get()
    spreadsheets.carry_out(batch.pk, by=user)
    run = reverse("inventory:import_run", args=[batch.pk])
    chosen = {"building": "A", "floor": "B", "room": "C", "built_area": "D"}
    twice = browser.post(run, chosen | {"list_unit_price": "D", "again": 1})
    assert twice.status_code == 302
    batch.refresh_from_db()
    assert batch.state == ImportState.DRY_RUN
    browser.post(run, chosen | {"list_unit_price": "E", "again": 1})
    spreadsheets.carry_out(batch.pk, by=user)
    browser.post(run)
    spreadsheets.carry_out(batch.pk, by=user)
    assert Unit.objects.get().list_total == 990000
    upload(browser, text)
    again = UnitImport.objects.order_by("-pk")[0]
    spreadsheets.carry_out(again.pk, by=user)
    page = browser.get(reverse("inventory:import", args=[again.pk]))
    assert page.context["mapping_form"]["list_unit_price"].initial == "E"


def test_refused_rows_are_shown_and_taken_away_as_a_workbook() -> None:
    _project, user, browser = desk()
    upload(browser, "楼栋,楼层,房号,建筑面积\n1,3,301,<script>\n1,3,302,88\n".encode())
    batch = UnitImport.objects.get()
    spreadsheets.carry_out(batch.pk, by=user)
    page = text_of(browser.get(reverse("inventory:import", args=[batch.pk])))
    assert "&lt;script&gt;" in page
    assert "<script>" not in page.split("<main", 1)[1]
    book = browser.get(reverse("inventory:import_errors", args=[batch.pk]))
    assert book.content.startswith(b"PK")


def test_a_file_that_is_none_is_refused_on_the_page() -> None:
    _project, user, browser = desk()
    upload(browser, b"%PDF-1.7 nothing", "list.pdf")
    batch = UnitImport.objects.get()
    spreadsheets.carry_out(batch.pk, by=user)
    page = browser.get(reverse("inventory:import", args=[batch.pk]))
    assert batch.filename in text_of(page)
    assert page.context["batch"].message
    assert browser.post(reverse("inventory:imports"), {}).status_code == 422


def test_an_import_of_another_project_is_not_there() -> None:
    cast = the_cast()
    browser = signed_in(a_user("CC", cast.project))
    upload(browser, b"building,floor,room\n1,3,301\n")
    batch = UnitImport.objects.get()
    stranger = signed_in(a_user("CC", cast.other_project))
    for name in ("import", "import_progress", "import_errors"):
        assert stranger.get(reverse(f"inventory:{name}", args=[batch.pk])).status_code == 404
    for name in ("import_run", "import_undo"):
        assert stranger.post(reverse(f"inventory:{name}", args=[batch.pk])).status_code == 404


def test_the_list_of_units_asks_the_database_seldom(django_assert_max_num_queries: Any) -> None:
    project, _user, browser = desk()
    for floor in range(1, 30):
        a_unit(project, floor=floor, layout=a_layout(project))
    an_entrance(a_building(project), "2")
    browser.get(reverse("inventory:units"))
    with django_assert_max_num_queries(16):
        browser.get(reverse("inventory:units"))


def test_differences_are_taken_away_as_a_workbook() -> None:
    _project, user, browser = desk()
    for name in ("siji_units_shortroomno.xls", "siji_price_grid.xlsx"):
        upload(browser, open_data("sz_presale_siji", name).read_bytes(), name)
        batch = UnitImport.objects.order_by("-pk")[0]
        browser.post(reverse("inventory:import_run", args=[batch.pk]))
        spreadsheets.carry_out(batch.pk, by=user)
    page = text_of(browser.get(reverse("inventory:import", args=[batch.pk])))
    assert "134" in page
    book = browser.get(reverse("inventory:import_errors", args=[batch.pk]), {"differences": 1})
    assert len(read_workbook(book.content, "d.xlsx").sheets[0].rows) == 135
