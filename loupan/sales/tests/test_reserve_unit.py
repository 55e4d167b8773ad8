"""Reserving a unit: what changes, what is refused, and what it costs the database."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from loupan.core.append_only import lifted
from loupan.core.db import writes
from loupan.core.models import AuditEvent
from loupan.inventory.errors import ListPriceMissing, PermitMissing, UnitSealed
from loupan.inventory.models import Unit, UnitChange
from loupan.inventory.testing import a_permit, a_unit
from loupan.ledger.models import Account, Receivable
from loupan.ledger.queries import lines_of
from loupan.org.models import User
from loupan.org.testing import a_user
from loupan.pricing import errors as pricing
from loupan.pricing.actions.policies import save_policy
from loupan.pricing.actions.prices import NewPrice, set_filed_prices
from loupan.pricing.models import Discount
from loupan.pricing.queries.offers import Special
from loupan.pricing.testing import a_discount
from loupan.sales import errors
from loupan.sales.actions.claims import lock_unit
from loupan.sales.actions.reservations import BuyerDraft, reserve_unit
from loupan.sales.models import (
    Buyer,
    Claim,
    Deal,
    DealDiscount,
    ProcessStep,
    Reservation,
)
from loupan.sales.testing import (
    RESERVED_AT,
    Office,
    a_buyer,
    a_reservation,
    an_office,
    another_unit,
)

pytestmark = pytest.mark.django_db
DAY = RESERVED_AT.date()


@pytest.fixture
def office() -> Office:
    return an_office()


def reserve(office: Office, **fields: Any) -> Reservation:
    return a_reservation(office, with_deposit=False, **fields)


def test_a_reservation_takes_the_unit_off_the_market_at_a_frozen_price(office: Office) -> None:
    unit, buyer = a_unit(office.project), a_buyer(office)
    reservation = reserve(office, unit=unit, buyers=[buyer])
    deal = reservation.deal
    unit.refresh_from_db()
    buyer.refresh_from_db()
    assert (unit.status, buyer.life_class, deal.status) == ("reserved", "reserved", "reserved")
    assert deal.deal_total == Decimal("1459160.00")
    assert deal.overall_rate == Decimal("0.9588")
    assert (reservation.reserved_on, reservation.sign_by) == (DAY, date(2025, 3, 15))
    assert (deal.consultant, deal.authority) == (office.lin, "")
    assert [item.amount_or_rate for item in deal.discounts.all()] == [
        Decimal("0.98"), Decimal("0.99"), Decimal("0.995"), Decimal(10000),
    ]  # fmt: skip
    assert [line.due_on for line in lines_of(deal.account_id)] == [
        DAY, date(2025, 3, 22), date(2025, 4, 14),
    ]  # fmt: skip
    event = AuditEvent.objects.get(event="sales.reservation.made")
    assert (event.before, event.after["status"]) == ({"status": "available"}, "reserved")
    assert (event.by, event.post_id) == (office.lin, office.lin.post_id)


def test_numbers_run_without_gaps_also_past_refusals(office: Office) -> None:
    numbers = [reserve(office).number[-4:]]
    buyer = a_buyer(office)
    with pytest.raises(errors.BuyerTwice):
        reserve(office, shares=[BuyerDraft(buyer.pk), BuyerDraft(buyer.pk)])
    numbers.append(reserve(office).number[-4:])
    assert numbers == ["0001", "0002"]


def test_u_1_a_taken_unit_is_refused_with_its_holder(office: Office) -> None:
    unit = a_unit(office.project)
    reserve(office, unit=unit)
    with pytest.raises(errors.UnitNotAvailable, match=r"林小雨.+2025-03-08 12:00"):
        reserve(office, unit=unit)
    assert Deal.objects.filter(unit=unit).count() == 1


def test_u_1_the_database_itself_refuses_a_second_claim(office: Office) -> None:
    unit = a_unit(office.project)
    reserve(office, unit=unit)

    @writes
    def claim_again() -> None:
        Claim.objects.create(
            unit=unit, kind="lock", holder=office.mo, made_at=RESERVED_AT, expires_at=RESERVED_AT
        )

    with pytest.raises(IntegrityError):
        claim_again()


def test_anothers_lock_stands_in_the_way_and_ones_own_does_not(office: Office) -> None:
    unit = a_unit(office.project)
    lock_unit(unit_id=unit.pk, by=office.mo, at=RESERVED_AT)
    with pytest.raises(errors.UnitNotAvailable, match="莫经理"):
        reserve(office, unit=unit)
    reserve(office, unit=unit, at=RESERVED_AT + timedelta(minutes=15))
    other = another_unit(office)
    lock_unit(unit_id=other.pk, by=office.lin, at=RESERVED_AT)
    reserve(office, unit=other)
    assert Claim.objects.get(unit=other, kind="lock").end_reason == "reserved"


@pytest.mark.parametrize("status", ["not_released", "withheld", "off_market"])
def test_u_2_what_is_not_offered_is_not_reserved(office: Office, status: str) -> None:
    with pytest.raises(errors.UnitNotAvailable):
        reserve(office, unit=a_unit(office.project, status=status))


def test_u_2_no_permit_no_sale(office: Office) -> None:
    with pytest.raises(PermitMissing):
        reserve(office, unit=a_unit(office.project, building="9", with_permit=False))
    unit = a_unit(office.project)
    permit = a_permit(office.project)
    permit.issued_on = DAY + timedelta(days=1)
    permit.save(update_fields=["issued_on"])
    with pytest.raises(PermitMissing):
        reserve(office, unit=unit)


def test_u_2_a_sealed_or_unpriced_unit_is_not_reserved(office: Office) -> None:
    with pytest.raises(UnitSealed):
        reserve(office, unit=a_unit(office.project, is_sealed=True))
    with pytest.raises(ListPriceMissing):
        reserve(office, unit=a_unit(office.project, position=4, list_unit_price=None))


def test_who_may_not_sell_here_is_forbidden(office: Office) -> None:
    for by in (office.zhao, office.cast.wei, office.cast.guest):
        with pytest.raises(PermissionDenied):
            reserve(office, by=by)


def test_buyers_are_known_named_once_and_own_the_whole(office: Office) -> None:
    first, second = a_buyer(office), a_buyer(office)
    stranger = a_buyer(an_office())
    colleagues = a_buyer(office, owner=a_user("SC", office.project))
    unit = a_unit(office.project)

    def shares(*parts: tuple[Any, str | None]) -> list[BuyerDraft]:
        return [BuyerDraft(who.pk, Decimal(part) if part else None) for who, part in parts]

    for drafts, refusal in (
        (shares((first, None), (first, None)), errors.BuyerTwice),
        (shares((first, "0.5"), (second, "0.4")), errors.SharesIncomplete),
        (shares((first, "0.5"), (second, None)), errors.SharesIncomplete),
        (shares((first, "1"), (second, "0")), errors.SharesIncomplete),
        (shares((stranger, None)), errors.CustomerUnknown),
        (shares((colleagues, None)), errors.CustomerUnknown),
    ):
        with pytest.raises(refusal):
            reserve(office, unit=unit, shares=drafts)
    with pytest.raises(errors.BuyerMissing):
        reserve_unit(
            unit_id=unit.pk, buyers=[], payment_plan_id=office.prices.plan.pk,
            by=office.lin, at=RESERVED_AT,
        )  # fmt: skip
    deal = reserve(office, unit=unit, buyers=[first, second]).deal
    assert [buyer.share for buyer in deal.buyers.all()] == [Decimal("0.5"), Decimal("0.5")]


def test_the_deposit_lies_between_the_minimum_and_the_down_payment(office: Office) -> None:
    with pytest.raises(errors.DepositTooSmall, match="50000"):
        reserve(office, deposit=Decimal("49999.99"))
    with pytest.raises(pricing.DepositExceedsDownPayment):
        reserve(office, deposit=Decimal(500000))
    with pytest.raises(pricing.DepositExceedsPrice):
        reserve(office, deposit=Decimal(9999999))
    deal = reserve(office, deposit=Decimal(100000)).deal
    assert [line.amount for line in lines_of(deal.account_id)] == [100000, 339160, 1020000]


def test_days_make_sense(office: Office) -> None:
    with pytest.raises(errors.DateInFuture):
        reserve(office, reserved_on=DAY + timedelta(days=1))
    for sign_by in (DAY - timedelta(days=1), DAY + timedelta(days=91), date(9999, 12, 31)):
        with pytest.raises(errors.SignByOutOfRange):
            reserve(office, sign_by=sign_by)
    assert reserve(office, reserved_on=DAY - timedelta(days=2)).sign_by == date(2025, 3, 13)


def test_a_discount_that_does_not_hold_is_refused_by_name(office: Office) -> None:
    over = a_discount(
        office.project, office.mo, code="OVER", name="开盘优惠", kind="regular",
        valid_until=DAY - timedelta(days=1),
    )  # fmt: skip
    with pytest.raises(pricing.DiscountNotApplicable, match="开盘优惠"):
        reserve(office, discount_ids=[over.pk])
    with pytest.raises(pricing.DiscountNotOffered):
        reserve(office, discount_ids=[over.pk + 999])
    with pytest.raises(pricing.PlanNotOffered):
        reserve(office, payment_plan_id=office.prices.plan.pk + 999)


def test_a_quota_is_consumed_and_then_used_up(office: Office) -> None:
    """2.3.1 c."""
    first = a_discount(
        office.project, office.mo, code="FIRST1", name="首套特惠", kind="regular", quota=1
    )
    deal = reserve(office, discount_ids=[first.pk]).deal
    assert first.pk in deal.discounts.values_list("discount_id", flat=True)
    assert Discount.objects.get(pk=first.pk).used == 1
    with pytest.raises(pricing.DiscountQuotaUsedUp, match="首套特惠"):
        reserve(office, discount_ids=[first.pk])


def test_u_6_a_price_beyond_ones_authority_names_who_may(office: Office) -> None:
    """ORC-10: an extra 99 % gives 0.9491, for the project director; Mo is one, Lin is not."""
    extra = Special("rate", Decimal("0.99"), "老业主")
    with pytest.raises(pricing.DiscountAboveAuthority) as refusal:
        reserve(office, special=extra)
    assert "94.91" in str(refusal.value)
    assert refusal.value.code == "discount_above_authority"
    deal = reserve(office, special=extra, by=office.mo).deal
    assert (deal.deal_total, deal.authority) == (Decimal(1444468), "PD")
    with pytest.raises(pricing.DiscountAboveAuthority):
        reserve(office, special=Special("rate", Decimal("0.98"), "特批"), by=office.mo)


def test_u_6_below_the_floor_only_the_highest_may(office: Office) -> None:
    """The floor is 1,435,000; 1,430,000 has the rate of a company director (ORC-10)."""
    unit = a_unit(office.project, floor_unit_price=None, floor_total=Decimal(1435000))
    down = Special("amount", Decimal(29160), "特批")
    with pytest.raises(pricing.DiscountAboveAuthority) as refusal:
        reserve(office, unit=unit, special=down, by=office.mo)
    assert "1435000" not in str(refusal.value)


def test_u_6_the_filed_price_is_the_upper_bound(office: Office) -> None:
    unit = a_unit(office.project, list_unit_price="12000", floor_unit_price=None)
    set_filed_prices(
        prices=[NewPrice(unit.pk, total=Decimal(1423440))], by=office.mo, at=RESERVED_AT
    )
    Unit.objects.filter(pk=unit.pk).update(filed_total=Decimal(1000000))
    with pytest.raises(errors.PriceAboveFiled):
        reserve(office, unit=unit)


def test_u_10_every_move_knows_actor_post_time_and_source(office: Office) -> None:
    unit = a_unit(office.project)
    reserve(office, unit=unit)
    change = UnitChange.objects.filter(unit=unit).latest("id")
    assert (change.by, change.post_id, change.at, change.source) == (
        office.lin, office.lin.post_id, RESERVED_AT, "web",
    )  # fmt: skip


def test_u_7_the_schedule_comes_to_the_deal_total(office: Office) -> None:
    deal = reserve(office).deal
    rows = Receivable.objects.filter(account_id=deal.account_id)
    assert sum(row.amount for row in rows) == deal.deal_total


def test_the_project_says_how_long_there_is_to_sign(office: Office) -> None:
    """ORC-16: reserved on the 8th with seven days is to be signed by the 15th."""
    save_policy(
        project_id=office.project.pk, values={"sign_within_days": 10}, by=office.mo, at=RESERVED_AT
    )
    assert reserve(office).sign_by == date(2025, 3, 18)


def test_a_reservation_is_few_statements(office: Office) -> None:
    """Counted with a warm price book, as in a worker that has sold before."""
    reserve(office)
    unit, buyer = another_unit(office), a_buyer(office)
    by = User.objects.get(pk=office.lin.pk)
    assert by.may("sales.reserve_unit")
    with CaptureQueriesContext(connection) as statements:
        reserve(office, unit=unit, buyers=[buyer], by=by)
    sent = [query["sql"] for query in statements if "SAVEPOINT" not in query["sql"]]
    most = 4 if connection.vendor == "postgresql" else 16  # SQLite: one short one per table.
    assert len(sent) <= most, "\n".join(sent)


def test_what_is_written_together_is_what_the_orm_would_have_written(office: Office) -> None:
    """Each row of a sale is taken away and saved again by the ORM: the stored values are equal."""
    unit, buyers = a_unit(office.project), [a_buyer(office), a_buyer(office)]
    reservation = reserve(
        office,
        unit=unit,
        buyers=buyers,
        by=office.mo,
        special=Special("rate", Decimal("0.99"), "特批"),
    )
    deal = reservation.deal
    made: list[tuple[type[Any], dict[str, Any]]] = [
        (AuditEvent, {"event": "sales.reservation.made"}),
        (UnitChange, {"unit": unit, "verb": "reserve"}),
        (ProcessStep, {"deal": deal}),
        (Buyer, {"deal": deal}),
        (DealDiscount, {"deal": deal}),
        (Claim, {"deal": deal}),
        (Receivable, {"account": deal.account_id}),
        (Reservation, {"pk": reservation.pk}),
        (Deal, {"pk": deal.pk}),
        (Account, {"pk": deal.account_id}),
    ]

    def stored(table: str, ids: list[int]) -> list[tuple[Any, ...]]:
        marks = ", ".join(str(pk) for pk in ids)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {table} WHERE id IN ({marks}) ORDER BY id")  # noqa: S608
            found: list[tuple[Any, ...]] = cursor.fetchall()
        return found

    with lifted():
        for model, which in made:
            rows = list(model.objects.filter(**which).order_by("pk"))
            table, ids = model._meta.db_table, [row.pk for row in rows]
            written = stored(table, ids)
            assert written
            with connection.cursor() as cursor:
                cursor.execute(f"DELETE FROM {table} WHERE id IN ({str(ids)[1:-1]})")  # noqa: S608
            for row in rows:
                row.save(force_insert=True)
            assert stored(table, ids) == written, table
