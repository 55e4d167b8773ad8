"""Customers over the API (CONTRACT 3): what is personal is masked, here as on the pages."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

import orjson
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema, Status
from pydantic import AfterValidator, Field, StringConstraints

from loupan.core.calendar import business_day
from loupan.core.identity import mask_id_number
from loupan.core.refusals import Refusal
from loupan.core.rest import AFTER, ERRORS, LIMIT, ApiRequest, CleanText, Id, Line, LongText
from loupan.customers import queries, rules
from loupan.customers.actions import contacts, ownership, registrations
from loupan.customers.filters import CustomerFilter
from loupan.customers.models import Customer
from loupan.customers.parameters import LOST_REASON, MEDIA, REGION
from loupan.org.models import Project, User
from loupan.org.queries import projects_for
from loupan.parameters.queries.entries import entry_named

router = Router(tags=["customers"])


# --- What comes in --------------------------------------------------------------------------------


def _phone(text: str) -> str:
    try:
        return rules.checked_phones([text])[0]
    except Refusal as refusal:
        raise ValueError(str(refusal)) from refusal


def _phone_or_masked(text: str) -> str:
    return text.strip() if "*" in text else _phone(text)


Short = Annotated[str, StringConstraints(max_length=80, strip_whitespace=True), CleanText]
Name = Annotated[
    str, StringConstraints(min_length=1, max_length=80), CleanText, Field(examples=["陈晓雨"])
]
Phone = Annotated[str, StringConstraints(min_length=5, max_length=40), AfterValidator(_phone)]
PhoneOrMasked = Annotated[
    str, StringConstraints(min_length=5, max_length=40), AfterValidator(_phone_or_masked)
]
GradeCode = Literal["A", "B", "C", "D"]
ClassCode = Literal["potential", "intention", "reserved", "contracted", "owner", "resident", "lost"]
KindCode = Literal["individual", "corporate"]
PaperCode = Literal["id_card", "passport", "hk_macau_permit", "taiwan_permit", "military", "other"]
SexCode = Literal["", "m", "f"]
SourceKey = Annotated[
    str, StringConstraints(max_length=60), Field(description="Code, name or id of a source in use")
]


class CustomerIn(Schema):
    kind: KindCode = "individual"
    name: Name
    phones: Annotated[list[Phone], Field(min_length=1, max_length=rules.MOST_PHONES)]
    id_number: Short | None = None
    id_type: PaperCode = "id_card"
    project_id: Id
    source: SourceKey | None = None
    media: SourceKey | None = None
    region: SourceKey | None = None
    owner_id: Id | None = None
    grade: GradeCode = "C"
    sex: SexCode = ""
    wechat: Annotated[Line, Field(max_length=60)] = ""
    address: Line = ""
    legal_representative: Annotated[Line, Field(max_length=40)] = ""
    note: Annotated[LongText, Field(max_length=500)] = ""
    next_contact_on: date | None = None


class CustomerEditIn(Schema):
    """Absent or null leaves a field as it is; a phone or number given masked stays too."""

    version: Annotated[int, Field(ge=0, le=2**31 - 1)]
    name: Name | None = None
    phones: (
        Annotated[list[PhoneOrMasked], Field(min_length=1, max_length=rules.MOST_PHONES)] | None
    ) = None
    id_number: Short | None = None
    id_type: PaperCode | None = None
    source: SourceKey | None = None
    media: SourceKey | None = None
    region: SourceKey | None = None
    grade: GradeCode | None = None
    sex: SexCode | None = None
    wechat: Annotated[Line, Field(max_length=60)] | None = None
    address: Line | None = None
    legal_representative: Annotated[Line, Field(max_length=40)] | None = None
    note: Annotated[LongText, Field(max_length=500)] | None = None


class VisitIn(Schema):
    kind: Literal["visit", "call"] = "visit"
    party_size: Annotated[int, Field(ge=1, le=50)] = 1
    source: SourceKey | None = None
    note: Annotated[LongText, Field(max_length=1000)] = ""
    grade: GradeCode | None = None
    next_contact_on: date | None = None


class FollowUpIn(Schema):
    """`next_contact_on` is needed unless `lost_reason` says that the customer is lost."""

    method: Annotated[
        str,
        StringConstraints(min_length=1, max_length=20, pattern=r"^[A-Za-z0-9_.-]+$"),
        Field(description="Code of a follow-up method in use"),
    ] = "phone"
    result: Literal["reached", "no_answer", "refused", "appointed"] = "reached"
    content: Annotated[LongText, Field(min_length=1)]
    grade: GradeCode | None = None
    next_contact_on: date | None = None
    lost_reason: Line = ""
    lost_because: SourceKey | None = Field(
        None, description="Code, name or id of a reason in use; the customer is lost"
    )


class RevealIn(Schema):
    what: Literal["phone", "id"]
    reason: Line = ""


class AssignmentIn(Schema):
    customer_ids: Annotated[list[Id], Field(min_length=1, max_length=ownership.MOST_AT_ONCE)]
    owner_id: Id


class CustomerFilterIn(Schema):
    """The same filters as the page."""

    project_id: Id | None = None
    q: Annotated[str, Field(max_length=80)] = ""
    grade: GradeCode | None = None
    life_class: ClassCode | None = None
    kind: KindCode | None = None
    source: Id | None = None
    owner: Id | None = None
    next_contact: Literal["late", "today", "week", "none"] | None = None
    contacted_from: date | None = None
    contacted_to: date | None = None


# --- What goes out --------------------------------------------------------------------------------


class NamedOut(Schema):
    id: int
    name: str


class CustomerOut(Schema):
    id: int
    version: int
    kind: KindCode
    name: str
    phones: Annotated[list[str], Field(description="Masked; empty for who may see no phones")]
    project_id: int
    person_id: int
    source: NamedOut | None
    owner: NamedOut | None
    grade: GradeCode
    life_class: ClassCode
    first_contact_on: date
    last_contact_at: datetime | None
    next_contact_on: date | None
    protected_until: date | None


class CustomerFullOut(CustomerOut):
    id_type: str
    id_number: Annotated[str, Field(description="Masked")]
    sex: str
    wechat: str
    address: Annotated[str, Field(description="District only")]
    legal_representative: str
    note: str


class CustomerMadeOut(CustomerFullOut):
    is_suspect: Annotated[
        bool, Field(description="Same name and a similar phone are there already (rule D3)")
    ]


class CustomersOut(Schema):
    items: list[CustomerOut]
    next: str | None = None


class VisitOut(Schema):
    id: int
    customer_id: int
    kind: Literal["first", "return", "call"]
    at: datetime
    party_size: int
    note: str


class FollowUpOut(Schema):
    id: int
    customer_id: int
    method: str
    result: str
    content: str
    grade_after: GradeCode
    next_contact_on: date | None
    lost_because_id: int | None
    lost_reason: str
    at: datetime


class RevealOut(Schema):
    what: Literal["phone", "id"]
    value: str
    values: list[str]


class AssignmentOut(Schema):
    assigned: int


class EventOut(Schema):
    at: datetime
    kind: str
    title: str
    by: str
    text: str


class TimelineOut(Schema):
    items: list[EventOut]


class SourceOut(Schema):
    id: int
    code: str
    name: str


class SourcesOut(Schema):
    items: list[SourceOut]
    next: str | None = None


def _brief(customer: Customer, viewer: User) -> dict[str, Any]:
    source, owner = customer.source, customer.owner
    return {
        "id": customer.pk,
        "version": customer.version,
        "kind": customer.kind,
        "name": customer.name,
        "phones": queries.masked_phones(customer, viewer),
        "project_id": customer.project_id,
        "person_id": customer.person_id,
        "source": {"id": source.pk, "name": source.name} if source else None,
        "owner": {"id": owner.pk, "name": str(owner)} if owner else None,
        "grade": customer.grade,
        "life_class": customer.life_class,
        "first_contact_on": customer.first_contact_on,
        "last_contact_at": customer.last_contact_at,
        "next_contact_on": customer.next_contact_on,
        "protected_until": customer.protected_until,
    }


def _full(customer: Customer, viewer: User) -> dict[str, Any]:
    return {
        **_brief(customer, viewer),
        "id_type": customer.id_type,
        "id_number": mask_id_number(customer.person.id_number),
        "sex": customer.sex,
        "wechat": customer.wechat,
        "address": rules.mask_address(customer.address),
        "legal_representative": customer.legal_representative,
        "note": customer.note,
    }


# --- Finding ones way -----------------------------------------------------------------------------


def _customer(request: ApiRequest, customer_id: int) -> Customer:
    return get_object_or_404(
        queries.customers_for(request.user).select_related("person"), pk=customer_id
    )


def _project(request: ApiRequest, project_id: int) -> Project:
    return get_object_or_404(projects_for(request.user), pk=project_id)


def _source_id(project_id: int, text: str | None) -> int | None:
    if not text or not text.strip():
        return None
    source = queries.source_named(project_id, text)
    if source is None:
        raise ValidationError({"source": _("No source in use has this code or name.")})
    return source.pk


def _entry_id(field: str, dictionary: str, project_id: int, text: str | None) -> int | None:
    if not text or not text.strip():
        return None
    entry = entry_named(project_id, dictionary, text.strip())
    if entry is None:
        raise ValidationError({field: _("No entry in use has this code or name.")})
    return entry.pk


def _chosen(project_id: int, payload: CustomerIn | CustomerEditIn) -> dict[str, Any]:
    """What was named of dictionaries, as the actions take it."""
    return {
        "source_id": _source_id(project_id, payload.source),
        "media_id": _entry_id("media", MEDIA, project_id, payload.media),
        "region_id": _entry_id("region", REGION, project_id, payload.region),
    }


# --- Calls ----------------------------------------------------------------------------------------


@router.get("projects/{project_id}/sources/", response={200: SourcesOut, **ERRORS})
def sources(request: ApiRequest, project_id: Id) -> Any:
    """How customers may have learned of the project: what `source` may name."""
    rows = queries.sources_of(_project(request, project_id).pk)
    return {"items": list(rows), "next": None}


@router.get("customers/", response={200: CustomersOut, **ERRORS})
def customers(
    request: ApiRequest, filters: Query[CustomerFilterIn], limit: LIMIT = 100, after: AFTER = None
) -> Any:
    """The customers within reach, newest first."""
    project = _project(request, filters.project_id) if filters.project_id else None
    found = None
    if not filters.dict(exclude_none=True, exclude={"project_id", "q"}):
        found = queries.found_by_phone(
            request.user, filters.q, project_id=filters.project_id, after=after, limit=limit
        )
    if found is None:
        rows = queries.customers_for(request.user)
        if project is not None:
            rows = rows.filter(project=project)
        rows = _filtered(request, queries.matching(rows, request.user, filters.q), filters)
        found = queries.briefly(rows, request.user, after=after, limit=limit)
    # Checked by a test against CustomersOut, not by validating every row of every answer.
    answer = {"items": [_line(row) for row in found[0]], "next": found[1]}
    return HttpResponse(orjson.dumps(answer), content_type="application/json")


def _filtered(
    request: ApiRequest, rows: QuerySet[Customer], filters: CustomerFilterIn
) -> QuerySet[Customer]:
    """The filter set of the page, over what else was asked for."""
    exact = filters.dict(exclude_none=True, include={"source", "owner"})
    rows = rows.filter(**exact) if exact else rows
    given = filters.dict(exclude_none=True, exclude={"project_id", "source", "owner", "q"})
    if not given:
        return rows
    request.today = business_day(timezone.now())  # type: ignore[attr-defined]
    found = CustomerFilter(given, queryset=rows, request=request)
    if not found.is_valid():
        raise ValidationError({name: list(said) for name, said in found.errors.items()})
    return found.qs  # type: ignore[no-any-return]


def _line(row: dict[str, Any]) -> dict[str, Any]:
    source_id, source = row.pop("source_id"), row.pop("source__name")
    owner_id, owner = row.pop("owner_id"), row.pop("owner__display_name")
    username = row.pop("owner__username")
    row["source"] = {"id": source_id, "name": source} if source_id else None
    row["owner"] = {"id": owner_id, "name": owner or username} if owner_id else None
    return row


@router.post("customers/", response={201: CustomerMadeOut, **ERRORS})
def register(request: ApiRequest, payload: CustomerIn) -> Any:
    """Register a customer; one who is there already is 409 `duplicate_customer`."""
    project = _project(request, payload.project_id)
    given = payload.dict(exclude={"source", "media", "region", "id_number"})
    made = registrations.register_customer(
        **given,
        id_number=payload.id_number or "",
        **_chosen(project.pk, payload),
        by=request.user,
        at=timezone.now(),
    )
    masked = [phone.masked for phone in made.phones.all()]
    suspects = queries.suspects(project_id=project.pk, name=made.name, masked=masked, but=made.pk)
    return Status(201, {**_full(made, request.user), "is_suspect": suspects.exists()})


@router.get("customers/{customer_id}/", response={200: CustomerFullOut, **ERRORS})
def customer(request: ApiRequest, customer_id: Id) -> Any:
    """One customer, numbers masked."""
    return _full(_customer(request, customer_id), request.user)


@router.put("customers/{customer_id}/", response={200: CustomerFullOut, **ERRORS})
def edit(request: ApiRequest, customer_id: Id, payload: CustomerEditIn) -> Any:
    """Change what is recorded; `version` is the one last read, else 409 `changed_meanwhile`."""
    there = _customer(request, customer_id)
    registrations.edit_customer(
        customer_id=there.pk,
        **payload.dict(exclude={"source", "media", "region"}),
        **_chosen(there.project_id, payload),
        by=request.user,
        at=timezone.now(),
    )
    return _full(_customer(request, customer_id), request.user)


@router.post("customers/{customer_id}/visits/", response={201: VisitOut, **ERRORS})
def visit(request: ApiRequest, customer_id: Id, payload: VisitIn | None = None) -> Any:
    """The customer came (first or return visit) or called."""
    there = _customer(request, customer_id)
    given = payload or VisitIn()
    kept = given.dict(exclude={"kind", "source", "party_size"})
    source_id = _source_id(there.project_id, given.source)
    at = timezone.now()
    if given.kind == "call":
        made = contacts.record_call(
            customer_id=there.pk, source_id=source_id, **kept, by=request.user, at=at
        )
    else:
        made = contacts.record_visit(
            customer_id=there.pk,
            source_id=source_id,
            party_size=given.party_size,
            **kept,
            by=request.user,
            at=at,
        )
    return Status(201, made)


@router.post("customers/{customer_id}/follow-ups/", response={201: FollowUpOut, **ERRORS})
def follow_up(request: ApiRequest, customer_id: Id, payload: FollowUpIn) -> Any:
    """What was said, and when the next contact is."""
    there = _customer(request, customer_id)
    because = _entry_id("lost_because", LOST_REASON, there.project_id, payload.lost_because)
    made = contacts.record_follow_up(
        customer_id=there.pk,
        **payload.dict(exclude={"lost_because"}),
        lost_because_id=because,
        by=request.user,
        at=timezone.now(),
    )
    return Status(201, made)


@router.post("customers/{customer_id}/reveals/", response={201: RevealOut, **ERRORS})
def reveal(request: ApiRequest, customer_id: Id, payload: RevealIn) -> Any:
    """The full phone or ID number; counted, limited per day, kept in the history."""
    there = _customer(request, customer_id)
    act = ownership.reveal_phone if payload.what == "phone" else ownership.reveal_id
    values = act(customer_id=there.pk, reason=payload.reason, by=request.user, at=timezone.now())
    return Status(201, {"what": payload.what, "value": values[0], "values": values})


@router.get("customers/{customer_id}/timeline/", response={200: TimelineOut, **ERRORS})
def timeline(
    request: ApiRequest,
    customer_id: Id,
    kind: Literal["", "visit", "follow_up", "reveal", "change", "attempt"] = "",
) -> Any:
    """Everything that happened with one customer, newest first."""
    events = queries.timeline(_customer(request, customer_id), kind=kind)
    return {
        "items": [
            {
                "at": event.at,
                "kind": event.kind,
                "title": str(event.title),
                "by": event.by,
                "text": str(event.text),
            }
            for event in events
        ]
    }


@router.post("customer-assignments/", response={201: AssignmentOut, **ERRORS})
def assign(request: ApiRequest, payload: AssignmentIn) -> Any:
    """Give customers to a consultant."""
    given = ownership.assign_customers(**payload.dict(), by=request.user, at=timezone.now())
    return Status(201, {"assigned": len(given)})
