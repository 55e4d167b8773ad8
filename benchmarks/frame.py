"""What every benchmark stands on: a database, a running Loupan, a client, a table of rows.

A benchmark is a file NAME.py here with `run(context) -> list[Row]`.  It measures its yardstick (the
same work by bare means) in the same run, since only a ratio means anything on another machine.
"""

import http.client
import json
import os
import platform
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlparse

import psycopg

import run as runner
from scripts import postgres

ROOT = Path(__file__).resolve().parent.parent
JSON = "application/json"


def shown(number: float) -> str:
    """With as many places as mean something."""
    if number == int(number) or number >= 100:
        return f"{number:,.0f}"
    return (
        f"{number:.1f}" if number >= 10 else f"{number:.2f}" if number >= 0.1 else f"{number:.3f}"
    )


@dataclass(frozen=True)
class Bar:
    """What a row has to reach: at least (rates, shares) or at most (times) a number.

    `of` says what the number is compared with: the value itself or its ratio to the yardstick.
    """

    at_least: float | None = None
    at_most: float | None = None
    of: str = "ratio"

    def reached(self, number: float | None) -> bool:
        if number is None:
            return False
        if self.at_least is not None and number < self.at_least:
            return False
        return self.at_most is None or number <= self.at_most

    def __str__(self) -> str:
        sign, number = ("≥", self.at_least) if self.at_least is not None else ("≤", self.at_most)
        return f"{sign} {shown(number or 0)}{' ×' if self.of == 'ratio' else ''}"


@dataclass(frozen=True)
class Row:
    """One measured claim beside its yardstick; both in the same unit."""

    what: str
    value: float
    unit: str
    yardstick: float | None = None
    yardstick_is: str = ""
    must: Bar | None = None
    aim: Bar | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        return self.value / self.yardstick if self.yardstick else None

    def bar(self) -> str:
        """The verdict in words."""
        match self.verdict():
            case "aim":
                return f"aim ({self.aim})"
            case "must":
                return f"must ({self.must})" + (f"; the aim is {self.aim}" if self.aim else "")
            case "below":
                return f"**not reached** ({self.must or self.aim})"
        return "–"

    def verdict(self) -> str:
        """The highest bar reached: aim, must, or below; nothing where there is no bar."""
        for name, bar in (("aim", self.aim), ("must", self.must)):
            if bar and bar.reached(self.ratio if bar.of == "ratio" else self.value):
                return name
        return "below" if self.must or self.aim else ""


@dataclass(frozen=True)
class Load:
    """What a client saw: whole answers a second, times in ms, how often which status."""

    per_second: float
    p50_ms: float
    p99_ms: float
    statuses: Mapping[int, int]


@dataclass(frozen=True)
class Site:
    """A running Loupan."""

    host: str
    port: int
    database_url: str
    env: Mapping[str, str]

    def manage(self, *arguments: str) -> str:
        """The output of a management command on this site."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments], cwd=ROOT, env=dict(self.env), check=True,
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        return done.stdout

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, bytes]:
        """One request; a body that is not bytes goes as JSON."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=60)
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        kind = {} if body is None or isinstance(body, bytes) else {"Content-Type": JSON}
        connection.request(method, path, content, {**kind, **(headers or {})})
        answer = connection.getresponse()
        read = answer.read()
        connection.close()
        return answer.status, read

    def token(self, username: str, password: str = "loupan-demo") -> dict[str, str]:  # noqa: S107
        """The headers of somebody signed in to the API."""
        given = {"username": username, "password": password}
        status, body = self.ask("POST", "/api/v1/tokens/", given)
        if status != 201:
            raise RuntimeError(f"no token for {username}: {status} {body[:200]!r}")
        return {"Authorization": f"Bearer {json.loads(body)['token']}"}


@dataclass
class Context:
    """What a benchmark is given: databases of its own and a folder that is gone afterwards."""

    folder: Path
    database_url: str
    programs: Path | None

    def sqlite_url(self, name: str) -> str:
        return f"sqlite:///{self.folder / name}.sqlite3"

    def postgres_url(self, name: str) -> str:
        """A fresh database beside the one given."""
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}"')
            connection.execute(f'CREATE DATABASE "{name}"')
        return urlparse(self.database_url)._replace(path=f"/{name}").geturl()

    @contextmanager
    def site(self, database_url: str, *, demo: bool = False) -> Iterator[Site]:
        """Loupan on a migrated database, served as `run.py up` serves it, without the worker."""
        data = self.folder / f"site-{time.monotonic_ns()}"
        data.mkdir(parents=True)
        env = os.environ | {
            "DATABASE_URL": database_url,
            "LOUPAN_DATA_DIR": str(data),
            "LOUPAN_DEMO": "1",
            "PYTHONPATH": str(ROOT),
        }
        site = Site("127.0.0.1", postgres.free_port(), database_url, env)
        site.manage("migrate", "--no-input", "--verbosity=0")
        if demo:
            site.manage("demo")
        children = runner.Children()
        try:
            children.start(
                "web server", runner.web_command(site.host, site.port, database_url), env
            )
            runner.wait_for_answer(site.host, site.port, children)
            yield site
        finally:
            children.stop()

    def pgbench(
        self, script: str, *, database_url: str, clients: int, seconds: float = 5
    ) -> tuple[float, float]:
        """Transactions a second and their mean time in ms, by prepared statements."""
        if self.programs is None:
            raise RuntimeError("pgbench is not on this machine")
        file = self.folder / "pgbench.sql"
        file.write_text(script, encoding="utf-8")
        done = subprocess.run(
            [
                self.programs / "pgbench", "--no-vacuum", "--protocol=prepared",
                f"--client={clients}", f"--jobs={min(clients, os.cpu_count() or 1)}",
                f"--time={round(seconds)}", f"--file={file}", database_url,
            ],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"pgbench: {done.stderr[-800:]}")
        numbers = {
            line.split(" = ")[0]: float(line.split(" = ")[1].split()[0])
            for line in done.stdout.splitlines()
            if line.startswith(("tps", "latency average"))
        }
        return numbers["tps"], numbers["latency average"]


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def median_ms(work: Callable[[], object], *, times: int = 30) -> float:
    """The median time of a piece of work in ms, after one run to warm up."""
    work()
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


