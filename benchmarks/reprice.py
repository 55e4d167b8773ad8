"""10,000 units repriced by a formula: worked out, looked through, in force; beside a bare UPDATE."""

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.frame import ROOT, Bar, Context, Row

UNITS = 10_000
# Makes one project with priced units and a formula, and prices them as marketing and a director do.
SETTING = """
import sys, json, time
import django
django.setup()
from decimal import Decimal
from django.db import connection
from django.utils.timezone import now
from loupan.core.bulk import insert_rows, new_ids
from loupan.inventory.models import Unit
from loupan.inventory.testing import a_building, a_layout, an_entrance
from loupan.org.testing import a_project, a_user
from loupan.pricing.actions.price_lists import (
    Terms, approve_price_list, draw_up_price_list, submit_price_list,
)
from loupan.pricing.queries.price_lists import outlook_of, recipe_of, repriceable, stored_lines, trial
from loupan.pricing.testing import a_policy, the_one_price_formula

count = int(sys.argv[1])
project = a_project(code="BENCH")
maker, director = a_user("MK", project), a_user("PD", project)
a_policy(project, director)
the_one_price_formula(project, maker)
layout = a_layout(project)
places = []
for code in range(1, 1 + -(-count // 400)):
    building = a_building(project, str(code))
    places += [(building.pk, an_entrance(building, str(e)).pk) for e in (1, 2)]

def units():
    facings = ("S", "SE", "E", "W", "N")
    for number, pk in enumerate(new_ids(Unit, count)):
        position, rest = number % 8 + 1, number // 8
        floor, place = rest % 25 + 1, rest // 25
        building, entrance = places[place]
        area = Decimal(60 + position * 7) + Decimal("0.37")
        yield (pk, building, entrance, layout.pk, f"{place}-{floor}-{position}",
               f"{floor}{position:02d}", floor, position, facings[position % 5],
               ("园景", "临路", "")[position % 3], area, area - 18, Decimal(12000),
               area * 12000)

insert_rows(
    Unit,
    ("id", "building_id", "entrance_id", "layout_id", "number", "room_no", "floor_no", "position",
     "orientation", "view", "predicted_built_area", "predicted_inner_area", "list_unit_price",
     "list_total"),
    units(),
    same={"project_id": project.pk, "floors_spanned": 1, "product_type": "flat",
          "price_basis": "built", "status": "available", "is_encumbered": False,
          "is_sealed": False, "is_show_flat": False, "claim_label": "", "version": 0,
          "price_trace": []},
)
terms = Terms("formula", formula_code="price", base_price=Decimal(12200))
"""
SCRIPT = """
began = time.perf_counter()
drawn = draw_up_price_list(project_id=project.pk, name="调价", terms=terms, by=maker, at=now())
drawn_up = time.perf_counter()
outlook = outlook_of(stored_lines(drawn), project.pk)
looked = time.perf_counter()
submit_price_list(list_id=drawn.pk, by=maker, at=now())
done = approve_price_list(list_id=drawn.pk, version=1, by=director, at=now())
approved = time.perf_counter()
assert done.status == "effective", done.status
assert outlook.figures.bounds.without_price == 0
with connection.cursor() as cursor:
    yardstick = time.perf_counter()
    cursor.execute(
        "UPDATE inventory_unit SET list_unit_price = list_unit_price + 1,"
        " list_total = list_total + 1, version = version + 1 WHERE project_id = %s", [project.pk]
    )
    bare = time.perf_counter() - yardstick
print(json.dumps({
    "draw": drawn_up - began, "look": looked - drawn_up, "effect": approved - looked, "bare": bare,
}))
"""


def measured(context: Context, database_url: str, script: str, count: int) -> dict[str, float]:
    """What a script printed that ran in a Loupan of its own."""
    with context.site(database_url) as site:
        file = Path(context.folder) / "prices_script.py"
        file.write_text(SETTING + script, encoding="utf-8")
        env = {**site.env, "DJANGO_SETTINGS_MODULE": "loupan.config.settings"}
        done = subprocess.run(
            [sys.executable, str(file), str(count)],
            cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def run(context: Context) -> list[Row]:
    places = [("SQLite", context.sqlite_url("reprice"))]
    if context.database_url:
        places.append(("PostgreSQL", context.postgres_url("loupan_reprice")))
    rows = []
    for name, url in places:
        seconds = measured(context, url, SCRIPT, UNITS)
        whole = seconds["draw"] + seconds["look"] + seconds["effect"]
        parts = ", ".join(f"{seconds[key]:.2f} s to {key}" for key in ("draw", "look", "effect"))
        rows.append(
            Row(
                f"{UNITS:,} units by formula, {name}",
                whole,
                "s",
                seconds["bare"],
                "s, one bare UPDATE",
                must=Bar(at_most=10, of="value"),
                aim=Bar(at_most=5, of="value"),
                note=parts,
            )
        )
    return rows
