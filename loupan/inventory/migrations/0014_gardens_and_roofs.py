from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inventory", "0013_property_classes"),
    ]

    operations = [
        migrations.AlterField(
            model_name="unit",
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
                default="flat",
                max_length=8,
                verbose_name="Product type",
            ),
        ),
    ]
