"""The holiday table: delivered, changed, imported, and used for due dates (PRM-05)."""

from datetime import date, datetime, timedelta
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from loupan.core.dates import Shift, add_working_days, is_working_day, shifted
from loupan.core.refusals import ChangedMeanwhile
from loupan.core.sheets.writing import OutColumn, OutSheet, write_xlsx
from loupan.org.models import User
from loupan.org.testing import a_company, a_project, a_user, signed_in, token_for
from loupan.parameters import errors
from loupan.parameters.actions.holidays import remove_holiday, save_holiday
from loupan.parameters.models import Holiday
from loupan.parameters.queries.book import book_of
from loupan.parameters.queries.holidays import greeting_days, working_days

NOON = datetime(2025, 3, 8, 12, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture
def ad(db: None) -> User:
    return a_user("AD", company=a_company())


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2024-02-04", True),  # A Sunday, made up for Spring Festival.
        ("2024-02-12", False),
        ("2024-02-18", True),
        ("2024-10-12", True),
        ("2025-01-27", True),  # The Monday before the festival.
        ("2025-01-28", False),
        ("2025-02-05", True),
        ("2025-10-08", False),
        ("2025-10-11", True),
        ("2026-01-02", False),
        ("2026-02-23", False),
        ("2026-02-28", True),
        ("2026-06-22", True),
        ("2027-01-01", True),  # A Friday of a year nobody has entered yet.
    ],
)
def test_the_published_years_are_delivered(day: str, *, works: bool) -> None:
    table = working_days()
    assert is_working_day(date.fromisoformat(day), table.get) is works


@pytest.mark.django_db
def test_each_year_has_the_published_number_of_days() -> None:
    counts = {
        year: Holiday.objects.filter(on__year=year, kind="off").count()
        for year in (2024, 2025, 2026)
    }
    assert counts == {2024: 28, 2025: 28, 2026: 33}
    assert [str(day) for day in greeting_days(date(2025, 1, 1), date(2025, 1, 31))] == [
        "2025-01-01 元旦", "2025-01-29 春节",
    ]  # fmt: skip


def test_a_day_off_is_kept_for_every_project_at_once(ad: User) -> None:
    project = a_project()
    assert book_of(project.pk).is_working(date(2027, 10, 1)) is None
    row = save_holiday(on=date(2027, 10, 1), kind="off", name="国庆节", by=ad, at=NOON)
    assert book_of(project.pk).is_working(date(2027, 10, 1)) is False
    save_holiday(on=row.on, kind="work", name="加班", version=row.version, by=ad, at=NOON)
    assert book_of(project.pk).is_working(date(2027, 10, 1)) is True
    with pytest.raises(ChangedMeanwhile):
        save_holiday(on=row.on, kind="off", name="国庆节", version=row.version, by=ad, at=NOON)
    remove_holiday(holiday_id=row.pk, by=ad, at=NOON)
    assert book_of(project.pk).is_working(date(2027, 10, 1)) is None


def test_a_greeting_day_works_or_not_as_its_weekday_says(ad: User) -> None:
    row = save_holiday(on=date(2025, 2, 12), kind="greeting", name="元宵节", by=ad, at=NOON)
    assert (row.is_greeting, row.on in working_days()) == (True, False)


def test_only_the_group_changes_the_table(ad: User) -> None:
    for user in (a_user("MK", a_project()), a_user("CD", company=a_company())):
        with pytest.raises(PermissionDenied):
            save_holiday(on=date(2027, 10, 1), kind="off", name="国庆节", by=user, at=NOON)
    with pytest.raises(errors.DayOutOfRange):
        save_holiday(on=date(1800, 1, 1), kind="off", name="x", by=ad, at=NOON)


# --- rules ------------------------------------------------------------------------------------------

TABLES = st.dictionaries(st.dates(date(2025, 1, 1), date(2025, 3, 31)), st.booleans(), max_size=25)


@given(TABLES, st.dates(date(2025, 1, 1), date(2025, 2, 28)), st.integers(1, 15))
def test_so_many_working_days_lie_between(table: dict[date, bool], anchor: date, days: int) -> None:
    found = add_working_days(anchor, days, table.get)
    passed = [anchor + timedelta(days=n) for n in range(1, (found - anchor).days + 1)]
    assert sum(is_working_day(day, table.get) for day in passed) == days
    assert is_working_day(found, table.get)


