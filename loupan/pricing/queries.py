"""What a price depends on, read at once and kept; and the one way to price a unit."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from loupan.core.dates import DateOutOfRange, add_days
from loupan.core.refusals import Refusal
from loupan.core.rounding import TO_FEN, AmountOutOfRange, Mode, Precision
from loupan.inventory.models import Unit
from loupan.inventory.rules.prices import ListPrice, PriceCalculator
from loupan.org.models import User
from loupan.pricing import errors
from loupan.pricing.models import (
    Discount,
    DiscountAuthority,
    PaymentPlan,
    PaymentPlanLine,
    PrecisionRule,
    PricingPolicy,
)
from loupan.pricing.rules import authority, deal_price, discounts, list_price, payment_plan
from loupan.pricing.rules.tracing import PrecisionSettings, PricingProblem, Step

MOST_BOOKS = 200
# Reasons that are no objection to the item: a better one of its kind was chosen as well.
OUTDONE = {
    discounts.RefusalReason.IDENTITY_BEST_ONE_ONLY,
    discounts.RefusalReason.EXCLUDED_BY_BETTER,
}


# --- Lists --------------------------------------------------------------------------------------


def plans_for(viewer: User, project_id: int | None = None) -> QuerySet[PaymentPlan]:
    """Payment plans of the projects this person prices in, the current editions first."""
    return (
        PaymentPlan.objects.filter(_within_reach(viewer, project_id))
        .prefetch_related("lines")
        .order_by("project_id", "-is_enabled", "sort", "id")
    )


def discounts_for(viewer: User, project_id: int | None = None) -> QuerySet[Discount]:
    """Discounts of the projects this person prices in."""
    return Discount.objects.filter(_within_reach(viewer, project_id)).order_by(
        "project_id", "-is_enabled", "order", "id"
    )


def policies_for(viewer: User) -> QuerySet[PricingPolicy]:
    return PricingPolicy.objects.filter(_within_reach(viewer, None)).order_by("project_id")


def precisions_for(viewer: User, project_id: int | None = None) -> QuerySet[PrecisionRule]:
    return PrecisionRule.objects.filter(_within_reach(viewer, project_id)).order_by(
        "project_id", "id"
    )


def authorities_for(viewer: User, project_id: int | None = None) -> QuerySet[DiscountAuthority]:
    return DiscountAuthority.objects.filter(_within_reach(viewer, project_id)).order_by(
        "project_id", "-min_overall_rate", "id"
    )


def _within_reach(viewer: User, project_id: int | None) -> Q:
    reach = Q(project_id__in=viewer.acts_in("pricing.read"))
    return reach & Q(project_id=project_id) if project_id is not None else reach


def offered_on(day: date) -> Q:
    """Enabled and valid on that day, both ends included."""
    return (
        Q(is_enabled=True)
        & (Q(valid_from=None) | Q(valid_from__lte=day))
        & (Q(valid_until=None) | Q(valid_until__gte=day))
    )


# --- What prices of a project depend on -----------------------------------------------------------


@dataclass(frozen=True)
class PriceBook:
    """Policy, rounding, authority, plans and discounts of one project at one moment; read only."""

    policy: PricingPolicy
    precision: PrecisionSettings
    authority: tuple[authority.AuthorityRule, ...]
    plans: Mapping[int, PaymentPlan]
    discounts: Mapping[int, Discount]


_books: dict[UUID, PriceBook] = {}


def price_stamp() -> Subquery:
    """For a query of units: the stamp of their project's price book, as `price_stamp`."""
    return Subquery(
        PricingPolicy.objects.filter(project_id=OuterRef("project_id")).values("stamp")[:1]
    )


def price_book(project_id: int, stamp: UUID | None = None) -> PriceBook:
    """The price book of a project; nothing is read while its stamp (asked for if None) is known.

    A project without a policy has the defaults of DOMAIN 2.2 and 2.3 and is read every time.
    """
    if stamp is not None and (known := _books.get(stamp)):
        return known
    policy = PricingPolicy.objects.filter(project_id=project_id).first()
    if policy is not None and (known := _books.get(policy.stamp)):
        return known
    book = PriceBook(
        policy=policy or PricingPolicy(project_id=project_id),
        precision=precision_of(PrecisionRule.objects.filter(project_id=project_id)),
        authority=_authority_of(DiscountAuthority.objects.filter(project_id=project_id)),
        plans={
            plan.pk: plan
            for plan in PaymentPlan.objects.filter(project_id=project_id).prefetch_related("lines")
        },
        discounts={row.pk: row for row in Discount.objects.filter(project_id=project_id)},
    )
    if policy is not None:
        if len(_books) >= MOST_BOOKS:
            _books.pop(next(iter(_books)))
        _books[policy.stamp] = book
    return book


