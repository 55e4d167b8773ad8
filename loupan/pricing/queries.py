"""What a price depends on, read at once and kept; and the one way to price a unit."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Case, F, Max, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce

from loupan.core.dates import DateOutOfRange, Shift, add_days
from loupan.core.refusals import Refusal
from loupan.core.rounding import TO_FEN, AmountOutOfRange, Mode, Precision
from loupan.inventory.models import ProductType, Unit
from loupan.inventory.rules.prices import ListPrice, PriceCalculator
from loupan.inventory.states import SOLD, UnitStatus
from loupan.org.models import User
from loupan.parameters.queries.book import ParameterBook, book_of
from loupan.pricing import errors
from loupan.pricing.models import (
    ClassPolicy,
    Discount,
    DiscountAuthority,
    FloorLevel,
    FloorPrice,
    Formula,
    FormulaCase,
    PaymentPlan,
    PaymentPlanLine,
    PrecisionRule,
    PriceKind,
    PriceList,
    PriceListLine,
    PriceTable,
    PricingPolicy,
)
from loupan.pricing.parameters import DUE_SHIFT
from loupan.pricing.rules import (
    authority,
    deal_price,
    discounts,
    list_price,
    payment_plan,
    repricing,
)
from loupan.pricing.rules.attached import Attached, PricedTogether, price_together
from loupan.pricing.rules.formula import (
    VARIABLES,
    Band,
    FormulaProblem,
    LookupTable,
    compiled,
)
from loupan.pricing.rules.repricing import PricedUnit, Recipe, problem_text
from loupan.pricing.rules.tracing import PrecisionSettings, PricingProblem, Step
from loupan.pricing.states import FormulaStatus, PriceListStatus

MOST_BOOKS = 200
PROVEN = "proven"  # The identity that any document proves: which one is written on the deal.
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


def is_plan_offered(project_id: int, day: date) -> bool:
    """Whether any payment plan of the project can be chosen on that day."""
    return PaymentPlan.objects.filter(offered_on(day), project_id=project_id).exists()


def editions_of(plan: PaymentPlan) -> list[PaymentPlan]:
    """Every edition of a plan with its lines, the latest first."""
    rows = PaymentPlan.objects.filter(project_id=plan.project_id, code=plan.code)
    return list(rows.prefetch_related("lines").order_by("-edition"))


def example_price(unit: Unit, rate: Decimal, on: date) -> Decimal:
    """What a unit would cost under a plan of that rate with the standing discounts; yuan.

    Raises PricingProblem.
    """
    book = price_book_of(unit)
    rows = [
        row
        for row in book.discounts.values()
        if row.is_enabled and row.is_default and row.quota is None and not row.needs_proof
    ]
    plan = PaymentPlan(code="*example*", name="", rate=rate)
    items = [_plan_item(plan), *(_item(row, {}) for row in rows)]
    return deal_price.price_deal(_price_input(unit, plan, items, book, on, None)).deal_total


# --- What prices of a project depend on -----------------------------------------------------------


@dataclass(frozen=True)
class ClassSettings:
    """How one class of property computes (DOMAIN 2.2.4)."""

    order: list_price.CalculationOrder
    round_each_step: bool
    precision: PrecisionSettings


@dataclass(frozen=True)
class PriceBook:
    """Policy, rounding, authority, plans and discounts of one project at one moment; read only."""

    policy: PricingPolicy
    precision: PrecisionSettings
    authority: tuple[authority.AuthorityRule, ...]
    plans: Mapping[int, PaymentPlan]
    discounts: Mapping[int, Discount]
    # By product type; every one is there.
    classes: Mapping[str, ClassSettings]
    # What the office has set besides: numbers of documents, terms of a sale.
    settings: ParameterBook


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
    rules = list(PrecisionRule.objects.filter(project_id=project_id))
    own = policy or PricingPolicy(project_id=project_id)
    book = PriceBook(
        policy=own,
        precision=precision_of(rules),
        authority=_authority_of(DiscountAuthority.objects.filter(project_id=project_id)),
        plans={
            plan.pk: plan
            for plan in PaymentPlan.objects.filter(project_id=project_id).prefetch_related("lines")
        },
        discounts={row.pk: row for row in Discount.objects.filter(project_id=project_id)},
        classes=_classes(own, rules, ClassPolicy.objects.filter(project_id=project_id)),
        settings=book_of(project_id),
    )
    if policy is not None:
        if len(_books) >= MOST_BOOKS:
            _books.pop(next(iter(_books)))
        _books[policy.stamp] = book
    return book


def price_book_of(unit: Unit) -> PriceBook:
    """The price book for a unit, without a query where it came with its `price_stamp`."""
    return price_book(unit.project_id, getattr(unit, "price_stamp", None))


def _classes(
    policy: PricingPolicy, rules: Sequence[PrecisionRule], own: Iterable[ClassPolicy]
) -> dict[str, ClassSettings]:
    by_class = {row.product_type: row for row in own}
    return {
        product: ClassSettings(
            order=list_price.CalculationOrder(
                by_class[product].calculation_order
                if product in by_class
                else policy.calculation_order
            ),
            round_each_step=by_class[product].round_each_step
            if product in by_class
            else policy.round_each_step,
            precision=precision_of(rules, product),
        )
        for product in ProductType.values
    }


def precision_of(rows: Iterable[PrecisionRule], product_type: str = "") -> PrecisionSettings:
    """The precision of a class of property: its own rows over those of the project over the defaults."""
    named = {
        row.target: Precision(Decimal(row.unit), Mode(row.mode))
        for row in sorted(rows, key=lambda row: row.product_type)
        if row.product_type in {"", product_type}
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
    product_types: tuple[str, ...] = ()
    needs_proof: bool = False
    gift_name: str = ""
    gift_cost: Decimal = Decimal(0)

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
class AttachedDraft:
    """A unit that is to go with the main one; `is_inside`, the main unit's price pays for it."""

    unit: Unit
    is_inside: bool = False


