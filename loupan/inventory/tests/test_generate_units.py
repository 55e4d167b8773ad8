"""Units from the rule of a building: patterns, numbers, duplexes, what a second run does (INV-03)."""

from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from loupan.core.models import AuditEvent
from loupan.inventory import errors
from loupan.inventory.actions.generation import generate_units
from loupan.inventory.models import Building, Unit, UnitChange
from loupan.inventory.rules.generation import (
    GenerationRule,
    Pattern,
    Slot,
    Standing,
    floor_list,
    planned_units,
    plans,
    room_number,
    weigh_plan,
)
from loupan.inventory.testing import NOON, a_building, a_layout, a_unit
from loupan.inventory.tests.desk import desk, text_of
from loupan.org.testing import a_user, signed_in

pytestmark = pytest.mark.django_db
FOUR = frozenset({4})


def page_of(building: Building) -> str:
    return reverse("inventory:generation", args=[building.pk])


def rule(*patterns: Pattern, **fields: Any) -> GenerationRule:
    found = patterns or (Pattern(1, 6, [Slot(1), Slot(2)]),)
    return GenerationRule(**{"building": "8", "entrances": ["1"], "patterns": found, **fields})


def one(*slots: Slot, lowest: int = 1, highest: int = 6, **fields: Any) -> GenerationRule:
    return rule(Pattern(lowest, highest, slots), **fields)


def test_a_rule_gives_entrances_times_floors_times_positions() -> None:
    units = planned_units(rule(entrances=["1", "2"], skipped_floors=FOUR))
    assert len(units) == 2 * 5 * 2
    assert units[0].number == "8-1-101"
    assert not [unit for unit in units if unit.floor == 4]


def test_skipped_positions_bear_no_number() -> None:
    units = planned_units(one(Slot(3), Slot(4), Slot(5), skipped_positions=FOUR))
    assert {unit.position for unit in units} == {3, 5}


def test_patterns_give_other_floors_other_units() -> None:
    shops = Pattern(1, 2, [Slot(n, product_type="shop") for n in (1, 2, 3)])
    flats = Pattern(3, 5, [Slot(1), Slot(2)], frozenset({"1"}))
    wide = Pattern(3, 5, [Slot(1)], frozenset({"2"}))
    units = planned_units(rule(shops, flats, wide, entrances=["1", "2"]))
    counts = {
        (entrance, floor): len([u for u in units if (u.entrance, u.floor) == (entrance, floor)])
        for entrance in "12"
        for floor in (1, 3)
    }
    assert counts == {("1", 1): 3, ("2", 1): 3, ("1", 3): 2, ("2", 3): 1}


def test_patterns_that_overlap_are_refused() -> None:
    with pytest.raises(errors.PatternsOverlap) as refused:
        planned_units(rule(Pattern(1, 3, [Slot(1)]), Pattern(3, 6, [Slot(1)])))
    assert "3" in str(refused.value)
    side_by_side = rule(Pattern(1, 3, [Slot(1)]), Pattern(3, 6, [Slot(2)]))
    assert len(planned_units(side_by_side)) == 7


def test_there_is_no_floor_zero_between_the_cellar_and_the_ground_floor() -> None:
    units = planned_units(one(Slot(1), lowest=-1, highest=1))
    assert [unit.room_no for unit in units] == ["B101", "101"]


def test_a_duplex_takes_the_floors_above() -> None:
    units = planned_units(one(Slot(1, duplex_on=frozenset({2, 6})), Slot(2)))
    own = {unit.floor: unit.spanned for unit in units if unit.position == 1}
    assert own == {1: 1, 2: 2, 4: 1, 5: 1, 6: 1}  # Above the top floor there is nothing.
    high = planned_units(one(Slot(1, duplex_on=frozenset({2}), spans=3)))
    assert {unit.floor: unit.spanned for unit in high} == {1: 1, 2: 3, 5: 1, 6: 1}


def test_a_duplex_reaches_into_the_next_pattern() -> None:
    low = Pattern(1, 2, [Slot(1, duplex_on=frozenset({2}))])
    units = planned_units(rule(low, Pattern(3, 4, [Slot(1), Slot(2)])))
    assert [unit.number for unit in units] == [
        "8-1-101",
        "8-1-201",
        "8-1-302",
        "8-1-401",
        "8-1-402",
    ]


