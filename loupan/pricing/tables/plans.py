"""Columns of payment plans, and what differs between two editions."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loupan.core.formatting import money_text, rate_text
from loupan.core.ui import Column
from loupan.inventory.models import ProductType
from loupan.pricing.models import PaymentPlan, PaymentPlanLine


def in_use_tone(row: Any) -> str:
    return "green" if row.is_enabled else "grey"


def in_use_text(row: Any) -> str:
    return _("In use") if row.is_enabled else _("Retired")


def validity_text(row: Any) -> str:
    if not (row.valid_from or row.valid_until):
        return _("Always")
    return f"{row.valid_from or '…'} – {row.valid_until or '…'}"


def plan_url(plan: PaymentPlan) -> str:
    return reverse("pricing:plan", args=[plan.pk])


PLANS = [
    Column("name", gettext_lazy("Name"), link=plan_url, sort="name"),
    Column("code", gettext_lazy("Code"), sort="code"),
    Column("kind", gettext_lazy("Kind"), group="kind"),
    Column("rate", gettext_lazy("Plan discount"), kind="rate", sort="rate"),
    Column("min_down_payment_rate", gettext_lazy("Minimum down payment"), kind="rate"),
    Column("edition", gettext_lazy("Edition"), kind="number"),
    Column("validity", gettext_lazy("Valid"), value=validity_text),
    Column("is_enabled", gettext_lazy("State"), kind="status", value=in_use_text, tone=in_use_tone),
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
