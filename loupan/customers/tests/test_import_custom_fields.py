"""Custom fields of customers in their files: found by name, refused by cell, undone (PRM-04)."""

import csv
import io
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from loupan.core.audit import history_of
from loupan.customers.actions.import_files import undo_customers_import
from loupan.customers.models import Customer, CustomerFieldValue, CustomerImport
from loupan.customers.parameters import CUSTOMER, SOURCE
from loupan.customers.spreadsheets import import_file
from loupan.customers.testing import NOON, a_source
from loupan.org.testing import Cast, signed_in, token_for
from loupan.parameters.actions.fields import make_field, set_values
from loupan.parameters.models import CustomField
from loupan.parameters.queries.places import Place

pytestmark = pytest.mark.django_db
HEAD = ["客户姓名", "联系电话", "爱好", "预算(万元)", "Move-in day", "养宠物", "介绍途径"]
CHEN = ["陈晓雨", "13800138000", "钓鱼", "200.5", "2026-05-01", "是", "自然到访"]


def keep(cast: Cast, code: str, kind: str, name: str, **kwargs: Any) -> CustomField:
    return make_field(
        subject=CUSTOMER, place=Place(project=cast.project), code=code, name=name, kind=kind,
        by=cast.ad, at=NOON, **kwargs,
    )  # fmt: skip


@pytest.fixture
def fields(cast: Cast) -> dict[str, CustomField]:
    a_source(cast.project)
    return {
        "hobby": keep(cast, "hobby", "text", "爱好"),
        "budget": keep(cast, "budget", "money", "预算"),
        "moves_on": keep(cast, "moves_on", "date", "入住日", name_en="Move-in day"),
        "pet": keep(cast, "pet", "bool", "养宠物"),
        "via": keep(cast, "via", "choice", "介绍途径", dictionary=SOURCE),
    }


def a_file(*rows: list[str], head: list[str] = HEAD) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer).writerows([head, *rows])
    return buffer.getvalue().encode("utf-8-sig")


def bring_in(cast: Cast, *rows: list[str], **options: Any) -> CustomerImport:
    return import_file(
        project=cast.project,
        content=a_file(*rows),
        filename="客户.csv",
        by=cast.mo,
        at=NOON,
        **{"is_dry_run": False, "changes_existing": True, **options},
    )


def said(customer: Customer) -> dict[str, Any]:
    rows = CustomerFieldValue.objects.filter(customer=customer).select_related("field", "entry")
    return {
        row.field.code: row.text or row.number or row.day or row.flag or str(row.entry)
        for row in rows
    }


def test_columns_are_found_by_name_in_either_language_and_read_by_kind(
    cast: Cast, fields: dict[str, CustomField]
) -> None:
    batch = bring_in(cast, CHEN)
    assert (batch.created, batch.errors) == (1, [])
    found = said(Customer.objects.get())
    assert (found["hobby"], found["budget"], found["pet"]) == ("钓鱼", Decimal(2_005_000), True)
    assert (f"{found['moves_on']}", found["via"]) == ("2026-05-01", "自然到访")


def test_a_dry_run_writes_none(cast: Cast, fields: dict[str, CustomField]) -> None:
    assert bring_in(cast, CHEN, is_dry_run=True).created == 1
    assert not CustomerFieldValue.objects.exists()


@pytest.mark.parametrize(
    ("place", "text", "column"),
    [
        (2, "长" * 501, "cf_hobby"),
        (3, "很多", "cf_budget"),
        (4, "明天", "cf_moves_on"),
        (5, "也许", "cf_pet"),
        (6, "火星", "cf_via"),
    ],
)
def test_a_wrong_cell_refuses_its_row_only(
    cast: Cast, fields: dict[str, CustomField], place: int, text: str, column: str
) -> None:
    wrong = ["曾国强", "13900139000", *CHEN[2:]]
    wrong[place] = text
    batch = bring_in(cast, CHEN, wrong)
    assert (batch.created, batch.refused) == (1, 1)
    assert (batch.errors[0]["row"], batch.errors[0]["column"]) == (3, column)
    assert fields[column.removeprefix("cf_")].name in batch.errors[0]["reason"]


def test_who_is_there_takes_what_the_file_says_and_an_empty_cell_says_nothing(
    cast: Cast, fields: dict[str, CustomField]
) -> None:
    bring_in(cast, CHEN)
    assert bring_in(cast, CHEN).unchanged == 1
    batch = bring_in(cast, ["陈晓雨", "13800138000", "下棋", "", "", "", ""])
    assert (batch.updated, batch.refused) == (1, 0)
    customer = Customer.objects.get()
    assert (said(customer)["hobby"], said(customer)["budget"]) == ("下棋", Decimal(2_005_000))
    entry = history_of(customer)[0]
    assert (entry.before["cf_hobby"], entry.after["cf_hobby"]) == ("钓鱼", "下棋")
    page = signed_in(cast.mo).get(f"/customers/imports/{batch.pk}/").content.decode()
    assert "爱好: 钓鱼 → 下棋" in page
    assert (
        "爱好: 钓鱼 → 下棋" in signed_in(cast.mo).get(f"/customers/{customer.pk}/").content.decode()
    )


def test_undone_the_old_words_come_back_but_for_what_was_said_since(
    cast: Cast, fields: dict[str, CustomField]
) -> None:
    bring_in(cast, CHEN)
    batch = bring_in(cast, ["陈晓雨", "13800138000", "下棋", "300", "", "", ""])
    customer = Customer.objects.get()
    set_values(subject=CUSTOMER, record_id=customer.pk, values={"budget": Decimal(7)},
               by=cast.mo, at=NOON)  # fmt: skip
    undo_customers_import(import_id=batch.pk, by=cast.mo, at=NOON)
    assert (said(customer)["hobby"], said(customer)["budget"]) == ("钓鱼", Decimal(7))


def test_a_created_customer_in_whom_somebody_wrote_since_stays(
    cast: Cast, fields: dict[str, CustomField]
) -> None:
    batch = bring_in(cast, CHEN, ["曾国强", "13900139000", *CHEN[2:]])
    chen = Customer.objects.get(name="陈晓雨")
    assert batch.ended_at is not None
    set_values(subject=CUSTOMER, record_id=chen.pk, values={"hobby": "游泳"}, by=cast.mo,
               at=batch.ended_at + timedelta(hours=1))  # fmt: skip
    undone = undo_customers_import(import_id=batch.pk, by=cast.mo, at=NOON)
    assert list(Customer.objects.all()) == [chen]
    assert [one["name"] for one in undone.understood["kept"]] == ["陈晓雨"]


def test_a_column_is_chosen_by_hand_and_over_the_api(
    cast: Cast, fields: dict[str, CustomField]
) -> None:
    content = a_file(["陈晓雨", "13800138000", "钓鱼"], head=["客户姓名", "联系电话", "喜欢什么"])
    client = Client(headers={"Authorization": f"Bearer {token_for(cast.mo)}"})
    url = f"/api/v1/projects/{cast.project.pk}/customer-imports/"

    def send(mapping: str) -> Any:
        return client.post(url, {"file": SimpleUploadedFile("k.csv", content), "mapping": mapping})

    assert send('{"cf_nothing": "C"}').status_code == 422
    assert send('{"cf_hobby": "C"}').status_code == 201
    assert said(Customer.objects.get()) == {"hobby": "钓鱼"}
    batch = bring_in(cast, CHEN, is_dry_run=True)
    page = signed_in(cast.mo).get(f"/customers/imports/{batch.pk}/").content.decode()
    assert 'name="cf_hobby"' in page
