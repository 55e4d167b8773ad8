from django.apps import AppConfig


class LedgerApp(AppConfig):
    name = "loupan.ledger"

    def ready(self) -> None:
        from loupan.ledger.parameters import RECEIPT
        from loupan.parameters.hooks import declare_series

        declare_series(RECEIPT)
