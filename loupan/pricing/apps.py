from django.apps import AppConfig


class PricingApp(AppConfig):
    name = "loupan.pricing"

    def ready(self) -> None:
        from django.urls import reverse
        from django.utils.translation import gettext

        from loupan.inventory.hooks import (
            LIST_PRICE,
            PAYMENT_PLAN,
            Panel,
            panels,
            payment_plans,
            price_calculator,
            prices_imported,
            prices_taken_back,
        )
        from loupan.inventory.models import Unit
        from loupan.org.hooks import project_made
        from loupan.org.models import User
        from loupan.parameters.hooks import changed, declare
        from loupan.pricing.actions.policies import give_pricing_defaults, renew_stamps
        from loupan.pricing.actions.price_lists import (
            record_imported_prices,
            take_back_imported_prices,
        )
        from loupan.pricing.parameters import PARAMETERS
        from loupan.pricing.queries.list_prices import list_price_calculator
        from loupan.pricing.queries.plans import is_plan_offered

        declare(*PARAMETERS)
        project_made.plug(
            "pricing",
            lambda project, by, at: give_pricing_defaults(project_id=project.pk, by=by, at=at),
        )
        changed.plug("pricing", lambda project_ids: renew_stamps(project_ids=project_ids))
        price_calculator.plug(LIST_PRICE, list_price_calculator)
        payment_plans.plug(PAYMENT_PLAN, is_plan_offered)
        prices_imported.plug(
            "pricing", lambda batch, by, at: record_imported_prices(batch=batch, by=by, at=at)
        )
        prices_taken_back.plug(
            "pricing", lambda batch, by, at: take_back_imported_prices(batch=batch, by=by, at=at)
        )

        def prices_panel(unit: Unit, viewer: User) -> Panel | None:
            if not viewer.may("pricing.read", unit.project_id):
                return None
            url = reverse("pricing:unit_prices", args=[unit.pk])
            return Panel("prices", gettext("Versions of prices"), url)

        panels.plug("prices", prices_panel)
