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

from loupan.core.calendar import business_day
from loupan.customers.models import Customer
from loupan.customers.testing import a_customer
from loupan.inventory.models import Building, Unit
from loupan.inventory.testing import a_unit
from loupan.ledger.models import BankAccount, Receipt
from loupan.ledger.queries import lines_of
from loupan.ledger.testing import a_bank_account
from loupan.org.models import Project, User
from loupan.org.testing import Cast, the_cast
from loupan.pricing.actions.plans import PlanLineDraft, save_plan
from loupan.pricing.models import PaymentPlan
from loupan.pricing.testing import CanonicalPrices, canonical_prices
from loupan.sales.actions.contracts import sign_contract
from loupan.sales.actions.filings import file_contract
from loupan.sales.actions.money import record_receipt
from loupan.sales.actions.provisionals import (
    record_provisional_receipt,
    reserve_provisionally,
)
from loupan.sales.actions.reservations import BuyerDraft, reserve_unit
from loupan.sales.models import Contract, Deal, Filing, ProvisionalReservation, Reservation

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


def a_stall(office: Office, *, total: str = "120000", **fields: Any) -> Unit:
    """An available parking stall with a price of its own."""
    serial = next(_places)
    fields = {"product_type": "parking", "number": f"P-{serial:03d}", **fields}
    return a_unit(
        office.project, building="P", entrance="", floor=-1, position=serial,
        built_area=None, inner_area=None, list_unit_price=None, floor_unit_price=None,
        price_basis="unit", list_total=Decimal(total), **fields,
    )  # fmt: skip


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
        received_on=received_on or business_day(at),
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
        signed_on=fields.pop("signed_on", business_day(at)),
        by=fields.pop("by", office.cast.cs),
        at=at,
        **fields,
    )


def a_provisional(
    office: Office,
    *,
    unit: Unit | None = None,
    customer: Customer | None = None,
    at: datetime = RESERVED_AT,
    is_paid: bool = False,
    **fields: Any,
) -> ProvisionalReservation:
    """A provisional reservation of 5,000 yuan by Lin."""
    made = reserve_provisionally(
        unit_id=(unit or another_unit(office)).pk,
        customer_id=(customer or a_buyer(office)).pk,
        amount=fields.pop("amount", Decimal(5000)),
        by=fields.pop("by", office.lin),
        at=at,
        **fields,
    )
    if is_paid:
        a_provisional_receipt(office, made, amount=f"{made.amount}", at=at)
    return made


def a_provisional_receipt(
    office: Office,
    made: ProvisionalReservation,
    *,
    amount: str = "5000",
    at: datetime = RESERVED_AT,
    **fields: Any,
) -> Receipt:
    return record_provisional_receipt(
        provisional_id=made.pk,
        amount=Decimal(amount),
        method="cash",
        received_on=business_day(at),
        request_key=fields.pop("request_key", None) or uuid4(),
        by=fields.pop("by", office.zhao),
        at=at,
        **fields,
    )


def a_filing(
    office: Office,
    deal: Deal,
    *,
    number: str = "",
    filed_on: date | None = None,
    at: datetime = SIGNED_AT,
    **fields: Any,
) -> Filing:
    """The contract of a deal filed online on its day."""
    return file_contract(
        deal_id=deal.pk,
        number=number or f"沪(2025)第{next(_places):06d}号",
        submitted_on=fields.pop("submitted_on", business_day(at)),
        filed_on=filed_on or business_day(at),
        by=fields.pop("by", office.cast.cs),
        at=at,
    )


def a_paid_deal(office: Office, *, is_complete: bool = True, **fields: Any) -> Deal:
    """A contracted deal on which everything is paid, in a building that is complete."""
    deal = a_contract(office, a_reservation(office, **fields)).deal
    if is_complete:
        completed(deal.unit.building)
    for line in lines_of(deal.account_id):
        if line.outstanding:
            is_loan = line.money_type.endswith("loan")
            a_receipt(
                office, deal, amount=f"{line.outstanding}", at=SIGNED_AT,
                method="loan" if is_loan else "transfer",
                money_type=line.money_type if is_loan else "",
            )  # fmt: skip
    return deal


def completed(building: Building) -> None:
    """The building has its completion filing and its survey report."""
    building.completion_filed_on = building.surveyed_on = date(2025, 3, 1)
    building.save(update_fields=["completion_filed_on", "surveyed_on"])


def a_milestone_plan(project: Project, by: User) -> PaymentPlan:
    """Instalments that wait for topping out (封顶), the filing and the handover."""
    return save_plan(
        project_id=project.pk,
        code="BUILD",
        name="按工程进度",
        kind="instalment",
        rate=Decimal(1),
        lines=[
            PlanLineDraft("deposit", "fixed", Decimal(50000), anchor="reservation"),
            PlanLineDraft("down_payment", "percent", Decimal("0.3"), includes_deposit=True),
            PlanLineDraft(
                "instalment", "percent", Decimal("0.3"), anchor="milestone", milestone="封顶",
                offset_days=15,
            ),
            PlanLineDraft("instalment", "percent", Decimal("0.2"), anchor="filing", offset_days=5),
            PlanLineDraft("balance", "remainder", anchor="handover"),
        ],
        by=by,
        at=RESERVED_AT,
    )  # fmt: skip
