from django.urls import path

from loupan.parameters.views import values

app_name = "parameters"
urlpatterns = [
    path("", values.values, name="values"),
    path("values/<str:key>/", values.value, name="value"),
    path("values/<str:key>/taking-back/", values.taking_back, name="taking_back"),
]
