"""Prices, authority and schedules, by the oracles of DOMAIN 0.3 and 2.2 to 2.4."""

import json
from dataclasses import asdict, replace
from datetime import date
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loupan.core.dates import Shift
from loupan.core.rounding import TO_FEN, TO_YUAN, AmountOutOfRange, Mode, Precision
from loupan.pricing.rules.authority import (
    DEFAULT_AUTHORITY,
    AuthorityLevel,
    AuthorityRule,
    authority_needed,
)
from loupan.pricing.rules.deal_price import (
    Priced,
    PriceInput,
    overall_rate,
    price_deal,
    spread_lump_sum,
)
from loupan.pricing.rules.discounts import (
    Conditions,
    DealFacts,
    DiscountForm,
    DiscountItem,
    DiscountKind,
    ExclusiveChoice,
    RefusalReason,
    StackMode,
    applicable,
)
from loupan.pricing.rules.list_price import (
    Basis,
    CalculationOrder,
    list_price,
)
from loupan.pricing.rules.payment_plan import (
    Anchor,
    Anchors,
    LineBase,
    LineMethod,
    MoneyType,
    PlanLine,
    PlanProblem,
    Schedule,
    equal_parts,
    schedule,
)
from loupan.pricing.rules.tracing import DEFAULT_PRECISION, PricingProblem, Step

BUILT, INNER = Decimal("118.62"), Decimal("94.37")
LIST_TOTAL, DEAL_TOTAL, FLOOR_TOTAL = Decimal(1_521_895), Decimal(1_459_160), Decimal(1_411_578)
RESERVED, CONTRACTED = date(2025, 3, 8), date(2025, 3, 15)

MORTGAGE = DiscountItem("mortgage", "按揭", DiscountKind.PLAN, DiscountForm.RATE, Decimal("0.98"))
ON_TIME = DiscountItem(
    "on_time", "按时签约", DiscountKind.REGULAR, DiscountForm.RATE, Decimal("0.99")
)
MEMBER = DiscountItem("member", "会员", DiscountKind.IDENTITY, DiscountForm.RATE, Decimal("0.995"))
FESTIVAL = DiscountItem(
    "festival", "商铺节", DiscountKind.PROMOTION, DiscountForm.AMOUNT, Decimal(10_000)
)
CANONICAL = PriceInput(LIST_TOTAL, BUILT, INNER, (MORTGAGE, ON_TIME, MEMBER, FESTIVAL))


def special(form: DiscountForm, value: str) -> DiscountItem:
    return DiscountItem("special", "特批", DiscountKind.SPECIAL, form, Decimal(value))


def with_items(*items: DiscountItem) -> Priced:
    return price_deal(replace(CANONICAL, items=items))


# --- List price


def test_canonical_list_total_is_118_62_times_12830() -> None:
    """DOMAIN 0.3."""
    price = list_price(
        basis=Basis.BUILT,
        order=CalculationOrder.UNIT_PRICE_FIRST,
        built_area=BUILT,
        inner_area=INNER,
        unit_price=Decimal(12_830),
    )
    assert price.list_total == LIST_TOTAL
    assert price.built_unit_price == Decimal(12_830)
    assert price.inner_unit_price == Decimal("16126.89")


ORC_06 = {
    "100": ("1149300", "1149300", "1149400"),
    "10": ("1149350", "1149340", "1149350"),
    "1": ("1149347", "1149347", "1149348"),
    "0.1": ("1149347.4", "1149347.3", "1149347.4"),
    "0.01": ("1149347.35", "1149347.35", "1149347.36"),
}


@pytest.mark.parametrize("unit", ORC_06)
def test_list_total_follows_its_precision_setting(unit: str) -> None:
    """ORC-06."""
    for mode, expected in zip(Mode, ORC_06[unit], strict=True):
        settings = replace(DEFAULT_PRECISION, list_total=Precision(Decimal(unit), mode))
        price = list_price(
            basis=Basis.BUILT,
            order=CalculationOrder.UNIT_PRICE_FIRST,
            built_area=Decimal("89.37"),
            inner_area=None,
            unit_price=Decimal("12860.55"),
            precision=settings,
        )
        assert price.list_total == Decimal(expected)
        assert price.trace[0].input["raw"] == "1149347.3535"


def test_unit_price_first_rounds_the_total() -> None:
    """ORC-07."""
    price = list_price(
        basis=Basis.BUILT,
        order=CalculationOrder.UNIT_PRICE_FIRST,
        built_area=Decimal("89.37"),
        inner_area=None,
        unit_price=Decimal(12_860),
    )
    assert (price.list_total, price.built_unit_price) == (Decimal(1_149_298), Decimal(12_860))


def test_total_first_keeps_the_total_and_only_shows_a_unit_price() -> None:
    """ORC-07."""
    price = list_price(
        basis=Basis.BUILT,
        order=CalculationOrder.TOTAL_FIRST,
        built_area=Decimal("89.37"),
        inner_area=None,
        total=Decimal(1_149_000),
    )
    assert (price.list_total, price.built_unit_price) == (Decimal(1_149_000), Decimal("12856.66"))
    assert price.inner_unit_price is None


