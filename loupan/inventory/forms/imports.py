"""A file of units, and which of its columns is what."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from loupan.core.ui.imports import ColumnsForm, FileForm
from loupan.inventory.rules.unit_files import VOCABULARY


class UploadForm(FileForm):
    label = _("Price list")


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


class MappingForm(ColumnsForm):
    labels = FIELD_LABELS
