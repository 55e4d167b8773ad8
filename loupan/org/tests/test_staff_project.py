"""The usual posts of a project with their people, in one step (ORG-04)."""

from datetime import datetime

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client

from loupan.org import errors, queries
from loupan.org.actions.staffing import staff_project
from loupan.org.actions.structure import install_roles
from loupan.org.models import Post, Project, User
from loupan.org.permissions import access_of
from loupan.org.rules import ROLE_TEMPLATES, SEGREGATED_PAIRS, USUAL_SEATS
from loupan.org.testing import a_company, a_project, a_user, signed_in, token_for

pytestmark = pytest.mark.django_db

NOON = datetime.fromisoformat("2025-03-08T12:00:00+08:00")


@pytest.fixture
def project() -> Project:
    return a_project(company=a_company())


@pytest.fixture
def admin(project: Project) -> User:
    user = a_user("AD", company=project.company)
    install_roles(by=None, at=NOON)
    return user


def test_people_get_posts_accounts_and_superiors(project: Project, admin: User) -> None:
    names = {"PD": ["程望山"], "SM": ["莫海燕"], "SC": ["林小雨", "何俊"], "CA": []}
    made = staff_project(project_id=project.pk, names=names, by=admin, at=NOON)

    said = [
        (one.post.role.code, one.welcome.user.display_name if one.welcome else "") for one in made
    ]
    assert said == [
        ("PD", "程望山"),
        ("SM", "莫海燕"),
        ("SC", "林小雨"),
        ("SC", "何俊"),
        ("CA", ""),
    ]
    seats = {one.post.pk: one.post for one in made}
    assert all(p.superior_id in seats and seats[p.superior_id].role.code == "SM"
               for p in seats.values() if p.role.code == "SC")  # fmt: skip
    lin = User.objects.get(display_name="林小雨")
    assert (lin.must_change_password, lin.current_project_id) == (True, project.pk)
    assert access_of(lin, NOON.date()).may("sales.reserve_unit", project.pk)
    assert next(one.welcome for one in made if one.welcome and one.welcome.user == lin)


def test_user_names_are_the_role_and_the_next_free_number(project: Project, admin: User) -> None:
    a_user("SC", project, username="SC2")
    names = {"SC": ["甲", "乙"]}
    made = staff_project(project_id=project.pk, names=names, by=admin, at=NOON)
    assert [one.welcome.user.username for one in made if one.welcome] == ["sc1", "sc3"]


def test_a_vacant_post_is_made_once(project: Project, admin: User) -> None:
    assert len(staff_project(project_id=project.pk, names={"CS": []}, by=admin, at=NOON)) == 1
    assert staff_project(project_id=project.pk, names={"CS": []}, by=admin, at=NOON) == []
    assert queries.seats_by_role(project) == {"CS": 1}


def test_refused_as_a_whole(project: Project, admin: User) -> None:
    for names, error in (
        ({"SC": ["甲"], "CA": ["甲"]}, errors.NamedTwice),
        ({"SC": ["甲"], "AD": ["乙"]}, errors.NotAUsualSeat),
    ):
        with pytest.raises(error):
            staff_project(project_id=project.pk, names=names, by=admin, at=NOON)
    assert not Post.objects.filter(project=project).exists()


def test_only_the_administrator_of_the_company_staffs(project: Project, admin: User) -> None:
    elsewhere = a_user("AD", company=a_company(), scopes={"org": "company"})
    for by in (elsewhere, a_user("PD", project)):
        with pytest.raises(PermissionDenied):
            staff_project(project_id=project.pk, names={"SC": ["甲"]}, by=by, at=NOON)


def test_no_usual_seat_is_a_segregated_pair_by_itself() -> None:
    for seat in USUAL_SEATS:
        held = ROLE_TEMPLATES[seat.role].permissions
        assert not any(pair.left & held and pair.right & held for pair in SEGREGATED_PAIRS)


def test_the_page_takes_names_between_commas_of_either_script(
    project: Project, admin: User
) -> None:
    page = signed_in(admin).post(
        f"/org/projects/{project.pk}/staffing/",
        {"names_SC": " 林小雨、何俊, 罗佳 ，", "wanted_CA": "on"},
    )
    assert page.status_code == 200
    assert queries.seats_by_role(project) == {"SC": 3, "CA": 1}
    made = page.context["made"]
    assert all(
        one.welcome.one_time_password in page.content.decode() for one in made if one.welcome
    )


@pytest.mark.parametrize(
    "typed", [{"names_SC": ""}, {"names_SC": "长" * 41}, {"names_SC": "甲、甲"}]
)
def test_the_page_keeps_what_was_typed(
    project: Project, admin: User, typed: dict[str, str]
) -> None:
    page = signed_in(admin).post(f"/org/projects/{project.pk}/staffing/", typed)
    assert page.status_code == 422
    assert all(value in page.content.decode() for value in typed.values())
    assert not Post.objects.filter(project=project).exists()


def test_a_new_project_leads_on_to_its_people(project: Project, admin: User) -> None:
    typed = {
        "company_id": project.company_id,
        "name": "四季名苑",
        "code": "SJ",
        "price_basis": "built",
    }
    made = signed_in(admin).post("/org/projects/new/", typed)
    assert made["Location"] == f"/org/projects/{Project.objects.get(code='SJ').pk}/staffing/"


def test_over_the_api(project: Project, admin: User) -> None:

    api = Client(headers={"Authorization": f"Bearer {token_for(admin)}"})
    body = {"seats": [{"role": "SC", "names": ["林小雨"]}, {"role": "CA"}]}
    address = f"/api/v1/projects/{project.pk}/staffing/"
    made = api.post(address, body, content_type="application/json")
    assert made.status_code == 201, made.content
    first, second = made.json()["items"]
    assert (first["role"], first["display_name"], first["username"]) == ("SC", "林小雨", "sc1")
    assert first["one_time_password"]
    assert (second["role"], second["username"], second["one_time_password"]) == ("CA", "", "")
    strange = api.post(address, {"seats": [{"role": "XX"}]}, content_type="application/json")
    assert strange.status_code == 409