def test_a_parking_stall_is_priced_by_unit_without_any_area() -> None:
    price = list_price(
        basis=Basis.UNIT,
        order=CalculationOrder.UNIT_PRICE_FIRST,
        built_area=None,
        inner_area=None,
        total=Decimal(120_000),
    )
    assert (price.list_total, price.built_unit_price) == (Decimal(120_000), None)


def test_inner_basis_multiplies_the_inner_area() -> None:
    price = list_price(
        basis=Basis.INNER,
        order=CalculationOrder.UNIT_PRICE_FIRST,
        built_area=BUILT,
        inner_area=INNER,
        unit_price=Decimal(16_000),
    )
    assert (price.list_total, price.inner_unit_price) == (Decimal(1_509_920), Decimal(16_000))


@pytest.mark.parametrize(
    ("code", "built_area", "unit_price"),
    [
        ("area_missing", None, Decimal(12_830)),
        ("area_invalid", Decimal(0), Decimal(12_830)),
        ("area_invalid", Decimal("NaN"), Decimal(12_830)),
        ("price_missing", BUILT, None),
        ("price_not_positive", BUILT, Decimal(-1)),
    ],
)
def test_a_list_price_without_its_inputs_is_refused(
    code: str, built_area: Decimal | None, unit_price: Decimal | None
) -> None:
    with pytest.raises(PricingProblem) as refused:
        list_price(
            basis=Basis.BUILT,
            order=CalculationOrder.UNIT_PRICE_FIRST,
            built_area=built_area,
            inner_area=None,
            unit_price=unit_price,
        )
    assert refused.value.code == code


def test_a_price_that_is_no_number_is_refused() -> None:
    with pytest.raises(AmountOutOfRange):
        price_deal(replace(CANONICAL, list_total=Decimal("NaN")))


# --- One unit, one price


# --- Deal price


def test_canonical_deal_price() -> None:
    """DOMAIN 0.3, ORC-08 row 1."""
    priced = price_deal(CANONICAL)
    assert priced.raw_total == Decimal("1459159.816355")
    assert priced.deal_total == DEAL_TOTAL
    assert priced.built_unit_price == Decimal("12301.13")
    assert priced.inner_unit_price == Decimal("15462.12")
    assert (priced.overall_rate, priced.overall_rate_truncated) == (
        Decimal("0.9588"),
        Decimal("0.9587"),
    )
    assert priced.discount_amount == Decimal(62_735)


TRUNCATED = replace(DEFAULT_PRECISION, deal_total=Precision(Decimal(1), Mode.TRUNCATE))
LUMP_FIRST = (MORTGAGE, ON_TIME, MEMBER, replace(FESTIVAL, order=1))
ORC_08 = [
    (CANONICAL, "1459160", "12301.13", "0.9588"),
    (replace(CANONICAL, round_each_step=True), "1459159", None, "0.9588"),
    (replace(CANONICAL, precision=TRUNCATED), "1459159", None, "0.9588"),
    (replace(CANONICAL, items=LUMP_FIRST), "1459506", "12304.05", "0.9590"),
    (replace(CANONICAL, stack_mode=StackMode.ADDITIVE), "1458629", "12296.65", "0.9584"),
]


@pytest.mark.parametrize(("asked", "total", "unit_price", "rate"), ORC_08)
def test_stacking_and_rounding_decide_the_last_yuan(
    asked: PriceInput, total: str, unit_price: str | None, rate: str
) -> None:
    """ORC-08, its five rows."""
    priced = price_deal(asked)
    assert priced.deal_total == Decimal(total)
    assert priced.overall_rate == Decimal(rate)
    if unit_price:
        assert priced.built_unit_price == Decimal(unit_price)


def test_raw_totals_of_the_other_stackings() -> None:
    """ORC-08, column raw."""
    raws = [price_deal(asked).raw_total for asked, *_ in ORC_08]
    assert raws == [
        Decimal("1459159.816355"),
        Decimal(1_459_159),
        Decimal("1459159.816355"),
        Decimal("1459506.326355"),
        Decimal("1458628.675"),
    ]


def test_rounding_after_each_step_shows_every_step() -> None:
    """ORC-08 row 2."""
    priced = price_deal(replace(CANONICAL, round_each_step=True))
    applied = [step.output for step in priced.trace if step.step.startswith("apply_")]
    assert applied == ["1491457", "1476542", "1469159", "1459159"]


def test_a_lump_sum_plan_costs_29983_less() -> None:
    """ORC-15."""
    priced = with_items(replace(MORTGAGE, value=Decimal("0.96")), ON_TIME, MEMBER, FESTIVAL)
    assert priced.raw_total == Decimal("1429176.9629600")
    assert priced.deal_total == Decimal(1_429_177)
    assert DEAL_TOTAL - priced.deal_total == Decimal(29_983)