@dataclass(frozen=True)
class AttachedOffer:
    """What an attached unit costs in an offer; yuan, m²."""

    unit: Unit
    is_inside: bool
    list_total: Decimal
    amount: Decimal
    trace: list[dict[str, Any]]


@dataclass(frozen=True)
class Offer:
    """What a unit costs under one plan with some discounts, and how that came about (X-01).

    The deal total is that of all units; areas, unit prices and list total are the main unit's.
    """

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
    attached: tuple[AttachedOffer, ...] = ()
    attached_total: Decimal = Decimal(0)

    @property
    def main_total(self) -> Decimal:
        """What of the deal total is for the main unit."""
        return self.deal_total - self.attached_total

    @property
    def gift_cost(self) -> Decimal:
        """What the gifts of the discounts granted cost the seller (DSC-10)."""
        return sum((item.gift_cost for item in self.applied), Decimal(0))

    @property
    def net_total(self) -> Decimal:
        """The real net price: what is left of the deal total after gifts (DSC-10)."""
        return self.deal_total - self.gift_cost


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
    attached: Sequence[AttachedDraft] = (),
    proof: str | None = None,
) -> Offer:
    """What this unit, with what is attached to it, costs when reserved on that day (DOMAIN 2.3).

    Yuan, m², shares of one.  The contract day is planned as `sign_by`, by default so many days after
    the reservation as the project says; the deposit is that of the plan, else the project's minimum.
    `left` are quotas known under lock; without a `proof` discounts that need one are refused, None
    leaves that open (a quote).  Raises PlanNotOffered, PlanNotForUnit, DiscountNotOffered,
    DepositExceedsDownPayment, DownPaymentBelowMinimum, PriceNotComputable, ListPriceMissing.
    """
    book = price_book_of(unit)
    plan = book.plans.get(payment_plan_id)
    if plan is None or not _is_offered(plan, reserve_on):
        raise errors.PlanNotOffered(day=reserve_on)
    if not is_plan_for(plan, unit):
        raise errors.PlanNotForUnit(plan=plan.name)
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
        priced = price_together(
            _price_input(unit, plan, items, book, reserve_on, proof),
            [_attached(each) for each in attached],
        )
        planned = schedule_of(
            plan, deal_total=priced.deal_total, deposit=deposit, reserved_on=reserve_on,
            contracted_on=sign_by, precision=book.classes[unit.product_type].precision,
            settings=book.settings,
        )  # fmt: skip
    except (PricingProblem, DateOutOfRange, AmountOutOfRange) as problem:
        raise refusal_of(problem) from problem
    by_code = {row.code: row for row in rows}
    return _offer(
        unit, plan, priced, planned, by_code, book, viewer,
        deposit=deposit, reserve_on=reserve_on, sign_by=sign_by, special=special,
        attached=attached,
    )  # fmt: skip


