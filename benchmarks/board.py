"""The unit board as data: 1,000 and 5,000 units, whole and since a version, beside the bare query."""

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.frame import ROOT, Bar, Context, Row, Site, http_request, load, median_ms

CONNECTIONS = 8
# Runs in Loupan: a project of so many units, and a token for somebody who may see the board.
SCRIPT = """
import sys
import django
django.setup()
from django.utils.timezone import now
from loupan.inventory import spreadsheets
from loupan.inventory.actions import imports
from loupan.org.testing import a_company, a_project, a_user, token_for

count = int(sys.argv[1])
lines = ["楼栋,单元,楼层,房号,建筑面积,套内面积,单价,状态,户型,朝向"]
for number in range(count):
    position, rest = number % 5 + 1, number // 5
    floor, rest = rest % 25 + 1, rest // 25
    area = 80 + position * 9 + 0.37
    lines.append(f"{rest // 2 + 1}栋,{rest % 2 + 1}单元,{floor},{floor}{position:02d},{area},"
                 f"{area * 0.78:.2f},{12000 + floor * 40},可售,C{position},南")
project = a_project(code=f"BOARD{count}", company=a_company(code=f"B{count}"))
by = a_user("PD", project, username=f"board{count}")
batch = imports.receive_units_file(
    project_id=project.pk, filename="board.csv", content="\\n".join(lines).encode(), mapping={},
    is_dry_run=False, by=by, at=now(),
)
assert spreadsheets.carry_out(batch.pk, by=by).created == count
print(project.pk, token_for(a_user("SC", project, username=f"seller{count}")))
"""
BARE = """SELECT u.id, u.number, b.code, e.code, u.floor_no, u.position, u.room_no, u.floors_spanned,
 u.status, u.product_type, u.orientation, u.predicted_built_area, u.predicted_inner_area,
 u.list_unit_price, u.list_total, u.claim_until, u.claim_label
 FROM inventory_unit u JOIN inventory_building b ON b.id = u.building_id
 JOIN inventory_entrance e ON e.id = u.entrance_id WHERE u.project_id = {project}
 ORDER BY b.sort, b.id, e.sort, e.id, u.floor_no DESC, u.position;"""


def project_of(context: Context, site: Site, count: int) -> tuple[int, dict[str, str]]:
    script = Path(context.folder) / "board_script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    env = {**site.env, "DJANGO_SETTINGS_MODULE": "loupan.config.settings"}
    done = subprocess.run(
        [sys.executable, str(script), str(count)],
        cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    project, token = done.stdout.split()[-2:]
    return int(project), {"Authorization": f"Bearer {token}"}


def run(context: Context) -> list[Row]:
    if not context.database_url or context.programs is None:
        return []
    url = context.postgres_url("loupan_board")
    rows = []
    with context.site(url) as site:
        for count in (1_000, 5_000):
            project, headers = project_of(context, site, count)
            rows += measured(context, site, count, project, headers)
    return rows


def measured(
    context: Context, site: Site, count: int, project: int, headers: dict[str, str]
) -> list[Row]:
    path = f"/api/v1/projects/{project}/board/"
    status, body = site.ask("GET", path, headers=headers)
    if status != 200 or len(json.loads(body)["units"]) != count:
        raise RuntimeError(f"no board: {status} {body[:200]!r}")
    version = json.loads(body)["version"]
    script = BARE.format(project=project)
    bare_rate, _ms = context.pgbench(
        script, database_url=site.database_url, clients=CONNECTIONS, seconds=4
    )
    _rate, bare_ms = context.pgbench(script, database_url=site.database_url, clients=1, seconds=2)
    whole = http_request("GET", path, headers=headers)
    seen = load(site, lambda _connection, _count: whole, connections=CONNECTIONS, seconds=4)
    if set(seen.statuses) != {200}:
        raise RuntimeError(f"the board answered {seen.statuses}")
    alone = median_ms(lambda: site.ask("GET", path, headers=headers))
    since = f"{path}?since={version}"
    changed = median_ms(lambda: site.ask("GET", since, headers=headers))
    is_thousand = count == 1_000
    return [
        Row(
            f"board of {count:,} units, {CONNECTIONS} connections",
            seen.per_second,
            "/s",
            bare_rate,
            "/s, bare prepared query",
            must=Bar(at_least=0.2) if is_thousand else None,
            aim=Bar(at_least=0.5) if is_thousand else None,
            note=f"{len(body) / 1024:.0f} KiB",
        ),
        Row(
            f"board of {count:,} units, alone",
            alone,
            "ms",
            bare_ms,
            "ms, bare prepared query",
            must=Bar(at_most=15, of="value") if is_thousand else None,
        ),
        Row(
            f"board of {count:,} units, since a version",
            changed,
            "ms",
            note=f"{len(site.ask('GET', since, headers=headers)[1])} bytes",
        ),
    ]
