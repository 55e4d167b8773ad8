"""A file of customers that is kept: tried, carried out in parts, shown, taken back."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from python_calamine import CalamineWorkbook

from loupan.core.audit import history_of
from loupan.core.models import ImportState
from loupan.customers import errors, spreadsheets
from loupan.customers.actions import contacts, import_files, registrations
from loupan.customers.models import Customer, CustomerImport, DuplicateAttempt, Person
from loupan.customers.tasks import run_customers_import
from loupan.customers.testing import NOON, a_customer, a_source
from loupan.org.models import User
from loupan.org.testing import Cast, a_project, a_user, signed_in, token_for

pytestmark = pytest.mark.django_db
HEAD = [
    "客户姓名",
    "联系电话",
    "证件号码",
    "意向等级",
    "认知途径",
    "置业顾问",
    "备注",
    "地址",
    "性别",
]
SECRET = "13800138000"


def a_file(*rows: list[str], head: list[str] = HEAD) -> bytes:
    buffer = io.StringIO()
    filled = [[*row, *[""] * (len(head) - len(row))] for row in rows]
    csv.writer(buffer).writerows([head, *filled])
    return buffer.getvalue().encode("gb18030")


def received(
    cast: Cast, content: bytes, *, by: User | None = None, name: str = "客户.csv", **options: Any
) -> CustomerImport:
    given = {"mapping": {}, "is_dry_run": False, "changes_existing": True, **options}
    return import_files.receive_customers_file(
        project_id=cast.project.pk,
        filename=name,
        content=content,
        by=by or cast.mo,
        at=NOON,
        **given,
    )


def bring_in(
    cast: Cast, *rows: list[str], by: User | None = None, **options: Any
) -> CustomerImport:
    batch = received(cast, a_file(*rows), by=by, **options)
    return spreadsheets.carry_out(batch.pk, by=by or cast.mo)


def counts(batch: CustomerImport) -> tuple[int, int, int, int, int]:
    return batch.created, batch.updated, batch.unchanged, batch.duplicates, batch.refused


NEW = [
    "陈晓雨",
    SECRET,
    "11010519491231002X",
    "A",
    "自然到访",
    "",
    "要三房",
    "无锡市梁溪区人民中路1号",
    "女",
]


def test_a_dry_run_says_everything_and_writes_nothing(cast: Cast) -> None:
    a_source(cast.project)
    batch = bring_in(cast, NEW, ["错号", "12345"], ["陈晓雨二", SECRET], is_dry_run=True)
    assert batch.state == ImportState.DRY_RUN
    assert counts(batch) == (1, 0, 0, 1, 1)
    assert not Customer.objects.exists()
    assert [(e["row"], e["column"], e["is_duplicate"]) for e in batch.errors] == [
        (3, "phones", False), (4, "phones", True),
    ]  # fmt: skip
    assert batch.understood["encoding"] == "GB18030"
    assert batch.understood["mapping"]["phones"] == "联系电话"


def test_a_second_import_changes_only_what_the_file_says_otherwise(cast: Cast) -> None:
    a_source(cast.project)
    bring_in(cast, NEW)
    again = bring_in(cast, NEW)
    assert counts(again) == (0, 0, 1, 0, 0)
    other = ["陈晓雨", SECRET, "", "B", "", "林小雨", "改看两房", "新地址88号", ""]
    changed = bring_in(cast, other)
    assert counts(changed) == (0, 1, 0, 0, 0)
    chen = Customer.objects.get()
    assert (chen.grade, chen.owner, chen.note, chen.address) == (
        "B",
        cast.lin,
        "改看两房",
        "新地址88号",
    )
    assert (chen.sex, chen.person.id_number) == ("f", "11010519491231002X")
    entry = history_of(chen).first()
    assert entry is not None
    assert entry.after["grade"] == "B"
    assert "新地址88号" not in str(entry.after)
    sample = changed.understood["samples"]["updated"][0]
    assert (sample["before"]["grade"], sample["after"]["grade"]) == ("A", "B")
    assert "人民中路1号" not in str(changed.understood)


def test_a_dry_run_tells_old_and_new(cast: Cast) -> None:
    bring_in(cast, ["陈晓雨", SECRET, "", "A"])
    tried = bring_in(cast, ["陈晓雨", SECRET, "", "C"], is_dry_run=True)
    assert counts(tried) == (0, 1, 0, 0, 0)
    assert Customer.objects.get().grade == "A"
    assert tried.understood["samples"]["updated"][0]["before"] == {"grade": "A"}


@pytest.mark.parametrize("grade", ["", "--", "Z", "/"])
def test_an_empty_or_unknown_grade_changes_nothing(cast: Cast, grade: str) -> None:
    bring_in(cast, ["陈晓雨", SECRET, "", "A"])
    assert counts(bring_in(cast, ["陈晓雨", SECRET, "", grade])) == (0, 0, 1, 0, 0)


def test_who_is_there_stays_when_asked_for(cast: Cast) -> None:
    bring_in(cast, ["陈晓雨", SECRET, "", "A"])
    batch = bring_in(cast, ["陈晓雨", SECRET, "", "B"], changes_existing=False)
    assert counts(batch) == (0, 0, 0, 1, 0)
    assert Customer.objects.get().grade == "A"


def test_a_phone_under_another_name_is_nobody_to_change(cast: Cast) -> None:
    bring_in(cast, ["陈晓雨", SECRET, "", "A"], ["曾国强", "13900139000"])
    other = bring_in(cast, ["王五", SECRET, "", "B"])
    several = bring_in(cast, ["陈晓雨", f"{SECRET}、13900139000"])
    assert counts(other) == counts(several) == (0, 0, 0, 1, 0)
    assert other.errors[0]["reason"] == str(errors.OtherName())
    assert several.errors[0]["reason"] == str(errors.SeveralCustomers())


def test_who_is_out_of_reach_gets_the_guarded_answer_and_the_attempt_is_kept(cast: Cast) -> None:
    """A team leader's own view of the project is the team; others' customers are guarded."""
    a_customer(cast.project, a_user("SC", cast.project), name="别人的客", phone=SECRET)
    narrow = a_user("TL", cast.project)
    role = narrow.holdings.get().post.role
    role.permissions = [*role.permissions, "customers.import"]
    role.save()
    narrow = User.objects.get(pk=narrow.pk)
    batch = bring_in(cast, ["别人的客", SECRET, "", "A"], by=narrow)
    assert counts(batch) == (0, 0, 0, 1, 0)
    assert cast.project.name in batch.errors[0]["reason"]
    assert "别人的客" not in batch.errors[0]["reason"]
    assert DuplicateAttempt.objects.count() == 1
    assert Customer.objects.get().grade == "B"


def test_an_id_number_known_in_another_project_is_a_duplicate(cast: Cast) -> None:
    a_customer(a_project(company=cast.project.company), None, id_number="11010519491231002X")
    batch = bring_in(cast, NEW[:3])
    assert counts(batch) == (0, 0, 0, 1, 0)
    assert batch.errors[0]["column"] == "id_number"


def test_only_where_one_may_import(cast: Cast) -> None:
    content = a_file(NEW)
    for stranger in (cast.lin, cast.wei, cast.guest):
        with pytest.raises(PermissionDenied):
            received(cast, content, by=stranger)
    batch = received(cast, content)
    for stranger in (cast.lin, cast.wei, cast.guest):
        with pytest.raises(PermissionDenied):
            spreadsheets.carry_out(batch.pk, by=stranger)
        with pytest.raises(PermissionDenied):
            import_files.undo_customers_import(import_id=batch.pk, by=stranger, at=NOON)


def test_the_file_and_what_it_changed_are_sealed_at_rest(cast: Cast) -> None:
    bring_in(cast, [NEW[0], SECRET, "", "", "", "", "", "旧地址一号"])
    bring_in(cast, ["陈晓雨", SECRET, "", "", "", "", "", "新地址二号"])
    with connection.cursor() as cursor:
        cursor.execute("SELECT content, errors, understood FROM customers_customerimport")
        kept = cursor.fetchall()
        cursor.execute("SELECT before FROM customers_customerimportrow")
        kept += cursor.fetchall()
    text = "".join(
        bytes(part).decode("gb18030", "replace")
        if isinstance(part, bytes | memoryview)
        else str(part)
        for row in kept
        for part in row
    )
    assert SECRET not in text
    assert "旧地址" not in text


# --- Taking back ----------------------------------------------------------------------------------


def undo(cast: Cast, batch: CustomerImport) -> CustomerImport:
    return import_files.undo_customers_import(import_id=batch.pk, by=cast.mo, at=NOON)


def test_an_import_is_undone_created_and_changed(cast: Cast) -> None:
    bring_in(cast, ["老客", "13700137000", "", "A", "", "", "旧", "旧地址"])
    batch = bring_in(cast, NEW[:4], ["老客", "13700137000", "", "D", "", "林小雨", "新", "新地址"])
    assert counts(batch)[:2] == (1, 1)
    people = Person.objects.count()
    undone = undo(cast, batch)
    assert undone.state == ImportState.UNDONE
    old = Customer.objects.get()
    assert (old.name, old.grade, old.owner, old.note, old.address) == (
        "老客",
        "A",
        None,
        "旧",
        "旧地址",
    )
    assert old.protected_until is not None
    assert Person.objects.count() == people - 1
    assert undone.understood["kept"] == []
    with pytest.raises(errors.ImportNotDone):
        undo(cast, batch)
    assert counts(bring_in(cast, NEW[:4])) == (1, 0, 0, 0, 0)  # Nothing of them is left.


def test_whom_somebody_worked_with_since_stays_and_is_named(cast: Cast) -> None:
    bring_in(cast, ["改过的", "13700137000", "", "A"])
    batch = bring_in(
        cast,
        ["没动过", "13600136000"],
        ["被编辑", "13600136001"],
        ["来访过", "13600136002"],
        ["改过的", "13700137000", "", "B"],
    )
    by_name = {customer.name: customer for customer in Customer.objects.all()}
    for name in ("被编辑", "改过的"):
        row = by_name[name]
        registrations.edit_customer(
            customer_id=row.pk, version=row.version, grade="D", by=cast.mo, at=NOON
        )
    contacts.record_visit(
        customer_id=by_name["来访过"].pk, party_size=1, source_id=None, grade="B",
        next_contact_on=(NOON + timedelta(days=3)).date(), note="", by=cast.mo, at=NOON,
    )  # fmt: skip
    undone = undo(cast, batch)
    assert {kept["name"] for kept in undone.understood["kept"]} == {"被编辑", "来访过", "改过的"}
    assert set(Customer.objects.values_list("name", flat=True)) == {"被编辑", "来访过", "改过的"}
    assert Customer.objects.get(name="改过的").grade == "D"


def test_a_dry_run_cannot_be_undone(cast: Cast) -> None:
    with pytest.raises(errors.ImportNotDone):
        undo(cast, bring_in(cast, NEW[:2], is_dry_run=True))


# --- Parts and stops ------------------------------------------------------------------------------


def test_a_stopped_import_goes_on_where_it_stopped(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spreadsheets, "PART", 2)
    rows = [[f"客{n}", f"1380000{n:04d}"] for n in range(5)]
    batch = received(cast, a_file(*rows, ["客0", "13800000000"]))
    real = import_files.import_customers_part
    calls: list[int] = []

    def killed(**given: Any) -> CustomerImport:
        if len(calls) == 1:
            raise KeyboardInterrupt
        calls.append(1)
        return real(**given)

    monkeypatch.setattr(import_files, "import_customers_part", killed)
    with pytest.raises(KeyboardInterrupt):
        spreadsheets.carry_out(batch.pk, by=cast.mo)
    monkeypatch.setattr(import_files, "import_customers_part", real)
    batch.refresh_from_db()
    assert (batch.state, batch.done, Customer.objects.count()) == ("running", 2, 2)
    done = spreadsheets.carry_out(batch.pk, by=cast.mo)
    assert (done.state, done.done, counts(done)) == ("done", 6, (5, 0, 0, 1, 0))
    assert len(import_files_ids(done)) == 5


def import_files_ids(batch: CustomerImport) -> list[int]:
    return [pk for a, b in batch.understood["created_ids"] for pk in range(a, b + 1)]


# --- Doors ----------------------------------------------------------------------------------------


def test_the_page_from_upload_to_undo(cast: Cast) -> None:
    a_source(cast.project)
    client = signed_in(cast.mo)
    file = SimpleUploadedFile("线索.csv", a_file(NEW, ["错号", "123"], ["=1+1", "13500135000"]))
    sent = client.post("/customers/imports/", {"file": file, "changes_existing": "on"})
    batch = CustomerImport.objects.get()
    assert sent["Location"] == f"/customers/imports/{batch.pk}/"
    assert "hx-get" in client.get(sent["Location"]).content.decode()
    run_customers_import.call(batch.pk, cast.mo.pk)
    page = client.get(sent["Location"]).content.decode()
    assert "陈晓雨" in page
    assert SECRET not in page
    client.post(f"{sent['Location']}run/", {"again": "1", "name": "A", "phones": "B", "note": "G"})
    batch.refresh_from_db()
    assert (batch.state, batch.mapping["note"]) == ("waiting", "G")
    run_customers_import.call(batch.pk, cast.mo.pk)
    client.post(f"{sent['Location']}run/")
    run_customers_import.call(batch.pk, cast.mo.pk)
    batch.refresh_from_db()
    assert (batch.state, batch.created, batch.refused) == ("done", 2, 1)
    assert client.get(f"{sent['Location']}progress/")["HX-Refresh"] == "true"
    listed = client.get("/customers/imports/").content.decode()
    assert "线索.csv" in listed
    client.post(f"{sent['Location']}undoing/")
    assert not Customer.objects.exists()
    for stranger in (cast.lin, cast.wei):
        assert signed_in(stranger).get(sent["Location"]).status_code in {403, 404}


def test_the_columns_chosen_are_remembered_for_the_same_headings(cast: Cast) -> None:
    head = ["甲", "乙", "丙"]
    chosen = {"name": "A", "phones": "B", "note": "C"}
    content = a_file(["陈晓雨", SECRET, "要三房"], head=head)
    batch = received(cast, content, mapping=chosen)
    spreadsheets.carry_out(batch.pk, by=cast.mo)
    again = received(cast, content, mapping=chosen, is_dry_run=True)
    spreadsheets.carry_out(again.pk, by=cast.mo)
    CustomerImport.objects.filter(pk=again.pk).update(mapping={})
    page = signed_in(cast.mo).get(f"/customers/imports/{again.pk}/")
    form = page.context["mapping_form"]
    assert form.fields["note"].initial == "C"


def test_the_error_workbook_holds_the_rows_as_they_were_and_no_formula(cast: Cast) -> None:
    batch = bring_in(cast, NEW[:2], ["=cmd|' /C calc'!A0", "12345", "", "", "", "", "@SUM(A1)"])
    answer = signed_in(cast.mo).get(f"/customers/imports/{batch.pk}/errors/")
    assert answer["Cache-Control"] == "no-store"
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    head, line = book.get_sheet_by_index(0).to_python()
    assert head[: len(HEAD)] == HEAD
    assert line[0] == "=cmd|' /C calc'!A0"
    assert line[-1] == str(errors.InvalidPhone())
    assert b"<f>" not in answer.content


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"", "x.csv"),
        (b"PK\x03\x04broken", "x.xlsx"),
        (b"\x00" * 4096, "x.xls"),
        (b"a,b\n1,2", "x.csv"),
    ],
)
def test_a_file_that_is_none_is_refused_with_a_sentence(
    cast: Cast, content: bytes, name: str
) -> None:
    batch = spreadsheets.carry_out(received(cast, content, name=name).pk, by=cast.mo)
    assert batch.state == ImportState.REFUSED
    assert batch.message
    page = signed_in(cast.mo).get(f"/customers/imports/{batch.pk}/")
    assert page.status_code == 200
    assert signed_in(cast.mo).get(f"/customers/imports/{batch.pk}/errors/").status_code == 302


def test_the_api_tries_carries_out_and_undoes(cast: Cast) -> None:
    from django.test import Client

    client = Client(headers={"Authorization": f"Bearer {token_for(cast.mo)}"})
    address = f"/api/v1/projects/{cast.project.pk}/customer-imports/"

    def send(**fields: Any) -> Any:
        file = SimpleUploadedFile("客户.csv", a_file(NEW[:2], ["错号", "1"]))
        return client.post(address, {"file": file, **fields})

    tried = send(dry_run="true")
    assert (tried.status_code, tried.json()["state"], tried.json()["created"]) == (
        201,
        "dry_run",
        1,
    )
    done = send().json()
    assert (done["created"], done["refused"], done["problems"][0]["row"]) == (1, 1, 3)
    assert client.get(address).json()["items"][0]["id"] == done["id"]
    assert client.get(f"/api/v1/customer-imports/{done['id']}/").json()["state"] == "done"
    undone = client.delete(f"/api/v1/customer-imports/{done['id']}/")
    assert (undone.status_code, undone.json()["state"], undone.json()["kept"]) == (
        200,
        "undone",
        [],
    )
    assert client.delete(f"/api/v1/customer-imports/{done['id']}/").status_code == 409
    assert send(mapping="[1]").status_code == 422
    assert send(mapping='{"evil": "A"}').status_code == 422
    stranger = Client(headers={"Authorization": f"Bearer {token_for(cast.lin)}"})
    assert stranger.get(f"/api/v1/customer-imports/{done['id']}/").status_code == 404
    assert stranger.get(address).status_code == 403
