"""The status of units: the one place that writes it, and the verbs of sales control (DOMAIN 2.1)."""

from collections.abc import Collection
from datetime import date, datetime

from loupan.core import audit
from loupan.core.calendar import business_day
from loupan.core.db import writes
from loupan.core.people import Actor
from loupan.core.refusals import NotAllowedNow
from loupan.inventory import errors
from loupan.inventory.models import Unit, UnitChange, Withholding
from loupan.inventory.permissions import RELEASE_UNIT, TAKE_OFF_MARKET, WITHHOLD_UNIT
from loupan.inventory.queries.control import (
    move_obstacles,
    needs_filed,
    sale_obstacles,
    withhold_words,
)
from loupan.inventory.states import UNIT, UnitStatus
from loupan.org.models import User
from loupan.org.permissions import require
from loupan.org.queries import staff_of
from loupan.parameters.models import DictionaryEntry

MOVED = ("status", "claim_until", "claim_label", "first_released_on", "version")


@writes
def move_unit(
    *,
    unit: Unit,
    verb: str,
    by: Actor | None,
    at: datetime,
    reason: str = "",
    claim_until: datetime | None = None,
    claim_label: str = "",
) -> Unit:
    """Part: move a locked unit by a verb of UNIT. Nothing else in the product sets a unit's status.

    Raises NotAllowedNow.
    """
    change = moved_unit(
        unit=unit, verb=verb, by=by, at=at, reason=reason, claim_until=claim_until,
        claim_label=claim_label,
    )  # fmt: skip
    unit.save(update_fields=MOVED)
    change.save(force_insert=True)
    return unit


@writes
def moved_unit(
    *,
    unit: Unit,
    verb: str,
    by: Actor | None,
    at: datetime,
    reason: str = "",
    claim_until: datetime | None = None,
    claim_label: str = "",
) -> UnitChange:
    """Part: the same, but the caller saves the unit (its fields MOVED) and the change given back.

    Raises NotAllowedNow.
    """
    if unit.is_retired:
        raise errors.UnitRetired(unit=unit)
    before, unit.status = unit.status, UNIT.after(verb, unit.status)
    unit.claim_until, unit.claim_label = claim_until, claim_label
    if unit.status == UnitStatus.AVAILABLE and unit.first_released_on is None:
        unit.first_released_on = business_day(at)
    unit.version += 1
    return UnitChange(
        project_id=unit.project_id,
        unit=unit,
        verb=verb,
        from_status=before,
        to_status=unit.status,
        reason=reason,
        by_id=by.pk if by else None,
        post_id=by.post_id if by else None,
        source=by.source if by else "job",
        at=at,
        claim_until=claim_until,
        claim_label=claim_label,
    )


@writes
def relabel_claim(
    *, unit: Unit, label: str, by: Actor | None, at: datetime, reason: str = ""
) -> Unit:
    """Part: somebody else holds a locked unit from now on, or the same person to another end (set by
    the caller) or for another reason; its status stays.
    """
    unit.claim_label = label
    unit.version += 1
    unit.save(update_fields=["claim_until", "claim_label", "version"])
    UnitChange.objects.create(
        project_id=unit.project_id,
        unit=unit,
        verb="relabel_claim",
        from_status=unit.status,
        to_status=unit.status,
        reason=reason,
        by_id=by.pk if by else None,
        post_id=by.post_id if by else None,
        source=by.source if by else "job",
        at=at,
        claim_until=unit.claim_until,
        claim_label=label,
    )
    return unit


@writes
def ensure_saleable(*, unit: Unit, on: date) -> None:
    """Part, U-2: raise PermitMissing, UnitSealed, AreaMissing or ListPriceMissing.

    Ask for `building__permit` with the unit, or this asks twice.
    """
    for obstacle in sale_obstacles(unit, on):
        raise obstacle


@writes
def release_units(*, unit_ids: Collection[int], by: User, at: datetime) -> list[Unit]:
    """Offer units for sale (推盘, T1), all or none.

    Raises NotAllowedNow, PermitMissing, UnitSealed, AreaMissing, ListPriceMissing,
    FloorPriceMissing, and FiledPriceMissing, ListAboveFiled where the project demands filed prices.
    """
    return _offer(unit_ids, "release", by=by, at=at, reason="")


@writes
def unwithhold_units(
    *, unit_ids: Collection[int], by: User, at: datetime, reason: str = ""
) -> list[Unit]:
    """Offer withheld units again (T3), all or none. Raises what release_units raises."""
    return _offer(unit_ids, "unwithhold", by=by, at=at, reason=reason)


@writes
def take_back_units(
    *, unit_ids: Collection[int], by: User, at: datetime, reason: str = ""
) -> list[Unit]:
    """Put withheld units back among those not released (T3), all or none. Raises NotAllowedNow."""
    units = _locked(unit_ids, WITHHOLD_UNIT, by)
    _move_all(units, "take_back", by=by, at=at, reason=reason)
    return units


