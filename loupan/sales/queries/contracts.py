"""Contracts within reach; what signing on a day would make of a deal."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import QuerySet

from loupan.core.dates import DateOutOfRange
from loupan.core.models import NumberSeries
from loupan.core.refusals import Refusal
from loupan.core.rounding import AmountOutOfRange
from loupan.ledger import queries as ledger
from loupan.org.models import Project, User
from loupan.parameters.hooks import SUBJECTS
from loupan.parameters.queries.book import book_of
from loupan.parameters.queries.fields import unsaid
from loupan.parameters.rules.fields import Field
from loupan.pricing.models import DownPaymentRule, PaymentPlan, PricingPolicy
from loupan.pricing.queries.book import PriceBook, price_book
from loupan.pricing.queries.offers import OfferLine, offer_lines
from loupan.pricing.queries.plans import schedule_of
from loupan.pricing.queries.problems import refusal_of
from loupan.pricing.rules.payment_plan import Schedule
from loupan.pricing.rules.tracing import PricingProblem
from loupan.sales import errors
from loupan.sales.models import (
    Buyer,
    Contract,
    Deal,
)
from loupan.sales.parameters import CONTRACT, DEAL_FIELDS
from loupan.sales.queries.attached import attached_of, price_again
from loupan.sales.queries.due_dates import known_milestones
from loupan.sales.queries.process import DOWN_PAYMENT_TYPES


def contracts_for(viewer: User) -> QuerySet[Contract]:
    """Valid contracts of the deals this person may see, newest first; void ones stand on the deal."""
    return (
        Contract.objects.filter(
            viewer.access.rows("deals", project="project_id", owner="deal__consultant_id"),
            is_void=False,
        )
        .select_related("deal__unit", "deal__consultant", "project", "by")
        .order_by("-pk")
    )


def no_direct_contract(policy: PricingPolicy) -> Refusal | None:
    """Why this project signs no contract without a reservation; nothing where it does (T12)."""
    if not policy.allows_direct_contract:
        return errors.DirectContractOff()
    if policy.down_payment_rule == DownPaymentRule.FULL_DOWN_PAYMENT:
        return errors.DirectContractNeedsDownPayment()
    return None


def signing_discounts(deal: Deal) -> list[str]:
    """Names of the deal's discounts that are lost when it is signed after the sign-by day."""
    return [item.name for item in deal.discounts.all() if item.is_for_signing_on_time]


def schedule_when_signed(
    deal: Deal,
    signed_on: date,
    deal_total: Decimal,
    book: PriceBook,
    plan: PaymentPlan | None = None,
) -> Schedule:
    """The payments of a deal, under its own plan or another, once its contract is signed on that day.

    Raises what price_for raises.
    """
    try:
        return schedule_of(
            plan or book.plans.get(deal.payment_plan_id, deal.payment_plan),
            deal_total=deal_total,
            deposit=deal.deposit,
            reserved_on=deal.reserved_on,
            contracted_on=signed_on,
            precision=book.classes[deal.unit.product_type].precision,
            settings=book.settings,
            milestones=known_milestones(deal),
        )
    except (PricingProblem, DateOutOfRange, AmountOutOfRange) as problem:
        raise refusal_of(problem) from problem


def unsaid_fields(deal: Deal, book: PriceBook) -> list[Field]:
    """The required custom fields in which a deal says nothing yet (PRM-04)."""
    return unsaid(SUBJECTS[DEAL_FIELDS], book.settings.fields.get(DEAL_FIELDS, ()), deal.pk)


@dataclass(frozen=True)
class Signing:
    """What signing on a day would make of a deal, and what still stands in its way; yuan."""

    deal_total: Decimal
    lost: list[str]
    lines: tuple[OfferLine, ...]
    received: Decimal
    needed: Decimal
    unidentified: list[Buyer]
    unsaid: list[Field]


def signing_preview(deal: Deal, sign_by: date, signed_on: date) -> Signing:
    """The contract as it would be: price, due dates, deposit, buyers without an ID number."""
    book = price_book(deal.project_id)
    lost = signing_discounts(deal) if signed_on > sign_by else []
    total = deal.deal_total
    if lost:
        attached = list(attached_of(deal))
        total = price_again(deal, book, attached, without_signing_discounts=True).deal_total
    needed = deal.deposit
    if book.policy.down_payment_rule == DownPaymentRule.FULL_DOWN_PAYMENT:
        lines = ledger.lines_of(deal.account_id)
        needed = sum(
            (line.amount for line in lines if line.money_type in DOWN_PAYMENT_TYPES), Decimal(0)
        )
    buyers = deal.buyers.select_related("customer__person").order_by("seq", "id")
    return Signing(
        deal_total=total,
        lost=lost,
        lines=offer_lines(schedule_when_signed(deal, signed_on, total, book)),
        received=ledger.received_on_account(deal.account_id),
        needed=needed,
        unidentified=[b for b in buyers if not (b.customer.name and b.customer.person.id_index)],
        unsaid=unsaid_fields(deal, book),
    )


def contract_series(project: Project, day: date) -> tuple[str, Callable[[int], str]]:
    """The counter of the contracts of that day, and how its count becomes a number (PRM-03)."""
    book, code = book_of(project.pk), project.code
    return (
        book.series_key(CONTRACT.code, project.pk, day),
        lambda count: book.number(CONTRACT.code, count, day, project=code),
    )


def next_contract_number(project: Project, day: date) -> str:
    """The number the series would give now; another desk may take it first."""
    key, numbered = contract_series(project, day)
    last = NumberSeries.objects.filter(key=key).values_list("last", flat=True).first() or 0
    return numbered(last + 1)
