"""Money on a deal: allocated, once per key, sensible, and answered by its opposite when wrong."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection

from loupan.core.db import writes
from loupan.core.refusals import KeyReused
from loupan.ledger import errors
from loupan.ledger.models import Allocation, Receipt
from loupan.ledger.queries import balance_of, lines_of
from loupan.ledger.testing import a_bank_account
from loupan.sales.actions.money import reverse_receipt
from loupan.sales.models import Deal
from loupan.sales.testing import (
    RESERVED_AT,
    SIGNED_AT,
    Office,
    a_contract,
    a_receipt,
    a_reservation,
    an_office,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Office:
    return an_office()


@pytest.fixture
def deal(office: Office) -> Deal:
    return a_contract(office, a_reservation(office)).deal


def received(deal: Deal) -> list[Decimal]:
    return [line.received for line in lines_of(deal.account_id)]


def step(deal: Deal, code: str) -> Any:
    return deal.steps.get(code=code).actual_on


def test_money_settles_the_oldest_line_first_and_the_rest_waits(office: Office, deal: Deal) -> None:
    receipt = a_receipt(office, deal, amount="400000", at=SIGNED_AT)
    assert received(deal) == [50000, 389160, 0]
    assert balance_of(deal.account_id, SIGNED_AT.date()).unallocated == 10840
    assert receipt.number == f"{office.project.code}-SJ2025-00002"
    assert (receipt.payer, receipt.bank_account) == ("陈晓雨", office.bank_account)


def test_loan_money_settles_loan_lines_only(office: Office, deal: Deal) -> None:
    a_receipt(
        office, deal, amount="1020000", at=SIGNED_AT, method="loan", money_type="commercial_loan"
    )
    assert received(deal) == [50000, 0, 1020000]
    with pytest.raises(errors.LoanMoneyNeedsLoanLine):
        a_receipt(office, deal, amount="1", at=SIGNED_AT, method="loan")


def test_a_kind_of_money_that_is_not_due_is_refused(office: Office) -> None:
    deal = a_reservation(office).deal
    with pytest.raises(errors.NoSuchDue):
        a_receipt(office, deal, amount="1", money_type="penalty")


def test_money_completes_the_steps_that_wait_for_it(office: Office, deal: Deal) -> None:
    a_receipt(office, deal, amount="389160", at=SIGNED_AT, received_on=date(2025, 3, 14))
    assert step(deal, "down_payment") == date(2025, 3, 14)
    loan = a_receipt(
        office, deal, amount="1020000", at=SIGNED_AT, method="loan", money_type="commercial_loan"
    )
    assert step(deal, "loan_disbursed") == step(deal, "paid_in_full") == date(2025, 3, 15)
    reverse_receipt(receipt_id=loan.pk, reason="误录", by=office.zhao, at=SIGNED_AT)
    assert step(deal, "loan_disbursed") is None
    assert step(deal, "paid_in_full") is None
    assert step(deal, "down_payment") == date(2025, 3, 14)


def test_an_earlier_dated_receipt_re_runs_the_allocation(office: Office) -> None:
    """2.5.3: the deposit line is settled by the money of the earlier day."""
    deal = a_reservation(office, with_deposit=False).deal
    late = a_receipt(office, deal, amount="50000", received_on=date(2025, 3, 8))
    early = a_receipt(office, deal, amount="30000", received_on=date(2025, 3, 7))
    by_receipt = {
        (row.receipt_id, row.receivable.seq): row.amount
        for row in Allocation.objects.filter(amount__gt=0).select_related("receivable")
    }
    assert by_receipt[early.pk, 1] == 30000
    assert received(deal)[:2] == [50000, 30000]
    taken = Allocation.objects.get(receipt=late, amount__lt=0)
    assert taken.amount == -30000


def test_u_11_a_repeated_receipt_is_taken_once(office: Office, deal: Deal) -> None:
    key = uuid4()
    first = a_receipt(office, deal, amount="100", at=SIGNED_AT, request_key=key)
    again = a_receipt(office, deal, amount="100", at=SIGNED_AT, request_key=key)
    assert first.pk == again.pk
    with pytest.raises(KeyReused):
        a_receipt(office, deal, amount="101", at=SIGNED_AT, request_key=key)


@pytest.mark.parametrize("amount", ["0", "-1", "0.001", "NaN", "Infinity", "1e20"])
def test_an_amount_is_yuan_and_fen_above_nothing(office: Office, deal: Deal, amount: str) -> None:
    with pytest.raises(errors.AmountNotPositive):
        a_receipt(office, deal, amount=amount, at=SIGNED_AT)


def test_money_was_received_today_or_not_long_ago(office: Office, deal: Deal) -> None:
    today = SIGNED_AT.date()
    for day, refusal in (
        (today + timedelta(days=1), errors.ReceivedInFuture),
        (date(9999, 12, 31), errors.ReceivedInFuture),
        (today - timedelta(days=400), errors.ReceivedTooEarly),
        (date.min, errors.ReceivedTooEarly),
    ):
        with pytest.raises(refusal):
            a_receipt(office, deal, amount="1", at=SIGNED_AT, received_on=day)


def test_only_accounts_of_the_project_take_its_money(office: Office, deal: Deal) -> None:
    elsewhere = a_bank_account(office.cast.other_project)
    closed = a_bank_account(office.project, is_enabled=False)
    for account in (elsewhere, closed):
        with pytest.raises(errors.BankAccountNotUsable):
            a_receipt(office, deal, amount="1", at=SIGNED_AT, bank_account_id=account.pk)
    assert a_receipt(office, deal, amount="1", at=SIGNED_AT, method="cash").bank_account is None


def test_who_sells_takes_no_money(office: Office, deal: Deal) -> None:
    with pytest.raises(PermissionDenied):
        a_receipt(office, deal, amount="1", at=SIGNED_AT, by=office.lin)


def test_a_receipt_is_reversed_once_wholly_and_stays(office: Office, deal: Deal) -> None:
    wrong = a_receipt(office, deal, amount="389160", at=SIGNED_AT)
    with pytest.raises(errors.ReasonMissing):
        reverse_receipt(receipt_id=wrong.pk, reason=" ", by=office.zhao, at=SIGNED_AT)
    reversal = reverse_receipt(receipt_id=wrong.pk, reason="误录", by=office.zhao, at=SIGNED_AT)
    assert (reversal.amount, reversal.corrects) == (-389160, wrong)
    assert received(deal) == [50000, 0, 0]
    with pytest.raises(errors.ReceiptAlreadyReversed, match=reversal.number):
        reverse_receipt(receipt_id=wrong.pk, reason="误录", by=office.zhao, at=SIGNED_AT)
    with pytest.raises(errors.OnlyReceiptsAreReversed):
        reverse_receipt(receipt_id=reversal.pk, reason="误录", by=office.zhao, at=SIGNED_AT)
    with pytest.raises(PermissionDenied):
        reverse_receipt(receipt_id=wrong.pk, reason="误录", by=office.lin, at=SIGNED_AT)


def test_numbers_are_gap_free_over_receipts_reversals_and_refusals(office: Office) -> None:
    deal = a_reservation(office).deal
    second = a_receipt(office, deal, amount="1")
    with pytest.raises(errors.ReceivedInFuture):
        a_receipt(office, deal, amount="1", received_on=date(2026, 1, 1))
    reverse_receipt(receipt_id=second.pk, reason="误录", by=office.zhao, at=RESERVED_AT)
    numbers = [row.number[-5:] for row in Receipt.objects.order_by("id")]
    assert numbers == ["00001", "00002", "00003"]


def test_money_is_never_edited_nor_deleted(office: Office, deal: Deal) -> None:
    """The database itself refuses (HOUSE 3.11)."""
    receipt = a_receipt(office, deal, amount="1", at=SIGNED_AT)

    @writes
    def sent(statement: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement)

    for table in ("ledger_receipt", "ledger_allocation", "ledger_receivable"):
        for statement in (f"UPDATE {table} SET amount = 2", f"DELETE FROM {table}"):  # noqa: S608
            with pytest.raises(DatabaseError, match="append-only"):
                sent(statement)
    assert Receipt.objects.get(pk=receipt.pk).amount == 1
