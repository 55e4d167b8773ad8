"""U-1 … U-12 (DOMAIN 2.1.3): what belongs to no single verb; the rest is beside its verbs by name."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from loupan.core.refusals import Refusal
from loupan.inventory.actions.property import delete_units
from loupan.inventory.actions.units import (
    release_units,
    return_to_market,
    take_off_market,
    unwithhold_units,
    withhold_units,
)
from loupan.inventory.models import UnitChange
from loupan.inventory.states import SOLD, UNIT
from loupan.ledger.errors import AccountClosed
from loupan.ledger.models import Receipt
from loupan.ledger.queries import lines_of, received_on_account
from loupan.org.testing import a_user
from loupan.sales import errors
from loupan.sales.actions.attached import attach_unit
from loupan.sales.actions.cancellations import cancel_contract
from loupan.sales.actions.claims import hold_unit, lock_unit
from loupan.sales.actions.filings import confirm_unfiling, request_unfiling
from loupan.sales.actions.handovers import hand_over, issue_title, undo_handover
from loupan.sales.actions.money import record_receipt
from loupan.sales.actions.provisionals import reserve_provisionally, withdraw_provisional
from loupan.sales.actions.reservations import BuyerDraft, reserve_unit
from loupan.sales.actions.voids import void_contract
from loupan.sales.models import Contract, Deal
from loupan.sales.queries.books import book_differences
from loupan.sales.testing import (
    RESERVED_AT,
    SIGNED_AT,
    Office,
    a_buyer,
    a_contract,
    a_filing,
    a_provisional,
    a_receipt,
    a_reservation,
    a_stall,
    an_office,
)

pytestmark = pytest.mark.django_db
# T11 … T19: signing, filing, handing over, and what ends or undoes them, each with a fact row.
AFFAIRS = {
    "contract", "file", "unfile", "end_reservation", "end_reservation_withheld", "end_contract",
    "end_contract_withheld", "void_contract", "hand_over", "issue_title", "undo_handover",
    "undo_handover_filed",
}  # fmt: skip


@pytest.fixture
def office() -> Office:
    return an_office()


def test_every_invariant_has_a_test_of_its_name() -> None:
    tests = Path(__file__).parent.glob("test_*.py")
    named = {n for file in tests for n in re.findall(r"^def test_u_(\d+)_", file.read_text(), re.M)}
    assert named == {f"{number}" for number in range(1, 13)}


def road(office: Office) -> Iterator[Deal]:
    """A flat with a stall, stage by stage to the title, with every step back on the way."""
    made = a_provisional(office, is_paid=True, customer=a_buyer(office))
    deal = a_reservation(office, unit=made.unit, buyers=[made.customer]).deal
    yield deal
    attach_unit(deal_id=deal.pk, unit_id=a_stall(office).pk, by=office.mo, at=RESERVED_AT)
    yield deal
    contract = a_contract(office, deal.reservation)
    yield deal
    void_contract(contract_id=contract.pk, reason="打印错误", by=office.mo, at=SIGNED_AT)
    yield deal
    a_contract(office, deal.reservation)
    a_filing(office, deal)
    yield deal
    asked = request_unfiling(deal_id=deal.pk, reason="更名", by=office.cast.cs, at=SIGNED_AT)
    for who in (office.cast.fm, office.mo):
        confirm_unfiling(unfiling_id=asked.pk, by=who, at=SIGNED_AT)
    yield deal
    finish(office, deal)
    handing: dict[str, Any] = {
        "deal_id": deal.pk,
        "by": a_user("HO", office.project),
        "at": SIGNED_AT,
    }
    hand_over(**handing, handed_over_on=SIGNED_AT.date(), received_by="业主")
    yield deal
    undo_handover(deal_id=deal.pk, reason="资料不全", by=office.mo, at=SIGNED_AT)
    yield deal
    hand_over(**handing, handed_over_on=SIGNED_AT.date(), received_by="业主")
    issue_title(
        deal_id=deal.pk, number="沪房权1号", tax_paid_on=SIGNED_AT.date(),
        issued_on=SIGNED_AT.date(), by=office.cast.cs, at=SIGNED_AT,
    )  # fmt: skip
    yield deal


def finish(office: Office, deal: Deal) -> None:
    """Everything is paid and the buildings are complete."""
    for line in lines_of(deal.account_id):
        if line.outstanding:
            is_loan = line.money_type.endswith("loan")
            a_receipt(
                office, deal, amount=f"{line.outstanding}", at=SIGNED_AT,
                method="loan" if is_loan else "transfer",
                money_type=line.money_type if is_loan else "",
            )  # fmt: skip
    for building in {deal.unit.building, *(row.unit.building for row in deal.attached.all())}:
        building.completion_filed_on = building.surveyed_on = SIGNED_AT.date()
        building.save(update_fields=["completion_filed_on", "surveyed_on"])


def test_u_3_the_table_of_moves_lets_a_sold_unit_go_only_by_an_affair() -> None:
    for status in SOLD:
        assert set(UNIT.open_verbs(status)) <= AFFAIRS, status


def test_u_3_no_other_verb_moves_or_deletes_a_sold_unit(office: Office) -> None:
    for deal in road(office):
        deal.unit.refresh_from_db()
        status = deal.unit.status
        assert status in SOLD
        for name, verb in others(office, deal).items():
            with pytest.raises(Refusal):
                verb()
            deal.unit.refresh_from_db()
            assert deal.unit.status == status, (name, status)


def others(office: Office, deal: Deal) -> dict[str, Callable[[], object]]:
    pk = deal.unit_id
    said: dict[str, Any] = {"by": office.mo, "at": SIGNED_AT}
    several: dict[str, Any] = {"unit_ids": [pk], **said}
    somebody = a_buyer(office).pk
    return {
        "release": lambda: release_units(**several),
        "withhold": lambda: withhold_units(**several, reason="x"),
        "unwithhold": lambda: unwithhold_units(**several),
        "take off the market": lambda: take_off_market(**several, reason="x"),
        "return to the market": lambda: return_to_market(**several, reason="x"),
        "delete": lambda: delete_units(**several),
        "lock": lambda: lock_unit(unit_id=pk, **said),
        "hold": lambda: hold_unit(unit_id=pk, customer_id=somebody, days=1, **said),
        "keep": lambda: reserve_provisionally(
            unit_id=pk, customer_id=somebody, amount=Decimal(5000), **said
        ),
        "reserve": lambda: reserve_unit(
            unit_id=pk, buyers=[BuyerDraft(somebody)], payment_plan_id=office.prices.plan.pk, **said
        ),
    }


def test_u_6_what_comes_later_stays_below_the_filed_price(office: Office) -> None:
    """A stall whose price would lie above what was filed for it is not attached afterwards."""
    deal = a_reservation(office).deal
    stall = a_stall(office, total="120000")
    type(stall).objects.filter(pk=stall.pk).update(filed_total=Decimal(100000))
    with pytest.raises(errors.PriceAboveFiled):
        attach_unit(deal_id=deal.pk, unit_id=stall.pk, by=office.mo, at=RESERVED_AT)
    deal.refresh_from_db()
    assert (deal.deal_total, deal.attached.count()) == (1459160, 0)


def test_u_7_schedule_and_money_add_up_at_every_stage(office: Office) -> None:
    for deal in road(office):
        deal.refresh_from_db()
        assert sum(line.amount for line in lines_of(deal.account_id)) == deal.deal_total
        lines = Receipt.objects.filter(account_id=deal.account_id)
        assert sum(line.amount for line in lines) == received_on_account(deal.account_id)
        assert book_differences() == []


def test_u_7_nothing_is_received_on_what_has_ended(office: Office) -> None:
    kept = a_provisional(office, is_paid=True)
    withdraw_provisional(
        provisional_id=kept.pk, reason="放弃", request_key=uuid4(), by=office.mo, at=RESERVED_AT
    )
    deal = a_contract(office, a_reservation(office)).deal
    cancel_contract(
        contract_id=Contract.objects.get(deal=deal).pk, reason="贷款未批", penalty=Decimal(0),
        request_key=uuid4(), by=office.mo, at=SIGNED_AT,
    )  # fmt: skip
    for account in (kept.account_id, deal.account_id):
        assert received_on_account(account) == 0
    with pytest.raises(AccountClosed):
        a_receipt(office, deal, amount="100", at=SIGNED_AT)


def test_u_9_the_stall_goes_every_way_of_its_flat(office: Office) -> None:
    stages = road(office)
    next(stages)
    for deal in stages:
        deal.refresh_from_db()
        [line] = deal.attached.select_related("unit")
        assert line.unit.status == deal.unit.status


def test_u_10_every_move_to_the_title_knows_who_when_and_from_where(office: Office) -> None:
    *_stages, deal = road(office)
    moves = UnitChange.objects.filter(unit=deal.unit).exclude(verb="make").order_by("id")
    verbs = [move.verb for move in moves if move.from_status != move.to_status]
    assert verbs == [
        "reserve_provisionally", "reserve", "contract", "void_contract", "contract", "file",
        "unfile", "hand_over", "undo_handover", "hand_over", "issue_title",
    ]  # fmt: skip
    for move in moves:
        assert move.by is not None, move.verb
        assert (move.post_id, move.source) == (move.by.post_id, "web"), move.verb
        assert move.at in {RESERVED_AT, SIGNED_AT}, move.verb


def test_u_11_a_repeated_payment_of_a_filed_deal_is_taken_once(office: Office) -> None:
    deal = a_contract(office, a_reservation(office)).deal
    a_filing(office, deal)
    given: dict[str, Any] = {
        "deal_id": deal.pk, "amount": Decimal(100000), "method": "transfer",
        "received_on": SIGNED_AT.date(), "request_key": uuid4(), "by": office.zhao,
    }  # fmt: skip
    first = record_receipt(**given, at=SIGNED_AT)
    again = record_receipt(**given, at=SIGNED_AT + timedelta(minutes=1))
    assert first == again
    assert received_on_account(deal.account_id) == 150000
