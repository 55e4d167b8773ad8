"""Every list, page, search, count and export shows every role the rows in its scope, and no other.

Three customers with a deal and money each: Lin's, another consultant's in the same project, and one in a
project of another company.  What a role should see of them follows from DOMAIN 4.1 and 4.2 alone.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from python_calamine import CalamineWorkbook

from loupan.customers.models import Customer
from loupan.org.models import User
from loupan.org.queries import events_for
from loupan.org.rules import ROLE_TEMPLATES
from loupan.org.testing import a_department, a_post, a_user, hold, signed_in, the_cast, token_for
from loupan.sales.models import Contract, Deal, ProvisionalReservation, Reservation
from loupan.sales.testing import (
    Office,
    a_buyer,
    a_contract,
    a_provisional,
    a_reservation,
    an_office,
)

READS = {
    "customers": "customers.read",
    "deals": "sales.read",
    "money": "ledger.read",
    "inventory": "inventory.read_board",
}


@dataclass(frozen=True)
class Case:
    """One customer from registration to money, with everything that hangs on it."""

    name: str
    office: Office
    owner: User
    customer: Customer
    reservation: Reservation
    contract: Contract
    provisional: ProvisionalReservation

    @property
    def deals(self) -> list[Deal]:
        return [self.reservation.deal, self.contract.deal]


@dataclass(frozen=True)
class Offices:
    lins: Case
    colleagues: Case
    foreign: Case
    people: dict[str, User]

    @property
    def cases(self) -> tuple[Case, Case, Case]:
        return self.lins, self.colleagues, self.foreign


def a_case(name: str, office: Office, owner: User) -> Case:
    at = timezone.now() - timedelta(hours=2)
    customer = a_buyer(office, name=name, owner=owner)
    reservation = a_reservation(office, buyers=[customer], by=owner, at=at)
    signed = a_contract(office, a_reservation(office, buyers=[customer], by=owner, at=at), at=at)
    kept = a_provisional(office, customer=customer, by=owner, at=at, is_paid=True)
    return Case(name, office, owner, customer, reservation, signed, kept)


@pytest.fixture
def offices(db: None) -> Iterator[Offices]:
    logging.disable(logging.ERROR)
    here, there = an_office(), an_office()
    team = a_department("销售九组", project=here.project)
    colleague = a_user("SC", here.project, department=team)
    people = {
        **{code: a_user(code, here.project) for code in ROLE_TEMPLATES},
        "SC of Lin": here.lin,
        "SC of the colleague": colleague,
        "TL of the colleague": a_user("TL", here.project, department=team),
        "SC elsewhere": a_user("SC", there.project),
        "SM elsewhere": a_user("SM", there.project),
        "SM here, SC there": a_user("SM", here.project),
        "nobody": a_user(None),
    }
    hold(people["SM here, SC there"], a_post("SC", there.project))
    yield Offices(
        a_case("林氏客", here, here.lin),
        a_case("同事客", here, colleague),
        a_case("远方客", there, there.lin),
        people,
    )
    logging.disable(logging.NOTSET)


def in_scope(who: str, group: str, case: Case, offices: Offices) -> bool:
    """What DOMAIN 4.1 and 4.2 say, worked out without the code that is tested."""
    if who == "nobody":
        return False
    role, _space, where = who.partition(" ")
    template = ROLE_TEMPLATES[role]
    if READS[group] not in template.permissions:
        return False
    scope = template.scopes[group]
    is_far = case is offices.foreign
    if scope == "group":
        return True
    if where == "elsewhere":
        return is_far and scope in {"project", "company"}
    if is_far:
        return False
    if scope in {"project", "company"}:
        return True
    owner_seen = {"of Lin": offices.lins, "of the colleague": offices.colleagues}.get(where)
    return scope in {"self", "team"} and case is owner_seen


def expected(who: str, group: str, offices: Offices) -> set[str]:
    return {case.name for case in offices.cases if in_scope(who, group, case, offices)}


def every_row(client: Client, path: str) -> list[dict[str, Any]]:
    """All pages of a list of the API; nothing for whoever may not ask."""
    found: list[dict[str, Any]] = []
    after = ""
    while True:
        following = f"&after={after}" if after else ""
        answer = client.get(f"/api/v1/{path}?limit=2{following}")
        if answer.status_code in {403, 404}:
            return []
        assert answer.status_code == 200, answer.content
        found += answer.json()["items"]
        after = answer.json()["next"] or ""
        if not after:
            return found


LISTS: dict[str, tuple[str, Callable[[Case], set[int]]]] = {
    "customers/": ("customers", lambda case: {case.customer.pk}),
    "deals/": ("deals", lambda case: {deal.pk for deal in case.deals}),
    "reservations/": ("deals", lambda case: {deal.reservation.pk for deal in case.deals}),
    "contracts/": ("deals", lambda case: {case.contract.pk}),
    "provisional-reservations/": ("deals", lambda case: {case.provisional.pk}),
    "receipts/": (
        "money",
        lambda case: {
            pk
            for account in (*(deal.account for deal in case.deals), case.provisional.account)
            for pk in account.receipts.values_list("pk", flat=True)
        },
    ),
}


def test_every_list_of_the_api_holds_exactly_the_rows_in_scope(offices: Offices) -> None:
    wrong = []
    for who, user in offices.people.items():
        client = Client(headers={"Authorization": f"Bearer {token_for(user)}"})
        for path, (group, ids) in LISTS.items():
            seen = {row["id"] for row in every_row(client, path)}
            names = {case.name for case in offices.cases if ids(case) & seen}
            mixed = [
                case.name for case in offices.cases if 0 < len(ids(case) & seen) < len(ids(case))
            ]
            if names != expected(who, group, offices) or mixed:
                wrong.append(f"{path} as {who}: {names}, not {expected(who, group, offices)}")
    assert not wrong, "\n" + "\n".join(wrong)


PAGES = {
    "customers:list": "customers",
    "sales:reservations": "deals",
    "sales:contracts": "deals",
    "sales:provisionals": "deals",
    "ledger:receipts": "money",
    "ledger:receivables": "money",
}


def text_of(client: Client, name: str, **query: Any) -> str:
    answer = client.get(reverse(name), query)
    assert answer.status_code in {200, 403, 404}, (name, answer.status_code)
    return answer.content.decode() if answer.status_code == 200 else ""


def is_shown(case: Case, text: str) -> bool:
    """By the customer's name, or by the address of the deal's account where no name stands."""
    marks = [case.name, *(f"accounts/{deal.account_id}/" for deal in case.deals)]
    return any(mark in text for mark in marks)


def test_every_list_page_shows_exactly_the_rows_in_scope(offices: Offices) -> None:
    """In both projects, by the switch in the address; a project out of reach is a 404."""
    wrong = []
    for who, user in offices.people.items():
        client = signed_in(user)
        for name, group in PAGES.items():
            shown = "".join(
                text_of(client, name, project=case.office.project.pk)
                for case in (offices.lins, offices.foreign)
            )
            seen = {case.name for case in offices.cases if is_shown(case, shown)}
            if seen != expected(who, group, offices):
                wrong.append(f"{name} as {who}: {seen}, not {expected(who, group, offices)}")
    assert not wrong, "\n" + "\n".join(wrong)


def test_search_finds_exactly_what_is_in_scope(offices: Offices) -> None:
    """The palette, and the picker of customers."""
    wrong = []
    for who, user in offices.people.items():
        client = signed_in(user)
        wanted = expected(who, "customers", offices)
        for name in ("reports:search", "customers:choices"):
            seen = set()
            for case in offices.cases:
                query = {"q": case.name, "project": case.office.project.pk}
                found = text_of(client, name, **query).replace(f'value="{case.name}"', "")
                if f"/customers/{case.customer.pk}/" in found or (
                    name == "customers:choices" and f'"id": {case.customer.pk},' in found
                ):
                    seen.add(case.name)
            if seen != wanted:
                wrong.append(f"{name} as {who}: {seen}, not {wanted}")
    assert not wrong, "\n" + "\n".join(wrong)


def test_an_export_holds_exactly_what_the_list_shows(offices: Offices) -> None:
    wrong = []
    for who, user in offices.people.items():
        if not user.may("customers.export"):
            continue
        client = signed_in(user)
        seen = set()
        for case in (offices.lins, offices.foreign):
            query = f"?export=xlsx&reason=month+end&project={case.office.project.pk}"
            answer = client.get(reverse("customers:list") + query)
            if answer.status_code == 200:
                book = CalamineWorkbook.from_filelike(BytesIO(b"".join(answer)))
                cells = str(book.get_sheet_by_index(0).to_python())
                seen |= {each.name for each in offices.cases if each.name in cells}
        if seen != expected(who, "customers", offices):
            wrong.append(f"{who}: {seen}")
    assert not wrong, "\n" + "\n".join(wrong)


def test_no_record_out_of_scope_opens_by_its_address(offices: Offices) -> None:
    """Ids can be counted up; a 404 tells nothing."""
    wrong = []
    for who, user in offices.people.items():
        client = Client(headers={"Authorization": f"Bearer {token_for(user)}"})
        for case in offices.cases:
            for path, group in (
                (f"customers/{case.customer.pk}/", "customers"),
                (f"customers/{case.customer.pk}/timeline/", "customers"),
                (f"deals/{case.contract.deal_id}/", "deals"),
            ):
                status = client.get(f"/api/v1/{path}").status_code
                wanted = in_scope(who, group, case, offices)
                if (status == 200) is not wanted or (not wanted and status not in {403, 404}):
                    wrong.append(f"{path} as {who}: {status}, {'open' if wanted else 'closed'}")
    assert not wrong, "\n" + "\n".join(wrong)


def test_units_of_another_project_are_not_listed(offices: Offices) -> None:
    wrong = []
    for who, user in offices.people.items():
        client = Client(headers={"Authorization": f"Bearer {token_for(user)}"})
        for case in (offices.lins, offices.foreign):
            project = case.office.project.pk
            wanted = user.may("inventory.read_board", project)
            for path in (f"projects/{project}/units/", f"projects/{project}/board/"):
                status = client.get(f"/api/v1/{path}").status_code
                if (status == 200) is not wanted:
                    wrong.append(f"{path} as {who}: {status}")
    assert not wrong, "\n" + "\n".join(wrong)


def test_the_log_shows_administrators_the_system_and_auditors_everything(offices: Offices) -> None:
    """DOMAIN 4.3, row logs: AD reads the system's, AU all of its company; nobody else any."""
    page = reverse("org:audit")
    kinds = {"AD": {"org"}, "AU": {"org", "sales", "ledger", "customers"}}
    for who, user in offices.people.items():
        answer = signed_in(user).get(page)
        if who not in kinds:
            assert answer.status_code == 403, who
            continue
        apps = {str(row).split(".")[0] for row in _events_of(user)}
        assert apps <= kinds[who] | {"core", "pricing", "inventory", "documents"}, who
        assert ("sales" in apps) is (who == "AU")
        projects = {event.project_id for event in _events_of(user)} - {None}
        if who == "AU":
            assert projects == {offices.lins.office.project.pk}


def _events_of(user: User) -> Any:
    return events_for(User.objects.get(pk=user.pk))


def test_the_cast_of_the_other_tests_is_kept_apart_too(db: None) -> None:
    cast = the_cast()
    assert not cast.wei.access.project_ids & {cast.project.pk}


def test_what_one_may_in_another_project_opens_no_column_and_no_export_here(
    offices: Offices,
) -> None:
    """A director there who sells here: no floor prices here, and no list of customers to take away."""
    here, there = offices.lins.office.project, offices.foreign.office.project
    person = a_user("SC", here)
    hold(person, a_post("PD", there))
    client = signed_in(person)
    for project, is_open in ((here, False), (there, True)):
        units = client.get(reverse("inventory:units") + f"?project={project.pk}&column=floor_total")
        columns = {row["column"].key for row in units.context["all_columns"]}
        assert ("floor_total" in columns) is is_open
        query = f"?export=xlsx&reason=month+end&project={project.pk}"
        export = client.get(reverse("customers:list") + query)
        assert export.status_code == (200 if is_open else 403)
