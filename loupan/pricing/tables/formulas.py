"""Columns of formulas and their tables; a formula tried on a unit."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loupan.core.ui import Column
from loupan.inventory.models import Orientation
from loupan.pricing.models import Formula, PriceTable
from loupan.pricing.queries.formulas import Tried
from loupan.pricing.states import FormulaStatus
from loupan.pricing.tables.price_lists import line_problem
from loupan.pricing.tables.traces import VARIABLE_LABELS, trace_rows

FORMULA_TONES = {
    FormulaStatus.DRAFT: "yellow",
    FormulaStatus.ENABLED: "green",
    FormulaStatus.RETIRED: "slate",
}


def formula_url(row: Formula) -> str:
    return reverse("pricing:formula", args=[row.pk])


def price_table_url(row: PriceTable) -> str:
    return reverse("pricing:price_table", args=[row.pk])


FORMULAS = [
    Column("name", gettext_lazy("Name"), link=formula_url, sort="name"),
    Column("code", gettext_lazy("Code"), sort="code"),
    Column("target", gettext_lazy("Computes")),
    Column("edition", gettext_lazy("Edition"), kind="number"),
    Column(
        "status", gettext_lazy("Status"), kind="status",
        tone=lambda row: FORMULA_TONES[FormulaStatus(row.status)],
    ),
]  # fmt: skip
PRICE_TABLES = [
    Column("name", gettext_lazy("Name"), link=price_table_url, sort="name"),
    Column("code", gettext_lazy("Code"), sort="code"),
    Column("keys", gettext_lazy("Looked up by"), sort="keys"),
    Column("rows", gettext_lazy("Rows"), kind="number", value=lambda row: len(row.rows)),
]


def key_label(keys: str, key: str) -> str:
    if keys == PriceTable.Keys.ORIENTATION and key in Orientation.values:
        return str(Orientation(key).label)
    if keys in {PriceTable.Keys.CORNER, PriceTable.Keys.TOP}:
        return _("Yes") if key == "yes" else _("No")
    return key or _("None")


def variable_rows() -> list[tuple[str, str]]:
    return [(name, str(label)) for name, label in VARIABLE_LABELS.items()]


def tried_context(tried: Tried) -> dict[str, Any]:
    return {
        "unit": tried.unit,
        "value": tried.value,
        "problem": line_problem(tried.problem) if tried.problem else "",
        "trace": trace_rows(
            {"step": s.step, "rule": s.rule, "input": s.input, "output": s.output}
            for s in tried.steps
        ),
    }


def table_heads(row: PriceTable) -> list[str]:
    if row.keys == PriceTable.Keys.FLOOR:
        return [_("Lowest"), _("Highest"), _("Start"), _("More per floor"), _("Counted from")]
    return [str(row.get_keys_display()), _("Value")]


def table_rows(row: PriceTable) -> list[list[str]]:
    if row.keys == PriceTable.Keys.FLOOR:
        names = ("lowest", "highest", "start", "per_floor", "counted_from")
        return [[str(each[name]) for name in names] for each in row.rows]
    return [[key_label(row.keys, each["key"]), each["value"]] for each in row.rows]