def _attached(draft: AttachedDraft) -> Attached:
    unit = draft.unit
    if unit.list_total is None:
        raise PricingProblem("price_missing")
    return Attached(unit.number, unit.list_total, unit.product_type, draft.is_inside)


def _is_offered(row: PaymentPlan, day: date) -> bool:
    return (
        row.is_enabled
        and (row.valid_from is None or row.valid_from <= day)
        and (row.valid_until is None or row.valid_until >= day)
    )


def is_plan_for(plan: PaymentPlan, unit: Unit) -> bool:
    """Whether the plan is for units of this kind (PLN-01)."""
    return not plan.product_types or unit.product_type in plan.product_types


def _price_input(
    unit: Unit,
    plan: PaymentPlan,
    items: Sequence[discounts.DiscountItem],
    book: PriceBook,
    reserve_on: date,
    proof: str | None,
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
            building=unit.building_id,
            layout=unit.layout_id,
            identities=frozenset() if proof == "" else frozenset({PROVEN}),
        ),
        basis=list_price.Basis(unit.price_basis),
        stack_mode=discounts.StackMode(book.policy.stack_mode),
        round_each_step=book.classes[unit.product_type].round_each_step,
        identity_best_only=book.policy.identity_best_only,
        precision=book.classes[unit.product_type].precision,
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
            unit_codes=frozenset(row.unit_numbers),
            buildings=frozenset(row.buildings),
            layouts=frozenset(row.layouts),
            identity=PROVEN if row.needs_proof else "",
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


def offer_lines(planned: payment_plan.Schedule) -> tuple[OfferLine, ...]:
    return tuple(
        OfferLine(line.seq, line.money_type.value, line.amount, line.due_on, line.milestone)
        for line in planned.lines
    )


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


def _offer(
    unit: Unit,
    plan: PaymentPlan,
    priced: PricedTogether,
    planned: payment_plan.Schedule,
    by_code: Mapping[str, Discount],
    book: PriceBook,
    viewer: User,
    *,
    deposit: Decimal,
    reserve_on: date,
    sign_by: date,
    special: Special | None,
    attached: Sequence[AttachedDraft],
) -> Offer:
    main = priced.main
    offered = tuple(
        AttachedOffer(draft.unit, draft.is_inside, draft.unit.list_total or Decimal(0), each.amount,
                      trace_json(each.trace))
        for draft, each in zip(attached, priced.attached, strict=True)
    )  # fmt: skip
    covered, floors = _against_floor(unit, main.deal_total, offered)
    applied = tuple(_shown(item, by_code) for item in main.applied)
    if book.policy.gifts_count_for_floor:
        covered -= sum((item.gift_cost for item in applied), Decimal(0))
    sees_floor = viewer.may("inventory.read_floor_price", unit.project_id)
    floor_total = floors if sees_floor else None
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
        list_total=main.list_total,
        deal_total=priced.deal_total,
        discount_amount=priced.list_total - priced.deal_total,
        deal_unit_price=main.built_unit_price,
        deal_inner_unit_price=main.inner_unit_price,
        overall_rate=priced.overall_rate,
        overall_rate_truncated=priced.overall_rate_truncated,
        deposit=deposit,
        loan_total=planned.loan_total,
        down_payment=priced.deal_total - planned.loan_total,
        down_payment_ratio=planned.down_payment_ratio,
        schedule=offer_lines(planned),
        applied=applied,
        refused=tuple(_shown(each.item, by_code, each.reason) for each in main.refused),
        authority=authority.authority_needed(
            overall_rate_truncated=priced.overall_rate_truncated,
            deal_total=covered,
            floor_total=floors,
            published_only=special is None and not any(each.is_inside for each in attached),
            matrix=book.authority,
        ),
        floor_total=floor_total,
        floor_margin=None if floor_total is None else covered - floor_total,
        trace=trace_json([*priced.trace, *planned.trace]),
        attached=offered,
        attached_total=sum((each.amount for each in offered), Decimal(0)),
    )


