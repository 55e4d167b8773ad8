"""Paper: embedded Chinese fonts, hostile text as text, and templates that may only fill in fields."""

import io
import re
import shutil
import subprocess
import zipfile
import zlib
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from docx import Document

from loupan.documents import actions, errors, queries
from loupan.documents.models import PaperTemplate
from loupan.documents.queries import docx_of, fill, pdf_of, table_pdf
from loupan.documents.rules.papers import LANDSCAPE, Paper, Table, fitted
from loupan.documents.rules.word import TITLES, built_in, fields_of
from loupan.org.testing import Cast, a_project, a_user, the_cast

NOON = datetime(2025, 3, 8, 4, 0, tzinfo=UTC)


PDFTOTEXT = shutil.which("pdftotext")
reads_pdf = pytest.mark.skipif(
    PDFTOTEXT is None, reason="pdftotext (poppler-utils) is not on this machine"
)


def text_of(pdf: bytes) -> str:
    assert PDFTOTEXT
    done = subprocess.run([PDFTOTEXT, "-", "-"], input=pdf, capture_output=True, check=True)
    return done.stdout.decode()


def objects_of(pdf: bytes) -> str:
    """Every dictionary of the file, those in compressed streams too."""
    found = [pdf]
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        try:
            found.append(zlib.decompressobj().decompress(stream))
        except zlib.error:
            continue
    return b"\n".join(found).decode("latin-1")


def size_of(pdf: bytes) -> tuple[int, int]:
    """Width and height of the first page in points."""
    box = re.search(r"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)", objects_of(pdf))
    assert box
    return round(float(box[1])), round(float(box[2]))


def a_word_file(*paragraphs: str) -> bytes:
    document = Document()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def words_of(docx: bytes) -> str:
    document = Document(io.BytesIO(docx))
    cells = [c.text for t in document.tables for r in t.rows for c in r.cells]
    return "\n".join([*(p.text for p in document.paragraphs), *cells])


def test_a_pdf_is_a4_with_its_chinese_fonts_inside() -> None:
    pdf = pdf_of(Paper(title="商品房认购书", company="海成集团", number="HC-RG2025-0001"))
    assert size_of(pdf) == (595, 842)
    fonts = re.findall(r"/FontDescriptor\s*/FontName|/Type\s*/FontDescriptor", objects_of(pdf))
    files = re.findall(r"/FontFile[23]?\s+\d+ 0 R", objects_of(pdf))
    assert fonts
    assert len(files) == len(fonts)
    assert "NotoSans" in objects_of(pdf)


def test_without_chinese_fonts_the_answer_is_a_sentence_not_empty_boxes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.BASE_DIR = tmp_path
    monkeypatch.setattr(queries, "FONT_FOLDERS", (str(tmp_path),))
    with pytest.raises(errors.ChineseFontsMissing) as refused:
        pdf_of(Paper(title="收据", company="", number=""))
    assert "fonts" in str(refused.value).lower() or "字体" in str(refused.value)


@reads_pdf
def test_the_words_of_a_paper_can_be_copied_from_it() -> None:
    said = text_of(pdf_of(Paper(title="商品房认购书", company="海成集团", number="HC-RG2025-0001")))
    for part in ("商品房认购书", "海成集团", "HC-RG2025-0001", "第1页"):
        assert part in said.replace("第 1 页", "第1页")


@reads_pdf
@pytest.mark.parametrize(
    "hostile",
    [
        '#read("/etc/passwd")',
        '"); #panic("x"); #text("',
        '#import "@preview/x:1.0.0": *',
        "$ integral $ [ ] { } \\ #set text(fill: red)",
        "= 标题\n- 列表 *粗* _斜_ `code` @ref <label>",
        "'); DROP TABLE units; --",
    ],
)
def test_what_anybody_typed_is_text_on_paper_never_a_command(hostile: str) -> None:
    paper = Paper(
        title="收据",
        company="海成",
        number=hostile,
        facts=[("交款人", hostile)],
        clauses=[("一", hostile)],
        tables=[Table("表", ["甲"], [[hostile]], [False], [1.0])],
        foot=hostile,
        mark="",
    )
    said = "".join(text_of(pdf_of(paper)).split())
    assert "".join(hostile.split())[:12] in said


@reads_pdf
def test_a_table_carries_who_took_it_and_formats_by_kind() -> None:
    pdf = table_pdf(
        "收款流水",
        [("房号", "text"), ("金额", "money"), ("占比", "rate"), ("日期", "date")],
        [["1-1-1803", Decimal("1459160"), Decimal("0.9588"), NOON.date()], [None, None, None, ""]],
        who="林小雨",
        at=NOON,
    )
    said = text_of(pdf)
    for part in ("1-1-1803", "1,459,160.00", "95.88%", "2025-03-08", "林小雨", "2025-03-08 04:00"):
        assert part in said
    assert size_of(pdf) == (842, 595)


