"""The runner: its options, its memory of what is done, its sentences, and one real start."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import run
from scripts import assets, sizes
from scripts.postgres import free_port

ROOT = Path(__file__).resolve().parent.parent


def test_up_serves_the_loopback_on_8000_unless_told() -> None:
    chosen, passed_on = run.parse(["up"])
    assert (chosen.host, chosen.port, chosen.empty, passed_on) == ("127.0.0.1", 8000, False, [])


def test_what_follows_test_goes_to_pytest_untouched() -> None:
    chosen, passed_on = run.parse(["test", "-k", "reserve", "--help"])
    assert chosen.command == "test"
    assert passed_on == ["-k", "reserve", "--help"]


def test_an_unknown_command_is_refused() -> None:
    with pytest.raises(SystemExit):
        run.parse(["deploy"])


def test_a_step_is_done_again_only_when_its_source_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "STAMPS", tmp_path / "stamps")
    source = tmp_path / "package-lock.json"
    source.write_text("{}")
    first = run.fingerprint([source])
    assert not run.is_fresh("npm", first)
    run.remember("npm", first)
    assert run.is_fresh("npm", first)
    source.write_text('{"name": "other"}')
    assert not run.is_fresh("npm", run.fingerprint([source]))


def test_a_busy_port_is_a_sentence_with_a_way_out() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(run.Stop, match=f"Port {port}.*--port {port + 1}"):
            run.check_port("127.0.0.1", port)


def test_port_0_takes_a_free_one() -> None:
    assert run.check_port("127.0.0.1", 0) > 0


def test_two_starts_on_one_data_directory_are_refused(tmp_path: Path) -> None:
    with (
        run.sole_use(tmp_path),
        pytest.raises(run.Stop, match="--data DIR"),
        run.sole_use(tmp_path),
    ):
        pass


def test_an_unfinished_demo_is_not_served(tmp_path: Path) -> None:
    (tmp_path / "demo").write_text("unfinished\n")
    with pytest.raises(run.Stop, match="interrupted"):
        run.fill(tmp_path, empty=False, env={})


def test_a_child_that_ends_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    children = run.Children()
    children.start("background worker", [sys.executable, "-c", "raise SystemExit(3)"], {})
    children.start("web server", [sys.executable, "-c", "import time; time.sleep(60)"], {})
    children.running["background worker"].wait()
    with pytest.raises(run.Stop, match=r"background worker .*exit status 3"):
        children.check()
    children.stop()
    assert children.running["web server"].poll() is not None


def test_sqlite_has_one_writing_process_and_postgresql_one_for_each_core() -> None:
    on_sqlite = run.web_command("127.0.0.1", 8000, "")
    on_postgres = run.web_command("127.0.0.1", 8000, "postgres://loupan@db/loupan")
    assert on_sqlite[on_sqlite.index("--workers") + 1] == "1"
    assert on_postgres[on_postgres.index("--workers") + 1] == str(os.cpu_count())


def test_an_old_python_is_told_so() -> None:
    """The sentence is reached before anything that an older Python does not know."""
    lines = (ROOT / "run.py").read_text(encoding="utf-8").splitlines()
    first_import = next(n for n, line in enumerate(lines) if line.startswith("import argparse"))
    before = "\n".join(lines[:first_import])
    version = "import sys; sys.version_info = (3, 9, 2)\n"
    done = subprocess.run(
        [sys.executable, "-c", version + before], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "needs Python 3.11 or newer, this is Python 3.9" in done.stderr


def test_icons_are_found_however_they_are_asked_for() -> None:
    text = """<c-icon name="home" /> {% icon "lock" size=16 %} <use href="#tabler-key">
    MenuEntry(icon="building"), {"icon": "users"} <c-empty icon="search" /> <c-icon name="{{ shape }}" />"""
    assert assets.ICON.findall(text) == ["home", "lock", "key", "building", "users", "search"]


def test_sizes_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert sizes.report(ROOT) == 0
    assert "functions:" in capsys.readouterr().out


@contextmanager
def started(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "run.py", "up", *arguments],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name != "DATABASE_URL"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield process
        finally:  # Else leaving the block would wait for it for ever.
            process.terminate()


@pytest.mark.slow
def test_an_empty_start_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    port = free_port()
    data = tmp_path / "data"
    with started("--empty", "--port", str(port), "--data", str(data)) as process:
        assert process.stdout
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("ready: "):
                break
        assert lines[-1:] == [f"ready: http://127.0.0.1:{port}/\n"], "".join(lines)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz") as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
    time.sleep(0.1)
    assert run.check_port("127.0.0.1", port) == port, "a child is still listening"
    assert (data / "loupan.sqlite3").exists()
