"""Provisional reservations within reach, and one with its money."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from loupan.core.calendar import business_day
from loupan.core.models import AuditEvent
from loupan.ledger import queries as ledger
from loupan.ledger.models import Receipt
from loupan.org.models import User
from loupan.sales.models import Claim, ProvisionalReservation


def provisionals_for(viewer: User) -> QuerySet[ProvisionalReservation]:
    """Provisional reservations this person may see (own, team's, project's …), newest first."""
    return (
        ProvisionalReservation.objects.filter(
            viewer.access.rows("deals", project="project_id", owner="consultant_id")
        )
        .select_related("unit__building", "project", "claim", "customer", "consultant", "by")
        .order_by("-pk")
    )


def kept_for_money(viewer: User, at: datetime) -> QuerySet[ProvisionalReservation]:
    """Provisional reservations whose time is over and on which money is (U-12): a person decides.

    Reserve the unit for that customer, or give the money back.  Longest over first.
    """
    return (
        provisionals_for(viewer)
        .filter(claim__is_active=True, claim__expires_at__lte=at)
        .order_by("claim__expires_at", "pk")
    )


def provisional_of(claim: Claim) -> ProvisionalReservation | None:
    """The provisional reservation that a claim belongs to."""
    return ProvisionalReservation.objects.filter(claim=claim).first()


def provisional_of_account(account_id: int) -> ProvisionalReservation | None:
    """The provisional reservation whose money runs on this account."""
    return (
        ProvisionalReservation.objects.filter(account_id=account_id)
        .select_related("unit", "project__company", "claim")
        .first()
    )


@dataclass(frozen=True)
class ProvisionalPage:
    """One provisional reservation with its money; yuan."""

    provisional: ProvisionalReservation
    lines: list[ledger.Line]
    receipts: list[Receipt]
    balance: ledger.Balance
    is_running: bool
    is_kept: bool  # U-12: over, but there is money on it.


def provisional_page(found: ProvisionalReservation, at: datetime) -> ProvisionalPage:
    """Everything about a provisional reservation that its page and the API show."""
    lines = ledger.lines_of(found.account_id)
    receipts = list(
        Receipt.objects.filter(account_id=found.account_id)
        .select_related("bank_account", "by")
        .prefetch_related("allocations")
        .order_by("id")
    )
    received = ledger.received_on_account(found.account_id)
    claim = found.claim
    is_over = claim.expires_at is not None and claim.expires_at <= at
    return ProvisionalPage(
        provisional=found,
        lines=lines,
        receipts=receipts,
        balance=ledger.balance_from(lines, received=received, on=business_day(at)),
        is_running=claim.is_active,
        is_kept=claim.is_active and is_over and received > 0,
    )


def history_of_provisional(page: ProvisionalPage) -> list[AuditEvent]:
    """Everything written down about it, its money and its papers, newest first."""
    receipts = [receipt.pk for receipt in page.receipts]
    wanted = Q(subject_type="sales.provisionalreservation", subject_id=page.provisional.pk) | Q(
        subject_type="ledger.receipt", subject_id__in=receipts
    )
    return list(AuditEvent.objects.filter(wanted).select_related("by").order_by("-id")[:100])
