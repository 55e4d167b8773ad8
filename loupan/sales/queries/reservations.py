"""Reservations within reach and those that wait for their contract."""

from datetime import datetime

from django.db.models import Q, QuerySet

from loupan.core.calendar import business_day
from loupan.org.models import User
from loupan.sales.models import (
    Reservation,
)


def reservations_for(viewer: User) -> QuerySet[Reservation]:
    """Reservations of the deals this person may see, newest first."""
    return (
        Reservation.objects.filter(
            viewer.access.rows("deals", project="project_id", owner="deal__consultant_id")
        )
        .select_related("deal__unit", "deal__consultant", "project", "by")
        .order_by("-pk")
    )


def pending_contracts(viewer: User, at: datetime) -> QuerySet[Reservation]:
    """Reserved, not contracted; those past their sign-by day first (ORC-16)."""
    return (
        reservations_for(viewer)
        .filter(Q(deal__status="reserved"), sign_by__lte=business_day(at))
        .order_by("sign_by", "pk")
    )
