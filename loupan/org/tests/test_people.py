"""Accounts and posts: made, changed, taken up, left; duties kept apart; all of it in the log (ORG-04, 05)."""

from datetime import date, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied

from loupan.core.models import AuditEvent
from loupan.core.refusals import ChangedMeanwhile
from loupan.org import errors, queries
from loupan.org.actions import people, structure
from loupan.org.models import PostHolding, User
from loupan.org.testing import a_company, a_post, a_project, a_role, a_user, hold, the_cast

pytestmark = pytest.mark.django_db

NOON = datetime.fromisoformat("2025-03-08T12:00:00+08:00")


def last_event() -> AuditEvent:
    return AuditEvent.objects.latest("pk")


def again(user: User) -> User:
    return User.objects.get(pk=user.pk)


def test_a_new_person_has_no_post_and_a_password_for_once() -> None:
    cast = the_cast()
    welcome = people.make_user(username="chen", display_name="陈", by=cast.ad, at=NOON)
    assert welcome.user.must_change_password
    assert welcome.user.check_password(welcome.one_time_password)
    assert not welcome.user.access.grants
    event = last_event()
    assert (event.event, event.by, event.after["username"]) == ("org.user.made", cast.ad, "chen")


@pytest.mark.parametrize("name", ["CHEN", "chen"])
def test_a_user_name_is_given_once_whatever_its_case(name: str) -> None:
    cast = the_cast()
    people.make_user(username="chen", display_name="陈", by=cast.ad, at=NOON)
    with pytest.raises(errors.NameTaken):
        people.make_user(username=name, display_name="陈", by=cast.ad, at=NOON)


def test_only_administrators_touch_people() -> None:
    cast = the_cast()
    post = cast.lin.current_post
    assert post is not None
    for by in (cast.mo, cast.lin, cast.fm, cast.guest):
        with pytest.raises(PermissionDenied):
            people.make_user(username="x", display_name="x", by=by, at=NOON)
        with pytest.raises(PermissionDenied):
            people.disable_user(user_id=cast.lin.pk, reason="", by=by, at=NOON)
        with pytest.raises(PermissionDenied):
            people.reset_password(user_id=cast.lin.pk, by=by, at=NOON)
        with pytest.raises(PermissionDenied):
            people.hold_post(user_id=cast.guest.pk, post_id=post.pk, by=by, at=NOON)
        with pytest.raises(PermissionDenied):
            people.leave_post(user_id=cast.lin.pk, post_id=post.pk, by=by, at=NOON)


def test_an_administrator_of_one_company_cannot_touch_another() -> None:
    here, there = a_project(), a_project()
    ad = a_user("AD", company=here.company, scopes={"org": "company"})
    foreigner, own = a_user("SC", there), a_user("SC", here)
    people.reset_password(user_id=own.pk, by=ad, at=NOON)
    with pytest.raises(PermissionDenied):
        people.reset_password(user_id=foreigner.pk, by=ad, at=NOON)
    with pytest.raises(PermissionDenied):
        people.hold_post(user_id=own.pk, post_id=a_post("PD", there).pk, by=ad, at=NOON)
    with pytest.raises(PermissionDenied):
        structure.make_project(company_id=there.company_id, name="x", code="x", by=ad, at=NOON)
    with pytest.raises(PermissionDenied):
        structure.make_company(name="above all", code="top", by=ad, at=NOON)
    with pytest.raises(PermissionDenied):
        structure.edit_role(
            role_id=a_role("SC").pk,
            name="x",
            name_en="",
            permissions=["org.manage"],
            scopes={},
            version=0,
            by=ad,
            at=NOON,
        )
    assert foreigner not in queries.users_for(ad)
    assert own in queries.users_for(ad)


def test_a_person_with_a_post_elsewhere_is_not_for_one_company_alone_to_reset() -> None:
    """Whoever sets a password holds all posts behind it."""
    here, there = a_project(), a_project()
    ad = a_user("AD", company=here.company, scopes={"org": "company"})
    both = a_user("SC", here)
    hold(both, a_post("PD", there))
    with pytest.raises(PermissionDenied):
        people.reset_password(user_id=both.pk, by=ad, at=NOON)


