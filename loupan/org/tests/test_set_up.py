"""The first administrator: asked for, checked, made once."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from loupan.org.models import Company, Role, User
from loupan.org.testing import PASSWORD, a_user

pytestmark = pytest.mark.django_db


def bootstrap(password: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("LOUPAN_ADMIN_PASSWORD", password)
    said = StringIO()
    call_command("bootstrap_admin", company="海成", username="root1", name="安管", stdout=said)
    return said.getvalue()


def test_an_empty_installation_gets_an_administrator(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "root1" in bootstrap(PASSWORD, monkeypatch)
    admin = User.objects.get()
    assert admin.may("org.manage")
    assert not admin.is_demo
    assert (Company.objects.get().name, Role.objects.count()) == ("海成", 23)
    client = Client(REMOTE_ADDR="10.1.1.1")
    client.post("/org/login/", {"username": "root1", "password": PASSWORD})
    assert client.get("/org/companies/new/").status_code == 200


@pytest.mark.parametrize("weak", ["short", "1234567890", "password123"])
def test_a_weak_password_is_refused_and_nothing_is_made(
    weak: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CommandError):
        bootstrap(weak, monkeypatch)
    assert not User.objects.exists()
    assert not Company.objects.exists()


def test_there_is_no_default_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LOUPAN_ADMIN_PASSWORD", raising=False)
    answers = iter(["", ""])
    monkeypatch.setattr("getpass.getpass", lambda _prompt: next(answers))
    with pytest.raises(CommandError):
        call_command("bootstrap_admin", company="海成", username="root1", name="安管")
    assert not User.objects.exists()


def test_a_second_time_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    bootstrap(PASSWORD, monkeypatch)
    with pytest.raises(CommandError, match="administrator already"):
        bootstrap(PASSWORD, monkeypatch)


def test_the_instruction_is_given_only_while_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    for expected in (True, False):
        said = StringIO()
        call_command("bootstrap_admin", instruction=True, stdout=said)
        assert ("bootstrap_admin" in said.getvalue()) is expected
        if expected:
            a_user("SC")
            bootstrap(PASSWORD, monkeypatch)
