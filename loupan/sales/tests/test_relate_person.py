"""Who owns a unit, lives in it or answers for it: written down, ended, taken back (INV-12, CUS-10)."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse

from loupan.core.db import writes
from loupan.core.models import AuditEvent
from loupan.core.refusals import ChangedMeanwhile
from loupan.customers.models import Customer
from loupan.inventory.models import Unit
from loupan.org.models import User
from loupan.org.testing import a_user, signed_in, token_for
from loupan.sales import errors
from loupan.sales.actions.handovers import hand_over, undo_handover
from loupan.sales.actions.relations import end_relation, relate_person, take_back_relation
from loupan.sales.models import Deal, UnitRelation
from loupan.sales.queries.relations import LATER, NOW, OVER, in_state, relations_for, state_of
from loupan.sales.testing import SIGNED_AT, Office, a_buyer, a_paid_deal, an_office, another_unit

pytestmark = pytest.mark.django_db
AT = SIGNED_AT + timedelta(days=10)  # 2025-03-25
DAY = AT.date()


@pytest.fixture
def office() -> Office:
    return an_office()


@pytest.fixture
def officer(office: Office) -> User:
    return a_user("HO", office.project, name="何交付")


@pytest.fixture
def deal(office: Office, officer: User) -> Deal:
    """Handed over on DAY to one buyer, 陈晓雨."""
    deal = a_paid_deal(office)
    hand_over(deal_id=deal.pk, handed_over_on=DAY, received_by="陈晓雨", by=officer, at=AT)
    return deal


def relate(office: Office, unit: Unit, **fields: Any) -> UnitRelation:
    given: dict[str, Any] = {"kind": "tenant", "starts_on": DAY, "by": office.cast.cs, "at": AT}
    customer = fields.pop("customer", None) or a_buyer(office, name="白租")
    return relate_person(unit_id=unit.pk, customer_id=customer.pk, **{**given, **fields})


def class_of(customer: Customer) -> str:
    return str(Customer.objects.values_list("life_class", flat=True).get(pk=customer.pk))


# --- The handover ---------------------------------------------------------------------------------


def test_a_handover_makes_every_buyer_an_owner_from_its_day(office: Office, officer: User) -> None:
    couple = [a_buyer(office, name="陈晓雨"), a_buyer(office, name="马云飞")]
    deal = a_paid_deal(office, buyers=couple)
    hand_over(deal_id=deal.pk, handed_over_on=DAY, received_by="陈晓雨", by=officer, at=AT)
    owners = UnitRelation.objects.filter(unit=deal.unit, kind="owner", deal=deal)
    assert {(one.customer, one.starts_on, one.ends_on) for one in owners} == {
        (each, DAY, None) for each in couple
    }
    assert [class_of(each) for each in couple] == ["owner", "owner"]


def test_undoing_the_handover_takes_the_owners_back(office: Office, deal: Deal) -> None:
    buyer = Customer.objects.get(pk=deal.buyers.get().customer_id)
    undo_handover(deal_id=deal.pk, reason="误操作", by=a_user("PD", office.project), at=AT)
    assert not UnitRelation.objects.exists()
    assert class_of(buyer) == "contracted"
    told = AuditEvent.objects.get(event="sales.unit_relation.taken_back")
    assert (told.before["starts_on"], told.facts["kind"]) == (DAY.isoformat(), "owner")


def test_what_came_with_the_handover_is_not_taken_back_alone(office: Office, deal: Deal) -> None:
    owner = UnitRelation.objects.get(deal=deal)
    with pytest.raises(errors.CameWithHandover):
        take_back_relation(relation_id=owner.pk, by=office.cast.cs, at=AT)


# --- Written down by hand -------------------------------------------------------------------------


def test_a_tenant_is_written_down_and_becomes_a_resident(office: Office, deal: Deal) -> None:
    made = relate(office, deal.unit, ends_on=DAY + timedelta(days=364), note="租期一年")
    assert (made.kind, made.deal, made.project_id) == ("tenant", None, office.project.pk)
    assert class_of(made.customer) == "resident"
    told = AuditEvent.objects.get(event="sales.unit_relation.made", subject_id=made.pk)
    assert (told.by, told.at, told.project_id) == (office.cast.cs, AT, office.project.pk)
    assert (told.facts["unit"], told.after["note"]) == (deal.unit.number, "租期一年")


def test_a_contact_moves_nobody_to_another_class(office: Office) -> None:
    unit, customer = another_unit(office), a_buyer(office)
    before = class_of(customer)
    relate(office, unit, kind="contact", customer=customer)
    assert class_of(customer) == before


@pytest.mark.parametrize("kind", ["owner", "resident", "tenant"])
def test_nobody_lives_in_a_unit_that_is_for_sale(office: Office, kind: str) -> None:
    with pytest.raises(errors.NobodyLivesThere):
        relate(office, another_unit(office), kind=kind)
    assert not UnitRelation.objects.exists()


def test_a_period_does_not_end_before_it_begins(office: Office, deal: Deal) -> None:
    with pytest.raises(errors.PeriodBackwards):
        relate(office, deal.unit, ends_on=DAY - timedelta(days=1))
    assert relate(office, deal.unit, ends_on=DAY).ends_on == DAY


def test_nobody_is_the_same_to_a_unit_twice_on_one_day(office: Office, deal: Deal) -> None:
    tenant = relate(office, deal.unit, ends_on=DAY + timedelta(days=9)).customer
    for start, end in ((DAY + timedelta(days=9), None), (DAY - timedelta(days=5), DAY)):
        with pytest.raises(errors.RelatedAlready):
            relate(office, deal.unit, customer=tenant, starts_on=start, ends_on=end)
    again = relate(office, deal.unit, customer=tenant, starts_on=DAY + timedelta(days=10))
    assert again.ends_on is None
    # Somebody else, or the same person as something else, is no matter.
    relate(office, deal.unit)
    relate(office, deal.unit, customer=tenant, kind="contact")


def test_the_database_refuses_a_second_endless_one_as_well(office: Office, deal: Deal) -> None:
    made = relate(office, deal.unit)
    made.pk = None

    @writes
    def doubled() -> None:
        made.save(force_insert=True)

    with pytest.raises(IntegrityError):
        doubled()


def test_a_customer_out_of_reach_or_of_another_project_is_unknown(
    office: Office, deal: Deal
) -> None:
    elsewhere = a_buyer(an_office(), name="外人")
    with pytest.raises(errors.CustomerUnknown):
        relate(office, deal.unit, customer=elsewhere)


def test_who_may_not_is_refused(office: Office, deal: Deal) -> None:
    made = relate(office, deal.unit)
    with pytest.raises(PermissionDenied):
        relate(office, deal.unit, by=office.lin)
    with pytest.raises(PermissionDenied):
        end_relation(relation_id=made.pk, ends_on=DAY, version=0, by=office.lin, at=AT)
    with pytest.raises(PermissionDenied):
        take_back_relation(relation_id=made.pk, by=office.lin, at=AT)


# --- Ended, taken back ----------------------------------------------------------------------------


def test_the_last_day_is_set_and_set_again_while_it_is_not_over(office: Office, deal: Deal) -> None:
    made = relate(office, deal.unit)
    later = DAY + timedelta(days=30)
    ended = end_relation(relation_id=made.pk, ends_on=later, version=0, by=office.cast.cs, at=AT)
    assert (ended.ends_on, ended.version) == (later, 1)
    told = AuditEvent.objects.get(event="sales.unit_relation.ended")
    assert (told.before["ends_on"], told.after["ends_on"]) == (None, later.isoformat())
    end_relation(relation_id=made.pk, ends_on=DAY, version=1, by=office.cast.cs, at=AT)
    after = AT + timedelta(days=1)
    with pytest.raises(errors.RelationEnded):
        end_relation(relation_id=made.pk, ends_on=later, version=2, by=office.cast.cs, at=after)


def test_an_end_is_no_earlier_than_the_start_nor_meets_the_next_period(
    office: Office, deal: Deal
) -> None:
    made = relate(office, deal.unit, ends_on=DAY + timedelta(days=9))
    relate(office, deal.unit, customer=made.customer, starts_on=DAY + timedelta(days=20))
    with pytest.raises(errors.PeriodBackwards):
        end_relation(
            relation_id=made.pk,
            ends_on=DAY - timedelta(days=1),
            version=0,
            by=office.cast.cs,
            at=AT,
        )
    with pytest.raises(errors.RelatedAlready):
        end_relation(
            relation_id=made.pk, ends_on=DAY + timedelta(days=20), version=0,
            by=office.cast.cs, at=AT,
        )  # fmt: skip


def test_a_stale_form_is_refused(office: Office, deal: Deal) -> None:
    made = relate(office, deal.unit)
    with pytest.raises(ChangedMeanwhile):
        end_relation(relation_id=made.pk, ends_on=DAY, version=7, by=office.cast.cs, at=AT)


def test_a_mistake_is_taken_back_and_the_class_with_it(office: Office, deal: Deal) -> None:
    buyer = Customer.objects.get(pk=deal.buyers.get().customer_id)
    lives_there = relate(office, deal.unit, customer=buyer, kind="resident")
    assert class_of(buyer) == "resident"
    take_back_relation(relation_id=lives_there.pk, by=office.cast.cs, at=AT)
    assert class_of(buyer) == "owner"
    stranger = relate(office, deal.unit)
    take_back_relation(relation_id=stranger.pk, by=office.cast.cs, at=AT)
    assert class_of(stranger.customer) == "intention"
    assert UnitRelation.objects.get().deal == deal


# --- Reading --------------------------------------------------------------------------------------


def test_a_day_says_what_holds(office: Office, deal: Deal) -> None:
    made = relate(office, deal.unit, ends_on=DAY + timedelta(days=9))
    days = {
        LATER: DAY - timedelta(days=1), NOW: DAY + timedelta(days=9), OVER: DAY + timedelta(days=10),
    }  # fmt: skip
    rows = UnitRelation.objects.filter(pk=made.pk)
    for state, day in days.items():
        assert state_of(made, day) == state
        assert [other for other in days if in_state(rows, other, today=day)] == [state]


def test_people_are_seen_as_far_as_their_customers_are(office: Office, deal: Deal) -> None:
    lins = UnitRelation.objects.get(deal=deal)
    colleague = a_user("SC", office.project, name="韩梅")
    theirs = relate(office, deal.unit, customer=a_buyer(office, name="他客", owner=colleague))
    assert set(relations_for(office.lin)) == {lins}
    assert set(relations_for(colleague)) == {theirs}
    assert set(relations_for(office.cast.cs)) == {lins, theirs}
    assert not relations_for(office.cast.wei)


# --- Doors ----------------------------------------------------------------------------------------


def test_the_pages_of_unit_and_customer_show_it_with_masked_phones(
    office: Office, deal: Deal
) -> None:
    made = relate(office, deal.unit)
    desk = signed_in(office.cast.cs)
    people = desk.get(reverse("sales:unit_people", args=[deal.unit_id])).content.decode()
    phone = made.customer.phones.get().masked
    assert "****" in phone
    assert all(text in people for text in ("陈晓雨", "白租", phone))
    assert reverse("sales:relate", args=[deal.unit_id]) in people
    units = desk.get(reverse("sales:customer_units", args=[made.customer_id])).content.decode()
    assert deal.unit.number in units
    unit = desk.get(reverse("inventory:unit", args=[deal.unit_id])).content.decode()
    assert reverse("sales:unit_people", args=[deal.unit_id]) in unit
    marketing = signed_in(office.cast.mk)
    assert (
        phone
        not in marketing.get(reverse("sales:unit_people", args=[deal.unit_id])).content.decode()
    )


def test_a_person_is_added_ended_and_taken_back_on_the_pages(office: Office, deal: Deal) -> None:
    desk, customer = signed_in(office.cast.cs), a_buyer(office, name="白租")
    path = reverse("sales:relate", args=[deal.unit_id])
    typed = {"customer": customer.pk, "kind": "tenant", "starts_on": "2026-01-01"}
    assert desk.get(path).status_code == 200
    assert desk.post(path, {**typed, "kind": "lord"}).status_code == 422
    assert desk.post(path, typed).status_code == 302
    refused = desk.post(path, typed)
    assert refused.status_code == 422
    assert "白租" in refused.content.decode()
    made = UnitRelation.objects.get(customer=customer)
    page = desk.get(reverse("sales:relation", args=[made.pk])).content.decode()
    assert reverse("sales:end_relation", args=[made.pk]) in page
    ending = reverse("sales:end_relation", args=[made.pk])
    assert desk.post(ending, {"ends_on": "2025-01-01", "version": 0}).status_code == 422
    assert desk.post(ending, {"ends_on": "2030-01-01", "version": 0}).status_code == 302
    desk.post(reverse("sales:take_back_relation", args=[made.pk]))
    assert not UnitRelation.objects.filter(customer=customer).exists()


def test_the_list_filters_by_words_relation_and_state(office: Office, deal: Deal) -> None:
    relate(office, deal.unit)
    desk = signed_in(office.cast.cs)

    def listed(query: str) -> list[str]:
        answer = desk.get(f"{reverse('sales:relations')}?{query}")
        assert answer.status_code == 200
        return [line["row"].kind for line in answer.context["lines"]]

    assert listed("view=") == ["tenant", "owner"]
    assert listed("kind=owner") == ["owner"]
    assert listed("q=白租") == ["tenant"]
    assert listed(f"q={deal.unit.number}") == ["tenant", "owner"]
    assert listed("state=over") == []
    assert listed("group=kind&open=.owner") == ["owner"]


def test_the_api_does_the_same(office: Office, deal: Deal) -> None:
    client = Client(headers={"Authorization": f"Bearer {token_for(office.cast.cs)}"})
    customer = a_buyer(office, name="白租")
    body = {"customer_id": customer.pk, "kind": "tenant", "starts_on": "2025-04-01"}
    path = f"/api/v1/units/{deal.unit_id}/relations/"
    made = client.post(path, body, content_type="application/json")
    assert made.status_code == 201, made.content
    said = made.json()
    assert (said["kind"], said["state"], said["ends_on"]) == ("tenant", "now", None)
    assert "****" in said["phone"]
    twice = client.post(path, body, content_type="application/json")
    assert (twice.status_code, twice.json()["code"]) == (409, "related_already")
    found = client.get(f"/api/v1/unit-relations/?unit_id={deal.unit_id}&kind=tenant").json()
    assert [row["id"] for row in found["items"]] == [said["id"]]
    there = f"/api/v1/unit-relations/{said['id']}/"
    ended = client.post(
        f"{there}end/", {"ends_on": "2025-05-01", "version": 0}, content_type="application/json"
    )
    assert (ended.status_code, ended.json()["ends_on"]) == (200, "2025-05-01")
    assert client.delete(there).status_code == 204
    assert client.get(there).status_code == 404


def test_names_of_the_day_are_exact(office: Office, deal: Deal) -> None:
    """A lease that ends today still holds today."""
    assert state_of(relate(office, deal.unit, ends_on=DAY), DAY) == NOW
    assert state_of(UnitRelation.objects.latest("pk"), date(2025, 3, 26)) == OVER
