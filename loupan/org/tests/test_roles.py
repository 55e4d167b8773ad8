"""The delivered roles say what the permission matrix says, cell by cell (DOMAIN 4.2, 4.3)."""

from datetime import datetime

import pytest

from loupan.org.actions import structure
from loupan.org.models import FunctionGroup, Role, Scope
from loupan.org.permissions import known_permissions
from loupan.org.rules import GROUPS, ROLE_TEMPLATES, SEGREGATED_PAIRS, Duties, clashes

NOON = datetime.fromisoformat("2025-03-08T12:00:00+08:00")

# DOMAIN 4.3, the rows whose functions exist, as they stand there.
MATRIX = """
| function | SC | TL | SM | CC | CS | MS | CA | SA | FM | PD | CD/GD | MK | CM | SV | LG | AD | AU |
| customer data | CRU* m | CRU* m | CRU A | R m | RU (buyers) | R (buyers) | R m | R m | R m | R | R m | R m (no phone) | R m | R m | R m | – | R m |
| phone/ID reveal | own, counted | team, counted | project | – | buyers | buyers | – | – | – | yes | yes | – | – | case | – | – | reason |
| customer assign/transfer | – | X team | X | – | – | – | – | – | – | X | X | – | – | – | – | – | R |
| unit board | R | R | R | R | R | R | R | R | R | R | R | R | R | R | R | – | R |
| floor price | – | – | option | – | – | – | – | – | R | R | R | – | – | – | – | – | R |
| release / withhold | – | – | A | X | – | – | – | – | – | A | A | – | – | – | – | – | R |
| price list edit / approve | – | – | R | – | – | – | – | – | R | A | A | C | – | – | – | – | R |
| promotions, discounts define | – | – | R | – | – | – | – | R | R | A | A | C | – | – | – | – | R |
| reservation | C | C | A | A (confirm) | R | R | R | R | R | A | R | – | – | – | – | – | R |
| contract, filing | R* | R* | R | R | CUX | R | R | R | R | A | R | – | – | R m | A | – | R |
| special affairs | C | C | CA | R | C | C | R | R | A | A | A | – | – | – | A | – | R |
| receipts | R* | – | R | R | R | R | C | R | R | R | R | – | – | – | – | – | R |
| refund, waiver | – | – | C | – | C | – | X | C | A | A | A | – | – | – | – | – | R |
| finance settings | – | – | – | – | – | – | – | U | A | – | – | – | – | – | – | – | R |
| property data | – | – | R | U | R | – | – | R | R | A | R | C | – | – | – | – | R |
| reports | own | team | project | project | signing | loans | cash | money | money | project | company/group | marketing | channel | service | – | – | all |
| export | – | – | E | E (control) | E | E | – | E | E | E | E | – | – | – | – | – | E |
| org, users, permissions | – | – | – | – | – | – | – | – | – | – | – | – | – | – | – | CU | R |
| templates, parameters | – | – | – | – | – | – | – | – | – | R | A | C | – | – | – | CU | R |
| logs | – | – | – | – | – | – | – | – | – | – | – | – | – | – | – | R (system) | R |
"""  # noqa: E501

