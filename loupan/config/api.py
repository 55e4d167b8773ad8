"""The API under /api/v1/: routers of the apps, one token, one form of error (CONTRACT 3)."""

from importlib import import_module

from ninja import NinjaAPI

from loupan.core.rest import CleanParser, OrjsonRenderer, install_translators
from loupan.org.api.account import bearer

api = NinjaAPI(
    title="Loupan",
    version="1",
    description="Sales office of a property developer: units, customers, deals, money, reports.",
    urls_namespace="api",
    auth=bearer,
    parser=CleanParser(),
    renderer=OrjsonRenderer(),
)
install_translators(api)

for module in (
    "core.api",
    "org.api.account",
    "org.api.dossier",
    "org.api.people",
    "org.api.structure",
    "parameters.api.values",
    "parameters.api.entries",
    "parameters.api.numbers",
    "parameters.api.holidays",
    "parameters.api.fields",
    "inventory.api.units",
    "inventory.api.property",
    "inventory.api.control",
    "inventory.api.encumbrances",
    "inventory.api.layouts",
    "customers.api.customers",
    "customers.api.imports",
    "pricing.api.plans",
    "pricing.api.prices",
    "ledger.api",
    "sales.api.units",
    "sales.api.control",
    "sales.api.reservations",
    "sales.api.attached",
    "sales.api.plan_changes",
    "sales.api.proofs",
    "sales.api.contracts",
    "sales.api.money",
    "sales.api.provisionals",
    "sales.api.filings",
    "sales.api.handovers",
    "sales.api.relations",
    "sales.api.deals",
    "documents.api",
    "reports.api",
):
    api.add_router("", import_module(f"loupan.{module}").router)
