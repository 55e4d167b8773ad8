"""How deals are shown: colours of statuses, words of the history, columns of the lists."""

from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from loupan.core.formatting import money_text
from loupan.core.models import AuditEvent
from loupan.core.ui import Column
from loupan.customers.permissions import sees_phones
from loupan.documents.models import PaperKind
from loupan.inventory.states import UnitStatus
from loupan.inventory.tables import STATUS_TONES
from loupan.parameters.queries.book import book_of
from loupan.parameters.queries.fields import labels_of
from loupan.sales.models import Contract, Deal, ProvisionalReservation, Reservation, UnitRelation
from loupan.sales.parameters import DEAL_FIELDS
from loupan.sales.queries.relations import LATER, NOW, OVER, STATES, state_of
from loupan.sales.rules import time_left
from loupan.sales.states import DealStatus

DEAL_TONES = {
    DealStatus.RESERVED: "orange",
    DealStatus.CONTRACTED: "red",
    DealStatus.FILED: "maroon",
    DealStatus.HANDED_OVER: "purple",
    DealStatus.TITLED: "blue",
    DealStatus.CANCELLED: "grey",
}

CUSTOM_FIELDS = "sales.custom_fields.changed"
# What a line of the history says: words, icon, tone.
EVENTS = {
    "sales.reservation.made": (_("Reserved"), "writing", "orange"),
    "sales.reservation.cancelled": (_("Reservation cancelled"), "arrow-back-up", "red"),
    "sales.deal.unit_attached": (_("Unit attached"), "circle-plus", "orange"),
    "sales.deal.unit_detached": (_("Unit taken out"), "circle-minus", "red"),
    "sales.deal.proof_added": (_("Proof kept"), "file-certificate", "grey"),
    "sales.deal.proof_opened": (_("Proof opened"), "eye", "grey"),
    "sales.deal.proof_removed": (_("Proof removed"), "trash", "red"),
    "sales.deal.plan_changed": (_("Payment plan changed"), "calendar-dollar", "orange"),
    "sales.contract.signed": (_("Contract signed"), "contract", "green"),
    "sales.contract.cancelled": (_("Contract cancelled"), "arrow-back-up", "red"),
    "sales.contract.voided": (_("Contract voided"), "ban", "red"),
    "sales.contract.filed": (_("Filed online"), "building-bank", "maroon"),
    "sales.contract.unfiled": (_("Un-filed"), "arrow-back-up", "red"),
    "sales.unfiling.requested": (_("Un-filing asked for"), "message-question", "orange"),
    "sales.unfiling.confirmed": (_("Un-filing confirmed"), "check", "orange"),
    "sales.unfiling.declined": (_("Un-filing declined"), "x", "grey"),
    "sales.handover.allowed": (_("Handover allowed"), "check", "orange"),
    "sales.unit.handed_over": (_("Handed over"), "key", "purple"),
    "sales.handover.undone": (_("Handover undone"), "arrow-back-up", "red"),
    "sales.title.issued": (_("Title issued"), "certificate", "blue"),
    "sales.provisional.made": (_("Reserved provisionally"), "clock", "yellow"),
    "sales.provisional.withdrawn": (_("Paid back"), "arrow-back-up", "red"),
    "sales.provisional.converted": (_("Became a reservation"), "writing", "orange"),
    "ledger.receipt.carried_over": (_("Carried over"), "arrows-exchange", "green"),
    "ledger.receipt.recorded": (_("Receipt recorded"), "cash", "green"),
    "ledger.receipt.reversed": (_("Receipt reversed"), "arrow-back-up", "red"),
    CUSTOM_FIELDS: (_("Custom fields changed"), "columns-3", "grey"),
    "documents.paper.printed": (_("Paper printed"), "printer", "grey"),
}


