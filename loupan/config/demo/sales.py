"""The deals of the demo: what was reserved, signed, paid, forgotten, taken back."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import partial
from uuid import UUID, uuid5

from loupan.config.demo.customers import Known, Visitors
from loupan.config.demo.diary import Diary
from loupan.config.demo.organisation import Office
from loupan.config.demo.prices import Prices
from loupan.inventory.models import Unit
from loupan.ledger.models import Receipt
from loupan.ledger.queries import lines_of
from loupan.org.models import User
from loupan.pricing.queries.offers import Gift, Special
from loupan.sales.actions.cancellations import cancel_contract, cancel_reservation
from loupan.sales.actions.claims import hold_unit, lock_unit, unlock_unit
from loupan.sales.actions.contracts import sign_contract
from loupan.sales.actions.money import record_receipt, reverse_receipt
from loupan.sales.actions.plan_changes import change_payment_plan
from loupan.sales.actions.quotes import make_quotes
from loupan.sales.actions.reservations import BuyerDraft, reserve_unit
from loupan.sales.models import Contract, Deal, Reservation
from loupan.sales.queries.attached import AttachedWish

_KEYS = UUID("6f4f2a53-5b0e-4c9c-9a3f-6c9d1f0f4d11")
_SMALL = Decimal(1_000_000)
_LOANS = ("commercial_loan", "provident_loan")


@dataclass(frozen=True)
class Course:
    """How a sale goes: days after the reservation on which things happen; None, not yet.

    `pays` is how many lines of the schedule after the deposit are paid in time.
    """

    plan: str = "MORTGAGE"
    discounts: tuple[str, ...] = ("ONTIME", "OPENING")
    signs_after: int | None = 5
    pays: int = 9
    cancelled_after: int | None = None
    contract_ended_after: int | None = None
    kept: Decimal = Decimal(0)
    special: str = ""
    gift: str = ""  # Given in this deal alone, together with the special discount.
    replanned: str = ""  # The payment plan the deal goes over to a day later.
    deposit_reversed: bool = False
    stalls: int = 0  # How many parking stalls go with the flat.


@dataclass
class Desk:
    """The sales desk of one project."""

    office: Office
    prices: Prices
    diary: Diary
    visitors: Visitors
    contract_clerk: User
    cashier: User
    manager: User
    director: User
    keys: list[int] = field(default_factory=lambda: [0])

    def sell(
        self,
        unit: Unit,
        buyers: Sequence[Known],
        days_ago: int,
        course: Course,
        along: Sequence[Unit] = (),
    ) -> None:
        """Write a sale into the diary, from the ID card to the last payment; `along`, its stalls."""
        dice = self.visitors.invented.dice
        at = self.diary.moment(days_ago, dice.randint(585, 1050))
        self.diary.write(at, partial(self._reserve, unit, buyers, days_ago, course, along))
        for buyer in buyers:
            since = self.diary.moment(min(days_ago, dice.choice((0, 1, 2, 4))), 1100)
            self.diary.write(since, partial(self.visitors.look_after, buyer))

    def _reserve(
        self,
        unit: Unit,
        buyers: Sequence[Known],
        days_ago: int,
        course: Course,
        along: Sequence[Unit],
        at: datetime,
    ) -> None:
        consultant = buyers[0].consultant
        for buyer in buyers:
            self.visitors.identify(buyer, at)
        lock_unit(unit_id=unit.pk, by=consultant, at=at)
        special = None
        by = consultant
        if course.special:
            special = Special("rate", Decimal(course.special), "老带新团购特批")
            by = self.director
            unlock_unit(unit_id=unit.pk, by=consultant, at=at, reason="approval")
        reservation = reserve_unit(
            unit_id=unit.pk,
            buyers=[BuyerDraft(buyer.row.pk) for buyer in buyers],
            payment_plan_id=self.prices.plans[_plan(course, unit)],
            discount_ids=[self.prices.discounts[code] for code in course.discounts],
            special=special,
            gift=Gift(course.gift, Decimal(6_800)) if course.gift else None,
            attached=[AttachedWish(stall.pk) for stall in along],
            proof="海成会会员证 / 推荐登记表",
            by=by,
            at=at,
        )
        deal = reservation.deal
        receipt = self._take(deal, deal.deposit, "pos", at)
        if course.deposit_reversed:
            self.diary.write(
                self.diary.moment(days_ago, 1060), partial(self._mistaken, deal, receipt)
            )
        if course.replanned and days_ago:
            self.diary.write(
                self.diary.moment(days_ago - 1, 640), partial(self._replan, deal, course.replanned)
            )
        if course.cancelled_after is not None:
            later = self.diary.moment(days_ago - course.cancelled_after, 930)
            self.diary.write(later, partial(self._cancel, reservation, course.kept))
        elif course.signs_after is not None and days_ago >= course.signs_after:
            signed_ago = days_ago - course.signs_after
            self.diary.write(
                self.diary.moment(signed_ago, 870), partial(self._sign, reservation, course)
            )

    def _sign(self, reservation: Reservation, course: Course, at: datetime) -> None:
        contract = sign_contract(
            reservation_id=reservation.pk, signed_on=at.date(), by=self.contract_clerk, at=at
        )
        deal = reservation.deal
        if course.contract_ended_after is not None:
            later = (self.diary.today - deal.reserved_on).days - course.contract_ended_after
            self.diary.write(self.diary.moment(later, 945), partial(self._end_contract, contract))
        for line in lines_of(deal.account_id)[1 : 1 + course.pays]:
            if line.due_on is None:
                continue
            dice = self.visitors.invented.dice
            early = dice.choice((0, 0, 1, 2, 5))
            ago = (self.diary.today - line.due_on).days + early
            if ago < 0 or line.due_on < at.date():
                continue
            when = max(self.diary.moment(ago, dice.randint(590, 1040)), at)
            is_loan = line.money_type in _LOANS
            method = "loan" if is_loan else dice.choice(("transfer", "transfer", "pos"))
            self.diary.write(
                when,
                partial(self._pay, deal, line.amount, method, line.money_type if is_loan else ""),
            )

    def _pay(self, deal: Deal, amount: Decimal, method: str, kind: str, at: datetime) -> None:
        self._take(deal, amount, method, at, money_type=kind)

    def _take(
        self, deal: Deal, amount: Decimal, method: str, at: datetime, *, money_type: str = ""
    ) -> Receipt:
        return record_receipt(
            deal_id=deal.pk, amount=amount, method=method, money_type=money_type,
            received_on=at.date(), slip_number=f"{at:%m%d}{self._next():05d}",
            request_key=self.key(), by=self.cashier, at=at,
        )  # fmt: skip

    def _mistaken(self, deal: Deal, receipt: Receipt, at: datetime) -> None:
        """The slip was typed under the wrong method: taken back, and taken again."""
        reverse_receipt(
            receipt_id=receipt.pk, reason="交款方式录错，红冲重开", by=self.cashier, at=at
        )
        self._take(deal, receipt.amount, "transfer", at)

    def _replan(self, deal: Deal, plan: str, at: datetime) -> None:
        change_payment_plan(
            deal_id=deal.pk, payment_plan_id=self.prices.plans[plan],
            reason="客户出售旧房，改为一次性付款", by=self.director, at=at,
        )  # fmt: skip

    def _cancel(self, reservation: Reservation, kept: Decimal, at: datetime) -> None:
        cancel_reservation(
            reservation_id=reservation.pk,
            reason="客户征信未通过，协商退订" if not kept else "客户逾期未签约，定金按约不退",
            kept=min(kept, reservation.deal.deposit),
            unit_goes_to="available",
            request_key=self.key(),
            by=self.director,
            at=at,
        )

    def _end_contract(self, contract: Contract, at: datetime) -> None:
        cancel_contract(
            contract_id=contract.pk, reason="贷款未获批，双方协商解除合同",
            penalty=Decimal(20_000), unit_goes_to="available", request_key=self.key(),
            by=self.director, at=at,
        )  # fmt: skip

    def quote(self, unit: Unit, known: Known, at: datetime) -> None:
        make_quotes(
            unit_id=unit.pk,
            payment_plan_ids=[self.prices.plans["MORTGAGE"], self.prices.plans["LUMP"]],
            discount_ids=[self.prices.discounts["ONTIME"], self.prices.discounts["OPENING"]],
            customer_id=known.row.pk,
            by=known.consultant,
            at=at,
        )

    def hold(self, unit: Unit, known: Known, at: datetime, days: int) -> None:
        hold_unit(
            unit_id=unit.pk, customer_id=known.row.pk, days=days, by=self.manager, at=at,
            reason="客户周末带家人复看",
        )  # fmt: skip

    def _next(self) -> int:
        self.keys[0] += 1
        return self.keys[0]

    def key(self) -> UUID:
        return uuid5(_KEYS, f"{self.office.project.code}/{self._next()}")


def _plan(course: Course, unit: Unit) -> str:
    """The provident fund lends 600,000, more than may be lent on a small flat."""
    assert unit.list_total is not None
    small = course.plan == "COMBINED" and unit.list_total < _SMALL
    return "MORTGAGE" if small else course.plan
