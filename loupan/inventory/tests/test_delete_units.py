"""Units deleted together: only those that were only ever planned; others are named with reasons."""

from datetime import date
from typing import Any

import pytest
from django.urls import reverse

from loupan.inventory import errors
from loupan.inventory.actions.encumbrances import encumber_units
from loupan.inventory.actions.property import delete_units
from loupan.inventory.models import Unit, UnitChange
from loupan.inventory.queries.deletion import weigh_deletion
from loupan.inventory.testing import NOON, a_unit
from loupan.inventory.tests.desk import desk, text_of
from loupan.org.testing import a_project, a_user, signed_in

pytestmark = pytest.mark.django_db


def test_every_reason_that_keeps_a_unit_is_named() -> None:
    project, user, _browser = desk()
    planned = a_unit(project, floor=1, status="not_released")
    released = a_unit(project, floor=2)
    sold = a_unit(project, floor=3, status="contracted")
    withheld = a_unit(project, floor=4, status="not_released")
    UnitChange.objects.create(
        project=project, unit=withheld, verb="withhold", from_status="not_released",
        to_status="withheld", source="web", at=NOON,
    )  # fmt: skip
    held = a_unit(project, floor=5, status="not_released")
    encumber_units(
        project_id=project.pk, unit_ids=[held.pk], kind="seal", document_no="1",
        starts_on=date(2025, 3, 1), by=user, at=NOON,
    )  # fmt: skip
    rows = {
        row.unit: row.reasons for row in weigh_deletion([planned, released, sold, withheld, held])
    }
    assert rows[planned] == []
    assert "2025-01-10" in rows[released][0]
    assert len(rows[sold]) == 1
    assert len(rows[withheld]) == 1
    assert any(reason.endswith("1") for reason in rows[held])
    with pytest.raises(errors.UnitHasHistory) as refused:
        delete_units(unit_ids=[planned.pk, released.pk], by=user, at=NOON)
    assert "2025-01-10" in str(refused.value)
    assert Unit.objects.count() == 5


def test_units_are_weighed_first_and_then_deleted() -> None:
    project, _user, browser = desk()
    one = a_unit(project, floor=1, status="not_released")
    two = a_unit(project, floor=2)
    path = reverse("inventory:deletion")
    assert "1-1-103" in text_of(browser.get(path, {"units": str(one.pk)}))
    typed = {"units": f"{one.number} {two.number}"}
    seen = browser.post(path, typed | {"do": "check"})
    assert seen.status_code == 200
    assert seen.context["good"] == 1
    assert Unit.objects.count() == 2
    assert browser.post(path, typed | {"do": "delete"}).status_code == 302
    assert list(Unit.objects.all()) == [two]
    assert UnitChange.objects.filter(verb="delete").count() == 1
    assert browser.post(path, {"units": "7-7-7", "do": "delete"}).status_code == 422


def test_who_may_not_edit_deletes_nothing() -> None:
    project, _user, _browser = desk()
    unit = a_unit(project, status="not_released")
    typed = {"units": unit.number, "do": "delete"}
    path = reverse("inventory:deletion")
    assert signed_in(a_user("SC", project)).post(path, typed).status_code == 403
    assert signed_in(a_user("PD", a_project())).post(path, typed).status_code == 422
    assert Unit.objects.count() == 1


def test_two_hundred_units_are_weighed_with_few_statements(
    django_assert_max_num_queries: Any,
) -> None:
    project, _user, _browser = desk()
    units = [a_unit(project, floor=n, position=p) for n in range(1, 41) for p in range(1, 6)]
    with django_assert_max_num_queries(30):
        rows = weigh_deletion(units)
    assert len(rows) == 200
