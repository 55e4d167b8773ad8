"""A large project: the board of 50 buildings as data and as a page, and the list of its buildings."""

import subprocess
import sys
from pathlib import Path

from benchmarks.board import BARE
from benchmarks.frame import ROOT, Bar, Context, Row, Site, http_request, load, median_ms

CONNECTIONS = 8
BUILDINGS, UNITS = 50, 1_000
# Runs in Loupan: so many buildings with an entrance and five floors of four, a token for the API, and
# a session for the pages.
SCRIPT = """
import sys
import django
django.setup()
from django.conf import settings
from django.utils.timezone import now
from loupan.inventory import spreadsheets
from loupan.inventory.actions import imports
from loupan.org.testing import a_company, a_project, a_user, signed_in, token_for

settings.ALLOWED_HOSTS = ["*"]
buildings, units = int(sys.argv[1]), int(sys.argv[2])
each = units // buildings
lines = ["楼栋,单元,楼层,房号,建筑面积,套内面积,单价,状态,户型,朝向"]
for building in range(1, buildings + 1):
    for number in range(each):
        floor, position = number // 4 + 1, number % 4 + 1
        area = 80 + position * 9 + 0.37
        lines.append(f"{building}栋,1单元,{floor},{floor}{position:02d},{area},{area * 0.78:.2f},"
                     f"{12000 + floor * 40},可售,C{position},南")
project = a_project(code="BOARDS", company=a_company(code="BS"))
by = a_user("PD", project, username="boards")
batch = imports.receive_units_file(
    project_id=project.pk, filename="boards.csv", content="\\n".join(lines).encode(), mapping={},
    is_dry_run=False, by=by, at=now(),
)
assert spreadsheets.carry_out(batch.pk, by=by).created == units
session = signed_in(by).cookies[settings.SESSION_COOKIE_NAME].value
print(project.pk, token_for(by), f"{settings.SESSION_COOKIE_NAME}={session}")
"""
# What stands on the list of buildings, by hand.
LIST = """SELECT b.id, b.code, b.name, z.name, p.number, count(u.id), min(u.floor_no), max(u.floor_no),
 count(u.id) FILTER (WHERE u.status IN ('available', 'locked', 'held', 'provisional')),
 count(u.id) FILTER (WHERE u.status IN ('reserved', 'contracted', 'filed', 'handed_over', 'titled'))
 FROM inventory_building b LEFT JOIN inventory_zone z ON z.id = b.zone_id
 LEFT JOIN inventory_presalepermit p ON p.id = b.permit_id
 LEFT JOIN inventory_unit u ON u.building_id = b.id AND NOT u.is_retired
 WHERE b.project_id = {project} GROUP BY b.id, z.name, p.number ORDER BY b.sort, b.id;"""


def run(context: Context) -> list[Row]:
    if not context.database_url or context.programs is None:
        return []
    with context.site(context.postgres_url("loupan_boards")) as site:
        script = Path(context.folder) / "boards_script.py"
        script.write_text(SCRIPT, encoding="utf-8")
        env = {**site.env, "DJANGO_SETTINGS_MODULE": "loupan.config.settings"}
        done = subprocess.run(
            [sys.executable, str(script), str(BUILDINGS), str(UNITS)],
            cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        project, token, session = done.stdout.split()[-3:]
        return measured(context, site, int(project), token, session)


def measured(context: Context, site: Site, project: int, token: str, session: str) -> list[Row]:
    api, desk = {"Authorization": f"Bearer {token}"}, {"Cookie": session}
    data = f"/api/v1/projects/{project}/board/"
    page, buildings = f"/sales/board/?project={project}", f"/inventory/buildings/?project={project}"
    for path, headers in ((data, api), (page, desk), (buildings, desk)):
        status, body = site.ask("GET", path, headers=headers)
        if status != 200 or f"{BUILDINGS}栋".encode() not in body:
            raise RuntimeError(f"no {path}: {status} {body[:200]!r}")

    def bare(script: str, clients: int, seconds: float) -> tuple[float, float]:
        return context.pgbench(
            script.format(project=project),
            database_url=site.database_url,
            clients=clients,
            seconds=seconds,
        )

    def alone(path: str, headers: dict[str, str]) -> float:
        return median_ms(lambda: site.ask("GET", path, headers=headers))

    rate, _ms = bare(BARE, CONNECTIONS, 4)
    _rate, board_ms = bare(BARE, 1, 2)
    _rate, list_ms = bare(LIST, 1, 2)
    whole = http_request("GET", data, headers=api)
    seen = load(site, lambda _connection, _count: whole, connections=CONNECTIONS, seconds=4)
    if set(seen.statuses) != {200}:
        raise RuntimeError(f"the board answered {seen.statuses}")
    size = f"{BUILDINGS} buildings, {UNITS:,} units"
    return [
        Row(
            f"board of {size}, {CONNECTIONS} connections",
            seen.per_second,
            "/s",
            rate,
            "/s, bare prepared query",
            must=Bar(at_least=0.2),
            aim=Bar(at_least=0.5),
        ),
        Row(
            f"board of {size}, alone",
            alone(data, api),
            "ms",
            board_ms,
            "ms, bare prepared query",
            must=Bar(at_most=15, of="value"),
        ),
        Row(
            f"board of {size}, as a page",
            alone(page, desk),
            "ms",
            board_ms,
            "ms, bare prepared query",
            must=Bar(at_most=60, of="value"),
            aim=Bar(at_most=25, of="value"),
        ),
        Row(
            f"list of {BUILDINGS} buildings with their figures, as a page",
            alone(buildings, desk),
            "ms",
            list_ms,
            "ms, bare prepared query",
            must=Bar(at_most=25, of="value"),
            aim=Bar(at_most=12, of="value"),
        ),
    ]
