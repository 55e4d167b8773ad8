"""Real files come in as they are; a repeated file changes nothing; an import can be undone."""

import csv
import json
import time
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils.timezone import now

from loupan.core.models import AuditEvent, ImportState
from loupan.core.sheets.reading import read_workbook
from loupan.core.sheets.testing import open_data
from loupan.inventory import errors, spreadsheets
from loupan.inventory.actions import imports
from loupan.inventory.actions.units import withhold_units
from loupan.inventory.models import (
    Building,
    Entrance,
    Layout,
    Unit,
    UnitChange,
    UnitImport,
)
from loupan.inventory.queries.board import board, board_version
from loupan.inventory.testing import a_unit
from loupan.org.models import Project, User
from loupan.org.testing import a_post, a_project, a_user, hold

pytestmark = pytest.mark.django_db

SIJI = (
    "siji_units_fullroomno.xls",
    "siji_units_shortroomno.xls",
    "derived_siji_gb18030.csv",
    "derived_siji_utf16le_tab.csv",
    "derived_siji_utf8bom_semicolon.csv",
)
LIST = "楼栋,单元,楼层,房号,建筑面积,套内面积,单价\n"


def clerk(project: Project) -> User:
    """Somebody who imports units and may release them."""
    user = a_user("PD", project)
    hold(user, a_post("CC", project))
    return user


def bring_in(
    project: Project,
    content: bytes | str | Path,
    *,
    filename: str = "units.csv",
    is_dry_run: bool = False,
    mapping: dict[str, str] | None = None,
    by: User | None = None,
) -> UnitImport:
    if isinstance(content, Path):
        filename, content = content.name, content.read_bytes()
    elif isinstance(content, str):
        content = content.encode()
    user = by or clerk(project)
    batch = imports.receive_units_file(
        project_id=project.pk,
        filename=filename,
        content=content,
        mapping=mapping or {},
        is_dry_run=is_dry_run,
        by=user,
        at=now(),
    )
    return spreadsheets.carry_out(batch.pk, by=user)


def counts(batch: UnitImport) -> tuple[int, int, int, int]:
    return batch.created, batch.updated, batch.unchanged, batch.refused


def facts(project: Project) -> set[tuple[Any, ...]]:
    """What the five layouts must agree on: place, areas, prices."""
    return set(
        Unit.objects.filter(project=project).values_list(
            "building__code",
            "building__name",
            "entrance__code",
            "floor_no",
            "position",
            "number",
            "predicted_built_area",
            "predicted_inner_area",
            "list_unit_price",
            "filed_unit_price",
            "list_total",
        )
    )


def test_every_layout_of_the_presale_list_gives_the_same_292_units() -> None:
    seen = []
    for name in SIJI:
        project = a_project()
        batch = bring_in(project, open_data("sz_presale_siji", name))
        assert counts(batch) == (292, 0, 0, 0), (name, batch.errors[:3], batch.message)
        seen.append(facts(project))
    assert all(each == seen[0] for each in seen)
    assert ("2", "四季名苑2栋", "", 7, 1, "2-701") in {each[:6] for each in seen[0]}
    assert ("1", "四季名苑1栋", "4", 19, 5, "1-4-1905") in {each[:6] for each in seen[0]}
    one = next(each for each in seen[0] if each[5] == "2-701")
    assert one[6:] == (
        Decimal("140.94"),
        Decimal("107.59"),
        Decimal("52454.68"),
        Decimal("52454.68"),
        Decimal("7392963"),
    )


@pytest.mark.parametrize("first", SIJI[:2])
def test_the_same_list_in_another_layout_changes_nothing(first: str) -> None:
    project = a_project()
    by = clerk(project)
    bring_in(project, open_data("sz_presale_siji", first), by=by)
    before, version = facts(project), board_version(project.pk)
    for name in SIJI:
        batch = bring_in(project, open_data("sz_presale_siji", name), by=by)
        assert counts(batch) == (0, 0, 292, 0), name
    assert facts(project) == before
    assert board_version(project.pk) == version


