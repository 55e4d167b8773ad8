"""How the words of strangers for places are read, and what a row does to a unit."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loupan.inventory import errors
from loupan.inventory.rules.addresses import (
    building_name,
    entrance_code,
    floor_of,
    room_of,
    split_number,
    unit_number,
)
from loupan.inventory.rules.comparing import best_fit, compare
from loupan.inventory.rules.prices import plain_list_price


@pytest.mark.parametrize(
    ("text", "code", "is_bare"),
    [
        ("四季名苑2栋", "2", False),
        ("2栋", "2", True),
        ("２＃", "2", True),
        ("第二幢", "2", True),
        ("01栋", "1", True),
        ("A座", "A", True),
        ("Tower 3", "3", True),
        ("一期12号楼", "12", False),
        ("东区会所", "东区会所", False),
    ],
)
def test_a_building_has_a_code(text: str, code: str, is_bare: bool) -> None:  # noqa: FBT001
    found = building_name(text)
    assert (found.code, found.is_bare) == (code, is_bare)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("四单元", "4"),
        ("", ""),
        ("0", ""),
        ("--", ""),
        ("01", "1"),
        ("A单元", "A"),
        ("北门", "北门"),
    ],
)
def test_an_entrance_has_a_code_or_none(text: str, code: str) -> None:
    assert entrance_code(text) == code


@pytest.mark.parametrize(
    ("text", "floor", "spanned"),
    [
        ("18", 18, 1),
        ("１８层", 18, 1),
        ("十二層", 12, 1),
        ("B1", -1, 1),
        ("负一层", -1, 1),
        ("parter", 0, 1),
        ("1 piętro", 1, 1),
        ("3rd floor", 3, 1),
        ("17-18", 17, 2),
        ("17跃18", 17, 2),
    ],
)
def test_a_floor_is_read(text: str, floor: int, spanned: int) -> None:
    found = floor_of(text)
    assert (found.number, found.spanned) == (floor, spanned)


@pytest.mark.parametrize("text", ["全", "", "abc", "9999", "-99", "18-3", "楼"])
def test_what_is_no_floor_is_refused(text: str) -> None:
    with pytest.raises(errors.NotAFloor):
        floor_of(text)


@pytest.mark.parametrize(
    ("room", "floor", "number", "position"),
    [
        ("01", 7, "701", 1),
        ("1", 7, "701", 1),
        ("701", 7, "701", 1),
        ("0701", 7, "0701", 1),
        ("1001室", 10, "1001", 1),
        ("A", 7, "7A", 1),
        ("8A", 7, "8A", None),
        ("1101", 1, "1101", None),
        ("B101", -1, "B101", 1),
        ("A002", 0, "A002", None),
        ("商铺12", 1, "商铺12", None),
    ],
)
def test_a_room_number_may_name_a_position(
    room: str, floor: int, number: str, position: int | None
) -> None:
    found = room_of(room, floor)
    assert (found.number, found.position) == (number, position)


@given(floor=st.integers(1, 60), position=st.integers(1, 99))
def test_short_and_full_room_numbers_are_one_unit(floor: int, position: int) -> None:
    short, full = room_of(f"{position:02d}", floor), room_of(f"{floor}{position:02d}", floor)
    assert short == full
    assert full.position == position


@pytest.mark.parametrize(
    ("number", "parts"),
    [
        ("1-1-1803", ("1", "1", "1803")),
        ("2-701", ("2", "", "701")),
        ("四季名苑1栋四单元1901", ("四季名苑1栋", "四单元", "1901")),
        ("A002", ("A", "", "A002")),
        ("1803", None),
    ],
)
def test_a_full_number_is_split(number: str, parts: tuple[str, str, str] | None) -> None:
    assert split_number(number) == parts


def test_unit_numbers_leave_out_what_has_no_name() -> None:
    assert unit_number("1", "1", "1803") == "1-1-1803"
    assert unit_number("2", "", "701") == "2-701"
    assert unit_number("A", "", "A002") == "A002"


def stored(**fields: Any) -> dict[str, Any]:
    empty = dict.fromkeys(
        (
            "predicted_built_area",
            "predicted_inner_area",
            "measured_built_area",
            "measured_inner_area",
            "filed_unit_price",
            "filed_total",
            "floor_unit_price",
            "floor_total",
            "orientation",
            "product_type",
            "view",
            "layout",
            "list_unit_price",
            "list_total",
        )
    )
    return {**empty, **fields}


def test_a_new_unit_gets_its_total_from_price_and_area() -> None:
    given = {"built_area": Decimal("118.62"), "list_unit_price": Decimal(12830)}
    assert compare(given, None, "built", plain_list_price).changes["list_total"] == Decimal(1521895)


def test_the_measured_area_counts_once_it_is_known() -> None:
    old = stored(
        predicted_built_area=Decimal(100),
        list_unit_price=Decimal(10000),
        list_total=Decimal(1000000),
    )
    found = compare({"measured_built_area": Decimal(101)}, old, "built", plain_list_price)
    assert found.changes == {"measured_built_area": Decimal(101), "list_total": Decimal(1010000)}


def test_a_new_total_alone_gives_a_new_unit_price() -> None:
    old = stored(
        predicted_built_area=Decimal(100),
        list_unit_price=Decimal(10000),
        list_total=Decimal(1000000),
    )
    found = compare({"list_total": Decimal(1100000)}, old, "built", plain_list_price)
    assert found.changes == {"list_unit_price": Decimal("11000.00"), "list_total": Decimal(1100000)}


def test_prices_by_inner_area_take_the_inner_area() -> None:
    given = {
        "built_area": Decimal(120),
        "inner_area": Decimal(90),
        "list_unit_price": Decimal(10000),
    }
    assert compare(given, None, "inner", plain_list_price).changes["list_total"] == 900000


def test_a_unit_sold_as_a_whole_has_a_total_alone() -> None:
    found = compare({"list_total": Decimal(150000)}, None, "unit", plain_list_price)
    assert found.changes == {"list_total": Decimal(150000)}


def test_the_rounding_of_a_file_is_recognised() -> None:
    cut = [(Decimal("7327986.94"), Decimal(7327986)), (Decimal("1521894.60"), Decimal(1521894))]
    assert best_fit(cut) == {"precision": "truncate:1", "fits": 2, "of": 2}
    half = [(Decimal("10.5"), Decimal(11)), (Decimal("10.4"), Decimal(10))]
    assert best_fit(half)["precision"] == "half_up:1"
    assert best_fit([]) == {}
