"""Customers from a spreadsheet: counted, deduplicated, by the rules of one registration."""

import csv
import io
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command

from loupan.core.audit import history_of
from loupan.core.sheets.reading import read_workbook
from loupan.customers import queries
from loupan.customers.actions import import_files
from loupan.customers.actions.registrations import register_customer
from loupan.customers.models import Customer, CustomerImport, CustomerPhone, Person
from loupan.customers.spreadsheets import import_file
from loupan.customers.testing import NOON, a_customer, a_source
from loupan.org.models import User
from loupan.org.testing import Cast

pytestmark = pytest.mark.django_db
HEAD = ["客户姓名", "联系电话", "证件号码", "意向等级", "认知途径", "置业顾问", "备注", "客户类型"]
ROWS = [
    ["陈晓雨", "138 0013-8000", "110105491231002", "A", "自然到访", "林小雨", "要三房", "个人"],
    ["曾国强", "１３９００１３９０００、023-67891234", "", "", "", "", "", ""],
    ["海成置业有限公司", "13700137000", "91350100M000100Y43", "B", "", "", "", "公司"],
    ["陈晓雨", "+8613800138000", "", "", "", "", "", ""],
    ["无电话", "", "", "", "", "", "", ""],
    ["错号", "12345", "", "", "", "", "", ""],
    ["错证", "13600136000", "110105194912310021", "", "", "", "", ""],
    ["", "13500135000", "", "", "", "", "", ""],
    ["怪来源", "13400134000", "", "", "火星", "", "", ""],
    ["怪顾问", "13300133000", "", "", "", "张三丰", "", ""],
]


def a_file(rows: list[list[str]], head: list[str] = HEAD) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer).writerows([head, *rows])
    return buffer.getvalue().encode("gb18030")


def bring_in(
    cast: Cast, content: bytes, *, is_dry_run: bool = False, by: User | None = None
) -> CustomerImport:
    return import_file(
        project=cast.project,
        content=content,
        filename="客户.csv",
        is_dry_run=is_dry_run,
        by=by or cast.mo,
        at=NOON,
    )


def counts(result: CustomerImport) -> tuple[int, int, int]:
    return result.created, result.duplicates, result.refused


def test_rows_are_taken_found_double_or_refused_each_with_its_reason(cast: Cast) -> None:
    source = a_source(cast.project)
    result = bring_in(cast, a_file(ROWS))
    assert counts(result) == (3, 1, 6)
    assert sorted(problem["row"] for problem in result.errors) == [5, 6, 7, 8, 9, 10, 11]
    chen = Customer.objects.get(name="陈晓雨")
    assert (chen.grade, chen.owner, chen.source, chen.note) == ("A", cast.lin, source, "要三房")
    assert chen.person.id_number == "11010519491231002X"
    zeng = Customer.objects.get(name="曾国强")
    assert (zeng.pinyin, zeng.initials) == ("zengguoqiang", "zgq")
    assert [phone.number for phone in zeng.phones.all()] == ["13900139000", "02367891234"]
    assert Customer.objects.get(kind="corporate").person.id_number == "91350100M000100Y43"
    assert queries.search(cast.mo, "139 0013 9000") == [zeng]
    assert history_of(chen).get().event == "customers.customer.imported"


def test_a_second_import_creates_nothing(cast: Cast) -> None:
    a_source(cast.project)
    bring_in(cast, a_file(ROWS))
    assert counts(bring_in(cast, a_file(ROWS))) == (0, 4, 6)
    assert Customer.objects.count() == 3


def test_a_dry_run_counts_the_same_and_writes_nothing(cast: Cast) -> None:
    a_source(cast.project)
    assert counts(bring_in(cast, a_file(ROWS), is_dry_run=True)) == (3, 1, 6)
    assert not Customer.objects.exists()
    assert not Person.objects.exists()


def test_who_is_registered_already_is_left_alone(cast: Cast) -> None:
    a_customer(cast.project, cast.lin, phone="13800138000")
    a_customer(cast.other_project, cast.wei, id_number="91350100M000100Y43")
    rows = [ROWS[1], ROWS[2], ["陈晓雨", "13800138000", "", "", "", "", "", ""]]
    assert counts(bring_in(cast, a_file(rows))) == (1, 2, 0)