def load(
    site: Site,
    request: Callable[[int, int], bytes],
    *,
    connections: int,
    seconds: float = 5,
    total: int | None = None,
) -> Load:
    """Drive a site over kept connections for a time, or until `total` requests were sent.

    `request(connection, count)` gives the bytes of a whole HTTP/1.1 request.  A plain socket per
    thread: the client takes as little of the machine as Python allows.
    """
    times: list[float] = []
    statuses: dict[int, int] = {}
    lock = threading.Lock()
    left = iter(range(total)) if total is not None else None
    began = time.perf_counter()
    until = began + seconds

    def drive(number: int) -> None:
        own_times: list[float] = []
        own_statuses: dict[int, int] = {}
        count = 0
        with socket.create_connection((site.host, site.port), timeout=60) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            stream = connection.makefile("rb")
            while left is not None or time.perf_counter() < until:
                if left is not None:
                    with lock:
                        if next(left, None) is None:
                            break
                asked = time.perf_counter()
                connection.sendall(request(number, count))
                status = int(stream.readline().split()[1])
                length = 0
                while (line := stream.readline()) not in {b"\r\n", b""}:
                    if line[:15].lower() == b"content-length:":
                        length = int(line[15:])
                stream.read(length)
                own_times.append((time.perf_counter() - asked) * 1000)
                own_statuses[status] = own_statuses.get(status, 0) + 1
                count += 1
        with lock:
            times.extend(own_times)
            for status, seen in own_statuses.items():
                statuses[status] = statuses.get(status, 0) + seen

    threads = [threading.Thread(target=drive, args=(number,)) for number in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken = time.perf_counter() - began
    if not times:
        raise RuntimeError("the site answered nothing")
    return Load(
        len(times) / taken, statistics.median(times), percentile(times, 0.99), dict(statuses)
    )


def http_request(
    method: str, path: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
) -> bytes:
    """The bytes of a request for `load`."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body:
        lines += [f"Content-Type: {JSON}", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def machine(context: Context) -> dict[str, str]:
    """What the figures depend on."""
    optimised = "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or "")
    facts = {
        "python": f"{platform.python_version()}, {'with' if optimised else 'without'} PGO",
        "cores": str(os.cpu_count()),
        "sqlite": sqlite3.sqlite_version,
    }
    if context.programs:
        version = subprocess.run(
            [context.programs / "postgres", "--version"], capture_output=True, text=True, check=True
        )
        facts["postgresql"] = version.stdout.split()[-1 if "Debian" not in version.stdout else 2]
    return facts


HEAD = """| `run.py bench` | what | Loupan | yardstick | ratio | bar |
|---|---|---|---|---|---|"""


def table(name: str, rows: list[Row]) -> str:
    """The rows as docs/performance.md has them."""
    lines = []
    for row in rows:
        yardstick = f"{shown(row.yardstick)} {row.yardstick_is}" if row.yardstick else "–"
        ratio = f"{shown(row.ratio)} ×" if row.ratio is not None else "–"
        what = f"{row.what} ({row.note})" if row.note else row.what
        cells = (f"`{name}`", what, f"{shown(row.value)} {row.unit}", yardstick, ratio, row.bar())
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def as_json(context: Context, results: Mapping[str, list[Row]]) -> str:
    content = {
        "machine": machine(context),
        "benchmarks": {
            name: [{**asdict(row), "ratio": row.ratio, "reached": row.verdict()} for row in rows]
            for name, rows in results.items()
        },
    }
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


@contextmanager
def context(database_url: str | None) -> Iterator[Context]:
    """Everything thrown away at the end; only a database given by address is left alone."""
    folder = Path(tempfile.mkdtemp(prefix="loupan-bench-"))
    try:
        programs = postgres.programs()
    except postgres.NotHere:
        programs = None
    try:
        if database_url or programs is None:
            yield Context(folder, database_url or "", programs)
        else:
            with postgres.server(postgres.FOR_BENCHMARKS) as url:
                yield Context(folder, url, programs)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
