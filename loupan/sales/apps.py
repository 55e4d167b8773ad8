from django.apps import AppConfig
from django.utils.translation import gettext


class SalesApp(AppConfig):
    name = "loupan.sales"

    def ready(self) -> None:
        from datetime import datetime

        from django.urls import reverse

        from loupan.customers import hooks as customers
        from loupan.customers.models import Customer
        from loupan.ledger import hooks as ledger
        from loupan.org import hooks as org
        from loupan.org.models import Project, User
        from loupan.parameters.hooks import declare, declare_series
        from loupan.sales.actions import handing_over
        from loupan.sales.parameters import PARAMETERS, SERIES
        from loupan.sales.queries import belongings
        from loupan.sales.queries.deals import deals_for

        def deals_panel(customer: Customer, viewer: User) -> customers.Panel | None:
            if not viewer.may("sales.read", customer.project_id):
                return None
            url = reverse("sales:customer_deals", args=[customer.pk])
            return customers.Panel("deals", gettext("Deals"), url)

        def hand_over(leaver: User, heir: User, place: Project, by: User, at: datetime) -> int:
            return handing_over.take_over_deals(
                leaver=leaver, successor=heir, project=place, by=by, at=at
            )

        def glimpse(person: User, project_id: int) -> list[tuple[str, int]]:
            deals = deals_for(person).filter(project_id=project_id)
            return [(gettext("Deals"), deals[: org.MOST_COUNTED + 1].count())]

        declare(*PARAMETERS)
        declare_series(*SERIES)
        org.glimpses.plug("deals", glimpse)
        org.belongings.plug("deals", belongings.belongings_of)
        org.handed_over.plug("deals", hand_over)
        customers.panels.plug("deals", deals_panel)
        ledger.pages.plug("account", lambda pk: reverse("sales:deal_of_account", args=[pk]))
        ledger.pages.plug(
            "receive", lambda pk: f"{reverse('sales:deal_of_account', args=[pk])}?receive=1"
        )
        ledger.pages.plug("receipt", lambda pk: reverse("sales:receipt", args=[pk]))
