"""What every list does, tried on the list of customers: views, groups, columns, ticks, cells, steps."""

from io import BytesIO
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape
from python_calamine import CalamineWorkbook

from loupan.core.actions import save_view
from loupan.core.models import AuditEvent, BulkRun, ListView
from loupan.core.tasks import run_bulk
from loupan.customers.models import Customer
from loupan.customers.testing import NOON, a_customer, a_source
from loupan.org.testing import Cast, a_project, a_user, signed_in

pytestmark = pytest.mark.django_db
URL = "/customers/"
PAGE = "customers:list"


@pytest.fixture
def book(cast: Cast) -> list[Customer]:
    """Five customers of Lin's: two A, one B, two C."""
    return [
        a_customer(cast.project, cast.lin, name=name, grade=grade)
        for name, grade in (
            ("安一", "A"),
            ("白二", "A"),
            ("常三", "B"),
            ("丁四", "C"),
            ("丁五", "C"),
        )
    ]


@pytest.fixture
def mo(cast: Cast) -> Client:
    return signed_in(cast.mo)


def page(client: Client, status: int = 200, **query: Any) -> Any:
    answer = client.get(URL, query)
    assert answer.status_code == status, answer.content.decode()[:400]
    return answer


def names(answer: Any) -> list[str]:
    return [str(line["row"]) for line in answer.context["lines"]]


def post(client: Client, status: int = 302, query: str = "", **body: Any) -> Any:
    answer = client.post(f"{URL}?{query}" if query else URL, body)
    assert answer.status_code == status, answer.content.decode()[:600]
    return answer


# --- Filters --------------------------------------------------------------------------------------


def test_each_filter_that_is_on_is_a_chip_that_goes_away(mo: Client, book: list[Customer]) -> None:
    found = page(mo, grade="A", q="安", sort="name")
    assert names(found) == ["安一"]
    chips = {chip["name"]: chip for chip in found.context["filter_chips"]}
    assert set(chips) == {"grade", "q"}
    assert "A" in chips["grade"]["label"]
    assert "grade" not in chips["grade"]["url"]
    assert "q=" in chips["grade"]["url"]
    assert "sort=name" in chips["grade"]["url"]
    assert names(mo.get(chips["q"]["url"])) == ["安一", "白二"]


def test_nothing_found_is_not_said_as_nothing_there(mo: Client, book: list[Customer]) -> None:
    assert names(page(mo, q="不存在")) == []
    assert page(mo, q="不存在").context["empty"] != page(mo, view="").context["empty"]


def test_what_was_filtered_keeps_sort_and_group_when_filtered_again(
    mo: Client, book: list[Customer]
) -> None:
    text = page(mo, sort="name", group="grade").content.decode()
    assert '<input type="hidden" name="sort" value="name">' in text
    assert '<input type="hidden" name="group" value="grade">' in text


# --- Views ----------------------------------------------------------------------------------------


def test_a_view_keeps_filters_sort_columns_and_group(mo: Client, book: list[Customer]) -> None:
    query = "grade=A&sort=-name&column=name&column=grade&group=life_class&after=x&evil=1"
    kept = post(mo, query=query, do="view", name="  好  客户 ")
    view = ListView.objects.get(name="好 客户")
    assert view.query == "grade=A&sort=-name&column=name&column=grade&group=life_class"
    assert kept["Location"] == f"{URL}?{view.query}&view={view.pk}"
    opened = mo.get(kept["Location"])
    assert [column["column"].key for column in opened.context["heads"]] == ["name", "grade"]
    assert opened.context["view"] == view
    assert opened.context["group"].key == "life_class"
    assert AuditEvent.objects.filter(event="core.list_view.saved", subject_id=view.pk).exists()


def test_saving_under_the_same_name_replaces_it(mo: Client, book: list[Customer]) -> None:
    post(mo, query="grade=A", do="view", name="我的")
    post(mo, query="grade=B", do="view", name="我的")
    assert ListView.objects.get(name="我的").query == "grade=B"


def test_a_view_of_mine_is_nobody_elses(mo: Client, cast: Cast, book: list[Customer]) -> None:
    post(mo, query="grade=A", do="view", name="我的")
    view = ListView.objects.get(name="我的")
    other = signed_in(a_user("SM", cast.project))
    assert page(other).context["views"] == []
    assert post(other, 404, do="remove_view", pk=view.pk)
    assert post(other, 404, do="open_with", pk=view.pk)
    post(mo, do="remove_view", pk=view.pk)
    assert not ListView.objects.filter(pk=view.pk).exists()


