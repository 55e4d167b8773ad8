"""Payment plans: which are offered, their lines as the rules read them, a schedule."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

from django.db.models import Q, QuerySet

from loupan.core.dates import Shift
from loupan.core.rounding import TO_FEN, Mode, Precision
from loupan.inventory.models import Unit
from loupan.org.models import User
from loupan.parameters.queries.book import ParameterBook, book_of
from loupan.pricing.models import PaymentPlan, PaymentPlanLine, PricingPolicy
from loupan.pricing.parameters import DUE_SHIFT
from loupan.pricing.queries.reach import within_reach
from loupan.pricing.rules import payment_plan
from loupan.pricing.rules.tracing import PrecisionSettings


def plans_for(viewer: User, project_id: int | None = None) -> QuerySet[PaymentPlan]:
    """Payment plans of the projects this person prices in, the current editions first."""
    return (
        PaymentPlan.objects.filter(within_reach(viewer, project_id))
        .prefetch_related("lines")
        .order_by("project_id", "-is_enabled", "sort", "id")
    )


def offered_on(day: date) -> Q:
    """Enabled and valid on that day, both ends included."""
    return (
        Q(is_enabled=True)
        & (Q(valid_from=None) | Q(valid_from__lte=day))
        & (Q(valid_until=None) | Q(valid_until__gte=day))
    )


def is_plan_offered(project_id: int, day: date) -> bool:
    """Whether any payment plan of the project can be chosen on that day."""
    return PaymentPlan.objects.filter(offered_on(day), project_id=project_id).exists()


def editions_of(plan: PaymentPlan) -> list[PaymentPlan]:
    """Every edition of a plan with its lines, the latest first."""
    rows = PaymentPlan.objects.filter(project_id=plan.project_id, code=plan.code)
    return list(rows.prefetch_related("lines").order_by("-edition"))


def is_offered(row: PaymentPlan, day: date) -> bool:
    return (
        row.is_enabled
        and (row.valid_from is None or row.valid_from <= day)
        and (row.valid_until is None or row.valid_until >= day)
    )


def is_plan_for(plan: PaymentPlan, unit: Unit) -> bool:
    """Whether the plan is for units of this kind (PLN-01)."""
    return not plan.product_types or unit.product_type in plan.product_types


def deposit_of_plan(plan: PaymentPlan, policy: PricingPolicy) -> Decimal:
    for line in plan.lines.all():
        if line.money_type == PaymentPlanLine.MoneyType.DEPOSIT and line.amount_or_rate > 1:
            return TO_FEN.apply(line.amount_or_rate)
    minimum: Decimal = policy.min_deposit
    return minimum


def schedule_of(
    plan: PaymentPlan,
    *,
    deal_total: Decimal,
    deposit: Decimal,
    reserved_on: date,
    contracted_on: date,
    precision: PrecisionSettings,
    filed_on: date | None = None,
    handed_over_on: date | None = None,
    milestones: Mapping[str, date] | None = None,
    settings: ParameterBook | None = None,
) -> payment_plan.Schedule:
    """The payments of a deal under a plan, dated from those days. Raises PlanProblem.

    `settings` of the project say what becomes of a due date on a day off.
    """
    settings = settings or book_of(plan.project_id)
    shift = Shift(settings[DUE_SHIFT])
    return payment_plan.schedule(
        [replace(line, shift=shift) for line in plan_lines(plan.lines.all())],
        holidays=settings.is_working,
        deal_total=deal_total,
        deposit=deposit,
        anchors=payment_plan.Anchors(
            reservation=reserved_on,
            contract=contracted_on,
            filing=filed_on,
            handover=handed_over_on,
            milestones=milestones or {},
        ),
        minimum_down_payment=plan.min_down_payment_rate,
        precision=precision,
    )


def plan_lines(rows: Iterable[PaymentPlanLine]) -> list[payment_plan.PlanLine]:
    """The lines of a plan as the rules read them.

    Where no line says that it includes the deposit, the first one of house money does.
    """
    lines = list(rows)
    some_includes = any(row.includes_deposit for row in lines)
    return [
        payment_plan.PlanLine(
            money_type=payment_plan.MoneyType(row.money_type),
            method=payment_plan.LineMethod(row.method),
            value=Decimal(row.amount_or_rate),
            base=payment_plan.LineBase(row.base),
            anchor=payment_plan.Anchor(row.anchor),
            days=row.offset_days,
            months=row.offset_months,
            includes_deposit=row.includes_deposit if some_includes else None,
            precision=Precision(Decimal(row.rounding_unit), Mode(row.rounding_mode)),
            fixed_on=row.fixed_on,
            milestone=row.milestone,
        )
        for row in lines
    ]
