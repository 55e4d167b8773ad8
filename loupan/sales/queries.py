"""Every read of the sales chain. A list begins with one of the `…_for(viewer)` and nothing else."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Count, F, OuterRef, Prefetch, Q, QuerySet, Subquery, Sum
from django.utils.timezone import localtime

from loupan.core.calendar import business_day
from loupan.core.formatting import area_text, money_text, rate_text
from loupan.core.identity import mask_id_number
from loupan.core.models import AuditEvent, NumberSeries
from loupan.core.words import amount_in_words
from loupan.customers.models import Customer
from loupan.customers.queries import customers_for
from loupan.documents import queries as documents
from loupan.documents.models import PaperKind, Printing
from loupan.documents.queries import qr_of
from loupan.documents.rules.papers import FORMS
from loupan.inventory.models import Unit, UnitChange
from loupan.inventory.queries.units import changes_of
from loupan.inventory.states import CLAIMED, UnitStatus
from loupan.ledger import queries as ledger
from loupan.ledger.models import LOAN_TYPES, MoneyType, PaymentMethod, Receipt, Receivable
from loupan.org.models import Project, User
from loupan.pricing.models import Discount, DownPaymentRule, PaymentPlan
from loupan.pricing.queries import (
    Offer,
    OfferLine,
    PriceBook,
    offer_lines,
    price_book,
    refusal_of,
    schedule_of,
)
from loupan.pricing.rules import deal_price, discounts, list_price
from loupan.pricing.rules.payment_plan import Schedule
from loupan.pricing.rules.tracing import PricingProblem
from loupan.sales import errors, rules
from loupan.sales.models import (
    Buyer,
    Claim,
    Contract,
    Deal,
    DealDiscount,
    ProcessStep,
    Quote,
    Reservation,
)
from loupan.sales.states import ACTIVE_DEALS, DEAL, ClaimKind, StepCode

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


def not_available(unit: Unit, claim: Claim | None) -> errors.UnitNotAvailable:
    """The sentence that says who has a unit and since when, never for whom (U-1)."""

    def shown(instant: datetime | None) -> str:
        return localtime(instant).strftime("%Y-%m-%d %H:%M") if instant else ""

    return errors.UnitNotAvailable(
        unit=unit,
        status=unit.get_status_display(),
        holder=claim.holder if claim else "",
        since=shown(claim.made_at) if claim else "",
        until=shown(claim.expires_at) if claim else "",
    )


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


# --- Before a contract is signed ------------------------------------------------------------------


def signing_discounts(deal: Deal) -> list[str]:
    """Names of the deal's discounts that are lost when it is signed after the sign-by day."""
    return [item.name for item in deal.discounts.all() if item.is_for_signing_on_time]


def price_without_signing_discounts(deal: Deal, book: PriceBook) -> deal_price.Priced:
    """The deal's own snapshot priced again without what was for signing on time (2.3.1 e)."""
    items = tuple(
        discounts.DiscountItem(
            code=f"{item.seq}",
            name=item.name,
            kind=discounts.DiscountKind(item.kind),
            form=discounts.DiscountForm(item.form),
            value=item.amount_or_rate,
            order=item.seq,
        )
        for item in deal.discounts.all()
        if not item.is_for_signing_on_time
    )
    return deal_price.price_deal(
        deal_price.PriceInput(
            list_total=deal.list_total,
            built_area=deal.built_area,
            inner_area=deal.inner_area,
            items=items,
            basis=list_price.Basis(deal.price_basis),
            stack_mode=discounts.StackMode(book.policy.stack_mode),
            round_each_step=book.policy.round_each_step,
            identity_best_only=book.policy.identity_best_only,
            precision=book.precision,
        )
    )


def schedule_when_signed(
    deal: Deal, signed_on: date, deal_total: Decimal, book: PriceBook
) -> Schedule:
    """The payments of a deal once its contract is signed on that day. Raises what price_for raises."""
    try:
        return schedule_of(
            book.plans.get(deal.payment_plan_id, deal.payment_plan),
            deal_total=deal_total,
            deposit=deal.deposit,
            reserved_on=deal.reserved_on,
            contracted_on=signed_on,
            precision=book.precision,
        )
    except PricingProblem as problem:
        raise refusal_of(problem) from problem


@dataclass(frozen=True)
class Signing:
    """What signing on a day would make of a deal, and what still stands in its way; yuan."""

    deal_total: Decimal
    lost: list[str]
    lines: tuple[OfferLine, ...]
    received: Decimal
    needed: Decimal
    unidentified: list[Buyer]