def test_a_shared_view_shows_each_reader_the_rows_of_their_own_scope(
    mo: Client, cast: Cast, book: list[Customer]
) -> None:
    other = a_user("SC", cast.project)
    a_customer(cast.project, other, name="别人的", grade="A")
    post(mo, query="grade=A", do="view", name="重点", share="*")
    view = ListView.objects.get(name="重点")
    theirs = signed_in(other)
    offered = page(theirs).context["views"]
    assert [line["label"] for line in offered] == ["重点"]
    assert not offered[0]["may_remove"]
    assert names(theirs.get(offered[0]["url"])) == ["别人的"]
    assert len(names(mo.get(offered[0]["url"]))) == 3
    assert post(theirs, 403, do="remove_view", pk=view.pk)


def test_a_view_is_shared_with_one_role_or_project_only(
    mo: Client, cast: Cast, book: list[Customer]
) -> None:
    post(mo, query="grade=A", do="view", name="顾问", share="SC")
    assert [v["label"] for v in page(signed_in(cast.lin)).context["views"]] == ["顾问"]
    assert page(signed_in(a_user("TL", cast.project))).context["views"] == []
    elsewhere = a_user("SC", a_project())
    assert page(signed_in(elsewhere)).context["views"] == []


def test_sharing_needs_the_right(cast: Cast, book: list[Customer]) -> None:
    client = signed_in(cast.lin)
    assert "share" not in page(client, save="1").context["form"].fields
    post(client, query="grade=A", do="view", name="偷着分享", share="*")
    assert not ListView.objects.get(name="偷着分享").is_shared
    with pytest.raises(Exception, match=r"core\.share_views"):
        save_view(page=PAGE, name="x", query="", is_shared=True, project_id=cast.project.pk,
                  role="", by=cast.lin, at=NOON)  # fmt: skip


def test_a_page_opens_with_the_view_chosen_and_shows_everything_when_asked(
    mo: Client, book: list[Customer]
) -> None:
    post(mo, query="grade=A", do="view", name="先看", opens="on")
    view = ListView.objects.get(name="先看")
    assert page(mo, 302)["Location"] == f"{URL}?grade=A&view={view.pk}"
    everything = page(mo, view="")
    assert len(names(everything)) == 5
    assert everything.context["clear_url"] == f"{URL}?view="
    post(mo, do="open_with")
    assert len(names(page(mo))) == 5


@pytest.mark.parametrize("name", ["", "   ", "长" * 61])
def test_a_view_needs_a_name(mo: Client, name: str) -> None:
    post(mo, 422, query="grade=A", do="view", name=name)
    assert not ListView.objects.exclude(name="").exists()


def test_a_view_of_a_thousand_filters_is_refused_with_a_sentence(mo: Client) -> None:
    post(mo, 422, query=f"q={'x' * 3000}", do="view", name="长")


def test_columns_are_chosen_once_in_an_order_and_remembered(
    mo: Client, cast: Cast, book: list[Customer]
) -> None:
    post(mo, do="columns", column=["grade", "name", "password", "grade"])
    heads = [head["column"].key for head in page(mo).context["heads"]]
    assert heads == ["grade", "name"]
    assert [h["column"].key for h in page(mo, column="owner").context["heads"]] == ["owner"]
    others = page(signed_in(a_user("SM", cast.project))).context["heads"]
    assert len(others) > 2


def test_a_list_costs_one_statement_for_views_and_columns(mo: Client, book: list[Customer]) -> None:
    def asked() -> list[str]:
        with CaptureQueriesContext(
            connection,
        ) as found:
            page(mo)
        return [query["sql"] for query in found if "core_listview" in (query["sql"] or "")]

    post(mo, query="grade=A", do="view", name="一")
    post(mo, do="columns", column=["grade", "name"])
    assert len(asked()) == 1


# --- Groups and counts ----------------------------------------------------------------------------


def test_rows_are_grouped_with_counts_and_one_group_opens(mo: Client, book: list[Customer]) -> None:
    found = page(mo, group="grade")
    assert [(g.label[0], g.count) for g in found.context["groups"]] == [
        ("A", 2),
        ("B", 1),
        ("C", 2),
    ]
    assert names(found) == []
    opened = mo.get(found.context["groups"][2].url)
    assert sorted(names(opened)) == ["丁五", "丁四"]
    assert opened.context["count"] == 5


