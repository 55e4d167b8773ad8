"""Who looks after a customer, who looked at a number, and how far a customer has come."""

from collections.abc import Sequence
from datetime import date, datetime

from django.core.exceptions import PermissionDenied

from loupan.core import audit
from loupan.core.calendar import business_day
from loupan.core.db import writes
from loupan.customers import errors, queries, rules
from loupan.customers.models import Customer, CustomerPhone, Reveal
from loupan.customers.parameters import REVEALS_PER_DAY
from loupan.customers.permissions import revealing_grants
from loupan.customers.states import PROGRESS, CustomerClass
from loupan.org.models import Project, User
from loupan.org.permissions import Grant, require
from loupan.parameters.queries.book import parameter

MOST_AT_ONCE = 500


@writes
def assign_customers(
    *, customer_ids: Sequence[int], owner_id: int, by: User, at: datetime
) -> list[Customer]:
    """Give customers to a consultant, whose protection begins today (CUS-22).

    Raises OutOfReach when the giver does not see one of them, OwnerNotInProject.
    """
    wanted = sorted(set(customer_ids))
    if not wanted:
        raise errors.NobodyChosen
    if len(wanted) > MOST_AT_ONCE:
        raise errors.TooManyChosen(most=MOST_AT_ONCE)
    if queries.customers_for(by).filter(pk__in=wanted).count() != len(wanted):
        raise errors.OutOfReach
    rows = Customer.objects.locked().select_related("project", "owner").filter(pk__in=wanted)
    customers = list(rows)
    owner = User.objects.filter(pk=owner_id).first()
    for project_id in {customer.project_id for customer in customers}:
        require(by, "customers.assign", project_id)
        if owner is None or not owner.may("customers.record_follow_up", project_id):
            project = next(c.project for c in customers if c.project_id == project_id)
            raise errors.OwnerNotInProject(owner=owner or owner_id, project=project)
    return _given(customers, owner, by=by, at=at)


@writes
def take_over_customers(
    *, leaver: User, successor: User, project: Project, by: User, at: datetime
) -> int:
    """Give all customers of a leaver in one project to the successor, protected anew (CUS-23).

    For administrators of users, who need not see a customer for it.  Raises OwnerNotInProject.
    """
    require(by, "org.manage")
    if not successor.may("customers.record_follow_up", project.pk):
        raise errors.OwnerNotInProject(owner=successor, project=project)
    rows = Customer.objects.locked().select_related("owner").filter(owner=leaver, project=project)
    return len(_given(list(rows.order_by("pk")), successor, by=by, at=at))


def _given(
    customers: list[Customer], owner: User | None, *, by: User, at: datetime
) -> list[Customer]:
    history = []
    for customer in customers:
        before = audit.snapshot(customer, "owner", "protected_until")
        customer.owner = owner
        customer.protected_until = rules.protected_until(
            business_day(at), life_class=customer.life_class, grade=customer.grade
        )
        customer.version += 1
        after = audit.snapshot(customer, "owner", "protected_until")
        history.append(
            audit.entry(
                "customers.customer.assigned", customer, by=by, at=at, before=before, after=after
            )
        )
    fields = ["owner", "protected_until", "version"]
    Customer.objects.bulk_update(customers, fields, batch_size=MOST_AT_ONCE)
    audit.record_all(history)
    return customers


@writes
def reveal_phone(*, customer_id: int, reason: str = "", by: User, at: datetime) -> list[str]:
    """The full phone numbers of one customer, counted and kept (DOMAIN 4.4).

    Raises RevealLimitReached for consultants, ReasonNeeded for auditors.
    """
    customer = _revealed(customer_id, "phone", "customers.reveal_phone", reason, by=by, at=at)
    numbers = CustomerPhone.objects.filter(customer=customer).order_by("sort", "pk")
    return [phone.number for phone in numbers]


@writes
def reveal_id(*, customer_id: int, reason: str = "", by: User, at: datetime) -> list[str]:
    """The full ID number of one customer, counted and kept. Raises NothingToReveal and as above."""
    customer = _revealed(customer_id, "id", "customers.reveal_id", reason, by=by, at=at)
    if not customer.person.id_number:
        raise errors.NothingToReveal
    return [customer.person.id_number]


def _revealed(
    customer_id: int, what: str, permission: str, reason: str, *, by: User, at: datetime
) -> Customer:
    # One's own row keeps two tabs from passing the limit together.
    User.objects.select_for_update(no_key=True).get(pk=by.pk)
    customer = Customer.objects.select_related("person").get(pk=customer_id)
    require(by, permission, customer.project_id)
    grants = [
        grant for grant in revealing_grants(by, permission, customer) if _on_a_deal(grant, customer)
    ]
    if not grants:
        raise PermissionDenied(permission)
    reason = rules.clean_line(reason)[:200]
    if not reason and all(grant.role == "AU" for grant in grants):
        raise errors.ReasonNeeded
    if all(grant.role == "SC" for grant in grants):
        seen = queries.reveals_on(by.pk, business_day(at))
        limit = parameter(customer.project_id, REVEALS_PER_DAY)
        if seen >= limit:
            raise errors.RevealLimitReached(limit=limit)
    Reveal.objects.create(customer=customer, what=what, reason=reason, by=by, at=at)
    audit.record("customers.customer.revealed", customer, by=by, at=at, what=what, reason=reason)
    return customer


_BUYERS = frozenset(PROGRESS[PROGRESS.index(CustomerClass.RESERVED) :])


def _on_a_deal(grant: Grant, customer: Customer) -> bool:
    """Signing and mortgage staff look at the numbers of buyers only (DOMAIN 4.3)."""
    return grant.role not in {"CS", "MS"} or customer.life_class in _BUYERS


@writes
def advance_class(*, customer_ids: Sequence[int], to: CustomerClass) -> list[Customer]:
    """Part: an event moves customers forward to a class, never back (CUS-10).

    Reserved and later are protected without end.  Returns those that moved.
    """
    locked = Customer.objects.locked().filter(pk__in=sorted(set(customer_ids)))
    moved = advanced_class(customers=list(locked), to=to)
    Customer.objects.bulk_update(moved, ADVANCED)
    return moved


ADVANCED = ("life_class", "protected_until")


@writes
def advanced_class(*, customers: Sequence[Customer], to: CustomerClass) -> list[Customer]:
    """Part: the same with locked customers, whose fields ADVANCED the caller saves."""
    moved = [
        customer
        for customer in customers
        if PROGRESS.index(to) > PROGRESS.index(CustomerClass(customer.life_class))
    ]
    for customer in moved:
        customer.life_class = to
        if to in _BUYERS:
            customer.protected_until = None
    return moved


@writes
def return_class(
    *, customer_ids: Sequence[int], to: CustomerClass, protected_from: date
) -> list[Customer]:
    """Part: the deal that had moved customers forward has ended without a sale.

    They go back to `to`, protected again from that day on.  Returns those that moved.
    """
    moved = []
    for customer in Customer.objects.locked().filter(pk__in=sorted(set(customer_ids))):
        if PROGRESS.index(to) < PROGRESS.index(CustomerClass(customer.life_class)):
            customer.life_class = to
            customer.protected_until = rules.protected_until(
                protected_from, life_class=to, grade=customer.grade
            )
            moved.append(customer)
    Customer.objects.bulk_update(moved, ["life_class", "protected_until"])
    return moved
