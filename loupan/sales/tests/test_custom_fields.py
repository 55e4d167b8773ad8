"""Custom fields of deals: page, lists, filters, export, history, API, and signing (PRM-04)."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client

from loupan.core.audit import history_of
from loupan.org.testing import signed_in, token_for
from loupan.parameters.actions.fields import make_field, set_values
from loupan.parameters.errors import FieldValueWrong
from loupan.parameters.models import CustomField
from loupan.parameters.queries.places import Place
from loupan.sales import errors
from loupan.sales.actions.cancellations import cancel_reservation
from loupan.sales.actions.contracts import sign_contract
from loupan.sales.models import Contract, Deal, DealFieldValue, Reservation
from loupan.sales.parameters import DEAL_FIELDS as DEAL
from loupan.sales.testing import (
    RESERVED_AT,
    SIGNED_AT,
    Office,
    a_contract,
    a_reservation,
    an_office,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Office:
    return an_office()


@pytest.fixture
def deal(office: Office) -> Deal:
    return a_reservation(office).deal


def keep(office: Office, code: str, kind: str, **kwargs: Any) -> CustomField:
    given = {"subject": DEAL, "place": Place(project=office.project), "name": f"字段{code}",
             "by": office.cast.ad, "at": RESERVED_AT, **kwargs}  # fmt: skip
    return make_field(code=code, kind=kind, **given)


def say(office: Office, deal: Deal, by: Any = None, **values: Any) -> None:
    set_values(subject=DEAL, record_id=deal.pk, values=values, by=by or office.lin, at=RESERVED_AT)


def test_the_deal_page_shows_them_and_its_history_says_old_and_new(
    office: Office, deal: Deal
) -> None:
    client, page = signed_in(office.lin), f"/sales/deals/{deal.pk}/"
    assert "panel-fields" not in client.get(page).content.decode()
    keep(office, "bank", "text", name="按揭银行")
    say(office, deal, bank="工商银行")
    say(office, deal, bank="建设银行")
    body = client.get(page).content.decode()
    assert f"/parameters/fields/{DEAL}/{deal.pk}/panel/" in body
    assert "按揭银行: 工商银行 → 建设银行" in body
    panel = client.get(f"/parameters/fields/{DEAL}/{deal.pk}/panel/").content.decode()
    assert "建设银行" in panel
    assert history_of(deal)[0].event == "sales.custom_fields.changed"


def test_they_are_said_on_their_form_and_wrong_values_are_refused(
    office: Office, deal: Deal
) -> None:
    keep(office, "fee", "money", is_required=True)
    client, url = signed_in(office.lin), f"/parameters/fields/{DEAL}/{deal.pk}/"
    assert client.get(url).status_code == 200
    assert client.post(url, {"cf_fee": ""}).status_code == 422
    assert client.post(url, {"cf_fee": "much"}).status_code == 422
    answer = client.post(url, {"cf_fee": "1,200.50"})
    assert (answer.status_code, answer["Location"]) == (302, f"/sales/deals/{deal.pk}/")
    assert DealFieldValue.objects.get().number == Decimal("1200.50")
    with pytest.raises(FieldValueWrong):
        say(office, deal, fee="viel")


def test_only_who_writes_reservations_or_contracts_says_them(office: Office, deal: Deal) -> None:
    keep(office, "x", "text")
    url = f"/parameters/fields/{DEAL}/{deal.pk}/"
    for user in (office.zhao, office.cast.guest):
        with pytest.raises(PermissionDenied):
            say(office, deal, by=user, x="y")
    assert (
        signed_in(office.zhao).get(url).status_code == 200
    )  # Finance sees the deal and what it says.
    assert signed_in(office.zhao).post(url, {"cf_x": "y"}).status_code == 403
    assert signed_in(office.cast.wei).get(url).status_code == 404  # Of another team.
    assert not DealFieldValue.objects.exists()


def test_a_cancelled_deal_says_nothing_new(office: Office, deal: Deal) -> None:
    keep(office, "x", "text")
    cancel_reservation(
        reservation_id=deal.reservation.pk, reason="撤", kept=Decimal(0), unit_goes_to="withheld",
        method="transfer", request_key=uuid4(), by=office.mo, at=SIGNED_AT,
    )  # fmt: skip
    with pytest.raises(PermissionDenied):
        say(office, deal, x="y")


@pytest.mark.parametrize("path", ["/sales/reservations/", "/sales/contracts/"])
def test_both_lists_have_the_column_the_filter_and_the_export(office: Office, path: str) -> None:
    keep(office, "bank", "text", name="按揭银行")
    keep(office, "fee", "money", name="代办费")
    mine, other = a_reservation(office), a_reservation(office)
    for each in (mine, other):
        a_contract(office, each)
    say(office, mine.deal, bank="工商银行", fee=Decimal(800))
    say(office, other.deal, bank="招商银行")
    client = signed_in(office.mo)
    body = client.get(path).content.decode()
    assert all(text in body for text in ("按揭银行", "代办费", "工商银行", "招商银行", "800.00"))
    found = client.get(f"{path}?cf_bank=工商").content.decode()
    assert mine.deal.unit.number in found
    assert other.deal.unit.number not in found
    assert "招商银行" not in client.get(f"{path}?cf_fee=800").content.decode()
    exported = client.get(f"{path}?export=xlsx&column=number&column=cf_bank&reason=x")
    assert exported.status_code == 200


def test_no_contract_before_what_is_required_is_said(office: Office) -> None:
    field = keep(office, "bank", "text", name="按揭银行", is_required=True)
    reservation = a_reservation(office)
    form = f"/sales/deals/{reservation.deal_id}/contract/"
    signer = signed_in(office.cast.cs)
    assert "按揭银行" in signer.get(form).content.decode()
    with pytest.raises(errors.DealFieldMissing, match="按揭银行"):
        sign(office, reservation)
    assert not Contract.objects.exists()
    say(office, reservation.deal, bank="工商银行")
    assert field.name not in signer.get(form).content.decode()
    assert sign(office, reservation).deal_id == reservation.deal_id


def sign(office: Office, reservation: Reservation) -> Contract:
    return sign_contract(
        reservation_id=reservation.pk,
        signed_on=SIGNED_AT.date(),
        by=office.cast.cs,
        at=SIGNED_AT,
    )


def test_the_api_reads_and_writes_them(office: Office, deal: Deal) -> None:
    keep(office, "fee", "money")
    keep(office, "ok", "bool")
    client = Client(headers={"Authorization": f"Bearer {token_for(office.lin)}"})
    url = f"/api/v1/custom-fields/{DEAL}/{deal.pk}/"
    assert client.put(url, {"values": {"fee": "800.00"}}, "application/json").status_code == 200
    found = client.get(f"/api/v1/deals/{deal.pk}/").json()
    assert found["custom_fields"] == {"fee": "800.00", "ok": None}
    for wrong in ({"fee": "viel"}, {"ok": "maybe"}, {"nothing": "1"}):
        assert client.put(url, {"values": wrong}, "application/json").status_code == 422
    assert client.get(f"/api/v1/custom-fields/{DEAL}/999999/").status_code == 404