def test_percent_off_is_a_rate_seen_from_the_other_side() -> None:
    off = replace(MORTGAGE, form=DiscountForm.PERCENT_OFF, value=Decimal("0.02"))
    assert with_items(off).deal_total == with_items(MORTGAGE).deal_total


def test_a_unit_amount_counts_the_area_of_the_pricing_basis() -> None:
    per_sqm = replace(FESTIVAL, form=DiscountForm.UNIT_AMOUNT, value=Decimal(100))
    asked = replace(CANONICAL, items=(per_sqm,))
    assert price_deal(asked).deal_total == LIST_TOTAL - Decimal(11_862)
    assert price_deal(replace(asked, basis=Basis.INNER)).deal_total == LIST_TOTAL - Decimal(9_437)


def test_only_the_best_identity_counts() -> None:
    staff = replace(MEMBER, code="staff", value=Decimal("0.97"))
    priced = with_items(MORTGAGE, MEMBER, staff)
    assert [item.code for item in priced.applied] == ["mortgage", "staff"]
    assert [(each.item.code, each.reason) for each in priced.refused] == [
        ("member", RefusalReason.IDENTITY_BEST_ONE_ONLY)
    ]


def test_identities_add_up_where_the_project_says_so() -> None:
    staff = replace(MEMBER, code="staff", value=Decimal("0.97"))
    asked = replace(CANONICAL, items=(MEMBER, staff), identity_best_only=False)
    assert len(price_deal(asked).applied) == 2


@pytest.mark.parametrize(("amount", "winner"), [(14_000, "opening"), (16_000, "festival")])
def test_an_exclusive_group_grants_what_is_best_for_the_customer(amount: int, winner: str) -> None:
    """2.3.1 rule (b): a rate of 99 % is worth 15,218.95 here."""
    opening = replace(ON_TIME, code="opening", exclusive_group="spring")
    festival = replace(FESTIVAL, exclusive_group="spring", value=Decimal(amount))
    priced = with_items(opening, festival)
    assert [item.code for item in priced.applied] == [winner]
    assert [each.reason for each in priced.refused] == [RefusalReason.EXCLUDED_BY_BETTER]


def test_an_exclusive_group_may_be_set_to_its_first_item() -> None:
    opening = replace(ON_TIME, code="opening", exclusive_group="spring")
    festival = replace(FESTIVAL, exclusive_group="spring", value=Decimal(90_000))
    first = ExclusiveChoice.FIRST_BY_ORDER
    asked = replace(CANONICAL, items=(festival, opening), exclusive_choice=first)
    assert [item.code for item in price_deal(asked).applied] == ["opening"]


@pytest.mark.parametrize(
    ("code", "items"),
    [
        ("several_plan_discounts", (MORTGAGE, replace(MORTGAGE, code="lump_sum"))),
        ("discount_twice", (FESTIVAL, FESTIVAL)),
        ("discount_invalid", (replace(ON_TIME, value=Decimal("1.01")),)),
        ("discount_invalid", (replace(ON_TIME, value=Decimal(98)),)),
        ("discount_invalid", (replace(ON_TIME, value=Decimal("NaN")),)),
        ("discount_invalid", (replace(FESTIVAL, value=Decimal(-1)),)),
        ("price_not_positive", (replace(FESTIVAL, value=Decimal(2_000_000)),)),
        ("too_many_discounts", tuple(replace(FESTIVAL, code=str(n)) for n in range(41))),
        (
            "too_many_choices",
            tuple(replace(FESTIVAL, code=str(n), exclusive_group="g") for n in range(13)),
        ),
    ],
)
def test_a_price_that_makes_no_sense_is_refused(code: str, items: tuple[DiscountItem, ...]) -> None:
    with pytest.raises(PricingProblem) as refused:
        with_items(*items)
    assert refused.value.code == code


def test_every_step_of_the_trace_is_json_and_links_to_the_next() -> None:
    priced = price_deal(CANONICAL)
    assert json.loads(json.dumps([asdict(step) for step in priced.trace]))
    assert [step.step for step in priced.trace] == [
        "start_from_list_total",
        "apply_rate",
        "apply_rate",
        "apply_rate",
        "apply_amount",
        "deal_total",
        "deal_unit_price_built",
        "deal_unit_price_inner",
        "overall_rate",
        "overall_rate_for_authority",
    ]
    running = priced.trace[0].output
    for step in priced.trace[1:5]:
        assert step.input["before"] == running
        running = step.output
    assert priced.trace[5] == Step("deal_total", "half_up:1", {"raw": running}, "1459160")


RATES = st.decimals("0.85", "1", places=4)
OTHERS = st.lists(RATES, max_size=5)


def regulars(rates: list[Decimal]) -> tuple[DiscountItem, ...]:
    return tuple(replace(ON_TIME, code=f"r{n}", value=rate) for n, rate in enumerate(rates))


