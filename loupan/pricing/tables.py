"""How prices are shown: a trace in words, and the columns of plans and discounts (X-01, UX 5)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loupan.core.formatting import area_text, money_text, rate_text
from loupan.core.rounding import AmountOutOfRange
from loupan.core.ui import Column
from loupan.inventory.models import Orientation, ProductType
from loupan.pricing.errors import FORMULA_PROBLEMS, OBJECTIONS
from loupan.pricing.models import (
    Discount,
    Formula,
    PaymentPlan,
    PaymentPlanLine,
    PrecisionTarget,
    PriceKind,
    PriceList,
    PriceListLine,
    PriceTable,
    RoundingMode,
)
from loupan.pricing.queries import ClassSettings, Outlook, Tried
from loupan.pricing.rules.list_price import CalculationOrder
from loupan.pricing.rules.repricing import Bin, Line, out_of_bounds, shades
from loupan.pricing.states import FormulaStatus, PriceLineState, PriceListStatus

# --- A trace in words -----------------------------------------------------------------------------

STEPS = {
    "start_from_list_total": gettext_lazy("List total"),
    "discount_refused": gettext_lazy("Discount not granted"),
    "apply_rate": gettext_lazy("Discount"),
    "apply_percent_off": gettext_lazy("Discount"),
    "apply_amount": gettext_lazy("Lump sum off"),
    "apply_unit_amount": gettext_lazy("Off per square metre"),
    "deal_total": gettext_lazy("Deal total"),
    "main_total": gettext_lazy("Main unit"),
    "attached_separate": gettext_lazy("Attached unit"),
    "attached_inside": gettext_lazy("Attached unit"),
    "deal_unit_price_built": gettext_lazy("Deal unit price by built area"),
    "deal_unit_price_inner": gettext_lazy("Deal unit price by inner area"),
    "overall_rate": gettext_lazy("Overall discount"),
    "overall_rate_for_authority": gettext_lazy("Overall discount for authority"),
    "plan_line": gettext_lazy("Payment"),
    "plan_line_less_other_loans": gettext_lazy("Less the other loans"),
    "plan_line_less_deposit": gettext_lazy("Less the deposit"),
    "plan_surplus_carried": gettext_lazy("Deposit beyond its line"),
    "down_payment_ratio": gettext_lazy("Down payment of the price"),
    "signed_too_late": gettext_lazy("Signed after the sign-by day"),
    "list_total": gettext_lazy("List total"),
    "list_unit_price_built": gettext_lazy("List unit price by built area"),
    "list_unit_price_inner": gettext_lazy("List unit price by inner area"),
    "formula_lookup": gettext_lazy("From the table"),
    "formula_result": gettext_lazy("Formula"),
    "formula_unit_price": gettext_lazy("Result of the formula"),
    "change_percent": gettext_lazy("Change by percent"),
    "change_per_area": gettext_lazy("Change per square metre"),
    "change_total": gettext_lazy("Change of the total"),
}
RATES = frozenset({"overall_rate", "overall_rate_for_authority", "down_payment_ratio"})
UNIT_PRICES = frozenset({"deal_unit_price_built", "deal_unit_price_inner"})


@dataclass(frozen=True)
class TraceRow:
    """One step in words: what, how, and what came out of it."""

    label: str
    how: str
    result: str
    is_total: bool = False
    is_discount: bool = False


def trace_rows(trace: Iterable[Mapping[str, Any]]) -> list[TraceRow]:
    """The stored steps as a person reads them; a step nobody described is shown by its code."""
    return [_row(step["step"], step["rule"], step["input"], step["output"]) for step in trace]


def _row(code: str, rule: str, given: Mapping[str, str], output: str) -> TraceRow:
    label = str(STEPS.get(code, code))
    if code == "discount_refused":
        return TraceRow(label, str(OBJECTIONS.get(output, output)), "—")
    if code == "formula_variable":
        return TraceRow(str(VARIABLE_LABELS.get(rule, rule)), rule, output)
    if code == "formula_part":
        return TraceRow("=", rule, output)
    if code in {"formula_lookup", "formula_result"}:
        return TraceRow(f"{label} {rule}", given.get("key", ""), output)
    if name := given.get("name"):
        label = name
    if money_type := given.get("money_type"):
        label = f"{label}: {_label(PaymentPlanLine.MoneyType, money_type)}"
    shown = rate_text(_decimal(output)) if code in RATES else money_text(_decimal(output))
    return TraceRow(
        label,
        _how(code, rule, given),
        shown,
        is_total=code == "deal_total",
        is_discount=code.startswith("apply_"),
    )


def _how(code: str, rule: str, given: Mapping[str, str]) -> str:
    def money(key: str) -> str:
        return money_text(_decimal(given.get(key)))

    def rate(key: str) -> str:
        return rate_text(_decimal(given.get(key)))

    def exact(key: str) -> str:
        whole, _point, part = f"{_decimal(given.get(key)) or 0:,f}".partition(".")
        return f"{whole}.{part.rstrip('0').ljust(2, '0')}"

    match code:
        case "apply_rate":
            return f"{exact('before')} × {rate('value')}"
        case "apply_percent_off":
            return f"{exact('before')} × (1 − {rate('value')})"
        case "apply_amount":
            return f"{exact('before')} − {money('value')}"
        case "apply_unit_amount":
            return f"{exact('before')} − {money('value')} × {area_text(_decimal(given['area']))} m²"
        case "deal_total" if rule == "sum":
            return f"{money('main')} + {money('attached')}"
        case "attached_separate":
            return _("List total %(total)s") % {"total": money("list_total")}
        case "attached_inside":
            return _("Included in the price")
        case "deal_total" | "main_total":
            return f"{exact('raw')} → {rounding_text(rule)}"
        case "deal_unit_price_built" | "deal_unit_price_inner":
            area = area_text(_decimal(given.get("area")))
            return f"{money('deal_total')} ÷ {area} m²"
        case "overall_rate" | "overall_rate_for_authority":
            return f"{money('deal_total')} ÷ {money('list_total')}, {rounding_text(rule)}"
        case "down_payment_ratio":
            least = rate("minimum")
            shown = f"({money('deal_total')} − {money('loans')}) ÷ {money('deal_total')}"
            return _("%(sum)s, at least %(least)s") % {"sum": shown, "least": least}
        case "plan_line" if rule.startswith("percent:"):
            rounded = rounding_text(rule.removeprefix("percent:"))
            return f"{money('base')} × {rate('value')}, {rounded}"
        case "plan_line" if rule == "remainder":
            return _("What remains of %(total)s") % {"total": money("deal_total")}
        case "plan_line":
            return _("Fixed amount")
        case "plan_line_less_deposit":
            return f"{money('before')} − {money('deposit')}"
        case "plan_line_less_other_loans":
            return f"{money('before')} − {money('other_loans')}"
        case "plan_surplus_carried":
            return f"{money('before')} − {money('surplus')}"
        case "signed_too_late":
            return _("Lost: %(names)s") % {"names": given.get("lost", "")}
        case "list_total" if "unit_price" in given:
            area = area_text(_decimal(given["area"]))
            return f"{area} m² × {money('unit_price')}, {rounding_text(rule)}"
        case "formula_unit_price":
            return rule
        case "change_percent":
            return f"{money('total')} × (1 + {rate('amount')})"
        case "change_per_area":
            return f"{money('unit_price')} + {money('amount')}"
        case "change_total":
            return f"{money('total')} + {money('amount')}"
        case "start_from_list_total":
            return ""
        case _:
            return ", ".join(given.values())


def rounding_text(rule: str) -> str:
    """`half_up:1` as a person says it."""
    mode, _sep, unit = rule.partition(":")
    return _("%(mode)s to %(unit)s") % {"mode": _label(RoundingMode, mode), "unit": unit}


def _label(choices: Any, value: str) -> str:
    return str(choices(value).label) if value in choices.values else value


def _decimal(text: Any) -> Decimal | None:
    try:
        return Decimal(str(text)) if text not in (None, "") else None
    except InvalidOperation:
        return None


# --- Columns --------------------------------------------------------------------------------------


def in_use_tone(row: Any) -> str:
    return "green" if row.is_enabled else "grey"


def _in_use(row: Any) -> str:
    return _("In use") if row.is_enabled else _("Retired")


def _validity(row: Any) -> str:
    if not (row.valid_from or row.valid_until):
        return _("Always")
    return f"{row.valid_from or '…'} – {row.valid_until or '…'}"


def plan_url(plan: PaymentPlan) -> str:
    return reverse("pricing:plan", args=[plan.pk])


def discount_url(discount: Discount) -> str:
    return reverse("pricing:discount", args=[discount.pk])


def _gift(row: Discount) -> str:
    if not row.gift_name:
        return ""
    return f"{row.gift_name} ¥{money_text(row.gift_cost)}"


def _quota(row: Discount) -> str:
    return "" if row.quota is None else f"{row.used} / {row.quota}"


PLANS = [
    Column("name", gettext_lazy("Name"), link=plan_url, sort="name"),
    Column("code", gettext_lazy("Code"), sort="code"),
    Column("kind", gettext_lazy("Kind"), group="kind"),
    Column("rate", gettext_lazy("Plan discount"), kind="rate", sort="rate"),
    Column("min_down_payment_rate", gettext_lazy("Minimum down payment"), kind="rate"),
    Column("edition", gettext_lazy("Edition"), kind="number"),
    Column("validity", gettext_lazy("Valid"), value=_validity),
    Column("is_enabled", gettext_lazy("State"), kind="status", value=_in_use, tone=in_use_tone),
]
DISCOUNTS = [
    Column("name", gettext_lazy("Name"), link=discount_url, sort="name"),
    Column("code", gettext_lazy("Code"), sort="code"),
    Column("kind", gettext_lazy("Kind"), sort="kind", group="kind"),
    Column("form", gettext_lazy("Form")),
    Column("value", gettext_lazy("Amount or rate"), value=lambda row: row.value_text),
    Column("order", gettext_lazy("Order"), kind="number", sort="order"),
    Column("quota", gettext_lazy("Used of quota"), value=_quota),
    Column("gift", gettext_lazy("Gift"), value=_gift),
    Column("validity", gettext_lazy("Valid"), value=_validity),
    Column("is_enabled", gettext_lazy("State"), kind="status", value=_in_use, tone=in_use_tone),
]


_PLAN_HEAD = (
    "name", "kind", "rate", "min_down_payment_rate", "product_types", "valid_from", "valid_until",
)  # fmt: skip
_LINE_PARTS = (
    "money_type", "method", "amount_or_rate", "base", "includes_deposit", "rounding_unit",
    "rounding_mode", "anchor", "offset_days", "offset_months", "fixed_on", "milestone",
)  # fmt: skip


@dataclass(frozen=True)
class PlanChange:
    """One thing that differs between two editions of a plan."""

    label: str
    before: str
    after: str


def plan_changes(
    old: PaymentPlan,
    old_lines: Sequence[PaymentPlanLine],
    new: PaymentPlan,
    new_lines: Sequence[PaymentPlanLine],
) -> list[PlanChange]:
    """What differs, in the order of the form: first the head, then line by line."""
    found = [
        PlanChange(_verbose(PaymentPlan, name), _plan_value(old, name), _plan_value(new, name))
        for name in _PLAN_HEAD
        if _plan_value(old, name) != _plan_value(new, name)
    ]
    for number in range(max(len(old_lines), len(new_lines))):
        before = plan_line_text(old_lines[number]) if number < len(old_lines) else "—"
        after = plan_line_text(new_lines[number]) if number < len(new_lines) else "—"
        if before != after:
            label = _("Line %(number)s") % {"number": number + 1}
            found.append(PlanChange(label, before, after))
    return found


def _verbose(model: type[PaymentPlan], name: str) -> str:
    return str(model._meta.get_field(name).verbose_name)  # type: ignore[union-attr]


def _plan_value(plan: PaymentPlan, name: str) -> str:
    value = getattr(plan, name)
    if name in {"rate", "min_down_payment_rate"}:
        return rate_text(Decimal(value))
    if name == "kind":
        return str(plan.get_kind_display())
    if name == "product_types":
        return "、".join(str(ProductType(each).label) for each in value) or _("all")
    return str(value) if value else "—"


def plan_line_text(line: PaymentPlanLine) -> str:
    """A line in one sentence: money, how much of what, rounding, due when."""
    amount = Decimal(line.amount_or_rate)
    parts = [str(line.get_money_type_display())]
    if line.method == PaymentPlanLine.Method.PERCENT:
        parts.append(f"{rate_text(amount)} × {line.get_base_display()}")
        parts.append(f"{line.rounding_unit} {line.get_rounding_mode_display()}")
    elif line.method == PaymentPlanLine.Method.FIXED:
        parts.append(money_text(amount))
    else:
        parts.append(str(line.get_method_display()))
    if line.includes_deposit:
        parts.append(_("Includes the deposit"))
    due = str(line.fixed_on or line.milestone or line.get_anchor_display())
    if line.offset_months:
        due += f" {line.offset_months:+d} " + _("months")
    if line.offset_days:
        due += f" {line.offset_days:+d} " + _("days")
    return " · ".join([*parts, due])


# --- Price lists ----------------------------------------------------------------------------------

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
FORMULA_TONES = {
    FormulaStatus.DRAFT: "yellow",
    FormulaStatus.ENABLED: "green",
    FormulaStatus.RETIRED: "slate",
}
WRONG = {
    "without_price": gettext_lazy("No price"),
    "below_floor": gettext_lazy("Below the floor price"),
    "above_filed": gettext_lazy("Above the filed price"),
    "below_filed_share": gettext_lazy("Too far below the filed price"),
}


def price_list_url(row: PriceList) -> str:
    return reverse("pricing:price_list", args=[row.pk])


def formula_url(row: Formula) -> str:
    return reverse("pricing:formula", args=[row.pk])


def price_table_url(row: PriceTable) -> str:
    return reverse("pricing:price_table", args=[row.pk])


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


# --- What prices come to --------------------------------------------------------------------------

CHART_WIDTH, CHART_HEIGHT = 480, 120
SHADES = 6


def outlook_context(outlook: Outlook, *, sees_floor: bool, building: str) -> dict[str, Any]:
    """The outlook as its fragment shows it; what only floors tell is left out for some."""
    names = [name for name, _figures in outlook.buildings]
    chosen = building if building in names else (names[0] if names else "")
    return {
        "outlook": outlook,
        "figures": outlook.figures,
        "sees_floor": sees_floor,
        "bars": chart_bars(outlook.bins),
        "chart_width": CHART_WIDTH,
        "chart_height": CHART_HEIGHT,
        "buildings": names,
        "building": chosen,
        "floors": board_floors(outlook, chosen, sees_floor=sees_floor),
    }


@dataclass(frozen=True)
class Bar:
    """A step of unit prices: before and after beside each other."""

    label: str
    x: int
    width: int
    old: int
    new: int

    @property
    def old_y(self) -> int:
        return CHART_HEIGHT - self.old

    @property
    def new_y(self) -> int:
        return CHART_HEIGHT - self.new

    @property
    def new_x(self) -> int:
        return self.x + self.width


def chart_bars(bins: Sequence[Bin]) -> list[Bar]:
    """A histogram of unit prices as rectangles on a sheet of CHART_WIDTH × CHART_HEIGHT."""
    most = max((max(each.old, each.new) for each in bins), default=0)
    step = CHART_WIDTH // max(1, len(bins))
    return [
        Bar(
            label=_("%(lowest)s to %(highest)s: %(old)s before, %(new)s now")
            % {
                "lowest": f"{each.lowest:,.0f}",
                "highest": f"{each.highest:,.0f}",
                "old": each.old,
                "new": each.new,
            },
            x=place * step + 1,
            width=max(1, (step - 3) // 2),
            old=each.old * (CHART_HEIGHT - 4) // most if most else 0,
            new=each.new * (CHART_HEIGHT - 4) // most if most else 0,
        )
        for place, each in enumerate(bins)
    ]


@dataclass(frozen=True)
class LabCell:
    """A unit on the small board: its new unit price, its shade, what is wrong."""

    room: str
    price: Decimal | None
    change: str
    classes: str
    title: str


def board_floors(
    outlook: Outlook, building: str, *, sees_floor: bool
) -> list[tuple[int, list[LabCell | None]]]:
    """Floors from the top; a unit stands in the column of its entrance and position, else nothing."""
    there = [line for line in outlook.lines if line.unit.building == building]
    shade = shades(there, SHADES)
    places = sorted({(line.unit.entrance, line.unit.position) for line in there})
    columns = {place: column for column, place in enumerate(places)}
    floors: dict[int, list[LabCell | None]] = {}
    for line in there:
        wrong = outlook.wrong.get(line.unit.id, "")
        if wrong == "below_floor" and not sees_floor:
            wrong = ""
        row = floors.setdefault(line.unit.floor_no, [None] * len(columns))
        row[columns[line.unit.entrance, line.unit.position]] = _lab_cell(line, shade, wrong)
    return sorted(floors.items(), reverse=True)


def _lab_cell(line: Line, shade: Mapping[int, int], wrong: str) -> LabCell:
    unit = line.unit
    change = ""
    if line.total is not None and unit.total:
        change = f"{(line.total - unit.total) / unit.total * 100:+.1f}%"
    title = [unit.number, money_text(line.unit_price) if line.unit_price else "—", change]
    if wrong:
        title.append(str(WRONG[wrong]))
    if line.problem:
        title.append(line_problem(line.problem))
    return LabCell(
        room=unit.number.rsplit("-", 1)[-1],
        price=line.unit_price,
        change=change,
        classes=f"lab-c lab-s{shade.get(unit.id, 0)}" + (" lab-wrong" if wrong else ""),
        title=" · ".join(part for part in title if part),
    )


@dataclass(frozen=True)
class Knob:
    """One number of the lab: its field, its value, how far a slider goes around it."""

    name: str
    label: str
    value: str
    lowest: str = ""
    highest: str = ""
    step: str = ""


@dataclass(frozen=True)
class KnobGroup:
    title: str
    knobs: list[Knob]


def knobs_of(row: PriceList) -> list[KnobGroup]:
    """What can be turned in a draft: the amount, or base price and rows of the tables."""
    basis = row.basis
    if row.method == PriceList.Method.PERCENT:
        amount = f"{(Decimal(basis.get('amount', '0')) * 100).normalize():f}"
        return [KnobGroup("", [Knob("amount", _("Percent"), amount, "-20", "20", "0.1")])]
    if row.method in {PriceList.Method.PER_AREA, PriceList.Method.TOTAL}:
        amount = basis.get("amount", "0")
        is_total = row.method == PriceList.Method.TOTAL
        most, each = ("200000", "1000") if is_total else ("3000", "10")
        label = str(row.get_method_display())
        return [KnobGroup("", [Knob("amount", label, amount, f"-{most}", most, each)])]
    if row.method != PriceList.Method.FORMULA:
        return []
    base = Decimal(basis.get("base_price") or 0)
    groups = []
    if base:
        low, high = base * Decimal("0.8"), base * Decimal("1.2")
        knob = Knob("base_price", _("Base price"), f"{base:f}", f"{low:.0f}", f"{high:.0f}", "10")
        groups.append(KnobGroup("", [knob]))
    groups.extend(
        KnobGroup(table["name"], [*_table_knobs(table)]) for table in basis.get("tables", [])
    )
    return groups


def _table_knobs(table: Mapping[str, Any]) -> Iterator[Knob]:
    for place, row in enumerate(table["rows"]):
        at = f"{table['code']}-{place}"
        if table["keys"] == PriceTable.Keys.FLOOR:
            floors = f"{row['lowest']} – {row['highest']}"
            yield Knob(
                f"{at}-start", _("Floors %(floors)s: start") % {"floors": floors}, row["start"]
            )
            label = _("Floors %(floors)s: per floor") % {"floors": floors}
            yield Knob(f"{at}-per_floor", label, row["per_floor"])
        else:
            yield Knob(f"{at}-value", _key_label(table["keys"], row["key"]), row["value"])


def _key_label(keys: str, key: str) -> str:
    if keys == PriceTable.Keys.ORIENTATION and key in Orientation.values:
        return str(Orientation(key).label)
    if keys in {PriceTable.Keys.CORNER, PriceTable.Keys.TOP}:
        return _("Yes") if key == "yes" else _("No")
    return key or _("None")


def comparison_context(first: Outlook, second: Outlook, *, sees_floor: bool) -> dict[str, Any]:
    """Two lists beside each other: sums, buildings, the units whose totals differ most."""
    left, right = ({line.unit.id: line for line in each.lines} for each in (first, second))
    differing = []
    for pk in left.keys() & right.keys():
        one, other = left[pk].total, right[pk].total
        if one is not None and other is not None and one != other:
            differing.append((other - one, left[pk], right[pk]))
    differing.sort(key=lambda found: (-abs(found[0]), found[1].unit.number))
    names = dict.fromkeys([*dict(first.buildings), *dict(second.buildings)])
    return {
        "pair": (first.figures, second.figures),
        "sees_floor": sees_floor,
        "by_building": [
            (name, dict(first.buildings).get(name), dict(second.buildings).get(name))
            for name in names
        ],
        "differing": differing[:100],
        "differing_count": len(differing),
    }


# --- Formulas -------------------------------------------------------------------------------------

VARIABLE_LABELS = {
    "built_area": gettext_lazy("Built area"),
    "inner_area": gettext_lazy("Inner area"),
    "shared_area": gettext_lazy("Shared area"),
    "balcony_area": gettext_lazy("Balcony area"),
    "garden_area": gettext_lazy("Garden area"),
    "list_unit_price": gettext_lazy("List unit price"),
    "list_total": gettext_lazy("List total"),
    "deal_total": gettext_lazy("Deal total"),
    "floor_total": gettext_lazy("Floor total"),
    "fitout_unit_price": gettext_lazy("Fit-out unit price"),
    "base_price": gettext_lazy("Base price"),
    "floor_no": gettext_lazy("Floor"),
    "floors_total": gettext_lazy("Highest floor of the entrance"),
    "orientation": gettext_lazy("Orientation"),
    "view": gettext_lazy("View"),
    "position": gettext_lazy("Position on the floor"),
    "layout": gettext_lazy("Layout"),
    "is_top": gettext_lazy("Top floor"),
    "is_corner": gettext_lazy("Corner unit"),
    "room_no": gettext_lazy("Room number"),
}


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
    return [[_key_label(row.keys, each["key"]), each["value"]] for each in row.rows]


# --- Precision ------------------------------------------------------------------------------------


def precision_example(
    settings: ClassSettings, area: Decimal, unit_price: Decimal
) -> list[tuple[str, str, str]]:
    """What the settings make of one price: name, how, result (DOMAIN 2.2.4, ORC-06, ORC-07)."""
    precision = settings.precision
    try:
        price = precision.list_unit_price.apply(unit_price)
        raw = price * area
        total = precision.list_total.apply(raw)
        derived = precision.list_unit_price.apply(total / area) if total else Decimal(0)
        deal = precision.deal_total.apply(total * Decimal("0.98") * Decimal("0.99"))
        loan = precision.loan.apply(deal * Decimal("0.7"))
    except (AmountOutOfRange, ArithmeticError):
        return [(_("Example"), "", _("The number becomes too large."))]
    rows = [
        (PrecisionTarget.LIST_UNIT_PRICE, money_text(unit_price), price, precision.list_unit_price),
        (
            PrecisionTarget.LIST_TOTAL,
            f"{price:f} × {area:f} = {raw:f}",
            total,
            precision.list_total,
        ),
    ]
    if settings.order == CalculationOrder.TOTAL_FIRST:
        how = f"{total:f} ÷ {area:f}"
        rows[0] = (PrecisionTarget.LIST_UNIT_PRICE, how, derived, precision.list_unit_price)
        rows.reverse()
    if settings.round_each_step:
        after = precision.deal_total.apply(total * Decimal("0.98"))
        deal = precision.deal_total.apply(after * Decimal("0.99"))
    rows += [
        (PrecisionTarget.DEAL_TOTAL, f"{total:f} × 98% × 99%", deal, precision.deal_total),
        (PrecisionTarget.LOAN, f"{deal:f} × 70%", loan, precision.loan),
    ]
    shown = [
        (str(target.label), f"{how} → {rounding_text(str(rule))}", money_text(result))
        for target, how, result, rule in rows
    ]
    share = rate_text(precision.percentage.apply(deal / total)) if total else "—"
    return [*shown, (_("Overall discount"), f"{deal:f} ÷ {total:f}", share)]
