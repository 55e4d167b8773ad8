"""How the demo projects compute: policy, payment plans, discounts, accounts, sources."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from loupan.config.demo.organisation import Office
from loupan.config.demo.property import reference
from loupan.customers.parameters import SOURCE
from loupan.ledger.models import BankAccount
from loupan.org.models import User
from loupan.parameters.queries.entries import entries_in_use
from loupan.pricing.actions.discounts import save_discount
from loupan.pricing.actions.plans import PlanLineDraft, save_plan
from loupan.pricing.actions.policies import install_pricing_defaults, save_policy

DEPOSIT = PlanLineDraft("deposit", "fixed", Decimal(50_000), anchor="reservation")
LOAN = PlanLineDraft(
    "commercial_loan",
    "percent",
    Decimal("0.7"),
    offset_days=30,
    rounding_unit="10000",
    rounding_mode="truncate",
)


@dataclass(frozen=True)
class Prices:
    """Ids of what a reservation is made with."""

    plans: dict[str, int]
    discounts: dict[str, int]
    sources: list[int]


def set_prices(office: Office, by: User, at: datetime) -> Prices:
    """The delivered settings, six plans, seven discounts, three accounts, the sources."""
    project = office.project
    install_pricing_defaults(project_id=project.pk, by=by, at=at)
    save_policy(
        project_id=project.pk,
        values={"min_deposit": Decimal(10_000), "sign_within_days": 7},
        by=by,
        at=at,
    )
    return Prices(
        plans=_plans(project.pk, by, at),
        discounts=_discounts(project.pk, by, at),
        sources=_references(office, by, at),
    )


def _plans(project_id: int, by: User, at: datetime) -> dict[str, int]:
    share, fixed = "percent", "fixed"
    plans = (
        ("MORTGAGE", "商业按揭 70%", "commercial_mortgage", "0.98", [
            DEPOSIT,
            PlanLineDraft("down_payment", "remainder", includes_deposit=True, offset_days=7),
            LOAN,
        ]),
        ("COMBINED", "组合贷款（公积金 60 万）", "combined", "0.98", [
            DEPOSIT,
            PlanLineDraft("down_payment", "remainder", includes_deposit=True, offset_days=7),
            PlanLineDraft("provident_loan", fixed, Decimal(600_000), offset_days=30),
            replace(LOAN, base="loan_total"),
        ]),
        ("INSTALMENT", "分期 30/30/30/10", "instalment", "0.98", [
            DEPOSIT,
            PlanLineDraft("instalment", share, Decimal("0.3"), includes_deposit=True),
            PlanLineDraft("instalment", share, Decimal("0.3"), offset_months=1),
            PlanLineDraft("instalment", share, Decimal("0.3"), offset_months=3),
            PlanLineDraft("balance", "remainder", offset_months=6),
        ]),
        ("PROGRESS", "按工程进度分期", "instalment", "0.98", [
            DEPOSIT,
            PlanLineDraft("down_payment", share, Decimal("0.3"), includes_deposit=True,
                          offset_days=7),
            PlanLineDraft("instalment", share, Decimal("0.4"), anchor="milestone", milestone="封顶",
                          offset_days=15),
            PlanLineDraft("balance", "remainder", anchor="handover"),
        ]),
        ("LUMP", "一次性付款", "lump_sum", "0.96", [
            DEPOSIT,
            PlanLineDraft("balance", "remainder", includes_deposit=True, offset_days=30),
        ]),
        ("STALL", "车位一次性付款", "lump_sum", "1", [
            PlanLineDraft("deposit", fixed, Decimal(10_000), anchor="reservation"),
            PlanLineDraft("balance", "remainder", includes_deposit=True, offset_days=15),
        ]),
    )  # fmt: skip
    return {
        code: save_plan(
            project_id=project_id, code=code, name=name, kind=kind, rate=Decimal(rate),
            lines=lines, sort=sort, by=by, at=at,
        ).pk
        for sort, (code, name, kind, rate, lines) in enumerate(plans, 1)
    }  # fmt: skip


def _discounts(project_id: int, by: User, at: datetime) -> dict[str, int]:
    flats = {"product_types": ["flat", "shop", "villa"]}
    wanted = {
        "ONTIME": ("按时签约", "regular", "rate", "0.99",
                   {"is_for_signing_on_time": True, "is_default": True, "order": 10, **flats}),
        "MEMBER": ("海成会会员", "identity", "rate", "0.995",
                   {"needs_proof": True, "order": 20, **flats}),
        "OWNER": ("老业主推荐", "identity", "rate", "0.99",
                  {"needs_proof": True, "order": 21, "per_person": 2, **flats}),
        "OPENING": ("开盘优惠", "promotion", "amount", "10000",
                    {"is_default": True, "order": 90, **flats}),
        "FIRST50": ("前 50 名礼遇", "promotion", "amount", "5000",
                    {"quota": 50, "order": 95,
                     "gift_name": "两年物业费", "gift_cost": Decimal(7_200), **flats}),
        "AUTUMN": ("秋季购房节", "promotion", "rate", "0.995",
                   {"order": 92, "exclusive_group": "season", **flats, "items": [
                       {"name": "装修补贴", "form": "amount", "amount_or_rate": "8000", "order": 93},
                       {"name": "车位抵用", "form": "unit_amount", "amount_or_rate": "50",
                        "order": 94},
                   ]}),
        "APPLIANCE": ("家电礼包", "promotion", "amount", "0",
                      {"order": 96, "gift_name": "中央空调", "gift_cost": Decimal(18_000), **flats}),
    }  # fmt: skip
    return {
        code: save_discount(
            project_id=project_id,
            values={
                "code": code, "name": name, "kind": kind, "form": form,
                "amount_or_rate": Decimal(amount), **more,
            },
            by=by,
            at=at,
        ).pk
        for code, (name, kind, form, amount, more) in wanted.items()
    }  # fmt: skip


def _references(office: Office, by: User, at: datetime) -> list[int]:
    project = office.project
    accounts = (
        ("预售资金监管户", "建设银行两江支行", "5000 0000 0000 0118", "supervised"),
        ("一般结算户", "工商银行云麓支行", "3100 0000 0000 0226", "normal"),
    )
    for name, bank, number, kind in accounts:
        reference(
            BankAccount, by, at, company=project.company, project=project, name=name, bank=bank,
            number=number, kind=kind, is_enabled=True,
        )  # fmt: skip
    return list(entries_in_use(project.pk, SOURCE).values_list("pk", flat=True))