@given(rates=OTHERS, mode=st.sampled_from(StackMode), less=st.decimals("0.9", "1", places=3))
def test_another_discount_never_makes_a_deal_dearer(
    rates: list[Decimal], mode: StackMode, less: Decimal
) -> None:
    asked = replace(CANONICAL, items=regulars(rates), stack_mode=mode)
    more = replace(asked, items=(*asked.items, replace(MEMBER, value=less)))
    assert 0 < price_deal(more).deal_total <= price_deal(asked).deal_total <= LIST_TOTAL


@given(rates=st.lists(RATES, min_size=2, max_size=4), mode=st.sampled_from(StackMode))
def test_the_order_of_rates_does_not_change_the_total(
    rates: list[Decimal], mode: StackMode
) -> None:
    totals = {
        price_deal(replace(CANONICAL, items=regulars(list(some)), stack_mode=mode)).deal_total
        for some in permutations(rates)
    }
    assert len(totals) == 1


@given(rates=OTHERS)
def test_taking_shares_off_the_list_is_never_dearer_than_a_chain(rates: list[Decimal]) -> None:
    chained = replace(CANONICAL, items=regulars(rates))
    additive = replace(chained, stack_mode=StackMode.ADDITIVE)
    assert price_deal(additive).raw_total <= price_deal(chained).raw_total


@given(values=st.lists(st.integers(1, 60_000), min_size=2, max_size=6, unique=True))
def test_the_choice_of_an_exclusive_group_is_the_cheapest_of_all(values: list[int]) -> None:
    items = [
        replace(FESTIVAL, code=f"x{n}", value=Decimal(value), exclusive_group="g")
        for n, value in enumerate(values)
    ]
    alone = min(with_items(MORTGAGE, item).deal_total for item in items)
    assert with_items(MORTGAGE, *items).deal_total == alone


# --- Schemes of several items (DSC-01)


def a_scheme(code: str, *values: str, **fields: Any) -> tuple[DiscountItem, ...]:
    """Lump sums under one name, granted together."""
    return tuple(
        replace(FESTIVAL, code=f"{code}/{n}", value=Decimal(value), scheme=code, **fields)
        for n, value in enumerate(values)
    )


def test_of_two_schemes_that_exclude_one_another_the_better_is_granted_whole() -> None:
    mixed = a_scheme("mixed", "9000", "1", exclusive_group="g")
    even = a_scheme("even", "5000", "5000", exclusive_group="g")
    priced = with_items(MORTGAGE, *mixed, *even)
    assert [item.code for item in priced.applied if item.scheme] == ["even/0", "even/1"]
    assert {each.item.scheme for each in priced.refused} == {"mixed"}
    refused = [each for each in priced.trace if each.step == "discount_refused"]
    assert [each.output for each in refused] == ["excluded_by_better"]


def test_the_first_of_two_schemes_is_granted_where_order_decides() -> None:
    first = a_scheme("first", "1", "1", exclusive_group="g", order=1)
    better = a_scheme("better", "5000", exclusive_group="g", order=2)
    asked = replace(
        CANONICAL,
        items=(*better, *first),
        exclusive_choice=ExclusiveChoice.FIRST_BY_ORDER,
    )
    assert {item.scheme for item in price_deal(asked).applied} == {"first"}


@given(
    values=st.lists(st.integers(1, 9_000), min_size=1, max_size=9),
    bad=st.integers(0, 8),
    is_late=st.booleans(),
)
def test_a_scheme_is_granted_whole_or_not_at_all(
    values: list[int],
    bad: int,
    is_late: bool,  # noqa: FBT001  Drawn.
) -> None:
    items = list(a_scheme("s", *map(str, values)))
    if is_late and bad < len(items):
        over = Conditions(valid_until=date(2025, 3, 1))
        items[bad] = replace(items[bad], conditions=over)
    priced = price_deal(replace(CANONICAL, items=tuple(items), facts=FACTS))
    assert len(priced.applied) in {0, len(items)}
    assert len(priced.applied) + len(priced.refused) == len(items)
    off = sum(values) if priced.applied else 0
    assert priced.deal_total == LIST_TOTAL - off


# --- Conditions

FACTS = DealFacts(
    reserved_on=RESERVED,
    product_type="flat",
    plan_code="mortgage",
    unit_code="1-1-1803",
    identities=frozenset({"member"}),
)


@pytest.mark.parametrize(
    ("conditions", "reason"),
    [
        (Conditions(), None),
        (Conditions(valid_from=RESERVED, valid_until=RESERVED), None),
        (Conditions(valid_from=date(2025, 3, 9)), RefusalReason.NOT_YET_VALID),
        (Conditions(valid_until=date(2025, 3, 7)), RefusalReason.NO_LONGER_VALID),
        (Conditions(product_types=frozenset({"shop"})), RefusalReason.PRODUCT_NOT_COVERED),
        (Conditions(product_types=frozenset({"shop", "flat"})), None),
        (Conditions(plan_codes=frozenset({"lump_sum"})), RefusalReason.PLAN_NOT_COVERED),
        (Conditions(unit_codes=frozenset({"2-1-101"})), RefusalReason.UNIT_NOT_COVERED),
        (Conditions(identity="staff"), RefusalReason.IDENTITY_NOT_PROVEN),
        (Conditions(identity="member"), None),
        (Conditions(quota_left=0), RefusalReason.QUOTA_USED_UP),
        (Conditions(quota_left=1), None),
    ],
)
def test_an_item_applies_only_if_its_conditions_hold(
    conditions: Conditions, reason: RefusalReason | None
) -> None:
    """2.3.1 rule (a), by the reservation date."""
    found = applicable([replace(ON_TIME, conditions=conditions)], FACTS)
    assert len(found.applied) == (reason is None)
    assert [each.reason for each in found.refused] == ([reason] if reason else [])


