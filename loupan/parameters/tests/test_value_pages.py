"""Parameters on the page and in the API."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from loupan.org.models import User
from loupan.org.testing import a_company, a_project, a_user, signed_in, token_for
from loupan.parameters.models import ParameterValue
from loupan.parameters.queries.book import parameter
from loupan.parameters.testing import SOME_DAYS as DAYS
from loupan.parameters.testing import declared

pytestmark = pytest.mark.django_db


@pytest.fixture
def ad() -> Iterator[User]:
    with declared(DAYS):
        yield a_user("AD", company=a_project("海成·云麓", company=a_company()).company)


def project_of(user: User) -> Any:
    assert user.current_post
    return user.current_post.company.projects.get()


def api(user: User) -> Client:
    return Client(headers={"Authorization": f"Bearer {token_for(user)}"})


def test_the_page_shows_each_value_with_its_origin_and_lock(ad: User) -> None:
    client, project = signed_in(ad), project_of(ad)
    page = client.get(f"/parameters/?place=project-{project.pk}")
    assert page.status_code == 200
    client.post(
        f"/parameters/values/{DAYS.key}/?place=company-{project.company_id}",
        {"value": "9", "is_locked": "on", "version": "0"},
    )
    body = client.get(f"/parameters/?place=project-{project.pk}").content.decode()
    assert str(project.company) in body
    assert parameter(project.pk, DAYS) == 9
    below = client.get(f"/parameters/values/{DAYS.key}/?place=project-{project.pk}")
    assert 'name="value"' not in below.content.decode()  # Locked: there is nothing to type.


def test_a_value_out_of_range_stays_on_the_form_with_its_sentence(ad: User) -> None:
    client, project = signed_in(ad), project_of(ad)
    url = f"/parameters/values/{DAYS.key}/?place=project-{project.pk}"
    answer = client.post(url, {"value": "0", "version": "0"})
    assert answer.status_code == 422
    assert answer.context["form"].errors["value"]
    assert client.post(url, {"value": "drei", "version": "0"}).status_code == 422


def test_a_value_is_taken_back_from_the_page(ad: User) -> None:
    client, project = signed_in(ad), project_of(ad)
    url = f"/parameters/values/{DAYS.key}/"
    place = f"?place=project-{project.pk}"
    client.post(url + place, {"value": "9", "version": "0"})
    assert client.post(f"{url}taking-back/{place}", {"version": "1"}).status_code == 302
    assert parameter(project.pk, DAYS) == DAYS.default


def test_a_search_leaves_the_parameters_with_these_words(ad: User) -> None:
    place = f"project-{project_of(ad).pk}"
    client = signed_in(ad)
    assert not client.get(f"/parameters/?place={place}&q=zzzz").context["groups"]
    [(_name, lines)] = client.get(f"/parameters/?place={place}&q={DAYS.key}").context["groups"]
    assert [line.parameter.key for line in lines] == [DAYS.key]


@pytest.mark.parametrize("place", ["", "company-0", "project-999999", "group"])
def test_a_level_out_of_reach_is_not_there(place: str) -> None:
    client = signed_in(a_user("MK", a_project()))
    assert client.get(f"/parameters/values/{DAYS.key}/?place={place}").status_code == 404


def test_the_api_sets_locks_and_takes_back(ad: User) -> None:
    client, project = api(ad), project_of(ad)
    url = f"/api/v1/parameters/company-{project.company_id}/{DAYS.key}/"
    made = client.put(url, {"value": "9", "is_locked": True}, "application/json").json()
    assert (made["value"], made["is_own"], made["version"]) == ("9", True, 1)
    below = f"/api/v1/parameters/project-{project.pk}/"
    [seen] = [one for one in client.get(below).json()["items"] if one["key"] == DAYS.key]
    assert (seen["value"], seen["locked_by"]) == ("9", str(project.company))
    refused = client.put(f"{below}{DAYS.key}/", {"value": "5"}, "application/json")
    assert (refused.status_code, refused.json()["code"]) == (409, "locked_above")
    assert client.delete(url).json()["value"] == "3"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"value": "x"}, 422),
        ({"value": "9" * 400}, 422),
        ({"value": "0"}, 422),
        ({"value": 5}, 422),
        ({"value": "5", "version": 7}, 409),
        ({}, 422),
    ],
)
def test_what_the_api_cannot_take_is_said(ad: User, body: dict[str, Any], status: int) -> None:
    url = f"/api/v1/parameters/project-{project_of(ad).pk}/{DAYS.key}/"
    assert api(ad).put(url, body, "application/json").status_code == status
    assert not ParameterValue.objects.exists()


def test_an_unknown_key_is_a_404(ad: User) -> None:
    place = f"project-{project_of(ad).pk}"
    assert api(ad).put(
        f"/api/v1/parameters/{place}/no.such_key/", {"value": "1"}, "application/json"
    ).status_code == 404  # fmt: skip
    assert signed_in(ad).get(f"/parameters/values/no.such_key/?place={place}").status_code == 404
