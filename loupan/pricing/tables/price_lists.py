"""Columns of price lists and the rows of their difference view."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loupan.core.formatting import money_text
from loupan.core.ui import Column
from loupan.pricing.errors import FORMULA_PROBLEMS
from loupan.pricing.models import PriceKind, PriceList, PriceListLine
from loupan.pricing.rules.repricing import out_of_bounds
from loupan.pricing.states import PriceLineState, PriceListStatus
from loupan.pricing.tables.traces import rounding_text

PRICE_LIST_TONES = {
    PriceListStatus.DRAFT: "grey",
    PriceListStatus.IN_APPROVAL: "yellow",
    PriceListStatus.APPROVED: "blue",
    PriceListStatus.EFFECTIVE: "green",
    PriceListStatus.SUPERSEDED: "slate",
    PriceListStatus.DISCARDED: "slate",
}
LINE_TONES = {
    PriceLineState.PENDING: "grey",
    PriceLineState.IN_FORCE: "green",
    PriceLineState.WAITING: "yellow",
    PriceLineState.KEPT: "slate",
    PriceLineState.REPLACED: "slate",
}
WRONG = {
    "without_price": gettext_lazy("No price"),
    "below_floor": gettext_lazy("Below the floor price"),
    "above_filed": gettext_lazy("Above the filed price"),
    "below_filed_share": gettext_lazy("Too far below the filed price"),
}


def price_list_url(row: PriceList) -> str:
    return reverse("pricing:price_list", args=[row.pk])


def _kind_text(row: PriceList) -> str:
    kind = row.get_kind_display()
    return f"{kind} · {row.get_level_display()}" if row.level else kind


PRICE_LISTS = [
    Column("number", gettext_lazy("Number"), kind="number", sort="number"),
    Column("name", gettext_lazy("Name"), link=price_list_url, sort="name"),
    Column("kind", gettext_lazy("Prices"), value=_kind_text),
    Column("method", gettext_lazy("Method")),
    Column(
        "status", gettext_lazy("Status"), kind="status",
        tone=lambda row: PRICE_LIST_TONES[PriceListStatus(row.status)],
    ),
    Column("units", gettext_lazy("Units"), kind="number"),
    Column("effective_at", gettext_lazy("Effective at"), kind="datetime", sort="effective_at"),
    Column("took_effect_at", gettext_lazy("In force since"), kind="datetime", sort="took_effect_at"),
    Column("made_at", gettext_lazy("Made at"), kind="datetime", sort="made_at"),
]  # fmt: skip


@dataclass(frozen=True)
class LineRow:
    """One unit of the difference view."""

    line: PriceListLine
    url: str
    difference: Decimal | None
    change: Decimal | None
    wrong: str
    tone: str


def line_row(line: PriceListLine, lower_rate: Decimal | None, *, sees_floor: bool) -> LineRow:
    difference = change = None
    if line.new_total is not None and line.old_total:
        difference = line.new_total - line.old_total
        change = difference / line.old_total
    wrong = _wrong_with(line, lower_rate)
    if wrong == "below_floor" and not sees_floor:
        wrong = ""
    said = line_problem(line.problem) if line.problem else str(WRONG.get(wrong, ""))
    return LineRow(
        line,
        reverse("pricing:price_line", args=[line.pk]),
        difference,
        change,
        said,
        LINE_TONES[PriceLineState(line.state)],
    )


def _wrong_with(line: PriceListLine, lower_rate: Decimal | None) -> str:
    unit, total = line.unit, line.new_total
    if line.state not in {PriceLineState.PENDING, PriceLineState.WAITING} or total is None:
        return "" if total is not None else "without_price"
    if line.price_list.kind != PriceKind.LIST:
        return ""
    return out_of_bounds(total, unit.floor_total, unit.filed_total, lower_rate)


def line_problem(code: str) -> str:
    """Why a line has no price, in words: `key_missing:view/road`."""
    name, _sep, fact = code.partition(":")
    said = FORMULA_PROBLEMS.get(name)
    if said is None:
        return code
    table, _slash, key = fact.rpartition("/")
    return str(said) % {"table": table, "key": key, "name": fact, "floor": key}


def basis_facts(row: PriceList) -> list[dict[str, Any]]:
    """How the prices of a list were found, for its page."""
    basis = row.basis
    found = [(_("Method"), row.get_method_display())]
    if row.method == PriceList.Method.PERCENT:
        found.append((_("Change"), f"{Decimal(basis.get('amount', '0')) * 100:+f} %"))
    elif row.method in {PriceList.Method.PER_AREA, PriceList.Method.TOTAL}:
        found.append((_("Change"), money_text(Decimal(basis.get("amount", "0")))))
    elif row.method == PriceList.Method.FORMULA:
        edition = _("%(code)s, edition %(edition)s") % {
            "code": basis.get("code", ""),
            "edition": basis.get("edition", ""),
        }
        found += [(_("Formula"), edition), ("", basis.get("text", ""))]
        if basis.get("base_price"):
            found.append((_("Base price"), money_text(Decimal(basis["base_price"]))))
    if row.reason:
        found.append((_("Reason"), row.reason))
    return [{"label": label, "value": value} for label, value in found]


def fit_text(fit: Mapping[str, Any], settings: Mapping[str, Any]) -> str:
    """Which rounding makes the totals of a file, and whether the project rounds like that."""
    said = _("The totals of this file are unit price × area, %(rounding)s: %(fits)s of %(of)s.") % {
        "rounding": rounding_text(fit["precision"]),
        "fits": fit["fits"],
        "of": fit["of"],
    }
    own = {str(each.precision.list_total) for each in settings.values()}
    if own == {fit["precision"]}:
        return said
    also = _("Set the rounding of list totals to this under Pricing settings, and all agree.")
    return f"{said} {also}"
