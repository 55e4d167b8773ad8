"""`manage.py export_all FOLDER`: every table as CSV with a description, so that nobody is locked in."""

import csv
import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, models

CHUNK = 5000


class Command(BaseCommand):
    help = (
        "Write every table of Loupan as CSV (UTF-8) beside schema.json. Phones, ID numbers and addresses"
        " stay encrypted under the field keys."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        if folder.exists() and any(folder.iterdir()):
            raise CommandError(f"{folder} is not empty. Choose another folder.")
        folder.mkdir(parents=True, exist_ok=True)
        schema = {}
        for model in apps.get_models():
            if not model.__module__.startswith("loupan."):
                continue
            table = model._meta.db_table
            count = write_table(model, folder / f"{table}.csv")
            schema[table] = description(model) | {"rows": count}
            self.stdout.write(f"{table}: {count:,} rows")
        text = json.dumps(schema, ensure_ascii=False, indent=2)
        (folder / "schema.json").write_text(text, encoding="utf-8")


def write_table(model: type[models.Model], path: Path) -> int:
    columns = [str(field.column) for field in model._meta.concrete_fields]
    names = ", ".join(connection.ops.quote_name(column) for column in columns)
    table = connection.ops.quote_name(model._meta.db_table)
    count = 0
    with connection.cursor() as cursor, path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        cursor.execute(f"SELECT {names} FROM {table} ORDER BY 1")  # noqa: S608  Our own names.
        while rows := cursor.fetchmany(CHUNK):
            writer.writerows(rows)
            count += len(rows)
    return count


def description(model: type[models.Model]) -> dict[str, Any]:
    """What the table is, and each column with its type and what it points to."""
    return {
        "is": (model.__doc__ or "").strip().splitlines()[0],
        "columns": {
            field.column: {
                "type": field.get_internal_type(),
                "points_to": field.remote_field.model._meta.db_table
                if field.remote_field
                else None,
            }
            for field in model._meta.concrete_fields
        },
    }
