"""Every read of customers. A list begins with `customers_for(viewer)` and with nothing else."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any, TypeVar

from django.core.exceptions import FieldDoesNotExist
from django.db import connection
from django.db.models import Count, OuterRef, Prefetch, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from loupan.core.audit import history_of
from loupan.core.calendar import day_bounds
from loupan.core.crypto import blind_index
from loupan.core.identity import IdentityProblem, normalise_id_number, normalise_phone, surname_of
from loupan.core.models import ImportState
from loupan.customers.models import (
    Customer,
    CustomerImport,
    CustomerPhone,
    DuplicateAttempt,
    FollowUp,
    Person,
    Reveal,
    Visit,
)
from loupan.customers.parameters import CUSTOMER, METHOD, SOURCE
from loupan.customers.permissions import sees_phones
from loupan.customers.states import CustomerClass
from loupan.org.hooks import Belongings
from loupan.org.models import Project, User
from loupan.parameters.hooks import SUBJECTS
from loupan.parameters.models import DictionaryEntry
from loupan.parameters.queries.book import book_of
from loupan.parameters.queries.entries import entries_in_use, entry_named
from loupan.parameters.queries.fields import edited_since, labels_of

V = TypeVar("V")

# --- Lists ----------------------------------------------------------------------------------------


def customers_for(viewer: User) -> QuerySet[Customer]:
    """The customers this person may see: own, team's, project's … (DOMAIN 4.1)."""
    return Customer.objects.filter(_reach(viewer, "owner_id")).select_related(
        "project", "owner", "source"
    )


def _reach(viewer: User, owner: str) -> Q:
    return viewer.access.rows("customers", owner=owner, permission="customers.read")


def belongings_of(person: User) -> list[Belongings]:
    """How many customers somebody looks after, by project (CUS-23)."""
    rows = Customer.objects.filter(owner=person).values_list("project_id").annotate(Count("pk"))
    return [Belongings(project_id, _("Customers"), count) for project_id, count in rows.order_by()]


def with_masked_phones(customers: QuerySet[Customer]) -> QuerySet[Customer]:
    """For lists: masked phones in one query, nothing decrypted."""
    phones = CustomerPhone.objects.defer("number")
    return customers.defer("address").prefetch_related(Prefetch("phones", phones))


_BRIEF = (
    "id", "version", "kind", "name", "project_id", "person_id", "source_id", "source__name",
    "owner_id", "owner__display_name", "owner__username", "grade", "life_class",
    "first_contact_on", "last_contact_at", "next_contact_on", "protected_until",
)  # fmt: skip


def with_first_phone(customers: QuerySet[Customer]) -> QuerySet[Customer]:
    """For a column of a list: the first phone, masked, as `first_phone` of each row."""
    phones = CustomerPhone.objects.filter(customer=OuterRef("pk")).order_by("sort", "pk")
    first = Coalesce(Subquery(phones.values("masked")[:1]), Value(""))
    return customers.defer("address").annotate(first_phone=first)


def briefly(
    customers: QuerySet[Customer], viewer: User, *, after: int | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """One page of a list as plain values, newest first, with masked phones: two statements.

    `after` is the last id of the page before; the answer ends with the id for the next one.
    """
    if after is not None:
        customers = customers.filter(pk__lt=after)
    rows = list(_newest(customers, limit + 1).values(*_BRIEF))
    page, more = rows[:limit], len(rows) > limit
    phones: dict[int, list[str]] = {row["id"]: [] for row in page}
    if page and sees_phones(viewer):
        found = CustomerPhone.objects.filter(customer_id__in=list(phones)).order_by("sort", "pk")
        for pk, masked in found.values_list("customer_id", "masked"):
            phones[pk].append(masked)
    for row in page:
        row["phones"] = phones[row["id"]]
    return page, str(page[-1]["id"]) if more else None


def masked_phones(customer: Customer, viewer: User) -> list[str]:
    return [phone.masked for phone in customer.phones.all()] if sees_phones(viewer) else []


def sources_of(project_id: int) -> QuerySet[DictionaryEntry]:
    """How customers may have learned of a project."""
    return entries_in_use(project_id, SOURCE)


def source_named(project_id: int, text: str) -> DictionaryEntry | None:
    """The source in use with this id, code or name."""
    return entry_named(project_id, SOURCE, text.strip())


def entry_choices(project_id: int, dictionary: str) -> list[tuple[int, str]]:
    """What a form offers of a dictionary, drawn as its tree."""
    return book_of(project_id).offered(dictionary)


def method_choices(project_id: int) -> list[tuple[str, str]]:
    """How customers of a project are followed up, by code."""
    found = book_of(project_id).vocabulary(METHOD).in_use()
    return [(word.code, str(word.label)) for _depth, word in found]


def owners_in(project: Project) -> QuerySet[User]:
    """Who may look after customers of the project: people with a live post that reads them."""
    return (
        User.objects.filter(
            Q(holdings__post__project=project)
            | Q(holdings__post__project=None, holdings__post__company=project.company_id),
            is_active=True,
            holdings__post__is_active=True,
            holdings__post__role__code__in=("SC", "TL", "SM"),
        )
        .distinct()
        .order_by("display_name", "id")
    )


def owners_offered(project: Project) -> QuerySet[User]:
    """Their names alone, for the choices of a filter."""
    return owners_in(project).only("display_name", "username")


# --- Search ---------------------------------------------------------------------------------------

PHONE_TEXT = re.compile(r"[+(（]?[0-9０-９][0-9０-９\s\-–—()（）+.转]*")
MASKED_PHONE = re.compile(r"([0-9+]{3})\*{2,8}([0-9]{4})")
ID_TEXT = re.compile(r"[0-9]{15}|[0-9]{17}[0-9Xx]|[0-9A-Za-z]{18}")
LETTERS = re.compile(r"[a-zA-Z][a-zA-Z ']*")
TAIL_LENGTH = 4
LAST = chr(0x10FFFF)


def _begins(field: str, text: str) -> Q:
    """A prefix as an index range: PostgreSQL by LIKE and operator class, SQLite by bytes."""
    if connection.vendor == "postgresql":
        return Q(**{f"{field}__startswith": text})
    return Q(**{f"{field}__gte": text, f"{field}__lt": text + LAST})


def _by_phone(viewer: User, text: str) -> QuerySet[CustomerPhone] | None:
    """The phones wanted, within reach; None when the text is no phone."""
    wanted = _phone_wanted(viewer, text)
    if wanted is None:
        return None
    return CustomerPhone.objects.filter(_reach(viewer, "customer__owner_id"), **wanted)


def _phone_wanted(viewer: User, text: str) -> dict[str, str] | None:
    """The columns of a phone with this number, or with these last four digits; None for no phone.

    Of a part of a number only the last four digits count: matching more of it would let whoever may
    not see a number guess it digit by digit.
    """
    if not sees_phones(viewer):
        return None
    if masked := MASKED_PHONE.fullmatch(text):
        return {"tail": masked[2], "masked": f"{masked[1]}****{masked[2]}"}
    if not PHONE_TEXT.fullmatch(text):
        return None
    try:
        number = normalise_phone(text)
    except IdentityProblem:
        digits = "".join(str(int(character)) for character in text if character.isdigit())
        if len(digits) < TAIL_LENGTH:
            return None
        return {"tail": digits[-TAIL_LENGTH:]}
    return {"number_index": blind_index("phone", number)}


def _is_id_number(text: str) -> bool:
    return ID_TEXT.fullmatch(re.sub(r"[\s-]", "", text)) is not None


def _by_id_number(customers: QuerySet[Customer], text: str) -> QuerySet[Customer]:
    try:
        number = normalise_id_number(text)
    except IdentityProblem:
        return customers.none()
    return customers.filter(person__id_index=blind_index("id", number))


def _name_conditions(text: str) -> list[Q]:
    """Each is one index range: start of the name, of the given name, of its reading, initials."""
    conditions = [_begins("name", text), _begins("given_name", text)]
    if LETTERS.fullmatch(text):
        letters = re.sub(r"[ ']", "", text).lower()
        conditions += [_begins("initials", letters), _begins("pinyin", letters)]
    if len(text) > 1:
        conditions.append(Q(kind="corporate", name__contains=text))
    return conditions


def matching(customers: QuerySet[Customer], viewer: User, text: str) -> QuerySet[Customer]:
    """Narrow a list to a typed text: phone, its last four, ID number, name, pinyin, initials.

    A full phone or ID number goes through its keyed index, the last four digits through theirs, names
    by their start, given name, pinyin or initials.  Every way is an index range.
    """
    text = text.strip()[:80].replace("\x00", "")
    if not text:
        return customers
    if _is_id_number(text) and (found := _by_id_number(customers, text)).exists():
        return found
    phones = _by_phone(viewer, text)
    if phones is not None:
        return customers.filter(pk__in=phones.values("customer_id"))
    return customers.filter(reduce(or_, _name_conditions(text)))


def found_by_phone(
    viewer: User, text: str, *, project_id: int | None, after: int | None, limit: int
) -> tuple[list[dict[str, Any]], str | None] | None:
    """What `briefly` gives for the customers `matching` a phone or its tail, in one statement.

    None when the text is not looked for among the phones.  The way of a desk that types four digits
    all day, hence by hand; a test holds it against the plain form.
    """
    text = text.strip()[:80].replace("\x00", "")
    wanted = None if not text or _is_id_number(text) else _phone_wanted(viewer, text)
    if wanted is None:
        return None
    conditions = [viewer.access.rows_sql("customers", project="p.project_id", owner="k.owner_id")]
    conditions += [f"p.{column} = %s" for column in wanted]
    values: list[Any] = list(wanted.values())
    for condition, value in (("p.project_id = %s", project_id), ("p.customer_id < %s", after)):
        if value is not None:
            conditions.append(condition)
            values.append(value)
    owned = "JOIN customers_customer k ON k.id = p.customer_id" if "k." in conditions[0] else ""
    with connection.cursor() as cursor:
        cursor.execute(
            _FOUND.format(owned=owned, conditions=" AND ".join(conditions)), [*values, limit + 1]
        )
        found = cursor.fetchall()
    rows: dict[int, dict[str, Any]] = {}
    for *values, masked in found:
        row = rows.get(values[0])
        if row is None:
            row = rows[values[0]] = dict(zip(_BRIEF, values, strict=True), phones=[])
            row["last_contact_at"] = _aware(row["last_contact_at"])
        row["phones"].append(masked)
    page = list(rows.values())
    more = len(page) > limit
    page = page[:limit]
    return page, str(page[-1]["id"]) if more else None


def _aware(instant: datetime | None) -> datetime | None:
    """SQLite keeps instants in UTC without saying so."""
    return instant.replace(tzinfo=UTC) if instant and instant.tzinfo is None else instant


_FOUND = """
SELECT c.id, c.version, c.kind, c.name, c.project_id, c.person_id, c.source_id, s.name, c.owner_id,
  u.display_name, u.username, c.grade, c.life_class, c.first_contact_on, c.last_contact_at,
  c.next_contact_on, c.protected_until, n.masked
