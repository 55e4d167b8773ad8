from django.db import migrations

from loupan.core.append_only import GuardTables


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]
    operations = [GuardTables("core_auditevent")]