def price_book_of(unit: Unit) -> PriceBook:
    """The price book for a unit, without a query where it came with its `price_stamp`."""
    return price_book(unit.project_id, getattr(unit, "price_stamp", None))


def precision_of(rows: Iterable[PrecisionRule]) -> PrecisionSettings:
    """The precision settings of a project: its rows over the defaults."""
    named = {
        row.target: Precision(Decimal(row.unit), Mode(row.mode))
        for row in rows
        if row.target in {field.name for field in fields(PrecisionSettings)}
    }
    return PrecisionSettings(**named)


def _authority_of(rows: Iterable[DiscountAuthority]) -> tuple[authority.AuthorityRule, ...]:
    levels = authority.AuthorityLevel.__members__
    matrix = tuple(
        authority.AuthorityRule(levels[row.role_code], row.min_overall_rate, row.may_go_below_floor)
        for row in rows
        if row.role_code in levels
    )
    return matrix or authority.DEFAULT_AUTHORITY


def quota_left(discount_ids: Iterable[int]) -> dict[int, int]:
    """How often limited discounts can still be granted, by id."""
    rows = Discount.objects.filter(pk__in=list(discount_ids), quota__isnull=False)
    return dict(rows.values_list("pk", F("quota") - F("used")))


# --- One price ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OfferItem:
    """A discount as it was applied, or refused for `reason`; the plan's own has no id."""

    discount_id: int | None
    kind: str
    code: str
    name: str
    form: str
    amount_or_rate: Decimal
    is_for_signing_on_time: bool = False
    reason: str = ""

    @property
    def is_objection(self) -> bool:
        """Refused for a reason other than that a better one was granted."""
        return self.reason != "" and self.reason not in OUTDONE


@dataclass(frozen=True)
class OfferLine:
    """One payment: yuan, and the day it is due, None while that is unknown."""

    seq: int
    money_type: str
    amount: Decimal
    due_on: date | None
    note: str = ""


@dataclass(frozen=True)
class Offer:
    """What a unit costs under one plan with some discounts, and how that came about (X-01)."""

    unit_id: int
    payment_plan_id: int
    plan_code: str
    plan_name: str
    reserve_on: date
    sign_by: date
    price_basis: str
    built_area: Decimal | None
    inner_area: Decimal | None
    list_unit_price: Decimal | None
    list_total: Decimal
    deal_total: Decimal
    discount_amount: Decimal
    deal_unit_price: Decimal | None
    deal_inner_unit_price: Decimal | None
    overall_rate: Decimal
    overall_rate_truncated: Decimal
    deposit: Decimal
    loan_total: Decimal
    down_payment: Decimal
    down_payment_ratio: Decimal
    schedule: tuple[OfferLine, ...]
    applied: tuple[OfferItem, ...]
    refused: tuple[OfferItem, ...]
    authority: authority.AuthorityLevel
    # Only for those who may see floor prices.
    floor_total: Decimal | None
    floor_margin: Decimal | None
    trace: list[dict[str, Any]]


@dataclass(frozen=True)
class Special:
    """A discount for this deal alone (额外/特批, DSC-09): needs authority, not publication."""

    form: str
    amount_or_rate: Decimal
    reason: str = ""


def price_for(
    *,
    unit: Unit,
    payment_plan_id: int,
    discount_ids: Sequence[int] = (),
    reserve_on: date,
    viewer: User,
    deposit: Decimal | None = None,
    sign_by: date | None = None,
    special: Special | None = None,
    left: Mapping[int, int] | None = None,
) -> Offer:
    """What this unit costs when reserved on that day (DOMAIN 2.3, 2.4; yuan, m², shares of one).

    The contract day is planned as `sign_by`, by default so many days after the reservation as the
    project says; the deposit is that of the plan, else the project's minimum.  `left` are quotas
    known under lock.  Raises PlanNotOffered, DiscountNotOffered, DepositExceedsDownPayment,
    DownPaymentBelowMinimum, PriceNotComputable, ListPriceMissing.
    """
    book = price_book_of(unit)
    plan = book.plans.get(payment_plan_id)
    if plan is None or not _is_offered(plan, reserve_on):
        raise errors.PlanNotOffered(day=reserve_on)
    chosen = [book.discounts.get(pk) for pk in dict.fromkeys(discount_ids)]
    rows = [row for row in chosen if row is not None and row.is_enabled]
    if len(rows) != len(chosen):
        raise errors.DiscountNotOffered
    if left is None:
        limited = [row.pk for row in rows if row.quota is not None]
        left = quota_left(limited) if limited else {}
    if deposit is None:
        deposit = _plan_deposit(plan, book.policy)
    items = [_plan_item(plan), *(_item(row, left) for row in rows)]
    if special is not None:
        items.append(_special_item(special))
    try:
        sign_by = sign_by or add_days(reserve_on, book.policy.sign_within_days)
        priced = deal_price.price_deal(_price_input(unit, plan, items, book, reserve_on))
        planned = schedule_of(
            plan, deal_total=priced.deal_total, deposit=deposit, reserved_on=reserve_on,
            contracted_on=sign_by, precision=book.precision,
        )  # fmt: skip
    except (PricingProblem, DateOutOfRange, AmountOutOfRange) as problem:
        raise refusal_of(problem) from problem
    by_code = {row.code: row for row in rows}
    return _offer(
        unit, plan, priced, planned, by_code, book, viewer,
        deposit=deposit, reserve_on=reserve_on, sign_by=sign_by, special=special,
    )  # fmt: skip


