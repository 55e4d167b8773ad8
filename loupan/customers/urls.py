from django.urls import path

from loupan.customers import views

app_name = "customers"
urlpatterns = [
    path("", views.customer_list, name="list"),
    path("choices/", views.choices, name="choices"),
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
