"""What the prices of a project depend on, read at once and kept."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery

from loupan.core.rounding import Mode, Precision
from loupan.inventory.models import ProductType, Unit
from loupan.org.models import User
from loupan.parameters.queries.book import ParameterBook, book_of
from loupan.pricing.models import (
    ClassPolicy,
    Discount,
    DiscountAuthority,
    PaymentPlan,
    PrecisionRule,
    PricingPolicy,
)
from loupan.pricing.queries.reach import within_reach
from loupan.pricing.rules import authority, list_price
from loupan.pricing.rules.tracing import PrecisionSettings

MOST_BOOKS = 200


def policies_for(viewer: User) -> QuerySet[PricingPolicy]:
    return PricingPolicy.objects.filter(within_reach(viewer, None)).order_by("project_id")


def precisions_for(viewer: User, project_id: int | None = None) -> QuerySet[PrecisionRule]:
    return PrecisionRule.objects.filter(within_reach(viewer, project_id)).order_by(
        "project_id", "id"
    )


def authorities_for(viewer: User, project_id: int | None = None) -> QuerySet[DiscountAuthority]:
    return DiscountAuthority.objects.filter(within_reach(viewer, project_id)).order_by(
        "project_id", "-min_overall_rate", "id"
    )


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
