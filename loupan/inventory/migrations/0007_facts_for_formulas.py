from django.db import migrations, models

import loupan.core.money


class Migration(migrations.Migration):
    dependencies = [("inventory", "0006_building_facts")]
    operations = [
        migrations.AddField(
            model_name="unit",
            name="is_corner",
            field=models.BooleanField(
                db_default=False, default=False, verbose_name="Corner unit"
            ),
        ),
        migrations.AddField(
            model_name="unit",
            name="balcony_area",
            field=loupan.core.money.AreaField(
                blank=True, null=True, verbose_name="Balcony area"
            ),
        ),
        migrations.AddField(
            model_name="unit",
            name="garden_area",
            field=loupan.core.money.AreaField(
                blank=True, null=True, verbose_name="Garden area"
            ),
        ),
        migrations.AddField(
            model_name="unit",
            name="fitout_unit_price",
            field=loupan.core.money.UnitPriceField(
                blank=True, null=True, verbose_name="Fit-out unit price"
            ),
        ),
    ]
