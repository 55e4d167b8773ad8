from django.urls import path

from loupan.reports import views

app_name = "reports"
urlpatterns = [
    path("", views.home, name="home"),
    path("reports/", views.report_list, name="list"),
    path("reports/<slug:code>/", views.report, name="report"),
    path("search/", views.search, name="search"),
    path("help/", views.help_page, name="help"),
]
