"""Units split into several and merged into one: exact areas, free numbers, history on both sides (INV-15)."""

from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from loupan.core.models import AuditEvent
from loupan.core.refusals import ChangedMeanwhile
from loupan.inventory import errors
from loupan.inventory.actions.reshaping import merge_units, split_unit
from loupan.inventory.actions.units import withhold_units
from loupan.inventory.models import Reshaping, Unit, UnitChange
from loupan.inventory.queries.board import board
from loupan.inventory.rules.reshaping import Part, check_sums
from loupan.inventory.testing import NOON, a_unit
from loupan.inventory.tests.desk import desk, text_of
from loupan.org.testing import a_user

pytestmark = pytest.mark.django_db


def part(room: str, position: int, built: str | None, inner: str | None) -> Part:
    return Part(
        room, position, Decimal(built) if built else None, Decimal(inner) if inner else None
    )


HALVES = [part("1803A", 3, "60", "50"), part("1803B", 4, "58.62", "44.37")]

cents = st.decimals("0.01", "500", places=2)


@given(st.lists(cents, min_size=2, max_size=6))
def test_sums_are_compared_exactly(areas: list[Decimal]) -> None:
    parts = [Part(f"{n}", n, area, None) for n, area in enumerate(areas, 1)]
    check_sums(parts, sum(areas, Decimal(0)), None)
    with pytest.raises(errors.AreaSumsDiffer):
        check_sums(parts, sum(areas, Decimal("0.01")), None)


