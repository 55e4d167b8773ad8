"""The process table of a deal (DOMAIN 2.5.1): planned when it begins, done by events."""

from collections.abc import Sequence
from datetime import date, timedelta

from loupan.core.db import writes
from loupan.ledger.models import LOAN_TYPES, MoneyType
from loupan.pricing.queries import OfferLine
from loupan.sales import queries
from loupan.sales.models import Deal, ProcessStep
from loupan.sales.queries import DOWN_PAYMENT_TYPES
from loupan.sales.states import StepCode

LOAN_STEPS = frozenset(
    {
        StepCode.LOAN_DOCUMENTS,
        StepCode.LOAN_INTERVIEW,
        StepCode.LOAN_APPROVED,
        StepCode.LOAN_DISBURSED,
    }
)
DAYS_AFTER_CONTRACT = {
    StepCode.FILING: 30,
    StepCode.LOAN_DOCUMENTS: 7,
    StepCode.LOAN_INTERVIEW: 10,
    StepCode.LOAN_APPROVED: 20,
}


@writes
def begin_process(*, deal: Deal, schedule: Sequence[OfferLine], sign_by: date) -> None:
    """Part: the steps of a new deal; the loan steps only where the plan has a loan."""
    planned = _planned(deal, schedule, sign_by)
    has_loan = any(line.money_type in LOAN_TYPES for line in schedule)
    ProcessStep.objects.bulk_create(
        ProcessStep(
            deal=deal,
            seq=seq,
            code=code,
            planned_on=planned.get(code),
            actual_on=deal.reserved_on if code == StepCode.RESERVATION else None,
        )
        for seq, code in enumerate(StepCode, 1)
        if has_loan or code not in LOAN_STEPS
    )


@writes
def plan_process(*, deal: Deal, schedule: Sequence[OfferLine], sign_by: date) -> None:
    """Part: plan what is not done yet anew, after the schedule has changed."""
    planned = _planned(deal, schedule, sign_by)
    steps = [step for step in deal.steps.all() if step.actual_on is None]
    for step in steps:
        step.planned_on = planned.get(StepCode(step.code))
    ProcessStep.objects.bulk_update(steps, ["planned_on"])


@writes
def complete_step(*, deal: Deal, code: StepCode, on: date | None) -> None:
    """Part: a step was done on that day, or with None is open again."""
    ProcessStep.objects.filter(deal=deal, code=code).exclude(actual_on=on).update(actual_on=on)


@writes
def mark_money(*, deal: Deal) -> None:
    """Part: the steps that money completes are as the ledger says."""
    for code, on in queries.money_steps(deal).items():
        complete_step(deal=deal, code=code, on=on)


def _planned(
    deal: Deal, schedule: Sequence[OfferLine], sign_by: date
) -> dict[StepCode, date | None]:
    def last(types: frozenset[MoneyType] | None = None) -> date | None:
        days = [line.due_on for line in schedule if types is None or line.money_type in types]
        return max((day for day in days if day), default=None) if all(days) else None

    contract = deal.contracted_on or sign_by
    planned: dict[StepCode, date | None] = {
        code: contract + timedelta(days=days) for code, days in DAYS_AFTER_CONTRACT.items()
    }
    return planned | {
        StepCode.RESERVATION: deal.reserved_on,
        StepCode.DOWN_PAYMENT: last(DOWN_PAYMENT_TYPES),
        StepCode.CONTRACT: sign_by,
        StepCode.LOAN_DISBURSED: last(LOAN_TYPES),
        StepCode.PAID_IN_FULL: last(),
    }
