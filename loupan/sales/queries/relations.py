"""Who owns a unit, lives in it or answers for it (INV-12)."""

from collections.abc import Collection
from datetime import date

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from loupan.customers.models import CustomerPhone
from loupan.customers.states import PROGRESS, CustomerClass
from loupan.inventory.permissions import READ_BOARD
from loupan.org.models import User
from loupan.sales.models import Deal, UnitRelation
from loupan.sales.states import LIVING_IN, DealStatus, RelationKind

NOW, LATER, OVER = "now", "later", "over"
STATES: list[tuple[str, Promise]] = [(NOW, _("Now")), (LATER, _("To come")), (OVER, _("Over"))]


def relations_for(viewer: User) -> QuerySet[UnitRelation]:
    """Those whose customer and whose unit this person sees, with `phone`, the first one masked."""
    phones = CustomerPhone.objects.filter(customer=OuterRef("customer")).order_by("sort", "pk")
    return (
        UnitRelation.objects.filter(
            viewer.access.rows("customers", owner="customer__owner_id", permission="customers.read")
        )
        .filter(project_id__in=viewer.acts_in(READ_BOARD))
        .select_related("project", "unit__building", "customer", "deal", "by")
        .annotate(phone=Subquery(phones.values("masked")[:1]))
        .order_by("-pk")
    )


def in_state(rows: QuerySet[UnitRelation], state: str, *, today: date) -> QuerySet[UnitRelation]:
    """Those that hold on that day, that begin later, or that are over."""
    if state == LATER:
        return rows.filter(starts_on__gt=today)
    if state == OVER:
        return rows.filter(ends_on__lt=today)
    return rows.filter(Q(ends_on=None) | Q(ends_on__gte=today), starts_on__lte=today)


def state_of(relation: UnitRelation, today: date) -> str:
    if relation.ends_on is not None and relation.ends_on < today:
        return OVER
    return LATER if relation.starts_on > today else NOW


_AFTER_DEAL = {
    DealStatus.RESERVED: CustomerClass.RESERVED,
    DealStatus.CONTRACTED: CustomerClass.CONTRACTED,
    DealStatus.FILED: CustomerClass.CONTRACTED,
    DealStatus.HANDED_OVER: CustomerClass.OWNER,
    DealStatus.TITLED: CustomerClass.OWNER,
}


def class_of(customer_id: int) -> CustomerClass:
    """The class that relations and deals give a customer; intentional where there are none (CUS-10)."""
    kinds = set(UnitRelation.objects.filter(customer=customer_id).values_list("kind", flat=True))
    found = [CustomerClass.INTENTIONAL]
    if RelationKind.OWNER in kinds:
        found.append(CustomerClass.OWNER)
    if not LIVING_IN.isdisjoint(kinds):
        found.append(CustomerClass.RESIDENT)
    return max([*found, *_after_deals(customer_id)], key=PROGRESS.index)


def _after_deals(customer_id: int) -> Collection[CustomerClass]:
    deals = Deal.objects.filter(buyers__customer=customer_id).values_list("status", flat=True)
    return {_AFTER_DEAL[DealStatus(status)] for status in deals if status in _AFTER_DEAL}
