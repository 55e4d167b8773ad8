from django.urls import path

from loupan.inventory import views

app_name = "inventory"
urlpatterns = [
    path("units/", views.unit_list, name="units"),
    path("units/<int:pk>/", views.unit, name="unit"),
    path("units/<int:pk>/edit/", views.unit_edit, name="unit_edit"),
    path("units/<int:pk>/deletion/", views.unit_delete, name="unit_delete"),
    path("buildings/", views.buildings, name="buildings"),
    path("buildings/new/", views.building_edit, name="building_new"),
    path("buildings/<int:pk>/", views.building_edit, name="building"),
    path("buildings/<int:pk>/generation/", views.generation, name="generation"),
    path("buildings/<int:building_pk>/entrances/new/", views.entrance_edit, name="entrance_new"),
    path("entrances/<int:pk>/", views.entrance_edit, name="entrance"),
    path("zones/new/", views.zone_edit, name="zone_new"),
    path("zones/<int:pk>/", views.zone_edit, name="zone"),
    path("permits/new/", views.permit_edit, name="permit_new"),
    path("permits/<int:pk>/", views.permit_edit, name="permit"),
    path("layouts/new/", views.layout_edit, name="layout_new"),
    path("layouts/<int:pk>/", views.layout_edit, name="layout"),
    path("imports/", views.import_list, name="imports"),
    path("imports/<int:pk>/", views.import_page, name="import"),
    path("imports/<int:pk>/progress/", views.import_progress, name="import_progress"),
    path("imports/<int:pk>/run/", views.import_run, name="import_run"),
    path("imports/<int:pk>/errors/", views.import_errors, name="import_errors"),
    path("imports/<int:pk>/undo/", views.import_undo, name="import_undo"),
]
