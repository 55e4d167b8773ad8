"""A file of units, and which of its columns is what."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from loupan.inventory.rules.unit_files import VOCABULARY


class UploadForm(forms.Form):
    file = forms.FileField(
        label=_("Price list"),
        help_text=_("An .xlsx, .xls, .xlsb, .ods or .csv file of up to 50 MB."),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.xlsb,.xlsm,.ods,.csv,.tsv,.txt"}),
    )


FIELD_LABELS: dict[str, Any] = {
    "building": _("Building"),
    "entrance": _("Entrance"),
    "floor": _("Floor"),
    "room": _("Room number"),
    "number": _("Number"),
    "position": _("Position"),
    "built_area": _("Built area"),
    "inner_area": _("Inner area"),
    "measured_built_area": _("Measured built area"),
    "measured_inner_area": _("Measured inner area"),
    "list_unit_price": _("List unit price"),
    "list_total": _("List total"),
    "filed_unit_price": _("Filed unit price"),
    "filed_total": _("Filed total"),
    "floor_unit_price": _("Floor unit price"),
    "floor_total": _("Floor total"),
    "status": _("Status"),
    "layout": _("Layout"),
    "orientation": _("Orientation"),
    "product_type": _("Product type"),
    "view": _("View"),
    "fitout": _("Fit-out"),
    "balcony_area": _("Balcony area"),
    "garden_area": _("Garden area"),
    "is_corner": _("Corner unit"),
    "is_show_flat": _("Show flat"),
}
assert set(FIELD_LABELS) == set(VOCABULARY)


class MappingForm(forms.Form):
    """Which column of the file is which field; one select for each field."""

    def __init__(
        self,
        *args: Any,
        columns: Sequence[Mapping[str, Any]],
        chosen: Mapping[str, str],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", _("Not in the file"))] + [
            (column["letter"], f"{column['letter']} · {column['header']}") for column in columns
        ]
        by_header = {column["header"]: column["letter"] for column in columns}
        guessed = {column["field"]: column["letter"] for column in columns if column["field"]}
        for name, label in FIELD_LABELS.items():
            wish = chosen.get(name)
            letter = guessed.get(name, "") if wish is None else by_header.get(wish, wish)
            self.fields[name] = forms.ChoiceField(
                label=label, choices=choices, required=False, initial=letter
            )

    def clean(self) -> dict[str, Any]:
        typed: dict[str, Any] = super().clean() or {}
        letters = [letter for letter in typed.values() if letter]
        for name, letter in list(typed.items()):
            if letter and letters.count(letter) > 1:
                self.add_error(name, _("One column cannot be two fields."))
        return typed
