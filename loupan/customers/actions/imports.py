"""Many customers at once, from a spreadsheet that another system or desk wrote."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django.db import IntegrityError, connection, models

from loupan.core import audit
from loupan.core.calendar import business_day
from loupan.core.crypto import EncryptedTextField, blind_index, encrypt
from loupan.core.db import writes
from loupan.core.identity import mask_phone, pinyin_of
from loupan.core.models import AuditEvent
from loupan.core.refusals import Busy
from loupan.customers import queries, rules
from loupan.customers.models import Customer, CustomerPhone, Person
from loupan.customers.states import CustomerClass
from loupan.org.models import Project, User


@dataclass(frozen=True, slots=True)
class Draft:
    """A checked row: everything in its normal form, by the same rules as one registration."""

    row: int
    kind: str
    name: str
    phones: tuple[str, ...]
    id_number: str = ""
    id_type: str = "id_card"
    grade: str = "C"
    sex: str = ""
    wechat: str = ""
    address: str = ""
    legal_representative: str = ""
    note: str = ""
    source_id: int | None = None
    owner_id: int | None = None
    first_contact_on: date | None = None
    next_contact_on: date | None = None
    given: frozenset[str] = frozenset()  # The fields the file says something of.
    custom: Mapping[int, Any] = field(default_factory=dict)  # By id of the custom field, typed.
    phone_indexes: tuple[str, ...] = field(init=False)
    id_index: str | None = field(init=False)

    def __post_init__(self) -> None:
        indexes = tuple(blind_index("phone", number) for number in self.phones)
        object.__setattr__(self, "phone_indexes", indexes)
        paper = blind_index("id", self.id_number) if self.id_number else None
        object.__setattr__(self, "id_index", paper)


@lru_cache(maxsize=100_000)
def _reading(name: str) -> tuple[str, str]:
    return pinyin_of(name)


@writes
def take_up(
    *,
    project: Project,
    drafts: Sequence[Draft],
    elsewhere: Mapping[str, queries.KnownPerson],
    by: User,
    at: datetime,
) -> Sequence[int]:
    """Part: write customers nobody has yet; their ids, in the order of the drafts. Raises Busy."""
    try:
        return _insert(project, drafts, elsewhere, by=by, at=at)
    except IntegrityError as error:
        raise Busy from error


def _insert(
    project: Project,
    drafts: Sequence[Draft],
    elsewhere: Mapping[str, queries.KnownPerson],
    *,
    by: User,
    at: datetime,
) -> Sequence[int]:
    today = business_day(at)
    linked = {draft.row: _linked(draft, elsewhere) for draft in drafts}
    strangers = [draft for draft in drafts if linked[draft.row] is None]
    new_people = dict(
        zip([d.row for d in strangers], _new_ids(Person, len(strangers)), strict=True)
    )
    person_ids = {draft.row: linked[draft.row] or new_people[draft.row] for draft in drafts}
    customer_ids = _new_ids(Customer, len(drafts))
    _copy(
        Person,
        ("id", "kind", "id_number", "id_index"),
        [(new_people[d.row], d.kind, d.id_number, d.id_index) for d in strangers],
    )
    _copy(
        Customer,
        _COLUMNS,
        [
            _values(draft, pk, person_ids[draft.row], project, today, at)
            for draft, pk in zip(drafts, customer_ids, strict=True)
        ],
    )
    phones = [
        (pk, number, index, place)
        for draft, pk in zip(drafts, customer_ids, strict=True)
        for place, (number, index) in enumerate(zip(draft.phones, draft.phone_indexes, strict=True))
    ]
    _copy(
        CustomerPhone,
        _PHONE_COLUMNS,
        [
            (row_id, pk, project.pk, project.company_id, number, index, number[-4:],
             mask_phone(number), place)
            for row_id, (pk, number, index, place) in zip(
                _new_ids(CustomerPhone, len(phones)), phones, strict=True
            )
        ],
    )  # fmt: skip
    _remember(project, customer_ids, by=by, at=at)
    return customer_ids


def _linked(draft: Draft, elsewhere: Mapping[str, queries.KnownPerson]) -> int | None:
    """The person another project of the company knows by one of these phones, as in registering."""
    for index in draft.phone_indexes:
        person = elsewhere.get(index)
        if person and person.kind == draft.kind and not draft.id_index:
            return person.pk
    return None


_COLUMNS = (
    "id", "person_id", "project_id", "kind", "name", "given_name", "pinyin", "initials", "sex",
    "id_type", "legal_representative", "address", "wechat", "source_id", "grade", "life_class",
    "owner_id", "note", "first_contact_on", "last_contact_at", "next_contact_on",
    "protected_until", "made_at", "version",
)  # fmt: skip
_PHONE_COLUMNS = (
    "id", "customer_id", "project_id", "company_id", "number", "number_index", "tail", "masked",
    "sort",
)  # fmt: skip


def _values(
    draft: Draft, pk: int, person_id: int, project: Project, today: date, at: datetime
) -> tuple[Any, ...]:
    pinyin, initials = _reading(draft.name)
    until = rules.protected_until(today, life_class=CustomerClass.POTENTIAL, grade=draft.grade)
    return (
        pk, person_id, project.pk, draft.kind, draft.name, draft.name[1:], pinyin, initials,
        draft.sex, draft.id_type, draft.legal_representative, draft.address, draft.wechat,
        draft.source_id, draft.grade, CustomerClass.POTENTIAL.value, draft.owner_id, draft.note,
        draft.first_contact_on or today, at, draft.next_contact_on, until, at, 0,
    )  # fmt: skip


def _new_ids(model: type[models.Model], count: int) -> Sequence[int]:
    """Ids for rows about to be copied in."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
                [table, count],
            )
            return [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        row = cursor.fetchone()
        last = row[0] if row else 0
        return range(last + 1, last + 1 + count)


# Note [Copying rows in]
# One hundred thousand customers are three hundred thousand rows.  Objects and INSERTs of the ORM take
# three times as long as all the checking; so the rows go in as they are, by COPY on PostgreSQL and by a
# prepared statement on SQLite, after values that need it have passed the model field's own conversion.


def _converter(field: models.Field[Any, Any]) -> Callable[[Any], Any] | None:
    """How a value of the column goes to the database; None where it goes as it is."""
    if isinstance(field, models.CharField | models.IntegerField | models.ForeignKey):
        return None
    if isinstance(field, EncryptedTextField):
        return encrypt
    # Days, instants and empty facts: few different ones in a hundred thousand rows.
    known: dict[str, Any] = {}

    def convert(value: Any) -> Any:
        key = str(value)
        if key not in known:
            known[key] = field.get_db_prep_save(value, connection)
        return known[key]

    return convert


def _copy(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    by_column = {each.column: each for each in model._meta.concrete_fields}
    converters = [_converter(by_column[column]) for column in columns]
    needed = [(place, convert) for place, convert in enumerate(converters) if convert]
    ready = []
    for row in rows:
        values = list(row)
        for place, convert in needed:
            values[place] = convert(values[place])
        ready.append(values)
    table = connection.ops.quote_name(model._meta.db_table)
    names = ", ".join(connection.ops.quote_name(column) for column in columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in ready:
                    copy.write_row(row)
        else:
            marks = ", ".join(["%s"] * len(columns))
            sql = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608  Our own names.
            cursor.executemany(sql, ready)


def _remember(project: Project, ids: Sequence[int], *, by: User, at: datetime) -> None:
    """A line of history for each customer."""
    subject = Customer._meta.label_lower
    entry = audit.entry("customers.customer.imported", project, by=by, at=at)
    rows: list[tuple[Any, ...]] = [
        (at, by.pk, entry.post_id, entry.source, entry.event, subject, pk, project.pk,
         {}, {}, {})
        for pk in ids
    ]  # fmt: skip
    _copy(
        AuditEvent,
        ("at", "by_id", "post_id", "source", "event", "subject_type", "subject_id", "project_id",
         "facts", "before", "after"),
        rows,
    )  # fmt: skip
