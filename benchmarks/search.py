"""Find a customer among a million, through the API, beside the bare indexed query.

The rows are made by SQL: what matters here is how many there are and how they are spread (each tail of a
phone a hundred times, each name some hundred times), not that they were registered one by one.
"""

import json
import sqlite3
import subprocess
import sys
import time
from urllib.parse import quote

import psycopg

from benchmarks.frame import ROOT, Bar, Context, Row, Site, http_request, load, median_ms

CUSTOMERS = 1_000_000
SECONDS = 4
PREPARE = """
import json
import django
django.setup()
from loupan.core.crypto import blind_index, encrypt
from loupan.org.testing import a_project, a_user, token_for
project = a_project()
manager = a_user("SM", project)
consultants = [a_user("SC", project) for _ in range(40)]
print(json.dumps({
    "project": project.pk,
    "company": project.company_id,
    "owners": [consultant.pk for consultant in consultants],
    "token": token_for(manager),
    "index": blind_index("phone", "13800138000"),
    "number": encrypt("13800138000"),
}))
"""
SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林郑"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英晓雨子涵佳欣怡浩宇轩博文"
LETTERS = "wlzlcyhzwzxsmzhghglz"

# One statement each for persons, customers and phones, from a series i = 1 … n.
PEOPLE = "INSERT INTO customers_person (id, kind, id_number) SELECT i, 'individual', '' FROM series"
CUSTOMER = """
INSERT INTO customers_customer (id, person_id, project_id, kind, name, given_name, pinyin, initials,
  sex, id_type, legal_representative, address, wechat, grade, life_class, owner_id, note,
  first_contact_on, last_contact_at, next_contact_on, protected_until, made_at, version)
SELECT i, i, {project}, 'individual', {surname} || {first} || {second}, {first} || {second},
  'xing' || i % 7919, {initials}, '', 'id_card', '', '', '', {grade}, 'potential',
  {owner} + i % {owners}, '', {day}, {moment}, {day}, {day}, {moment}, 0
FROM series
"""
PHONE = """
INSERT INTO customers_customerphone (id, customer_id, project_id, company_id, number, number_index,
  tail, masked, sort)
SELECT i, i, {project}, {company}, '', {digest}, {tail}, '138****' || {tail}, 0 FROM series
"""
MINE = """
UPDATE customers_customerphone SET number_index = '{index}', number = '{number}', tail = '8000'
WHERE id = {middle}
"""
BARE = {
    "last four digits": """
        SELECT c.id, c.name, p.masked FROM customers_customerphone p
        JOIN customers_customer c ON c.id = p.customer_id
        WHERE p.project_id = {project} AND p.tail = '{tail}' ORDER BY p.customer_id DESC LIMIT 20;
    """,
    "whole phone": """
        SELECT c.id, c.name, p.masked FROM customers_customerphone p
        JOIN customers_customer c ON c.id = p.customer_id
        WHERE p.project_id = {project} AND p.number_index = '{index}' LIMIT 20;
    """,
    "start of the name": """
        SELECT id, name FROM customers_customer
        WHERE project_id = {project} AND name LIKE '王伟%' ORDER BY id DESC LIMIT 20;
    """,
    "part of the name": """
        SELECT id, name FROM customers_customer
        WHERE project_id = {project} AND given_name LIKE '晓雨%' ORDER BY id DESC LIMIT 20;
    """,
}
TYPED = {
    "last four digits": "4321",
    "whole phone": "138 0013 8000",
    "start of the name": "王伟",
    "part of the name": "晓雨",
}
BARS = {
    True: (Bar(at_most=10, of="value"), Bar(at_most=5, of="value")),
    False: (Bar(at_most=25, of="value"), Bar(at_most=10, of="value")),
}


def prepared(site: Site) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-c", PREPARE], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True,
        env={**site.env, "DJANGO_SETTINGS_MODULE": "loupan.config.settings"},
    )  # fmt: skip
    facts: dict[str, object] = json.loads(done.stdout)
    return facts


def letter(of: str, place: str) -> str:
    """SQL for one letter of a text, by a number made from i."""
    return f"substr('{of}', CAST({place} % {len(of)} + 1 AS INTEGER), 1)"