_TOLD = (
    "kind",
    "plan",
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


def _told(event: AuditEvent) -> list[str]:
    said = {key: event.facts[key] for key in _TOLD if event.facts.get(key) not in (None, "")}
    if "kind" in said:
        said["kind"] = str(PaperKind(said["kind"]).label)
    for key in _AMOUNTS & set(said):
        said[key] = money_text(Decimal(said[key]))
    return [str(value) for value in said.values()]


def _fields_said(event: AuditEvent) -> list[str]:
    """Old and new of each custom field, by the name it has now."""
    fields = book_of(event.project_id).fields.get(DEAL_FIELDS, ()) if event.project_id else ()
    labels = labels_of(fields)
    return [
        f"{labels.get(key, key)}: {event.before.get(key) or '—'} → {now or '—'}"
        for key, now in event.after.items()
    ]


def deal_tone(deal: Deal) -> str:
    return DEAL_TONES[DealStatus(deal.status)]


def deal_url(deal_id: int) -> str:
    return reverse("sales:deal", args=[deal_id])


def event_of(event: AuditEvent) -> dict[str, Any]:
    """One line of a deal's timeline."""
    title, icon, tone = EVENTS.get(event.event, (event.event, "history", "grey"))
    text = " · ".join(_fields_said(event) if event.event == CUSTOM_FIELDS else _told(event))
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
    Column("status", _("Status"), kind="status", value=_status, tone=_tone, group="deal__status"),
]
_PRICE = [
    Column("list_total", _("List total"), kind="money", value=lambda row: row.deal.list_total,
           is_hidden=True),
    Column("deal_total", _("Deal total"), kind="money", value=lambda row: row.deal.deal_total,
           sort="deal__deal_total"),
    Column("overall_rate", _("Overall discount"), kind="rate",
           value=lambda row: row.deal.overall_rate, is_hidden=True),
    Column("consultant", _("Consultant"), value=lambda row: str(row.deal.consultant),
           group="deal__consultant__display_name"),
]  # fmt: skip
RESERVATIONS = [
    Column("number", _("Number"), link=row_url, sort="number"),
    Column("unit", _("Unit"), value=lambda row: row.deal.unit.number),
    *_DEAL,
    Column("reserved_on", _("Reserved on"), kind="date", sort="reserved_on", group="reserved_on"),
    Column("sign_by", _("Sign by"), kind="date", sort="sign_by"),
    *_PRICE,
]
CONTRACTS = [
    Column("number", _("Contract number"), link=row_url, sort="number"),
    Column("unit", _("Unit"), value=lambda row: row.deal.unit.number),
    *_DEAL,
    Column("signed_on", _("Signed on"), kind="date", sort="signed_on", group="signed_on"),
    *_PRICE,
]


# --- Provisional reservations ---------------------------------------------------------------------


def provisional_url(row: ProvisionalReservation) -> str:
    return reverse("sales:provisional", args=[row.pk])


def provisional_state(row: ProvisionalReservation) -> tuple[str, str]:
    """How it stands, in words and colour. Its claim goes on after its time only where money is."""
    claim = row.claim
    if claim.is_active and claim.kept_since:
        return gettext("Over, to be decided"), "red"
    if claim.is_active:
        return gettext("Runs"), "yellow"
    words = {
        "reserved": (gettext("Became a reservation"), "orange"),
        "withdrawn": (gettext("Paid back"), "grey"),
        "expired": (gettext("Expired"), "grey"),
    }
    return words.get(claim.end_reason, (claim.end_reason, "grey"))


PROVISIONALS = [
    Column("number", _("Number"), link=provisional_url, sort="number"),
    Column("unit", _("Unit"), value=lambda row: row.unit.number),
    Column("customer", _("Customer"), value=lambda row: row.customer.name),
    Column("state", _("State"), kind="status",
           value=lambda row: provisional_state(row)[0],
           tone=lambda row: provisional_state(row)[1]),
    Column("amount", _("Amount"), kind="money", sort="amount"),
    Column("made_on", _("Made on"), kind="date", sort="made_on"),
    Column("until", _("Until"), kind="datetime", value=lambda row: row.claim.expires_at),
    Column("consultant", _("Consultant"), value=lambda row: str(row.consultant)),
]  # fmt: skip


