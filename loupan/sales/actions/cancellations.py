"""A deal ends before its time: the money goes back, the unit comes free, all or nothing (T15)."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from loupan.core import audit
from loupan.core.calendar import business_day
from loupan.core.db import writes
from loupan.core.money import ZERO
from loupan.customers.actions.ownership import return_class
from loupan.customers.states import CustomerClass
from loupan.inventory.states import UnitStatus
from loupan.ledger import queries as ledger
from loupan.ledger.actions.receipts import pay_back
from loupan.ledger.actions.schedules import replace_schedule
from loupan.ledger.models import Account, PaymentMethod
from loupan.org.models import User
from loupan.org.permissions import require
from loupan.pricing.actions.discounts import return_quotas
from loupan.sales import errors
from loupan.sales.actions.attached import (
    DealUnits,
    end_claims,
    ensure_same_units,
    lock_units_of,
    move_units,
)
from loupan.sales.actions.filings import ensure_not_filed
from loupan.sales.models import (
    Buyer,
    Contract,
    ContractCancellation,
    Deal,
    Reservation,
    ReservationCancellation,
)
from loupan.sales.states import ACTIVE_DEALS, DEAL

GOES_TO = frozenset({UnitStatus.AVAILABLE, UnitStatus.WITHHELD})


@writes
def cancel_reservation(
    *,
    reservation_id: int,
    reason: str,
    request_key: UUID,
    by: User,
    at: datetime,
    kept: Decimal = ZERO,
    unit_goes_to: str = UnitStatus.WITHHELD,
    method: str = PaymentMethod.TRANSFER,
) -> ReservationCancellation:
    """End a reservation by agreement: refund all but what is kept, free the unit (AFF-03).

    Whoever made the reservation cannot cancel it.  Receipts, schedule and allocations stay; their
    opposites are added.  Raises NotAllowedNow, OwnReservation, ReasonMissing, KeptTooMuch.
    """
    reservation = Reservation.objects.select_related("deal").get(pk=reservation_id)
    units, deal, account = _lock(reservation.deal, "sales.cancel_reservation", by=by, at=at)
    unit = units.main
    deal.status = DEAL.after("cancel_reservation", deal.status)
    if reservation.by_id == by.pk:
        raise errors.OwnReservation
    before = unit.status
    received = _end(
        deal, units, account, verb="end_reservation", reason=reason, kept=kept,
        unit_goes_to=unit_goes_to, method=method, request_key=request_key, by=by, at=at,
    )  # fmt: skip
    return_quotas(
        discount_ids=[
            pk for pk in deal.discounts.values_list("discount_id", flat=True) if pk is not None
        ]
    )
    cancellation = ReservationCancellation.objects.create(
        deal=deal,
        reason=reason,
        refunded=received - kept,
        kept=kept,
        unit_goes_to=unit_goes_to,
        cancelled_on=business_day(at),
        by=by,
        at=at,
    )
    audit.record(
        "sales.reservation.cancelled",
        reservation,
        by=by,
        at=at,
        before={"status": before},
        after={"status": unit.status},
        reason=reason,
        refunded=received - kept,
        kept=kept,
    )
    return cancellation


@writes
def cancel_contract(
    *,
    contract_id: int,
    reason: str,
    request_key: UUID,
    by: User,
    at: datetime,
    penalty: Decimal = ZERO,
    unit_goes_to: str = UnitStatus.WITHHELD,
    method: str = PaymentMethod.TRANSFER,
) -> ContractCancellation:
    """End a contract that is not filed, by agreement or default (AFF-05 in its simplest form).

    Refunds all but the penalty.  Whoever signed the contract cannot end it; a quota stays used.
    Raises NotAllowedNow, UnfileFirst, OwnContract, ReasonMissing, KeptTooMuch.
    """
    contract = Contract.objects.select_related("deal").get(pk=contract_id)
    units, deal, account = _lock(contract.deal, "sales.cancel_contract", by=by, at=at)
    unit = units.main
    ensure_not_filed(deal=deal)
    deal.status = DEAL.after("cancel_contract", deal.status)
    if contract.by_id == by.pk:
        raise errors.OwnContract
    before = unit.status
    received = _end(
        deal, units, account, verb="end_contract", reason=reason, kept=penalty,
        unit_goes_to=unit_goes_to, method=method, request_key=request_key, by=by, at=at,
    )  # fmt: skip
    cancellation = ContractCancellation.objects.create(
        deal=deal,
        reason=reason,
        refunded=received - penalty,
        penalty=penalty,
        unit_goes_to=unit_goes_to,
        cancelled_on=business_day(at),
        by=by,
        at=at,
    )
    audit.record(
        "sales.contract.cancelled",
        contract,
        by=by,
        at=at,
        before={"status": before},
        after={"status": unit.status},
        reason=reason,
        refunded=received - penalty,
        penalty=penalty,
    )
    return cancellation


def _lock(
    deal: Deal, permission: str, *, by: User, at: datetime
) -> tuple[DealUnits, Deal, Account]:
    """House lock order: units, customers, deal, account; number series are taken later."""
    units = lock_units_of(deal_id=deal.pk)
    require(by, permission, units.main.project_id)
    buyers = list(Buyer.objects.filter(deal=deal).values_list("customer_id", flat=True))
    _return_customers(buyers, deal.pk, at=at)
    locked = Deal.objects.locked().get(pk=deal.pk)
    ensure_same_units(deal=locked, units=units)
    account = Account.objects.locked().select_related("project").get(pk=locked.account_id)
    return units, locked, account


def _end(
    deal: Deal,
    units: DealUnits,
    account: Account,
    *,
    verb: str,
    reason: str,
    kept: Decimal,
    unit_goes_to: str,
    method: str,
    request_key: UUID,
    by: User,
    at: datetime,
) -> Decimal:
    """What both ways of ending share; returns what had been received."""
    if not reason.strip():
        raise errors.ReasonMissing
    assert unit_goes_to in GOES_TO, unit_goes_to
    received = ledger.received_on_account(account.pk)
    if not ZERO <= kept <= received:
        raise errors.KeptTooMuch(received=received)
    replace_schedule(account=account, lines=[], reason="cancellation", at=at)
    deal.ended_on = business_day(at)
    deal.version += 1
    deal.save(update_fields=["status", "ended_on", "version"])
    end_claims(deal=deal, reason="cancelled", at=at)
    suffix = "_withheld" if unit_goes_to == UnitStatus.WITHHELD else ""
    move_units(units=units, verb=f"{verb}{suffix}", by=by, at=at, reason=reason, keeps_label=False)
    pay_back(
        account=account, refund=received - kept, kept=kept, method=method, reason=reason,
        request_key=request_key, by=by, at=at,
    )  # fmt: skip
    return received


def _return_customers(customer_ids: Sequence[int], deal_id: int, *, at: datetime) -> None:
    """Buyers who have no other deal are buyers no more."""
    others = set(
        Buyer.objects.filter(customer_id__in=customer_ids, deal__status__in=ACTIVE_DEALS)
        .exclude(deal_id=deal_id)
        .values_list("customer_id", flat=True)
    )
    return_class(
        customer_ids=[pk for pk in customer_ids if pk not in others],
        to=CustomerClass.INTENTIONAL,
        protected_from=business_day(at),
    )
