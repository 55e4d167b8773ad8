"""The main road by pages: reserve, receive, sign, print, reverse, cancel; and who may not."""

import re
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client

from loupan.documents.models import Printing
from loupan.inventory.models import Unit
from loupan.inventory.testing import a_unit
from loupan.ledger.models import Receipt
from loupan.org.testing import a_project, signed_in
from loupan.sales.actions.claims import lock_unit
from loupan.sales.models import Contract, Deal, Reservation
from loupan.sales.testing import (
    RESERVED_AT,
    Office,
    a_buyer,
    a_contract,
    a_receipt,
    a_reservation,
    an_office,
    another_unit,
)

pytestmark = pytest.mark.django_db
NOON = "2025-03-08T12:00:00+08:00"


@pytest.fixture
def office() -> Office:
    return an_office(a_project("海成·云麓", code="HC"))


def shown(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status, (answer.status_code, answer.content.decode()[:500])
    text: str = answer.content.decode()
    return text


def writing(office: Office, *buyers: Any, **fields: Any) -> dict[str, Any]:
    """The whole state of the guided reservation."""
    people = buyers or [a_buyer(office)]
    share = Decimal(100) / len(people)
    return {
        "buyer": [person.pk for person in people],
        "share": [str(share) for _person in people],
        "plan": office.prices.plan.pk,
        "discount": office.prices.discount_ids,
        "deposit": "50,000.00",
        "sign_by": "2025-03-15",
        "request_key": str(uuid4()),
        **fields,
    }


def reserved(client: Client, unit: Unit, state: dict[str, Any], status: int = 302) -> HttpResponse:
    answer = client.post(f"/sales/units/{unit.pk}/reservation/", state)
    assert answer.status_code == status, answer.content.decode()[:3000]
    return answer  # type: ignore[return-value]


@time_machine.travel(NOON, tick=False)
def test_a_reservation_is_written_step_by_step_orc_08(office: Office) -> None:
    unit, client = a_unit(office.project), signed_in(office.lin)
    buyer = a_buyer(office)
    address = f"/sales/units/{unit.pk}/reservation/"
    first = shown(client.get(address, {"step": 3}))
    assert 'aria-current="step"' in first
    assert 'name="add"' in first  # It stays at the buyers: nothing later can be done.
    second = shown(client.get(address, {"add": buyer.pk, "go": 2}))
    assert 'name="plan"' in second
    state: dict[str, Any] = {"buyer": buyer.pk, "share": "100", "plan": office.prices.plan.pk,
             "discount": office.prices.discount_ids}  # fmt: skip
    third = shown(client.get(address, {**state, "step": 2, "go": 3}))
    assert "1,459,160.00" in third
    assert 'name="deposit" value="50,000.00"' in third
    last = shown(client.get(address, {**state, "go": 4}))
    assert "壹佰肆拾伍万玖仟壹佰陆拾元整" in last
    key = re.search(r'name="request_key" value="([^"]+)"', last)
    assert key
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', last)
    body: dict[str, list[str]] = {}
    for name, value in hidden:
        body.setdefault(name, []).append(value)
    body.pop("csrfmiddlewaretoken", None)
    answer = client.post(address, body)
    deal = Deal.objects.get()
    assert answer["Location"] == f"/sales/deals/{deal.pk}/"
    assert (deal.deal_total, deal.deposit) == (Decimal("1459160.00"), Decimal("50000.00"))
    again = client.post(address, body)
    assert again["Location"] == f"/sales/deals/{deal.pk}/"
    assert Reservation.objects.count() == 1


@time_machine.travel(NOON, tick=False)
def test_shares_of_several_buyers_are_split_and_must_come_to_100(office: Office) -> None:
    unit, client = a_unit(office.project), signed_in(office.lin)
    people = [a_buyer(office, name=name) for name in ("陈晓雨", "陈大雨", "陈小雪")]
    address = f"/sales/units/{unit.pk}/reservation/"
    ids: list[Any] = [person.pk for person in people]
    split = shown(client.get(address, {"buyer": ids, "share": ["1", "2", "97"], "equal": "1"}))
    assert re.findall(r'name="share"[^>]* value="([\d.]+)"', split) == ["33.33", "33.33", "33.34"]
    wrong = writing(office, *people, share=["50", "50", "10"])
    assert "110.00 %" in shown(reserved(client, unit, wrong, 422), 422)
    assert not Deal.objects.exists()
    reserved(client, unit, writing(office, *people, share=["50", "30", "20"]))
    shares = Deal.objects.get().buyers.values_list("share", flat=True)
    assert sorted(shares) == [Decimal("0.2"), Decimal("0.3"), Decimal("0.5")]


@time_machine.travel(NOON, tick=False)
def test_a_refusal_names_who_has_the_unit_since_when(office: Office) -> None:
    unit = a_unit(office.project)
    lock_unit(unit_id=unit.pk, by=office.mo, at=RESERVED_AT)
    client = signed_in(office.lin)
    page = shown(client.get(f"/sales/units/{unit.pk}/reservation/"))
    assert "莫经理" in page
    assert "2025-03-08 12:00" in page
    refused = shown(reserved(client, unit, writing(office), 422), 422)
    assert "莫经理" in refused
    assert not Deal.objects.exists()


@time_machine.travel(NOON, tick=False)
def test_hostile_input_to_the_guided_reservation_is_only_wrong(office: Office) -> None:
    unit, client = a_unit(office.project), signed_in(office.lin)
    address = f"/sales/units/{unit.pk}/reservation/"
    for state in (
        {"buyer": "9" * 400, "share": "NaN", "plan": "x", "step": "99"},
        {"buyer": "-1", "share": "1e999999999", "discount": ["0", "'", "99999999999999999999"]},
        {"deposit": "1e99", "sign_by": "9999-99-99", "plan": str(office.prices.plan.pk), "go": "4"},
        {"reserved_on": "0001-01-01", "plan": str(office.prices.plan.pk)},
        {"special_form": "rate", "special_value": "Infinity", "plan": str(office.prices.plan.pk)},
        {"add": "\x00", "step": "<script>"},
    ):
        page = shown(client.get(address, state))
        assert "<script>" not in page.replace("<script ", "")
        reserved(client, unit, state, 422)
    assert not Deal.objects.exists()


@time_machine.travel(NOON, tick=False)
def test_pages_of_a_deal_are_out_of_reach_for_others(office: Office) -> None:
    deal = a_reservation(office).deal
    receipt = Receipt.objects.get()
    pages = [
        f"/sales/deals/{deal.pk}/",
        f"/sales/deals/{deal.pk}/why/",
        f"/sales/deals/{deal.pk}/contract/",
        f"/sales/deals/{deal.pk}/cancellation/",
        f"/sales/deals/{deal.pk}/receipts/new/",
        f"/sales/deals/{deal.pk}/papers/reservation_agreement.pdf",
        f"/sales/receipts/{receipt.pk}/",
        f"/sales/receipts/{receipt.pk}/reversal/",
        f"/sales/receipts/{receipt.pk}/paper.pdf",
        f"/sales/units/{deal.unit_id}/reservation/",
    ]
    for page in pages:
        assert signed_in(office.cast.wei).get(page).status_code in {403, 404}, page
        assert signed_in(office.cast.guest).get(page).status_code in {403, 404}, page
        assert Client().get(page).status_code == 302, page
    forbidden = {
        f"/sales/deals/{deal.pk}/contract/": office.lin,
        f"/sales/deals/{deal.pk}/cancellation/": office.lin,
        f"/sales/deals/{deal.pk}/receipts/new/": office.lin,
        f"/sales/receipts/{receipt.pk}/reversal/": office.lin,
        f"/sales/units/{deal.unit_id}/reservation/": office.zhao,
    }
    for page, who in forbidden.items():
        assert signed_in(who).get(page).status_code == 403, page
        assert signed_in(who).post(page, {}).status_code == 403, page


@time_machine.travel(NOON, tick=False)
def test_a_receipt_is_shown_before_it_is_recorded_and_recorded_once(office: Office) -> None:
    deal = a_reservation(office, with_deposit=False).deal
    client, address = signed_in(office.zhao), f"/sales/deals/{deal.pk}/receipts/new/"
    form = shown(client.get(address))
    assert 'name="amount" value="50,000.00"' in form
    assert "伍万元整" in form
    more = shown(client.get(address, {"amount": "60,000", "method": "transfer"}))
    assert "10,000.00" in more
    body = {
        "amount": "50,000.00", "method": "pos", "received_on": "2025-03-08", "payer": "陈晓雨",
        "bank_account_id": office.bank_account.pk, "request_key": str(uuid4()),
    }  # fmt: skip
    for _time in (1, 2):
        answer = client.post(address, body)
        assert answer.status_code == 302, answer.content.decode()[:2000]
    receipt = Receipt.objects.get()
    assert answer["Location"] == f"/sales/receipts/{receipt.pk}/"
    assert (receipt.amount, receipt.bank_account) == (Decimal(50000), office.bank_account)
    page = shown(client.get(f"/sales/receipts/{receipt.pk}/"))
    assert "伍万元整" in page
    for amount in ("-5", "0", "NaN", "1e20", "9" * 40, "'; --", "12.345"):
        assert (
            client.post(
                address, {**body, "amount": amount, "request_key": str(uuid4())}
            ).status_code
            == 422
        )
        shown(client.get(address, {"amount": amount}))
    assert Receipt.objects.count() == 1


@time_machine.travel(NOON, tick=False)
def test_a_wrong_receipt_is_reversed_with_a_reason(office: Office) -> None:
    deal = a_reservation(office).deal
    receipt, client = Receipt.objects.get(), signed_in(office.zhao)
    address = f"/sales/receipts/{receipt.pk}/reversal/"
    assert client.post(address, {"reason": " "}).status_code == 422
    assert client.post(address, {"reason": "误录"}).status_code == 302
    again = shown(client.post(address, {"reason": "误录"}), 422)
    assert receipt.number in again
    assert Receipt.objects.count() == 2
    page = shown(client.get(f"/sales/deals/{deal.pk}/"))
    assert "-50,000.00" in page


def test_a_contract_is_signed_on_its_page_and_the_deal_page_shows_it(office: Office) -> None:
    with time_machine.travel(NOON, tick=False):
        deal = a_reservation(office).deal
    with time_machine.travel("2025-03-17T12:00:00+08:00", tick=False):
        client, address = signed_in(office.cast.cs), f"/sales/deals/{deal.pk}/contract/"
        page = shown(client.get(address, {"signed_on": "2025-03-15"}))
        assert "2025-03-22" in page
        assert "389,160.00" in page
        assert "HC-HT2025-0001" in page  # The number it would get.
        late = shown(client.get(address, {"signed_on": "2025-03-17"}))
        assert "按时签约" in late
        body = {"signed_on": "2025-03-15", "number": "", "terms": "车位另议"}
        assert client.post(address, {**body, "signed_on": "2025-03-18"}).status_code == 422
        assert client.post(address, body).status_code == 302
        assert client.post(address, body).status_code == 302  # The second click finds the first.
        contract = Contract.objects.get()
        assert contract.number == "HC-HT2025-0001"
        assert contract.number in shown(client.get(f"/sales/deals/{deal.pk}/"))


@time_machine.travel(NOON, tick=False)
def test_a_missing_id_number_is_asked_for_before_the_contract(office: Office) -> None:
    buyer = a_buyer(office, id_number="")
    deal = a_reservation(office, buyers=[buyer]).deal
    client = signed_in(office.cast.cs)
    row = deal.buyers.get()
    address = f"/sales/deals/{deal.pk}/contract/"
    assert f"/sales/deals/{deal.pk}/buyers/{row.pk}/" in shown(client.get(address))
    refused = client.post(address, {"signed_on": "2025-03-08"})
    assert refused.status_code == 422
    given = {"id_type": "id_card", "id_number": "11010519491231002X"}
    assert client.post(f"/sales/deals/{deal.pk}/buyers/{row.pk}/", given).status_code == 302
    assert client.post(address, {"signed_on": "2025-03-08"}).status_code == 302


@time_machine.travel(NOON, tick=False)
def test_a_reservation_is_cancelled_by_somebody_else(office: Office) -> None:
    deal = a_reservation(office).deal
    client, address = signed_in(office.mo), f"/sales/deals/{deal.pk}/cancellation/"
    assert "30,000.00" in shown(client.get(address, {"kept": "20000"}))
    body = {
        "reason": "客户资金不足", "kept": "20000", "unit_goes_to": "available", "method": "transfer",
        "request_key": str(uuid4()),
    }  # fmt: skip
    assert client.post(address, {**body, "kept": "50000.01"}).status_code == 422
    assert client.post(address, {**body, "unit_goes_to": "handed_over"}).status_code == 422
    assert client.post(address, body).status_code == 302
    deal.refresh_from_db()
    deal.unit.refresh_from_db()
    assert (deal.status, deal.unit.status) == ("cancelled", "available")
    shown(client.get(f"/sales/deals/{deal.pk}/"))
    assert client.post(address, {**body, "request_key": str(uuid4())}).status_code == 422


@time_machine.travel(NOON, tick=False)
def test_lists_show_what_is_within_reach_and_narrow(office: Office) -> None:
    first = a_reservation(office)
    a_contract(office, a_reservation(office, unit=another_unit(office)), at=RESERVED_AT)
    page = shown(signed_in(office.lin).get("/sales/reservations/"))
    assert first.number in page
    assert "1,459,160.00" in page
    assert first.number not in shown(
        signed_in(office.lin).get("/sales/reservations/", {"status": "contracted"})
    )
    assert first.number in shown(signed_in(office.lin).get("/sales/reservations/", {"q": "陈晓"}))
    shown(signed_in(office.lin).get("/sales/reservations/", {"sign_by": "late"}))
    assert "HC-HT2025-0001" in shown(signed_in(office.mo).get("/sales/contracts/"))
    assert first.number not in shown(signed_in(office.cast.wei).get("/sales/reservations/"))
    assert signed_in(office.lin).get("/sales/reservations/", {"export": "xlsx"}).status_code == 403
    asked = {"export": "xlsx", "reason": "月度核对"}
    exported = signed_in(office.mo).get("/sales/reservations/", asked)
    assert exported.status_code == 200
    assert signed_in(office.cast.guest).get("/sales/reservations/").status_code in {403, 404}


@time_machine.travel(NOON, tick=False)
def test_the_deal_page_asks_the_database_little(
    office: Office, django_assert_max_num_queries: Any
) -> None:
    deal = a_reservation(office).deal
    for _each in range(3):
        a_receipt(office, deal, amount="100", received_on=date(2025, 3, 8))
    client = signed_in(office.mo)
    client.get(f"/sales/deals/{deal.pk}/")
    with django_assert_max_num_queries(34):
        shown(client.get(f"/sales/deals/{deal.pk}/"))


@time_machine.travel(NOON, tick=False)
def test_copies_are_counted(office: Office) -> None:
    deal = a_reservation(office).deal
    client = signed_in(office.lin)
    for _each in (1, 2):
        answer = client.get(f"/sales/deals/{deal.pk}/papers/reservation_agreement.docx")
        assert answer.status_code == 200
    assert list(Printing.objects.order_by("id").values_list("copy_no", flat=True)) == [1, 2]
    assert client.get(f"/sales/deals/{deal.pk}/papers/contract.pdf").status_code == 404
    assert client.get(f"/sales/deals/{deal.pk}/papers/receipt.pdf").status_code == 404
    assert client.get(f"/sales/deals/{deal.pk}/papers/reservation_agreement.exe").status_code == 404
    assert Printing.objects.count() == 2