def verdicts_on(offer: Offer, unit: Unit, *, published_only: bool) -> list[authority.Verdict]:
    """What each level may do with this price; the floor test only where its reader knows floors."""
    return authority.verdicts(
        overall_rate_truncated=offer.overall_rate_truncated,
        below_floor=offer.floor_margin is not None and offer.floor_margin < 0,
        published_only=published_only,
        matrix=price_book_of(unit).authority,
    )


def _against_floor(
    unit: Unit, main_total: Decimal, attached: Iterable[AttachedOffer]
) -> tuple[Decimal, Decimal | None]:
    """Amounts and floor prices together, of those units that have a floor price (U-6)."""
    amounts = [(unit.floor_total, main_total)]
    amounts += [(each.unit.floor_total, each.amount) for each in attached]
    known = [(floor, amount) for floor, amount in amounts if floor is not None]
    if not known:
        return main_total, None
    return sum((a for _, a in known), Decimal(0)), sum((f for f, _ in known), Decimal(0))


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
        product_types=tuple(sorted(item.conditions.product_types)),
        needs_proof=row is not None and row.needs_proof,
        gift_name=row.gift_name if row else "",
        gift_cost=row.gift_cost if row else Decimal(0),
    )


def trace_json(steps: Iterable[Step]) -> list[dict[str, Any]]:
    """A trace as it is stored and sent: texts only."""
    return [
        {"step": each.step, "rule": each.rule, "input": each.input, "output": each.output}
        for each in steps
    ]


def trace_steps(stored: Iterable[Mapping[str, Any]]) -> tuple[Step, ...]:
    """A trace that was stored, as the rules made it."""
    return tuple(Step(**each) for each in stored)


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


# --- Formulas and their tables --------------------------------------------------------------------


def price_tables_for(viewer: User, project_id: int | None = None) -> QuerySet[PriceTable]:
    return PriceTable.objects.filter(_within_reach(viewer, project_id)).order_by(
        "project_id", "code"
    )


def formulas_for(viewer: User, project_id: int | None = None) -> QuerySet[Formula]:
    """Formulas of the projects this person prices in, the newest edition of each first."""
    return Formula.objects.filter(_within_reach(viewer, project_id)).order_by(
        "project_id", "code", "-edition"
    )


def tables_of(project_id: int) -> dict[str, LookupTable]:
    """What the formulas of a project may look up, by code."""
    return {row.code: lookup_table(row) for row in PriceTable.objects.filter(project_id=project_id)}


def lookup_table(row: PriceTable) -> LookupTable:
    return table_from(
        {
            "code": row.code,
            "keys": row.keys,
            "rows": row.rows,
            "otherwise": None if row.otherwise is None else f"{row.otherwise:f}",
        }
    )


