"""`manage.py restore FILE`: put a backup back, on an empty installation unless told otherwise."""

import json
import tempfile
import zipfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from loupan.config.management.commands.backup import KEYS, database_file, postgres_tool


class Command(BaseCommand):
    help = "Put back what `backup` wrote. Stop the web server and the worker first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--replace", action="store_true", help="Overwrite a database that holds data."
        )

    def handle(self, *args: Any, file: Path, replace: bool, **options: Any) -> None:
        if not replace and holds_data():
            raise CommandError("This database holds data. Say --replace to overwrite it.")
        try:
            archive = zipfile.ZipFile(file)
            facts = json.loads(archive.read("manifest.json"))
        except (OSError, zipfile.BadZipFile, KeyError, ValueError) as error:
            raise CommandError(f"{file} is not a backup of Loupan.") from error
        if facts.get("database") != connection.vendor:
            raise CommandError(
                f"The backup is of a {facts.get('database')} database, this is {connection.vendor}."
            )
        with archive, tempfile.TemporaryDirectory() as folder:
            dump = Path(archive.extract(database_file(), folder))
            self._put_back(dump)
            if KEYS in archive.namelist():
                kept = settings.DATA_DIR / KEYS
                kept.touch(0o600)
                kept.write_bytes(archive.read(KEYS))
        self.stdout.write(f"{file} is restored, as of {facts['made_at']}.")

    @staticmethod
    def _put_back(dump: Path) -> None:
        if connection.vendor != "sqlite":
            postgres_tool(
                "pg_restore",
                "--clean",
                "--if-exists",
                f"--dbname={connection.settings_dict['NAME']}",
                str(dump),
            )
            return
        connection.close()
        target = Path(str(connection.settings_dict["NAME"]))
        for ending in ("-wal", "-shm"):
            target.with_name(target.name + ending).unlink(missing_ok=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_name(f"{target.name}.restoring")
        unfinished.write_bytes(dump.read_bytes())
        unfinished.replace(target)


def holds_data() -> bool:
    if "org_company" not in connection.introspection.table_names():
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM org_company LIMIT 1")
        return cursor.fetchone() is not None
