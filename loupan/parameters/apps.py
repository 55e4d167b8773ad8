from django.apps import AppConfig


class ParametersApp(AppConfig):
    name = "loupan.parameters"

    def ready(self) -> None:
        from loupan.org.hooks import tree_moved
        from loupan.parameters.actions.stamps import renew_below

        tree_moved.plug("parameters", lambda path: renew_below(path=path))
