"""Money: accounts, what is due, what came in, and which settles which. Append-only.

The ledger has never heard of a reservation.  Receivables, receipts and allocations are never changed or
deleted (triggers refuse both); a mistake is answered by an opposite row that names what it corrects.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from loupan.core.db import LockingManager
from loupan.core.money import MoneyField
from loupan.org.models import Company, Project


class MoneyType(models.TextChoices):
    """Nature of money (款项类型)."""

    DEPOSIT = "deposit", _("Deposit")
    DOWN_PAYMENT = "down_payment", _("Down payment")
    INSTALMENT = "instalment", _("Instalment")
    COMMERCIAL_LOAN = "commercial_loan", _("Commercial loan")
    PROVIDENT_LOAN = "provident_loan", _("Provident fund loan")
    BALANCE = "balance", _("Balance")
    ADVANCE_PAYMENT = "advance_payment", _("Advance payment")
    PENALTY = "penalty", _("Penalty income")


LOAN_TYPES = frozenset({MoneyType.COMMERCIAL_LOAN, MoneyType.PROVIDENT_LOAN})
HOUSE_TYPES = frozenset(set(MoneyType) - {MoneyType.PENALTY, MoneyType.ADVANCE_PAYMENT})


class PaymentMethod(models.TextChoices):
    """How it was paid (交款方式)."""

    CASH = "cash", _("Cash")
    POS = "pos", _("POS")
    TRANSFER = "transfer", _("Bank transfer")
    CHEQUE = "cheque", _("Cheque")
    QR = "qr", _("Scan code")
    LOAN = "loan", _("Loan disbursement")


class BankAccount(models.Model):
    """An account of the company that takes money for a project (银行帐号)."""

    class Kind(models.TextChoices):
        NORMAL = "normal", _("Ordinary account")
        SUPERVISED = "supervised", _("Supervised account")

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    name = models.CharField(_("Name"), max_length=60)
    bank = models.CharField(_("Bank"), max_length=60)
    number = models.CharField(_("Account number"), max_length=40)
    kind = models.CharField(_("Kind"), max_length=10, choices=Kind, default=Kind.SUPERVISED)
    is_enabled = models.BooleanField(_("In use"), default=True)
    version = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["company_id", "name", "id"]
        verbose_name = _("Bank account")

    def __str__(self) -> str:
        return self.name


class Account(models.Model):
    """The running account of one sale. The lock on this row is the lock on its money."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    label = models.CharField(max_length=80)
    # Whose sale it is: decides who sees its money when they see only their own (DOMAIN 4.1).
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    objects = LockingManager()

    def __str__(self) -> str:
        return self.label


class Receivable(models.Model):
    """One line of a payment schedule, or the opposite row that takes one back (`corrects`).

    Live lines are those that are not a correction and that no row corrects; their sum is the deal total.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="receivables")
    seq = models.PositiveSmallIntegerField()
    money_type = models.CharField(_("Money type"), max_length=16, choices=MoneyType)
    amount = MoneyField(_("Amount"))
    due_on = models.DateField(_("Due on"), null=True)
    due_note = models.CharField(max_length=80, blank=True)
    corrects = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="corrected_by"
    )
    reason = models.CharField(max_length=120, blank=True)
    made_at = models.DateTimeField()

    if TYPE_CHECKING:  # What queries.with_received adds.
        received: Decimal
        outstanding: Decimal

    class Meta:
        ordering = ["account_id", "seq", "id"]
        constraints = [
            models.CheckConstraint(
                condition=(Q(corrects__isnull=True) & Q(amount__gte=0))
                | (Q(corrects__isnull=False) & Q(amount__lte=0)),
                name="receivable_sign_follows_kind",
            )
        ]
        indexes = [models.Index(fields=["due_on", "account"], name="receivable_due")]

    def __str__(self) -> str:
        return f"{self.account_id}/{self.seq} {self.amount}"


class Receipt(models.Model):
    """One immutable line of the ledger: money in, money back, or the opposite of an earlier line."""

    class Kind(models.TextChoices):
        RECEIPT = "receipt", _("Receipt")
        REFUND = "refund", _("Refund")
        REVERSAL = "reversal", _("Reversal")
        FORFEIT = "forfeit", _("Forfeiture")
        TRANSFER = "transfer", _("Transfer")

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="receipts")
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    number = models.CharField(_("Receipt number"), max_length=40, unique=True)
    kind = models.CharField(_("Kind"), max_length=8, choices=Kind, default=Kind.RECEIPT)
    # Positive for money in, negative for refund, reversal and forfeiture; a transfer is a pair of both.
    amount = MoneyField(_("Amount"))
    money_type = models.CharField(_("Money type"), max_length=16, choices=MoneyType, blank=True)
    method = models.CharField(_("Method"), max_length=8, choices=PaymentMethod)
    bank_account = models.ForeignKey(
        BankAccount, on_delete=models.PROTECT, null=True, related_name="+"
    )
    payer = models.CharField(_("Payer"), max_length=80, blank=True)
    slip_number = models.CharField(_("Slip number"), max_length=60, blank=True)
    received_on = models.DateField(_("Received on"))
    recorded_at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    corrects = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="corrections"
    )
    # Of a transfer, the line that came in names the one that went out of the other account.
    carried_from = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="carried_to"
    )
    reason = models.CharField(max_length=200, blank=True)
    request_key = models.UUIDField(unique=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=(Q(kind="receipt") & Q(amount__gt=0))
                | (~Q(kind__in=["receipt", "transfer"]) & Q(amount__lt=0))
                | (Q(kind="transfer") & Q(amount__lt=0) & Q(carried_from__isnull=True))
                | (Q(kind="transfer") & Q(amount__gt=0) & Q(carried_from__isnull=False)),
                name="receipt_sign_follows_kind",
            ),
            models.CheckConstraint(
                condition=~Q(kind="reversal") | Q(corrects__isnull=False),
                name="reversal_names_its_receipt",
            ),
            models.UniqueConstraint(
                fields=["corrects"],
                condition=Q(kind="reversal"),
                name="receipt_reversed_once",
            ),
        ]
        indexes = [
            models.Index(fields=["project", "received_on", "id"], name="receipt_journal"),
            models.Index(fields=["account", "received_on", "id"], name="receipt_by_account"),
        ]

    def __str__(self) -> str:
        return self.number


class Allocation(models.Model):
    """So much of this receipt settles so much of that line. Re-allocation appends signed differences."""

    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, related_name="allocations")
    receivable = models.ForeignKey(Receivable, on_delete=models.PROTECT, related_name="allocations")
    amount = MoneyField()
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=~Q(amount=0), name="allocation_is_not_nothing")
        ]

    def __str__(self) -> str:
        return f"{self.receipt_id} → {self.receivable_id} {self.amount}"
