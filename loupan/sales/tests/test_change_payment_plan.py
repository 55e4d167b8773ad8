"""A reserved deal under another payment plan (AFF-08, DOMAIN 2.3.1 d, ORC-15)."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client

from loupan.core.calendar import business_day
from loupan.core.models import AuditEvent
from loupan.core.refusals import NotAllowedNow
from loupan.ledger import queries as ledger
from loupan.org.testing import a_user, signed_in, token_for
from loupan.pricing import errors as pricing
from loupan.pricing.actions.discounts import save_discount
from loupan.pricing.actions.policies import save_policy
from loupan.pricing.models import Discount, PaymentPlan
from loupan.pricing.queries.offers import Gift, Special
from loupan.pricing.testing import NOON, a_discount, a_lump_sum_plan, a_mortgage_plan
from loupan.sales import errors
from loupan.sales.actions.cancellations import cancel_reservation
from loupan.sales.actions.plan_changes import change_payment_plan
from loupan.sales.models import Deal, PlanChange
from loupan.sales.queries.attached import AttachedWish
from loupan.sales.queries.books import book_differences
from loupan.sales.testing import (
    RESERVED_AT,
    Office,
    a_contract,
    a_reservation,
    a_stall,
    an_office,
)

pytestmark = pytest.mark.django_db

LATER = RESERVED_AT + timedelta(days=2)


@pytest.fixture
def office() -> Office:
    return an_office()


@pytest.fixture
def lump(office: Office) -> PaymentPlan:
    return a_lump_sum_plan(office.project, office.mo)


def changed(office: Office, deal: Deal, plan: PaymentPlan, **fields: Any) -> PlanChange:
    return change_payment_plan(
        deal_id=deal.pk, payment_plan_id=plan.pk,
        **{"reason": "客户要求", "by": office.mo, "at": LATER, **fields},
    )  # fmt: skip


def offered(office: Office, row: Discount, **values: Any) -> None:
    save_discount(
        project_id=office.project.pk, discount_id=row.pk, values=values, by=office.mo, at=NOON
    )


def test_a_lump_sum_instead_of_a_mortgage_makes_price_payments_and_process_anew(
    office: Office, lump: PaymentPlan
) -> None:
    """ORC-15: 1,521,895 × 96 % × 99 % × 99.5 % − 10,000 = 1,429,177, which is 29,983 less."""
    deal = a_reservation(office).deal
    assert deal.steps.filter(code="loan_documents").exists()
    change = changed(office, deal, lump)
    assert (change.total_before, change.total_after) == (Decimal(1_459_160), Decimal(1_429_177))
    deal.refresh_from_db()
    assert (deal.payment_plan, deal.deal_total) == (lump, Decimal(1_429_177))
    lines = ledger.lines_of(deal.account_id)
    assert [(line.money_type, line.amount, line.received) for line in lines] == [
        ("deposit", Decimal(50_000), Decimal(50_000)),
        ("balance", Decimal(1_379_177), Decimal(0)),
    ]
    assert not deal.steps.filter(code__startswith="loan").exists()
    assert [step.seq for step in deal.steps.all()] == list(range(1, deal.steps.count() + 1))
    assert not book_differences()
    event = AuditEvent.objects.get(event="sales.deal.plan_changed")
    assert event.before["payment_plan"] == "商业按揭"
    assert event.facts["reason"] == "客户要求"


def test_back_to_the_mortgage_is_the_same_deal_again(office: Office, lump: PaymentPlan) -> None:
    deal = a_reservation(office).deal
    before = [(s.code, s.seq, s.planned_on, s.actual_on) for s in deal.steps.all()]
    schedule = ledger.lines_of(deal.account_id)
    changed(office, deal, lump)
    deal.refresh_from_db()
    changed(office, deal, office.prices.plan)
    deal.refresh_from_db()
    assert deal.deal_total == Decimal(1_459_160)
    assert [(s.code, s.seq, s.planned_on, s.actual_on) for s in deal.steps.all()] == before
    again = ledger.lines_of(deal.account_id)
    assert [(a.seq, a.money_type, a.amount, a.due_on, a.received) for a in again] == [
        (b.seq, b.money_type, b.amount, b.due_on, Decimal(50_000) if b.seq == 1 else Decimal(0))
        for b in schedule
    ]
    assert deal.plan_changes.count() == 2
    assert not book_differences()


def test_a_discount_of_the_old_plan_is_lost_and_its_quota_comes_back(
    office: Office, lump: PaymentPlan
) -> None:
    offered(office, office.prices.festival, plan_codes=["MORTGAGE"], quota=5)
    deal = a_reservation(office).deal
    changed(office, deal, lump)
    deal.refresh_from_db()
    assert deal.deal_total == Decimal(1_439_177)
    assert "购房节" not in set(deal.discounts.values_list("name", flat=True))
    office.prices.festival.refresh_from_db()
    assert office.prices.festival.used == 0
    assert AuditEvent.objects.get(event="sales.deal.plan_changed").facts["lost"] == "购房节"
    assert not book_differences()


@pytest.mark.parametrize(("day", "total"), [("reservation", "1429177"), ("today", "1439177")])
def test_discounts_count_as_at_the_reservation_or_as_at_today(
    office: Office, lump: PaymentPlan, day: str, total: str
) -> None:
    """2.3.1 d: a discount that has ended since is kept, unless the project looks at today."""
    save_policy(
        project_id=office.project.pk, values={"plan_change_day": day}, by=office.mo, at=NOON
    )
    deal = a_reservation(office).deal
    offered(office, office.prices.festival, valid_until=business_day(RESERVED_AT))
    changed(office, deal, lump)
    deal.refresh_from_db()
    assert deal.deal_total == Decimal(total)


def test_what_was_granted_keeps_its_amount_though_it_is_published_otherwise_now(
    office: Office, lump: PaymentPlan
) -> None:
    deal = a_reservation(office).deal
    offered(office, office.prices.festival, amount_or_rate=Decimal(99), is_enabled=False)
    changed(office, deal, lump)
    deal.refresh_from_db()
    assert deal.deal_total == Decimal(1_429_177)


def test_a_new_discount_holds_like_at_a_reservation(office: Office, lump: PaymentPlan) -> None:
    deal = a_reservation(office).deal
    own = office.prices.discount_ids
    cash = a_discount(
        office.project, office.mo, code="CASH", name="一次性再减", kind="promotion",
        form="amount", amount_or_rate="1000", plan_codes=["LUMP"], quota=1, per_person=1,
    )  # fmt: skip
    changed(office, deal, lump, discount_ids=[*own, cash.pk])
    deal.refresh_from_db()
    assert deal.deal_total == Decimal(1_428_177)
    cash.refresh_from_db()
    assert cash.used == 1
    other = a_reservation(office, buyers=[deal.buyers.get().customer]).deal
    with pytest.raises(pricing.DiscountQuotaUsedUp):
        changed(office, other, lump, discount_ids=[*own, cash.pk])
    offered(office, cash, quota=9)
    with pytest.raises(pricing.DiscountUsedByPerson):
        changed(office, other, lump, discount_ids=[*own, cash.pk])
    offered(office, cash, per_person=None, needs_proof=True)
    with pytest.raises(pricing.DiscountNotApplicable):
        changed(office, other, lump, discount_ids=[*own, cash.pk])
    changed(office, other, lump, discount_ids=[*own, cash.pk], proof="资金证明 3")
    assert other.discounts.get(discount=cash).proof == "资金证明 3"
    other.refresh_from_db()
    other_plan = a_lump_sum_plan(office.project, office.mo, code="LUMP2", rate="0.97")
    with pytest.raises(pricing.DiscountNotOffered):
        changed(office, other, other_plan, discount_ids=[999_999])
    assert not book_differences()


def test_discounts_left_out_are_left_out(office: Office, lump: PaymentPlan) -> None:
    deal = a_reservation(office).deal
    change = changed(office, deal, lump, discount_ids=[])
    assert change.total_after == Decimal(1_461_019)  # 1,521,895 × 96 % = 1,461,019.20
    assert deal.discounts.count() == 1


def test_proof_special_discount_and_gift_stay_with_the_deal(
    office: Office, lump: PaymentPlan
) -> None:
    offered(office, office.prices.member, needs_proof=True)
    deal = a_reservation(
        office, by=office.mo, proof="会员证 7", special=Special("amount", Decimal(5000), "老客户"),
        gift=Gift("家电", Decimal(9000)),
    ).deal  # fmt: skip
    changed(office, deal, lump, by=a_user("CD", office.project))
    deal.refresh_from_db()
    assert deal.deal_total == Decimal(1_424_177)
    assert deal.discounts.get(name="会员优惠").proof == "会员证 7"
    assert deal.discounts.get(kind="special").amount_or_rate == 5000
    assert deal.discounts.get(kind="gift").gift_cost == 9000
    assert [row.seq for row in deal.discounts.all()] == list(range(deal.discounts.count()))


def test_a_scheme_of_several_items_goes_along_whole(office: Office, lump: PaymentPlan) -> None:
    items = [{"name": "券", "form": "amount", "amount_or_rate": "500", "order": 93}]
    scheme = a_discount(
        office.project, office.mo, code="AUT", name="秋季节", kind="promotion", form="amount",
        amount_or_rate="1000", items=items, quota=3,
    )  # fmt: skip
    deal = a_reservation(office, discount_ids=[scheme.pk]).deal
    offered(office, scheme, plan_codes=["MORTGAGE", "LUMP"])
    assert changed(office, deal, lump).total_after == Decimal(1_459_519)
    scheme.refresh_from_db()
    assert scheme.used == 1
    assert not book_differences()


def test_a_price_beyond_ones_authority_is_refused(office: Office) -> None:
    cheap = a_lump_sum_plan(office.project, office.mo, code="CHEAP", rate="0.90")
    manager = a_user("SM", office.project)
    deal = a_reservation(office, by=manager, special=Special("amount", Decimal(1), "券")).deal
    with pytest.raises(pricing.DiscountAboveAuthority):
        changed(office, deal, cheap, by=manager)
    deal.refresh_from_db()
    assert deal.payment_plan == office.prices.plan
    assert deal.discounts.count() == 5


def test_only_a_reserved_deal_changes_its_plan(office: Office, lump: PaymentPlan) -> None:
    signed = a_contract(office, a_reservation(office)).deal
    with pytest.raises(NotAllowedNow):
        changed(office, signed, lump)
    reservation = a_reservation(office)
    cancel_reservation(
        reservation_id=reservation.pk, reason="换房", request_key=uuid4(), by=office.mo,
        at=LATER,
    )  # fmt: skip
    with pytest.raises(NotAllowedNow):
        changed(office, reservation.deal, lump)
    assert not PlanChange.objects.exists()


def test_every_other_no(office: Office, lump: PaymentPlan) -> None:
    deal = a_reservation(office).deal
    shops = a_mortgage_plan(office.project, office.mo, code="SHOP", product_types=["shop"])
    over = a_lump_sum_plan(
        office.project, office.mo, code="OVER", valid_until=business_day(NOON) - timedelta(days=9)
    )
    for plan, fields, refusal in (
        (office.prices.plan, {}, errors.PlanUnchanged),
        (shops, {}, pricing.PlanNotForUnit),
        (over, {}, pricing.PlanNotOffered),
        (lump, {"reason": "  "}, errors.ReasonMissing),
        (lump, {"seen_total": Decimal(1)}, errors.PriceSeenOtherwise),
        (lump, {"by": office.lin}, PermissionDenied),
    ):
        with pytest.raises(refusal):
            changed(office, deal, plan, **fields)
    deal.refresh_from_db()
    assert (deal.deal_total, deal.discounts.count()) == (Decimal(1_459_160), 4)
    save_policy(
        project_id=office.project.pk, values={"stack_mode": "additive"}, by=office.mo, at=NOON
    )
    with pytest.raises(errors.PriceRulesChanged):
        changed(office, deal, lump)


def test_the_page_shows_what_would_be_and_does_what_it_showed(
    office: Office, lump: PaymentPlan
) -> None:
    deal = a_reservation(office).deal
    client, address = signed_in(office.mo), f"/sales/deals/{deal.pk}/plan/"
    assert address in client.get(f"/sales/deals/{deal.pk}/").content.decode()
    assert client.get(address).status_code == 200
    asked: dict[str, Any] = {
        "payment_plan_id": lump.pk, "discount_ids": office.prices.discount_ids,
    }  # fmt: skip
    page = client.get(address, asked).content.decode()
    assert "1,429,177.00" in page
    assert "−29,983.00" in page or "-29,983.00" in page
    deal.refresh_from_db()
    assert deal.payment_plan == office.prices.plan
    assert client.post(address, asked).status_code == 422
    wrong = client.post(address, {**asked, "reason": "客户", "seen_total": "1"})
    assert wrong.status_code == 422
    done = client.post(address, {**asked, "reason": "客户", "seen_total": "1429177.00"})
    assert done.status_code == 302, done.content.decode()
    shown = client.get(f"/sales/deals/{deal.pk}/").content.decode()
    assert "一次性付款" in shown
    assert signed_in(office.lin).get(address).status_code == 403


def test_the_page_says_what_cannot_be(office: Office) -> None:
    deal = a_reservation(office).deal
    client, address = signed_in(office.mo), f"/sales/deals/{deal.pk}/plan/"
    for payment_plan_id in ("x", "0", "9" * 30, str(office.prices.plan.pk)):
        answer = client.get(address, {"payment_plan_id": payment_plan_id, "discount_ids": "y"})
        assert answer.status_code == 200
    signed = a_contract(office, a_reservation(office)).deal
    assert "disabled" in client.get(f"/sales/deals/{signed.pk}/plan/").content.decode()


def test_the_api_shows_and_changes(office: Office, lump: PaymentPlan) -> None:
    offered(office, office.prices.festival, plan_codes=["MORTGAGE"])
    deal = a_reservation(office).deal
    headers = {"Authorization": f"Bearer {token_for(office.mo)}"}
    address = f"/api/v1/deals/{deal.pk}/plan-change/"
    outlook = f"{address}{lump.pk}/"
    seen = Client().get(outlook, headers=headers)
    assert seen.status_code == 200, seen.content
    said = seen.json()
    assert (said["deal_total"], said["lost"][0]["name"]) == ("1439177.00", "购房节")
    some: dict[str, Any] = {"discount_ids": office.prices.discount_ids[:2]}
    kept = Client().get(outlook, some, headers=headers).json()
    assert [each["reason"] for each in kept["lost"]] == [str(pricing.NOT_CHOSEN)]
    body = {"payment_plan_id": lump.pk, "reason": "客户", "seen_total": "1439177.00"}

    def post(**values: Any) -> Any:
        return Client().post(
            address, {**body, **values}, content_type="application/json", headers=headers
        )

    assert post(seen_total="1.00").json()["code"] == "price_seen_otherwise"
    made = post()
    assert made.status_code == 201, made.content
    assert (made.json()["total_before"], made.json()["total_after"]) == (
        "1459160.00", "1439177.00",
    )  # fmt: skip
    assert post().json()["code"] == "plan_unchanged"


def test_attached_units_are_priced_along(office: Office, lump: PaymentPlan) -> None:
    """The lump sum is spread over flat and stall as before; the stall keeps its own list price."""
    stall = a_stall(office)
    deal = a_reservation(office, attached=[AttachedWish(stall.pk, "separate")]).deal
    changed(office, deal, lump)
    deal.refresh_from_db()
    assert deal.attached_total == deal.attached.get().amount
    assert 119_000 < deal.attached_total < 120_000
    assert deal.deal_total == sum(line.amount for line in ledger.lines_of(deal.account_id))
    assert not book_differences()
