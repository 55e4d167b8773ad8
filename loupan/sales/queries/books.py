"""Every sum and status of the sales chain recomputed from its lines."""

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum

from loupan.core.calendar import day_bounds
from loupan.core.models import NumberSeries
from loupan.inventory.models import Unit, UnitChange
from loupan.inventory.states import CLAIMED, UnitStatus
from loupan.ledger import queries as ledger
from loupan.ledger.models import Receipt, Receivable
from loupan.parameters.rules.numbers import days_of
from loupan.pricing.models import Discount
from loupan.sales.models import (
    AttachedUnit,
    Buyer,
    Claim,
    Contract,
    Deal,
    DealDiscount,
    Filing,
    Handover,
    ProcessStep,
    ProvisionalReservation,
    Reservation,
    TitleCertificate,
    Unfiling,
)
from loupan.sales.queries.process import money_steps
from loupan.sales.states import ACTIVE_DEALS, ClaimKind, DealStatus, StepCode, UnfilingStatus


def book_differences() -> list[str]:
    """Every sum and status recomputed from its lines; a sentence for each that differs.

    For the office that runs it at night and for tests: U-1, U-3, U-5, U-7, U-8, U-9, allocations,
    reversals, quotas, shares, process dates, gap-free numbers.
    """
    return [
        *_claims_differ(),
        *_statuses_differ(),
        *_deals_differ(),
        *_provisionals_differ(),
        *_verbs_differ(),
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
    claimed: defaultdict[int | None, set[int]] = defaultdict(set)
    for deal_id, unit_id in Claim.objects.filter(is_active=True, deal__isnull=False).values_list(
        "deal_id", "unit_id"
    ):
        claimed[deal_id].add(unit_id)
    attached: defaultdict[int, set[int]] = defaultdict(set)
    for deal_id, unit_id in AttachedUnit.objects.filter(removed_on=None).values_list(
        "deal_id", "unit_id"
    ):
        attached[deal_id].add(unit_id)
    for deal in Deal.objects.only("id", "status", "unit_id"):
        is_active = deal.status in ACTIVE_DEALS
        if bool(claimed[deal.pk]) != is_active:
            yield f"deal {deal.pk}: {deal.status}, its claim is otherwise (U-3)"
        elif is_active and claimed[deal.pk] != {deal.unit_id, *attached[deal.pk]}:
            yield f"deal {deal.pk}: claims {sorted(claimed[deal.pk])}, not all its units (U-9)"


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
    attached = dict(
        AttachedUnit.objects.filter(removed_on=None)
        .order_by()
        .values("deal_id")
        .annotate(whole=Sum("amount"))
        .values_list("deal_id", "whole")
    )
    deals = Deal.objects.select_related("account").prefetch_related("steps").order_by("pk")
    for deal in deals.iterator(chunk_size=500):
        if shares.get(deal.pk) != 1:
            yield f"deal {deal.pk}: shares come to {shares.get(deal.pk)}"
        if deal.attached_total != attached.get(deal.pk, 0):
            yield (
                f"deal {deal.pk}: attached {deal.attached_total}, its lines say "
                f"{attached.get(deal.pk, 0)} (U-9)"
            )
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
    contract = Contract.objects.filter(deal=deal, is_void=False).first()
    if (contract.signed_on if contract else None) != deal.contracted_on:
        yield f"deal {deal.pk}: contracted on {deal.contracted_on}, the contract says otherwise"
    if deal.status not in ACTIVE_DEALS:
        return
    wanted = money_steps(deal)
    for step in deal.steps.all():
        if step.code in wanted and step.actual_on != wanted[StepCode(step.code)]:
            yield f"deal {deal.pk}: step {step.code} done {step.actual_on}, the money differs"


def _provisionals_differ() -> Iterator[str]:
    """The account of a provisional reservation runs as long as its claim and asks for its amount."""
    rows = ProvisionalReservation.objects.select_related("claim", "account").order_by("pk")
    for row in rows.iterator(chunk_size=500):
        runs = row.claim.is_active
        due = sum((line.amount for line in ledger.lines_of(row.account_id)), Decimal(0))
        received = ledger.received_on_account(row.account_id)
        if due != (row.amount if runs else 0):
            yield f"provisional {row.pk}: asks for {due}, agreed {row.amount}, running: {runs}"
        if received > (row.amount if runs else 0):
            yield f"provisional {row.pk}: {received} on it, running: {runs}"
        if bool(row.account.closed_at) == runs:
            yield f"provisional {row.pk}: its account is otherwise"
        if (row.deal_id is not None) != (row.claim.end_reason == "reserved"):
            yield f"provisional {row.pk}: {row.claim.end_reason}, deal {row.deal_id}"
        if ledger.allocated(row.account_id) != ledger.allocation_wanted(row.account_id):
            yield f"provisional {row.pk}: allocations differ from the rules"
    come = Receipt.objects.filter(kind=Receipt.Kind.TRANSFER, amount__gt=0)
    for receipt in come.select_related("carried_from"):
        gone = receipt.carried_from
        if gone is None or gone.kind != Receipt.Kind.TRANSFER or gone.amount != -receipt.amount:
            yield f"receipt {receipt.number}: the transfer does not sum to nothing"
    lost = Receipt.objects.filter(kind=Receipt.Kind.TRANSFER, amount__lt=0, carried_to__isnull=True)
    for receipt in lost:
        yield f"receipt {receipt.number}: carried over to nowhere"


def _verbs_differ() -> Iterator[str]:
    """A filing, a handover and a title are in force exactly while the deal's status says so."""
    handed_over = {DealStatus.HANDED_OVER, DealStatus.TITLED}
    filed = set(Filing.objects.filter(is_active=True).values_list("deal_id", flat=True))
    given = set(Handover.objects.filter(is_active=True).values_list("deal_id", flat=True))
    titled = set(TitleCertificate.objects.values_list("deal_id", flat=True))
    done = {
        (step.deal_id, step.code): step.actual_on is not None
        for step in ProcessStep.objects.filter(
            code__in=[StepCode.FILING, StepCode.HANDOVER, StepCode.TITLE_ISSUED]
        )
    }
    for deal in Deal.objects.only("id", "status").order_by("pk"):
        said = {
            StepCode.FILING: deal.pk in filed,
            StepCode.HANDOVER: deal.pk in given,
            StepCode.TITLE_ISSUED: deal.pk in titled,
        }
        if deal.status == DealStatus.FILED and not said[StepCode.FILING]:
            yield f"deal {deal.pk}: filed, no filing is in force"
        if said[StepCode.FILING] and deal.status not in {DealStatus.FILED, *handed_over}:
            yield f"deal {deal.pk}: {deal.status}, a filing is in force"
        if (deal.status in handed_over) != said[StepCode.HANDOVER]:
            yield f"deal {deal.pk}: {deal.status}, its handover says otherwise"
        if (deal.status == DealStatus.TITLED) != said[StepCode.TITLE_ISSUED]:
            yield f"deal {deal.pk}: {deal.status}, its title says otherwise"
        for code, is_done in said.items():
            if done.get((deal.pk, code.value), is_done) != is_done:
                yield f"deal {deal.pk}: step {code} is otherwise"
    open_requests = Unfiling.objects.filter(status=UnfilingStatus.OPEN, filing__is_active=False)
    for pk in open_requests.values_list("pk", flat=True):
        yield f"unfiling {pk}: waits, but nothing is filed"


def _quotas_differ() -> Iterator[str]:
    used = dict(
        DealDiscount.objects.filter(discount__quota__isnull=False, deal__status__in=ACTIVE_DEALS)
        .order_by()
        .values("discount_id")
        .annotate(count=Count("deal_id", distinct=True))
        .values_list("discount_id", "count")
    )
    for pk, said in Discount.objects.filter(quota__isnull=False).values_list("pk", "used"):
        if said != used.get(pk, 0):
            yield f"discount {pk}: used {said}, deals say {used.get(pk, 0)}"


def _numbers_differ() -> Iterator[str]:
    """Each series is as long as the papers that carry its numbers (PRM-03)."""
    for series in NumberSeries.objects.order_by("key"):
        kind, _, rest = series.key.partition("/")
        project_id, _, period = rest.partition("/")
        if kind not in _NUMBERED or not project_id.isdigit():
            continue
        model, dated = _NUMBERED[kind]
        rows: QuerySet[Any] = model.objects.filter(project_id=int(project_id))
        if period:
            first, after = days_of(period)
            bounds = (
                (day_bounds(first)[0], day_bounds(after)[0])
                if dated.endswith("at")
                else (first, after)
            )
            rows = rows.filter(**{f"{dated}__gte": bounds[0], f"{dated}__lt": bounds[1]})
        if rows.count() < series.last:
            yield f"series {series.key}: {series.last} given, {rows.count()} papers"


# What carries the numbers of a series, and the day that chose the counter.
_NUMBERED: dict[
    str, tuple[type[Receipt | Reservation | Contract | ProvisionalReservation], str]
] = {
    "receipt": (Receipt, "recorded_at"),
    "provisional": (ProvisionalReservation, "at"),
    "reservation": (Reservation, "reserved_on"),
    "contract": (Contract, "signed_on"),
}
