from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("pricing", "0009_scheme_items"),
    ]

    operations = [
        migrations.AddField(
            model_name="pricingpolicy",
            name="plan_change_day",
            field=models.CharField(
                choices=[
                    ("reservation", "The day of the reservation"),
                    ("today", "The day of the change"),
                ],
                default="reservation",
                max_length=11,
                verbose_name="A change of plan looks at discounts as at",
            ),
        ),
    ]