@pytest.mark.django_db
@pytest.mark.parametrize("kind", sorted(TITLES))
def test_the_built_in_word_form_is_filled_in(kind: str) -> None:
    fields: dict[str, object] = {name: f"«{name}»" for name in fields_of(kind) if "[" not in name}
    for name in fields_of(kind):
        if "[" in name:
            many, one = name.split("[].")
            rows = fields.setdefault(many, [{}, {}])
            assert isinstance(rows, list)
            for number, row in enumerate(rows):
                row[one] = f"«{one}{number}»"
    said = words_of(docx_of(kind, a_project(), fields))
    assert "{{" not in said
    assert "{%" not in said
    for value in ("«company»", f"«{TITLES[kind][1]}»"):
        assert value in said
    lists = [rows for rows in fields.values() if isinstance(rows, list)]
    assert lists
    assert all(value in said for rows in lists for row in rows for value in row.values())


def test_markup_in_a_value_stays_text_in_word() -> None:
    said = words_of(fill(a_word_file("{{ name }}"), {"name": "<w:b/> & {{ 7 }} 张三"}))
    assert said.strip() == "<w:b/> & {{ 7 }} 张三"


ATTACKS = [
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ self.__init__.__globals__ }}",
    "{{ ''|attr('__class__') }}",
    "{{ '{0.__class__}'.format(1) }}",
    "{{ 'a' * 999999999 }}",
    "{{ 10 ** 10 ** 10 }}",
    "{% for a in range(999999999) %}x{% endfor %}",
    "{{ 'a'.ljust(999999999) }}",
    "{{ 'a'|center(999999999) }}",
    "{% set x = namespace() %}",
    "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}",
    "{{ lipsum() }}",
    "{{ 1 / 0 }}",
    "{% for %}",
    "{{ unclosed",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_template_that_does_more_than_fill_in_is_refused(attack: str) -> None:
    with pytest.raises(errors.TemplateBroken):
        fill(a_word_file(attack), {"name": "张三"})


def a_bomb() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("word/document.xml", b"0" * (queries.LARGEST_UNPACKED + 1))
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content",
    [b"", b"PK\x03\x04 no", b"<html></html>", a_bomb(), a_word_file("x")[:900]],
    ids=["empty", "cut", "html", "bomb", "half"],
)
def test_what_is_no_word_file_is_refused_with_a_sentence(content: bytes) -> None:
    with pytest.raises(errors.TemplateBroken):
        fill(content, {})


@pytest.fixture
def cast() -> Cast:
    return the_cast()


def saved(cast: Cast, content: bytes, **fields: object) -> PaperTemplate:
    given: dict[str, object] = {
        "kind": "receipt",
        "name": "我们的收据",
        "company_id": cast.project.company_id,
        "project_id": cast.project.pk,
        "by": a_user("GD", company=cast.project.company),
        "at": NOON,
    }
    return actions.save_template(content=content, **{**given, **fields})  # type: ignore[arg-type]


@pytest.mark.django_db
def test_the_offices_own_template_is_used_newest_first(cast: Cast) -> None:
    saved(cast, a_word_file("第一版 {{ payer }}"))
    newest = saved(cast, a_word_file("第二版 {{ payer }}"))
    assert newest.edition == 2
    assert "第二版 张三" in words_of(docx_of("receipt", cast.project, {"payer": "张三"}))
    actions.retire_template(template_id=newest.pk, by=newest.by, at=NOON)
    assert "第一版 张三" in words_of(docx_of("receipt", cast.project, {"payer": "张三"}))


@pytest.mark.django_db
def test_a_broken_or_too_large_template_is_not_kept(cast: Cast) -> None:
    with pytest.raises(errors.TemplateBroken):
        saved(cast, a_word_file(ATTACKS[0]))
    with pytest.raises(errors.TemplateTooLarge):
        saved(cast, b"0" * (actions.LARGEST_TEMPLATE + 1))
    assert not PaperTemplate.objects.exists()


@pytest.mark.django_db
def test_nobody_sets_templates_of_another_company_or_without_the_permission(cast: Cast) -> None:
    foreign = a_project()
    with pytest.raises(PermissionDenied):
        saved(cast, built_in("receipt"), by=cast.lin)
    with pytest.raises(PermissionDenied):
        saved(cast, built_in("receipt"), company_id=foreign.company_id, project_id=foreign.pk)
    with pytest.raises(PermissionDenied):
        saved(cast, built_in("receipt"), company_id=foreign.company_id, project_id=None,
              by=a_user("MK", cast.project))  # fmt: skip


@pytest.mark.django_db
def test_the_second_printing_is_a_second_copy(cast: Cast) -> None:
    def printed() -> int:
        return actions.record_printing(
            kind="receipt", project_id=cast.project.pk, subject_type="ledger.receipt",
            subject_id=7, number="SJ1", form="pdf", by=cast.lin, at=NOON,
        ).copy_no  # fmt: skip

    assert [printed(), printed()] == [1, 2]
    with pytest.raises(PermissionDenied):
        actions.record_printing(
            kind="receipt", project_id=cast.project.pk, subject_type="ledger.receipt",
            subject_id=7, number="SJ1", form="pdf", by=cast.wei, at=NOON,
        )  # fmt: skip


def test_a_wide_table_is_set_smaller_and_its_columns_follow_what_they_hold() -> None:
    narrow = fitted(["房号", "金额"], [["1-1-1803", "1,459,160.00"]], [False, True])
    wide = fitted(["编号"] * 17, [["HC-RG2025-0001"] * 17], [False] * 17)
    assert narrow.size == 9.5
    assert wide.size < narrow.size
    assert narrow.widths[1] > narrow.widths[0]
    assert sum(narrow.widths) <= LANDSCAPE
