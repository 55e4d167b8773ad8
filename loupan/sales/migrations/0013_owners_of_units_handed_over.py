"""Who had their unit handed over before owns it; installed roles may say who owns and lives in one."""

from django.db import migrations

RELATE = "sales.relate_person"
ROLES = ("GD", "CD", "PD", "CS", "SV", "HO")
OWNS = "owner"
BEFORE = ("potential", "intention", "reserved", "contracted", "lost")


def record_owners(apps, editor):
    handovers = apps.get_model("sales", "Handover").objects.filter(is_active=True)
    relations = apps.get_model("sales", "UnitRelation").objects
    customers = apps.get_model("customers", "Customer").objects
    for handover in handovers.select_related("deal").order_by("pk"):
        deal = handover.deal
        attached = deal.attached.filter(removed_on=None).values_list("unit_id", flat=True)
        buyers = list(deal.buyers.values_list("customer_id", flat=True))
        for unit_id in (deal.unit_id, *attached):
            for customer_id in buyers:
                relations.get_or_create(
                    unit_id=unit_id,
                    customer_id=customer_id,
                    kind=OWNS,
                    ends_on=None,
                    defaults={
                        "project_id": deal.project_id,
                        "starts_on": handover.handed_over_on,
                        "deal": deal,
                        "by_id": handover.by_id,
                        "at": handover.at,
                    },
                )
        behind = customers.filter(pk__in=buyers, life_class__in=BEFORE)
        behind.update(life_class=OWNS, protected_until=None)


def grant(apps, editor):
    role_model = apps.get_model("org", "Role")
    for role in role_model.objects.filter(code__in=ROLES):
        role.permissions = sorted({*role.permissions, RELATE})
        role.save(update_fields=["permissions"])


class Migration(migrations.Migration):
    dependencies = [("sales", "0012_unit_relations")]
    operations = [
        migrations.RunPython(record_owners, migrations.RunPython.noop),
        migrations.RunPython(grant, migrations.RunPython.noop),
    ]