def signing_preview(deal: Deal, sign_by: date, signed_on: date) -> Signing:
    """The contract as it would be: price, due dates, deposit, buyers without an ID number."""
    book = price_book(deal.project_id)
    lost = signing_discounts(deal) if signed_on > sign_by else []
    total = price_without_signing_discounts(deal, book).deal_total if lost else deal.deal_total
    needed = deal.deposit
    if book.policy.down_payment_rule == DownPaymentRule.FULL_DOWN_PAYMENT:
        lines = ledger.lines_of(deal.account_id)
        needed = sum(
            (line.amount for line in lines if line.money_type in DOWN_PAYMENT_TYPES), Decimal(0)
        )
    buyers = deal.buyers.select_related("customer__person").order_by("seq", "id")
    return Signing(
        deal_total=total,
        lost=lost,
        lines=offer_lines(schedule_when_signed(deal, signed_on, total, book)),
        received=ledger.received_on_account(deal.account_id),
        needed=needed,
        unidentified=[b for b in buyers if not (b.customer.name and b.customer.person.id_index)],
    )


def contract_series(deal: Deal, day: date) -> tuple[str, str]:
    """Key and prefix of the numbers that contracts of that day's year bear (PRM-03)."""
    return f"contract/{deal.project_id}/{day.year}", f"{deal.project.code}-HT{day.year}-"


def next_contract_number(deal: Deal, day: date) -> str:
    """The number the series would give now; another desk may take it first."""
    key, prefix = contract_series(deal, day)
    last = NumberSeries.objects.filter(key=key).values_list("last", flat=True).first() or 0
    return f"{prefix}{last + 1:04d}"


# --- What happened to a deal ------------------------------------------------------------------------


