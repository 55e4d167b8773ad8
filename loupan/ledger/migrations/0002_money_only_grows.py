from django.db import migrations

from loupan.core.append_only import GuardTables


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]
    operations = [GuardTables("ledger_receivable", "ledger_receipt", "ledger_allocation")]
