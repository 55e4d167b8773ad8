"""A wrongly printed or entered contract is void, its number spent: AFF-14, T16."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from loupan.core.models import AuditEvent
from loupan.core.refusals import NotAllowedNow
from loupan.ledger import queries as ledger
from loupan.org.testing import a_user
from loupan.sales import errors
from loupan.sales.actions.voids import void_contract
from loupan.sales.models import Contract, ContractVoid
from loupan.sales.testing import (
    RESERVED_AT,
    SIGNED_AT,
    Office,
    a_buyer,
    a_contract,
    a_receipt,
    a_reservation,
    an_office,
)

pytestmark = pytest.mark.django_db
NEXT_DAY = SIGNED_AT + timedelta(days=1)


@pytest.fixture
def office() -> Office:
    return an_office()


def void(office: Office, contract: Contract, **fields: Any) -> ContractVoid:
    given = {"reason": "打印错误", "by": office.mo, "at": SIGNED_AT, **fields}
    return void_contract(contract_id=contract.pk, **given)


def test_the_deal_is_reserved_again_and_its_money_stays(office: Office) -> None:
    buyer = a_buyer(office)
    reservation = a_reservation(office, buyers=[buyer])
    before = ledger.lines_of(reservation.deal.account_id)
    contract = a_contract(office, reservation)
    a_receipt(office, contract.deal, amount="100000", at=SIGNED_AT)
    void(office, contract)
    deal = contract.deal
    for row in (deal, deal.unit, contract, buyer):
        row.refresh_from_db()
    assert (deal.status, deal.unit.status, deal.contracted_on) == ("reserved", "reserved", None)
    assert (contract.is_void, buyer.life_class) == (True, "reserved")
    assert ledger.received_on_account(deal.account_id) == 150000
    lines = ledger.lines_of(deal.account_id)
    assert [(line.amount, line.due_on) for line in lines] == [
        (line.amount, line.due_on) for line in before
    ]
    assert deal.steps.get(code="contract").actual_on is None
    assert AuditEvent.objects.filter(event="sales.contract.voided").exists()


def test_it_is_signed_anew_under_the_next_number(office: Office) -> None:
    reservation = a_reservation(office)
    first = a_contract(office, reservation)
    void(office, first)
    second = a_contract(office, reservation)
    assert first.number.endswith("-0001")
    assert second.number.endswith("-0002")
    assert Contract.objects.filter(deal=reservation.deal, is_void=False).get() == second
    with pytest.raises(errors.ContractIsVoid):
        void(office, first)


def test_a_discount_lost_by_a_late_day_comes_back_until_it_is_signed(office: Office) -> None:
    reservation = a_reservation(office)
    agreed = reservation.deal.deal_total
    late = RESERVED_AT + timedelta(days=20)
    contract = a_contract(office, reservation, at=late)
    assert contract.deal.deal_total > agreed
    void(office, contract, at=late)
    contract.deal.refresh_from_db()
    assert contract.deal.deal_total == agreed
    again = a_contract(office, reservation, signed_on=SIGNED_AT.date(), at=late)
    assert again.deal.deal_total == agreed


def test_a_manager_voids_on_the_day_and_a_director_later(office: Office) -> None:
    manager, finance = a_user("SM", office.project), a_user("FM", office.project)
    for by in (manager, finance):
        contract = a_contract(office, a_reservation(office))
        with pytest.raises(errors.VoidTooLate):
            void(office, contract, by=by, at=NEXT_DAY)
        void(office, contract, by=by)
    void(office, a_contract(office, a_reservation(office)), at=NEXT_DAY)


def test_refusals(office: Office) -> None:
    contract = a_contract(office, a_reservation(office), by=office.mo)
    with pytest.raises(errors.OwnContract):
        void(office, contract)
    director = a_user("PD", office.project)
    with pytest.raises(errors.ReasonMissing):
        void(office, contract, by=director, reason=" ")
    for by in (office.lin, office.cast.cs, office.zhao):
        with pytest.raises(PermissionDenied):
            void(office, contract, by=by)


@pytest.mark.parametrize("status", ["reserved", "handed_over", "titled", "cancelled"])
def test_from_every_other_status_it_is_refused(
    office: Office, status: str, breaks_the_books: None
) -> None:
    contract = a_contract(office, a_reservation(office))
    type(contract.deal).objects.filter(pk=contract.deal_id).update(status=status)
    with pytest.raises(NotAllowedNow):
        void(office, contract)
