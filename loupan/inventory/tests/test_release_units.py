"""Releasing, withholding and offering again: all or none, and only what may be sold."""

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from loupan.core.models import AuditEvent
from loupan.core.refusals import NotAllowedNow
from loupan.inventory import errors
from loupan.inventory.actions.units import (
    release_units,
    return_to_market,
    take_off_market,
    unwithhold_units,
    withhold_units,
)
from loupan.inventory.models import UnitChange
from loupan.inventory.states import UNIT, UnitStatus
from loupan.inventory.testing import NOON, a_permit, a_unit
from loupan.org.testing import Cast, the_cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return the_cast()


def test_a_released_unit_is_available_and_remembers_its_first_day(cast: Cast) -> None:
    unit = a_unit(cast.project, status="not_released")
    [made] = release_units(unit_ids=[unit.pk], by=cast.mo, at=NOON)
    unit.refresh_from_db()
    assert (unit.status, unit.first_released_on) == ("available", date(2025, 3, 8))
    assert made.version == unit.version == 1
    change = UnitChange.objects.filter(unit=unit).latest("id")
    assert (change.verb, change.by, change.source) == ("release", cast.mo, "web")
    assert AuditEvent.objects.filter(event="inventory.unit.released", subject_id=unit.pk).exists()


def test_u_2_release_needs_permit_price_floor_area_and_no_seal(cast: Cast) -> None:
    cases: list[tuple[dict[str, Any], type[Exception]]] = [
        ({"with_permit": False, "building": "9"}, errors.PermitMissing),
        ({"list_unit_price": None}, errors.ListPriceMissing),
        ({"floor_unit_price": None}, errors.FloorPriceMissing),
        ({"built_area": None, "inner_area": None, "list_total": 1}, errors.AreaMissing),
        ({"is_sealed": True}, errors.UnitSealed),
    ]
    for position, (fields, refusal) in enumerate(cases, 1):
        unit = a_unit(cast.project, status="not_released", position=position, **fields)
        with pytest.raises(refusal):
            release_units(unit_ids=[unit.pk], by=cast.mo, at=NOON)
        unit.refresh_from_db()
        assert unit.status == "not_released"


def test_an_expired_permit_is_no_permit(cast: Cast) -> None:
    unit = a_unit(cast.project, status="not_released")
    permit = a_permit(cast.project)
    permit.valid_until = date(2025, 3, 7)
    permit.save(update_fields=["valid_until"])
    with pytest.raises(errors.PermitMissing):
        release_units(unit_ids=[unit.pk], by=cast.mo, at=NOON)


def test_a_batch_is_released_wholly_or_not_at_all(cast: Cast) -> None:
    good = a_unit(cast.project, status="not_released", position=1)
    bad = a_unit(cast.project, status="not_released", position=2, floor_unit_price=None)
    with pytest.raises(errors.FloorPriceMissing):
        release_units(unit_ids=[good.pk, bad.pk], by=cast.mo, at=NOON)
    good.refresh_from_db()
    assert good.status == "not_released"


def test_withholding_needs_a_reason_and_is_undone(cast: Cast) -> None:
    unit = a_unit(cast.project)
    with pytest.raises(errors.ReasonMissing):
        withhold_units(unit_ids=[unit.pk], reason=" ", by=cast.mo, at=NOON)
    withhold_units(unit_ids=[unit.pk], reason="调价", by=cast.mo, at=NOON)
    unit.refresh_from_db()
    assert unit.status == "withheld"
    with pytest.raises(NotAllowedNow):
        withhold_units(unit_ids=[unit.pk], reason="调价", by=cast.mo, at=NOON)
    unwithhold_units(unit_ids=[unit.pk], by=cast.mo, at=NOON)
    unit.refresh_from_db()
    assert (unit.status, unit.first_released_on) == ("available", date(2025, 1, 10))


def test_a_seller_cannot_release_nor_withhold(cast: Cast) -> None:
    unit = a_unit(cast.project)
    with pytest.raises(PermissionDenied):
        withhold_units(unit_ids=[unit.pk], reason="调价", by=cast.lin, at=NOON)
    with pytest.raises(PermissionDenied):
        release_units(unit_ids=[unit.pk], by=cast.lin, at=NOON)


# --- Off the market, T20 --------------------------------------------------------------------------


@pytest.mark.parametrize("status", list(UnitStatus))
def test_unsold_units_leave_the_stock_and_come_back_unreleased(cast: Cast, status: str) -> None:
    unit = a_unit(cast.project, status=status)
    given: dict[str, Any] = {"unit_ids": [unit.pk], "reason": "自持", "by": cast.mo, "at": NOON}
    if status in UNIT.moves["take_off_market"][0]:
        take_off_market(**given)
        return_to_market(**given)
        unit.refresh_from_db()
        assert unit.status == "not_released"
        verbs = UnitChange.objects.filter(unit=unit).order_by("-id").values_list("verb", "reason")
        assert list(verbs[:2]) == [("return_to_market", "自持"), ("take_off_market", "自持")]
        return
    with pytest.raises(NotAllowedNow):
        take_off_market(**given)
    if status != "off_market":
        with pytest.raises(NotAllowedNow):
            return_to_market(**given)


def test_leaving_the_stock_needs_a_reason_and_a_director(cast: Cast) -> None:
    unit = a_unit(cast.project)
    for do in (take_off_market, return_to_market):
        with pytest.raises(errors.ReasonMissing):
            do(unit_ids=[unit.pk], reason=" ", by=cast.mo, at=NOON)
        with pytest.raises(PermissionDenied):
            do(unit_ids=[unit.pk], reason="自持", by=cast.lin, at=NOON)