FROM (
  SELECT DISTINCT p.customer_id FROM customers_customerphone p {owned}
  WHERE {conditions} ORDER BY p.customer_id DESC LIMIT %s
) found
JOIN customers_customer c ON c.id = found.customer_id
JOIN customers_customerphone n ON n.customer_id = c.id
LEFT JOIN parameters_dictionaryentry s ON s.id = c.source_id
LEFT JOIN org_user u ON u.id = c.owner_id
ORDER BY c.id DESC, n.sort, n.id
"""


def search(viewer: User, text: str, *, limit: int = 20) -> list[Customer]:
    """The newest customers for a typed text, within reach: for pickers and the palette."""
    text = text.strip()[:80].replace("\x00", "")
    if not text:
        return []
    reach = customers_for(viewer)
    found: list[Customer] = []
    if _is_id_number(text) or _by_phone(viewer, text) is not None:
        found = _shown_first(matching(reach, viewer, text), limit)
    return found or _shown_first(reach.filter(reduce(or_, _name_conditions(text))), limit)


def _shown_first(customers: QuerySet[Customer], limit: int) -> list[Customer]:
    rows = _newest(customers, limit).select_related("project", "owner", "source")
    return list(with_masked_phones(rows))


def _newest(customers: QuerySet[Customer], limit: int) -> QuerySet[Customer]:
    """The newest of a list, found by their ids alone before anything is joined to them."""
    newest = customers.order_by("-pk").values("pk")[:limit]
    return Customer.objects.filter(pk__in=newest).order_by("-pk")


# --- Duplicates (DOMAIN 2.11.1) -------------------------------------------------------------------


@dataclass(frozen=True)
class Duplicate:
    """The customer that stands in the way, and the rule that says so."""

    customer: Customer
    rule: str


def duplicate_of(
    *,
    project: Project,
    phone_indexes: Sequence[str],
    id_index: str | None,
    kind: str,
    except_person: int = 0,
    except_customer: int = 0,
) -> Duplicate | None:
    """D1 / D6 the same ID number or credit code in the group, D2 the same phone in the project."""
    if id_index:
        holders = Customer.objects.filter(person__id_index=id_index)
        holder = holders.exclude(person_id=except_person).select_related("project", "owner").first()
        if holder:
            return Duplicate(holder, "D6" if kind == "corporate" else "D1")
    phone = (
        CustomerPhone.objects.filter(project=project, number_index__in=phone_indexes)
        .exclude(customer_id=except_customer)
        .select_related("customer__project", "customer__owner")
        .defer("number")
        .order_by("customer_id")
        .first()
    )
    return Duplicate(phone.customer, "D2") if phone else None


def person_behind(*, project: Project, phone_indexes: Sequence[str]) -> int | None:
    """Whoever has one of these phones in another project of the company is the same person (D2)."""
    return (
        CustomerPhone.objects.filter(company_id=project.company_id, number_index__in=phone_indexes)
        .order_by("customer_id")
        .values_list("customer__person_id", flat=True)
        .first()
    )


@dataclass(frozen=True)
class KnownPerson:
    pk: int
    kind: str


@dataclass(frozen=True)
class Known:
    """What an import must know: phones in this project, ID numbers anywhere, phones elsewhere."""

    here: frozenset[str]
    ids: frozenset[str]
    elsewhere: dict[str, KnownPerson]


def known_indexes(
    project: Project, phone_indexes: Sequence[str], id_indexes: Sequence[str]
) -> Known:
    here: set[str] = set()
    ids: set[str] = set()
    elsewhere: dict[str, KnownPerson] = {}
    for part in _parts(phone_indexes):
        rows = CustomerPhone.objects.filter(
            company_id=project.company_id, number_index__in=part
        ).order_by("-customer_id")
        for index, project_id, person, kind in rows.values_list(
            "number_index", "project_id", "customer__person_id", "customer__person__kind"
        ):
            if project_id == project.pk:
                here.add(index)
            else:
                elsewhere[index] = KnownPerson(person, kind)
    for part in _parts(id_indexes):
        found = Person.objects.filter(id_index__in=part).values_list("id_index", flat=True)
        ids.update(index for index in found if index)
    return Known(frozenset(here), frozenset(ids), elsewhere)


def _parts(values: Sequence[V]) -> Iterator[Sequence[V]]:
    """Parts that every database takes as parameters of one statement."""
    for start in range(0, len(values), 900):
        yield values[start : start + 900]


def suspects(
    *, project_id: int, name: str, masked: Iterable[str], but: int = 0
) -> QuerySet[Customer]:
    """D3: the same name, and a phone that agrees in its first three and last four digits."""
    return Customer.objects.filter(
        project_id=project_id, name=name, phones__masked__in=list(masked)
    ).exclude(pk=but)


@dataclass(frozen=True)
class GuardedAnswer:
    """All that a consultant may be told of somebody else's customer."""

    life_class: str | Promise
    project: str
    owner: str | Promise
    protected_until: str | Promise