def history_of_deal(page: DealPage) -> list[AuditEvent]:
    """Everything written down about a deal, its papers and its money, newest first (UX 5)."""
    subjects: dict[str, list[int]] = {
        "sales.deal": [page.deal.pk],
        "sales.reservation": [page.reservation.pk] if page.reservation else [],
        "sales.contract": [page.contract.pk] if page.contract else [],
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


# --- Books ------------------------------------------------------------------------------------------


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


# --- One unit on the board --------------------------------------------------------------------------


@dataclass(frozen=True)
class UnitSheet:
    """What the side panel of the board shows of one unit to one person (UX 3)."""

    unit: Unit
    claim: Claim | None
    # Only where the customer of the claim is the viewer's own to see.
    claim_customer: Customer | None
    deal: Deal | None
    steps: list[tuple[ProcessStep, rules.Light]]
    received: Decimal
    floor_prices: bool
    quotes: list[Quote]
    changes: list[UnitChange]


def unit_sheet(unit: Unit, viewer: User, on: date) -> UnitSheet:
    """A unit with its claim, its deal if that is within reach, its lights as of `on`, its last moves."""
    claim = (
        Claim.objects.filter(unit_id=unit.pk, is_active=True)
        .select_related("holder", "customer")
        .first()
        if unit.status in CLAIMED
        else None
    )
    customer = claim.customer if claim else None
    if customer and not customers_for(viewer).filter(pk=customer.pk).exists():
        customer = None
    deal = (
        deals_for(viewer).prefetch_related("steps").filter(pk=claim.deal_id).first()
        if claim and claim.deal_id
        else None
    )
    return UnitSheet(
        unit=unit,
        claim=claim,
        claim_customer=customer,
        deal=deal,
        steps=[(step, light_of(step, on)) for step in deal.steps.all()] if deal else [],
        received=ledger.received_on_account(deal.account_id) if deal else Decimal("0.00"),
        floor_prices=viewer.may("inventory.read_floor_price", unit.project_id),
        quotes=list(quotes_for(viewer).filter(unit=unit)[:3]),
        changes=list(changes_of(unit)[:4]),
    )


def released_on(project_id: int, unit_ids: Sequence[int] | None = None) -> dict[int, date]:
    """When units were first offered, by id, read without models: a board has thousands."""
    sql = (
        "SELECT id, first_released_on FROM inventory_unit"
        " WHERE project_id = %s AND first_released_on IS NOT NULL"
    )
    given: list[Any] = [project_id]
    if unit_ids is not None:
        sql += f" AND id IN ({', '.join(['%s'] * len(unit_ids)) or 'NULL'})"
        given += unit_ids
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        return {
            pk: date.fromisoformat(day) if isinstance(day, str) else day
            for pk, day in cursor.fetchall()
        }


# --- What stands on papers --------------------------------------------------------------------------

# Papers are Chinese legal forms in every language of the interface; their words are part of the form.
MONEY_WORDS = {
    MoneyType.DEPOSIT: "定金",
    MoneyType.DOWN_PAYMENT: "首付款",
    MoneyType.INSTALMENT: "分期款",
    MoneyType.COMMERCIAL_LOAN: "商业贷款",
    MoneyType.PROVIDENT_LOAN: "公积金贷款",
    MoneyType.BALANCE: "余款",
    MoneyType.PENALTY: "违约金",
}
METHOD_WORDS = {
    PaymentMethod.CASH: "现金",
    PaymentMethod.POS: "刷卡",
    PaymentMethod.TRANSFER: "转账",
    PaymentMethod.CHEQUE: "支票",
    PaymentMethod.QR: "扫码",
    PaymentMethod.LOAN: "贷款发放",
}
RECEIPT_TITLES = {
    Receipt.Kind.RECEIPT: "收据",
    Receipt.Kind.REFUND: "退款单",
    Receipt.Kind.REVERSAL: "红字收据",
    Receipt.Kind.FORFEIT: "违约金确认单",
}


def sees_full_numbers(viewer: User, project_id: int) -> bool:
    """Whether papers printed by this person carry whole ID numbers: who signs contracts, or reveals."""
    return viewer.may("customers.reveal_id", project_id) or viewer.may(
        "sales.sign_contract", project_id
    )


def buyer_words(
    customer: Customer, share: Decimal, viewer: User, project_id: int
) -> dict[str, str]:
    """A party as it stands on a paper, numbers masked unless the printer may see them."""
    number = customer.person.id_number
    if not sees_full_numbers(viewer, project_id):
        number = mask_id_number(number)
    full = viewer.may("customers.reveal_phone", project_id)
    phone = next((p.number if full else p.masked for p in customer.phones.all()), "")
    return {
        "name": customer.name,
        "id_number": number,
        "phone": phone,
        "share": rate_text(share),
    }


def schedule_words(lines: Iterable[ledger.Line | OfferLine]) -> list[dict[str, str]]:
    return [
        {
            "money_type": MONEY_WORDS[MoneyType(line.money_type)],
            "amount": money_text(line.amount),
            "due_on": line.due_on.isoformat() if line.due_on else "",
            "note": line.note,
        }
        for line in lines
    ]


def _price_words(priced: Deal | Offer, unit: Unit, plan_name: str) -> dict[str, Any]:
    permit = unit.building.permit
    return {
        "company": unit.project.company.name,
        "project": unit.project.name,
        "unit": unit.number,
        "permit": permit.number if permit else "",
        "built_area": area_text(priced.built_area),
        "inner_area": area_text(priced.inner_area),
        "list_total": money_text(priced.list_total),
        "overall_rate": rate_text(priced.overall_rate),
        "deal_total": money_text(priced.deal_total),
        "deal_total_in_words": amount_in_words(priced.deal_total),
        "deal_unit_price": money_text(priced.deal_unit_price),
        "plan": plan_name,
        "deposit": money_text(priced.deposit),
        "deposit_in_words": amount_in_words(priced.deposit),
    }


def deal_fields(
    deal: Deal, viewer: User, *, address: str, foot: str, mark: str = ""
) -> dict[str, Any]:
    """The merge fields of the reservation agreement and the contract of a deal.

    The agreement stands as it was made: its schedule is that in force, its price that of the deal.
    `address` is the absolute address of the record, drawn as a QR code.
    """
    unit = Unit.objects.select_related("project__company", "building__permit").get(pk=deal.unit_id)
    reservation = Reservation.objects.filter(deal=deal).first()
    contract = Contract.objects.filter(deal=deal).first()
    buyers = (
        deal.buyers.select_related("customer__person")
        .prefetch_related("customer__phones")
        .order_by("seq", "id")
    )
    return {
        **_price_words(deal, unit, deal.payment_plan.name),
        "reservation_number": reservation.number if reservation else "",
        "reserved_on": deal.reserved_on.isoformat(),
        "sign_by": reservation.sign_by.isoformat() if reservation else "",
        "contract_number": contract.number if contract else "",
        "signed_on": contract.signed_on.isoformat() if contract else "",
        "terms": contract.terms if contract else "",
        "buyers": [buyer_words(row.customer, row.share, viewer, deal.project_id) for row in buyers],
        "schedule": schedule_words(ledger.lines_of(deal.account_id)),
        "qr": qr_of(address) if address else "",
        "foot": foot,
        "mark": mark,
    }


def offer_fields(
    offer: Offer, unit: Unit, buyers: Iterable[tuple[Customer, Decimal]], viewer: User
) -> dict[str, Any]:
    """The same for a reservation that is still being written: for its print preview."""
    there = Unit.objects.select_related("project__company", "building__permit").get(pk=unit.pk)
    return {
        **_price_words(offer, there, offer.plan_name),
        "reservation_number": "",
        "reserved_on": offer.reserve_on.isoformat(),
        "sign_by": offer.sign_by.isoformat(),
        "buyers": [buyer_words(who, share, viewer, unit.project_id) for who, share in buyers],
        "schedule": schedule_words(offer.schedule),
        "qr": "",
        "foot": "草稿",
        "mark": "草稿",
    }


def receipt_fields(
    receipt: Receipt, deal: Deal, *, address: str, foot: str, mark: str = ""
) -> dict[str, Any]:
    """The merge fields of a receipt, a refund or a reversal; nothing on it is ever altered."""
    parts: dict[int, Decimal] = {}
    for share in receipt.allocations.all():
        parts[share.receivable_id] = parts.get(share.receivable_id, Decimal(0)) + share.amount
    lines = Receivable.objects.in_bulk(list(parts))
    account = receipt.bank_account
    return {
        "title": RECEIPT_TITLES[Receipt.Kind(receipt.kind)],
        "company": deal.project.company.name,
        "number": receipt.number,
        "received_on": receipt.received_on.isoformat(),
        "payer": receipt.payer,
        "unit": f"{deal.project.name} {deal.unit.number}",
        "amount": money_text(receipt.amount),
        "amount_in_words": amount_in_words(receipt.amount),
        "method": METHOD_WORDS[PaymentMethod(receipt.method)],
        "account": f"{account.name} {account.bank} {account.number}" if account else "—",
        "cashier": str(receipt.by),
        "reason": receipt.reason,
        "allocations": [
            {
                "money_type": MONEY_WORDS[MoneyType(lines[pk].money_type)],
                "due_on": f"{lines[pk].due_on or ''}",
                "amount": money_text(amount),
            }
            for pk, amount in parts.items()
            if amount
        ],
        "qr": qr_of(address) if address else "",
        "foot": foot,
        "mark": mark,
    }


# --- Quotes -----------------------------------------------------------------------------------------


def quote_fields(
    quotes: Sequence[Quote], unit: Unit, viewer: User, *, address: str, foot: str, mark: str = ""
) -> dict[str, Any]:
    """The merge fields of a purchase plan: one unit under several plans, as it was quoted (SAL-26)."""
    first = quotes[0]
    project = Project.objects.select_related("company").get(pk=unit.project_id)
    names = PaymentPlan.objects.in_bulk([quote.payment_plan_id for quote in quotes])
    return {
        "company": project.company.name,
        "project": project.name,
        "number": f"{project.code}-ZY-{first.pk}",
        "unit": unit.number,
        "customer": first.customer.name if first.customer else "",
        "built_area": area_text(unit.built_area),
        "inner_area": area_text(unit.inner_area),
        "list_total": money_text(first.list_total),
        "consultant": str(viewer),
        "valid_until": first.valid_until.isoformat(),
        "plans": [
            {
                "plan": names[quote.payment_plan_id].name,
                "deal_total": money_text(quote.deal_total),
                "deal_unit_price": money_text(quote.deal_unit_price),
                "overall_rate": rate_text(quote.overall_rate),
                "schedule": [
                    {
                        "money_type": MONEY_WORDS[MoneyType(line["money_type"])],
                        "amount": money_text(Decimal(line["amount"])),
                        "due_on": line["due_on"] or "",
                        "note": "",
                    }
                    for line in quote.schedule
                ],
            }
            for quote in quotes
        ],
        "qr": qr_of(address) if address else "",
        "foot": foot,
        "mark": mark,
    }


# --- Papers as files --------------------------------------------------------------------------------


def mark_of(copy_no: int) -> str:
    """What a reprint bears: the first copy nothing, the later ones their number."""
    return f"副本 第{copy_no}份" if copy_no > 1 else ""


def paper_record(deal: Deal, kind: str) -> Reservation | Contract | None:
    """What a paper of this kind is about; None while the deal has no such thing."""
    if kind == PaperKind.RESERVATION_AGREEMENT:
        return Reservation.objects.filter(deal=deal).first()
    return Contract.objects.filter(deal=deal).first() if kind == PaperKind.CONTRACT else None


def paper_file(kind: str, form: str, project: Project, fields: Mapping[str, Any]) -> bytes:
    """The built-in form as PDF, or the office's Word template filled in."""
    if form == "docx":
        return documents.docx_of(kind, project, fields)
    return documents.pdf_of(FORMS[kind](fields))
