"""Every address of the product, one include per app."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from loupan.config import health
from loupan.config.api import api
from loupan.core import views as core_views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("loupan.reports.urls")),
    path("org/", include("loupan.org.urls")),
    path("parameters/", include("loupan.parameters.urls")),
    path("inventory/", include("loupan.inventory.urls")),
    path("customers/", include("loupan.customers.urls")),
    path("documents/", include("loupan.documents.urls")),
    path("pricing/", include("loupan.pricing.urls")),
    path("ledger/", include("loupan.ledger.urls")),
    path("sales/", include("loupan.sales.urls")),
    path("lists/", include("loupan.core.urls")),
    path("api/v1/", api.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    path("preferences/", core_views.preferences, name="preferences"),
    path("sw.js", core_views.service_worker, name="service_worker"),
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
]
if settings.DEBUG:
    urlpatterns.append(path("kit/", core_views.kit, name="kit"))