def guarded(customer: Customer) -> GuardedAnswer:
    until = customer.protected_until
    return GuardedAnswer(
        life_class=CustomerClass(customer.life_class).label,
        project=customer.project.name,
        owner=surname_of(str(customer.owner)) if customer.owner else _("nobody yet"),
        protected_until=until.isoformat() if until else _("further notice"),
    )


# --- One customer ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Event:
    """One line of the timeline, ready to be shown."""

    at: datetime
    kind: str
    title: str | Promise
    by: str
    text: str | Promise = ""
    icon: str = "circle"
    tone: str = "neutral"
    changes: Sequence[tuple[str, Any, Any]] = ()


@dataclass(frozen=True)
class Figures:
    """The key figures in the head of the customer page."""

    visits: int
    follow_ups: int
    last_contact_at: datetime | None
    next_contact_on: date | None
    protected_days_left: int | None
    is_late: bool


def figures_of(customer: Customer, *, today: date) -> Figures:
    """Visits: first and return visits, calls not counted. Days left: including today."""
    visits = Visit.objects.filter(customer=customer).exclude(kind=Visit.Kind.CALL).count()
    until = customer.protected_until
    due = customer.next_contact_on
    return Figures(
        visits=visits,
        follow_ups=FollowUp.objects.filter(customer=customer).count(),
        last_contact_at=customer.last_contact_at,
        next_contact_on=due,
        protected_days_left=(until - today).days if until else None,
        is_late=bool(due and due < today),
    )


