"""`manage.py backup FILE`: everything that is needed to stand up this installation again."""

import json
import os
import shutil
import subprocess
import tempfile
import zipfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone

KEYS = "field_keys"


class Command(BaseCommand):
    help = "Write the whole database, and with --with-keys the field keys, into one file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--with-keys",
            action="store_true",
            help="Also the keys of phones and ID numbers. Without them keep the keys yourself.",
        )

    def handle(self, *args: Any, file: Path, with_keys: bool, **options: Any) -> None:
        if file.exists():
            raise CommandError(f"{file} exists. Choose another name.")
        with tempfile.TemporaryDirectory() as folder:
            dump = Path(folder) / database_file()
            if connection.vendor == "sqlite":
                with connection.cursor() as cursor:
                    cursor.execute("VACUUM INTO %s", [str(dump)])
            else:
                postgres_tool("pg_dump", "--format=custom", f"--file={dump}")
            facts = {"made_at": timezone.now().isoformat(), "database": connection.vendor}
            unfinished = file.with_name(f"{file.name}.unfinished")
            descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with (
                os.fdopen(descriptor, "wb") as raw,
                zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive,
            ):
                archive.write(dump, dump.name)
                archive.writestr("manifest.json", json.dumps(facts))
                if with_keys:
                    archive.writestr(KEYS, settings.FIELD_KEYS)
            unfinished.rename(file)
        self.stdout.write(f"{file}: {file.stat().st_size:,} bytes")
        if not with_keys:
            self.stdout.write(
                "The field keys are not in it. Without them phones and ID numbers cannot be read;"
                f" keep {settings.DATA_DIR / KEYS} in a safe place of its own."
            )


def database_file() -> str:
    return "database.sqlite3" if connection.vendor == "sqlite" else "database.dump"


def postgres_tool(name: str, *arguments: str) -> None:
    """Run a client program of PostgreSQL on this installation's database."""
    program = shutil.which(name)
    if program is None:
        raise CommandError(f"{name} is not on this machine. Install PostgreSQL's client programs.")
    place = connection.settings_dict
    given = {
        "PGHOST": place["HOST"],
        "PGPORT": place["PORT"],
        "PGUSER": place["USER"],
        "PGPASSWORD": place["PASSWORD"],
        "PGDATABASE": place["NAME"],
    }
    env = os.environ | {key: str(value) for key, value in given.items() if value}
    done = subprocess.run(  # noqa: S603  A client program of PostgreSQL, found on the PATH.
        [program, *arguments], env=env, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise CommandError(f"{name} failed: {done.stderr.strip()[:500]}")
