"""Bring 100,000 customers in from a workbook: checked, deduplicated, encrypted, with their history.

The yardstick is PostgreSQL's own COPY of as many lines into one bare table, and reading the file alone.
"""

import csv
import io
import json
import subprocess
import sys
import time

import psycopg

from benchmarks.frame import ROOT, Bar, Context, Row, Site
from benchmarks.search import GIVEN, SURNAMES

CUSTOMERS = 100_000
IMPORT = """
import json, sys, time
from pathlib import Path
import django
django.setup()
from django.utils import timezone
from loupan.core.sheets.reading import read_workbook
from loupan.customers import spreadsheets
from loupan.customers.models import Customer
from loupan.org.testing import a_project, a_user
project = a_project()
manager = a_user("SM", project)
content = Path(sys.argv[1]).read_bytes()
began = time.perf_counter()
read_workbook(content, "customers.csv")
reading = time.perf_counter() - began
taken = []
for attempt in range(2):
    began = time.perf_counter()
    result = spreadsheets.import_file(
        project=project, content=content, filename="customers.csv", is_dry_run=False, by=manager,
        at=timezone.now(),
    )
    taken.append(time.perf_counter() - began)
    assert (result.created, result.duplicates)[attempt] == Customer.objects.count(), result
print(json.dumps({"reading": reading, "first": taken[0], "again": taken[1]}))
"""


def lines() -> list[list[str]]:
    """Names of three characters, a mobile each, an ID number for every third."""
    from loupan.core.identity import id18_check

    found = [["客户姓名", "联系电话", "身份证号", "意向等级", "备注"]]
    for i in range(CUSTOMERS):
        name = SURNAMES[i % 20] + GIVEN[i * 11 % len(GIVEN)] + GIVEN[i // 37 % len(GIVEN)]
        number = ""
        if i % 3 == 0:
            turn = i // 3
            day = f"{1950 + turn % 50}{turn // 50 % 12 + 1:02d}{turn // 600 % 28 + 1:02d}"
            first = f"500112{day}{turn // 16800:03d}"
            number = first + id18_check(first)
        found.append([name, f"13{i:09d}", number, "ABCD"[i % 4], "三房两卫"])
    return found


def imported(site: Site, path: str) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-c", IMPORT, path], cwd=ROOT, check=True, stdout=subprocess.PIPE,
        text=True, env={**site.env, "DJANGO_SETTINGS_MODULE": "loupan.config.settings"},
    )  # fmt: skip
    times: dict[str, float] = json.loads(done.stdout)
    return times


def bare_copy(url: str, rows: list[list[str]]) -> float:
    """Seconds for COPY of the same lines into one table with one index."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE bare (id bigserial PRIMARY KEY, name text, phone text UNIQUE, number text,"
            " grade text, note text)"
        )
        began = time.perf_counter()
        with (
            connection.cursor() as cursor,
            cursor.copy("COPY bare (name, phone, number, grade, note) FROM STDIN") as copy,
        ):
            for row in rows[1:]:
                copy.write_row(row)
        return time.perf_counter() - began


def run(context: Context) -> list[Row]:
    rows = lines()
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    path = context.folder / "customers.csv"
    path.write_text(buffer.getvalue(), encoding="utf-8")
    places = [("SQLite", context.sqlite_url("customers"))]
    if context.database_url:
        places.insert(0, ("PostgreSQL", context.postgres_url("loupan_customers")))
    found: list[Row] = []
    for name, url in places:
        with context.site(url) as site:
            times = imported(site, str(path))
            bare = bare_copy(url, rows) if name == "PostgreSQL" else times["reading"]
            what = "s bare COPY" if name == "PostgreSQL" else "s reading alone"
            must, aim = Bar(at_most=15, of="value"), Bar(at_most=8, of="value")
            found += [
                Row(
                    f"{name}: import 100,000 customers", times["first"], "s", bare, what, must, aim
                ),
                Row(f"{name}: import them again, all there", times["again"], "s", bare, what),
            ]
    return found
