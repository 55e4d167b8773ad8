"""A derivation in words (X-01)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loupan.core.formatting import area_text, money_text, rate_text
from loupan.pricing.errors import OBJECTIONS
from loupan.pricing.models import PaymentPlanLine, RoundingMode

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
        if name := given.get("name"):
            label = f"{label}: {name}"
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
