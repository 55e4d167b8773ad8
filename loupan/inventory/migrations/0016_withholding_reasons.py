"""The words every office starts with for withholding units, for the whole group."""

from django.db import migrations

DICTIONARY = "inventory.withhold_reason"
WORDS = (
    ("pricing", "调价", "Price under review"),
    ("reserve_stock", "储备货源", "Kept for a later batch"),
    ("relation", "关系客户", "For a relation"),
    ("show_flat", "样板间", "Show flat"),
    ("defect", "工程问题", "Defect or construction"),
    ("legal", "法务问题", "Legal question"),
    ("other", "其他", "Other"),
)


def deliver(apps, _editor):
    entry = apps.get_model("parameters", "DictionaryEntry")
    if not entry.objects.filter(dictionary=DICTIONARY).exists():
        for number, (code, name, name_en) in enumerate(WORDS, 1):
            entry.objects.create(
                dictionary=DICTIONARY, code=code, name=name, name_en=name_en, order=number * 10
            )


class Migration(migrations.Migration):
    dependencies = [("inventory", "0015_sales_control")]

    operations = [migrations.RunPython(deliver, migrations.RunPython.noop)]
