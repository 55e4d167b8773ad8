from django.apps import AppConfig


class PricingApp(AppConfig):
    name = "loupan.pricing"
