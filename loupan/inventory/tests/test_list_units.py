"""Units in their list: released and withheld together, each by the rules of one; subtotals by status."""

import pytest

from loupan.core.models import BulkRun
from loupan.inventory.models import Unit
from loupan.inventory.states import UnitStatus
from loupan.inventory.testing import a_unit
from loupan.org.testing import a_project, a_user, signed_in

pytestmark = pytest.mark.django_db


def test_ticked_units_are_withheld_and_offered_again_each_with_its_result() -> None:
    project = a_project()
    clerk = signed_in(a_user("CC", project))
    free = [a_unit(project, floor=floor) for floor in (3, 4)]
    sold = a_unit(project, floor=5, status=UnitStatus.RESERVED)
    ticked = {"do": "bulk", "verb": "withhold", "pk": [u.pk for u in (*free, sold)]}
    assert clerk.post("/inventory/units/", {**ticked, "confirmed": "1"}).status_code == 422
    clerk.post("/inventory/units/", {**ticked, "confirmed": "1", "reason": "抵押核查"})
    run = BulkRun.objects.get()
    assert (run.done, run.refused) == (3, 1)
    assert run.rows.exclude(reason="").get().row_id == sold.pk
    assert set(Unit.objects.filter(status=UnitStatus.WITHHELD)) == set(free)
    consultant = signed_in(a_user("SC", project))
    assert consultant.post("/inventory/units/", ticked).status_code == 403
    assert not consultant.get("/inventory/units/").context["bulk_verbs"]


def test_units_stand_in_groups_with_the_sum_of_their_list_totals() -> None:
    project = a_project()
    first, second = a_unit(project, floor=3), a_unit(project, floor=4)
    a_unit(project, floor=5, status=UnitStatus.RESERVED)
    found = signed_in(a_user("SM", project)).get("/inventory/units/", {"group": "status"})
    groups = {group.token: group for group in found.context["groups"]}
    assert groups[".available"].count == 2
    wanted = (first.list_total or 0) + (second.list_total or 0)
    assert groups[".available"].sums["list_total"] == wanted
