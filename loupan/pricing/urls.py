from django.urls import URLPattern, URLResolver, path

from loupan.pricing.views import plans

app_name = "pricing"
urlpatterns: list[URLPattern | URLResolver] = [
    path("plans/", plans.plans, name="plans"),
    path("plans/new/", plans.plan, name="plan_new"),
    path("plans/example/", plans.plan_example, name="plan_example"),
    path("plans/<int:pk>/", plans.plan, name="plan"),
    path("discounts/", plans.discounts, name="discounts"),
    path("discounts/new/", plans.discount, name="discount_new"),
    path("discounts/<int:pk>/", plans.discount, name="discount"),
    path("policy/", plans.policy, name="policy"),
    path("prices/", plans.prices, name="prices"),
    path("units/", plans.unit_choices, name="unit_choices"),
]
