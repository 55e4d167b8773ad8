"""Planned steps of sales control: on time, once, with a reason for each unit that stays (CTL-04)."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone
from time_machine import travel

from loupan.core.models import AuditEvent
from loupan.core.refusals import NotAllowedNow
from loupan.inventory import errors
from loupan.inventory.actions.batches import release_batch
from loupan.inventory.actions.control_plans import (
    cancel_plan,
    carry_out_plan,
    plan_batch,
    plan_control,
    retry_plan,
)
from loupan.inventory.models import ControlPlan, Unit, UnitChange
from loupan.inventory.testing import NOON, a_release_batch, a_unit
from loupan.org.models import User
from loupan.org.testing import Cast, a_user, signed_in, the_cast
from loupan.pricing.testing import a_mortgage_plan

pytestmark = pytest.mark.django_db
DUE = NOON + timedelta(days=1)


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


@pytest.fixture
def cast() -> Cast:
    return the_cast()


def planned(cast: Cast, verb: str, *units: Unit, **more: Any) -> ControlPlan:
    return plan_control(
        project_id=cast.project.pk, verb=verb, unit_ids=[unit.pk for unit in units],
        **{"due_at": DUE, "by": cast.mo, "at": NOON, **more},
    )  # fmt: skip


def statuses(*units: Unit) -> list[str]:
    found = Unit.objects.in_bulk([unit.pk for unit in units])
    return [found[unit.pk].status for unit in units]


def states(plan: ControlPlan) -> dict[int, str]:
    return dict(plan.units.values_list("unit_id", "state"))


def test_the_clock_releases_on_time_once_and_on_behalf_of_who_planned(cast: Cast) -> None:
    unit = a_unit(cast.project, status="not_released")
    plan = planned(cast, "release", unit)
    assert carry_out_plan(plan_id=plan.pk, by=None, at=DUE - timedelta(seconds=1)) is False
    assert statuses(unit) == ["not_released"]
    with travel(DUE, tick=False):
        call_command("expire_claims", verbosity=0)
        call_command("expire_claims", verbosity=0)
    assert statuses(unit) == ["available"]
    change = UnitChange.objects.filter(unit=unit).latest("id")
    assert (change.verb, change.by, change.source) == ("release", cast.mo, "job")
    plan.refresh_from_db()
    assert (plan.state, plan.runs) == ("done", 1)
    assert carry_out_plan(plan_id=plan.pk, by=None, at=DUE) is False
    assert AuditEvent.objects.filter(event="inventory.control_plan.run").count() == 1


def test_withholding_and_offering_again_are_planned_too(cast: Cast) -> None:
    unit = a_unit(cast.project)
    until = DUE + timedelta(days=3)
    carry_out_plan(
        plan_id=planned(cast, "withhold", unit, reason="调价", until=until).pk, by=None, at=DUE
    )
    assert statuses(unit) == ["withheld"]
    kept = unit.withholdings.get()
    assert (kept.reason, kept.until, kept.holder) == ("调价", until, cast.mo)
    carry_out_plan(plan_id=planned(cast, "unwithhold", unit).pk, by=None, at=DUE)
    assert statuses(unit) == ["available"]


def test_units_that_cannot_move_say_why_and_the_others_move(cast: Cast) -> None:
    good = a_unit(cast.project, status="not_released", position=1)
    bad = a_unit(cast.project, status="not_released", position=2, floor_unit_price=None)
    sold = a_unit(cast.project, status="reserved", position=4)
    plan = planned(cast, "release", good, bad, sold)
    assert carry_out_plan(plan_id=plan.pk, by=None, at=DUE) is True
    plan.refresh_from_db()
    assert plan.state == "failed"
    assert states(plan) == {good.pk: "done", bad.pk: "failed", sold.pk: "failed"}
    assert all(line.refusal for line in plan.units.filter(state="failed"))
    assert statuses(good, bad, sold) == ["available", "not_released", "reserved"]
    # Not by itself: a person looks, then tries again or gives up.
    assert carry_out_plan(plan_id=plan.pk, by=None, at=DUE) is False
    Unit.objects.filter(pk=bad.pk).update(floor_total=1)
    retry_plan(plan_id=plan.pk, by=cast.mo, at=DUE)
    assert states(plan) == {good.pk: "done", bad.pk: "done", sold.pk: "failed"}
    cancel_plan(plan_id=plan.pk, by=cast.mo, at=DUE)
    assert states(plan)[sold.pk] == "cancelled"
    with pytest.raises(errors.NothingLeft):
        retry_plan(plan_id=plan.pk, by=cast.mo, at=DUE)


def test_a_cancelled_plan_does_nothing(cast: Cast) -> None:
    unit = a_unit(cast.project, status="not_released")
    plan = planned(cast, "release", unit)
    cancel_plan(plan_id=plan.pk, by=cast.mo, at=NOON)
    assert carry_out_plan(plan_id=plan.pk, by=None, at=DUE) is False
    assert statuses(unit) == ["not_released"]
    with pytest.raises(NotAllowedNow):
        cancel_plan(plan_id=plan.pk, by=cast.mo, at=NOON)


def test_who_lost_the_right_meanwhile_releases_nothing(cast: Cast) -> None:
    director = a_user("PD", cast.project)
    unit = a_unit(cast.project, status="not_released")
    plan = planned(cast, "release", unit, by=director)
    User.objects.filter(pk=director.pk).update(is_active=False)
    carry_out_plan(plan_id=plan.pk, by=None, at=DUE)
    assert states(plan) == {unit.pk: "failed"}
    assert statuses(unit) == ["not_released"]


def test_a_planned_batch_is_released_wholly_or_not_at_all(cast: Cast) -> None:
    a_mortgage_plan(cast.project, cast.mo)
    good = a_unit(cast.project, status="not_released", position=1)
    bad = a_unit(cast.project, status="not_released", position=2, is_sealed=True)
    batch = a_release_batch(cast.project, cast.mo, [good, bad])
    plan = plan_batch(batch_id=batch.pk, due_at=DUE, by=cast.mo, at=NOON)
    with pytest.raises(errors.BatchPlanned):
        plan_batch(batch_id=batch.pk, due_at=DUE, by=cast.mo, at=NOON)
    carry_out_plan(plan_id=plan.pk, by=None, at=DUE)
    assert statuses(good, bad) == ["not_released", "not_released"]
    assert set(states(plan).values()) == {"failed"}
    Unit.objects.filter(pk=bad.pk).update(is_sealed=False)
    retry_plan(plan_id=plan.pk, by=cast.mo, at=DUE)
    assert statuses(good, bad) == ["available", "available"]
    batch.refresh_from_db()
    assert batch.state == "released"


def test_a_batch_released_by_hand_before_leaves_its_plan_nothing_to_do(cast: Cast) -> None:
    a_mortgage_plan(cast.project, cast.mo)
    batch = a_release_batch(cast.project, cast.mo, [a_unit(cast.project, status="not_released")])
    plan = plan_batch(batch_id=batch.pk, due_at=DUE, by=cast.mo, at=NOON)
    release_batch(batch_id=batch.pk, by=cast.mo, at=NOON)
    carry_out_plan(plan_id=plan.pk, by=None, at=DUE)
    assert UnitChange.objects.filter(verb="release").count() == 1
    plan.refresh_from_db()
    assert plan.state == "cancelled"


def test_what_cannot_be_planned_is_refused(cast: Cast) -> None:
    unit = a_unit(cast.project, status="not_released")
    with pytest.raises(errors.InThePast):
        planned(cast, "release", unit, due_at=NOON)
    with pytest.raises(errors.ReasonMissing):
        planned(cast, "withhold", unit)
    with pytest.raises(errors.EndsInThePast):
        planned(cast, "withhold", unit, reason="调价", until=DUE)
    with pytest.raises(errors.NoUnitsChosen):
        planned(cast, "release")
    with pytest.raises(PermissionDenied):
        planned(cast, "release", unit, by=cast.lin)
    plan = planned(cast, "release", unit)
    for do in (cancel_plan, retry_plan):
        with pytest.raises(PermissionDenied):
            do(plan_id=plan.pk, by=cast.lin, at=NOON)


def test_at_the_desk_a_step_is_planned_seen_and_cancelled(cast: Cast) -> None:
    unit = a_unit(cast.project)
    page = signed_in(cast.mo)
    tomorrow = timezone.localtime() + timedelta(days=1)
    typed = {
        "verb": "withhold", "due_at": f"{tomorrow:%Y-%m-%dT%H:%M}", "units": unit.number,
        "reason": "调价",
    }  # fmt: skip
    assert (
        page.post(reverse("inventory:control_plan_new"), {**typed, "due_at": "x"}).status_code
        == 422
    )
    assert page.post(reverse("inventory:control_plan_new"), typed).status_code == 302
    plan = ControlPlan.objects.get()
    assert unit.number in text_of(page.get(reverse("inventory:control_plan", args=[plan.pk])))
    assert page.get(reverse("inventory:control_plans")).status_code == 200
    page.post(reverse("inventory:control_plan_cancel", args=[plan.pk]))
    plan.refresh_from_db()
    assert plan.state == "cancelled"


def test_the_log_says_who_moved_which_unit_and_is_narrowed(cast: Cast) -> None:
    unit = a_unit(cast.project, status="not_released")
    carry_out_plan(plan_id=planned(cast, "release", unit).pk, by=None, at=DUE)
    page = signed_in(cast.mo)
    text = text_of(page.get(reverse("inventory:control_log"), {"moves": "true"}))
    assert unit.number in text
    assert str(cast.mo) in text
    empty = page.get(reverse("inventory:control_log"), {"start": "2030-01-01"})
    assert unit.number not in text_of(empty)
    assert page.get(reverse("inventory:control_log"), {"export": "xlsx"}).status_code in {200, 422}