MOST_EVENTS = 200

CHANGE_TITLES: dict[str, dict[str, str | Promise]] = {
    "customers.customer.registered": {"label": _("Registered"), "icon": "user-plus"},
    "customers.customer.imported": {"label": _("Imported"), "icon": "file-import"},
    "customers.customer.edited": {"label": _("Changed"), "icon": "pencil"},
    "customers.customer.assigned": {"label": _("Assigned"), "icon": "user-share"},
    "customers.custom_fields.changed": {"label": _("Custom fields changed"), "icon": "columns-3"},
}
VISIT_LOOKS: dict[str, dict[str, str]] = {
    Visit.Kind.FIRST: {"icon": "map-pin", "tone": "ok"},
    Visit.Kind.RETURN: {"icon": "map-pin", "tone": "ok"},
    Visit.Kind.CALL: {"icon": "phone-incoming", "tone": "info"},
}
KINDS: dict[str, Promise] = {
    "visit": _("Visits and calls"),
    "follow_up": _("Follow-ups"),
    "reveal": _("Looks at numbers"),
    "change": _("Changes"),
    "attempt": _("Double registrations"),
}


def timeline(customer: Customer, *, kind: str = "") -> list[Event]:
    """Visits, calls, follow-ups, looks at numbers, attempts and changes, newest first (CUS-15)."""
    parts = {
        "visit": _visit_events,
        "follow_up": _follow_up_events,
        "reveal": _reveal_events,
        "change": _change_events,
        "attempt": _attempt_events,
    }
    chosen = [parts[kind]] if kind in parts else parts.values()
    events = [event for part in chosen for event in part(customer)]
    return sorted(events, key=lambda event: event.at, reverse=True)[:MOST_EVENTS]