def table_from(kept: Mapping[str, Any]) -> LookupTable:
    """A table as lists of prices keep it: code, keys, rows, otherwise; amounts are text."""
    otherwise = kept.get("otherwise")
    is_floors = kept["keys"] == PriceTable.Keys.FLOOR
    rows = kept["rows"]
    return LookupTable(
        code=kept["code"],
        rows={} if is_floors else {row["key"]: Decimal(row["value"]) for row in rows},
        bands=tuple(
            Band(
                int(row["lowest"]),
                int(row["highest"]),
                Decimal(row["start"]),
                Decimal(row["per_floor"]),
                int(row["counted_from"]),
            )
            for row in (rows if is_floors else ())
        ),
        otherwise=None if otherwise is None else Decimal(otherwise),
        by_part=kept["keys"] == PriceTable.Keys.NUMBER,
    )


def formula_refused(problem: FormulaProblem) -> errors.FormulaRefused:
    """The sentence for what the rules say about a formula."""
    said = errors.FORMULA_PROBLEMS.get(problem.code)
    told = str(said) % problem.facts if said else problem.code
    return errors.FormulaRefused(position=problem.position, problem=told)


def enabled_formulas(project_id: int) -> dict[str, str]:
    """The texts of the formulas in use, by code."""
    rows = Formula.objects.filter(project_id=project_id, status=FormulaStatus.ENABLED)
    return dict(rows.values_list("code", "text"))


@dataclass(frozen=True)
class CaseResult:
    """What a formula came to in one of its cases; `problem` is the stable code of a refusal."""

    case: FormulaCase
    value: Decimal | None
    problem: str
    passed: bool


def case_results(formula: Formula, text: str | None = None) -> list[CaseResult]:
    """Every saved case of a formula computed anew, in this or another wording (X-15).

    Raises FormulaProblem when the text itself is wrong.
    """
    project_id = formula.project_id
    made = compiled(
        formula.text if text is None else text,
        tables=tables_of(project_id),
        formulas=enabled_formulas(project_id),
        name=formula.code,
    )
    cases = list(formula.cases.order_by("id"))
    units = {
        unit.id: unit
        for unit in priced_units(project_id, {"units": [c.unit_id for c in cases if c.unit_id]})
    }
    found = []
    for case in cases:
        unit = units.get(case.unit_id) if case.unit_id else None
        values = {**(unit.values if unit else {}), **typed_values(case.values)}
        try:
            value = made.value(values)
        except FormulaProblem as problem:
            found.append(CaseResult(case, None, problem_text(problem), passed=False))
        else:
            found.append(CaseResult(case, value, "", passed=value == case.expected))
    return found


@dataclass(frozen=True)
class Tried:
    """A formula tried on one unit: every value on the way, or why there is none."""

    unit: Unit
    value: Decimal | None
    steps: Sequence[Step]
    problem: str


def try_formula(formula: Formula, unit: Unit, base_price: str | None = None) -> Tried:
    """What a formula comes to for a unit, step by step (2.2.3). Raises FormulaProblem for its text."""
    made = compiled(
        formula.text,
        tables=tables_of(formula.project_id),
        formulas=enabled_formulas(formula.project_id),
        name=formula.code,
    )
    (found,) = priced_units(formula.project_id, {"units": [unit.pk]})
    values = dict(found.values)
    try:
        values["base_price"] = Decimal(base_price) if base_price else None
        told = made.explain(values)
    except FormulaProblem as problem:
        return Tried(unit, None, (), problem_text(problem))
    except ArithmeticError:
        return Tried(unit, None, (), "value_missing:base_price")
    return Tried(unit, told.value, told.steps, "")


def typed_values(texts: Mapping[str, str]) -> dict[str, Any]:
    """Values of variables as they are kept (text) in the kinds that formulas know."""
    kinds: dict[str, Callable[[str], Any]] = {
        "number": Decimal,
        "text": str,
        "truth": lambda text: text == "yes",
    }
    return {name: kinds[VARIABLES[name]](text) for name, text in texts.items()}


# --- Units as pricing looks at them ---------------------------------------------------------------