@pytest.mark.parametrize(
    ("fields", "floor", "expected"),
    [
        ({}, 18, "1803"),
        ({"number_pattern": "{floor:02}-{position}"}, 3, "03-3"),
        ({}, -1, "B103"),
        ({"number_prefix": "A"}, 5, "A503"),
        ({"floor_offset": 1}, 5, "603"),
        ({"floor_offset": 1}, -1, "B103"),
    ],
)
def test_numbers_follow_the_rule_of_the_building(
    fields: dict[str, Any], floor: int, expected: str
) -> None:
    assert room_number(rule(**fields), floor, 3) == expected


@pytest.mark.parametrize(
    "wrong", ["{floor}", "{0}{position}", "{floor.__class__}{position}", "{position:09}"]
)
def test_a_pattern_that_is_none_is_refused(wrong: str) -> None:
    with pytest.raises(errors.BadNumberPattern):
        room_number(rule(number_pattern=wrong), 1, 1)


def test_a_rule_that_gives_nothing_or_too_much_is_refused() -> None:
    with pytest.raises(errors.NothingToGenerate):
        planned_units(one(Slot(1), lowest=5, highest=4))
    with pytest.raises(errors.TooManyUnits):
        planned_units(rule(entrances=[str(n) for n in range(900)]))
    with pytest.raises(errors.BadNumberPattern):
        planned_units(rule(number_pattern="{position}"))
    with pytest.raises(errors.AreaNotPositive):
        planned_units(one(Slot(1, built_area=Decimal(0))))
    with pytest.raises(errors.InnerAreaTooLarge):
        planned_units(one(Slot(1, built_area=Decimal(90), inner_area=Decimal(91))))


def test_lists_of_floors_are_read() -> None:
    assert floor_list("4, 13-14，24") == {4, 13, 14, 24}
    assert floor_list("") == frozenset()
    with pytest.raises(ValueError, match="vier"):
        floor_list("vier")


@settings(deadline=None)
@given(
    st.integers(-3, 3),
    st.integers(0, 12),
    st.lists(st.integers(1, 6), min_size=1, max_size=4, unique=True),
    st.frozensets(st.integers(-3, 15), max_size=4),
    st.frozensets(st.integers(-3, 15), max_size=3),
    st.integers(2, 3),
)
def test_every_place_is_taken_once_and_the_preview_leaves_none_out(
    lowest: int,
    height: int,
    positions: list[int],
    skipped: frozenset[int],
    duplexes: frozenset[int],
    spans: int,
) -> None:
    made = one(
        *(Slot(number, duplex_on=duplexes, spans=spans) for number in positions),
        lowest=lowest,
        highest=lowest + height,
        skipped_floors=skipped,
    )
    try:
        units = planned_units(made)
    except errors.NothingToGenerate:
        return
    taken = [(floor, unit.position) for unit in units for floor in unit.floors]
    assert len(taken) == len(set(taken))
    floors = {floor for floor, _position in taken}
    assert len(taken) == len(floors) * len(positions)
    (plan,) = plans(weigh_plan(units, [], set()))
    assert sum(cell.rows for line in plan.floors for cell in line.cells if cell) == len(taken)


def a_standing(floor: int, position: int, number: str, spanned: int = 1) -> Standing:
    return Standing("1", floor, spanned, position, number.rsplit("-")[-1], number)


def test_a_second_run_keeps_what_is_there_and_names_what_collides() -> None:
    units = planned_units(one(Slot(1), Slot(2), highest=2))
    standing = [
        a_standing(1, 1, "8-1-101"),
        a_standing(1, 2, "8-1-1B"),
        a_standing(9, 9, "8-1-201"),
    ]
    weighed = weigh_plan(units, standing, {"8-1-101", "8-1-201"})
    assert [(one.unit.number, one.kind) for one in weighed] == [
        ("8-1-101", "kept"),
        ("8-1-102", "refused"),
        ("8-1-201", "refused"),
        ("8-1-202", "new"),
    ]
    assert isinstance(weighed[1].refusal, errors.PlaceTaken)
    assert isinstance(weighed[2].refusal, errors.UnitNumberTaken)


