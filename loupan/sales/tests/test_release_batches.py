"""Release batches: prepared, checked unit by unit, released wholly or not at all (SAL-29, CTL-03)."""

import json
import re
from datetime import date
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from loupan.core.models import AuditEvent
from loupan.core.refusals import ChangedMeanwhile, NotAllowedNow
from loupan.inventory import errors
from loupan.inventory.actions.batches import (
    discard_batch,
    edit_batch,
    prepare_batch,
    release_batch,
)
from loupan.inventory.models import BatchUnit, ReleaseBatch, Unit
from loupan.inventory.parameters import RELEASE_NEEDS_FILED
from loupan.inventory.queries.control import batch_readiness, units_of_batch
from loupan.inventory.testing import NOON, a_permit, a_release_batch, a_unit
from loupan.org.models import User
from loupan.org.testing import Cast, a_user, signed_in, the_cast, token_for
from loupan.parameters.testing import a_setting
from loupan.pricing.testing import a_mortgage_plan

pytestmark = pytest.mark.django_db


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


@pytest.fixture
def cast() -> Cast:
    return the_cast()


def a_batch(cast: Cast, *units: Unit, name: str = "首开", by: User | None = None) -> ReleaseBatch:
    return a_release_batch(cast.project, by or cast.mo, units, name=name)


def unreleased(cast: Cast, position: int = 3, **fields: Any) -> Unit:
    return a_unit(cast.project, status="not_released", position=position, **fields)


def sellable(cast: Cast) -> None:
    a_mortgage_plan(cast.project, cast.mo)


def test_a_batch_is_released_in_one_step_and_remembers_by_whom(cast: Cast) -> None:
    sellable(cast)
    units = [unreleased(cast, 1), unreleased(cast, 2)]
    batch = a_batch(cast, *units)
    release_batch(batch_id=batch.pk, by=cast.mo, at=NOON)
    batch.refresh_from_db()
    assert (batch.state, batch.released_by, batch.released_at) == ("released", cast.mo, NOON)
    assert {unit.status for unit in units_of_batch(batch)} == {"available"}
    assert AuditEvent.objects.filter(event="inventory.release_batch.released").count() == 1
    with pytest.raises(NotAllowedNow):
        release_batch(batch_id=batch.pk, by=cast.mo, at=NOON)


def test_what_is_missing_is_listed_for_each_unit_and_nothing_is_released(cast: Cast) -> None:
    sellable(cast)
    good = unreleased(cast, 1)
    cheap = unreleased(cast, 2, floor_unit_price=None, is_sealed=True)
    bare = unreleased(cast, 3, list_unit_price=None)
    sold = a_unit(cast.project, position=4, status="reserved")
    batch = a_batch(cast, good, cheap, bare, sold)
    found = batch_readiness(batch, list(units_of_batch(batch)), date(2025, 3, 8))
    assert {each.unit.pk: [no.code for no in each.obstacles] for each in found} == {
        good.pk: [],
        cheap.pk: ["unit_sealed", "floor_price_missing"],
        bare.pk: ["list_price_missing"],
        sold.pk: ["not_allowed_now"],
    }
    with pytest.raises(errors.BatchIncomplete, match="3"):
        release_batch(batch_id=batch.pk, by=cast.mo, at=NOON)
    good.refresh_from_db()
    assert good.status == "not_released"


def test_a_permit_that_has_ended_keeps_the_whole_batch(cast: Cast) -> None:
    sellable(cast)
    batch = a_batch(cast, unreleased(cast))
    permit = batch.permit
    permit.valid_until = date(2025, 3, 7)
    permit.save(update_fields=["valid_until"])
    with pytest.raises(errors.BatchIncomplete):
        release_batch(batch_id=batch.pk, by=cast.mo, at=NOON)


def test_a_building_of_another_permit_does_not_go_with_the_batch(cast: Cast) -> None:
    sellable(cast)
    unit = unreleased(cast)
    batch = a_batch(cast, unit)
    other = a_permit(cast.project, number="渝房预售字2025第7号")
    unit.building.permit = other
    unit.building.save(update_fields=["permit"])
    [found] = batch_readiness(batch, list(units_of_batch(batch)), date(2025, 3, 8))
    assert [no.code for no in found.obstacles] == ["other_permit"]


def test_without_a_payment_plan_nothing_is_released(cast: Cast) -> None:
    batch = a_batch(cast, unreleased(cast))
    with pytest.raises(errors.PaymentPlanMissing):
        release_batch(batch_id=batch.pk, by=cast.mo, at=NOON)


def test_a_project_may_demand_the_filed_price(cast: Cast) -> None:
    sellable(cast)
    unit = unreleased(cast)
    batch = a_batch(cast, unit)
    director = a_user("CD", cast.project)
    a_setting(RELEASE_NEEDS_FILED, value=True, project=cast.project, by=director)
    with pytest.raises(errors.BatchIncomplete, match="1-1-1803"):
        release_batch(batch_id=batch.pk, by=cast.mo, at=NOON)
    assert unit.list_total is not None
    Unit.objects.filter(pk=unit.pk).update(filed_total=unit.list_total - 1)
    [found] = batch_readiness(batch, list(units_of_batch(batch)), date(2025, 3, 8))
    assert [no.code for no in found.obstacles] == ["list_above_filed"]
    Unit.objects.filter(pk=unit.pk).update(filed_total=unit.list_total)
    release_batch(batch_id=batch.pk, by=cast.mo, at=NOON)