def test_a_post_taken_up_counts_at_once_and_left_no_more() -> None:
    cast = the_cast()
    post = a_post("SC", cast.project)
    people.hold_post(user_id=cast.guest.pk, post_id=post.pk, by=cast.ad, at=NOON)
    assert again(cast.guest).may("sales.reserve_unit", cast.project.pk)
    assert again(cast.guest).current_post == post
    assert last_event().event == "org.post.held"
    people.leave_post(user_id=cast.guest.pk, post_id=post.pk, by=cast.ad, at=NOON)
    assert not again(cast.guest).may("sales.reserve_unit", cast.project.pk)
    assert again(cast.guest).current_post is None
    assert last_event().event == "org.post.left"
    people.hold_post(user_id=cast.guest.pk, post_id=post.pk, by=cast.ad, at=NOON)
    assert again(cast.guest).may("sales.reserve_unit", cast.project.pk)
    assert PostHolding.objects.filter(user=cast.guest).count() == 1


def test_help_for_the_opening_day_ends_by_itself() -> None:
    """DOMAIN 4.1: time-limited grants carry an end date."""
    cast = the_cast()
    post, day = a_post("SC", cast.project), date(2025, 3, 8)
    people.hold_post(
        user_id=cast.wei.pk, post_id=post.pk, starts_on=day, ends_on=day, by=cast.ad, at=NOON
    )
    assert not again(cast.wei).may("sales.reserve_unit", cast.project.pk), "that day is over"
    with pytest.raises(errors.EndsBeforeItStarts):
        people.hold_post(
            user_id=cast.wei.pk,
            post_id=post.pk,
            starts_on=day,
            ends_on=day - timedelta(days=1),
            by=cast.ad,
            at=NOON,
        )


@pytest.mark.parametrize(("has", "asks"), [("CA", "FM"), ("FM", "CA"), ("CA", "PD"), ("CA", "AD")])
def test_a_segregated_pair_is_refused_in_one_project(has: str, asks: str) -> None:
    cast = the_cast()
    person = a_user(has, cast.project)
    post = a_post(asks, cast.project)
    with pytest.raises(errors.DutiesMustBeSeparate):
        people.hold_post(user_id=person.pk, post_id=post.pk, by=cast.ad, at=NOON)
    assert not PostHolding.objects.filter(user=person, post=post).exists()


def test_a_company_wide_post_meets_one_in_a_project_below() -> None:
    cast = the_cast()
    post = a_post("FM", company=cast.project.company)
    with pytest.raises(errors.DutiesMustBeSeparate):
        people.hold_post(user_id=cast.zhao.pk, post_id=post.pk, by=cast.ad, at=NOON)


def test_an_exception_needs_a_reason_which_stands_in_the_log() -> None:
    cast = the_cast()
    people.hold_post(
        user_id=cast.zhao.pk,
        post_id=a_post("PD", cast.project).pk,
        exception_reason="two people on site",
        by=cast.ad,
        at=NOON,
    )
    assert last_event().facts["exception_reason"] == "two people on site"
    assert last_event().facts["pairs"] == ["cashier_refund_approver"]


def test_a_post_or_role_cannot_be_changed_into_a_segregated_pair() -> None:
    cast = the_cast()
    extra = a_post("SC", cast.project)
    hold(cast.zhao, extra)
    with pytest.raises(errors.DutiesMustBeSeparate):
        structure.edit_post(
            post_id=extra.pk,
            role_id=a_role("FM").pk,
            name="x",
            department_id=None,
            superior_id=None,
            scopes={},
            denied=[],
            is_active=True,
            version=0,
            by=cast.ad,
            at=NOON,
        )
    cashier = a_role("CA")
    with pytest.raises(errors.DutiesMustBeSeparate):
        structure.edit_role(
            role_id=cashier.pk,
            name=cashier.name,
            name_en="",
            permissions=[*cashier.permissions, "ledger.refund"],
            scopes=cashier.scopes,
            version=0,
            by=cast.ad,
            at=NOON,
        )
    cashier.refresh_from_db()
    assert "ledger.refund" not in cashier.permissions


