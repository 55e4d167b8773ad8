"""What the sales floor adds to the board: whose deal, and how much interest (UX 3, SAL-04)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Count, Q

from loupan.customers.models import FollowUp
from loupan.customers.queries import customers_for
from loupan.org.models import User
from loupan.sales.models import Buyer, Claim, Quote
from loupan.sales.states import ACTIVE_DEALS, ClaimKind

INTEREST_DAYS = 14
QUOTED_DAYS = 90  # For so long a quote ties what is said with a customer to the unit.
CLAIM_WEIGHT = 2


@dataclass(frozen=True)
class Sold:
    """The deal or the hold on a unit, to somebody who sees it; a hold has no price."""

    customers: tuple[str, ...]
    deal_total: Decimal | None = None


def sold_for(
    viewer: User,
    project_id: int,
    *,
    at: datetime,
    as_of: datetime | None = None,
    unit_ids: Collection[int] | None = None,
) -> dict[int, Sold]:
    """Price and buyers of active deals, customers of holds, by unit: only those within reach.

    As they are now, or as they were at the moment `as_of`.
    """
    rows = Buyer.objects.filter(
        viewer.access.rows("deals", project="deal__project_id", owner="deal__consultant_id"),
        _active_deal(as_of),
        deal__project_id=project_id,
    )
    moment = as_of or at
    holds = Claim.objects.filter(
        Q(ended_at=None) | Q(ended_at__gt=moment),
        unit__project_id=project_id,
        kind=ClaimKind.HOLD,
        made_at__lte=moment,
        expires_at__gt=moment,
        customer__in=customers_for(viewer).values("pk"),
    )
    if unit_ids is not None:
        rows = rows.filter(deal__unit_id__in=unit_ids)
        holds = holds.filter(unit_id__in=unit_ids)
    found = {
        unit_id: Sold((name,)) for unit_id, name in holds.values_list("unit_id", "customer__name")
    }
    buyers: dict[int, list[str]] = {}
    totals: dict[int, Decimal] = {}
    for unit_id, total, name in rows.order_by("deal_id", "seq", "id").values_list(
        "deal__unit_id", "deal__deal_total", "customer__name"
    ):
        buyers.setdefault(unit_id, []).append(name)
        totals[unit_id] = total
    return found | {pk: Sold(tuple(names), totals[pk]) for pk, names in buyers.items()}


def _active_deal(as_of: datetime | None) -> Q:
    if as_of is None:
        return Q(deal__status__in=ACTIVE_DEALS)
    return (
        Q(deal__made_at__lte=as_of)
        & (Q(deal__cancellation=None) | Q(deal__cancellation__at__gt=as_of))
        & (Q(deal__contract_cancellation=None) | Q(deal__contract_cancellation__at__gt=as_of))
    )


@dataclass(frozen=True)
class Interest:
    """How often a unit was asked for in fourteen days: numbers only, no names."""

    quotes: int = 0
    claims: int = 0
    contacts: int = 0

    @property
    def score(self) -> int:
        """One for each quote and each contact, two for each lock or hold."""
        return self.quotes + CLAIM_WEIGHT * self.claims + self.contacts


def interest_in(
    project_id: int, *, until: datetime, unit_ids: Collection[int] | None = None
) -> dict[int, Interest]:
    """Units somebody was interested in during the fourteen days before `until`.

    A quote counts once however many plans stand on it.  A contact is a follow-up that reached a
    customer who was quoted the unit in the ninety days before.
    """
    since = until - timedelta(days=INTEREST_DAYS)
    within = {} if unit_ids is None else {"unit_id__in": unit_ids}
    quotes = Quote.objects.filter(project_id=project_id, made_at__lte=until, **within)
    quoted = quotes.filter(made_at__gt=since).values_list("unit_id")
    claimed = Claim.objects.filter(
        unit__project_id=project_id,
        kind__in=[ClaimKind.LOCK, ClaimKind.HOLD],
        made_at__gt=since,
        made_at__lte=until,
        **within,
    ).values_list("unit_id")
    talked = quotes.filter(
        made_at__gt=until - timedelta(days=QUOTED_DAYS),
        customer__follow_ups__at__gt=since,
        customer__follow_ups__at__lte=until,
        customer__follow_ups__result__in=[FollowUp.Result.REACHED, FollowUp.Result.APPOINTED],
    ).values_list("unit_id")
    counts = (
        dict(quoted.annotate(Count("made_at", distinct=True)).order_by()),
        dict(claimed.annotate(Count("pk")).order_by()),
        dict(talked.annotate(Count("customer__follow_ups", distinct=True)).order_by()),
    )
    return {
        pk: Interest(*(count.get(pk, 0) for count in counts))
        for pk in {pk for count in counts for pk in count}
    }
