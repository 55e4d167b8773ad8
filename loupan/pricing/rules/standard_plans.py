"""The payment plans most projects begin with (DOMAIN 2.4.2), offered to a new project as they stand."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final


@dataclass(frozen=True)
class StandardPlan:
    """A plan as it is delivered; the fields of `lines` are those of a line of a plan."""

    code: str
    name: str
    kind: str
    lines: tuple[Mapping[str, Any], ...]


_DEPOSIT: Final = {
    "money_type": "deposit",
    "method": "fixed",
    "amount_or_rate": Decimal(50_000),
    "anchor": "reservation",
}
_DOWN_PAYMENT: Final = {
    "money_type": "down_payment",
    "method": "remainder",
    "includes_deposit": True,
    "offset_days": 7,
}
# Banks lend round sums: down to ten thousand.
_ROUND: Final = {"rounding_unit": "10000", "rounding_mode": "truncate"}
_LOAN: Final = {"method": "percent", "amount_or_rate": Decimal("0.7"), "offset_days": 30, **_ROUND}


def _instalment(months: int, **more: Any) -> dict[str, Any]:
    share = {"money_type": "instalment", "method": "percent", "amount_or_rate": Decimal("0.3")}
    return {**share, "offset_months": months, **more}


STANDARD_PLANS: Final = (
    # ORC-15: the deposit, then the rest in a month.
    StandardPlan("LUMP", "一次性付款", "lump_sum", (
        _DEPOSIT,
        {"money_type": "balance", "method": "remainder", "includes_deposit": True,
         "offset_days": 30},
    )),
    # ORC-11
    StandardPlan("MORTGAGE", "商业按揭 70%", "commercial_mortgage", (
        _DEPOSIT, _DOWN_PAYMENT, {"money_type": "commercial_loan", **_LOAN},
    )),
    StandardPlan("PROVIDENT", "公积金贷款 60 万", "provident_mortgage", (
        _DEPOSIT,
        _DOWN_PAYMENT,
        {"money_type": "provident_loan", "method": "fixed", "amount_or_rate": Decimal(600_000),
         "offset_days": 30},
    )),
    # ORC-12: what the provident fund lends is part of the 70 %.
    StandardPlan("COMBINED", "组合贷款 70%（公积金 60 万）", "combined", (
        _DEPOSIT,
        _DOWN_PAYMENT,
        {"money_type": "provident_loan", "method": "fixed", "amount_or_rate": Decimal(600_000),
         "offset_days": 30},
        {"money_type": "commercial_loan", **_LOAN, "base": "loan_total"},
    )),
    # ORC-13, ORC-14: the last is what remains.
    StandardPlan("INSTALMENT", "分期 30/30/30/10", "instalment", (
        _DEPOSIT,
        _instalment(0, includes_deposit=True),
        _instalment(1),
        _instalment(3),
        {"money_type": "balance", "method": "remainder", "offset_months": 6},
    )),
)  # fmt: skip
BY_CODE: Final = {plan.code: plan for plan in STANDARD_PLANS}
