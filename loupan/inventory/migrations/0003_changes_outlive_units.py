"""A change of a unit stays when the unit goes (undone import); so does the row of the import."""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

from loupan.core import append_only


def guard_again(apps: Any, editor: Any) -> None:
    """SQLite changes a column by making the table anew, which loses its triggers."""
    if editor.connection.vendor == "sqlite":
        for statement in append_only._create(editor.connection, "inventory_unitchange"):
            editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("inventory", "0002_unit_changes_only_grow")]

    operations = [
        migrations.AlterField(
            model_name="unitchange",
            name="unit",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="changes",
                to="inventory.unit",
            ),
        ),
        migrations.AlterField(
            model_name="unitimportrow",
            name="unit",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="inventory.unit",
            ),
        ),
        migrations.RunPython(guard_again, migrations.RunPython.noop, elidable=False),
    ]
