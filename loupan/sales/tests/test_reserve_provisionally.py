"""A unit is kept some days for a small refundable amount: T8, T9, ORC-17, U-12."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from time_machine import travel

from loupan.core.models import AuditEvent
from loupan.core.refusals import KeyReused
from loupan.inventory.errors import PermitMissing
from loupan.inventory.states import UNIT, UnitStatus
from loupan.ledger import queries as ledger
from loupan.ledger.errors import AccountClosed, OnlyReceiptsAreReversed
from loupan.ledger.models import Receipt
from loupan.org.testing import a_user
from loupan.pricing.actions.policies import save_policy
from loupan.pricing.models import PricingPolicy
from loupan.sales import errors
from loupan.sales.actions.claims import expire_claim, hold_unit, lock_unit
from loupan.sales.actions.money import reverse_receipt
from loupan.sales.actions.provisionals import (
    reserve_provisionally,
    withdraw_provisional,
)
from loupan.sales.actions.reservations import BuyerDraft
from loupan.sales.models import Claim, ProvisionalReservation, ProvisionalWithdrawal
from loupan.sales.queries.provisionals import kept_for_money
from loupan.sales.testing import (
    RESERVED_AT,
    Office,
    a_buyer,
    a_provisional_receipt,
    a_reservation,
    an_office,
    another_unit,
)

pytestmark = pytest.mark.django_db
LATER = RESERVED_AT + timedelta(days=3)


@pytest.fixture
def office() -> Office:
    return an_office()


def make(office: Office, **fields: Any) -> ProvisionalReservation:
    given = {
        "customer_id": (fields.pop("customer", None) or a_buyer(office)).pk,
        "unit_id": (fields.pop("unit", None) or another_unit(office)).pk,
        "amount": Decimal(5000),
        "by": office.lin,
        "at": RESERVED_AT,
        **fields,
    }
    return reserve_provisionally(**given)


def withdraw(office: Office, made: ProvisionalReservation, **fields: Any) -> ProvisionalWithdrawal:
    given = {"reason": "客户放弃", "request_key": uuid4(), "by": office.mo, "at": RESERVED_AT}
    return withdraw_provisional(provisional_id=made.pk, **{**given, **fields})


# --- T8 -------------------------------------------------------------------------------------------


def test_a_unit_is_kept_for_a_customer_and_the_money_falls_due_the_same_day(
    office: Office,
) -> None:
    made = make(office)
    made.unit.refresh_from_db()
    assert made.unit.status == "provisional"
    assert made.unit.claim_until == made.claim.expires_at == RESERVED_AT + timedelta(days=3)
    assert made.number == f"{office.project.code}-XD2025-0001"
    [line] = ledger.lines_of(made.account_id)
    assert (line.money_type, line.amount, line.due_on) == (
        "advance_payment", Decimal(5000), RESERVED_AT.date(),
    )  # fmt: skip
    event = AuditEvent.objects.get(event="sales.provisional.made")
    assert (event.by, event.facts["amount"]) == (office.lin, "5000")


def test_days_and_amount_are_those_of_the_project_unless_said(office: Office) -> None:
    policy = PricingPolicy.objects.get(project=office.project)
    values = {"provisional_days": 5, "provisional_amount": Decimal(8000)}
    save_policy(
        project_id=office.project.pk, values=values, version=policy.version, by=office.mo,
        at=RESERVED_AT,
    )  # fmt: skip
    made = make(office, amount=None)
    assert (made.amount, made.claim.expires_at) == (8000, RESERVED_AT + timedelta(days=5))
    assert make(office, days=2).claim.expires_at == RESERVED_AT + timedelta(days=2)


def test_ones_own_lock_and_the_customers_hold_become_it(office: Office) -> None:
    locked, held, buyer = another_unit(office), another_unit(office), a_buyer(office)
    lock_unit(unit_id=locked.pk, by=office.lin, at=RESERVED_AT)
    hold_unit(unit_id=held.pk, customer_id=buyer.pk, days=1, by=office.mo, at=RESERVED_AT)
    make(office, unit=locked)
    make(office, unit=held, customer=buyer)
    ended = Claim.objects.filter(is_active=False).values_list("end_reason", flat=True)
    assert list(ended) == ["provisional", "provisional"]


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"days": 4}, errors.ProvisionalTooLong),
        ({"days": 0}, errors.ProvisionalTooLong),
        ({"amount": Decimal(0)}, errors.ProvisionalAmountMissing),
        ({"amount": Decimal(-1)}, errors.ProvisionalAmountMissing),
        ({"amount": Decimal("0.001")}, errors.ProvisionalAmountMissing),
        ({"amount": Decimal("NaN")}, errors.ProvisionalAmountMissing),
        ({"amount": Decimal("1e15")}, errors.ProvisionalAmountMissing),
        ({"amount": None}, errors.ProvisionalAmountMissing),
    ],
)
def test_what_is_out_of_bounds_is_refused(
    office: Office, fields: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        make(office, **fields)
    assert not Claim.objects.exists()


def test_it_is_for_a_customer_of_ones_own(office: Office) -> None:
    with pytest.raises(errors.CustomerUnknown):
        make(office, customer=a_buyer(an_office()))
    with pytest.raises(errors.CustomerUnknown):
        make(office, customer=a_buyer(office, owner=office.mo))


def test_who_may_not_sell_may_not_do_it(office: Office) -> None:
    for by in (office.zhao, office.cast.guest, office.cast.wei):
        with pytest.raises(PermissionDenied):
            make(office, by=by)


def test_without_a_permit_no_money_of_any_kind_is_agreed(office: Office) -> None:
    """L-01: nothing of a pre-order nature before the pre-sale permit."""
    unit = another_unit(office)
    unit.building.permit = None
    unit.building.save(update_fields=["permit"])
    with pytest.raises(PermitMissing):
        make(office, unit=unit)


@pytest.mark.parametrize("status", list(UnitStatus))
def test_from_every_other_status_it_is_refused(office: Office, status: str) -> None:
    starts, _end = UNIT.moves["reserve_provisionally"]
    if status in starts:
        return
    unit = another_unit(office)
    type(unit).objects.filter(pk=unit.pk).update(status=status)
    with pytest.raises(errors.UnitNotAvailable):
        make(office, unit=unit)


def test_u_1_of_two_one_gets_it_and_a_colleague_is_told_who_has_it(office: Office) -> None:
    unit = another_unit(office)
    make(office, unit=unit)
    with pytest.raises(errors.UnitNotAvailable, match="林小雨"):
        make(office, unit=unit)
    with pytest.raises(errors.UnitNotAvailable):
        a_reservation(office, unit=unit)


# --- Money ----------------------------------------------------------------------------------------


def test_its_money_is_an_advance_payment_and_settles_it(office: Office) -> None:
    made = make(office)
    receipt = a_provisional_receipt(office, made)
    assert (receipt.money_type, receipt.payer) == ("advance_payment", made.customer.name)
    assert ledger.balance_of(made.account_id, RESERVED_AT.date()).outstanding == 0


def test_it_takes_no_more_than_agreed_and_a_repeat_is_taken_once(office: Office) -> None:
    made, key = make(office), uuid4()
    first = a_provisional_receipt(office, made, request_key=key)
    assert a_provisional_receipt(office, made, request_key=key) == first
    with pytest.raises(KeyReused):
        a_provisional_receipt(office, made, amount="4000", request_key=key)
    with pytest.raises(errors.ProvisionalOverpaid):
        a_provisional_receipt(office, made, amount="0.01")


def test_only_a_cashier_takes_it(office: Office) -> None:
    with pytest.raises(PermissionDenied):
        a_provisional_receipt(office, make(office), by=office.lin)


def test_a_wrong_receipt_of_it_is_reversed(office: Office) -> None:
    made = make(office)
    receipt = a_provisional_receipt(office, made)
    reverse_receipt(receipt_id=receipt.pk, reason="误录", by=office.zhao, at=RESERVED_AT)
    assert ledger.received_on_account(made.account_id) == 0


# --- T9 -------------------------------------------------------------------------------------------


def test_a_withdrawal_pays_everything_back_and_offers_the_unit_again(office: Office) -> None:
    made = make(office)
    a_provisional_receipt(office, made)
    withdrawal = withdraw(office, made)
    made.refresh_from_db()
    assert withdrawal.refunded == 5000
    assert (made.unit.status, made.claim.end_reason) == ("available", "withdrawn")
    assert ledger.received_on_account(made.account_id) == 0
    assert ledger.lines_of(made.account_id) == []
    assert made.account.closed_at == RESERVED_AT
    assert AuditEvent.objects.filter(event="sales.provisional.withdrawn").exists()


def test_a_withdrawal_without_money_pays_nothing(office: Office) -> None:
    assert withdraw(office, make(office)).refunded == 0
    assert not Receipt.objects.exists()


def test_refusals_of_a_withdrawal(office: Office) -> None:
    made = make(office, by=office.mo)
    with pytest.raises(PermissionDenied):
        withdraw(office, made, by=office.lin)
    with pytest.raises(errors.ReasonMissing):
        withdraw(office, made, reason=" ")
    a_provisional_receipt(office, made)
    with pytest.raises(errors.OwnProvisional):
        withdraw(office, made)
    withdraw(office, made, by=a_user("SM", office.project))
    for again in (
        lambda: withdraw(office, made, by=a_user("SM", office.project)),
        lambda: a_provisional_receipt(office, made),
    ):
        with pytest.raises(errors.ProvisionalEnded):
            again()


def test_without_money_the_clock_ends_it(office: Office) -> None:
    made = make(office)
    with travel(LATER - timedelta(seconds=1), tick=False):
        call_command("expire_claims", verbosity=0)
    made.unit.refresh_from_db()
    assert made.unit.status == "provisional"
    with travel(LATER, tick=False):
        call_command("expire_claims", verbosity=0)
        call_command("expire_claims", verbosity=0)
    made.refresh_from_db()
    assert (made.unit.status, made.claim.end_reason) == ("available", "expired")
    assert made.account.closed_at is not None
    assert ledger.lines_of(made.account_id) == []


def test_the_next_verb_ends_it_when_its_time_is_over(office: Office) -> None:
    made = make(office)
    lock_unit(unit_id=made.unit_id, by=office.mo, at=LATER)
    made.refresh_from_db()
    assert (made.unit.status, made.claim.end_reason) == ("locked", "expired")


def test_u_12_expiry_never_frees_a_unit_on_which_money_came_in(office: Office) -> None:
    made = make(office)
    a_provisional_receipt(office, made)
    for _run in range(2):
        assert expire_claim(claim_id=made.claim_id, by=None, at=LATER) is False
    made.refresh_from_db()
    assert (made.unit.status, made.claim.kept_since) == ("provisional", LATER)
    assert AuditEvent.objects.filter(event="sales.claim.kept_for_money").count() == 1
    assert list(kept_for_money(office.mo, LATER)) == [made]
    assert not kept_for_money(office.cast.wei, LATER).exists()
    for by in (office.mo, office.lin):
        with pytest.raises(errors.UnitNotAvailable):
            lock_unit(unit_id=made.unit_id, by=by, at=LATER)
    withdraw(office, made, at=LATER)
    assert not kept_for_money(office.mo, LATER).exists()


def test_u_12_money_that_was_taken_back_keeps_nothing(office: Office) -> None:
    made = make(office)
    receipt = a_provisional_receipt(office, made)
    assert expire_claim(claim_id=made.claim_id, by=None, at=LATER) is False
    reverse_receipt(receipt_id=receipt.pk, reason="误录", by=office.zhao, at=LATER)
    assert expire_claim(claim_id=made.claim_id, by=None, at=LATER) is True


# --- Conversion -----------------------------------------------------------------------------------


def test_orc_17_what_was_paid_offsets_the_deposit(office: Office) -> None:
    """Paid 30,000 before, deposit 50,000: a transfer pair and 20,000 in cash."""
    buyer = a_buyer(office)
    made = make(office, amount=Decimal(30000), customer=buyer)
    a_provisional_receipt(office, made, amount="30000")
    deal = a_reservation(office, unit=made.unit, buyers=[buyer], with_deposit=False).deal
    gone, come = Receipt.objects.filter(kind="transfer").order_by("id")
    assert (gone.account_id, gone.amount) == (made.account_id, -30000)
    assert (come.account_id, come.amount, come.carried_from) == (deal.account_id, 30000, gone)
    made.refresh_from_db()
    assert (made.deal, made.claim.end_reason) == (deal, "reserved")
    assert made.account.closed_at is not None
    assert ledger.received_on_account(made.account_id) == 0
    deposit = ledger.lines_of(deal.account_id)[0]
    assert [deposit.received, deposit.outstanding] == [30000, 20000]
    assert sum(each.amount for each in Receipt.objects.exclude(kind="receipt")) == 0


def test_orc_17_what_is_left_pays_what_is_due_next(office: Office) -> None:
    """Paid 80,000 before: 50,000 to the deposit, 30,000 to house money."""
    buyer = a_buyer(office)
    made = make(office, amount=Decimal(80000), customer=buyer)
    a_provisional_receipt(office, made, amount="80000")
    deal = a_reservation(office, unit=made.unit, buyers=[buyer], with_deposit=False).deal
    first, second, *_rest = ledger.lines_of(deal.account_id)
    assert [first.received, second.received] == [50000, 30000]


def test_without_money_nothing_is_carried_over(office: Office) -> None:
    buyer = a_buyer(office)
    made = make(office, customer=buyer)
    a_reservation(office, unit=made.unit, buyers=[buyer], with_deposit=False)
    assert not Receipt.objects.exists()
    made.refresh_from_db()
    assert made.account.closed_at is not None


def test_it_is_reserved_for_its_customer_only_even_after_its_time(office: Office) -> None:
    buyer = a_buyer(office)
    made = make(office, customer=buyer)
    a_provisional_receipt(office, made)
    with pytest.raises(errors.UnitNotAvailable):
        a_reservation(office, unit=made.unit, shares=[BuyerDraft(a_buyer(office).pk)], at=LATER)
    a_reservation(office, unit=made.unit, buyers=[buyer], at=LATER)


def test_money_carried_over_is_not_reversed_line_by_line(office: Office) -> None:
    buyer = a_buyer(office)
    made = make(office, customer=buyer)
    receipt = a_provisional_receipt(office, made)
    a_reservation(office, unit=made.unit, buyers=[buyer])
    with pytest.raises(AccountClosed):
        reverse_receipt(receipt_id=receipt.pk, reason="误录", by=office.zhao, at=RESERVED_AT)
    come = Receipt.objects.get(kind="transfer", amount__gt=0)
    with pytest.raises(OnlyReceiptsAreReversed):
        reverse_receipt(receipt_id=come.pk, reason="误录", by=office.zhao, at=RESERVED_AT)
