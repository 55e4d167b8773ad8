"""Many units changed at once: the grid, its pasted blocks, its workbook, its undoing (INV-05)."""

from contextlib import suppress
from decimal import Decimal
from typing import Any

import orjson
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from loupan.core.models import AuditEvent, ImportState
from loupan.core.refusals import Refusal
from loupan.core.sheets.errors import CellProblem
from loupan.inventory import errors, spreadsheets
from loupan.inventory.actions.grid import edit_units_together
from loupan.inventory.actions.imports import receive_units_file, undo_units_import
from loupan.inventory.models import (
    Building,
    Unit,
    UnitChange,
    UnitImport,
)
from loupan.inventory.queries.grid import grid_units, weigh_edits
from loupan.inventory.rules.grid import (
    FIELDS,
    UnitEdit,
    edits_of_rows,
    pasted_rows,
    typed_value,
)
from loupan.inventory.states import UnitStatus
from loupan.inventory.testing import NOON, a_building, a_layout, a_unit
from loupan.inventory.tests.desk import desk, text_of
from loupan.org.models import Project, User
from loupan.org.testing import a_project, a_user, signed_in

pytestmark = pytest.mark.django_db


# --- What a cell means --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("built_area", "１１８．６２", Decimal("118.62")),
        ("built_area", "1,118.62", Decimal("1118.62")),
        ("built_area", "118.62 m²", Decimal("118.62")),
        ("built_area", "--", None),
        ("built_area", "NaN", None),
        ("built_area", "", None),
        ("orientation", "坐北朝南", "S"),
        ("orientation", "", ""),
        ("fitout", "精装修", "fitted"),
        ("fitout", "毛坯交付", "shell"),
        ("is_corner", "是", True),
        ("is_corner", "无", False),
        ("is_corner", "", False),
        ("product_type", "车位", "parking"),
        ("position", "０３", 3),
        ("view", "  园景 ", "园景"),
        ("view", "", ""),
        ("layout", "", None),
    ],
)
def test_a_cell_is_read_as_in_a_file(name: str, text: str, value: Any) -> None:
    assert typed_value(name, text) == value


