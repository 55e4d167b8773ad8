"""Deals over the API: the list, one deal, its papers; what the lists of papers share."""

from datetime import date
from typing import Annotated, Any, Literal

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse as address_of
from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import Field

from loupan.core.calendar import business_day
from loupan.core.rest import (
    AFTER,
    ERRORS,
    LIMIT,
    ApiRequest,
    AreaOut,
    Day,
    Id,
    MoneyOut,
    RateOut,
    UnitPriceOut,
    paged,
)
from loupan.documents.actions import record_printing
from loupan.parameters.hooks import SUBJECTS
from loupan.parameters.queries.book import book_of
from loupan.parameters.queries.fields import values_out
from loupan.sales.api.money import ReceiptOut, receipt_out
from loupan.sales.api.units import ScheduleOut, StepOut, UnitOut, unit_out
from loupan.sales.models import AttachedUnit, Contract, Deal, Reservation
from loupan.sales.parameters import DEAL_FIELDS
from loupan.sales.queries.deals import DealPage, deal_page, deals_for
from loupan.sales.queries.papers import deal_fields, mark_of, paper_file, paper_record
from loupan.sales.queries.process import light_of

router = Router(tags=["sales"])

PAPER_TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


StatusCode = Literal["reserved", "contracted", "filed", "handed_over", "titled", "cancelled"]


class DealFilterIn(Schema):
    project_id: Id | None = None
    status: StatusCode | None = None
    unit_id: Id | None = None
    consultant_id: Id | None = None
    customer_id: Id | None = None
    from_: Annotated[Day | None, Field(alias="from")] = None
    to: Day | None = None


class BuyerOut(Schema):
    customer_id: int
    name: str
    share: RateOut


class LineOut(ScheduleOut):
    id: int
    seq: int
    received: MoneyOut
    outstanding: MoneyOut


class ProcessOut(Schema):
    code: str
    label: str
    planned_on: date | None
    actual_on: date | None
    light: str


class AttachedOut(Schema):
    """A unit that goes with the deal's main unit; `amount` is its part of the deal total."""

    unit: UnitOut
    product_type: str
    pricing: str
    list_total: MoneyOut
    amount: MoneyOut


class DealRowOut(Schema):
    id: int
    project_id: int
    status: str
    unit: UnitOut
    buyers: list[BuyerOut]
    consultant: str
    list_total: MoneyOut
    deal_total: MoneyOut
    reserved_on: date
    contracted_on: date | None


class AreaComparedOut(Schema):
    agreed: AreaOut
    measured: AreaOut
    difference: AreaOut
    ratio: RateOut
    is_over: bool


class AreaOutcomeOut(Schema):
    """What the survey of the main unit comes to by law, for a contract without a rule of its own."""

    built: AreaComparedOut | None
    inner: AreaComparedOut | None
    to_pay: MoneyOut | None
    to_refund: MoneyOut | None
    absorbed: MoneyOut | None
    settled_total: MoneyOut
    may_rescind: bool


class DealOut(DealRowOut):
    payment_plan_id: int
    built_area: AreaOut | None
    inner_area: AreaOut | None
    deal_unit_price: UnitPriceOut | None
    deal_inner_unit_price: UnitPriceOut | None
    overall_rate: RateOut
    deposit: MoneyOut
    attached: list[AttachedOut]
    attached_total: MoneyOut
    reservation_id: int | None
    contract_id: int | None
    schedule: list[LineOut]
    receipts: list[ReceiptOut]
    received: MoneyOut
    outstanding: MoneyOut
    overdue: MoneyOut
    process: list[ProcessOut]
    area: AreaOutcomeOut | None
    verbs: list[str]
    trace: list[StepOut]
    custom_fields: Annotated[
        dict[str, str | None],
        Field(description="By code; of a choice the id of the entry. Written by /custom-fields/"),
    ]


class DealsOut(Schema):
    items: list[DealRowOut]
    next: str | None = None


def _deal_row(deal: Deal) -> dict[str, Any]:
    return {
        "id": deal.pk,
        "project_id": deal.project_id,
        "status": deal.status,
        "unit": unit_out(deal.unit),
        "buyers": [
            {"customer_id": buyer.customer_id, "name": buyer.customer.name, "share": buyer.share}
            for buyer in deal.buyers.all()
        ],
        "consultant": str(deal.consultant),
        "list_total": deal.list_total,
        "deal_total": deal.deal_total,
        "reserved_on": deal.reserved_on,
        "contracted_on": deal.contracted_on,
    }


def _area_out(page: DealPage) -> dict[str, Any] | None:
    if page.area is None:
        return None
    done = page.area.settlement
    return {
        "built": page.area.built,
        "inner": page.area.inner,
        "to_pay": done.to_pay if done else None,
        "to_refund": done.to_refund if done else None,
        "absorbed": done.absorbed if done else None,
        "settled_total": page.settled_total,
        "may_rescind": page.area.may_rescind,
    }


