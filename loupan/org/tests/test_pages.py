"""The pages of the organisation, as an administrator uses them."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from loupan.core.models import AuditEvent
from loupan.org.models import Company, Department, Post, Project, User
from loupan.org.testing import Cast, a_post, a_project, a_role, a_user, hold, signed_in, the_cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return the_cast()


@pytest.fixture
def ad(cast: Cast) -> Client:
    return signed_in(cast.ad)


def version_in(page: str) -> str:
    found = re.search(r'name="version" value="(\d+)"', page)
    assert found
    return found[1]


def test_a_company_a_project_a_team_and_a_post_are_made_on_pages(cast: Cast, ad: Client) -> None:
    group = cast.project.company_id
    made = ad.post("/org/companies/new/", {"name": "海成华南", "code": "HN", "parent_id": group})
    assert made["Location"] == "/org/"
    south = Company.objects.get(code="HN")
    assert south.path == f"/{group}/{south.pk}/"
    project = {"company_id": south.pk, "name": "海成·观澜", "code": "GL", "price_basis": "built"}
    assert ad.post("/org/projects/new/", project).status_code == 302
    there = Project.objects.get(code="GL")
    team = {"company_id": south.pk, "project_id": there.pk, "name": "销售一组"}
    assert ad.post("/org/departments/new/", team).status_code == 302
    post = {
        "role_id": a_role("SC").pk,
        "name": "顾问",
        "company_id": south.pk,
        "project_id": there.pk,
        "department_id": Department.objects.get(project=there).pk,
        "scope_customers": "team",
        "denied": ["customers.reveal_phone"],
    }
    assert ad.post("/org/posts/new/", post).status_code == 302
    seat = Post.objects.get(project=there)
    assert (seat.scopes, seat.denied) == ({"customers": "team"}, ["customers.reveal_phone"])
    tree = ad.get("/org/").content.decode()
    assert all(text in tree for text in ("海成华南", "海成·观澜", "销售一组", "顾问 (SC)"))


def test_a_changed_project_shows_what_it_was_before(cast: Cast, ad: Client) -> None:
    path = f"/org/projects/{cast.project.pk}/"
    typed = {
        "name": "云麓一期",
        "code": cast.project.code,
        "price_basis": "inner",
        "is_open": "on",
        "version": version_in(ad.get(path).content.decode()),
    }
    assert ad.post(path, typed).status_code == 302
    page = ad.get(path).content.decode()
    assert "海成·云麓" in page
    assert "云麓一期" in page
    stale = ad.post(path, {**typed, "name": "别的"})
    assert stale.status_code == 422
    assert Project.objects.get(pk=cast.project.pk).name == "云麓一期"


def test_a_code_is_given_once(cast: Cast, ad: Client) -> None:
    typed = {
        "company_id": cast.project.company_id,
        "name": "x",
        "code": cast.project.code,
        "price_basis": "built",
    }
    answer = ad.post("/org/projects/new/", typed)
    assert answer.status_code == 422
    assert cast.project.code in answer.content.decode()


def test_a_role_changes_for_everybody_who_holds_it(cast: Cast, ad: Client) -> None:
    role = a_role("SC")
    path = f"/org/roles/{role.pk}/"
    typed = {
        "name": "顾问",
        "permissions": ["sales.read", "customers.read"],
        **{f"scope_{group}": scope for group, scope in role.scopes.items()},
        "version": version_in(ad.get(path).content.decode()),
    }
    assert ad.post(path, typed)["Location"] == "/org/roles/"
    lin = User.objects.get(pk=cast.lin.pk)
    assert lin.may("sales.read", cast.project.pk)
    assert not lin.may("sales.reserve_unit", cast.project.pk)
    assert AuditEvent.objects.latest("pk").event == "org.role.changed"


def test_an_unknown_permission_or_scope_is_not_taken(ad: Client) -> None:
    role = a_role("SC")
    typed = {"name": "x", "permissions": ["sales.everything"], "scope_deals": "world", "version": 0}
    answer = ad.post(f"/org/roles/{role.pk}/", typed)
    assert answer.status_code == 422
    assert {"permissions", "scope_deals"} <= set(answer.context["form"].errors)


def test_a_post_is_taken_up_and_left_on_the_page_of_a_person(cast: Cast, ad: Client) -> None:
    post = a_post("SC", cast.project)
    path = f"/org/users/{cast.guest.pk}/"
    assert ad.post(f"{path}holdings/", {"post_id": post.pk}).status_code == 302
    page = ad.get(path).content.decode()
    assert cast.project.name in page
    assert User.objects.get(pk=cast.guest.pk).may("sales.read", cast.project.pk)
    assert ad.post(f"{path}holdings/{post.pk}/leaving/").status_code == 302
    assert not User.objects.get(pk=cast.guest.pk).access.grants


def test_a_segregated_pair_is_refused_on_the_page_with_the_sentence(cast: Cast, ad: Client) -> None:
    post = a_post("FM", cast.project)
    answer = ad.post(f"/org/users/{cast.zhao.pk}/holdings/", {"post_id": post.pk})
    assert answer.status_code == 422
    assert answer.context["holding_form"].non_field_errors()
    typed = {"post_id": post.pk, "exception_reason": "two people on site"}
    assert ad.post(f"/org/users/{cast.zhao.pk}/holdings/", typed).status_code == 302


def test_the_page_of_a_person_tells_what_they_may_and_see(cast: Cast, ad: Client) -> None:
    hold(cast.lin, a_post("SM", cast.other_project))
    page = ad.get(f"/org/users/{cast.lin.pk}/")
    rights = {right.project: right for right in page.context["rights"]}
    assert set(rights) == {cast.project, cast.other_project}
    here, there = rights[cast.project], rights[cast.other_project]
    assert dict(here.sees) != dict(there.sees)
    assert len(there.may) > len(here.may)


def test_the_project_is_switched_and_remembered(cast: Cast) -> None:
    hold(cast.lin, a_post("SM", cast.other_project))
    client = signed_in(cast.lin)
    typed = {"project": cast.other_project.pk, "next": "/org/account/?project=1"}
    assert client.post("/org/current-project/", typed)["Location"] == "/org/account/"
    assert User.objects.get(pk=cast.lin.pk).current_project == cast.other_project
    foreign = a_project()
    client.post("/org/current-project/", {"project": foreign.pk})
    client.post("/org/current-project/", {"project": "x" * 40})
    assert User.objects.get(pk=cast.lin.pk).current_project == cast.other_project


def test_the_post_is_switched_and_stands_in_the_log(cast: Cast) -> None:
    post = a_post("SM", cast.other_project)
    hold(cast.lin, post)
    client = signed_in(cast.lin)
    client.post("/org/current-post/", {"post": post.pk})
    lin = User.objects.get(pk=cast.lin.pk)
    assert (lin.current_post, lin.current_project) == (post, cast.other_project)
    client.post("/org/account/", {"display_name": "林晓雨", "language": "zh-hans"})
    assert AuditEvent.objects.latest("pk").post_id == post.pk
    client.post("/org/current-post/", {"post": cast.zhao.current_post_id})
    assert User.objects.get(pk=cast.lin.pk).current_post == post


def test_the_language_is_chosen_on_the_account_page(cast: Cast) -> None:
    client = signed_in(cast.lin)
    client.post("/org/account/", {"display_name": "Lin", "language": "en"})
    assert "My account" in client.get("/org/account/").content.decode()


@pytest.mark.parametrize(
    "display_name", ["<script>alert(1)</script>", "'\"><img src=x>", "{{ 7*7 }}"]
)
def test_what_people_type_is_shown_and_never_run(display_name: str, cast: Cast, ad: Client) -> None:
    signed_in(cast.lin).post("/org/account/", {"display_name": display_name, "language": "en"})
    for path in ("/org/users/", f"/org/users/{cast.lin.pk}/", "/org/", "/org/audit/"):
        page = ad.get(path).content.decode()
        assert "<script>alert" not in page
        assert "<img src=x>" not in page
        assert ">49<" not in page


def test_the_log_is_searched_by_person_kind_and_day(cast: Cast, ad: Client) -> None:
    signed_in(cast.lin).post("/org/account/", {"display_name": "林晓雨", "language": "en"})
    found = ad.get("/org/audit/", {"by": cast.lin.username, "q": "profile"})
    assert len(found.context["lines"]) == 1
    assert not ad.get("/org/audit/", {"by": "nobody"}).context["lines"]
    for odd in ("0001-01-01", "9999-12-31", "x", "2025-02-30"):
        assert ad.get("/org/audit/", {"since": odd, "until": odd}).status_code == 200
    assert ad.get("/org/audit/", {"number": "9" * 30}).status_code == 200


LISTS = ["org:users", "org:organisation", "org:roles", "org:audit"]


@pytest.mark.parametrize("name", LISTS)
def test_more_rows_cost_no_more_statements(name: str, cast: Cast, ad: Client) -> None:
    ad.get(reverse(name))
    with CaptureQueriesContext(connection) as few:
        ad.get(reverse(name))
    for _ in range(6):
        person = a_user("SC", a_project(company=cast.project.company))
        signed_in(person).post("/org/account/", {"display_name": "x", "language": "en"})
    ad.get(reverse(name))  # Who may do what has changed and is read anew.
    with CaptureQueriesContext(connection) as many:
        ad.get(reverse(name))
    assert len(many) <= len(few), [query["sql"][:120] for query in many]
