from django.apps import AppConfig


class InventoryApp(AppConfig):
    name = "loupan.inventory"

    def ready(self) -> None:
        from django.urls import reverse
        from django.utils.translation import gettext
        from django.utils.translation import gettext_lazy as _

        from loupan.inventory.hooks import Panel, panels
        from loupan.inventory.models import Unit, UnitFieldValue
        from loupan.inventory.parameters import DICTIONARIES, PARAMETERS, TERMS, UNIT
        from loupan.inventory.queries.units import units_for
        from loupan.org.models import User
        from loupan.parameters.hooks import (
            Found,
            Subject,
            declare,
            declare_dictionaries,
            declare_subject,
            declare_terms,
        )
        from loupan.parameters.queries.book import book_of

        def find(viewer: User, pk: int) -> Found | None:
            row = units_for(viewer).filter(pk=pk).first()
            if row is None:
                return None
            may_edit = viewer.may("inventory.edit_property", row.project_id)
            return Found(row, row.project_id, may_edit)

        def fields_panel(unit: Unit, viewer: User) -> Panel | None:
            if not book_of(unit.project_id).fields.get(UNIT):
                return None
            url = reverse("parameters:record_panel", args=[UNIT, unit.pk])
            return Panel("fields", gettext("Custom fields"), url)

        declare_subject(
            Subject(
                UNIT, _("Units"), UnitFieldValue, "unit", find,
                lambda pk: reverse("inventory:unit", args=[pk]),
            )
        )  # fmt: skip
        panels.plug("fields", fields_panel)
        declare(*PARAMETERS)
        declare_dictionaries(*DICTIONARIES)
        declare_terms(*TERMS)