@writes
def withhold_units(
    *,
    unit_ids: Collection[int],
    reason: str = "",
    word_id: int | None = None,
    holder_id: int | None = None,
    until: datetime | None = None,
    by: User,
    at: datetime,
) -> list[Unit]:
    """Keep units back from sale (销控, T2), all or none: why, who answers for it, until when.

    The reason is a word of the project's dictionary, a text, or both; the holder is `by` unless said.
    Raises NotAllowedNow, ReasonMissing, WordUnknown, HolderUnknown, EndsInThePast.
    """
    units = _locked(unit_ids, WITHHOLD_UNIT, by)
    projects = {unit.project_id for unit in units}
    word, said = said_why(project_ids=projects, word_id=word_id, reason=reason)
    if until is not None and until <= at:
        raise errors.EndsInThePast
    holder = _holder(holder_id, projects, by=by, at=at)
    _move_all(
        units,
        "withhold",
        by=by,
        at=at,
        reason=said,
        claim_until=until,
        claim_label=str(holder)[:60],
    )
    Withholding.objects.bulk_create(
        [
            Withholding(
                project_id=unit.project_id,
                unit=unit,
                word=word,
                reason=said,
                holder=holder,
                until=until,
                by=by,
                made_at=at,
            )
            for unit in units
        ],
        batch_size=500,
    )
    return units


@writes
def said_why(
    *, project_ids: Collection[int], word_id: int | None, reason: str
) -> tuple[DictionaryEntry | None, str]:
    """Part: the word of the dictionary, and word and text as one sentence.

    Raises ReasonMissing, WordUnknown.
    """
    word = None
    if word_id is not None:
        found = [withhold_words(pk).filter(pk=word_id).first() for pk in project_ids]
        if not found or None in found:
            raise errors.WordUnknown
        word = found[0]
    said = " · ".join(filter(None, (word.name if word else "", reason.strip())))[:200]
    if not said:
        raise errors.ReasonMissing
    return word, said


def _holder(holder_id: int | None, projects: Collection[int], *, by: User, at: datetime) -> User:
    if holder_id is None or holder_id == by.pk:
        return by
    found = [staff_of(project_id, at).filter(pk=holder_id).first() for project_id in projects]
    if not found or None in found:
        raise errors.HolderUnknown
    assert found[0] is not None
    return found[0]


@writes
def expire_withholding(*, withholding_id: int, by: Actor | None, at: datetime) -> bool:
    """Offer a unit again whose time of withholding is over (T3); called by the clock, repeatable.

    A unit that was never released goes back among those not released.  What may not be offered (no
    permit, sealed …) stays withheld, and that is written down once.  True if the unit moved.
    """
    unit_id = Withholding.objects.values_list("unit_id", flat=True).get(pk=withholding_id)
    unit = Unit.objects.locked().select_related("building__permit").get(pk=unit_id)
    found = Withholding.objects.locked().get(pk=withholding_id)
    if not found.is_active or found.until is None or found.until > at:
        return False
    if unit.first_released_on is None:
        _move_all([unit], "take_back", by=by, at=at, reason=found.reason)
        return True
    filed = needs_filed(unit.project_id)
    obstacles = list(move_obstacles(unit, "unwithhold", business_day(at), needs_filed=filed))
    if obstacles:
        because = str(obstacles[0])[:300]
        if found.stuck_since is None:
            found.stuck_since, found.stuck_because = at, because
            found.save(update_fields=["stuck_since", "stuck_because"])
            audit.record(
                "inventory.withholding.stuck", unit, by=by, at=at, reason=because,
                withholding_id=found.pk,
            )  # fmt: skip
        return False
    _move_all([unit], "unwithhold", by=by, at=at, reason=found.reason)
    return True


@writes
def extend_withholding(*, unit_id: int, until: datetime | None, by: User, at: datetime) -> Unit:
    """Keep a withheld unit back until another moment, or without an end. Raises NotAllowedNow,
    EndsInThePast.
    """
    [unit] = _locked([unit_id], WITHHOLD_UNIT, by)
    if unit.status != UnitStatus.WITHHELD:
        raise NotAllowedNow(status=UnitStatus(unit.status).label, verb="extend")
    if until is not None and until <= at:
        raise errors.EndsInThePast
    found = _withholding_of(unit, by=by, at=at)
    before = found.until
    found.until, found.stuck_since, found.stuck_because = until, None, ""
    found.save(update_fields=["until", "stuck_since", "stuck_because"])
    unit.claim_until = until
    relabel_claim(unit=unit, label=str(found.holder)[:60], by=by, at=at)
    audit.record(
        "inventory.withholding.extended", unit, by=by, at=at, before={"until": before},
        after={"until": until},
    )  # fmt: skip
    return unit


