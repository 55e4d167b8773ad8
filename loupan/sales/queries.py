"""Every read of the sales chain. A list begins with one of the `…_for(viewer)` and nothing else."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Prefetch, Q, QuerySet

from loupan.core.calendar import business_day
from loupan.ledger import queries as ledger
from loupan.ledger.models import LOAN_TYPES, MoneyType, Receipt
from loupan.org.models import User
from loupan.sales import rules
from loupan.sales.models import (
    Buyer,
    Claim,
    Contract,
    Deal,
    ProcessStep,
    Quote,
    Reservation,
)
from loupan.sales.states import DEAL, StepCode

# --- Lists within reach ---------------------------------------------------------------------------


def deals_for(viewer: User) -> QuerySet[Deal]:
    """Deals this person may see (own, team's, project's …), newest first, with unit and buyers."""
    return (
        Deal.objects.filter(viewer.access.rows("deals", owner="consultant_id"))
        .select_related("project", "unit", "consultant", "payment_plan")
        .prefetch_related(_BUYERS)
        .order_by("-pk")
    )


def reservations_for(viewer: User) -> QuerySet[Reservation]:
    """Reservations of the deals this person may see, newest first."""
    return (
        Reservation.objects.filter(
            viewer.access.rows("deals", project="project_id", owner="deal__consultant_id")
        )
        .select_related("deal__unit", "deal__consultant", "project", "by")
        .order_by("-pk")
    )


def contracts_for(viewer: User) -> QuerySet[Contract]:
    """Contracts of the deals this person may see, newest first."""
    return (
        Contract.objects.filter(
            viewer.access.rows("deals", project="project_id", owner="deal__consultant_id")
        )
        .select_related("deal__unit", "deal__consultant", "project", "by")
        .order_by("-pk")
    )


def quotes_for(viewer: User) -> QuerySet[Quote]:
    """Quotes this person may see: own and those of whom they see the deals, newest first."""
    return (
        Quote.objects.filter(viewer.access.rows("deals", project="project_id", owner="by_id"))
        .select_related("unit", "payment_plan", "customer", "by")
        .order_by("-pk")
    )


def claims_for(viewer: User) -> QuerySet[Claim]:
    """Active locks and holds on units of the board this person sees, soonest to expire first."""
    return (
        Claim.objects.filter(
            viewer.access.rows("inventory", project="unit__project_id"), is_active=True, deal=None
        )
        .select_related("unit", "holder", "customer")
        .order_by("expires_at", "pk")
    )


_BUYERS = Prefetch("buyers", Buyer.objects.select_related("customer").order_by("seq", "id"))


def active_claim(unit_id: int) -> Claim | None:
    """The exclusive claim on a unit, if there is one (U-1)."""
    return Claim.objects.filter(unit_id=unit_id, is_active=True).select_related("holder").first()


def expired_claim_ids(at: datetime) -> list[int]:
    """Locks and holds whose time is over, oldest first."""
    rows = Claim.objects.filter(is_active=True, expires_at__lte=at, deal=None)
    return list(rows.order_by("expires_at", "pk").values_list("pk", flat=True))


def money_since(claim: Claim) -> bool:
    """Whether money came in on the unit since it was claimed (U-12)."""
    accounts = Deal.objects.filter(unit_id=claim.unit_id).values("account_id")
    return Receipt.objects.filter(
        account_id__in=accounts, recorded_at__gte=claim.made_at, amount__gt=0
    ).exists()


# --- One deal --------------------------------------------------------------------------------------


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
    open_verbs: list[str]


def deal_page(deal: Deal, on: date) -> DealPage:
    """Everything about a deal that its page and the API show, as of `on`."""
    lines = ledger.lines_of(deal.account_id)
    receipts = list(
        Receipt.objects.filter(account_id=deal.account_id)
        .select_related("bank_account", "by")
        .prefetch_related("allocations")
        .order_by("id")
    )
    received = sum((receipt.amount for receipt in receipts), Decimal("0.00"))
    return DealPage(
        deal=deal,
        buyers=list(deal.buyers.all()),
        lines=lines,
        receipts=receipts,
        balance=ledger.balance_from(lines, received=received, on=on),
        steps=list(deal.steps.all()),
        reservation=Reservation.objects.filter(deal=deal).first(),
        contract=Contract.objects.filter(deal=deal).first(),
        open_verbs=DEAL.open_verbs(deal.status),
    )


def deal_of_account(account_id: int) -> Deal | None:
    """The deal whose money runs on this account."""
    return Deal.objects.filter(account_id=account_id).first()


def pending_contracts(viewer: User, at: datetime) -> QuerySet[Reservation]:
    """Reserved, not contracted; those past their sign-by day first (ORC-16)."""
    return (
        reservations_for(viewer)
        .filter(Q(deal__status="reserved"), sign_by__lte=business_day(at))
        .order_by("sign_by", "pk")
    )


# --- Process ---------------------------------------------------------------------------------------

DOWN_PAYMENT_TYPES = frozenset({MoneyType.DEPOSIT, MoneyType.DOWN_PAYMENT})
_MONEY_STEPS: dict[StepCode, frozenset[MoneyType]] = {
    StepCode.DOWN_PAYMENT: DOWN_PAYMENT_TYPES,
    StepCode.LOAN_DISBURSED: LOAN_TYPES,
    StepCode.PAID_IN_FULL: frozenset(MoneyType),
}


def money_steps(deal: Deal) -> dict[StepCode, date | None]:
    """The day on which money completed each step that money completes; None while it has not.

    Down payment complete: all that is due as deposit and down payment was received.
    """
    lines = ledger.lines_of(deal.account_id)
    shares = ledger.allocated(deal.account_id)
    received_on = dict(
        Receipt.objects.filter(account_id=deal.account_id).values_list("id", "received_on")
    )
    days: dict[StepCode, date | None] = {}
    for code, types in _MONEY_STEPS.items():
        wanted = {line.id for line in lines if line.money_type in types}
        open_lines = [line for line in lines if line.id in wanted and line.outstanding]
        paid_on = [received_on[receipt] for receipt, line in shares if line in wanted]
        days[code] = max(paid_on, default=None) if wanted and not open_lines else None
    return days


def light_of(step: ProcessStep, on: date) -> rules.Light:
    """The colour of a step on a day (DOMAIN 2.5.1)."""
    return rules.light(step.planned_on, step.actual_on, on)
