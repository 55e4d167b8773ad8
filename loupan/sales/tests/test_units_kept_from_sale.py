"""One list of what is withheld, held or locked, and the verbs on it (CTL-01, CTL-02, CTL-08)."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st

from loupan.core.models import AuditEvent, BulkRun
from loupan.core.refusals import NotAllowedNow
from loupan.core.ui.keyset import Order, page_of
from loupan.inventory import errors as inventory_errors
from loupan.inventory.actions.units import withhold_units
from loupan.inventory.models import Unit, UnitChange, Withholding
from loupan.inventory.queries.control import withhold_words
from loupan.inventory.testing import a_unit
from loupan.org.models import User
from loupan.org.testing import a_user, signed_in, token_for
from loupan.sales import errors
from loupan.sales.actions.claims import expire_claim, extend_hold, hold_unit, lock_unit
from loupan.sales.actions.control import (
    change_control_reason,
    extend_control,
    release_from_control,
)
from loupan.sales.models import Claim
from loupan.sales.queries.control import controlled_units
from loupan.sales.rules import TimeLeft, time_left
from loupan.sales.testing import Office, a_buyer, a_reservation, an_office, another_unit

LIST = "sales:controlled_units"


@pytest.fixture
def office(db: Any) -> Office:
    return an_office()


@pytest.fixture
def at() -> datetime:
    return timezone.now()


def three(office: Office, at: datetime) -> tuple[Unit, Unit, Unit]:
    """One unit withheld for two days, one held for a customer, one locked."""
    kept, held, locked = (another_unit(office) for _ in range(3))
    withhold_units(
        unit_ids=[kept.pk],
        reason="调价中",
        until=at + timedelta(days=2, hours=3),
        by=office.mo,
        at=at,
    )
    buyer = a_buyer(office, name="苏晚晴")
    hold_unit(unit_id=held.pk, customer_id=buyer.pk, days=1, reason="等首付", by=office.mo, at=at)
    lock_unit(unit_id=locked.pk, by=office.lin, at=at)
    return kept, held, locked


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def listed(person: User, office: Office, **query: str) -> str:
    asked: dict[str, Any] = {"project": office.project.pk, "view": "", **query}
    answer = signed_in(person).get(reverse(LIST), asked)
    assert answer.status_code == 200
    return text_of(answer)


# --- What is left ---------------------------------------------------------------------------------

MOMENT = datetime.fromisoformat("2025-03-08T12:00:00+08:00")


@pytest.mark.parametrize(
    ("seconds", "wanted"),
    [
        (-1, None),
        (0, None),
        (1, TimeLeft(0, 0, 1)),
        (60, TimeLeft(0, 0, 1)),
        (61, TimeLeft(0, 0, 2)),
        (3600, TimeLeft(0, 1, 0)),
        (86400, TimeLeft(1, 0, 0)),
        (86399, TimeLeft(1, 0, 0)),
        (90061, TimeLeft(1, 1, 2)),
    ],
)
def test_a_minute_begun_counts_whole(seconds: int, wanted: TimeLeft | None) -> None:
    assert time_left(MOMENT + timedelta(seconds=seconds), MOMENT) == wanted


@given(st.integers(1, 10**8))
def test_what_is_said_to_be_left_is_never_less_than_is_left(seconds: int) -> None:
    left = time_left(MOMENT + timedelta(seconds=seconds), MOMENT)
    assert left is not None
    said = timedelta(days=left.days, hours=left.hours, minutes=left.minutes).total_seconds()
    assert 0 <= said - seconds < 60
    assert left.hours < 24
    assert left.minutes < 60


# --- The list -------------------------------------------------------------------------------------


def test_each_says_why_or_for_whom_by_whom_and_until_when(office: Office, at: datetime) -> None:
    units = three(office, at)
    a_reservation(office)
    another_unit(office)
    rows = {row.pk: row for row in controlled_units(office.mo, at)}
    assert set(rows) == {unit.pk for unit in units}
    kept, held, locked = (rows[unit.pk] for unit in units)
    assert (kept.why, kept.claim_label, kept.customer) == ("调价中", str(office.mo), None)
    assert (held.why, held.customer) == ("等首付", "苏晚晴")
    assert (locked.why, locked.claim_label) == ("", str(office.lin))
    assert {row.since for row in rows.values()} == {at}
    page = listed(office.mo, office)
    for word in (kept.number, held.number, locked.number, "调价中", "苏晚晴 · 等首付"):
        assert word in page
    with translation.override("zh-hans"):
        assert "2 天 3 小时" in page or "2 d 3 h" in page


def test_a_customer_is_named_only_to_who_may_see_them(office: Office, at: datetime) -> None:
    _kept, held, _locked = three(office, at)
    other = a_user("SC", office.project)
    page = listed(other, office)
    assert held.number in page
    assert "苏晚晴" not in page
    assert held.number not in listed(other, office, q="苏晚晴")
    assert held.number in listed(office.lin, office, q="苏晚晴")


def test_it_is_narrowed_by_status_end_text_and_place(office: Office, at: datetime) -> None:
    kept, held, locked = three(office, at)
    forever = another_unit(office)
    withhold_units(unit_ids=[forever.pk], reason="样板间", by=office.mo, at=at)
    for query, wanted in (
        ({"status": "withheld"}, {kept, forever}),
        ({"status": "held"}, {held}),
        ({"end": "soon"}, {locked, held}),
        ({"end": "none"}, {forever}),
        ({"end": "over"}, set()),
        ({"q": "样板"}, {forever}),
        ({"q": str(office.lin)}, {locked}),
        ({"q": kept.number}, {kept}),
        ({"holder": str(office.mo)}, {kept, held, forever}),
    ):
        page = listed(office.mo, office, **query)
        shown = {unit for unit in (kept, held, locked, forever) if f">{unit.number}<" in page}
        assert shown == wanted, query


def test_what_is_over_and_still_there_waits_for_a_person(office: Office, at: datetime) -> None:
    kept, held, _locked = three(office, at)
    Withholding.objects.filter(unit=kept).update(stuck_since=at, stuck_because="没有预售证")
    Unit.objects.filter(pk=kept.pk).update(claim_until=at - timedelta(hours=1))
    Unit.objects.filter(pk=held.pk).update(claim_until=None)
    Claim.objects.filter(unit=held).update(kept_since=at)
    page = listed(office.mo, office, end="over")
    assert kept.number in page
    assert held.number in page
    told = listed(office.mo, office, end="over", column="because")
    assert "没有预售证" in told


def test_pages_follow_each_other_by_the_end_and_the_decisions_come_first(
    office: Office, at: datetime
) -> None:
    kept, held, locked = three(office, at)
    forever = another_unit(office)
    withhold_units(unit_ids=[forever.pk], reason="样板间", by=office.mo, at=at)
    Unit.objects.filter(pk=kept.pk).update(claim_until=None)
    Claim.objects.filter(unit=held).update(kept_since=at - timedelta(minutes=1))
    Unit.objects.filter(pk=held.pk).update(claim_until=None)
    rows, order, found, after = controlled_units(office.mo, at), Order.of("ends"), [], ""
    for _page in range(5):
        shown, _before, after = page_of(rows, order, 1, after=after)
        found += [row.pk for row in shown]
        if not after:
            break
    assert found == [held.pk, locked.pk, kept.pk, forever.pk]


def test_another_projects_units_stay_out_of_sight(office: Office, at: datetime) -> None:
    three(office, at)
    assert not controlled_units(office.cast.wei, at).exists()
    elsewhere = signed_in(office.cast.wei).get(reverse(LIST), {"project": office.project.pk})
    assert elsewhere.status_code == 404


# --- The verbs ------------------------------------------------------------------------------------


def statuses(*units: Unit) -> list[str]:
    found = Unit.objects.in_bulk([unit.pk for unit in units])
    return [found[unit.pk].status for unit in units]


def test_one_verb_offers_again_whatever_keeps_a_unit(office: Office, at: datetime) -> None:
    units = three(office, at)
    for unit in units:
        release_from_control(unit_id=unit.pk, reason="不再需要", by=office.mo, at=at)
    assert statuses(*units) == ["available"] * 3
    said = UnitChange.objects.filter(to_status="available", reason="不再需要")
    assert said.count() == 3
    with pytest.raises(NotAllowedNow):
        release_from_control(unit_id=units[0].pk, by=office.mo, at=at)


def test_each_verb_asks_for_the_right_its_status_needs(office: Office, at: datetime) -> None:
    kept, held, locked = three(office, at)
    seller = a_user("SC", office.project)
    for unit in (kept, held):
        with pytest.raises(PermissionDenied):
            release_from_control(unit_id=unit.pk, by=seller, at=at)
        with pytest.raises(PermissionDenied):
            extend_control(unit_id=unit.pk, until=at + timedelta(days=1), by=seller, at=at)
        with pytest.raises(PermissionDenied):
            change_control_reason(unit_id=unit.pk, reason="x", by=seller, at=at)
    with pytest.raises(errors.NotYourLock):
        release_from_control(unit_id=locked.pk, by=seller, at=at)


def test_a_withheld_and_a_held_unit_are_kept_longer_a_lock_is_not(
    office: Office, at: datetime
) -> None:
    kept, held, locked = three(office, at)
    until = at + timedelta(days=3)
    for unit in (kept, held):
        extend_control(unit_id=unit.pk, until=until, by=office.mo, at=at)
        unit.refresh_from_db()
        assert unit.claim_until == until
    assert Claim.objects.get(unit=held, is_active=True).expires_at == until
    with pytest.raises(errors.LockNotExtended):
        extend_control(unit_id=locked.pk, until=until, by=office.mo, at=at)
    with pytest.raises(inventory_errors.EndsInThePast):
        extend_hold(unit_id=held.pk, until=at, by=office.mo, at=at)
    with pytest.raises(errors.UnitNotHeld):
        extend_hold(unit_id=kept.pk, until=until, by=office.mo, at=at)
    assert AuditEvent.objects.filter(event="sales.hold.extended").count() == 1


def test_t6_a_hold_is_not_extended_beyond_what_the_role_may_hold(
    office: Office, at: datetime
) -> None:
    """Counted from its beginning: a manager 3 days, a director 15."""
    unit, manager = another_unit(office), a_user("SM", office.project)
    hold_unit(unit_id=unit.pk, customer_id=a_buyer(office).pk, days=3, by=manager, at=at)
    later = at + timedelta(days=2)
    with pytest.raises(errors.HoldExtendedTooFar):
        extend_hold(unit_id=unit.pk, until=at + timedelta(days=4), by=manager, at=later)
    with pytest.raises(errors.HoldExtendedTooFar):
        extend_hold(
            unit_id=unit.pk, until=at + timedelta(days=15, minutes=1), by=office.mo, at=later
        )
    extend_hold(unit_id=unit.pk, until=at + timedelta(days=15), by=office.mo, at=later)
    claim = Claim.objects.get(is_active=True)
    assert expire_claim(claim_id=claim.pk, by=None, at=at + timedelta(days=3)) is False
    assert statuses(unit) == ["held"]


def test_a_reason_is_said_anew_and_the_history_keeps_the_old_one(
    office: Office, at: datetime
) -> None:
    kept, held, locked = three(office, at)
    word = withhold_words(office.project.pk).get(code="legal")
    change_control_reason(unit_id=kept.pk, word_id=word.pk, reason="诉讼", by=office.mo, at=at)
    change_control_reason(unit_id=held.pk, reason="等征信", by=office.mo, at=at)
    rows = {row.pk: row.why for row in controlled_units(office.mo, at)}
    assert rows[kept.pk] == f"{word.name} · 诉讼"
    assert rows[held.pk] == "等征信"
    said = list(
        UnitChange.objects.filter(unit=kept).order_by("pk").values_list("reason", flat=True)
    )
    assert said[-2:] == ["调价中", f"{word.name} · 诉讼"]
    with pytest.raises(inventory_errors.ReasonMissing):
        change_control_reason(unit_id=kept.pk, reason="  ", by=office.mo, at=at)
    with pytest.raises(inventory_errors.WordUnknown):
        change_control_reason(unit_id=held.pk, word_id=10**6, by=office.mo, at=at)
    with pytest.raises(errors.LockWithoutReason):
        change_control_reason(unit_id=locked.pk, reason="x", by=office.mo, at=at)


def test_a_unit_withheld_by_a_file_gets_reason_holder_and_end_here(
    office: Office, at: datetime
) -> None:
    unit = a_unit(office.project, status="withheld", position=7)
    until = at + timedelta(days=5)
    extend_control(unit_id=unit.pk, until=until, by=office.mo, at=at)
    change_control_reason(unit_id=unit.pk, reason="工程维修", by=office.mo, at=at)
    kept = Withholding.objects.get(unit=unit, is_active=True)
    assert (kept.reason, kept.holder, kept.until) == ("工程维修", office.mo, until)
    row = controlled_units(office.mo, at).get()
    assert (row.why, row.claim_label, row.claim_until) == ("工程维修", str(office.mo), until)


def bulk(person: User, office: Office, verb: str, units: tuple[Unit, ...], **said: str) -> Any:
    return signed_in(person).post(
        f"{reverse(LIST)}?project={office.project.pk}",
        {
            "do": "bulk", "verb": verb, "confirmed": "1",
            "pks": ",".join(str(unit.pk) for unit in units), **said,
        },
    )  # fmt: skip


def test_ticked_units_are_done_together_and_a_refused_one_says_why(
    office: Office, at: datetime
) -> None:
    units = three(office, at)
    until = timezone.localtime(at + timedelta(days=2))
    assert bulk(office.mo, office, "extend", units, until="gestern").status_code == 422
    bulk(office.mo, office, "extend", units, until=f"{until:%Y-%m-%dT%H:%M}")
    run = BulkRun.objects.latest("pk")
    assert (run.done, run.refused) == (3, 1)
    bulk(office.mo, office, "change_reason", units[:2], reason="月底再议")
    assert {row.why for row in controlled_units(office.mo, at)} == {"月底再议", ""}
    assert bulk(office.mo, office, "change_reason", units[:2]).status_code == 422
    bulk(office.mo, office, "release", units)
    assert statuses(*units) == ["available"] * 3


def test_a_seller_sees_the_list_and_gets_no_verbs(office: Office, at: datetime) -> None:
    units = three(office, at)
    assert 'value="release"' not in listed(office.lin, office)
    assert bulk(office.lin, office, "release", units).status_code == 403


# --- Over the API ---------------------------------------------------------------------------------


def api(person: User) -> Client:
    return Client(headers={"Authorization": f"Bearer {token_for(person)}"})


def test_the_api_lists_and_does_the_same(office: Office, at: datetime) -> None:
    kept, held, locked = three(office, at)
    call, path = api(office.mo), f"/api/v1/projects/{office.project.pk}/controlled-units/"
    rows = {row["number"]: row for row in call.get(path).json()["items"]}
    assert set(rows) == {kept.number, held.number, locked.number}
    assert rows[held.number]["customer"] == "苏晚晴"
    assert rows[kept.number]["why"] == "调价中"
    assert [r["number"] for r in call.get(path, {"status": "locked"}).json()["items"]] == [
        locked.number
    ]
    assert call.get(path, {"end": "none"}).json()["items"] == []
    assert len(call.get(path, {"q": "苏晚晴"}).json()["items"]) == 1
    assert api(office.cast.wei).get(path).status_code == 404

    def put(url: str, **body: Any) -> Any:
        return call.put(f"/api/v1/units/{url}", body, content_type="application/json")

    far = (at + timedelta(days=30)).isoformat()
    refused = put(f"{held.pk}/holds/", until=far)
    assert (refused.status_code, refused.json()["code"]) == (409, "hold_extended_too_far")
    assert put(f"{held.pk}/holds/", until=(at + timedelta(days=4)).isoformat()).status_code == 200
    assert put(f"{kept.pk}/control-reason/", reason="复核").json()["status"] == "withheld"
    for unit in (kept, held, locked):
        done = call.post(
            f"/api/v1/units/{unit.pk}/offer-again/", {}, content_type="application/json"
        )
        assert (done.status_code, done.json()["status"]) == (201, "available")


def test_the_api_withholds_many_all_or_none(office: Office, at: datetime) -> None:
    units = [another_unit(office) for _ in range(3)]
    call, path = api(office.mo), f"/api/v1/projects/{office.project.pk}/withholdings/"
    ids = [unit.pk for unit in units]

    def withhold(**body: Any) -> Any:
        return call.post(path, {"unit_ids": ids, **body}, content_type="application/json")

    assert withhold().json()["code"] == "reason_missing"
    lock_unit(unit_id=units[0].pk, by=office.lin, at=at)
    assert withhold(reason="调价").status_code == 409
    assert statuses(*units) == ["locked", "available", "available"]
    ids.pop(0)
    made = withhold(reason="调价", until=(at + timedelta(days=1)).isoformat())
    assert made.status_code == 201
    assert statuses(*units[1:]) == ["withheld", "withheld"]
    assert (
        api(office.lin).post(path, {"unit_ids": ids, "reason": "x"}, "application/json").status_code
        == 403
    )


# --- On the board ---------------------------------------------------------------------------------


def test_the_board_withholds_with_a_word_a_holder_and_an_end(office: Office, at: datetime) -> None:
    units = [another_unit(office) for _ in range(2)]
    word = withhold_words(office.project.pk).get(code="pricing")
    desk = signed_in(office.mo)
    board = reverse("sales:board") + f"?select=1&project={office.project.pk}"
    asked = text_of(desk.get(board))
    assert word.name in asked
    assert str(office.lin) in asked
    until = timezone.localtime(at + timedelta(days=2)).replace(second=0, microsecond=0)
    done = desk.post(
        reverse("sales:withhold"),
        {
            "units": ",".join(str(unit.pk) for unit in units), "word_id": str(word.pk),
            "reason": "下周复核", "holder_id": str(office.lin.pk), "until": f"{until:%Y-%m-%dT%H:%M}",
        },
        headers={"HX-Request": "true"},
    )  # fmt: skip
    assert done.status_code == 200
    for unit in units:
        kept = Withholding.objects.get(unit=unit)
        assert (kept.reason, kept.holder, kept.until, kept.word) == (
            f"{word.name} · 下周复核", office.lin, until, word,
        )  # fmt: skip
    panel = text_of(
        desk.get(reverse("sales:unit_panel", args=[units[0].pk]), headers={"HX-Request": "true"})
    )
    assert f"{word.name} · 下周复核" in panel


def test_the_form_in_the_panel_keeps_what_was_typed(office: Office) -> None:
    unit, desk = another_unit(office), signed_in(office.mo)
    url, htmx = reverse("sales:withhold"), {"HX-Request": "true"}
    form = text_of(desk.get(url, {"unit": unit.pk}, headers=htmx))
    assert 'name="until"' in form
    wrong = desk.post(
        url,
        {"unit": unit.pk, "panel": "1", "reason": "只写了原因", "until": "2020-01-01T08:00"},
        headers=htmx,
    )
    assert wrong.status_code == 422
    assert "只写了原因" in text_of(wrong)
    unit.refresh_from_db()
    assert unit.status == "available"
