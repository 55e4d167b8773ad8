"""Statuses of formulas, price lists and their lines (DOMAIN 2.2.3, 2.2.5)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from loupan.core.flow import Flow


class FormulaStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    ENABLED = "enabled", _("In use")
    RETIRED = "retired", _("Retired")


FORMULA = Flow(
    FormulaStatus,
    {
        "save": (frozenset({FormulaStatus.DRAFT}), FormulaStatus.DRAFT),
        "enable": (frozenset({FormulaStatus.DRAFT}), FormulaStatus.ENABLED),
        "retire": (frozenset({FormulaStatus.DRAFT, FormulaStatus.ENABLED}), FormulaStatus.RETIRED),
    },
)


class PriceListStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    IN_APPROVAL = "in_approval", _("In approval")
    APPROVED = "approved", _("Approved")
    EFFECTIVE = "effective", _("Effective")
    SUPERSEDED = "superseded", _("Superseded")
    DISCARDED = "discarded", _("Discarded")


L = PriceListStatus
OPEN_LISTS = frozenset({L.DRAFT, L.IN_APPROVAL, L.APPROVED})

PRICE_LIST = Flow(
    PriceListStatus,
    {
        "change": (frozenset({L.DRAFT}), L.DRAFT),
        "submit": (frozenset({L.DRAFT}), L.IN_APPROVAL),
        "return": (frozenset({L.IN_APPROVAL, L.APPROVED}), L.DRAFT),
        "withdraw": (frozenset({L.IN_APPROVAL}), L.DRAFT),
        "hold_back": (frozenset({L.APPROVED}), L.DRAFT),
        "approve": (frozenset({L.IN_APPROVAL}), L.APPROVED),
        "take_effect": (frozenset({L.APPROVED}), L.EFFECTIVE),
        "supersede": (frozenset({L.EFFECTIVE}), L.SUPERSEDED),
        "discard": (frozenset({L.DRAFT}), L.DISCARDED),
    },
)


class PriceLineState(models.TextChoices):
    """What became of one unit's new price."""

    PENDING = "pending", _("Not yet")
    IN_FORCE = "in_force", _("In force")
    # Locked or held: the old price until the claim ends, then this one.
    WAITING = "waiting", _("Waits for the claim to end")
    # Provisional or later at that instant: never (U-5).
    KEPT = "kept", _("Keeps its price")
    REPLACED = "replaced", _("Replaced by a later list")
