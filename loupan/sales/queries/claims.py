"""Who has a unit, until when, and whether money came in meanwhile."""

from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.timezone import localtime

from loupan.inventory.models import Unit
from loupan.ledger.models import Receipt
from loupan.org.models import User
from loupan.sales import errors
from loupan.sales.models import Claim, Deal, ProvisionalReservation


def claims_for(viewer: User) -> QuerySet[Claim]:
    """Active locks and holds on units of the board this person sees, soonest to expire first."""
    return (
        Claim.objects.filter(
            viewer.access.rows("inventory", project="unit__project_id"), is_active=True, deal=None
        )
        .select_related("unit", "holder", "customer")
        .order_by("expires_at", "pk")
    )


def active_claim(unit_id: int) -> Claim | None:
    """The exclusive claim on a unit, if there is one (U-1)."""
    return Claim.objects.filter(unit_id=unit_id, is_active=True).select_related("holder").first()


def not_available(unit: Unit, claim: Claim | None) -> errors.UnitNotAvailable:
    """The sentence that says who has a unit and since when, never for whom (U-1)."""

    def shown(instant: datetime | None) -> str:
        return localtime(instant).strftime("%Y-%m-%d %H:%M") if instant else ""

    return errors.UnitNotAvailable(
        unit=unit,
        status=unit.get_status_display(),
        holder=claim.holder if claim else "",
        since=shown(claim.made_at) if claim else "",
        until=shown(claim.expires_at) if claim else "",
    )


def expired_claim_ids(at: datetime) -> list[int]:
    """Locks and holds whose time is over, oldest first."""
    rows = Claim.objects.filter(is_active=True, expires_at__lte=at, deal=None)
    return list(rows.order_by("expires_at", "pk").values_list("pk", flat=True))


def is_over(claim: Claim, at: datetime) -> bool:
    """Whether the time of a claim without a deal is up."""
    return claim.deal_id is None and claim.expires_at is not None and claim.expires_at <= at


def money_since(claim: Claim) -> bool:
    """Whether money came in on the unit since it was claimed, and is still there (U-12)."""
    unit = {"unit_id": claim.unit_id}
    return (
        Receipt.objects.filter(
            Q(account_id__in=Deal.objects.filter(**unit).values("account_id"))
            | Q(account_id__in=ProvisionalReservation.objects.filter(**unit).values("account_id")),
            recorded_at__gte=claim.made_at,
            amount__gt=0,
        )
        .exclude(corrections__kind=Receipt.Kind.REVERSAL)
        .exists()
    )
