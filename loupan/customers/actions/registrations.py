"""Registering and editing customers, and the evidence of who tried to register one again."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from functools import partial
from typing import Any

from django.db import IntegrityError

from loupan.core import audit
from loupan.core.calendar import business_day
from loupan.core.crypto import blind_index
from loupan.core.db import writes
from loupan.core.identity import mask_id_number, mask_phone, pinyin_of
from loupan.core.refusals import ChangedMeanwhile
from loupan.customers import errors, queries, rules
from loupan.customers.models import (
    Customer,
    CustomerKind,
    CustomerPhone,
    DuplicateAttempt,
    Person,
)
from loupan.customers.parameters import DICTIONARY_LABELS, MEDIA, REGION
from loupan.customers.permissions import consults_in
from loupan.customers.states import CustomerClass, Grade
from loupan.org.models import Project, User
from loupan.org.permissions import require
from loupan.parameters.models import DictionaryEntry
from loupan.parameters.queries.entries import entries_in_use


@writes
def register_customer(
    *,
    project_id: int,
    name: str,
    phones: Sequence[str],
    kind: str = CustomerKind.INDIVIDUAL,
    id_number: str = "",
    id_type: str = "id_card",
    source_id: int | None = None,
    media_id: int | None = None,
    region_id: int | None = None,
    owner_id: int | None = None,
    grade: str = Grade.C,
    sex: str = "",
    wechat: str = "",
    address: str = "",
    legal_representative: str = "",
    note: str = "",
    next_contact_on: date | None = None,
    by: User,
    at: datetime,
) -> Customer:
    """Take up a customer at a project (CUS-06, CUS-31).

    Who sells in the project owns whom they register; else nobody does until assigned.  The same phone
    in another project of the company becomes a second customer of the same person.  Raises
    DuplicateCustomer for D1, D2 and D6, of which the attempt is kept although all else is undone;
    D3 is only noted as an attempt.
    """
    require(by, "customers.register", project_id)
    project = Project.objects.select_related("company").get(pk=project_id)
    today = business_day(at)
    name = rules.checked_name(name)
    numbers = rules.checked_phones(phones)
    paper = rules.checked_id_number(id_number, kind=kind, id_type=id_type)
    _check_next_contact(next_contact_on, today=today)
    owner = _first_owner(owner_id, project=project, by=by)
    refuse = partial(_refuse_duplicate, project=project, name=name, by=by, at=at)

    indexes = sorted(blind_index("phone", number) for number in numbers)
    id_index = blind_index("id", paper) if paper else None
    refuse(
        queries.duplicate_of(project=project, phone_indexes=indexes, id_index=id_index, kind=kind)
    )
    person = _known_person(project=project, kind=kind, paper=paper, indexes=indexes)
    if person is None:
        person = _new_person(kind, paper)
        # Somebody may have registered the same ID number since we looked; then the row is theirs.
        refuse(
            queries.duplicate_of(project=project, phone_indexes=(), id_index=id_index, kind=kind)
        )

    pinyin, initials = pinyin_of(name)
    customer = Customer.objects.create(
        person=person,
        project=project,
        kind=kind,
        name=name,
        given_name=name[1:],
        pinyin=pinyin,
        initials=initials,
        sex=sex,
        id_type=id_type,
        legal_representative=rules.clean_line(legal_representative),
        address=rules.clean_line(address),
        wechat=rules.clean_line(wechat),
        source=_source(source_id, project),
        media=_chosen(MEDIA, media_id, project),
        region=_chosen(REGION, region_id, project),
        grade=Grade(grade),
        owner=owner,
        note=rules.clean_text(note),
        first_contact_on=today,
        last_contact_at=at,
        next_contact_on=next_contact_on,
        protected_until=rules.protected_until(
            today, life_class=CustomerClass.POTENTIAL, grade=grade
        ),
        made_at=at,
    )
    _add_phones(customer, numbers)
    refuse(
        queries.duplicate_of(
            project=project,
            phone_indexes=indexes,
            id_index=None,
            kind=kind,
            except_customer=customer.pk,
        )
    )
    masked = [mask_phone(number) for number in numbers]
    _note_suspects(customer, masked, by=by, at=at)
    audit.record(
        "customers.customer.registered",
        customer,
        by=by,
        at=at,
        name=name,
        kind=kind,
        phones=masked,
        id_number=mask_id_number(paper),
        owner=owner,
        source=customer.source,
    )
    return customer


@writes
def edit_customer(
    *,
    customer_id: int,
    version: int,
    name: str | None = None,
    phones: Sequence[str] | None = None,
    id_number: str | None = None,
    id_type: str | None = None,
    source_id: int | None = None,
    media_id: int | None = None,
    region_id: int | None = None,
    grade: str | None = None,
    sex: str | None = None,
    wechat: str | None = None,
    address: str | None = None,
    legal_representative: str | None = None,
    note: str | None = None,
    by: User,
    at: datetime,
) -> Customer:
    """Change what is recorded about a customer; None leaves a field as it is (CUS-07).

    Phones, ID number and address may be given masked, as they were shown: then they stay.  The log
    keeps the masked old and new values.  Raises ChangedMeanwhile when `version` is not the stored one
    or somebody else just took the ID number, DuplicateCustomer as registering does.
    """
    customer = _locked(customer_id)
    require(by, "customers.edit", customer.project_id)
    if customer.version != version:
        raise ChangedMeanwhile
    refuse = partial(_refuse_duplicate, project=customer.project, name=customer.name, by=by, at=at)
    before = _seen(customer)
    if name is not None:
        customer.name = rules.checked_name(name)
        customer.given_name = customer.name[1:]
        customer.pinyin, customer.initials = pinyin_of(customer.name)
    if source_id is not None and source_id != customer.source_id:
        customer.source = _source(source_id, customer.project)
    if media_id is not None and media_id != customer.media_id:
        customer.media = _chosen(MEDIA, media_id, customer.project)
    if region_id is not None and region_id != customer.region_id:
        customer.region = _chosen(REGION, region_id, customer.project)
    if grade is not None:
        customer.grade = Grade(grade)
    if sex is not None:
        customer.sex = sex
    if id_type is not None:
        customer.id_type = id_type
    if wechat is not None:
        customer.wechat = rules.clean_line(wechat)
    if legal_representative is not None:
        customer.legal_representative = rules.clean_line(legal_representative)
    if note is not None:
        customer.note = rules.clean_text(note)
    if address is not None and "****" not in address:
        customer.address = rules.clean_line(address)
    if id_number is not None and "*" not in id_number:
        paper = rules.checked_id_number(id_number, kind=customer.kind, id_type=customer.id_type)
        refuse(_other_holder(customer, paper))
        _give_id_number(customer.person, paper)
    if phones is not None:
        numbers = _unmasked(customer, phones)
        indexes = [blind_index("phone", number) for number in numbers]
        taken = partial(
            queries.duplicate_of,
            project=customer.project,
            phone_indexes=indexes,
            id_index=None,
            kind=customer.kind,
            except_customer=customer.pk,
        )
        refuse(taken())
        CustomerPhone.objects.filter(customer=customer).exclude(number_index__in=indexes).delete()
        _add_phones(customer, numbers)
        refuse(taken())
    customer.version += 1
    customer.save(update_fields=[*_EDITED, "version"])
    old, new = audit.differences(before, _seen(customer))
    if new:
        audit.record("customers.customer.edited", customer, by=by, at=at, before=old, after=new)
    return customer


_EDITED = (
    "name", "given_name", "pinyin", "initials", "source", "media", "region", "grade", "sex",
    "id_type", "wechat",
    "legal_representative", "note", "address",
)  # fmt: skip


@writes
def log_duplicate_attempt(
    *, project_id: int, customer_id: int, rule: str, name: str, by: User, at: datetime
) -> DuplicateAttempt:
    """Keep that somebody asked for, or tried to register, a customer who is there already."""
    if not by.may("customers.edit", project_id):
        require(by, "customers.register", project_id)
    attempt = DuplicateAttempt.objects.create(
        project_id=project_id, customer_id=customer_id, rule=rule, name=name[:80], by=by, at=at
    )
    audit.record(
        "customers.customer.registration_refused",
        attempt,
        by=by,
        at=at,
        project_id=project_id,
        customer=customer_id,
        rule=rule,
    )
    return attempt


def _source(source_id: int | None, project: Project) -> DictionaryEntry | None:
    if source_id is None:
        return None
    source = queries.sources_of(project.pk).filter(pk=source_id).first()
    if source is None:
        raise errors.UnknownSource
    return source


def _chosen(dictionary: str, entry_id: int | None, project: Project) -> DictionaryEntry | None:
    if entry_id is None:
        return None
    entry = entries_in_use(project.pk, dictionary).filter(pk=entry_id).first()
    if entry is None:
        raise errors.UnknownEntry(dictionary=DICTIONARY_LABELS[dictionary])
    return entry


def _first_owner(owner_id: int | None, *, project: Project, by: User) -> User | None:
    if owner_id is None:
        return by if consults_in(by, project.pk) else None
    if owner_id != by.pk:
        require(by, "customers.assign", project.pk)
    owner = User.objects.filter(pk=owner_id).first()
    if owner is None or not owner.may("customers.record_follow_up", project.pk):
        raise errors.OwnerNotInProject(owner=owner or owner_id, project=project)
    return owner


def _check_next_contact(day: date | None, *, today: date) -> None:
    if day is not None and not rules.is_next_contact_sensible(day, today=today):
        raise errors.NextContactNotSensible


def _refuse_duplicate(
    found: queries.Duplicate | None, *, project: Project, name: str, by: User, at: datetime
) -> None:
    if found is None:
        return
    refusal = errors.DuplicateCustomer(**asdict(queries.guarded(found.customer)))
    refusal.evidence = partial(
        log_duplicate_attempt,
        project_id=project.pk,
        customer_id=found.customer.pk,
        rule=found.rule,
        name=name,
        by=by,
        at=at,
    )
    raise refusal


def _known_person(
    *, project: Project, kind: str, paper: str, indexes: Sequence[str]
) -> Person | None:
    """The person known by phone from another project of the company.

    With another ID number they are somebody else: a relative who shares the phone.
    """
    known = queries.person_behind(project=project, phone_indexes=indexes)
    person = Person.objects.filter(pk=known, kind=kind).first() if known else None
    if person is None or (paper and person.id_number not in {"", paper}):
        return None
    if paper:
        _give_id_number(person, paper)
    return person


def _new_person(kind: str, paper: str) -> Person:
    if not paper:
        return Person.objects.create(kind=kind)
    index = blind_index("id", paper)
    # Two desks with one ID number: the second waits here for the first and then finds their row.
    Person.objects.bulk_create(
        [Person(kind=kind, id_number=paper, id_index=index)], ignore_conflicts=True
    )
    return Person.objects.get(id_index=index)


def _give_id_number(person: Person, paper: str) -> None:
    if person.id_number == paper:
        return
    person.id_number = paper
    person.id_index = blind_index("id", paper) if paper else None
    try:
        person.save(update_fields=["id_number", "id_index"])
    except IntegrityError as error:
        raise ChangedMeanwhile from error


def _other_holder(customer: Customer, paper: str) -> queries.Duplicate | None:
    return queries.duplicate_of(
        project=customer.project,
        phone_indexes=(),
        id_index=blind_index("id", paper) if paper else None,
        kind=customer.kind,
        except_person=customer.person_id,
    )


def _add_phones(customer: Customer, numbers: Sequence[str]) -> None:
    """Rows for numbers the customer has not yet; a number that just went to another is left out.

    In the order of the index, so that two desks with the same two numbers do not wait in a circle.
    The caller looks afterwards whose they are.
    """
    rows = [
        CustomerPhone(
            customer=customer,
            project_id=customer.project_id,
            company_id=customer.project.company_id,
            number=number,
            number_index=blind_index("phone", number),
            tail=number[-4:],
            masked=mask_phone(number),
            sort=place,
        )
        for place, number in enumerate(numbers)
    ]
    rows.sort(key=lambda row: row.number_index)
    CustomerPhone.objects.bulk_create(rows, ignore_conflicts=True)


def _note_suspects(customer: Customer, masked: Sequence[str], *, by: User, at: datetime) -> None:
    found = queries.suspects(
        project_id=customer.project_id, name=customer.name, masked=masked, but=customer.pk
    )
    for suspect in found.order_by("pk")[:3]:
        log_duplicate_attempt(
            project_id=customer.project_id,
            customer_id=suspect.pk,
            rule="D3",
            name=customer.name,
            by=by,
            at=at,
        )


def _locked(customer_id: int) -> Customer:
    rows = Customer.objects.locked().select_related(
        "project", "person", "source", "media", "region", "owner"
    )
    return rows.get(pk=customer_id)


def _seen(customer: Customer) -> dict[str, Any]:
    """The fields as the log may show them: numbers and address masked."""
    masked = CustomerPhone.objects.filter(customer=customer).order_by("sort", "pk")
    return {
        "name": customer.name,
        "phones": list(masked.values_list("masked", flat=True)),
        "id_number": mask_id_number(customer.person.id_number),
        "id_type": customer.id_type,
        "sex": customer.sex,
        "grade": customer.grade,
        "source": customer.source,
        "media": customer.media,
        "region": customer.region,
        "wechat": customer.wechat,
        "address": rules.mask_address(customer.address),
        "legal_representative": customer.legal_representative,
        "note": customer.note,
    }


def _unmasked(customer: Customer, texts: Sequence[str]) -> list[str]:
    """The numbers meant: what is given masked, as it was shown, is the number it stands for."""
    left = list(CustomerPhone.objects.filter(customer=customer).order_by("sort", "pk"))
    meant = []
    for text in texts:
        same = next((phone for phone in left if phone.masked == text.strip()), None)
        if same:
            left.remove(same)
        meant.append(same.number if same else text)
    return rules.checked_phones(meant)
