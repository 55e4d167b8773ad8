"""Payment plans and discounts over the API (CONTRACT 3)."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Router, Schema
from pydantic import Field

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
    paged,
)
from loupan.inventory.models import ProductType
from loupan.org.models import Project
from loupan.org.permissions import require
from loupan.org.queries import projects_for
from loupan.pricing import queries
from loupan.pricing.actions.discounts import save_discount
from loupan.pricing.models import Discount

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
    version: int
    lines: list[PlanLineOut]


class PlansOut(Schema):
    items: list[PlanOut]
    next: str | None = None


class DiscountOut(Schema):
    id: int
    code: str
    name: str
    kind: str
    form: str
    amount_or_rate: str
    order: int
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


Short = Annotated[Line, Field(min_length=1, max_length=60)]
Code = Annotated[str, Field(min_length=1, max_length=20, pattern=r"^[-a-zA-Z0-9_]+$")]


class DiscountIn(Schema):
    """A discount or scheme with its range, conditions, limits and gift; lists left empty cover all."""

    code: Code
    name: Short
    kind: Literal["regular", "identity", "promotion"]
    form: Literal["rate", "percent_off", "amount", "unit_amount"]
    amount_or_rate: Annotated[
        Decimal, Field(ge=0, max_digits=18, decimal_places=6, allow_inf_nan=False)
    ]
    order: Annotated[int, Field(ge=-32000, le=31000)] = 100
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


class DiscountsOut(Schema):
    items: list[DiscountOut]
    next: str | None = None


class PolicyOut(Schema):
    stack_mode: str
    calculation_order: str
    round_each_step: bool
    identity_best_only: bool
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
    rows = queries.plans_for(request.user, project.pk).filter(is_enabled=is_enabled)
    page, following = paged(rows, after=after, limit=limit)
    items = [
        {
            **{name: getattr(plan, name) for name in PlanOut.model_fields if name != "lines"},
            "lines": [
                {
                    **{name: getattr(line, name) for name in PlanLineOut.model_fields},
                    "amount_or_rate": f"{line.amount_or_rate:f}",
                }
                for line in plan.lines.all()
            ],
        }
        for plan in page
    ]
    return {"items": items, "next": following}


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
    rows = queries.discounts_for(request.user, project.pk).filter(is_enabled=is_enabled)
    page, following = paged(rows, after=after, limit=limit)
    return {"items": [_discount_out(row) for row in page], "next": following}


def _discount_out(row: Discount) -> dict[str, Any]:
    return {
        **{name: getattr(row, name) for name in DiscountOut.model_fields},
        "amount_or_rate": f"{row.amount_or_rate:f}",
    }


@router.post(
    "projects/{project_id}/discounts/", response={201: DiscountOut, **ERRORS},
    summary="Publish a discount",
)  # fmt: skip
def discount_new(request: ApiRequest, project_id: Id, payload: DiscountIn) -> Any:
    """A discount, an identity discount or a scheme of the project."""
    project = _project(request, project_id)
    made = save_discount(
        project_id=project.pk, values=payload.dict(), by=request.user, at=timezone.now()
    )
    return 201, _discount_out(made)


@router.put(
    "discounts/{discount_id}/", response={200: DiscountOut, **ERRORS}, summary="Change a discount"
)
def discount_change(request: ApiRequest, discount_id: Id, payload: DiscountChangeIn) -> Any:
    """Deals keep their copy; `version` is that of the discount as it was read."""
    row = get_object_or_404(queries.discounts_for(request.user), pk=discount_id)
    values = payload.dict()
    version = values.pop("version")
    changed = save_discount(
        project_id=row.project_id, values=values, discount_id=row.pk, version=version,
        by=request.user, at=timezone.now(),
    )  # fmt: skip
    return _discount_out(changed)


@router.get("projects/{project_id}/pricing-policy/", response={200: PolicyOut, **ERRORS})
def pricing_policy(request: ApiRequest, project_id: Id) -> Any:
    """How the project computes and for how long things are held."""
    return queries.price_book(_project(request, project_id).pk).policy
