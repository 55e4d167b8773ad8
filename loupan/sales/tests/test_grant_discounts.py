"""Discounts under their conditions: range, proof, limits per person, gifts, authority (2.3.1, 2.3.2)."""

from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils.translation import override

from loupan.inventory.testing import a_layout, a_unit
from loupan.org.testing import a_post, a_user, hold, signed_in, token_for
from loupan.pricing import errors
from loupan.pricing.actions.discounts import save_discount
from loupan.pricing.actions.policies import save_policy
from loupan.pricing.models import Discount
from loupan.pricing.permissions import AUTHORITY_LABELS
from loupan.pricing.queries.book import price_book
from loupan.pricing.queries.offers import Gift, Offer, Special, price_for
from loupan.pricing.rules.authority import AuthorityLevel
from loupan.pricing.testing import NOON, a_discount, a_mortgage_plan
from loupan.sales.actions.cancellations import cancel_reservation
from loupan.sales.models import Deal, DealDiscount
from loupan.sales.queries.attached import price_again
from loupan.sales.testing import Office, a_buyer, a_reservation, an_office, another_unit

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Office:
    return an_office()


def change(office: Office, row: Discount, **values: Any) -> None:
    save_discount(
        project_id=office.project.pk, discount_id=row.pk, values=values, by=office.mo, at=NOON
    )


def quoted(office: Office, unit: Any, *ids: int, **fields: Any) -> Offer:
    fields = {"payment_plan_id": office.prices.plan.pk, "viewer": office.mo, **fields}
    return price_for(unit=unit, discount_ids=ids, reserve_on=NOON.date(), **fields)


def test_an_identity_discount_without_proof_is_refused_and_the_proof_is_kept(
    office: Office,
) -> None:
    change(office, office.prices.member, needs_proof=True)
    with pytest.raises(errors.DiscountNotApplicable):
        a_reservation(office, proof="   ")
    assert not Deal.objects.exists()
    deal = a_reservation(office, proof=" 会员证 0118 ").deal
    proofs = dict(deal.discounts.values_list("name", "proof"))
    assert proofs["会员优惠"] == "会员证 0118"
    assert set(proofs.values()) == {"会员证 0118", ""}


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"buildings": [999_999]}, "building_not_covered"),
        ({"layouts": [999_999]}, "layout_not_covered"),
        ({"unit_numbers": ["X-1"]}, "unit_not_covered"),
        ({"product_types": ["shop"]}, "product_not_covered"),
        ({"plan_codes": ["LUMP"]}, "plan_not_covered"),
    ],
)
def test_a_scheme_reaches_its_range_alone(
    office: Office, values: dict[str, Any], reason: str
) -> None:
    change(office, office.prices.festival, **values)
    unit = another_unit(office)
    offer = quoted(office, unit, office.prices.festival.pk)
    assert [(item.code, item.reason) for item in offer.refused] == [("FEST", reason)]
    with pytest.raises(errors.DiscountNotApplicable):
        a_reservation(office, unit=unit)


def test_a_scheme_reaches_the_units_it_names(office: Office) -> None:
    layout = a_layout(office.project)
    unit = another_unit(office, layout=layout)
    change(
        office, office.prices.festival, buildings=[unit.building_id], layouts=[layout.pk],
        unit_numbers=[unit.number, "X-1"],
    )  # fmt: skip
    assert not quoted(office, unit, office.prices.festival.pk).refused


def test_a_person_has_a_discount_in_as_many_deals_as_it_allows(office: Office) -> None:
    change(office, office.prices.member, per_person=1)
    buyer = a_buyer(office)
    first = a_reservation(office, buyers=[buyer])
    with pytest.raises(errors.DiscountUsedByPerson, match="会员优惠"):
        a_reservation(office, buyers=[a_buyer(office), buyer])
    a_reservation(office, buyers=[a_buyer(office)])
    cancel_reservation(
        reservation_id=first.pk, reason="换房", request_key=uuid4(), by=office.mo, at=first.at
    )
    a_reservation(office, buyers=[buyer], at=first.at)


