"""The main road over the API (CONTRACT 3): quote, lock, reserve, sign, receive, reverse, cancel."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import uuid4

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse as address_of
from django.utils import timezone
from ninja import Query, Router, Schema, Status
from pydantic import Field

from loupan.core.calendar import business_day
from loupan.core.rest import (
    AFTER,
    ERRORS,
    LIMIT,
    ApiRequest,
    AreaOut,
    Id,
    Line,
    LongText,
    MoneyIn,
    MoneyOut,
    RateIn,
    RateOut,
    UnitPriceOut,
    once,
    paged,
)
from loupan.documents.actions import record_printing
from loupan.inventory.actions import units as unit_actions
from loupan.inventory.models import Unit
from loupan.inventory.queries.units import units_for
from loupan.ledger.models import Receipt
from loupan.ledger.queries import receipts_for
from loupan.org.queries import projects_for
from loupan.pricing.queries import Special
from loupan.sales.actions import cancellations, claims, contracts, money, quotes, reservations
from loupan.sales.models import Contract, Deal, Reservation
from loupan.sales.queries.contracts import contracts_for
from loupan.sales.queries.deals import deal_page, deals_for
from loupan.sales.queries.papers import deal_fields, mark_of, paper_file, paper_record
from loupan.sales.queries.process import light_of
from loupan.sales.queries.reservations import reservations_for

router = Router(tags=["sales"])

PAPER_TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}

Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2100, 12, 31))]
Ids = Annotated[list[Id], Field(max_length=40)]
MethodCode = Literal["cash", "pos", "transfer", "cheque", "qr", "loan"]
MoneyTypeCode = Literal[
    "deposit", "down_payment", "instalment", "commercial_loan", "provident_loan", "balance"
]
StatusCode = Literal["reserved", "contracted", "filed", "handed_over", "titled", "cancelled"]


# --- What comes in --------------------------------------------------------------------------------


class QuoteIn(Schema):
    payment_plan_id: Id
    discount_ids: Ids = []
    reserve_on: Day | None = None
    customer_id: Id | None = None


class HoldIn(Schema):
    customer_id: Id
    days: Annotated[int, Field(ge=1, le=365)] = 1
    reason: Line = ""


class BuyerIn(Schema):
    customer_id: Id
    share: RateIn | None = None


class SpecialIn(Schema):
    """A discount for this deal alone; needs the authority of 2.3.2."""

    form: Literal["rate", "percent_off", "amount", "unit_amount"]
    amount_or_rate: Annotated[
        Decimal, Field(ge=0, max_digits=18, decimal_places=6, allow_inf_nan=False)
    ]
    reason: Line = ""


class ReservationIn(Schema):
    buyers: Annotated[list[BuyerIn], Field(min_length=1, max_length=20)]
    payment_plan_id: Id
    discount_ids: Ids = []
    deposit: MoneyIn | None = None
    sign_by: Day | None = None
    reserved_on: Day | None = None
    special: SpecialIn | None = None


class ContractIn(Schema):
    signed_on: Day
    number: Annotated[Line, Field(max_length=40)] = ""
    terms: LongText = ""


class ReceiptIn(Schema):
    amount: MoneyIn
    method: MethodCode
    received_on: Day
    money_type: MoneyTypeCode | None = None
    account_id: Id | None = None
    payer: Annotated[Line, Field(max_length=80)] = ""
    slip_number: Annotated[Line, Field(max_length=60)] = ""


class ReasonIn(Schema):
    reason: Annotated[Line, Field(min_length=1)]


class CancellationIn(ReasonIn):
    kept: MoneyIn = Decimal(0)
    unit_goes_to: Literal["available", "withheld"] = "withheld"
    method: MethodCode = "transfer"


class ContractCancellationIn(ReasonIn):
    penalty: MoneyIn = Decimal(0)
    unit_goes_to: Literal["available", "withheld"] = "withheld"
    method: MethodCode = "transfer"


class UnitsIn(Schema):
    unit_ids: Annotated[list[Id], Field(min_length=1, max_length=5000)]


class DealFilterIn(Schema):
    project_id: Id | None = None
    status: StatusCode | None = None
    unit_id: Id | None = None
    consultant_id: Id | None = None
    customer_id: Id | None = None
    from_: Annotated[Day | None, Field(alias="from")] = None
    to: Day | None = None


# --- What goes out --------------------------------------------------------------------------------


class ScheduleOut(Schema):
    money_type: str
    amount: MoneyOut
    due_on: date | None


class StepOut(Schema):
    step: str
    rule: str
    input: dict[str, str]
    output: str


class QuoteOut(Schema):
    id: int
    list_total: MoneyOut
    deal_total: MoneyOut
    deal_unit_price: UnitPriceOut | None
    overall_rate: RateOut
    valid_until: date
    schedule: list[ScheduleOut]
    trace: list[StepOut]


class ClaimOut(Schema):
    expires_at: datetime


class ReservationOut(Schema):
    id: int
    deal_id: int
    number: str
    deal_total: MoneyOut
    status: str
    sign_by: date


class ReservationRowOut(ReservationOut):
    project_id: int
    unit_id: int
    unit: str
    reserved_on: date
    consultant: str


class ContractOut(Schema):
    id: int
    deal_id: int
    number: str
    deal_total: MoneyOut
    status: str
    signed_on: date


class ContractRowOut(ContractOut):
    project_id: int
    unit_id: int
    unit: str
    consultant: str


class AllocationOut(Schema):
    schedule_line_id: int
    amount: MoneyOut


class ReceiptOut(Schema):
    id: int
    number: str
    kind: str
    amount: MoneyOut
    money_type: str
    method: str
    received_on: date
    payer: str
    corrects_id: int | None
    allocations: list[AllocationOut]


class CancellationOut(Schema):
    id: int
    deal_id: int
    refunded: MoneyOut
    kept: MoneyOut
    unit_goes_to: str


class ContractCancellationOut(Schema):
    id: int
    deal_id: int
    refunded: MoneyOut
    penalty: MoneyOut
    unit_goes_to: str


class UnitOut(Schema):
    id: int
    number: str
    status: str


class UnitsOut(Schema):
    items: list[UnitOut]
    next: str | None = None


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


class DealOut(DealRowOut):
    payment_plan_id: int
    built_area: AreaOut | None
    inner_area: AreaOut | None
    deal_unit_price: UnitPriceOut | None
    deal_inner_unit_price: UnitPriceOut | None
    overall_rate: RateOut
    deposit: MoneyOut
    reservation_id: int | None
    contract_id: int | None
    schedule: list[LineOut]
    receipts: list[ReceiptOut]
    received: MoneyOut
    outstanding: MoneyOut
    overdue: MoneyOut
    process: list[ProcessOut]
    verbs: list[str]
    trace: list[StepOut]


class DealsOut(Schema):
    items: list[DealRowOut]
    next: str | None = None


class ReservationsOut(Schema):
    items: list[ReservationRowOut]
    next: str | None = None


class ContractsOut(Schema):
    items: list[ContractRowOut]
    next: str | None = None


def _money(amount: Decimal) -> str:
    return f"{amount:.2f}"


def _reservation(made: Reservation) -> dict[str, Any]:
    return {
        "id": made.pk,
        "deal_id": made.deal_id,
        "number": made.number,
        "deal_total": _money(made.deal.deal_total),
        "status": made.deal.status,
        "sign_by": made.sign_by,
    }


def _contract(made: Contract) -> dict[str, Any]:
    return {
        "id": made.pk,
        "deal_id": made.deal_id,
        "number": made.number,
        "deal_total": _money(made.deal.deal_total),
        "status": made.deal.status,
        "signed_on": made.signed_on,
    }


def _receipt(receipt: Receipt) -> dict[str, Any]:
    given: dict[int, Decimal] = {}
    for allocation in receipt.allocations.all():
        line = allocation.receivable_id
        given[line] = given.get(line, Decimal(0)) + allocation.amount
    return {
        "id": receipt.pk,
        "number": receipt.number,
        "kind": receipt.kind,
        "amount": _money(receipt.amount),
        "money_type": receipt.money_type,
        "method": receipt.method,
        "received_on": receipt.received_on,
        "payer": receipt.payer,
        "corrects_id": receipt.corrects_id,
        "allocations": [
            {"schedule_line_id": line, "amount": _money(amount)}
            for line, amount in given.items()
            if amount
        ],
    }


def _unit(unit: Unit) -> dict[str, Any]:
    return {"id": unit.pk, "number": unit.number, "status": unit.status}


def _deal_row(deal: Deal) -> dict[str, Any]:
    return {
        "id": deal.pk,
        "project_id": deal.project_id,
        "status": deal.status,
        "unit": _unit(deal.unit),
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


def _row(made: Reservation | Contract) -> dict[str, Any]:
    deal = made.deal
    return {
        "project_id": made.project_id,
        "unit_id": deal.unit_id,
        "unit": deal.unit.number,
        "consultant": str(deal.consultant),
    }


def _answer(
    request: ApiRequest, do: Callable[[], tuple[int, Mapping[str, Any]]]
) -> HttpResponse | Status[Any]:
    """The answer of a verb that sells or moves money, given once per Idempotency-Key."""
    said = once(request, do)
    return said if isinstance(said, HttpResponse) else Status(*said)


def _visible_unit(request: ApiRequest, unit_id: int) -> Unit:
    return get_object_or_404(units_for(request.user), pk=unit_id)


def _filtered(filters: DealFilterIn, *, deal: str, day: str) -> dict[str, Any]:
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


# --- Units: quote, lock, hold, release ------------------------------------------------------------


@router.post("units/{unit_id}/quotes/", response={201: QuoteOut, **ERRORS})
def quote(request: ApiRequest, unit_id: Id, payload: QuoteIn) -> Any:
    """What the unit costs under a plan, with every step from list to deal total."""
    unit = _visible_unit(request, unit_id)
    [made] = quotes.make_quotes(
        unit_id=unit.pk,
        payment_plan_ids=[payload.payment_plan_id],
        discount_ids=payload.discount_ids,
        reserve_on=payload.reserve_on,
        customer_id=payload.customer_id,
        by=request.user,
        at=timezone.now(),
    )
    return Status(201, made)


@router.post("units/{unit_id}/locks/", response={201: ClaimOut, **ERRORS})
def lock(request: ApiRequest, unit_id: Id) -> Any:
    """Keep the unit for some minutes; 409 `unit_not_available` names who has it."""
    unit = _visible_unit(request, unit_id)
    made = claims.lock_unit(unit_id=unit.pk, by=request.user, at=timezone.now())
    return Status(201, {"expires_at": made.expires_at})


@router.delete("units/{unit_id}/locks/", response={204: None, **ERRORS})
def unlock(request: ApiRequest, unit_id: Id) -> Any:
    """Give the locked unit back."""
    unit = _visible_unit(request, unit_id)
    claims.unlock_unit(unit_id=unit.pk, by=request.user, at=timezone.now())
    return Status(204, None)


@router.post("units/{unit_id}/holds/", response={201: ClaimOut, **ERRORS})
def hold(request: ApiRequest, unit_id: Id, payload: HoldIn) -> Any:
    """Keep the unit for a named customer for some days."""
    unit = _visible_unit(request, unit_id)
    made = claims.hold_unit(unit_id=unit.pk, **payload.dict(), by=request.user, at=timezone.now())
    return Status(201, {"expires_at": made.expires_at})


@router.delete("units/{unit_id}/holds/", response={204: None, **ERRORS})
def unhold(request: ApiRequest, unit_id: Id) -> Any:
    """Offer the held unit again."""
    unit = _visible_unit(request, unit_id)
    claims.release_hold(unit_id=unit.pk, by=request.user, at=timezone.now())
    return Status(204, None)


@router.post("projects/{project_id}/releases/", response={201: UnitsOut, **ERRORS})
def release(request: ApiRequest, project_id: Id, payload: UnitsIn) -> Any:
    """Offer units for sale (推盘), all or none."""
    project = get_object_or_404(projects_for(request.user), pk=project_id)
    known = units_for(request.user).filter(project=project, pk__in=payload.unit_ids)
    ids = list(known.values_list("pk", flat=True))
    if len(ids) != len(set(payload.unit_ids)):
        get_object_or_404(known, pk=0)
    made = unit_actions.release_units(unit_ids=ids, by=request.user, at=timezone.now())
    return Status(201, {"items": [_unit(unit) for unit in made]})


@router.post("units/{unit_id}/withholding/", response={201: UnitOut, **ERRORS})
def withhold(request: ApiRequest, unit_id: Id, payload: ReasonIn) -> Any:
    """Keep the unit back from sale (销控)."""
    unit = _visible_unit(request, unit_id)
    [made] = unit_actions.withhold_units(
        unit_ids=[unit.pk], reason=payload.reason, by=request.user, at=timezone.now()
    )
    return Status(201, _unit(made))


@router.delete("units/{unit_id}/withholding/", response={204: None, **ERRORS})
def unwithhold(request: ApiRequest, unit_id: Id) -> Any:
    """Offer the withheld unit again."""
    unit = _visible_unit(request, unit_id)
    unit_actions.unwithhold_units(unit_ids=[unit.pk], by=request.user, at=timezone.now())
    return Status(204, None)


# --- Reservation, contract, cancellation ----------------------------------------------------------


@router.post("units/{unit_id}/reservations/", response={201: ReservationOut, **ERRORS})
def reserve(request: ApiRequest, unit_id: Id, payload: ReservationIn) -> Any:
    """Reserve the unit; of two at once one wins, the other gets 409 `unit_not_available`."""
    unit = _visible_unit(request, unit_id)

    def do() -> tuple[int, Mapping[str, Any]]:
        special = payload.special
        made = reservations.reserve_unit(
            unit_id=unit.pk,
            buyers=[reservations.BuyerDraft(**buyer.dict()) for buyer in payload.buyers],
            payment_plan_id=payload.payment_plan_id,
            discount_ids=payload.discount_ids,
            deposit=payload.deposit,
            sign_by=payload.sign_by,
            reserved_on=payload.reserved_on,
            special=Special(**special.dict()) if special else None,
            by=request.user,
            at=timezone.now(),
        )
        return 201, _reservation(made)

    return _answer(request, do)


@router.post("reservations/{reservation_id}/contract/", response={201: ContractOut, **ERRORS})
def sign(request: ApiRequest, reservation_id: Id, payload: ContractIn) -> Any:
    """Sign the contract of a reservation."""
    there = get_object_or_404(reservations_for(request.user), pk=reservation_id)

    def do() -> tuple[int, Mapping[str, Any]]:
        made = contracts.sign_contract(
            reservation_id=there.pk, **payload.dict(), by=request.user, at=timezone.now()
        )
        return 201, _contract(made)

    return _answer(request, do)


@router.post(
    "reservations/{reservation_id}/cancellation/", response={201: CancellationOut, **ERRORS}
)
def cancel(request: ApiRequest, reservation_id: Id, payload: CancellationIn) -> Any:
    """End a reservation by agreement: the money goes back, the unit comes free."""
    there = get_object_or_404(reservations_for(request.user), pk=reservation_id)

    def do() -> tuple[int, Mapping[str, Any]]:
        made = cancellations.cancel_reservation(
            reservation_id=there.pk,
            **payload.dict(),
            request_key=uuid4(),
            by=request.user,
            at=timezone.now(),
        )
        return 201, {
            "id": made.pk,
            "deal_id": made.deal_id,
            "refunded": _money(made.refunded),
            "kept": _money(made.kept),
            "unit_goes_to": made.unit_goes_to,
        }

    return _answer(request, do)


@router.post(
    "contracts/{contract_id}/cancellation/", response={201: ContractCancellationOut, **ERRORS}
)
def cancel_contract(request: ApiRequest, contract_id: Id, payload: ContractCancellationIn) -> Any:
    """End a contract that is not filed: all but the penalty goes back, the unit comes free."""
    there = get_object_or_404(contracts_for(request.user), pk=contract_id)

    def do() -> tuple[int, Mapping[str, Any]]:
        made = cancellations.cancel_contract(
            contract_id=there.pk,
            **payload.dict(),
            request_key=uuid4(),
            by=request.user,
            at=timezone.now(),
        )
        return 201, {
            "id": made.pk,
            "deal_id": made.deal_id,
            "refunded": _money(made.refunded),
            "penalty": _money(made.penalty),
            "unit_goes_to": made.unit_goes_to,
        }

    return _answer(request, do)


# --- Money ----------------------------------------------------------------------------------------


@router.post("deals/{deal_id}/receipts/", response={201: ReceiptOut, **ERRORS})
def receive(request: ApiRequest, deal_id: Id, payload: ReceiptIn) -> Any:
    """Take money on a deal; `account_id` is the bank account it came to."""
    deal = get_object_or_404(deals_for(request.user), pk=deal_id)

    def do() -> tuple[int, Mapping[str, Any]]:
        receipt = money.record_receipt(
            deal_id=deal.pk,
            amount=payload.amount,
            method=payload.method,
            received_on=payload.received_on,
            money_type=payload.money_type or "",
            bank_account_id=payload.account_id,
            payer=payload.payer,
            slip_number=payload.slip_number,
            request_key=uuid4(),
            by=request.user,
            at=timezone.now(),
        )
        return 201, _receipt(receipt)

    return _answer(request, do)


@router.post("receipts/{receipt_id}/reversal/", response={201: ReceiptOut, **ERRORS})
def reverse(request: ApiRequest, receipt_id: Id, payload: ReasonIn) -> Any:
    """Answer a wrong receipt by its opposite."""
    there = get_object_or_404(receipts_for(request.user), pk=receipt_id)

    def do() -> tuple[int, Mapping[str, Any]]:
        reversal = money.reverse_receipt(
            receipt_id=there.pk, reason=payload.reason, by=request.user, at=timezone.now()
        )
        return 201, _receipt(reversal)

    return _answer(request, do)


# --- Lists and one deal ---------------------------------------------------------------------------


@router.get("deals/", response={200: DealsOut, **ERRORS})
def deals(
    request: ApiRequest, filters: Query[DealFilterIn], after: AFTER = None, limit: LIMIT = 100
) -> Any:
    """Deals within reach, newest first; `from` and `to` are days of reservation."""
    rows = deals_for(request.user).filter(**_filtered(filters, deal="", day="reserved_on"))
    page, following = paged(rows, after=after, limit=limit)
    return {"items": [_deal_row(deal) for deal in page], "next": following}


@router.get("reservations/", response={200: ReservationsOut, **ERRORS})
def reservation_list(
    request: ApiRequest, filters: Query[DealFilterIn], after: AFTER = None, limit: LIMIT = 100
) -> Any:
    """Reservations within reach, newest first."""
    rows = reservations_for(request.user).filter(
        **_filtered(filters, deal="deal__", day="reserved_on")
    )
    page, following = paged(rows, after=after, limit=limit)
    items = [{**_reservation(row), **_row(row), "reserved_on": row.reserved_on} for row in page]
    return {"items": items, "next": following}


@router.get("contracts/", response={200: ContractsOut, **ERRORS})
def contract_list(
    request: ApiRequest, filters: Query[DealFilterIn], after: AFTER = None, limit: LIMIT = 100
) -> Any:
    """Contracts within reach, newest first; `from` and `to` are days of signing."""
    rows = contracts_for(request.user).filter(**_filtered(filters, deal="deal__", day="signed_on"))
    page, following = paged(rows, after=after, limit=limit)
    return {"items": [{**_contract(row), **_row(row)} for row in page], "next": following}


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
        "receipts": [_receipt(receipt) for receipt in page.receipts],
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
        "verbs": page.open_verbs,
        "trace": there.trace,
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