def test_nothing_is_planned_into_the_upper_floor_of_a_duplex_that_stands() -> None:
    units = planned_units(one(Slot(1), highest=2))
    weighed = weigh_plan(units, [a_standing(1, 1, "8-1-101", spanned=2)], {"8-1-101"})
    assert [one.kind for one in weighed] == ["kept", "refused"]


def test_the_preview_shows_floors_down_gaps_and_what_stands_beside_the_rule() -> None:
    weighed = weigh_plan(planned_units(one(Slot(1, duplex_on=frozenset({2})), Slot(2))), [], set())
    (plan,) = plans(weighed, [a_standing(7, 3, "8-1-703")])
    assert [line.floor for line in plan.floors] == [7, 6, 5, 4, 3, 2, 1]
    third = next(line for line in plan.floors if line.floor == 3)
    assert [cell and (cell.room_no, cell.rows) for cell in third.cells] == [
        ("201", 2),
        ("302", 1),
        None,
    ]
    assert [cell and cell.kind for cell in plan.floors[0].cells] == [None, None, "standing"]


# --- The action ---------------------------------------------------------------------------------


def test_a_rule_is_kept_with_its_building_and_a_second_run_adds_the_missing() -> None:
    project, user, _browser = desk()
    building = a_building(project, "8")
    first = generate_units(building_id=building.pk, rule=rule(), by=user, at=NOON)
    assert len(first) == 12
    Unit.objects.filter(number="8-1-302").update(view="园景", version=4)
    higher = rule(Pattern(1, 8, [Slot(1), Slot(2)]), number_prefix="")
    made = generate_units(building_id=building.pk, rule=higher, by=user, at=NOON)
    assert sorted(Unit.objects.filter(pk__in=made).values_list("number", flat=True)) == [
        "8-1-701", "8-1-702", "8-1-801", "8-1-802",
    ]  # fmt: skip
    kept = Unit.objects.get(number="8-1-302")
    assert (kept.view, kept.version) == ("园景", 4)
    building.refresh_from_db()
    assert building.generation["patterns"][0]["highest"] == 8
    assert AuditEvent.objects.filter(event="inventory.building.units_generated").count() == 2
    with pytest.raises(errors.NothingMissing):
        generate_units(building_id=building.pk, rule=higher, by=user, at=NOON)


def test_a_rule_that_collides_makes_nothing() -> None:
    project, user, _browser = desk()
    a_unit(project, building="8", floor=3, position=2, room_no="3B")
    building = Building.objects.get()
    with pytest.raises(errors.PlanCollides) as refused:
        generate_units(building_id=building.pk, rule=rule(), by=user, at=NOON)
    assert "8-1-3B" in str(refused.value)
    assert Unit.objects.count() == 1
    assert not UnitChange.objects.filter(verb="generate").exists()
    building.refresh_from_db()
    assert building.generation == {}


def test_a_number_of_another_building_collides_too() -> None:
    project, user, _browser = desk()
    a_unit(project, building="9", number="8-1-101")
    building = a_building(project, "8")
    with pytest.raises(errors.PlanCollides):
        generate_units(building_id=building.pk, rule=rule(), by=user, at=NOON)


# --- The page -----------------------------------------------------------------------------------


def slot(pattern: int, line: int, **fields: Any) -> dict[str, Any]:
    values = {"position": line + 1, "product_type": "flat", "spans": 2, **fields}
    return {f"p{pattern}-{line}-{name}": value for name, value in values.items()}


def typed(layout: int | str = "") -> dict[str, Any]:
    return {
        "entrances": "1,2",
        "skipped_floors": "4, 13-14",
        "number_pattern": "{floor}{position:02}",
        "patterns": 2,
        "p0-slots": 2,
        "p0-lowest": 1,
        "p0-highest": 12,
        **slot(0, 0, layout=layout, built_area="118.62", inner_area="94.37", orientation="S"),
        **slot(0, 1, built_area="200", duplex_on="12"),
        "p1-slots": 2,
        "p1-lowest": 13,
        "p1-highest": 15,
        **slot(1, 0, built_area="118.62"),
        **slot(1, 1, built_area="200"),
    }


