"""Which receipt settles which line: kept right by adding signed differences, never by editing."""

from datetime import datetime

from loupan.core.db import writes
from loupan.ledger import queries, rules
from loupan.ledger.models import Account, Allocation


@writes
def reallocate(*, account: Account, at: datetime) -> list[Allocation]:
    """Part: append what turns the account's allocation into the one the rules want (2.5.3).

    The account is locked.  A receipt of today changes no older allocation, one of an earlier day
    may; lines no longer in force end with nothing.
    """
    shares = rules.reallocation(
        queries.allocated(account.pk), queries.allocation_wanted(account.pk)
    )
    return Allocation.objects.bulk_create(
        Allocation(
            receipt_id=share.receipt_id,
            receivable_id=share.line_id,
            amount=share.amount,
            made_at=at,
        )
        for share in shares
    )
