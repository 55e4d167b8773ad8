"""Reserving a unit: what changes, what is refused, and that it happens once."""

from decimal import Decimal

import pytest

from loupan.inventory.testing import a_unit
from loupan.ledger.queries import lines_of
from loupan.sales.testing import a_contract, a_receipt, a_reservation, an_office

pytestmark = pytest.mark.django_db


def test_canonical_reservation_to_paid() -> None:
    office = an_office()
    unit = a_unit(office.project)
    reservation = a_reservation(office, unit=unit)
    deal = reservation.deal
    assert deal.list_total == Decimal(1521895)
    assert deal.deal_total == Decimal(1459160)
    assert deal.deal_unit_price == Decimal("12301.13")
    assert deal.deal_inner_unit_price == Decimal("15462.12")
    contract = a_contract(office, reservation)
    print(
        contract.number,
        reservation.number,
        [(l.money_type, l.amount, l.due_on, l.received) for l in lines_of(deal.account_id)],
    )
    a_receipt(office, deal, amount="389160", at=contract.at)
    a_receipt(
        office, deal, amount="1020000", at=contract.at, method="loan", money_type="commercial_loan"
    )
    print([(s.code, s.planned_on, s.actual_on) for s in deal.steps.all()])
