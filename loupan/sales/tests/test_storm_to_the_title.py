"""The storm goes on: provisional reservations, and everything from the contract to the title."""

from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule, run_state_machine_as_test

from loupan.inventory.actions.units import return_to_market, take_off_market
from loupan.org.models import User
from loupan.org.testing import a_user
from loupan.pricing.models import PricingPolicy
from loupan.sales.actions import (
    cancellations,
    contracts,
    due_dates,
    filings,
    handovers,
    provisionals,
    reservations,
    voids,
)
from loupan.sales.models import Contract, Deal, ProvisionalReservation, Unfiling
from loupan.sales.testing import a_milestone_plan, completed
from loupan.sales.tests.test_storm import (
    BUYERS,
    LENGTH,
    MANAGERS,
    NUMBERS,
    SELLERS,
    Storm,
    an_office_for,
)

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


class LongStorm(Storm):
    """All verbs of the shorter storm, and those it does not know."""

    finance: User
    officer: User

    @initialize()
    def one_is_kept_and_one_is_filed(self) -> None:
        self.reserve_provisionally(2, "lin", 2, None)
        self.receive_provisionally(0, "5000")
        self.sign(0, "cs")
        self.file(0, "A1")

    # --- Provisional reservations ---

    @rule(unit=NUMBERS, who=SELLERS, customer=NUMBERS, days=st.sampled_from([None, 1, 3, 4]))
    def reserve_provisionally(self, unit: int, who: str, customer: int, days: int | None) -> None:
        self.attempt(
            provisionals.reserve_provisionally, unit_id=self.unit(unit), days=days,
            customer_id=self.customers[customer % BUYERS], amount=Decimal(5000), by=self.by(who),
        )  # fmt: skip

    @rule(provisional=NUMBERS, amount=st.sampled_from(["5000", "5000", "1000", "0", "6000"]))
    def receive_provisionally(self, provisional: int, amount: str) -> None:
        if row := self.a_row(ProvisionalReservation, provisional):
            self.attempt(
                provisionals.record_provisional_receipt, provisional_id=row.pk,
                amount=Decimal(amount), method="cash", received_on=self.at.date(),
                request_key=uuid4(), by=self.by("zhao"),
            )  # fmt: skip

    @rule(provisional=NUMBERS, who=st.sampled_from(["mo", "mo", "lin"]))
    def withdraw(self, provisional: int, who: str) -> None:
        if row := self.a_row(ProvisionalReservation, provisional):
            self.attempt(
                provisionals.withdraw_provisional, provisional_id=row.pk, reason="客户放弃",
                request_key=uuid4(), by=self.by(who),
            )  # fmt: skip

    @rule(provisional=NUMBERS)
    def convert(self, provisional: int) -> None:
        if row := self.a_row(ProvisionalReservation, provisional):
            self.attempt(
                reservations.reserve_unit, unit_id=row.unit_id,
                buyers=[reservations.BuyerDraft(row.customer_id)],
                payment_plan_id=self.plans[provisional % 2], by=self.by("lin"),
            )  # fmt: skip

    # --- From the contract to the title ---

    @rule(unit=NUMBERS, customer=NUMBERS, who=st.sampled_from(["cs", "mo", "lin"]))
    def contract_directly(self, unit: int, customer: int, who: str) -> None:
        buyer = reservations.BuyerDraft(self.customers[customer % BUYERS])
        self.attempt(
            contracts.contract_directly, unit_id=self.unit(unit), buyers=[buyer],
            payment_plan_id=self.plans[customer % 2], signed_on=self.at.date(), by=self.by(who),
        )  # fmt: skip

    @rule(contract=NUMBERS, who=st.sampled_from(["mo", "mo", "cs"]))
    def void(self, contract: int, who: str) -> None:
        if row := self.a_row(Contract, contract):
            self.attempt(
                voids.void_contract, contract_id=row.pk, reason="打印错误", by=self.by(who)
            )

    @rule(contract=NUMBERS, penalty=st.sampled_from(["0", "1000"]))
    def cancel_contract(self, contract: int, penalty: str) -> None:
        if row := self.a_row(Contract, contract):
            self.attempt(
                cancellations.cancel_contract, contract_id=row.pk, reason="协商",
                penalty=Decimal(penalty), request_key=uuid4(), by=self.by("mo"),
            )  # fmt: skip

    @rule(deal=NUMBERS, number=st.sampled_from(["A1", "A2", "A3", ""]))
    def file(self, deal: int, number: str) -> None:
        if row := self.a_row(Deal, deal):
            self.attempt(
                filings.file_contract, deal_id=row.pk, number=number,
                submitted_on=self.at.date(), filed_on=self.at.date(), by=self.by("cs"),
            )  # fmt: skip

    @rule(deal=NUMBERS)
    def ask_to_unfile(self, deal: int) -> None:
        if row := self.a_row(Deal, deal):
            self.attempt(filings.request_unfiling, deal_id=row.pk, reason="更名", by=self.by("cs"))

    @rule(unfiling=NUMBERS, who=st.sampled_from(["mo", "finance", "finance", "cs", "decline"]))
    def answer_unfiling(self, unfiling: int, who: str) -> None:
        rows = list(Unfiling.objects.order_by("pk"))
        if not rows:
            return
        row = rows[unfiling % len(rows)]
        if who == "decline":
            self.attempt(filings.decline_unfiling, unfiling_id=row.pk, reason="x", by=self.by("mo"))
            return
        by = self.finance if who == "finance" else self.by(who)
        self.attempt(filings.confirm_unfiling, unfiling_id=row.pk, by=by)

    @rule(deal=NUMBERS, verb=st.sampled_from(["allow", "give", "give", "undo", "title"]))
    def hand_over(self, deal: int, verb: str) -> None:
        row, day = self.a_row(Deal, deal), self.at.date()
        if row is None:
            return
        if verb == "give":
            self.attempt(
                handovers.hand_over, deal_id=row.pk, handed_over_on=day, received_by="业主",
                by=self.officer,
            )  # fmt: skip
        elif verb == "title":
            self.attempt(
                handovers.issue_title, deal_id=row.pk, number="T1", tax_paid_on=day,
                issued_on=day, by=self.officer,
            )  # fmt: skip
        else:
            do = handovers.allow_handover if verb == "allow" else handovers.undo_handover
            self.attempt(do, deal_id=row.pk, reason="约定", by=self.by("mo"))

    @rule(name=st.sampled_from(["封顶", "竣工"]))
    def reach(self, name: str) -> None:
        self.attempt(
            due_dates.record_milestone, project_id=self.office.project.pk, name=name,
            noticed_on=self.at.date(), by=self.by("cs"),
        )  # fmt: skip

    @rule(unit=NUMBERS, who=MANAGERS, is_back=st.booleans())
    def off_market(self, unit: int, who: str, *, is_back: bool) -> None:
        do = return_to_market if is_back else take_off_market
        self.attempt(do, unit_ids=[self.unit(unit)], reason="自持", by=self.by(who))


def test_the_books_agree_after_a_storm_to_the_title() -> None:
    office = an_office_for(LongStorm)
    completed(LongStorm.units[0].building)
    LongStorm.plans = [office.prices.plan.pk, a_milestone_plan(office.project, office.mo).pk]
    LongStorm.finance = a_user("FM", office.project)
    LongStorm.officer = a_user("HO", office.project)
    PricingPolicy.objects.filter(project=office.project).update(allows_direct_contract=True)
    run_state_machine_as_test(LongStorm, settings=LENGTH)
