"""Lines that wait for something get their day, and lose it when it did not happen (2.4.2)."""

from datetime import date, datetime

from loupan.core import audit
from loupan.core.calendar import business_day
from loupan.core.db import writes
from loupan.inventory.models import Building
from loupan.ledger.actions.schedules import DueLine, replace_schedule
from loupan.ledger.models import Account
from loupan.org.models import User
from loupan.org.permissions import require
from loupan.sales import errors
from loupan.sales.actions.process import plan_process
from loupan.sales.models import Deal, Milestone, Reservation
from loupan.sales.queries.due_dates import dated_schedule, deals_waiting_for, milestone_names


@writes
def date_schedule(*, deal: Deal, reason: str, at: datetime) -> None:
    """Part: give the lines of a locked deal the days that are known by now; amounts stay.

    A line whose day changes is replaced by its like; receipts are allocated anew.
    """
    lines = dated_schedule(deal)
    account = Account.objects.locked().get(pk=deal.account_id)
    replace_schedule(
        account=account,
        lines=[
            DueLine(line.seq, line.money_type, line.amount, line.due_on, line.note)
            for line in lines
        ],
        reason=reason,
        at=at,
    )
    sign_by = Reservation.objects.values_list("sign_by", flat=True).get(deal=deal)
    plan_process(deal=deal, schedule=lines, sign_by=sign_by)


@writes
def record_milestone(
    *,
    project_id: int,
    name: str,
    noticed_on: date,
    by: User,
    at: datetime,
    building_id: int | None = None,
) -> Milestone:
    """A milestone is reached (封顶, 竣工 …): lines that waited for it fall due from its notice.

    For one building or, without one, for the whole project.  Raises MilestoneUnknown,
    MilestoneRecorded, DateInFuture.
    """
    require(by, "sales.record_milestone", project_id)
    building = Building.objects.get(pk=building_id, project_id=project_id) if building_id else None
    if noticed_on > business_day(at):
        raise errors.DateInFuture(day=noticed_on)
    if name not in milestone_names(project_id):
        raise errors.MilestoneUnknown(name=name)
    earlier = Milestone.objects.filter(project_id=project_id, name=name, building=building).first()
    if earlier:
        raise errors.MilestoneRecorded(name=name, day=earlier.noticed_on)
    made = Milestone.objects.create(
        project_id=project_id, building=building, name=name, noticed_on=noticed_on, by=by, at=at
    )
    waiting = deals_waiting_for(name, project_id=project_id, building=building)
    deals = Deal.objects.locked().select_related("payment_plan", "unit").filter(pk__in=waiting)
    for deal in list(deals):
        date_schedule(deal=deal, reason="milestone", at=at)
    audit.record(
        "sales.milestone.recorded",
        made,
        by=by,
        at=at,
        name=name,
        noticed_on=noticed_on,
        building=str(building or ""),
        deals=len(waiting),
    )
    return made
