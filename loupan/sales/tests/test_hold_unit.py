"""Holds of days for a named customer: T6 and T7, and what the clock does to claims."""

from datetime import datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from time_machine import travel

from loupan.core.models import AuditEvent
from loupan.inventory.models import Unit, UnitChange
from loupan.inventory.testing import a_unit
from loupan.org.models import User
from loupan.org.testing import a_user
from loupan.parameters.testing import a_setting
from loupan.pricing.testing import an_approved_list
from loupan.sales import errors
from loupan.sales.actions.claims import (
    expire_claim,
    extend_hold,
    hold_unit,
    lock_unit,
    release_hold,
)
from loupan.sales.actions.reservations import BuyerDraft
from loupan.sales.models import Claim, Deal
from loupan.sales.parameters import HOLDS_PER_PERSON
from loupan.sales.queries.claims import money_since
from loupan.sales.testing import (
    RESERVED_AT,
    Office,
    a_buyer,
    a_reservation,
    an_office,
    another_unit,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Office:
    return an_office()


def test_a_manager_holds_a_unit_for_a_customer(office: Office) -> None:
    unit, buyer = a_unit(office.project), a_buyer(office)
    claim = hold_unit(unit_id=unit.pk, customer_id=buyer.pk, days=3, by=office.mo, at=RESERVED_AT)
    unit.refresh_from_db()
    assert unit.status == "held"
    assert claim.expires_at == RESERVED_AT + timedelta(days=3)


def test_how_long_a_role_may_hold_is_limited(office: Office) -> None:
    """T6: a sales manager 3 days, a project director 15."""
    unit, buyer = a_unit(office.project), a_buyer(office)
    manager = a_user("SM", office.project)
    for by, days in ((manager, 4), (manager, 0), (office.mo, 16)):
        with pytest.raises(errors.HoldTooLong):
            hold_unit(unit_id=unit.pk, customer_id=buyer.pk, days=days, by=by, at=RESERVED_AT)
    hold_unit(unit_id=unit.pk, customer_id=buyer.pk, days=15, by=office.mo, at=RESERVED_AT)


def test_a_seller_cannot_hold(office: Office) -> None:
    with pytest.raises(PermissionDenied):
        hold_unit(
            unit_id=a_unit(office.project).pk, customer_id=a_buyer(office).pk, days=1,
            by=office.lin, at=RESERVED_AT,
        )  # fmt: skip


def test_a_hold_is_for_a_customer_of_the_project(office: Office) -> None:
    stranger = a_buyer(an_office())
    with pytest.raises(errors.CustomerUnknown):
        hold_unit(
            unit_id=a_unit(office.project).pk, customer_id=stranger.pk, days=1,
            by=office.mo, at=RESERVED_AT,
        )  # fmt: skip


def test_ones_own_lock_becomes_the_hold_and_anothers_does_not(office: Office) -> None:
    unit, buyer = a_unit(office.project), a_buyer(office)
    lock_unit(unit_id=unit.pk, by=office.lin, at=RESERVED_AT)
    with pytest.raises(errors.UnitNotAvailable):
        hold_unit(unit_id=unit.pk, customer_id=buyer.pk, days=1, by=office.mo, at=RESERVED_AT)
    later = RESERVED_AT + timedelta(hours=1)
    lock_unit(unit_id=unit.pk, by=office.mo, at=later)
    hold_unit(unit_id=unit.pk, customer_id=buyer.pk, days=1, by=office.mo, at=later)
    assert Claim.objects.get(is_active=True).kind == "hold"


def test_a_held_unit_is_reserved_for_its_customer_only(office: Office) -> None:
    unit, buyer, other = a_unit(office.project), a_buyer(office), a_buyer(office)
    hold_unit(unit_id=unit.pk, customer_id=buyer.pk, days=1, by=office.mo, at=RESERVED_AT)
    with pytest.raises(errors.UnitNotAvailable):
        a_reservation(office, unit=unit, shares=[BuyerDraft(other.pk)])
    a_reservation(office, unit=unit, buyers=[buyer])
    assert Claim.objects.get(kind="hold").end_reason == "reserved"


def test_a_hold_is_released(office: Office) -> None:
    unit, buyer = a_unit(office.project), a_buyer(office)
    with pytest.raises(errors.UnitNotHeld):
        release_hold(unit_id=unit.pk, by=office.mo, at=RESERVED_AT)
    hold_unit(unit_id=unit.pk, customer_id=buyer.pk, days=1, by=office.mo, at=RESERVED_AT)
    release_hold(unit_id=unit.pk, by=office.mo, at=RESERVED_AT)
    unit.refresh_from_db()
    assert unit.status == "available"


def test_the_job_ends_what_is_over_and_nothing_else(office: Office) -> None:
    over, running = a_unit(office.project), a_unit(office.project, position=4)
    lock_unit(unit_id=over.pk, by=office.lin, at=RESERVED_AT)
    lock_unit(unit_id=running.pk, by=office.mo, at=RESERVED_AT + timedelta(minutes=10))
    with travel(RESERVED_AT + timedelta(minutes=16), tick=False):
        call_command("expire_claims", verbosity=0)
        call_command("expire_claims", verbosity=0)
    over.refresh_from_db()
    running.refresh_from_db()
    assert (over.status, running.status) == ("available", "locked")
    change = UnitChange.objects.filter(unit=over).latest("id")
    assert (change.verb, change.by, change.source) == ("unlock", None, "job")


def test_u_12_a_unit_on_which_money_came_in_is_not_released_by_the_clock(office: Office) -> None:
    """Money that came in on an earlier deal of the unit while it was claimed again."""
    unit, buyer = a_unit(office.project), a_buyer(office)
    claim = hold_unit(
        unit_id=unit.pk, customer_id=buyer.pk, days=1, by=office.mo,
        at=RESERVED_AT - timedelta(hours=1),
    )  # fmt: skip
    a_reservation(office, unit=unit, buyers=[buyer])
    # The hold as it would be had the reservation not ended it: only the job's own guard is left.
    claim.refresh_from_db()
    assert money_since(claim)
    Claim.objects.filter(is_active=True).update(is_active=False)
    Claim.objects.filter(pk=claim.pk).update(is_active=True)
    over = RESERVED_AT + timedelta(days=2)
    assert expire_claim(claim_id=claim.pk, by=None, at=over) is False
    assert AuditEvent.objects.filter(event="sales.claim.kept_for_money").exists()
    unit.refresh_from_db()
    assert unit.status == "reserved"
    Claim.objects.filter(pk=claim.pk).update(is_active=False)
    Claim.objects.filter(deal__isnull=False).update(is_active=True)


def test_a_held_unit_takes_its_new_price_when_the_hold_ends(office: Office) -> None:
    unit = a_unit(office.project)
    hold_unit(unit_id=unit.pk, customer_id=a_buyer(office).pk, days=1, by=office.mo, at=RESERVED_AT)
    an_approved_list(office.project, office.cast.mk, office.mo, at=RESERVED_AT)
    unit.refresh_from_db()
    assert unit.list_total == 1521895
    release_hold(unit_id=unit.pk, by=office.mo, at=RESERVED_AT)
    unit.refresh_from_db()
    assert (unit.status, unit.list_total) == ("available", 1567551)


def test_ctl_02_a_person_holds_as_many_units_as_the_project_allows(office: Office) -> None:
    a_setting(HOLDS_PER_PERSON, 2, project=office.project, by=office.cast.mk)
    units, buyer = [another_unit(office) for _ in range(3)], a_buyer(office)

    def hold(unit: Unit, *, by: User, at: datetime = RESERVED_AT) -> Claim:
        return hold_unit(unit_id=unit.pk, customer_id=buyer.pk, days=1, by=by, at=at)

    for unit in units[:2]:
        hold(unit, by=office.mo)
    with pytest.raises(errors.TooManyHolds, match=units[0].number):
        hold(units[2], by=office.mo)
    units[2].refresh_from_db()
    assert units[2].status == "available"
    hold(units[2], by=a_user("SM", office.project))  # Each person for themselves.
    release_hold(unit_id=units[0].pk, by=office.mo, at=RESERVED_AT)
    hold(units[0], by=office.mo)


def test_holds_that_are_over_and_those_of_another_project_do_not_count(office: Office) -> None:
    a_setting(HOLDS_PER_PERSON, 1, project=office.project, by=office.cast.mk)
    first, second = another_unit(office), another_unit(office)
    buyer = a_buyer(office)
    hold_unit(unit_id=first.pk, customer_id=buyer.pk, days=1, by=office.mo, at=RESERVED_AT)
    hold_unit(
        unit_id=second.pk, customer_id=buyer.pk, days=1, by=office.mo,
        at=RESERVED_AT + timedelta(days=1),
    )  # fmt: skip
    assert Claim.objects.filter(holder=office.mo, kind="hold").count() == 2


def test_u_12_whoever_extends_a_hold_that_money_kept_takes_the_decision(office: Office) -> None:
    unit, buyer = a_unit(office.project), a_buyer(office)
    at = RESERVED_AT - timedelta(hours=1)
    claim = hold_unit(unit_id=unit.pk, customer_id=buyer.pk, days=1, by=office.mo, at=at)
    # Money on an account of the unit that came in since; a hold has no account of its own.
    other = a_reservation(office, unit=another_unit(office), buyers=[buyer])
    Deal.objects.filter(pk=other.deal_id).update(unit=unit)
    over = at + timedelta(days=1)
    with travel(over, tick=False):
        call_command("expire_claims", verbosity=0)
        call_command("expire_claims", verbosity=0)
    unit.refresh_from_db()
    claim.refresh_from_db()
    assert (unit.status, unit.claim_until, claim.kept_since) == ("held", None, over)
    assert AuditEvent.objects.filter(event="sales.claim.kept_for_money").count() == 1
    until = over + timedelta(days=2)
    extend_hold(unit_id=unit.pk, until=until, by=office.mo, at=over)
    claim.refresh_from_db()
    assert (claim.expires_at, claim.kept_since) == (until, None)
    Deal.objects.filter(pk=other.deal_id).update(unit=other.deal.unit)