def test_the_price_grid_lands_on_the_same_units_and_lists_every_difference() -> None:
    project = a_project()
    by = clerk(project)
    bring_in(project, open_data("sz_presale_siji", SIJI[1]), by=by)
    before = facts(project)

    batch = bring_in(project, open_data("sz_presale_siji", "siji_price_grid.xlsx"), by=by)

    assert counts(batch) == (0, 0, 292, 0)
    assert facts(project) == before
    understood = batch.understood
    assert understood["layout"] == "grid"
    assert [sheet["holds"] for sheet in understood["sheets"]] == ["list_total", "list_unit_price"]
    # The grid's totals are cut to whole yuan, ours are rounded half up: 134 differ by one yuan.
    assert understood["total_fit"] == {"precision": "truncate:1", "fits": 292, "of": 292}
    assert understood["difference_count"] == len(understood["differences"]) == 134
    said = next(d for d in understood["differences"] if d["number"] == "2-701")
    assert (said["column"], said["value"], said["ours"]) == ("list_total", "7392962", "7392963")


def test_the_price_grid_alone_makes_the_units_and_the_list_completes_them() -> None:
    project = a_project()
    by = clerk(project)
    assert counts(
        bring_in(project, open_data("sz_presale_siji", "siji_price_grid.xlsx"), by=by)
    ) == (292, 0, 0, 0)
    batch = bring_in(project, open_data("sz_presale_siji", SIJI[0]), by=by)
    assert counts(batch) == (0, 292, 0, 0)
    whole = a_project()
    bring_in(whole, open_data("sz_presale_siji", SIJI[0]))
    assert {each[3:6] for each in facts(project)} == {each[3:6] for each in facts(whole)}


def test_polish_flats_come_in_with_their_statuses_and_missing_prices() -> None:
    project = a_project()
    by = clerk(project)
    batch = bring_in(project, open_data("ronson_units", "ronson_units_ABC.csv"), by=by)
    assert counts(batch) == (118, 0, 0, 0), batch.errors[:3]
    units = Unit.objects.filter(project=project)
    # Sold elsewhere is no stock of ours, reserved elsewhere is kept back: a file makes no deal.
    assert Counter(units.values_list("status", flat=True)) == {
        "available": 35,
        "withheld": 2,
        "off_market": 81,
    }
    sold = units.get(number="A002")
    assert (sold.floor_no, sold.list_unit_price, sold.list_total) == (0, None, None)
    assert sold.changes.get().reason == "sold"
    free = units.get(number="A003")
    assert (free.floor_no, free.predicted_built_area) == (0, Decimal("61.02"))
    assert (free.list_unit_price, free.list_total) == (Decimal("11761.30"), Decimal("717675"))
    assert units.filter(list_total=None).count() == 81
    again = bring_in(project, open_data("ronson_units", "ronson_units_ABC.csv"), by=by)
    assert counts(again) == (0, 0, 118, 0)
    assert again.understood["difference_count"] == 0


def test_who_may_not_release_brings_units_in_as_not_released() -> None:
    project = a_project()
    by = a_user("CC", project, denied=["inventory.release_unit"])
    batch = bring_in(project, LIST.replace("\n", ",状态\n") + "1,1,3,301,90,70,10000,可售\n", by=by)
    assert Unit.objects.get(project=project).status == "not_released"
    assert batch.understood["differences"][0]["column"] == "status"


def test_a_dry_run_counts_and_writes_nothing() -> None:
    project = a_project()
    batch = bring_in(project, open_data("sz_presale_siji", SIJI[0]), is_dry_run=True)
    assert (batch.state, counts(batch)) == (ImportState.DRY_RUN, (292, 0, 0, 0))
    assert not Unit.objects.filter(project=project).exists()
    assert not Building.objects.filter(project=project).exists()
    assert not UnitChange.objects.filter(project=project).exists()
    assert (batch.done, batch.total) == (292, 292)


