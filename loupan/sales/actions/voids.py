"""A contract was printed or entered wrongly (AFF-14): its number is spent, the deal is reserved again."""

from datetime import datetime

from loupan.core import audit
from loupan.core.calendar import business_day
from loupan.core.db import writes
from loupan.customers.actions.ownership import return_class
from loupan.customers.states import CustomerClass
from loupan.ledger.actions.schedules import DueLine, replace_schedule
from loupan.ledger.models import Account
from loupan.org.models import User
from loupan.org.permissions import require
from loupan.pricing.queries.book import price_book_of
from loupan.pricing.queries.offers import offer_lines
from loupan.sales import errors
from loupan.sales.actions.attached import (
    PRICE,
    ensure_same_units,
    lock_units_of,
    move_units,
    put_price,
)
from loupan.sales.actions.filings import ensure_not_filed
from loupan.sales.actions.process import complete_step, mark_money, plan_process
from loupan.sales.models import Buyer, Contract, ContractVoid, Deal, Reservation
from loupan.sales.permissions import may_void_later
from loupan.sales.queries.attached import attached_of, price_again
from loupan.sales.queries.contracts import schedule_when_signed, signing_discounts
from loupan.sales.states import CONTRACTED_DEALS, DEAL, StepCode


@writes
def void_contract(*, contract_id: int, reason: str, by: User, at: datetime) -> ContractVoid:
    """Void a contract that is not filed; the same parties sign the same unit anew (T16, AFF-14).

    Money stays on the deal, its schedule counts from the sign-by day again, discounts lost by
    signing late come back until it is signed.  On the day of signing a manager may, later a project
    director; never who signed it.  Raises NotAllowedNow, ContractIsVoid, UnfileFirst, OwnContract,
    ReasonMissing, VoidTooLate, ChangedMeanwhile.
    """
    deal_id = Contract.objects.values_list("deal_id", flat=True).get(pk=contract_id)
    units = lock_units_of(deal_id=deal_id)
    unit = units.main
    require(by, "sales.void_contract", unit.project_id)
    _return_customers(deal_id, at=at)
    deal = Deal.objects.locked().select_related("payment_plan", "project").get(pk=deal_id)
    ensure_same_units(deal=deal, units=units)
    ensure_not_filed(deal=deal)
    contract = Contract.objects.get(pk=contract_id)
    if contract.is_void:
        raise errors.ContractIsVoid(number=contract.number)
    before, deal.status = deal.status, DEAL.after("void_contract", deal.status)
    if contract.by_id == by.pk:
        raise errors.OwnContract
    if not reason.strip():
        raise errors.ReasonMissing
    if business_day(at) != business_day(contract.at) and not may_void_later(by, deal.project_id):
        raise errors.VoidTooLate
    contract.is_void = True
    contract.save(update_fields=["is_void"])
    made = ContractVoid.objects.create(
        contract=contract, reason=reason, voided_on=business_day(at), by=by, at=at
    )
    reservation = Reservation.objects.get(deal=deal)
    book = price_book_of(unit)
    prices = audit.snapshot(deal, "deal_total", "contracted_on")
    if contract.signed_on > reservation.sign_by and signing_discounts(deal):
        attached = list(attached_of(deal))
        again = price_again(deal, book, attached)
        voided = {"step": "contract_voided", "rule": "AFF-14", "input": {},
                  "output": f"{again.deal_total:f}"}  # fmt: skip
        put_price(deal=deal, attached=attached, priced=again, earlier=[*deal.trace, voided])
    deal.contracted_on = None
    deal.version += 1
    deal.save(update_fields=["status", "contracted_on", "version", *PRICE])
    account = Account.objects.locked().get(pk=deal.account_id)
    planned = offer_lines(schedule_when_signed(deal, reservation.sign_by, deal.deal_total, book))
    replace_schedule(
        account=account,
        lines=[
            DueLine(line.seq, line.money_type, line.amount, line.due_on, line.note)
            for line in planned
        ],
        reason="void",
        at=at,
    )
    move_units(units=units, verb="void_contract", by=by, at=at, reason=reason)
    complete_step(deal=deal, code=StepCode.CONTRACT, on=None)
    plan_process(deal=deal, schedule=planned, sign_by=reservation.sign_by)
    mark_money(deal=deal)
    audit.record(
        "sales.contract.voided", contract, by=by, at=at,
        before={"status": before, **prices},
        after={"status": deal.status, **audit.snapshot(deal, "deal_total", "contracted_on")},
        number=contract.number, reason=reason,
    )  # fmt: skip
    return made


def _return_customers(deal_id: int, *, at: datetime) -> None:
    """Buyers who have no other contract have reserved, no more."""
    ids = list(Buyer.objects.filter(deal_id=deal_id).values_list("customer_id", flat=True))
    others = set(
        Buyer.objects.filter(customer_id__in=ids, deal__status__in=CONTRACTED_DEALS)
        .exclude(deal_id=deal_id)
        .values_list("customer_id", flat=True)
    )
    return_class(
        customer_ids=[pk for pk in ids if pk not in others],
        to=CustomerClass.RESERVED,
        protected_from=business_day(at),
    )
