"""What an office may set about its property: further fields of units, classes of property (INV-10), what
a release needs, why units are withheld.
"""

from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from loupan.core.terms import Term
from loupan.inventory.models import ProductType
from loupan.inventory.rules.stock import EVERYTHING
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


def _least(key: str, label: object, note: object = "") -> Parameter[int]:
    return Parameter(
        key=key, kind=Kind.INTEGER, default=0, minimum=0, maximum=100_000,
        group=_("Stock alerts"), label=label, unit=_("units"), help=note,
    )  # fmt: skip


# By product type: how many units should always be available; zero asks for none.
LEAST_AVAILABLE: dict[str, Parameter[int]] = {
    EVERYTHING: _least(
        "inventory.least_available",
        _("Available units, at least"),
        _("Fewer, and the home page and the mail of the control log say so. 0: no alert."),
    ),
    **{
        kind.value: _least(
            f"inventory.least_available_{kind.value}",
            format_lazy("{}: {}", _("Available units, at least"), kind.label),
        )
        for kind in ProductType
    },
}
SLOW_AFTER = Parameter[int](
    key="inventory.slow_after",
    kind=Kind.INTEGER,
    default=180,
    minimum=0,
    maximum=3650,
    group=_("Stock alerts"),
    label=_("A unit is slow after"),
    unit=_("days"),
    help=_("Days on sale, counted from its first release. 0: no alert."),
)
PARAMETERS: tuple[Parameter[Any], ...] = (
    RELEASE_NEEDS_FILED,
    *LEAST_AVAILABLE.values(),
    SLOW_AFTER,
)

TERMS = (
    Term("inventory.zone", ("Zone", "Zones")),
    Term("inventory.building", ("Building", "Buildings")),
    Term("inventory.entrance", ("Entrance", "Entrances"), not_before="格"),
)

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