@given(TABLES, st.dates(date(2025, 1, 1), date(2025, 2, 28)))
def test_no_working_days_is_the_next_one(table: dict[date, bool], anchor: date) -> None:
    next_one = shifted(anchor, Shift.NEXT_WORKING_DAY, table.get)
    assert add_working_days(anchor, 0, table.get) == next_one
    if not is_working_day(anchor, table.get):
        assert add_working_days(anchor, 1, table.get) == next_one


@pytest.mark.django_db
def test_three_working_days_across_the_festival() -> None:
    table = working_days()
    assert add_working_days(date(2025, 1, 26), 3, table.get) == date(2025, 2, 6)
    assert shifted(date(2025, 10, 1), Shift.NEXT_WORKING_DAY, table.get) == date(2025, 10, 9)
    assert shifted(date(2025, 10, 1), Shift.PREVIOUS_WORKING_DAY, table.get) == date(2025, 9, 30)


# --- the doors --------------------------------------------------------------------------------------


def sheet(*rows: list[Any]) -> SimpleUploadedFile:
    buffer = BytesIO()
    heads = [OutColumn("日期", "date"), OutColumn("类型"), OutColumn("名称"), OutColumn("问候日")]
    write_xlsx(buffer, [OutSheet("节假日", heads, rows)])
    return SimpleUploadedFile("days.xlsx", buffer.getvalue())


def test_a_year_is_imported_exported_and_comes_back(ad: User) -> None:
    client = signed_in(ad)
    rows = ([date(2027, 1, 1), "放假", "元旦", "是"], [date(2027, 1, 2), "班", "元旦调休", ""])
    assert client.post("/parameters/holidays/import/", {"file": sheet(*rows)}).status_code == 302
    assert working_days()[date(2027, 1, 2)] is True
    exported = client.get("/parameters/holidays/?year=2027&export=xlsx").getvalue()
    Holiday.objects.filter(on__year=2027).delete()
    back = SimpleUploadedFile("back.xlsx", exported)
    answer = client.post("/parameters/holidays/import/", {"file": back})
    assert answer.status_code == 302
    assert [str(row) for row in greeting_days(date(2027, 1, 1), date(2027, 12, 31))] == [
        "2027-01-01 元旦"
    ]
    wrong = client.post(
        "/parameters/holidays/import/", {"file": sheet([date(2028, 1, 1), "?", "x", ""])}
    )
    assert wrong.status_code == 422
    assert not Holiday.objects.filter(on__year=2028).exists()


def test_the_page_adds_changes_and_removes_a_day(ad: User) -> None:
    client = signed_in(ad)
    assert client.get("/parameters/holidays/?year=2025").status_code == 200
    assert client.get("/parameters/holidays/?year=2099").status_code == 200
    assert client.get("/parameters/holidays/?year=99999999999999").status_code == 200
    body = {"on": "2027-05-01", "kind": "off", "name": "劳动节"}
    assert client.post("/parameters/holidays/new/", body).status_code == 302
    row = Holiday.objects.get(on="2027-05-01")
    url = f"/parameters/holidays/{row.pk}/"
    assert client.get(url).status_code == 200
    changed = {"kind": "off", "name": "五一", "is_greeting": "on", "version": row.version}
    assert client.post(url, changed).status_code == 302
    row.refresh_from_db()
    assert (row.name, row.is_greeting) == ("五一", True)
    assert client.post(url, changed).status_code == 422
    assert client.post(f"{url}removal/").status_code == 302
    assert not Holiday.objects.filter(pk=row.pk).exists()


def test_the_api_keeps_the_table(ad: User) -> None:
    client = Client(headers={"Authorization": f"Bearer {token_for(ad)}"})
    made = client.put(
        "/api/v1/holidays/2027-10-01/", {"kind": "off", "name": "国庆节"}, "application/json"
    )
    assert made.json()["kind"] == "off"
    assert len(client.get("/api/v1/holidays/?year=2025").json()["items"]) == 33
    assert client.get("/api/v1/holidays/?year=1").status_code == 422
    assert client.delete("/api/v1/holidays/2027-10-01/").status_code == 204
    assert client.delete("/api/v1/holidays/2027-10-01/").status_code == 404
