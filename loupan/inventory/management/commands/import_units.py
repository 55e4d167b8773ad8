"""manage.py import_units PROJECT FILE [--dry-run] [--by USERNAME]"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import now

from loupan.core.models import ImportState
from loupan.inventory import spreadsheets
from loupan.inventory.actions import imports
from loupan.inventory.models import UnitImport
from loupan.inventory.permissions import IMPORT_UNITS
from loupan.org.queries import project_named, worker_for

SHOWN = 20


class Command(BaseCommand):
    help = "Bring units in from a price list (.xlsx, .xls, .xlsb, .ods, .csv)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("project", help="code or id of the project")
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="count, but write nothing")
        parser.add_argument("--by", metavar="USERNAME", help="who does it (needs the permission)")
        parser.add_argument(
            "--map",
            action="append",
            default=[],
            metavar="FIELD=COLUMN",
            help="a heading or column letter for a field; may be repeated",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        project = project_named(options["project"])
        if project is None:
            raise CommandError(f"There is no project {options['project']}.")
        by = worker_for(IMPORT_UNITS, project, options["by"] or "")
        if by is None:
            raise CommandError(
                f"Nobody who may import units in {project.code}. Name somebody with --by, or give a "
                "post that holds the permission inventory.import_units."
            )
        by.source = "import"
        path: Path = options["file"]
        try:
            content = path.read_bytes()
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}") from error
        batch = imports.receive_units_file(
            project_id=project.pk,
            filename=path.name,
            content=content,
            mapping=dict(pair.split("=", 1) for pair in options["map"] if "=" in pair),
            is_dry_run=options["dry_run"],
            by=by,
            at=now(),
        )
        self.report(spreadsheets.carry_out(batch.pk, by=by))

    def report(self, batch: UnitImport) -> None:
        if batch.state == ImportState.REFUSED:
            raise CommandError(batch.message)
        for entry in batch.errors[:SHOWN]:
            self.stdout.write(
                f"{entry['sheet']} {entry['row']} {entry['column']} “{entry['value']}”: "
                f"{entry['reason']}"
            )
        self.stdout.write(
            f"import {batch.pk}{' (dry run)' if batch.is_dry_run else ''}: "
            f"{batch.created} created, {batch.updated} updated, {batch.unchanged} unchanged, "
            f"{batch.refused} refused"
        )
