"""Looking at a full number: whose, how often, why (DOMAIN 4.3, 4.4)."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied

from loupan.core.models import AuditEvent
from loupan.customers import errors
from loupan.customers.actions.ownership import reveal_id, reveal_phone
from loupan.customers.models import Customer, Reveal
from loupan.customers.parameters import REVEALS_PER_DAY
from loupan.customers.testing import NOON, a_customer
from loupan.org.testing import Cast, a_department, a_post, a_user, hold

pytestmark = pytest.mark.django_db
ID_CARD = "11010519491231002X"


@pytest.fixture
def customer(cast: Cast) -> Customer:
    return a_customer(cast.project, cast.lin, phone="13800138000", id_number=ID_CARD)


def test_the_owner_sees_the_phone_and_it_is_kept(cast: Cast, customer: Customer) -> None:
    shown = reveal_phone(customer_id=customer.pk, reason="回访", by=cast.lin, at=NOON)
    assert shown == ["13800138000"]
    look = Reveal.objects.get()
    assert (look.by, look.what, look.reason, look.at) == (cast.lin, "phone", "回访", NOON)
    event = AuditEvent.objects.get(event="customers.customer.revealed")
    assert event.facts == {"what": "phone", "reason": "回访"}


def test_a_consultant_looks_fifty_times_a_day(cast: Cast, customer: Customer) -> None:
    Reveal.objects.bulk_create(
        Reveal(customer=customer, what="phone", by=cast.lin, at=NOON)
        for _n in range(REVEALS_PER_DAY.default - 1)
    )
    reveal_phone(customer_id=customer.pk, by=cast.lin, at=NOON)
    with pytest.raises(errors.RevealLimitReached, match="50"):
        reveal_phone(customer_id=customer.pk, by=cast.lin, at=NOON)
    # The local day ends at midnight in Shanghai, which is 16:00 UTC.
    with pytest.raises(errors.RevealLimitReached):
        reveal_phone(customer_id=customer.pk, by=cast.lin, at=NOON + timedelta(hours=11))
    assert reveal_phone(customer_id=customer.pk, by=cast.lin, at=NOON + timedelta(hours=12))


def test_a_manager_has_no_daily_limit(cast: Cast, customer: Customer) -> None:
    Reveal.objects.bulk_create(
        Reveal(customer=customer, what="phone", by=cast.mo, at=NOON)
        for _n in range(REVEALS_PER_DAY.default)
    )
    assert reveal_phone(customer_id=customer.pk, by=cast.mo, at=NOON)


def test_an_auditor_says_why(cast: Cast, customer: Customer) -> None:
    auditor = a_user("AU", company=cast.project.company)
    with pytest.raises(errors.ReasonNeeded):
        reveal_id(customer_id=customer.pk, reason=" \u200f ", by=auditor, at=NOON)
    assert reveal_id(customer_id=customer.pk, reason="投诉 12", by=auditor, at=NOON) == [ID_CARD]


@pytest.mark.parametrize("role", ["CC", "CA", "SA", "FM", "MK", "CM", "LG", "HO", "AD", "EX", "HR"])
def test_who_has_no_business_with_numbers_sees_none(
    cast: Cast, customer: Customer, role: str
) -> None:
    person = a_user(role, cast.project)
    for look in (reveal_phone, reveal_id):
        with pytest.raises(PermissionDenied):
            look(customer_id=customer.pk, by=person, at=NOON)
    assert not Reveal.objects.exists()


def test_id_numbers_are_not_for_consultants(cast: Cast, customer: Customer) -> None:
    with pytest.raises(PermissionDenied):
        reveal_id(customer_id=customer.pk, by=cast.lin, at=NOON)


@pytest.mark.parametrize("role", ["CS", "MS"])
def test_signing_staff_see_the_numbers_of_buyers_only(
    cast: Cast, customer: Customer, role: str
) -> None:
    person = a_user(role, cast.project)
    with pytest.raises(PermissionDenied):
        reveal_id(customer_id=customer.pk, by=person, at=NOON)
    Customer.objects.filter(pk=customer.pk).update(life_class="reserved")
    assert reveal_id(customer_id=customer.pk, by=person, at=NOON) == [ID_CARD]


def test_other_peoples_customers_stay_masked(cast: Cast, customer: Customer) -> None:
    for person in (a_user("SC", cast.project), cast.wei):
        with pytest.raises(PermissionDenied):
            reveal_phone(customer_id=customer.pk, by=person, at=NOON)


def test_a_team_leader_sees_the_numbers_of_the_team(cast: Cast) -> None:
    team = a_department(project=cast.project)
    leader = a_user("TL", cast.project, department=team)
    member = a_user("SC", cast.project, department=team)
    inside, outside = a_customer(cast.project, member), a_customer(cast.project, cast.lin)
    assert reveal_phone(customer_id=inside.pk, by=leader, at=NOON)
    with pytest.raises(PermissionDenied):
        reveal_phone(customer_id=outside.pk, by=leader, at=NOON)


def test_two_posts_do_not_lend_each_other_their_reach(cast: Cast, customer: Customer) -> None:
    """A clerk reads the project, a consultant reveals own customers: both together reveal no more."""
    person = a_user("CC", cast.project)
    hold(person, a_post("SC", cast.project))
    with pytest.raises(PermissionDenied):
        reveal_phone(customer_id=customer.pk, by=person, at=NOON)
    own = a_customer(cast.project, person)
    assert reveal_phone(customer_id=own.pk, by=person, at=NOON)


def test_there_may_be_nothing_to_reveal(cast: Cast) -> None:
    with pytest.raises(errors.NothingToReveal):
        reveal_id(customer_id=a_customer(cast.project, None).pk, by=cast.mo, at=NOON)
    assert not Reveal.objects.exists()
