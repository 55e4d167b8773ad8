"""The columns of the customer list, on the page and in the export alike."""

from collections.abc import Mapping
from datetime import datetime
from operator import attrgetter
from typing import Any

from django import forms as fields
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from loupan.core.models import ImportState
from loupan.core.ui import Column, InlineEdit
from loupan.core.ui.imports import IMPORT_TONES
from loupan.customers import queries
from loupan.customers.actions import registrations
from loupan.customers.models import Customer, CustomerImport
from loupan.customers.permissions import sees_phones
from loupan.customers.states import CustomerClass, Grade
from loupan.org.models import User

# CUS-11: colour and shape say the class together.
CLASS_TONES = {
    CustomerClass.POTENTIAL: "grey",
    CustomerClass.INTENTIONAL: "blue",
    CustomerClass.RESERVED: "yellow",
    CustomerClass.CONTRACTED: "green",
    CustomerClass.OWNER: "cyan",
    CustomerClass.RESIDENT: "lime",
    CustomerClass.LOST: "slate",
}
GRADE_TONES = {"A": "red", "B": "orange", "C": "straw", "D": "grey"}


def class_tone(customer: Customer) -> str:
    return CLASS_TONES[CustomerClass(customer.life_class)]


def grade_tone(customer: Customer) -> str:
    return GRADE_TONES[customer.grade]


def customer_url(customer: Customer) -> str:
    return reverse("customers:customer", args=[customer.pk])


def _source(customer: Customer) -> Any:
    return customer.source.name if customer.source else None


def _owner(customer: Customer) -> Any:
    return str(customer.owner) if customer.owner else None


def _late(customer: Customer, request: Any) -> Mapping[str, Any] | None:
    """A contact that was promised for an earlier day."""
    day = customer.next_contact_on
    return {"label": _("Late"), "tone": "danger"} if day and day < request.today else None


# --- What may be changed in the list itself -------------------------------------------------------


def _edit(name: str) -> Any:
    def act(*, pk: int, value: Any, version: int, by: User, at: datetime) -> Customer:
        return registrations.edit_customer(
            customer_id=pk, version=version, by=by, at=at, **{name: value}
        )

    return act


def _grade_field(_request: Any, _row: Customer) -> fields.Field:
    return fields.ChoiceField(choices=Grade.choices)


def _source_field(_request: Any, row: Customer) -> fields.Field:
    sources = queries.sources_of(row.project_id).values_list("pk", "name")
    return fields.TypedChoiceField(choices=list(sources), coerce=int)


def _note_field(_request: Any, _row: Customer) -> fields.Field:
    return fields.CharField(max_length=500, required=False)


EDIT_GRADE = InlineEdit("customers.edit", _grade_field, _edit("grade"))
EDIT_SOURCE = InlineEdit(
    "customers.edit", _source_field, _edit("source_id"), stored=lambda row: row.source_id
)
EDIT_NOTE = InlineEdit("customers.edit", _note_field, _edit("note"))


COLUMNS = [
    Column("name", _("Customer name"), link=customer_url, sort="name"),
    Column(
        "phone",
        _("Phone"),
        kind="phone",
        value=attrgetter("first_phone"),
        shown_to=lambda request: sees_phones(request.user),
    ),
    Column(
        "grade",
        _("Grade"),
        value=lambda row: row.grade,
        kind="status",
        tone=grade_tone,
        group="grade",
        edit=EDIT_GRADE,
    ),
    Column("life_class", _("Class"), kind="status", tone=class_tone, group="life_class"),
    Column(
        "next_contact_on",
        _("Next contact"),
        kind="date",
        sort="next_contact_on",
        group="next_contact_on",
        badge=_late,
    ),
    Column("last_contact_at", _("Last contact"), kind="datetime", sort="last_contact_at"),
    Column("protected_until", _("Protected until"), kind="date", sort="protected_until"),
    Column("source", _("Source"), value=_source, group="source__name", edit=EDIT_SOURCE),
    Column("owner", _("Consultant"), value=_owner, group="owner__display_name"),
    Column("kind", _("Kind"), is_hidden=True, group="kind"),
    Column(
        "first_contact_on",
        _("First contact"),
        kind="date",
        is_hidden=True,
        sort="first_contact_on",
        group="first_contact_on",
    ),
    Column("note", _("Note"), is_hidden=True, edit=EDIT_NOTE),
]


# --- Imports --------------------------------------------------------------------------------------


def import_url(batch: CustomerImport) -> str:
    return reverse("customers:import", args=[batch.pk])


IMPORT_COLUMNS = [
    Column("filename", _("File"), link=import_url),
    Column(
        "state",
        _("State"),
        kind="status",
        tone=lambda batch: IMPORT_TONES[ImportState(batch.state)],
        group="state",
    ),
    Column("created", _("Created"), kind="number"),
    Column("updated", _("Changed"), kind="number"),
    Column("unchanged", _("Unchanged"), kind="number"),
    Column("duplicates", _("Duplicates"), kind="number"),
    Column("refused", _("Refused"), kind="number"),
    Column("by", _("By"), value=lambda batch: str(batch.by), group="by__display_name"),
    Column("made_at", _("Uploaded at"), kind="datetime", sort="made_at"),
]
