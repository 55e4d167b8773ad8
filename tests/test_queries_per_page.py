"""How many statements each page and each GET of the API costs, against a record that only goes down.

The record is tests/queries_per_page.json: for each database and address the statements with few rows and
with many.  The second number may not be above the first (no statement per row).  To write it anew after a
page has become cheaper, or a new one was made: LOUPAN_RECORD_QUERIES=1 python3 run.py test
tests/test_queries_per_page.py (and once more with DATABASE_URL on PostgreSQL).
"""

import json
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from loupan.org.models import Project, User
from loupan.org.rules import ROLE_TEMPLATES
from loupan.org.testing import a_post, a_user, hold, signed_in, token_for
from loupan.sales.testing import Office, a_buyer, a_contract, a_receipt, a_reservation, another_unit
from tests.test_url_roles import CALLS, PAGES, Row, address, asked
from tests.world import World, a_world

RECORD = Path(__file__).with_name("queries_per_page.json")
MORE_ROWS = 12
# Drawn on paper or made anew by the server's start: no lists, and slow.
LEFT_OUT = {"api:openapi-json", "api:openapi-view"}


def somebody_who_may_everything(project: Project) -> User:
    person = a_user("PD", project, name="全能")
    for role in ROLE_TEMPLATES:
        if role != "PD":
            hold(person, a_post(role, project))
    hold(person, a_post("AD", company=project.company))
    return person


def add_rows(office: Office, count: int) -> None:
    """More of whatever lists show: people, units, customers, deals, receipts."""
    at = timezone.now() - timedelta(days=1)
    for number in range(count):
        a_user("SC", office.project, name=f"顾问{number}")
        another_unit(office)
        a_buyer(office, name=f"客户{number}")
        a_reservation(office, at=at)
        signed = a_contract(office, a_reservation(office, at=at), at=at)
        a_receipt(office, signed.deal, amount="1000", at=at)


def counted(world: World, person: User) -> Iterator[tuple[str, int]]:
    page, call = signed_in(person), Client(headers={"Authorization": f"Bearer {token_for(person)}"})
    for name, row in PAGES.items():
        if row.method == "get" and not row.is_paper and name not in LEFT_OUT:
            yield name, statements(page, address(name, row, world) + asked(row, world))
    for name, row in CALLS.items():
        method, _space, path = name.partition(" ")
        if method == "GET" and not row.is_paper:
            yield name, statements(call, f"/api/v1/{filled(path, row, world)}")


def filled(path: str, row: Row, world: World) -> str:
    for key, make in row.sample.items():
        path = path.replace(f"{{{key}}}", str(make(world)))
    return path


def statements(client: Client, path: str) -> int:
    """Of the second time, as in a worker that has answered before."""
    client.get(path)
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(path)
    assert answer.status_code < 400, f"{path} is answered by {answer.status_code}"
    return sum("SAVEPOINT" not in (query["sql"] or "") for query in captured)


@pytest.mark.django_db
@pytest.mark.slow
def test_no_page_asks_more_than_its_record_nor_more_for_more_rows() -> None:
    world = a_world()
    assert world.here.other_plan  # Before anything is counted, not by the way.
    person = somebody_who_may_everything(world.here.project)
    few = dict(counted(world, person))
    add_rows(world.here.office, MORE_ROWS)
    many = dict(counted(world, User.objects.get(pk=person.pk)))
    grown = {name: (few[name], many[name]) for name in few if many[name] > few[name]}
    assert not grown, f"more statements for more rows: {grown}"

    records = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {}
    if os.environ.get("LOUPAN_RECORD_QUERIES"):
        records[connection.vendor] = many
        text = json.dumps(records, indent=1, sort_keys=True, ensure_ascii=False)
        RECORD.write_text(f"{text}\n", encoding="utf-8")
    record = records[connection.vendor]
    assert set(many) == set(record), set(many) ^ set(record)
    above = {name: (record[name], many[name]) for name in many if many[name] > record[name]}
    assert not above, f"more statements than the record: {above}"
