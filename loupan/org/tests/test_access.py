"""Who sees which rows: every scope, the union over posts, time, denial (DOMAIN 4.1)."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from loupan.core.calendar import local_today
from loupan.org import queries
from loupan.org.actions.stamps import renew_access_stamp
from loupan.org.models import Project, User
from loupan.org.permissions import access_of, require
from loupan.org.testing import (
    a_company,
    a_department,
    a_post,
    a_project,
    a_user,
    hold,
    the_cast,
    token_for,
)

pytestmark = pytest.mark.django_db


def fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


def owners_seen(viewer: User, group: str, project: Project) -> set[int] | None:
    found = fresh(viewer).access.owners(group, project.pk)
    return None if found is None else set(found)


def sees_row(viewer: User, group: str, *, project: Project, owner: User) -> bool:
    """Through the WHERE itself: a user stands in for a row with a project and an owner."""
    condition = fresh(viewer).access.rows(group, project="current_project_id", owner="id")
    owner.current_project = project
    owner.save(update_fields=["current_project"])
    return User.objects.filter(condition, pk=owner.pk).exists()


def test_self_sees_only_its_own_rows() -> None:
    project = a_project()
    lin, colleague = a_user("SC", project), a_user("SC", project)
    assert owners_seen(lin, "customers", project) == {lin.pk}
    assert sees_row(lin, "customers", project=project, owner=lin)
    assert not sees_row(lin, "customers", project=project, owner=colleague)


def test_subordinates_are_found_down_the_tree_of_posts() -> None:
    project = a_project()
    top = a_post("TL", project, scopes={"customers": "subordinates"})
    middle = a_post("SC", project, superior=top)  # Held by nobody.
    leader = a_user(None)
    hold(leader, top)
    near = a_user("SC", project, superior=top)
    far = a_user("SC", project, superior=middle)
    beside = a_user("SC", project)
    assert owners_seen(leader, "customers", project) == {leader.pk, near.pk, far.pk}
    assert sees_row(leader, "customers", project=project, owner=far)
    assert not sees_row(leader, "customers", project=project, owner=beside)


def test_a_circle_of_superiors_does_not_hang() -> None:
    project = a_project()
    one = a_post("TL", project, scopes={"deals": "subordinates"})
    other = a_post("SC", project, superior=one)
    one.superior = other
    one.save(update_fields=["superior"])
    leader = a_user(None)
    hold(leader, one)
    assert owners_seen(leader, "deals", project) == {leader.pk}


def test_a_team_is_the_department_and_the_ones_below() -> None:
    project = a_project()
    team = a_department(project=project)
    below = a_department("实习组", project=project, parent=team)
    deepest = a_department("新人", project=project, parent=below)
    other_team = a_department("销售二组", project=project)
    leader = a_user("TL", project, department=team)
    mate, trainee, newcomer, stranger = (
        a_user("SC", project, department=each) for each in (team, below, deepest, other_team)
    )
    seen = {leader.pk, mate.pk, trainee.pk, newcomer.pk}
    assert owners_seen(leader, "customers", project) == seen
    assert not sees_row(leader, "customers", project=project, owner=stranger)


def test_a_team_of_nobody_is_oneself() -> None:
    project = a_project()
    leader = a_user("TL", project)
    a_user("SC", project)
    assert owners_seen(leader, "customers", project) == {leader.pk}


def test_a_project_is_seen_whole_and_no_other() -> None:
    company = a_company()
    here, there = a_project(company=company), a_project(company=company)
    manager, owner = a_user("SM", here), a_user("SC", there)
    assert owners_seen(manager, "deals", here) is None
    assert owners_seen(manager, "deals", there) == set()
    assert sees_row(manager, "deals", project=here, owner=owner)
    assert not sees_row(manager, "deals", project=there, owner=owner)


def test_a_company_is_seen_with_everything_below_and_nothing_beside() -> None:
    group = a_company()
    south, north = a_company("华南", parent=group), a_company("华北", parent=group)
    city = a_company("深圳", parent=south)
    in_south, in_city, in_north = (a_project(company=c) for c in (south, city, north))
    director = a_user("CD", company=south)
    reach = fresh(director).access.project_ids
    assert reach == {in_south.pk, in_city.pk}
    assert set(queries.projects_for(fresh(director))) == {in_south, in_city}
    assert in_north.pk not in reach
    assert fresh(director).may("sales.cancel_reservation", in_city.pk)
    assert not fresh(director).may("sales.cancel_reservation", in_north.pk)


def test_companies_with_a_common_beginning_of_their_path_are_kept_apart() -> None:
    """ "/1/" must not reach into "/12/"."""
    first = a_company()
    others = [a_company() for _ in range(12)]
    lookalike = next((c for c in others if str(c.pk).startswith(str(first.pk))), others[0])
    a_project(company=lookalike)
    assert not fresh(a_user("CD", company=first)).access.project_ids


def test_the_group_sees_everything_from_any_seat() -> None:
    here, elsewhere = a_project(), a_project()
    director = a_user("GD", company=here.company)
    assert fresh(director).access.project_ids >= {here.pk, elsewhere.pk}


def test_scope_is_set_per_function_group() -> None:
    project = a_project()
    manager = a_user("SM", project, scopes={"money": "self", "reports": "none"})
    assert owners_seen(manager, "deals", project) is None
    assert owners_seen(manager, "money", project) == {manager.pk}
    assert owners_seen(manager, "reports", project) == set()
    assert not fresh(manager).may("reports.read", project.pk)
    assert not fresh(manager).access.sees("org")


def test_two_posts_in_two_projects_are_united_without_mixing() -> None:
    """Manager of A who is consultant in B (DOMAIN 4.1)."""
    a, b = a_project(), a_project()
    person, seller = a_user("SM", a), a_user("SC", b)
    hold(person, a_post("SC", b))
    assert owners_seen(person, "customers", a) is None
    assert owners_seen(person, "customers", b) == {person.pk}
    assert sees_row(person, "customers", project=a, owner=seller)
    assert not sees_row(person, "customers", project=b, owner=seller)
    assert fresh(person).access.projects_with("customers.assign") == [a.pk]
    assert not fresh(person).may("customers.assign", b.pk)
    assert fresh(person).may("customers.register", b.pk)


def test_the_wider_of_two_posts_in_one_project_wins() -> None:
    project = a_project()
    person, other = a_user("SC", project), a_user("SC", project)
    hold(person, a_post("SM", project))
    assert owners_seen(person, "customers", project) is None
    assert sees_row(person, "customers", project=project, owner=other)


@pytest.mark.parametrize(
    ("starts", "ends", "counts"),
    [(-9, None, True), (0, 0, True), (-9, -1, False), (1, None, False), (-9, 0, True)],
)
def test_a_post_counts_from_its_first_to_its_last_day(
    starts: int,
    ends: int | None,
    counts: bool,  # noqa: FBT001
) -> None:
    today, project = local_today(), a_project()
    helper = a_user(None)
    last = None if ends is None else today + timedelta(days=ends)
    hold(helper, a_post("SC", project), starts_on=today + timedelta(days=starts), ends_on=last)
    assert fresh(helper).may("sales.reserve_unit", project.pk) is counts


def test_whoever_left_the_team_is_no_longer_seen_through_it() -> None:
    project = a_project()
    team = a_department(project=project)
    leader, gone = a_user("TL", project, department=team), a_user(None)
    hold(gone, a_post("SC", project, department=team), ends_on=date(2020, 1, 1))
    assert owners_seen(leader, "customers", project) == {leader.pk}


def test_a_denial_beats_every_post_in_the_same_project_and_no_other() -> None:
    a, b = a_project(), a_project()
    person = a_user("PD", a)
    hold(person, a_post("SM", a, denied=["inventory.read_floor_price"]))
    hold(person, a_post("PD", b))
    access = fresh(person).access
    assert not access.may("inventory.read_floor_price", a.pk)
    assert access.may("inventory.read_floor_price", b.pk)
    assert access.projects_with("inventory.read_floor_price") == [b.pk]
    assert not access.may("inventory.read_floor_price"), "asked without a project: no"
    shown = access.rows("inventory", project="pk", permission="inventory.read_floor_price")
    assert set(Project.objects.filter(shown)) == {b}


def test_a_wide_scope_shows_nothing_without_the_permission_to_read() -> None:
    project = a_project()
    lawyer = a_user("LG", project, scopes={"money": "group"})
    assert owners_seen(lawyer, "money", project) == set()
    assert not sees_row(lawyer, "money", project=project, owner=a_user("SC", project))


def test_a_denied_reading_empties_the_lists_too() -> None:
    project, other = a_project(), a_user("SC")
    manager = a_user("SM", project)
    assert sees_row(manager, "customers", project=project, owner=other)
    hold(manager, a_post("SC", project, denied=["customers.read"]))
    assert not sees_row(manager, "customers", project=project, owner=other)
    assert sees_row(manager, "deals", project=project, owner=other)


def test_an_inactive_post_and_an_inactive_person_give_nothing() -> None:
    project = a_project()
    idle = a_user(None)
    hold(idle, a_post("PD", project, is_active=False))
    disabled = a_user("PD", project, is_active=False)
    expired = a_user("PD", project, valid_until=local_today() - timedelta(days=1))
    for person in (idle, disabled, expired):
        assert not fresh(person).access.project_ids
        assert not fresh(person).access.permissions()


def test_require_says_no_with_the_name_of_the_permission() -> None:
    cast = the_cast()
    require(cast.lin, "sales.reserve_unit", cast.project.pk)
    with pytest.raises(PermissionDenied, match=r"ledger\.record_receipt"):
        require(cast.lin, "ledger.record_receipt", cast.project.pk)
    with pytest.raises(PermissionDenied):
        require(cast.lin, "sales.reserve_unit", cast.other_project.pk)


def test_the_administrator_sees_the_organisation_and_no_business() -> None:
    cast = the_cast()
    ad = fresh(cast.ad)
    assert ad.access.sees("org")
    assert not any(ad.access.sees(g) for g in ("customers", "deals", "money", "inventory"))
    assert not ad.may("customers.read", cast.project.pk)


def a_consultant() -> User:
    return a_user("SC")


def a_director() -> User:
    return a_user("CD", company=a_project().company)


def a_leader_of_much() -> User:
    project = a_project()
    team = a_department(project=project)
    person = a_user("TL", project, department=team, scopes={"deals": "subordinates"})
    hold(person, a_post("TL", a_project(), department=team))
    hold(person, a_post("CD", company=project.company))
    return person


@pytest.mark.parametrize(
    ("make", "most"), [(a_consultant, 1), (a_director, 2), (a_leader_of_much, 3)]
)
def test_access_costs_at_most_three_statements(make: Callable[[], User], most: int) -> None:
    person = fresh(make())
    with CaptureQueriesContext(connection) as asked:
        access = person.access
        access.rows("deals", owner="owner_id")
        assert person.access is access
    assert len(asked) == most


def test_a_known_token_costs_one_statement_until_the_organisation_changes() -> None:
    """Note [Remembered access]."""
    project = a_project()
    lin = a_user("SC", project)
    token = token_for(lin)

    def may_collect() -> tuple[bool, int]:
        with CaptureQueriesContext(connection) as asked:
            user = queries.bearer_of(token, timezone.now())
            assert user is not None
            return user.may("ledger.record_receipt", project.pk), len(asked)

    assert may_collect() == (False, 2)
    assert may_collect() == (False, 1)
    hold(lin, a_post("CA", project))
    assert may_collect() == (True, 2)
    assert may_collect() == (True, 1)
    renew_access_stamp()
    assert may_collect() == (True, 2)


def test_access_is_of_a_day() -> None:
    project, person = a_project(), a_user(None)
    hold(person, a_post("SC", project), ends_on=date(2025, 3, 8))
    assert access_of(person, date(2025, 3, 8)).may("sales.read", project.pk)
    assert not access_of(person, date(2025, 3, 9)).may("sales.read", project.pk)


def test_staff_of_a_project_can_be_asked_for_by_what_they_may() -> None:
    cast = the_cast()
    at = timezone.now()
    staff = set(queries.staff_of(cast.project.pk, at))
    assert {cast.lin, cast.mo, cast.zhao} <= staff
    assert cast.wei not in staff
    collectors = queries.staff_of(cast.project.pk, at, permission="ledger.record_receipt")
    assert set(collectors) == {cast.zhao}
