"""What would be without anybody if a consultant left (CUS-23)."""

from django.db.models import Count, QuerySet
from django.utils.translation import gettext_lazy as _

from loupan.org.hooks import Belongings
from loupan.org.models import User
from loupan.sales.models import Claim, Deal
from loupan.sales.states import ACTIVE_DEALS, ClaimKind, DealStatus


def deals_looked_after(person: User) -> QuerySet[Deal]:
    """The deals of somebody on which there is still something to do."""
    return Deal.objects.filter(
        consultant=person, status__in=sorted(ACTIVE_DEALS - {DealStatus.TITLED})
    )


def claims_looked_after(person: User) -> QuerySet[Claim]:
    """The holds and provisional reservations of somebody; a lock is minutes old and runs out."""
    return Claim.objects.filter(
        holder=person, is_active=True, kind__in=[ClaimKind.HOLD, ClaimKind.PROVISIONAL]
    )


def belongings_of(person: User) -> list[Belongings]:
    """How many running deals, and units held for customers, somebody looks after, by project."""
    deals = deals_looked_after(person).values_list("project_id").annotate(Count("pk"))
    claims = claims_looked_after(person).values_list("unit__project_id").annotate(Count("pk"))
    return [
        *(Belongings(pk, _("Running deals"), count) for pk, count in deals.order_by()),
        *(Belongings(pk, _("Units held for customers"), count) for pk, count in claims.order_by()),
    ]
