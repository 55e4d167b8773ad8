from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sales", "0009_scans_of_proofs")]

    operations = [
        migrations.AddField(
            model_name="claim",
            name="reason",
            field=models.CharField(blank=True, db_default="", default="", max_length=200),
        )
    ]