def _is_offered(row: PaymentPlan, day: date) -> bool:
    return (
        row.is_enabled
        and (row.valid_from is None or row.valid_from <= day)
        and (row.valid_until is None or row.valid_until >= day)
    )


def _price_input(
    unit: Unit,
    plan: PaymentPlan,
    items: Sequence[discounts.DiscountItem],
    book: PriceBook,
    reserve_on: date,
) -> deal_price.PriceInput:
    if unit.list_total is None:
        raise PricingProblem("price_missing")
    return deal_price.PriceInput(
        list_total=unit.list_total,
        built_area=unit.built_area,
        inner_area=unit.inner_area,
        items=tuple(items),
        facts=discounts.DealFacts(
            reserved_on=reserve_on,
            product_type=unit.product_type,
            plan_code=plan.code,
            unit_code=unit.number,
        ),
        basis=list_price.Basis(unit.price_basis),
        stack_mode=discounts.StackMode(book.policy.stack_mode),
        round_each_step=book.policy.round_each_step,
        identity_best_only=book.policy.identity_best_only,
        precision=book.precision,
    )


def _plan_item(plan: PaymentPlan) -> discounts.DiscountItem:
    return discounts.DiscountItem(
        code=f"{plan.code}/{plan.edition}",
        name=plan.name,
        kind=discounts.DiscountKind.PLAN,
        form=discounts.DiscountForm.RATE,
        value=plan.rate,
        order=0,
        version=plan.edition,
    )


def _item(row: Discount, left: Mapping[int, int]) -> discounts.DiscountItem:
    return discounts.DiscountItem(
        code=row.code,
        name=row.name,
        kind=discounts.DiscountKind(row.kind),
        form=discounts.DiscountForm(row.form),
        value=row.amount_or_rate,
        order=row.order,
        exclusive_group=row.exclusive_group,
        version=row.version,
        conditions=discounts.Conditions(
            valid_from=row.valid_from,
            valid_until=row.valid_until,
            product_types=frozenset(row.product_types),
            plan_codes=frozenset(row.plan_codes),
            quota_left=left.get(row.pk, 0) if row.quota is not None else None,
            on_time_signing=row.is_for_signing_on_time,
        ),
    )


def _special_item(special: Special) -> discounts.DiscountItem:
    return discounts.DiscountItem(
        code="*special*",
        name=special.reason,
        kind=discounts.DiscountKind.SPECIAL,
        form=discounts.DiscountForm(special.form),
        value=special.amount_or_rate,
    )


