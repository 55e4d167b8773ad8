"""What money completes of the process table, and the colour of a step."""

from datetime import date

from loupan.ledger import queries as ledger
from loupan.ledger.models import LOAN_TYPES, MoneyType, Receipt
from loupan.sales import rules
from loupan.sales.models import (
    Deal,
    ProcessStep,
)
from loupan.sales.states import StepCode

DOWN_PAYMENT_TYPES = frozenset({MoneyType.DEPOSIT, MoneyType.DOWN_PAYMENT})


_MONEY_STEPS: dict[StepCode, frozenset[MoneyType]] = {
    StepCode.DOWN_PAYMENT: DOWN_PAYMENT_TYPES,
    StepCode.LOAN_DISBURSED: LOAN_TYPES,
    StepCode.PAID_IN_FULL: frozenset(MoneyType),
}


def money_steps(deal: Deal) -> dict[StepCode, date | None]:
    """The day on which money completed each step that money completes; None while it has not.

    Down payment complete: all that is due as deposit and down payment was received.
    """
    lines = ledger.lines_of(deal.account_id)
    shares = ledger.allocated(deal.account_id)
    received_on = dict(
        Receipt.objects.filter(account_id=deal.account_id).values_list("id", "received_on")
    )
    days: dict[StepCode, date | None] = {}
    for code, types in _MONEY_STEPS.items():
        wanted = {line.id for line in lines if line.money_type in types}
        open_lines = [line for line in lines if line.id in wanted and line.outstanding]
        paid_on = [received_on[receipt] for receipt, line in shares if line in wanted]
        days[code] = max(paid_on, default=None) if wanted and not open_lines else None
    return days


def light_of(step: ProcessStep, on: date) -> rules.Light:
    """The colour of a step on a day (DOMAIN 2.5.1)."""
    return rules.light(step.planned_on, step.actual_on, on)
