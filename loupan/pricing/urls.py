from django.urls import URLPattern, URLResolver, path

from loupan.pricing import views

app_name = "pricing"
urlpatterns: list[URLPattern | URLResolver] = [
    path("plans/", views.plans, name="plans"),
    path("plans/new/", views.plan, name="plan_new"),
    path("plans/example/", views.plan_example, name="plan_example"),
    path("plans/<int:pk>/", views.plan, name="plan"),
    path("discounts/", views.discounts, name="discounts"),
    path("discounts/new/", views.discount, name="discount_new"),
    path("discounts/<int:pk>/", views.discount, name="discount"),
    path("policy/", views.policy, name="policy"),
    path("prices/", views.prices, name="prices"),
    path("units/", views.unit_choices, name="unit_choices"),
]
