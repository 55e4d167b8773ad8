"""Lines that wait for a milestone, a filing or a handover get their day (DOMAIN 2.4.2)."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from loupan.core.models import AuditEvent
from loupan.inventory.models import Building
from loupan.ledger.queries import lines_of
from loupan.org.models import User
from loupan.org.testing import a_user
from loupan.pricing.models import PaymentPlan
from loupan.sales import errors
from loupan.sales.actions.due_dates import record_milestone
from loupan.sales.actions.filings import confirm_unfiling, request_unfiling
from loupan.sales.actions.handovers import allow_handover, hand_over, undo_handover
from loupan.sales.models import Deal, Milestone
from loupan.sales.testing import (
    SIGNED_AT,
    Office,
    a_contract,
    a_filing,
    a_milestone_plan,
    a_receipt,
    a_reservation,
    an_office,
)

pytestmark = pytest.mark.django_db
LATER = SIGNED_AT + timedelta(days=12)
DAY = LATER.date()


@pytest.fixture
def office() -> Office:
    return an_office()


@pytest.fixture
def plan(office: Office) -> PaymentPlan:
    return a_milestone_plan(office.project, office.mo)


def days(deal: Deal) -> list[date | None]:
    return [line.due_on for line in lines_of(deal.account_id)][2:]


def reach(office: Office, **fields: Any) -> Milestone:
    given = {"name": "封顶", "noticed_on": DAY, "by": office.cast.cs, "at": LATER, **fields}
    return record_milestone(project_id=office.project.pk, **given)


def test_lines_wait_and_fall_due_from_the_notice(office: Office, plan: PaymentPlan) -> None:
    deal = a_contract(office, a_reservation(office, payment_plan_id=plan.pk)).deal
    a_receipt(office, deal, amount="600000", at=SIGNED_AT)
    amounts = [(line.amount, line.received) for line in lines_of(deal.account_id)]
    assert days(deal) == [None, None, None]
    reach(office)
    assert days(deal) == [DAY + timedelta(days=15), None, None]
    assert [(line.amount, line.received) for line in lines_of(deal.account_id)] == amounts
    event = AuditEvent.objects.get(event="sales.milestone.recorded")
    assert event.facts["deals"] == 1


def test_who_buys_after_it_gets_the_day_with_the_contract(
    office: Office, plan: PaymentPlan
) -> None:
    reach(office, noticed_on=SIGNED_AT.date(), at=SIGNED_AT)
    deal = a_contract(office, a_reservation(office, payment_plan_id=plan.pk)).deal
    assert days(deal) == [SIGNED_AT.date() + timedelta(days=15), None, None]


def test_a_building_has_its_own_and_the_others_wait(office: Office, plan: PaymentPlan) -> None:
    deal = a_reservation(office, payment_plan_id=plan.pk).deal
    other = Building.objects.create(project=office.project, name="9 栋", code="9")
    reach(office, building_id=other.pk)
    assert days(deal)[0] is None
    reach(office, building_id=deal.unit.building_id, noticed_on=DAY - timedelta(1))
    assert days(deal)[0] == DAY + timedelta(days=14)
    reach(office)
    assert days(deal)[0] == DAY + timedelta(days=14)


def test_a_filing_dates_its_lines_and_takes_the_day_away_again(
    office: Office, plan: PaymentPlan
) -> None:
    deal = a_contract(office, a_reservation(office, payment_plan_id=plan.pk)).deal
    a_filing(office, deal)
    assert days(deal) == [None, SIGNED_AT.date() + timedelta(days=5), None]
    asked = request_unfiling(deal_id=deal.pk, reason="更正", by=office.cast.cs, at=LATER)
    for by in (office.mo, a_user("FM", office.project)):
        confirm_unfiling(unfiling_id=asked.pk, by=by, at=LATER)
    assert days(deal) == [None, None, None]


def test_a_handover_does_the_same(office: Office, plan: PaymentPlan) -> None:
    deal = a_contract(office, a_reservation(office, payment_plan_id=plan.pk)).deal
    allow_handover(deal_id=deal.pk, reason="尾款交房时付", by=office.mo, at=LATER)
    hand_over(
        deal_id=deal.pk, handed_over_on=DAY, received_by="陈晓雨",
        by=a_user("HO", office.project), at=LATER,
    )  # fmt: skip
    assert days(deal)[2] == DAY
    undo_handover(deal_id=deal.pk, reason="误录", by=office.mo, at=LATER)
    assert days(deal)[2] is None


@pytest.mark.parametrize("who", ["lin", "zhao", "wei", "guest"])
def test_only_some_record_it(office: Office, plan: PaymentPlan, who: str) -> None:
    by: User = getattr(office.cast, who)
    with pytest.raises(PermissionDenied):
        reach(office, by=by)


def test_refusals(office: Office, plan: PaymentPlan) -> None:
    with pytest.raises(errors.MilestoneUnknown):
        reach(office, name="竣工")
    with pytest.raises(errors.DateInFuture):
        reach(office, noticed_on=DAY + timedelta(1))
    reach(office)
    with pytest.raises(errors.MilestoneRecorded):
        reach(office)
    elsewhere = Building.objects.create(project=an_office().project, name="1 栋", code="1")
    with pytest.raises(Building.DoesNotExist):
        reach(office, building_id=elsewhere.pk)
