"""Where a deal stands (DOMAIN 2.5, 2.6) and what may happen next."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from loupan.core.flow import Flow


class DealStatus(models.TextChoices):
    RESERVED = "reserved", _("Reserved")
    CONTRACTED = "contracted", _("Contracted")
    FILED = "filed", _("Filed")
    HANDED_OVER = "handed_over", _("Handed over")
    TITLED = "titled", _("Titled")
    CANCELLED = "cancelled", _("Cancelled")


D = DealStatus
ACTIVE_DEALS = frozenset(set(DealStatus) - {D.CANCELLED})
CONTRACTED_DEALS = ACTIVE_DEALS - {D.RESERVED}

DEAL = Flow(
    DealStatus,
    {
        "contract": (frozenset({D.RESERVED}), D.CONTRACTED),
        "attach_unit": (frozenset({D.RESERVED}), D.RESERVED),
        "detach_unit": (frozenset({D.RESERVED}), D.RESERVED),
        "change_plan": (frozenset({D.RESERVED}), D.RESERVED),
        "cancel_reservation": (frozenset({D.RESERVED}), D.CANCELLED),
        "cancel_contract": (frozenset({D.CONTRACTED}), D.CANCELLED),
        "file": (frozenset({D.CONTRACTED}), D.FILED),
        "void_contract": (frozenset({D.CONTRACTED}), D.RESERVED),
        "unfile": (frozenset({D.FILED}), D.CONTRACTED),
        "hand_over": (frozenset({D.CONTRACTED, D.FILED}), D.HANDED_OVER),
        "undo_handover": (frozenset({D.HANDED_OVER}), D.CONTRACTED),
        "undo_handover_filed": (frozenset({D.HANDED_OVER}), D.FILED),
        "issue_title": (frozenset({D.HANDED_OVER}), D.TITLED),
    },
)


class UnfilingStatus(models.TextChoices):
    """A request to take a filing back needs finance and the project director (T14)."""

    OPEN = "open", _("Waiting for confirmation")
    DONE = "done", _("Carried out")
    DECLINED = "declined", _("Declined")


UNFILING = Flow(
    UnfilingStatus,
    {
        "confirm": (frozenset({UnfilingStatus.OPEN}), UnfilingStatus.DONE),
        "decline": (frozenset({UnfilingStatus.OPEN}), UnfilingStatus.DECLINED),
    },
)


class UnfilingSide(models.TextChoices):
    """Who must agree that a filing is taken back."""

    FINANCE = "finance", _("Finance manager")
    PROJECT = "project", _("Project director")


class ClaimKind(models.TextChoices):
    """An exclusive claim on a unit; at most one is active (U-1)."""

    LOCK = "lock", _("Lock")
    HOLD = "hold", _("Hold")
    PROVISIONAL = "provisional", _("Provisional reservation")
    DEAL = "deal", _("Deal")


class AttachedPricing(models.TextChoices):
    """How a unit that goes with a deal's main unit is paid for (SAL-22)."""

    SEPARATE = "separate", _("Priced separately")
    INSIDE = "inside", _("Included in the price")


# What may go with a main unit, by product type.
ATTACHABLE = frozenset({"parking", "storage", "garden", "roof"})


class RelationKind(models.TextChoices):
    """What somebody is to a unit for a time (房客关系, INV-12)."""

    OWNER = "owner", _("Owner")
    RESIDENT = "resident", _("Resident")
    TENANT = "tenant", _("Tenant")
    CONTACT = "contact", _("Contact")


# Who lives in a unit, with or without a lease.
LIVING_IN = frozenset({RelationKind.RESIDENT, RelationKind.TENANT})


class StepCode(models.TextChoices):
    """The steps of the process table (DOMAIN 2.5.1)."""

    RESERVATION = "reservation", _("Reservation")
    DOWN_PAYMENT = "down_payment", _("Down payment")
    CONTRACT = "contract", _("Contract")
    FILING = "filing", _("Filing")
    LOAN_DOCUMENTS = "loan_documents", _("Loan documents")
    LOAN_INTERVIEW = "loan_interview", _("Loan interview")
    LOAN_APPROVED = "loan_approved", _("Loan approved")
    LOAN_DISBURSED = "loan_disbursed", _("Loan disbursed")
    PAID_IN_FULL = "paid_in_full", _("Paid in full")
    AREA_SETTLEMENT = "area_settlement", _("Area settlement")
    HANDOVER = "handover", _("Handover")
    TITLE_MATERIALS = "title_materials", _("Title materials")
    TITLE_ISSUED = "title_issued", _("Title issued")
