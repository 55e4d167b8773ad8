"""The verbs of the sales chain, by name, and how long a role may hold a unit."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from loupan.org.models import User
from loupan.pricing.permissions import roles_in

READ = "sales.read"
QUOTE = "sales.quote"
LOCK_UNIT = "sales.lock_unit"
HOLD_UNIT = "sales.hold_unit"
UNLOCK_ANY = "sales.unlock_any"
RESERVE_UNIT = "sales.reserve_unit"
SIGN_CONTRACT = "sales.sign_contract"
CANCEL_RESERVATION = "sales.cancel_reservation"
CANCEL_CONTRACT = "sales.cancel_contract"
EXPORT = "sales.export"

PERMISSIONS: Mapping[str, str | Promise] = {
    READ: _("See deals"),
    QUOTE: _("Make quotes"),
    LOCK_UNIT: _("Lock units"),
    HOLD_UNIT: _("Hold units for a customer"),
    UNLOCK_ANY: _("Release the locks of others"),
    RESERVE_UNIT: _("Make reservations"),
    SIGN_CONTRACT: _("Sign contracts"),
    CANCEL_RESERVATION: _("Cancel reservations"),
    CANCEL_CONTRACT: _("Cancel contracts"),
    EXPORT: _("Export deals"),
}

# T6: a sales manager up to 3 days, a project director up to 15.
HOLD_DAYS = {"SM": 3, "PD": 15, "CD": 15, "GD": 15}
HOLD_DAYS_OTHERS = 3


def longest_hold(by: User, project_id: int) -> int:
    """Days for which this person may hold a unit."""
    return max(
        (HOLD_DAYS.get(role, HOLD_DAYS_OTHERS) for role in roles_in(by, project_id)),
        default=HOLD_DAYS_OTHERS,
    )
