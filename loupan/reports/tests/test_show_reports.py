"""The doors of the reports: API, page, exports; scope, bad parameters, number of statements."""

import io
from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from loupan.core.models import AuditEvent
from loupan.inventory.testing import a_unit
from loupan.org.models import User
from loupan.org.testing import a_user, signed_in, token_for
from loupan.pricing.testing import an_approved_list
from loupan.reports.queries.catalogue import KINDS
from loupan.sales.testing import (
    Office,
    a_buyer,
    a_contract,
    a_receipt,
    a_reservation,
    an_office,
    another_unit,
)

pytestmark = pytest.mark.django_db

CODES = sorted(KINDS)
TODAY = datetime(2025, 3, 31, 10, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _on_the_last_of_march() -> Any:
    with time_machine.travel(TODAY, tick=False):
        yield


@pytest.fixture
def office() -> Office:
    return an_office()


def ask(user: User, code: str, **parameters: Any) -> Any:
    client = Client(headers={"Authorization": f"Bearer {token_for(user)}"})
    return client.get(f"/api/v1/reports/{code}/", parameters)


def some_sales(office: Office, number: int) -> None:
    for place in range(number):
        reservation = a_reservation(office)
        if place % 2:
            contract = a_contract(office, reservation)
            a_receipt(
                office, contract.deal, amount="389160", at=datetime(2025, 3, 20, 4, tzinfo=UTC)
            )


@pytest.mark.parametrize("code", CODES)
def test_the_api_answers_with_columns_rows_and_totals(office: Office, code: str) -> None:
    some_sales(office, 2)
    answer = ask(
        office.mo, code, project=office.project.pk, **{"from": "2025-03-01", "to": "2025-04-30"}
    )
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert {"code", "as_of", "columns", "rows", "totals"} <= set(body)
    assert body["code"] == code
    assert body["as_of"].startswith("2025-03-31T18:00:00+08:00")
    keys = {column["key"] for column in body["columns"]}
    assert body["rows"]
    assert all(set(row) == keys for row in body["rows"])
    money = [c["key"] for c in body["columns"] if c["kind"] in {"money", "area"}]
    for key in money:
        assert all(row[key] is None or isinstance(row[key], str) for row in body["rows"])
    assert set(body["totals"]) <= keys


@pytest.mark.parametrize(
    ("parameters", "status"),
    [
        ({"from": "2025-03-31", "to": "2025-03-01"}, 422),
        ({"from": "0001-01-01", "to": "9999-12-31"}, 422),
        ({"from": "0001-01-01", "to": "0001-01-31"}, 422),
        ({"from": "9999-12-01", "to": "9999-12-31"}, 422),
        ({"from": "gestern"}, 422),
        ({"from": "2025-02-30"}, 422),
        ({"project": "0"}, (404, 422)),
        ({"project": "999999999999999999999"}, (404, 422)),
        ({"building": "12345"}, 404),
    ],
)
@pytest.mark.parametrize("code", CODES)
def test_odd_parameters_get_an_answer_never_a_crash(
    office: Office, code: str, parameters: dict[str, str], status: int | tuple[int, ...]
) -> None:
    expected = status if isinstance(status, tuple) else (status,)
    assert ask(office.mo, code, **parameters).status_code in expected
    page = signed_in(office.mo).get(f"/reports/{code}/", parameters)
    assert page.status_code in {200, 404, 422}


@pytest.mark.parametrize("code", CODES)
def test_a_foreign_project_is_not_there(office: Office, code: str) -> None:
    foreign = office.cast.other_project.pk
    assert ask(office.mo, code, project=foreign).status_code == 404
    assert signed_in(office.mo).get(f"/reports/{code}/", {"project": foreign}).status_code in {
        404,
        422,
    }


@pytest.mark.parametrize("code", ["r-x99", "r-s99", "home", "r-s01x"])
def test_an_unknown_report_is_not_there(office: Office, code: str) -> None:
    assert ask(office.mo, code).status_code in {404, 422}
    assert signed_in(office.mo).get(f"/reports/{code}/").status_code == 404


@pytest.mark.parametrize("code", CODES)
def test_whoever_may_not_read_reports_gets_403(office: Office, code: str) -> None:
    assert ask(office.cast.guest, code).status_code == 403
    assert ask(office.cast.ad, code).status_code == 403
    assert signed_in(office.cast.ad).get(f"/reports/{code}/").status_code == 403


def units_in(user: User, code: str) -> set[str]:
    rows = ask(user, code, **{"from": "2025-03-01", "to": "2025-12-31"}).json()["rows"]
    return {row["unit"] for row in rows}


def test_a_consultant_sees_own_deals_a_manager_the_project_a_director_the_group(
    office: Office,
) -> None:
    friend = a_user("SC", office.project)
    own = a_reservation(office).deal.unit.number
    other_buyer = a_buyer(office, owner=friend)
    others = a_reservation(office, buyers=[other_buyer], by=friend).deal.unit.number
    director = a_user("GD", company=office.project.company)
    foreign = an_office()
    elsewhere = a_reservation(foreign).deal.unit.number
    for code in ("r-s04", "r-f01", "r-f03"):
        assert units_in(office.lin, code) == {own}, code
        assert units_in(friend, code) == {others}, code
        assert units_in(office.mo, code) == {own, others}, code
        assert units_in(director, code) == {own, others, elsewhere}, code
        assert units_in(foreign.mo, code) == {elsewhere}, code
    assert units_in(office.zhao, "r-f01") == {own, others}


def test_the_totals_are_the_sums_of_the_rows(office: Office) -> None:
    some_sales(office, 4)
    for code in CODES:
        body = ask(office.mo, code, **{"from": "2025-03-01", "to": "2025-12-31"}).json()
        summed = {c["key"] for c in body["columns"] if c["kind"] in {"money", "area"}}
        for key in summed & set(body["totals"]):
            whole = sum(float(row[key] or 0) for row in body["rows"])
            assert abs(whole - float(body["totals"][key])) < 0.005, (code, key)


@pytest.mark.parametrize("code", CODES)
def test_the_number_of_statements_does_not_grow_with_the_rows(office: Office, code: str) -> None:
    client = signed_in(office.mo)
    address = f"/reports/{code}/?from=2025-03-01&to=2025-04-30"

    def statements() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert client.get(address).status_code == 200
        return len(seen)

    some_sales(office, 2)
    statements()
    few = statements()
    some_sales(office, 6)
    assert statements() == few
    assert few <= 45


@pytest.mark.parametrize("code", CODES)
def test_a_report_leaves_as_a_workbook_with_the_name_of_who_took_it(
    office: Office, code: str
) -> None:
    some_sales(office, 2)
    query = {"from": "2025-03-01", "to": "2025-04-30", "export": "xlsx", "reason": "周会"}
    answer = signed_in(office.mo).get(f"/reports/{code}/", query)
    assert answer.status_code == 200
    book = load_workbook(io.BytesIO(answer.content))
    sheet = book.worksheets[0]
    shown = ask(office.mo, code, **{"from": "2025-03-01", "to": "2025-04-30"}).json()
    assert sheet.max_row == len(shown["rows"]) + 2
    edges = (sheet.oddHeader, sheet.oddFooter)
    printed = [str(part.text) for edge in edges for part in (edge.left, edge.center, edge.right)]
    assert str(office.mo) in " ".join(printed)
    event = AuditEvent.objects.filter(event="core.list.exported").latest("pk")
    assert event.facts["reason"] == "周会"
    assert event.by == office.mo


@pytest.mark.parametrize("code", CODES)
def test_a_report_leaves_as_a_pdf(office: Office, code: str) -> None:
    some_sales(office, 2)
    answer = signed_in(office.mo).get(f"/reports/{code}/", {"export": "pdf"})
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")


def test_whoever_may_not_export_cannot(office: Office) -> None:
    assert signed_in(office.lin).get("/reports/r-s04/", {"export": "xlsx"}).status_code == 403
    page = signed_in(office.lin).get("/reports/r-s04/").content.decode()
    assert "export=xlsx" not in page


def test_every_number_of_the_day_opens_its_rows(office: Office) -> None:
    a_contract(office, a_reservation(office))
    page = signed_in(office.mo).get("/reports/r-s01/", {"from": "2025-03-08", "to": "2025-03-15"})
    text = page.content.decode()
    assert "/reports/r-s04/?from=2025-03-08&amp;to=2025-03-08" in text
    assert "/reports/r-s05/?from=2025-03-15&amp;to=2025-03-15" in text
    assert "/reports/r-f01/?from=2025-03-08&amp;to=2025-03-08" in text


def test_the_control_sheet_shows_every_unit_as_it_stands(office: Office) -> None:
    free = a_unit(office.project)
    sold = a_reservation(office, unit=another_unit(office)).deal
    rows = {row["unit"]: row for row in ask(office.mo, "r-s08").json()["rows"]}
    assert rows[free.number]["deal_total"] is None
    assert rows[free.number]["list_total"] == "1521895.00"
    assert rows[sold.unit.number]["deal_total"] == "1459160.00"
    assert rows[sold.unit.number]["buyers"] == "陈晓雨"


def test_a_consultant_sees_no_buyers_of_others_on_the_control_sheet(office: Office) -> None:
    friend = a_user("SC", office.project)
    deal = a_reservation(office, buyers=[a_buyer(office, owner=friend)], by=friend).deal
    rows = {row["unit"]: row for row in ask(office.lin, "r-s08").json()["rows"]}
    assert not rows[deal.unit.number]["buyers"]
    assert rows[deal.unit.number]["deal_total"] is None
    assert date(2025, 3, 8) == deal.reserved_on


def test_the_public_price_list_changes_at_the_moment_the_prices_do(office: Office) -> None:
    """R-S15, L-21: every offered unit with its one price, no buyer, changed with the price list."""
    free = another_unit(office)
    a_reservation(office)
    another_unit(office, status="not_released")

    def shown() -> dict[str, tuple[str, str]]:
        rows = ask(office.lin, "r-s15", project=office.project.pk).json()["rows"]
        assert all("buyers" not in row for row in rows)
        return {row["unit"]: (row["list_total"], row["public_status"]) for row in rows}

    before = shown()
    assert len(before) == 2
    assert before[free.number][0] == "1521895.00"
    an_approved_list(office.project, office.cast.mk, office.mo, at=TODAY)
    after = shown()
    assert after[free.number] == ("1567551.00", before[free.number][1])
    assert {number: price for number, price in after.items() if number != free.number} == {
        number: price for number, price in before.items() if number != free.number
    }
