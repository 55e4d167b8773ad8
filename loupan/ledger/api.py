"""Receipts, receivables and bank accounts over the API (CONTRACT 3)."""

from datetime import date
from typing import Any, Literal

from django.db.models import Q
from django.utils import timezone
from ninja import Query, Router, Schema

from loupan.core.calendar import business_day
from loupan.core.rest import AFTER, ERRORS, LIMIT, ApiRequest, Id, MoneyOut, paged
from loupan.ledger import queries

router = Router(tags=["ledger"])

KindCode = Literal["receipt", "refund", "reversal", "forfeit"]


class ReceiptOut(Schema):
    id: int
    number: str
    kind: str
    project_id: int
    label: str
    amount: MoneyOut
    money_type: str
    method: str
    account_id: int | None
    payer: str
    slip_number: str
    received_on: date
    corrects_id: int | None
    reason: str


class ReceiptsOut(Schema):
    items: list[ReceiptOut]
    next: str | None = None


class ReceiptFilterIn(Schema):
    project_id: Id | None = None
    kind: KindCode | None = None
    received_from: date | None = None
    received_to: date | None = None
    number: str = ""


class ReceivableOut(Schema):
    id: int
    project_id: int
    label: str
    seq: int
    money_type: str
    amount: MoneyOut
    due_on: date | None
    received: MoneyOut
    outstanding: MoneyOut


class ReceivablesOut(Schema):
    items: list[ReceivableOut]
    next: str | None = None


class BankAccountOut(Schema):
    id: int
    name: str
    bank: str
    kind: str
    is_enabled: bool


class BankAccountsOut(Schema):
    items: list[BankAccountOut]
    next: str | None = None


@router.get("receipts/", response={200: ReceiptsOut, **ERRORS})
def receipts(
    request: ApiRequest, filters: Query[ReceiptFilterIn], after: AFTER = None, limit: LIMIT = 100
) -> Any:
    """Receipts, refunds, reversals and forfeitures within reach, newest first."""
    wanted = {
        "project_id": filters.project_id,
        "kind": filters.kind,
        "received_on__gte": filters.received_from,
        "received_on__lte": filters.received_to,
        "number__startswith": filters.number or None,
    }
    rows = queries.receipts_for(request.user).filter(
        **{name: value for name, value in wanted.items() if value is not None}
    )
    page, following = paged(rows, after=after, limit=limit)
    items = [
        {
            **{
                name: getattr(row, name)
                for name in ReceiptOut.model_fields
                if name not in {"label", "account_id"}
            },
            "label": row.account.label,
            "account_id": row.bank_account_id,
        }
        for row in page
    ]
    return {"items": items, "next": following}


@router.get("receivables/", response={200: ReceivablesOut, **ERRORS})
def receivables(
    request: ApiRequest,
    project_id: Id | None = None,
    state: Literal["open", "overdue"] | None = None,
    after: AFTER = None,
    limit: LIMIT = 100,
) -> Any:
    """Schedule lines in force within reach, newest first; `open` owe something, `overdue` late."""
    rows = queries.receivables_for(request.user)
    if project_id is not None:
        rows = rows.filter(account__project_id=project_id)
    if state is not None:
        rows = rows.filter(Q(outstanding__gt=0))
    if state == "overdue":
        rows = rows.filter(due_on__lt=business_day(timezone.now()))
    page, following = paged(rows, after=after, limit=limit)
    items = [
        {
            "id": row.pk,
            "project_id": row.account.project_id,
            "label": row.account.label,
            "seq": row.seq,
            "money_type": row.money_type,
            "amount": row.amount,
            "due_on": row.due_on,
            "received": row.received,
            "outstanding": row.outstanding,
        }
        for row in page
    ]
    return {"items": items, "next": following}


@router.get("projects/{project_id}/bank-accounts/", response={200: BankAccountsOut, **ERRORS})
def bank_accounts(
    request: ApiRequest, project_id: Id, after: AFTER = None, limit: LIMIT = 100
) -> Any:
    """Bank accounts that take money for a project: `account_id` of a receipt."""
    rows = queries.bank_accounts_for(request.user, project_id).filter(is_enabled=True)
    page, following = paged(rows, after=after, limit=limit)
    return {"items": page, "next": following}
