"""The columns of the customer list, on the page and in the export alike."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from loupan.core.ui import Column
from loupan.customers.models import Customer
from loupan.customers.states import CustomerClass

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


def _phone(customer: Customer) -> str:
    first = next(iter(customer.phones.all()), None)
    return first.masked if first else ""


def _source(customer: Customer) -> Any:
    return customer.source.name if customer.source else None


def _owner(customer: Customer) -> Any:
    return str(customer.owner) if customer.owner else None


NAME = Column("name", _("Name"), link=customer_url, sort="name")
PHONE = Column("phone", _("Phone"), kind="phone", value=_phone)
LATER = [
    Column("grade", _("Grade"), value=lambda row: row.grade, kind="status", tone=grade_tone),
    Column("life_class", _("Class"), kind="status", tone=class_tone),
    Column("next_contact_on", _("Next contact"), kind="date", sort="next_contact_on"),
    Column("last_contact_at", _("Last contact"), kind="datetime", sort="last_contact_at"),
    Column("protected_until", _("Protected until"), kind="date", sort="protected_until"),
    Column("source", _("Source"), value=_source),
    Column("owner", _("Consultant"), value=_owner),
    Column("kind", _("Kind"), is_hidden=True),
    Column("first_contact_on", _("First contact"), kind="date", is_hidden=True),
]
COLUMNS = [NAME, PHONE, *LATER]
COLUMNS_WITHOUT_PHONE = [NAME, *LATER]
