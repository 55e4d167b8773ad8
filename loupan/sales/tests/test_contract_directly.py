"""A contract without a reservation, where the project allows it: T12, SAL-13."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.core.exceptions import PermissionDenied

from loupan.inventory.models import UnitChange
from loupan.inventory.states import UNIT, UnitStatus
from loupan.ledger import queries as ledger
from loupan.org.testing import signed_in
from loupan.pricing.actions.policies import save_policy
from loupan.pricing.models import PricingPolicy
from loupan.sales import errors
from loupan.sales.actions.claims import lock_unit
from loupan.sales.actions.contracts import contract_directly
from loupan.sales.actions.reservations import BuyerDraft
from loupan.sales.models import Claim, Contract, Deal, Reservation
from loupan.sales.testing import SIGNED_AT, Office, a_buyer, an_office, another_unit

pytestmark = pytest.mark.django_db


def allow(office: Office, **values: Any) -> None:
    policy = PricingPolicy.objects.get(project=office.project)
    save_policy(
        project_id=office.project.pk, values={"allows_direct_contract": True, **values},
        version=policy.version, by=office.mo, at=SIGNED_AT,
    )  # fmt: skip


@pytest.fixture
def office() -> Office:
    office = an_office()
    allow(office)
    return office


def sign(office: Office, **fields: Any) -> Contract:
    buyer = fields.pop("buyer", None) or a_buyer(office)
    given = {
        "unit_id": (fields.pop("unit", None) or another_unit(office)).pk,
        "buyers": [BuyerDraft(buyer.pk)],
        "payment_plan_id": office.prices.plan.pk,
        "discount_ids": office.prices.discount_ids,
        "signed_on": SIGNED_AT.date(),
        "by": office.cast.cs,
        "at": SIGNED_AT,
        **fields,
    }
    return contract_directly(**given)


def test_agreement_and_contract_are_written_at_once(office: Office) -> None:
    buyer = a_buyer(office)
    contract = sign(office, buyer=buyer)
    deal = Deal.objects.get(pk=contract.deal_id)
    reservation = Reservation.objects.get(deal=deal)
    assert (deal.status, deal.unit.status, deal.deal_total) == ("contracted", "contracted", 1459160)
    assert deal.reserved_on == deal.contracted_on == reservation.sign_by == SIGNED_AT.date()
    deposit = ledger.lines_of(deal.account_id)[0]
    assert deposit.amount == 50000
    assert deposit.due_on == SIGNED_AT.date()
    moves = UnitChange.objects.filter(unit=deal.unit).exclude(verb="make")
    assert [(move.verb, move.to_status) for move in moves][-1:] == [
        ("contract_directly", "contracted")
    ]
    buyer.refresh_from_db()
    assert buyer.life_class == "contracted"
    assert Claim.objects.filter(is_active=True, deal=deal).count() == 1
    done = deal.steps.filter(actual_on__isnull=False).values_list("code", flat=True)
    assert set(done) == {"reservation", "contract"}


def test_ones_own_lock_becomes_the_contract_and_anothers_does_not(office: Office) -> None:
    unit = another_unit(office)
    lock_unit(unit_id=unit.pk, by=office.mo, at=SIGNED_AT)
    with pytest.raises(errors.UnitNotAvailable):
        sign(office, unit=unit)
    sign(office, unit=unit, by=office.mo)


@pytest.mark.parametrize("status", list(UnitStatus))
def test_from_every_other_status_it_is_refused(office: Office, status: str) -> None:
    if status in UNIT.moves["contract_directly"][0]:
        return
    unit = another_unit(office)
    type(unit).objects.filter(pk=unit.pk).update(status=status)
    with pytest.raises(errors.UnitNotAvailable):
        sign(office, unit=unit)


def test_it_is_off_unless_the_project_allows_it() -> None:
    with pytest.raises(errors.DirectContractOff):
        sign(an_office())


def test_where_the_down_payment_comes_first_there_is_no_direct_contract(office: Office) -> None:
    allow(office, down_payment_rule="full_down_payment")
    with pytest.raises(errors.DirectContractNeedsDownPayment):
        sign(office)


def test_what_a_reservation_and_a_contract_refuse_it_refuses_and_nothing_is_left(
    office: Office,
) -> None:
    unit = another_unit(office)
    for fields, refusal in (
        ({"signed_on": SIGNED_AT.date() + timedelta(1)}, errors.DateInFuture),
        ({"buyer": a_buyer(office, id_number="")}, errors.BuyerNotIdentified),
        ({"deposit": Decimal(1)}, errors.DepositTooSmall),
        ({"buyers": []}, errors.BuyerMissing),
    ):
        with pytest.raises(refusal):
            sign(office, unit=unit, **fields)
    unit.refresh_from_db()
    assert (unit.status, Deal.objects.count(), Claim.objects.count()) == ("available", 0, 0)
    for by in (office.lin, office.zhao, office.cast.wei):
        with pytest.raises(PermissionDenied):
            sign(office, unit=unit, by=by)


NOON = "2025-03-15T12:00:00+08:00"


def written(office: Office, **fields: Any) -> dict[str, Any]:
    """The whole state of the guided form, with what a contract needs beside."""
    return {
        "buyer": [a_buyer(office).pk],
        "share": ["100"],
        "plan": office.prices.plan.pk,
        "discount": office.prices.discount_ids,
        "deposit": "50,000.00",
        "signed_on": "2025-03-15",
        "seen_total": "1,459,160.00",
        "number": "HT-2025-77",
        "terms": "车位另议",
        "request_key": f"{uuid4()}",
        **fields,
    }


@time_machine.travel(NOON, tick=False)
def test_the_last_step_of_the_guided_form_signs_at_once(office: Office) -> None:
    unit, client = another_unit(office), signed_in(office.cast.cs)
    address = f"/sales/units/{unit.pk}/contract/"
    assert (
        address
        in client.get(f"/sales/units/{unit.pk}/", headers={"HX-Request": "true"}).content.decode()
    )
    state = written(office)
    last = client.get(address, {**state, "step": 4}).content.decode()
    assert 'name="seen_total" value="1459160"' in last
    assert 'name="signed_on" value="2025-03-15"' in last
    assert f'/sales/units/{unit.pk}/reservation/"' not in last  # A specialist makes no reservation.
    for _click in (1, 2):
        answer = client.post(address, state)
        assert answer.status_code == 302, answer.content.decode()[:3000]
    contract = Contract.objects.get()
    assert answer["Location"] == f"/sales/deals/{contract.deal_id}/"
    assert (contract.number, contract.terms) == ("HT-2025-77", "车位另议")
    assert (contract.deal.deal_total, contract.deal.unit_id) == (1459160, unit.pk)


@time_machine.travel(NOON, tick=False)
def test_who_may_do_both_chooses_at_the_last_step_and_others_are_not_offered_it(
    office: Office,
) -> None:
    unit = another_unit(office)
    reservation, contract = (
        f"/sales/units/{unit.pk}/{way}/" for way in ("reservation", "contract")
    )
    state = {**written(office), "step": 4}
    both = signed_in(office.mo).get(reservation, state).content.decode()
    assert f'action="{reservation}"' in both
    assert f'action="{contract}"' in both
    assert contract not in signed_in(office.lin).get(reservation, state).content.decode()
    assert signed_in(office.lin).post(contract, state).status_code == 403
    allow(office, allows_direct_contract=False)
    assert contract not in signed_in(office.mo).get(reservation, state).content.decode()
    assert (
        contract not in signed_in(office.cast.cs).get(f"/sales/units/{unit.pk}/").content.decode()
    )
    refused = signed_in(office.cast.cs).post(contract, state)
    assert refused.status_code == 422
    assert str(errors.DirectContractOff()) in refused.content.decode()
    assert not Deal.objects.exists()


@time_machine.travel(NOON, tick=False)
def test_only_the_price_that_was_seen_is_signed(office: Office) -> None:
    unit, client = another_unit(office), signed_in(office.cast.cs)
    address = f"/sales/units/{unit.pk}/contract/"
    refused = client.post(address, written(office, seen_total="1,459,161.00"))
    assert refused.status_code == 422
    assert 'name="seen_total" value="1459160"' in refused.content.decode()
    for field, value in (
        ("signed_on", "2025-03-16"), ("signed_on", "0001-01-01"), ("signed_on", ""),
        ("seen_total", "NaN"), ("seen_total", ""), ("number", "9" * 41), ("buyer", "0"),
        ("plan", "x"), ("deposit", "1e99"), ("deposit", "1"),
    ):  # fmt: skip
        assert client.post(address, written(office, **{field: value})).status_code == 422, field
    nobody = a_buyer(office, id_number="")
    nameless = written(office, buyer=[nobody.pk])
    assert (
        f"/customers/{nobody.pk}/" in client.get(address, {**nameless, "step": 4}).content.decode()
    )
    assert client.post(address, nameless).status_code == 422
    lock_unit(unit_id=unit.pk, by=office.mo, at=SIGNED_AT)
    assert "莫经理" in client.post(address, written(office)).content.decode()
    assert not Deal.objects.exists()
