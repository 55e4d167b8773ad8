"""The status machine of a unit (DOMAIN 2.1): twelve statuses, one table of moves."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from loupan.core.flow import Flow


class UnitStatus(models.TextChoices):
    NOT_RELEASED = "not_released", _("Not released")
    WITHHELD = "withheld", _("Withheld")
    AVAILABLE = "available", _("Available")
    LOCKED = "locked", _("Locked")
    HELD = "held", _("Held")
    PROVISIONAL = "provisional", _("Provisional reservation")
    RESERVED = "reserved", _("Reserved")
    CONTRACTED = "contracted", _("Contracted")
    FILED = "filed", _("Filed")
    HANDED_OVER = "handed_over", _("Handed over")
    TITLED = "titled", _("Titled")
    OFF_MARKET = "off_market", _("Off market")


S = UnitStatus

OFFERED = frozenset({S.AVAILABLE, S.LOCKED, S.HELD, S.PROVISIONAL})
SOLD = frozenset({S.RESERVED, S.CONTRACTED, S.FILED, S.HANDED_OVER, S.TITLED})
CONTRACTED_OR_LATER = SOLD - {S.RESERVED}
STOCK = frozenset({S.NOT_RELEASED, S.WITHHELD}) | OFFERED
CLAIMED = frozenset({S.LOCKED, S.HELD, S.PROVISIONAL}) | SOLD
# U-2: nothing is ever reserved from these.
UNSELLABLE = frozenset({S.NOT_RELEASED, S.WITHHELD, S.OFF_MARKET})

# The numbers are those of DOMAIN 2.1.2.
UNIT = Flow(
    UnitStatus,
    {
        "release": (frozenset({S.NOT_RELEASED}), S.AVAILABLE),  # T1
        "withhold": (frozenset({S.NOT_RELEASED, S.AVAILABLE}), S.WITHHELD),  # T2
        "unwithhold": (frozenset({S.WITHHELD}), S.AVAILABLE),  # T3
        "take_back": (frozenset({S.WITHHELD}), S.NOT_RELEASED),  # T3
        "lock": (frozenset({S.AVAILABLE}), S.LOCKED),  # T4
        "unlock": (frozenset({S.LOCKED}), S.AVAILABLE),  # T5
        "hold": (frozenset({S.AVAILABLE, S.LOCKED}), S.HELD),  # T6
        "unhold": (frozenset({S.HELD}), S.AVAILABLE),  # T7
        "reserve_provisionally": (
            frozenset({S.AVAILABLE, S.LOCKED, S.HELD}),
            S.PROVISIONAL,
        ),  # T8
        "end_provisional": (frozenset({S.PROVISIONAL}), S.AVAILABLE),  # T9
        "reserve": (
            frozenset({S.AVAILABLE, S.LOCKED, S.HELD, S.PROVISIONAL}),
            S.RESERVED,
        ),  # T10
        "contract": (frozenset({S.RESERVED}), S.CONTRACTED),  # T11
        "contract_directly": (frozenset({S.AVAILABLE, S.LOCKED}), S.CONTRACTED),  # T12
        "file": (frozenset({S.CONTRACTED}), S.FILED),  # T13
        "unfile": (frozenset({S.FILED}), S.CONTRACTED),  # T14
        "end_reservation": (frozenset({S.RESERVED}), S.AVAILABLE),  # T15
        "end_reservation_withheld": (frozenset({S.RESERVED}), S.WITHHELD),  # T15
        "end_contract": (frozenset({S.CONTRACTED}), S.AVAILABLE),  # T16
        "end_contract_withheld": (frozenset({S.CONTRACTED}), S.WITHHELD),  # T16
        "void_contract": (frozenset({S.CONTRACTED}), S.RESERVED),  # T16
        "hand_over": (frozenset({S.CONTRACTED, S.FILED}), S.HANDED_OVER),  # T17
        "issue_title": (frozenset({S.HANDED_OVER}), S.TITLED),  # T18
        "undo_handover": (frozenset({S.HANDED_OVER}), S.CONTRACTED),  # T19
        "undo_handover_filed": (frozenset({S.HANDED_OVER}), S.FILED),  # T19
        "take_off_market": (
            frozenset({S.NOT_RELEASED, S.WITHHELD, S.AVAILABLE}),
            S.OFF_MARKET,
        ),  # T20
        "return_to_market": (frozenset({S.OFF_MARKET}), S.NOT_RELEASED),  # T20
    },
)


class BatchStatus(models.TextChoices):
    PREPARED = "prepared", _("In preparation")
    RELEASED = "released", _("Released")
    DISCARDED = "discarded", _("Discarded")


B = BatchStatus

BATCH = Flow(
    BatchStatus,
    {
        "edit": (frozenset({B.PREPARED}), B.PREPARED),
        "release": (frozenset({B.PREPARED}), B.RELEASED),
        "discard": (frozenset({B.PREPARED}), B.DISCARDED),
    },
)


class PlanStatus(models.TextChoices):
    """Of a planned step, and of each unit in it."""

    WAITING = "waiting", _("Planned")
    DONE = "done", _("Carried out")
    FAILED = "failed", _("Not possible")
    CANCELLED = "cancelled", _("Cancelled")


P = PlanStatus

CONTROL_PLAN = Flow(
    PlanStatus,
    {
        "carry_out": (frozenset({P.WAITING, P.FAILED}), P.DONE),
        "fail": (frozenset({P.WAITING, P.FAILED}), P.FAILED),
        "cancel": (frozenset({P.WAITING, P.FAILED}), P.CANCELLED),
    },
)
