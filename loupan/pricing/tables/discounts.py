"""Columns of discounts."""

from django.urls import reverse
from django.utils.translation import gettext_lazy

from loupan.core.formatting import money_text
from loupan.core.ui import Column
from loupan.pricing.models import Discount
from loupan.pricing.tables.plans import in_use_text, in_use_tone, validity_text


def discount_url(discount: Discount) -> str:
    return reverse("pricing:discount", args=[discount.pk])


def _gift(row: Discount) -> str:
    if not row.gift_name:
        return ""
    return f"{row.gift_name} ¥{money_text(row.gift_cost)}"


def _quota(row: Discount) -> str:
    return "" if row.quota is None else f"{row.used} / {row.quota}"


DISCOUNTS = [
    Column("name", gettext_lazy("Name"), link=discount_url, sort="name"),
    Column("code", gettext_lazy("Code"), sort="code"),
    Column("kind", gettext_lazy("Kind"), sort="kind", group="kind"),
    Column("form", gettext_lazy("Form")),
    Column("value", gettext_lazy("Amount or rate"), value=lambda row: row.value_text),
    Column("order", gettext_lazy("Order"), kind="number", sort="order"),
    Column("quota", gettext_lazy("Used of quota"), value=_quota),
    Column("gift", gettext_lazy("Gift"), value=_gift),
    Column("validity", gettext_lazy("Valid"), value=validity_text),
    Column("is_enabled", gettext_lazy("State"), kind="status", value=in_use_text, tone=in_use_tone),
]
