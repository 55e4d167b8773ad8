"""Which role may do what, and which permissions one person must not hold together (DOMAIN 4.1–4.3).

Data and pure checks. `install_roles` copies the templates into the database, where an office may change
them; from then on the rows count, not this file.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

GROUPS = ("customers", "inventory", "deals", "money", "reports", "org")


@dataclass(frozen=True)
class RoleTemplate:
    """A role as it is delivered: names, permissions, and how far it sees per function group."""

    code: str
    name: str
    name_en: str
    permissions: frozenset[str]
    scopes: Mapping[str, str]


def _scopes(everywhere: str = "none", **groups: str) -> dict[str, str]:
    assert set(groups) <= set(GROUPS), groups
    return {group: groups.get(group, "none" if group == "org" else everywhere) for group in GROUPS}


_READ_CUSTOMERS = frozenset({"customers.read"})
_KEEP_CUSTOMERS = _READ_CUSTOMERS | {
    "customers.register",
    "customers.edit",
    "customers.record_visit",
    "customers.record_follow_up",
}
_BOARD = frozenset({"inventory.read_board"})
_PRICES = frozenset({"pricing.read"})
_FLOOR_PRICE = frozenset({"inventory.read_floor_price"})
_DEALS = frozenset({"sales.read"})
_MONEY = frozenset({"ledger.read"})
_REPORTS = frozenset({"reports.read"})
_PAPER = frozenset({"documents.print"})
_PHONE = frozenset({"customers.reveal_phone"})
# DOMAIN 4.4 narrows the row "phone/ID reveal" of 4.3: ID numbers are for those who work on a deal's
# papers and for those who answer for them, not for whoever has the customer on the phone.
_PHONE_AND_ID = _PHONE | {"customers.reveal_id"}
_SELL = frozenset(
    {
        "sales.quote",
        "sales.lock_unit",
        "sales.reserve_unit",
        "sales.reserve_provisionally",
        "sales.keep_proofs",
    }
)
_CONTROL = frozenset(
    {
        "inventory.release_unit",
        "inventory.withhold_unit",
        "sales.hold_unit",
        "sales.unlock_any",
    }
)
_PROPERTY = frozenset({"inventory.edit_property", "inventory.import_units"})
# Until approvals come as a flow, whoever approves (A in the matrix) does the thing.
_SET_TERMS = frozenset({"pricing.edit_plans", "pricing.edit_discounts"})
# Prices are drawn up by marketing and approved by directors, who set their limits too.
_DRAW_UP_PRICES = _SET_TERMS | {"pricing.edit_prices"}
_DECIDE_ON_PRICES = _SET_TERMS | {"pricing.approve_prices", "pricing.set_limits"}
_SEE_PARAMETERS = frozenset({"parameters.read"})
_SET_UP = _SEE_PARAMETERS | {"parameters.manage"}
_EXPORT = frozenset({"reports.export", "sales.export"})
# Those who lead an office or keep its lists offer views of them to the others.
_SHARE_VIEWS = frozenset({"core.share_views"})
_EXPORT_ALL = _EXPORT | {"customers.export"}
_LOOK_AT_DEALS = _BOARD | _DEALS | _PAPER

_DIRECTOR = (
    _READ_CUSTOMERS
    | _PHONE_AND_ID
    | _BOARD
    | _FLOOR_PRICE
    | _PRICES
    | _DECIDE_ON_PRICES
    | _DEALS
    | _MONEY
    | _REPORTS
    | _EXPORT_ALL
    | _PAPER
    | _SET_UP
    | _SHARE_VIEWS
    | {
        "customers.assign",
        "inventory.release_unit",
        "inventory.withhold_unit",
        "sales.cancel_reservation",
        "sales.attach_unit",
        "sales.change_plan",
        "sales.cancel_contract",
        "sales.allow_handover",
        "sales.undo_handover",
        "sales.relate_person",
        "sales.void_contract",
        "inventory.take_off_market",
        "ledger.refund",
        "documents.edit_templates",
    }
)

_TEMPLATES = (
    RoleTemplate(
        "AD",
        "系统管理员",
        "System administrator",
        _SET_UP
        | _SHARE_VIEWS
        | {"org.read", "org.manage", "org.read_log", "documents.edit_templates"},
        _scopes(org="group"),
    ),
    RoleTemplate("GD", "集团营销总", "Group director", _DIRECTOR, _scopes("group")),
    RoleTemplate("CD", "城市/公司营销总", "Company director", _DIRECTOR, _scopes("company")),
    RoleTemplate(
        "PD",
        "项目总/营销负责人",
        "Project director",
        (_DIRECTOR - {"documents.edit_templates", "parameters.manage"})
        | _SELL
        | _CONTROL
        | _PROPERTY
        | {
            "sales.sign_contract",
            "sales.contract_directly",
            "sales.file_contract",
            "sales.confirm_unfiling_project",
            "sales.end_provisional",
            "sales.record_milestone",
        },
        _scopes("project"),
    ),
    RoleTemplate(
        "SM",
        "案场/销售经理",
        "Sales manager",
        _KEEP_CUSTOMERS
        | _PHONE_AND_ID
        | _BOARD
        | _CONTROL
        | _PRICES
        | _DEALS
        | _SELL
        | _MONEY
        | _REPORTS
        | _EXPORT_ALL
        | _SHARE_VIEWS
        | _PAPER
        | {
            "customers.assign",
            "customers.import",
            "sales.cancel_reservation",
            "sales.attach_unit",
            "sales.change_plan",
            "sales.end_provisional",
            "sales.void_contract",
        },
        _scopes("project"),
    ),
    RoleTemplate(
        "TL",
        "销售主管/组长",
        "Team leader",
        _KEEP_CUSTOMERS
        | _PHONE
        | _BOARD
        | _PRICES
        | _DEALS
        | _SELL
        | _REPORTS
        | _PAPER
        | {"customers.assign"},
        _scopes("team", inventory="project", money="none"),
    ),
    RoleTemplate(
        "SC",
        "置业顾问",
        "Sales consultant",
        _KEEP_CUSTOMERS | _PHONE | _BOARD | _PRICES | _DEALS | _SELL | _MONEY | _REPORTS | _PAPER,
        _scopes("self", inventory="project"),
    ),
    RoleTemplate(
        "CC",
        "销控/案场助理",
        "Sales control clerk",
        _READ_CUSTOMERS
        | _BOARD
        | _CONTROL
        | _PROPERTY
        | _PRICES
        | _DEALS
        | _SELL
        | _MONEY
        | _REPORTS
        | _EXPORT
        | _SHARE_VIEWS
        | _PAPER,
        _scopes("project"),
    ),
    RoleTemplate(
        "CS",
        "签约专员",
        "Contract specialist",
        _READ_CUSTOMERS
        | _PHONE_AND_ID
        | _LOOK_AT_DEALS
        | _PRICES
        | _MONEY
        | _REPORTS
        | _EXPORT
        | {
            "customers.edit",
            "sales.quote",
            "sales.keep_proofs",
            "sales.sign_contract",
            "sales.contract_directly",
            "sales.file_contract",
            "sales.request_unfiling",
            "sales.issue_title",
            "sales.record_milestone",
            "sales.relate_person",
        },
        _scopes("project"),
    ),
    RoleTemplate(
        "MS",
        "按揭专员",
        "Mortgage specialist",
        _READ_CUSTOMERS | _PHONE_AND_ID | _LOOK_AT_DEALS | _MONEY | _REPORTS | _EXPORT,
        _scopes("project"),
    ),
    RoleTemplate(
        "CA",
        "收银/出纳",
        "Cashier",
        _READ_CUSTOMERS
        | _LOOK_AT_DEALS
        | _MONEY
        | _REPORTS
        | {"ledger.record_receipt", "ledger.reverse_receipt"},
        _scopes("project"),
    ),
    RoleTemplate(
        "SA",
        "销售会计",
        "Sales accountant",
        _READ_CUSTOMERS
        | _LOOK_AT_DEALS
        | _PRICES
        | _MONEY
        | _REPORTS
        | _EXPORT
        | {"ledger.edit_accounts"},
        _scopes("project"),
    ),
    RoleTemplate(
        "FM",
        "财务经理",
        "Finance manager",
        _READ_CUSTOMERS
        | _LOOK_AT_DEALS
        | _FLOOR_PRICE
        | _PRICES
        | _MONEY
        | _REPORTS
        | _EXPORT
        | _SHARE_VIEWS
        | {
            "ledger.refund",
            "ledger.edit_accounts",
            "sales.confirm_unfiling_finance",
            "sales.void_contract",
        },
        _scopes("company"),
    ),
    RoleTemplate(
        "MK",
        "策划/市场",
        "Marketing",
        _READ_CUSTOMERS
        | _BOARD
        | _PROPERTY
        | _PRICES
        | _DRAW_UP_PRICES
        | _REPORTS
        | _SET_UP
        | _SHARE_VIEWS
        | {"documents.edit_templates", "org.edit_dossier"},
        _scopes("project", deals="none", money="none"),
    ),
    RoleTemplate(
        "CM",
        "渠道经理",
        "Channel manager",
        _READ_CUSTOMERS | _BOARD | _REPORTS,
        _scopes("project", deals="none", money="none"),
    ),
    # Outsiders: their doors (portal, registrations) are not part of the office's screens.
    RoleTemplate("BR", "外部经纪人", "Broker", frozenset(), _scopes()),
    RoleTemplate(
        "SV",
        "客服专员/经理",
        "Customer service",
        _READ_CUSTOMERS | _PHONE | _BOARD | _DEALS | _REPORTS | {"sales.relate_person"},
        _scopes("project", money="none"),
    ),
    RoleTemplate(
        "HO",
        "交付专员",
        "Handover officer",
        _READ_CUSTOMERS
        | _BOARD
        | _DEALS
        | {"sales.hand_over", "sales.issue_title", "sales.relate_person"},
        _scopes("project", money="none", reports="none"),
    ),
    RoleTemplate(
        "LG",
        "法务/律师",
        "Legal counsel",
        _READ_CUSTOMERS | _BOARD | _DEALS,
        _scopes("project", money="none", reports="none"),
    ),
    RoleTemplate(
        "HR",
        "人力/培训",
        "HR and training",
        frozenset({"org.read"}),
        _scopes(org="company"),
    ),
    RoleTemplate(
        "AU",
        "审计/监察",
        "Auditor",
        _READ_CUSTOMERS
        | _PHONE_AND_ID
        | _BOARD
        | _FLOOR_PRICE
        | _PRICES
        | _DEALS
        | _MONEY
        | _REPORTS
        | _EXPORT_ALL
        | _SEE_PARAMETERS
        | {"org.read", "org.read_log"},
        _scopes("company", org="company"),
    ),
    RoleTemplate("EX", "高管", "Executive", _REPORTS, _scopes(reports="group")),
    RoleTemplate("CU", "客户/业主", "Buyer", frozenset(), _scopes()),
)

ROLE_TEMPLATES: dict[str, RoleTemplate] = {template.code: template for template in _TEMPLATES}


@dataclass(frozen=True)
class UsualSeat:
    """A seat that most projects have: its role, and the role it reports to (none: to nobody here)."""

    role: str
    superior: str = ""


# Who takes a project from its first unit to its first signed contract (DOMAIN 4.2), superiors first.
USUAL_SEATS = (
    UsualSeat("PD"),
    UsualSeat("SM", "PD"),
    UsualSeat("SC", "SM"),
    UsualSeat("CC", "SM"),
    UsualSeat("CS", "SM"),
    UsualSeat("CA"),
    UsualSeat("SA"),
    UsualSeat("MK", "PD"),
)


@dataclass(frozen=True)
class SegregatedPair:
    """Two duties that one person must not hold in one project (DOMAIN 4.1, 2.9.8)."""

    code: str
    left: frozenset[str]
    right: frozenset[str]


# Permissions of functions that come later stand here already, so that they are born segregated.
SEGREGATED_PAIRS = (
    SegregatedPair(
        "cashier_refund_approver",
        frozenset({"ledger.record_receipt"}),
        frozenset({"ledger.refund"}),
    ),
    SegregatedPair(
        "cashier_day_close_reviewer",
        frozenset({"ledger.record_receipt"}),
        frozenset({"ledger.review_day_close"}),
    ),
    SegregatedPair(
        "price_maintainer_price_approver",
        frozenset({"pricing.edit_prices"}),
        frozenset({"pricing.approve_prices"}),
    ),
    SegregatedPair(
        "user_administrator_finance",
        frozenset({"org.manage"}),
        frozenset(
            {
                "ledger.record_receipt",
                "ledger.reverse_receipt",
                "ledger.refund",
                "ledger.edit_accounts",
            }
        ),
    ),
    SegregatedPair(
        "commission_calculator_commission_approver",
        frozenset({"commissions.calculate"}),
        frozenset({"commissions.approve"}),
    ),
    SegregatedPair(
        "receipt_book_keeper_cashier",
        frozenset({"ledger.keep_receipt_books"}),
        frozenset({"ledger.record_receipt"}),
    ),
)


@dataclass(frozen=True)
class Duties:
    """What one post allows, and where."""

    permissions: frozenset[str]
    project_ids: frozenset[int]


@dataclass(frozen=True)
class Clash:
    """A segregated pair that would be held by one person; `project_id` None: in no project yet."""

    pair: SegregatedPair
    project_id: int | None


def clashes(held: Sequence[Duties]) -> set[Clash]:
    """The segregated pairs that these posts of one person bring together, per project.

    A post alone can hold both sides.  Where a post reaches no project yet (a company without any), it
    meets every other: administering users is not tied to a project.
    """
    return {
        Clash(pair, project_id)
        for place, some in enumerate(held)
        for other in held[place:]
        for pair in SEGREGATED_PAIRS
        if _meet(pair, some.permissions, other.permissions)
        for project_id in _shared(some.project_ids, other.project_ids)
    }


def _meet(pair: SegregatedPair, some: Collection[str], others: Collection[str]) -> bool:
    return bool(
        (pair.left.intersection(some) and pair.right.intersection(others))
        or (pair.right.intersection(some) and pair.left.intersection(others))
    )


def _shared(some: frozenset[int], others: frozenset[int]) -> list[int | None]:
    if not some or not others:
        return [None]
    return [*sorted(some & others)]
