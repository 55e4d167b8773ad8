"""The doors of the main road: what works once works once, what is refused says why (CONTRACT 3)."""

import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from loupan.inventory.testing import a_unit
from loupan.ledger.models import Receipt
from loupan.org.models import User
from loupan.org.testing import a_user, token_for
from loupan.sales.models import Deal
from loupan.sales.testing import (
    RESERVED_AT,
    SIGNED_AT,
    Office,
    a_buyer,
    a_contract,
    a_receipt,
    a_reservation,
    an_office,
    another_unit,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Office:
    return an_office()


@pytest.fixture(autouse=True)
def noon() -> Any:
    with time_machine.travel(RESERVED_AT, tick=False) as traveller:
        yield traveller


def call(
    user: User | None, method: str, path: str, body: Any = None, **headers: str
) -> tuple[int, Any]:
    if user is not None:
        headers["Authorization"] = f"Bearer {token_for(user)}"
    answer = Client(headers=headers).generic(
        method,
        f"/api/v1/{path}",
        data=b"" if body is None else json.dumps(body),
        content_type="application/json",
    )
    return answer.status_code, answer.json() if answer.content else None


def reservation_body(office: Office, **fields: Any) -> dict[str, Any]:
    return {
        "buyers": [{"customer_id": a_buyer(office).pk}],
        "payment_plan_id": office.prices.plan.pk,
        "discount_ids": office.prices.discount_ids,
        "deposit": "50000.00",
        **fields,
    }


def test_u_11_a_repeated_key_gets_the_first_answer_and_sells_once(office: Office) -> None:
    unit, body = a_unit(office.project), reservation_body(office)
    path = f"units/{unit.pk}/reservations/"
    first = call(office.lin, "POST", path, body, **{"Idempotency-Key": "sale-1"})
    again = call(office.lin, "POST", path, body, **{"Idempotency-Key": "sale-1"})
    assert first[0] == 201
    assert first == again
    assert Deal.objects.count() == 1
    other = call(office.lin, "POST", path, {**body, "deposit": "60000.00"}, **{
        "Idempotency-Key": "sale-1"
    })  # fmt: skip
    assert (other[0], other[1]["code"]) == (409, "key_reused")


def test_u_11_a_key_that_was_refused_may_be_tried_again(office: Office) -> None:
    unit, body = a_unit(office.project), reservation_body(office, deposit="1.00")
    path, key = f"units/{unit.pk}/reservations/", {"Idempotency-Key": "sale-1"}
    status, said = call(office.lin, "POST", path, body, **key)
    assert (status, said["code"], said["fields"]["deposit"]) == (
        409, "deposit_too_small", said["detail"],
    )  # fmt: skip
    body["deposit"] = "50000.00"
    assert call(office.lin, "POST", path, body, **key)[0] == 201


def test_u_11_a_repeated_receipt_moves_money_once(office: Office) -> None:
    deal = a_reservation(office).deal
    body = {"amount": "100.00", "method": "cash", "received_on": "2025-03-08"}
    path, key = f"deals/{deal.pk}/receipts/", {"Idempotency-Key": "slip-1"}
    first = call(office.zhao, "POST", path, body, **key)
    assert first[0] == 201
    assert call(office.zhao, "POST", path, body, **key) == first
    assert Receipt.objects.filter(amount=100).count() == 1
    receipt, reason = first[1]["id"], {"reason": "误录"}
    path, key = f"receipts/{receipt}/reversal/", {"Idempotency-Key": "slip-2"}
    back = call(office.zhao, "POST", path, reason, **key)
    assert (back[0], back[1]["amount"]) == (201, "-100.00")
    assert call(office.zhao, "POST", path, reason, **key) == back


def test_a_taken_unit_is_409_and_names_the_colleague_not_the_customer(office: Office) -> None:
    unit = a_unit(office.project)
    a_reservation(office, unit=unit, buyers=[a_buyer(office, name="马晓东")])
    other = a_user("SC", office.project)
    mine = a_buyer(office, owner=other)
    body = reservation_body(office, buyers=[{"customer_id": mine.pk}])
    status, said = call(other, "POST", f"units/{unit.pk}/reservations/", body)
    assert (status, said["code"]) == (409, "unit_not_available")
    assert "林小雨" in said["detail"]
    assert "马晓东" not in said["detail"]


def test_locks_and_holds_open_and_close(office: Office) -> None:
    unit = a_unit(office.project)
    path = f"units/{unit.pk}/locks/"
    status, said = call(office.lin, "POST", path)
    assert status == 201
    assert said["expires_at"].startswith("2025-03-08T04:15:00")
    assert call(office.lin, "DELETE", path) == (204, None)
    assert call(office.lin, "DELETE", path)[1]["code"] == "unit_not_locked"
    hold = {"customer_id": a_buyer(office).pk, "days": 2}
    path = f"units/{unit.pk}/holds/"
    assert call(office.mo, "POST", path, hold)[0] == 201
    assert call(office.mo, "DELETE", path) == (204, None)


def test_units_are_released_and_withheld(office: Office) -> None:
    unit = a_unit(office.project, status="not_released")
    project = office.project.pk
    status, said = call(office.mo, "POST", f"projects/{project}/releases/", {"unit_ids": [unit.pk]})
    assert (status, said["items"][0]["status"]) == (201, "available")
    path = f"units/{unit.pk}/withholding/"
    status, said = call(office.mo, "POST", path, {"reason": "调价"})
    assert (status, said["status"]) == (201, "withheld")
    assert call(office.mo, "DELETE", path) == (204, None)
    elsewhere = a_unit(office.cast.other_project, status="not_released")
    answer = call(office.mo, "POST", f"projects/{project}/releases/", {"unit_ids": [elsewhere.pk]})
    assert answer[0] == 404


def test_out_of_scope_is_404_and_not_allowed_is_403_and_nobody_is_401(office: Office) -> None:
    unit, reservation = a_unit(office.project), a_reservation(office)
    deal, wei = reservation.deal, office.cast.wei
    receipt = Receipt.objects.get()
    body = reservation_body(office)
    money = {"amount": "1.00", "method": "cash", "received_on": "2025-03-08"}
    for path, sent in (
        (f"units/{unit.pk}/reservations/", body),
        (f"units/{unit.pk}/locks/", None),
        (f"units/{unit.pk}/quotes/", {"payment_plan_id": 1}),
        (f"reservations/{reservation.pk}/contract/", {"signed_on": "2025-03-08"}),
        (f"reservations/{reservation.pk}/cancellation/", {"reason": "x"}),
        (f"deals/{deal.pk}/receipts/", money),
        (f"receipts/{receipt.pk}/reversal/", {"reason": "x"}),
    ):
        assert call(wei, "POST", path, sent)[0] == 404, path
        assert call(None, "POST", path, sent)[0] == 401, path
    assert call(wei, "GET", f"deals/{deal.pk}/")[0] == 404
    assert call(office.lin, "POST", f"deals/{deal.pk}/receipts/", money)[0] == 403
    assert call(office.zhao, "POST", f"units/{unit.pk}/reservations/", body)[0] == 403
    assert call(office.cast.guest, "GET", f"projects/{office.project.pk}/discounts/")[0] == 404


def test_a_seller_sees_own_deals_and_a_manager_the_projects(office: Office) -> None:
    colleague = a_user("SC", office.project)
    own = a_reservation(office)
    other = a_reservation(office, by=colleague, buyers=[a_buyer(office, owner=colleague)])
    for path, mine, theirs in (
        ("deals/", own.deal_id, other.deal_id),
        ("reservations/", own.pk, other.pk),
    ):
        seen = {row["id"] for row in call(office.lin, "GET", path)[1]["items"]}
        assert seen == {mine}
        assert {row["id"] for row in call(office.mo, "GET", path)[1]["items"]} == {mine, theirs}
        assert call(office.cast.wei, "GET", path)[1]["items"] == []
    receipts = call(office.lin, "GET", "receipts/")[1]["items"]
    assert [row["label"] for row in receipts] == [own.deal.unit.number]
    assert len(call(office.mo, "GET", "receivables/?state=open")[1]["items"]) == 4


def test_lists_are_paged_by_key_and_filtered(office: Office) -> None:
    made = [a_reservation(office).deal_id for _ in range(3)]
    a_contract(office, Deal.objects.get(pk=made[0]).reservation, at=SIGNED_AT)
    _status, first = call(office.mo, "GET", "deals/?limit=2")
    assert [row["id"] for row in first["items"]] == made[:0:-1]
    rest = call(office.mo, "GET", f"deals/?limit=2&after={first['next']}")[1]
    assert ([row["id"] for row in rest["items"]], rest["next"]) == (made[:1], None)
    contracted = call(office.mo, "GET", "deals/?status=contracted")[1]["items"]
    assert [row["id"] for row in contracted] == made[:1]
    assert len(call(office.mo, "GET", "contracts/?from=2025-03-15&to=2025-03-15")[1]["items"]) == 1
    assert call(office.mo, "GET", "deals/?status=sold")[0] == 422
    assert call(office.mo, "GET", "deals/?limit=501")[0] == 422


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", "-1.00"), ("amount", "NaN"), ("amount", "1e400"), ("amount", 1.5),
        ("amount", "0.001"), ("amount", None), ("method", "barter"), ("money_type", "bribe"),
        ("received_on", "0001-01-01"), ("received_on", "9999-12-31"), ("received_on", "yesterday"),
        ("account_id", 0), ("account_id", 2**63), ("payer", "x" * 81),
    ],
)  # fmt: skip
def test_what_cannot_be_understood_is_422_at_its_field(
    office: Office, field: str, value: Any
) -> None:
    deal = a_reservation(office).deal
    body = {"amount": "1.00", "method": "cash", "received_on": "2025-03-08", field: value}
    status, said = call(office.zhao, "POST", f"deals/{deal.pk}/receipts/", body)
    assert (status, said["code"]) == (422, "invalid")
    assert any(field in name for name in said["fields"])


