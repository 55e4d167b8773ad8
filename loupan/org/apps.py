from django.apps import AppConfig


class OrgApp(AppConfig):
    name = "loupan.org"