def test_units_are_seen_on_the_board_before_they_are_made() -> None:
    project, _user, browser = desk()
    building = a_building(project, "8")
    layout = a_layout(project)
    path = page_of(building)
    assert browser.get(path).status_code == 200
    seen = browser.post(path, typed(layout.pk) | {"do": "preview"})
    assert seen.status_code == 200
    assert not Unit.objects.exists()
    page = text_of(seen)
    assert 'class="ub-c lp-tone-green"><b>1501</b>' in page
    assert ">401<" not in page
    assert browser.post(path, typed(layout.pk) | {"do": "make"}).status_code == 302
    # 12 floors × 2 positions, less the one above the duplex, in two entrances.
    assert Unit.objects.filter(building=building).count() == 2 * (12 * 2 - 1)
    unit = Unit.objects.get(number="8-1-1201")
    assert (unit.status, unit.layout, unit.orientation) == ("not_released", layout, "S")
    assert Unit.objects.get(number="8-2-1202").floors_spanned == 2
    assert not Unit.objects.filter(number="8-1-1502").exists()
    again = browser.post(path, typed(layout.pk) | {"do": "preview"})
    assert "lp-tone-green" not in text_of(again).split("ub-buildings")[1]
    assert browser.post(path, typed(layout.pk) | {"do": "make"}).status_code == 422
    assert Unit.objects.filter(building=building).count() == 46
    assert 'value="4, 13, 14"' in text_of(browser.get(path))


def test_patterns_and_positions_are_added_and_dropped_and_nothing_typed_is_lost() -> None:
    project, _user, browser = desk()
    path = page_of(a_building(project, "8"))
    page = text_of(browser.post(path, typed() | {"do": "add_pattern"}))
    assert 'name="p2-1-built_area"' in page
    assert page.count('value="118.62"') == 3
    page = text_of(browser.post(path, typed() | {"do": "add_position:1"}))
    assert 'name="p1-2-position" value="3"' in page
    page = text_of(browser.post(path, typed() | {"do": "drop_position:0"}))
    assert 'name="p0-1-position"' not in page
    page = text_of(browser.post(path, typed() | {"do": "drop_pattern:0"}))
    assert 'name="p1-lowest"' not in page
    assert 'name="p0-lowest" value="13"' in page
    for wrong in ("drop_pattern:9", "add_position:x", "nonsense", "drop_pattern:²"):
        assert browser.post(path, typed() | {"do": wrong}).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"number_pattern": "{floor}"},
        {"number_pattern": "{floor}{position}{0.__class__}"},
        {"p0-lowest": 9, "p0-highest": 2, "patterns": 1},
        {"skipped_floors": "vier"},
        {"p0-0-position": ""},
        {"p0-0-inner_area": "999"},
        {"p0-0-built_area": "NaN"},
        {"p0-0-layout": "77777"},
        {"p0-slots": 5000},
        {"p1-lowest": 12},
        {"entrances": "1,1"},
        {"number_prefix": "一个非常非常非常长的前缀"},
    ],
)
def test_a_wrong_rule_makes_nothing(wrong: dict[str, Any]) -> None:
    project, _user, browser = desk()
    path = page_of(a_building(project))
    answer = browser.post(path, typed() | {"do": "make"} | wrong)
    assert answer.status_code == 422
    assert not Unit.objects.exists()


def test_the_page_asks_the_database_seldom(django_assert_max_num_queries: Any) -> None:
    project, _user, browser = desk()
    path = page_of(a_building(project, "8"))
    browser.get(path)
    with django_assert_max_num_queries(16):
        browser.post(path, typed() | {"do": "preview"})


def test_only_who_keeps_the_property_may_generate() -> None:
    project, _user, _browser = desk()
    path = page_of(a_building(project, "8"))
    consultant = signed_in(a_user("SC", project))
    assert consultant.post(path, typed() | {"do": "make"}).status_code == 403
    assert not Unit.objects.exists()
