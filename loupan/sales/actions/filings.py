"""The contract goes into the government's system, and out of it again (T13, T14, SAL-14)."""

from datetime import date, datetime

from loupan.core import audit
from loupan.core.calendar import business_day
from loupan.core.db import writes
from loupan.org.models import User
from loupan.org.permissions import require
from loupan.sales import errors
from loupan.sales.actions.attached import (
    DealUnits,
    ensure_same_units,
    lock_units_of,
    move_units,
)
from loupan.sales.actions.due_dates import date_schedule
from loupan.sales.actions.process import complete_step
from loupan.sales.models import Deal, Filing, Unfiling, UnfilingConfirmation
from loupan.sales.states import (
    DEAL,
    UNFILING,
    DealStatus,
    StepCode,
    UnfilingSide,
    UnfilingStatus,
)

CONFIRMING = {
    UnfilingSide.FINANCE: "sales.confirm_unfiling_finance",
    UnfilingSide.PROJECT: "sales.confirm_unfiling_project",
}


@writes
def lock_deal(*, deal_id: int) -> tuple[DealUnits, Deal]:
    """Part: lock the units of a deal and then the deal itself (house lock order)."""
    units = lock_units_of(deal_id=deal_id)
    deal = Deal.objects.locked().select_related("payment_plan", "unit", "project").get(pk=deal_id)
    ensure_same_units(deal=deal, units=units)
    return units, deal


@writes
def ensure_not_filed(*, deal: Deal) -> None:
    """Part: raise UnfileFirst while the deal's contract is filed online (DOMAIN 2.6.1 rule 5)."""
    if deal.status == DealStatus.FILED:
        filing = Filing.objects.get(deal=deal, is_active=True)
        raise errors.UnfileFirst(number=filing.number)


@writes
def file_contract(
    *, deal_id: int, number: str, submitted_on: date, filed_on: date, by: User, at: datetime
) -> Filing:
    """Record that the contract is filed online under the government's number (T13).

    From now on buyers, unit and price change only after it is un-filed.  Raises NotAllowedNow,
    NumberMissing, FilingNumberTaken, DateInFuture, DateTooEarly, ChangedMeanwhile.
    """
    units, deal = lock_deal(deal_id=deal_id)
    require(by, "sales.file_contract", deal.project_id)
    before, deal.status = deal.status, DEAL.after("file", deal.status)
    if not (number := number.strip()):
        raise errors.NumberMissing
    if filed_on > business_day(at):
        raise errors.DateInFuture(day=filed_on)
    if deal.contracted_on and submitted_on < deal.contracted_on:
        raise errors.DateTooEarly(day=submitted_on, earliest=deal.contracted_on)
    if filed_on < submitted_on:
        raise errors.DateTooEarly(day=filed_on, earliest=submitted_on)
    if Filing.objects.filter(project_id=deal.project_id, number=number, is_active=True).exists():
        raise errors.FilingNumberTaken(number=number)
    made = Filing.objects.create(
        deal=deal,
        project_id=deal.project_id,
        number=number,
        submitted_on=submitted_on,
        filed_on=filed_on,
        by=by,
        at=at,
    )
    deal.version += 1
    deal.save(update_fields=["status", "version"])
    move_units(units=units, verb="file", by=by, at=at)
    complete_step(deal=deal, code=StepCode.FILING, on=filed_on)
    date_schedule(deal=deal, reason="filing", at=at)
    audit.record(
        "sales.contract.filed", deal, by=by, at=at, before={"status": before},
        after={"status": deal.status}, number=number, submitted_on=submitted_on, filed_on=filed_on,
    )  # fmt: skip
    return made


@writes
def request_unfiling(*, deal_id: int, reason: str, by: User, at: datetime) -> Unfiling:
    """Ask that the filing of a contract be taken back; nothing changes before two others agree.

    Raises NotAllowedNow, ReasonMissing, UnfilingOpen, ChangedMeanwhile.
    """
    _units, deal = lock_deal(deal_id=deal_id)
    require(by, "sales.request_unfiling", deal.project_id)
    DEAL.after("unfile", deal.status)
    if not reason.strip():
        raise errors.ReasonMissing
    filing = Filing.objects.get(deal=deal, is_active=True)
    if earlier := filing.unfilings.filter(status=UnfilingStatus.OPEN).first():
        raise errors.UnfilingOpen(by=earlier.asked_by)
    made = Unfiling.objects.create(filing=filing, reason=reason, asked_by=by, asked_at=at)
    audit.record(
        "sales.unfiling.requested", deal, by=by, at=at, number=filing.number, reason=reason
    )
    return made