def test_the_last_administrator_stays() -> None:
    cast = the_cast()
    post = cast.ad.current_post
    assert post is not None
    with pytest.raises(errors.LastAdministrator):
        people.disable_user(user_id=cast.ad.pk, reason="", by=cast.ad, at=NOON)
    with pytest.raises(errors.LastAdministrator):
        people.leave_post(user_id=cast.ad.pk, post_id=post.pk, by=cast.ad, at=NOON)
    assert again(cast.ad).may("org.manage")


def test_a_stale_form_overwrites_nothing() -> None:
    cast = the_cast()
    typed = {"display_name": "林晓雨", "phone_tail": "", "valid_until": None, "version": 0}
    people.edit_user(user_id=cast.lin.pk, **typed, by=cast.ad, at=NOON)  # type: ignore[arg-type]
    with pytest.raises(ChangedMeanwhile):
        people.edit_user(user_id=cast.lin.pk, **typed, by=cast.ad, at=NOON)  # type: ignore[arg-type]
    assert last_event().before == {"display_name": "林小雨"}
    assert last_event().after == {"display_name": "林晓雨"}


def test_a_company_takes_everything_below_along_when_it_moves() -> None:
    group = a_company()
    south, north = a_company(parent=group), a_company(parent=group)
    city = a_company(parent=south)
    project = a_project(company=city)
    ad, director = a_user("AD", company=group), a_user("CD", company=north)
    assert not again(director).access.project_ids
    structure.edit_company(
        company_id=south.pk,
        name=south.name,
        code=south.code,
        parent_id=north.pk,
        tax_number="",
        address="",
        phone="",
        version=0,
        by=ad,
        at=NOON,
    )
    city.refresh_from_db()
    assert city.path == f"/{group.pk}/{north.pk}/{south.pk}/{city.pk}/"
    assert again(director).access.project_ids == {project.pk}
    with pytest.raises(errors.CompanyInsideItself):
        structure.edit_company(
            company_id=north.pk,
            name=north.name,
            code=north.code,
            parent_id=city.pk,
            tax_number="",
            address="",
            phone="",
            version=0,
            by=ad,
            at=NOON,
        )


def test_a_post_stands_in_its_own_company_and_never_below_itself() -> None:
    group = a_company()
    here = a_project(company=a_company(parent=group))
    there = a_project(company=a_company(parent=group))
    ad = a_user("AD", company=group)
    with pytest.raises(errors.NotOfThisCompany):
        structure.make_post(
            role_id=a_role("SC").pk,
            company_id=here.company_id,
            project_id=there.pk,
            name="x",
            by=ad,
            at=NOON,
        )
    top = a_post("TL", here)
    below = a_post("SC", here, superior=top)
    with pytest.raises(errors.PostBelowItself):
        structure.edit_post(
            post_id=top.pk,
            role_id=top.role_id,
            name="x",
            department_id=None,
            superior_id=below.pk,
            scopes={},
            denied=[],
            is_active=True,
            version=0,
            by=ad,
            at=NOON,
        )


def test_a_department_never_stands_below_itself() -> None:
    project = a_project()
    ad = a_user("AD", company=project.company)
    upper = structure.make_department(company_id=project.company_id, name="上", by=ad, at=NOON)
    lower = structure.make_department(
        company_id=project.company_id, name="下", parent_id=upper.pk, by=ad, at=NOON
    )
    with pytest.raises(errors.DepartmentInsideItself):
        structure.edit_department(
            department_id=upper.pk,
            name="上",
            project_id=None,
            parent_id=lower.pk,
            version=0,
            by=ad,
            at=NOON,
        )
