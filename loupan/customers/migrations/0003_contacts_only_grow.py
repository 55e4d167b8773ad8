from django.db import migrations

from loupan.core.append_only import GuardTables


class Migration(migrations.Migration):
    dependencies = [("customers", "0002_search_by_part_of_a_name")]
    operations = [
        GuardTables(
            "customers_visit",
            "customers_followup",
            "customers_reveal",
            "customers_duplicateattempt",
        )
    ]
