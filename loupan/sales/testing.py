"""Makers of sales for tests: an office with its people, prices and account, and deals by actions.

office = an_office()
reservation = a_reservation(office)                  # the canonical one, deposit received
contract = a_contract(office, a_reservation(office))
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import uuid4

from loupan.customers.models import Customer
from loupan.customers.testing import a_customer
from loupan.inventory.models import Unit
from loupan.inventory.testing import a_unit
from loupan.ledger.models import BankAccount, Receipt
from loupan.ledger.testing import a_bank_account
from loupan.org.models import Project, User
from loupan.org.testing import Cast, the_cast
from loupan.pricing.testing import CanonicalPrices, canonical_prices
from loupan.sales.actions.contracts import sign_contract
from loupan.sales.actions.money import record_receipt
from loupan.sales.actions.reservations import BuyerDraft, reserve_unit
from loupan.sales.models import Contract, Deal, Reservation

RESERVED_AT = datetime(2025, 3, 8, 4, 0, tzinfo=UTC)  # 12:00 in Shanghai.
SIGNED_AT = datetime(2025, 3, 15, 4, 0, tzinfo=UTC)
_places = count(1)


@dataclass(frozen=True)
class Office:
    """One project that can sell: Lin sells, Mo decides, Zhao takes money, CS signs."""

    cast: Cast
    prices: CanonicalPrices
    bank_account: BankAccount
    customers: list[Customer] = field(default_factory=list)

    @property
    def project(self) -> Project:
        return self.cast.project

    @property
    def lin(self) -> User:
        return self.cast.lin

    @property
    def mo(self) -> User:
        return self.cast.mo

    @property
    def zhao(self) -> User:
        return self.cast.zhao


def an_office(project: Project | None = None) -> Office:
    cast = the_cast(project)
    return Office(
        cast=cast,
        prices=canonical_prices(cast.project, cast.mo),
        bank_account=a_bank_account(cast.project),
    )


def a_buyer(office: Office, *, name: str = "陈晓雨", **fields: Any) -> Customer:
    """A customer of Lin's with an ID number on file."""
    serial = next(_places)
    fields.setdefault("id_number", f"1101051949{serial:08d}")
    fields.setdefault("owner", office.lin)
    return a_customer(office.project, name=name, **fields)


def another_unit(office: Office, **fields: Any) -> Unit:
    """An available unit like the canonical one, in a place of its own."""
    serial = next(_places)
    return a_unit(
        office.project, building="2", floor=1 + serial // 50, position=1 + serial % 50, **fields
    )


def a_reservation(
    office: Office,
    *,
    unit: Unit | None = None,
    buyers: Sequence[Customer] | None = None,
    by: User | None = None,
    at: datetime = RESERVED_AT,
    with_deposit: bool = True,
    **fields: Any,
) -> Reservation:
    """A reservation at the canonical price, its deposit received unless told otherwise."""
    people = buyers or [a_buyer(office)]
    reservation = reserve_unit(
        unit_id=(unit or another_unit(office)).pk,
        buyers=fields.pop("shares", None) or [BuyerDraft(person.pk) for person in people],
        payment_plan_id=fields.pop("payment_plan_id", office.prices.plan.pk),
        discount_ids=fields.pop("discount_ids", office.prices.discount_ids),
        by=by or office.lin,
        at=at,
        **fields,
    )
    if with_deposit:
        a_receipt(office, reservation.deal, amount=f"{reservation.deal.deposit}", at=at)
    return reservation


def a_receipt(
    office: Office,
    deal: Deal,
    *,
    amount: str,
    received_on: date | None = None,
    at: datetime = RESERVED_AT,
    method: str = "transfer",
    money_type: str = "",
    **fields: Any,
) -> Receipt:
    return record_receipt(
        deal_id=deal.pk,
        amount=Decimal(amount),
        method=method,
        money_type=money_type,
        received_on=received_on or at.date(),
        request_key=fields.pop("request_key", None) or uuid4(),
        by=fields.pop("by", office.zhao),
        at=at,
        **fields,
    )


def a_contract(
    office: Office, reservation: Reservation, *, at: datetime = SIGNED_AT, **fields: Any
) -> Contract:
    return sign_contract(
        reservation_id=reservation.pk,
        signed_on=fields.pop("signed_on", at.date()),
        by=fields.pop("by", office.cast.cs),
        at=at,
        **fields,
    )
