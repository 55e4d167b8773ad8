"""Keeping a dictionary: adding, moving, taking out of use, merging, importing (PRM-01, PRM-02)."""

from collections.abc import Iterator
from datetime import datetime
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from loupan.core.audit import history_of
from loupan.core.refusals import ChangedMeanwhile
from loupan.core.sheets.writing import OutColumn, OutSheet, write_xlsx
from loupan.org.models import User
from loupan.org.testing import a_company, a_project, a_user, signed_in, token_for
from loupan.parameters import errors, hooks
from loupan.parameters.actions import entries as actions
from loupan.parameters.hooks import Dictionary
from loupan.parameters.models import DictionaryEntry
from loupan.parameters.queries.book import book_of
from loupan.parameters.queries.entries import (
    counted_with,
    entries_in_use,
    entry_named,
    lines_of,
    names_in_use,
)
from loupan.parameters.queries.places import Place

pytestmark = pytest.mark.django_db
NOON = datetime(2025, 3, 8, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
TREE, LIST = "tested.tree", "tested.list"


class Desk:
    def __init__(self) -> None:
        self.group = a_company("海成集团")
        self.east = a_company("海成华东", parent=self.group)
        self.project = a_project("海成·云麓", company=self.east)
        self.second = a_project("海成·江湾", company=self.east)
        self.ad = a_user("AD", company=self.group)
        self.at_group = Place()
        self.at_east = Place(company=self.east)
        self.here = Place(project=self.project)

    def make(self, code: str, place: Place | None = None, **kwargs: Any) -> DictionaryEntry:
        given = {"dictionary": TREE, "name": f"词{code}", "by": self.ad, "at": NOON, **kwargs}
        return actions.make_entry(code=code, place=place or self.here, **given)

    def labels(self, project: Any = None) -> list[str]:
        words = book_of((project or self.project).pk).vocabulary(TREE).in_use()
        return [f"{'-' * depth}{word.code}" for depth, word in words]


@pytest.fixture
def desk() -> Iterator[Desk]:
    hooks.declare_dictionaries(Dictionary(TREE, "Tested tree", is_tree=True), Dictionary(LIST, "L"))
    try:
        yield Desk()
    finally:
        del hooks.DICTIONARIES[TREE], hooks.DICTIONARIES[LIST]


def test_a_project_knows_its_own_words_and_those_above(desk: Desk) -> None:
    desk.make("group", desk.at_group)
    desk.make("east", desk.at_east)
    desk.make("own")
    assert desk.labels() == ["group", "east", "own"]
    assert desk.labels(desk.second) == ["group", "east"]
    assert desk.labels(a_project(company=a_company("别家"))) == ["group"]


def test_words_hang_below_words_of_their_own_level_or_above(desk: Desk) -> None:
    top = desk.make("top", desk.at_group)
    below = desk.make("below", parent_id=top.pk)
    desk.make("deeper", parent_id=below.pk)
    assert desk.labels() == ["top", "-below", "--deeper"]
    with pytest.raises(errors.ParentNotOfThisDictionary):
        desk.make("wrong", desk.at_group, parent_id=below.pk)


def test_a_list_is_no_tree(desk: Desk) -> None:
    one = desk.make("one", dictionary=LIST)
    with pytest.raises(errors.NoTree):
        desk.make("two", dictionary=LIST, parent_id=one.pk)


def test_a_tree_ends_somewhere(desk: Desk) -> None:
    parent = None
    for depth in range(5):
        parent = desk.make(f"d{depth}", parent_id=parent.pk if parent else None)
    assert parent
    with pytest.raises(errors.TreeTooDeep):
        desk.make("d5", parent_id=parent.pk)
    top = desk.make("top")
    desk.make("leaf", parent_id=top.pk)
    fourth = DictionaryEntry.objects.get(code="d3")
    with pytest.raises(errors.TreeTooDeep):
        edit(desk, top, parent_id=fourth.pk)


@pytest.mark.parametrize("code", ["", "a b", "中文", "x" * 21, "-a", "a/b", "a\n"])
def test_a_code_is_a_code(desk: Desk, code: str) -> None:
    with pytest.raises(errors.CodeNotSensible):
        desk.make(code)


def test_a_code_means_one_thing_wherever_it_is_known(desk: Desk) -> None:
    desk.make("own")
    with pytest.raises(errors.CodeTaken):
        desk.make("own")
    with pytest.raises(errors.CodeTaken):
        desk.make("own", desk.at_group)  # The project below would know two.
    assert desk.make("own", Place(project=desk.second)).pk  # Next door knows nothing of it.
    assert desk.make("own", dictionary=LIST).pk


def edit(desk: Desk, row: DictionaryEntry, **kwargs: Any) -> DictionaryEntry:
    row.refresh_from_db()
    given = {
        "name": row.name, "name_en": row.name_en, "tone": row.tone, "parent_id": row.parent_id,
        "version": row.version, **kwargs,
    }  # fmt: skip
    return actions.edit_entry(entry_id=row.pk, **given, by=desk.ad, at=NOON)


def test_a_word_is_renamed_and_the_history_says_how(desk: Desk) -> None:
    row = edit(desk, desk.make("own", name="旧名"), name="新名", tone="red")
    newest = history_of(row)[0]
    assert newest.before == {"name": "旧名", "tone": ""}
    assert newest.after == {"name": "新名", "tone": "red"}
    with pytest.raises(ChangedMeanwhile):
        edit(desk, row, version=0)


def test_a_word_cannot_hang_on_itself_or_below(desk: Desk) -> None:
    top = desk.make("top")
    below = desk.make("below", parent_id=top.pk)
    for parent in (top, below):
        with pytest.raises(errors.EntryInsideItself):
            edit(desk, top, parent_id=parent.pk)
    edit(desk, below, parent_id=None)
    assert edit(desk, top, parent_id=below.pk).parent_id == below.pk
    assert desk.labels() == ["below", "-top"]


def test_words_move_up_and_down_among_their_like(desk: Desk) -> None:
    for code in ("a", "b", "c"):
        desk.make(code)
    last = DictionaryEntry.objects.get(code="c")
    actions.shift_entry(entry_id=last.pk, steps=-1, by=desk.ad, at=NOON)
    assert desk.labels() == ["a", "c", "b"]
    actions.shift_entry(entry_id=last.pk, steps=-5, by=desk.ad, at=NOON)
    assert desk.labels() == ["c", "a", "b"]
    actions.shift_entry(entry_id=last.pk, steps=-1, by=desk.ad, at=NOON)  # At the top already.
    assert [event.event for event in history_of(last)][:2] == [
        "parameters.dictionary_entry.moved"
    ] * 2


def test_out_of_use_a_word_and_what_hangs_on_it_are_offered_no_more(desk: Desk) -> None:
    top = desk.make("top")
    desk.make("below", parent_id=top.pk)
    for _twice in range(2):
        actions.disable_entry(entry_id=top.pk, by=desk.ad, at=NOON)
    assert desk.labels() == []
    assert book_of(desk.project.pk).vocabulary(TREE).label("top") == "词top"
    assert len(history_of(top)) == 2
    actions.enable_entry(entry_id=top.pk, by=desk.ad, at=NOON)
    assert desk.labels() == ["top", "-below"]


def test_a_merged_word_keeps_its_text_and_is_counted_under_its_successor(desk: Desk) -> None:
    one, two, three = (desk.make(code) for code in ("one", "two", "three"))
    actions.merge_entry(entry_id=one.pk, successor_id=two.pk, by=desk.ad, at=NOON)
    actions.merge_entry(entry_id=two.pk, successor_id=three.pk, by=desk.ad, at=NOON)
    one.refresh_from_db()
    assert (str(one), one.is_enabled, desk.labels()) == ("词one", False, ["three"])
    assert book_of(desk.project.pk).vocabulary(TREE).final(one.pk) == three.pk
    assert counted_with([three.pk]) == sorted([one.pk, two.pk, three.pk])
    for act in (actions.enable_entry, actions.disable_entry):
        with pytest.raises(errors.EntryMerged):
            act(entry_id=one.pk, by=desk.ad, at=NOON)
    with pytest.raises(errors.EntryMerged):
        edit(desk, one, name="再改")


def test_what_cannot_be_merged_is_refused(desk: Desk) -> None:
    top = desk.make("top")
    below = desk.make("below", parent_id=top.pk)
    other, own = desk.make("other", dictionary=LIST), desk.make("own", desk.at_east)
    wrong = [(top, below), (below, below), (below, other), (own, below)]
    for row, successor in wrong:  # The last: a word of the company into one only the project knows.
        with pytest.raises(errors.MergeNotPossible):
            actions.merge_entry(entry_id=row.pk, successor_id=successor.pk, by=desk.ad, at=NOON)
    with pytest.raises(errors.EntryHasChildren):
        actions.merge_entry(entry_id=top.pk, successor_id=own.pk, by=desk.ad, at=NOON)
    assert actions.merge_entry(entry_id=below.pk, successor_id=own.pk, by=desk.ad, at=NOON)


def test_of_two_words_of_one_name_the_nearest_is_meant(desk: Desk) -> None:
    far = desk.make("far", desk.at_group, name="同名", name_en="Same")
    near = desk.make("near", name="同名")
    found = entry_named(desk.project.pk, TREE, "同名")
    assert found == near
    assert names_in_use(desk.project.pk, TREE)["同名"] == near.pk
    assert names_in_use(desk.project.pk, TREE)["same"] == far.pk
    assert entry_named(desk.project.pk, TREE, str(far.pk)) == far
    assert entry_named(desk.project.pk, TREE, "far") == far
    assert [row.code for row in entries_in_use(desk.second.pk, TREE)] == ["far"]


def test_only_who_may_at_that_level_changes_a_word(desk: Desk) -> None:
    row = desk.make("east", desk.at_east)
    marketing = a_user("MK", desk.project)
    assert desk.make("own", by=marketing).pk
    with pytest.raises(PermissionDenied):
        desk.make("x", desk.at_east, by=marketing)
    with pytest.raises(PermissionDenied):
        actions.disable_entry(entry_id=row.pk, by=marketing, at=NOON)


# --- the doors --------------------------------------------------------------------------------------


def sheet(*rows: list[str]) -> SimpleUploadedFile:
    heads = [OutColumn(text) for text in ("代码", "名称", "所属", "启用")]
    buffer = BytesIO()
    write_xlsx(buffer, [OutSheet("字典", heads, rows)])
    return SimpleUploadedFile("words.xlsx", buffer.getvalue())


def test_a_list_is_imported_changed_and_imported_again(desk: Desk) -> None:
    client, url = signed_in(desk.ad), f"/parameters/dictionaries/{TREE}/"
    place = f"?place={desk.here.key}"
    rows = (["a", "甲", "", ""], ["b", "乙", "a", ""], ["c", "丙", "", "否"])
    answer = client.post(f"{url}import/{place}", {"file": sheet(*rows)})
    assert answer.status_code == 302
    assert desk.labels() == ["a", "-b"]
    client.post(f"{url}import/{place}", {"file": sheet(["b", "乙二", "", ""])})
    assert [(line.entry.code, line.entry.name, line.depth) for line in lines_of(desk.here, TREE)] == [
        ("a", "甲", 0), ("c", "丙", 0), ("b", "乙二", 0),
    ]  # fmt: skip
    exported = client.get(f"{url}{place}&export=xlsx")
    back = SimpleUploadedFile("back.xlsx", exported.getvalue())
    before = list(DictionaryEntry.objects.filter(dictionary=TREE).values_list("pk", "version"))
    assert client.post(f"{url}import/{place}", {"file": back}).status_code == 302
    assert (
        list(DictionaryEntry.objects.filter(dictionary=TREE).values_list("pk", "version")) == before
    )


@pytest.mark.parametrize(
    "row", [["a b", "甲", "", ""], ["a", "甲", "nowhere", ""], ["", "甲", "", ""]]
)
def test_a_list_with_one_wrong_row_is_not_taken_at_all(desk: Desk, row: list[str]) -> None:
    url = f"/parameters/dictionaries/{TREE}/import/?place={desk.here.key}"
    answer = signed_in(desk.ad).post(url, {"file": sheet(["ok", "好", "", ""], row)})
    assert answer.status_code == 422
    assert not DictionaryEntry.objects.filter(dictionary=TREE).exists()


def test_what_is_no_sheet_is_said(desk: Desk) -> None:
    url = f"/parameters/dictionaries/{TREE}/import/?place={desk.here.key}"
    for content in (b"\x00\x01", b"", b"x,y\n1,2\n"):
        answer = signed_in(desk.ad).post(url, {"file": SimpleUploadedFile("w.csv", content)})
        assert answer.status_code == 422


def test_the_pages_work_from_the_first_word_to_the_merge(desk: Desk) -> None:
    client, place = signed_in(desk.ad), f"?place={desk.here.key}"
    assert client.get(f"/parameters/dictionaries/{place}").status_code == 200
    new = f"/parameters/dictionaries/{TREE}/new/{place}"
    assert client.get(new).status_code == 200
    assert client.post(new, {"code": "bad code", "name": "甲"}).status_code == 422
    for code in ("a", "b"):
        assert client.post(new, {"code": code, "name": code}).status_code == 302
    a, b = DictionaryEntry.objects.filter(dictionary=TREE).order_by("code")
    assert client.get(f"/parameters/dictionaries/{TREE}/{place}").status_code == 200
    client.post(f"/parameters/entries/{b.pk}/shifting/", {"to": "up"})
    assert desk.labels() == ["b", "a"]
    changed = {"name": "乙", "version": "0", "parent_id": str(a.pk)}
    assert client.post(f"/parameters/entries/{b.pk}/", changed).status_code == 302
    assert (
        client.post(f"/parameters/entries/{a.pk}/merging/", {"successor_id": b.pk}).status_code
        == 422
    )
    assert (
        client.post(f"/parameters/entries/{b.pk}/merging/", {"successor_id": a.pk}).status_code
        == 302
    )
    assert client.get(f"/parameters/entries/{b.pk}/").status_code == 200
    assert client.post(f"/parameters/entries/{b.pk}/enabling/").status_code == 422
    assert client.post(f"/parameters/entries/{a.pk}/disabling/").status_code == 302
    assert desk.labels() == []


def api(user: User) -> Client:
    return Client(headers={"Authorization": f"Bearer {token_for(user)}"})


def test_the_api_keeps_a_dictionary(desk: Desk) -> None:
    client, url = api(desk.ad), f"/api/v1/dictionaries/{TREE}/{desk.here.key}/"
    made = client.post(url, {"code": "a", "name": "甲"}, "application/json")
    assert made.status_code == 201
    second = client.post(
        url, {"code": "b", "name": "乙", "parent_id": made.json()["id"]}, "application/json"
    ).json()
    assert [(e["code"], e["depth"]) for e in client.get(url).json()["items"]] == [
        ("a", 0),
        ("b", 1),
    ]
    one = f"/api/v1/dictionary-entries/{second['id']}/"
    changed = client.put(one, {"name": "乙二", "version": 0}, "application/json").json()
    assert (changed["name"], changed["parent_id"], changed["version"]) == ("乙二", None, 1)
    stale = client.put(one, {"name": "乙三", "version": 0}, "application/json")
    assert (stale.status_code, stale.json()["code"]) == (409, "changed_meanwhile")
    assert client.post(f"{one}disabling/").json()["is_enabled"] is False
    assert client.delete(f"{one}disabling/").json()["is_enabled"] is True
    merged = client.post(f"{one}merging/", {"successor_id": made.json()["id"]}, "application/json")
    assert merged.json()["successor_id"] == made.json()["id"]
    assert client.get(f"/api/v1/dictionaries/no.such/{desk.here.key}/").status_code == 404