def attached_out(row: AttachedUnit) -> dict[str, Any]:
    return {
        "unit": unit_out(row.unit),
        "product_type": row.product_type,
        "pricing": row.pricing,
        "list_total": row.list_total,
        "amount": row.amount,
    }


def row_out(made: Reservation | Contract) -> dict[str, Any]:
    deal = made.deal
    return {
        "project_id": made.project_id,
        "unit_id": deal.unit_id,
        "unit": deal.unit.number,
        "consultant": str(deal.consultant),
    }


def filtered(filters: DealFilterIn, *, deal: str, day: str) -> dict[str, Any]:
    wanted = {
        f"{deal}project_id": filters.project_id,
        f"{deal}status": filters.status,
        f"{deal}unit_id": filters.unit_id,
        f"{deal}consultant_id": filters.consultant_id,
        f"{deal}buyers__customer_id": filters.customer_id,
        f"{day}__gte": filters.from_,
        f"{day}__lte": filters.to,
    }
    return {name: value for name, value in wanted.items() if value is not None}


@router.get("deals/", response={200: DealsOut, **ERRORS})
def deals(
    request: ApiRequest, filters: Query[DealFilterIn], after: AFTER = None, limit: LIMIT = 100
) -> Any:
    """Deals within reach, newest first; `from` and `to` are days of reservation."""
    rows = deals_for(request.user).filter(**filtered(filters, deal="", day="reserved_on"))
    page, following = paged(rows, after=after, limit=limit)
    return {"items": [_deal_row(deal) for deal in page], "next": following}


@router.get("deals/{deal_id}/", response={200: DealOut, **ERRORS})
def deal(request: ApiRequest, deal_id: Id) -> Any:
    """One deal: price, schedule, money, process, and what may be done next."""
    there = get_object_or_404(deals_for(request.user), pk=deal_id)
    today = business_day(timezone.now())
    page = deal_page(there, today)
    return {
        **_deal_row(there),
        "payment_plan_id": there.payment_plan_id,
        "built_area": there.built_area,
        "inner_area": there.inner_area,
        "deal_unit_price": there.deal_unit_price,
        "deal_inner_unit_price": there.deal_inner_unit_price,
        "overall_rate": there.overall_rate,
        "deposit": there.deposit,
        "attached": [attached_out(row) for row in page.attached],
        "attached_total": there.attached_total,
        "reservation_id": page.reservation.pk if page.reservation else None,
        "contract_id": page.contract.pk if page.contract else None,
        "schedule": [
            {
                "id": line.id,
                "seq": line.seq,
                "money_type": line.money_type,
                "amount": line.amount,
                "due_on": line.due_on,
                "received": line.received,
                "outstanding": line.outstanding,
            }
            for line in page.lines
        ],
        "receipts": [receipt_out(receipt) for receipt in page.receipts],
        "received": page.balance.received,
        "outstanding": page.balance.outstanding,
        "overdue": page.balance.overdue,
        "process": [
            {
                "code": step.code,
                "label": step.get_code_display(),
                "planned_on": step.planned_on,
                "actual_on": step.actual_on,
                "light": light_of(step, today),
            }
            for step in page.steps
        ],
        "area": _area_out(page),
        "verbs": page.open_verbs,
        "trace": there.trace,
        "custom_fields": values_out(
            SUBJECTS[DEAL_FIELDS], book_of(there.project_id).fields.get(DEAL_FIELDS, ()), there.pk
        ),
    }


@router.get("deals/{deal_id}/papers/{kind}/", response=ERRORS)
def deal_paper(
    request: ApiRequest,
    deal_id: Id,
    kind: Literal["reservation_agreement", "contract"],
    form: Literal["pdf", "docx"] = "pdf",
) -> Any:
    """The paper as a file; every file counts as a copy, and a later one is marked as such."""
    there = get_object_or_404(deals_for(request.user), pk=deal_id)
    record = paper_record(there, kind)
    if record is None:
        raise Http404
    printing = record_printing(
        kind=kind,
        project_id=there.project_id,
        subject_type="sales.deal",
        subject_id=there.pk,
        number=record.number,
        form=form,
        by=request.user,
        at=timezone.now(),
    )
    mark = mark_of(printing.copy_no)
    address = request.build_absolute_uri(address_of("sales:deal", args=[there.pk]))
    fields = deal_fields(
        there, request.user, address=address, foot=mark or str(request.user), mark=mark
    )
    answer = HttpResponse(paper_file(kind, form, there.project, fields))
    answer["Content-Type"] = PAPER_TYPES[form]
    answer["Content-Disposition"] = f'attachment; filename="{kind}-{record.number}.{form}"'
    return answer