def test_the_deal_shows_schedule_money_process_and_verbs(office: Office) -> None:
    deal = a_reservation(office).deal
    a_receipt(office, deal, amount="100000")
    with time_machine.travel(SIGNED_AT + timedelta(days=16), tick=False):
        status, said = call(office.lin, "GET", f"deals/{deal.pk}/")
    assert status == 200
    assert (said["received"], said["outstanding"], said["overdue"]) == (
        "150000.00", "1309160.00", "289160.00",
    )  # fmt: skip
    lights = {step["code"]: step["light"] for step in said["process"]}
    assert (lights["reservation"], lights["contract"]) == ("green", "red")
    assert said["verbs"] == [
        "contract",
        "attach_unit",
        "detach_unit",
        "change_plan",
        "cancel_reservation",
    ]
    assert said["buyers"][0]["share"] == "1.0000"
    assert said["unit"]["status"] == "reserved"


def test_a_reservation_is_cancelled_over_the_api(office: Office) -> None:
    reservation = a_reservation(office, unit=another_unit(office))
    status, said = call(
        office.mo, "POST", f"reservations/{reservation.pk}/cancellation/",
        {"reason": "客户原因", "kept": "20000.00", "unit_goes_to": "available"},
    )  # fmt: skip
    assert (status, said["refunded"], said["kept"]) == (201, "30000.00", "20000.00")
