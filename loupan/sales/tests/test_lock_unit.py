"""Locks of minutes: T4 and T5."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied

from loupan.core.models import AuditEvent
from loupan.inventory.errors import PermitMissing
from loupan.inventory.models import Unit
from loupan.inventory.testing import a_unit
from loupan.org.testing import a_user
from loupan.pricing.actions.policies import save_policy
from loupan.sales import errors
from loupan.sales.actions.claims import lock_unit, unlock_unit
from loupan.sales.models import Claim
from loupan.sales.testing import RESERVED_AT, Office, a_reservation, an_office, another_unit

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Office:
    return an_office()


def test_a_locked_unit_shows_until_when_and_by_whom(office: Office) -> None:
    unit = a_unit(office.project)
    claim = lock_unit(unit_id=unit.pk, by=office.lin, at=RESERVED_AT)
    unit.refresh_from_db()
    assert claim.expires_at == RESERVED_AT + timedelta(minutes=15)
    assert (unit.status, unit.claim_until) == ("locked", claim.expires_at)
    assert unit.claim_label == "林小雨"
    assert AuditEvent.objects.filter(event="sales.unit.locked", by=office.lin).count() == 1


def test_a_refusal_names_the_holder_since_when_and_until_when(office: Office) -> None:
    unit = a_unit(office.project)
    other = a_user("SC", office.project)
    lock_unit(unit_id=unit.pk, by=office.lin, at=RESERVED_AT)
    with pytest.raises(errors.UnitNotAvailable) as refusal:
        lock_unit(unit_id=unit.pk, by=other, at=RESERVED_AT)
    for fact in ("1-1-1803", "林小雨", "2025-03-08 12:00", "2025-03-08 12:15"):
        assert fact in str(refusal.value)
    assert refusal.value.code == "unit_not_available"


def test_locking_ones_own_lock_again_gives_the_same_lock(office: Office) -> None:
    unit = a_unit(office.project)
    first = lock_unit(unit_id=unit.pk, by=office.lin, at=RESERVED_AT)
    again = lock_unit(unit_id=unit.pk, by=office.lin, at=RESERVED_AT + timedelta(minutes=1))
    assert first.pk == again.pk
    assert Claim.objects.count() == 1


def test_a_person_holds_as_many_locks_as_the_project_allows(office: Office) -> None:
    first, second = a_unit(office.project), another_unit(office)
    lock_unit(unit_id=first.pk, by=office.lin, at=RESERVED_AT)
    with pytest.raises(errors.TooManyLocks, match="1-1-1803"):
        lock_unit(unit_id=second.pk, by=office.lin, at=RESERVED_AT)
    save_policy(
        project_id=office.project.pk, values={"locks_per_person": 2}, by=office.mo, at=RESERVED_AT
    )
    lock_unit(unit_id=second.pk, by=office.lin, at=RESERVED_AT)


def test_a_lock_whose_time_is_over_stands_in_nobodys_way(office: Office) -> None:
    unit = a_unit(office.project)
    lock_unit(unit_id=unit.pk, by=office.lin, at=RESERVED_AT)
    later = RESERVED_AT + timedelta(minutes=15)
    claim = lock_unit(unit_id=unit.pk, by=office.mo, at=later)
    assert claim.holder == office.mo
    assert Claim.objects.get(holder=office.lin).end_reason == "expired"


def test_u_2_a_unit_without_a_permit_is_not_locked(office: Office) -> None:
    unit = a_unit(office.project, building="9", with_permit=False)
    with pytest.raises(PermitMissing):
        lock_unit(unit_id=unit.pk, by=office.lin, at=RESERVED_AT)


def test_another_projects_seller_cannot_lock(office: Office) -> None:
    with pytest.raises(PermissionDenied):
        lock_unit(unit_id=a_unit(office.project).pk, by=office.cast.wei, at=RESERVED_AT)


def test_a_lock_is_given_back_by_its_holder_or_a_manager(office: Office) -> None:
    unit, other = a_unit(office.project), a_user("SC", office.project)
    lock_unit(unit_id=unit.pk, by=office.lin, at=RESERVED_AT)
    with pytest.raises(errors.NotYourLock):
        unlock_unit(unit_id=unit.pk, by=other, at=RESERVED_AT)
    unlock_unit(unit_id=unit.pk, by=office.lin, at=RESERVED_AT)
    unit.refresh_from_db()
    assert (unit.status, unit.claim_until, unit.claim_label) == ("available", None, "")
    with pytest.raises(errors.UnitNotLocked):
        unlock_unit(unit_id=unit.pk, by=office.lin, at=RESERVED_AT)
    lock_unit(unit_id=unit.pk, by=office.lin, at=RESERVED_AT)
    unlock_unit(unit_id=unit.pk, by=office.mo, at=RESERVED_AT)


def test_a_sold_unit_is_not_locked(office: Office) -> None:
    unit = a_unit(office.project)
    a_reservation(office, unit=unit)
    with pytest.raises(errors.UnitNotAvailable, match="林小雨"):
        lock_unit(unit_id=unit.pk, by=office.mo, at=RESERVED_AT)
    assert Unit.objects.get(pk=unit.pk).status == "reserved"
