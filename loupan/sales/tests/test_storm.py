"""A storm of all verbs in any order, by anybody, at any time: the books agree after every one."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from loupan.core.refusals import Refusal
from loupan.inventory.actions.units import release_units, unwithhold_units, withhold_units
from loupan.inventory.models import Unit, UnitChange
from loupan.ledger.models import Receipt
from loupan.org.models import User
from loupan.pricing.actions.price_lists import Terms
from loupan.pricing.testing import a_discount, a_lump_sum_plan, an_approved_list
from loupan.sales.actions import (
    attached,
    cancellations,
    claims,
    contracts,
    money,
    quotes,
    reservations,
)
from loupan.sales.models import Deal, Reservation
from loupan.sales.queries.attached import AttachedWish
from loupan.sales.queries.books import book_differences
from loupan.sales.queries.claims import expired_claim_ids
from loupan.sales.testing import RESERVED_AT, Office, a_buyer, a_stall, an_office, another_unit

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

UNITS, STALLS, BUYERS = 4, 3, 3
NUMBERS = st.integers(0, 99)
SELLERS = st.sampled_from(["lin", "lin", "mo", "lin", "mo", "wei"])
MANAGERS = st.sampled_from(["mo", "mo", "mo", "mo", "lin", "guest"])
AMOUNTS = st.sampled_from(["50000", "0.01", "389160", "439160.00", "1020000", "2000000", "0", "-1"])
HOURS = st.sampled_from([0, 0, 0, 1, 30, 24 * 4])


class Storm(RuleBasedStateMachine):
    """One office for all examples; what an example does is undone after it."""

    office: Office
    units: list[Unit]
    stalls: list[Unit]
    customers: list[int]
    plans: list[int]
    discounts: list[int]

    def __init__(self) -> None:
        super().__init__()
        self.before = transaction.savepoint()
        self.at: datetime = RESERVED_AT
        self.done = 0

    def teardown(self) -> None:
        transaction.savepoint_rollback(self.before)
        transaction.savepoint_commit(self.before)  # Else the next ones nest in it.

    def by(self, name: str) -> User:
        person: User = getattr(self.office.cast, name)
        return person

    def attempt(self, verb: Callable[..., Any], **given: Any) -> None:
        """A verb either happens or is refused; nothing else may come out of it."""
        try:
            verb(**given, at=self.at)
            self.done += 1
        except (Refusal, PermissionDenied):
            pass

    def unit(self, number: int) -> int:
        return self.units[number % UNITS].pk

    def a_row(self, model: type[Any], number: int) -> Any:
        rows = list(model.objects.filter(project=self.office.project).order_by("pk"))
        return rows[number % len(rows)] if rows else None

    @initialize(paid=st.lists(AMOUNTS, max_size=3), signs=st.booleans())
    def an_office_at_work(self, paid: list[str], *, signs: bool) -> None:
        """Two units are sold when the storm begins, one of them by contract or partly paid."""
        for number in (0, 1):
            self.reserve(number, "lin", [number], number, {0, 1, 2, 3}, None, [number][:signs], "")
            self.receive(number, "50000", 0, "", "zhao")
        for amount in paid:
            self.receive(0, amount, 0, "", "zhao")
        if signs:
            self.sign(0, "cs")

    @rule(hours=HOURS)
    def time_passes(self, hours: int) -> None:
        self.at += timedelta(hours=hours, minutes=7)

    @rule(unit=NUMBERS, who=SELLERS)
    def lock(self, unit: int, who: str) -> None:
        self.attempt(claims.lock_unit, unit_id=self.unit(unit), by=self.by(who))

    @rule(unit=NUMBERS, who=SELLERS)
    def unlock(self, unit: int, who: str) -> None:
        self.attempt(claims.unlock_unit, unit_id=self.unit(unit), by=self.by(who))

    @rule(unit=NUMBERS, who=MANAGERS, customer=NUMBERS, days=st.sampled_from([1, 2, 3, 15, 16, 0]))
    def hold(self, unit: int, who: str, customer: int, days: int) -> None:
        self.attempt(
            claims.hold_unit, unit_id=self.unit(unit), days=days,
            customer_id=self.customers[customer % BUYERS], by=self.by(who),
        )  # fmt: skip

    @rule(unit=NUMBERS, who=MANAGERS)
    def release_hold(self, unit: int, who: str) -> None:
        self.attempt(claims.release_hold, unit_id=self.unit(unit), by=self.by(who))

    @rule()
    def expire(self) -> None:
        for claim_id in expired_claim_ids(self.at):
            self.attempt(claims.expire_claim, claim_id=claim_id, by=None)

    @rule(unit=NUMBERS, who=MANAGERS, verb=st.sampled_from(["withhold", "unwithhold", "release"]))
    def control(self, unit: int, who: str, verb: str) -> None:
        given: dict[str, Any] = {"unit_ids": [self.unit(unit)], "by": self.by(who)}
        if verb == "withhold":
            self.attempt(withhold_units, **given, reason="调价")
        else:
            self.attempt(unwithhold_units if verb == "unwithhold" else release_units, **given)

    @rule(unit=NUMBERS, price=st.sampled_from(["12830", "13000", "11000"]))
    def change_price(self, unit: int, price: str) -> None:
        """By a list that is approved at once; whoever holds the unit keeps the old price."""
        terms = Terms("given", given={self.unit(unit): (Decimal(price), None)})
        self.attempt(
            an_approved_list, project=self.office.project, maker=self.by("mk"),
            approver=self.by("mo"), terms=terms,
        )  # fmt: skip

    @rule(unit=NUMBERS, plan=NUMBERS, discounts=st.sets(NUMBERS, max_size=4))
    def quote(self, unit: int, plan: int, discounts: set[int]) -> None:
        self.attempt(
            quotes.make_quotes, unit_id=self.unit(unit), by=self.by("lin"),
            payment_plan_ids=[self.plans[plan % 2]], discount_ids=self.some(discounts),
        )  # fmt: skip

    def stall(self, number: int) -> int:
        """Mostly a stall; now and then a flat, which cannot go along."""
        return self.unit(number) if number % 10 == 9 else self.stalls[number % STALLS].pk

    @rule(
        deal=NUMBERS,
        unit=NUMBERS,
        pricing=st.sampled_from(["separate", "separate", "inside"]),
        who=MANAGERS,
    )
    def attach(self, deal: int, unit: int, pricing: str, who: str) -> None:
        if row := self.a_row(Deal, deal):
            self.attempt(
                attached.attach_unit, deal_id=row.pk, unit_id=self.stall(unit), pricing=pricing,
                by=self.by(who),
            )  # fmt: skip

    @rule(deal=NUMBERS, unit=NUMBERS, goes_to=st.sampled_from(["available", "withheld"]))
    def detach(self, deal: int, unit: int, goes_to: str) -> None:
        if row := self.a_row(Deal, deal):
            self.attempt(
                attached.detach_unit, deal_id=row.pk, unit_id=self.stall(unit), reason="不要了",
                unit_goes_to=goes_to, by=self.by("mo"),
            )  # fmt: skip

    @rule(unit=NUMBERS, who=SELLERS)
    def lock_stall(self, unit: int, who: str) -> None:
        self.attempt(claims.lock_unit, unit_id=self.stall(unit), by=self.by(who))

    def some(self, numbers: set[int]) -> list[int]:
        return sorted({self.discounts[number % len(self.discounts)] for number in numbers})

    @rule(
        unit=NUMBERS,
        who=st.sampled_from(["lin", "lin", "lin", "mo", "zhao"]),
        customers=st.lists(NUMBERS, min_size=1, max_size=3),
        plan=NUMBERS,
        discounts=st.sets(NUMBERS, max_size=4),
        deposit=st.sampled_from([None, None, None, "50000", "60000", "1", "9999999"]),
        along=st.lists(NUMBERS, max_size=2),
        pricing=st.sampled_from(["separate", "separate", "inside"]),
    )
    def reserve(
        self,
        unit: int,
        who: str,
        customers: list[int],
        plan: int,
        discounts: set[int],
        deposit: str | None,
        along: list[int],
        pricing: str,
    ) -> None:
        self.attempt(
            reservations.reserve_unit,
            unit_id=self.unit(unit),
            buyers=[reservations.BuyerDraft(self.customers[n % BUYERS]) for n in customers],
            payment_plan_id=self.plans[plan % 2],
            discount_ids=self.some(discounts),
            deposit=Decimal(deposit) if deposit else None,
            attached=[AttachedWish(self.stall(n), pricing or "separate") for n in along],
            by=self.by(who),
        )

    @rule(
        deal=NUMBERS,
        amount=AMOUNTS,
        days_ago=st.sampled_from([0, 0, 0, 1, 3, 9, 400, -1]),
        kind=st.sampled_from(["", "", "", "commercial_loan", "penalty"]),
        who=st.sampled_from(["zhao", "zhao", "zhao", "lin"]),
    )
    def receive(self, deal: int, amount: str, days_ago: int, kind: str, who: str) -> None:
        if row := self.a_row(Deal, deal):
            self.attempt(
                money.record_receipt, deal_id=row.pk, amount=Decimal(amount), money_type=kind,
                method="loan" if kind == "commercial_loan" else "transfer",
                received_on=self.at.date() - timedelta(days=days_ago),
                request_key=uuid4(), by=self.by(who),
            )  # fmt: skip

    @rule(receipt=NUMBERS)
    def reverse(self, receipt: int) -> None:
        if row := self.a_row(Receipt, receipt):
            self.attempt(
                money.reverse_receipt, receipt_id=row.pk, reason="误录", by=self.by("zhao")
            )

    @rule(reservation=NUMBERS, who=st.sampled_from(["cs", "cs", "lin"]))
    def sign(self, reservation: int, who: str) -> None:
        if row := self.a_row(Reservation, reservation):
            self.attempt(
                contracts.sign_contract, reservation_id=row.pk, by=self.by(who),
                signed_on=self.at.date(),
            )  # fmt: skip

    @rule(
        reservation=NUMBERS,
        kept=st.sampled_from(["0", "0", "1000", "50000", "99999999"]),
        goes_to=st.sampled_from(["available", "withheld"]),
        who=st.sampled_from(["mo", "mo", "lin"]),
    )
    def cancel(self, reservation: int, kept: str, goes_to: str, who: str) -> None:
        if row := self.a_row(Reservation, reservation):
            self.attempt(
                cancellations.cancel_reservation, reservation_id=row.pk, reason="客户原因",
                kept=Decimal(kept), unit_goes_to=goes_to, request_key=uuid4(), by=self.by(who),
            )  # fmt: skip

    @invariant()
    def the_books_agree(self) -> None:
        assert book_differences() == []

    @invariant()
    def every_move_is_in_the_log(self) -> None:
        """U-10: actor (or the job), time and source of every move."""
        moves = UnitChange.objects.filter(project=self.office.project).exclude(verb="make")
        assert not moves.filter(by=None).exclude(source="job").exists()


LENGTH = settings(
    max_examples=8,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def an_office_for(storm: type[Storm]) -> Office:
    """Units, stalls and buyers; the first plan is the usual one, the second the storm's own."""
    office = storm.office = an_office()
    storm.units = [another_unit(office) for _ in range(UNITS)]
    storm.stalls = [a_stall(office) for _ in range(STALLS)]
    storm.customers = [a_buyer(office).pk for _ in range(BUYERS)]
    storm.discounts = list(office.prices.discount_ids)
    return office


def test_the_books_agree_after_a_storm_of_all_verbs() -> None:
    office = an_office_for(Storm)
    project, mo = office.project, office.mo
    Storm.plans = [office.prices.plan.pk, a_lump_sum_plan(project, mo).pk]
    first = a_discount(project, mo, code="FIRST2", name="前两套", kind="regular", quota=2)
    late = a_discount(
        project, mo, code="OVER", kind="regular", valid_until=RESERVED_AT.date() - timedelta(1)
    )
    Storm.discounts += [first.pk, late.pk]
    run_state_machine_as_test(Storm, settings=LENGTH)
