"""Which rows a reader's reports are made of (DOMAIN 4.1: scope per function group)."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet

from loupan.inventory.models import Unit
from loupan.ledger.models import Receipt
from loupan.org.models import User
from loupan.sales.models import Deal, ProvisionalReservation


@dataclass(frozen=True)
class Parameters:
    """What a reader asked for: projects (all visible ones where none is named), days, building."""

    project_id: int | None
    first: date
    last: date
    building_id: int | None = None


def deals_in(viewer: User, asked: Parameters) -> QuerySet[Deal]:
    rows = Deal.objects.filter(viewer.access.rows("reports", owner="consultant_id"))
    if asked.project_id:
        rows = rows.filter(project_id=asked.project_id)
    if asked.building_id:
        rows = rows.filter(unit__building_id=asked.building_id)
    return rows


def provisionals_in(viewer: User, asked: Parameters) -> QuerySet[ProvisionalReservation]:
    rows = ProvisionalReservation.objects.filter(
        viewer.access.rows("reports", owner="consultant_id")
    )
    if asked.project_id:
        rows = rows.filter(project_id=asked.project_id)
    if asked.building_id:
        rows = rows.filter(unit__building_id=asked.building_id)
    return rows


def units_in(viewer: User, asked: Parameters) -> QuerySet[Unit]:
    rows = Unit.objects.filter(viewer.access.rows("reports"))
    if asked.project_id:
        rows = rows.filter(project_id=asked.project_id)
    if asked.building_id:
        rows = rows.filter(building_id=asked.building_id)
    return rows


def receipts_in(viewer: User, asked: Parameters) -> QuerySet[Receipt]:
    """Receipts of the deals the reader may see: money follows its deal.

    That of a provisional reservation is no house money before it pays a deal: see journal_in.
    """
    return Receipt.objects.filter(account_id__in=deals_in(viewer, asked).values("account_id"))


def journal_in(viewer: User, asked: Parameters) -> QuerySet[Receipt]:
    """Every line of money the reader may see: of deals and of provisional reservations (ORC-17)."""
    return Receipt.objects.filter(
        Q(account_id__in=deals_in(viewer, asked).values("account_id"))
        | Q(account_id__in=provisionals_in(viewer, asked).values("account_id"))
    )
