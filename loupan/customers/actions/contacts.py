"""What happens between the office and a customer: visits, calls, follow-ups."""

from datetime import date, datetime

from loupan.core import audit
from loupan.core.calendar import business_day
from loupan.core.crypto import blind_index
from loupan.core.db import writes
from loupan.customers import errors, queries, rules
from loupan.customers.actions.registrations import register_customer
from loupan.customers.models import Customer, FollowUp, Visit
from loupan.customers.parameters import DICTIONARY_LABELS, LOST_REASON
from loupan.customers.states import CustomerClass, Grade
from loupan.org.models import User
from loupan.org.permissions import require
from loupan.parameters.models import DictionaryEntry
from loupan.parameters.queries.entries import entries_in_use


@writes
def record_visit(
    *,
    customer_id: int,
    party_size: int = 1,
    source_id: int | None = None,
    note: str = "",
    grade: str | None = None,
    next_contact_on: date | None = None,
    by: User,
    at: datetime,
) -> Visit:
    """Somebody came to the sales centre: the first time, or again (CUS-17)."""
    customer = _locked(customer_id)
    require(by, "customers.record_visit", customer.project_id)
    again = queries.first_visit_exists(customer.pk)
    life_class = rules.class_after_visit(customer.life_class)
    return _record(
        customer,
        Visit(
            customer=customer,
            project_id=customer.project_id,
            kind=Visit.Kind.RETURN if again else Visit.Kind.FIRST,
            at=at,
            party_size=party_size,
            source_id=_source_id(source_id, customer),
            note=rules.clean_text(note),
            received_by=by,
        ),
        life_class=life_class,
        grade=grade,
        next_contact_on=next_contact_on,
        by=by,
        at=at,
    )


@writes
def record_call(
    *,
    customer_id: int,
    source_id: int | None = None,
    note: str = "",
    grade: str | None = None,
    next_contact_on: date | None = None,
    by: User,
    at: datetime,
) -> Visit:
    """Somebody called the sales centre (CUS-16)."""
    customer = _locked(customer_id)
    require(by, "customers.record_visit", customer.project_id)
    return _record(
        customer,
        Visit(
            customer=customer,
            project_id=customer.project_id,
            kind=Visit.Kind.CALL,
            at=at,
            source_id=_source_id(source_id, customer),
            note=rules.clean_text(note),
            received_by=by,
        ),
        life_class=rules.class_after_call(customer.life_class),
        grade=grade,
        next_contact_on=next_contact_on,
        by=by,
        at=at,
    )


@writes
def receive_customer(
    *,
    project_id: int,
    contact: str,
    phone: str,
    name: str,
    source_id: int | None = None,
    grade: str = Grade.C,
    next_contact_on: date | None = None,
    party_size: int = 1,
    note: str = "",
    by: User,
    at: datetime,
) -> Visit:
    """Whoever stands at the desk or is on the line: found or registered, and the contact recorded.

    `contact` is "visit" or "call".  A customer within one's own reach gets another visit; somebody
    else's is the refusal DuplicateCustomer.
    """
    number = rules.checked_phones([phone])[0]
    mine = (
        queries.customers_for(by)
        .filter(project_id=project_id, phones__number_index=blind_index("phone", number))
        .first()
    )
    if mine is None:
        mine = register_customer(
            project_id=project_id,
            name=name,
            phones=[number],
            source_id=source_id,
            grade=grade,
            next_contact_on=next_contact_on,
            by=by,
            at=at,
        )
    record = record_call if contact == "call" else record_visit
    more = {} if contact == "call" else {"party_size": party_size}
    return record(
        customer_id=mine.pk,
        source_id=source_id,
        note=note,
        grade=grade,
        next_contact_on=next_contact_on,
        by=by,
        at=at,
        **more,
    )


