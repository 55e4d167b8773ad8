from django.apps import AppConfig


class CoreApp(AppConfig):
    name = "loupan.core"
