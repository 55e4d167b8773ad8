from django.apps import AppConfig


class ConfigApp(AppConfig):
    name = "loupan.config"

    def ready(self) -> None:
        from loupan.config.checks import register_checks
        from loupan.config.frame import places_of
        from loupan.org import hooks

        hooks.navigation.plug("frame", places_of)
        register_checks()