def test_gifts_leave_the_deal_total_and_lower_the_net_price(office: Office) -> None:
    gift = a_discount(
        office.project, office.mo, code="GIFT", kind="promotion", form="amount",
        amount_or_rate="0", gift_name="两年物业费", gift_cost=Decimal(48_000),
    )  # fmt: skip
    unit = a_unit(office.project, floor_unit_price="11900")
    offer = quoted(office, unit, *office.prices.discount_ids, gift.pk)
    assert (offer.deal_total, offer.net_total) == (Decimal(1_459_160), Decimal(1_411_160))
    assert offer.authority == AuthorityLevel.SC
    save_policy(
        project_id=office.project.pk, values={"gifts_count_for_floor": True}, by=office.mo, at=NOON
    )
    unit = type(unit).objects.get(pk=unit.pk)
    counted = quoted(office, unit, *office.prices.discount_ids, gift.pk)
    assert counted.floor_margin == Decimal(1_411_160) - Decimal(1_411_578)
    assert counted.authority == AuthorityLevel.GD
    save_policy(
        project_id=office.project.pk, values={"gifts_count_for_floor": False}, by=office.mo, at=NOON
    )
    deal = a_reservation(
        office, unit=unit, discount_ids=[*office.prices.discount_ids, gift.pk]
    ).deal
    kept = DealDiscount.objects.get(deal=deal, discount=gift)
    assert (kept.gift_name, kept.gift_cost) == ("两年物业费", Decimal(48_000))


def test_a_gift_that_costs_has_a_name(office: Office) -> None:
    with pytest.raises(errors.GiftWithoutName):
        change(office, office.prices.member, gift_cost=Decimal(1))


def test_a_plan_is_offered_for_its_kinds_of_units(office: Office) -> None:
    shops = a_mortgage_plan(office.project, office.mo, code="SHOPS", product_types=["shop"])
    unit = another_unit(office)
    with pytest.raises(errors.PlanNotForUnit):
        quoted(office, unit, payment_plan_id=shops.pk)
    with pytest.raises(errors.PlanNotForUnit):
        a_reservation(office, payment_plan_id=shops.pk)


def test_a_special_discount_needs_a_reason(office: Office) -> None:
    special = Special("rate", Decimal("0.99"), " ")
    with pytest.raises(errors.SpecialWithoutReason):
        a_reservation(office, special=special, by=office.mo)
    given = replace(special, reason="老业主多次推荐")
    deal = a_reservation(office, special=given, by=office.mo).deal
    assert deal.discounts.get(kind="special").name == "老业主多次推荐"


def test_a_quota_comes_back_with_a_cancelled_reservation(office: Office) -> None:
    change(office, office.prices.festival, quota=1)
    first = a_reservation(office)
    with pytest.raises(errors.DiscountQuotaUsedUp):
        a_reservation(office)
    cancel_reservation(
        reservation_id=first.pk, reason="换房", request_key=uuid4(), by=office.mo, at=first.at
    )
    a_reservation(office)
    assert Discount.objects.get(pk=office.prices.festival.pk).used == 1


ORC_10 = [
    # special, floor total or None: that of the unit, who may confirm (DOMAIN 2.3.2)
    (None, None, AuthorityLevel.SC),
    (Special("rate", Decimal("0.999"), "特批"), None, AuthorityLevel.SM),
    (Special("rate", Decimal("0.99"), "特批"), None, AuthorityLevel.PD),
    (Special("rate", Decimal("0.98"), "特批"), None, AuthorityLevel.CD),
    (Special("amount", Decimal(29_160), "特批"), "1435000", AuthorityLevel.GD),
    (Special("amount", Decimal(59_160), "特批"), None, AuthorityLevel.GD),
]


@pytest.mark.parametrize(("special", "floor", "level"), ORC_10)
def test_orc_10_every_level_confirms_what_is_its_own_and_no_more(
    office: Office, special: Special | None, floor: str | None, level: AuthorityLevel
) -> None:
    ranks = list(AuthorityLevel)
    own = {} if floor is None else {"floor_unit_price": None, "floor_total": Decimal(floor)}
    if level > AuthorityLevel.SC:
        with pytest.raises(errors.DiscountAboveAuthority) as refusal:
            reserve_as(ranks[level - 2].name, office, special, own)
        assert str(AUTHORITY_LABELS[level]) in str(refusal.value)
    deal = reserve_as(level.name, office, special, own)
    assert deal.authority == ("" if special is None else level.name)


def reserve_as(role: str, office: Office, special: Special | None, own: dict[str, Any]) -> Deal:
    """A deal made by somebody of that role who sells as well."""
    by = a_user(role, office.project)
    hold(by, a_post("SC", office.project))
    unit = another_unit(office, **own)
    buyer = a_buyer(office, owner=by)
    return a_reservation(office, unit=unit, buyers=[buyer], special=special, by=by).deal


# --- A gift of this deal alone (DSC-10)

