"""The road from the provisional reservation to the title over the API."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from time_machine import travel

from loupan.org.models import User
from loupan.org.testing import a_user, token_for
from loupan.pricing.models import PricingPolicy
from loupan.sales.models import Contract
from loupan.sales.queries.books import book_differences
from loupan.sales.testing import (
    RESERVED_AT,
    SIGNED_AT,
    Office,
    a_buyer,
    a_contract,
    a_milestone_plan,
    a_provisional,
    a_reservation,
    an_office,
    another_unit,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Office:
    return an_office()


def call(user: User, path: str, body: Any = None, *, key: str = "") -> tuple[int, Any]:
    client = Client(headers={"Authorization": f"Bearer {token_for(user)}"})
    url = f"/api/v1/{path}"
    if body is None:
        answer = client.get(url)
    else:
        headers = {"Idempotency-Key": key or str(uuid4())}
        answer = client.post(url, body, content_type="application/json", headers=headers)
    return answer.status_code, answer.json()


def test_a_provisional_reservation_lives_over_the_api(office: Office) -> None:
    unit, buyer = another_unit(office), a_buyer(office)
    with travel(RESERVED_AT, tick=False):
        road, body = f"units/{unit.pk}/provisional-reservations/", {"customer_id": buyer.pk}
        assert call(office.lin, road, body)[1]["code"] == "provisional_amount_missing"
        body["amount"] = "5000.00"  # type: ignore[assignment]
        key = str(uuid4())
        status, made = call(office.lin, road, body, key=key)
        assert (status, made["amount"], made["is_running"]) == (201, "5000.00", True)
        assert call(office.lin, road, body, key=key) == (201, made)
        assert call(office.mo, road, body)[1]["code"] == "unit_not_available"
        here = f"provisional-reservations/{made['id']}/"
        paid = {"amount": "5000.00", "method": "cash", "received_on": "2025-03-08"}
        assert call(office.zhao, f"{here}receipts/", paid)[0] == 201
        assert call(office.zhao, f"{here}receipts/", paid)[1]["code"] == "provisional_overpaid"
        assert call(office.lin, here)[1]["received"] == "5000.00"
    with travel(RESERVED_AT + timedelta(days=4), tick=False):
        _status, listed = call(office.mo, "provisional-reservations/?is_kept_for_money=true")
        assert [row["id"] for row in listed["items"]] == [made["id"]]
        status, back = call(office.mo, f"{here}withdrawal/", {"reason": "放弃"})
        assert (status, back["refunded"]) == (201, "5000.00")
        assert call(office.mo, f"{here}withdrawal/", {"reason": "x"})[0] == 409
        assert call(office.cast.wei, here)[0] == 404


def test_a_unit_is_contracted_directly_filed_unfiled_and_voided(office: Office) -> None:
    unit, buyer, finance = another_unit(office), a_buyer(office), a_user("FM", office.project)
    body = {
        "buyers": [{"customer_id": buyer.pk}],
        "payment_plan_id": office.prices.plan.pk,
        "signed_on": "2025-03-15",
    }
    with travel(SIGNED_AT, tick=False):
        cs = office.cast.cs
        road = f"units/{unit.pk}/contract/"
        assert call(cs, road, body)[1]["code"] == "direct_contract_off"
        PricingPolicy.objects.update(allows_direct_contract=True, stamp=uuid4())
        status, made = call(cs, road, body)
        assert (status, made["status"]) == (201, "contracted")
        deal = f"deals/{made['deal_id']}/"
        filing = {"number": "A1", "submitted_on": "2025-03-15", "filed_on": "2025-03-15"}
        assert call(cs, f"{deal}filing/", filing)[0] == 201
        assert call(cs, deal)[1]["status"] == "filed"
        gone = f"contracts/{made['id']}/cancellation/"
        assert call(office.mo, gone, {"reason": "x"})[1]["code"] == "unfile_first"
        _status, asked = call(cs, f"{deal}unfilings/", {"reason": "更名"})
        unfiling = f"unfilings/{asked['id']}/"
        assert call(cs, f"{unfiling}confirmation/", {})[0] == 403
        assert call(office.mo, f"{unfiling}refusal/", {"reason": "资料不全"})[0] == 201
        _status, asked = call(cs, f"{deal}unfilings/", {"reason": "更名"})
        for who, state in ((finance, "open"), (office.mo, "done")):
            status, said = call(who, f"unfilings/{asked['id']}/confirmation/", {})
            assert (status, said["status"]) == (201, state)
        status, _said = call(office.mo, f"contracts/{made['id']}/void/", {"reason": "错印"})
        assert status == 201
        assert call(cs, deal)[1]["status"] == "reserved"
    assert Contract.objects.get().is_void
    assert book_differences() == []


def test_a_unit_is_handed_over_and_titled(office: Office) -> None:
    deal = a_contract(office, a_reservation(office)).deal
    officer, road = a_user("HO", office.project), f"deals/{deal.pk}/"
    given = {"handed_over_on": "2025-03-15", "received_by": "陈晓雨"}
    with travel(SIGNED_AT, tick=False):
        assert call(officer, f"{road}handover/", given)[1]["code"] == "not_paid_in_full"
        assert call(office.mo, f"{road}handover/exception/", {"reason": "约定"})[0] == 201
        assert call(officer, f"{road}handover/", given)[0] == 201
        assert call(office.mo, f"{road}handover/undo/", {"reason": "误录"})[0] == 201
        assert call(officer, f"{road}handover/", given)[0] == 201
        title = {"number": "T1", "tax_paid_on": "2025-03-15", "issued_on": "2025-03-15"}
        assert call(officer, f"{road}title/", title)[0] == 201
        assert call(officer, f"{road}title/", title)[0] == 409


def test_milestones_and_units_off_the_market(office: Office) -> None:
    a_milestone_plan(office.project, office.mo)
    kept, unit = a_provisional(office), another_unit(office)
    with travel(SIGNED_AT, tick=False):
        road = f"projects/{office.project.pk}/milestones/"
        body = {"name": "封顶", "noticed_on": "2025-03-15"}
        assert call(office.cast.cs, road, {**body, "building_id": 10**9})[0] == 404
        status, made = call(office.cast.cs, road, body)
        assert (status, made["name"]) == (201, "封顶")
        assert call(office.cast.cs, road, body)[1]["code"] == "milestone_recorded"
        assert [row["id"] for row in call(office.mo, "milestones/")[1]["items"]] == [made["id"]]
        reason = {"reason": "自持"}
        assert call(office.mo, f"units/{kept.unit_id}/off-market/", reason)[0] == 409
        assert call(office.mo, f"units/{unit.pk}/off-market/", reason)[1]["status"] == "off_market"
        status, back = call(office.mo, f"units/{unit.pk}/return-to-market/", reason)
        assert (status, back["status"]) == (201, "not_released")
