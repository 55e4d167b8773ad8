"""R-F01 and R-F03 (DOMAIN 3.3): the receipts journal and what is still due."""

from datetime import datetime
from decimal import Decimal

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from loupan.core.calendar import business_day
from loupan.ledger.queries import live_lines, with_received
from loupan.org.models import User
from loupan.reports.queries.figures import CASH_KINDS
from loupan.reports.queries.report import Column, Report, Row, summed
from loupan.reports.queries.scope import Parameters, deals_in, journal_in, provisionals_in
from loupan.sales.models import Deal

ZERO = Decimal(0)

JOURNAL = (
    Column("recorded_at", _("Time"), "datetime"),
    Column("received_on", _("Received on"), "date"),
    Column("number", _("Receipt number")),
    Column("unit", _("Unit")),
    Column("payer", _("Payer")),
    Column("kind", _("Kind")),
    Column("money_type", _("Money type")),
    Column("method", _("Method")),
    Column("account", _("Account")),
    Column("amount", _("Amount"), "money"),
    Column(
        "cash",
        _("Cash movement"),
        "money",
        _("Money that came in or went out: neither carried over nor kept."),
    ),
    Column("cashier", _("Cashier")),
)


def receipts_journal(viewer: User, asked: Parameters, at: datetime) -> Report:
    """R-F01: every line of the ledger dated in the period, in the order it was recorded.

    Also the money of provisional reservations; what is carried over from one to its deal stands there
    twice and comes to nothing (ORC-17).
    """
    receipts = (
        journal_in(viewer, asked)
        .filter(received_on__range=(asked.first, asked.last))
        .select_related("by", "bank_account")
        .order_by("recorded_at", "id")
    )
    homes = _homes_of(viewer, asked)
    lines = []
    for receipt in receipts:
        unit, address = homes[receipt.account_id]
        cells = {
            "recorded_at": receipt.recorded_at,
            "received_on": receipt.received_on,
            "number": receipt.number,
            "unit": unit,
            "payer": receipt.payer,
            "kind": receipt.get_kind_display(),
            "money_type": receipt.get_money_type_display(),
            "method": receipt.get_method_display(),
            "account": str(receipt.bank_account or ""),
            "amount": receipt.amount,
            "cash": receipt.amount if receipt.kind in CASH_KINDS else ZERO,
            "cashier": str(receipt.by),
        }
        lines.append(Row(cells, {"number": address}))
    return Report(JOURNAL, lines, summed(lines, "amount", "cash"))


def _homes_of(viewer: User, asked: Parameters) -> dict[int, tuple[str, str]]:
    """Of each account the number of its unit and the page that shows it."""
    deals = deals_in(viewer, asked).values_list("account_id", "unit__number", "pk")
    kept = provisionals_in(viewer, asked).values_list("account_id", "unit__number", "pk")
    return {
        account: (unit, reverse(name, args=[pk]))
        for name, rows in (("sales:deal", deals), ("sales:provisional", kept))
        for account, unit, pk in rows
    }


def _deals_of(deals: QuerySet[Deal]) -> dict[int, Deal]:
    rows = deals.select_related("unit").prefetch_related("buyers__customer")
    return {deal.account_id: deal for deal in rows}


RECEIVABLES = (
    Column("unit", _("Unit")),
    Column("buyers", _("Buyers")),
    Column("line", _("Line")),
    Column("due_on", _("Due on"), "date"),
    Column("due", _("Due"), "money"),
    Column("received", _("Received"), "money", _("Allocated to this line")),
    Column("balance", _("Outstanding"), "money"),
    Column("days", _("Days overdue"), "number"),
)


def receivables(viewer: User, asked: Parameters, at: datetime) -> Report:
    """R-F03: schedule lines of active deals due in the period, with what was allocated to each."""
    cut_off = business_day(at)
    deals = _deals_of(deals_in(viewer, asked).filter(ended_on=None))
    due = with_received(
        live_lines().filter(
            account_id__in=deals_in(viewer, asked).filter(ended_on=None).values("account_id"),
            due_on__range=(asked.first, asked.last),
        )
    ).order_by("due_on", "account_id", "seq", "id")
    lines = []
    for line in due:
        deal = deals[line.account_id]
        late = max((cut_off - deal_day).days, 0) if (deal_day := line.due_on) else 0
        cells = {
            "unit": deal.unit.number,
            "buyers": "、".join(b.customer.name for b in deal.buyers.all()),
            "line": line.get_money_type_display(),
            "due_on": line.due_on,
            "due": line.amount,
            "received": line.received,
            "balance": line.outstanding,
            "days": late if line.outstanding > 0 else 0,
        }
        lines.append(Row(cells, {"unit": reverse("sales:deal", args=[deal.pk])}))
    return Report(RECEIVABLES, lines, summed(lines, "due", "received", "balance"))
