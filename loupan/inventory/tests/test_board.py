"""The board's hand-written statement says what the plain form says, and `since` misses nothing."""

from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import orjson
import pytest
from django.db import DatabaseError

from loupan.core.calendar import business_day
from loupan.inventory.actions.units import withhold_units
from loupan.inventory.models import Unit, UnitChange
from loupan.inventory.queries.board import (
    COLUMNS,
    FLOOR_COLUMNS,
    board,
    board_changes,
    board_json,
    board_version,
    status_shown,
)
from loupan.inventory.testing import NOON, a_building, a_layout, a_permit, a_unit
from loupan.org.testing import a_project, the_cast

pytestmark = pytest.mark.django_db


def two_places(value: Decimal | None) -> str | None:
    return None if value is None else str(value.quantize(Decimal("0.01"), ROUND_HALF_UP))


def plain(unit: Unit, on: date) -> dict[str, Any]:
    """What the board says of a unit, read through the model."""
    permit = unit.building.permit
    flags = {
        "encumbered": unit.is_encumbered,
        "sealed": unit.is_sealed,
        "show_flat": unit.is_show_flat,
        "price_missing": unit.list_total is None,
        "permit_missing": permit is None
        or (permit.valid_until is not None and permit.valid_until < on),
    }
    return {
        "id": unit.pk,
        "number": unit.number,
        "building": unit.building.code,
        "entrance": unit.entrance.code,
        "floor": unit.floor_no,
        "position": unit.position,
        "room_no": unit.room_no,
        "floors_spanned": unit.floors_spanned,
        "status": unit.status,
        "product_type": unit.product_type,
        "layout": unit.layout.name if unit.layout else "",
        "orientation": unit.orientation,
        "view": unit.view,
        "built_area": two_places(unit.built_area),
        "inner_area": two_places(unit.inner_area),
        "list_unit_price": two_places(unit.list_unit_price),
        "list_total": two_places(unit.list_total),
        "claim_until": unit.claim_until.isoformat() if unit.claim_until else None,
        "claim_label": unit.claim_label,
        "flags": [name for name, is_set in flags.items() if is_set],
        "floor_unit_price": two_places(unit.floor_unit_price),
        "floor_total": two_places(unit.floor_total),
    }


def test_the_board_equals_the_plain_form() -> None:
    project = a_project()
    a_unit(project, layout=a_layout(project), orientation="S", view="花园")
    a_unit(project, floor=17, built_area=None, inner_area=None, list_unit_price=None)
    a_unit(project, floor=16, list_unit_price="12345.6789", is_sealed=True, is_encumbered=True)
    a_unit(project, floor=16, position=1, measured_built_area=Decimal("118.9"), is_show_flat=True)
    a_unit(
        project,
        building="2",
        entrance="",
        floor=-1,
        status="locked",
        with_permit=False,
        claim_until=NOON + timedelta(minutes=15),
        claim_label="林小雨",
    )
    old = a_permit(project, number="旧证", valid_until=date(2025, 3, 7))
    a_building(project, "3", with_permit=False, permit=old)
    a_unit(project, building="3", floors_spanned=2)
    a_unit(a_project(), floor=3)

    found = board(project.pk, at=NOON, with_floor_prices=True)

    units = Unit.objects.filter(project=project).order_by(
        "building__sort", "building_id", "entrance__sort", "entrance_id", "-floor_no", "position"
    )
    assert found["units"] == [plain(unit, business_day(NOON)) for unit in units]
    assert list(found["units"][0]) == list(COLUMNS + FLOOR_COLUMNS)
    assert (
        orjson.loads(board_json(project.pk, at=NOON, with_floor_prices=True))["units"]
        == (found["units"])
    )


def test_floor_prices_are_not_on_the_board_unless_asked_for() -> None:
    project = a_project()
    a_unit(project)
    assert not set(FLOOR_COLUMNS) & set(board(project.pk, at=NOON)["units"][0])


def test_one_building_is_chosen_by_code_by_name_or_by_id() -> None:
    project = a_project()
    a_unit(project)
    other = a_unit(project, building="2")
    for chosen in ("2", "2号楼"):
        assert [u["id"] for u in board(project.pk, at=NOON, building=chosen)["units"]] == [other.pk]
    by_id = board(project.pk, at=NOON, building=str(other.building_id))
    assert by_id["units"] or by_id["buildings"] == []
    assert board(project.pk, at=NOON, building="没有")["units"] == []


def test_since_gives_only_what_changed_and_repeats_the_last_seconds() -> None:
    cast = the_cast()
    first, second = a_unit(cast.project), a_unit(cast.project, floor=17)
    later = NOON + timedelta(hours=1)
    version = board(cast.project.pk, at=later)["version"]
    assert board(cast.project.pk, at=later, since=version)["units"] == []

    withhold_units(unit_ids=[second.pk], reason="样板层", by=cast.mo, at=later)
    changed = board(cast.project.pk, at=later + timedelta(minutes=5), since=version)
    assert [unit["id"] for unit in changed["units"]] == [second.pk]
    assert changed["version"] > version
    # A commit that came late with an earlier id: still sent, as it is only seconds old.
    again = board(cast.project.pk, at=later + timedelta(seconds=9), since=changed["version"])
    assert [unit["id"] for unit in again["units"]] == [second.pk]
    assert (
        board(cast.project.pk, at=later + timedelta(seconds=11), since=changed["version"])["units"]
        == []
    )
    assert first.pk not in {unit["id"] for unit in again["units"]}


def test_since_names_the_units_that_are_gone() -> None:
    project = a_project()
    unit = a_unit(project)
    version = board_version(project.pk)
    UnitChange.objects.create(
        project=project, unit=unit, verb="delete", from_status=unit.status, to_status="",
        source="job", at=NOON,
    )  # fmt: skip
    gone = unit.pk
    Unit.objects.filter(pk=gone).delete()
    answer = board(project.pk, at=NOON + timedelta(hours=1), since=version)
    assert answer["removed"] == [gone]
    assert answer["units"] == []


def test_changes_of_units_still_only_grow() -> None:
    change = a_unit(a_project()).changes.get()
    with pytest.raises(DatabaseError, match="append-only"):
        UnitChange.objects.filter(pk=change.pk).update(reason="x")


def test_a_lock_is_over_at_its_minute_though_no_job_came_round() -> None:
    project = a_project()
    until = NOON + timedelta(minutes=15)
    for status in ("locked", "held", "provisional"):
        a_unit(project, floor=len(status), status=status, claim_until=until, claim_label="林小雨")
    version = board_version(project.pk)

    def shown(at: datetime) -> list[tuple[str, str | None, str]]:
        units = board(project.pk, at=at)["units"]
        return sorted((u["status"], u["claim_until"], u["claim_label"]) for u in units)

    before = shown(until - timedelta(seconds=1))
    assert [status for status, *_rest in before] == ["held", "locked", "provisional"]
    assert shown(until) == [
        ("available", None, ""),
        ("available", None, ""),
        ("provisional", until.isoformat(), "林小雨"),
    ]
    assert [status_shown(unit, until) for unit in Unit.objects.order_by("floor_no")] == [
        "available",
        "available",
        "provisional",
    ]
    # Who asks for changes hears of it, for a minute: the job needs seconds.
    asked = [
        {unit["status"] for unit in board_changes(project.pk, at=at, since=version).units}
        for at in (until - timedelta(seconds=1), until, until + timedelta(minutes=2))
    ]
    assert asked == [set(), {"available"}, set()]
    later = board(project.pk, at=until, since=version)["units"]
    assert {unit["status"] for unit in later} == {"available"}
