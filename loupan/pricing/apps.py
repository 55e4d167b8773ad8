from django.apps import AppConfig


class PricingApp(AppConfig):
    name = "loupan.pricing"

    def ready(self) -> None:
        from loupan.inventory.hooks import (
            LIST_PRICE,
            price_calculator,
            prices_imported,
            prices_taken_back,
        )
        from loupan.parameters.hooks import changed, declare
        from loupan.pricing.actions.policies import renew_stamps
        from loupan.pricing.actions.price_lists import (
            record_imported_prices,
            take_back_imported_prices,
        )
        from loupan.pricing.parameters import PARAMETERS
        from loupan.pricing.queries import list_price_calculator

        declare(*PARAMETERS)
        changed.plug("pricing", lambda project_ids: renew_stamps(project_ids=project_ids))
        price_calculator.plug(LIST_PRICE, list_price_calculator)
        prices_imported.plug(
            "pricing", lambda batch, by, at: record_imported_prices(batch=batch, by=by, at=at)
        )
        prices_taken_back.plug(
            "pricing", lambda batch, by, at: take_back_imported_prices(batch=batch, by=by, at=at)
        )
