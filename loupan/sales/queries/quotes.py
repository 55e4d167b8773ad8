"""Quotes within reach and the purchase plan on paper."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from loupan.core.formatting import area_text, money_text, rate_text
from loupan.documents.queries import qr_of
from loupan.inventory.models import Unit
from loupan.ledger.models import MoneyType
from loupan.org.models import Project, User
from loupan.pricing.models import PaymentPlan
from loupan.pricing.queries.book import price_book_of
from loupan.pricing.queries.offers import Offer
from loupan.sales import rules
from loupan.sales.models import (
    Quote,
)
from loupan.sales.queries.papers import MONEY_WORDS
from loupan.sales.states import AttachedPricing


def quotes_for(viewer: User) -> QuerySet[Quote]:
    """Quotes this person may see: own and those of whom they see the deals, newest first."""
    return (
        Quote.objects.filter(viewer.access.rows("deals", project="project_id", owner="by_id"))
        .select_related("unit", "payment_plan", "customer", "by")
        .order_by("-pk")
    )


def valid_until(unit: Unit, offer: Offer, made_on: date, days: int | None = None) -> date:
    """Until when an offer stands as a quote; the project's days to sign where none are said."""
    book = price_book_of(unit)
    plan = book.plans.get(offer.payment_plan_id)
    discounts = [book.discounts.get(item.discount_id or 0) for item in offer.applied]
    return rules.quote_valid_until(
        max(made_on, offer.reserve_on),
        book.policy.sign_within_days if days is None else days,
        [row.valid_until for row in (plan, *discounts) if row is not None],
    )


def quote_message(fields: Mapping[str, Any]) -> str:
    """The quote in a few lines for a chat, from the fields of its paper; no ID number, no phone."""
    head = [
        f"{fields['project']} {fields['unit']}",
        f"建筑面积 {fields['built_area']} ㎡，套内面积 {fields['inner_area']} ㎡",
        f"表价总价 ¥{fields['list_total']}",
    ]
    head += [
        f"附属 {each['unit']}" + ("（含在总价内）" if each["is_inside"] else "")
        for each in fields["attached"]
    ]
    parts = [head]
    for plan in fields["plans"]:
        lines = [
            f"【{plan['plan']}】成交总价 ¥{plan['deal_total']}"
            f"（{plan['deal_unit_price']} 元/㎡，{plan['overall_rate']}）"
        ]
        lines += [
            f"  {line['money_type']} {line['amount']}"
            + (f"（{line['due_on']}）" if line["due_on"] else "")
            for line in plan["schedule"]
        ]
        parts.append(lines)
    parts.append(
        [f"有效期至 {fields['valid_until']}，不作为锁定房源的依据。", fields["consultant"]]
    )
    return "\n\n".join("\n".join(lines) for lines in parts)


def quote_fields(
    quotes: Sequence[Quote], unit: Unit, viewer: User, *, address: str, foot: str, mark: str = ""
) -> dict[str, Any]:
    """The merge fields of a purchase plan: one unit under several plans, as it was quoted (SAL-26)."""
    first = quotes[0]
    project = Project.objects.select_related("company").get(pk=unit.project_id)
    names = PaymentPlan.objects.in_bulk([quote.payment_plan_id for quote in quotes])
    return {
        "company": project.company.name,
        "reservation_word": project.words.get("sales.reservation", ""),
        "project": project.name,
        "number": f"{project.code}-ZY-{first.pk}",
        "unit": unit.number,
        "customer": first.customer.name if first.customer else "",
        "built_area": area_text(unit.built_area),
        "inner_area": area_text(unit.inner_area),
        "list_total": money_text(first.list_total),
        "consultant": str(viewer),
        "valid_until": first.valid_until.isoformat(),
        "attached": [
            {
                "unit": each["number"],
                "list_total": money_text(Decimal(each["list_total"])),
                "is_inside": each["pricing"] == AttachedPricing.INSIDE,
            }
            for each in first.attached
        ],
        "plans": [
            {
                "plan": names[quote.payment_plan_id].name,
                "deal_total": money_text(quote.deal_total),
                "deal_unit_price": money_text(quote.deal_unit_price),
                "overall_rate": rate_text(quote.overall_rate),
                "attached_total": money_text(
                    sum((Decimal(each["amount"]) for each in quote.attached), Decimal(0))
                ),
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
