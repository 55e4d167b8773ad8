"""What the rules could not work out, as a sentence."""

from decimal import Decimal

from loupan.core.dates import DateOutOfRange
from loupan.core.refusals import Refusal
from loupan.core.rounding import AmountOutOfRange
from loupan.pricing import errors
from loupan.pricing.rules.tracing import PricingProblem


def refusal_of(problem: PricingProblem | DateOutOfRange | AmountOutOfRange) -> Refusal:
    """The sentence for what the rules could not work out."""
    if not isinstance(problem, PricingProblem):
        return errors.PriceNotComputable(problem=problem_said(problem))
    if problem.code in {"deposit_exceeds_line", "deposit_exceeds_plan"}:
        return errors.DepositExceedsDownPayment(**problem.facts)
    if problem.code == "amount_invalid" and problem.facts.get("name") == "deposit":
        return errors.DepositExceedsPrice()
    if problem.code == "down_payment_below_minimum":
        shown = {key: f"{Decimal(str(value)) * 100:.2f} %" for key, value in problem.facts.items()}
        return errors.DownPaymentBelowMinimum(**shown)
    return errors.PriceNotComputable(problem=problem_said(problem))


def problem_said(problem: PricingProblem | DateOutOfRange | AmountOutOfRange) -> str:
    """What the rules could not work out, in words."""
    if isinstance(problem, DateOutOfRange):
        return str(errors.PRICE_PROBLEMS["date_out_of_range"])
    if isinstance(problem, AmountOutOfRange):
        return str(errors.PRICE_PROBLEMS["amount_out_of_range"])
    said = errors.PRICE_PROBLEMS.get(problem.code) or errors.FORMULA_PROBLEMS[problem.code]
    return str(said) % problem.facts
