"""The board as it stood: whatever happened in between, it is drawn as it was seen at the time."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loupan.core.refusals import Refusal
from loupan.inventory.actions.property import delete_units, edit_unit
from loupan.inventory.actions.units import release_units, unwithhold_units, withhold_units
from loupan.inventory.models import Unit, UnitChange
from loupan.inventory.queries.board import board
from loupan.inventory.queries.past_board import AS_OF_NOW, RECONSTRUCTED, RECORDED
from loupan.inventory.states import UnitStatus
from loupan.inventory.testing import NOON, a_unit
from loupan.org.models import User
from loupan.org.testing import a_user, token_for
from loupan.pricing.actions.prices import NewPrice, set_list_prices
from loupan.sales.actions import cancellations, claims, contracts, reservations
from loupan.sales.models import Reservation
from loupan.sales.queries.claims import expired_claim_ids
from loupan.sales.testing import RESERVED_AT, Office, a_buyer, an_office, another_unit

pytestmark = pytest.mark.django_db

UNITS = 3
VERBS = (
    "lock", "lock", "unlock", "hold", "release_hold", "reserve", "sign", "cancel", "withhold",
    "unwithhold", "release", "expire", "price", "area", "flag",
)  # fmt: skip
STEPS = st.tuples(
    st.sampled_from(VERBS), st.integers(0, UNITS - 1), st.sampled_from([0, 5, 14, 16, 3 * 1440])
)


def seen(project_id: int, at: datetime, as_of: datetime | None = None) -> dict[int, Any]:
    """What the board says of every unit, but for what is always shown as it is now."""
    units = board(project_id, at=at, as_of=as_of, with_floor_prices=True)["units"]
    return {unit["id"]: unit for unit in units}


class Hand:
    """Does verbs by name; one that is refused has not happened."""

    def __init__(self, office: Office, units: list[Unit], buyer: int) -> None:
        self.office, self.units, self.buyer = office, units, buyer
        self.clerk = a_user("CC", office.project)

    def act(self, name: str, number: int, at: datetime) -> None:
        unit = self.units[number]
        with suppress(Refusal, PermissionDenied):
            self.verbs(name, unit.pk, number)(at=at)

    def verbs(self, name: str, pk: int, number: int) -> Callable[..., Any]:
        lin, mo, one = self.office.lin, self.office.mo, [pk]
        deal = Reservation.objects.filter(deal__unit=pk).order_by("-pk").first()
        known = deal.pk if deal else 0
        found: dict[str, Callable[..., Any]] = {
            "lock": lambda at: claims.lock_unit(unit_id=pk, by=lin, at=at),
            "unlock": lambda at: claims.unlock_unit(unit_id=pk, by=mo, at=at),
            "hold": lambda at: claims.hold_unit(
                unit_id=pk, customer_id=self.buyer, days=2, by=mo, at=at
            ),
            "release_hold": lambda at: claims.release_hold(unit_id=pk, by=mo, at=at),
            "reserve": lambda at: reservations.reserve_unit(
                unit_id=pk,
                buyers=[reservations.BuyerDraft(self.buyer)],
                payment_plan_id=self.office.prices.plan.pk,
                discount_ids=[],
                by=lin,
                at=at,
            ),
            "sign": lambda at: known and contracts.sign_contract(
                reservation_id=known, signed_on=at.date(), by=self.office.cast.cs, at=at
            ),
            "cancel": lambda at: known and cancellations.cancel_reservation(
                reservation_id=known, reason="客户原因", kept=Decimal(0), request_key=uuid4(),
                unit_goes_to=("available", "withheld")[number % 2], by=mo, at=at,
            ),
            "withhold": lambda at: withhold_units(unit_ids=one, reason="调价", by=mo, at=at),
            "unwithhold": lambda at: unwithhold_units(unit_ids=one, by=mo, at=at),
            "release": lambda at: release_units(unit_ids=one, by=mo, at=at),
            "expire": lambda at: [
                claims.expire_claim(claim_id=claim, by=None, at=at)
                for claim in expired_claim_ids(at)
            ],
            "price": lambda at: set_list_prices(
                prices=[NewPrice(pk, unit_price=Decimal(12_500 + at.minute))], by=mo, at=at
            ),
            "area": lambda at: self.edit(pk, at, measured_built_area=Decimal(118 + at.minute)),
            "flag": lambda at: self.edit(pk, at, is_show_flat=bool(at.minute % 2), orientation="S"),
        }  # fmt: skip
        return found[name]

    def edit(self, pk: int, at: datetime, **changes: Any) -> None:
        version = Unit.objects.values_list("version", flat=True).get(pk=pk)
        edit_unit(unit_id=pk, version=version, changes=changes, by=self.clerk, at=at)


def test_the_board_of_any_moment_is_the_board_that_was_seen_then() -> None:
    office = an_office()
    units = [another_unit(office) for _ in range(UNITS - 1)]
    units.append(another_unit(office, status=UnitStatus.NOT_RELEASED))
    hand = Hand(office, units, a_buyer(office).pk)
    project = office.project.pk
    moved = 0

    @settings(
        max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
    )
    @given(st.lists(STEPS, min_size=3, max_size=14))
    def walk(steps: list[tuple[str, int, int]]) -> None:
        before = transaction.savepoint()
        try:
            follow(steps)
        finally:
            transaction.savepoint_rollback(before)
            transaction.savepoint_commit(before)  # Else the next ones nest in it.

    def follow(steps: list[tuple[str, int, int]]) -> None:
        nonlocal moved
        at, recorded = RESERVED_AT, []
        for name, number, minutes in steps:
            at += timedelta(minutes=minutes, seconds=1)
            hand.act(name, number, at)
            recorded.append((at, seen(project, at)))
        end = at + timedelta(days=40)
        for moment, said in recorded:
            found = seen(project, end, moment)
            wrong = {
                (pk, key): (found.get(pk, {}).get(key), value)
                for pk, unit in said.items()
                for key, value in unit.items()
                if found.get(pk, {}).get(key) != value
            }
            assert not wrong, f"{moment}: {wrong}"
            assert found.keys() == said.keys()
        moved += sum(a != b for (_s, a), (_t, b) in pairwise(recorded))

    walk()
    assert moved > 50  # The walk went somewhere.


def test_units_made_later_are_not_there_and_removed_ones_are_named() -> None:
    office = an_office()
    old, gone = another_unit(office), another_unit(office, status=UnitStatus.NOT_RELEASED)
    later = NOON + timedelta(days=3)
    delete_units(unit_ids=[gone.pk], by=a_user("CC", office.project), at=later)
    found = board(office.project.pk, at=later, as_of=NOON + timedelta(days=1))
    assert [unit["id"] for unit in found["units"]] == [old.pk]
    assert found["as_it_stood"].removed == [gone.pk]
    after = board(office.project.pk, at=later, as_of=later)
    assert after["as_it_stood"].removed == []
    assert after["version"] > found["version"] > 0
    before = board(office.project.pk, at=later, as_of=NOON - timedelta(seconds=1))
    assert (before["units"], before["version"]) == ([], 0)


def test_the_payload_says_what_is_recorded_and_what_is_as_of_now() -> None:
    project = an_office().project
    a_unit(project)
    found = board(project.pk, at=NOON + timedelta(days=1), as_of=NOON)
    keys = set(found["units"][0]) - {"id"}
    said = found["as_it_stood"]
    assert keys == {*RECORDED, *RECONSTRUCTED, *AS_OF_NOW}
    assert (said.recorded, said.reconstructed, said.as_of_now) == (
        RECORDED, RECONSTRUCTED, AS_OF_NOW,
    )  # fmt: skip


def test_amounts_changed_without_a_record_are_left_out() -> None:
    """A change of data that no event of the audit explains: better no amount than a wrong one."""
    office = an_office()
    unit = another_unit(office)
    UnitChange.objects.create(
        project=office.project, unit=unit, verb="edit", from_status=unit.status,
        to_status=unit.status, source="job", at=NOON + timedelta(days=1),
    )  # fmt: skip
    found = board(office.project.pk, at=NOON + timedelta(days=2), as_of=NOON)
    assert found["as_it_stood"].unknown == [unit.pk]
    assert found["units"][0]["list_total"] is None
    assert found["units"][0]["status"] == "available"


def test_the_api_answers_the_past_within_reach_and_refuses_what_cannot_be() -> None:
    office = an_office()
    unit = another_unit(office)
    withhold_units(unit_ids=[unit.pk], reason="调价", by=office.mo, at=NOON + timedelta(days=1))
    path = f"/api/v1/projects/{office.project.pk}/board/"

    def asked(viewer: User, at: str) -> Any:
        return Client(headers={"Authorization": f"Bearer {token_for(viewer)}"}).get(
            path, {"at": at, "since": "1"}
        )

    then = asked(office.lin, "2025-03-08T12:30:00")  # Without an offset: the office's time.
    assert then.status_code == 200, then.content
    assert [one["status"] for one in then.json()["units"]] == ["available"]
    assert then.json()["as_it_stood"]["recorded"] == list(RECORDED)
    later = asked(office.lin, "2025-03-09T12:30:00+08:00").json()
    assert [one["status"] for one in later["units"]] == ["withheld"]
    assert "floor_total" not in later["units"][0]
    for at in ("2999-01-01T00:00:00Z", "0001-01-01T00:00:00", "1999-12-31T00:00:00Z"):
        refused = asked(office.lin, at)
        assert (refused.status_code, refused.json()["code"]) == (409, "moment_not_known"), at
    assert asked(office.lin, "soon").status_code == 422
    assert asked(office.cast.wei, "2025-03-08T12:30:00").status_code == 404
