from django.apps import AppConfig


class CustomersApp(AppConfig):
    name = "loupan.customers"
