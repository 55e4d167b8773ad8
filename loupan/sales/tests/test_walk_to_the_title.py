"""Every page from the provisional reservation to the title, as people walk them."""

from datetime import timedelta
from uuid import uuid4

import pytest
from time_machine import travel

from loupan.inventory.models import Unit
from loupan.ledger.models import Receipt
from loupan.org.testing import a_user, signed_in
from loupan.sales.models import Deal, ProvisionalReservation, Unfiling
from loupan.sales.testing import (
    RESERVED_AT,
    SIGNED_AT,
    Office,
    a_buyer,
    a_contract,
    a_filing,
    a_milestone_plan,
    a_paid_deal,
    a_provisional,
    a_reservation,
    an_office,
    another_unit,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Office:
    return an_office()


def test_a_unit_is_kept_paid_listed_and_paid_back(office: Office) -> None:
    unit, buyer = another_unit(office), a_buyer(office)
    with travel(RESERVED_AT, tick=False):
        lin, zhao, mo = (signed_in(who) for who in (office.lin, office.zhao, office.mo))
        page = f"/sales/units/{unit.pk}/provisional/"
        assert lin.get(page).status_code == 200
        assert lin.post(page, {"customer": buyer.pk, "amount": "", "days": "3"}).status_code == 422
        made = lin.post(page, {"customer": buyer.pk, "amount": "5,000", "days": "3"})
        found = ProvisionalReservation.objects.get()
        assert made["Location"] == f"/sales/provisionals/{found.pk}/"
        refused = lin.post(page, {"customer": buyer.pk, "amount": "5,000", "days": "3"})
        assert refused.status_code == 422
        form = f"/sales/provisionals/{found.pk}/receipts/new/"
        assert zhao.get(form).status_code == 200
        body = {"amount": "5000", "method": "cash", "received_on": "2025-03-08",
                "request_key": str(uuid4())}  # fmt: skip
        receipt = zhao.post(form, body)
        assert zhao.post(form, body)["Location"] == receipt["Location"]
        shown = zhao.get(receipt["Location"]).content.decode()
        assert f"/sales/provisionals/{found.pk}/" in shown
        paper = zhao.get(f"{receipt['Location']}paper.pdf")
        assert paper.content.startswith(b"%PDF")
        account = zhao.get(f"/sales/accounts/{found.account_id}/")
        assert account["Location"] == f"/sales/provisionals/{found.pk}/"
        listed = mo.get("/sales/provisionals/")
        assert found.number in listed.content.decode()
        assert "5,000.00" in mo.get(f"/sales/provisionals/{found.pk}/").content.decode()
    with travel(RESERVED_AT + timedelta(days=4), tick=False):
        mo = signed_in(office.mo)
        kept = mo.get("/sales/provisionals/?state=kept")
        assert found.number in kept.content.decode()
        away = f"/sales/provisionals/{found.pk}/withdrawal/"
        assert mo.get(away).status_code == 200
        body = {"reason": "放弃", "method": "cash", "request_key": str(uuid4())}
        assert mo.post(away, body).status_code == 302
        assert mo.post(away, {**body, "request_key": str(uuid4())}).status_code == 422
    unit.refresh_from_db()
    assert unit.status == "available"
    assert Receipt.objects.filter(kind="refund").count() == 1


def test_a_contract_is_filed_and_unfiled_by_three_people(office: Office) -> None:
    deal = a_contract(office, a_reservation(office)).deal
    finance = a_user("FM", office.project)
    with travel(SIGNED_AT, tick=False):
        cs, mo, fm = (signed_in(who) for who in (office.cast.cs, office.mo, finance))
        form = f"/sales/deals/{deal.pk}/filing/"
        assert form in cs.get(f"/sales/deals/{deal.pk}/").content.decode()
        body = {"number": "A1", "submitted_on": "2025-03-15", "filed_on": "2025-03-15"}
        assert cs.get(form).status_code == 200
        assert cs.post(form, body).status_code == 302
        assert cs.post(form, body).status_code == 422
        ask = f"/sales/deals/{deal.pk}/unfiling/"
        assert cs.get(ask).status_code == 200
        assert cs.post(ask, {"reason": "更名"}).status_code == 302
        page = f"/sales/unfilings/{Unfiling.objects.get().pk}/"
        assert page in mo.get(f"/sales/deals/{deal.pk}/").content.decode()
        for client in (fm, mo):
            assert client.get(page).status_code == 200
            assert client.post(f"{page}confirmation/").status_code == 302
        deal.refresh_from_db()
        assert deal.status == "contracted"
        void = f"/sales/deals/{deal.pk}/void/"
        assert mo.get(void).status_code == 200
        assert mo.post(void, {"reason": "打印错误"}).status_code == 302
        assert mo.get(void).status_code == 404
        assert mo.get(f"/sales/deals/{deal.pk}/").status_code == 200
    deal.refresh_from_db()
    assert deal.status == "reserved"


def test_a_request_to_unfile_is_declined_on_its_page(office: Office) -> None:
    deal = a_contract(office, a_reservation(office)).deal
    a_filing(office, deal)
    with travel(SIGNED_AT, tick=False):
        signed_in(office.cast.cs).post(f"/sales/deals/{deal.pk}/unfiling/", {"reason": "更名"})
        page = f"/sales/unfilings/{Unfiling.objects.get().pk}/"
        mo = signed_in(office.mo)
        assert mo.post(page, {"reason": ""}).status_code == 422
        assert mo.post(page, {"reason": "资料不全"}).status_code == 302
        again = mo.post(f"{page}confirmation/")
        assert again.status_code == 302
    deal.refresh_from_db()
    assert deal.status == "filed"


def test_a_unit_is_handed_over_taken_back_and_titled(office: Office) -> None:
    deal = a_paid_deal(office, is_complete=False)
    officer = a_user("HO", office.project)
    with travel(SIGNED_AT, tick=False):
        ho, mo = signed_in(officer), signed_in(office.mo)
        give = f"/sales/deals/{deal.pk}/handover/"
        body = {"handed_over_on": "2025-03-15", "received_by": "陈晓雨"}
        assert ho.get(give).status_code == 200
        assert ho.post(give, body).status_code == 422
        allow = f"{give}exception/"
        assert mo.get(allow).status_code == 200
        assert mo.post(allow, {"reason": "测绘在途"}).status_code == 302
        assert ho.post(give, body).status_code == 302
        undo = f"{give}undo/"
        assert mo.get(undo).status_code == 200
        assert mo.post(undo, {"reason": "误录"}).status_code == 302
        assert ho.post(give, body).status_code == 302
        title = f"/sales/deals/{deal.pk}/title/"
        assert ho.get(title).status_code == 200
        body = {"number": "T1", "tax_paid_on": "2025-03-15", "issued_on": "2025-03-15"}
        assert ho.post(title, body).status_code == 302
        assert ho.get(f"/sales/deals/{deal.pk}/").status_code == 200
    assert Deal.objects.get().status == "titled"


def test_milestones_are_recorded_on_their_page(office: Office) -> None:
    with travel(SIGNED_AT, tick=False):
        mo, lin = signed_in(office.mo), signed_in(office.lin)
        assert mo.get("/sales/milestones/").status_code == 200
        a_milestone_plan(office.project, office.mo)
        body = {"name": "封顶", "building": "", "noticed_on": "2025-03-15"}
        assert lin.get("/sales/milestones/").status_code == 200
        assert lin.post("/sales/milestones/", body).status_code == 403
        assert mo.post("/sales/milestones/", body).status_code == 302
        assert mo.post("/sales/milestones/", body).status_code == 422
        assert "2025-03-15" in mo.get("/sales/milestones/").content.decode()


def test_a_unit_leaves_the_market_and_comes_back(office: Office) -> None:
    unit = another_unit(office)
    mo = signed_in(office.mo)
    page = f"/sales/units/{unit.pk}/off-market/"
    assert signed_in(office.lin).get(page).status_code == 403
    for status in ("off_market", "not_released"):
        assert mo.get(page).status_code == 200
        assert mo.post(page, {"reason": ""}).status_code == 422
        assert mo.post(page, {"reason": "自持"}).status_code == 302
        assert Unit.objects.get(pk=unit.pk).status == status
    kept = a_provisional(office, unit=another_unit(office))
    refused = mo.post(f"/sales/units/{kept.unit_id}/off-market/", {"reason": "自持"})
    assert refused.status_code == 422
