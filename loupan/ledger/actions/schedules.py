"""Accounts and what is due on them: opened, posted, replaced. Nothing is ever edited."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from loupan.core.db import writes
from loupan.ledger import queries
from loupan.ledger.actions.allocations import reallocate
from loupan.ledger.models import Account, Receivable
from loupan.org.models import User


@dataclass(frozen=True)
class DueLine:
    """One payment to be posted: yuan, and the day it is due, None while that is unknown."""

    seq: int
    money_type: str
    amount: Decimal
    due_on: date | None
    note: str = ""


@writes
def open_account(*, project_id: int, label: str, owner_id: int | None, at: datetime) -> Account:
    """Part: the running account of one sale."""
    return Account.objects.create(
        project_id=project_id, label=label, owner_id=owner_id, opened_at=at
    )


@writes
def change_account_owner(*, account_ids: Sequence[int], owner: User) -> None:
    """Part: somebody else looks after these sales, and sees their money from now on."""
    Account.objects.filter(pk__in=account_ids).update(owner=owner)


@writes
def post_schedule(*, account: Account, lines: Sequence[DueLine], at: datetime) -> list[Receivable]:
    """Part: the lines that a new deal owes."""
    return Receivable.objects.bulk_create(schedule_rows(account=account, lines=lines, at=at))


@writes
def replace_schedule(
    *, account: Account, lines: Sequence[DueLine], reason: str, at: datetime
) -> None:
    """Part: put other lines in the place of those in force; receipts are allocated anew.

    A line that stays as it is stays; every other line in force gets its opposite.
    The account is locked.
    """
    coming = {(line.seq, line.money_type, line.amount, line.due_on): line for line in lines}
    going = [
        row
        for row in queries.live_lines().filter(account=account).order_by("seq", "id")
        if coming.pop((row.seq, row.money_type, row.amount, row.due_on), None) is None
    ]
    Receivable.objects.bulk_create(
        Receivable(
            account=account,
            seq=row.seq,
            money_type=row.money_type,
            amount=-row.amount,
            due_on=row.due_on,
            due_note=row.due_note,
            corrects=row,
            reason=reason,
            made_at=at,
        )
        for row in going
    )
    Receivable.objects.bulk_create(
        schedule_rows(account=account, lines=list(coming.values()), at=at, reason=reason)
    )
    reallocate(account=account, at=at)


@writes
def close_account(*, account_id: int, reason: str, at: datetime) -> None:
    """Part: an account without money ends; what it asked for is taken back."""
    account = Account.objects.locked().get(pk=account_id)
    assert not queries.received_on_account(account.pk), account
    replace_schedule(account=account, lines=[], reason=reason, at=at)
    account.closed_at = at
    account.save(update_fields=["closed_at"])


@writes
def schedule_rows(
    *, account: Account, lines: Sequence[DueLine], at: datetime, reason: str = ""
) -> list[Receivable]:
    """Part: the lines, which the caller saves."""
    return [
        Receivable(
            account_id=account.pk,
            seq=line.seq,
            money_type=line.money_type,
            amount=line.amount,
            due_on=line.due_on,
            due_note=line.note,
            reason=reason,
            made_at=at,
        )
        for line in lines
    ]
