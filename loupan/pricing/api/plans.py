"""Payment plans and discounts over the API (CONTRACT 3)."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Router, Schema, Status
from pydantic import Field

from loupan.core.calendar import business_day
from loupan.core.rest import (
    AFTER,
    ERRORS,
    LIMIT,
    ApiRequest,
    Id,
    Line,
    MoneyIn,
    MoneyOut,
    RateOut,
    UnitPriceOut,
    paged,
)
from loupan.inventory.models import ProductType
from loupan.inventory.queries.units import units_for
from loupan.org.models import Project
from loupan.org.permissions import require
from loupan.org.queries import projects_for
from loupan.pricing.actions import plans as plan_actions
from loupan.pricing.actions.discounts import save_discount
from loupan.pricing.actions.plans import PlanLineDraft, save_plan
from loupan.pricing.errors import CodeTaken
from loupan.pricing.models import (
    Discount,
    PaymentPlan,
    PaymentPlanLine,
    PlanKind,
    RoundingMode,
)
from loupan.pricing.permissions import EDIT_PLANS
from loupan.pricing.queries.book import price_book
from loupan.pricing.queries.discounts import discounts_for
from loupan.pricing.queries.offers import Gift, Special, price_for
from loupan.pricing.queries.plans import plans_for

router = Router(tags=["pricing"])


class PlanLineOut(Schema):
    seq: int
    money_type: str
    method: str
    amount_or_rate: str
    base: str
    includes_deposit: bool
    rounding_unit: str
    rounding_mode: str
    anchor: str
    offset_days: int
    offset_months: int
    fixed_on: date | None
    milestone: str


class PlanOut(Schema):
    id: int
    code: str
    name: str
    kind: str
    rate: RateOut
    edition: int
    is_enabled: bool
    valid_from: date | None
    valid_until: date | None
    min_down_payment_rate: RateOut
    product_types: list[str]
    sort: int
    version: int
    lines: list[PlanLineOut]


class PlanLineIn(Schema):
    """One payment: a share of one for `percent`, yuan for `fixed`, nothing for `remainder`."""

    money_type: PaymentPlanLine.MoneyType
    method: PaymentPlanLine.Method
    amount_or_rate: Annotated[
        Decimal, Field(ge=0, max_digits=18, decimal_places=6, allow_inf_nan=False)
    ] = Decimal(0)
    base: PaymentPlanLine.Base = PaymentPlanLine.Base.DEAL_TOTAL
    includes_deposit: bool = False
    rounding_unit: Literal["10000", "1000", "100", "10", "1", "0.1", "0.01"] = "1"
    rounding_mode: RoundingMode = RoundingMode.HALF_UP
    anchor: PaymentPlanLine.Anchor = PaymentPlanLine.Anchor.CONTRACT
    offset_days: Annotated[int, Field(ge=-3650, le=3650)] = 0
    offset_months: Annotated[int, Field(ge=-120, le=480)] = 0
    fixed_on: date | None = None
    milestone: Annotated[Line, Field(max_length=40)] = ""


Code = Annotated[str, Field(min_length=1, max_length=20, pattern=r"^[-a-zA-Z0-9_]+$")]
Short = Annotated[Line, Field(min_length=1, max_length=60)]


class PlanTermsIn(Schema):
    name: Short
    kind: PlanKind
    rate: Annotated[Decimal, Field(gt=0, le=1, max_digits=7, decimal_places=6)] = Decimal(1)
    min_down_payment_rate: Annotated[Decimal, Field(ge=0, le=1, max_digits=7, decimal_places=6)] = (
        Decimal(0)
    )
    is_enabled: bool = True
    valid_from: date | None = None
    valid_until: date | None = None
    product_types: list[ProductType] = []
    sort: Annotated[int, Field(ge=0, le=32000)] = 0
    lines: Annotated[list[PlanLineIn], Field(min_length=1, max_length=24)]


class PlanIn(PlanTermsIn):
    code: Code


class PlanChangeIn(PlanTermsIn):
    version: Annotated[int, Field(ge=0, le=2**31 - 1)]


class PlansOut(Schema):
    items: list[PlanOut]
    next: str | None = None


class SchemeItemOut(Schema):
    name: str
    form: str
    amount_or_rate: str
    order: int


class DiscountOut(Schema):
    id: int
    code: str
    name: str
    kind: str
    form: str
    amount_or_rate: str
    order: int
    items: list[SchemeItemOut]
    exclusive_group: str
    needs_proof: bool
    is_for_signing_on_time: bool
    is_enabled: bool
    is_default: bool
    valid_from: date | None
    valid_until: date | None
    quota: int | None
    used: int
    product_types: list[str]
    plan_codes: list[str]
    buildings: list[int]
    layouts: list[int]
    unit_numbers: list[str]
    per_person: int | None
    gift_name: str
    gift_cost: MoneyOut
    version: int


class SchemeItemIn(Schema):
    """One more item of a scheme: granted together with the first, in its own order."""

    name: Annotated[Line, Field(max_length=60)] = ""
    form: Literal["rate", "percent_off", "amount", "unit_amount"]
    amount_or_rate: Annotated[
        Decimal, Field(ge=0, max_digits=18, decimal_places=6, allow_inf_nan=False)
    ]
    order: Annotated[int, Field(ge=-32000, le=31000)] = 100


class DiscountIn(Schema):
    """A discount or scheme with its range, conditions, limits and gift; lists left empty cover all.

    `items` are the further items of a promotion scheme.
    """

    code: Code
    name: Short
    kind: Literal["regular", "identity", "promotion"]
    form: Literal["rate", "percent_off", "amount", "unit_amount"]
    amount_or_rate: Annotated[
        Decimal, Field(ge=0, max_digits=18, decimal_places=6, allow_inf_nan=False)
    ]
    order: Annotated[int, Field(ge=-32000, le=31000)] = 100
    items: Annotated[list[SchemeItemIn], Field(max_length=Discount.MOST_ITEMS)] = []
    exclusive_group: Annotated[Line, Field(max_length=20)] = ""
    needs_proof: bool = False
    is_for_signing_on_time: bool = False
    is_enabled: bool = True
    is_default: bool = False
    valid_from: date | None = None
    valid_until: date | None = None
    quota: Annotated[int, Field(ge=0, le=10**6)] | None = None
    product_types: list[ProductType] = []
    plan_codes: Annotated[list[Code], Field(max_length=100)] = []
    buildings: Annotated[list[Id], Field(max_length=500)] = []
    layouts: Annotated[list[Id], Field(max_length=500)] = []
    unit_numbers: Annotated[list[Short], Field(max_length=1000)] = []
    per_person: Annotated[int, Field(ge=1, le=1000)] | None = None
    gift_name: Annotated[Line, Field(max_length=60)] = ""
    gift_cost: MoneyIn = Decimal(0)


class DiscountChangeIn(DiscountIn):
    version: Annotated[int, Field(ge=0, le=2**31 - 1)]


class TrialSpecialIn(Schema):
    form: Literal["rate", "percent_off", "amount", "unit_amount"]
    amount_or_rate: Annotated[
        Decimal, Field(ge=0, max_digits=18, decimal_places=6, allow_inf_nan=False)
    ]


class TrialGiftIn(Schema):
    name: Annotated[Line, Field(min_length=1, max_length=60)]
    cost: MoneyIn


class TrialIn(Schema):
    payment_plan_id: Id
    discount_ids: Annotated[list[Id], Field(max_length=40)] = []
    special: TrialSpecialIn | None = None
    gift: TrialGiftIn | None = None
    reserve_on: date | None = None
    deposit: MoneyIn | None = None


class TrialLineOut(Schema):
    seq: int
    money_type: str
    amount: MoneyOut
    due_on: date | None
    note: str


class TrialItemOut(Schema):
    discount_id: int | None
    code: str
    name: str
    reason: str
    gift_name: str
    gift_cost: MoneyOut


class TrialOut(Schema):
    """A price with its derivation; what concerns the floor only for those who may know it."""

    list_total: MoneyOut
    deal_total: MoneyOut
    net_total: MoneyOut
    gift_cost: MoneyOut
    overall_rate: RateOut
    overall_rate_truncated: RateOut
    deal_unit_price: UnitPriceOut | None
    deal_inner_unit_price: UnitPriceOut | None
    floor_total: MoneyOut | None
    floor_margin: MoneyOut | None
    authority: str
    applied: list[TrialItemOut]
    refused: list[TrialItemOut]
    schedule: list[TrialLineOut]
    trace: list[dict[str, Any]]


class DiscountsOut(Schema):
    items: list[DiscountOut]
    next: str | None = None


class PolicyOut(Schema):
    stack_mode: str
    calculation_order: str
    round_each_step: bool
    identity_best_only: bool
    exclusive_choice: str
    plan_change_day: str
    min_deposit: MoneyOut
    sign_within_days: int
    lock_minutes: int
    locks_per_person: int
    down_payment_rule: str
    provisional_days: int
    provisional_amount: MoneyOut
    allows_direct_contract: bool
    gifts_count_for_floor: bool


def _project(request: ApiRequest, project_id: int) -> Project:
    project = get_object_or_404(projects_for(request.user), pk=project_id)
    require(request.user, "pricing.read", project.pk)
    return project


@router.get("projects/{project_id}/payment-plans/", response={200: PlansOut, **ERRORS})
def payment_plans(
    request: ApiRequest,
    project_id: Id,
    is_enabled: bool = True,  # noqa: FBT001, FBT002  A query parameter.
    after: AFTER = None,
    limit: LIMIT = 100,
) -> Any:
    """Payment plans of a project; `is_enabled=false` for editions no longer offered."""
    project = _project(request, project_id)
    rows = plans_for(request.user, project.pk).filter(is_enabled=is_enabled)
    page, following = paged(rows, after=after, limit=limit)
    return {"items": [_plan_out(plan) for plan in page], "next": following}


def _plan_out(plan: PaymentPlan) -> dict[str, Any]:
    return {
        **{name: getattr(plan, name) for name in PlanOut.model_fields if name != "lines"},
        "lines": [
            {
                **{name: getattr(line, name) for name in PlanLineOut.model_fields},
                "amount_or_rate": f"{line.amount_or_rate:f}",
            }
            for line in plan.lines.all()
        ],
    }


def _saved(request: ApiRequest, project_id: int, code: str, payload: PlanTermsIn) -> dict[str, Any]:
    values = payload.dict()
    lines = [PlanLineDraft(**line) for line in values.pop("lines")]
    made = save_plan(
        project_id=project_id, **{"code": code, **values}, lines=lines, by=request.user,
        at=timezone.now(),
    )  # fmt: skip
    return _plan_out(made)


@router.post(
    "projects/{project_id}/payment-plans/", response={201: PlanOut, **ERRORS},
    summary="Make a payment plan",
)  # fmt: skip
def plan_new(request: ApiRequest, project_id: Id, payload: PlanIn) -> Any:
    """A plan with its lines; its code must be new in the project."""
    project = _project(request, project_id)
    if PaymentPlan.objects.filter(project=project, code=payload.code).exists():
        require(request.user, EDIT_PLANS, project.pk)
        raise CodeTaken(code=payload.code)
    return Status(201, _saved(request, project.pk, payload.code, payload))


@router.put(
    "payment-plans/{plan_id}/", response={200: PlanOut, **ERRORS}, summary="Change a payment plan"
)
def plan_change(request: ApiRequest, plan_id: Id, payload: PlanChangeIn) -> Any:
    """A change of substance makes a new edition, which the answer names; deals keep theirs.

    `is_enabled` puts the plan in use or retires it; `version` is that of the edition as it was read.
    """
    row = get_object_or_404(plans_for(request.user), pk=plan_id)
    return _saved(request, row.project_id, row.code, payload)


class StandardPlansIn(Schema):
    codes: Annotated[
        list[Annotated[Line, Field(max_length=20)]], Field(min_length=1, max_length=20)
    ]


class AddedPlansOut(Schema):
    codes: list[str]


@router.post(
    "projects/{project_id}/standard-plans/",
    response={201: AddedPlansOut, **ERRORS},
    summary="Add standard plans",
)
def add_standard_plans(request: ApiRequest, project_id: Id, payload: StandardPlansIn) -> Any:
    """Give a project plans as delivered: LUMP, MORTGAGE, PROVIDENT, COMBINED, INSTALMENT.

    A plan whose code the project has already is left as it is.
    """
    project = _project(request, project_id)
    made = plan_actions.add_standard_plans(
        project_id=project.pk, codes=payload.codes, by=request.user, at=timezone.now()
    )
    return Status(201, {"codes": [plan.code for plan in made]})


@router.get("projects/{project_id}/discounts/", response={200: DiscountsOut, **ERRORS})
def discounts(
    request: ApiRequest,
    project_id: Id,
    is_enabled: bool = True,  # noqa: FBT001, FBT002  A query parameter.
    after: AFTER = None,
    limit: LIMIT = 100,
) -> Any:
    """Discounts of a project; `is_enabled=false` for those no longer offered."""
    project = _project(request, project_id)
    rows = discounts_for(request.user, project.pk).filter(is_enabled=is_enabled)
    page, following = paged(rows, after=after, limit=limit)
    return {"items": [_discount_out(row) for row in page], "next": following}


def _discount_out(row: Discount) -> dict[str, Any]:
    return {
        **{name: getattr(row, name) for name in DiscountOut.model_fields},
        "amount_or_rate": f"{row.amount_or_rate:f}",
    }


def _values(payload: DiscountIn) -> dict[str, Any]:
    """What was sent, the amounts of further items as they are kept: as text."""
    values = payload.dict()
    for each in values["items"]:
        each["amount_or_rate"] = f"{each['amount_or_rate']:f}"
    return values


@router.post(
    "projects/{project_id}/discounts/", response={201: DiscountOut, **ERRORS},
    summary="Publish a discount",
)  # fmt: skip
def discount_new(request: ApiRequest, project_id: Id, payload: DiscountIn) -> Any:
    """A discount, an identity discount or a scheme of the project."""
    project = _project(request, project_id)
    made = save_discount(
        project_id=project.pk, values=_values(payload), by=request.user, at=timezone.now()
    )
    return Status(201, _discount_out(made))


@router.put(
    "discounts/{discount_id}/", response={200: DiscountOut, **ERRORS}, summary="Change a discount"
)
def discount_change(request: ApiRequest, discount_id: Id, payload: DiscountChangeIn) -> Any:
    """Deals keep their copy; `version` is that of the discount as it was read."""
    row = get_object_or_404(discounts_for(request.user), pk=discount_id)
    values = _values(payload)
    version = values.pop("version")
    changed = save_discount(
        project_id=row.project_id, values=values, discount_id=row.pk, version=version,
        by=request.user, at=timezone.now(),
    )  # fmt: skip
    return _discount_out(changed)


@router.get("projects/{project_id}/pricing-policy/", response={200: PolicyOut, **ERRORS})
def pricing_policy(request: ApiRequest, project_id: Id) -> Any:
    """How the project computes and for how long things are held."""
    return price_book(_project(request, project_id).pk).policy


@router.post(
    "units/{unit_id}/price-trial/", response={200: TrialOut, **ERRORS},
    summary="Try a price without a customer",
)  # fmt: skip
def price_trial(request: ApiRequest, unit_id: Id, payload: TrialIn) -> Any:
    """Every step from the list total to the payments, and the level that may confirm it (DSC-08)."""
    require(request.user, "pricing.read")
    unit = get_object_or_404(units_for(request.user), pk=unit_id)
    require(request.user, "pricing.read", unit.project_id)
    special = payload.special
    offer = price_for(
        unit=unit,
        payment_plan_id=payload.payment_plan_id,
        discount_ids=payload.discount_ids,
        reserve_on=payload.reserve_on or business_day(timezone.now()),
        viewer=request.user,
        deposit=payload.deposit,
        special=Special(special.form, special.amount_or_rate) if special else None,
        gift=Gift(payload.gift.name, payload.gift.cost) if payload.gift else None,
    )
    items = list(TrialItemOut.model_fields)
    return {
        **{
            name: getattr(offer, name)
            for name in TrialOut.model_fields
            if name not in {"authority", "applied", "refused", "schedule"}
        },
        "authority": offer.authority.name,
        "applied": [{name: getattr(each, name) for name in items} for each in offer.applied],
        "refused": [{name: getattr(each, name) for name in items} for each in offer.refused],
        "schedule": [
            {name: getattr(line, name) for name in TrialLineOut.model_fields}
            for line in offer.schedule
        ],
    }
