"""Cancelling: the money goes back, the unit comes free, all in one (AFF-03, T15)."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied

from loupan.core.refusals import NotAllowedNow
from loupan.inventory.testing import a_unit
from loupan.ledger.errors import AccountClosed
from loupan.ledger.models import Allocation, Receipt
from loupan.ledger.queries import lines_of, received_on_account
from loupan.pricing.models import Discount
from loupan.pricing.testing import a_discount
from loupan.sales import errors
from loupan.sales.actions.cancellations import cancel_reservation
from loupan.sales.actions.money import reverse_receipt
from loupan.sales.models import Reservation, ReservationCancellation
from loupan.sales.testing import (
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


def cancel(office: Office, reservation: Reservation, **fields: Any) -> ReservationCancellation:
    return cancel_reservation(
        reservation_id=reservation.pk,
        reason=fields.pop("reason", "客户原因"),
        request_key=uuid4(),
        by=fields.pop("by", office.mo),
        at=fields.pop("at", SIGNED_AT),
        **fields,
    )


def test_everything_goes_back_and_the_unit_is_withheld(office: Office) -> None:
    unit, buyer = a_unit(office.project), a_buyer(office)
    reservation = a_reservation(office, unit=unit, buyers=[buyer])
    done = cancel(office, reservation)
    unit.refresh_from_db()
    buyer.refresh_from_db()
    deal = done.deal
    assert (done.refunded, done.kept) == (Decimal(50000), 0)
    assert (unit.status, deal.status, buyer.life_class) == ("withheld", "cancelled", "intention")
    assert lines_of(deal.account_id) == []
    assert received_on_account(deal.account_id) == 0
    refund = Receipt.objects.get(kind="refund")
    assert (refund.amount, refund.number[-5:]) == (Decimal(-50000), "00002")
    assert sum(row.amount for row in Allocation.objects.all()) == 0


def test_a_part_may_be_kept(office: Office) -> None:
    reservation = a_reservation(office)
    with pytest.raises(errors.KeptTooMuch):
        cancel(office, reservation, kept=Decimal("50000.01"))
    done = cancel(office, reservation, kept=Decimal(20000))
    lines = {row.kind: row.amount for row in Receipt.objects.all()}
    assert lines == {"receipt": 50000, "refund": -30000, "forfeit": -20000}
    assert (done.refunded, done.kept) == (30000, 20000)


def test_u_4_the_unit_can_be_sold_again_at_once(office: Office) -> None:
    unit = a_unit(office.project)
    cancel(office, a_reservation(office, unit=unit), unit_goes_to="available")
    again = a_reservation(office, unit=unit, at=SIGNED_AT)
    unit.refresh_from_db()
    assert unit.status == "reserved"
    assert again.number.endswith("0002")


def test_a_quota_is_returned(office: Office) -> None:
    first = a_discount(office.project, office.mo, code="FIRST1", kind="regular", quota=1)
    cancel(office, a_reservation(office, discount_ids=[first.pk]))
    assert Discount.objects.get(pk=first.pk).used == 0
    a_reservation(office, discount_ids=[first.pk])


def test_a_buyer_with_another_deal_stays_a_buyer(office: Office) -> None:
    buyer = a_buyer(office)
    first = a_reservation(office, buyers=[buyer])
    a_reservation(office, buyers=[buyer])
    cancel(office, first)
    buyer.refresh_from_db()
    assert buyer.life_class == "reserved"


def test_who_made_it_does_not_cancel_it(office: Office) -> None:
    reservation = a_reservation(office, by=office.mo)
    with pytest.raises(errors.OwnReservation):
        cancel(office, reservation)


def test_a_seller_does_not_cancel(office: Office) -> None:
    with pytest.raises(PermissionDenied):
        cancel(office, a_reservation(office), by=office.lin)


def test_a_cancellation_says_why_and_happens_once(office: Office) -> None:
    reservation = a_reservation(office)
    with pytest.raises(errors.ReasonMissing):
        cancel(office, reservation, reason=" ")
    cancel(office, reservation)
    with pytest.raises(NotAllowedNow):
        cancel(office, reservation)


def test_u_3_a_contract_is_not_ended_as_a_reservation(office: Office) -> None:
    reservation = a_reservation(office)
    a_contract(office, reservation)
    with pytest.raises(NotAllowedNow):
        cancel(office, reservation)


def test_u_7_nothing_is_received_on_an_ended_deal_nor_reversed(office: Office) -> None:
    reservation = a_reservation(office)
    cancel(office, reservation)
    with pytest.raises(AccountClosed):
        a_receipt(office, reservation.deal, amount="100", at=SIGNED_AT)
    receipt = Receipt.objects.get(kind="receipt")
    with pytest.raises(AccountClosed):
        reverse_receipt(receipt_id=receipt.pk, reason="误录", by=office.zhao, at=SIGNED_AT)