@writes
def confirm_unfiling(*, unfiling_id: int, by: User, at: datetime) -> Unfiling:
    """Agree, for finance or for the project, that a filing is taken back (T14).

    The second of the two carries it out in the same transaction: the deal is contracted again.
    Raises NotAllowedNow, OwnUnfiling, UnfilingConfirmedByYou, UnfilingSideConfirmed,
    ChangedMeanwhile.
    """
    units, deal, unfiling = _lock_unfiling(unfiling_id)
    may = [side for side, verb in CONFIRMING.items() if by.may(verb, deal.project_id)]
    if not may:
        require(by, CONFIRMING[UnfilingSide.PROJECT], deal.project_id)
    UNFILING.after("confirm", unfiling.status)
    if unfiling.asked_by_id == by.pk:
        raise errors.OwnUnfiling
    given = list(unfiling.confirmations.all())
    if any(one.by_id == by.pk for one in given):
        raise errors.UnfilingConfirmedByYou
    still = [side for side in may if side not in {one.side for one in given}]
    if not still:
        raise errors.UnfilingSideConfirmed(side=may[0].label)
    UnfilingConfirmation.objects.create(unfiling=unfiling, side=still[0], by=by, at=at)
    audit.record(
        "sales.unfiling.confirmed", deal, by=by, at=at, number=unfiling.filing.number,
        side=still[0].value,
    )  # fmt: skip
    if len(given) + 1 == len(CONFIRMING):
        _unfile(units, deal, unfiling, by=by, at=at)
    return unfiling


@writes
def decline_unfiling(*, unfiling_id: int, reason: str, by: User, at: datetime) -> Unfiling:
    """Say no to a request to un-file, or take one's own back: the contract stays filed.

    Raises NotAllowedNow, ReasonMissing, ChangedMeanwhile.
    """
    _units, deal, unfiling = _lock_unfiling(unfiling_id)
    if unfiling.asked_by_id != by.pk and not by.may(
        CONFIRMING[UnfilingSide.FINANCE], deal.project_id
    ):
        require(by, CONFIRMING[UnfilingSide.PROJECT], deal.project_id)
    unfiling.status = UNFILING.after("decline", unfiling.status)
    if not reason.strip():
        raise errors.ReasonMissing
    unfiling.save(update_fields=["status"])
    audit.record(
        "sales.unfiling.declined", deal, by=by, at=at, number=unfiling.filing.number,
        reason=reason,
    )  # fmt: skip
    return unfiling


def _lock_unfiling(unfiling_id: int) -> tuple[DealUnits, Deal, Unfiling]:
    deal_id = Unfiling.objects.values_list("filing__deal_id", flat=True).get(pk=unfiling_id)
    units, deal = lock_deal(deal_id=deal_id)
    unfiling = Unfiling.objects.locked().select_related("filing", "asked_by").get(pk=unfiling_id)
    return units, deal, unfiling


def _unfile(units: DealUnits, deal: Deal, unfiling: Unfiling, *, by: User, at: datetime) -> None:
    unfiling.status = UNFILING.after("confirm", unfiling.status)
    unfiling.save(update_fields=["status"])
    filing = unfiling.filing
    filing.is_active = False
    filing.save(update_fields=["is_active"])
    before, deal.status = deal.status, DEAL.after("unfile", deal.status)
    deal.version += 1
    deal.save(update_fields=["status", "version"])
    move_units(units=units, verb="unfile", by=by, at=at, reason=unfiling.reason)
    complete_step(deal=deal, code=StepCode.FILING, on=None)
    date_schedule(deal=deal, reason="unfiling", at=at)
    audit.record(
        "sales.contract.unfiled", deal, by=by, at=at, before={"status": before},
        after={"status": deal.status}, number=filing.number, reason=unfiling.reason,
    )  # fmt: skip
