"""Every figure of money, defined once (DOMAIN 3.1)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import F, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce, Round

from loupan.core.money import ZERO, MoneyField
from loupan.ledger import rules
from loupan.ledger.models import (
    LOAN_TYPES,
    Account,
    Allocation,
    BankAccount,
    MoneyType,
    Receipt,
    Receivable,
)
from loupan.org.models import User

_NOTHING = Value(ZERO, output_field=MoneyField())
_RECEIVED = Coalesce(Sum("allocations__amount"), _NOTHING)
# Rounded to the fen, because SQLite takes one binary float from another.
_OUTSTANDING = Round(F("amount") - _RECEIVED, precision=2, output_field=MoneyField())
_SUMS: dict[str, Any] = {"received": _RECEIVED, "outstanding": _OUTSTANDING}


def live_lines() -> QuerySet[Receivable]:
    """Lines in force: neither a correction nor corrected. Their sum is the deal total (U-7)."""
    return Receivable.objects.filter(corrects=None, corrected_by=None)


def with_received(rows: QuerySet[Receivable]) -> QuerySet[Receivable]:
    """Each line with `received`, what allocations have given it (net of what they took back), and
    `outstanding`."""
    return rows.annotate(**_SUMS)


def in_state(rows: QuerySet[Any], state: str, *, today: date) -> QuerySet[Any]:
    """Lines that owe something, that are late, that come due in a week, or that owe nothing."""
    if state == "settled":
        return rows.filter(outstanding=0)
    rows = rows.filter(outstanding__gt=0)
    if state == "overdue":
        return rows.filter(due_on__lt=today)
    if state == "week":
        return rows.filter(due_on__gte=today, due_on__lte=today + timedelta(days=7))
    return rows


@dataclass(frozen=True)
class Line:
    """One line of a schedule with what came in on it; yuan."""

    id: int
    account_id: int
    seq: int
    money_type: str
    amount: Decimal
    due_on: date | None
    note: str
    received: Decimal

    @property
    def label(self) -> str:
        return str(MoneyType(self.money_type).label)

    @property
    def outstanding(self) -> Decimal:
        return self.amount - self.received

    def overdue(self, on: date) -> Decimal:
        """Outstanding of a line whose due date has passed: due today is not late (0.2 rule 5)."""
        late = self.due_on is not None and self.due_on < on
        return self.outstanding if late else ZERO


@dataclass(frozen=True)
class Balance:
    """What an account comes to on a day; yuan.

    Due: sum of lines in force.  Received: receipts less refunds, reversals and forfeitures.
    Outstanding: due less what is allocated.  Overdue: outstanding of lines due before the day.
    Unallocated: received that settles no line.
    """

    due: Decimal
    received: Decimal
    outstanding: Decimal
    overdue: Decimal
    unallocated: Decimal


def lines_of(account_id: int) -> list[Line]:
    """The schedule in force, in order of lines, with what came in on each."""
    return lines_by_account([account_id]).get(account_id, [])


def lines_by_account(account_ids: Iterable[int]) -> dict[int, list[Line]]:
    """The same for many accounts in one query."""
    rows = (
        live_lines()
        .filter(account_id__in=list(account_ids))
        .order_by("account_id", "seq", "id")
        .values_list(
            "id", "account_id", "seq", "money_type", "amount", "due_on", "due_note", _RECEIVED
        )
    )
    found: dict[int, list[Line]] = {}
    for row in rows:
        line = Line(*row)
        found.setdefault(line.account_id, []).append(line)
    return found


def balance_of(account_id: int, on: date) -> Balance:
    """What one account comes to on that day."""
    return balances([account_id], on)[account_id]


def balances(account_ids: Iterable[int], on: date) -> dict[int, Balance]:
    """What many accounts come to on that day, in two queries."""
    wanted = list(account_ids)
    lines = lines_by_account(wanted)
    sums = dict(
        Receipt.objects.filter(account_id__in=wanted)
        .order_by()
        .values("account_id")
        .annotate(received=Sum("amount"))
        .values_list("account_id", "received")
    )
    return {
        pk: balance_from(lines.get(pk, []), received=sums.get(pk, ZERO), on=on) for pk in wanted
    }


def balance_from(lines: Iterable[Line], *, received: Decimal, on: date) -> Balance:
    """A balance from lines already read."""
    rows = list(lines)
    return Balance(
        due=sum((line.amount for line in rows), ZERO),
        received=received,
        outstanding=sum((line.outstanding for line in rows), ZERO),
        overdue=sum((line.overdue(on) for line in rows), ZERO),
        unallocated=received - sum((line.received for line in rows), ZERO),
    )


def received_on_account(account_id: int) -> Decimal:
    """Receipts less refunds, reversals and forfeitures of one account; yuan."""
    found = Receipt.objects.filter(account_id=account_id).aggregate(received=Sum("amount"))
    return found["received"] or ZERO


def allocation_wanted(account_id: int) -> rules.Shares:
    """The allocation that the rules want for an account as it stands (DOMAIN 2.5.3)."""
    return rules.allocate(
        [
            rules.Due(row.pk, money_class(row.money_type), row.amount, row.due_on, row.seq)
            for row in live_lines().filter(account_id=account_id)
        ],
        [
            rules.Paid(
                row.pk, money_class(row.money_type), row.amount, row.received_on, row.corrects_id
            )
            for row in Receipt.objects.filter(account_id=account_id)
        ],
    )


def money_class(money_type: str) -> str:
    """Loan money settles loan lines and house money the others; no type means house money."""
    return "loan" if money_type in LOAN_TYPES else "house"


def allocated(account_id: int) -> dict[tuple[int, int], Decimal]:
    """(receipt, line) -> how much of the one settles the other now; pairs of nothing left out."""
    rows = (
        Allocation.objects.filter(receipt__account_id=account_id)
        .order_by()
        .values("receipt_id", "receivable_id")
        .annotate(net=Sum("amount"))
        .values_list("receipt_id", "receivable_id", "net")
    )
    return {(receipt, line): net for receipt, line, net in rows if net}


# --- Lists within reach ---------------------------------------------------------------------------


def receipts_for(viewer: User) -> QuerySet[Receipt]:
    """Receipts, refunds, reversals and forfeitures this person may see, newest first."""
    return (
        Receipt.objects.filter(
            viewer.access.rows("money", project="project_id", owner="account__owner_id")
        )
        .select_related("account", "bank_account", "by", "project")
        .order_by("-pk")
    )


def receivables_for(viewer: User) -> QuerySet[Receivable]:
    """Lines in force this person may see, each with `received` and `outstanding`, by due date."""
    return (
        with_received(live_lines())
        .filter(
            viewer.access.rows("money", project="account__project_id", owner="account__owner_id")
        )
        .select_related("account", "account__project")
        .order_by("due_on", "pk")
    )


def bank_accounts_for(viewer: User, project_id: int | None = None) -> QuerySet[BankAccount]:
    """Bank accounts of the projects whose money this person sees, with those of their companies."""
    projects = set(viewer.acts_in("ledger.read"))
    if project_id is not None:
        projects &= {project_id}
    own = Q(project_id__in=projects)
    companies = Q(project=None, company__projects__in=projects)
    return BankAccount.objects.filter(own | companies).distinct().order_by("name", "id")


def bank_accounts_of(account: Account) -> QuerySet[BankAccount]:
    """Bank accounts in use that may take money of this account: the project's, then the company's."""
    return BankAccount.objects.filter(
        Q(project_id=account.project_id) | Q(project=None, company__projects=account.project_id),
        is_enabled=True,
    ).order_by(F("project_id").desc(nulls_last=True), "-kind", "id")


# --- Before money is taken ------------------------------------------------------------------------


@dataclass(frozen=True)
class Settling:
    """What a receipt that is not there yet would settle; yuan."""

    parts: list[tuple[Line, Decimal]]
    left: Decimal


def settling_preview(
    account_id: int, *, amount: Decimal, money_type: str, received_on: date
) -> Settling:
    """How a receipt would be allocated if it were recorded now (DOMAIN 2.5.3); nothing is written."""
    rows = list(Receipt.objects.filter(account_id=account_id))
    coming = max((row.pk for row in rows), default=0) + 1
    lines = lines_of(account_id)
    shares = rules.allocate(
        [
            rules.Due(line.id, money_class(line.money_type), line.amount, line.due_on, line.seq)
            for line in lines
        ],
        [
            *(
                rules.Paid(
                    row.pk,
                    money_class(row.money_type),
                    row.amount,
                    row.received_on,
                    row.corrects_id,
                )
                for row in rows
            ),
            rules.Paid(coming, money_class(money_type), amount, received_on, None),
        ],
    )
    given = {line: part for (receipt, line), part in shares.items() if receipt == coming}
    parts = [(line, given[line.id]) for line in lines if line.id in given]
    return Settling(parts, amount - sum(given.values(), ZERO))
