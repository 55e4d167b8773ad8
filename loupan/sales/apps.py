from django.apps import AppConfig


class SalesApp(AppConfig):
    name = "loupan.sales"
