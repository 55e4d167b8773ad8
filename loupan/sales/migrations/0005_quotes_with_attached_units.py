from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("sales", "0004_verbs_to_the_title"),
    ]

    operations = [
        migrations.AddField(
            model_name="quote",
            name="attached",
            field=models.JSONField(default=list),
        ),
    ]
