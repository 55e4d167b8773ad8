"""Somebody leaves, and nothing they looked after is left behind (CUS-23, ORG-05)."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied

from loupan.core.models import AuditEvent
from loupan.core.refusals import ChangedMeanwhile, Refusal
from loupan.customers.errors import OwnerNotInProject
from loupan.customers.models import Customer
from loupan.inventory.models import Unit
from loupan.inventory.queries.board import board_version
from loupan.org import errors
from loupan.org.actions.people import dismiss_user, hand_over
from loupan.org.hooks import belongings_of
from loupan.org.models import User
from loupan.org.testing import a_user, signed_in, token_for
from loupan.sales.actions.claims import hold_unit, release_hold
from loupan.sales.models import Deal
from loupan.sales.queries.deals import deals_for
from loupan.sales.testing import (
    RESERVED_AT,
    Office,
    a_buyer,
    a_reservation,
    an_office,
    another_unit,
)

pytestmark = pytest.mark.django_db

LATER = RESERVED_AT + timedelta(days=1)


@pytest.fixture
def office() -> Office:
    """Lin looks after two customers, one deal and one held unit."""
    office = an_office()
    a_reservation(office)
    hold_unit(
        unit_id=another_unit(office).pk, customer_id=a_buyer(office).pk, days=2,
        by=office.mo, at=RESERVED_AT,
    )  # fmt: skip
    return office


def counted(person: User) -> int:
    return sum(one.count for one in belongings_of(person))


def test_everything_of_a_leaver_goes_to_the_successor_and_the_account_dies(office: Office) -> None:
    heir = a_user("SC", office.project, name="韩梅")
    deal = Deal.objects.get()
    assert counted(office.lin) == 3
    moved = dismiss_user(
        user_id=office.lin.pk, successors={office.project.pk: heir.pk}, expected=3,
        reason="离职", by=office.cast.ad, at=LATER,
    )  # fmt: skip
    assert moved == 3
    assert counted(office.lin) == 0
    assert counted(heir) == 3
    assert deals_for(heir).get() == deal
    assert Deal.objects.select_related("account").get().account.owner == heir
    assert set(Customer.objects.values_list("owner", flat=True)) == {heir.pk}
    assert not User.objects.get(pk=office.lin.pk).is_active
    told = AuditEvent.objects.filter(event="org.user.handed_over").get()
    assert (told.facts["records"], told.project_id) == (3, office.project.pk)
    assert AuditEvent.objects.filter(event="customers.customer.assigned").count() == 2
    assert AuditEvent.objects.filter(event="sales.deal.handed_over").count() == 1


def test_a_held_unit_shows_its_new_holder_on_the_board(office: Office) -> None:
    unit = Unit.objects.get(status="held")
    before = board_version(office.project.pk)
    heir = a_user("SM", office.project, name="韩梅")
    assert [str(one.label) for one in belongings_of(office.mo)] != []
    hand_over(
        user_id=office.mo.pk, successors={office.project.pk: heir.pk},
        expected=counted(office.mo), by=office.cast.ad, at=LATER,
    )  # fmt: skip
    unit.refresh_from_db()
    assert (unit.status, unit.claim_label) == ("held", "韩梅")
    assert board_version(office.project.pk) > before
    release_hold(unit_id=unit.pk, by=heir, at=LATER)


def test_one_more_since_it_was_counted_is_said_and_nothing_moves(office: Office) -> None:
    heir = a_user("SC", office.project)
    a_buyer(office)
    with pytest.raises(ChangedMeanwhile):
        hand_over(
            user_id=office.lin.pk, successors={office.project.pk: heir.pk}, expected=3,
            by=office.cast.ad, at=LATER,
        )  # fmt: skip
    assert counted(heir) == 0


def refused(office: Office, successor: User | None, kind: type[Refusal]) -> None:
    chosen = {office.project.pk: successor.pk} if successor else {}
    with pytest.raises(kind):
        dismiss_user(
            user_id=office.lin.pk, successors=chosen, expected=3, reason="离职",
            by=office.cast.ad, at=LATER,
        )  # fmt: skip
    assert counted(office.lin) == 3
    assert User.objects.get(pk=office.lin.pk).is_active


def test_a_project_without_a_successor_refuses_the_whole(office: Office) -> None:
    refused(office, None, errors.SuccessorMissing)


def test_nobody_takes_over_from_themselves(office: Office) -> None:
    refused(office, office.lin, errors.SuccessorIsLeaver)


def test_a_disabled_person_takes_nothing_over(office: Office) -> None:
    refused(office, a_user("SC", office.project, is_active=False), errors.SuccessorNotActive)


def test_who_looks_after_no_customers_there_takes_none_over(office: Office) -> None:
    refused(office, office.cast.wei, OwnerNotInProject)
    refused(office, office.zhao, OwnerNotInProject)


def test_only_an_administrator_hands_over(office: Office) -> None:
    with pytest.raises(PermissionDenied):
        hand_over(
            user_id=office.lin.pk, successors={office.project.pk: office.mo.pk}, expected=3,
            by=office.mo, at=LATER,
        )  # fmt: skip


def test_the_page_counts_asks_and_does_it(office: Office) -> None:
    heir = a_user("SC", office.project, name="韩梅")
    client = signed_in(office.cast.ad)
    path = f"/org/users/{office.lin.pk}/handing-over/"
    page = client.get(path).content.decode()
    assert 'name="expected" value="3"' in page
    typed = {f"successor_{office.project.pk}": heir.pk, "expected": 3, "is_leaving": "on"}
    assert client.post(path, typed).status_code == 422  # Why?
    assert counted(office.lin) == 3
    assert client.post(path, {**typed, "reason": "离职"}).status_code == 302
    assert counted(heir) == 3
    assert not User.objects.get(pk=office.lin.pk).is_active


def test_the_api_does_the_same(office: Office) -> None:
    heir = a_user("SC", office.project)
    from django.test import Client

    client = Client(headers={"Authorization": f"Bearer {token_for(office.cast.ad)}"})
    path = f"/api/v1/users/{office.lin.pk}/handing-over/"
    shown = client.get(path).json()
    assert shown["expected"] == 3
    body = {
        "successors": [{"project_id": office.project.pk, "user_id": heir.pk}],
        "expected": 3,
    }
    answer = client.post(path, body, content_type="application/json")
    assert (answer.status_code, answer.json()) == (200, {"moved": 3})
    assert User.objects.get(pk=office.lin.pk).is_active
