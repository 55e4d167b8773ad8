from django.db import migrations, models

from loupan.core.append_only import GuardTables


class Migration(migrations.Migration):
    dependencies = [("ledger", "0003_account_owner")]
    operations = [
        migrations.AlterField(
            model_name="receipt",
            name="number",
            field=models.CharField(max_length=40, unique=True, verbose_name="Receipt number"),
        ),
        GuardTables("ledger_receipt"),
    ]
