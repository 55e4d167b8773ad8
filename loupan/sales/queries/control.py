"""Units kept from sale for the moment: why or for whom, by whom, since when, until when (CTL-01, 02, 08)."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import DateTimeField, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, NullIf

from loupan.customers import queries as customers
from loupan.inventory.models import UnitChange, Withholding
from loupan.inventory.queries.units import standing_units
from loupan.inventory.states import UnitStatus
from loupan.org.models import User
from loupan.sales.models import Claim

CONTROLLED = (UnitStatus.WITHHELD, UnitStatus.HELD, UnitStatus.LOCKED)
SOON = timedelta(hours=24)


def controlled_units(viewer: User, at: datetime) -> QuerySet[Any]:
    """Units withheld, held or locked, each with what a list says of it.

    `since`: its last move into this status.  `why`: the reason as it stands now.  `customer`: for whom,
    where the viewer may see that customer.  `stuck_since`, `because`: its time was over and the clock
    could not offer it; `kept_since`: the clock did not because money is on it (U-12).  `ends`: its end, or
    since when it waits for a decision.  `seen_at`: `at`.
    """
    claim = Claim.objects.filter(unit=OuterRef("pk"), is_active=True)
    kept = Withholding.objects.filter(unit=OuterRef("pk"), is_active=True)
    moved = (
        UnitChange.objects.filter(unit=OuterRef("pk"), to_status=OuterRef("status"))
        .exclude(from_status=F("to_status"))
        .order_by("-pk")
    )
    mine = claim.filter(customer__in=customers.customers_for(viewer).order_by().values("pk"))
    return (
        standing_units(viewer)
        .filter(status__in=CONTROLLED)
        .annotate(
            since=Subquery(moved.values("at")[:1]),
            why=Coalesce(
                NullIf(Subquery(kept.values("reason")[:1]), Value("")),
                NullIf(Subquery(claim.values("reason")[:1]), Value("")),
                Subquery(moved.values("reason")[:1]),
                Value(""),
            ),
            customer_id=Subquery(mine.values("customer_id")[:1]),
            customer=Subquery(mine.values("customer__name")[:1]),
            stuck_since=Subquery(kept.values("stuck_since")[:1]),
            because=Subquery(kept.values("stuck_because")[:1]),
            kept_since=Subquery(claim.values("kept_since")[:1]),
            ends=Coalesce(F("claim_until"), Subquery(claim.values("kept_since")[:1])),
            seen_at=Value(at, output_field=DateTimeField()),
        )
    )


def is_over(at: datetime) -> Q:
    """Of controlled units: their time is up and they are still there."""
    return Q(claim_until__lte=at) | Q(kept_since__isnull=False)


def ends_soon(at: datetime) -> Q:
    """Of controlled units: they come free by themselves within a day."""
    return Q(claim_until__gt=at, claim_until__lte=at + SOON)


def has_no_end() -> Q:
    return Q(claim_until=None, kept_since=None)


def by_end(wanted: str, at: datetime) -> Q:
    """Of controlled units: "over" waits for a decision, "soon" ends within a day, "none" has no end."""
    return {"over": is_over(at), "soon": ends_soon(at), "none": has_no_end()}[wanted]


def mentioning(rows: QuerySet[Any], viewer: User, text: str) -> QuerySet[Any]:
    """Controlled units with this in their number, holder or reason, or held for such a customer."""
    people = customers.matching(customers.customers_for(viewer), viewer, text)
    theirs = Claim.objects.filter(is_active=True, customer__in=people.order_by().values("pk"))
    return rows.filter(
        Q(number__icontains=text)
        | Q(claim_label__icontains=text)
        | Q(why__icontains=text)
        | Q(pk__in=theirs.values("unit_id"))
    )
