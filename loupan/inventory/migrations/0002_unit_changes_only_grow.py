from django.db import migrations

from loupan.core.append_only import GuardTables


class Migration(migrations.Migration):
    dependencies = [("inventory", "0001_initial")]
    operations = [GuardTables("inventory_unitchange")]
