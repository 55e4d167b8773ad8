"""Quotes within reach and the purchase plan on paper."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from loupan.core.formatting import area_text, money_text, rate_text
from loupan.documents.queries import qr_of
from loupan.inventory.models import Unit
from loupan.ledger.models import MoneyType
from loupan.org.models import Project, User
from loupan.pricing.models import PaymentPlan
from loupan.sales.models import (
    Quote,
)
from loupan.sales.queries.papers import MONEY_WORDS


def quotes_for(viewer: User) -> QuerySet[Quote]:
    """Quotes this person may see: own and those of whom they see the deals, newest first."""
    return (
        Quote.objects.filter(viewer.access.rows("deals", project="project_id", owner="by_id"))
        .select_related("unit", "payment_plan", "customer", "by")
        .order_by("-pk")
    )


def quote_fields(
    quotes: Sequence[Quote], unit: Unit, viewer: User, *, address: str, foot: str, mark: str = ""
) -> dict[str, Any]:
    """The merge fields of a purchase plan: one unit under several plans, as it was quoted (SAL-26)."""
    first = quotes[0]
    project = Project.objects.select_related("company").get(pk=unit.project_id)
    names = PaymentPlan.objects.in_bulk([quote.payment_plan_id for quote in quotes])
    return {
        "company": project.company.name,
        "project": project.name,
        "number": f"{project.code}-ZY-{first.pk}",
        "unit": unit.number,
        "customer": first.customer.name if first.customer else "",
        "built_area": area_text(unit.built_area),
        "inner_area": area_text(unit.inner_area),
        "list_total": money_text(first.list_total),
        "consultant": str(viewer),
        "valid_until": first.valid_until.isoformat(),
        "plans": [
            {
                "plan": names[quote.payment_plan_id].name,
                "deal_total": money_text(quote.deal_total),
                "deal_unit_price": money_text(quote.deal_unit_price),
                "overall_rate": rate_text(quote.overall_rate),
                "schedule": [
                    {
                        "money_type": MONEY_WORDS[MoneyType(line["money_type"])],
                        "amount": money_text(Decimal(line["amount"])),
                        "due_on": line["due_on"] or "",
                        "note": "",
                    }
                    for line in quote.schedule
                ],
            }
            for quote in quotes
        ],
        "qr": qr_of(address) if address else "",
        "foot": foot,
        "mark": mark,
    }