@writes
def change_withholding_reason(
    *, unit_id: int, reason: str = "", word_id: int | None = None, by: User, at: datetime
) -> Unit:
    """Say anew why a withheld unit is kept back: a word, a text, or both; its end stays.

    Raises NotAllowedNow, ReasonMissing, WordUnknown.
    """
    [unit] = _locked([unit_id], WITHHOLD_UNIT, by)
    if unit.status != UnitStatus.WITHHELD:
        raise NotAllowedNow(status=UnitStatus(unit.status).label, verb="change_reason")
    word, said = said_why(project_ids={unit.project_id}, word_id=word_id, reason=reason)
    found = _withholding_of(unit, by=by, at=at)
    before = found.reason
    found.word, found.reason = word, said
    found.save(update_fields=["word", "reason"])
    relabel_claim(unit=unit, label=str(found.holder)[:60], by=by, at=at, reason=said)
    audit.record(
        "inventory.withholding.reason_changed", unit, by=by, at=at, before={"reason": before},
        after={"reason": said},
    )  # fmt: skip
    return unit


def _withholding_of(unit: Unit, *, by: User, at: datetime) -> Withholding:
    """The active withholding of a locked unit.

    A unit withheld by a file or at the end of a deal has none: whoever takes it up answers for it.
    """
    active = Withholding.objects.locked().filter(unit=unit, is_active=True)
    found = active.select_related("holder").first()
    if found is not None:
        return found
    moved = unit.changes.filter(to_status=UnitStatus.WITHHELD).order_by("-pk").first()
    return Withholding.objects.create(
        project_id=unit.project_id,
        unit=unit,
        reason=moved.reason if moved else "",
        holder=by,
        by=by,
        made_at=at,
    )


@writes
def take_off_market(
    *, unit_ids: Collection[int], reason: str, by: User, at: datetime
) -> list[Unit]:
    """Take unsold units out of the stock (self-held, resettlement, set off; T20), all or none.

    Raises NotAllowedNow, ReasonMissing.
    """
    if not reason.strip():
        raise errors.ReasonMissing
    units = _locked(unit_ids, TAKE_OFF_MARKET, by)
    _move_all(units, "take_off_market", by=by, at=at, reason=reason)
    return units


@writes
def return_to_market(
    *, unit_ids: Collection[int], reason: str, by: User, at: datetime
) -> list[Unit]:
    """Put units back into the stock (T20), all or none: not released until somebody releases them.

    Raises NotAllowedNow, ReasonMissing.
    """
    if not reason.strip():
        raise errors.ReasonMissing
    units = _locked(unit_ids, TAKE_OFF_MARKET, by)
    _move_all(units, "return_to_market", by=by, at=at, reason=reason)
    return units


def _offer(
    unit_ids: Collection[int], verb: str, *, by: User, at: datetime, reason: str
) -> list[Unit]:
    permission = RELEASE_UNIT if verb == "release" else WITHHOLD_UNIT
    units = _locked(unit_ids, permission, by)
    filed = {project_id: needs_filed(project_id) for project_id in {u.project_id for u in units}}
    today = business_day(at)
    for unit in units:
        for obstacle in move_obstacles(unit, verb, today, needs_filed=filed[unit.project_id]):
            raise obstacle
    _move_all(units, verb, by=by, at=at, reason=reason)
    return units


def _locked(unit_ids: Collection[int], permission: str, by: User) -> list[Unit]:
    wanted = set(unit_ids)
    units = list(
        Unit.objects.locked().select_related("building__permit").filter(pk__in=sorted(wanted))
    )
    for project_id in sorted({unit.project_id for unit in units}):
        require(by, permission, project_id)
    if len(units) != len(wanted):
        raise Unit.DoesNotExist
    return units


def _move_all(
    units: list[Unit],
    verb: str,
    *,
    by: Actor | None,
    at: datetime,
    reason: str,
    claim_until: datetime | None = None,
    claim_label: str = "",
) -> None:
    kept_back = [unit.pk for unit in units if unit.status == UnitStatus.WITHHELD]
    changes = [
        moved_unit(
            unit=unit,
            verb=verb,
            by=by,
            at=at,
            reason=reason,
            claim_until=claim_until,
            claim_label=claim_label,
        )
        for unit in units
    ]
    if kept_back:
        ended = Withholding.objects.filter(unit_id__in=kept_back, is_active=True)
        ended.update(is_active=False, ended_at=at)
    Unit.objects.bulk_update(units, MOVED, batch_size=200)
    UnitChange.objects.bulk_create(changes, batch_size=1000)
    audit.record_all(
        audit.entry(
            f"inventory.unit.{_PAST[verb]}",
            unit,
            by=by,
            at=at,
            before={"status": change.from_status},
            after={"status": change.to_status},
            reason=reason,
        )
        for unit, change in zip(units, changes, strict=True)
    )


_PAST = {
    "take_off_market": "taken_off_market",
    "return_to_market": "returned_to_market",
    "release": "released",
    "withhold": "withheld",
    "unwithhold": "offered_again",
    "take_back": "taken_back",
}
