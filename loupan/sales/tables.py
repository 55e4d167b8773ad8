"""How deals are shown: colours of statuses, words of the history, columns of the lists."""

from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from loupan.core.formatting import money_text
from loupan.core.models import AuditEvent
from loupan.core.ui import Column
from loupan.documents.models import PaperKind
from loupan.sales.models import Contract, Deal, Reservation
from loupan.sales.states import DealStatus

DEAL_TONES = {
    DealStatus.RESERVED: "orange",
    DealStatus.CONTRACTED: "red",
    DealStatus.FILED: "maroon",
    DealStatus.HANDED_OVER: "purple",
    DealStatus.TITLED: "blue",
    DealStatus.CANCELLED: "grey",
}

# What a line of the history says: words, icon, tone.
EVENTS = {
    "sales.reservation.made": (_("Reserved"), "writing", "orange"),
    "sales.reservation.cancelled": (_("Reservation cancelled"), "arrow-back-up", "red"),
    "sales.contract.signed": (_("Contract signed"), "contract", "green"),
    "sales.contract.cancelled": (_("Contract cancelled"), "arrow-back-up", "red"),
    "ledger.receipt.recorded": (_("Receipt recorded"), "cash", "green"),
    "ledger.receipt.reversed": (_("Receipt reversed"), "arrow-back-up", "red"),
    "documents.paper.printed": (_("Paper printed"), "printer", "grey"),
}


_TOLD = (
    "kind",
    "number",
    "amount",
    "deal_total",
    "refunded",
    "kept",
    "penalty",
    "copy_no",
    "reason",
)
_AMOUNTS = frozenset({"amount", "deal_total", "refunded", "kept", "penalty"})


def deal_tone(deal: Deal) -> str:
    return DEAL_TONES[DealStatus(deal.status)]


def deal_url(deal_id: int) -> str:
    return reverse("sales:deal", args=[deal_id])


def event_of(event: AuditEvent) -> dict[str, Any]:
    """One line of a deal's timeline."""
    title, icon, tone = EVENTS.get(event.event, (event.event, "history", "grey"))
    facts = event.facts
    said = {key: facts[key] for key in _TOLD if facts.get(key) not in (None, "")}
    if "kind" in said:
        said["kind"] = str(PaperKind(said["kind"]).label)
    for key in _AMOUNTS & set(said):
        said[key] = money_text(Decimal(said[key]))
    text = " · ".join(str(value) for value in said.values())
    return {
        "at": event.at,
        "title": title,
        "by": str(event.by) if event.by else "",
        "text": text,
        "icon": icon,
        "tone": tone,
    }


def _buyers(row: Reservation | Contract) -> str:
    return "、".join(buyer.customer.name for buyer in row.deal.buyers.all())


def _status(row: Reservation | Contract) -> str:
    return str(row.deal.get_status_display())


def _tone(row: Reservation | Contract) -> str:
    return deal_tone(row.deal)


def row_url(row: Reservation | Contract) -> str:
    return deal_url(row.deal_id)


_DEAL = [
    Column("buyers", _("Buyers"), value=_buyers),
    Column("status", _("Status"), kind="status", value=_status, tone=_tone),
]
_PRICE = [
    Column("list_total", _("List total"), kind="money", value=lambda row: row.deal.list_total,
           is_hidden=True),
    Column("deal_total", _("Deal total"), kind="money", value=lambda row: row.deal.deal_total,
           sort="deal__deal_total"),
    Column("overall_rate", _("Overall discount"), kind="rate",
           value=lambda row: row.deal.overall_rate, is_hidden=True),
    Column("consultant", _("Consultant"), value=lambda row: str(row.deal.consultant)),
]  # fmt: skip
RESERVATIONS = [
    Column("number", _("Number"), link=row_url, sort="number"),
    Column("unit", _("Unit"), value=lambda row: row.deal.unit.number),
    *_DEAL,
    Column("reserved_on", _("Reserved on"), kind="date", sort="reserved_on"),
    Column("sign_by", _("Sign by"), kind="date", sort="sign_by"),
    *_PRICE,
]
CONTRACTS = [
    Column("number", _("Contract number"), link=row_url, sort="number"),
    Column("unit", _("Unit"), value=lambda row: row.deal.unit.number),
    *_DEAL,
    Column("signed_on", _("Signed on"), kind="date", sort="signed_on"),
    *_PRICE,
]