@pytest.mark.parametrize(
    ("signed_on", "reasons"),
    [
        (None, []),
        (date(2025, 3, 15), []),
        (date(2025, 3, 16), [RefusalReason.SIGNED_TOO_LATE]),
    ],
)
def test_the_on_time_discount_is_lost_by_signing_late(
    signed_on: date | None, reasons: list[RefusalReason]
) -> None:
    """2.3.1 rule (e)."""
    item = replace(ON_TIME, conditions=Conditions(on_time_signing=True))
    facts = replace(FACTS, sign_by=date(2025, 3, 15), signed_on=signed_on)
    priced = price_deal(replace(CANONICAL, items=(item,), facts=facts))
    assert (priced.deal_total == LIST_TOTAL) is bool(reasons)
    assert [each.reason for each in priced.refused] == reasons


def test_a_refused_item_stands_in_the_trace() -> None:
    late = replace(ON_TIME, conditions=Conditions(quota_left=0))
    priced = price_deal(replace(CANONICAL, items=(late,), facts=FACTS))
    assert priced.trace[1] == Step(
        "discount_refused",
        "regular:on_time:v1",
        {"name": priced.refused[0].item.name},
        "quota_used_up",
    )


# --- Spreading


def test_a_lump_sum_is_spread_over_flat_and_parking() -> None:
    """ORC-09."""
    before = [DEAL_TOTAL, Decimal(120_000)]
    parts = spread_lump_sum(Decimal(20_000), before)
    assert parts == [Decimal(18_480), Decimal(1_520)]
    after = [whole - part for whole, part in zip(before, parts, strict=True)]
    assert (after, sum(after)) == ([Decimal(1_440_680), Decimal(118_480)], Decimal(1_559_160))


MONEY = st.decimals("0", "9999999", places=2)


@given(before=st.lists(MONEY, min_size=1, max_size=6), share=RATES, mode=st.sampled_from(Mode))
def test_spreading_loses_nothing_and_overcharges_nobody(
    before: list[Decimal], share: Decimal, mode: Mode
) -> None:
    amount = (sum(before, Decimal(0)) * share).quantize(Decimal("0.01"))
    parts = spread_lump_sum(amount, before, Precision(Decimal(1), mode))
    assert sum(parts) == amount
    assert all(0 <= part <= whole for part, whole in zip(parts, before, strict=True))


def test_a_lump_sum_larger_than_the_deal_is_refused() -> None:
    with pytest.raises(PricingProblem, match="lump_sum_too_large"):
        spread_lump_sum(Decimal(101), [Decimal(60), Decimal(40)])


# --- Authority

SC, SM, PD, CD, GD = AuthorityLevel


def needed(
    *items: DiscountItem, floor_total: Decimal | None = FLOOR_TOTAL
) -> tuple[Priced, AuthorityLevel]:
    priced = with_items(MORTGAGE, ON_TIME, MEMBER, *items, FESTIVAL)
    level = authority_needed(
        overall_rate_truncated=priced.overall_rate_truncated,
        deal_total=priced.deal_total,
        floor_total=floor_total,
        published_only=not items,
    )
    return priced, level


def test_published_discounts_need_nobody_else() -> None:
    """ORC-10."""
    priced, level = needed()
    assert (priced.deal_total, level) == (Decimal(1_459_160), SC)


def test_an_extra_99_percent_is_for_the_project_director() -> None:
    """ORC-10."""
    priced, level = needed(special(DiscountForm.RATE, "0.99"))
    assert (priced.deal_total, priced.overall_rate_truncated) == (
        Decimal(1_444_468),
        Decimal("0.9491"),
    )
    assert level == PD


def test_an_extra_98_percent_is_for_the_company_director() -> None:
    """ORC-10."""
    priced, level = needed(special(DiscountForm.RATE, "0.98"))
    assert priced.raw_total.quantize(Decimal("0.01")) == Decimal("1429776.62")
    assert (priced.deal_total, priced.built_unit_price) == (Decimal(1_429_777), Decimal("12053.42"))
    assert (priced.overall_rate_truncated, priced.overall_rate) == (
        Decimal("0.9394"),
        Decimal("0.9395"),
    )
    assert priced.deal_total - FLOOR_TOTAL == Decimal(18_199)
    assert level == CD


