"""Roles that were installed before get the permissions of this floor (DOMAIN 4.3: templates, parameters)."""

from django.db import migrations

READ, MANAGE = "parameters.read", "parameters.manage"
RIGHTS = {
    "AD": (READ, MANAGE),
    "GD": (READ, MANAGE),
    "CD": (READ, MANAGE),
    "MK": (READ, MANAGE),
    "PD": (READ,),
    "AU": (READ,),
}


def grant(apps, editor):
    role_model = apps.get_model("org", "Role")
    for role in role_model.objects.filter(code__in=RIGHTS):
        role.permissions = sorted({*role.permissions, *RIGHTS[role.code]})
        role.save(update_fields=["permissions"])


class Migration(migrations.Migration):
    dependencies = [
        ("parameters", "0006_custom_fields"),
        ("org", "0003_field_labels"),
    ]
    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
