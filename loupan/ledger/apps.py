from django.apps import AppConfig


class LedgerApp(AppConfig):
    name = "loupan.ledger"
