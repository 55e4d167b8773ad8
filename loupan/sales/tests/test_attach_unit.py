"""Stalls and the like that go with a main unit: sold, priced, moved and freed together (U-9)."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from loupan.core.models import AuditEvent
from loupan.core.refusals import NotAllowedNow
from loupan.documents.rules.papers import FORMS
from loupan.inventory.errors import ListPriceMissing, PermitMissing, UnitSealed
from loupan.inventory.models import Unit
from loupan.inventory.testing import a_unit
from loupan.ledger.models import Receivable
from loupan.ledger.queries import lines_of
from loupan.org.models import User
from loupan.org.testing import signed_in, token_for
from loupan.pricing import errors as pricing
from loupan.pricing.actions.policies import save_policy
from loupan.pricing.models import PrecisionRule
from loupan.pricing.queries.offers import Special
from loupan.pricing.testing import a_discount
from loupan.sales import errors
from loupan.sales.actions.attached import attach_unit, detach_unit
from loupan.sales.actions.cancellations import cancel_contract, cancel_reservation
from loupan.sales.actions.claims import hold_unit, lock_unit
from loupan.sales.actions.contracts import sign_contract
from loupan.sales.models import AttachedUnit, Claim, Deal, Reservation
from loupan.sales.queries.attached import AttachedWish
from loupan.sales.queries.papers import deal_fields
from loupan.sales.testing import (
    RESERVED_AT,
    SIGNED_AT,
    Office,
    a_buyer,
    a_contract,
    a_receipt,
    a_reservation,
    a_stall,
    an_office,
    another_unit,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Office:
    return an_office()


def reserve(office: Office, *stalls: Unit, inside: bool = False, **fields: Any) -> Reservation:
    pricing = "inside" if inside else "separate"
    fields.setdefault("with_deposit", False)
    return a_reservation(
        office, attached=[AttachedWish(stall.pk, pricing) for stall in stalls], **fields
    )


def status(unit: Unit) -> str:
    return Unit.objects.values_list("status", flat=True).get(pk=unit.pk)


def amounts(deal: Deal) -> list[Decimal]:
    return [row.amount for row in AttachedUnit.objects.filter(deal=deal, removed_on=None)]


def due(deal: Deal) -> Decimal:
    return sum((line.amount for line in lines_of(deal.account_id)), Decimal(0))


def a_lump_sum(office: Office, amount: str = "20000", **fields: Any) -> int:
    return a_discount(
        office.project, office.mo, code=fields.pop("code", "LUMP"), name="团购立减",
        kind="promotion", form="amount", amount_or_rate=amount, order=200, **fields,
    ).pk  # fmt: skip


# --- Reserved together ----------------------------------------------------------------------------


def test_orc_09_a_lump_sum_is_spread_over_flat_and_stall(office: Office) -> None:
    """The canonical flat at 1,459,160 and a stall at 120,000, 20,000 off both."""
    stall = a_stall(office)
    prices = office.prices
    flats_only = a_lump_sum(office, "10000", code="FLATS", product_types=["flat"])
    discounts = [prices.on_time.pk, prices.member.pk, flats_only, a_lump_sum(office)]
    deal = reserve(office, stall, discount_ids=discounts).deal
    row = AttachedUnit.objects.get(deal=deal)
    assert deal.deal_total - deal.attached_total == 1440680
    assert [row.amount, deal.attached_total] == [118480, 118480]
    assert [deal.deal_total, due(deal)] == [1559160, 1559160]
    assert (row.list_total, row.pricing, row.attached_on) == (120000, "separate", deal.reserved_on)
    [lump] = [step for step in row.trace if step["step"] == "apply_amount"]
    assert [Decimal(lump["input"]["value"]), Decimal(lump["output"])] == [1520, 118480]
    assert [float(row.amount_or_rate) for row in deal.discounts.filter(form="amount")] == [
        10000, 20000,
    ]  # fmt: skip


def test_they_are_reserved_together_and_each_is_claimed(office: Office) -> None:
    flat, first, second = another_unit(office), a_stall(office), a_stall(office, total="90000")
    deal = reserve(office, first, second, unit=flat, discount_ids=[]).deal
    assert {status(unit) for unit in (flat, first, second)} == {"reserved"}
    claims = Claim.objects.filter(deal=deal, is_active=True)
    assert set(claims.values_list("unit_id", flat=True)) == {flat.pk, first.pk, second.pk}
    assert amounts(deal) == [120000, 90000]
    assert deal.deal_total == 1491457 + 120000 + 90000


def test_a_unit_included_costs_nothing_and_needs_authority(office: Office) -> None:
    """Its list price counts as given away: 1,459,160 ÷ 1,641,895 is for nobody but the highest."""
    stall = a_stall(office)
    with pytest.raises(pricing.DiscountAboveAuthority, match=r"88\.8"):
        reserve(office, stall, inside=True)
    cheap = a_stall(office, total="10000")
    with pytest.raises(pricing.DiscountAboveAuthority):
        reserve(office, cheap, inside=True)
    deal = reserve(office, cheap, inside=True, by=office.mo).deal
    assert [deal.deal_total, deal.attached_total, *amounts(deal)] == [1459160, 0, 0]
    assert (deal.authority, deal.overall_rate) == ("PD", Decimal("0.9525"))
    assert status(a_stall(office)) == "available"


def test_a_rate_reaches_a_stall_only_where_it_names_stalls(office: Office) -> None:
    both = a_discount(
        office.project, office.mo, code="BOTH", kind="regular", amount_or_rate="0.97",
        product_types=["flat", "parking"],
    )  # fmt: skip
    assert amounts(reserve(office, a_stall(office), discount_ids=[both.pk]).deal) == [116400]
    assert amounts(reserve(office, a_stall(office)).deal) == [119245]  # Its part of 10,000.


def test_one_taken_stall_refuses_the_whole_reservation_by_its_number(office: Office) -> None:
    flat, free, taken = another_unit(office), a_stall(office), a_stall(office)
    lock_unit(unit_id=taken.pk, by=office.mo, at=RESERVED_AT)
    with pytest.raises(errors.UnitNotAvailable, match=f"{taken.number}.+莫经理"):
        reserve(office, free, taken, unit=flat)
    assert [status(unit) for unit in (flat, free, taken)] == ["available", "available", "locked"]
    assert not Deal.objects.exists()


def test_ones_own_lock_and_the_buyers_hold_give_way(office: Office) -> None:
    mine, held, buyer = a_stall(office), a_stall(office), a_buyer(office)
    lock_unit(unit_id=mine.pk, by=office.lin, at=RESERVED_AT)
    hold_unit(
        unit_id=held.pk, customer_id=buyer.pk, days=1, by=office.mo, at=RESERVED_AT
    )  # fmt: skip
    reserve(office, mine, held, buyers=[buyer])
    assert {status(mine), status(held)} == {"reserved"}
    with pytest.raises(errors.UnitNotAvailable):
        reserve(office, held)


def test_a_lock_that_is_over_gives_way(office: Office) -> None:
    stall = a_stall(office)
    lock_unit(unit_id=stall.pk, by=office.mo, at=RESERVED_AT)
    reserve(office, stall, at=RESERVED_AT + timedelta(minutes=16))
    assert status(stall) == "reserved"


def test_what_cannot_go_with_a_unit_is_refused(office: Office) -> None:
    flat, stall, shop = another_unit(office), a_stall(office), a_stall(office, product_type="shop")
    elsewhere = a_stall(an_office())
    sealed = a_stall(office, is_sealed=True)
    unpriced = a_stall(office)
    Unit.objects.filter(pk=unpriced.pk).update(list_total=None)
    no_permit = a_unit(
        office.project, building="Q", with_permit=False, product_type="parking", number="Q-1",
        list_total=Decimal(1), price_basis="unit",
    )  # fmt: skip
    for chosen, refusal in (
        ([stall, stall], errors.AttachedTwice),
        ([flat], errors.AttachedTwice),
        ([shop], errors.AttachedUnsuitable),
        ([elsewhere], errors.AttachedUnknown),
        ([Unit(pk=999_999)], errors.AttachedUnknown),
        ([a_stall(office) for _ in range(11)], errors.TooManyAttached),
        ([sealed], UnitSealed),
        ([unpriced], ListPriceMissing),
        ([no_permit], PermitMissing),
        ([a_stall(office, status="withheld")], errors.UnitNotAvailable),
        ([a_stall(office, total="500", filed_total=Decimal(400))], errors.PriceAboveFiled),
    ):
        with pytest.raises(refusal):
            reserve(office, *chosen, unit=flat, discount_ids=[])
    assert status(flat) == "available"


def test_a_lump_sum_larger_than_everything_is_refused(office: Office) -> None:
    with pytest.raises(pricing.PriceNotComputable):
        reserve(
            office,
            a_stall(office),
            special=Special("amount", Decimal(9_000_000), "特批"),
            by=office.mo,
        )


def test_without_attached_units_nothing_is_asked_of_the_database(office: Office) -> None:
    reserve(office)
    unit, buyer = another_unit(office), a_buyer(office)
    by = User.objects.get(pk=office.lin.pk)
    assert by.may("sales.reserve_unit")
    with CaptureQueriesContext(connection) as statements:
        reserve(office, unit=unit, buyers=[buyer], by=by)
    assert not [query for query in statements if "sales_attachedunit" in query["sql"]]


# --- Through the life of the deal -----------------------------------------------------------------


def test_contract_and_its_end_move_all_of_them(office: Office) -> None:
    flat, stall = another_unit(office), a_stall(office)
    reservation = reserve(office, stall, unit=flat, with_deposit=True)
    contract = a_contract(office, reservation)
    assert {status(flat), status(stall)} == {"contracted"}
    cancel_contract(
        contract_id=contract.pk, reason="协商", unit_goes_to="available", request_key=uuid4(),
        by=office.mo, at=SIGNED_AT,
    )  # fmt: skip
    assert {status(flat), status(stall)} == {"available"}
    assert not Claim.objects.filter(is_active=True).exists()
    reserve(office, stall, unit=flat, at=SIGNED_AT)
    assert {status(flat), status(stall)} == {"reserved"}


def test_cancelling_the_reservation_frees_all_of_them(office: Office) -> None:
    flat, stall = another_unit(office), a_stall(office)
    reservation = reserve(office, stall, unit=flat, with_deposit=True)
    cancel_reservation(
        reservation_id=reservation.pk, reason="客户原因", request_key=uuid4(), by=office.mo,
        at=RESERVED_AT,
    )  # fmt: skip
    assert {status(flat), status(stall)} == {"withheld"}


def test_a_sealed_stall_stops_the_contract(office: Office) -> None:
    stall = a_stall(office)
    reservation = reserve(office, stall, with_deposit=True)
    Unit.objects.filter(pk=stall.pk).update(is_sealed=True)
    with pytest.raises(UnitSealed, match=stall.number):
        a_contract(office, reservation)


def test_signed_late_the_flat_loses_its_discount_and_the_stall_keeps_its_part(
    office: Office,
) -> None:
    """Without 99 %: 1,483,942.9 less 10,000 spread anew; all lines still come to the total."""
    reservation = reserve(office, a_stall(office), with_deposit=True)
    late = SIGNED_AT + timedelta(days=5)
    sign_contract(reservation_id=reservation.pk, signed_on=late.date(), by=office.cast.cs, at=late)
    deal = Deal.objects.get()
    whole = Decimal("1521894.60").quantize(Decimal(1)) * Decimal("0.98") * Decimal("0.995")
    assert deal.deal_total == (whole + 110000).quantize(Decimal(1))
    assert amounts(deal) == [deal.attached_total]
    assert due(deal) == deal.deal_total


# --- Attached and taken out later -----------------------------------------------------------------


def attach(office: Office, deal: Deal, unit: Unit, **fields: Any) -> AttachedUnit:
    given = {"by": office.mo, "at": RESERVED_AT, **fields}
    return attach_unit(deal_id=deal.pk, unit_id=unit.pk, **given)


def detach(office: Office, deal: Deal, unit: Unit, **fields: Any) -> AttachedUnit:
    given = {"by": office.mo, "at": RESERVED_AT, "reason": "客户不要", **fields}
    return detach_unit(deal_id=deal.pk, unit_id=unit.pk, **given)


def test_a_stall_attached_later_costs_what_it_would_have_cost_at_once(office: Office) -> None:
    at_once = reserve(office, a_stall(office)).deal
    deal, stall = reserve(office, with_deposit=True).deal, a_stall(office)
    attach(office, deal, stall)
    deal.refresh_from_db()
    same = ("deal_total", "attached_total", "deal_unit_price", "overall_rate")
    assert [getattr(deal, name) for name in same] == [getattr(at_once, name) for name in same]
    assert amounts(deal) == amounts(at_once)
    assert (status(stall), due(deal)) == ("reserved", deal.deal_total)
    event = AuditEvent.objects.get(event="sales.deal.unit_attached")
    assert (event.before["deal_total"], event.after["deal_total"]) == ("1459160.00", "1579160")


def test_the_rounding_of_the_flats_class_holds_when_a_stall_is_attached(office: Office) -> None:
    PrecisionRule.objects.create(
        project=office.project, product_type="flat", target="deal_total", unit="1000",
        mode="half_up",
    )  # fmt: skip
    deal = reserve(office, with_deposit=True).deal
    assert deal.deal_total == 1459000
    attach(office, deal, a_stall(office))
    deal.refresh_from_db()
    assert deal.deal_total - deal.attached_total == 1460000
    assert due(deal) == deal.deal_total
    a_contract(office, deal.reservation)
    assert due(deal) == deal.deal_total


def test_attached_and_taken_out_leaves_the_deal_as_it_was(office: Office) -> None:
    deal, stall = reserve(office, with_deposit=True).deal, a_stall(office)
    before = [(line.money_type, line.amount, line.due_on) for line in lines_of(deal.account_id)]
    attach(office, deal, stall)
    assert due(deal) == 1579160
    row = detach(office, deal, stall)
    deal.refresh_from_db()
    assert (deal.deal_total, deal.attached_total) == (1459160, 0)
    assert [(line.money_type, line.amount, line.due_on) for line in lines_of(deal.account_id)] == (
        before
    )
    assert (status(stall), row.removed_on) == ("available", RESERVED_AT.date())
    whole = Receivable.objects.filter(account_id=deal.account_id)
    assert sum(line.amount for line in whole) == deal.deal_total
    attach(office, deal, stall)
    detach(office, deal, stall, unit_goes_to="withheld")
    assert status(stall) == "withheld"


def test_money_received_stays_allocated_when_a_stall_goes(office: Office) -> None:
    stall = a_stall(office)
    deal = reserve(office, stall, with_deposit=True).deal
    a_receipt(office, deal, amount="300000")
    detach(office, deal, stall)
    lines = lines_of(deal.account_id)
    assert sum(line.received for line in lines) == 350000


def test_only_a_reserved_deal_changes_what_goes_with_it(office: Office) -> None:
    reservation = reserve(office, with_deposit=True)
    stall = a_stall(office)
    attach(office, reservation.deal, stall)
    a_contract(office, reservation)
    with pytest.raises(NotAllowedNow):
        attach(office, reservation.deal, a_stall(office))
    with pytest.raises(NotAllowedNow):
        detach(office, reservation.deal, stall)


def test_who_may_not_change_a_deal_is_forbidden(office: Office) -> None:
    deal = reserve(office).deal
    for by in (office.lin, office.zhao, office.cast.wei, office.cast.guest):
        with pytest.raises(PermissionDenied):
            attach(office, deal, a_stall(office), by=by)
        with pytest.raises(PermissionDenied):
            detach(office, deal, a_stall(office), by=by)


def test_attaching_is_refused_with_the_same_sentences(office: Office) -> None:
    flat, stall = another_unit(office), a_stall(office)
    deal = reserve(office, stall, unit=flat).deal
    taken = a_stall(office)
    lock_unit(unit_id=taken.pk, by=office.lin, at=RESERVED_AT)
    for unit, refusal in (
        (stall, errors.AttachedTwice),
        (flat, errors.AttachedTwice),
        (another_unit(office), errors.AttachedUnsuitable),
        (a_stall(an_office()), errors.AttachedUnknown),
        (Unit(pk=999_999), errors.AttachedUnknown),
        (taken, errors.UnitNotAvailable),
        (a_stall(office, is_sealed=True), UnitSealed),
        (a_stall(office, filed_total=Decimal(400)), errors.PriceAboveFiled),
    ):
        with pytest.raises(refusal):
            attach(office, deal, unit)
    with pytest.raises(pricing.DiscountAboveAuthority):
        attach(office, deal, a_stall(office, total="400000"), pricing="inside")
    with pytest.raises(errors.NotAttached):
        detach(office, deal, taken)
    with pytest.raises(errors.ReasonMissing):
        detach(office, deal, stall, reason=" ")
    assert due(deal) == deal.deal_total


def test_u_5_a_deal_is_not_priced_by_rules_it_was_not_made_under(office: Office) -> None:
    deal = reserve(office).deal
    save_policy(
        project_id=office.project.pk,
        values={"stack_mode": "additive"},
        by=office.mo,
        at=RESERVED_AT,
    )
    with pytest.raises(errors.PriceRulesChanged):
        attach(office, deal, a_stall(office))


# --- Doors ----------------------------------------------------------------------------------------


@time_machine.travel("2025-03-08T12:00:00+08:00", tick=False)
def test_the_guided_reservation_takes_a_stall_along(office: Office) -> None:
    flat, stall, buyer = another_unit(office), a_stall(office), a_buyer(office)
    client, address = signed_in(office.lin), f"/sales/units/{flat.pk}/reservation/"
    state: dict[str, Any] = {
        "buyer": buyer.pk, "share": "100", "plan": office.prices.plan.pk,
        "discount": office.prices.discount_ids,
    }  # fmt: skip
    second = client.get(address, {**state, "attach": stall.pk, "step": 2}).content.decode()
    assert f'name="attached" value="{stall.pk}"' in second
    assert "1,579,160.00" in second
    assert "119,245.00" in second
    out = client.get(address, {**state, "attached": stall.pk, "detach": stall.pk, "step": 2})
    assert "1,459,160.00" in out.content.decode()
    last = client.get(
        address, {**state, "attached": stall.pk, "attached_pricing": "separate", "step": 4}
    ).content.decode()
    assert "附属房产" in last
    assert stall.number in last
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', last)
    body: dict[str, list[str]] = {}
    for name, value in hidden:
        body.setdefault(name, []).append(value)
    body.pop("csrfmiddlewaretoken", None)
    answer = client.post(address, body)
    deal = Deal.objects.get()
    assert answer["Location"] == f"/sales/deals/{deal.pk}/"
    assert [deal.deal_total, *amounts(deal)] == [1579160, 119245]
    assert stall.number in client.get(f"/sales/deals/{deal.pk}/").content.decode()
    panel = client.get(f"/sales/units/{stall.pk}/", headers={"HX-Request": "true"}).content.decode()
    assert flat.number in panel
    assert buyer.name in panel


@time_machine.travel("2025-03-08T12:00:00+08:00", tick=False)
def test_a_taken_stall_stops_the_guided_reservation_at_its_step(office: Office) -> None:
    flat, stall = another_unit(office), a_stall(office)
    lock_unit(unit_id=stall.pk, by=office.mo, at=RESERVED_AT)
    state: dict[str, Any] = {"buyer": a_buyer(office).pk, "share": "100", "plan": office.prices.plan.pk,
             "attached": stall.pk, "step": 4}  # fmt: skip
    page = signed_in(office.lin).get(f"/sales/units/{flat.pk}/reservation/", state)
    html = page.content.decode()
    assert "莫经理" in html
    assert 'name="plan"' in html
    for odd in ("x", "-1", "9" * 30, str(flat.pk), str(2**62)):
        page = signed_in(office.lin).get(
            f"/sales/units/{flat.pk}/reservation/", {**state, "attached": odd}
        )
        assert page.status_code == 200


@time_machine.travel("2025-03-08T12:00:00+08:00", tick=False)
def test_a_manager_attaches_and_takes_out_by_page(office: Office) -> None:
    deal, stall = reserve(office, with_deposit=True).deal, a_stall(office)
    client, lin = signed_in(office.mo), signed_in(office.lin)
    address = f"/sales/deals/{deal.pk}/attached/new/"
    assert "attached/new" in client.get(f"/sales/deals/{deal.pk}/").content.decode()
    assert "attached/new" not in lin.get(f"/sales/deals/{deal.pk}/").content.decode()
    assert lin.post(address, {"unit_id": stall.pk, "pricing": "separate"}).status_code == 403
    assert client.post(address, {"pricing": "separate"}).status_code == 422
    flat = another_unit(office)
    wrong = client.post(address, {"unit_id": flat.pk, "pricing": "separate"})
    assert wrong.status_code == 422
    assert flat.number in wrong.content.decode()
    assert client.post(address, {"unit_id": stall.pk, "pricing": "separate"}).status_code == 302
    assert amounts(Deal.objects.get(pk=deal.pk)) == [119245]
    out = f"/sales/deals/{deal.pk}/attached/{stall.pk}/removal/"
    assert client.get(out).status_code == 200
    assert client.post(out, {"unit_goes_to": "available"}).status_code == 422
    answer = client.post(out, {"reason": "客户不要", "unit_goes_to": "available"})
    assert answer.status_code == 302
    assert client.get(out).status_code == 404
    assert status(stall) == "available"


def test_the_picker_offers_what_is_for_sale_in_this_project(office: Office) -> None:
    flat, stall, sold = another_unit(office), a_stall(office), a_stall(office)
    a_stall(an_office())
    reserve(office, sold)
    address = f"/sales/units/{flat.pk}/attachable/"
    found = signed_in(office.lin).get(address).json()["results"]
    assert [(each["id"], each["text"]) for each in found] == [(stall.pk, stall.number)]
    assert "120,000.00" in found[0]["note"]
    assert signed_in(office.lin).get(address, {"q": "zzz"}).json()["results"] == []
    assert signed_in(office.cast.wei).get(address).status_code == 404


class Caller:
    """Somebody who calls the API."""

    def __init__(self, user: User) -> None:
        self.client = Client(headers={"Authorization": f"Bearer {token_for(user)}"})

    def get(self, path: str, query: dict[str, Any] | None = None) -> Any:
        return self.client.get(f"/api/v1{path}", query)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        return self.client.post(f"/api/v1{path}", body, content_type="application/json")


@time_machine.travel("2025-03-08T12:00:00+08:00", tick=False)
def test_the_api_quotes_reserves_attaches_and_takes_out(office: Office) -> None:
    flat, first, second = another_unit(office), a_stall(office), a_stall(office)
    lin, mo = Caller(office.lin), Caller(office.mo)
    plan = {"payment_plan_id": office.prices.plan.pk, "discount_ids": office.prices.discount_ids}
    along = {"attached": [{"unit_id": first.pk}]}
    quoted = lin.post(f"/units/{flat.pk}/quotes/", {**plan, **along})
    assert quoted.status_code == 201
    said = quoted.json()
    assert (said["deal_total"], said["attached"][0]["amount"]) == ("1579160.00", "119245.00")
    found = lin.get(f"/units/{flat.pk}/attachable-units/", {"q": first.number}).json()["items"]
    assert [each["id"] for each in found] == [first.pk]
    body = {**plan, **along, "buyers": [{"customer_id": a_buyer(office).pk}]}
    made = lin.post(f"/units/{flat.pk}/reservations/", body)
    assert (made.status_code, made.json()["deal_total"]) == (201, "1579160.00")
    taken = lin.post(f"/units/{another_unit(office).pk}/reservations/", body)
    assert (taken.status_code, taken.json()["code"]) == (409, "unit_not_available")
    assert first.number in taken.json()["detail"]
    deal = f"/deals/{made.json()['deal_id']}"
    shown = lin.get(f"{deal}/").json()
    assert shown["attached_total"] == "119245.00"
    assert [row["unit"]["number"] for row in shown["attached"]] == [first.number]
    assert lin.post(f"{deal}/attached-units/", {"unit_id": second.pk}).status_code == 403
    more = mo.post(f"{deal}/attached-units/", {"unit_id": second.pk})
    assert (more.status_code, more.json()["amount"]) == (201, "119298.00")
    twice = mo.post(f"{deal}/attached-units/", {"unit_id": second.pk})
    assert (twice.status_code, twice.json()["code"]) == (409, "attached_twice")
    gone = mo.post(f"{deal}/attached-units/{second.pk}/removal/", {"reason": "不要"})
    assert gone.status_code == 201
    again = mo.post(f"{deal}/attached-units/{second.pk}/removal/", {"reason": "不要"})
    assert (again.status_code, again.json()["code"]) == (409, "not_attached")
    assert mo.post(f"{deal}/attached-units/", {"unit_id": -1}).status_code == 422


def test_the_papers_list_what_goes_along(office: Office) -> None:
    stall = a_stall(office)
    contract = a_contract(office, reserve(office, stall, with_deposit=True))
    fields = deal_fields(contract.deal, office.mo, address="", foot="")
    for form in ("reservation_agreement", "contract"):
        paper = FORMS[form](fields)
        [table] = [table for table in paper.tables if table.title == "附属房产"]
        assert table.rows[0][0] == stall.number
        assert table.total[-1] == "119,245.00"
        assert any(stall.number in text for _head, text in paper.clauses)


@pytest.mark.parametrize("product", ["storage", "garden", "roof"])
def test_a_garden_and_a_roof_terrace_go_with_a_flat_as_a_stall_does(
    office: Office, product: str
) -> None:
    there = a_stall(office, product_type=product)
    deal = reserve(office, there).deal
    assert (status(there), deal.deal_total) == ("reserved", 1459160 + 120000)
    there.full_clean(exclude=["layout"])  # It is a type that pages and files may choose.
