from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("sales", "0006_proofs_and_gifts"),
    ]

    operations = [
        migrations.AlterField(
            model_name="dealdiscount",
            name="name",
            field=models.CharField(max_length=130),
        ),
    ]