def test_a_phone_of_another_project_is_the_same_person(cast: Cast) -> None:
    there = a_customer(cast.other_project, cast.wei, phone="13800138000")
    rows = [["陈晓雨", "13800138000", "", "", "", "", "", ""]]
    assert counts(bring_in(cast, a_file(rows))) == (1, 0, 0)
    assert Customer.objects.get(project=cast.project).person == there.person


def test_what_comes_after_an_import_gets_fresh_ids(cast: Cast) -> None:
    a_source(cast.project)
    bring_in(cast, a_file(ROWS))
    later = register_customer(
        project_id=cast.project.pk, name="新", phones=["13100131000"], by=cast.mo, at=NOON
    )
    assert later.pk > max(Customer.objects.exclude(pk=later.pk).values_list("pk", flat=True))
    assert CustomerPhone.objects.filter(customer=later).count() == 1


def test_only_who_may_import_imports(cast: Cast) -> None:
    for person in (cast.lin, cast.wei, cast.zhao, cast.guest):
        with pytest.raises(PermissionDenied):
            bring_in(cast, a_file(ROWS), by=person)
        with pytest.raises(PermissionDenied):
            bring_in(cast, a_file(ROWS), is_dry_run=True, by=person)
    assert not Customer.objects.exists()


def test_a_file_without_phones_is_refused_with_a_sentence(cast: Cast) -> None:
    batch = bring_in(cast, a_file([["陈晓雨", "x"]], ["客户姓名", "颜色"]))
    assert batch.state == "refused"
    assert "联系电话" in batch.message
    assert not Customer.objects.exists()


def test_the_command_reports_and_writes_the_refused_rows(
    cast: Cast, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, wrong = tmp_path / "客户.csv", tmp_path / "wrong.xlsx"
    path.write_bytes(a_file(ROWS))
    a_source(cast.project)
    given = [cast.project.code, str(path), "--by", cast.mo.username]
    call_command("import_customers", *given, "--dry-run")
    said = "(dry run): 3 created, 0 updated, 0 unchanged, 1 duplicate, 6 refused"
    assert said in capsys.readouterr().out
    call_command("import_customers", *given, "--errors", str(wrong))
    assert ": 3 created, 0 updated, 0 unchanged, 1 duplicate, 6 refused" in capsys.readouterr().out
    book = read_workbook(wrong.read_bytes(), "wrong.xlsx")
    assert len(book.sheets[0].rows) == 1 + 7
    assert book.sheets[0].rows[0][:2] == ["客户姓名", "联系电话"]


def test_what_the_command_brought_in_is_undone_like_a_file_of_the_page(
    cast: Cast, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = a_customer(cast.project, cast.lin, name="陈晓雨", phone="13800138000", grade="C")
    path = tmp_path / "客户.csv"
    path.write_bytes(a_file([["陈晓雨", "13800138000", "", "A"], ["曾国强", "13900139000"]]))
    given = [cast.project.code, str(path), "--by", cast.mo.username]
    call_command("import_customers", *given)
    assert "1 created, 0 updated, 0 unchanged, 1 duplicate" in capsys.readouterr().out
    call_command("import_customers", *given, "--change-existing")
    assert "0 created, 1 updated, 1 unchanged" in capsys.readouterr().out
    kept.refresh_from_db()
    assert kept.grade == "A"
    for batch in CustomerImport.objects.order_by("-pk"):
        import_files.undo_customers_import(import_id=batch.pk, by=cast.mo, at=NOON)
    kept.refresh_from_db()
    assert kept.grade == "C"
    assert list(Customer.objects.all()) == [kept]


def test_the_command_says_what_is_wrong(cast: Cast, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"\x00\x01\x02")
    with pytest.raises(CommandError):
        call_command("import_customers", cast.project.code, str(path), "--by", cast.mo.username)
    with pytest.raises(CommandError, match="no project"):
        call_command("import_customers", "NOWHERE", str(path))
    with pytest.raises(CommandError, match="Nobody who may"):
        call_command("import_customers", cast.project.code, str(path), "--by", "nobody")
    with pytest.raises(CommandError):
        call_command("import_customers", cast.project.code, str(tmp_path / "none.csv"))
