from django.urls import path

from loupan.inventory.views import (
    buildings,
    deletion,
    encumbrances,
    generation,
    grid,
    imports,
    units,
)

app_name = "inventory"
urlpatterns = [
    path("units/", units.unit_list, name="units"),
    path("units/deletion/", deletion.deletion, name="deletion"),
    path("encumbrances/", encumbrances.encumbrance_list, name="encumbrances"),
    path("encumbrances/new/", encumbrances.encumbrance_new, name="encumbrance_new"),
    path(
        "encumbrances/<int:pk>/lifting/",
        encumbrances.encumbrance_lifting,
        name="encumbrance_lifting",
    ),
    path("units/<int:pk>/", units.unit, name="unit"),
    path("units/<int:pk>/edit/", units.unit_edit, name="unit_edit"),
    path("units/<int:pk>/deletion/", units.unit_delete, name="unit_delete"),
    path("buildings/", buildings.buildings, name="buildings"),
    path("buildings/new/", buildings.building_edit, name="building_new"),
    path("buildings/<int:pk>/", buildings.building_edit, name="building"),
    path("buildings/<int:pk>/generation/", generation.generation, name="generation"),
    path("buildings/<int:pk>/grid/", grid.grid, name="grid"),
    path("buildings/<int:pk>/grid/check/", grid.grid_check, name="grid_check"),
    path("buildings/<int:pk>/grid/save/", grid.grid_save, name="grid_save"),
    path(
        "buildings/<int:building_pk>/entrances/new/", buildings.entrance_edit, name="entrance_new"
    ),
    path("entrances/<int:pk>/", buildings.entrance_edit, name="entrance"),
    path("zones/new/", buildings.zone_edit, name="zone_new"),
    path("zones/<int:pk>/", buildings.zone_edit, name="zone"),
    path("permits/new/", buildings.permit_edit, name="permit_new"),
    path("permits/<int:pk>/", buildings.permit_edit, name="permit"),
    path("layouts/new/", buildings.layout_edit, name="layout_new"),
    path("layouts/<int:pk>/", buildings.layout_edit, name="layout"),
    path("imports/", imports.import_list, name="imports"),
    path("imports/<int:pk>/", imports.import_page, name="import"),
    path("imports/<int:pk>/progress/", imports.import_progress, name="import_progress"),
    path("imports/<int:pk>/run/", imports.import_run, name="import_run"),
    path("imports/<int:pk>/errors/", imports.import_errors, name="import_errors"),
    path("imports/<int:pk>/undo/", imports.import_undo, name="import_undo"),
]
