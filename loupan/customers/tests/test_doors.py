"""The pages and the API of customers: what works, what is refused, what nobody sees."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from loupan.core.calendar import business_day
from loupan.customers.models import Customer, DuplicateAttempt, FollowUp, Reveal, Visit
from loupan.customers.testing import a_customer, a_source
from loupan.org.models import User
from loupan.org.testing import Cast, a_user, signed_in, token_for

pytestmark = pytest.mark.django_db
ID_CARD = "11010519491231002X"
SECRETS = ("13800138000", "0013800", ID_CARD, "1949123")


class Api:
    """A program that speaks for somebody."""

    def __init__(self, user: User) -> None:
        self.client = Client(headers={"Authorization": f"Bearer {token_for(user)}"})

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        send = getattr(self.client, method)
        more = {} if method == "get" else {"data": json.dumps(body), "content_type": JSON}
        answer = send(f"/api/v1/{path}", **more)
        return answer.status_code, answer.json() if answer.content else None

    def post(self, path: str, body: Any) -> tuple[int, Any]:
        return self.call("post", path, body)


JSON = "application/json"


def a_body(cast: Cast, **more: Any) -> dict[str, Any]:
    return {
        "kind": "individual",
        "name": "陈晓雨",
        "phones": ["138 0013-8000"],
        "project_id": cast.project.pk,
        **more,
    }


def known(cast: Cast) -> Customer:
    return a_customer(cast.project, cast.lin, phone="13800138000", id_number=ID_CARD)


def tomorrow() -> str:
    return str(business_day(timezone.now()) + timedelta(days=1))


# --- API ------------------------------------------------------------------------------------------


def test_the_api_registers_and_answers_masked(cast: Cast) -> None:
    a_source(cast.project, code="walk_in")
    status, body = Api(cast.lin).post(
        "customers/", a_body(cast, id_number=ID_CARD, source="walk_in")
    )
    assert status == 201
    assert body["phones"] == ["138****8000"]
    assert body["id_number"] == "110105********002X"
    assert body["source"]["name"] == "自然到访"
    assert body["owner"]["id"] == cast.lin.pk
    assert not body["is_suspect"]


def test_the_api_guards_a_duplicate(cast: Cast) -> None:
    customer = known(cast)
    Customer.objects.filter(pk=customer.pk).update(note="预算三百万", wechat="cxy-88")
    other = a_user("SC", cast.project)
    status, body = Api(other).post("customers/", a_body(cast, name="陈女士"))
    assert (status, body["code"]) == (409, "duplicate_customer")
    assert set(body) == {"code", "detail"}
    for secret in (*SECRETS, "8000", "预算", "cxy", "晓雨", "林小雨"):
        assert secret not in json.dumps(body, ensure_ascii=False)
    assert DuplicateAttempt.objects.get().by == other


def test_the_api_says_which_field_is_wrong(cast: Cast) -> None:
    api = Api(cast.lin)
    for wrong, field in (
        ({"phones": ["12"]}, "phones"),
        ({"phones": []}, "phones"),
        ({"phones": ["10086x"]}, "phones"),
        ({"name": ""}, "name"),
        ({"kind": "martian"}, "kind"),
        ({"next_contact_on": "2025-02-30"}, "next_contact_on"),
        ({"source": "no such"}, "source"),
        ({"name": "n" * 500}, "name"),
    ):
        status, body = api.post("customers/", a_body(cast, **wrong))
        assert (status, body["code"]) == (422, "invalid"), wrong
        assert any(name.startswith(field) for name in body["fields"]), (wrong, body)
    assert not Customer.objects.exists()


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"id_number": "110105194912310021"}, "invalid_id_number"),
        ({"kind": "corporate", "id_number": "123"}, "invalid_credit_code"),
        ({"next_contact_on": "9999-12-31"}, "next_contact_not_sensible"),
        ({"next_contact_on": "0001-01-01"}, "next_contact_not_sensible"),
    ],
)
def test_the_api_refuses_by_name(cast: Cast, given: dict[str, Any], code: str) -> None:
    status, body = Api(cast.lin).post("customers/", a_body(cast, **given))
    assert (status, body["code"]) == (409, code)
    assert not Customer.objects.exists()


def test_the_api_knows_its_limits(cast: Cast) -> None:
    customer = known(cast)
    one = f"customers/{customer.pk}/"
    assert Client().get("/api/v1/customers/").status_code == 401
    assert Api(cast.zhao).post("customers/", a_body(cast, phones=["13911112222"]))[0] == 403
    assert Api(cast.wei).post("customers/", a_body(cast))[0] == 404
    stranger = Api(a_user("SC", cast.project))
    assert stranger.call("get", one)[0] == 404
    for sub, body in (
        ("visits/", {}),
        ("follow-ups/", {"content": "x"}),
        ("reveals/", {"what": "phone"}),
    ):
        assert stranger.post(one + sub, body)[0] == 404
    assert stranger.call("put", one, {"version": 0, "name": "李"})[0] == 404
    assert stranger.call("get", "customers/")[1]["items"] == []
    assert stranger.call("get", "customers/?q=13800138000")[1]["items"] == []
    assert stranger.post(
        "customer-assignments/", {"customer_ids": [customer.pk], "owner_id": cast.lin.pk}
    )[0] in {403, 409}


def test_the_api_records_visits_calls_and_follow_ups(cast: Cast) -> None:
    customer = known(cast)
    api = Api(cast.lin)
    one = f"customers/{customer.pk}/"
    assert api.post(one + "visits/", {})[1]["kind"] == "first"
    assert api.post(one + "visits/", {"party_size": 3})[1]["kind"] == "return"
    assert api.post(one + "visits/", {"kind": "call", "note": "问价"})[1]["kind"] == "call"
    assert api.post(one + "follow-ups/", {"content": "约周末"})[1]["code"] == "next_contact_needed"
    status, body = api.post(
        one + "follow-ups/", {"content": "约周末", "grade": "A", "next_contact_on": tomorrow()}
    )
    assert (status, body["grade_after"]) == (201, "A")
    full = api.call("get", one)[1]
    assert (full["life_class"], full["grade"], full["next_contact_on"]) == (
        "intention",
        "A",
        tomorrow(),
    )
    kinds = [event["kind"] for event in api.call("get", one + "timeline/")[1]["items"]]
    assert kinds.count("visit") == 3
    assert kinds.count("follow_up") == 1


def test_the_api_reveals_and_keeps_it(cast: Cast) -> None:
    customer = known(cast)
    one = f"customers/{customer.pk}/"
    status, body = Api(cast.lin).post(one + "reveals/", {"what": "phone"})
    assert (status, body["value"]) == (201, "13800138000")
    assert Api(cast.lin).post(one + "reveals/", {"what": "id"})[0] == 403
    assert Api(cast.mo).post(one + "reveals/", {"what": "id"})[1]["value"] == ID_CARD
    assert Api(cast.zhao).post(one + "reveals/", {"what": "phone"})[0] == 403
    assert Reveal.objects.count() == 2


def test_the_api_edits_what_was_read(cast: Cast) -> None:
    customer = known(cast)
    api = Api(cast.lin)
    one = f"customers/{customer.pk}/"
    body = {"version": 0, "name": "陈小雨", "phones": ["138****8000", "13911112222"]}
    status, answer = api.call("put", one, body)
    assert (status, answer["name"], answer["version"]) == (200, "陈小雨", 1)
    assert answer["phones"] == ["138****8000", "139****2222"]
    assert answer["id_number"] == "110105********002X"
    assert api.call("put", one, body)[1]["code"] == "changed_meanwhile"


def test_the_api_filters_and_pages_as_the_list_does(cast: Cast) -> None:
    api = Api(cast.lin)
    made = [a_customer(cast.project, cast.lin, grade="ABCD"[n % 4]) for n in range(8)]
    page = api.call("get", "customers/?limit=5")[1]
    assert [row["id"] for row in page["items"]] == [c.pk for c in reversed(made[3:])]
    rest = api.call("get", f"customers/?limit=5&after={page['next']}")[1]
    assert len(rest["items"]) == 3
    assert rest["next"] is None
    assert len(api.call("get", "customers/?grade=A")[1]["items"]) == 2
    assert api.call("get", "customers/?grade=Z")[0] == 422
    tail = made[0].phones.get().tail
    assert made[0].pk in [row["id"] for row in api.call("get", f"customers/?q={tail}")[1]["items"]]


@pytest.mark.parametrize("path", ["customers/9223372036854775808/", "customers/0/", "customers/x/"])
def test_a_strange_id_is_no_crash(cast: Cast, path: str) -> None:
    assert Api(cast.lin).call("get", path)[0] in {404, 422}


def test_a_huge_body_is_refused(cast: Cast) -> None:
    status, _body = Api(cast.lin).post("customers/", a_body(cast, note="a" * 10_000_000))
    assert status in {400, 413, 422}
    assert not Customer.objects.exists()


# --- Pages ----------------------------------------------------------------------------------------


def test_reception_registers_whoever_is_new(cast: Cast) -> None:
    answer = signed_in(cast.lin).post(
        reverse("customers:reception"),
        {
            "contact": "visit",
            "phone": "+86 138-0013-8000",
            "name": "陈晓雨",
            "grade": "B",
            "next_contact_on": tomorrow(),
        },
    )
    customer = Customer.objects.get()
    assert answer.url == reverse("customers:customer", args=[customer.pk])  # type: ignore[attr-defined]
    visit = Visit.objects.get()
    assert (visit.kind, visit.received_by, customer.life_class) == ("first", cast.lin, "intention")


def test_reception_adds_a_contact_to_my_own_customer(cast: Cast) -> None:
    customer = known(cast)
    given = {"phone": "13800138000", "name": "x", "grade": "B", "next_contact_on": tomorrow()}
    client = signed_in(cast.lin)
    client.post(reverse("customers:reception"), {"contact": "call", **given})
    client.post(reverse("customers:reception"), {"contact": "visit", **given})
    assert Customer.objects.get().name == customer.name
    assert list(Visit.objects.order_by("pk").values_list("kind", flat=True)) == ["call", "first"]


def test_reception_keeps_what_was_typed_when_refused(cast: Cast) -> None:
    known(cast)
    answer = signed_in(a_user("SC", cast.project)).post(
        reverse("customers:reception"),
        {
            "contact": "visit",
            "phone": "13800138000",
            "name": "陈女士",
            "grade": "B",
            "next_contact_on": tomorrow(),
            "note": "要三房",
        },
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "陈女士" in page
    assert "要三房" in page
    assert "陈晓雨" not in page
    assert DuplicateAttempt.objects.count() == 1
    assert Visit.objects.count() == 0


def test_typing_a_phone_tells_new_mine_or_guarded(cast: Cast) -> None:
    known(cast)
    url = reverse("customers:phone_check")

    def said(user: User, phone: str) -> str:
        return signed_in(user).post(url, {"phone": phone}).content.decode()

    assert "lp-tone-green" in said(cast.lin, "13911112222")
    assert "陈晓雨" in said(cast.lin, "138 0013 8000")
    guarded = said(a_user("SC", cast.project), "13800138000")
    assert "林" in guarded
    for secret in (*SECRETS, "8000", "晓雨", "林小雨"):
        assert secret not in guarded
    assert said(cast.lin, "138001").strip() == '<div id="phone-check" role="status">\n  \n</div>'
    assert DuplicateAttempt.objects.count() == 1


def test_the_full_form_registers_a_company(cast: Cast) -> None:
    answer = signed_in(cast.mo).post(
        reverse("customers:register"),
        {
            "kind": "corporate",
            "name": "海成置业有限公司",
            "phones": "023-67891234，13800138000",
            "id_type": "other",
            "id_number": "91350100M000100Y43",
            "grade": "B",
            "owner_id": cast.lin.pk,
        },
    )
    assert answer.status_code == 302, answer.content.decode()
    customer = Customer.objects.get()
    assert (customer.owner, customer.phones.count()) == (cast.lin, 2)


def test_a_wrong_form_comes_back_with_what_was_typed(cast: Cast) -> None:
    answer = signed_in(cast.lin).post(
        reverse("customers:register"),
        {
            "kind": "individual",
            "name": "陈晓雨",
            "phones": "12345",
            "id_type": "id_card",
            "id_number": "110105194912310021",
            "grade": "C",
        },
    )
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"phones", "id_number"}
    assert "12345" in answer.content.decode()


def test_the_pages_of_a_customer_work(cast: Cast) -> None:
    customer = known(cast)
    client = signed_in(cast.mo)
    for name in ("customer", "edit", "visit", "call", "follow_up", "reveal", "owner"):
        answer = client.get(reverse(f"customers:{name}", args=[customer.pk]))
        assert answer.status_code == 200, name
        for secret in SECRETS:
            assert secret not in answer.content.decode(), name
    for name in ("list", "reception", "register"):
        assert client.get(reverse(f"customers:{name}")).status_code == 200


def test_a_follow_up_needs_a_next_date_unless_lost(cast: Cast) -> None:
    customer = known(cast)
    client = signed_in(cast.lin)
    url = reverse("customers:follow_up", args=[customer.pk])
    given = {"method": "phone", "result": "reached", "content": "约看房", "grade": "A"}
    assert client.post(url, given).status_code == 422
    assert client.post(url, {**given, "next_contact_on": "9999-12-31"}).status_code == 422
    assert client.post(url, {**given, "next_contact_on": "0001-01-01"}).status_code == 422
    assert client.post(url, {**given, "next_contact_on": tomorrow()}).status_code == 302
    assert client.post(url, {**given, "lost_reason": "买了别家"}).status_code == 302
    customer.refresh_from_db()
    assert (customer.life_class, customer.next_contact_on) == ("lost", None)
    assert FollowUp.objects.count() == 2


def test_editing_shows_masks_and_keeps_the_numbers(cast: Cast) -> None:
    customer = known(cast)
    client = signed_in(cast.lin)
    url = reverse("customers:edit", args=[customer.pk])
    given = {
        "name": "陈小雨",
        "phones": "138****8000、13911112222",
        "id_type": "id_card",
        "id_number": "110105********002X",
        "grade": "A",
        "version": 0,
    }
    assert client.post(url, given).status_code == 302
    customer.refresh_from_db()
    numbers = [phone.number for phone in customer.phones.all()]
    assert (customer.name, numbers) == ("陈小雨", ["13800138000", "13911112222"])
    assert customer.person.id_number == ID_CARD
    assert client.post(url, given).status_code == 422  # Stale by now.


def test_a_reveal_by_page_is_a_fragment_that_nobody_caches(cast: Cast) -> None:
    customer = known(cast)
    client = signed_in(cast.lin)
    url = reverse("customers:reveal", args=[customer.pk])
    answer = client.post(url, {"what": "phone"}, headers={"HX-Request": "true"})
    assert "13800138000" in answer.content.decode()
    assert "<html" not in answer.content.decode()
    assert answer["Cache-Control"] == "no-store"
    assert client.post(url, {"what": "id"}).status_code == 403
    assert Reveal.objects.count() == 1


def test_ticked_customers_are_assigned_together(cast: Cast) -> None:
    mine = [a_customer(cast.project, None) for _n in range(3)]
    url = reverse("customers:list")
    asked = {"do": "bulk", "verb": "assign", "pk": [c.pk for c in mine[:2]]}
    given = {**asked, "confirmed": "1", "owner_id": cast.lin.pk}
    assert signed_in(cast.lin).post(url, given).status_code == 403
    page = signed_in(cast.mo).post(url, asked)
    assert page.status_code == 200
    assert Customer.objects.filter(owner=cast.lin).count() == 0  # It only asks.
    assert signed_in(cast.mo).post(url, given).status_code == 302
    assert Customer.objects.filter(owner=cast.lin).count() == 2
    signed_in(cast.mo).post(url, {**given, "pk": []})
    signed_in(cast.mo).post(url, {**given, "pk": ["9" * 30, "x"]})
    assert Customer.objects.filter(owner=cast.lin).count() == 2


def test_other_peoples_customers_are_not_there(cast: Cast) -> None:
    customer = known(cast)
    stranger = signed_in(a_user("SC", cast.project))
    for name in ("customer", "edit", "visit", "call", "follow_up", "reveal", "owner"):
        assert stranger.get(reverse(f"customers:{name}", args=[customer.pk])).status_code == 404
    assert "陈晓雨" not in stranger.get(reverse("customers:list")).content.decode()
    found = stranger.get(reverse("customers:choices"), {"q": "13800138000"}).json()
    assert found == {"results": []}


def test_the_export_needs_permission_and_reason_and_is_masked(cast: Cast) -> None:
    known(cast)
    url = reverse("customers:list")
    asked = {"export": "xlsx", "reason": "月度核对"}
    assert signed_in(cast.lin).get(url, asked).status_code == 403
    without = signed_in(cast.mo).get(url, {"export": "xlsx", "grade": "B"})
    assert without["Content-Type"].startswith("text/html")  # It asks why.
    answer = signed_in(cast.mo).get(url, asked)
    assert answer["Content-Type"].endswith("sheet")
    from loupan.core.sheets.reading import read_workbook

    cells = [
        str(cell)
        for sheet in read_workbook(answer.content, "list.xlsx").sheets
        for row in sheet.rows
        for cell in row
    ]
    assert "138****8000" in cells
    assert not any(secret in cell for cell in cells for secret in SECRETS)


def test_marketing_reads_customers_without_phones(cast: Cast) -> None:
    customer = known(cast)
    someone = a_user("MK", cast.project)
    page = signed_in(someone).get(reverse("customers:customer", args=[customer.pk]))
    listed = signed_in(someone).get(reverse("customers:list"))
    for answer in (page, listed):
        assert answer.status_code == 200
        assert "陈晓雨" in answer.content.decode()
        assert "8000" not in answer.content.decode()
    assert Api(someone).call("get", "customers/?q=8000")[1]["items"] == []
    assert Api(someone).call("get", f"customers/{customer.pk}/")[1]["phones"] == []
