"""A planned step is carried out once, a limit holds, the clock and an extension agree (CTL-02, CTL-04)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from loupan.core.models import AuditEvent
from loupan.inventory.actions.control_plans import plan_control
from loupan.inventory.models import ControlPlan, Unit, UnitChange
from loupan.parameters.testing import a_setting
from loupan.sales.actions.claims import hold_unit
from loupan.sales.models import Claim
from loupan.sales.parameters import HOLDS_PER_PERSON
from loupan.sales.queries.books import book_differences
from loupan.sales.testing import a_buyer, an_office, another_unit
from loupan.sales.tests.test_races_of_provisionals import race

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race, pytest.mark.slow]
RACER = "loupan.sales.tests.racer_of_control"


def test_four_workers_carry_out_every_planned_step_once() -> None:
    office = an_office()
    at = timezone.now()
    due = at + timedelta(minutes=1)
    plans = []
    for step in range(6):
        units = [another_unit(office).pk for _ in range(5)]
        plans.append(
            plan_control(
                project_id=office.project.pk, verb="withhold", unit_ids=units, due_at=due,
                reason=f"第{step}批", by=office.mo, at=at,
            )
        )  # fmt: skip
    moment = due.isoformat().replace(":", "_")
    attempts = [f"{plan.pk}:{moment}" for plan in plans]
    lanes = [("plan", office.mo.pk, attempts[n:] + attempts[:n]) for n in range(4)]
    answers = race(lanes, module=RACER)
    assert answers["ran"] == len(plans)
    assert answers["ran"] + answers["stays"] + answers["busy"] == 4 * len(plans)
    assert set(ControlPlan.objects.values_list("state", "runs")) == {("done", 1)}
    assert UnitChange.objects.filter(verb="withhold").count() == 30
    assert AuditEvent.objects.filter(event="inventory.control_plan.run").count() == len(plans)
    assert set(Unit.objects.filter(planned__isnull=False).values_list("status", flat=True)) == {
        "withheld"
    }


def test_of_many_holds_by_one_person_at_once_as_many_stand_as_are_allowed() -> None:
    office = an_office()
    a_setting(HOLDS_PER_PERSON, 3, project=office.project, by=office.cast.mk)
    buyer = a_buyer(office)
    pairs = [f"{another_unit(office).pk}:{buyer.pk}" for _ in range(20)]
    answers = race([("hold", office.mo.pk, pairs[n::4]) for n in range(4)], module=RACER)
    assert answers["held"] == 3
    assert answers["held"] + answers["too_many_holds"] + answers["busy"] == 20
    assert Claim.objects.filter(kind="hold", is_active=True).count() == 3
    assert Unit.objects.filter(status="held").count() == 3
    assert book_differences() == []


def test_the_clock_and_an_extension_at_the_same_moment_never_half_happen() -> None:
    """Either the hold goes on, or the unit is free and the extension was refused."""
    office = an_office()
    at = timezone.now()
    a_setting(HOLDS_PER_PERSON, 50, project=office.project, by=office.cast.mk)
    held = [
        hold_unit(
            unit_id=another_unit(office).pk, customer_id=a_buyer(office).pk, days=1,
            by=office.mo, at=at - timedelta(days=1),
        )
        for _ in range(8)
    ]  # fmt: skip
    moment = at.isoformat().replace(":", "_")
    answers = race(
        [
            ("extend", office.mo.pk, [f"{claim.unit_id}:{moment}" for claim in held]),
            ("expire", office.mo.pk, [f"{claim.pk}:{moment}" for claim in reversed(held)]),
        ],
        module=RACER,
    )
    assert answers["extended"] + answers["unit_not_held"] == len(held)
    assert answers["freed"] == answers["unit_not_held"]
    for claim in Claim.objects.select_related("unit"):
        assert claim.is_active == (claim.unit.status == "held")
    assert book_differences() == []