# What a row is about: its permissions by the letter that gives them.  "+" is any cell but "–".  As long as
# approvals are not a flow of their own, A does what it would approve.
READ, ANY = "R", "+"
MEANING: dict[str, dict[str, set[str]]] = {
    "customer data": {
        ANY: {"customers.read"},
        "C": {"customers.register", "customers.record_visit", "customers.record_follow_up"},
        "U": {"customers.edit"},
        "A": {"customers.import"},
    },
    "phone/ID reveal": {ANY: {"customers.reveal_phone"}},
    "customer assign/transfer": {"X": {"customers.assign"}},
    "unit board": {"R": {"inventory.read_board"}},
    "floor price": {"R": {"inventory.read_floor_price"}},
    "release / withhold": {
        "A": {"inventory.release_unit", "inventory.withhold_unit"},
        "X": {"inventory.release_unit", "inventory.withhold_unit"},
    },
    "price list edit / approve": {
        "A": {"pricing.approve_prices", "pricing.set_limits"},
        "C": {"pricing.edit_prices"},
    },
    "promotions, discounts define": {
        "A": {"pricing.edit_discounts", "pricing.edit_plans"},
        "C": {"pricing.edit_discounts", "pricing.edit_plans"},
    },
    "reservation": {
        ANY: {"sales.read"},
        "C": {"sales.reserve_unit", "sales.lock_unit"},
        "A": {"sales.reserve_unit", "sales.lock_unit"},
    },
    "contract, filing": {
        ANY: {"sales.read"},
        "C": {"sales.sign_contract"},
        "A": {"sales.sign_contract"},
    },
    "special affairs": {
        "A": {"sales.cancel_reservation", "sales.attach_unit", "sales.change_plan"}
    },
    "receipts": {
        ANY: {"ledger.read"},
        "C": {"ledger.record_receipt", "ledger.reverse_receipt"},
    },
    "refund, waiver": {"A": {"ledger.refund"}},
    "finance settings": {"U": {"ledger.edit_accounts"}, "A": {"ledger.edit_accounts"}},
    "property data": {
        letter: {"inventory.edit_property", "inventory.import_units"} for letter in "UAC"
    },
    "reports": {ANY: {"reports.read"}},
    "export": {ANY: {"reports.export", "sales.export"}},
    "org, users, permissions": {ANY: {"org.read"}, "C": {"org.manage"}},
    "templates, parameters": {"C": {"documents.edit_templates"}, "A": {"documents.edit_templates"}},
    "logs": {ANY: {"org.read_log"}},
}
# Where a cell means something that is not the function we have.
OTHERWISE: dict[tuple[str, str], set[str]] = {
    # The lawyer's A is the audit of a contract, and an opinion on an affair.
    ("contract, filing", "LG"): {"sales.read"},
    ("special affairs", "LG"): set(),
    # Finance agrees to the money of an affair: ledger.refund.
    ("special affairs", "FM"): set(),
}


def cells() -> list[tuple[str, str, str]]:
    head, *rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in MATRIX.split("\n") if line
    ]
    return [
        (row[0], role, cell)
        for row in rows
        for column, cell in zip(head[1:], row[1:], strict=True)
        for role in column.split("/")
    ]


def wanted(function: str, role: str, cell: str) -> set[str]:
    if (function, role) in OTHERWISE:
        return OTHERWISE[function, role]
    meaning = MEANING[function]
    found = set() if cell == "–" else set(meaning.get(ANY, ()))
    letters = cell.replace("*", "").split(" ")
    capitals = "".join(word for word in letters if word and set(word) <= set("CRUAXE"))
    for letter in capitals:
        found |= meaning.get(letter, set())
    return found


def test_the_matrix_is_read_whole() -> None:
    assert len(cells()) == 20 * 18
    assert {function for function, _role, _cell in cells()} == set(MEANING)


@pytest.mark.parametrize(("function", "role", "cell"), cells())
def test_every_cell_of_the_matrix_is_in_the_role(function: str, role: str, cell: str) -> None:
    about = set().union(*MEANING[function].values())
    has = ROLE_TEMPLATES[role].permissions & about
    expected = wanted(function, role, cell)
    if function in {"reservation", "contract, filing"}:
        # sales.read stands for both rows: a deal is a reservation and then a contract.
        has, expected = has - {"sales.read"}, expected - {"sales.read"}
    assert has == expected


def test_deals_are_read_by_whoever_either_row_lets_read_them() -> None:
    readers = {
        role
        for function, role, cell in cells()
        if function in {"reservation", "contract, filing"} and cell != "–"
    }
    assert readers == {
        code
        for code, template in ROLE_TEMPLATES.items()
        if "sales.read" in template.permissions and code != "HO"
    }


def test_identity_numbers_are_for_those_on_the_papers_of_a_deal() -> None:
    """DOMAIN 4.4 is stricter than the row "phone/ID reveal": not for the phone, not for finance."""
    revealing = {c for c, t in ROLE_TEMPLATES.items() if "customers.reveal_id" in t.permissions}
    assert revealing == {"SM", "CS", "MS", "PD", "CD", "GD", "AU"}


