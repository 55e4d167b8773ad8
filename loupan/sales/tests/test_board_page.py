"""The unit board as a page: places, legend, filters, panel, verbs, changes, scope (UX 3)."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from loupan.inventory.models import Unit
from loupan.inventory.queries.board import board_version
from loupan.inventory.states import UnitStatus
from loupan.inventory.testing import a_building, a_layout, a_unit
from loupan.org.models import User
from loupan.org.testing import a_user, signed_in
from loupan.sales.actions.claims import hold_unit, lock_unit
from loupan.sales.testing import Office, a_buyer, a_reservation, an_office

pytestmark = pytest.mark.django_db

HOSTILE = "<img src=x onerror=alert(1)>\"'&"
LEGEND = re.compile(r'data-status="(\w+)"[^>]*>.*?<b>(\d+)</b>')


@pytest.fixture
def office() -> Office:
    return an_office()


def page(viewer: User, **query: Any) -> str:
    answer = signed_in(viewer).get(f"{reverse('sales:board')}?{urlencode(query, doseq=True)}")
    assert answer.status_code == 200, answer.content[:300]
    return str(answer.content.decode())


def grid(html: str) -> list[list[str]]:
    """The cells of the first tower, row by row: room number, "" for a gap, "=" for a spanned row."""
    body = html.split("<tbody>", 1)[1].split("</tbody>", 1)[0]
    rows = []
    for row in body.split("<tr>")[1:]:
        cells = re.findall(r"<td([^>]*)>(.*?)</td>", row)
        rows.append(
            [
                found.group(1) if (found := re.search(r"<b>(.*?)</b>", inside)) else ""
                for attributes, inside in cells
                if "ub-s" not in attributes
            ]
        )
    return rows


def counts(html: str) -> dict[str, int]:
    return {code: int(count) for code, count in LEGEND.findall(html)}


def cell(html: str, unit: Unit) -> str:
    found = re.search(rf'<(a|label) [^>]*id="u{unit.pk}".*?</\1>', html, re.DOTALL)
    assert found, f"{unit} is not on the board"
    return found.group(0)


# --- Places -------------------------------------------------------------------------------------


def test_floors_go_down_and_positions_across_with_gaps_where_the_building_has_them(
    office: Office,
) -> None:
    for floor, position in ((3, 1), (3, 3), (1, 1), (1, 2)):
        a_unit(office.project, floor=floor, position=position)
    assert grid(page(office.lin)) == [["301", "", "303"], ["101", "102", ""]]


def test_a_duplex_takes_the_rows_of_both_its_floors(office: Office) -> None:
    a_unit(office.project, floor=1, position=1)
    a_unit(office.project, floor=1, position=2, floors_spanned=2)
    a_unit(office.project, floor=2, position=1)
    html = page(office.lin)
    assert grid(html) == [["201", "102"], ["101"]]
    assert 'rowspan="2"' in html


def test_a_duplex_leaves_a_unit_above_it_its_place(office: Office) -> None:
    a_unit(office.project, floor=1, position=1, floors_spanned=3)
    a_unit(office.project, floor=2, position=1)
    assert grid(page(office.lin)) == [[""], ["201"], ["101"]]


def test_parking_stands_in_a_block_of_its_own(office: Office) -> None:
    a_building(office.project, "P", is_parking=True)
    stall = a_unit(office.project, building="P", floor=-1, position=7, room_no="007")
    html = page(office.lin)
    assert 'class="ub-b ub-lot"' in html
    assert "B1" in html
    assert cell(html, stall)


def test_positions_far_apart_do_not_make_a_row_of_empty_doors(office: Office) -> None:
    a_unit(office.project, floor=1, position=1)
    a_unit(office.project, floor=1, position=30_000, room_no="30000")
    assert page(office.lin).count("<td") == 0


def test_one_building_is_a_tab_of_its_own(office: Office) -> None:
    first, second = a_unit(office.project), a_unit(office.project, building="2")
    html = page(office.lin, building="2")
    assert f'id="u{second.pk}"' in html
    assert f'id="u{first.pk}"' not in html


# --- Legend and filters -------------------------------------------------------------------------


def test_the_legend_counts_every_status(office: Office) -> None:
    for position, status in enumerate((S.AVAILABLE, S.AVAILABLE, S.WITHHELD, S.OFF_MARKET), 1):
        a_unit(office.project, position=position, status=status)
    said = counts(page(office.lin))
    assert said["available"] == 2
    assert said["withheld"] == said["off_market"] == 1
    assert len(said) == 12


S = UnitStatus


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ({"status": "withheld"}, {"1802"}),
        ({"layout": "大平层"}, {"1803"}),
        ({"area_min": "100", "area_max": "110"}, {"1801"}),
        ({"total_min": "140"}, {"1803"}),
        ({"orientation": "NS"}, {"1801"}),
        ({"q": "1-1-1803"}, {"1803"}),
        ({"area_min": "no number", "status": "nonsense"}, {"1801", "1802", "1803"}),
    ],
)
def test_a_filter_dims_what_does_not_match_and_moves_nothing(
    office: Office, query: dict[str, str], kept: set[str]
) -> None:
    large = a_layout(office.project, "L", name="大平层")
    a_unit(office.project, position=1, built_area="105.5", inner_area="80", orientation="NS")
    a_unit(office.project, position=2, built_area="90", inner_area="70", status=S.WITHHELD)
    a_unit(office.project, position=3, built_area="118.62", layout=large)
    html = page(office.lin, **query)
    assert grid(html) == [["1801", "1802", "1803"]]
    lit = {
        found.group(1)
        for found in re.finditer(r'<a class="ub-c[^"]*".*?<b>(.*?)</b>', html)
        if "ub-dim" not in found.group(0)
    }
    assert lit == kept


def test_the_price_map_has_a_step_for_every_price_and_says_its_ranges(office: Office) -> None:
    for position in range(1, 9):
        a_unit(office.project, position=position, list_unit_price=str(10_000 + 100 * position))
    html = page(office.lin, view="price")
    assert len(set(re.findall(r"ub-p\d", html.split('id="board-units"')[1]))) >= 6
    assert "10,200" in html
    assert 'data-edges="10200,' in html


# --- What a cell says ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("area", "118.62"),
        ("total", "152.19"),
        ("price", "12,830"),
        ("layout", "C户型"),
    ],
)
def test_a_cell_says_the_chosen_line(office: Office, line: str, said: str) -> None:
    unit = a_unit(office.project, layout=a_layout(office.project))
    assert f"<span>{said}</span>" in cell(page(office.lin, line=line), unit)


def test_a_locked_cell_names_the_colleague_and_counts_down(office: Office) -> None:
    unit = a_unit(office.project)
    claim = lock_unit(unit_id=unit.pk, by=office.lin, at=timezone.now())
    said = cell(page(office.mo), unit)
    assert "林小雨" in said
    assert claim.expires_at
    assert f'data-until="{claim.expires_at.isoformat()[:19]}' in said


def test_the_big_screen_shows_no_names(office: Office) -> None:
    unit = a_unit(office.project)
    lock_unit(unit_id=unit.pk, by=office.lin, at=timezone.now())
    assert "林小雨" not in cell(page(office.mo, view="screen"), unit)


def test_hostile_names_stay_text(office: Office) -> None:
    layout = a_layout(office.project, "X", name=HOSTILE[:60])
    a_building(office.project, "9", name=HOSTILE)
    unit = a_unit(office.project, building="9", layout=layout, room_no=HOSTILE[:30])
    Unit.objects.filter(pk=unit.pk).update(number=HOSTILE, view=HOSTILE, claim_label=HOSTILE)
    for query in ({}, {"select": "1"}, {"view": "price"}, {"unit": unit.pk}, {"q": HOSTILE}):
        html = page(office.mo, line="layout", **query)
        assert "<img src=x" not in html
        assert "onerror=alert(1)>" not in html.replace("&gt;", "")


# --- The panel ----------------------------------------------------------------------------------


def panel(viewer: User, unit: Unit) -> str:
    answer = signed_in(viewer).get(
        reverse("sales:unit_panel", args=[unit.pk]), headers={"HX-Request": "true"}
    )
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_the_panel_shows_the_floor_price_only_to_those_who_may_see_it(office: Office) -> None:
    unit = a_unit(office.project)
    assert "1,411,578" in panel(office.mo, unit)
    assert "1,411,578" not in panel(office.lin, unit)
    assert "1,521,895" in panel(office.lin, unit)


def test_the_panel_shows_buyers_only_to_those_who_see_the_deal(office: Office) -> None:
    reservation = a_reservation(office, buyers=[a_buyer(office, name="陈晓雨")])
    unit = reservation.deal.unit
    other = a_user("SC", office.project)
    assert "陈晓雨" in panel(office.lin, unit)
    assert "陈晓雨" not in panel(other, unit)
    assert reverse("sales:deal", args=[reservation.deal_id]) in panel(office.lin, unit)
    assert reverse("sales:deal", args=[reservation.deal_id]) not in panel(other, unit)
    assert reverse("sales:quote", args=[unit.pk]) not in panel(office.lin, unit)


def test_the_panel_offers_the_verbs_open_to_the_reader_now(office: Office) -> None:
    unit = a_unit(office.project)
    lock_url = reverse("sales:unit_lock", args=[unit.pk])
    assert lock_url in panel(office.lin, unit)
    assert lock_url not in panel(office.zhao, unit)
    lock_unit(unit_id=unit.pk, by=office.lin, at=timezone.now())
    other = a_user("SC", office.project)
    assert reverse("sales:unit_unlock", args=[unit.pk]) in panel(office.lin, unit)
    assert reverse("sales:unit_unlock", args=[unit.pk]) in panel(office.mo, unit)
    assert reverse("sales:unit_unlock", args=[unit.pk]) not in panel(other, unit)
    assert reverse("sales:reserve", args=[unit.pk]) not in panel(other, unit)


def test_a_unit_that_cannot_be_sold_says_why(office: Office) -> None:
    unit = a_unit(office.project, building="8", with_permit=False)
    html = panel(office.lin, unit)
    assert reverse("sales:unit_lock", args=[unit.pk]) not in html
    assert "up-obstacle" in html


def test_without_htmx_the_panel_is_the_board_with_it(office: Office) -> None:
    unit = a_unit(office.project)
    answer = signed_in(office.lin).get(reverse("sales:unit_panel", args=[unit.pk]), follow=True)
    assert f'data-unit="{unit.pk}"' in answer.content.decode()
    assert 'id="board"' in answer.content.decode()


# --- The verbs ----------------------------------------------------------------------------------

HTMX = {"HX-Request": "true"}


def test_locking_answers_with_the_panel_counting_down(office: Office) -> None:
    unit = a_unit(office.project)
    answer = signed_in(office.lin).post(reverse("sales:unit_lock", args=[unit.pk]), headers=HTMX)
    assert answer.status_code == 200
    assert "data-until" in answer.content.decode()
    assert Unit.objects.get(pk=unit.pk).status == S.LOCKED


def test_of_two_desks_the_second_is_told_who_has_the_unit(office: Office) -> None:
    unit = a_unit(office.project)
    lock_unit(unit_id=unit.pk, by=office.lin, at=timezone.now())
    other = a_user("SC", office.project)
    answer = signed_in(other).post(reverse("sales:unit_lock", args=[unit.pk]), headers=HTMX)
    assert answer.status_code == 409
    assert "林小雨" in answer.content.decode()


def test_unlocking_offers_the_unit_again(office: Office) -> None:
    unit = a_unit(office.project)
    desk = signed_in(office.lin)
    desk.post(reverse("sales:unit_lock", args=[unit.pk]))
    answer = desk.post(reverse("sales:unit_unlock", args=[unit.pk]))
    assert answer.status_code == 302
    assert Unit.objects.get(pk=unit.pk).status == S.AVAILABLE


def test_holding_asks_for_a_customer_and_keeps_what_was_typed(office: Office) -> None:
    unit, buyer = a_unit(office.project), a_buyer(office)
    desk, url = signed_in(office.mo), reverse("sales:unit_hold", args=[unit.pk])
    assert desk.get(url, headers=HTMX).status_code == 200
    wrong = desk.post(url, {"days": "2", "reason": "等房贷"}, headers=HTMX)
    assert wrong.status_code == 422
    assert "等房贷" in wrong.content.decode()
    right = desk.post(url, {"customer": buyer.pk, "days": "2"}, headers=HTMX)
    assert right.status_code == 200, right.content.decode()
    assert Unit.objects.get(pk=unit.pk).status == S.HELD


def test_a_hold_ends_from_the_panel(office: Office) -> None:
    unit, buyer = a_unit(office.project), a_buyer(office)
    hold_unit(unit_id=unit.pk, customer_id=buyer.pk, days=1, by=office.mo, at=timezone.now())
    answer = signed_in(office.mo).post(reverse("sales:unit_unhold", args=[unit.pk]), headers=HTMX)
    assert answer.status_code == 200
    assert Unit.objects.get(pk=unit.pk).status == S.AVAILABLE


def test_a_selection_is_withheld_with_a_reason_and_offered_again(office: Office) -> None:
    units = [a_unit(office.project, position=position) for position in (1, 2, 3)]
    desk, ids = signed_in(office.mo), ",".join(str(unit.pk) for unit in units)
    without = desk.post(reverse("sales:withhold"), {"units": ids}, headers=HTMX)
    assert without.status_code == 409
    done = desk.post(reverse("sales:withhold"), {"units": ids, "reason": "调价"}, headers=HTMX)
    assert done.status_code == 200
    assert set(Unit.objects.values_list("status", flat=True)) == {S.WITHHELD}
    desk.post(reverse("sales:unwithhold"), {"unit": [unit.pk for unit in units]})
    assert set(Unit.objects.values_list("status", flat=True)) == {S.AVAILABLE}


def test_a_selection_is_released_all_or_none(office: Office) -> None:
    good = a_unit(office.project, position=1, status=S.NOT_RELEASED)
    bad = a_unit(office.project, position=2, status=S.NOT_RELEASED, list_unit_price=None)
    desk, url = signed_in(office.mo), reverse("sales:release")
    assert desk.post(url, {"units": f"{good.pk},{bad.pk}"}, headers=HTMX).status_code == 409
    assert Unit.objects.get(pk=good.pk).status == S.NOT_RELEASED
    assert desk.post(url, {"units": f"{good.pk}"}, headers=HTMX).status_code == 200
    assert Unit.objects.get(pk=good.pk).status == S.AVAILABLE


def test_selecting_is_only_for_those_who_control_sales(office: Office) -> None:
    unit = a_unit(office.project)
    assert cell(page(office.mo, select="1"), unit).startswith("<label")
    assert cell(page(office.lin, select="1"), unit).startswith("<a ")
    answer = signed_in(office.lin).post(
        reverse("sales:withhold"), {"units": str(unit.pk), "reason": "x"}
    )
    assert answer.status_code == 403


# --- Changes ------------------------------------------------------------------------------------


def changes(desk: Client, project_id: int, since: int, **query: Any) -> Any:
    said = urlencode({"project": project_id, "since": since, **query})
    return desk.get(f"{reverse('sales:board_data')}?{said}")


def test_a_change_comes_as_the_cell_the_page_would_draw(office: Office) -> None:
    unit = a_unit(office.project)
    since = board_version(office.project.pk)
    lock_unit(unit_id=unit.pk, by=office.lin, at=timezone.now())
    answer = changes(signed_in(office.mo), office.project.pk, since)
    assert answer.status_code == 200
    data = answer.json()
    assert data["version"] > since
    assert data["cells"][str(unit.pk)] == cell(page(office.mo), unit)


def test_where_nothing_happened_there_is_nothing_to_read(office: Office) -> None:
    a_unit(office.project)
    since = board_version(office.project.pk)
    assert changes(signed_in(office.mo), office.project.pk, since).status_code == 204


def test_a_poll_costs_at_most_six_statements(office: Office) -> None:
    unit = a_unit(office.project)
    since = board_version(office.project.pk)
    lock_unit(unit_id=unit.pk, by=office.lin, at=timezone.now())
    desk = signed_in(office.lin)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert changes(desk, office.project.pk, since).status_code == 200
    assert len(asked) <= 6, [query["sql"][:90] for query in asked]


def test_the_board_costs_the_same_number_of_statements_for_few_and_many_units(
    office: Office,
) -> None:
    desk = signed_in(office.lin)

    def statements() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert desk.get(reverse("sales:board")).status_code == 200
        return len(asked)

    a_unit(office.project, floor=1)
    statements()  # What the frame remembers from then on is asked once.
    few = statements()
    for floor in range(2, 30):
        a_unit(office.project, floor=floor)
    assert statements() == few <= 16


# --- Scope --------------------------------------------------------------------------------------


def test_another_projects_board_and_units_are_not_there(office: Office) -> None:
    unit = a_unit(office.project)
    wei = signed_in(office.cast.wei)
    assert wei.get(f"{reverse('sales:board')}?project={office.project.pk}").status_code == 404
    assert wei.get(reverse("sales:unit_panel", args=[unit.pk])).status_code == 404
    assert wei.post(reverse("sales:unit_lock", args=[unit.pk])).status_code == 404
    assert wei.get(reverse("sales:unit_hold", args=[unit.pk])).status_code == 404
    assert wei.post(reverse("sales:release"), {"unit": unit.pk}).status_code == 404
    assert changes(wei, office.project.pk, 0).status_code == 404
    url = f"{reverse('sales:control_sheet')}?project={office.project.pk}"
    assert wei.get(url).status_code == 404


def test_what_no_address_can_mean_is_not_found(office: Office) -> None:
    desk = signed_in(office.lin)
    for query in ("unit=x", "unit=999999", "unit=99999999999999999999", "unit=²"):
        assert desk.get(f"{reverse('sales:board')}?{query}").status_code == 404
    for query in ("", "project=1&since=x", "project=²&since=1"):
        assert desk.get(f"{reverse('sales:board_data')}?{query}").status_code == 404


def test_an_empty_project_says_what_to_do(office: Office) -> None:
    assert "lp-empty" in page(office.mo)


def test_the_control_sheet_is_a_pdf(office: Office) -> None:
    a_unit(office.project, orientation="NS")
    answer = signed_in(office.mo).get(reverse("sales:control_sheet"))
    assert answer.status_code == 200
    assert answer.content.startswith(b"%PDF")


def test_a_lock_whose_time_is_over_bars_nobody(office: Office) -> None:
    unit = a_unit(office.project)
    lock_unit(unit_id=unit.pk, by=office.lin, at=timezone.now() - timedelta(hours=1))
    other = a_user("SC", office.project)
    url = reverse("sales:unit_lock", args=[unit.pk])
    assert url in panel(other, unit)
    assert signed_in(other).post(url, headers=HTMX).status_code == 200
