"""A unit is kept for some days for a small refundable amount (小订: T8, T9, AFF-02)."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import NAMESPACE_URL, UUID, uuid5

from loupan.core import audit
from loupan.core.calendar import business_day
from loupan.core.db import writes
from loupan.core.money import AMOUNT_LIMIT, FEN, ZERO
from loupan.core.numbering import next_count
from loupan.customers.queries import customers_for
from loupan.inventory.actions.units import ensure_saleable, move_unit
from loupan.inventory.models import Unit
from loupan.ledger import queries as ledger
from loupan.ledger.actions import receipts
from loupan.ledger.actions.schedules import (
    DueLine,
    open_account,
    post_schedule,
    replace_schedule,
)
from loupan.ledger.models import Account, MoneyType, PaymentMethod, Receipt
from loupan.org.models import User
from loupan.org.permissions import require
from loupan.parameters.queries.book import book_of
from loupan.pricing.queries.book import price_book_of
from loupan.sales import errors
from loupan.sales.actions.claims import end_claim, ensure_obtainable, take_unit
from loupan.sales.actions.process import mark_money
from loupan.sales.models import Claim, Deal, ProvisionalReservation, ProvisionalWithdrawal
from loupan.sales.parameters import PROVISIONAL
from loupan.sales.states import ClaimKind


@writes
def reserve_provisionally(
    *,
    unit_id: int,
    customer_id: int,
    by: User,
    at: datetime,
    amount: Decimal | None = None,
    days: int | None = None,
) -> ProvisionalReservation:
    """Keep a unit for one customer for some days against a small refundable amount (T8, SAL-09).

    Amount (yuan) and days not given are those of the project.  The money falls due the same day on
    an account of its own; it offsets the deposit when the unit is reserved for that customer.
    Raises UnitNotAvailable, PermitMissing, UnitSealed, AreaMissing, ListPriceMissing,
    CustomerUnknown, ProvisionalTooLong, ProvisionalAmountMissing.
    """
    unit, claim = take_unit(unit_id=unit_id, at=at)
    require(by, "sales.reserve_provisionally", unit.project_id)
    ensure_obtainable(
        unit=unit, claim=claim, verb="reserve_provisionally", by=by, customer_ids=[customer_id]
    )
    today = business_day(at)
    ensure_saleable(unit=unit, on=today)
    policy = price_book_of(unit).policy
    days = policy.provisional_days if days is None else days
    if not 1 <= days <= policy.provisional_days:
        raise errors.ProvisionalTooLong(days=policy.provisional_days)
    amount = policy.provisional_amount if amount is None else amount
    if not (amount.is_finite() and ZERO < amount <= AMOUNT_LIMIT and amount % FEN == 0):
        raise errors.ProvisionalAmountMissing
    customer = customers_for(by).filter(pk=customer_id, project_id=unit.project_id).first()
    if customer is None:
        raise errors.CustomerUnknown
    if claim:
        end_claim(claim=claim, reason="provisional", at=at)
    consultant_id = customer.owner_id or by.pk
    account = open_account(
        project_id=unit.project_id, label=unit.number, owner_id=consultant_id, at=at
    )
    due = DueLine(1, MoneyType.ADVANCE_PAYMENT, amount, today)
    post_schedule(account=account, lines=[due], at=at)
    until = at + timedelta(days=days)
    made = ProvisionalReservation.objects.create(
        unit=unit,
        project_id=unit.project_id,
        claim=Claim.objects.create(
            unit=unit,
            kind=ClaimKind.PROVISIONAL,
            holder=by,
            customer=customer,
            made_at=at,
            expires_at=until,
        ),
        account=account,
        customer=customer,
        consultant_id=consultant_id,
        number=_number(unit, today),
        amount=amount,
        made_on=today,
        by=by,
        at=at,
    )
    before = unit.status
    move_unit(
        unit=unit, verb="reserve_provisionally", by=by, at=at, claim_until=until,
        claim_label=str(by),
    )  # fmt: skip
    audit.record(
        "sales.provisional.made",
        made,
        by=by,
        at=at,
        before={"status": before},
        after={"status": unit.status},
        number=made.number,
        unit=unit.number,
        amount=amount,
        until=until,
        customer_id=customer.pk,
    )
    return made


@writes
def record_provisional_receipt(
    *,
    provisional_id: int,
    amount: Decimal,
    method: str,
    received_on: date,
    request_key: UUID,
    by: User,
    at: datetime,
    bank_account_id: int | None = None,
    payer: str = "",
    slip_number: str = "",
) -> Receipt:
    """Take the money of a provisional reservation; without a payer it is the customer.

    Never more than was agreed.  Raises ProvisionalEnded, ProvisionalOverpaid and what the ledger's
    own raises.
    """
    provisional, _unit, account = _locked(provisional_id)
    require(by, "ledger.record_receipt", provisional.project_id)
    if not Receipt.objects.filter(request_key=request_key).exists():
        _ensure_running(provisional)
        outstanding = provisional.amount - ledger.received_on_account(account.pk)
        if amount > outstanding:
            raise errors.ProvisionalOverpaid(outstanding=outstanding)
    return receipts.record_receipt(
        account_id=account.pk,
        amount=amount,
        method=method,
        received_on=received_on,
        request_key=request_key,
        by=by,
        at=at,
        money_type=MoneyType.ADVANCE_PAYMENT,
        bank_account_id=bank_account_id,
        payer=payer or provisional.customer.name,
        slip_number=slip_number,
    )


@writes
def withdraw_provisional(
    *,
    provisional_id: int,
    reason: str,
    request_key: UUID,
    by: User,
    at: datetime,
    method: str = PaymentMethod.TRANSFER,
) -> ProvisionalWithdrawal:
    """End a provisional reservation: all its money goes back, the unit is offered again (AFF-02).

    Whoever made it does not pay it back.  Raises ProvisionalEnded, ReasonMissing, OwnProvisional.
    """
    provisional, unit, account = _locked(provisional_id)
    require(by, "sales.end_provisional", provisional.project_id)
    _ensure_running(provisional)
    if not reason.strip():
        raise errors.ReasonMissing
    received = ledger.received_on_account(account.pk)
    if received and provisional.by_id == by.pk:
        raise errors.OwnProvisional
    replace_schedule(account=account, lines=[], reason="withdrawal", at=at)
    end_claim(claim=provisional.claim, reason="withdrawn", at=at)
    before = unit.status
    move_unit(unit=unit, verb="end_provisional", by=by, at=at, reason=reason)
    receipts.pay_back(
        account=account, refund=received, kept=ZERO, method=method, reason=reason,
        request_key=request_key, by=by, at=at,
    )  # fmt: skip
    withdrawal = ProvisionalWithdrawal.objects.create(
        provisional=provisional, reason=reason, refunded=received, by=by, at=at
    )
    audit.record(
        "sales.provisional.withdrawn",
        provisional,
        by=by,
        at=at,
        before={"status": before},
        after={"status": unit.status},
        reason=reason,
        refunded=received,
    )
    return withdrawal


@writes
def convert_provisionals(
    *, claims: Iterable[Claim | None], deal: Deal, by: User, at: datetime
) -> None:
    """Part: what was paid for keeping these units now pays the deal they went into (ORC-17).

    It offsets the deposit first, then what is due next.  The units are locked and the claims ended.
    """
    account: Account | None = None
    for claim in claims:
        if claim is None or claim.kind != ClaimKind.PROVISIONAL:
            continue
        found = ProvisionalReservation.objects.get(claim=claim)
        source = Account.objects.locked().select_related("project").get(pk=found.account_id)
        account = account or Account.objects.locked().select_related("project").get(
            pk=deal.account_id
        )
        replace_schedule(account=source, lines=[], reason="reserved", at=at)
        receipts.carry_over(
            source=source,
            target=account,
            reason=found.number,
            request_key=uuid5(NAMESPACE_URL, f"provisional/{found.pk}"),
            by=by,
            at=at,
        )
        found.deal = deal
        found.save(update_fields=["deal"])
        audit.record(
            "sales.provisional.converted", found, by=by, at=at, number=found.number,
            deal_id=deal.pk,
        )  # fmt: skip
    if account:
        mark_money(deal=deal)


def _locked(provisional_id: int) -> tuple[ProvisionalReservation, Unit, Account]:
    """House lock order: unit, then account."""
    unit_id = ProvisionalReservation.objects.values_list("unit_id", flat=True).get(
        pk=provisional_id
    )
    unit = Unit.objects.locked().get(pk=unit_id)
    found = ProvisionalReservation.objects.select_related("claim", "customer").get(
        pk=provisional_id
    )
    account = Account.objects.locked().select_related("project").get(pk=found.account_id)
    return found, unit, account


def _ensure_running(provisional: ProvisionalReservation) -> None:
    if not provisional.claim.is_active:
        raise errors.ProvisionalEnded(number=provisional.number)


def _number(unit: Unit, day: date) -> str:
    book = book_of(unit.project_id)
    count = next_count(book.series_key(PROVISIONAL.code, unit.project_id, day))
    return book.number(PROVISIONAL.code, count, day, project=unit.project.code)
