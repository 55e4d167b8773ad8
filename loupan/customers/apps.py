from django.apps import AppConfig


class CustomersApp(AppConfig):
    name = "loupan.customers"

    def ready(self) -> None:
        from datetime import datetime

        from django.urls import reverse
        from django.utils.functional import Promise
        from django.utils.translation import gettext
        from django.utils.translation import gettext_lazy as _

        from loupan.customers import queries
        from loupan.customers.actions import ownership
        from loupan.customers.hooks import Panel, panels
        from loupan.customers.models import Customer, CustomerFieldValue
        from loupan.customers.parameters import CUSTOMER, DICTIONARIES, PARAMETERS, TERMS
        from loupan.org import hooks
        from loupan.org.models import Project, User
        from loupan.parameters.hooks import (
            Found,
            Subject,
            declare,
            declare_dictionaries,
            declare_subject,
            declare_terms,
        )
        from loupan.parameters.queries.book import book_of

        def hand_over(leaver: User, heir: User, place: Project, by: User, at: datetime) -> int:
            return ownership.take_over_customers(
                leaver=leaver, successor=heir, project=place, by=by, at=at
            )

        def glimpse(person: User, project_id: int) -> list[tuple[Promise, int]]:
            rows = queries.customers_for(person).filter(project_id=project_id)
            return [(_("Customers"), rows[: hooks.MOST_COUNTED + 1].count())]

        hooks.glimpses.plug("customers", glimpse)
        hooks.belongings.plug("customers", queries.belongings_of)
        hooks.handed_over.plug("customers", hand_over)

        def find(viewer: User, pk: int) -> Found | None:
            row = queries.customers_for(viewer).filter(pk=pk).first()
            if row is None:
                return None
            return Found(row, row.project_id, viewer.may("customers.edit", row.project_id))

        def fields_panel(customer: Customer, viewer: User) -> Panel | None:
            if not book_of(customer.project_id).fields.get(CUSTOMER):
                return None
            url = reverse("parameters:record_panel", args=[CUSTOMER, customer.pk])
            return Panel("fields", gettext("Custom fields"), url)

        declare(*PARAMETERS)
        declare_dictionaries(*DICTIONARIES)
        declare_terms(*TERMS)
        declare_subject(
            Subject(
                CUSTOMER, _("Customers"), CustomerFieldValue, "customer", find,
                lambda pk: reverse("customers:customer", args=[pk]),
            )
        )  # fmt: skip
        panels.plug("fields", fields_panel)
