"""Mortgages, pre-notices and seals: recorded, shown, blocking, lifted (INV-14, U-2)."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from loupan.core.models import AuditEvent
from loupan.inventory import errors
from loupan.inventory.actions.encumbrances import encumber_units, lift_encumbrance
from loupan.inventory.actions.units import release_units
from loupan.inventory.models import Encumbrance, Unit, UnitChange
from loupan.inventory.queries.board import board
from loupan.inventory.testing import NOON, a_unit
from loupan.inventory.tests.desk import desk, text_of
from loupan.org.models import Project, User
from loupan.org.testing import a_project, a_user, signed_in

pytestmark = pytest.mark.django_db
DAY = date(2025, 3, 1)


def encumbered(
    project: Project, by: User, *units: Unit, kind: str = "seal", **fields: Any
) -> list[Encumbrance]:
    given = {"document_no": "（2025）渝01执88号", "holder": "重庆一中院", "starts_on": DAY}
    return encumber_units(
        project_id=project.pk,
        unit_ids=[unit.pk for unit in units],
        kind=kind,
        by=by,
        at=NOON,
        **{**given, **fields},
    )


def lifted(one: Encumbrance, by: User, **fields: Any) -> None:
    given = {"lifted_on": date(2025, 3, 8), "reason": "解封", "document_no": "解1号"}
    lift_encumbrance(encumbrance_id=one.pk, by=by, at=NOON, **{**given, **fields})


def test_a_seal_blocks_release_until_it_is_lifted() -> None:
    project, user, _browser = desk()
    unit = a_unit(project, status="not_released")
    (seal,) = encumbered(project, user, unit)
    unit.refresh_from_db()
    assert (unit.is_sealed, unit.is_encumbered, unit.version) == (True, False, 1)
    with pytest.raises(errors.UnitSealed):
        release_units(unit_ids=[unit.pk], by=user, at=NOON)
    (shown,) = board(project.pk, at=NOON)["units"]
    assert "sealed" in shown["flags"]
    lifted(seal, user)
    unit.refresh_from_db()
    assert (unit.is_sealed, unit.version) == (False, 2)
    release_units(unit_ids=[unit.pk], by=user, at=NOON)
    assert list(UnitChange.objects.order_by("id").values_list("verb", flat=True)) == [
        "make", "seal", "lift_encumbrance", "release",
    ]  # fmt: skip


def test_a_mortgage_only_warns_and_the_mark_stays_while_one_is_in_force() -> None:
    project, user, _browser = desk()
    unit = a_unit(project, status="not_released")
    (first,) = encumbered(project, user, unit, kind="mortgage", document_no="抵1")
    (second,) = encumbered(project, user, unit, kind="pre_notice", document_no="预1")
    release_units(unit_ids=[unit.pk], by=user, at=NOON)
    lifted(first, user)
    unit.refresh_from_db()
    assert unit.is_encumbered
    lifted(second, user)
    unit.refresh_from_db()
    assert not unit.is_encumbered
    events = AuditEvent.objects.filter(event__startswith="inventory.encumbrance.")
    assert events.count() == 4


def test_what_is_refused_leaves_nothing() -> None:
    project, user, _browser = desk()
    one, two = a_unit(project), a_unit(project, floor=17)
    (seal,) = encumbered(project, user, one)
    with pytest.raises(errors.EncumberedAlready):
        encumbered(project, user, two, one)
    with pytest.raises(errors.NotYet):
        encumbered(project, user, two, starts_on=date(2025, 3, 9))
    with pytest.raises(errors.EndsBeforeItStarts):
        encumbered(project, user, two, ends_on=DAY - timedelta(days=1))
    with pytest.raises(errors.NoUnitsChosen):
        encumbered(project, user)
    with pytest.raises(Unit.DoesNotExist):
        encumbered(project, user, two, a_unit(a_project(), number="9-9-9"))
    with pytest.raises(errors.ReasonMissing):
        lifted(seal, user, reason=" ")
    with pytest.raises(errors.NotYet):
        lifted(seal, user, lifted_on=date(2025, 3, 9))
    lifted(seal, user)
    with pytest.raises(errors.LiftedAlready):
        lifted(seal, user)
    two.refresh_from_db()
    assert (two.version, Encumbrance.objects.count()) == (0, 1)
    encumbered(project, user, one)  # The same document again, after it was lifted.


def test_only_who_keeps_the_property_may_encumber() -> None:
    project, user, _browser = desk()
    unit = a_unit(project)
    seller = a_user("SC", project)
    with pytest.raises(PermissionDenied):
        encumbered(project, seller, unit)
    (seal,) = encumbered(project, user, unit)
    with pytest.raises(PermissionDenied):
        lifted(seal, seller)
    browser = signed_in(seller)
    assert browser.get(reverse("inventory:encumbrances")).status_code == 200
    assert browser.get(reverse("inventory:encumbrance_new")).status_code == 403
    path = reverse("inventory:encumbrance_lifting", args=[seal.pk])
    assert browser.post(path, {"lifted_on": "2025-03-08", "reason": "x"}).status_code == 403


def test_units_are_named_by_their_numbers_on_the_page() -> None:
    project, _user, browser = desk()
    one, two = a_unit(project), a_unit(project, floor=17)
    path = reverse("inventory:encumbrance_new")
    page = text_of(browser.get(path, {"units": f"{one.pk},{two.pk},x,²,99999999999999999999"}))
    assert "1-1-1703 1-1-1803" in page
    typed = {
        "units": "1-1-1803，1-1-1703\n1-1-1803",
        "kind": "seal",
        "document_no": "执88",
        "starts_on": f"{timezone.localdate()}",
    }
    assert browser.post(path, typed | {"units": "1-1-1803 9-9-9"}).status_code == 422
    assert browser.post(path, typed | {"units": "\x00 '; DROP"}).status_code == 422
    assert browser.post(path, typed | {"starts_on": "2999-01-01"}).status_code == 422
    assert browser.post(path, typed).status_code == 302
    assert Unit.objects.filter(is_sealed=True).count() == 2
    page = text_of(browser.get(reverse("inventory:encumbrances"), {"kind": "seal"}))
    assert page.count("执88") == 2
    assert "执88" in text_of(browser.get(reverse("inventory:unit", args=[one.pk])))
    seal = Encumbrance.objects.get(unit=one)
    path = reverse("inventory:encumbrance_lifting", args=[seal.pk])
    assert browser.post(path, {"lifted_on": "2999-01-01", "reason": "x"}).status_code == 422
    assert browser.post(path, {"lifted_on": f"{timezone.localdate()}", "reason": "解封"})
    one.refresh_from_db()
    assert not one.is_sealed
    assert "解封" in text_of(browser.get(reverse("inventory:unit", args=[one.pk])))


def test_the_list_asks_the_database_seldom(django_assert_max_num_queries: Any) -> None:
    project, user, browser = desk()
    for floor in range(1, 20):
        encumbered(project, user, a_unit(project, floor=floor))
    browser.get(reverse("inventory:encumbrances"))
    with django_assert_max_num_queries(16):
        browser.get(reverse("inventory:encumbrances"))
