"""Setting, locking and taking back a parameter at every level (PRM-01)."""

import uuid
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from pytest_django.fixtures import DjangoAssertNumQueries

from loupan.core.audit import history_of
from loupan.core.refusals import ChangedMeanwhile
from loupan.org.actions.structure import edit_company
from loupan.org.models import Company, Project, User
from loupan.org.testing import a_company, a_project, a_user
from loupan.parameters import errors, hooks
from loupan.parameters.actions.values import clear_parameter, set_parameter
from loupan.parameters.models import ParameterStamp, ParameterValue
from loupan.parameters.queries.book import book_of, parameter
from loupan.parameters.queries.places import GROUP, Place, place_named, places_for
from loupan.parameters.queries.values import line_at
from loupan.parameters.rules.values import Kind, Parameter, WrongValue, checked
from loupan.parameters.testing import SOME_DAYS as DAYS
from loupan.parameters.testing import declared

pytestmark = pytest.mark.django_db
NOON = datetime(2025, 3, 8, 12, tzinfo=ZoneInfo("Asia/Shanghai"))


class Tree:
    """Group → Hai Cheng → East China → Cloud Hills, and a project elsewhere."""

    def __init__(self) -> None:
        self.group = a_company("海成集团")
        self.east = a_company("海成华东", parent=self.group)
        self.project = a_project("海成·云麓", company=self.east)
        self.elsewhere = a_project("江湾", company=a_company("别家"))
        self.ad = a_user("AD", company=self.group)


@pytest.fixture
def tree() -> Iterator[Tree]:
    with declared(DAYS):
        yield Tree()


def put(tree: Tree, value: Any, by: User | None = None, **kwargs: Any) -> ParameterValue:
    place = kwargs.pop("place", Place(project=tree.project))
    return set_parameter(
        key=DAYS.key, place=place, value=value, by=by or tree.ad, at=NOON, **kwargs
    )


def test_without_anything_set_the_default_counts(tree: Tree) -> None:
    assert parameter(tree.project.pk, DAYS) == 3
    assert parameter(tree.project.pk, "tested.some_days") == 3


def test_a_value_counts_at_its_level_and_below(tree: Tree) -> None:
    put(tree, 5, place=Place())
    assert parameter(tree.project.pk, DAYS) == parameter(tree.elsewhere.pk, DAYS) == 5
    put(tree, 7, place=Place(company=tree.group))
    assert (parameter(tree.project.pk, DAYS), parameter(tree.elsewhere.pk, DAYS)) == (7, 5)
    put(tree, 8, place=Place(company=tree.east))
    assert parameter(tree.project.pk, DAYS) == 8
    put(tree, 9)
    assert parameter(tree.project.pk, DAYS) == 9


def test_every_value_says_where_it_comes_from(tree: Tree) -> None:
    here = Place(project=tree.project)
    line = line_at(here, DAYS.key)
    assert line
    assert (line.shown, line.is_own, line.locked_by) == ("3 days", False, "")
    put(tree, 8, place=Place(company=tree.east), is_locked=True)
    line = line_at(here, DAYS.key)
    assert line
    assert (line.counts.value, line.origin, line.locked_by) == (8, "海成华东", "海成华东")
    assert line.is_locked_above
    above = line_at(Place(company=tree.east), DAYS.key)
    assert above
    assert (above.is_own, above.is_locked_above) == (True, False)


def test_what_is_locked_above_cannot_be_set_below_and_what_was_set_counts_no_more(
    tree: Tree,
) -> None:
    put(tree, 9)
    put(tree, 8, place=Place(company=tree.group), is_locked=True)
    assert parameter(tree.project.pk, DAYS) == 8
    with pytest.raises(errors.LockedAbove) as refused:
        put(tree, 10)
    assert "海成集团" in str(refused.value)
    with pytest.raises(errors.LockedAbove):
        clear_parameter(key=DAYS.key, place=Place(project=tree.project), by=tree.ad, at=NOON)
    put(tree, 8, place=Place(company=tree.group), is_locked=False)
    assert parameter(tree.project.pk, DAYS) == 9


def test_taken_back_the_level_above_counts_again_and_the_history_stays(tree: Tree) -> None:
    put(tree, 5, place=Place())
    put(tree, 9)
    row = clear_parameter(key=DAYS.key, place=Place(project=tree.project), by=tree.ad, at=NOON)
    assert parameter(tree.project.pk, DAYS) == 5
    last, first = history_of(row)
    assert (last.event, last.before, last.after) == (
        "parameters.value.taken_back", {"text": "9"}, {"text": None},
    )  # fmt: skip
    assert (first.after, first.by, first.project_id) == ({"text": "9"}, tree.ad, tree.project.pk)


