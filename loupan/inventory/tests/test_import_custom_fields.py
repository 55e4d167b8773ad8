"""Custom fields of units in their files: found by name, refused by cell, undone (PRM-04)."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils.timezone import now

from loupan.inventory import errors, spreadsheets
from loupan.inventory.actions import imports
from loupan.inventory.models import Unit, UnitFieldValue, UnitImport
from loupan.inventory.parameters import UNIT
from loupan.org.models import Project, User
from loupan.org.testing import a_project, a_user, signed_in
from loupan.parameters.actions.fields import make_field, set_values
from loupan.parameters.queries.places import Place

pytestmark = pytest.mark.django_db
HEAD = "楼栋,单元,楼层,房号,建筑面积,电表号,赠送面积,带车位\n"


@pytest.fixture
def project() -> Project:
    found = a_project()
    for code, name, kind in (
        ("meter", "电表号", "text"), ("extra", "赠送面积", "decimal"), ("stall", "带车位", "bool"),
    ):  # fmt: skip
        make_field(subject=UNIT, place=Place(project=found), code=code, name=name, kind=kind,
                   by=a_user("AD", found), at=now())  # fmt: skip
    return found


@pytest.fixture
def clerk(project: Project) -> User:
    return a_user("PD", project)


def bring_in(project: Project, by: User, *lines: str, is_dry_run: bool = False) -> UnitImport:
    batch = imports.receive_units_file(
        project_id=project.pk, filename="units.csv",
        content=(HEAD + "\n".join(lines)).encode("utf-8-sig"),
        mapping={}, is_dry_run=is_dry_run, by=by, at=now(),
    )  # fmt: skip
    return spreadsheets.carry_out(batch.pk, by=by)


def said(unit: Unit) -> dict[str, Any]:
    rows = UnitFieldValue.objects.filter(unit=unit).select_related("field")
    return {
        row.field.code: row.text or (row.flag if row.flag is not None else f"{row.number:f}")
        for row in rows
    }


def unit_of(number: str) -> Unit:
    return Unit.objects.get(room_no=number)


def test_a_file_says_them_of_new_units_and_of_known_ones(project: Project, clerk: User) -> None:
    batch = bring_in(project, clerk, "1,1,1,101,90,A-1,6.5,是", "1,1,1,102,90,,,")
    assert (batch.created, batch.errors) == (2, [])
    assert said(unit_of("101")) == {"meter": "A-1", "extra": "6.500000", "stall": True}
    assert said(unit_of("102")) == {}
    again = bring_in(project, clerk, "1,1,1,101,90,A-2,,否", "1,1,1,102,90,B-2,,")
    assert (again.created, again.updated, again.unchanged) == (0, 2, 0)
    assert said(unit_of("101")) == {"meter": "A-2", "extra": "6.500000", "stall": False}
    assert bring_in(project, clerk, "1,1,1,101,90,A-2,,否").unchanged == 1
    page = signed_in(clerk).get(f"/inventory/imports/{again.pk}/").content.decode()
    assert "电表号" in page
    assert "A-1" in page


def test_a_dry_run_counts_and_writes_none(project: Project, clerk: User) -> None:
    bring_in(project, clerk, "1,1,1,101,90,A-1,,")
    assert bring_in(project, clerk, "1,1,1,101,90,A-9,,", is_dry_run=True).updated == 1
    assert said(unit_of("101")) == {"meter": "A-1"}


@pytest.mark.parametrize(("line", "column"), [
    ("1,1,1,101,90,A-1,viel,", "cf_extra"), ("1,1,1,101,90,A-1,,vielleicht", "cf_stall"),
])  # fmt: skip
def test_a_wrong_cell_refuses_its_row_only(
    project: Project, clerk: User, line: str, column: str
) -> None:
    batch = bring_in(project, clerk, line, "1,1,1,102,90,B-1,,")
    assert (batch.created, batch.refused) == (1, 1)
    assert (batch.errors[0]["row"], batch.errors[0]["column"]) == (2, column)


def test_undone_the_old_words_come_back(project: Project, clerk: User) -> None:
    first = bring_in(project, clerk, "1,1,1,101,90,A-1,6,是")
    second = bring_in(project, clerk, "1,1,1,101,91,A-2,,")
    imports.undo_units_import(import_id=second.pk, by=clerk, at=now())
    assert said(unit_of("101"))["meter"] == "A-1"
    assert unit_of("101").predicted_built_area == 90
    third = bring_in(project, clerk, "1,1,1,102,90,C-1,,")
    set_values(subject=UNIT, record_id=unit_of("102").pk, values={"meter": "C-2"}, by=clerk,
               at=now() + timedelta(minutes=1))  # fmt: skip
    with pytest.raises(errors.UnitsTouchedSince):
        imports.undo_units_import(import_id=third.pk, by=clerk, at=now())
    assert first.state == "done"
