"""Measured areas: brought in by a survey, kept beside the predicted ones, compared with 3 % (INV-11)."""

from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from loupan.core.models import ImportState
from loupan.core.sheets.reading import read_workbook
from loupan.inventory import spreadsheets
from loupan.inventory.actions.imports import receive_units_file, undo_units_import
from loupan.inventory.models import (
    Unit,
    UnitImport,
)
from loupan.inventory.queries.areas import area_rows, summary_of
from loupan.inventory.rules.areas import LIMIT, area_difference
from loupan.inventory.testing import NOON, a_unit
from loupan.inventory.tests.desk import desk, text_of
from loupan.org.models import Project, User
from loupan.org.testing import a_user, signed_in

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("agreed", "measured", "difference", "percent", "is_over"),
    [
        ("100.00", "102.00", "2.00", "2.0000", False),
        ("100.00", "103.00", "3.00", "3.0000", False),  # 3 % is inside.
        ("100.00", "105.00", "5.00", "5.0000", True),
        ("100.00", "97.00", "-3.00", "-3.0000", False),
        ("100.00", "95.00", "-5.00", "-5.0000", True),
        ("118.62", "120.05", "1.43", "1.2055", False),
        ("118.62", "122.17", "3.55", "2.9927", False),
        ("118.62", "122.18", "3.56", "3.0012", True),
        ("118.62", "115.06", "-3.56", "-3.0012", True),
        ("94.37", "97.30", "2.93", "3.1048", True),
    ],
)
def test_differences_are_those_of_the_rule(
    agreed: str,
    measured: str,
    difference: str,
    percent: str,
    is_over: bool,  # noqa: FBT001
) -> None:
    """DOMAIN 2.7.2, ORC-33, ORC-35."""
    found = area_difference(Decimal(agreed), Decimal(measured))
    assert found is not None
    assert found.difference == Decimal(difference)
    assert (found.ratio * 100).quantize(Decimal("0.0001")) == Decimal(percent)
    assert found.is_over is is_over


areas = st.decimals("0.01", "9999", places=4)


@given(areas, areas)
def test_the_limit_is_compared_unrounded(agreed: Decimal, measured: Decimal) -> None:
    found = area_difference(agreed, measured)
    assert found is not None
    assert found.is_over == (abs(measured - agreed) > agreed * LIMIT)
    assert found.agreed + found.difference == found.measured


def test_what_is_unknown_has_no_difference() -> None:
    assert area_difference(None, Decimal(1)) is None
    assert area_difference(Decimal(1), None) is None


def surveyed(project: Project, user: User, text: str, *, is_dry_run: bool = False) -> UnitImport:
    batch = receive_units_file(
        project_id=project.pk, filename="实测.csv", content=text.encode(), mapping={},
        is_dry_run=is_dry_run, kind="survey", by=user, at=NOON,
    )  # fmt: skip
    return spreadsheets.carry_out(batch.pk, by=user)


HEAD = "楼栋,单元,楼层,房号,实测建筑面积,实测套内面积\n"


def test_a_survey_measures_what_is_there_and_keeps_what_was_agreed() -> None:
    project, user, _browser = desk()
    free = a_unit(project, floor=17)
    sold = a_unit(project, floor=18, status="contracted")
    rows = HEAD + "1,1,17,1703,120.05,95\n1,1,18,1803,124.10,97.30\n1,1,19,1903,99,80\n"
    tried = surveyed(project, user, rows, is_dry_run=True)
    assert (tried.state, tried.updated, tried.refused) == (ImportState.DRY_RUN, 2, 1)
    assert not Unit.objects.exclude(measured_built_area=None).exists()
    done = surveyed(project, user, rows)
    assert (done.created, done.updated, done.refused) == (0, 2, 1)
    assert "1903" in done.errors[0]["reason"]
    free.refresh_from_db()
    sold.refresh_from_db()
    assert (free.predicted_built_area, free.measured_built_area) == (
        Decimal("118.62"), Decimal("120.05"),
    )  # fmt: skip
    assert free.list_total == Decimal("1540242")  # 120.05 × 12,830: not sold yet.
    assert sold.measured_inner_area == Decimal("97.30")
    assert sold.list_total == Decimal("1521895")  # Agreed with a buyer.
    assert Unit.objects.count() == 2
    undo_units_import(import_id=done.pk, by=user, at=NOON)
    free.refresh_from_db()
    assert (free.measured_built_area, free.list_total) == (None, Decimal("1521895"))