_UNIT_COLUMNS = (
    "id", "number", "building__name", "layout__name", "layout__code", "product_type", "status",
    "price_basis", "predicted_built_area", "predicted_inner_area", "measured_built_area",
    "measured_inner_area", "list_unit_price", "list_total", "floor_total", "filed_total",
    "entrance_id", "entrance__name", "floor_no", "floors_spanned", "position", "orientation",
    "view", "is_corner", "balcony_area", "garden_area", "fitout_unit_price", "room_no",
)  # fmt: skip


def units_in(project_id: int, scope: Mapping[str, Sequence[Any]]) -> QuerySet[Unit]:
    """The units of a scope: `buildings`, `layouts`, `units` by id, `product_types`; {} is all."""
    rows = Unit.objects.filter(project_id=project_id)
    for key, column in (
        ("buildings", "building_id"),
        ("layouts", "layout_id"),
        ("product_types", "product_type"),
        ("units", "pk"),
    ):
        if scope.get(key) is not None:
            rows = rows.filter(**{f"{column}__in": scope[key]})
    return rows


def priced_units(project_id: int, scope: Mapping[str, Sequence[Any]]) -> list[PricedUnit]:
    """Units with everything formulas may ask of them, in board order; two statements."""
    tops = dict(
        Unit.objects.filter(project_id=project_id)
        .values_list("entrance_id")
        .annotate(top=Max(F("floor_no") + F("floors_spanned") - 1))
    )
    rows = (
        units_in(project_id, scope)
        .order_by("building__sort", "building_id", "entrance__sort", "entrance_id", "-floor_no",
                  "position", "id")
        .values_list(*_UNIT_COLUMNS)
    )  # fmt: skip
    return [_priced_unit(dict(zip(_UNIT_COLUMNS, row, strict=True)), tops) for row in rows]


def _priced_unit(row: Mapping[str, Any], tops: Mapping[int, int]) -> PricedUnit:
    built = row["measured_built_area"] or row["predicted_built_area"]
    inner = row["measured_inner_area"] or row["predicted_inner_area"]
    highest = tops[row["entrance_id"]]
    return PricedUnit(
        id=row["id"],
        number=row["number"],
        building=row["building__name"],
        layout=row["layout__name"] or "",
        product=row["product_type"],
        status=row["status"],
        basis=row["price_basis"],
        built_area=built,
        inner_area=inner,
        unit_price=row["list_unit_price"],
        total=row["list_total"],
        floor_total=row["floor_total"],
        filed_total=row["filed_total"],
        entrance=row["entrance__name"],
        floor_no=row["floor_no"],
        position=row["position"],
        values={
            "built_area": built,
            "inner_area": inner,
            "shared_area": None if built is None or inner is None else built - inner,
            "balcony_area": row["balcony_area"],
            "garden_area": row["garden_area"],
            "list_unit_price": row["list_unit_price"],
            "list_total": row["list_total"],
            "floor_total": row["floor_total"],
            "fitout_unit_price": row["fitout_unit_price"],
            "floor_no": Decimal(row["floor_no"]),
            "floors_total": Decimal(highest),
            "orientation": row["orientation"],
            "view": row["view"],
            "position": Decimal(row["position"]),
            "layout": row["layout__code"] or "",
            "is_top": row["floor_no"] + row["floors_spanned"] - 1 == highest,
            "is_corner": row["is_corner"],
            "room_no": row["room_no"],
        },
    )


# --- Price lists ----------------------------------------------------------------------------------

# Prices of these never change again (U-5), and what is no stock has none to change.
NEVER_REPRICED = frozenset({UnitStatus.PROVISIONAL, UnitStatus.OFF_MARKET}) | SOLD


def price_lists_for(viewer: User, project_id: int | None = None) -> QuerySet[PriceList]:
    """Versions of prices this person may read; those of floors only with the right to floor prices."""
    rows = PriceList.objects.filter(_within_reach(viewer, project_id))
    seen = viewer.acts_in("inventory.read_floor_price")
    return rows.filter(~Q(kind=PriceKind.FLOOR) | Q(project_id__in=seen)).order_by("-id")


