"""The holidays of 2024, 2025 and 2026 as the General Office of the State Council has published them."""

from datetime import date, timedelta

from django.db import migrations

OFF = (
    ("2024-01-01", "2024-01-01", "元旦", "New Year's Day"),
    ("2024-02-10", "2024-02-17", "春节", "Spring Festival"),
    ("2024-04-04", "2024-04-06", "清明节", "Tomb-sweeping Day"),
    ("2024-05-01", "2024-05-05", "劳动节", "Labour Day"),
    ("2024-06-10", "2024-06-10", "端午节", "Dragon Boat Festival"),
    ("2024-09-15", "2024-09-17", "中秋节", "Mid-autumn Festival"),
    ("2024-10-01", "2024-10-07", "国庆节", "National Day"),
    ("2025-01-01", "2025-01-01", "元旦", "New Year's Day"),
    ("2025-01-28", "2025-02-04", "春节", "Spring Festival"),
    ("2025-04-04", "2025-04-06", "清明节", "Tomb-sweeping Day"),
    ("2025-05-01", "2025-05-05", "劳动节", "Labour Day"),
    ("2025-05-31", "2025-06-02", "端午节", "Dragon Boat Festival"),
    ("2025-10-01", "2025-10-05", "国庆节", "National Day"),
    ("2025-10-06", "2025-10-06", "中秋节", "Mid-autumn Festival"),
    ("2025-10-07", "2025-10-08", "国庆节", "National Day"),
    ("2026-01-01", "2026-01-03", "元旦", "New Year's Day"),
    ("2026-02-15", "2026-02-23", "春节", "Spring Festival"),
    ("2026-04-04", "2026-04-06", "清明节", "Tomb-sweeping Day"),
    ("2026-05-01", "2026-05-05", "劳动节", "Labour Day"),
    ("2026-06-19", "2026-06-21", "端午节", "Dragon Boat Festival"),
    ("2026-09-25", "2026-09-27", "中秋节", "Mid-autumn Festival"),
    ("2026-10-01", "2026-10-07", "国庆节", "National Day"),
)
MADE_UP = (
    ("2024-02-04", "春节", "Spring Festival"),
    ("2024-02-18", "春节", "Spring Festival"),
    ("2024-04-07", "清明节", "Tomb-sweeping Day"),
    ("2024-04-28", "劳动节", "Labour Day"),
    ("2024-05-11", "劳动节", "Labour Day"),
    ("2024-09-14", "中秋节", "Mid-autumn Festival"),
    ("2024-09-29", "国庆节", "National Day"),
    ("2024-10-12", "国庆节", "National Day"),
    ("2025-01-26", "春节", "Spring Festival"),
    ("2025-02-08", "春节", "Spring Festival"),
    ("2025-04-27", "劳动节", "Labour Day"),
    ("2025-09-28", "国庆节", "National Day"),
    ("2025-10-11", "国庆节", "National Day"),
    ("2026-01-04", "元旦", "New Year's Day"),
    ("2026-02-14", "春节", "Spring Festival"),
    ("2026-02-28", "春节", "Spring Festival"),
    ("2026-05-09", "劳动节", "Labour Day"),
    ("2026-09-20", "国庆节", "National Day"),
    ("2026-10-10", "国庆节", "National Day"),
)

# On these customers are greeted.
GREETED = {
    "2024-01-01", "2024-02-10", "2024-06-10", "2024-09-17", "2024-10-01",
    "2025-01-01", "2025-01-29", "2025-05-31", "2025-10-01", "2025-10-06",
    "2026-01-01", "2026-02-17", "2026-06-19", "2026-09-25", "2026-10-01",
}


def deliver(apps, editor):
    """What is known, where nobody has said anything of the day."""
    holiday = apps.get_model("parameters", "Holiday")
    days = {}
    for first, last, name, name_en in OFF:
        day = date.fromisoformat(first)
        while day <= date.fromisoformat(last):
            days[day] = ("off", name, name_en)
            day += timedelta(days=1)
    for day, name, name_en in MADE_UP:
        days[date.fromisoformat(day)] = ("work", f"{name}调休", f"Made up for {name_en}")
    holiday.objects.bulk_create(
        [
            holiday(
                on=day, kind=kind, name=name, name_en=name_en,
                is_greeting=day.isoformat() in GREETED,
            )
            for day, (kind, name, name_en) in sorted(days.items())
        ],
        ignore_conflicts=True,
    )


class Migration(migrations.Migration):
    dependencies = [("parameters", "0004_holidays")]
    operations = [migrations.RunPython(deliver, migrations.RunPython.noop)]
