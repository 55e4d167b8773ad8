"""Columns of the receipts journal, the receivables and the bank accounts."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loupan.core.ui import Column
from loupan.ledger.hooks import page_of
from loupan.ledger.models import BankAccount, Receipt, Receivable

KIND_TONES = {"receipt": "green", "refund": "orange", "reversal": "red", "forfeit": "purple"}


def kind_tone(row: Receipt) -> str:
    return KIND_TONES[row.kind]


def receipt_url(row: Receipt) -> str:
    return page_of("receipt", row.pk)


def account_url(row: Receipt | Receivable) -> str:
    return page_of("account", row.account_id)


def bank_account_url(row: BankAccount) -> str:
    return reverse("ledger:bank_account", args=[row.pk])


RECEIPTS = [
    Column("number", gettext_lazy("Receipt number"), link=receipt_url, sort="number"),
    Column("kind", gettext_lazy("Kind"), kind="status", tone=kind_tone, group="kind"),
    Column("account", gettext_lazy("Unit"), value=lambda row: row.account.label, link=account_url),
    Column("payer", gettext_lazy("Payer")),
    Column("amount", gettext_lazy("Amount"), kind="money", sort="amount"),
    Column("received_on", gettext_lazy("Received on"), kind="date", sort="received_on",
           group="received_on"),
    Column("method", gettext_lazy("Method"), group="method"),
    Column("money_type", gettext_lazy("Money"), is_hidden=True, group="money_type"),
    Column("bank_account", gettext_lazy("Bank account"),
           value=lambda row: str(row.bank_account) if row.bank_account else "",
           group="bank_account__name"),
    Column("slip_number", gettext_lazy("Slip number"), is_hidden=True),
    Column("by", gettext_lazy("Cashier"), value=lambda row: str(row.by), group="by__display_name"),
    Column("recorded_at", gettext_lazy("Recorded at"), kind="datetime", is_hidden=True),
    Column("reason", gettext_lazy("Reason"), is_hidden=True),
]  # fmt: skip


def _late(row: Any) -> int | None:
    """Days since the due date of a line that still owes something; nothing where it is not late."""
    if row.due_on is None or not row.outstanding or row.due_on >= row.as_of:
        return None
    days: int = (row.as_of - row.due_on).days
    return days


def _state(row: Any) -> str:
    if not row.outstanding:
        return _("Settled")
    return _("Overdue") if _late(row) else _("Unpaid")


def _state_tone(row: Any) -> str:
    if not row.outstanding:
        return "green"
    return "red" if _late(row) else "grey"


def _receive(row: Receivable) -> str:
    return page_of("receive", row.account_id)


RECEIVABLES = [
    Column("account", gettext_lazy("Unit"), value=lambda row: row.account.label, link=account_url),
    Column("money_type", gettext_lazy("Money"), group="money_type"),
    Column("due_on", gettext_lazy("Due on"), kind="date", sort="due_on", group="due_on"),
    # Their keys are those of the totals, which must not hide what they are sums of.
    Column("due", gettext_lazy("Amount"), kind="money", value=lambda row: row.amount,
           sort="amount"),
    Column("paid", gettext_lazy("Received"), kind="money", value=lambda row: row.received),
    Column("owed", gettext_lazy("Outstanding"), kind="money",
           value=lambda row: row.outstanding),
    Column("days_late", gettext_lazy("Days overdue"), kind="number", value=_late),
    Column("state", gettext_lazy("State"), kind="status", value=_state, tone=_state_tone),
    Column("receive", gettext_lazy("Next step"), value=lambda row: _("Receive money"), link=_receive,
           permission="ledger.record_receipt"),
]  # fmt: skip
BANK_ACCOUNTS = [
    Column("name", gettext_lazy("Name"), link=bank_account_url, sort="name"),
    Column("bank", gettext_lazy("Bank")),
    Column("number", gettext_lazy("Account number")),
    Column("kind", gettext_lazy("Kind")),
    Column("scope", gettext_lazy("For"),
           value=lambda row: str(row.project or row.company)),
    Column("is_enabled", gettext_lazy("State"), kind="status",
           value=lambda row: _("In use") if row.is_enabled else _("Retired"),
           tone=lambda row: "green" if row.is_enabled else "grey"),
]  # fmt: skip
