"""Makers of plans and discounts, those of DOMAIN 0.3 by default, all built by actions."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from loupan.org.models import Project, User
from loupan.pricing.actions.discounts import save_discount
from loupan.pricing.actions.formulas import (
    enable_formula,
    save_case,
    save_formula,
    save_price_table,
)
from loupan.pricing.actions.plans import PlanLineDraft, save_plan
from loupan.pricing.actions.policies import install_pricing_defaults, save_policy
from loupan.pricing.actions.price_lists import (
    Terms,
    approve_price_list,
    draw_up_price_list,
    submit_price_list,
)
from loupan.pricing.models import (
    Discount,
    Formula,
    PaymentPlan,
    PriceList,
    PriceTable,
    PricingPolicy,
)

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


ONE_PRICE = (
    "base_price + FLOORINC(floors, floor_no) + LOOKUP(orientation, orientation)"
    " + LOOKUP(view, view) + IF(is_corner, 150, 0) + IF(is_top, -300, 0)"
    " + LOOKUP(special, room_no)"
)


def one_price_tables(project: Project, by: User) -> list[PriceTable]:
    """The tables of ORC-04: floors, orientation, view, the number 4."""

    def rows(**values: int) -> list[dict[str, str]]:
        return [{"key": key, "value": str(value)} for key, value in values.items()]

    floors = [
        {"lowest": "-9", "highest": "5", "start": "0", "per_floor": "60", "counted_from": "6"},
        {"lowest": "6", "highest": "18", "start": "0", "per_floor": "40", "counted_from": "6"},
        {"lowest": "19", "highest": "99", "start": "480", "per_floor": "0", "counted_from": "0"},
    ]
    wanted = (
        ("floors", "楼层差", PriceTable.Keys.FLOOR, floors, None),
        ("orientation", "朝向差", PriceTable.Keys.ORIENTATION,
         rows(S=300, SE=200, E=0, W=-150, N=-250), Decimal(0)),
        ("view", "景观差", PriceTable.Keys.VIEW, rows(园景=200, 临路=-100), Decimal(0)),
        ("special", "特殊房号", PriceTable.Keys.NUMBER, [{"key": "4", "value": "-80"}], Decimal(0)),
    )  # fmt: skip
    return [
        save_price_table(
            project_id=project.pk, code=code, name=name, keys=keys, rows=kept, otherwise=otherwise,
            by=by, at=NOON,
        )
        for code, name, keys, kept, otherwise in wanted
    ]  # fmt: skip


def a_formula(
    project: Project,
    by: User,
    text: str = "base_price",
    *,
    code: str = "price",
    values: dict[str, str] | None = None,
    expected: str = "12000",
    target: str = Formula.Target.UNIT_PRICE,
) -> Formula:
    """A formula in use, with the one case that let it be enabled."""
    formula = save_formula(
        project_id=project.pk, code=code, name="一房一价", target=target, text=text, by=by, at=NOON
    )
    save_case(
        formula_id=formula.pk, name="基准", values=values or {"base_price": "12000"},
        expected=Decimal(expected), by=by, at=NOON,
    )  # fmt: skip
    return enable_formula(formula_id=formula.pk, by=by, at=NOON)


def the_one_price_formula(project: Project, by: User) -> Formula:
    """ORC-04 with its tables, enabled by the first row of the oracle."""
    one_price_tables(project, by)
    values = {
        "base_price": "12000", "floor_no": "3", "orientation": "S", "view": "园景",
        "is_corner": "no", "is_top": "no", "room_no": "301",
    }  # fmt: skip
    return a_formula(project, by, ONE_PRICE, values=values, expected="12320")


def a_price_list(project: Project, by: User, *, percent: str = "3", **fields: Any) -> PriceList:
    """A draft that raises every unit by some percent, unless given other terms."""
    terms = fields.pop("terms", None) or Terms("percent", Decimal(percent) / 100)
    values = {"name": "三月调价", "at": NOON, **fields}
    return draw_up_price_list(project_id=project.pk, terms=terms, by=by, **values)


def an_approved_list(
    project: Project, maker: User, approver: User, *, at: datetime = NOON, **fields: Any
) -> PriceList:
    """A list drawn up, submitted, and approved by somebody else at that moment."""
    drawn = a_price_list(project, maker, at=at, **fields)
    submit_price_list(list_id=drawn.pk, by=maker, at=at)
    return approve_price_list(list_id=drawn.pk, version=1, by=approver, at=at)
