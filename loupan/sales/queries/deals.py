"""Deals within reach, one deal with its money, and what happened to it."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Prefetch, Q, QuerySet

from loupan.core.models import AuditEvent
from loupan.documents.models import Printing
from loupan.ledger import queries as ledger
from loupan.ledger.models import Receipt
from loupan.org.models import User
from loupan.pricing.rules.list_price import Basis
from loupan.sales.models import (
    AttachedUnit,
    Buyer,
    Contract,
    Deal,
    Filing,
    Handover,
    ProcessStep,
    ProvisionalReservation,
    Reservation,
    TitleCertificate,
    Unfiling,
)
from loupan.sales.queries.attached import attached_of
from loupan.sales.rules import AreaOutcome, area_outcome
from loupan.sales.states import ACTIVE_DEALS, DEAL, DealStatus, UnfilingStatus


def deals_for(viewer: User) -> QuerySet[Deal]:
    """Deals this person may see (own, team's, project's …), newest first, with unit and buyers."""
    return (
        Deal.objects.filter(viewer.access.rows("deals", owner="consultant_id"))
        .select_related("project", "unit", "consultant", "payment_plan")
        .prefetch_related(_BUYERS)
        .order_by("-pk")
    )


_BUYERS = Prefetch("buyers", Buyer.objects.select_related("customer").order_by("seq", "id"))


@dataclass(frozen=True)
class DealPage:
    """One deal with its schedule, money and process as of a day; yuan."""

    deal: Deal
    buyers: list[Buyer]
    lines: list[ledger.Line]
    receipts: list[Receipt]
    balance: ledger.Balance
    steps: list[ProcessStep]
    reservation: Reservation | None
    contract: Contract | None
    attached: list[AttachedUnit]
    open_verbs: list[str]
    voided: list[Contract]
    filing: Filing | None
    unfiling: Unfiling | None
    handover: Handover | None
    title: TitleCertificate | None
    provisional: ProvisionalReservation | None
    area: AreaOutcome | None

    @property
    def settled_total(self) -> Decimal:
        """The deal total after the area difference, where that is settled as the law says."""
        done = self.area.settlement if self.area else None
        total: Decimal = self.deal.deal_total
        return total + done.to_pay - done.to_refund if done else total

    @property
    def main_total(self) -> Decimal:
        """What of the deal total is for the main unit."""
        left: Decimal = self.deal.deal_total - self.deal.attached_total
        return left


def deal_page(deal: Deal, on: date) -> DealPage:
    """Everything about a deal that its page and the API show, as of `on`."""
    lines = ledger.lines_of(deal.account_id)
    receipts = list(
        Receipt.objects.filter(account_id=deal.account_id)
        .select_related("bank_account", "by")
        .prefetch_related("allocations")
        .order_by("id")
    )
    contracts = list(Contract.objects.filter(deal=deal).order_by("pk"))
    filing = Filing.objects.filter(deal=deal, is_active=True).first()
    received = sum((receipt.amount for receipt in receipts), Decimal("0.00"))
    return DealPage(
        deal=deal,
        buyers=list(deal.buyers.all()),
        lines=lines,
        receipts=receipts,
        balance=ledger.balance_from(lines, received=received, on=on),
        steps=list(deal.steps.all()),
        reservation=Reservation.objects.filter(deal=deal).first(),
        contract=next((row for row in contracts if not row.is_void), None),
        attached=list(attached_of(deal)),
        open_verbs=DEAL.open_verbs(deal.status),
        voided=[row for row in contracts if row.is_void],
        filing=filing,
        unfiling=filing.unfilings.filter(status=UnfilingStatus.OPEN).first() if filing else None,
        handover=Handover.objects.filter(deal=deal, is_active=True).first(),
        title=TitleCertificate.objects.filter(deal=deal).first(),
        provisional=ProvisionalReservation.objects.filter(deal=deal).first(),
        area=_area_of(deal),
    )


def _area_of(deal: Deal) -> AreaOutcome | None:
    """How the main unit was measured beside what was agreed; None where there is no difference."""
    if deal.status not in ACTIVE_DEALS:
        return None
    found = area_outcome(
        Basis(deal.price_basis),
        built=(deal.built_area, deal.unit.measured_built_area),
        inner=(deal.inner_area, deal.unit.measured_inner_area),
        built_price=deal.deal_unit_price,
        inner_price=deal.deal_inner_unit_price,
    )
    return found if found.is_different else None


def deal_of_account(account_id: int) -> Deal | None:
    """The deal whose money runs on this account."""
    return Deal.objects.filter(account_id=account_id).first()


def history_of_deal(page: DealPage) -> list[AuditEvent]:
    """Everything written down about a deal, its papers and its money, newest first (UX 5)."""
    subjects: dict[str, list[int]] = {
        "sales.deal": [page.deal.pk],
        "sales.reservation": [page.reservation.pk] if page.reservation else [],
        "sales.contract": [
            *([page.contract.pk] if page.contract else []),
            *(row.pk for row in page.voided),
        ],
        "ledger.receipt": [receipt.pk for receipt in page.receipts],
        "documents.printing": [printing.pk for printing in printings_of(page)],
    }
    wanted = Q(pk__in=[])
    for label, ids in subjects.items():
        if ids:
            wanted |= Q(subject_type=label, subject_id__in=ids)
    return list(AuditEvent.objects.filter(wanted).select_related("by").order_by("-id")[:200])


def printings_of(page: DealPage) -> QuerySet[Printing]:
    """Papers that came out of the printer for a deal and its receipts, newest first."""
    return (
        Printing.objects.filter(
            Q(subject_type="sales.deal", subject_id=page.deal.pk)
            | Q(subject_type="ledger.receipt", subject_id__in=[r.pk for r in page.receipts])
        )
        .select_related("by")
        .order_by("-id")
    )


def deals_with_discount(discount_id: int, customer_id: int) -> int:
    """How many deals of a customer's person that were not cancelled have this discount."""
    rows = Deal.objects.filter(
        discounts__discount_id=discount_id, buyers__customer__person__customers=customer_id
    )
    return rows.exclude(status=DealStatus.CANCELLED).distinct().count()