def test_a_plain_area_of_a_survey_is_the_measured_one() -> None:
    project, user, _browser = desk()
    unit = a_unit(project)
    done = surveyed(project, user, "楼栋,单元,楼层,房号,建筑面积,套内面积\n1,1,18,1803,119,94\n")
    assert done.updated == 1
    unit.refresh_from_db()
    assert (unit.predicted_built_area, unit.measured_built_area) == (
        Decimal("118.62"), Decimal("119"),
    )  # fmt: skip


@pytest.mark.parametrize(
    "row", ["1,1,18,1803,90,95", "1,1,18,1803,NaN,", "1,1,18,1803,-5,4", "1,1,18,1803,1e99,"]
)
def test_a_row_that_measures_nothing_sensible_is_refused(row: str) -> None:
    project, user, _browser = desk()
    unit = a_unit(project)
    done = surveyed(project, user, HEAD + row + "\n")
    assert (done.updated, done.refused) == (0, 1)
    unit.refresh_from_db()
    assert unit.version == 0


def test_the_list_tells_before_and_after_contract_and_what_is_beyond() -> None:
    project, user, browser = desk()
    a_unit(project, floor=17, measured_built_area="120.05", measured_inner_area="94.37")
    a_unit(
        project, floor=18, status="filed", measured_built_area="124.10", measured_inner_area="95"
    )
    a_unit(project, floor=19)
    rows = area_rows(Unit.objects.all())
    assert [(row.number, row.is_contracted, row.is_over) for row in rows] == [
        ("1-1-1703", False, False),
        ("1-1-1803", True, True),
    ]
    summary = summary_of(rows)
    assert (summary.measured, summary.larger, summary.over, summary.over_contracted) == (2, 2, 1, 1)
    path = reverse("inventory:area_differences")
    page = text_of(browser.get(path))
    assert page.index("1-1-1803") < page.index("1-1-1703")
    assert "1-1-1703" not in text_of(browser.get(path, {"over": "on"}))
    assert "1-1-1803" not in text_of(browser.get(path, {"stage": "before"}))
    assert browser.get(path, {"building": "x", "stage": "'"}).status_code == 200
    book = browser.get(path, {"export": "xlsx"})
    sheet = read_workbook(book.content, "a.xlsx").sheets[0]
    assert len(sheet.rows) == 3
    assert signed_in(a_user("CM", project)).get(path, {"export": "xlsx"}).status_code == 403
    assert user.pk


def test_a_survey_is_uploaded_on_its_page() -> None:
    project, user, browser = desk()
    a_unit(project)
    path = reverse("inventory:survey_new")
    assert browser.get(path).status_code == 200
    file = SimpleUploadedFile("实测.csv", (HEAD + "1,1,18,1803,120,95\n").encode())
    answer = browser.post(path, {"file": file})
    batch = UnitImport.objects.get()
    assert (batch.kind, batch.is_dry_run) == ("survey", True)
    assert answer["Location"] == reverse("inventory:import", args=[batch.pk])
    spreadsheets.carry_out(batch.pk, by=user)
    assert browser.get(answer["Location"]).status_code == 200
    assert browser.post(path, {}).status_code == 422
    seller = signed_in(a_user("SC", project))
    assert seller.post(path, {"file": file}).status_code == 403


def test_the_list_asks_the_database_seldom(django_assert_max_num_queries: Any) -> None:
    project, _user, browser = desk()
    for floor in range(1, 30):
        a_unit(project, floor=floor, measured_built_area="120")
    path = reverse("inventory:area_differences")
    browser.get(path)
    with django_assert_max_num_queries(16):
        browser.get(path)
