"""A move remembers what the claim showed from then on: the board as it stood needs it."""

from django.db import migrations, models

from loupan.core.append_only import GuardTables


class Migration(migrations.Migration):
    dependencies = [("inventory", "0004_fewer_indexes")]

    operations = [
        migrations.AddField("unitchange", "claim_until", models.DateTimeField(null=True)),
        migrations.AddField(
            "unitchange",
            "claim_label",
            models.CharField(blank=True, db_default="", max_length=60),
        ),
        GuardTables("inventory_unitchange"),
    ]
