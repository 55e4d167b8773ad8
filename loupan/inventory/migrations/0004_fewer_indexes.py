"""Keys that are the first column of another index need none of their own."""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

from loupan.core import append_only

PROTECT = django.db.models.deletion.PROTECT


def guard_again(apps: Any, editor: Any) -> None:
    """SQLite changes a column by making the table anew, which loses its triggers."""
    if editor.connection.vendor == "sqlite":
        for statement in append_only._create(editor.connection, "inventory_unitchange"):
            editor.execute(statement)


def key(to: str, name: str = "+") -> Any:
    return models.ForeignKey(db_index=False, on_delete=PROTECT, related_name=name, to=to)


class Migration(migrations.Migration):
    dependencies = [("inventory", "0003_changes_outlive_units")]

    operations = [
        migrations.AlterField("unit", "building", key("inventory.building", "units")),
        migrations.AlterField("unit", "entrance", key("inventory.entrance", "units")),
        migrations.AlterField("unit", "project", key("org.project")),
        migrations.AlterField("unitchange", "project", key("org.project")),
        migrations.AlterField(
            "unitchange",
            "unit",
            models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="changes",
                to="inventory.unit",
            ),
        ),
        migrations.RunPython(guard_again, migrations.RunPython.noop),
    ]