@pytest.mark.parametrize(
    "token", [".Z", "-", ".", "x", ".2025-13", ".\x00", ".9999999999999999999"]
)
@pytest.mark.parametrize("group", ["grade", "first_contact_on", "owner", "source", "phone", "nope"])
def test_a_group_made_up_is_no_crash(
    mo: Client, book: list[Customer], token: str, group: str
) -> None:
    assert page(mo, group=group, open=token).status_code == 200


def test_days_are_grouped_by_month(mo: Client, book: list[Customer]) -> None:
    found = page(mo, group="first_contact_on")
    assert [(g.label, g.count) for g in found.context["groups"]] == [("2025-03", 5)]
    assert len(names(mo.get(found.context["groups"][0].url))) == 5


def test_groups_follow_filter_and_scope(cast: Cast, book: list[Customer]) -> None:
    stranger = signed_in(a_user("SC", cast.project))
    assert page(stranger, group="grade").context["groups"] == []
    mine = page(signed_in(cast.lin), group="grade", q="丁")
    assert [(g.label[0], g.count) for g in mine.context["groups"]] == [("C", 2)]


# --- Pages and steps ------------------------------------------------------------------------------


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    from loupan.customers.views.customers import LIST

    monkeypatch.setattr(LIST, "per_page", 2)


@pytest.mark.parametrize("sort", ["name", "-name", "next_contact_on", "-next_contact_on", ""])
@pytest.mark.usefixtures("small_pages")
def test_pages_forth_and_back_show_every_row_once(
    mo: Client, cast: Cast, book: list[Customer], sort: str
) -> None:
    book[1].next_contact_on, book[3].next_contact_on = NOON.date(), NOON.date()
    Customer.objects.bulk_update(book, ["next_contact_on"])
    address, forth = f"{URL}?sort={sort}&view=", []
    while address:
        answer = mo.get(address)
        forth.append(names(answer))
        address = answer.context["next_url"]
    assert sorted(name for names_of in forth for name in names_of) == sorted(
        str(each) for each in book
    )
    back, address = [forth[-1]], answer.context["previous_url"]
    while address:
        answer = mo.get(address)
        back.append(names(answer))
        address = answer.context["previous_url"]
    assert back[::-1] == forth


def test_the_next_record_follows_the_order_and_filter_of_the_list(
    mo: Client, book: list[Customer]
) -> None:
    listed = page(mo, grade="A", sort="name")
    first = mo.get(listed.context["lines"][0]["url"])
    assert escape("grade=A") in first.content.decode()
    step = f"{URL}?grade=A&sort=name&step="
    following = mo.get(f"{step}next&at={book[0].pk}")["Location"]
    assert following.startswith(f"/customers/{book[1].pk}/?in=")
    back = mo.get(f"{step}previous&at={book[1].pk}")["Location"]
    assert back.startswith(f"/customers/{book[0].pk}/")
    end = mo.get(f"{step}next&at={book[1].pk}")["Location"]
    assert end.startswith(f"/customers/{book[1].pk}/")  # It stays, and says so.


def test_steps_never_leave_ones_scope_nor_the_machine(cast: Cast, book: list[Customer]) -> None:
    foreign = a_customer(cast.project, a_user("SC", cast.project), name="别人")
    lin = signed_in(cast.lin)
    assert lin.get(f"{URL}?step=next&at={foreign.pk}&view=")["Location"] == f"{URL}?view="
    for at in ("x", "", "9" * 30, "-1"):
        assert lin.get(f"{URL}?step=next&at={at}&view=").status_code == 302
    record = f"/customers/{book[0].pk}/"
    for there in ("//evil.example/", "https://evil.example/", "javascript:alert(1)", "/\\evil"):
        text = lin.get(record, {"in": there, "at": "1"}).content.decode()
        assert "evil" not in text.split('class="lp-head"')[0].split("<main")[1]
        assert "data-step" not in text


# --- Many rows ------------------------------------------------------------------------------------