def test_a_special_price_below_the_floor_is_for_the_group() -> None:
    """ORC-10: 1,400,000 fails both tests."""
    priced, level = needed(special(DiscountForm.AMOUNT, "59159.816355"))
    assert (priced.deal_total, priced.overall_rate) == (Decimal(1_400_000), Decimal("0.9199"))
    assert level == GD


def test_the_stricter_test_wins() -> None:
    """ORC-10: 1,430,000 has the rate of a company director but is below a floor of 1,435,000."""
    rate = overall_rate(Decimal(1_430_000), LIST_TOTAL, Mode.TRUNCATE)
    assert rate == Decimal("0.9396")
    for floor, expected in ((Decimal(1_435_000), GD), (Decimal(1_430_000), CD), (None, CD)):
        level = authority_needed(
            overall_rate_truncated=rate,
            deal_total=Decimal(1_430_000),
            floor_total=floor,
            published_only=False,
        )
        assert level == expected


def test_even_published_discounts_do_not_go_below_the_floor() -> None:
    assert needed(floor_total=Decimal(1_459_161))[1] == GD


@pytest.mark.parametrize(
    ("rate", "expected"),
    [
        ("1", SM),
        ("0.9550", SM),
        ("0.9549", PD),
        ("0.9450", PD),
        ("0.94499", CD),
        ("0.9350", CD),
        ("0.93499", GD),
        ("0", GD),
    ],
)
def test_the_borders_of_the_matrix(rate: str, expected: AuthorityLevel) -> None:
    """2.3.2: the rate is truncated, never rounded up over a border."""
    level = authority_needed(
        overall_rate_truncated=Decimal(rate),
        deal_total=DEAL_TOTAL,
        floor_total=FLOOR_TOTAL,
        published_only=False,
    )
    assert level == expected


def test_a_project_may_write_its_own_matrix() -> None:
    matrix = [AuthorityRule(SM, Decimal("0.90"), may_go_below_floor=True), *DEFAULT_AUTHORITY[1:]]
    level = authority_needed(
        overall_rate_truncated=Decimal("0.91"),
        deal_total=Decimal(1),
        floor_total=Decimal(2),
        published_only=False,
        matrix=matrix,
    )
    assert level == SM


@given(st.decimals("0", "1.2", places=6), st.decimals("0", "1.2", places=6))
def test_a_lower_rate_never_needs_a_lower_level(one: Decimal, other: Decimal) -> None:
    low, high = (
        authority_needed(
            overall_rate_truncated=rate,
            deal_total=Decimal(1),
            floor_total=None,
            published_only=False,
        )
        for rate in sorted((one, other))
    )
    assert low >= high


@given(deal=st.integers(1, 2_000_000))
def test_the_rate_for_authority_never_exceeds_the_true_rate(deal: int) -> None:
    tested = overall_rate(Decimal(deal), LIST_TOTAL, Mode.TRUNCATE)
    assert tested * LIST_TOTAL <= deal < (tested + Decimal("0.0001")) * LIST_TOTAL


# --- Payment plans

ANCHORS = Anchors(reservation=RESERVED, contract=CONTRACTED)
DEPOSIT = PlanLine(MoneyType.DEPOSIT, LineMethod.FIXED, Decimal(50_000), anchor=Anchor.RESERVATION)
DOWN_PAYMENT = PlanLine(MoneyType.DOWN_PAYMENT, LineMethod.REMAINDER, days=7)
LOAN = PlanLine(MoneyType.COMMERCIAL_LOAN, LineMethod.PERCENT, Decimal("0.70"), days=30)


def planned(*lines: PlanLine, deposit: str = "50000", total: Decimal = DEAL_TOTAL) -> Schedule:
    return schedule(lines, deal_total=total, deposit=Decimal(deposit), anchors=ANCHORS)


def amounts(found: Schedule) -> list[Decimal]:
    return [line.amount for line in found.lines]


def instalment(
    share: str, *, months: int = 0, precision: Precision | None = None, includes: bool | None = None
) -> PlanLine:
    return PlanLine(
        MoneyType.INSTALMENT,
        LineMethod.PERCENT,
        Decimal(share),
        months=months,
        precision=precision,
        includes_deposit=includes,
    )


REST = PlanLine(MoneyType.BALANCE, LineMethod.REMAINDER, months=6)


def test_a_commercial_mortgage_of_70_percent() -> None:
    """ORC-11, DOMAIN 0.3."""
    found = planned(DEPOSIT, DOWN_PAYMENT, LOAN)
    assert [(line.money_type, line.amount, line.due_on) for line in found.lines] == [
        (MoneyType.DEPOSIT, Decimal(50_000), date(2025, 3, 8)),
        (MoneyType.DOWN_PAYMENT, Decimal(389_160), date(2025, 3, 22)),
        (MoneyType.COMMERCIAL_LOAN, Decimal(1_020_000), date(2025, 4, 14)),
    ]
    assert (found.loan_total, found.down_payment_ratio) == (Decimal(1_020_000), Decimal("0.3010"))


