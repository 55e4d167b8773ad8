"""Signing: the deposit is in, the buyers are known, the schedule counts from the day (T11)."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied

from loupan.core.refusals import NotAllowedNow
from loupan.inventory.errors import UnitSealed
from loupan.inventory.models import Unit
from loupan.inventory.testing import a_unit
from loupan.ledger.models import Receivable
from loupan.ledger.queries import lines_of
from loupan.pricing.actions.policies import save_policy
from loupan.sales import errors
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


@pytest.fixture
def office() -> Office:
    return an_office()


def test_a_contract_freezes_the_price_and_moves_unit_deal_and_buyer(office: Office) -> None:
    unit, buyer = a_unit(office.project), a_buyer(office)
    contract = a_contract(office, a_reservation(office, unit=unit, buyers=[buyer]))
    unit.refresh_from_db()
    buyer.refresh_from_db()
    deal = contract.deal
    assert (unit.status, buyer.life_class, deal.status) == ("contracted",) * 3
    assert (deal.contracted_on, deal.deal_total) == (date(2025, 3, 15), Decimal(1459160))
    steps = {step.code: step.actual_on for step in deal.steps.all()}
    assert steps["contract"] == date(2025, 3, 15)
    assert steps["down_payment"] is None


def test_due_dates_count_from_the_day_of_the_contract(office: Office) -> None:
    """Signed on the 12th: 19th and 11 April; the lines planned before are answered by opposites."""
    reservation = a_reservation(office)
    deal = a_contract(office, reservation, signed_on=date(2025, 3, 12)).deal
    assert [(int(line.amount), line.due_on) for line in lines_of(deal.account_id)] == [
        (50000, date(2025, 3, 8)),
        (389160, date(2025, 3, 19)),
        (1020000, date(2025, 4, 11)),
    ]
    taken_back = Receivable.objects.filter(account_id=deal.account_id, amount__lt=0)
    assert sorted(row.amount for row in taken_back) == [-1020000, -389160]
    assert lines_of(deal.account_id)[0].received == 50000


def test_without_the_deposit_there_is_no_contract(office: Office) -> None:
    reservation = a_reservation(office, with_deposit=False)
    with pytest.raises(errors.DepositNotReceived):
        a_contract(office, reservation)
    a_receipt(office, reservation.deal, amount="49999.99")
    with pytest.raises(errors.DepositNotReceived, match=r"49999\.99"):
        a_contract(office, reservation)
    a_receipt(office, reservation.deal, amount="0.01")
    a_contract(office, reservation)


def test_a_project_may_want_the_whole_down_payment_first(office: Office) -> None:
    save_policy(
        project_id=office.project.pk, values={"down_payment_rule": "full_down_payment"},
        by=office.mo, at=RESERVED_AT,
    )  # fmt: skip
    reservation = a_reservation(office)
    with pytest.raises(errors.DownPaymentNotReceived):
        a_contract(office, reservation)
    a_receipt(office, reservation.deal, amount="389160", at=SIGNED_AT)
    a_contract(office, reservation)


def test_every_buyer_has_a_name_and_an_id_number(office: Office) -> None:
    known, unknown = a_buyer(office), a_buyer(office, name="马晓东", id_number=None)
    reservation = a_reservation(office, buyers=[known, unknown])
    with pytest.raises(errors.BuyerNotIdentified, match="马晓东"):
        a_contract(office, reservation)


def test_a_contract_is_signed_between_reservation_and_today(office: Office) -> None:
    reservation = a_reservation(office)
    with pytest.raises(errors.DateInFuture):
        a_contract(office, reservation, signed_on=SIGNED_AT.date() + timedelta(days=1))
    with pytest.raises(errors.DateTooEarly):
        a_contract(office, reservation, signed_on=date(2025, 3, 7))


def test_the_office_may_give_the_number_once(office: Office) -> None:
    assert a_contract(office, a_reservation(office), number="YS-118").number == "YS-118"
    with pytest.raises(errors.ContractNumberTaken):
        a_contract(office, a_reservation(office), number="YS-118")


def test_the_series_steps_over_numbers_given_by_hand(office: Office) -> None:
    code = office.project.code
    a_contract(office, a_reservation(office), number=f"{code}-HT2025-0001")
    assert a_contract(office, a_reservation(office)).number == f"{code}-HT2025-0002"


def test_a_contract_is_signed_once(office: Office) -> None:
    reservation = a_reservation(office)
    a_contract(office, reservation)
    with pytest.raises(NotAllowedNow):
        a_contract(office, reservation)


def test_who_sells_does_not_sign(office: Office) -> None:
    with pytest.raises(PermissionDenied):
        a_contract(office, a_reservation(office), by=office.lin)


def test_a_unit_sealed_since_is_not_signed_for(office: Office) -> None:
    reservation = a_reservation(office)
    Unit.objects.filter(pk=reservation.deal.unit_id).update(is_sealed=True)
    with pytest.raises(UnitSealed):
        a_contract(office, reservation)


def test_signing_late_loses_what_was_for_signing_on_time(office: Office) -> None:
    """2.3.1 e: 1,521,895 × 0.98 × 0.995 − 10,000 = 1,473,999.8145 → 1,474,000."""
    reservation = a_reservation(office)
    late = SIGNED_AT + timedelta(days=16)
    deal = a_contract(office, reservation, at=late).deal
    assert deal.deal_total == Decimal(1474000)
    assert sum(line.amount for line in lines_of(deal.account_id)) == deal.deal_total
    assert "signed_too_late" in {step["step"] for step in deal.trace}
