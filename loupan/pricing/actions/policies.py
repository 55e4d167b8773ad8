"""How a project computes: policy, rounding, authority. Whatever is saved renews the stamp."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from loupan.core import audit
from loupan.core.db import writes
from loupan.core.refusals import ChangedMeanwhile
from loupan.org.models import User
from loupan.org.permissions import require
from loupan.pricing.models import (
    ClassPolicy,
    DiscountAuthority,
    PrecisionRule,
    PrecisionTarget,
    PricingPolicy,
)
from loupan.pricing.rules.authority import DEFAULT_AUTHORITY
from loupan.pricing.rules.tracing import DEFAULT_PRECISION

POLICY_FIELDS = (
    "stack_mode",
    "calculation_order",
    "round_each_step",
    "identity_best_only",
    "exclusive_choice",
    "plan_change_day",
    "min_deposit",
    "sign_within_days",
    "lock_minutes",
    "locks_per_person",
    "down_payment_rule",
    "filed_lower_rate",
    "gifts_count_for_floor",
    "provisional_days",
    "provisional_amount",
    "allows_direct_contract",
)


@writes
def renew_stamp(*, project_id: int) -> None:
    """Part: whatever was read of this project's prices before is out of date now."""
    PricingPolicy.objects.filter(project_id=project_id).update(stamp=uuid.uuid4())


@writes
def renew_stamps(*, project_ids: Iterable[int]) -> None:
    """Part: the same for many; each gets a stamp of its own."""
    for pk in project_ids:
        renew_stamp(project_id=pk)


@writes
def install_pricing_defaults(*, project_id: int, by: User, at: datetime) -> PricingPolicy:
    """Give a project what is missing of its policy, rounding and authority (DOMAIN 2.2.4, 2.3.2)."""
    require(by, "pricing.edit_discounts", project_id)
    return give_pricing_defaults(project_id=project_id, by=by, at=at)


@writes
def give_pricing_defaults(*, project_id: int, by: User, at: datetime) -> PricingPolicy:
    """Part of opening a project, whoever opens it: policy, rounding and authority as delivered."""
    policy, _made = PricingPolicy.objects.get_or_create(project_id=project_id)
    for target in PrecisionTarget.values:
        default = getattr(DEFAULT_PRECISION, target)
        PrecisionRule.objects.get_or_create(
            project_id=project_id,
            product_type="",
            target=target,
            defaults={"unit": f"{default.unit:f}", "mode": default.mode.value},
        )
    for rule in DEFAULT_AUTHORITY:
        DiscountAuthority.objects.get_or_create(
            project_id=project_id,
            role_code=rule.level.name,
            defaults={
                "min_overall_rate": rule.min_overall_rate,
                "may_go_below_floor": rule.may_go_below_floor,
            },
        )
    renew_stamp(project_id=project_id)
    audit.record("pricing.defaults.installed", policy, by=by, at=at)
    return policy


@writes
def save_policy(
    *,
    project_id: int,
    values: Mapping[str, Any],
    by: User,
    at: datetime,
    version: int | None = None,
) -> PricingPolicy:
    """Change how a project computes; `values` names fields of POLICY_FIELDS.

    Raises ChangedMeanwhile.
    """
    require(by, "pricing.edit_discounts", project_id)
    assert set(values) <= set(POLICY_FIELDS), values
    PricingPolicy.objects.get_or_create(project_id=project_id)
    policy = PricingPolicy.objects.locked().get(project_id=project_id)
    if version is not None and policy.version != version:
        raise ChangedMeanwhile
    before, after = audit.differences(audit.snapshot(policy, *values), values)
    for name, value in values.items():
        setattr(policy, name, value)
    policy.version += 1
    policy.stamp = uuid.uuid4()
    policy.save(update_fields=[*values, "version", "stamp"])
    audit.record("pricing.policy.saved", policy, by=by, at=at, before=before, after=after)
    return policy


@writes
def save_precision(
    *,
    project_id: int,
    target: str,
    unit: str,
    mode: str,
    by: User,
    at: datetime,
    product_type: str = "",
) -> PrecisionRule:
    """Set unit and mode of rounding of one named amount (精度设置), of one class of property or all."""
    require(by, "pricing.edit_discounts", project_id)
    row = PrecisionRule.objects.filter(
        project_id=project_id, product_type=product_type, target=target
    ).first()
    before = audit.snapshot(row, "unit", "mode") if row else {}
    row, _made = PrecisionRule.objects.update_or_create(
        project_id=project_id,
        product_type=product_type,
        target=target,
        defaults={"unit": unit, "mode": mode},
    )
    renew_stamp(project_id=project_id)
    after = {"target": target, "product_type": product_type, "unit": unit, "mode": mode}
    audit.record("pricing.precision.saved", row, by=by, at=at, before=before, after=after)
    return row


@writes
def clear_class(*, project_id: int, product_type: str, by: User, at: datetime) -> None:
    """Let a class of property compute as the project does: its own order and rounding go."""
    require(by, "pricing.edit_discounts", project_id)
    PrecisionRule.objects.filter(project_id=project_id, product_type=product_type).exclude(
        product_type=""
    ).delete()
    ClassPolicy.objects.filter(project_id=project_id, product_type=product_type).delete()
    renew_stamp(project_id=project_id)
    policy, _made = PricingPolicy.objects.get_or_create(project_id=project_id)
    audit.record("pricing.class.cleared", policy, by=by, at=at, product_type=product_type)


@writes
def save_computing(
    *,
    project_id: int,
    product_type: str,
    calculation_order: str,
    round_each_step: bool,
    precision: Mapping[str, tuple[str, str]],
    by: User,
    at: datetime,
) -> None:
    """Set how a class of property computes, or the whole project where none is named (2.2.4).

    `precision` is unit and mode by named amount.  Prices that stand stay as they are; drafts are worked
    out anew when they are changed.
    """
    require(by, "pricing.edit_discounts", project_id)
    values = {"calculation_order": calculation_order, "round_each_step": round_each_step}
    if product_type:
        row, _made = ClassPolicy.objects.update_or_create(
            project_id=project_id, product_type=product_type, defaults=values
        )
        PricingPolicy.objects.get_or_create(project_id=project_id)
        after = {"product_type": product_type, **values}
        audit.record("pricing.class.saved", row, by=by, at=at, after=after)
    else:
        save_policy(project_id=project_id, values=values, by=by, at=at)
    for target, (unit, mode) in precision.items():
        save_precision(
            project_id=project_id, product_type=product_type, target=target, unit=unit, mode=mode,
            by=by, at=at,
        )  # fmt: skip
    renew_stamp(project_id=project_id)


@writes
def save_authority(
    *,
    project_id: int,
    levels: Sequence[tuple[str, Decimal, bool]],
    by: User,
    at: datetime,
) -> list[DiscountAuthority]:
    """Replace the authority matrix: role code, lowest overall rate, may go below the floor."""
    require(by, "pricing.edit_discounts", project_id)
    old = DiscountAuthority.objects.filter(project_id=project_id)
    before = {row.role_code: row.min_overall_rate for row in old}
    old.delete()
    rows = [
        DiscountAuthority(
            project_id=project_id,
            role_code=role,
            min_overall_rate=lowest,
            may_go_below_floor=below,
        )
        for role, lowest, below in levels
    ]
    DiscountAuthority.objects.bulk_create(rows)
    renew_stamp(project_id=project_id)
    policy, _made = PricingPolicy.objects.get_or_create(project_id=project_id)
    after = {role: lowest for role, lowest, _below in levels}
    audit.record("pricing.authority.saved", policy, by=by, at=at, before=before, after=after)
    return rows
