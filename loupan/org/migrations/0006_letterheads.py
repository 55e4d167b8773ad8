import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("org", "0005_project_words"),
    ]

    operations = [
        migrations.CreateModel(
            name="Letterhead",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "line",
                    models.CharField(
                        blank=True, max_length=120, verbose_name="Line under the name"
                    ),
                ),
                ("logo", models.BinaryField(null=True)),
                ("media_type", models.CharField(blank=True, max_length=20)),
                ("version", models.PositiveIntegerField(default=0)),
                (
                    "company",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="letterhead",
                        to="org.company",
                    ),
                ),
            ],
            options={"verbose_name": "Letterhead"},
        ),
    ]
