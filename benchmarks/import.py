# ruff: noqa: N999  The benchmark is called by this name.
"""100,000 units from a spreadsheet: read, understood, priced, written, listed; beside reading alone."""

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.frame import ROOT, Bar, Context, Row

ROWS = 100_000
# Runs in Loupan: makes the file, reads it alone, then carries the import out as a page would.
SCRIPT = """
import csv, io, json, sys, time
import django
django.setup()
import xlsxwriter
from django.utils.timezone import now
from loupan.core.sheets.reading import read_workbook
from loupan.inventory import spreadsheets
from loupan.inventory.actions import imports
from loupan.org.testing import a_company, a_project, a_user

count, kind = int(sys.argv[1]), sys.argv[2]
head = ["楼栋", "单元", "楼层", "房号", "建筑面积", "套内面积", "单价", "状态", "户型", "朝向"]

def units():
    for number in range(count):
        position, rest = number % 50 + 1, number // 50
        floor, rest = rest % 50 + 1, rest // 50
        entrance, building = rest % 4 + 1, rest // 4 + 1
        area = 60 + position * 7 % 90 + 0.37
        yield [f"{building}栋", f"{entrance}单元", floor, f"{floor}{position:02d}", area,
               round(area * 0.78, 2), 12000.5 + floor * 40 + position * 3, "可售", "C", "南"]

target = io.BytesIO()
if kind == "xlsx":
    book = xlsxwriter.Workbook(target, {"constant_memory": True})
    sheet = book.add_worksheet()
    for index, row in enumerate([head, *units()]):
        sheet.write_row(index, 0, row)
    book.close()
else:
    text = io.TextIOWrapper(target, encoding="utf-8", newline="")
    csv.writer(text).writerows([head, *units()])
    text.flush()
content = target.getvalue()
company = a_company(code=f"B-{kind}")
project = a_project(code=f"BENCH-{kind}", company=company)
by = a_user("PD", project, username=f"bench-{kind}")
began = time.perf_counter()
read_workbook(content, f"units.{kind}")
read = time.perf_counter() - began
seconds = []
for _ in range(2):
    began = time.perf_counter()
    batch = imports.receive_units_file(
        project_id=project.pk, filename=f"units.{kind}", content=content, mapping={},
        is_dry_run=False, by=by, at=now(),
    )
    batch = spreadsheets.carry_out(batch.pk, by=by)
    seconds.append(time.perf_counter() - began)
assert (batch.unchanged, batch.refused) == (count, 0), batch.errors[:3]
print(json.dumps({"read": read, "first": seconds[0], "again": seconds[1]}))
"""


def measured(context: Context, database_url: str, kind: str) -> dict[str, float]:
    """Seconds of reading, of the import, and of the same file once more."""
    with context.site(database_url) as site:
        script = Path(context.folder) / "import_script.py"
        script.write_text(SCRIPT, encoding="utf-8")
        env = {**site.env, "DJANGO_SETTINGS_MODULE": "loupan.config.settings"}
        done = subprocess.run(
            [sys.executable, str(script), str(ROWS), kind],
            cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def run(context: Context) -> list[Row]:
    places = [("SQLite", context.sqlite_url("import"), "csv")]
    if context.database_url:
        url = context.postgres_url("loupan_import")
        places = [("PostgreSQL", url, "csv"), ("PostgreSQL", url, "xlsx"), *places]
    rows = []
    for name, url, kind in places:
        seconds = measured(context, url, kind)
        reading = ROWS / seconds["read"]
        rows.append(
            Row(
                f"import of {ROWS:,} units, .{kind}, {name}",
                ROWS / seconds["first"],
                "rows/s",
                reading,
                "rows/s, reading the file",
                must=Bar(at_least=ROWS / 15, of="value"),
                aim=Bar(at_least=ROWS / 8, of="value"),
                note=f"{seconds['first']:.1f} s",
            )
        )
        rows.append(
            Row(
                f"the same file again, .{kind}, {name}",
                ROWS / seconds["again"],
                "rows/s",
                reading,
                "rows/s, reading the file",
                note=f"{seconds['again']:.1f} s, nothing changes",
            )
        )
    return rows
