"""Keys for programs: made, listed, revoked, expired; what the first calls answer (CONTRACT 3)."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from loupan.org.models import ApiToken
from loupan.org.testing import PASSWORD, a_user, signed_in, the_cast, token_for

pytestmark = pytest.mark.django_db


def test_a_name_and_a_password_give_a_token_that_works() -> None:
    cast = the_cast()
    made = Client().post(
        "/api/v1/tokens/",
        {"username": cast.lin.username, "password": PASSWORD},
        content_type="application/json",
    )
    assert made.status_code == 201
    assert set(made.json()) == {"token", "expires_at"}
    bearer = {"Authorization": f"Bearer {made.json()['token']}"}
    me = Client().get("/api/v1/me/", headers=bearer).json()
    assert me["username"] == cast.lin.username
    assert me["posts"][0]["role"] == "SC"
    assert "sales.reserve_unit" in me["permissions"]
    projects = Client().get("/api/v1/projects/", headers=bearer).json()
    assert projects == {
        "items": [{"id": cast.project.pk, "code": cast.project.code, "name": cast.project.name}],
        "next": None,
    }


def test_only_the_digest_of_a_token_is_kept() -> None:
    token = token_for(a_user())
    assert token not in str(list(ApiToken.objects.values()))


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer x", "Basic abc", "Bearer " + "a" * 9000])
def test_no_good_token_is_a_401_in_the_form_of_every_error(header: str) -> None:
    answer = Client().get("/api/v1/projects/", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.json()["code"] == "unauthorized"


@pytest.mark.parametrize(
    "body",
    ["", "{", "[]", "null", '{"username": 1}', '{"username": "a", "password": null}', '"x"'],
)
def test_a_token_request_that_cannot_be_read_is_a_4xx(body: str) -> None:
    answer = Client().post("/api/v1/tokens/", body, content_type="application/json")
    assert answer.status_code in {400, 422}
    assert set(answer.json()) >= {"code", "detail"}


def test_a_session_cookie_does_not_open_the_api() -> None:
    """Otherwise every page of the web could post in the person's name."""
    assert signed_in(a_user()).get("/api/v1/projects/").status_code == 401


def test_a_token_dies_when_its_time_is_over() -> None:
    bearer = {"Authorization": f"Bearer {token_for(a_user(), days=1)}"}
    assert Client().get("/api/v1/me/", headers=bearer).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(days=1, seconds=1)):
        assert Client().get("/api/v1/me/", headers=bearer).status_code == 401


def test_a_token_is_listed_and_revoked_by_its_owner_alone() -> None:
    lin, wei = a_user(), a_user()
    bearer = {"Authorization": f"Bearer {token_for(lin)}"}
    row = ApiToken.objects.get()
    listed = Client().get("/api/v1/tokens/", headers=bearer).json()["items"]
    assert [item["id"] for item in listed] == [row.pk]
    assert "token" not in listed[0]
    others = {"Authorization": f"Bearer {token_for(wei)}"}
    path = f"/api/v1/tokens/{row.pk}/"
    assert Client().delete(path, headers=others).status_code == 404
    assert signed_in(wei).post(f"/org/tokens/{row.pk}/revocation/").status_code == 404
    assert Client().delete(path, headers=bearer).status_code == 204
    assert Client().get("/api/v1/me/", headers=bearer).status_code == 401


def test_the_account_page_shows_a_new_token_once() -> None:
    client = signed_in(a_user())
    page = client.post("/org/tokens/", {"name": "till", "days": 7})
    token = page.context["made"].token
    assert token in page.content.decode()
    assert token not in client.get("/org/account/").content.decode()
    bearer = {"Authorization": f"Bearer {token}"}
    assert Client().get("/api/v1/me/", headers=bearer).status_code == 200