def settings_of(project_id: int) -> dict[str, repricing.Settings]:
    """Order and precision by product type."""
    return {
        product: repricing.Settings(found.order, found.precision)
        for product, found in price_book(project_id).classes.items()
    }


def recipe_of(price_list: PriceList) -> Recipe:
    """What the prices of a list are computed from, as it was kept with the list."""
    return recipe_from(price_list.method, price_list.basis)


def recipe_from(method: str, basis: Mapping[str, Any]) -> Recipe:
    base_price = basis.get("base_price")
    return Recipe(
        method=repricing.Method(method),
        amount=Decimal(basis.get("amount", "0")),
        target=repricing.Target(basis.get("target", "unit_price")),
        base_price=Decimal(base_price) if base_price else None,
        text=basis.get("text", ""),
        code=basis.get("code", ""),
        edition=basis.get("edition", 0),
        formulas=basis.get("formulas", {}),
        tables={table["code"]: table_from(table) for table in basis.get("tables", [])},
    )


def formula_basis(formula: Formula, base_price: Decimal | None) -> dict[str, Any]:
    """A formula in use with everything it asks for, to be kept with a list. Raises FormulaProblem."""
    formulas = enabled_formulas(formula.project_id)
    made = compiled(
        formula.text,
        tables=tables_of(formula.project_id),
        formulas=formulas,
        name=formula.code,
    )
    tables = PriceTable.objects.filter(project_id=formula.project_id, code__in=made.tables)
    return {
        "code": formula.code,
        "edition": formula.edition,
        "target": formula.target,
        "text": formula.text,
        "formulas": formulas,
        "base_price": None if base_price is None else f"{base_price:f}",
        "tables": [
            {
                "code": row.code,
                "name": row.name,
                "keys": row.keys,
                "rows": row.rows,
                "otherwise": None if row.otherwise is None else f"{row.otherwise:f}",
            }
            for row in tables.order_by("code")
        ],
    }


def repriceable(project_id: int, scope: Mapping[str, Sequence[Any]]) -> list[PricedUnit]:
    """The units of a scope whose price may still change; those claimed for a while included."""
    return [unit for unit in priced_units(project_id, scope) if unit.status not in NEVER_REPRICED]


@dataclass(frozen=True)
class Outlook:
    """What new prices come to: for all, by building, by layout, and how unit prices are spread (X-06)."""

    lines: Sequence[repricing.Line]
    figures: repricing.Figures
    buildings: Sequence[tuple[str, repricing.Figures]]
    layouts: Sequence[tuple[str, repricing.Figures]]
    bins: Sequence[repricing.Bin]
    wrong: Mapping[int, str]


def outlook_of(lines: Sequence[repricing.Line], project_id: int) -> Outlook:
    rate = price_book(project_id).policy.filed_lower_rate
    wrong = {line.unit.id: why for line in lines if (why := repricing.wrong_with(line, rate))}
    return Outlook(
        lines=lines,
        figures=repricing.figures(lines, rate),
        buildings=repricing.by_group(lines, lambda line: line.unit.building, rate),
        layouts=sorted(repricing.by_group(lines, lambda line: line.unit.layout, rate)),
        bins=repricing.distribution(lines),
        wrong=wrong,
    )


def trial(price_list: PriceList, changes: Mapping[str, Any]) -> Outlook:
    """What a draft would come to with another amount, base price or rows of tables; nothing is saved.

    Raises FormulaProblem.
    """
    recipe = recipe_from(price_list.method, {**price_list.basis, **changes})
    lines = repricing.repriced(
        repriceable(price_list.project_id, price_list.scope),
        recipe,
        settings_of(price_list.project_id),
        with_trace=False,
    )
    return outlook_of(lines, price_list.project_id)


