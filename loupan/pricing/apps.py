from django.apps import AppConfig


class PricingApp(AppConfig):
    name = "loupan.pricing"

    def ready(self) -> None:
        from loupan.inventory.hooks import LIST_PRICE, price_calculator
        from loupan.pricing.queries import list_price_calculator

        price_calculator.plug(LIST_PRICE, list_price_calculator)
