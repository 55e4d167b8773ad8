from django.urls import path

from loupan.parameters.views import entries, fields, holidays, numbers, values

app_name = "parameters"
urlpatterns = [
    path("", values.values, name="values"),
    path("values/<str:key>/", values.value, name="value"),
    path("values/<str:key>/taking-back/", values.taking_back, name="taking_back"),
    path("dictionaries/", entries.dictionaries, name="dictionaries"),
    path("dictionaries/<str:code>/", entries.dictionary, name="dictionary"),
    path("dictionaries/<str:code>/new/", entries.entry_new, name="entry_new"),
    path("dictionaries/<str:code>/import/", entries.entries_import, name="entries_import"),
    path("numbers/", numbers.numberings, name="numberings"),
    path("numbers/<str:code>/", numbers.numbering, name="numbering"),
    path(
        "numbers/<str:code>/taking-back/",
        numbers.numbering_taking_back,
        name="numbering_taking_back",
    ),
    path("holidays/", holidays.holidays, name="holidays"),
    path("holidays/new/", holidays.holiday_new, name="holiday_new"),
    path("holidays/import/", holidays.holidays_import, name="holidays_import"),
    path("holidays/<int:pk>/", holidays.holiday, name="holiday"),
    path("holidays/<int:pk>/removal/", holidays.holiday_removal, name="holiday_removal"),
    path("fields/", fields.custom_fields, name="custom_fields"),
    path("fields/<int:pk>/", fields.custom_field, name="custom_field"),
    path("fields/<str:subject>/new/", fields.custom_field_new, name="custom_field_new"),
    path("fields/<str:subject>/<int:pk>/panel/", fields.record_panel, name="record_panel"),
    path("fields/<str:subject>/<int:pk>/", fields.record_fields, name="record_fields"),
    path("entries/<int:pk>/", entries.entry, name="entry"),
    path("entries/<int:pk>/merging/", entries.merging, name="merging"),
    path("entries/<int:pk>/shifting/", entries.shifting, name="shifting"),
    path("entries/<int:pk>/disabling/", entries.disabling, name="disabling"),
    path("entries/<int:pk>/enabling/", entries.enabling, name="enabling"),
]
