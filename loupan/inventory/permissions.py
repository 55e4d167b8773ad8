"""The verbs of property, by name. Who holds them is said in `org`."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

READ_BOARD = "inventory.read_board"
READ_FLOOR_PRICE = "inventory.read_floor_price"
EDIT_PROPERTY = "inventory.edit_property"
IMPORT_UNITS = "inventory.import_units"
RELEASE_UNIT = "inventory.release_unit"
WITHHOLD_UNIT = "inventory.withhold_unit"
TAKE_OFF_MARKET = "inventory.take_off_market"

FIELDS = frozenset({READ_FLOOR_PRICE})
PERMISSIONS: Mapping[str, str | Promise] = {
    READ_BOARD: _("See the unit board and units"),
    READ_FLOOR_PRICE: _("See floor prices"),
    EDIT_PROPERTY: _("Edit zones, buildings, layouts and units"),
    IMPORT_UNITS: _("Import units from a file"),
    RELEASE_UNIT: _("Release units for sale"),
    WITHHOLD_UNIT: _("Withhold units"),
    TAKE_OFF_MARKET: _("Take units off the market and back"),
}
