"""Versions of prices from draft to superseded: who, when, for which units, and what blocks them."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from loupan.core.models import AuditEvent
from loupan.core.refusals import ChangedMeanwhile, NotAllowedNow
from loupan.inventory.actions.property import edit_unit
from loupan.inventory.actions.units import move_unit
from loupan.inventory.models import Unit, UnitChange
from loupan.inventory.rules.comparing import compare
from loupan.inventory.testing import a_building, a_unit
from loupan.org.testing import Cast, a_user, the_cast
from loupan.pricing import errors
from loupan.pricing.actions.policies import save_policy, save_precision
from loupan.pricing.actions.price_lists import (
    Terms,
    approve_price_list,
    bring_into_force,
    discard_price_list,
    draw_up_price_list,
    hold_back_price_list,
    redraw_price_list,
    return_price_list,
    submit_price_list,
    take_waiting_price,
    withdraw_price_list,
)
from loupan.pricing.actions.prices import (
    NewPrice,
    set_filed_prices,
    set_floor_prices,
    set_list_prices,
)
from loupan.pricing.models import FloorPrice, PriceList, PriceListLine
from loupan.pricing.queries.list_prices import list_price_calculator
from loupan.pricing.queries.price_lists import due_price_lists, floor_prices_of, price_lists_for
from loupan.pricing.testing import (
    NOON,
    a_formula,
    a_policy,
    a_price_list,
    an_approved_list,
    the_one_price_formula,
)

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(days=3)


@pytest.fixture
def cast() -> Cast:
    cast = the_cast()
    a_policy(cast.project, cast.mo)
    return cast


def price(unit: Unit) -> tuple[Any, Any]:
    unit.refresh_from_db()
    return unit.list_unit_price, unit.list_total


def states(price_list: PriceList) -> dict[int, str]:
    return dict(price_list.lines.values_list("unit_id", "state"))


def test_percent_yuan_per_m2_and_totals_are_rounded_once_by_the_projects_precision(
    cast: Cast,
) -> None:
    unit = a_unit(cast.project, floor_unit_price=None)  # 118.62 m² at 12,830.
    expected = {
        ("percent", "0.03"): ("13214.90", "1567551"),  # 12,830 × 1.03 = 13,214.90 × 118.62
        ("per_area", "-100"): ("12730.00", "1510033"),
        ("total", "5000.4"): ("12872.15", "1526895"),  # 1,526,895.4 to the yuan.
    }
    for (method, amount), (unit_price, total) in expected.items():
        drawn = a_price_list(cast.project, cast.mk, terms=Terms(method, Decimal(amount)))
        line = drawn.lines.get()
        assert (line.old_unit_price, line.old_total) == (12830, 1521895)
        assert (line.new_unit_price, line.new_total) == (Decimal(unit_price), Decimal(total))
    assert price(unit) == (12830, 1521895)  # A draft changes nothing.


@pytest.mark.parametrize(
    ("floor", "facing", "view", "corner", "room", "area", "unit_price", "total"),
    [
        (3, "S", "园景", False, "301", "89.37", 12320, 1101038),
        (14, "SE", "园景", True, "14x2", "118.62", 12790, 1517150),
        (18, "S", "临路", True, "1803", "118.62", 12830, 1521895),
        (25, "E", "", False, "2501", "89.37", 12480, 1115338),
        (26, "N", "", False, "2601", "71.08", 11930, 847984),
    ],
)
def test_orc_04_through_tables_formula_list_and_approval(
    cast: Cast, floor: int, facing: str, view: str, corner: bool, room: str, area: str,  # noqa: FBT001
    unit_price: int, total: int,
) -> None:  # fmt: skip
    the_one_price_formula(cast.project, cast.mk)
    a_unit(cast.project, floor=26, position=9, list_unit_price=None, floor_unit_price=None)
    unit = a_unit(
        cast.project, floor=floor, position=1, room_no=room, orientation=facing, view=view,
        is_corner=corner, built_area=area, inner_area=None, list_unit_price=None,
        floor_unit_price=None, status="not_released",
    )  # fmt: skip
    terms = Terms("formula", formula_code="price", base_price=Decimal(12000))
    an_approved_list(cast.project, cast.mk, cast.mo, terms=terms)
    assert price(unit) == (unit_price, total)
    assert unit.price_trace[0] == {
        "step": "formula_variable", "rule": "base_price", "input": {}, "output": "12000",
    }  # fmt: skip
    assert unit.price_trace[-1]["step"] == "list_total"


def test_orc_05_multiplicative_with_the_unit_price_rounded_by_the_setting(cast: Cast) -> None:
    save_precision(
        project_id=cast.project.pk, target="list_unit_price", unit="1", mode="half_up",
        by=cast.mo, at=NOON,
    )  # fmt: skip
    a_formula(cast.project, cast.mk, "base_price * 1.03 * 0.98 * 1.015", expected="12294.492")
    unit = a_unit(cast.project, floor_unit_price=None)
    terms = Terms("formula", formula_code="price", base_price=Decimal(12000))
    an_approved_list(cast.project, cast.mk, cast.mo, terms=terms)
    assert price(unit)[0] == 12294


@pytest.mark.parametrize(
    ("unit", "mode", "expected"),
    [
        ("100", "half_up", "1149300"), ("100", "truncate", "1149300"),
        ("100", "round_up", "1149400"), ("10", "half_up", "1149350"),
        ("10", "truncate", "1149340"), ("10", "round_up", "1149350"),
        ("1", "half_up", "1149347"), ("1", "truncate", "1149347"), ("1", "round_up", "1149348"),
        ("0.1", "half_up", "1149347.4"), ("0.1", "truncate", "1149347.3"),
        ("0.1", "round_up", "1149347.4"), ("0.01", "half_up", "1149347.35"),
        ("0.01", "truncate", "1149347.35"), ("0.01", "round_up", "1149347.36"),
    ],
)  # fmt: skip
def test_orc_06_through_the_settings_page_of_a_class_of_property(
    cast: Cast, unit: str, mode: str, expected: str
) -> None:
    save_precision(
        project_id=cast.project.pk, product_type="flat", target="list_total", unit=unit, mode=mode,
        by=cast.mo, at=NOON,
    )  # fmt: skip
    flat, shop = (
        a_unit(
            cast.project, built_area="89.37", inner_area=None, list_unit_price=None,
            floor_unit_price=None, status="not_released", position=place, product_type=product,
        )
        for place, product in ((1, "flat"), (2, "shop"))
    )  # fmt: skip
    prices = [NewPrice(each.pk, Decimal("12860.55")) for each in (flat, shop)]
    set_list_prices(prices=prices, by=cast.mk, at=NOON)
    assert price(flat)[1] == Decimal(expected)
    assert price(shop)[1] == 1149347  # The project's own rule.


def test_the_list_takes_effect_only_where_nobody_has_a_claim(cast: Cast) -> None:
    free, locked, held, wanted, sold = (
        a_unit(cast.project, position=place, status=status, floor_unit_price=None)
        for place, status in enumerate(("available", "locked", "held", "available", "available"), 1)
    )
    drawn = a_price_list(cast.project, cast.mk, effective_at=LATER)
    submit_price_list(list_id=drawn.pk, by=cast.mk, at=NOON)
    approved = approve_price_list(list_id=drawn.pk, version=1, by=cast.mo, at=NOON)
    assert (approved.status, price(free)) == ("approved", (12830, 1521895))
    Unit.objects.filter(pk=wanted.pk).update(status="provisional")
    Unit.objects.filter(pk=sold.pk).update(status="contracted")
    assert due_price_lists(LATER - timedelta(seconds=1)) == []
    with pytest.raises(errors.NotYetDue):
        bring_into_force(list_id=drawn.pk, by=None, at=LATER - timedelta(seconds=1))
    assert due_price_lists(LATER) == [drawn.pk]
    version = UnitChange.objects.latest("id").pk

    effective = bring_into_force(list_id=drawn.pk, by=None, at=LATER)

    assert (effective.status, effective.took_effect_at) == ("effective", LATER)
    new = (Decimal("13214.90"), Decimal(1567551))
    assert [price(each) == new for each in (free, locked, held, wanted, sold)] == [
        True, False, False, False, False,
    ]  # fmt: skip
    assert states(drawn) == {
        free.pk: "in_force", locked.pk: "waiting", held.pk: "waiting", wanted.pk: "kept",
        sold.pk: "kept",
    }  # fmt: skip
    told = UnitChange.objects.filter(pk__gt=version)
    assert [(each.unit_id, each.verb, each.source) for each in told] == [
        (free.pk, "set_list_price", "job")
    ]
    event = AuditEvent.objects.get(event="pricing.list_price.set")
    assert (event.subject_id, event.before["list_total"]) == (free.pk, "1521895.00")
    assert due_price_lists(LATER) == []
    with pytest.raises(NotAllowedNow):
        bring_into_force(list_id=drawn.pk, by=None, at=LATER)


def test_a_held_unit_takes_the_new_price_when_its_claim_ends(cast: Cast) -> None:
    unit = a_unit(cast.project, status="held", floor_unit_price=None)
    first = an_approved_list(cast.project, cast.mk, cast.mo)
    second = an_approved_list(cast.project, cast.mk, cast.mo, percent="5", at=LATER)
    assert states(first) == {unit.pk: "replaced"}  # The later one counts.
    unit.refresh_from_db()
    move_unit(unit=unit, verb="unhold", by=None, at=LATER)
    take_waiting_price(unit=unit, by=None, at=LATER)
    assert unit.list_unit_price == Decimal("13471.50")
    assert price(unit) == (Decimal("13471.50"), 1597989)
    assert states(second) == {unit.pk: "in_force"}
    first.refresh_from_db()
    assert first.status == "superseded"


def test_a_hold_that_became_a_sale_never_brings_the_new_price(cast: Cast) -> None:
    unit = a_unit(cast.project, status="held", floor_unit_price=None)
    drawn = an_approved_list(cast.project, cast.mk, cast.mo)
    unit.refresh_from_db()
    for verb in ("reserve", "end_reservation", "lock", "unlock"):
        move_unit(unit=unit, verb=verb, by=None, at=LATER)
    take_waiting_price(unit=unit, by=None, at=LATER)
    assert price(unit) == (12830, 1521895)
    assert states(drawn) == {unit.pk: "kept"}


def test_an_area_measured_meanwhile_makes_a_list_stale(cast: Cast) -> None:
    unit = a_unit(cast.project, floor_unit_price=None)
    drawn = a_price_list(cast.project, cast.mk)
    Unit.objects.filter(pk=unit.pk).update(measured_built_area=Decimal("118.70"))
    with pytest.raises(errors.ListIsStale, match="1-1-1803"):
        submit_price_list(list_id=drawn.pk, by=cast.mk, at=NOON)
    drawn = redraw_price_list(
        list_id=drawn.pk, version=0, name="再算", terms=Terms("percent", Decimal("0.03")),
        by=cast.mk, at=NOON,
    )  # fmt: skip
    submit_price_list(list_id=drawn.pk, by=cast.mk, at=NOON)
    approve_price_list(list_id=drawn.pk, version=2, by=cast.mo, at=NOON)
    assert price(unit) == (Decimal("13214.90"), Decimal(1568609))


def test_prices_below_the_floor_or_beyond_the_filed_block_approval(cast: Cast) -> None:
    low = a_unit(cast.project, position=1)  # Its floor is 11,900.
    high = a_unit(cast.project, position=2, filed_total=Decimal(1530000))
    drawn = a_price_list(cast.project, cast.mk, percent="-10")
    submit_price_list(list_id=drawn.pk, by=cast.mk, at=NOON)
    with pytest.raises(errors.PricesOutOfBounds, match="2"):
        approve_price_list(list_id=drawn.pk, version=1, by=cast.mo, at=NOON)
    return_price_list(list_id=drawn.pk, reason="低于底价", by=cast.mo, at=NOON)
    drawn = a_price_list(cast.project, cast.mk, percent="1")
    submit_price_list(list_id=drawn.pk, by=cast.mk, at=NOON)
    with pytest.raises(errors.PricesOutOfBounds, match="1-1-1802"):
        approve_price_list(list_id=drawn.pk, version=1, by=cast.mo, at=NOON)
    save_policy(
        project_id=cast.project.pk, values={"filed_lower_rate": Decimal("0.999")}, by=cast.mo,
        at=NOON,
    )  # fmt: skip
    drawn = a_price_list(cast.project, cast.mk, percent="0.1")  # 1,523,417: below 1,528,470.
    submit_price_list(list_id=drawn.pk, by=cast.mk, at=NOON)
    with pytest.raises(errors.PricesOutOfBounds, match="1-1-1802"):
        approve_price_list(list_id=drawn.pk, version=1, by=cast.mo, at=NOON)
    assert price(low) == price(high) == (12830, 1521895)


def test_floors_that_rise_after_the_approval_stop_the_list(cast: Cast) -> None:
    unit = a_unit(cast.project)
    drawn = a_price_list(cast.project, cast.mk, percent="-1", effective_at=LATER)
    submit_price_list(list_id=drawn.pk, by=cast.mk, at=NOON)
    approve_price_list(list_id=drawn.pk, version=1, by=cast.mo, at=NOON)
    set_floor_prices(prices=[NewPrice(unit.pk, Decimal(12800))], by=cast.mo, at=NOON)
    with pytest.raises(errors.PricesOutOfBounds):
        bring_into_force(list_id=drawn.pk, by=None, at=LATER)
    hold_back_price_list(list_id=drawn.pk, problem="低于底价", by=None, at=LATER)
    drawn.refresh_from_db()
    assert (drawn.status, price(unit)) == ("draft", (12830, 1521895))


def test_whoever_had_a_hand_in_a_list_does_not_approve_it(cast: Cast) -> None:
    a_unit(cast.project, floor_unit_price=None)
    drawn = a_price_list(cast.project, cast.mk)
    with pytest.raises(PermissionDenied):
        a_price_list(cast.project, cast.mo)  # Approves, and therefore does not make.
    submit_price_list(list_id=drawn.pk, by=cast.mk, at=NOON)
    for nobody in (cast.mk, cast.lin, cast.zhao, a_user("PD")):
        with pytest.raises(PermissionDenied):
            approve_price_list(list_id=drawn.pk, version=1, by=nobody, at=NOON)
    PriceList.objects.update(makers=[cast.mk.pk, cast.mo.pk])  # Was marketing last week.
    with pytest.raises(errors.OwnPriceList):
        approve_price_list(list_id=drawn.pk, version=1, by=cast.mo, at=NOON)


def test_what_is_submitted_stands_still_until_it_is_given_back(cast: Cast) -> None:
    a_unit(cast.project, floor_unit_price=None)
    drawn = a_price_list(cast.project, cast.mk)
    terms = Terms("percent", Decimal("0.01"))
    with pytest.raises(NotAllowedNow):
        approve_price_list(list_id=drawn.pk, version=0, by=cast.mo, at=NOON)
    submit_price_list(list_id=drawn.pk, by=cast.mk, at=NOON)
    with pytest.raises(NotAllowedNow):
        redraw_price_list(list_id=drawn.pk, version=1, name="", terms=terms, by=cast.mk, at=NOON)
    for verb in (discard_price_list, submit_price_list):
        with pytest.raises(NotAllowedNow):
            verb(list_id=drawn.pk, by=cast.mk, at=NOON)
    with pytest.raises(ChangedMeanwhile):
        approve_price_list(list_id=drawn.pk, version=0, by=cast.mo, at=NOON)
    withdraw_price_list(list_id=drawn.pk, by=cast.mk, at=NOON)
    with pytest.raises(ChangedMeanwhile):
        redraw_price_list(list_id=drawn.pk, version=1, name="", terms=terms, by=cast.mk, at=NOON)
    discard_price_list(list_id=drawn.pk, by=cast.mk, at=NOON)
    drawn.refresh_from_db()
    assert drawn.status == "discarded"


def test_a_choice_of_buildings_layouts_and_products_is_kept(cast: Cast) -> None:
    here, _there = a_unit(cast.project), a_unit(cast.project, building="2")
    scope: dict[str, list[Any]] = {
        "buildings": [a_building(cast.project, "1").pk],
        "product_types": ["flat"],
    }
    terms = Terms("percent", Decimal("0.01"), scope=scope)
    drawn = a_price_list(cast.project, cast.mk, terms=terms)
    assert list(drawn.lines.values_list("unit_id", flat=True)) == [here.pk]
    Unit.objects.update(status="reserved")
    with pytest.raises(errors.NoUnitsToPrice):
        a_price_list(cast.project, cast.mk, terms=terms)


def test_what_cannot_be_priced_says_why_and_blocks_approval(cast: Cast) -> None:
    the_one_price_formula(cast.project, cast.mk)
    a_unit(cast.project, floor=120, floor_unit_price=None)
    terms = Terms("formula", formula_code="price", base_price=Decimal(12000))
    drawn = a_price_list(cast.project, cast.mk, terms=terms)
    assert drawn.lines.get().problem == "floor_missing:floors/120"
    submit_price_list(list_id=drawn.pk, by=cast.mk, at=NOON)
    with pytest.raises(errors.PricesOutOfBounds):
        approve_price_list(list_id=drawn.pk, version=1, by=cast.mo, at=NOON)
    with pytest.raises(errors.FormulaNotInUse):
        a_price_list(cast.project, cast.mk, terms=Terms("formula", formula_code="other"))


def test_first_prices_floors_and_filed_prices_are_versions_too(cast: Cast) -> None:
    unit = a_unit(cast.project, status="not_released", list_unit_price=None, floor_unit_price=None)
    set_list_prices(prices=[NewPrice(unit.pk, Decimal(12830))], by=cast.mk, at=NOON, reason="首版")
    set_list_prices(prices=[NewPrice(unit.pk, Decimal(12900))], by=cast.mk, at=NOON)
    set_filed_prices(prices=[NewPrice(unit.pk, Decimal(13500))], by=cast.mo, at=NOON)
    set_floor_prices(prices=[NewPrice(unit.pk, Decimal(11900))], by=cast.mo, at=NOON)
    kept = PriceList.objects.order_by("number").values_list("kind", "level", "status", "name")
    assert [row[:3] for row in kept] == [
        ("list", "", "superseded"), ("list", "", "effective"), ("filed", "", "effective"),
        ("floor", "project", "effective"),
    ]  # fmt: skip
    assert kept[0][3] == "首版"
    history = PriceListLine.objects.filter(unit=unit, price_list__kind="list").order_by("id")
    assert [(line.old_total, line.new_total, line.state) for line in history] == [
        (None, 1521895, "replaced"), (1521895, 1530198, "in_force"),
    ]  # fmt: skip
    assert {each.kind for each in price_lists_for(cast.mk)} == {"list", "filed"}
    assert {each.kind for each in price_lists_for(cast.mo)} == {"list", "filed", "floor"}


def test_a_unit_once_offered_changes_its_price_by_a_list_alone(cast: Cast) -> None:
    unit = a_unit(cast.project, floor_unit_price=None)
    with pytest.raises(errors.PriceNeedsList):
        set_list_prices(prices=[NewPrice(unit.pk, Decimal(12900))], by=cast.mk, at=NOON)
    given = {unit.pk: (Decimal(12900), None)}
    an_approved_list(cast.project, cast.mk, cast.mo, terms=Terms("given", given=given))
    assert price(unit) == (12900, 1530198)


def test_floor_prices_of_three_levels_stay_in_order_and_in_their_hands(cast: Cast) -> None:
    unit = a_unit(cast.project, floor_unit_price=None)
    company = a_user("CD", company=cast.project.company)
    group = a_user("GD", company=cast.project.company)

    def floors(amount: int, level: str, by: object) -> None:
        prices = [NewPrice(unit.pk, Decimal(amount))]
        set_floor_prices(prices=prices, level=level, by=by, at=NOON)  # type: ignore[arg-type]

    floors(11900, "project", cast.mo)
    with pytest.raises(errors.FloorLevelNotYours):
        floors(11500, "company", cast.mo)
    floors(11500, "company", company)
    with pytest.raises(errors.FloorLevelNotYours):
        floors(11000, "group", company)
    with pytest.raises(errors.FloorsOutOfOrder):
        floors(11600, "group", group)
    floors(11000, "group", group)
    with pytest.raises(errors.FloorsOutOfOrder):
        floors(11400, "project", cast.mo)
    with pytest.raises(errors.PriceBelowFloor):
        floors(13000, "project", cast.mo)
    assert floor_prices_of(unit) == {"company": 1364130, "group": 1304820}
    unit.refresh_from_db()
    assert floor_prices_of(unit) == {"project": 1411578, "company": 1364130, "group": 1304820}
    assert FloorPrice.objects.count() == 2
    with pytest.raises(PermissionDenied):
        floors(11900, "project", cast.mk)


def test_drafts_are_numbered_without_gaps_in_each_project(cast: Cast) -> None:
    a_unit(cast.project)
    numbers = [a_price_list(cast.project, cast.mk).number for _each in range(2)]
    with pytest.raises(errors.NoUnitsToPrice):
        draw_up_price_list(
            project_id=cast.project.pk, name="", terms=Terms("percent", scope={"buildings": []}),
            by=cast.mk, at=NOON,
        )  # fmt: skip
    assert [*numbers, a_price_list(cast.project, cast.mk).number] == [1, 2, 3]


def test_a_list_price_follows_the_rounding_of_its_class(cast: Cast) -> None:
    """A stall is rounded to 100 yuan, a flat of the same project to one, in an import as by hand."""
    pd = a_user("PD", cast.project)
    save_precision(
        project_id=cast.project.pk, product_type="parking", target="list_total", unit="100",
        mode="half_up", by=pd, at=NOON,
    )  # fmt: skip
    facts = ("built", Decimal("12.34"), None, Decimal(8_000), None)
    calculate = list_price_calculator(cast.project.pk)
    assert calculate(*facts, product_type="flat").total == 98_720
    assert calculate(*facts, product_type="parking").total == 98_700
    stall = a_unit(
        cast.project, product_type="parking", built_area="12.34", inner_area=None,
        list_unit_price="8000", floor_unit_price=None,
    )  # fmt: skip
    edit_unit(
        unit_id=stall.pk, version=stall.version,
        changes={"predicted_built_area": Decimal("12.41")}, by=pd, at=NOON,
    )  # fmt: skip
    stall.refresh_from_db()
    assert stall.list_total == 99_300  # 99,280 to the hundred.
    given = {"built_area": Decimal("12.34"), "list_unit_price": Decimal(8_000)}
    for product, total in (("flat", 98_720), ("parking", 98_700)):
        found = compare({**given, "product_type": product}, None, "built", calculate)
        assert found.changes["list_total"] == total
