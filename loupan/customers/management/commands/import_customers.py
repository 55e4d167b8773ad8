"""manage.py import_customers PROJECT FILE [--dry-run] [--by USERNAME] [--errors FILE]

It is kept like a file brought in on the page: seen there, and undone there.
"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import now

from loupan.core.models import ImportState
from loupan.core.refusals import Refusal
from loupan.customers import spreadsheets
from loupan.customers.models import CustomerImport
from loupan.org.queries import project_named, worker_for

SHOWN = 20


class Command(BaseCommand):
    help = "Bring customers in from a spreadsheet (.xlsx, .xls, .xlsb, .ods, .csv)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("project", help="code or id of the project")
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="count, but write nothing")
        parser.add_argument("--by", metavar="USERNAME", help="who does it (needs the permission)")
        parser.add_argument(
            "--errors", type=Path, metavar="FILE", help="write the refused rows to this workbook"
        )
        parser.add_argument(
            "--change-existing",
            action="store_true",
            help="customers who are there already take what the file says",
        )
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
        by = worker_for("customers.import", project, options["by"] or "")
        if by is None:
            raise CommandError(
                f"Nobody who may import customers in {project.code}. Name somebody with --by."
            )
        by.source = "import"
        path: Path = options["file"]
        try:
            content = path.read_bytes()
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}") from error
        try:
            batch = spreadsheets.import_file(
                project=project,
                content=content,
                filename=path.name,
                is_dry_run=options["dry_run"],
                mapping=dict(pair.split("=", 1) for pair in options["map"] if "=" in pair),
                changes_existing=options["change_existing"],
                by=by,
                at=now(),
            )
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        if batch.state == ImportState.REFUSED:
            raise CommandError(batch.message)
        if options["errors"] and batch.errors:
            options["errors"].write_bytes(spreadsheets.error_workbook(batch, who=str(by)))
        self.report(batch)

    def report(self, batch: CustomerImport) -> None:
        for entry in batch.errors[:SHOWN]:
            self.stdout.write(f"{entry['row']} {entry['column']}: {entry['reason']}")
        self.stdout.write(
            f"import {batch.pk}{' (dry run)' if batch.is_dry_run else ''}: "
            f"{batch.created} created, {batch.updated} updated, {batch.unchanged} unchanged, "
            f"{batch.duplicates} duplicate, {batch.refused} refused"
        )