VOUCHER = Gift("家电礼券", Decimal(30_000))


def test_a_gift_of_the_deal_leaves_the_price_and_lowers_the_net_price(office: Office) -> None:
    unit = another_unit(office)
    plain = quoted(office, unit, *office.prices.discount_ids)
    given = quoted(office, unit, *office.prices.discount_ids, gift=VOUCHER)
    assert given.deal_total == plain.deal_total
    assert given.overall_rate == plain.overall_rate
    assert given.net_total == plain.deal_total - 30_000
    assert (plain.authority, given.authority) == (AuthorityLevel.SC, AuthorityLevel.SM)


def test_a_gift_is_confirmed_like_a_special_discount_and_stands_on_the_deal(
    office: Office,
) -> None:
    with pytest.raises(errors.DiscountAboveAuthority):
        a_reservation(office, gift=VOUCHER)
    manager = a_user("SM", office.project)
    deal = a_reservation(office, gift=VOUCHER, by=manager).deal
    [row] = deal.discounts.filter(kind="gift")
    assert (row.name, row.gift_name, row.gift_cost) == ("家电礼券", "家电礼券", Decimal(30_000))
    assert deal.authority == "SM"
    page = signed_in(manager).get(f"/sales/deals/{deal.pk}/").content.decode()
    assert "家电礼券" in page
    assert "1,429,160.00" in page  # Net of the gift.


def test_a_gift_counts_against_the_floor_only_where_the_project_says_so(office: Office) -> None:
    """1,459,160 is 47,582 above the floor of 1,411,578; a gift of 50,000 goes below it."""
    unit = another_unit(office)
    dear = Gift("精装升级", Decimal(50_000))
    ids = office.prices.discount_ids
    assert quoted(office, unit, *ids, gift=dear).authority == AuthorityLevel.SM
    save_policy(
        project_id=office.project.pk, values={"gifts_count_for_floor": True}, by=office.mo, at=NOON
    )
    offer = quoted(office, unit, *ids, gift=dear)
    assert offer.authority == AuthorityLevel.GD
    assert offer.floor_margin == Decimal(-2418)


def test_a_gift_without_a_name_is_refused(office: Office) -> None:
    with pytest.raises(errors.GiftWithoutName):
        a_reservation(office, gift=Gift("  ", Decimal(1)), by=office.mo)
    assert not Deal.objects.exists()


def test_a_deal_with_a_gift_is_priced_again_without_it_as_a_reduction(office: Office) -> None:
    deal = a_reservation(office, gift=VOUCHER, by=office.mo).deal
    again = price_again(deal, price_book(deal.project_id), [])
    assert again.deal_total == deal.deal_total


def test_a_gift_over_the_guided_pages_and_the_api(office: Office) -> None:
    manager, buyer = office.mo, a_buyer(office)
    unit = another_unit(office)
    typed: dict[str, Any] = {
        "buyer": buyer.pk, "share": "100", "plan": office.prices.plan.pk, "step": "2",
        "gift_cost": "30000",
    }  # fmt: skip
    page = signed_in(manager).get(f"/sales/units/{unit.pk}/reservation/", typed)
    with override("en"):
        assert "A gift with a cost needs a name." in str(errors.GiftWithoutName())
    assert str(errors.GiftWithoutName()) in page.content.decode()
    posted = {**typed, "gift_name": "家电礼券", "step": "4"}
    made = signed_in(manager).post(f"/sales/units/{unit.pk}/reservation/", posted)
    assert made.status_code == 302, made.content.decode()
    assert DealDiscount.objects.get(kind="gift").gift_cost == Decimal(30_000)

    headers = {"Authorization": f"Bearer {token_for(manager)}"}
    other = another_unit(office)
    body = {
        "buyers": [{"customer_id": a_buyer(office).pk}],
        "payment_plan_id": office.prices.plan.pk, "gift": {"name": "车位券", "cost": "1000.00"},
    }  # fmt: skip
    for gift, status in (({"name": "", "cost": "1"}, 422), ({"name": "x", "cost": "-1"}, 422),
                         (body["gift"], 201)):  # fmt: skip
        answer = Client().post(
            f"/api/v1/units/{other.pk}/reservations/", {**body, "gift": gift},
            content_type="application/json",
            headers={**headers, "Idempotency-Key": str(uuid4())},
        )  # fmt: skip
        assert answer.status_code in {status, 400 if status == 422 else status}, answer.content
    assert DealDiscount.objects.filter(kind="gift").count() == 2
