"""The control sheet on paper: every unit in its place, a building a sheet, on A3 (CTL-05)."""

import shutil
import subprocess
from collections.abc import Sequence

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from loupan.core.models import AuditEvent
from loupan.documents.rules import grids
from loupan.documents.rules.grids import Grid, GridCell, GridRow
from loupan.inventory.models import Building
from loupan.inventory.testing import a_unit
from loupan.org.models import User
from loupan.org.testing import a_user, signed_in
from loupan.sales.testing import Office, a_buyer, a_reservation, an_office

PDFTOTEXT = shutil.which("pdftotext")


@pytest.fixture
def office(db: None) -> Office:
    return an_office()


def sheets(who: User, query: str = "") -> bytes:
    answer = signed_in(who).get(f"{reverse('sales:control_sheet')}?{query}")
    assert answer.status_code == 200
    return answer.content


def words(pdf: bytes) -> list[str]:
    """The text of each page; without the program that reads it there is nothing to compare."""
    if PDFTOTEXT is None:
        pytest.skip("pdftotext (poppler-utils) is not on this machine")
    done = subprocess.run(
        [PDFTOTEXT, "-layout", "-", "-"], input=pdf, capture_output=True, check=True
    )
    return done.stdout.decode().split("\f")[:-1]


def test_a_building_is_a_sheet_of_landscape_a3(office: Office) -> None:
    for floor in (17, 18):
        a_unit(office.project, floor=floor)
    a_unit(office.project, building="2")
    pdf = sheets(office.mo)
    assert pdf.startswith(b"%PDF")
    first, second = words(pdf)
    assert all(text in first for text in ("118.62", "1703", "1803", "118.62", "152.19"))
    assert first.index("1803") < first.index("1703")  # The upper floor stands above.
    assert "1803" in second
    assert "1703" not in second


def test_one_building_and_a_gap_are_drawn_as_they_are(office: Office) -> None:
    a_unit(office.project, floor=18, position=1)
    a_unit(office.project, floor=17, position=2)
    a_unit(office.project, building="2")
    [only] = words(sheets(office.mo, "building=1"))
    upper = next(line for line in only.splitlines() if "1801" in line)
    lower = next(line for line in only.splitlines() if "1702" in line)
    assert upper.index("1801") < lower.index("1702")  # Each under its own door.


def test_buyers_stand_on_it_only_for_who_sees_the_deal(office: Office) -> None:
    unit = a_unit(office.project)
    a_reservation(office, unit=unit, buyers=[a_buyer(office, name="陈晓雨")])
    assert "陈晓雨" in words(sheets(office.mo, "line=customer"))[0]
    assert "陈晓雨" not in words(sheets(office.mo))[0]
    colleague = a_user("SC", office.project, name="韩梅")
    assert "陈晓雨" not in words(sheets(colleague, "line=customer"))[0]


def test_parking_is_drawn_stall_by_stall(office: Office) -> None:
    for place in range(1, 24):
        a_unit(
            office.project, building="P", floor=-1, position=place, room_no=f"A{place:03d}",
            product_type="parking", inner_area=None,
        )  # fmt: skip
    Building.objects.filter(code="P").update(is_parking=True)
    [only] = words(sheets(office.mo))
    assert all(f"A{place:03d}" in only for place in range(1, 24))


def test_taking_it_is_on_record(office: Office) -> None:
    a_unit(office.project)
    sheets(office.mo, "reason=晨会")
    told = AuditEvent.objects.filter(event="core.list.exported").get()
    assert (told.by, told.facts["rows"], told.facts["reason"]) == (office.mo, 1, "晨会")


def test_an_empty_project_leads_back_to_the_board(office: Office) -> None:
    answer = signed_in(office.mo).get(reverse("sales:control_sheet"))
    assert answer.headers["Location"] == reverse("sales:board")


def a_grid(columns: int, rows: int, lines: Sequence[str]) -> Grid:
    cells = [GridCell(lines, "green")] * columns
    return Grid("1号楼", [("1单元", columns)], [], [GridRow("1", cells)] * rows)


@given(
    st.integers(1, 40), st.integers(1, 60), st.lists(st.text(max_size=12), min_size=1, max_size=4)
)
def test_a_grid_never_leaves_its_sheet_sideways_nor_gets_too_small(
    columns: int, rows: int, lines: list[str]
) -> None:
    found = grids.measures(a_grid(columns, rows, lines))
    assert found["width"] * columns + grids.LABEL <= grids.WIDE + 1
    assert grids.SMALLEST <= found["size"] <= grids.LARGEST


def test_a_usual_tower_stands_on_one_sheet() -> None:
    found = grids.measures(a_grid(8, 34, ["1803 可售", "118.62", "152.19"]))
    assert found["height"] * 34 <= grids.HIGH - grids.ABOVE + 1
