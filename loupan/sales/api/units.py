"""Units over the API: quote, lock, hold, release, withhold."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Router, Schema, Status
from pydantic import Field

from loupan.core.rest import (
    ERRORS,
    ApiRequest,
    Day,
    Id,
    Line,
    Moment,
    MoneyOut,
    RateOut,
    UnitPriceOut,
    once,
)
from loupan.inventory.actions import units as unit_actions
from loupan.inventory.models import Unit
from loupan.inventory.queries.units import shows_unit, units_for
from loupan.org.queries import projects_for
from loupan.sales.actions import claims, quotes
from loupan.sales.queries.attached import AttachedWish

router = Router(tags=["sales"])

Ids = Annotated[list[Id], Field(max_length=40)]


class AttachedIn(Schema):
    """A parking stall, storage unit, garden or roof that goes with the main unit."""

    unit_id: Id
    pricing: Literal["separate", "inside"] = "separate"


class QuoteIn(Schema):
    payment_plan_id: Id
    discount_ids: Ids = []
    reserve_on: Day | None = None
    customer_id: Id | None = None
    attached: Annotated[list[AttachedIn], Field(max_length=20)] = []
    valid_days: Annotated[int, Field(ge=1, le=90)] | None = None


class HoldIn(Schema):
    customer_id: Id
    days: Annotated[int, Field(ge=1, le=365)] = 1
    reason: Line = ""


class HoldEndIn(Schema):
    until: Moment


class ReasonIn(Schema):
    reason: Annotated[Line, Field(min_length=1)]


class WithholdIn(Schema):
    """A word of the project's dictionary, a text, or both; until when, if it ends by itself."""

    reason: Line = ""
    word_id: Id | None = None
    holder_id: Id | None = None
    until: Moment | None = None


class UntilIn(Schema):
    until: Moment | None = None


class UnitsIn(Schema):
    unit_ids: Annotated[list[Id], Field(min_length=1, max_length=5000)]


class ScheduleOut(Schema):
    money_type: str
    amount: MoneyOut
    due_on: date | None


class StepOut(Schema):
    step: str
    rule: str
    input: dict[str, str]
    output: str


class QuotedUnitOut(Schema):
    unit_id: int
    number: str
    pricing: str
    list_total: MoneyOut
    amount: MoneyOut


class QuoteOut(Schema):
    id: int
    attached: list[QuotedUnitOut]
    list_total: MoneyOut
    deal_total: MoneyOut
    deal_unit_price: UnitPriceOut | None
    overall_rate: RateOut
    valid_until: date
    schedule: list[ScheduleOut]
    trace: list[StepOut]


class ClaimOut(Schema):
    expires_at: datetime


class UnitOut(Schema):
    id: int
    number: str
    status: str


class UnitsOut(Schema):
    items: list[UnitOut]
    next: str | None = None


def unit_out(unit: Unit) -> dict[str, Any]:
    return {"id": unit.pk, "number": unit.number, "status": unit.status}


def wishes(attached: Sequence[AttachedIn]) -> list[AttachedWish]:
    return [AttachedWish(each.unit_id, each.pricing) for each in attached]


def answer_once(
    request: ApiRequest, do: Callable[[], tuple[int, Mapping[str, Any]]]
) -> HttpResponse | Status[Any]:
    """The answer of a verb that sells or moves money, given once per Idempotency-Key."""
    said = once(request, do)
    return said if isinstance(said, HttpResponse) else Status(*said)


def ensure_visible(request: ApiRequest, unit_id: int) -> None:
    """Raise Http404 unless the unit stands in a list of this person's units."""
    if not shows_unit(request.user, unit_id):
        raise Http404


@router.post("units/{unit_id}/quotes/", response={201: QuoteOut, **ERRORS})
def quote(request: ApiRequest, unit_id: Id, payload: QuoteIn) -> Any:
    """What the unit costs under a plan, with every step from list to deal total."""
    ensure_visible(request, unit_id)
    [made] = quotes.make_quotes(
        unit_id=unit_id,
        payment_plan_ids=[payload.payment_plan_id],
        discount_ids=payload.discount_ids,
        reserve_on=payload.reserve_on,
        customer_id=payload.customer_id,
        attached=wishes(payload.attached),
        valid_days=payload.valid_days,
        by=request.user,
        at=timezone.now(),
    )
    return Status(201, made)


@router.post("units/{unit_id}/locks/", response={201: ClaimOut, **ERRORS})
def lock(request: ApiRequest, unit_id: Id) -> Any:
    """Keep the unit for some minutes; 409 `unit_not_available` names who has it."""
    ensure_visible(request, unit_id)
    made = claims.lock_unit(unit_id=unit_id, by=request.user, at=timezone.now())
    return Status(201, {"expires_at": made.expires_at})