def test_there_are_the_23_roles() -> None:
    codes = "AD GD CD PD SM TL SC CC CS MS CA SA FM MK CM BR SV HO LG HR AU EX CU"
    assert list(ROLE_TEMPLATES) == codes.split()


def test_every_permission_of_a_role_is_one_that_some_app_knows() -> None:
    used = set().union(*(template.permissions for template in ROLE_TEMPLATES.values()))
    assert used <= set(known_permissions())


def test_every_permission_is_in_some_role() -> None:
    used = set().union(*(template.permissions for template in ROLE_TEMPLATES.values()))
    assert set(known_permissions()) <= used


def test_every_role_says_how_far_it_sees_in_every_group() -> None:
    assert set(GROUPS) == set(FunctionGroup.values)
    for template in ROLE_TEMPLATES.values():
        assert set(template.scopes) == set(GROUPS)
        assert set(template.scopes.values()) <= set(Scope.values)


@pytest.mark.parametrize(
    ("role", "group", "scope"),
    [
        ("SC", "customers", "self"),
        ("SC", "deals", "self"),
        ("SC", "inventory", "project"),
        ("TL", "customers", "team"),
        ("SM", "customers", "project"),
        ("CA", "money", "project"),
        ("FM", "money", "company"),
        ("CD", "deals", "company"),
        ("GD", "deals", "group"),
        ("AU", "deals", "company"),
        ("EX", "reports", "group"),
        ("EX", "deals", "none"),
        ("AD", "org", "group"),
        *[("AD", group, "none") for group in GROUPS if group != "org"],
    ],
)
def test_roles_see_as_far_as_the_table_says(role: str, group: str, scope: str) -> None:
    """DOMAIN 4.2, "default scope"."""
    assert ROLE_TEMPLATES[role].scopes[group] == scope


def test_no_delivered_role_holds_both_sides_of_a_segregated_pair() -> None:
    for template in ROLE_TEMPLATES.values():
        assert not clashes([Duties(template.permissions, frozenset({1}))]), template.code


@pytest.mark.parametrize(
    ("one", "other", "pair"),
    [
        ("CA", "FM", "cashier_refund_approver"),
        ("CA", "PD", "cashier_refund_approver"),
        ("AD", "CA", "user_administrator_finance"),
        ("AD", "FM", "user_administrator_finance"),
        ("AD", "SA", "user_administrator_finance"),
        ("SC", "CA", None),
        ("SM", "PD", None),
        ("AD", "SC", None),
    ],
)
def test_two_duties_that_must_be_separate_are_found(one: str, other: str, pair: str | None) -> None:
    """DOMAIN 4.1, segregation pairs: in one project, whichever post comes first."""
    here, there = frozenset({1, 2}), frozenset({2, 3})
    duties = [
        Duties(ROLE_TEMPLATES[one].permissions, here),
        Duties(ROLE_TEMPLATES[other].permissions, there),
    ]
    found = clashes(duties)
    assert found == clashes(duties[::-1])
    assert {(c.pair.code, c.project_id) for c in found} == ({(pair, 2)} if pair else set())


def test_duties_in_different_projects_do_not_meet() -> None:
    cashier = Duties(ROLE_TEMPLATES["CA"].permissions, frozenset({1}))
    director = Duties(ROLE_TEMPLATES["PD"].permissions, frozenset({2}))
    assert not clashes([cashier, director])


def test_pairs_of_functions_to_come_stand_already() -> None:
    assert len(SEGREGATED_PAIRS) == 6
    one = Duties(frozenset({"commissions.calculate"}), frozenset({1}))
    assert clashes([one, Duties(frozenset({"commissions.approve"}), frozenset({1}))])


@pytest.mark.django_db
def test_roles_are_installed_once_and_an_office_keeps_its_own_changes() -> None:
    assert len(structure.install_roles(by=None, at=NOON)) == 23
    Role.objects.filter(code="SC").update(name="顾问", permissions=["sales.read"])
    assert structure.install_roles(by=None, at=NOON) == []
    assert Role.objects.get(code="SC").permissions == ["sales.read"]
    assert Role.objects.count() == 23
