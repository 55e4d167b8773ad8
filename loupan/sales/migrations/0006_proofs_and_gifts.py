from django.db import migrations, models

import loupan.core.money


class Migration(migrations.Migration):
    dependencies = [
        ("sales", "0005_quotes_with_attached_units"),
    ]

    operations = [
        migrations.AddField(
            model_name="dealdiscount",
            name="proof",
            field=models.CharField(blank=True, max_length=120, verbose_name="Proof"),
        ),
        migrations.AddField(
            model_name="dealdiscount",
            name="gift_name",
            field=models.CharField(blank=True, max_length=60, verbose_name="Gift"),
        ),
        migrations.AddField(
            model_name="dealdiscount",
            name="gift_cost",
            field=loupan.core.money.MoneyField(default=0, verbose_name="Cost of the gift"),
        ),
    ]
