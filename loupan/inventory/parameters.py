"""What an office may set about its property: further fields of units, classes of property (INV-10), what
a release needs, why units are withheld.
"""

from django.utils.translation import gettext_lazy as _

from loupan.parameters.hooks import Dictionary
from loupan.parameters.rules.values import Kind, Parameter

UNIT = "inventory.unit"  # The subject of custom fields.

RELEASE_NEEDS_FILED = Parameter[bool](
    key="inventory.release_needs_filed_price",
    kind=Kind.BOOL,
    default=False,
    group=_("Sales control"),
    label=_("A release needs the filed price"),
    help=_("Then no unit comes to market without a filed price, or above it."),
)
PARAMETERS = (RELEASE_NEEDS_FILED,)

BUILDING_TYPE, USE, TENURE = "inventory.building_type", "inventory.use", "inventory.tenure"
WITHHOLD_REASON = "inventory.withhold_reason"
DICTIONARIES = (
    Dictionary(
        BUILDING_TYPE, _("Building types"), is_tree=True, help=_("How a building is built.")
    ),
    Dictionary(USE, _("Uses of units"), is_tree=True, help=_("The planned use of the permit.")),
    Dictionary(TENURE, _("Tenures"), is_tree=True, help=_("On what right a unit is owned.")),
    Dictionary(
        WITHHOLD_REASON, _("Reasons for withholding"), help=_("Why a unit is kept back from sale.")
    ),
)
