"""Payment plans and discounts over the API (CONTRACT 3)."""

from datetime import date
from typing import Any

from django.shortcuts import get_object_or_404
from ninja import Router, Schema

from loupan.core.rest import AFTER, ERRORS, LIMIT, ApiRequest, Id, MoneyOut, RateOut, paged
from loupan.org.models import Project
from loupan.org.permissions import require
from loupan.org.queries import projects_for
from loupan.pricing import queries

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
    version: int


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
    items = [
        {
            **{name: getattr(row, name) for name in DiscountOut.model_fields},
            "amount_or_rate": f"{row.amount_or_rate:f}",
        }
        for row in page
    ]
    return {"items": items, "next": following}


@router.get("projects/{project_id}/pricing-policy/", response={200: PolicyOut, **ERRORS})
def pricing_policy(request: ApiRequest, project_id: Id) -> Any:
    """How the project computes and for how long things are held."""
    return queries.price_book(_project(request, project_id).pk).policy
