"""Unit 1-1-1803 of DOMAIN 0.3 from price to paid in full, over the API; every amount of 0.3."""

from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client

from loupan.inventory.testing import a_unit
from loupan.org.models import User
from loupan.org.testing import a_project, token_for
from loupan.sales.testing import Office, an_office

pytestmark = pytest.mark.django_db


class Caller:
    """A program with a person's token."""

    def __init__(self, user: User) -> None:
        self.client = Client(headers={"Authorization": f"Bearer {token_for(user)}"})

    def get(self, path: str) -> dict[str, Any]:
        answer = self.client.get(f"/api/v1/{path}")
        assert answer.status_code == 200, answer.content
        found: dict[str, Any] = answer.json()
        return found

    def post(self, path: str, body: dict[str, Any], *, status: int = 201) -> dict[str, Any]:
        answer = self.client.post(f"/api/v1/{path}", body, content_type="application/json")
        assert answer.status_code == status, answer.content
        found: dict[str, Any] = answer.json()
        return found


def lines(schedule: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return [(line["money_type"], line["amount"], line["due_on"]) for line in schedule]


ORC_11 = [
    ("deposit", "50000.00", "2025-03-08"),
    ("down_payment", "389160.00", "2025-03-22"),
    ("commercial_loan", "1020000.00", "2025-04-14"),
]


@pytest.fixture
def office() -> Office:
    return an_office(a_project("海成·云麓", code="HC"))


def test_the_canonical_case_over_the_api_orc_08_orc_10_orc_11(office: Office) -> None:
    unit = a_unit(office.project)
    plan, project = office.prices.plan, office.project
    with time_machine.travel("2025-03-08T12:00:00+08:00", tick=False):
        lin, zhao = Caller(office.lin), Caller(office.zhao)
        plans = lin.get(f"projects/{project.pk}/payment-plans/")["items"]
        assert [each["id"] for each in plans] == [plan.pk]
        offered = lin.get(f"projects/{project.pk}/discounts/")["items"]
        discount_ids = sorted(each["id"] for each in offered)
        assert discount_ids == sorted(office.prices.discount_ids)

        quote = lin.post(
            f"units/{unit.pk}/quotes/",
            {"payment_plan_id": plan.pk, "discount_ids": discount_ids, "reserve_on": "2025-03-08"},
        )
        assert quote["list_total"] == "1521895.00"
        assert quote["deal_total"] == "1459160.00"
        assert quote["deal_unit_price"] == "12301.13"
        assert quote["overall_rate"] == "0.9588"
        assert lines(quote["schedule"]) == ORC_11
        steps = {step["step"]: step for step in quote["trace"]}
        assert Decimal(steps["deal_total"]["input"]["raw"]) == Decimal("1459159.816355")
        assert steps["overall_rate_for_authority"]["output"] == "0.9587"

        lock = lin.post(f"units/{unit.pk}/locks/", {})
        assert lock["expires_at"].startswith("2025-03-08T04:15:00")
        customer = lin.post(
            "customers/",
            {
                "kind": "individual",
                "name": "陈晓雨",
                "phones": ["13800138000"],
                "id_number": "11010519491231002X",
                "project_id": project.pk,
            },
        )
        reservation = lin.post(
            f"units/{unit.pk}/reservations/",
            {
                "buyers": [{"customer_id": customer["id"]}],
                "payment_plan_id": plan.pk,
                "discount_ids": discount_ids,
                "deposit": "50000.00",
                "sign_by": "2025-03-15",
            },
        )
        assert reservation["number"] == "HC-RG2025-0001"
        assert (reservation["deal_total"], reservation["status"]) == ("1459160.00", "reserved")
        deal_id = reservation["deal_id"]
        deposit = zhao.post(
            f"deals/{deal_id}/receipts/",
            {"amount": "50000.00", "method": "pos", "received_on": "2025-03-08"},
        )
        assert deposit["number"] == "HC-SJ2025-00001"
        assert [each["amount"] for each in deposit["allocations"]] == ["50000.00"]
        deal = lin.get(f"deals/{deal_id}/")
        assert deal["deal_inner_unit_price"] == "15462.12"
        assert (deal["received"], deal["outstanding"]) == ("50000.00", "1409160.00")

    with time_machine.travel("2025-03-15T12:00:00+08:00", tick=False):
        contract = Caller(office.cast.cs).post(
            f"reservations/{reservation['id']}/contract/", {"signed_on": "2025-03-15"}
        )
        assert contract["number"] == "HC-HT2025-0001"
        assert contract["deal_id"] == deal_id
        deal = Caller(office.lin).get(f"deals/{deal_id}/")
        assert deal["status"] == "contracted"
        assert lines(deal["schedule"]) == ORC_11

    with time_machine.travel("2025-03-23T12:00:00+08:00", tick=False):
        assert Caller(office.lin).get(f"deals/{deal_id}/")["overdue"] == "389160.00"
        zhao = Caller(office.zhao)
        zhao.post(
            f"deals/{deal_id}/receipts/",
            {"amount": "389160.00", "method": "transfer", "received_on": "2025-03-22"},
        )
        mistaken = zhao.post(
            f"deals/{deal_id}/receipts/",
            {"amount": "1020000.00", "method": "loan", "money_type": "commercial_loan",
             "received_on": "2025-03-23"},
        )  # fmt: skip
        deal = zhao.get(f"deals/{deal_id}/")
        assert (deal["received"], deal["outstanding"]) == ("1459160.00", "0.00")
        done = {step["code"] for step in deal["process"] if step["light"] == "green"}
        assert done == {
            "reservation", "down_payment", "contract", "loan_disbursed", "paid_in_full",
        }  # fmt: skip

        reversal = zhao.post(f"receipts/{mistaken['id']}/reversal/", {"reason": "误录"})
        assert (reversal["number"], reversal["amount"]) == ("HC-SJ2025-00004", "-1020000.00")
        deal = zhao.get(f"deals/{deal_id}/")
        assert (deal["received"], deal["outstanding"]) == ("439160.00", "1020000.00")
        assert "paid_in_full" not in {
            step["code"] for step in deal["process"] if step["light"] == "green"
        }


def test_the_floor_margin_is_for_those_who_may_see_floor_prices(office: Office) -> None:
    """DOMAIN 0.3: floor total 1,411,578, margin over it 47,582."""
    from loupan.pricing.queries.offers import price_for
    from loupan.sales.testing import RESERVED_AT

    unit = a_unit(office.project)

    def offer(viewer: User) -> Any:
        return price_for(
            unit=unit, payment_plan_id=office.prices.plan.pk,
            discount_ids=office.prices.discount_ids, reserve_on=RESERVED_AT.date(), viewer=viewer,
        )  # fmt: skip

    assert (f"{offer(office.mo).floor_total:.0f}", f"{offer(office.mo).floor_margin:.0f}") == (
        "1411578",
        "47582",
    )
    assert offer(office.lin).floor_total is None
    assert offer(office.lin).floor_margin is None
    assert "1411578" not in str(offer(office.lin))