def test_good_rows_land_and_each_refused_row_says_why() -> None:
    project = a_project()
    rows = (
        "1,1,3,301,90,70,10000\n"
        "1,1,3,302,abc,70,10000\n"
        "1,1,三百楼,303,90,70,10000\n"
        "1,1,3,,90,70,10000\n"
        "1,1,3,301,91,70,10000\n"
        "1,1,3,304,90,95,10000\n"
        "1,1,3,305,90,70,-5\n"
        ",1,3,306,90,70,10000\n"
        "1,1,3,307,Infinity,70,10000\n"
        "1,1,3,308,90,70,1e40\n"
        "1,1,3,309,90,70,--\n"
    )
    batch = bring_in(project, LIST + rows)
    assert counts(batch) == (2, 0, 0, 9)
    assert [(entry["row"], entry["column"]) for entry in batch.errors] == [
        (3, "built_area"),
        (4, "floor"),
        (5, "room"),
        (7, "inner_area"),
        (8, "list_unit_price"),
        (9, "building"),
        (10, "built_area"),
        (11, "list_unit_price"),
        (6, "room"),
    ]
    assert batch.errors[0]["value"] == "abc"
    assert "abc" in batch.errors[0]["reason"]
    assert Unit.objects.get(number="1-1-309").list_unit_price is None


def test_the_error_workbook_can_be_corrected_and_uploaded_again() -> None:
    project = a_project()
    by = clerk(project)
    batch = bring_in(project, LIST + "1,1,3,301,90,70,10000\n1,1,3,302,abc,70,10000\n", by=by)
    content = spreadsheets.error_workbook(batch, who="林小雨")
    sheet = read_workbook(content, "errors.xlsx").sheets[0]
    assert len(sheet.rows) == 2
    assert "abc" in {str(cell) for cell in sheet.rows[1]}
    again = bring_in(project, content, filename="errors.xlsx", by=by)
    assert counts(again) == (0, 0, 0, 1)


def test_a_total_that_is_no_product_is_refused_and_one_that_is_rounded_is_told() -> None:
    project = a_project()
    head = "楼栋,单元,楼层,房号,建筑面积,单价,总价\n"
    batch = bring_in(project, head + "1,1,3,301,90.5,10000.5,905045\n1,1,3,302,90,10000,800000\n")
    assert counts(batch) == (1, 0, 0, 1)
    assert batch.errors[0]["column"] == "list_total"
    assert "900000" in batch.errors[0]["reason"]
    assert Unit.objects.get().list_total == Decimal(905045)


def test_a_changed_price_is_shown_old_and_new_and_audited() -> None:
    project = a_project()
    by = clerk(project)
    bring_in(project, LIST + "1,1,3,301,90,70,10000\n", by=by)
    batch = bring_in(project, LIST + "1,1,3,01,90,70,10100\n", by=by)
    assert counts(batch) == (0, 1, 0, 0)
    sample = batch.understood["samples"]["updated"][0]
    assert Decimal(sample["before"]["list_unit_price"]) == 10000
    assert Decimal(sample["after"]["list_total"]) == 909000
    unit = Unit.objects.get()
    assert (unit.list_unit_price, unit.list_total, unit.version) == (10100, 909000, 1)
    event = AuditEvent.objects.get(subject_type="inventory.unit", subject_id=unit.pk)
    assert event.event == "inventory.unit.imported"
    assert Decimal(event.before["list_total"]) == 900000


def test_the_area_and_price_of_a_claimed_unit_are_refused() -> None:
    """U-5."""
    project = a_project()
    by = clerk(project)
    unit = a_unit(project, building="1", entrance="1", floor=3, position=1, status="reserved")
    row = "1,1,3,301,{},94.37,{}\n"
    same = bring_in(project, LIST + row.format("118.62", "12830"), by=by)
    assert counts(same) == (0, 0, 1, 0)
    for area, price in (("118.63", "12830"), ("118.62", "12831")):
        batch = bring_in(project, LIST + row.format(area, price), by=by)
        assert counts(batch) == (0, 0, 0, 1)
    version = unit.version
    unit.refresh_from_db()
    assert (unit.list_total, unit.version) == (Decimal(1521895), version)


