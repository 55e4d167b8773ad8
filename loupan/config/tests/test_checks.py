"""An unsafe start is refused with the remedy in the sentence; a safe one is not."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command

from loupan.config.checks import problems, refuse_unsafe_start
from loupan.customers.testing import a_customer
from loupan.org.testing import a_project

ROOT = Path(__file__).resolve().parents[3]
LONG = "0123456789abcdef" * 4
SAFE: dict[str, Any] = {
    "PUBLIC_HOSTS": ["loupan.example"],
    "DEBUG": False,
    "DEMO_LOGINS": False,
    "SECRET_KEY": LONG,
    "FIELD_KEYS": f"k1:{LONG}",
    "GIVEN_SECRETS": ["LOUPAN_SECRET_KEY", "LOUPAN_FIELD_KEYS"],
    "LISTENS_ON": "127.0.0.1",
}


@pytest.fixture(autouse=True)
def an_installation(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    for name, value in SAFE.items():
        setattr(settings, name, value)


@pytest.mark.django_db
def test_a_safe_public_start_is_not_refused() -> None:
    assert not problems()
    refuse_unsafe_start()


@pytest.mark.django_db
def test_a_start_on_this_machine_needs_no_settings_at_all(settings: Any) -> None:
    settings.PUBLIC_HOSTS, settings.GIVEN_SECRETS = [], []
    settings.DEBUG = settings.DEMO_LOGINS = True
    assert not problems()


@pytest.mark.parametrize("given", ["", " "])
def test_a_variable_set_to_nothing_is_not_set(given: str, tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-c", "from loupan.config.settings import DATABASES as d; print(d['default'])"],
        cwd=ROOT, check=True, capture_output=True, text=True,
        env={**os.environ, "DATABASE_URL": given, "LOUPAN_DATA_DIR": str(tmp_path)},
    )  # fmt: skip
    assert str(tmp_path / "loupan.sqlite3") in told.stdout


@pytest.mark.parametrize(
    ("unsafe", "number", "remedy"),
    [
        ({"DEBUG": True}, "E001", "Unset LOUPAN_DEBUG"),
        ({"DEBUG": True, "PUBLIC_HOSTS": [], "LISTENS_ON": "0.0.0.0"}, "E001", "127.0.0.1"),  # noqa: S104
        ({"GIVEN_SECRETS": ["LOUPAN_FIELD_KEYS"]}, "E002", "LOUPAN_SECRET_KEY="),
        ({"SECRET_KEY": "x" * 49}, "E002", "LOUPAN_SECRET_KEY="),
        ({"GIVEN_SECRETS": ["LOUPAN_SECRET_KEY"]}, "E003", "LOUPAN_FIELD_KEYS="),
        ({"FIELD_KEYS": f"k2:abc,k1:{LONG}"}, "E004", "LOUPAN_FIELD_KEYS="),
        ({"DEMO_LOGINS": True}, "E005", "--empty"),
    ],
)
@pytest.mark.django_db
def test_an_unsafe_start_is_refused_with_the_remedy(
    unsafe: dict[str, Any],
    number: str,
    remedy: str,
    settings: Any,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in unsafe.items():
        setattr(settings, name, value)
    assert [problem.id for problem in problems()] == [f"loupan.{number}"]
    with pytest.raises(SystemExit) as stop:
        refuse_unsafe_start()
    assert stop.value.code == 78
    assert remedy in capsys.readouterr().err
    with pytest.raises(CommandError, match=f"loupan.{number}"):
        call_command("check")


@pytest.mark.django_db
def test_a_demo_directory_is_not_served_to_the_public(tmp_path: Path) -> None:
    (tmp_path / "demo").write_text("the demo company\n", encoding="utf-8")
    assert [problem.id for problem in problems()] == ["loupan.E005"]


@pytest.mark.django_db
def test_keys_that_do_not_open_the_stored_data_are_refused(settings: Any) -> None:
    """As after losing the file field_keys: a fresh key would be made, and every phone be lost."""
    a_customer(a_project(), None, phone="13800138000")
    assert not problems()
    settings.FIELD_KEYS = "f" * 64
    found = problems()
    assert [problem.id for problem in found] == ["loupan.E006"]
    assert "field_keys" in str(found[0].hint)
    assert run_checks(databases=["default"], tags=["database"])[0].id == "loupan.E006"


def test_the_web_server_itself_stops(tmp_path: Path) -> None:
    """Loading the application as granian does, in a process of its own."""
    env = os.environ | {
        "LOUPAN_HOSTS": "loupan.example",
        "LOUPAN_DATA_DIR": str(tmp_path),
        "DATABASE_URL": f"sqlite:///{tmp_path}/none.sqlite3",
    }
    env.pop("LOUPAN_SECRET_KEY", None)
    done = subprocess.run(
        [sys.executable, "-c", "import loupan.config.wsgi"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 78
    assert "LOUPAN_SECRET_KEY is not set" in done.stderr
    assert "LOUPAN_FIELD_KEYS is not set" in done.stderr