@router.delete("units/{unit_id}/locks/", response={204: None, **ERRORS})
def unlock(request: ApiRequest, unit_id: Id) -> Any:
    """Give the locked unit back."""
    ensure_visible(request, unit_id)
    claims.unlock_unit(unit_id=unit_id, by=request.user, at=timezone.now())
    return Status(204, None)


@router.post("units/{unit_id}/holds/", response={201: ClaimOut, **ERRORS})
def hold(request: ApiRequest, unit_id: Id, payload: HoldIn) -> Any:
    """Keep the unit for a named customer for some days."""
    ensure_visible(request, unit_id)
    made = claims.hold_unit(unit_id=unit_id, **payload.dict(), by=request.user, at=timezone.now())
    return Status(201, {"expires_at": made.expires_at})


@router.put("units/{unit_id}/holds/", response={200: ClaimOut, **ERRORS}, summary="Extend a hold")
def extend_hold(request: ApiRequest, unit_id: Id, payload: HoldEndIn) -> Any:
    """Keep the held unit until another moment; 409 `hold_extended_too_far` names the latest."""
    ensure_visible(request, unit_id)
    made = claims.extend_hold(
        unit_id=unit_id, until=payload.until, by=request.user, at=timezone.now()
    )
    return {"expires_at": made.expires_at}


@router.delete("units/{unit_id}/holds/", response={204: None, **ERRORS})
def unhold(request: ApiRequest, unit_id: Id) -> Any:
    """Offer the held unit again."""
    ensure_visible(request, unit_id)
    claims.release_hold(unit_id=unit_id, by=request.user, at=timezone.now())
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
    return Status(201, {"items": [unit_out(unit) for unit in made]})


@router.post("units/{unit_id}/withholding/", response={201: UnitOut, **ERRORS})
def withhold(request: ApiRequest, unit_id: Id, payload: WithholdIn) -> Any:
    """Keep the unit back from sale (销控), for a reason, perhaps until a moment."""
    ensure_visible(request, unit_id)
    [made] = unit_actions.withhold_units(
        unit_ids=[unit_id], **payload.dict(), by=request.user, at=timezone.now()
    )
    return Status(201, unit_out(made))


@router.put(
    "units/{unit_id}/withholding/",
    response={200: UnitOut, **ERRORS},
    summary="Extend a withholding",
)
def extend_withholding(request: ApiRequest, unit_id: Id, payload: UntilIn) -> Any:
    """Keep the withheld unit back until another moment, or without an end."""
    ensure_visible(request, unit_id)
    return unit_out(
        unit_actions.extend_withholding(
            unit_id=unit_id, until=payload.until, by=request.user, at=timezone.now()
        )
    )


@router.post(
    "units/{unit_id}/taking-back/",
    response={201: UnitOut, **ERRORS},
    summary="Take a withheld unit back",
)
def take_back(request: ApiRequest, unit_id: Id) -> Any:
    """Put the withheld unit back among those not released."""
    ensure_visible(request, unit_id)
    [made] = unit_actions.take_back_units(unit_ids=[unit_id], by=request.user, at=timezone.now())
    return Status(201, unit_out(made))


@router.delete("units/{unit_id}/withholding/", response={204: None, **ERRORS})
def unwithhold(request: ApiRequest, unit_id: Id) -> Any:
    """Offer the withheld unit again."""
    ensure_visible(request, unit_id)
    unit_actions.unwithhold_units(unit_ids=[unit_id], by=request.user, at=timezone.now())
    return Status(204, None)


@router.post(
    "units/{unit_id}/off-market/",
    response={201: UnitOut, **ERRORS},
    summary="Take a unit off the market",
)
def take_off_market(request: ApiRequest, unit_id: Id, payload: ReasonIn) -> Any:
    """Take an unsold unit out of the stock: self-held, resettlement, set off (非售)."""
    ensure_visible(request, unit_id)
    [made] = unit_actions.take_off_market(
        unit_ids=[unit_id], reason=payload.reason, by=request.user, at=timezone.now()
    )
    return Status(201, unit_out(made))


@router.post(
    "units/{unit_id}/return-to-market/",
    response={201: UnitOut, **ERRORS},
    summary="Return a unit to the market",
)
def return_to_market(request: ApiRequest, unit_id: Id, payload: ReasonIn) -> Any:
    """Put a unit back into the stock; it is not released until somebody releases it."""
    ensure_visible(request, unit_id)
    [made] = unit_actions.return_to_market(
        unit_ids=[unit_id], reason=payload.reason, by=request.user, at=timezone.now()
    )
    return Status(201, unit_out(made))
