"""One box finds customers, units, deals and receipts within a person's reach (UIX-11)."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from loupan.customers import queries as customers
from loupan.inventory.models import Unit
from loupan.ledger.models import Receipt
from loupan.org.models import User
from loupan.sales.models import Contract, Deal

MANY = 6


@dataclass(frozen=True)
class Result:
    label: str
    note: str
    url: str
    icon: str = ""


@dataclass(frozen=True)
class Group:
    label: str
    icon: str
    results: list[Result]


def found(viewer: User, text: str) -> list[Group]:
    """Groups of at most six results each, empty groups left out; numbers are matched from the start."""
    groups = [
        Group(_("Customers"), "users", _customers(viewer, text)),
        Group(_("Units"), "building", _units(viewer, text)),
        Group(_("Deals"), "file-certificate", _deals(viewer, text)),
        Group(_("Receipts"), "receipt", _receipts(viewer, text)),
    ]
    return [group for group in groups if group.results]


def _customers(viewer: User, text: str) -> list[Result]:
    if not viewer.may("customers.read"):
        return []
    return [
        Result(
            customer.name,
            " · ".join(
                [*customers.masked_phones(customer, viewer), customer.get_life_class_display()]
            ),
            reverse("customers:customer", args=[customer.pk]),
        )
        for customer in customers.search(viewer, text, limit=MANY)
    ]


def _units(viewer: User, text: str) -> list[Result]:
    if not viewer.may("inventory.read_board"):
        return []
    units = Unit.objects.filter(
        Q(number__startswith=text) | Q(room_no=text), viewer.access.rows("inventory")
    ).order_by("number", "id")[:MANY]
    return [
        Result(unit.number, unit.get_status_display(), f"{reverse('sales:board')}?unit={unit.pk}")
        for unit in units
    ]


def _deals(viewer: User, text: str) -> list[Result]:
    if not viewer.may("sales.read"):
        return []
    deals: Any = (
        Deal.objects.filter(
            Q(reservation__number__istartswith=text)
            | Q(pk__in=Contract.objects.filter(number__istartswith=text).values("deal_id"))
            | Q(unit__number__startswith=text),
            viewer.access.rows("deals", owner="consultant_id"),
        )
        .select_related("unit", "reservation")
        .order_by("-id")[:MANY]
    )
    return [
        Result(
            f"{deal.unit.number} · {deal.reservation.number}",
            deal.get_status_display(),
            reverse("sales:deal", args=[deal.pk]),
        )
        for deal in deals
    ]


def _receipts(viewer: User, text: str) -> list[Result]:
    if not viewer.may("ledger.read"):
        return []
    mine = Deal.objects.filter(viewer.access.rows("money", owner="consultant_id"))
    receipts = Receipt.objects.filter(
        number__istartswith=text, account_id__in=mine.values("account_id")
    ).order_by("-id")[:MANY]
    deals = dict(
        Deal.objects.filter(account_id__in=[r.account_id for r in receipts]).values_list(
            "account_id", "pk"
        )
    )
    return [
        Result(
            receipt.number,
            f"{receipt.amount:,.2f}",
            reverse("sales:deal", args=[deals[receipt.account_id]]),
        )
        for receipt in receipts
    ]