@pytest.mark.parametrize(
    ("parts", "refusal"),
    [
        (HALVES[:1], errors.TooFewUnits),
        ([part("A", 1, "60", "50"), part("B", 2, None, "44.37")], errors.AreaSumsDiffer),
        ([part("A", 1, "60", "50"), part("B", 2, "58.62", None)], errors.AreaSumsDiffer),
        ([part("A", 1, "0.00", "0.00"), part("B", 2, "118.62", "94.37")], errors.AreaNotPositive),
        ([part("A", 1, "40", "50"), part("B", 2, "78.62", "44.37")], errors.InnerAreaTooLarge),
    ],
    ids=range(5),
)
def test_parts_that_do_not_make_the_whole_are_refused(
    parts: list[Part], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        check_sums(parts, Decimal("118.62"), Decimal("94.37"))


def test_a_unit_is_split_and_leaves_the_board_with_its_history() -> None:
    project, user, browser = desk()
    old = a_unit(project)
    made = split_unit(unit_id=old.pk, version=0, parts=HALVES, reason="改小户型", by=user, at=NOON)
    assert [(u.number, u.status, u.built_area, u.list_total) for u in made] == [
        ("1-1-1803A", "not_released", Decimal("60"), None),
        ("1-1-1803B", "not_released", Decimal("58.62"), None),
    ]
    old.refresh_from_db()
    assert (old.is_retired, old.status) == (True, "off_market")
    shown = board(project.pk, at=NOON)["units"]
    assert [unit["number"] for unit in shown] == ["1-1-1803A", "1-1-1803B"]
    changes = board(project.pk, at=NOON, since=0)
    assert changes["removed"] == [old.pk]
    assert UnitChange.objects.filter(verb="split").count() == 3
    assert AuditEvent.objects.filter(event="inventory.unit.split").count() == 3
    with pytest.raises(errors.UnitRetired):
        withhold_units(unit_ids=[old.pk], reason="x", by=user, at=NOON)
    assert old.number not in text_of(browser.get(reverse("inventory:units")))
    page = text_of(browser.get(reverse("inventory:unit", args=[old.pk])))
    assert "1-1-1803A" in page
    page = text_of(browser.get(reverse("inventory:unit", args=[made[0].pk])))
    assert "1-1-1803<" in page


def test_units_are_merged_and_the_number_may_be_one_of_theirs() -> None:
    project, user, _browser = desk()
    one, two = (
        a_unit(project, position=1),
        a_unit(project, position=2, built_area="50.01", inner_area="40"),
    )
    made = merge_units(unit_ids=[one.pk, two.pk], room_no="1801", reason="打通", by=user, at=NOON)
    assert (made.number, made.position, made.floors_spanned) == ("1-1-1801", 1, 1)
    assert made.built_area == Decimal("168.63")
    assert made.inner_area == Decimal("134.37")
    assert Reshaping.objects.get().units.filter(is_new=False).count() == 2


def test_units_above_each_other_become_a_duplex() -> None:
    project, user, _browser = desk()
    low, high = a_unit(project, floor=17), a_unit(project, floor=18)
    made = merge_units(unit_ids=[high.pk, low.pk], room_no="1703", reason="复式", by=user, at=NOON)
    assert (made.floor_no, made.floors_spanned, made.position) == (17, 2, 3)


def test_what_does_not_belong_together_is_not_merged() -> None:
    project, user, _browser = desk()
    low, high = a_unit(project, floor=3), a_unit(project, floor=9)
    shop = a_unit(project, floor=3, position=4, product_type="shop")
    other = a_unit(project, entrance="2", floor=3)
    bare = a_unit(project, floor=3, position=5, built_area=None, inner_area=None)
    for units in ((low, high), (low, shop), (low, other)):
        with pytest.raises(errors.UnitsOfDifferentPlaces):
            merge_units(unit_ids=[u.pk for u in units], room_no="9", reason="x", by=user, at=NOON)
    with pytest.raises(errors.AreasIncomplete):
        merge_units(unit_ids=[low.pk, bare.pk], room_no="9", reason="x", by=user, at=NOON)
    with pytest.raises(errors.TooFewUnits):
        merge_units(unit_ids=[low.pk], room_no="9", reason="x", by=user, at=NOON)
    assert not Unit.objects.filter(is_retired=True).exists()


def test_a_split_that_cannot_be_changes_nothing() -> None:
    project, user, _browser = desk()
    old = a_unit(project)
    a_unit(project, position=4)

    def tried(**fields: Any) -> None:
        given = {"unit_id": old.pk, "version": 0, "parts": HALVES, "reason": "x", "by": user}
        split_unit(**{**given, **fields}, at=NOON)

    with pytest.raises(errors.PlaceTaken):
        tried()
    with pytest.raises(errors.UnitNumberTaken):
        tried(parts=[part("1804", 3, "60", "50"), part("1803", 5, "58.62", "44.37")])
    with pytest.raises(ChangedMeanwhile):
        tried(version=1)
    with pytest.raises(errors.ReasonMissing):
        tried(reason=" ")
    with pytest.raises(PermissionDenied):
        tried(by=a_user("SC", project))
    for state, refusal in (
        ({"status": "reserved"}, errors.UnitNotFree),
        ({"status": "available", "is_sealed": True}, errors.UnitEncumbered),
    ):
        Unit.objects.filter(pk=old.pk).update(**state)
        with pytest.raises(refusal):
            tried()
    old.refresh_from_db()
    assert (old.number, old.is_retired, Unit.objects.count()) == ("1-1-1803", False, 2)


def test_the_pages_split_and_merge() -> None:
    project, _user, browser = desk()
    old = a_unit(project)
    path = reverse("inventory:unit_split", args=[old.pk])
    assert "1803A" in text_of(browser.get(path))
    typed: dict[str, Any] = {"version": 0, "reason": "改小"}
    for line, one in enumerate(HALVES):
        typed |= {
            f"part{line}-room_no": one.room_no, f"part{line}-position": one.position,
            f"part{line}-built_area": one.built_area, f"part{line}-inner_area": one.inner_area,
        }  # fmt: skip
    for wrong in ({"part0-built_area": "NaN"}, {"part0-built_area": "61"}, {"reason": ""}):
        assert browser.post(path, typed | wrong).status_code == 422
    assert browser.post(path, typed).status_code == 302
    merging = reverse("inventory:unit_merging")
    typed = {"units": "1-1-1803A 1-1-1803B", "room_no": "1803", "reason": "复原"}
    assert browser.post(merging, typed | {"units": "1-1-1803A"}).status_code == 422
    assert browser.post(merging, typed).status_code == 302
    assert Unit.objects.get(number="1-1-1803").built_area == Decimal("118.62")
    assert browser.get(path).status_code == 404