@writes
def record_follow_up(
    *,
    customer_id: int,
    method: str,
    content: str,
    result: str = FollowUp.Result.REACHED,
    grade: str | None = None,
    next_contact_on: date | None = None,
    lost_reason: str = "",
    lost_because_id: int | None = None,
    by: User,
    at: datetime,
) -> FollowUp:
    """Keep what was said and what comes next (CUS-18); with a reason the customer is lost (CUS-30).

    The next date is needed unless the customer is lost.  An answer renews the protection (ORC-60).
    Raises NextContactNeeded, NextContactNotSensible, ContentNeeded, UnknownMethod,
    UnknownEntry.
    """
    customer = _locked(customer_id)
    require(by, "customers.record_follow_up", customer.project_id)
    content = rules.clean_text(content)
    lost_reason = rules.clean_line(lost_reason)
    if not content:
        raise errors.ContentNeeded
    if method not in dict(queries.method_choices(customer.project_id)):
        raise errors.UnknownMethod
    because = _chosen(LOST_REASON, lost_because_id, customer.project_id)
    is_lost = bool(lost_reason or because)
    if next_contact_on is None and not is_lost:
        raise errors.NextContactNeeded
    _check_next_contact(next_contact_on, at)
    before = audit.snapshot(customer, *_MOVED)
    customer.grade = Grade(grade or customer.grade)
    if is_lost and customer.life_class in _OPEN:
        customer.life_class, next_contact_on = CustomerClass.LOST, None
    row = FollowUp.objects.create(
        customer=customer,
        project_id=customer.project_id,
        method=method,
        result=FollowUp.Result(result),
        content=content,
        grade_after=customer.grade,
        next_contact_on=next_contact_on,
        lost_because=because,
        lost_reason=lost_reason,
        at=at,
        by=by,
    )
    customer.last_contact_at = at
    customer.next_contact_on = next_contact_on
    if rules.is_effective(result):
        _protect(customer, at)
    customer.save(update_fields=_MOVED)
    old, new = audit.differences(before, audit.snapshot(customer, *_MOVED))
    audit.record(
        "customers.customer.followed_up",
        customer,
        by=by,
        at=at,
        before=old,
        after=new,
        follow_up=row.pk,
        method=method,
        result=result,
    )
    return row


_MOVED = ("life_class", "grade", "last_contact_at", "next_contact_on", "protected_until")
_OPEN = {CustomerClass.POTENTIAL, CustomerClass.INTENTIONAL, CustomerClass.LOST}


def _locked(customer_id: int) -> Customer:
    return Customer.objects.locked().select_related("project").get(pk=customer_id)


def _check_next_contact(day: date | None, at: datetime) -> None:
    if day is not None and not rules.is_next_contact_sensible(day, today=business_day(at)):
        raise errors.NextContactNotSensible


def _source_id(source_id: int | None, customer: Customer) -> int | None:
    if source_id is None:
        return None
    if not queries.sources_of(customer.project_id).filter(pk=source_id).exists():
        raise errors.UnknownSource
    return source_id


def _chosen(dictionary: str, entry_id: int | None, project_id: int) -> DictionaryEntry | None:
    if entry_id is None:
        return None
    entry = entries_in_use(project_id, dictionary).filter(pk=entry_id).first()
    if entry is None:
        raise errors.UnknownEntry(dictionary=DICTIONARY_LABELS[dictionary])
    return entry


def _protect(customer: Customer, at: datetime) -> None:
    customer.protected_until = rules.protected_until(
        business_day(at), life_class=customer.life_class, grade=customer.grade
    )


def _record(
    customer: Customer,
    visit: Visit,
    *,
    life_class: str,
    grade: str | None,
    next_contact_on: date | None,
    by: User,
    at: datetime,
) -> Visit:
    _check_next_contact(next_contact_on, at)
    before = audit.snapshot(customer, *_MOVED)
    visit.save(force_insert=True)
    customer.life_class = CustomerClass(life_class)
    customer.grade = Grade(grade or customer.grade)
    customer.last_contact_at = at
    if next_contact_on is not None:
        customer.next_contact_on = next_contact_on
    _protect(customer, at)
    customer.save(update_fields=_MOVED)
    old, new = audit.differences(before, audit.snapshot(customer, *_MOVED))
    audit.record(
        "customers.customer.received",
        customer,
        by=by,
        at=at,
        before=old,
        after=new,
        visit=visit.pk,
        kind=visit.kind,
    )
    return visit
