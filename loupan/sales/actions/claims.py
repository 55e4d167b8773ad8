"""Exclusive claims on units: locks of minutes, holds of days (T4 to T7)."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils.timezone import localtime

from loupan.core import audit
from loupan.core.calendar import business_day
from loupan.core.compiled import Compiled
from loupan.core.db import writes
from loupan.core.people import Actor
from loupan.customers.queries import customers_for
from loupan.inventory.actions.units import (
    ensure_saleable,
    move_unit,
    relabel_claim,
    said_why,
)
from loupan.inventory.errors import EndsInThePast
from loupan.inventory.models import Unit
from loupan.inventory.states import UNIT, UnitStatus
from loupan.ledger.actions.schedules import close_account
from loupan.org.models import User
from loupan.org.permissions import require
from loupan.parameters.queries.book import parameter
from loupan.pricing.actions.price_lists import take_waiting_price
from loupan.pricing.queries.book import price_book_of, price_stamp
from loupan.sales import errors
from loupan.sales.models import Claim, ProvisionalReservation
from loupan.sales.parameters import HOLDS_PER_PERSON
from loupan.sales.permissions import longest_hold
from loupan.sales.queries.claims import active_claim, is_over, money_since, not_available
from loupan.sales.states import ClaimKind


@writes
def take_unit(*, unit_id: int, at: datetime) -> tuple[Unit, Claim | None]:
    """Part: lock a unit and read the claim on it; a claim whose time is over ends here.

    The first lock of every verb of sale.  The unit comes with its permit, project and price stamp.
    """
    unit = UNIT_TO_SELL.first(unit_id=unit_id)
    if unit is None:
        raise Unit.DoesNotExist
    if unit.status not in _WITH_CLAIM:
        return unit, None
    claim = active_claim(unit.pk)
    if claim and is_over(claim, at) and not money_since(claim):
        release_claim(claim=claim, unit=unit, reason="expired", by=None, at=at)
        claim = None
    return unit, claim


def _unit_to_sell(unit_id: int) -> QuerySet[Unit]:
    return (
        Unit.objects.locked()
        .select_related("building__permit", "project")
        .annotate(price_stamp=price_stamp())
        .filter(pk=unit_id)
    )


UNIT_TO_SELL: Compiled[Unit] = Compiled(_unit_to_sell, unit_id=int)

_WITH_CLAIM = frozenset(UnitStatus) - {
    UnitStatus.NOT_RELEASED,
    UnitStatus.WITHHELD,
    UnitStatus.AVAILABLE,
    UnitStatus.OFF_MARKET,
}


@writes
def ensure_obtainable(
    *, unit: Unit, claim: Claim | None, verb: str, by: User, customer_ids: Collection[int] = ()
) -> None:
    """Part: raise UnitNotAvailable unless the unit is free for the verb, or claimed for these."""
    is_open = verb in UNIT.open_verbs(unit.status)
    own = claim is None or (
        claim.holder_id == by.pk if claim.customer_id is None else claim.customer_id in customer_ids
    )
    if is_open and own:
        return
    raise not_available(unit, claim)


@writes
def end_claim(*, claim: Claim, reason: str, at: datetime) -> None:
    """Part: the claim is over; the unit is moved by the caller."""
    claim.is_active, claim.ended_at, claim.end_reason = False, at, reason
    claim.save(update_fields=["is_active", "ended_at", "end_reason"])


@writes
def release_claim(*, claim: Claim, unit: Unit, reason: str, by: Actor | None, at: datetime) -> None:
    """Part: end a claim without a deal and offer the unit again (T5, T7, T9).

    The account of a provisional reservation ends with it; no money is on it (U-12).
    """
    end_claim(claim=claim, reason=reason[:40], at=at)
    if claim.kind == ClaimKind.PROVISIONAL:
        account_id = ProvisionalReservation.objects.values_list("account_id", flat=True)
        close_account(account_id=account_id.get(claim=claim), reason=reason, at=at)
    move_unit(unit=unit, verb=_WAY_BACK[ClaimKind(claim.kind)], by=by, at=at, reason=reason)
    take_waiting_price(unit=unit, by=by, at=at)


_WAY_BACK = {
    ClaimKind.LOCK: "unlock",
    ClaimKind.HOLD: "unhold",
    ClaimKind.PROVISIONAL: "end_provisional",
}


@writes
def lock_unit(*, unit_id: int, by: User, at: datetime) -> Claim:
    """Keep a unit for some minutes while a reservation is prepared (T4).

    Locking one's own locked unit again gives the same lock.  Raises UnitNotAvailable, TooManyLocks,
    PermitMissing, UnitSealed, AreaMissing, ListPriceMissing.
    """
    unit, claim = take_unit(unit_id=unit_id, at=at)
    require(by, "sales.lock_unit", unit.project_id)
    if claim and claim.kind == ClaimKind.LOCK and claim.holder_id == by.pk:
        return claim
    ensure_obtainable(unit=unit, claim=claim, verb="lock", by=by)
    ensure_saleable(unit=unit, on=business_day(at))
    policy = price_book_of(unit).policy
    # Two locks by one person at once would each see the other missing.
    User.objects.select_for_update(no_key=True).get(pk=by.pk)
    held = list(
        Claim.objects.filter(
            holder=by, kind=ClaimKind.LOCK, is_active=True, expires_at__gt=at
        ).select_related("unit")
    )
    if len(held) >= policy.locks_per_person:
        units = ", ".join(str(each.unit) for each in held)
        raise errors.TooManyLocks(count=len(held), units=units)
    until = at + timedelta(minutes=policy.lock_minutes)
    claim = Claim.objects.create(
        unit=unit, kind=ClaimKind.LOCK, holder=by, made_at=at, expires_at=until
    )
    move_unit(unit=unit, verb="lock", by=by, at=at, claim_until=until, claim_label=str(by))
    audit.record(
        "sales.unit.locked", unit, by=by, at=at, before={"status": UnitStatus.AVAILABLE},
        after={"status": unit.status}, until=until,
    )  # fmt: skip
    return claim


@writes
def unlock_unit(*, unit_id: int, by: User, at: datetime, reason: str = "cancelled") -> Unit:
    """Give a locked unit back (T5): whoever locked it, or a sales manager.

    Raises UnitNotLocked, NotYourLock.
    """
    unit, claim = take_unit(unit_id=unit_id, at=at)
    if claim is None or claim.kind != ClaimKind.LOCK:
        raise errors.UnitNotLocked(unit=unit)
    if claim.holder_id == by.pk:
        require(by, "sales.lock_unit", unit.project_id)
    elif not by.may("sales.unlock_any", unit.project_id):
        raise errors.NotYourLock(holder=claim.holder)
    release_claim(claim=claim, unit=unit, reason=reason, by=by, at=at)
    audit.record(
        "sales.unit.unlocked", unit, by=by, at=at, before={"status": UnitStatus.LOCKED},
        after={"status": unit.status}, reason=reason,
    )  # fmt: skip
    return unit


@writes
def hold_unit(
    *, unit_id: int, customer_id: int, days: int, by: User, at: datetime, reason: str = ""
) -> Claim:
    """Keep a unit for a named customer for some days (T6); one's own lock becomes the hold.

    Raises UnitNotAvailable, HoldTooLong, CustomerUnknown, TooManyHolds, and what lock_unit raises of
    the unit.
    """
    unit, claim = take_unit(unit_id=unit_id, at=at)
    require(by, "sales.hold_unit", unit.project_id)
    longest = longest_hold(by, unit.project_id)
    if not 1 <= days <= longest:
        raise errors.HoldTooLong(days=longest)
    ensure_obtainable(unit=unit, claim=claim, verb="hold", by=by)
    ensure_saleable(unit=unit, on=business_day(at))
    if not customers_for(by).filter(pk=customer_id, project_id=unit.project_id).exists():
        raise errors.CustomerUnknown
    _ensure_may_hold_another(unit, by=by, at=at)
    if claim:
        end_claim(claim=claim, reason="held", at=at)
    until = at + timedelta(days=days)
    made = Claim.objects.create(
        unit=unit,
        kind=ClaimKind.HOLD,
        holder=by,
        customer_id=customer_id,
        made_at=at,
        expires_at=until,
        reason=reason.strip(),
    )
    before = unit.status
    move_unit(
        unit=unit, verb="hold", by=by, at=at, reason=reason, claim_until=until, claim_label=str(by)
    )
    audit.record(
        "sales.unit.held", unit, by=by, at=at, before={"status": before},
        after={"status": unit.status}, until=until, reason=reason, customer_id=customer_id,
    )  # fmt: skip
    return made


def _ensure_may_hold_another(unit: Unit, *, by: User, at: datetime) -> None:
    """CTL-02: how many units of a project one person holds at once. Raises TooManyHolds."""
    most = parameter(unit.project_id, HOLDS_PER_PERSON)
    # Two holds by one person at once would each see the other missing.
    User.objects.select_for_update(no_key=True).get(pk=by.pk)
    held = list(
        Claim.objects.filter(
            holder=by, kind=ClaimKind.HOLD, is_active=True, expires_at__gt=at,
            unit__project_id=unit.project_id,
        ).select_related("unit").order_by("expires_at", "pk")
    )  # fmt: skip
    if len(held) >= most:
        shown = ", ".join(str(each.unit) for each in held[:NAMED])
        more = "" if len(held) <= NAMED else " …"
        raise errors.TooManyHolds(count=len(held), units=f"{shown}{more}")


NAMED = 5  # Units that a refusal names.


@writes
def extend_hold(*, unit_id: int, until: datetime, by: User, at: datetime) -> Claim:
    """Keep a held unit until another moment, no longer than this person may hold from its beginning.

    Raises UnitNotHeld, EndsInThePast, HoldExtendedTooFar.
    """
    unit, claim = take_unit(unit_id=unit_id, at=at)
    require(by, "sales.hold_unit", unit.project_id)
    if claim is None or claim.kind != ClaimKind.HOLD:
        raise errors.UnitNotHeld(unit=unit)
    if until <= at:
        raise EndsInThePast
    days = longest_hold(by, unit.project_id)
    latest = claim.made_at + timedelta(days=days)
    if until > latest:
        raise errors.HoldExtendedTooFar(days=days, latest=f"{localtime(latest):%Y-%m-%d %H:%M}")
    before = claim.expires_at
    claim.expires_at, claim.kept_since = until, None
    claim.save(update_fields=["expires_at", "kept_since"])
    unit.claim_until = until
    relabel_claim(unit=unit, label=unit.claim_label, by=by, at=at, reason=claim.reason)
    audit.record(
        "sales.hold.extended", unit, by=by, at=at, before={"until": before},
        after={"until": until},
    )  # fmt: skip
    return claim


@writes
def change_hold_reason(
    *, unit_id: int, reason: str = "", word_id: int | None = None, by: User, at: datetime
) -> Claim:
    """Say anew why a unit is held, in the words for withholding or in others; customer and end stay.

    Raises UnitNotHeld, ReasonMissing, WordUnknown.
    """
    unit, claim = take_unit(unit_id=unit_id, at=at)
    require(by, "sales.hold_unit", unit.project_id)
    if claim is None or claim.kind != ClaimKind.HOLD:
        raise errors.UnitNotHeld(unit=unit)
    _word, said = said_why(project_ids={unit.project_id}, word_id=word_id, reason=reason)
    before, claim.reason = claim.reason, said
    claim.save(update_fields=["reason"])
    relabel_claim(unit=unit, label=unit.claim_label, by=by, at=at, reason=said)
    audit.record(
        "sales.hold.reason_changed", unit, by=by, at=at, before={"reason": before},
        after={"reason": said},
    )  # fmt: skip
    return claim


@writes
def release_hold(*, unit_id: int, by: User, at: datetime, reason: str = "cancelled") -> Unit:
    """Offer a held unit again (T7). Raises UnitNotHeld."""
    unit, claim = take_unit(unit_id=unit_id, at=at)
    require(by, "sales.hold_unit", unit.project_id)
    if claim is None or claim.kind != ClaimKind.HOLD:
        raise errors.UnitNotHeld(unit=unit)
    release_claim(claim=claim, unit=unit, reason=reason, by=by, at=at)
    audit.record(
        "sales.unit.released", unit, by=by, at=at, before={"status": UnitStatus.HELD},
        after={"status": unit.status}, reason=reason,
    )  # fmt: skip
    return unit


@writes
def expire_claim(*, claim_id: int, by: Actor | None, at: datetime) -> bool:
    """End a claim whose time is over; called by the job, in any order, as often as you like.

    Never frees a unit on which money came in since (U-12): that is written down for a person to
    decide, and the claim stays.  True if the unit was freed.
    """
    unit_id = Claim.objects.values_list("unit_id", flat=True).get(pk=claim_id)
    unit = Unit.objects.locked().get(pk=unit_id)
    claim = Claim.objects.get(pk=claim_id)
    if not claim.is_active or not is_over(claim, at):
        return False
    if money_since(claim):
        if claim.kept_since is None:
            claim.kept_since = at
            claim.save(update_fields=["kept_since"])
            unit.claim_until = None  # The board must not call it over.
            relabel_claim(unit=unit, label=unit.claim_label, by=by, at=at)
            audit.record("sales.claim.kept_for_money", unit, by=by, at=at, claim_id=claim.pk)
        return False
    before = unit.status
    release_claim(claim=claim, unit=unit, reason="expired", by=by, at=at)
    audit.record(
        "sales.claim.expired", unit, by=by, at=at, before={"status": before},
        after={"status": unit.status},
    )  # fmt: skip
    return True
