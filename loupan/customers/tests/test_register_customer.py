"""Registering a customer: what is kept, what is refused, and what a refusal tells."""

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from loupan.core.models import AuditEvent
from loupan.core.refusals import Refusal
from loupan.customers import errors, queries
from loupan.customers.actions.registrations import register_customer
from loupan.customers.models import Customer, CustomerPhone, DuplicateAttempt, Person
from loupan.customers.testing import NOON, a_customer, a_source
from loupan.org.models import Project, User
from loupan.org.testing import Cast, a_company, a_project, a_user

pytestmark = pytest.mark.django_db
ID_CARD = "11010519491231002X"


def register(by: User, project: Project, **more: Any) -> Customer:
    given: dict[str, Any] = {"name": "陈晓雨", "phones": ["13800138000"], **more}
    return register_customer(project_id=project.pk, by=by, at=NOON, **given)


def test_a_customer_is_kept_with_normal_forms_and_belongs_to_who_registered(cast: Cast) -> None:
    source = a_source(cast.project)
    customer = register(
        cast.lin,
        cast.project,
        name=" 曾 国强",
        phones=["+86 138-0013-8000", "023 6789 1234"],
        id_number="110105491231002",
        source_id=source.pk,
    )
    customer.refresh_from_db()
    assert (customer.name, customer.pinyin, customer.initials) == ("曾国强", "zengguoqiang", "zgq")
    assert [phone.number for phone in customer.phones.all()] == ["13800138000", "02367891234"]
    assert [phone.masked for phone in customer.phones.all()] == ["138****8000", "023****1234"]
    assert customer.person.id_number == ID_CARD
    assert customer.owner == cast.lin
    assert customer.source == source
    assert customer.first_contact_on == date(2025, 3, 1)
    assert customer.protected_until == date(2025, 3, 16)  # Potential: 15 days.


def test_who_does_not_sell_owns_nobody_until_assigned(cast: Cast) -> None:
    assert register(cast.mo, cast.project).owner is None
    given = register(cast.mo, cast.project, phones=["13900139000"], owner_id=cast.lin.pk)
    assert given.owner == cast.lin


def test_a_consultant_cannot_give_a_customer_away(cast: Cast) -> None:
    other = a_user("SC", cast.project)
    with pytest.raises(PermissionDenied):
        register(cast.lin, cast.project, owner_id=other.pk)
    with pytest.raises(errors.OwnerNotInProject):
        register(cast.mo, cast.project, owner_id=cast.wei.pk)


def test_the_permission_counts_per_project(cast: Cast) -> None:
    for person in (cast.wei, cast.guest, cast.zhao):
        with pytest.raises(PermissionDenied):
            register(person, cast.project)
    assert not Customer.objects.exists()


def test_history_knows_who_registered_and_shows_no_number(cast: Cast) -> None:
    customer = register(cast.lin, cast.project, id_number=ID_CARD)
    event = AuditEvent.objects.get(event="customers.customer.registered")
    assert (event.by, event.subject_id, event.project_id) == (
        cast.lin,
        customer.pk,
        cast.project.pk,
    )
    assert event.facts["phones"] == ["138****8000"]
    assert event.facts["id_number"] == "110105********002X"


def test_d2_the_same_phone_in_the_project_is_refused_in_every_spelling(cast: Cast) -> None:
    register(cast.lin, cast.project)
    other = a_user("SC", cast.project)
    for spelling in (
        "138 0013-8000",
        "+86 13800138000",
        "008613800138000",
        "１３８００１３８０００",
    ):
        with pytest.raises(errors.DuplicateCustomer) as refusal:
            register(other, cast.project, name="陈女士", phones=["13911112222", spelling])
        assert refusal.value.code == "duplicate_customer"
    assert Customer.objects.count() == 1
    assert not CustomerPhone.objects.filter(tail="2222").exists()


def test_d2_any_phone_of_the_customer_counts(cast: Cast) -> None:
    register(cast.lin, cast.project, phones=["13800138000", "13700137000"])
    with pytest.raises(errors.DuplicateCustomer):
        register(cast.lin, cast.project, phones=["13700137000"])


def test_d2_in_another_project_of_the_company_it_is_the_same_person(cast: Cast) -> None:
    here = register(cast.lin, cast.project)
    there = register(cast.wei, cast.other_project)
    assert here.pk != there.pk
    assert here.person_id == there.person_id
    assert there.owner == cast.wei
    assert not DuplicateAttempt.objects.exists()


def test_d2_another_company_does_not_know_the_phone(cast: Cast) -> None:
    here = register(cast.lin, cast.project)
    far = a_project("江湾", company=a_company("别家"))
    there = register(a_user("SC", far), far)
    assert here.person_id != there.person_id


