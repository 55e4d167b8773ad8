"""manage.py import_customers PROJECT FILE [--dry-run] [--by USERNAME] [--errors FILE]"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import now

from loupan.core.refusals import Refusal
from loupan.core.sheets.errors import UnreadableFile
from loupan.core.sheets.writing import write_error_workbook
from loupan.customers import spreadsheets
from loupan.customers.spreadsheets import ImportResult
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
            result = spreadsheets.import_file(
                project=project,
                content=path.read_bytes(),
                filename=path.name,
                is_dry_run=options["dry_run"],
                mapping=dict(pair.split("=", 1) for pair in options["map"] if "=" in pair),
                by=by,
                at=now(),
            )
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}") from error
        except (Refusal, UnreadableFile) as refusal:
            raise CommandError(str(refusal)) from refusal
        if options["errors"] and result.problems:
            write_error_workbook(options["errors"], result.table, result.problems)
        self.report(result)

    def report(self, result: ImportResult) -> None:
        for problem in result.problems[:SHOWN]:
            self.stdout.write(f"{problem.row} {problem.column or ''}: {problem.reason}")
        self.stdout.write(
            f"{'dry run: ' if result.is_dry_run else ''}{result.created} created, "
            f"{result.duplicates} duplicate, {result.refused} refused"
        )