def _visit_events(customer: Customer) -> list[Event]:
    visits = Visit.objects.filter(customer=customer).select_related("received_by", "source")
    return [
        Event(
            at=visit.at,
            kind="visit",
            title=Visit.Kind(visit.kind).label,
            by=str(visit.received_by),
            text=_joined(visit.source.name if visit.source else "", visit.note),
            icon=VISIT_LOOKS[visit.kind]["icon"],
            tone=VISIT_LOOKS[visit.kind]["tone"],
        )
        for visit in visits.order_by("-at", "-pk")[:MOST_EVENTS]
    ]


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def _follow_up_events(customer: Customer) -> list[Event]:
    rows = FollowUp.objects.filter(customer=customer).select_related("by", "lost_because")
    methods = book_of(customer.project_id).vocabulary(METHOD)
    return [
        Event(
            at=row.at,
            kind="follow_up",
            title=_("Follow-up: %(method)s, %(result)s")
            % {"method": methods.label(row.method), "result": row.get_result_display()},
            by=str(row.by),
            text=_joined(row.content, str(row.lost_because or ""), row.lost_reason),
            icon="message-circle",
            tone="danger" if row.lost_reason or row.lost_because_id else "info",
        )
        for row in rows.order_by("-at", "-pk")[:MOST_EVENTS]
    ]