# --- Units kept from sale -------------------------------------------------------------------------


def on_board(row: Any) -> str:
    """The unit in its place on the board, with the verbs that are open on it."""
    return f"{reverse('sales:board')}?project={row.project_id}&unit={row.pk}"


def left_in_words(row: Any) -> str:
    """How long a unit is still kept, seen from the moment the list was asked for."""
    if row.kept_since:
        return gettext("Over")
    if row.claim_until is None:
        return gettext("Without an end")
    left = time_left(row.claim_until, row.seen_at)
    if left is None:
        return gettext("Over")
    said = {"days": left.days, "hours": left.hours, "minutes": left.minutes}
    if left.days:
        return gettext("%(days)s d %(hours)s h") % said
    if left.hours:
        return gettext("%(hours)s h %(minutes)s min") % said
    return gettext("%(minutes)s min") % said


def _left_badge(row: Any, _request: Any) -> dict[str, Any] | None:
    """What a person must decide because the clock could not."""
    if row.kept_since:
        return {"label": gettext("Money is on it"), "tone": "danger"}
    if row.stuck_since:
        return {"label": gettext("Not offered"), "tone": "warn"}
    return None


def why_in_words(row: Any) -> str:
    return " · ".join(filter(None, (row.customer, row.why)))


CONTROLLED = [
    Column("number", _("Unit"), link=on_board, sort="number"),
    Column("status", _("Status"), kind="status", sort="status", group="status",
           tone=lambda row: STATUS_TONES[UnitStatus(row.status)]),
    Column("why", _("Reason or customer"), value=why_in_words),
    Column("holder", _("Holder"), value=lambda row: row.claim_label, sort="claim_label",
           group="claim_label"),
    Column("since", _("Since"), kind="datetime", sort="since"),
    Column("until", _("Until"), kind="datetime", value=lambda row: row.claim_until,
           sort="ends"),
    Column("left", _("Time left"), value=left_in_words, badge=_left_badge),
    Column("because", _("Why it was not offered"), is_hidden=True),
    Column("building", _("Building"), value=lambda row: row.building.name,
           group="building__name", is_hidden=True),
    Column("product_type", _("Product type"), group="product_type", is_hidden=True),
    Column("layout", _("Layout"), value=lambda row: row.layout.name if row.layout else "",
           is_hidden=True),
    Column("built_area", _("Built area"), kind="area", sort="built_area", is_hidden=True),
    Column("list_total", _("List total"), kind="money", sort="list_total", is_hidden=True),
]  # fmt: skip


# --- Owners and residents -------------------------------------------------------------------------

_RELATION_TONES = {NOW: "green", LATER: "blue", OVER: "grey"}


def relation_url(row: UnitRelation) -> str:
    return reverse("sales:relation", args=[row.pk])


def relation_state(state: str) -> tuple[str, str]:
    """In words and colour."""
    return str(dict(STATES)[state]), _RELATION_TONES[state]


def _relation_state(row: Any) -> tuple[str, str]:
    return relation_state(state_of(row, row.as_of))


RELATIONS = [
    Column("customer", _("Customer"), value=lambda row: row.customer.name, link=relation_url,
           sort="customer__name"),
    Column("kind", _("Relation"), value=lambda row: str(row.get_kind_display()), group="kind"),
    Column("building", _("Building"), value=lambda row: row.unit.building.name,
           group="unit__building__name"),
    Column("unit", _("Unit"), value=lambda row: row.unit.number, sort="unit__number"),
    Column("phone", _("Phone"), kind="phone",
           shown_to=lambda request: sees_phones(request.user)),
    Column("starts_on", _("From"), kind="date", sort="starts_on", group="starts_on"),
    Column("ends_on", _("Until"), kind="date", sort="ends_on", group="ends_on"),
    Column("state", _("State"), kind="status", value=lambda row: _relation_state(row)[0],
           tone=lambda row: _relation_state(row)[1]),
    Column("note", _("Note"), is_hidden=True),
]  # fmt: skip
