from django.db import migrations, models

import loupan.core.money


class Migration(migrations.Migration):
    dependencies = [("pricing", "0002_stamp_and_signing_on_time")]
    operations = [
        migrations.AddField(
            model_name="pricingpolicy",
            name="provisional_days",
            field=models.PositiveSmallIntegerField(
                default=3, verbose_name="Days of a provisional reservation"
            ),
        ),
        migrations.AddField(
            model_name="pricingpolicy",
            name="provisional_amount",
            field=loupan.core.money.MoneyField(
                default=0, verbose_name="Amount of a provisional reservation"
            ),
        ),
        migrations.AddField(
            model_name="pricingpolicy",
            name="allows_direct_contract",
            field=models.BooleanField(
                default=False, verbose_name="Contracts without a reservation"
            ),
        ),
    ]
