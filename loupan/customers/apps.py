from django.apps import AppConfig


class CustomersApp(AppConfig):
    name = "loupan.customers"

    def ready(self) -> None:
        from datetime import datetime

        from django.utils.functional import Promise
        from django.utils.translation import gettext_lazy as _

        from loupan.customers import queries
        from loupan.customers.actions import ownership
        from loupan.customers.parameters import DICTIONARIES, PARAMETERS
        from loupan.org import hooks
        from loupan.org.models import Project, User
        from loupan.parameters.hooks import declare, declare_dictionaries

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
        declare(*PARAMETERS)
        declare_dictionaries(*DICTIONARIES)