def test_filed_prices_are_list_prices_until_the_office_sets_its_own() -> None:
    project = a_project()
    by = clerk(project)
    filed = "楼栋,单元,楼层,房号,建筑面积,备案单价\n1,1,3,301,90,{}\n"
    bring_in(project, filed.format(10000), by=by)
    bring_in(project, filed.format(10500), by=by)
    unit = Unit.objects.get()
    assert (unit.filed_unit_price, unit.list_unit_price) == (10500, 10500)
    bring_in(project, LIST + "1,1,3,301,90,70,9800\n", by=by)
    bring_in(project, filed.format(10600), by=by)
    unit.refresh_from_db()
    assert (unit.filed_unit_price, unit.list_unit_price) == (10600, 9800)


def test_an_import_is_undone_as_a_whole() -> None:
    project = a_project()
    by = clerk(project)
    bring_in(project, LIST + "1,1,3,301,90,70,10000\n", by=by)
    before = facts(project)
    version = board_version(project.pk)
    batch = bring_in(
        project,
        LIST.replace("\n", ",户型\n") + "1,1,3,301,91,70,10100,A\n2,,4,401,80,60,9000,B\n",
        by=by,
    )
    assert counts(batch) == (1, 1, 0, 0)
    gone = Unit.objects.get(number="2-401").pk

    imports.undo_units_import(import_id=batch.pk, by=by, at=now())

    assert facts(project) == before
    assert Unit.objects.get().layout is None
    assert Building.objects.filter(project=project).count() == 1
    assert Entrance.objects.filter(building__project=project).count() == 1
    assert not Layout.objects.filter(project=project).exists()
    answer = board(project.pk, at=now() + timedelta(hours=1), since=version)
    assert answer["removed"] == [gone]
    assert [unit["number"] for unit in answer["units"]] == ["1-1-301"]
    with pytest.raises(errors.ImportNotDone):
        imports.undo_units_import(import_id=batch.pk, by=by, at=now())
    assert UnitImport.objects.get(pk=batch.pk).state == ImportState.UNDONE


def test_an_import_whose_units_were_touched_since_is_not_undone() -> None:
    project = a_project()
    by = clerk(project)
    head = LIST.replace("\n", ",状态\n")
    batch = bring_in(
        project, head + "1,1,3,301,90,70,10000,可售\n1,1,3,302,90,70,10000,可售\n", by=by
    )
    unit = Unit.objects.get(number="1-1-301")
    withhold_units(unit_ids=[unit.pk], reason="样板", by=by, at=now())
    with pytest.raises(errors.UnitsTouchedSince, match="1-1-301"):
        imports.undo_units_import(import_id=batch.pk, by=by, at=now())
    assert Unit.objects.filter(project=project).count() == 2


def test_an_import_goes_on_where_a_killed_worker_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(spreadsheets, "ROWS_AT_ONCE", 100)
    project = a_project()
    by = clerk(project)
    batch = imports.receive_units_file(
        project_id=project.pk,
        filename="siji.xls",
        content=open_data("sz_presale_siji", SIJI[0]).read_bytes(),
        mapping={},
        is_dry_run=False,
        by=by,
        at=now(),
    )
    parts = iter([True, False])
    carry = imports.import_units

    def dies_after_one_part(**given: Any) -> UnitImport:
        if not next(parts):
            raise KeyboardInterrupt
        return carry(**given)

    with monkeypatch.context() as patch:
        patch.setattr(imports, "import_units", dies_after_one_part)
        with pytest.raises(KeyboardInterrupt):
            spreadsheets.carry_out(batch.pk, by=by)
    assert Unit.objects.filter(project=project).count() == 100
    batch = spreadsheets.carry_out(batch.pk, by=by)
    assert (batch.state, counts(batch)) == (ImportState.DONE, (292, 0, 0, 0))
    assert Unit.objects.filter(project=project).count() == 292


