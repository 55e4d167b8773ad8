from django.urls import path

from loupan.documents import views

app_name = "documents"
urlpatterns = [
    path("templates/", views.templates, name="templates"),
    path("templates/<int:pk>/file/", views.template_file, name="template_file"),
    path("templates/<int:pk>/retirement/", views.retirement, name="retirement"),
    path("templates/built-in/<slug:kind>/", views.built_in_file, name="built_in_file"),
]
