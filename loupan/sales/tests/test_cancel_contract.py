"""Ending a contract: penalty kept, the rest refunded, the unit free (AFF-05, T16)."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied

from loupan.core.refusals import NotAllowedNow
from loupan.ledger.models import Receipt
from loupan.ledger.queries import received_on_account
from loupan.sales import errors
from loupan.sales.actions.cancellations import cancel_contract
from loupan.sales.models import Contract, ContractCancellation
from loupan.sales.testing import (
    SIGNED_AT,
    Office,
    a_contract,
    a_receipt,
    a_reservation,
    an_office,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Office:
    return an_office()


def cancel(office: Office, contract: Contract, **fields: Any) -> ContractCancellation:
    return cancel_contract(
        contract_id=contract.pk,
        reason=fields.pop("reason", "买方违约"),
        request_key=uuid4(),
        by=fields.pop("by", office.mo),
        at=SIGNED_AT,
        **fields,
    )


def test_the_penalty_is_kept_and_the_rest_goes_back(office: Office) -> None:
    contract = a_contract(office, a_reservation(office))
    a_receipt(office, contract.deal, amount="389160", at=SIGNED_AT)
    done = cancel(office, contract, penalty=Decimal("72958.00"))
    deal = done.deal
    assert (done.refunded, done.penalty) == (Decimal("366202.00"), Decimal("72958.00"))
    assert (deal.status, deal.unit.status) == ("cancelled", "withheld")
    assert received_on_account(deal.account_id) == 0
    assert {row.kind for row in Receipt.objects.filter(amount__lt=0)} == {"refund", "forfeit"}


def test_u_4_the_unit_is_sold_again_only_after_the_contract_ended(office: Office) -> None:
    contract = a_contract(office, a_reservation(office))
    unit = contract.deal.unit
    with pytest.raises(errors.UnitNotAvailable):
        a_reservation(office, unit=unit, at=SIGNED_AT)
    cancel(office, contract, unit_goes_to="available")
    a_reservation(office, unit=unit, at=SIGNED_AT)


def test_u_3_only_who_may_and_did_not_sign_ends_a_contract(office: Office) -> None:
    contract = a_contract(office, a_reservation(office), by=office.mo)
    with pytest.raises(errors.OwnContract):
        cancel(office, contract)
    for by in (office.lin, office.cast.cs):
        with pytest.raises(PermissionDenied):
            cancel(office, contract, by=by)


def test_a_contract_is_ended_once_with_a_reason_within_what_was_received(office: Office) -> None:
    contract = a_contract(office, a_reservation(office))
    with pytest.raises(errors.ReasonMissing):
        cancel(office, contract, reason="")
    with pytest.raises(errors.KeptTooMuch):
        cancel(office, contract, penalty=Decimal(50001))
    cancel(office, contract)
    with pytest.raises(NotAllowedNow):
        cancel(office, contract)
