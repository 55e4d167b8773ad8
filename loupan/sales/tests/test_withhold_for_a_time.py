"""Withholdings with a reason, somebody who answers, and an end (T2, T3, CTL-01)."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.test import Client
from time_machine import travel

from loupan.core.refusals import NotAllowedNow
from loupan.inventory import errors
from loupan.inventory.actions.units import extend_withholding, unwithhold_units, withhold_units
from loupan.inventory.models import Unit, Withholding
from loupan.inventory.queries.control import withhold_words
from loupan.inventory.testing import NOON, a_unit
from loupan.org.testing import Cast, the_cast, token_for

pytestmark = pytest.mark.django_db
END = NOON + timedelta(days=2)


@pytest.fixture
def cast() -> Cast:
    return the_cast()


def withheld(cast: Cast, unit: Unit) -> Withholding:
    withhold_units(unit_ids=[unit.pk], reason="调价", until=END, by=cast.mo, at=NOON)
    return Withholding.objects.get(unit=unit, is_active=True)


def test_the_clock_offers_it_again_or_takes_it_back_or_says_what_is_missing(cast: Cast) -> None:
    offered = a_unit(cast.project, position=1)
    never = a_unit(cast.project, position=2, status="not_released")
    sealed = a_unit(cast.project, position=4)
    for unit in (offered, never, sealed):
        withheld(cast, unit)
    Unit.objects.filter(pk=sealed.pk).update(is_sealed=True)
    for moment, wanted in (
        (END - timedelta(seconds=1), ["withheld", "withheld", "withheld"]),
        (END, ["available", "not_released", "withheld"]),
    ):
        with travel(moment, tick=False):
            call_command("expire_claims", verbosity=0)
            call_command("expire_claims", verbosity=0)
        for unit, status in zip((offered, never, sealed), wanted, strict=True):
            unit.refresh_from_db()
            assert unit.status == status
    stuck = Withholding.objects.get(is_active=True)
    assert (stuck.unit, stuck.stuck_since) == (sealed, END)
    assert stuck.stuck_because


def test_a_withholding_is_extended_and_ends_with_the_offer(cast: Cast) -> None:
    unit = a_unit(cast.project)
    with pytest.raises(NotAllowedNow):
        extend_withholding(unit_id=unit.pk, until=END, by=cast.mo, at=NOON)
    withheld(cast, unit)
    with pytest.raises(errors.EndsInThePast):
        extend_withholding(unit_id=unit.pk, until=NOON, by=cast.mo, at=NOON)
    extend_withholding(unit_id=unit.pk, until=None, by=cast.mo, at=NOON)
    assert Withholding.objects.get().until is None
    unwithhold_units(unit_ids=[unit.pk], by=cast.mo, at=END)
    assert Withholding.objects.get().ended_at == END


def test_a_word_a_holder_and_an_end_are_checked(cast: Cast) -> None:
    unit = a_unit(cast.project)
    word = withhold_words(cast.project.pk).get(code="pricing")
    for wrong, refusal in (
        ({"word_id": 10**6}, errors.WordUnknown),
        ({"reason": "x", "holder_id": 10**6}, errors.HolderUnknown),
        ({"reason": "x", "until": NOON}, errors.EndsInThePast),
        ({}, errors.ReasonMissing),
    ):
        with pytest.raises(refusal):
            withhold_units(unit_ids=[unit.pk], **wrong, by=cast.mo, at=NOON)
    call = Client(headers={"Authorization": f"Bearer {token_for(cast.mo)}"})
    path = f"/api/v1/units/{unit.pk}"
    body = {"word_id": word.pk, "holder_id": cast.lin.pk}
    made = call.post(f"{path}/withholding/", body, content_type="application/json")
    assert made.json()["status"] == "withheld"
    kept = Withholding.objects.get()
    assert (kept.reason, kept.holder) == (word.name, cast.lin)
    longer = call.put(
        f"{path}/withholding/", {"until": "2090-01-01T09:00:00+08:00"}, "application/json"
    )
    assert longer.status_code == 200
    assert call.post(f"{path}/taking-back/").json()["status"] == "not_released"