def test_a_relative_with_the_same_phone_and_another_id_is_another_person(cast: Cast) -> None:
    here = register(cast.lin, cast.project, id_number=ID_CARD)
    there = register(cast.wei, cast.other_project, id_number="440308199901010012")
    assert here.person_id != there.person_id


def test_the_person_of_another_project_learns_their_id_number(cast: Cast) -> None:
    here = register(cast.lin, cast.project)
    there = register(cast.wei, cast.other_project, id_number=ID_CARD)
    assert here.person_id == there.person_id
    assert Person.objects.get().id_number == ID_CARD


def test_d1_the_same_id_number_is_refused_in_the_whole_group(cast: Cast) -> None:
    register(cast.lin, cast.project, id_number=ID_CARD)
    group = a_company("子公司", parent=cast.project.company)
    far = a_project("远郊", company=group)
    for project, person in ((cast.project, cast.mo), (far, a_user("SC", far))):
        with pytest.raises(errors.DuplicateCustomer):
            register(person, project, phones=["13911113333"], id_number="110105491231002")
    assert set(DuplicateAttempt.objects.values_list("rule", flat=True)) == {"D1"}


def test_d6_the_same_credit_code_is_refused(cast: Cast) -> None:
    given = {"kind": "corporate", "name": "海成置业有限公司", "id_number": "91350100M000100Y43"}
    register(cast.lin, cast.project, **given)
    with pytest.raises(errors.DuplicateCustomer):
        register(cast.mo, cast.project, phones=["13911113333"], **given)
    assert DuplicateAttempt.objects.get().rule == "D6"


def test_d3_the_same_name_and_a_phone_alike_is_only_noted(cast: Cast) -> None:
    first = register(cast.lin, cast.project)
    second = register(cast.mo, cast.project, phones=["13899998000"])
    attempt = DuplicateAttempt.objects.get()
    assert (attempt.rule, attempt.customer, attempt.by) == ("D3", first, cast.mo)
    assert second.pk


def test_the_guarded_answer_tells_five_things_and_nothing_else(cast: Cast) -> None:
    customer = register(
        cast.lin,
        cast.project,
        name="欧阳晓雨",
        id_number=ID_CARD,
        note="预算三百万",
        wechat="oyxy-88",
        address="重庆市渝北区金开大道1号",
    )
    with pytest.raises(errors.DuplicateCustomer) as refusal:
        register(cast.mo, cast.project, name="别人")
    said = str(refusal.value)
    assert set(refusal.value.facts) == {"life_class", "project", "owner", "protected_until"}
    assert "海成·云麓" in said
    assert "林" in said
    assert "2025-03-16" in said
    for secret in ("林小雨", "欧阳", "晓雨", "138", "8000", "预算", "oyxy", "110105", "渝北"):
        assert secret not in said
    assert str(customer.pk) not in said.replace("2025-03-16", "")


def test_an_attempt_is_kept_although_the_registration_is_undone(cast: Cast) -> None:
    customer = register(cast.lin, cast.project)
    with pytest.raises(errors.DuplicateCustomer):
        register(cast.mo, cast.project, name="陈小姐", phones=["13911113333", "13800138000"])
    attempt = DuplicateAttempt.objects.get()
    assert (attempt.customer, attempt.by, attempt.rule, attempt.at) == (
        customer,
        cast.mo,
        "D2",
        NOON,
    )
    assert AuditEvent.objects.filter(event="customers.customer.registration_refused").exists()
    assert Customer.objects.count() == 1


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"name": " "}, errors.NameNeeded),
        ({"phones": []}, errors.PhoneNeeded),
        ({"phones": ["12345"]}, errors.InvalidPhone),
        ({"id_number": "110105194912310021"}, errors.InvalidIdNumber),
        ({"kind": "corporate", "id_number": "1"}, errors.InvalidCreditCode),
        ({"source_id": 987654}, errors.UnknownSource),
        ({"next_contact_on": date(9999, 12, 31)}, errors.NextContactNotSensible),
        ({"next_contact_on": date(1, 1, 1)}, errors.NextContactNotSensible),
    ],
)
def test_bad_data_is_refused_by_name(
    cast: Cast, given: dict[str, Any], refusal: type[Refusal]
) -> None:
    with pytest.raises(refusal):
        register(cast.lin, cast.project, **given)
    assert not Customer.objects.exists()


def test_a_source_of_another_company_is_unknown(cast: Cast) -> None:
    source = a_source(a_project(company=a_company("别家")))
    with pytest.raises(errors.UnknownSource):
        register(cast.lin, cast.project, source_id=source.pk)


def test_the_makers_of_tests_and_the_action_agree(cast: Cast) -> None:
    made = a_customer(cast.project, cast.lin, phone="13800138000", id_number=ID_CARD)
    with pytest.raises(errors.DuplicateCustomer):
        register(cast.mo, cast.project)
    assert queries.search(cast.mo, "13800138000") == [made]
