"""No door shows a full number to anybody, and no table keeps one in plain (DOMAIN 4.4)."""

import io
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, models
from django.test import Client
from django.urls import reverse

from loupan.core.models import AuditEvent
from loupan.customers import queries
from loupan.customers.actions.ownership import reveal_id, reveal_phone
from loupan.customers.actions.registrations import edit_customer, register_customer
from loupan.customers.errors import DuplicateCustomer
from loupan.customers.models import Customer
from loupan.customers.testing import NOON
from loupan.org.rules import ROLE_TEMPLATES
from loupan.org.testing import Cast, a_user, signed_in, token_for

pytestmark = pytest.mark.django_db
ID_CARD = "11010519491231002X"
ADDRESS = "重庆市渝北区金开大道一号九栋"
# Any run of a number's digits that the mask hides, and of the address beyond its district.
SECRETS = ("13800138000", "80013800", "00138000", "0013800", ID_CARD, "19491231", "金开大道")
SEEN_BY_ALL_SCOPES = {"company", "group", "project"}


@pytest.fixture
def customer(cast: Cast) -> Customer:
    """Registered, edited, looked at, and tried again by somebody: with a full history."""
    made = register_customer(
        project_id=cast.project.pk,
        name="陈晓雨",
        phones=["13911112222"],
        address=ADDRESS,
        by=cast.lin,
        at=NOON,
    )
    edit_customer(
        customer_id=made.pk,
        version=0,
        phones=["13800138000"],
        id_number=ID_CARD,
        by=cast.lin,
        at=NOON,
    )
    reveal_phone(customer_id=made.pk, reason="回访", by=cast.lin, at=NOON)
    reveal_id(customer_id=made.pk, reason="签约", by=cast.mo, at=NOON)
    with pytest.raises(DuplicateCustomer):
        register_customer(
            project_id=cast.project.pk,
            name="陈",
            phones=["13800138000"],
            id_number=ID_CARD,
            by=cast.mo,
            at=NOON,
        )
    return made


def leaks(text: str) -> list[str]:
    return [secret for secret in SECRETS if secret in text]


def words_of(content: bytes) -> str:
    """The text of an answer; of a workbook that of all its parts."""
    if content[:2] != b"PK":
        return content.decode()
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return "".join(book.read(name).decode("utf-8", "replace") for name in book.namelist())


def pages(customer: Customer) -> Iterator[tuple[str, dict[str, Any]]]:
    one = [customer.pk]
    for name in ("customer", "edit", "visit", "call", "follow_up", "reveal", "owner"):
        yield reverse(f"customers:{name}", args=one), {}
    for kind in queries.KINDS:
        yield reverse("customers:customer", args=one), {"kind": kind}
    # Spelled so that what was typed, which the page gives back, is not what is looked for.
    for q in ("", "138 0013-8000", "8000", "陈", "cxy", "1101051949 1231 002x", "138****8000"):
        yield reverse("customers:list"), {"q": q}
        yield reverse("customers:choices"), {"q": q}
    yield reverse("customers:list"), {"export": "xlsx", "reason": "核对"}
    yield reverse("customers:reception"), {}
    yield reverse("customers:register"), {}


def calls(customer: Customer) -> Iterator[str]:
    for path in ("", "?q=13800138000", f"?q={ID_CARD}", "?q=8000", "?q=陈", "?q=138****8000"):
        yield f"/api/v1/customers/{path}"
    yield f"/api/v1/customers/{customer.pk}/"
    yield f"/api/v1/customers/{customer.pk}/timeline/"


@pytest.mark.parametrize("role", sorted(ROLE_TEMPLATES))
def test_no_page_call_search_or_export_shows_a_number_to_any_role(
    cast: Cast, customer: Customer, role: str
) -> None:
    scopes = ROLE_TEMPLATES[role].scopes
    is_wide = scopes.get("customers") in {"company", "group"}
    person = a_user(role, company=cast.project.company) if is_wide else a_user(role, cast.project)
    if role == "SC":
        Customer.objects.filter(pk=customer.pk).update(owner=person)
    browser = signed_in(person)
    program = Client(headers={"Authorization": f"Bearer {token_for(person)}"})
    seen = 0
    for url, given in pages(customer):
        answer = browser.get(url, given)
        assert answer.status_code in {200, 302, 403, 404}, (url, answer.status_code)
        text = words_of(answer.content)
        assert not leaks(text), (role, url, given, leaks(text))
        assert not leaks(str(answer.headers)), (role, url)
        seen += "陈晓雨" in text
    for path in calls(customer):
        answer = program.get(path)
        assert answer.status_code in {200, 403, 404}, path
        assert not leaks(answer.content.decode()), (role, path)
    may_read = "customers.read" in ROLE_TEMPLATES[role].permissions and role != "TL"
    assert bool(seen) == may_read, (role, seen)


def test_the_log_keeps_masked_values_only(customer: Customer) -> None:
    events = AuditEvent.objects.filter(event__startswith="customers.")
    assert {event.event for event in events} >= {
        "customers.customer.registered",
        "customers.customer.edited",
        "customers.customer.revealed",
        "customers.customer.registration_refused",
    }
    for event in events:
        assert not leaks(f"{event.facts}{event.before}{event.after}")
    edited = events.get(event="customers.customer.edited")
    assert (edited.before["phones"], edited.after["phones"]) == (["139****2222"], ["138****8000"])
    assert edited.after["id_number"] == "110105********002X"


def test_no_column_of_any_table_keeps_a_number_in_plain(customer: Customer) -> None:
    assert customer.person.pk
    looked_at = 0
    with connection.cursor() as cursor:
        for model in apps.get_models():
            for field in model._meta.concrete_fields:
                if isinstance(field, models.CharField | models.TextField | models.JSONField):
                    table = connection.ops.quote_name(model._meta.db_table)
                    column = connection.ops.quote_name(str(field.column))
                    cursor.execute(f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL")  # noqa: S608
                    for (value,) in cursor.fetchall():
                        looked_at += 1
                        assert not leaks(str(value)), (table, column)
    assert looked_at > 50


def test_equal_numbers_are_not_equal_at_rest(cast: Cast) -> None:
    """The stored text tells nothing: only the keyed index finds the same number again."""
    for project, person in ((cast.project, cast.lin), (cast.other_project, cast.wei)):
        register_customer(
            project_id=project.pk, name="陈", phones=["13800138000"], by=person, at=NOON
        )
    with connection.cursor() as cursor:
        cursor.execute("SELECT number, number_index FROM customers_customerphone")
        stored = cursor.fetchall()
    assert len({number for number, _index in stored}) == 2
    assert len({index for _number, index in stored}) == 1


@pytest.mark.parametrize("typed", ["0138000", "38008000", "00138000", "1380013"])
def test_a_part_of_a_number_is_never_confirmed(cast: Cast, customer: Customer, typed: str) -> None:
    """Digits before the last four make no difference, so nobody can guess a number bit by bit."""
    other = typed[:-4].replace("0", "5").replace("3", "7") + typed[-4:]
    found, also = queries.search(cast.mo, typed), queries.search(cast.mo, other)
    assert found == also