@pytest.mark.parametrize(
    ("name", "text", "refusal"),
    [
        ("built_area", "Infinity", CellProblem),
        ("built_area", "=1+1", CellProblem),
        ("built_area", "-3", errors.BelowZero),
        ("built_area", "1e99", Refusal),
        ("position", "0", errors.NotAPosition),
        ("position", "1.5", errors.NotAPosition),
        ("position", "", errors.ValueNeeded),
        ("product_type", "", errors.ValueNeeded),
        ("orientation", "上", errors.UnknownOrientation),
        ("fitout", "天堂", errors.UnknownFitout),
        ("is_corner", "也许", errors.NeitherYesNorNo),
        ("view", "景" * 41, errors.TextTooLong),
        ("list_total", "1", errors.NoSuchField),
        ("status", "可售", errors.NoSuchField),
    ],
)
def test_a_cell_that_cannot_be_taken_says_why(
    name: str, text: str, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        typed_value(name, text)


@given(st.sampled_from(FIELDS), st.text(max_size=60))
def test_no_text_breaks_a_cell(name: str, text: str) -> None:
    with suppress(Refusal):
        typed_value(name, text)


def test_a_block_from_a_spreadsheet_becomes_edits() -> None:
    text = (
        '房源编号\t建筑面积\t景观\t别的\n1-1-1801\t120.5\t"园\n景"\tx\n1802\t\t临路\n9-9\t1\t\n\n'
    )
    rows = pasted_rows(text)
    units = {"1-1-1801": (1, 3), "1802": (2, 0)}
    edits, unknown = edits_of_rows(rows, {}, units)
    assert edits == [
        UnitEdit(1, 3, {"built_area": "120.5", "view": "园\n景"}),
        UnitEdit(2, 0, {"view": "临路"}),
    ]
    assert unknown == ["9-9"]
    for wrong in ("", "120\t130", "房源编号\t别的\n1\t2", "建筑面积\n120"):
        with pytest.raises(errors.NoSuchField):
            edits_of_rows(pasted_rows(wrong), {}, units)


@given(st.text(max_size=400))
def test_no_pasted_text_breaks_the_reader(text: str) -> None:
    for row in pasted_rows(text):
        assert all(isinstance(cell, str) for cell in row)


# --- The action ---------------------------------------------------------------------------------


def three_units() -> tuple[Project, User, Client, list[Unit]]:
    project, user, browser = desk()
    units = [a_unit(project, position=place) for place in (1, 2, 3)]
    return project, user, browser, units


def saved(project: Project, user: User, *edits: UnitEdit) -> UnitImport:
    return edit_units_together(project_id=project.pk, edits=edits, title="1号楼", by=user, at=NOON)


def test_edits_are_saved_with_prices_history_and_audit() -> None:
    project, user, _browser, (one, two, _three) = three_units()
    layout = a_layout(project, "C1")
    batch = saved(
        project,
        user,
        UnitEdit(one.pk, 0, {"view": "园景", "layout": "C1", "fitout": "精装"}),
        UnitEdit(two.pk, 0, {"built_area": "120", "is_corner": "是"}),
    )
    one.refresh_from_db()
    two.refresh_from_db()
    assert (one.view, one.layout, one.fitout, one.version) == ("园景", layout, "fitted", 1)
    assert (two.is_corner, two.list_total) == (True, Decimal("1539600"))  # 120 × 12,830
    assert two.price_trace
    assert (batch.kind, batch.state, batch.updated) == ("grid", "done", 2)
    assert UnitChange.objects.filter(verb="edit").count() == 2
    event = AuditEvent.objects.get(event="inventory.unit.edited", subject_id=one.pk)
    assert event.after == {"view": "园景", "layout": "C1", "fitout": "fitted"}


def test_an_edit_can_be_undone_and_not_after_another_hand() -> None:
    project, user, _browser, (one, two, _three) = three_units()
    batch = saved(project, user, UnitEdit(one.pk, 0, {"built_area": "120", "view": "园景"}))
    undo_units_import(import_id=batch.pk, by=user, at=NOON)
    one.refresh_from_db()
    assert (one.predicted_built_area, one.list_total, one.view) == (
        Decimal("118.62"), Decimal("1521895"), "",
    )  # fmt: skip
    again = saved(project, user, UnitEdit(two.pk, 0, {"view": "园景"}))
    saved(project, user, UnitEdit(two.pk, 1, {"view": "临路"}))
    with pytest.raises(errors.UnitsTouchedSince):
        undo_units_import(import_id=again.pk, by=user, at=NOON)


def test_two_units_swap_their_places_and_back() -> None:
    project, user, _browser, (one, two, three) = three_units()
    batch = saved(
        project,
        user,
        UnitEdit(one.pk, 0, {"position": "2"}),
        UnitEdit(two.pk, 0, {"position": "1"}),
    )
    one.refresh_from_db()
    two.refresh_from_db()
    assert (one.position, two.position) == (2, 1)
    with pytest.raises(errors.EditsRefused) as refused:
        saved(project, user, UnitEdit(three.pk, 0, {"position": "2"}))
    assert "1-1-1801" in str(refused.value)
    undo_units_import(import_id=batch.pk, by=user, at=NOON)
    one.refresh_from_db()
    assert one.position == 1


def test_a_place_taken_since_stops_the_undo() -> None:
    project, user, _browser, (one, two, _three) = three_units()
    batch = saved(project, user, UnitEdit(one.pk, 0, {"position": "9"}))
    saved(project, user, UnitEdit(two.pk, 0, {"position": "1"}))
    with pytest.raises(errors.PlaceTaken):
        undo_units_import(import_id=batch.pk, by=user, at=NOON)


def test_a_stale_edit_saves_nothing_and_names_the_unit() -> None:
    project, user, _browser, (one, two, _three) = three_units()
    saved(project, user, UnitEdit(one.pk, 0, {"view": "园景"}))
    with pytest.raises(errors.UnitsChangedMeanwhile) as refused:
        saved(
            project,
            user,
            UnitEdit(one.pk, 0, {"view": "临路"}),
            UnitEdit(two.pk, 0, {"view": "临路"}),
        )
    assert one.number in str(refused.value)
    two.refresh_from_db()
    assert two.view == ""


@pytest.mark.parametrize(
    ("texts", "word"),
    [
        ({"built_area": "90"}, "94.37"),  # Below the inner area.
        ({"built_area": "", "inner_area": ""}, ""),  # Its price needs it.
        ({"layout": "无此户型"}, "无此户型"),
        ({"list_total": "1"}, "list_total"),
        ({"position": "3"}, "1-1-1803"),
    ],
)
def test_a_cell_that_cannot_be_taken_saves_nothing(texts: dict[str, str], word: str) -> None:
    project, user, _browser, (one, two, _three) = three_units()
    with pytest.raises(errors.EditsRefused) as refused:
        saved(project, user, UnitEdit(two.pk, 0, {"view": "x"}), UnitEdit(one.pk, 0, texts))
    assert word in str(refused.value)
    assert not Unit.objects.exclude(version=0).exists()
    assert not UnitImport.objects.exists()


def test_what_was_agreed_with_a_buyer_is_not_changed_in_the_grid() -> None:
    """U-5."""
    project, user, _browser = desk()
    sold = a_unit(project, status=UnitStatus.CONTRACTED)
    for texts in ({"built_area": "120"}, {"measured_built_area": "120"}, {"position": "9"}):
        with pytest.raises(errors.EditsRefused):
            saved(project, user, UnitEdit(sold.pk, 0, texts))
    same = {"built_area": "118.62", "view": "园景"}
    assert saved(project, user, UnitEdit(sold.pk, 0, same)).updated == 1


def test_nothing_foreign_nothing_twice_nothing_at_all() -> None:
    project, user, _browser, (one, _two, _three) = three_units()
    foreign = a_unit(a_project(), number="9-9-901")
    weighed = weigh_edits(
        project.pk,
        [
            UnitEdit(foreign.pk, 0, {"view": "x"}),
            UnitEdit(one.pk, 0, {"view": "x"}),
            UnitEdit(one.pk, 0, {"view": "y"}),
            UnitEdit(99_999_999, 0, {"view": "x"}),
        ],
    )
    assert [type(refused.refusal) for refused in weighed.refused] == [
        errors.NoSuchUnit, errors.SameUnitTwice, errors.NoSuchUnit,
    ]  # fmt: skip
    with pytest.raises(errors.NothingToChange):
        saved(project, user, UnitEdit(one.pk, 0, {"view": ""}))
    many = [UnitEdit(one.pk, 0, {"view": "x"})] * 5_001
    with pytest.raises(errors.TooManyEdits):
        saved(project, user, *many)


# --- The pages ----------------------------------------------------------------------------------


def json_of(*edits: tuple[Unit, dict[str, str]], version: int = 0) -> str:
    return orjson.dumps(
        [{"unit": unit.pk, "version": version, "texts": texts} for unit, texts in edits]
    ).decode()


def path_to(name: str, building: Building) -> str:
    return reverse(f"inventory:{name}", args=[building.pk])


def test_the_grid_is_seen_tried_and_saved() -> None:
    _project, _user, browser, (one, two, _three) = three_units()
    building = one.building
    page = text_of(browser.get(path_to("grid", building), {"field": ["view", "built_area"]}))
    assert f'data-u="{one.pk}" data-v="0"' in page
    assert "<td class=lp-num>118.62</td>" in page
    edits = json_of((one, {"view": "<b>园景</b>"}), (two, {"built_area": "12x", "view": "临路"}))
    tried = browser.post(path_to("grid_check", building), {"edits": edits})
    said = text_of(tried)
    assert tried.status_code == 200
    assert "&lt;b&gt;园景&lt;/b&gt;" in said
    assert "12x" in said
    assert not Unit.objects.exclude(version=0).exists()
    good = tried.context["good"]
    answer = browser.post(path_to("grid_save", building), {"edits": good})
    batch = UnitImport.objects.get()
    assert answer["Location"] == reverse("inventory:import", args=[batch.pk])
    two.refresh_from_db()
    assert two.view == "临路"
    page = text_of(browser.get(answer["Location"]))
    assert "园景" in page
    browser.post(reverse("inventory:import_undo", args=[batch.pk]))
    two.refresh_from_db()
    assert two.view == ""


def test_one_value_and_pasted_rows_are_tried_without_script() -> None:
    _project, _user, browser, (one, two, three) = three_units()
    check = path_to("grid_check", one.building)
    tried = browser.post(check, {"set_field": "view", "set_value": "园景", "floor_from": "18"})
    assert len(tried.context["weighed"].changed) == 3
    none = browser.post(check, {"set_field": "view", "set_value": "园景", "floor_from": "19"})
    assert not none.context["weighed"].changed
    pasted = f"房号\t建筑面积\n{one.room_no}\t１２０\n{three.room_no}\t\n8888\t1"
    tried = browser.post(check, {"pasted": pasted})
    assert [one_.number for one_ in tried.context["weighed"].changed] == [one.number]
    assert tried.context["unknown"] == ["8888"]
    assert browser.post(check, {"pasted": "nonsense"}).status_code == 422
    assert not Unit.objects.exclude(version=0).exists()
    assert two.version == 0


@pytest.mark.parametrize(
    "edits",
    [
        "[", "{}", "[1]", '[{"unit": 1}]', "NaN", '[{"unit": true, "version": 0, "texts": {}}]',
        '[{"unit": 1, "version": 0, "texts": {"view": NaN}}]',
        '[{"unit": 1, "version": 0, "texts": {"view": 3}}]',
        '[{"unit": 99999999999999999999, "version": 0, "texts": {"view": "x"}}]',
        "[" * 100_000, '[{"unit": 1, "version": 0, "texts": []}]',
    ],
)  # fmt: skip
def test_changed_cells_that_cannot_be_read_are_told(edits: str) -> None:
    _project, _user, browser, (one, _two, _three) = three_units()
    assert browser.post(path_to("grid_check", one.building), {"edits": edits}).status_code == 422
    assert browser.post(path_to("grid_save", one.building), {"edits": edits}).status_code == 302
    assert not UnitImport.objects.exists()


def test_fifty_thousand_cells_are_bounded(django_assert_max_num_queries: Any) -> None:
    project, _user, browser = desk()
    building = a_building(project)
    too_many = [{"unit": n + 1, "version": 0, "texts": {"view": "x"}} for n in range(5_001)]
    check = path_to("grid_check", building)
    answer = browser.post(check, {"edits": orjson.dumps(too_many).decode()})
    assert answer.status_code == 422
    most = [
        {"unit": n + 1, "version": 0, "texts": dict.fromkeys(FIELDS[:10], "1")}
        for n in range(5_000)
    ]
    with django_assert_max_num_queries(24):
        answer = browser.post(check, {"edits": orjson.dumps(most).decode()})
    assert answer.status_code == 200
    rows = "\n".join("\t".join(["x"] * 10) for _row in range(5_000))
    assert browser.post(check, {"pasted": rows}).status_code == 422


def test_the_grid_asks_the_database_seldom(django_assert_max_num_queries: Any) -> None:
    project, _user, browser = desk()
    for floor in range(1, 30):
        a_unit(project, floor=floor, layout=a_layout(project))
    building = Building.objects.get()
    browser.get(path_to("grid", building))
    with django_assert_max_num_queries(16):
        browser.get(path_to("grid", building))


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_workbook_of_the_grid_comes_in_again_unchanged(language: str) -> None:
    project, user, _browser, (one, two, three) = three_units()
    stall = a_unit(project, building="P", entrance="", floor=-1, position=12, room_no="P012")
    Unit.objects.filter(pk=one.pk).update(
        orientation="NS", fitout="fitted", is_corner=True, view="园景", layout=a_layout(project)
    )
    Unit.objects.filter(pk=two.pk).update(floors_spanned=2, garden_area="12.5")
    Unit.objects.filter(pk=stall.pk).update(product_type="parking")
    for building in Building.objects.all():
        units = list(grid_units(Unit.objects.filter(building=building)))
        with translation.override(language):
            content = spreadsheets.grid_workbook(building, units, FIELDS, who="林")
        batch = receive_units_file(
            project_id=project.pk, filename="房源表.xlsx", content=content, mapping={},
            is_dry_run=False, by=user, at=NOON,
        )  # fmt: skip
        batch = spreadsheets.carry_out(batch.pk, by=user)
        assert (batch.state, batch.errors) == (ImportState.DONE, [])
        assert (batch.created, batch.updated, batch.unchanged) == (0, 0, len(units))
    assert three.version == 0


def test_the_workbook_needs_the_right_to_export() -> None:
    project, _user, browser, (one, _two, _three) = three_units()
    answer = browser.get(path_to("grid", one.building), {"export": "xlsx"})
    assert answer.content.startswith(b"PK")
    assert AuditEvent.objects.filter(event="core.list.exported").exists()
    marketing = signed_in(a_user("MK", project))
    assert marketing.get(path_to("grid", one.building)).status_code == 200
    assert marketing.get(path_to("grid", one.building), {"export": "xlsx"}).status_code == 403


def test_only_who_keeps_the_property_sees_the_grid() -> None:
    project, _user, _browser, (one, _two, _three) = three_units()
    consultant = signed_in(a_user("SC", project))
    stranger = signed_in(a_user("PD", a_project()))
    edits = {"edits": json_of((one, {"view": "x"}))}
    for who, status in ((consultant, 403), (stranger, 404)):
        assert who.get(path_to("grid", one.building)).status_code == status
        assert who.post(path_to("grid_check", one.building), edits).status_code == status
        assert who.post(path_to("grid_save", one.building), edits).status_code == status
    assert not Unit.objects.exclude(version=0).exists()