def _reveal_events(customer: Customer) -> list[Event]:
    rows = Reveal.objects.filter(customer=customer).select_related("by")
    titles = {"phone": _("Looked at the full phone"), "id": _("Looked at the full ID number")}
    return [
        Event(
            at=row.at,
            kind="reveal",
            title=titles[row.what],
            by=str(row.by),
            text=row.reason,
            icon="eye",
            tone="warn",
        )
        for row in rows.order_by("-at", "-pk")[:MOST_EVENTS]
    ]


def _attempt_events(customer: Customer) -> list[Event]:
    rows = DuplicateAttempt.objects.filter(customer=customer).select_related("by")
    return [
        Event(
            at=row.at,
            kind="attempt",
            title=_("Somebody tried to register this customer again (rule %(rule)s)")
            % {"rule": row.rule},
            by=str(row.by),
            icon="copy",
            tone="warn",
        )
        for row in rows.order_by("-at", "-pk")[:MOST_EVENTS]
    ]


def _change_events(customer: Customer) -> list[Event]:
    rows = history_of(customer).filter(event__in=CHANGE_TITLES)[:MOST_EVENTS]
    custom = labels_of(book_of(customer.project_id).fields.get(CUSTOMER, ())) if rows else {}
    events = []
    for row in rows:
        changes = [
            (custom.get(name) or _field_label(name), _shown(row.before.get(name)), _shown(after))
            for name, after in row.after.items()
            if name in row.before
        ]
        looks = CHANGE_TITLES[row.event]
        events.append(
            Event(
                at=row.at,
                kind="change",
                title=looks["label"],
                by=str(row.by) if row.by else "",
                icon=str(looks["icon"]),
                changes=tuple(changes),
            )
        )
    return events


