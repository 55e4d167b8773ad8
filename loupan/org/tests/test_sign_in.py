"""Coming in: right and wrong passwords, the lock, forced change, the demo, sessions that end (UIX-01)."""

from datetime import datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.hashers import PBKDF2PasswordHasher, get_hasher, make_password
from django.test import Client, override_settings

from loupan.core.models import AuditEvent
from loupan.org import queries
from loupan.org.actions import people, signing_in
from loupan.org.models import ApiToken, LoginAttempt, User
from loupan.org.testing import PASSWORD, a_user, signed_in, the_cast, token_for

pytestmark = pytest.mark.django_db

LOGIN = "/org/login/"
ACCOUNT = "/org/account/"
TOKENS = "/api/v1/tokens/"
NOON = datetime.fromisoformat("2025-03-08T12:00:00+08:00")
WRONG = "not-the-password"


def try_to(client: Client, username: str, password: str) -> int:
    return client.post(LOGIN, {"username": username, "password": password}).status_code


def ask_token(client: Client, username: str, password: str) -> tuple[int, str]:
    answer = client.post(
        TOKENS, {"username": username, "password": password}, content_type="application/json"
    )
    return answer.status_code, answer.headers.get("Retry-After", "")


def test_the_right_password_opens_the_door_and_the_try_is_logged() -> None:
    lin, client = a_user(), Client()
    answer = client.post(LOGIN, {"username": lin.username, "password": PASSWORD, "next": ACCOUNT})
    assert (answer.status_code, answer["Location"]) == (302, ACCOUNT)
    assert client.get(ACCOUNT).status_code == 200
    assert LoginAttempt.objects.get().is_success


def test_nobody_is_sent_to_a_foreign_address() -> None:
    lin = a_user()
    answer = Client().post(
        LOGIN, {"username": lin.username, "password": PASSWORD, "next": "https://evil.example/"}
    )
    assert answer["Location"] == "/"


def test_a_page_asks_a_stranger_to_sign_in() -> None:
    answer = Client().get(ACCOUNT)
    assert answer["Location"] == f"{LOGIN}?next={ACCOUNT}"


def test_five_wrong_tries_lock_the_account_for_fifteen_minutes() -> None:
    lin, client = a_user(), Client()
    with time_machine.travel(NOON, tick=False) as clock:
        assert [try_to(client, lin.username, WRONG) for _ in range(5)] == [422] * 5
        assert try_to(client, lin.username, PASSWORD) == 429
        clock.shift(timedelta(minutes=14, seconds=59))
        locked = client.post(LOGIN, {"username": lin.username, "password": PASSWORD})
        assert locked.status_code == 429
        assert locked["Retry-After"] == "1"
        assert "1" in locked.content.decode()
        clock.shift(timedelta(seconds=2))
        assert try_to(client, lin.username, PASSWORD) == 302


def test_trying_while_locked_does_not_prolong_the_lock() -> None:
    lin, client = a_user(), Client()
    with time_machine.travel(NOON, tick=False) as clock:
        for _ in range(5):
            try_to(client, lin.username, WRONG)
        clock.shift(timedelta(minutes=10))
        assert try_to(client, lin.username, WRONG) == 429
        clock.shift(timedelta(minutes=6))
        assert try_to(client, lin.username, PASSWORD) == 302


def test_a_success_forgets_the_wrong_tries_before_it() -> None:
    lin = a_user()
    for _ in range(2):
        assert [try_to(Client(), lin.username, WRONG) for _ in range(4)] == [422] * 4
        assert try_to(Client(), lin.username, PASSWORD) == 302


def test_a_name_that_does_not_exist_is_answered_like_a_real_one() -> None:
    lin, client = a_user(), Client()
    real = [client.post(LOGIN, {"username": lin.username, "password": WRONG}) for _ in range(6)]
    none = [client.post(LOGIN, {"username": "nobody", "password": WRONG}) for _ in range(6)]
    assert [a.status_code for a in real] == [a.status_code for a in none] == [422] * 5 + [429]
    for one, other in zip(real, none, strict=True):
        assert one.context["form"].non_field_errors() == other.context["form"].non_field_errors()


