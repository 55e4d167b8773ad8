"""Whatever is typed is kept, or refused with a sentence; it is never run and never breaks a page."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from loupan.core.refusals import Refusal
from loupan.customers.actions.contacts import record_follow_up, record_visit
from loupan.customers.actions.registrations import register_customer
from loupan.customers.models import Customer
from loupan.customers.testing import NOON, a_customer, a_phone
from loupan.org.testing import Cast, signed_in, token_for

pytestmark = pytest.mark.django_db
FILE = Path(__file__).resolve().parents[4] / "shared/data/open/naughty_strings/blns.json"
OWN = [
    "",
    "\x00",
    "\ud800",
    "a\x00b",
    "'; DROP TABLE customers_customer; --",
    "=1+1",
    "{{ 7*7 }}{% debug %}",
    "<script>alert(1)</script>",
    "\u202eabc",
    "𠮷野家",
    "👩‍👩‍👧",
    "%s %(x)s %",
    "x" * 100_000,
    "../../etc/passwd",
]


def naughty() -> list[str]:
    known: list[str] = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else []
    return [*OWN, *known]


def test_naughty_text_in_every_field_is_kept_or_refused(cast: Cast) -> None:
    kept = 0
    for text in naughty():
        try:
            customer = register_customer(
                project_id=cast.project.pk,
                name=text,
                phones=[a_phone()],
                wechat=text[:60],
                address=text[:200],
                legal_representative=text[:40],
                note=text[:500],
                by=cast.lin,
                at=NOON,
            )
        except Refusal:
            continue
        record_visit(customer_id=customer.pk, note=text[:1000], by=cast.lin, at=NOON)
        customer.refresh_from_db()
        assert customer.name
        assert "\x00" not in customer.name + customer.note
        kept += 1
    assert kept > len(naughty()) // 2
    browser = signed_in(cast.lin)
    page = browser.get(reverse("customers:list")).content.decode()
    assert "<script>alert" not in page
    for customer in Customer.objects.order_by("-pk")[::12]:
        page = browser.get(reverse("customers:customer", args=[customer.pk])).content.decode()
        assert "<script>alert" not in page
        assert "onerror=alert" not in page.replace("&lt;", "<").split("</main>")[1]


def test_naughty_text_searched_for_is_no_crash(cast: Cast) -> None:
    a_customer(cast.project, cast.lin)
    browser = signed_in(cast.lin)
    program = Client(headers={"Authorization": f"Bearer {token_for(cast.lin)}"})
    for text in naughty():
        if "\ud800" in text:
            continue  # No browser can send it.
        assert browser.get(reverse("customers:choices"), {"q": text}).status_code == 200
    for text in naughty()[::5]:
        if "\ud800" not in text:
            assert program.get("/api/v1/customers/", {"q": text}).status_code in {200, 422}


@pytest.mark.parametrize("field", ["name", "wechat", "address", "legal_representative", "note"])
def test_the_api_takes_or_refuses_naughty_text(cast: Cast, field: str) -> None:
    program = Client(headers={"Authorization": f"Bearer {token_for(cast.lin)}"})
    for text in [*OWN, *naughty()[::11]]:
        body: dict[str, Any] = {
            "name": "陈晓雨",
            "phones": [a_phone()],
            "project_id": cast.project.pk,
            field: text,
        }
        answer = program.post(
            "/api/v1/customers/", json.dumps(body), content_type="application/json"
        )
        assert answer.status_code in {201, 409, 422, 400}, (field, text[:80], answer.content)


def test_a_follow_up_takes_naughty_text(cast: Cast) -> None:
    customer = a_customer(cast.project, cast.lin)
    for text in OWN:
        try:
            record_follow_up(
                customer_id=customer.pk,
                method="phone",
                content=text[:2000],
                lost_reason=text[:200],
                next_contact_on=NOON.date(),
                by=cast.lin,
                at=NOON,
            )
        except Refusal:
            continue
    page = signed_in(cast.lin).get(reverse("customers:customer", args=[customer.pk]))
    assert page.status_code == 200