def test_many_rows_are_asked_for_once_and_each_has_its_result(
    mo: Client, cast: Cast, book: list[Customer]
) -> None:
    lost_to = a_user("SC", cast.project)
    ticked = [book[0].pk, book[1].pk]
    asked = post(mo, 200, do="bulk", verb="assign", pk=ticked)
    assert asked.context["count"] == 2
    assert Customer.objects.filter(owner=lost_to).count() == 0
    done = post(mo, do="bulk", verb="assign", pks=asked.context["pks"], confirmed=1,
                owner_id=lost_to.pk)  # fmt: skip
    run = BulkRun.objects.get()
    assert (run.state, run.done, run.refused, run.total) == ("done", 2, 0, 2)
    assert Customer.objects.filter(owner=lost_to).count() == 2
    shown = mo.get(done["Location"])
    assert "安一" in shown.content.decode()
    assert signed_in(cast.lin).get(done["Location"]).status_code == 404
    assert AuditEvent.objects.filter(event="customers.customer.assigned").count() == 2


def test_a_row_that_says_no_is_named_with_its_reason_and_the_others_are_done(
    mo: Client, cast: Cast, book: list[Customer], monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign = a_customer(a_project(company=cast.project.company), None, name="外面的")
    asked = post(mo, 200, do="bulk", verb="edit", pk=[book[2].pk, foreign.pk])
    assert asked.context["count"] == 1  # What is out of reach is not even counted.
    post(mo, do="bulk", verb="edit", pks=str(book[2].pk), confirmed=1, grade="D", source_id="")
    run = BulkRun.objects.get()
    BulkRun.objects.filter(pk=run.pk).update(
        state="running", row_ids=[*run.row_ids, foreign.pk, book[3].pk]
    )
    run_bulk.call(run.pk, cast.mo.pk)
    run.refresh_from_db()
    assert (run.state, run.done, run.refused) == ("done", 3, 1)
    refused = run.rows.exclude(reason="").get()
    assert refused.row_id == foreign.pk
    assert refused.label == f"#{foreign.pk}"  # A name out of reach is not told.
    book[3].refresh_from_db()
    assert book[3].grade == "D"


def test_all_rows_of_the_filter_are_meant_not_only_the_page(
    mo: Client, cast: Cast, book: list[Customer]
) -> None:
    asked = post(mo, 200, query="grade=C", do="bulk", verb="edit", whole="1")
    assert asked.context["count"] == 2
    post(mo, query="grade=C", do="bulk", verb="edit", whole="1", pks=asked.context["pks"],
         confirmed=1, grade="B")  # fmt: skip
    assert Customer.objects.filter(grade="B").count() == 3


def test_many_rows_are_left_to_the_worker_and_found_again(
    mo: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [a_customer(cast.project, cast.lin, name=f"众{n}") for n in range(21)]
    post(mo, do="bulk", verb="edit", pk=[c.pk for c in many], confirmed=1, grade="A")
    run = BulkRun.objects.get()
    assert (run.state, run.done) == ("waiting", 0)
    assert "hx-get" in mo.get(f"/lists/runs/{run.pk}/").content.decode()
    assert run.title in mo.get("/lists/runs/").content.decode()
    run_bulk.call(run.pk, cast.mo.pk)
    run_bulk.call(run.pk, cast.mo.pk)  # A second worker changes nothing.
    run.refresh_from_db()
    assert (run.state, run.done, run.refused) == ("done", 21, 0)
    assert run.rows.count() == 21
    assert Customer.objects.filter(grade="A").count() == 21
    assert mo.get(f"/lists/runs/{run.pk}/progress/")["HX-Refresh"] == "true"


def test_verbs_need_their_permission_rows_and_values(
    mo: Client, cast: Cast, book: list[Customer]
) -> None:
    lin = signed_in(cast.lin)
    assert [verb.key for verb in page(lin).context["bulk_verbs"]] == ["edit"]
    post(lin, 403, do="bulk", verb="assign", pk=[book[0].pk])
    post(mo, 400, do="bulk", verb="nothing", pk=[book[0].pk])
    post(mo, 302, do="bulk", verb="edit")
    post(mo, 422, do="bulk", verb="edit", pk=[book[0].pk], confirmed=1)
    post(mo, 405, do="nothing")
    assert mo.put(URL).status_code == 405
    assert not BulkRun.objects.exists()


# --- Cells ----------------------------------------------------------------------------------------


def cell(client: Client, row: Customer, column: str, value: Any, **more: Any) -> Any:
    htmx = {"HX-Request": "true"} if more.pop("htmx", True) else {}
    status = more.pop("status", 200)
    given = {"do": "edit", "edit": f"{row.pk}.{column}", "value": value, **more}
    answer = client.post(URL, given, headers=htmx)
    assert answer.status_code == status, answer.content.decode()[:400]
    return answer


def test_a_plain_field_is_changed_where_it_stands(cast: Cast, book: list[Customer]) -> None:
    lin, row = signed_in(cast.lin), book[0]
    mark = f"{row.pk}.grade"
    drawn = lin.get(URL, {"edit": mark}, headers={"HX-Request": "true"}).content.decode()
    assert drawn.startswith("<td")
    assert "<select" in drawn
    assert "<select" in page(lin, edit=mark).content.decode()  # The same without htmx.
    done = cell(lin, row, "grade", "C", version=0, original="A").content.decode()
    assert done.startswith("<td")
    assert "<form" not in done
    row.refresh_from_db()
    assert (row.grade, row.version) == ("C", 1)
    assert AuditEvent.objects.filter(event="customers.customer.edited").count() == 1
    assert cell(lin, row, "grade", "B", version=1, original="C", htmx=False, status=302)


def test_two_who_change_the_same_field_see_mine_and_theirs(
    cast: Cast, book: list[Customer]
) -> None:
    lin, row = signed_in(cast.lin), book[0]
    cell(signed_in(cast.mo), row, "grade", "B", version=0, original="A")
    both = cell(lin, row, "grade", "D", version=0, original="A", status=409).content.decode()
    assert "<strong>D" in both
    assert "<strong>B" in both
    row.refresh_from_db()
    assert row.grade == "B"
    cell(lin, row, "grade", "D", version=1, original="B")
    row.refresh_from_db()
    assert row.grade == "D"


def test_two_who_change_different_fields_are_not_in_each_others_way(
    cast: Cast, book: list[Customer]
) -> None:
    source = a_source(cast.project)
    cell(signed_in(cast.mo), book[0], "grade", "B", version=0, original="A")
    cell(signed_in(cast.lin), book[0], "source", source.pk, version=0, original="")
    book[0].refresh_from_db()
    assert (book[0].grade, book[0].source_id) == ("B", source.pk)


def test_a_cell_refuses_what_the_form_refuses(cast: Cast, book: list[Customer]) -> None:
    lin, row = signed_in(cast.lin), book[0]
    cell(lin, row, "grade", "Z", version=0, original="A", status=422)
    cell(lin, row, "source", "999999", version=0, original="", status=422)
    cell(lin, row, "name", "别名", version=0, original="", status=404)  # Not a plain field.
    cell(lin, row, "note", "x" * 501, version=0, original="", status=422)
    foreign = a_customer(cast.project, a_user("SC", cast.project))
    cell(lin, foreign, "grade", "C", version=0, original="B", status=404)
    auditor = a_user("AU", cast.project)
    cell(signed_in(auditor), row, "grade", "C", version=0, original="A", status=403)
    for mark in ("x", "", ".", "1", f"{'9' * 30}.grade", f"{row.pk}.__class__"):
        assert lin.get(URL, {"edit": mark}, headers={"HX-Request": "true"}).status_code == 404


# --- Taking it out --------------------------------------------------------------------------------


def sheets(client: Client, **query: Any) -> dict[str, list[list[Any]]]:
    answer = client.get(URL, {"export": "xlsx", "reason": "核对", **query})
    assert answer.status_code == 200
    book = CalamineWorkbook.from_filelike(BytesIO(answer.content))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def test_the_export_is_exactly_what_is_on_the_screen(mo: Client, book: list[Customer]) -> None:
    (lines,) = sheets(mo, grade="C", sort="-name", column=["grade", "name"]).values()
    assert [line[1] for line in lines[1:]] == sorted(["丁四", "丁五"], reverse=True)
    grouped = list(sheets(mo, group="grade", column=["name"]).values())
    assert [line[0][0] for line in grouped[0][1:]] == ["A", "A", "B", "C", "C"]
    assert [(line[0][0], line[1]) for line in grouped[1][1:]] == [("A", 2), ("B", 1), ("C", 2)]


def test_an_export_without_a_reason_asks_for_it_and_writes_nothing(
    mo: Client, book: list[Customer]
) -> None:
    asked = mo.get(URL, {"export": "xlsx", "grade": "A"})
    assert asked.status_code == 200
    assert "<form" in asked.content.decode()
    assert mo.get(URL, {"export": "xlsx", "reason": " "}).status_code == 422
    assert not AuditEvent.objects.filter(event="core.list.exported").exists()
