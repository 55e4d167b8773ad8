"""The process table of a deal (DOMAIN 2.5.1): planned when it begins, done by events."""

from collections.abc import Collection, Sequence
from datetime import date

from loupan.core.db import writes
from loupan.ledger.models import LOAN_TYPES, MoneyType
from loupan.pricing.queries.offers import OfferLine
from loupan.pricing.rules.payment_plan import Anchors
from loupan.sales import rules
from loupan.sales.models import Deal, ProcessStep
from loupan.sales.queries.process import DOWN_PAYMENT_TYPES, money_steps
from loupan.sales.states import StepCode


@writes
def process_rows(*, deal: Deal, schedule: Sequence[OfferLine], sign_by: date) -> list[ProcessStep]:
    """Part: the steps of a new deal, which the caller saves; loan steps only where there is a loan."""
    return [
        ProcessStep(
            deal_id=deal.pk,
            seq=step.seq,
            code=step.code,
            planned_on=planned_on,
            actual_on=deal.reserved_on if step.code == StepCode.RESERVATION else None,
        )
        for step, planned_on in _planned(deal, schedule, sign_by)
    ]


@writes
def plan_process(*, deal: Deal, schedule: Sequence[OfferLine], sign_by: date) -> None:
    """Part: plan what is not done yet anew, after the schedule has changed."""
    planned = {step.code: planned_on for step, planned_on in _planned(deal, schedule, sign_by)}
    steps = [step for step in deal.steps.all() if step.actual_on is None]
    for step in steps:
        step.planned_on = planned.get(StepCode(step.code))
    ProcessStep.objects.bulk_update(steps, ["planned_on"])


@writes
def refit_process(*, deal: Deal, schedule: Sequence[OfferLine], sign_by: date) -> None:
    """Part: plan what is not done anew after the plan changed: loan steps only where there is a loan.

    A step that was done stays, also if the new plan would not ask for it.
    """
    planned = {step.code: (step.seq, day) for step, day in _planned(deal, schedule, sign_by)}
    deal.steps.filter(actual_on=None).exclude(code__in=planned).delete()
    there = {StepCode(step.code): step for step in deal.steps.all()}
    ProcessStep.objects.bulk_create(
        ProcessStep(deal=deal, seq=seq, code=code, planned_on=day)
        for code, (seq, day) in planned.items()
        if code not in there
    )
    kept = [step for code, step in there.items() if code in planned]
    for step in kept:
        step.seq, step.planned_on = planned[StepCode(step.code)]
    ProcessStep.objects.bulk_update(kept, ["seq", "planned_on"])


@writes
def complete_step(*, deal: Deal, code: StepCode, on: date | None) -> None:
    """Part: a step was done on that day, or with None is open again."""
    ProcessStep.objects.filter(deal=deal, code=code).update(actual_on=on)


@writes
def mark_money(*, deal: Deal) -> None:
    """Part: the steps that money completes are as the ledger says."""
    stored = dict(deal.steps.values_list("code", "actual_on"))
    for code, on in money_steps(deal).items():
        if code in stored and stored[code] != on:
            complete_step(deal=deal, code=code, on=on)


def _planned(
    deal: Deal, schedule: Sequence[OfferLine], sign_by: date
) -> list[tuple[rules.PlannedStep, date | None]]:
    """The process by the rules; what money completes is planned for when that money is due."""

    def last(types: Collection[MoneyType]) -> date | None:
        days = [line.due_on for line in schedule if line.money_type in types]
        return max((day for day in days if day), default=None)

    due = {
        StepCode.DOWN_PAYMENT: last(DOWN_PAYMENT_TYPES),
        StepCode.LOAN_DISBURSED: last(LOAN_TYPES),
    }
    steps = rules.planned_steps(
        has_loan=any(line.money_type in LOAN_TYPES for line in schedule),
        anchors=Anchors(reservation=deal.reserved_on, contract=deal.contracted_on),
        sign_by=sign_by,
        last_due_on=last(MoneyType),
    )
    return [(step, due.get(step.code) or step.planned_on) for step in steps]
