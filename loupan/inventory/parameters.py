"""What an office may set about its property: further fields of units, classes of property (INV-10)."""

from django.utils.translation import gettext_lazy as _

from loupan.parameters.hooks import Dictionary

UNIT = "inventory.unit"  # The subject of custom fields.

BUILDING_TYPE, USE, TENURE = "inventory.building_type", "inventory.use", "inventory.tenure"
DICTIONARIES = (
    Dictionary(
        BUILDING_TYPE, _("Building types"), is_tree=True, help=_("How a building is built.")
    ),
    Dictionary(USE, _("Uses of units"), is_tree=True, help=_("The planned use of the permit.")),
    Dictionary(TENURE, _("Tenures"), is_tree=True, help=_("On what right a unit is owned.")),
)
