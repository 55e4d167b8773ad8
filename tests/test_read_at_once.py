"""Several small reads in one statement give what each would have given alone."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Count, F, QuerySet, Sum

from loupan.core.at_once import Rows, Summed, Sums, read_at_once
from loupan.inventory.models import Building, Layout, PresalePermit, Unit, UnitChange
from loupan.inventory.testing import a_layout, a_permit, a_unit
from loupan.org.models import Project, User
from loupan.org.testing import a_project, a_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    project = a_project()
    for floor in range(2, 8):
        a_unit(project, building=str(floor % 2 + 1), floor=floor, built_area=f"{110 + floor}.37")
    a_permit(project, number='引号"与\\斜线', valid_until=date(2027, 1, 31))
    a_layout(project, "Z")
    a_layout(project, "A", rooms="a\nb")
    return project


def plain(rows: list[Any]) -> list[dict[str, Any]]:
    return [{k: v for k, v in vars(row).items() if not k.startswith("_")} for row in rows]


@pytest.mark.parametrize(
    "rows",
    [
        Layout.objects.all(),
        PresalePermit.objects.order_by("-number"),
        Unit.objects.defer("price_trace").order_by("-predicted_built_area"),
        UnitChange.objects.order_by("-at", "pk"),
        Building.objects.only("name"),
    ],
    ids=lambda rows: rows.model.__name__,
)
def test_models_are_as_their_query_gives_them(project: Project, rows: QuerySet[Any]) -> None:
    assert len(rows.all()) > 1
    assert plain(read_at_once({"rows": Rows(rows.all())})["rows"]) == plain(list(rows.all()))


def test_tuples_stand_in_the_order_of_their_query(project: Project) -> None:
    tall = Unit.objects.order_by("-floor_no").values_list("floor_no", "predicted_built_area")
    by_building = Unit.objects.order_by("building__code").values_list("building__code")
    counted = by_building.annotate(units=Count("pk"), area=Sum("predicted_built_area"))
    found = read_at_once({"tall": Rows(tall), "counted": Rows(counted)})
    assert found == {"tall": list(tall), "counted": list(counted)}


def test_parts_are_read_by_one_statement(project: Project, django_assert_num_queries: Any) -> None:
    people = User.objects.filter(pk=a_user("SC", project).pk)
    with django_assert_num_queries(1):
        found = read_at_once(
            {
                "people": Rows(people.only("username")),
                "layouts": Rows(Layout.objects.all()),
                "units": Summed(Unit.objects.all()),
            }
        )
    assert [len(found["people"]), len(found["layouts"]), found["units"].count] == [1, 2, 6]


def test_sums_are_exact_to_the_fen_and_count_no_further_than_asked(project: Project) -> None:
    units = Unit.objects.annotate(twice=F("list_total") * 2).order_by("-pk")
    sums = {"total": Sum("list_total"), "twice": Sum("twice")}
    found = read_at_once({"all": Summed(units, sums), "few": Summed(units, {}, 4)})
    expected = sum((unit.list_total or Decimal(0) for unit in units), Decimal(0))
    assert found["all"] == Sums(6, {"total": expected, "twice": 2 * expected})
    assert str(found["all"].sums["total"]) == f"{expected:.2f}"
    assert found["few"].count == 4


def test_what_cannot_find_anything_costs_no_statement(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        found = read_at_once(
            {
                "rows": Rows(Layout.objects.none()),
                "sums": Summed(Unit.objects.none(), {"total": Sum("list_total")}),
            }
        )
    assert found == {"rows": [], "sums": Sums(0, {"total": None})}


def test_no_rows_are_no_rows(project: Project) -> None:
    nobody = Unit.objects.filter(number="nowhere").defer("price_trace")
    found = read_at_once({"rows": Rows(nobody), "sums": Summed(nobody, {"t": Sum("list_total")})})
    assert found == {"rows": [], "sums": Sums(0, {"t": None})}