def test_a_unit_is_in_one_prepared_batch_only(cast: Cast) -> None:
    unit, other = unreleased(cast, 1), unreleased(cast, 2)
    batch = a_batch(cast, unit)
    with pytest.raises(errors.InAnotherBatch):
        a_batch(cast, unit, other, name="加推")
    with pytest.raises(errors.BatchNameTaken):
        a_batch(cast, other)
    discard_batch(batch_id=batch.pk, by=cast.mo, at=NOON)
    a_batch(cast, unit, name="三推")


def test_the_database_itself_knows_one_prepared_batch_per_unit(cast: Cast) -> None:
    unit = unreleased(cast, 1)
    a_batch(cast, unit)
    second = a_batch(cast, unreleased(cast, 2), name="二推")
    BatchUnit.objects.bulk_create([BatchUnit(batch=second, unit=unit)], ignore_conflicts=True)
    assert BatchUnit.objects.filter(unit=unit).count() == 1


def test_a_prepared_batch_is_edited_and_a_stale_form_is_refused(cast: Cast) -> None:
    first, second = unreleased(cast, 1), unreleased(cast, 2)
    batch = a_batch(cast, first)

    def edit(version: int) -> None:
        edit_batch(
            batch_id=batch.pk, version=version, name="二推", permit_id=batch.permit_id,
            unit_ids=[second.pk], by=cast.mo, at=NOON,
        )  # fmt: skip

    edit(0)
    assert [unit.pk for unit in units_of_batch(batch)] == [second.pk]
    with pytest.raises(ChangedMeanwhile):
        edit(0)
    discard_batch(batch_id=batch.pk, by=cast.mo, at=NOON)
    with pytest.raises(NotAllowedNow):
        edit(2)


def test_who_may_not_release_prepares_no_batch(cast: Cast) -> None:
    unit = unreleased(cast)
    batch = a_batch(cast, unit)
    for do in (release_batch, discard_batch):
        with pytest.raises(PermissionDenied):
            do(batch_id=batch.pk, by=cast.lin, at=NOON)
    with pytest.raises(PermissionDenied):
        prepare_batch(
            project_id=cast.project.pk, name="首开", permit_id=batch.permit_id,
            unit_ids=[unit.pk], by=cast.lin, at=NOON,
        )  # fmt: skip
    with pytest.raises(errors.NoUnitsChosen):
        prepare_batch(
            project_id=cast.project.pk, name="空", permit_id=batch.permit_id, unit_ids=[],
            by=cast.mo, at=NOON,
        )  # fmt: skip


def test_at_the_desk_a_batch_is_prepared_seen_and_released(cast: Cast) -> None:
    sellable(cast)
    unit = unreleased(cast)
    clerk = a_user("CC", cast.project)
    page = signed_in(clerk)
    answer = page.post(
        reverse("inventory:batch_new"),
        {"name": "首开", "permit_id": a_permit(cast.project).pk, "units": unit.number},
    )
    batch = ReleaseBatch.objects.get()
    assert answer.status_code == 302
    ready = _("Everything is ready: the batch can be released now.")
    assert ready in text_of(page.get(reverse("inventory:batch", args=[batch.pk])))
    Unit.objects.filter(pk=unit.pk).update(is_sealed=True)
    page.post(reverse("inventory:batch_release", args=[batch.pk]))
    batch.refresh_from_db()
    assert batch.state == "prepared"
    sealed = str(errors.UnitSealed(unit=unit))
    assert sealed in text_of(page.get(reverse("inventory:batch", args=[batch.pk])))
    Unit.objects.filter(pk=unit.pk).update(is_sealed=False)
    page.post(reverse("inventory:batch_release", args=[batch.pk]))
    batch.refresh_from_db()
    assert batch.state == "released"
    assert "首开" in text_of(page.get(reverse("inventory:batches")))
    wrong = page.post(reverse("inventory:batch_new"), {"name": "x", "units": "9-9-9"})
    assert wrong.status_code == 422


def test_over_the_api_a_batch_is_prepared_planned_and_released(cast: Cast) -> None:
    sellable(cast)
    unit = unreleased(cast)
    call = Client(headers={"Authorization": f"Bearer {token_for(cast.mo)}"})

    def post(path: str, **body: object) -> tuple[int, dict[str, object]]:
        answer = call.post(f"/api/v1/{path}", json.dumps(body), content_type="application/json")
        return answer.status_code, answer.json()

    status, made = post(
        f"projects/{cast.project.pk}/release-batches/",
        name="首开", permit_id=a_permit(cast.project).pk, unit_ids=[unit.pk],
    )  # fmt: skip
    assert (status, made["unit_count"]) == (201, 1)
    path = f"release-batches/{made['id']}"
    assert post(f"{path}/plans/", due_at="2020-01-01T09:00:00+08:00")[1]["code"] == "in_the_past"
    assert post(f"{path}/release/")[1]["state"] == "released"
    assert post(f"{path}/release/")[0] == 409
    listed = call.get(f"/api/v1/projects/{cast.project.pk}/release-batches/?state=released").json()
    assert [row["name"] for row in listed["items"]] == ["首开"]
    log = call.get(f"/api/v1/projects/{cast.project.pk}/control-log/?unit_id={unit.pk}").json()
    assert [row["verb"] for row in log["items"]] == ["release", "make"]
    today = timezone.localdate().isoformat()
    log = call.get(f"/api/v1/projects/{cast.project.pk}/control-log/?start={today}").json()
    assert [row["to_status"] for row in log["items"]] == ["available"]