def test_a_bank_that_lends_round_thousands() -> None:
    """ORC-11 with loan rounding 1,000."""
    thousands = replace(LOAN, precision=Precision(Decimal(1000), Mode.TRUNCATE))
    assert amounts(planned(DEPOSIT, DOWN_PAYMENT, thousands)) == [
        Decimal(50_000),
        Decimal(388_160),
        Decimal(1_021_000),
    ]


def test_a_combined_loan_shares_the_total_with_the_provident_fund() -> None:
    """ORC-12."""
    provident = PlanLine(MoneyType.PROVIDENT_LOAN, LineMethod.FIXED, Decimal(600_000), days=30)
    found = planned(DEPOSIT, DOWN_PAYMENT, provident, replace(LOAN, base=LineBase.LOAN_TOTAL))
    assert amounts(found) == [Decimal(50_000), Decimal(389_160), Decimal(600_000), Decimal(420_000)]


def test_instalments_of_30_percent_and_the_rest() -> None:
    """ORC-13; the deposit gets a line of its own."""
    found = planned(
        instalment("0.3"), instalment("0.3", months=1), instalment("0.3", months=3), REST
    )
    assert [(line.amount, line.due_on) for line in found.lines] == [
        (Decimal(50_000), date(2025, 3, 8)),
        (Decimal(387_748), date(2025, 3, 15)),
        (Decimal(437_748), date(2025, 4, 15)),
        (Decimal(437_748), date(2025, 6, 15)),
        (Decimal(145_916), date(2025, 9, 15)),
    ]


def test_the_last_line_takes_the_yuan_that_rounding_would_lose() -> None:
    """ORC-14."""
    found = planned(instalment("0.333"), instalment("0.333"), REST, deposit="0")
    assert amounts(found) == [Decimal(485_900), Decimal(485_900), Decimal(487_360)]


def test_three_equal_parts_in_fen() -> None:
    """ORC-14."""
    parts = equal_parts(DEAL_TOTAL, 3)
    assert parts == [Decimal("486386.67"), Decimal("486386.67"), Decimal("486386.66")]


@given(amount=MONEY, count=st.integers(1, 60), mode=st.sampled_from(Mode))
def test_equal_parts_sum_to_the_whole(amount: Decimal, count: int, mode: Mode) -> None:
    parts = equal_parts(amount, count, Precision(Decimal(1), mode))
    assert sum(parts) == amount
    assert min(parts) >= 0


def test_the_down_payment_may_be_split_by_its_own_base() -> None:
    half = PlanLine(
        MoneyType.DOWN_PAYMENT, LineMethod.PERCENT, Decimal("0.5"), base=LineBase.DOWN_PAYMENT
    )
    found = planned(DEPOSIT, half, REST, LOAN)
    assert amounts(found) == [
        Decimal(50_000),
        Decimal(169_580),
        Decimal(219_580),
        Decimal(1_020_000),
    ]


def test_a_base_without_fit_out_leaves_the_fit_out_to_the_rest() -> None:
    found = schedule(
        [instalment("0.5"), REST],
        deal_total=Decimal(1_000_000),
        deposit=Decimal(0),
        anchors=ANCHORS,
        fitout_total=Decimal(100_000),
    )
    assert amounts(found) == [Decimal(500_000), Decimal(500_000)]
    bare = replace(instalment("0.5"), base=LineBase.TOTAL_WITHOUT_FITOUT)
    found = schedule(
        [bare, REST],
        deal_total=Decimal(1_000_000),
        deposit=Decimal(0),
        anchors=ANCHORS,
        fitout_total=Decimal(100_000),
    )
    assert amounts(found) == [Decimal(450_000), Decimal(550_000)]


def test_milestones_have_no_due_date_until_they_happen() -> None:
    topped_out = PlanLine(
        MoneyType.BALANCE,
        LineMethod.REMAINDER,
        anchor=Anchor.MILESTONE,
        milestone="topped_out",
        days=10,
    )
    after = PlanLine(
        MoneyType.INSTALMENT,
        LineMethod.PERCENT,
        Decimal("0.1"),
        anchor=Anchor.PREVIOUS_LINE,
        months=1,
    )
    found = planned(instalment("0.3"), topped_out, after)
    assert [line.due_on for line in found.lines[2:]] == [None, None]
    reached = replace(ANCHORS, milestones={"topped_out": date(2025, 8, 21)})
    found = schedule(
        [instalment("0.3"), topped_out, after],
        deal_total=DEAL_TOTAL,
        deposit=Decimal(0),
        anchors=reached,
    )
    assert [line.due_on for line in found.lines[1:]] == [date(2025, 8, 31), date(2025, 9, 30)]


def test_a_line_may_move_off_a_day_off() -> None:
    """0.2 rule 7: 22 March 2025 is a Saturday."""
    found = planned(replace(DOWN_PAYMENT, shift=Shift.NEXT_WORKING_DAY), LOAN)
    assert found.lines[1].due_on == date(2025, 3, 24)


