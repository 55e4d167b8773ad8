"""When a consultant leaves: their running deals and claims go to somebody else (CUS-23)."""

from datetime import datetime

from loupan.core import audit
from loupan.core.db import writes
from loupan.inventory.actions.units import relabel_claim
from loupan.inventory.models import Unit
from loupan.ledger.actions.schedules import change_account_owner
from loupan.org.models import Project, User
from loupan.org.permissions import require
from loupan.sales import errors
from loupan.sales.models import Claim, Deal
from loupan.sales.queries.belongings import claims_looked_after, deals_looked_after


@writes
def take_over_deals(
    *, leaver: User, successor: User, project: Project, by: User, at: datetime
) -> int:
    """Give the running deals, holds and provisional reservations of a leaver to the successor.

    What was sold stays written on the reservation and the contract; from now on the successor sees the
    deal, its money and its tasks.  Locks are minutes old and run out by themselves.  For administrators
    of users.  Raises ConsultantNotInProject.  Returns how many deals and claims moved.
    """
    require(by, "org.manage")
    claims = claims_looked_after(leaver).filter(unit__project=project)
    deals = deals_looked_after(leaver).filter(project=project)
    held = list(claims.order_by("unit_id").values_list("unit_id", flat=True))
    ids = list(deals.order_by("pk").values_list("pk", flat=True))
    if (held or ids) and not successor.may("sales.read", project.pk):
        raise errors.ConsultantNotInProject(consultant=successor, project=project)
    units = list(Unit.objects.locked().filter(pk__in=held).order_by("pk"))
    mine = list(Claim.objects.locked().filter(unit__in=units, holder=leaver, is_active=True))
    for unit in units:
        relabel_claim(unit=unit, label=str(successor), by=by, at=at)
    for claim in mine:
        claim.holder = successor
    Claim.objects.bulk_update(mine, ["holder"])
    rows = list(Deal.objects.locked().filter(pk__in=ids, consultant=leaver).order_by("pk"))
    for deal in rows:
        deal.consultant = successor
        deal.version += 1
    Deal.objects.bulk_update(rows, ["consultant", "version"], batch_size=500)
    change_account_owner(account_ids=[deal.account_id for deal in rows], owner=successor)
    audit.record_all(
        audit.entry(
            "sales.deal.handed_over", deal, by=by, at=at,
            before={"consultant": leaver}, after={"consultant": successor},
        )
        for deal in rows
    )  # fmt: skip
    return len(mine) + len(rows)
