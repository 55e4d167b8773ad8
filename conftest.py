"""What every test of the product stands on: the database file, the browser, the keys."""

import os
import shutil
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connections
from django.test import TransactionTestCase
from hypothesis import settings as hypothesis_settings

from loupan.core.append_only import lifted

# The synchronous Playwright keeps an event loop running in the thread of the test.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

# How long an example takes says something about the machine, nothing about the rule.
hypothesis_settings.register_profile("house", deadline=None)
hypothesis_settings.load_profile("house")

DELIVERING = (
    "loupan.customers.migrations.0004_dictionaries",
    "loupan.parameters.migrations.0005_known_holidays",
)
ROOT = Path(__file__).resolve().parent
CHROMIUM = next(
    (
        path
        for name in ("chromium", "chromium-browser", "google-chrome")
        if (path := shutil.which(name))
    ),
    None,
)
CHROMIUM_ARGUMENTS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--no-sandbox",  # Chromium refuses its sandbox to root, as which containers run.
]
BROWSER_FIXTURES = {"page", "context", "browser", "new_context"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever asks for a page is a browser test, and is skipped by name without Chromium."""
    no_browser = pytest.mark.skip(reason="no Chromium on this machine: apt-get install chromium")
    for item in items:
        if BROWSER_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.browser)
        if CHROMIUM is None and item.get_closest_marker("browser"):
            item.add_marker(no_browser)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return browser_type_launch_args | {"executable_path": CHROMIUM, "args": CHROMIUM_ARGUMENTS}


def deliver_again() -> None:
    """What migrations deliver, and the emptying of every table has taken away."""
    for module in DELIVERING:
        import_module(module).deliver(apps, None)


@pytest.fixture(autouse=True)
def settings_read_anew() -> None:
    """A test that was undone gives its ids to the next one."""
    import_module("loupan.parameters.queries.book").forget_books()


@pytest.fixture(scope="session", autouse=True)
def lifting_the_guards() -> Iterator[None]:
    """After a test with real transactions its tables are emptied, also those that only grow."""
    emptied = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]  # noqa: SLF001

    def empty(case: TransactionTestCase) -> None:
        with lifted():
            emptied(case)
        deliver_again()

    patch = pytest.MonkeyPatch()
    patch.setattr(TransactionTestCase, "_fixture_teardown", empty)
    yield
    patch.undo()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """SQLite tests run in a file, as an installation does: in memory there is no WAL, and other
    threads and processes of a test could not see it."""
    database = connections["default"].settings_dict
    if database["ENGINE"].endswith("sqlite3"):
        database["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")