@pytest.mark.parametrize(
    ("value", "refusal"),
    [
        (0, errors.ValueTooSmall),
        (91, errors.ValueTooLarge),
        ("x", errors.ValueNotOfThisKind),
        (Decimal("1.5"), errors.ValueNotOfThisKind),
    ],
)
def test_what_is_out_of_range_is_refused_in_words(
    tree: Tree, value: Any, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal) as refused:
        put(tree, value)
    assert str(DAYS.label) in str(refused.value)
    assert not ParameterValue.objects.exists()


def test_of_two_who_had_the_page_open_the_second_is_told(tree: Tree) -> None:
    row = put(tree, 5, version=0)
    put(tree, 6, version=row.version)
    with pytest.raises(ChangedMeanwhile):
        put(tree, 7, version=row.version)


@pytest.mark.parametrize(
    ("role", "place", "may"),
    [
        ("AD", GROUP, True),
        ("AD", "company", True),
        ("AD", "project", True),
        ("GD", GROUP, True),
        ("CD", GROUP, False),
        ("CD", "company", True),
        ("CD", "above", False),
        ("CD", "elsewhere", False),
        ("MK", "project", True),
        ("MK", "company", False),
        ("PD", "project", False),
        ("SC", "project", False),
    ],
)
def test_who_may_set_at_which_level(tree: Tree, role: str, place: str, may: bool) -> None:  # noqa: FBT001
    wide = role in {"AD", "GD", "CD"}
    by = a_user(role, company=tree.east) if wide else a_user(role, tree.project)
    where = {
        GROUP: Place(),
        "above": Place(company=tree.group),
        "company": Place(company=tree.east),
        "project": Place(project=tree.project),
        "elsewhere": Place(project=tree.elsewhere),
    }[place]
    if may:
        assert put(tree, 4, by=by, place=where).pk
        return
    with pytest.raises(PermissionDenied):
        put(tree, 4, by=by, place=where)


def test_the_levels_shown_are_those_in_reach(tree: Tree) -> None:
    seen = [place.label for place in places_for(a_user("CD", company=tree.east))]
    assert seen == ["海成华东", "海成·云麓"]
    assert [p.label for p in places_for(a_user("PD", tree.project))] == ["海成·云麓"]


def test_a_whole_project_is_read_at_once_and_not_again_until_something_changes(
    tree: Tree, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    put(tree, 5)
    stamp = ParameterStamp.objects.get(project=tree.project).stamp
    with django_assert_num_queries(7):  # The stamp, then each kind of setting.
        book = book_of(tree.project.pk)
    with django_assert_num_queries(0):
        assert book_of(tree.project.pk, stamp)[DAYS] == 5
    with django_assert_num_queries(1):
        assert book_of(tree.project.pk) is book
    put(tree, 6, place=Place())
    put(tree, 7)
    with django_assert_num_queries(7):
        assert book_of(tree.project.pk)[DAYS] == 7


def test_a_company_that_moves_inherits_from_where_it_hangs_now(tree: Tree) -> None:
    other = tree.elsewhere.company
    put(tree, 20, place=Place(company=other))
    put(tree, 5, place=Place(company=tree.group))
    assert parameter(tree.project.pk, DAYS) == 5
    east = Company.objects.get(pk=tree.east.pk)
    edit_company(
        company_id=east.pk, name=east.name, code=east.code, parent_id=other.pk, tax_number="",
        address="", phone="", version=east.version, by=tree.ad, at=NOON,
    )  # fmt: skip
    assert parameter(tree.project.pk, DAYS) == 20


def test_who_keeps_something_of_the_settings_is_told_of_every_project_below(tree: Tree) -> None:
    told: list[list[int]] = []
    key = f"test-{uuid.uuid4()}"
    hooks.changed.plug(key, told.append)
    try:
        put(tree, 4, place=Place(company=tree.group))
        put(tree, 5, place=Place(company=tree.elsewhere.company))
    finally:
        hooks.changed._plugs.pop(key)
    assert told == [[tree.project.pk], [tree.elsewhere.pk]]


def test_a_key_is_declared_once() -> None:
    with declared(DAYS), pytest.raises(AssertionError):
        hooks.declare(DAYS)


def test_a_level_has_one_name(tree: Tree) -> None:
    assert place_named(tree.ad, f"project-{tree.project.pk}").project == tree.project
    for wrong in ("", "Group", "company-0", "company-99999999999999999999", "project--1", "x"):
        with pytest.raises(Http404):
            place_named(tree.ad, wrong)


def test_a_day_is_a_day_and_not_an_instant() -> None:
    day = Parameter[date]("t.day", Kind.DATE, date(2025, 1, 1), "g", "Day")
    with pytest.raises(WrongValue):
        checked(day, NOON)


def test_two_projects_of_one_company_are_set_apart(tree: Tree) -> None:
    second = Project.objects.create(company=tree.east, code="P-second", name="二期")
    put(tree, 9)
    put(tree, 4, place=Place(project=second))
    assert (parameter(tree.project.pk, DAYS), parameter(second.pk, DAYS)) == (9, 4)
