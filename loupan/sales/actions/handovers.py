"""The unit is given to its buyers, and they get the title (T17 to T19, SAL-18, SAL-19)."""

from datetime import date, datetime

from loupan.core import audit
from loupan.core.calendar import business_day
from loupan.core.db import writes
from loupan.core.money import ZERO
from loupan.inventory.models import Building
from loupan.ledger import queries as ledger
from loupan.org.models import User
from loupan.org.permissions import require
from loupan.sales import errors
from loupan.sales.actions.attached import move_units
from loupan.sales.actions.due_dates import date_schedule
from loupan.sales.actions.filings import lock_deal
from loupan.sales.actions.process import complete_step
from loupan.sales.actions.relations import record_owners, remove_owners
from loupan.sales.models import (
    Deal,
    Filing,
    Handover,
    HandoverException,
    HandoverUndo,
    TitleCertificate,
)
from loupan.sales.queries.handovers import missing_papers
from loupan.sales.states import DEAL, StepCode


@writes
def allow_handover(*, deal_id: int, reason: str, by: User, at: datetime) -> HandoverException:
    """Let a unit be handed over although money or a record is missing (the approved exception).

    Raises NotAllowedNow, ReasonMissing, HandoverAlreadyAllowed, ChangedMeanwhile.
    """
    _units, deal = lock_deal(deal_id=deal_id)
    require(by, "sales.allow_handover", deal.project_id)
    DEAL.after("hand_over", deal.status)
    if not reason.strip():
        raise errors.ReasonMissing
    if earlier := HandoverException.objects.filter(deal=deal).select_related("by").first():
        raise errors.HandoverAlreadyAllowed(by=earlier.by)
    made = HandoverException.objects.create(deal=deal, reason=reason, by=by, at=at)
    audit.record("sales.handover.allowed", deal, by=by, at=at, reason=reason)
    return made


@writes
def hand_over(
    *,
    deal_id: int,
    handed_over_on: date,
    received_by: str,
    by: User,
    at: datetime,
    note: str = "",
) -> Handover:
    """Record that the buyers signed the handover form (T17).

    All house money is received and the building has its completion filing and survey report, or a
    director allowed an exception.  Lines that wait for the handover fall due; the buyers are owners
    of the units from that day on (INV-12).  Raises NotAllowedNow, DateInFuture, DateTooEarly,
    NotPaidInFull, NotCompleted, ChangedMeanwhile.
    """
    units, deal = lock_deal(deal_id=deal_id)
    require(by, "sales.hand_over", deal.project_id)
    before, deal.status = deal.status, DEAL.after("hand_over", deal.status)
    if handed_over_on > business_day(at):
        raise errors.DateInFuture(day=handed_over_on)
    if deal.contracted_on and handed_over_on < deal.contracted_on:
        raise errors.DateTooEarly(day=handed_over_on, earliest=deal.contracted_on)
    if not HandoverException.objects.filter(deal=deal).exists():
        _ensure_ready(deal)
    made = Handover.objects.create(
        deal=deal, handed_over_on=handed_over_on, received_by=received_by, note=note, by=by, at=at
    )
    deal.version += 1
    deal.save(update_fields=["status", "version"])
    move_units(units=units, verb="hand_over", by=by, at=at)
    complete_step(deal=deal, code=StepCode.HANDOVER, on=handed_over_on)
    date_schedule(deal=deal, reason="handover", at=at)
    record_owners(deal=deal, units=units.every, on=handed_over_on, by=by, at=at)
    audit.record(
        "sales.unit.handed_over", deal, by=by, at=at, before={"status": before},
        after={"status": deal.status}, handed_over_on=handed_over_on, received_by=received_by,
    )  # fmt: skip
    return made


@writes
def undo_handover(*, deal_id: int, reason: str, by: User, at: datetime) -> HandoverUndo:
    """Take a handover back in its own month while there is no title (T19).

    The deal is filed or contracted again, as it was.  Raises NotAllowedNow, ReasonMissing,
    HandoverNotThisMonth, ChangedMeanwhile.
    """
    units, deal = lock_deal(deal_id=deal_id)
    require(by, "sales.undo_handover", deal.project_id)
    is_filed = Filing.objects.filter(deal=deal, is_active=True).exists()
    verb = "undo_handover_filed" if is_filed else "undo_handover"
    before, deal.status = deal.status, DEAL.after(verb, deal.status)
    if not reason.strip():
        raise errors.ReasonMissing
    handover = Handover.objects.get(deal=deal, is_active=True)
    day, today = handover.handed_over_on, business_day(at)
    if (day.year, day.month) != (today.year, today.month):
        raise errors.HandoverNotThisMonth(day=day)
    handover.is_active = False
    handover.save(update_fields=["is_active"])
    undo = HandoverUndo.objects.create(handover=handover, reason=reason, by=by, at=at)
    deal.version += 1
    deal.save(update_fields=["status", "version"])
    move_units(units=units, verb=verb, by=by, at=at, reason=reason)
    complete_step(deal=deal, code=StepCode.HANDOVER, on=None)
    date_schedule(deal=deal, reason="handover undone", at=at)
    remove_owners(deal=deal, by=by, at=at)
    audit.record(
        "sales.handover.undone", deal, by=by, at=at, before={"status": before},
        after={"status": deal.status}, reason=reason,
    )  # fmt: skip
    return undo


@writes
def issue_title(
    *, deal_id: int, number: str, tax_paid_on: date, issued_on: date, by: User, at: datetime
) -> TitleCertificate:
    """Record the certificate of ownership of the buyers (T18): the deal is done.

    Raises NotAllowedNow, NumberMissing, DateInFuture, DateTooEarly, ChangedMeanwhile.
    """
    units, deal = lock_deal(deal_id=deal_id)
    require(by, "sales.issue_title", deal.project_id)
    before, deal.status = deal.status, DEAL.after("issue_title", deal.status)
    if not (number := number.strip()):
        raise errors.NumberMissing
    handed_over_on = Handover.objects.get(deal=deal, is_active=True).handed_over_on
    if issued_on > business_day(at):
        raise errors.DateInFuture(day=issued_on)
    if issued_on < max(tax_paid_on, handed_over_on):
        raise errors.DateTooEarly(day=issued_on, earliest=max(tax_paid_on, handed_over_on))
    made = TitleCertificate.objects.create(
        deal=deal, number=number, tax_paid_on=tax_paid_on, issued_on=issued_on, by=by, at=at
    )
    deal.version += 1
    deal.save(update_fields=["status", "version"])
    move_units(units=units, verb="issue_title", by=by, at=at)
    complete_step(deal=deal, code=StepCode.TITLE_ISSUED, on=issued_on)
    audit.record(
        "sales.title.issued", deal, by=by, at=at, before={"status": before},
        after={"status": deal.status}, number=number, issued_on=issued_on, tax_paid_on=tax_paid_on,
    )  # fmt: skip
    return made


def _ensure_ready(deal: Deal) -> None:
    outstanding = sum((line.outstanding for line in ledger.lines_of(deal.account_id)), ZERO)
    if outstanding > 0:
        raise errors.NotPaidInFull(outstanding=outstanding)
    building = Building.objects.get(pk=deal.unit.building_id)
    if missing := missing_papers(building):
        raise errors.NotCompleted(building=building.name, missing=missing[0])
