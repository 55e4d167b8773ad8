"""One verb for whatever keeps a unit from sale: withheld, held or locked (CTL-01, CTL-02, CTL-08)."""

from collections.abc import Callable
from datetime import datetime

from loupan.core.db import writes
from loupan.core.refusals import NotAllowedNow
from loupan.inventory.actions.units import (
    change_withholding_reason,
    extend_withholding,
    unwithhold_units,
)
from loupan.inventory.models import Unit
from loupan.inventory.states import UnitStatus
from loupan.org.models import User
from loupan.sales import errors
from loupan.sales.actions.claims import change_hold_reason, extend_hold, release_hold, unlock_unit


@writes
def release_from_control(*, unit_id: int, reason: str = "", by: User, at: datetime) -> Unit:
    """Offer a unit again that is withheld, held or locked (T3, T7, T5).

    Raises NotAllowedNow, and what unwithhold_units, release_hold, unlock_unit raise.
    """
    said = reason.strip()

    def offer() -> Unit:
        [unit] = unwithhold_units(unit_ids=[unit_id], reason=said, by=by, at=at)
        return unit

    def unhold() -> Unit:
        return release_hold(unit_id=unit_id, reason=said or "cancelled", by=by, at=at)

    def unlock() -> Unit:
        return unlock_unit(unit_id=unit_id, reason=said or "cancelled", by=by, at=at)

    return _by_status(unit_id, "release", offer, unhold, unlock)


@writes
def extend_control(*, unit_id: int, until: datetime, by: User, at: datetime) -> Unit:
    """Keep a withheld or held unit until another moment.

    Raises NotAllowedNow, LockNotExtended, and what extend_withholding, extend_hold raise.
    """

    def withheld() -> Unit:
        return extend_withholding(unit_id=unit_id, until=until, by=by, at=at)

    def held() -> Unit:
        return extend_hold(unit_id=unit_id, until=until, by=by, at=at).unit

    def locked() -> Unit:
        raise errors.LockNotExtended(unit=Unit.objects.get(pk=unit_id))

    return _by_status(unit_id, "extend", withheld, held, locked)


@writes
def change_control_reason(
    *, unit_id: int, reason: str = "", word_id: int | None = None, by: User, at: datetime
) -> Unit:
    """Say anew why a unit is withheld or held; of a hold the word is its text.

    Raises NotAllowedNow, ReasonMissing, WordUnknown, LockWithoutReason.
    """

    def withheld() -> Unit:
        return change_withholding_reason(
            unit_id=unit_id, reason=reason, word_id=word_id, by=by, at=at
        )

    def held() -> Unit:
        return change_hold_reason(
            unit_id=unit_id, reason=reason, word_id=word_id, by=by, at=at
        ).unit

    def locked() -> Unit:
        raise errors.LockWithoutReason(unit=Unit.objects.get(pk=unit_id))

    return _by_status(unit_id, "change_reason", withheld, held, locked)


def _by_status(
    unit_id: int,
    verb: str,
    withheld: Callable[[], Unit],
    held: Callable[[], Unit],
    locked: Callable[[], Unit],
) -> Unit:
    """Lock the unit and do what fits its status. Raises NotAllowedNow."""
    status = UnitStatus(Unit.objects.locked().get(pk=unit_id).status)
    does = {UnitStatus.WITHHELD: withheld, UnitStatus.HELD: held, UnitStatus.LOCKED: locked}
    if status not in does:
        raise NotAllowedNow(status=status.label, verb=verb)
    return does[status]()
