from django.apps import AppConfig


class ConfigApp(AppConfig):
    name = "loupan.config"

    def ready(self) -> None:
        from loupan.config.checks import register_checks

        register_checks()
