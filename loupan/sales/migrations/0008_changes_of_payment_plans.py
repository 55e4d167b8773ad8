import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import loupan.core.money


class Migration(migrations.Migration):
    dependencies = [
        ("pricing", "0010_plan_change_day"),
        ("sales", "0007_names_of_scheme_items"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="PlanChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reason", models.CharField(max_length=200, verbose_name="Reason")),
                ("priced_on", models.DateField()),
                ("total_before", loupan.core.money.MoneyField()),
                ("total_after", loupan.core.money.MoneyField()),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "deal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="plan_changes",
                        to="sales.deal",
                    ),
                ),
                (
                    "from_plan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="pricing.paymentplan",
                    ),
                ),
                (
                    "to_plan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="pricing.paymentplan",
                    ),
                ),
            ],
            options={
                "verbose_name": "Change of payment plan",
                "ordering": ["-id"],
            },
        ),
    ]
