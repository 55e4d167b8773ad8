"""The price lab: 5,000 units with another base price, as the page answers; beside the formula alone."""

from benchmarks.frame import Bar, Context, Row
from benchmarks.reprice import measured

UNITS = 5_000
SCRIPT = """
from loupan.org.testing import signed_in
from loupan.pricing.rules.repricing import repriced

drawn = draw_up_price_list(project_id=project.pk, name="试算", terms=terms, by=maker, at=now())
from django.conf import settings
settings.ALLOWED_HOSTS = ["*"]
client = signed_in(maker)
address = f"/pricing/lists/{drawn.pk}/lab/trial/"

def middle(fn, times=9):
    taken, spent = [], []
    for _time in range(times):
        began, used = time.perf_counter(), time.process_time()
        fn()
        taken.append(time.perf_counter() - began)
        spent.append(time.process_time() - used)
    return sorted(taken)[times // 2], sorted(spent)[times // 2]

def ask():
    answer = client.post(address, {"base_price": "12300"})
    assert answer.status_code == 200, answer.status_code

units = repriceable(project.pk, {})
recipe = recipe_of(drawn)
formula = recipe.formula()
facts = [{**unit.values, "base_price": recipe.base_price} for unit in units]

def alone():
    for each in facts:
        formula.value(each)

def data():
    trial(drawn, {"base_price": "12300"})

ask()
page, page_cpu = middle(ask)
data_alone, _cpu = middle(data)
pure, _cpu = middle(alone)
print(json.dumps({"page": page, "page_cpu": page_cpu, "trial": data_alone, "pure": pure}))
"""


def run(context: Context) -> list[Row]:
    places = [("SQLite", context.sqlite_url("lab"))]
    if context.database_url:
        places.append(("PostgreSQL", context.postgres_url("loupan_lab")))
    rows = []
    for name, url in places:
        seconds = measured(context, url, SCRIPT, UNITS)
        rows.append(
            Row(
                f"lab of {UNITS:,} units, the page's answer, {name}",
                seconds["page"] * 1000,
                "ms",
                seconds["pure"] * 1000,
                "ms, the formula alone",
                must=Bar(at_most=1000, of="value"),
                aim=Bar(at_most=500, of="value"),
                note=f"{seconds['page_cpu'] * 1000:.0f} ms of processor, "
                f"{seconds['trial'] * 1000:.0f} ms without the page",
            )
        )
    return rows
