"""The check of the books finds each thing that can be wrong with them."""

from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from loupan.core.append_only import lifted
from loupan.inventory.models import Unit
from loupan.pricing.actions.prices import NewPrice, set_floor_prices, set_list_prices
from loupan.pricing.errors import UnitIsClaimed
from loupan.pricing.testing import a_discount, a_lump_sum_plan, a_mortgage_plan
from loupan.sales.models import Deal
from loupan.sales.queries.attached import AttachedWish
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

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("breaks_the_books")]


@pytest.fixture
def office() -> Office:
    """One deal contracted and paid in part, one reserved with a limited discount, one filed
    with a stall; a provisional reservation that became a deal, and one that runs."""
    office = an_office()
    limited = a_discount(office.project, office.mo, code="FIRST2", kind="regular", quota=2)
    deal = a_contract(office, a_reservation(office)).deal
    a_receipt(office, deal, amount="389160", at=SIGNED_AT)
    a_reservation(office, discount_ids=[limited.pk], at=SIGNED_AT)
    buyer = a_buyer(office)
    kept = a_provisional(office, customer=buyer, is_paid=True)
    a_reservation(office, unit=kept.unit, buyers=[buyer], at=SIGNED_AT)
    a_provisional(office, is_paid=True)
    stall = AttachedWish(a_stall(office).pk)
    a_filing(office, a_contract(office, a_reservation(office, attached=[stall])).deal)
    assert book_differences() == []
    return office


def sent(statement: str) -> None:
    with lifted(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        ("UPDATE inventory_unit SET status = 'available' WHERE status = 'contracted'", "U-8"),
        ("UPDATE inventory_unit SET status = 'contracted' WHERE status = 'reserved'", "U-8"),
        ("UPDATE inventory_unit SET status = 'withheld' WHERE status = 'reserved'", "U-10"),
        ("UPDATE sales_claim SET is_active = false", "U-3"),
        ("UPDATE sales_deal SET status = 'cancelled' WHERE status = 'reserved'", "U-3"),
        ("UPDATE sales_deal SET deal_total = deal_total + 1", "U-7"),
        ("UPDATE ledger_receivable SET amount = amount + 1 WHERE seq = 2 AND amount > 0", "U-7"),
        ("UPDATE ledger_allocation SET amount = amount - 1", "allocations differ"),
        ("DELETE FROM ledger_allocation", "allocations differ"),
        ("UPDATE pricing_discount SET used = 2 WHERE quota IS NOT NULL", "discount"),
        (
            "UPDATE sales_claim SET is_active = false WHERE unit_id IN (SELECT unit_id FROM"
            " sales_attachedunit)",
            "U-9",
        ),
        ("UPDATE sales_attachedunit SET removed_on = attached_on", "U-9"),
        ("UPDATE sales_attachedunit SET amount = amount + 1", "U-9"),
        ("UPDATE sales_buyer SET share = 0.5", "shares come to"),
        ("UPDATE sales_processstep SET actual_on = NULL", "step down_payment"),
        ("UPDATE sales_deal SET contracted_on = '2025-03-14' WHERE status = 'contracted'", "says"),
        ("UPDATE core_numberseries SET last = last + 1", "papers"),
        ("UPDATE ledger_account SET closed_at = opened_at", "account is otherwise"),
        ("UPDATE sales_provisionalreservation SET amount = amount + 1", "agreed"),
        ("UPDATE sales_claim SET is_active = false WHERE kind = 'provisional'", "provisional"),
        ("UPDATE sales_provisionalreservation SET deal_id = NULL", "deal None"),
        ("UPDATE ledger_receipt SET amount = 1 WHERE kind = 'transfer' AND amount > 0", "nothing"),
        ("UPDATE sales_filing SET is_active = false", "no filing is in force"),
        (
            "UPDATE sales_deal SET status = 'contracted' WHERE status = 'filed'",
            "filing is in force",
        ),
        ("UPDATE sales_deal SET status = 'handed_over' WHERE status = 'filed'", "its handover"),
        ("UPDATE sales_deal SET status = 'titled' WHERE status = 'filed'", "its title"),
    ],
)
def test_the_check_finds(office: Office, damage: str, found: str) -> None:
    sent(damage)
    differences = book_differences()
    assert any(found in difference for difference in differences), differences


def test_the_command_fails_and_says_what_differs(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("check_books")
    assert "0 differences" in capsys.readouterr().out
    sent("UPDATE sales_deal SET deal_total = deal_total + 1")
    with pytest.raises(CommandError):
        call_command("check_books")
    assert "U-7" in capsys.readouterr().out


def test_u_5_what_was_reserved_keeps_price_plan_and_discounts(office: Office) -> None:
    deal = Deal.objects.filter(status="reserved").earliest("pk")
    before = (deal.deal_total, deal.list_total, deal.trace, deal.payment_plan_id)
    project, mo = office.project, office.mo
    with pytest.raises(UnitIsClaimed):
        set_list_prices(
            prices=[NewPrice(deal.unit_id, total=Decimal(2000000))],
            by=office.cast.mk,
            at=SIGNED_AT,
        )
    set_floor_prices(prices=[NewPrice(deal.unit_id, total=deal.list_total)], by=mo, at=SIGNED_AT)
    a_mortgage_plan(project, mo, rate="0.99")
    a_lump_sum_plan(project, mo)
    Unit.objects.filter(pk=deal.unit_id).update(predicted_built_area=200)
    deal.refresh_from_db()
    assert (deal.deal_total, deal.list_total, deal.trace, deal.payment_plan_id) == before
    a_receipt(office, deal, amount="50000", at=SIGNED_AT)
    signed = a_contract(office, deal.reservation, at=SIGNED_AT).deal
    assert signed.deal_total == before[0]
    assert signed.floor_total == 1411578
    assert book_differences() == []


def test_u_8_the_board_shows_what_claims_and_deals_say(office: Office) -> None:
    shown = set(Unit.objects.values_list("status", flat=True))
    assert shown == {"contracted", "reserved", "filed", "provisional"}
    assert RESERVED_AT < SIGNED_AT
