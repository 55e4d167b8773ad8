"""Makers of plans and discounts, those of DOMAIN 0.3 by default, all built by actions."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from loupan.org.models import Project, User
from loupan.pricing.actions.discounts import save_discount
from loupan.pricing.actions.plans import PlanLineDraft, save_plan
from loupan.pricing.actions.policies import install_pricing_defaults, save_policy
from loupan.pricing.models import Discount, PaymentPlan, PricingPolicy

NOON = datetime(2025, 3, 1, 4, 0, tzinfo=UTC)  # 12:00 in Shanghai.


def a_policy(project: Project, by: User, **values: Any) -> PricingPolicy:
    """The delivered settings of a project, with a deposit of 50,000 and seven days to sign."""
    install_pricing_defaults(project_id=project.pk, by=by, at=NOON)
    wanted = {"min_deposit": Decimal("50000.00"), "sign_within_days": 7, **values}
    return save_policy(project_id=project.pk, values=wanted, by=by, at=NOON)


def a_mortgage_plan(
    project: Project, by: User, *, code: str = "MORTGAGE", rate: str = "0.98", **fields: Any
) -> PaymentPlan:
    """Deposit, down payment within 7 days, 70 % loan within 30 days of the contract (ORC-11)."""
    return save_plan(
        project_id=project.pk,
        code=code,
        name=fields.pop("name", "商业按揭"),
        kind=fields.pop("kind", "commercial_mortgage"),
        rate=Decimal(rate),
        lines=[
            PlanLineDraft("deposit", "fixed", Decimal(50000), anchor="reservation"),
            PlanLineDraft("down_payment", "remainder", includes_deposit=True, offset_days=7),
            PlanLineDraft(
                "commercial_loan",
                "percent",
                Decimal("0.7"),
                offset_days=30,
                rounding_unit="10000",
                rounding_mode="truncate",
            ),
        ],
        by=by,
        at=NOON,
        **fields,
    )


def a_lump_sum_plan(
    project: Project, by: User, *, code: str = "LUMP", rate: str = "0.96", **fields: Any
) -> PaymentPlan:
    """Deposit, and the rest within 30 days of the contract (ORC-15)."""
    return save_plan(
        project_id=project.pk,
        code=code,
        name=fields.pop("name", "一次性付款"),
        kind="lump_sum",
        rate=Decimal(rate),
        lines=[
            PlanLineDraft("deposit", "fixed", Decimal(50000), anchor="reservation"),
            PlanLineDraft("balance", "remainder", includes_deposit=True, offset_days=30),
        ],
        by=by,
        at=NOON,
        **fields,
    )


def a_discount(
    project: Project,
    by: User,
    *,
    code: str = "MEMBER",
    name: str = "会员优惠",
    kind: str = Discount.Kind.IDENTITY,
    form: str = Discount.Form.RATE,
    amount_or_rate: str = "0.995",
    **values: Any,
) -> Discount:
    return save_discount(
        project_id=project.pk,
        values={
            "code": code,
            "name": name,
            "kind": kind,
            "form": form,
            "amount_or_rate": Decimal(amount_or_rate),
            **values,
        },
        by=by,
        at=NOON,
    )


@dataclass(frozen=True)
class CanonicalPrices:
    """What the price of DOMAIN 0.3 is made of."""

    plan: PaymentPlan
    on_time: Discount
    member: Discount
    festival: Discount

    @property
    def discount_ids(self) -> list[int]:
        return [self.on_time.pk, self.member.pk, self.festival.pk]


def canonical_prices(project: Project, by: User) -> CanonicalPrices:
    """98 % plan, 99 % for signing on time, 99.5 % for members, 10,000 off."""
    a_policy(project, by)
    return CanonicalPrices(
        plan=a_mortgage_plan(project, by),
        on_time=a_discount(
            project, by, code="ONTIME", name="按时签约", kind=Discount.Kind.REGULAR,
            amount_or_rate="0.99", is_for_signing_on_time=True,
        ),
        member=a_discount(project, by),
        festival=a_discount(
            project, by, code="FEST", name="购房节", kind=Discount.Kind.PROMOTION,
            form=Discount.Form.AMOUNT, amount_or_rate="10000",
        ),
    )  # fmt: skip
