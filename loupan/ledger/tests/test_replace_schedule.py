"""The ledger by itself: lines replaced by opposites, receipts allocated anew, nothing edited."""

from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest

from loupan.core.numbering import next_number
from loupan.inventory.testing import NOON
from loupan.ledger import errors
from loupan.ledger.actions.receipts import pay_back, record_receipt, reverse_receipt
from loupan.ledger.actions.schedules import (
    DueLine,
    open_account,
    post_schedule,
    replace_schedule,
)
from loupan.ledger.models import Account, Allocation, Receipt, Receivable
from loupan.ledger.queries import (
    allocated,
    allocation_wanted,
    balance_of,
    lines_of,
    receipts_for,
    receivables_for,
)
from loupan.org.testing import Cast, the_cast

pytestmark = pytest.mark.django_db
FIRST, SECOND = date(2025, 3, 8), date(2025, 4, 8)


@pytest.fixture
def cast() -> Cast:
    return the_cast()


@pytest.fixture
def account(cast: Cast) -> Account:
    """1,000.00 due on 8 March, 2,000.00 on 8 April."""
    account = open_account(project_id=cast.project.pk, label="A", owner_id=cast.lin.pk, at=NOON)
    post_schedule(account=account, lines=lines((1, "1000", FIRST), (2, "2000", SECOND)), at=NOON)
    return account


def lines(*rows: tuple[int, str, date]) -> list[DueLine]:
    return [DueLine(seq, "instalment", Decimal(amount), due_on) for seq, amount, due_on in rows]


def receive(cast: Cast, account: Account, amount: str, on: date = FIRST) -> Receipt:
    return record_receipt(
        account_id=account.pk, amount=Decimal(amount), method="cash", received_on=on,
        request_key=uuid4(), by=cast.zhao, at=NOON,
    )  # fmt: skip


def settled(account: Account) -> list[Decimal]:
    assert allocated(account.pk) == allocation_wanted(account.pk)
    return [line.received for line in lines_of(account.pk)]


def test_a_line_that_stays_stays_and_the_others_get_opposites(cast: Cast, account: Account) -> None:
    receive(cast, account, "1500")
    assert settled(account) == [1000, 500]
    replace_schedule(
        account=account, lines=lines((1, "1000", FIRST), (2, "1200", SECOND), (3, "800", SECOND)),
        reason="plan", at=NOON,
    )  # fmt: skip
    assert settled(account) == [1000, 500, 0]
    rows = [row.amount for row in Receivable.objects.filter(account=account).order_by("id")]
    assert rows == [1000, 2000, -2000, 1200, 800]
    assert sum(rows) == 3000


def test_money_on_a_line_that_went_moves_to_what_is_due(cast: Cast, account: Account) -> None:
    receive(cast, account, "3000")
    replace_schedule(account=account, lines=lines((1, "2500", FIRST)), reason="less", at=NOON)
    assert settled(account) == [2500]
    balance = balance_of(account.pk, SECOND)
    assert (balance.received, balance.unallocated) == (Decimal(3000), Decimal(500))
    assert balance.outstanding == 0


def test_a_line_is_overdue_the_day_after_it_was_due(cast: Cast, account: Account) -> None:
    """DOMAIN 0.2 rule 5."""
    receive(cast, account, "400")
    assert balance_of(account.pk, FIRST).overdue == 0
    assert balance_of(account.pk, date(2025, 3, 9)).overdue == 600
    assert balance_of(account.pk, date(2025, 4, 9)).overdue == 2600


def test_a_reversal_opens_again_what_the_receipt_had_settled(cast: Cast, account: Account) -> None:
    wrong = receive(cast, account, "1200")
    receive(cast, account, "600")
    reverse_receipt(receipt_id=wrong.pk, reason="误录", by=cast.zhao, at=NOON)
    assert settled(account) == [600, 0]
    assert Allocation.objects.filter(receipt=wrong).exists()


def test_an_account_ends_with_nothing_on_it(cast: Cast, account: Account) -> None:
    receive(cast, account, "1500")
    replace_schedule(account=account, lines=[], reason="end", at=NOON)

    def pay(refund: str, kept: str) -> list[Receipt]:
        return pay_back(
            account=account, refund=Decimal(refund), kept=Decimal(kept), method="transfer",
            reason="end", request_key=uuid4(), by=cast.zhao, at=NOON,
        )  # fmt: skip

    for refund, kept in (("1000", "400"), ("1600", "-100")):
        with pytest.raises(errors.RefundNotWithinReceived):
            pay(refund, kept)
    assert [row.amount for row in pay("1000", "500")] == [-1000, -500]
    assert settled(account) == []
    assert balance_of(account.pk, SECOND).received == 0
    with pytest.raises(errors.AccountClosed):
        receive(cast, account, "1")


def test_a_seller_sees_the_money_of_own_sales_only(cast: Cast, account: Account) -> None:
    receive(cast, account, "100")
    other = open_account(project_id=cast.project.pk, label="B", owner_id=cast.mo.pk, at=NOON)
    post_schedule(account=other, lines=lines((1, "10", FIRST)), at=NOON)
    receive(cast, other, "10")
    assert [row.account_id for row in receipts_for(cast.lin)] == [account.pk]
    assert {row.account_id for row in receivables_for(cast.lin)} == {account.pk}
    assert {row.account_id for row in receipts_for(cast.zhao)} == {account.pk, other.pk}
    assert not receipts_for(cast.wei).exists()
    assert not receipts_for(cast.guest).exists()


def test_numbers_run_by_series() -> None:
    assert [next_number("a", prefix="A-") for _ in range(3)] == ["A-0001", "A-0002", "A-0003"]
    assert next_number("b", prefix="B-", width=6) == "B-000001"
