from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("pricing", "0007_ranges_limits_and_gifts"),
    ]

    operations = [
        migrations.AlterField(
            model_name="classpolicy",
            name="product_type",
            field=models.CharField(
                choices=[
                    ("flat", "Flat"),
                    ("villa", "Villa"),
                    ("shop", "Shop"),
                    ("office", "Office"),
                    ("parking", "Parking stall"),
                    ("storage", "Storage unit"),
                    ("garden", "Garden"),
                    ("roof", "Roof terrace"),
                ],
                max_length=8,
                verbose_name="Class of property",
            ),
        ),
        migrations.AlterField(
            model_name="precisionrule",
            name="product_type",
            field=models.CharField(
                blank=True,
                choices=[
                    ("flat", "Flat"),
                    ("villa", "Villa"),
                    ("shop", "Shop"),
                    ("office", "Office"),
                    ("parking", "Parking stall"),
                    ("storage", "Storage unit"),
                    ("garden", "Garden"),
                    ("roof", "Roof terrace"),
                ],
                max_length=8,
                verbose_name="Class of property",
            ),
        ),
    ]
