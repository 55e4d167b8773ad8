"""Custom fields of customers and their lists: forms, columns, filters, export, API (PRM-04)."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client

from loupan.core.audit import history_of
from loupan.core.refusals import ChangedMeanwhile
from loupan.customers.models import Customer, CustomerFieldValue
from loupan.customers.parameters import CUSTOMER, SOURCE
from loupan.customers.testing import NOON, a_customer
from loupan.org.testing import Cast, a_user, signed_in, the_cast, token_for
from loupan.parameters import errors
from loupan.parameters.actions.fields import edit_field, make_field, set_values
from loupan.parameters.models import CustomField
from loupan.parameters.queries.book import book_of
from loupan.parameters.queries.entries import entries_in_use
from loupan.parameters.queries.places import Place

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return the_cast()


@pytest.fixture
def customer(cast: Cast) -> Customer:
    return a_customer(cast.project, cast.lin)


def keep(cast: Cast, code: str, kind: str, **kwargs: Any) -> CustomField:
    given = {"subject": CUSTOMER, "place": Place(project=cast.project), "name": f"字段{code}",
             "by": cast.ad, "at": NOON, **kwargs}  # fmt: skip
    return make_field(code=code, kind=kind, **given)


def say(cast: Cast, customer: Customer, **values: Any) -> None:
    set_values(subject=CUSTOMER, record_id=customer.pk, values=values, by=cast.lin, at=NOON)


def test_every_kind_keeps_its_value(cast: Cast, customer: Customer) -> None:
    source = entries_in_use(cast.project.pk, SOURCE)[0]
    for code, kind in (
        ("t", "text"),
        ("n", "decimal"),
        ("m", "money"),
        ("d", "date"),
        ("b", "bool"),
    ):
        keep(cast, code, kind)
    keep(cast, "c", "choice", dictionary=SOURCE)
    say(cast, customer, t="张", n=Decimal("1.5"), m=Decimal("20000.00"), d=date(2025, 3, 8), b=False,
        c=source.pk)  # fmt: skip
    page = signed_in(cast.lin).get(f"/parameters/fields/{CUSTOMER}/{customer.pk}/panel/")
    body = page.content.decode()
    assert all(text in body for text in ("张", "1.5", "20,000.00", "2025-03-08", str(source)))
    assert CustomerFieldValue.objects.filter(customer=customer).count() == 6
    changed = history_of(customer)[0]
    assert changed.event == "customers.custom_fields.changed"
    assert changed.after["cf_m"] == "20,000.00"


def test_nothing_said_takes_the_value_away_and_what_is_not_named_stays(
    cast: Cast, customer: Customer
) -> None:
    keep(cast, "a", "text")
    keep(cast, "b", "text")
    say(cast, customer, a="甲", b="乙")
    say(cast, customer, a="")
    assert [row.text for row in CustomerFieldValue.objects.all()] == ["乙"]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("decimal", "x"),
        ("date", "2025-03-08"),
        ("bool", "yes"),
        ("choice", 0),
        ("money", Decimal("0.001")),
    ],
)
def test_what_is_no_value_is_refused(cast: Cast, customer: Customer, kind: str, value: Any) -> None:
    keep(cast, "x", kind, dictionary=SOURCE if kind == "choice" else "")
    with pytest.raises(errors.FieldValueWrong):
        say(cast, customer, x=value)
    assert not CustomerFieldValue.objects.exists()


def test_what_is_required_must_be_said(cast: Cast, customer: Customer) -> None:
    keep(cast, "x", "text", is_required=True)
    with pytest.raises(errors.FieldValueMissing):
        say(cast, customer, x="")


def test_who_may_not_change_the_customer_may_not_say_anything(
    cast: Cast, customer: Customer
) -> None:
    keep(cast, "x", "text")
    for user in (cast.wei, cast.zhao, cast.guest):
        with pytest.raises(PermissionDenied):
            set_values(subject=CUSTOMER, record_id=customer.pk, values={"x": "y"}, by=user, at=NOON)
    url = f"/parameters/fields/{CUSTOMER}/{customer.pk}/"
    assert signed_in(cast.wei).get(url).status_code == 404
    assert signed_in(cast.zhao).post(url, {"cf_x": "y"}).status_code in {403, 404}


def test_a_field_is_defined_once_and_needs_its_dictionary(cast: Cast) -> None:
    keep(cast, "x", "text")
    with pytest.raises(errors.CodeTaken):
        keep(cast, "x", "text")
    with pytest.raises(errors.CodeNotSensible):
        keep(cast, "x y", "text")
    with pytest.raises(errors.DictionaryNeeded):
        keep(cast, "y", "choice")
    with pytest.raises(PermissionDenied):
        keep(cast, "z", "text", by=cast.lin)


def test_out_of_use_a_field_is_gone_and_its_values_stay(cast: Cast, customer: Customer) -> None:
    row = keep(cast, "x", "text")
    say(cast, customer, x="甲")
    given = {"name": "新名", "name_en": "", "is_required": False, "is_listed": True,
             "is_enabled": False, "order": 1, "by": cast.ad, "at": NOON}  # fmt: skip
    edit_field(field_id=row.pk, version=0, **given)  # type: ignore[arg-type]
    assert book_of(cast.project.pk).fields.get(CUSTOMER, ()) == ()
    assert CustomerFieldValue.objects.get().text == "甲"
    with pytest.raises(ChangedMeanwhile):
        edit_field(field_id=row.pk, version=0, **given)  # type: ignore[arg-type]


def test_the_list_has_the_column_the_filter_and_the_export(cast: Cast, customer: Customer) -> None:
    keep(cast, "x", "text", name="爱好")
    keep(cast, "m", "money", name="预算")
    other = a_customer(cast.project, cast.lin)
    say(cast, customer, x="钓鱼", m=Decimal(2_000_000))
    say(cast, other, x="下棋")
    client = signed_in(cast.lin)
    body = client.get("/customers/").content.decode()
    assert all(text in body for text in ("爱好", "钓鱼", "2,000,000.00"))
    found = client.get("/customers/?cf_x=钓").content.decode()
    assert customer.name in found
    assert "下棋" not in found
    assert "钓鱼" in client.get("/customers/?cf_m=2000000").content.decode()
    assert "钓鱼" not in client.get("/customers/?cf_m=1").content.decode()
    mo = signed_in(cast.mo)
    exported = mo.get("/customers/?export=xlsx&column=name&column=cf_x&reason=x")
    assert exported.status_code == 200


def test_the_page_of_the_customer_shows_and_changes_them(cast: Cast, customer: Customer) -> None:
    client = signed_in(cast.lin)
    page = f"/customers/{customer.pk}/"
    assert "panel-fields" not in client.get(page).content.decode()
    keep(cast, "x", "decimal", is_required=True)
    assert "panel-fields" in client.get(page).content.decode()
    url = f"/parameters/fields/{CUSTOMER}/{customer.pk}/"
    assert client.get(url).status_code == 200
    assert client.post(url, {"cf_x": ""}).status_code == 422
    assert client.post(url, {"cf_x": "3.5"}).status_code == 302
    assert CustomerFieldValue.objects.get().number == Decimal("3.5")


def test_fields_are_defined_on_their_page(cast: Cast) -> None:
    client, place = signed_in(cast.ad), f"?place=project-{cast.project.pk}"
    assert client.get(f"/parameters/fields/{place}").status_code == 200
    url = f"/parameters/fields/{CUSTOMER}/new/{place}"
    assert client.get(url).status_code == 200
    typed = {"code": "x", "name": "爱好", "kind": "text", "is_listed": "on"}
    assert client.post(url, {**typed, "kind": "choice"}).status_code == 422
    assert client.post(url, typed).status_code == 302
    row = CustomField.objects.get()
    one = f"/parameters/fields/{row.pk}/"
    assert client.get(one).status_code == 200
    changed = {"name": "喜好", "order": "5", "is_enabled": "on", "version": "0"}
    assert client.post(one, changed).status_code == 302
    assert client.post(one, changed).status_code == 422
    assert signed_in(a_user("PD", cast.project)).post(one, changed).status_code == 403


def test_the_api_reads_and_writes_them(cast: Cast, customer: Customer) -> None:
    keep(cast, "x", "money")
    keep(cast, "c", "choice", dictionary=SOURCE)
    client = Client(headers={"Authorization": f"Bearer {token_for(cast.lin)}"})
    url = f"/api/v1/custom-fields/{CUSTOMER}/{customer.pk}/"
    made = client.put(url, {"values": {"x": "20000.00", "c": "walk_in"}}, "application/json").json()
    assert next((one["code"], one["text"]) for one in made["items"]) == ("x", "20,000.00")
    assert client.get(url).json() == made
    for wrong in ({"x": "viel"}, {"nothing": "1"}, {"c": "no such source"}):
        assert client.put(url, {"values": wrong}, "application/json").status_code == 422
    assert client.get(f"/api/v1/custom-fields/{CUSTOMER}/999999/").status_code == 404
    assert client.get(f"/api/v1/custom-fields/no.such/{customer.pk}/").status_code == 404
