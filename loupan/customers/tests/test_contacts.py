"""Visits, calls, follow-ups: what they change, and how long the customer stays one's own."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection

from loupan.core.db import writes
from loupan.core.models import AuditEvent
from loupan.core.refusals import Refusal
from loupan.customers import errors, queries
from loupan.customers.actions.contacts import record_call, record_follow_up, record_visit
from loupan.customers.actions.ownership import (
    advance_class,
    assign_customers,
    return_class,
    reveal_phone,
)
from loupan.customers.actions.registrations import log_duplicate_attempt
from loupan.customers.models import Customer, FollowUp, Visit
from loupan.customers.states import CustomerClass
from loupan.customers.testing import NOON, a_customer
from loupan.org.testing import Cast, a_user

pytestmark = pytest.mark.django_db
TODAY = date(2025, 3, 1)


@pytest.fixture
def customer(cast: Cast) -> Customer:
    return a_customer(cast.project, cast.lin, grade="A")


def follow_up(cast: Cast, customer: Customer, *, at: datetime = NOON, **more: Any) -> FollowUp:
    given: dict[str, Any] = {
        "method": "phone",
        "content": "约看房",
        "next_contact_on": TODAY + timedelta(days=30),
        **more,
    }
    return record_follow_up(customer_id=customer.pk, by=cast.lin, at=at, **given)


def test_the_first_visit_is_first_whatever_calls_came_before(
    cast: Cast, customer: Customer
) -> None:
    record_call(customer_id=customer.pk, by=cast.lin, at=NOON)
    for expected in ("first", "return", "return"):
        visit = record_visit(customer_id=customer.pk, party_size=2, by=cast.lin, at=NOON)
        assert visit.kind == expected
    assert Visit.objects.filter(kind="call").count() == 1


def test_a_visit_makes_intentions_and_protects_thirty_days(cast: Cast, customer: Customer) -> None:
    """ORC-60: visit 2025-03-01 → 2025-03-31; effective follow-up 2025-03-20 → 2025-04-19."""
    record_visit(customer_id=customer.pk, by=cast.lin, at=NOON)
    customer.refresh_from_db()
    assert customer.life_class == CustomerClass.INTENTIONAL
    assert customer.protected_until == date(2025, 3, 31)
    later = NOON + timedelta(days=19)
    follow_up(cast, customer, at=later)
    customer.refresh_from_db()
    assert customer.protected_until == date(2025, 4, 19)


def test_no_answer_protects_nobody(cast: Cast, customer: Customer) -> None:
    record_visit(customer_id=customer.pk, by=cast.lin, at=NOON)
    later = NOON + timedelta(days=19)
    follow_up(cast, customer, at=later, result="no_answer")
    customer.refresh_from_db()
    assert customer.protected_until == date(2025, 3, 31)
    assert customer.last_contact_at == later


def test_the_day_is_the_one_in_shanghai(cast: Cast, customer: Customer) -> None:
    """23:30 UTC is half past seven the next morning at the desk."""
    record_visit(customer_id=customer.pk, by=cast.lin, at=NOON.replace(hour=23, minute=30))
    customer.refresh_from_db()
    assert customer.protected_until == date(2025, 4, 1)


def test_a_follow_up_says_what_comes_next(cast: Cast, customer: Customer) -> None:
    row = follow_up(cast, customer, grade="B", next_contact_on=date(2025, 3, 4))
    customer.refresh_from_db()
    assert (row.grade_after, row.by, row.at) == ("B", cast.lin, NOON)
    assert (customer.grade, customer.next_contact_on) == ("B", date(2025, 3, 4))
    event = AuditEvent.objects.get(event="customers.customer.followed_up")
    assert (event.before["grade"], event.after["grade"]) == ("A", "B")


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"next_contact_on": None}, errors.NextContactNeeded),
        ({"next_contact_on": date(2025, 2, 28)}, errors.NextContactNotSensible),
        ({"next_contact_on": date(1, 1, 1)}, errors.NextContactNotSensible),
        ({"next_contact_on": date(9999, 12, 31)}, errors.NextContactNotSensible),
        ({"content": " \x00 "}, errors.ContentNeeded),
    ],
)
def test_a_follow_up_that_says_too_little_is_refused(
    cast: Cast, customer: Customer, given: dict[str, Any], refusal: type[Refusal]
) -> None:
    with pytest.raises(refusal):
        follow_up(cast, customer, **given)
    assert not FollowUp.objects.exists()
    customer.refresh_from_db()
    assert customer.next_contact_on is None


def test_a_lost_customer_needs_no_next_date_and_comes_back_by_a_visit(
    cast: Cast, customer: Customer
) -> None:
    follow_up(cast, customer, next_contact_on=None, lost_reason="买了别家", result="refused")
    customer.refresh_from_db()
    assert (customer.life_class, customer.next_contact_on) == (CustomerClass.LOST, None)
    record_call(customer_id=customer.pk, by=cast.lin, at=NOON)
    customer.refresh_from_db()
    assert customer.life_class == CustomerClass.POTENTIAL
    record_visit(customer_id=customer.pk, by=cast.lin, at=NOON)
    customer.refresh_from_db()
    assert customer.life_class == CustomerClass.INTENTIONAL


def test_a_buyer_is_not_lost_by_a_follow_up(cast: Cast, customer: Customer) -> None:
    advance_class(customer_ids=[customer.pk], to=CustomerClass.CONTRACTED)
    follow_up(cast, customer, lost_reason="x", next_contact_on=TODAY)
    customer.refresh_from_db()
    assert customer.life_class == CustomerClass.CONTRACTED
    assert customer.protected_until is None


def test_contacts_need_the_permission_of_the_project(cast: Cast, customer: Customer) -> None:
    for person in (cast.wei, cast.zhao, cast.guest):
        with pytest.raises(PermissionDenied):
            record_visit(customer_id=customer.pk, by=person, at=NOON)
        with pytest.raises(PermissionDenied):
            record_call(customer_id=customer.pk, by=person, at=NOON)
        with pytest.raises(PermissionDenied):
            record_follow_up(
                customer_id=customer.pk, method="phone", content="x", by=person, at=NOON
            )


@pytest.mark.parametrize("table", ["visit", "followup", "reveal", "duplicateattempt"])
@pytest.mark.parametrize("change", ["UPDATE {} SET at = at", "DELETE FROM {}"])
def test_what_happened_is_never_changed_or_removed(
    cast: Cast, customer: Customer, table: str, change: str
) -> None:
    """CUS-15: the database itself refuses, on either engine."""
    record_visit(customer_id=customer.pk, by=cast.lin, at=NOON)
    follow_up(cast, customer)
    reveal_phone(customer_id=customer.pk, by=cast.lin, at=NOON)
    log_duplicate_attempt(
        project_id=cast.project.pk,
        customer_id=customer.pk,
        rule="D2",
        name="x",
        by=cast.lin,
        at=NOON,
    )

    @writes
    def tamper() -> None:
        with connection.cursor() as cursor:
            cursor.execute(change.format(f"customers_{table}"))

    with pytest.raises(DatabaseError, match="append-only"):
        tamper()


# --- Class and owner ------------------------------------------------------------------------------


def test_events_move_the_class_forward_and_an_ended_deal_moves_it_back(
    cast: Cast, customer: Customer
) -> None:
    assert advance_class(customer_ids=[customer.pk], to=CustomerClass.RESERVED) == [customer]
    assert advance_class(customer_ids=[customer.pk], to=CustomerClass.INTENTIONAL) == []
    customer.refresh_from_db()
    assert (customer.life_class, customer.protected_until) == (CustomerClass.RESERVED, None)
    return_class(customer_ids=[customer.pk], to=CustomerClass.INTENTIONAL, protected_from=TODAY)
    customer.refresh_from_db()
    assert customer.life_class == CustomerClass.INTENTIONAL
    assert customer.protected_until == date(2025, 3, 31)


def test_an_assigned_customer_is_protected_from_that_day(cast: Cast, customer: Customer) -> None:
    other = a_user("SC", cast.project, name="周航")
    assign_customers(customer_ids=[customer.pk], owner_id=other.pk, by=cast.mo, at=NOON)
    customer.refresh_from_db()
    assert (customer.owner, customer.protected_until) == (other, date(2025, 3, 16))
    event = AuditEvent.objects.get(event="customers.customer.assigned")
    assert (event.before["owner"], event.after["owner"]) == ("林小雨", "周航")
    assert customer not in queries.customers_for(cast.lin)
    assert customer in queries.customers_for(other)


def test_assigning_is_for_those_who_may_to_those_who_can(cast: Cast, customer: Customer) -> None:
    with pytest.raises(PermissionDenied):
        assign_customers(customer_ids=[customer.pk], owner_id=cast.lin.pk, by=cast.lin, at=NOON)
    with pytest.raises(errors.OwnerNotInProject):
        assign_customers(customer_ids=[customer.pk], owner_id=cast.wei.pk, by=cast.mo, at=NOON)
    with pytest.raises(errors.NobodyChosen):
        assign_customers(customer_ids=[], owner_id=cast.lin.pk, by=cast.mo, at=NOON)
    with pytest.raises(errors.TooManyChosen):
        assign_customers(customer_ids=range(1, 600), owner_id=cast.lin.pk, by=cast.mo, at=NOON)
    far = a_customer(cast.other_project, cast.wei)
    with pytest.raises(errors.OutOfReach):
        assign_customers(
            customer_ids=[customer.pk, far.pk], owner_id=cast.lin.pk, by=cast.mo, at=NOON
        )


# --- Timeline and my day --------------------------------------------------------------------------


def test_the_timeline_tells_everything_newest_first(cast: Cast, customer: Customer) -> None:
    record_visit(customer_id=customer.pk, note="看样板间", by=cast.lin, at=NOON)
    follow_up(cast, customer, at=NOON + timedelta(hours=1))
    assign_customers(
        customer_ids=[customer.pk],
        owner_id=cast.lin.pk,
        by=cast.mo,
        at=NOON + timedelta(hours=2),
    )
    events = queries.timeline(customer)
    assert [event.kind for event in events] == ["change", "follow_up", "visit"]
    assert events[2].text == "看样板间"
    assert [event.kind for event in queries.timeline(customer, kind="visit")] == ["visit"]


def test_my_day_shows_what_is_due_and_late_within_reach(cast: Cast) -> None:
    late = a_customer(cast.project, cast.lin, next_contact_on=TODAY - timedelta(days=1))
    due = a_customer(cast.project, cast.lin, next_contact_on=TODAY)
    a_customer(cast.project, cast.lin, next_contact_on=TODAY + timedelta(days=1))
    a_customer(cast.project, cast.lin, next_contact_on=TODAY, life_class="lost")
    others = a_customer(cast.project, a_user("SC", cast.project), next_contact_on=TODAY)
    record_call(customer_id=due.pk, by=cast.lin, at=NOON)
    mine = queries.my_day(cast.lin, cast.project, today=TODAY)
    assert (mine.late, mine.due) == ([late], [due])
    assert (mine.calls_today, mine.visits_today, mine.new_today) == (1, 0, 3)
    everybody = queries.my_day(cast.mo, cast.project, today=TODAY)
    assert set(everybody.due) == {due, others}
    assert everybody.due_count == 2
