"""Makers of customers for the tests of this floor and those above."""

from datetime import UTC, date, datetime
from itertools import count

from loupan.core.calendar import business_day
from loupan.core.crypto import blind_index
from loupan.core.identity import mask_phone, normalise_phone, pinyin_of
from loupan.customers.models import Customer, CustomerKind, CustomerPhone, Person
from loupan.customers.parameters import SOURCE
from loupan.customers.states import CustomerClass, Grade
from loupan.org.models import Project, User
from loupan.parameters.models import DictionaryEntry

NOON = datetime(2025, 3, 1, 4, 0, tzinfo=UTC)  # 12:00 in Shanghai.
_serial = count(1)


def a_phone() -> str:
    """A mobile number nobody else in this test run has."""
    return f"139{next(_serial):08d}"


def a_source(project: Project, *, code: str = "walk-in", name: str = "自然到访") -> DictionaryEntry:
    """A source of the company's own dictionary."""
    return DictionaryEntry.objects.get_or_create(
        dictionary=SOURCE, company=project.company, code=code, defaults={"name": name}
    )[0]


def a_customer(
    project: Project,
    owner: User | None,
    *,
    name: str = "陈晓雨",
    phone: str | None = None,
    id_number: str | None = None,
    kind: str = CustomerKind.INDIVIDUAL,
    grade: str = Grade.B,
    life_class: str = CustomerClass.POTENTIAL,
    next_contact_on: date | None = None,
    at: datetime = NOON,
) -> Customer:
    """A customer of the project with one phone and perhaps an ID number."""
    number = normalise_phone(phone) if phone else a_phone()
    person = Person.objects.create(
        kind=kind,
        id_number=id_number or "",
        id_index=blind_index("id", id_number) if id_number else None,
    )
    customer = Customer.objects.create(
        person=person,
        project=project,
        owner=owner,
        kind=kind,
        name=name,
        given_name=name[1:],
        pinyin=pinyin_of(name)[0],
        initials=pinyin_of(name)[1],
        grade=grade,
        life_class=life_class,
        first_contact_on=business_day(at),
        last_contact_at=at,
        next_contact_on=next_contact_on,
        made_at=at,
    )
    CustomerPhone.objects.create(
        customer=customer,
        project=project,
        company_id=project.company_id,
        number=number,
        number_index=blind_index("phone", number),
        tail=number[-4:],
        masked=mask_phone(number),
    )
    return customer