def test_a_deposit_may_stand_on_top_of_the_other_lines() -> None:
    found = planned(instalment("0.3", includes=False), replace(REST, includes_deposit=False))
    assert amounts(found) == [Decimal(50_000), Decimal(437_748), Decimal(971_412)]


def test_a_line_of_nothing_is_left_out() -> None:
    found = planned(instalment("0.5"), instalment("0.5"), REST, deposit="0")
    assert len(found.lines) == 2


def test_a_surplus_of_deposit_pays_the_next_line_when_told_to() -> None:
    """2.4.1: refused, or moved to the next line of house money."""
    lines = [instalment("0.03"), LOAN, instalment("0.1", months=1), REST]
    with pytest.raises(PlanProblem) as refused:
        planned(*lines)
    assert (refused.value.code, refused.value.facts["surplus"]) == (
        "deposit_exceeds_line",
        Decimal(6_225),
    )
    found = schedule(
        lines, deal_total=DEAL_TOTAL, deposit=Decimal(50_000), anchors=ANCHORS, carry_surplus=True
    )
    assert amounts(found) == [
        Decimal(50_000),
        Decimal(1_020_000),
        Decimal(139_691),
        Decimal(249_469),
    ]


@pytest.mark.parametrize(
    ("code", "lines"),
    [
        ("plan_empty", []),
        ("plan_too_long", [REST] * 121),
        ("remainder_lines", [DEPOSIT, LOAN]),
        ("remainder_lines", [DOWN_PAYMENT, REST]),
        ("several_deposit_lines", [DEPOSIT, DEPOSIT, REST]),
        ("several_lines_include_deposit", [instalment("0.1", includes=True)] * 2 + [REST]),
        ("line_value_invalid", [instalment("1.1"), REST]),
        ("line_value_invalid", [instalment("-0.1"), REST]),
        ("line_value_invalid", [instalment("NaN"), REST]),
        ("lines_exceed_total", [instalment("0.6"), instalment("0.6"), REST]),
        ("deposit_exceeds_line", [instalment("0.01"), REST]),
        ("down_payment_below_minimum", [DOWN_PAYMENT, replace(LOAN, value=Decimal("0.81"))]),
        (
            "base_is_circular",
            [
                replace(instalment("0.5"), base=LineBase.DOWN_PAYMENT),
                PlanLine(MoneyType.COMMERCIAL_LOAN, LineMethod.REMAINDER),
            ],
        ),
        (
            "other_loans_exceed_loan_total",
            [
                PlanLine(MoneyType.PROVIDENT_LOAN, LineMethod.FIXED, Decimal(1_100_000)),
                replace(LOAN, base=LineBase.LOAN_TOTAL),
                DOWN_PAYMENT,
            ],
        ),
    ],
)
def test_a_plan_that_does_not_fit_is_refused(code: str, lines: list[PlanLine]) -> None:
    with pytest.raises(PlanProblem) as refused:
        schedule(
            lines,
            deal_total=DEAL_TOTAL,
            deposit=Decimal(50_000),
            anchors=ANCHORS,
            minimum_down_payment=Decimal("0.20"),
        )
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("deal_total", "deposit"),
    [
        (Decimal(0), Decimal(0)),
        (Decimal(-5), Decimal(0)),
        (Decimal(100), Decimal(101)),
        (Decimal(100), Decimal(-1)),
        (Decimal("100.001"), Decimal(0)),
    ],
)
def test_amounts_that_no_deal_has_are_refused(deal_total: Decimal, deposit: Decimal) -> None:
    with pytest.raises(PlanProblem) as refused:
        schedule([REST], deal_total=deal_total, deposit=deposit, anchors=ANCHORS)
    assert refused.value.code == "amount_invalid"


@given(
    total=st.decimals("100000", "99999999", places=2),
    shares=st.lists(st.decimals("0", "0.1", places=4), max_size=6),
    loan=st.decimals("0", "0.4", places=2),
    deposit=st.integers(0, 30_000),
    precision=st.sampled_from([TO_FEN, TO_YUAN, Precision(Decimal(100), Mode.ROUND_UP)]),
    place=st.integers(0, 6),
)
def test_a_schedule_sums_to_the_total_and_has_no_negative_line(
    total: Decimal,
    shares: list[Decimal],
    loan: Decimal,
    deposit: int,
    precision: Precision,
    place: int,
) -> None:
    lines = [instalment(str(share), precision=precision) for share in shares]
    lines.insert(min(place, len(lines)), REST)
    lines.append(replace(LOAN, value=loan))
    found = schedule(
        lines, deal_total=total, deposit=Decimal(deposit), anchors=ANCHORS, carry_surplus=True
    )
    assert sum(amounts(found)) == total
    assert min(amounts(found)) > 0
    assert [line.seq for line in found.lines] == list(range(1, len(found.lines) + 1))
    assert sum(line.amount for line in found.lines if line.money_type == "deposit") == deposit
