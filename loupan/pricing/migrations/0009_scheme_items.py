from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("pricing", "0008_gardens_and_roofs"),
    ]

    operations = [
        migrations.AddField(
            model_name="discount",
            name="items",
            field=models.JSONField(blank=True, default=list, verbose_name="Further items"),
        ),
        migrations.AddField(
            model_name="pricingpolicy",
            name="exclusive_choice",
            field=models.CharField(
                choices=[
                    ("best_for_customer", "The best for the buyer"),
                    ("first_by_order", "The first by their order"),
                ],
                default="best_for_customer",
                max_length=17,
                verbose_name="Of discounts that exclude one another",
            ),
        ),
    ]
