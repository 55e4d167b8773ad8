"""Money in, money back. Every line is new; a mistake is answered by its opposite."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid5

from loupan.core import audit
from loupan.core.calendar import business_day
from loupan.core.db import writes
from loupan.core.money import AMOUNT_LIMIT, FEN, ZERO
from loupan.core.numbering import next_count
from loupan.core.refusals import KeyReused
from loupan.ledger import errors, queries
from loupan.ledger.actions.allocations import reallocate
from loupan.ledger.models import (
    LOAN_TYPES,
    Account,
    BankAccount,
    MoneyType,
    PaymentMethod,
    Receipt,
)
from loupan.ledger.parameters import RECEIPT
from loupan.org.models import Project, User
from loupan.org.permissions import require
from loupan.parameters.queries.book import book_of

EARLIEST_BEFORE_OPENING = timedelta(days=366)


@writes
def record_receipt(
    *,
    account_id: int,
    amount: Decimal,
    method: str,
    received_on: date,
    request_key: UUID,
    by: User,
    at: datetime,
    money_type: str = "",
    bank_account_id: int | None = None,
    payer: str = "",
    slip_number: str = "",
) -> Receipt:
    """Take money from a customer and settle what is due with it (DOMAIN 2.5.3).

    Without a money type it is house money.  A receipt dated before others re-runs the allocation of
    the whole account.  A repeat with the same request_key returns the first receipt.  Raises
    AccountClosed, AmountNotPositive, ReceivedInFuture, ReceivedTooEarly, NoSuchDue,
    LoanMoneyNeedsLoanLine, BankAccountNotUsable, KeyReused.
    """
    account = Account.objects.locked().select_related("project").get(pk=account_id)
    require(by, "ledger.record_receipt", account.project_id)
    if earlier := Receipt.objects.filter(request_key=request_key).first():
        if (earlier.account_id, earlier.amount, earlier.received_on) != (
            account_id,
            amount,
            received_on,
        ):
            raise KeyReused
        return earlier
    _ensure_sound(account, amount, received_on, today=business_day(at))
    _ensure_due(account, money_type, method)
    receipt = Receipt.objects.create(
        account=account,
        project_id=account.project_id,
        number=_next_number(account.project, at),
        kind=Receipt.Kind.RECEIPT,
        amount=amount,
        money_type=money_type,
        method=method,
        bank_account=_bank_account(account, bank_account_id, method),
        payer=payer,
        slip_number=slip_number,
        received_on=received_on,
        recorded_at=at,
        by=by,
        request_key=request_key,
    )
    reallocate(account=account, at=at)
    audit.record(
        "ledger.receipt.recorded",
        receipt,
        by=by,
        at=at,
        number=receipt.number,
        amount=amount,
        received_on=received_on,
        account=account.label,
    )
    return receipt


@writes
def reverse_receipt(*, receipt_id: int, reason: str, by: User, at: datetime) -> Receipt:
    """Answer a wrong receipt by its opposite on a new number (红冲); the original stays.

    What it had settled is open again.  Returns the reversal.  Raises ReceiptAlreadyReversed,
    OnlyReceiptsAreReversed, AccountClosed, ReasonMissing.
    """
    account_id = Receipt.objects.values_list("account_id", flat=True).get(pk=receipt_id)
    account = Account.objects.locked().select_related("project").get(pk=account_id)
    require(by, "ledger.reverse_receipt", account.project_id)
    original = Receipt.objects.get(pk=receipt_id)
    if not reason.strip():
        raise errors.ReasonMissing
    if original.kind != Receipt.Kind.RECEIPT:
        raise errors.OnlyReceiptsAreReversed(
            receipt=original.number, kind=original.get_kind_display()
        )
    if earlier := original.corrections.filter(kind=Receipt.Kind.REVERSAL).first():
        raise errors.ReceiptAlreadyReversed(receipt=original.number, by=earlier.number)
    if account.closed_at:
        raise errors.AccountClosed(account=account)
    reversal = Receipt.objects.create(
        account=account,
        project_id=account.project_id,
        number=_next_number(account.project, at),
        kind=Receipt.Kind.REVERSAL,
        amount=-original.amount,
        money_type=original.money_type,
        method=original.method,
        bank_account_id=original.bank_account_id,
        payer=original.payer,
        received_on=business_day(at),
        recorded_at=at,
        by=by,
        corrects=original,
        reason=reason,
        request_key=uuid5(original.request_key, "reversal"),
    )
    reallocate(account=account, at=at)
    audit.record(
        "ledger.receipt.reversed",
        original,
        by=by,
        at=at,
        number=reversal.number,
        amount=original.amount,
        reason=reason,
    )
    return reversal


@writes
def pay_back(
    *,
    account: Account,
    refund: Decimal,
    kept: Decimal,
    method: str,
    reason: str,
    request_key: UUID,
    by: User,
    at: datetime,
) -> list[Receipt]:
    """Part: end an account by refund and forfeiture lines that leave nothing received on it.

    The schedule was taken back before.  Raises RefundNotWithinReceived.
    """
    received = queries.received_on_account(account.pk)
    if refund < 0 or kept < 0 or refund + kept != received:
        raise errors.RefundNotWithinReceived(received=received)
    made = []
    for kind, amount in ((Receipt.Kind.REFUND, refund), (Receipt.Kind.FORFEIT, kept)):
        if not amount:
            continue
        made.append(
            Receipt.objects.create(
                account=account,
                project_id=account.project_id,
                number=_next_number(account.project, at),
                kind=kind,
                amount=-amount,
                method=method,
                received_on=business_day(at),
                recorded_at=at,
                by=by,
                reason=reason,
                request_key=uuid5(request_key, kind.value),
            )
        )
    account.closed_at = at
    account.save(update_fields=["closed_at"])
    return made


@writes
def carry_over(
    *,
    source: Account,
    target: Account,
    reason: str,
    request_key: UUID,
    by: User,
    at: datetime,
) -> list[Receipt]:
    """Part: all that was received on one account moves to another, and the first one ends (ORC-17).

    Two lines that sum to nothing: no money comes in or goes out.  Both accounts are locked; what
    the first one asked for was taken back before.  Returns the pair, none where there is no money.
    """
    amount = queries.received_on_account(source.pk)
    source.closed_at = at
    source.save(update_fields=["closed_at"])
    if not amount:
        return []
    last = (
        Receipt.objects.filter(account=source, kind=Receipt.Kind.RECEIPT, corrections=None)
        .order_by("received_on", "id")
        .last()
    )
    assert last is not None, source.pk
    day = max(business_day(at), last.received_on)
    common = {
        "kind": Receipt.Kind.TRANSFER,
        "method": last.method,
        "bank_account_id": last.bank_account_id,
        "payer": last.payer,
        "received_on": day,
        "recorded_at": at,
        "by": by,
        "reason": reason,
    }
    gone = Receipt.objects.create(
        account=source,
        project_id=source.project_id,
        number=_next_number(source.project, at),
        amount=-amount,
        money_type=MoneyType.ADVANCE_PAYMENT,
        request_key=uuid5(request_key, "out"),
        **common,
    )
    come = Receipt.objects.create(
        account=target,
        project_id=target.project_id,
        number=_next_number(target.project, at),
        amount=amount,
        carried_from=gone,
        request_key=uuid5(request_key, "in"),
        **common,
    )
    reallocate(account=target, at=at)
    audit.record(
        "ledger.receipt.carried_over",
        come,
        by=by,
        at=at,
        number=come.number,
        amount=amount,
        account=source.label,
        reason=reason,
    )
    return [gone, come]


def _ensure_sound(account: Account, amount: Decimal, received_on: date, *, today: date) -> None:
    if account.closed_at:
        raise errors.AccountClosed(account=account)
    if not (amount.is_finite() and ZERO < amount <= AMOUNT_LIMIT and amount % FEN == 0):
        raise errors.AmountNotPositive
    if received_on > today:
        raise errors.ReceivedInFuture(day=received_on)
    if received_on < business_day(account.opened_at) - EARLIEST_BEFORE_OPENING:
        raise errors.ReceivedTooEarly(day=received_on)


def _ensure_due(account: Account, money_type: str, method: str) -> None:
    """Loan money must say which, and what is said must be a kind of the schedule in force."""
    if method == PaymentMethod.LOAN and money_type not in LOAN_TYPES:
        raise errors.LoanMoneyNeedsLoanLine
    if not money_type:
        return
    due = {line.money_type for line in queries.live_lines().filter(account=account)}
    if money_type not in due:
        raise errors.NoSuchDue(money_type=MoneyType(money_type).label)


def _bank_account(account: Account, wanted: int | None, method: str) -> BankAccount | None:
    usable = queries.bank_accounts_of(account)
    if wanted is not None:
        found = usable.filter(pk=wanted).first()
        if found is None:
            raise errors.BankAccountNotUsable
        return found
    return None if method == PaymentMethod.CASH else usable.first()


def _next_number(project: Project, at: datetime) -> str:
    book, day = book_of(project.pk), business_day(at)
    count = next_count(book.series_key(RECEIPT.code, project.pk, day))
    return book.number(RECEIPT.code, count, day, project=project.code)
