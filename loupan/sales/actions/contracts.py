"""The contract is signed: the price snapshot is frozen, the schedule counts from its day (T11)."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from loupan.core import audit
from loupan.core.calendar import business_day
from loupan.core.db import writes
from loupan.core.numbering import next_count
from loupan.customers.actions.ownership import advance_class
from loupan.customers.states import CustomerClass
from loupan.inventory.models import Unit
from loupan.ledger import queries as ledger
from loupan.ledger.actions.schedules import DueLine, replace_schedule
from loupan.ledger.models import Account
from loupan.org.models import User
from loupan.org.permissions import require
from loupan.pricing.models import DownPaymentRule
from loupan.pricing.queries.book import PriceBook, price_book_of
from loupan.pricing.queries.offers import Gift, Special, offer_lines
from loupan.sales import errors
from loupan.sales.actions.attached import (
    PRICE,
    ensure_below_filed,
    ensure_same_units,
    ensure_units_saleable,
    lock_units_of,
    move_units,
    put_price,
)
from loupan.sales.actions.process import complete_step, mark_money, plan_process
from loupan.sales.actions.reservations import BuyerDraft, make_reservation
from loupan.sales.models import Buyer, Contract, Deal, Reservation
from loupan.sales.queries.attached import AttachedWish, attached_of, price_again
from loupan.sales.queries.contracts import (
    contract_series,
    no_direct_contract,
    schedule_when_signed,
    signing_discounts,
    unsaid_fields,
)
from loupan.sales.queries.process import DOWN_PAYMENT_TYPES
from loupan.sales.states import DEAL, StepCode


@writes
def sign_contract(
    *,
    reservation_id: int,
    signed_on: date,
    by: User,
    at: datetime,
    number: str = "",
    terms: str = "",
) -> Contract:
    """Turn a reservation into the contract; due dates count from its day from now on (T11).

    The office may give its own number, else the series of the project and year counts on.  Signed
    after the sign-by day, discounts for signing on time are lost and the price rises (2.3.1 e).
    Raises NotAllowedNow, DateInFuture, DateTooEarly, BuyerNotIdentified, DepositNotReceived,
    DownPaymentNotReceived, DealFieldMissing, ContractNumberTaken, PermitMissing, UnitSealed,
    ChangedMeanwhile.
    """
    deal_id = Reservation.objects.values_list("deal_id", flat=True).get(pk=reservation_id)
    units = lock_units_of(deal_id=deal_id)
    unit = units.main
    require(by, "sales.sign_contract", unit.project_id)
    buyers = list(Buyer.objects.filter(deal_id=deal_id).select_related("customer__person"))
    advance_class(customer_ids=[buyer.customer_id for buyer in buyers], to=CustomerClass.CONTRACTED)
    deal = (
        Deal.objects.locked().select_related("payment_plan", "account", "project").get(pk=deal_id)
    )
    ensure_same_units(deal=deal, units=units)
    deal.unit = unit
    deal.status = DEAL.after("contract", deal.status)
    reservation = Reservation.objects.get(pk=reservation_id)
    _ensure_day(signed_on, reservation, today=business_day(at))
    ensure_units_saleable(units=units, on=signed_on)
    _ensure_identified(buyers)
    Account.objects.locked().get(pk=deal.account_id)
    book = price_book_of(unit)
    _ensure_paid(deal, book)
    if missing := unsaid_fields(deal, book):
        raise errors.DealFieldMissing(label=missing[0].label)
    before = unit.status
    move_units(units=units, verb="contract", by=by, at=at)
    return _signed(
        deal, reservation, unit, signed_on, before=before, number=number, terms=terms, by=by, at=at
    )


@writes
def contract_directly(
    *,
    unit_id: int,
    buyers: Sequence[BuyerDraft],
    payment_plan_id: int,
    signed_on: date,
    by: User,
    at: datetime,
    discount_ids: Sequence[int] = (),
    deposit: Decimal | None = None,
    special: Special | None = None,
    gift: Gift | None = None,
    attached: Sequence[AttachedWish] = (),
    proof: str = "",
    number: str = "",
    terms: str = "",
) -> Contract:
    """Sign a contract on a unit that nobody reserved: agreement and contract at once (T12, SAL-13).

    Only where the project allows it.  The deposit falls due the same day.  Raises
    DirectContractOff, DirectContractNeedsDownPayment, and what reserve_unit and sign_contract raise
    but DepositNotReceived.
    """
    unit = Unit.objects.get(pk=unit_id)
    require(by, "sales.contract_directly", unit.project_id)
    if refusal := no_direct_contract(price_book_of(unit).policy):
        raise refusal
    before = unit.status
    reservation = make_reservation(
        unit_id=unit_id,
        buyers=buyers,
        payment_plan_id=payment_plan_id,
        by=by,
        at=at,
        discount_ids=discount_ids,
        deposit=deposit,
        reserved_on=signed_on,
        sign_by=signed_on,
        special=special,
        gift=gift,
        attached=attached,
        proof=proof,
        permission="sales.contract_directly",
        verb="contract_directly",
    )
    rows = list(
        Buyer.objects.filter(deal_id=reservation.deal_id).select_related("customer__person")
    )
    _ensure_identified(rows)
    advance_class(customer_ids=[row.customer_id for row in rows], to=CustomerClass.CONTRACTED)
    deal = (
        Deal.objects.locked()
        .select_related("payment_plan", "account", "project", "unit")
        .get(pk=reservation.deal_id)
    )
    deal.status = DEAL.after("contract", deal.status)
    return _signed(
        deal, reservation, deal.unit, signed_on, before=before, number=number, terms=terms, by=by,
        at=at,
    )  # fmt: skip


def _signed(
    deal: Deal,
    reservation: Reservation,
    unit: Unit,
    signed_on: date,
    *,
    before: str,
    number: str,
    terms: str,
    by: User,
    at: datetime,
) -> Contract:
    """The deal, its schedule and its process as they are from the day of the contract on."""
    account = Account.objects.locked().get(pk=deal.account_id)
    book = price_book_of(unit)
    prices = audit.snapshot(deal, "deal_total", "contracted_on")
    if signed_on > reservation.sign_by:
        _lose_signing_discounts(deal, book, unit)
    planned = schedule_when_signed(deal, signed_on, deal.deal_total, book)
    replace_schedule(
        account=account,
        lines=[
            DueLine(line.seq, line.money_type, line.amount, line.due_on, line.note)
            for line in offer_lines(planned)
        ],
        reason="contract",
        at=at,
    )
    deal.contracted_on = signed_on
    deal.version += 1
    deal.save(
        update_fields=[
            "status", "contracted_on", "version", *PRICE,
        ]
    )  # fmt: skip
    plan_process(deal=deal, schedule=offer_lines(planned), sign_by=reservation.sign_by)
    complete_step(deal=deal, code=StepCode.CONTRACT, on=signed_on)
    mark_money(deal=deal)
    contract = Contract.objects.create(
        deal=deal,
        project_id=deal.project_id,
        number=_number(deal, number, signed_on),
        signed_on=signed_on,
        terms=terms,
        by=by,
        at=at,
    )
    audit.record(
        "sales.contract.signed",
        contract,
        by=by,
        at=at,
        before={"status": before, **prices},
        after={"status": unit.status, **audit.snapshot(deal, "deal_total", "contracted_on")},
        number=contract.number,
        unit=unit.number,
    )
    return contract


def _ensure_day(signed_on: date, reservation: Reservation, *, today: date) -> None:
    if signed_on > today:
        raise errors.DateInFuture(day=signed_on)
    if signed_on < reservation.reserved_on:
        raise errors.DateTooEarly(day=signed_on, earliest=reservation.reserved_on)


def _ensure_identified(buyers: list[Buyer]) -> None:
    for buyer in buyers:
        if not (buyer.customer.name and buyer.customer.person.id_index):
            raise errors.BuyerNotIdentified(buyer=buyer.customer.name)


def _ensure_paid(deal: Deal, book: PriceBook) -> None:
    lines = ledger.lines_of(deal.account_id)
    received = ledger.received_on_account(deal.account_id)
    if received < deal.deposit:
        raise errors.DepositNotReceived(deposit=deal.deposit, received=received)
    if book.policy.down_payment_rule == DownPaymentRule.FULL_DOWN_PAYMENT:
        wanted = [line for line in lines if line.money_type in DOWN_PAYMENT_TYPES]
        needed = sum((line.amount for line in wanted), Decimal(0))
        covered = sum((line.received for line in wanted), Decimal(0))
        if covered < needed:
            raise errors.DownPaymentNotReceived(needed=needed, received=covered)


def _lose_signing_discounts(deal: Deal, book: PriceBook, unit: Unit) -> None:
    lost = signing_discounts(deal)
    if not lost:
        return
    attached = list(attached_of(deal))
    priced = price_again(deal, book, attached, without_signing_discounts=True)
    ensure_below_filed(unit=unit, attached=attached, priced=priced)
    late = {
        "step": "signed_too_late", "rule": "2.3.1 e", "input": {"lost": ", ".join(lost)},
        "output": f"{priced.deal_total:f}",
    }  # fmt: skip
    put_price(deal=deal, attached=attached, priced=priced, earlier=[*deal.trace, late])


def _number(deal: Deal, given: str, day: date) -> str:
    taken = Contract.objects.filter(project_id=deal.project_id)
    if given := given.strip():
        if taken.filter(number=given).exists():
            raise errors.ContractNumberTaken(number=given)
        return given
    key, numbered = contract_series(deal.project, day)
    number = numbered(next_count(key))
    while taken.filter(number=number).exists():  # The office gave that one by hand.
        number = numbered(next_count(key))
    return number
