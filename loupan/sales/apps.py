from django.apps import AppConfig
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


class SalesApp(AppConfig):
    name = "loupan.sales"

    def ready(self) -> None:
        from datetime import datetime

        from django.urls import reverse

        from loupan.customers import hooks as customers
        from loupan.customers.models import Customer
        from loupan.inventory import hooks as inventory
        from loupan.inventory.models import Unit
        from loupan.inventory.permissions import READ_BOARD
        from loupan.ledger import hooks as ledger
        from loupan.org import hooks as org
        from loupan.org.models import Project, User
        from loupan.parameters.hooks import (
            Found,
            Subject,
            declare,
            declare_series,
            declare_subject,
            declare_terms,
        )
        from loupan.sales.actions import handing_over
        from loupan.sales.models import DealFieldValue
        from loupan.sales.parameters import DEAL_FIELDS, PARAMETERS, SERIES, TERMS
        from loupan.sales.permissions import READ, may_note
        from loupan.sales.queries import belongings
        from loupan.sales.queries.deals import deals_for
        from loupan.sales.states import DealStatus

        def deals_panel(customer: Customer, viewer: User) -> customers.Panel | None:
            if not viewer.may("sales.read", customer.project_id):
                return None
            url = reverse("sales:customer_deals", args=[customer.pk])
            return customers.Panel("deals", gettext("Deals"), url)

        def units_panel(customer: Customer, viewer: User) -> customers.Panel | None:
            if customer.project_id not in viewer.acts_in(READ_BOARD):
                return None
            url = reverse("sales:customer_units", args=[customer.pk])
            return customers.Panel("units", gettext("Units they own or live in"), url)

        def people_panel(unit: Unit, viewer: User) -> inventory.Panel | None:
            if not viewer.may("customers.read", unit.project_id):
                return None
            url = reverse("sales:unit_people", args=[unit.pk])
            return inventory.Panel("people", gettext("Owners and residents"), url)

        def hand_over(leaver: User, heir: User, place: Project, by: User, at: datetime) -> int:
            return handing_over.take_over_deals(
                leaver=leaver, successor=heir, project=place, by=by, at=at
            )

        def glimpse(person: User, project_id: int) -> list[tuple[str, int]]:
            deals = deals_for(person).filter(project_id=project_id)
            return [(gettext("Deals"), deals[: org.MOST_COUNTED + 1].count())]

        def find(viewer: User, pk: int) -> Found | None:
            row = deals_for(viewer).filter(pk=pk).first() if viewer.may(READ) else None
            if row is None:
                return None
            is_open = row.status != DealStatus.CANCELLED
            return Found(row, row.project_id, is_open and may_note(viewer, row.project_id))

        declare(*PARAMETERS)
        declare_series(*SERIES)
        declare_terms(*TERMS)
        declare_subject(
            Subject(
                DEAL_FIELDS, _("Deals"), DealFieldValue, "deal", find,
                lambda pk: reverse("sales:deal", args=[pk]),
            )
        )  # fmt: skip
        org.glimpses.plug("deals", glimpse)
        org.belongings.plug("deals", belongings.belongings_of)
        org.handed_over.plug("deals", hand_over)
        customers.panels.plug("deals", deals_panel)
        customers.panels.plug("units", units_panel)
        inventory.panels.plug("people", people_panel)
        ledger.pages.plug("account", lambda pk: reverse("sales:deal_of_account", args=[pk]))
        ledger.pages.plug(
            "receive", lambda pk: f"{reverse('sales:deal_of_account', args=[pk])}?receive=1"
        )
        ledger.pages.plug("receipt", lambda pk: reverse("sales:receipt", args=[pk]))
