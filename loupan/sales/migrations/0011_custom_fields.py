import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("parameters", "0006_custom_fields"),
        ("sales", "0010_reasons_of_holds"),
    ]

    operations = [
        migrations.CreateModel(
            name="DealFieldValue",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("text", models.CharField(blank=True, default="", max_length=500)),
                ("number", models.DecimalField(decimal_places=6, max_digits=18, null=True)),
                ("day", models.DateField(null=True)),
                ("flag", models.BooleanField(null=True)),
                (
                    "entry",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="parameters.dictionaryentry",
                    ),
                ),
                (
                    "field",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="parameters.customfield",
                    ),
                ),
                (
                    "deal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="field_values",
                        to="sales.deal",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["field", "text"], name="deal_field_text"),
                    models.Index(fields=["field", "number"], name="deal_field_number"),
                    models.Index(fields=["field", "day"], name="deal_field_day"),
                    models.Index(fields=["field", "entry"], name="deal_field_entry"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("deal", "field"), name="deal_field_once"),
                ],
            },
        ),
    ]