def test_a_name_that_does_not_exist_costs_one_hash_as_a_real_one_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lin = a_user()
    hasher, counted = type(get_hasher("default")), []
    encode = hasher.encode

    def counting(self: PBKDF2PasswordHasher, password: str, salt: str) -> str:
        counted.append(password)
        return str(encode(self, password, salt))

    monkeypatch.setattr(hasher, "encode", counting)
    try_to(Client(), lin.username, WRONG)
    after_real = len(counted)
    try_to(Client(), "nobody", WRONG)
    assert (after_real, len(counted)) == (1, 2)


def test_another_address_is_not_locked_out_with_the_first() -> None:
    lin = a_user()
    for _ in range(6):
        try_to(Client(REMOTE_ADDR="10.0.0.9"), lin.username, WRONG)
    assert try_to(Client(REMOTE_ADDR="10.0.0.9"), lin.username, PASSWORD) == 429
    assert try_to(Client(REMOTE_ADDR="10.0.0.10"), lin.username, PASSWORD) == 302


def test_pages_and_api_count_the_same_tries() -> None:
    lin, client = a_user(), Client()
    for _ in range(3):
        try_to(client, lin.username, WRONG)
    assert [ask_token(client, lin.username, WRONG)[0] for _ in range(2)] == [401, 401]
    status, wait = ask_token(client, lin.username, PASSWORD)
    assert status == 429
    assert 0 < int(wait) <= 900


def test_an_administrator_unlocks_at_once() -> None:
    cast = the_cast()
    for _ in range(5):
        try_to(Client(), cast.lin.username, WRONG)
    answer = signed_in(cast.ad).post(f"/org/users/{cast.lin.pk}/unlocking/")
    assert answer.status_code == 302
    assert try_to(Client(), cast.lin.username, PASSWORD) == 302


@pytest.mark.parametrize("password", ["", "x" * 501, "a\x00b", "' OR 1=1 --", "龙" * 100])
def test_odd_passwords_are_only_wrong(password: str) -> None:
    lin = a_user()
    assert try_to(Client(), lin.username, password) == 422


def test_a_disabled_person_is_out_at_once_everywhere() -> None:
    cast = the_cast()
    browser, token = signed_in(cast.lin), token_for(cast.lin)
    bearer = {"Authorization": f"Bearer {token}"}
    assert browser.get(ACCOUNT).status_code == 200
    assert Client().get("/api/v1/me/", headers=bearer).status_code == 200
    signed_in(cast.ad).post(f"/org/users/{cast.lin.pk}/disabling/", {"reason": "left"})
    assert browser.get(ACCOUNT)["Location"].startswith(LOGIN)
    assert Client().get("/api/v1/me/", headers=bearer).status_code == 401
    assert try_to(Client(), cast.lin.username, PASSWORD) == 422
    assert ApiToken.objects.get(user=cast.lin).revoked_at is not None
    signed_in(cast.ad).post(f"/org/users/{cast.lin.pk}/enabling/")
    assert browser.get(ACCOUNT)["Location"].startswith(LOGIN), "the old session stays dead"
    assert Client().get("/api/v1/me/", headers=bearer).status_code == 401
    assert try_to(Client(), cast.lin.username, PASSWORD) == 302


def test_after_the_last_day_nobody_comes_in() -> None:
    lin = a_user(valid_until=NOON.date())
    token = token_for(lin, days=9999)
    with time_machine.travel(NOON + timedelta(hours=11), tick=False) as clock:
        assert try_to(Client(), lin.username, PASSWORD) == 302
        browser = signed_in(lin)
        clock.shift(timedelta(hours=2))
        assert try_to(Client(), lin.username, PASSWORD) == 422
        assert browser.get("/org/users/").status_code == 403
        bearer = {"Authorization": f"Bearer {token}"}
        assert Client().get("/api/v1/me/", headers=bearer).status_code == 401


