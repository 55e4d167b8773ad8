"""Payment plans: a changed plan is a new edition, so that deals keep theirs (DOMAIN 2.4)."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from loupan.core import audit
from loupan.core.db import writes
from loupan.core.refusals import ChangedMeanwhile
from loupan.org.models import User
from loupan.org.permissions import require
from loupan.pricing import errors
from loupan.pricing.actions.policies import renew_stamp
from loupan.pricing.models import PaymentPlan, PaymentPlanLine, PricingPolicy
from loupan.pricing.queries.plans import plan_lines
from loupan.pricing.queries.problems import problem_said
from loupan.pricing.rules import payment_plan
from loupan.pricing.rules.standard_plans import BY_CODE, STANDARD_PLANS
from loupan.pricing.rules.tracing import PricingProblem

TRIAL_TOTAL = Decimal(10_000_000)
TRIAL_DAY = date(2025, 1, 1)
_SUBSTANCE = ("kind", "rate", "min_down_payment_rate")


@dataclass(frozen=True)
class PlanLineDraft:
    """One line as it is entered; the fields are those of PaymentPlanLine."""

    money_type: str
    method: str
    amount_or_rate: Decimal = Decimal(0)
    base: str = PaymentPlanLine.Base.DEAL_TOTAL
    anchor: str = PaymentPlanLine.Anchor.CONTRACT
    offset_days: int = 0
    offset_months: int = 0
    includes_deposit: bool = False
    rounding_unit: str = "1"
    rounding_mode: str = "half_up"
    fixed_on: date | None = None
    milestone: str = ""


@writes
def save_plan(
    *,
    project_id: int,
    code: str,
    name: str,
    kind: str,
    lines: Sequence[PlanLineDraft],
    by: User,
    at: datetime,
    rate: Decimal = Decimal(1),
    min_down_payment_rate: Decimal = Decimal(0),
    is_enabled: bool = True,
    valid_from: date | None = None,
    valid_until: date | None = None,
    product_types: Sequence[str] = (),
    sort: int = 0,
    version: int | None = None,
) -> PaymentPlan:
    """Make a plan, or change the enabled edition of its code.

    A change of substance (kind, rate, minimum, lines) makes a new edition and retires the old one;
    a change of name, order or validity does not.  `version` is that of the edition the form was
    drawn from.  Raises ChangedMeanwhile, PlanNeedsOneRemainder, PlanLinesDoNotFit.
    """
    require(by, "pricing.edit_plans", project_id)
    _try_out(lines)
    wanted: dict[str, Any] = {
        "name": name,
        "kind": kind,
        "rate": rate,
        "min_down_payment_rate": min_down_payment_rate,
        "is_enabled": is_enabled,
        "valid_from": valid_from,
        "valid_until": valid_until,
        "product_types": list(product_types),
        "sort": sort,
    }
    editions = PaymentPlan.objects.locked().filter(project_id=project_id, code=code)
    latest = max(editions, key=lambda plan: plan.edition, default=None)
    if latest is not None and version is not None and latest.version != version:
        raise ChangedMeanwhile
    if latest is not None and not _is_new_substance(latest, wanted, lines):
        return _edit(latest, wanted, by=by, at=at)
    if latest is not None and latest.is_enabled:
        latest.is_enabled, latest.version = False, latest.version + 1
        latest.save(update_fields=["is_enabled", "version"])
    plan = PaymentPlan.objects.create(
        project_id=project_id,
        code=code,
        edition=latest.edition + 1 if latest else 1,
        # Rises over all editions of a code, so that a form of an older edition is noticed.
        version=latest.version + 1 if latest else 0,
        **wanted,
    )
    PaymentPlanLine.objects.bulk_create(
        PaymentPlanLine(plan=plan, seq=seq, **asdict(line)) for seq, line in enumerate(lines, 1)
    )
    renew_stamp(project_id=project_id)
    audit.record(
        "pricing.plan.saved",
        plan,
        by=by,
        at=at,
        before=audit.snapshot(latest, *wanted) if latest else {},
        after=wanted,
        lines=[asdict(line) for line in lines],
    )
    return plan


@writes
def add_standard_plans(
    *, project_id: int, codes: Collection[str], by: User, at: datetime
) -> list[PaymentPlan]:
    """Give a project plans of `STANDARD_PLANS`; a code it has already, in use or not, is left alone.

    Raises StandardPlanUnknown.
    """
    require(by, "pricing.edit_plans", project_id)
    if strange := sorted(set(codes) - set(BY_CODE)):
        raise errors.StandardPlanUnknown(code=strange[0])
    list(PricingPolicy.objects.locked().filter(project_id=project_id))
    known = set(
        PaymentPlan.objects.filter(project_id=project_id, code__in=codes).values_list(
            "code", flat=True
        )
    )
    return [
        save_plan(
            project_id=project_id, code=plan.code, name=plan.name, kind=plan.kind,
            lines=[PlanLineDraft(**line) for line in plan.lines], sort=sort, by=by, at=at,
        )
        for sort, plan in enumerate(STANDARD_PLANS, 1)
        if plan.code in codes and plan.code not in known
    ]  # fmt: skip


def _edit(plan: PaymentPlan, wanted: dict[str, Any], *, by: User, at: datetime) -> PaymentPlan:
    before, after = audit.differences(audit.snapshot(plan, *wanted), wanted)
    for name, value in wanted.items():
        setattr(plan, name, value)
    plan.version += 1
    plan.save(update_fields=[*wanted, "version"])
    renew_stamp(project_id=plan.project_id)
    audit.record("pricing.plan.saved", plan, by=by, at=at, before=before, after=after)
    return plan


def _is_new_substance(
    plan: PaymentPlan, wanted: dict[str, Any], lines: Sequence[PlanLineDraft]
) -> bool:
    if any(getattr(plan, name) != wanted[name] for name in _SUBSTANCE):
        return True
    names = list(PlanLineDraft.__dataclass_fields__)
    stored = [tuple(getattr(line, name) for name in names) for line in plan.lines.all()]
    return stored != [tuple(asdict(line).values()) for line in lines]


def _try_out(lines: Sequence[PlanLineDraft]) -> None:
    """Refuse a plan that fits no deal at all."""
    if sum(line.method == PaymentPlanLine.Method.REMAINDER for line in lines) != 1:
        raise errors.PlanNeedsOneRemainder
    rows = [PaymentPlanLine(seq=seq, **asdict(line)) for seq, line in enumerate(lines, 1)]
    try:
        payment_plan.schedule(
            plan_lines(rows),
            deal_total=TRIAL_TOTAL,
            deposit=Decimal(0),
            anchors=payment_plan.Anchors(reservation=TRIAL_DAY, contract=TRIAL_DAY),
        )
    except PricingProblem as problem:
        raise errors.PlanLinesDoNotFit(problem=problem_said(problem)) from problem