def _field_label(name: str) -> str:
    labels: dict[str, str | Promise] = {
        "phones": _("Phones"),
        "id_number": _("ID number"),
        "source": _("Source"),
        "owner": _("Consultant"),
        "life_class": _("Class"),
    }
    if name in labels:
        return str(labels[name])
    try:
        return str(Customer._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
    except FieldDoesNotExist:  # A custom field that is out of use.
        return name.removeprefix("cf_")


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return "、".join(str(part) for part in value)
    return "" if value is None else str(value)


def reveals_on(user_id: int, day: date) -> int:
    """How many full numbers the person has looked at on that local day."""
    start, end = day_bounds(day)
    return Reveal.objects.filter(by_id=user_id, at__gte=start, at__lt=end).count()


def due(customers: QuerySet[Customer], when: str, *, today: date) -> QuerySet[Customer]:
    """Narrow a list to those to be contacted: "late", "today", within a "week", or "none" planned."""
    if when == "none":
        return customers.filter(next_contact_on=None)
    customers = customers.exclude(life_class=CustomerClass.LOST)
    if when == "late":
        return customers.filter(next_contact_on__lt=today)
    last = today + timedelta(days=6 if when == "week" else 0)
    return customers.filter(next_contact_on__gte=today, next_contact_on__lte=last)


# --- My day ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MyDay:
    """What the person at the desk has to do, and has done, today."""

    late: list[Customer]
    due: list[Customer]
    late_count: int
    due_count: int
    visits_today: int
    calls_today: int
    new_today: int
    expiring: int


def my_day(viewer: User, project: Project, *, today: date, limit: int = 20) -> MyDay:
    """Due: next contact today; late: before today; both without lost customers.

    Expiring: protection ends within three days.  Everything within the viewer's reach in the project.
    """
    rows = customers_for(viewer).filter(project=project).exclude(life_class=CustomerClass.LOST)
    late = rows.filter(next_contact_on__lt=today)
    due = rows.filter(next_contact_on=today)
    start, end = day_bounds(today)
    reach = _reach(viewer, "customer__owner_id")
    visits = Visit.objects.filter(reach, project=project, at__gte=start, at__lt=end)
    by_kind = dict(visits.values_list("kind").annotate(n=Count("pk")).order_by("kind"))
    return MyDay(
        late=list(with_masked_phones(late).order_by("next_contact_on", "pk")[:limit]),
        due=list(with_masked_phones(due).order_by("grade", "pk")[:limit]),
        late_count=late.count(),
        due_count=due.count(),
        visits_today=by_kind.get(Visit.Kind.FIRST, 0) + by_kind.get(Visit.Kind.RETURN, 0),
        calls_today=by_kind.get(Visit.Kind.CALL, 0),
        new_today=rows.filter(made_at__gte=start, made_at__lt=end).count(),
        expiring=rows.filter(
            protected_until__gte=today, protected_until__lte=today + timedelta(days=3)
        ).count(),
    )


def first_visit_exists(customer_id: int) -> bool:
    return Visit.objects.filter(customer_id=customer_id).exclude(kind=Visit.Kind.CALL).exists()


# --- Imports --------------------------------------------------------------------------------------


def imports_for(viewer: User) -> QuerySet[CustomerImport]:
    """Files of customers brought into the projects where the viewer may import."""
    places = viewer.acts_in("customers.import")
    return CustomerImport.objects.filter(project_id__in=places).select_related("by", "project")


def remembered_columns(project_id: int, headers: Sequence[str]) -> dict[str, str]:
    """The columns somebody chose for a file with the same headings, to offer them again."""
    wanted = sorted(filter(None, headers))
    done = CustomerImport.objects.filter(project_id=project_id, state=ImportState.DONE)
    for understood, mapping in (
        done.exclude(mapping={}).order_by("-id").values_list("understood", "mapping")[:20]
    ):
        if sorted(column["header"] for column in understood.get("columns", [])) == wanted:
            return dict(mapping)
    return {}


def holders_of(
    project: Project, phone_indexes: Sequence[str], id_indexes: Sequence[str]
) -> tuple[dict[str, int], dict[str, int]]:
    """Who in the project has these phones and these ID numbers: customer ids by index."""
    phones: dict[str, int] = {}
    papers: dict[str, int] = {}
    for part in _parts(phone_indexes):
        rows = CustomerPhone.objects.filter(project=project, number_index__in=part)
        phones.update(rows.values_list("number_index", "customer_id"))
    for part in _parts(id_indexes):
        found = Customer.objects.filter(project=project, person__id_index__in=part)
        papers.update(
            (index, pk) for index, pk in found.values_list("person__id_index", "pk") if index
        )
    return phones, papers


def in_reach(viewer: User, customer_ids: Collection[int]) -> frozenset[int]:
    """Of these customers the ones the viewer sees."""
    found: set[int] = set()
    for part in _parts(sorted(customer_ids)):
        found.update(customers_for(viewer).filter(pk__in=part).values_list("pk", flat=True))
    return frozenset(found)


def touched_since(customer_ids: Sequence[int], since: datetime) -> frozenset[int]:
    """Of customers an import made, those somebody has worked with: changed, met, asked for, looked at."""
    touched: set[int] = set()
    for part in _parts(customer_ids):
        for model in (Visit, FollowUp, DuplicateAttempt, Reveal):
            rows = model.objects.filter(customer_id__in=part)
            touched.update(pk for pk in rows.values_list("customer_id", flat=True) if pk)
        changed = Customer.objects.filter(pk__in=part).exclude(version=0)
        touched.update(changed.values_list("pk", flat=True))
    touched |= edited_since(SUBJECTS[CUSTOMER], customer_ids, since)
    return frozenset(touched)