def _plan_deposit(plan: PaymentPlan, policy: PricingPolicy) -> Decimal:
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
) -> payment_plan.Schedule:
    """The payments of a deal under a plan, dated from those days. Raises PlanProblem."""
    return payment_plan.schedule(
        plan_lines(plan.lines.all()),
        deal_total=deal_total,
        deposit=deposit,
        anchors=payment_plan.Anchors(reservation=reserved_on, contract=contracted_on),
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


def offer_lines(planned: payment_plan.Schedule) -> tuple[OfferLine, ...]:
    return tuple(
        OfferLine(line.seq, line.money_type.value, line.amount, line.due_on, line.milestone)
        for line in planned.lines
    )


def refusal_of(problem: PricingProblem | DateOutOfRange | AmountOutOfRange) -> Refusal:
    """The sentence for what the rules could not work out."""
    if not isinstance(problem, PricingProblem):
        return errors.PriceNotComputable(problem=str(problem))
    if problem.code in {"deposit_exceeds_line", "deposit_exceeds_plan"}:
        return errors.DepositExceedsDownPayment(**problem.facts)
    if problem.code == "amount_invalid" and problem.facts.get("name") == "deposit":
        return errors.DepositExceedsPrice()
    if problem.code == "down_payment_below_minimum":
        shown = {key: f"{Decimal(str(value)) * 100:.2f} %" for key, value in problem.facts.items()}
        return errors.DownPaymentBelowMinimum(**shown)
    return errors.PriceNotComputable(problem=problem.code)


def _offer(
    unit: Unit,
    plan: PaymentPlan,
    priced: deal_price.Priced,
    planned: payment_plan.Schedule,
    by_code: Mapping[str, Discount],
    book: PriceBook,
    viewer: User,
    *,
    deposit: Decimal,
    reserve_on: date,
    sign_by: date,
    special: Special | None,
) -> Offer:
    sees_floor = viewer.may("inventory.read_floor_price", unit.project_id)
    floor_total = unit.floor_total if sees_floor else None
    return Offer(
        unit_id=unit.pk,
        payment_plan_id=plan.pk,
        plan_code=plan.code,
        plan_name=plan.name,
        reserve_on=reserve_on,
        sign_by=sign_by,
        price_basis=unit.price_basis,
        built_area=unit.built_area,
        inner_area=unit.inner_area,
        list_unit_price=unit.list_unit_price,
        list_total=priced.list_total,
        deal_total=priced.deal_total,
        discount_amount=priced.discount_amount,
        deal_unit_price=priced.built_unit_price,
        deal_inner_unit_price=priced.inner_unit_price,
        overall_rate=priced.overall_rate,
        overall_rate_truncated=priced.overall_rate_truncated,
        deposit=deposit,
        loan_total=planned.loan_total,
        down_payment=priced.deal_total - planned.loan_total,
        down_payment_ratio=planned.down_payment_ratio,
        schedule=offer_lines(planned),
        applied=tuple(_shown(item, by_code) for item in priced.applied),
        refused=tuple(_shown(each.item, by_code, each.reason) for each in priced.refused),
        authority=authority.authority_needed(
            overall_rate_truncated=priced.overall_rate_truncated,
            deal_total=priced.deal_total,
            floor_total=unit.floor_total,
            published_only=special is None,
            matrix=book.authority,
        ),
        floor_total=floor_total,
        floor_margin=None if floor_total is None else priced.deal_total - floor_total,
        trace=trace_json([*priced.trace, *planned.trace]),
    )


def _shown(
    item: discounts.DiscountItem, by_code: Mapping[str, Discount], reason: str = ""
) -> OfferItem:
    row = by_code.get(item.code)
    return OfferItem(
        discount_id=row.pk if row else None,
        kind=item.kind.value,
        code=item.code,
        name=item.name,
        form=item.form.value,
        amount_or_rate=item.value,
        is_for_signing_on_time=item.conditions.on_time_signing,
        reason=str(reason),
    )


def trace_json(steps: Iterable[Step]) -> list[dict[str, Any]]:
    """A trace as it is stored and sent: texts only."""
    return [
        {"step": each.step, "rule": each.rule, "input": each.input, "output": each.output}
        for each in steps
    ]


def list_price_calculator(project_id: int) -> PriceCalculator:
    """How this project computes list prices, for an import of many units (inventory's hook)."""
    book = price_book(project_id)
    order = list_price.CalculationOrder(book.policy.calculation_order)

    def calculate(
        basis: str,
        built_area: Decimal | None,
        inner_area: Decimal | None,
        unit_price: Decimal | None,
        total: Decimal | None,
    ) -> ListPrice:
        return list_price_of(
            basis, built_area, inner_area, unit_price, total, order=order, precision=book.precision
        )

    return calculate


def list_price_of(
    basis: str,
    built_area: Decimal | None,
    inner_area: Decimal | None,
    unit_price: Decimal | None,
    total: Decimal | None,
    *,
    order: list_price.CalculationOrder,
    precision: PrecisionSettings,
) -> ListPrice:
    """A list price from what is known: the master of the project's order, else the other one."""
    master = order
    if unit_price is None:
        master = list_price.CalculationOrder.TOTAL_FIRST
    elif total is None:
        master = list_price.CalculationOrder.UNIT_PRICE_FIRST
    try:
        priced = list_price.list_price(
            basis=list_price.Basis(basis),
            order=master,
            built_area=built_area,
            inner_area=inner_area,
            unit_price=unit_price,
            total=total,
            precision=precision,
        )
    except (PricingProblem, AmountOutOfRange):
        return ListPrice(unit_price, None)
    shown = priced.inner_unit_price if basis == "inner" else priced.built_unit_price
    return ListPrice(shown, priced.list_total, trace_json(priced.trace))
