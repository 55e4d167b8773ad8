from django.apps import AppConfig
from django.utils.translation import gettext


class SalesApp(AppConfig):
    name = "loupan.sales"

    def ready(self) -> None:
        from django.urls import reverse

        from loupan.customers import hooks as customers
        from loupan.customers.models import Customer
        from loupan.ledger import hooks as ledger
        from loupan.org.models import User

        def deals_panel(customer: Customer, viewer: User) -> customers.Panel | None:
            if not viewer.may("sales.read", customer.project_id):
                return None
            url = reverse("sales:customer_deals", args=[customer.pk])
            return customers.Panel("deals", gettext("Deals"), url)

        customers.panels.plug("deals", deals_panel)
        ledger.pages.plug("account", lambda pk: reverse("sales:deal_of_account", args=[pk]))
        ledger.pages.plug(
            "receive", lambda pk: f"{reverse('sales:deal_of_account', args=[pk])}?receive=1"
        )
        ledger.pages.plug("receipt", lambda pk: reverse("sales:receipt", args=[pk]))
