from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("org", "0004_project_dossier"),
    ]

    operations = [
        migrations.AddField(
            model_name="project",
            name="words",
            field=models.JSONField(blank=True, default=dict, editable=False),
        ),
    ]