def test_the_first_password_must_be_changed_before_anything_else() -> None:
    cast = the_cast()
    page = signed_in(cast.ad).post(
        "/org/users/new/", {"username": "newcomer", "display_name": "新人"}
    )
    password = page.context["welcome"].one_time_password
    assert password in page.content.decode()
    assert page["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"
    client = Client()
    assert ask_token(client, "newcomer", password)[0] == 409
    assert try_to(client, "newcomer", password) == 302
    assert client.get(ACCOUNT)["Location"] == "/org/password/"
    new = "shan-9-huanghe"
    typed = {"present_password": password, "new_password": new, "again": new}
    assert client.post("/org/password/", typed)["Location"] == ACCOUNT
    assert client.get(ACCOUNT).status_code == 200, "this browser stays signed in"
    assert ask_token(Client(), "newcomer", new)[0] == 201


@pytest.mark.parametrize(
    ("new", "why"),
    [("1234567890123", "common"), ("short-1", "length"), (PASSWORD, "same")],
)
def test_a_weak_password_is_refused(new: str, why: str) -> None:
    lin = a_user()
    typed = {"present_password": PASSWORD, "new_password": new, "again": new}
    answer = signed_in(lin).post("/org/password/", typed)
    assert answer.status_code == 422, why
    lin.refresh_from_db()
    assert lin.check_password(PASSWORD)


def test_a_password_is_not_changed_without_the_present_one() -> None:
    lin = a_user()
    typed = {"present_password": WRONG, "new_password": "shan-9-huanghe", "again": "shan-9-huanghe"}
    answer = signed_in(lin).post("/org/password/", typed)
    assert answer.context["form"].errors.keys() == {"present_password"}


def test_a_changed_password_ends_other_sessions_and_tokens() -> None:
    lin = a_user()
    here, elsewhere, token = signed_in(lin), signed_in(lin), token_for(lin)
    typed = {
        "present_password": PASSWORD,
        "new_password": "shan-9-huanghe",
        "again": "shan-9-huanghe",
    }
    here.post("/org/password/", typed)
    assert here.get(ACCOUNT).status_code == 200
    assert elsewhere.get(ACCOUNT)["Location"].startswith(LOGIN)
    assert queries.bearer_of(token, NOON) is None


def test_no_password_stands_in_the_log() -> None:
    cast = the_cast()
    welcome = people.reset_password(user_id=cast.lin.pk, by=cast.ad, at=NOON)
    signing_in.change_password(
        present_password=welcome.one_time_password,
        new_password="shan-9-huanghe",
        by=welcome.user,
        at=NOON,
    )
    said = str(list(AuditEvent.objects.values_list("facts", "before", "after")))
    assert welcome.one_time_password not in said
    assert "shan-9-huanghe" not in said
    assert "md5$" not in said


def a_demo_user() -> User:
    return people.make_demo_user(
        username="sc1",
        display_name="林小雨",
        password_hash=make_password("loupan-demo"),
        by=None,
        at=NOON,
    )


@pytest.mark.parametrize(
    ("is_demo_on", "address", "forwarded", "status"),
    [
        (True, "127.0.0.1", "", 302),
        (True, "::1", "", 302),
        (True, "192.168.1.5", "", 422),
        (True, "127.0.0.1", "203.0.113.7", 422),
        (False, "127.0.0.1", "", 422),
    ],
)
def test_demo_accounts_open_on_the_loopback_interface_only(
    is_demo_on: bool,  # noqa: FBT001
    address: str,
    forwarded: str,
    status: int,
) -> None:
    a_demo_user()
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    client = Client(REMOTE_ADDR=address, headers=headers)
    with override_settings(DEMO_LOGINS=is_demo_on):
        assert try_to(client, "sc1", "loupan-demo") == status


def test_signing_out_needs_a_post_and_ends_the_session() -> None:
    client = signed_in(a_user())
    assert client.get("/org/logout/").status_code == 405
    client.post("/org/logout/")
    assert client.get(ACCOUNT)["Location"].startswith(LOGIN)
