"""Every sum and status of the sales chain recomputed from its lines."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum

from loupan.core.models import NumberSeries
from loupan.inventory.models import Unit, UnitChange
from loupan.inventory.states import CLAIMED, UnitStatus
from loupan.ledger import queries as ledger
from loupan.ledger.models import Receipt, Receivable
from loupan.pricing.models import Discount
from loupan.sales.models import (
    Buyer,
    Claim,
    Contract,
    Deal,
    DealDiscount,
    Reservation,
)
from loupan.sales.queries.process import money_steps
from loupan.sales.states import ACTIVE_DEALS, ClaimKind, StepCode


def book_differences() -> list[str]:
    """Every sum and status recomputed from its lines; a sentence for each that differs.

    For the office that runs it at night and for tests: U-1, U-3, U-5, U-7, U-8, allocations,
    reversals, quotas, shares, process dates, gap-free numbers.
    """
    return [
        *_claims_differ(),
        *_statuses_differ(),
        *_deals_differ(),
        *_quotas_differ(),
        *_numbers_differ(),
    ]


def _claims_differ() -> Iterator[str]:
    twice = (
        Claim.objects.filter(is_active=True)
        .order_by()
        .values("unit_id")
        .annotate(count=Count("id"))
        .filter(count__gt=1)
    )
    for row in twice:
        yield f"unit {row['unit_id']}: {row['count']} active claims (U-1)"
    active = set(
        Claim.objects.filter(is_active=True, deal__isnull=False).values_list("deal_id", flat=True)
    )
    for deal in Deal.objects.only("id", "status"):
        if (deal.pk in active) != (deal.status in ACTIVE_DEALS):
            yield f"deal {deal.pk}: {deal.status}, its claim is otherwise (U-3)"


def _statuses_differ() -> Iterator[str]:
    claimed: dict[int, str] = {}
    for claim in Claim.objects.filter(is_active=True).select_related("deal"):
        claimed[claim.unit_id] = claim.deal.status if claim.deal else _STATUS_OF[claim.kind]
    wanted = Unit.objects.filter(Q(status__in=CLAIMED) | Q(pk__in=list(claimed)))
    for pk, status in wanted.values_list("pk", "status"):
        if claimed.get(pk) != status:
            yield f"unit {pk}: {status}, its claim says {claimed.get(pk, 'free')} (U-8)"
    last = UnitChange.objects.filter(unit_id=OuterRef("pk")).order_by("-id")
    logged = Unit.objects.annotate(logged=Subquery(last.values("to_status")[:1]))
    for pk, status, said in logged.exclude(status=F("logged")).values_list(
        "pk", "status", "logged"
    ):
        yield f"unit {pk}: {status}, the log ends with {said} (U-10)"


_STATUS_OF = {
    ClaimKind.LOCK.value: UnitStatus.LOCKED.value,
    ClaimKind.HOLD.value: UnitStatus.HELD.value,
    ClaimKind.PROVISIONAL.value: UnitStatus.PROVISIONAL.value,
}


def _deals_differ() -> Iterator[str]:
    shares = dict(
        Buyer.objects.order_by()
        .values("deal_id")
        .annotate(whole=Sum("share"))
        .values_list("deal_id", "whole")
    )
    deals = Deal.objects.select_related("account").prefetch_related("steps").order_by("pk")
    for deal in deals.iterator(chunk_size=500):
        if shares.get(deal.pk) != 1:
            yield f"deal {deal.pk}: shares come to {shares.get(deal.pk)}"
        yield from _money_differs(deal)
        yield from _papers_differ(deal)


def _money_differs(deal: Deal) -> Iterator[str]:
    due = sum((line.amount for line in ledger.lines_of(deal.account_id)), Decimal(0))
    is_active = deal.status in ACTIVE_DEALS
    if due != (deal.deal_total if is_active else 0):
        yield f"deal {deal.pk}: schedule {due}, deal total {deal.deal_total} (U-7)"
    whole = Receivable.objects.filter(account_id=deal.account_id).aggregate(due=Sum("amount"))
    if (whole["due"] or 0) != due:
        yield f"deal {deal.pk}: all lines come to {whole['due']}, those in force to {due}"
    received = ledger.received_on_account(deal.account_id)
    if not is_active and received:
        yield f"deal {deal.pk}: ended with {received} on it (U-7)"
    if bool(deal.account.closed_at) == is_active:
        yield f"deal {deal.pk}: {deal.status}, its account is otherwise"
    for reversal in Receipt.objects.filter(
        account_id=deal.account_id, kind=Receipt.Kind.REVERSAL
    ).select_related("corrects"):
        if reversal.corrects is None or reversal.amount != -reversal.corrects.amount:
            yield f"receipt {reversal.number}: does not take back what it names"
    if ledger.allocated(deal.account_id) != ledger.allocation_wanted(deal.account_id):
        yield f"deal {deal.pk}: allocations differ from the rules"


def _papers_differ(deal: Deal) -> Iterator[str]:
    if not Reservation.objects.filter(deal=deal, reserved_on=deal.reserved_on).exists():
        yield f"deal {deal.pk}: no reservation of {deal.reserved_on}"
    contract = Contract.objects.filter(deal=deal).first()
    if (contract.signed_on if contract else None) != deal.contracted_on:
        yield f"deal {deal.pk}: contracted on {deal.contracted_on}, the contract says otherwise"
    if deal.status not in ACTIVE_DEALS:
        return
    wanted = money_steps(deal)
    for step in deal.steps.all():
        if step.code in wanted and step.actual_on != wanted[StepCode(step.code)]:
            yield f"deal {deal.pk}: step {step.code} done {step.actual_on}, the money differs"


def _quotas_differ() -> Iterator[str]:
    used = dict(
        DealDiscount.objects.filter(discount__quota__isnull=False, deal__status__in=ACTIVE_DEALS)
        .order_by()
        .values("discount_id")
        .annotate(count=Count("id"))
        .values_list("discount_id", "count")
    )
    for pk, said in Discount.objects.filter(quota__isnull=False).values_list("pk", "used"):
        if said != used.get(pk, 0):
            yield f"discount {pk}: used {said}, deals say {used.get(pk, 0)}"


def _numbers_differ() -> Iterator[str]:
    """Each series is as long as the papers that carry its numbers (PRM-03)."""
    for series in NumberSeries.objects.order_by("key"):
        kind, _, rest = series.key.partition("/")
        project_id, _, year = rest.partition("/")
        if kind not in _NUMBERED or not project_id.isdigit():
            continue
        rows: QuerySet[Any] = _NUMBERED[kind].objects.filter(
            project_id=int(project_id), number__contains=f"-{_MARK[kind]}{year}-"
        )
        if rows.count() < series.last:
            yield f"series {series.key}: {series.last} given, {rows.count()} papers"


_NUMBERED: dict[str, type[Receipt | Reservation | Contract]] = {
    "receipt": Receipt,
    "reservation": Reservation,
    "contract": Contract,
}


_MARK = {"receipt": "SJ", "reservation": "RG", "contract": "HT"}
