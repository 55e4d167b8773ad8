import django.db.models
from django.db import migrations, models

import loupan.core.money


class Migration(migrations.Migration):
    dependencies = [
        ("pricing", "0006_more_named_amounts"),
    ]

    operations = [
        migrations.AddField(
            model_name="paymentplan",
            name="product_types",
            field=models.JSONField(blank=True, default=list, verbose_name="Only for"),
        ),
        migrations.AddField(
            model_name="discount",
            name="buildings",
            field=models.JSONField(blank=True, default=list, verbose_name="Buildings"),
        ),
        migrations.AddField(
            model_name="discount",
            name="layouts",
            field=models.JSONField(blank=True, default=list, verbose_name="Layouts"),
        ),
        migrations.AddField(
            model_name="discount",
            name="unit_numbers",
            field=models.JSONField(blank=True, default=list, verbose_name="Units"),
        ),
        migrations.AddField(
            model_name="discount",
            name="per_person",
            field=models.PositiveSmallIntegerField(
                blank=True, null=True, verbose_name="Deals per person"
            ),
        ),
        migrations.AddField(
            model_name="discount",
            name="gift_name",
            field=models.CharField(blank=True, max_length=60, verbose_name="Gift"),
        ),
        migrations.AddField(
            model_name="discount",
            name="gift_cost",
            field=loupan.core.money.MoneyField(default=0, verbose_name="Cost of the gift"),
        ),
        migrations.AddField(
            model_name="pricingpolicy",
            name="gifts_count_for_floor",
            field=models.BooleanField(
                default=False, verbose_name="Gifts count against the floor price"
            ),
        ),
        migrations.AddConstraint(
            model_name="discount",
            constraint=models.CheckConstraint(
                condition=django.db.models.Q(("gift_cost__gte", 0)),
                name="discount_gift_cost_not_negative",
            ),
        ),
    ]
