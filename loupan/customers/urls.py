from django.urls import path

from loupan.customers.views import customers as views
from loupan.customers.views import imports as import_views

app_name = "customers"
urlpatterns = [
    path("", views.customer_list, name="list"),
    path("choices/", views.choices, name="choices"),
    path("imports/", import_views.import_list, name="imports"),
    path("imports/<int:pk>/", import_views.import_page, name="import"),
    path("imports/<int:pk>/progress/", import_views.import_progress, name="import_progress"),
    path("imports/<int:pk>/run/", import_views.import_run, name="import_run"),
    path("imports/<int:pk>/errors/", import_views.import_errors, name="import_errors"),
    path("imports/<int:pk>/undoing/", import_views.import_undo, name="import_undo"),
    path("reception/", views.reception, name="reception"),
    path("phone-check/", views.phone_check, name="phone_check"),
    path("registration/", views.register, name="register"),
    path("<int:pk>/", views.customer, name="customer"),
    path("<int:pk>/edit/", views.edit, name="edit"),
    path("<int:pk>/visits/", views.visit, name="visit"),
    path("<int:pk>/calls/", views.call, name="call"),
    path("<int:pk>/follow-ups/", views.follow_up, name="follow_up"),
    path("<int:pk>/reveals/", views.reveal, name="reveal"),
    path("<int:pk>/owner/", views.owner, name="owner"),
]
