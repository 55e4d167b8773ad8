"""The whole suite on both databases in one run: `pytest -p tests.databases`.

Two workers, one per core and per database, each with the whole suite (xdist's `--dist each`), so
that one closing line counts both.  On PostgreSQL only what touches a database runs again: a pure
rule or a look into a browser gives no second answer there, nor who may open which page (`once`).

The worker on SQLite also counts which lines of the rules and actions were walked; the run fails below
COVERAGE_FLOOR, which is raised when the figure has risen, and never lowered.
"""

import io
import os
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import coverage
import pytest

from scripts import postgres

ENGINE = "LOUPAN_TEST_ENGINE"
SERVER = "LOUPAN_TEST_POSTGRES"
ASKS_FOR_A_DATABASE = {"db", "transactional_db", "live_server", "django_db_setup"}

COVERAGE_FLOOR = 97  # per cent of the lines of rules and actions
ROOMS = ("rules.py", "rules/*", "actions.py", "actions/*")
APPS = Path(__file__).resolve().parent.parent / "loupan"

# A worker is told its database before Django reads its settings.
if os.environ.get(ENGINE) == "postgresql":
    os.environ["DATABASE_URL"] = os.environ[SERVER]

# And counts from the first import on.
counting: coverage.Coverage | None = None
if os.environ.get(ENGINE) == "sqlite":
    counting = coverage.Coverage(
        data_file=None, config_file=False, include=[f"{APPS}/*/{room}" for room in ROOMS]
    )
    counting.start()

SKIPPED = pytest.StashKey[str]()
SHARE = pytest.StashKey[float]()
COVERED = "loupan_covered"
running = ExitStack()


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Start the server and ask for the workers; without a server the suite runs on SQLite alone."""
    if ENGINE in os.environ or config.option.collectonly:
        return
    try:
        os.environ[SERVER] = running.enter_context(postgres.server())
    except postgres.NotHere as reason:
        config.stash[SKIPPED] = f"skipped: every test on PostgreSQL, {reason}"
        config.option.numprocesses = 2
        config.option.dist, config.option.tx = "load", ["2*popen"]
        return
    config.option.dist = "each"
    config.option.tx = [f"popen//env:{ENGINE}={name}" for name in ("sqlite", "postgresql")]


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """The worker that counted tells what share was walked; the controller fails below the floor."""
    share = session.config.stash.get(SHARE, None)
    if share is not None and share < COVERAGE_FLOOR and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    if counting is None or not hasattr(session.config, "workeroutput"):
        return
    counting.stop()
    for file in sorted(APPS.rglob("*.py")):  # A room that nobody imported counts as not walked.
        if any(file.match(f"loupan/*/{room}") for room in ROOMS):
            counting.get_data().touch_file(str(file))
    session.config.workeroutput[COVERED] = counting.report(file=io.StringIO())


def pytest_testnodedown(node: Any) -> None:
    if (share := getattr(node, "workeroutput", {}).get(COVERED)) is not None:
        node.config.stash[SHARE] = share


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        running.close()


def touches_a_database(item: pytest.Item) -> bool:
    names = set(getattr(item, "fixturenames", ()))
    return bool(item.get_closest_marker("django_db") or names & ASKS_FOR_A_DATABASE)


def belongs_here(item: pytest.Item) -> bool:
    """Browsers are driven on SQLite; what takes long and need run only once, by the other worker."""
    is_once = bool(item.get_closest_marker("once"))
    if os.environ.get(ENGINE) == "postgresql":
        is_browser = bool(item.get_closest_marker("browser"))
        return is_once or (touches_a_database(item) and not is_browser)
    return not is_once


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if os.environ.get(ENGINE):
        items[:] = [item for item in items if belongs_here(item)]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """A failure names its database."""
    if node := getattr(report, "node", None):
        engine = node.gateway.spec.env.get(ENGINE)
        if engine and not report.nodeid.endswith(f"on {engine}"):
            report.nodeid += f" on {engine}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if skipped := terminalreporter.config.stash.get(SKIPPED, None):
        terminalreporter.write_line(skipped)
    if (share := terminalreporter.config.stash.get(SHARE, None)) is not None:
        said = "" if share >= COVERAGE_FLOOR else ": too little"
        terminalreporter.write_line(
            f"lines of rules and actions walked: {share:.1f} %, floor {COVERAGE_FLOOR} %{said}"
        )
    counts: dict[str, int] = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", None) == "call" and getattr(report, "node", None):
                engine = report.node.gateway.spec.env.get(ENGINE, "")
                counts[engine] = counts.get(engine, 0) + 1
    for engine, count in sorted(counts.items()):
        terminalreporter.write_line(f"ran on {engine or 'sqlite'}: {count}")