def test_names_of_every_kind_come_in_or_are_refused_with_a_sentence() -> None:
    texts = json.loads(open_data("naughty_strings", "blns.json").read_text(encoding="utf-8"))
    assert len(texts) > 100
    target = StringIO()
    writer = csv.writer(target)
    writer.writerow(LIST.strip().split(","))
    for count, text in enumerate(texts):
        writer.writerow([text, text, count // 90 + 1, text, 90, 70, 10000])
    project = a_project()
    batch = bring_in(project, target.getvalue().encode("utf-8", "surrogatepass"))
    assert batch.state == ImportState.DONE, batch.message
    assert sum(counts(batch)) > 100
    assert batch.created == Unit.objects.filter(project=project).count()
    assert all(entry["reason"] for entry in batch.errors)


def test_every_odd_workbook_reads_or_is_refused_in_time() -> None:
    project = a_project()
    by = clerk(project)
    for path in sorted(open_data("workbook_corpus").iterdir()):
        if path.suffix in {".md"}:
            continue
        began = time.monotonic()
        batch = bring_in(project, path, by=by, is_dry_run=True)
        assert time.monotonic() - began < 20, path.name
        assert batch.state in {ImportState.DRY_RUN, ImportState.REFUSED}
        assert batch.state == ImportState.DRY_RUN or batch.message, path.name


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\xff" * 5_000_000,
        b"PK\x03\x04" + b"x" * 10_000_000,
        "你好\n世界\n".encode(),
        b"%PDF-1.7 ...",
        ("a,b,c\n" * 1000).encode(),
    ],
    ids=["empty", "ten megabytes", "broken zip", "prose", "pdf", "no headings"],
)
def test_what_is_no_price_list_is_refused_with_a_sentence(content: bytes) -> None:
    project = a_project()
    batch = bring_in(project, content, filename="Preisliste.xlsx")
    assert batch.state == ImportState.REFUSED
    assert len(batch.message) > 10
    assert not Unit.objects.filter(project=project).exists()


def test_columns_chosen_by_hand_overrule_the_guess() -> None:
    project = a_project()
    text = "甲,乙,丙,丁,戊\n1栋,3,301,90,11000\n"
    assert bring_in(project, text).state == ImportState.REFUSED
    mapping = {
        "building": "甲",
        "floor": "乙",
        "room": "丙",
        "built_area": "D",
        "list_unit_price": "戊",
    }
    batch = bring_in(project, text, mapping=mapping)
    assert counts(batch) == (1, 0, 0, 0)
    assert Unit.objects.get().list_total == 990000


def test_the_command_prints_the_counts(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    project = a_project(code="SIJI")
    clerk(project)
    path = str(open_data("sz_presale_siji", SIJI[0]))
    call_command("import_units", "SIJI", path, "--dry-run")
    assert "(dry run): 292 created, 0 updated, 0 unchanged, 0 refused" in capsys.readouterr().out
    call_command("import_units", "SIJI", path)
    call_command("import_units", str(project.pk), path)
    assert "0 created, 0 updated, 292 unchanged" in capsys.readouterr().out
    with pytest.raises(CommandError):
        call_command("import_units", "NONE", path)
    letter = tmp_path / "letter.csv"
    letter.write_text("尊敬的客户，您好。\n欢迎光临。\n", encoding="utf-8")
    with pytest.raises(CommandError):
        call_command("import_units", "SIJI", str(letter))


def test_only_who_may_import_imports() -> None:
    project = a_project()
    with pytest.raises(Exception, match=r"inventory\.import_units"):
        bring_in(project, LIST, by=a_user("SC", project))
    assert not UnitImport.objects.exists()