def statements(
    facts: dict[str, object], *, digest: str, tail: str, day: str, moment: str
) -> list[str]:
    owners = facts["owners"]
    assert isinstance(owners, list)
    given = {
        **facts,
        "surname": letter(SURNAMES, "i"),
        "first": letter(GIVEN, "i * 11"),
        "second": letter(GIVEN, "i / 37"),
        "initials": " || ".join(letter(LETTERS, place) for place in ("i", "i * 7", "i * 13")),
        "grade": letter("ABCD", "i"),
        "owner": owners[0],
        "owners": len(owners),
        "digest": digest,
        "tail": tail,
        "middle": CUSTOMERS // 2,
        "day": day,
        "moment": moment,
    }
    return [part.format(**given) for part in (PEOPLE, CUSTOMER, PHONE, MINE)]


def fill_postgres(url: str, facts: dict[str, object]) -> None:
    series = f"WITH series AS (SELECT generate_series(1::bigint, {CUSTOMERS}) AS i) "
    people, customers, phones, mine = statements(
        facts,
        digest="md5(i::text)",
        tail="lpad((i * 7919 % 10000)::text, 4, '0')",
        day="date '2026-01-01'",
        moment="timestamptz '2026-01-01 04:00:00+00'",
    )
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        for part in (people, customers, phones):
            into, select = part.split("SELECT", 1)
            connection.execute(f"{into} {series} SELECT {select}")
        connection.execute(mine)
        connection.execute("VACUUM ANALYZE")


def fill_sqlite(url: str, facts: dict[str, object]) -> None:
    series = (
        "WITH RECURSIVE series(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM series"
        f" WHERE i < {CUSTOMERS}) "
    )
    people, customers, phones, mine = statements(
        facts,
        digest="printf('%032x', i)",
        tail="printf('%04d', i * 7919 % 10000)",
        day="'2026-01-01'",
        moment="'2026-01-01 04:00:00'",
    )
    connection = sqlite3.connect(url.removeprefix("sqlite:///"))
    for part in (people, customers, phones):
        connection.execute(series + part)
    connection.execute(mine)
    connection.commit()
    connection.execute("ANALYZE")
    connection.commit()
    connection.close()


def latency(site: Site, typed: str, headers: dict[str, str]) -> float:
    path = f"/api/v1/customers/?limit=20&q={quote(typed)}"
    status, body = site.ask("GET", path, headers=headers)
    found = json.loads(body)["items"] if status == 200 else []
    if not found:
        raise RuntimeError(f"{typed} found nothing: {status} {body[:300]!r}")
    asked = http_request("GET", path, headers=headers)
    return load(site, lambda _connection, _count: asked, connections=1, seconds=SECONDS).p50_ms


def rate(site: Site, headers: dict[str, str]) -> float:
    """Searches a second over 16 connections, each for another tail."""

    def asked(connection: int, count: int) -> bytes:
        tail = f"{(connection * 997 + count * 31) % 10000:04d}"
        return http_request("GET", f"/api/v1/customers/?limit=20&q={tail}", headers=headers)

    return load(site, asked, connections=16, seconds=SECONDS).per_second


def measured(
    context: Context, url: str, site: Site, facts: dict[str, object], name: str
) -> list[Row]:
    headers = {"Authorization": f"Bearer {facts['token']}"}
    rows = []
    for what, typed in TYPED.items():
        bare = BARE[what].format(project=facts["project"], index=facts["index"], tail="4321")
        yardstick = None
        if name == "PostgreSQL" and context.programs:
            _rate, yardstick = context.pgbench(bare, database_url=url, clients=1, seconds=SECONDS)
        elif name == "SQLite":
            file = sqlite3.connect(url.removeprefix("sqlite:///"))
            yardstick = median_ms(lambda: file.execute(bare).fetchall())  # noqa: B023
            file.close()
        must, aim = BARS["name" not in what]
        rows.append(
            Row(
                f"{name}: {what}", latency(site, typed, headers), "ms", yardstick, "ms bare",
                must, aim, f"{CUSTOMERS:,} customers",
            )
        )  # fmt: skip
    rows.append(
        Row(
            f"{name}: last four digits, 16 connections", rate(site, headers), "/s",
            must=Bar(at_least=300, of="value"), aim=Bar(at_least=800, of="value"),
        )
    )  # fmt: skip
    return rows


def run(context: Context) -> list[Row]:
    rows: list[Row] = []
    places = [("SQLite", context.sqlite_url("search"), fill_sqlite)]
    if context.database_url:
        places.insert(0, ("PostgreSQL", context.postgres_url("loupan_search"), fill_postgres))
    for name, url, fill in places:
        with context.site(url) as site:
            facts = prepared(site)
            began = time.perf_counter()
            fill(url, facts)
            print(f"{CUSTOMERS:,} customers in {time.perf_counter() - began:.0f} s", flush=True)
            rows += measured(context, url, site, facts, name)
    return rows
