"""Money of a deal: the ledger takes it, the deal's process sees what it means."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from loupan.core.db import writes
from loupan.inventory.models import Unit
from loupan.ledger.actions import receipts
from loupan.ledger.models import Receipt
from loupan.org.models import User
from loupan.sales.actions.process import mark_money
from loupan.sales.models import Deal
from loupan.sales.queries.provisionals import provisional_of_account


@writes
def record_receipt(
    *,
    deal_id: int,
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
    """Take money on a deal; without a payer it is the first buyer. See the ledger's own."""
    deal = Deal.objects.locked().get(pk=deal_id)
    if not payer:
        first = deal.buyers.select_related("customer").first()
        payer = first.customer.name if first else ""
    receipt = receipts.record_receipt(
        account_id=deal.account_id,
        amount=amount,
        method=method,
        received_on=received_on,
        request_key=request_key,
        by=by,
        at=at,
        money_type=money_type,
        bank_account_id=bank_account_id,
        payer=payer,
        slip_number=slip_number,
    )
    mark_money(deal=deal)
    return receipt


@writes
def reverse_receipt(*, receipt_id: int, reason: str, by: User, at: datetime) -> Receipt:
    """Answer a wrong receipt of a deal or a provisional reservation by its opposite.

    See the ledger's own.
    """
    account_id = Receipt.objects.values_list("account_id", flat=True).get(pk=receipt_id)
    if found := provisional_of_account(account_id):
        Unit.objects.locked().get(pk=found.unit_id)
        return receipts.reverse_receipt(receipt_id=receipt_id, reason=reason, by=by, at=at)
    deal = Deal.objects.locked().get(account_id=account_id)
    reversal = receipts.reverse_receipt(receipt_id=receipt_id, reason=reason, by=by, at=at)
    mark_money(deal=deal)
    return reversal
