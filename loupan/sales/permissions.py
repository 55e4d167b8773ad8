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
ATTACH_UNIT = "sales.attach_unit"
KEEP_PROOFS = "sales.keep_proofs"
CHANGE_PLAN = "sales.change_plan"
CANCEL_RESERVATION = "sales.cancel_reservation"
CANCEL_CONTRACT = "sales.cancel_contract"
RESERVE_PROVISIONALLY = "sales.reserve_provisionally"
END_PROVISIONAL = "sales.end_provisional"
CONTRACT_DIRECTLY = "sales.contract_directly"
FILE_CONTRACT = "sales.file_contract"
REQUEST_UNFILING = "sales.request_unfiling"
CONFIRM_UNFILING_FINANCE = "sales.confirm_unfiling_finance"
CONFIRM_UNFILING_PROJECT = "sales.confirm_unfiling_project"
VOID_CONTRACT = "sales.void_contract"
HAND_OVER = "sales.hand_over"
ALLOW_HANDOVER = "sales.allow_handover"
UNDO_HANDOVER = "sales.undo_handover"
ISSUE_TITLE = "sales.issue_title"
RECORD_MILESTONE = "sales.record_milestone"
RELATE_PERSON = "sales.relate_person"
EXPORT = "sales.export"

PERMISSIONS: Mapping[str, str | Promise] = {
    READ: _("See deals"),
    QUOTE: _("Make quotes"),
    LOCK_UNIT: _("Lock units"),
    HOLD_UNIT: _("Hold units for a customer"),
    UNLOCK_ANY: _("Release the locks of others"),
    RESERVE_UNIT: _("Make reservations"),
    SIGN_CONTRACT: _("Sign contracts"),
    ATTACH_UNIT: _("Change attached units"),
    KEEP_PROOFS: _("Keep and open proofs of discounts"),
    CHANGE_PLAN: _("Change the payment plan of deals"),
    CANCEL_RESERVATION: _("Cancel reservations"),
    CANCEL_CONTRACT: _("Cancel contracts"),
    RESERVE_PROVISIONALLY: _("Make provisional reservations"),
    END_PROVISIONAL: _("Pay back provisional reservations"),
    CONTRACT_DIRECTLY: _("Sign contracts without a reservation"),
    FILE_CONTRACT: _("File contracts online"),
    REQUEST_UNFILING: _("Ask to un-file contracts"),
    CONFIRM_UNFILING_FINANCE: _("Confirm un-filing for finance"),
    CONFIRM_UNFILING_PROJECT: _("Confirm un-filing for the project"),
    VOID_CONTRACT: _("Void contracts"),
    HAND_OVER: _("Hand units over"),
    ALLOW_HANDOVER: _("Allow a handover with something missing"),
    UNDO_HANDOVER: _("Undo handovers"),
    ISSUE_TITLE: _("Record title certificates"),
    RECORD_MILESTONE: _("Record milestones"),
    RELATE_PERSON: _("Say who owns or lives in a unit"),
    EXPORT: _("Export deals"),
}


def may_note(viewer: User, project_id: int) -> bool:
    """Whether this person may say what a deal has in the custom fields of its project (PRM-04)."""
    return viewer.may(RESERVE_UNIT, project_id) or viewer.may(SIGN_CONTRACT, project_id)


# T6: a sales manager up to 3 days, a project director up to 15.
HOLD_DAYS = {"SM": 3, "PD": 15, "CD": 15, "GD": 15}
HOLD_DAYS_OTHERS = 3


# AFF-14: on the day of signing a manager, later a project director.
VOIDS_LATER = frozenset({"PD", "CD", "GD"})


def may_void_later(by: User, project_id: int) -> bool:
    """Whether this person may void a contract after the day it was signed on."""
    return not VOIDS_LATER.isdisjoint(roles_in(by, project_id))


def longest_hold(by: User, project_id: int) -> int:
    """Days for which this person may hold a unit."""
    return max(
        (HOLD_DAYS.get(role, HOLD_DAYS_OTHERS) for role in roles_in(by, project_id)),
        default=HOLD_DAYS_OTHERS,
    )