def stored_lines(price_list: PriceList, *, with_trace: bool = False) -> list[repricing.Line]:
    """The lines of a list beside the units as they are now; a line without one has no unit any more."""
    kept = {
        row["unit_id"]: row
        for row in price_list.lines.values(
            "unit_id", "new_unit_price", "new_total", "problem", *(["trace"] if with_trace else [])
        )
    }
    units = priced_units(price_list.project_id, price_list.scope)
    return [
        repricing.Line(
            unit,
            kept[unit.id]["new_unit_price"],
            kept[unit.id]["new_total"],
            kept[unit.id]["problem"],
            trace_steps(kept[unit.id]["trace"]) if with_trace else (),
        )
        for unit in units
        if unit.id in kept
    ]


def stale_lines(price_list: PriceList) -> QuerySet[PriceListLine]:
    """Lines computed with an area the unit no longer has, whose price can still change."""
    built = Coalesce("unit__measured_built_area", "unit__predicted_built_area")
    inner = Coalesce("unit__measured_inner_area", "unit__predicted_inner_area")
    return (
        price_list.lines.exclude(unit__status__in=NEVER_REPRICED)
        .annotate(
            area_now=Case(
                When(unit__price_basis="built", then=built),
                When(unit__price_basis="inner", then=inner),
            )
        )
        .filter(~Q(area=F("area_now")) | Q(area=None, area_now__isnull=False)
                | Q(area__isnull=False, area_now=None))
    )  # fmt: skip


def wrong_lines(price_list: PriceList) -> QuerySet[PriceListLine]:
    """Lines that block approval: no price, below the floor, above the filed price, below its share.

    Units whose price cannot change any more do not count.
    """
    rate = price_book(price_list.project_id).policy.filed_lower_rate
    floors = Q(new_total__lt=F("unit__floor_total"))
    filed = Q(new_total__gt=F("unit__filed_total"))
    wrong = Q(new_total=None)
    if price_list.kind == PriceKind.LIST:
        wrong |= floors | filed
        if rate is not None:
            wrong |= Q(new_total__lt=F("unit__filed_total") * rate)
    return price_list.lines.exclude(unit__status__in=NEVER_REPRICED).filter(wrong)


def without_floor(wrong: QuerySet[PriceListLine]) -> QuerySet[PriceListLine]:
    """The same for somebody who may not know floor prices: what only the floor blocks is left out."""
    return wrong.filter(
        Q(new_total=None) | Q(unit__floor_total=None) | Q(new_total__gte=F("unit__floor_total"))
    )


def due_price_lists(at: datetime) -> list[int]:
    """Approved lists whose instant has come, the earliest first."""
    return list(
        PriceList.objects.filter(status=PriceListStatus.APPROVED, effective_at__lte=at)
        .order_by("effective_at", "id")
        .values_list("pk", flat=True)
    )


def in_force_since(project_id: int) -> datetime | None:
    """When list prices of a project last changed by a version."""
    found: datetime | None = PriceList.objects.filter(
        project_id=project_id, kind=PriceKind.LIST, status=PriceListStatus.EFFECTIVE
    ).aggregate(last=Max("took_effect_at"))["last"]
    return found


def prices_of_unit(viewer: User, unit: Unit) -> QuerySet[PriceListLine]:
    """Every version in which the price of a unit stood, the latest first."""
    return (
        PriceListLine.objects.filter(unit=unit, price_list__in=price_lists_for(viewer))
        .exclude(price_list__status=PriceListStatus.DISCARDED)
        .select_related("price_list")
        .defer("trace", "price_list__basis")
        .order_by("-price_list_id")
    )


def floor_prices_of(unit: Unit) -> dict[str, Decimal]:
    """The floor totals of a unit by level, as far as they are set (DOMAIN 2.2.1)."""
    found = dict(FloorPrice.objects.filter(unit=unit).values_list("level", "total"))
    if unit.floor_total is not None:
        found[FloorLevel.PROJECT] = unit.floor_total
    return found
