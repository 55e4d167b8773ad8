from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sales", "0006_proofs_and_gifts")]

    operations = [
        migrations.AddField(
            model_name="claim",
            name="reason",
            field=models.CharField(blank=True, db_default="", default="", max_length=200),
        )
    ]
