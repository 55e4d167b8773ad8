"""Customers from a spreadsheet: read, checked by the rules of one registration, taken up in parts."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from io import BytesIO
from typing import Any, Final

from django.utils import translation
from django.utils.timezone import now

from loupan.core.bulk import without_collecting
from loupan.core.calendar import business_day
from loupan.core.crypto import unseal
from loupan.core.refusals import Refusal
from loupan.core.sheets.cells import is_missing
from loupan.core.sheets.errors import CellProblem
from loupan.core.sheets.reading import read_workbook
from loupan.core.sheets.tables import Row, Table, best_table
from loupan.core.sheets.uploads import encoding_of
from loupan.core.sheets.writing import RowProblem, write_error_workbook
from loupan.customers import errors, queries, rules
from loupan.customers.actions import import_files
from loupan.customers.actions.import_files import CHANGEABLE, Problem
from loupan.customers.actions.imports import Draft
from loupan.customers.forms import SEPARATORS
from loupan.customers.models import CustomerImport
from loupan.customers.parameters import CUSTOMER, SOURCE
from loupan.org.models import Project, User
from loupan.parameters.errors import FieldUnreadable
from loupan.parameters.queries.entries import names_in_use
from loupan.parameters.spreadsheets import FileFields

VOCABULARY: Final[Mapping[str, Sequence[str]]] = {
    "name": ("客户姓名", "姓名", "客户名称", "名称", "业主姓名", "客户", "联系人", "name", "customer"),
    "phones": (
        "联系电话", "手机号码", "手机号", "手机", "电话", "移动电话",
        "联系方式", "客户电话", "phone", "mobile", "tel",
    ),
    "phone_2": ("备用电话", "电话2", "手机2", "第二联系电话", "其他电话", "phone 2"),
    "kind": ("客户类型", "类型", "个人/公司", "kind", "type"),
    "id_type": ("证件类型", "id type"),
    "id_number": (
        "身份证号码", "身份证号", "身份证", "证件号码", "证件号",
        "统一社会信用代码", "信用代码", "id number", "id card",
    ),
    "source": ("认知途径", "来源", "客户来源", "渠道", "获知途径", "source", "channel"),
    "owner": ("置业顾问", "销售顾问", "归属顾问", "销售员", "业务员",
        "跟进人", "owner", "consultant", "sales"),
    "grade": ("意向等级", "客户等级", "等级", "意向级别", "级别", "grade", "level"),
    "sex": ("性别", "sex", "gender"),
    "wechat": ("微信号", "微信", "wechat"),
    "address": ("联系地址", "地址", "通讯地址", "住址", "address"),
    "legal_representative": ("法定代表人", "法人代表", "法人", "legal representative"),
    "note": ("备注", "说明", "客户需求", "需求", "note", "remark", "remarks"),
    "first_contact_on": ("首次接触日期", "首访日期", "登记日期", "来访日期", "首次到访", "first contact"),
    "next_contact_on": ("下次跟进日期", "下次联系日期", "下次跟进", "next contact"),
}  # fmt: skip
ID_TYPES: Final = {
    "": "id_card",
    "身份证": "id_card",
    "居民身份证": "id_card",
    "id card": "id_card",
    "护照": "passport",
    "passport": "passport",
    "港澳通行证": "hk_macau_permit",
    "港澳居民来往内地通行证": "hk_macau_permit",
    "台胞证": "taiwan_permit",
    "台湾居民来往大陆通行证": "taiwan_permit",
    "军官证": "military",
}
CORPORATE: Final = frozenset(
    {"公司", "企业", "单位", "法人", "corporate", "company", "organisation"}
)
SEXES: Final = {
    "男": "m",
    "male": "m",
    "m": "m",
    "先生": "m",
    "女": "f",
    "female": "f",
    "f": "f",
    "女士": "f",
}
PART: Final = 5000
GRADES: Final = frozenset({"A", "B", "C", "D"})


def import_file(
    *,
    project: Project,
    content: bytes,
    filename: str,
    is_dry_run: bool,
    by: User,
    at: datetime,
    mapping: Mapping[str, str] | None = None,
    changes_existing: bool = False,
) -> CustomerImport:
    """Keep a file and carry it out at once, as the command does; it can be undone like any other.

    A file that cannot be used ends as refused, with the sentence that says why.
    """
    batch = import_files.receive_customers_file(
        project_id=project.pk,
        filename=filename,
        content=content,
        mapping=mapping or {},
        is_dry_run=is_dry_run,
        changes_existing=changes_existing,
        by=by,
        at=at,
    )
    return carry_out(batch.pk, by=by)


def vocabulary_of(project_id: int) -> dict[str, Sequence[str]]:
    """The words of the headings, those of the project's custom fields included."""
    return {**VOCABULARY, **FileFields(CUSTOMER, project_id).vocabulary}


def read_customers(
    content: bytes, filename: str, project_id: int, mapping: Mapping[str, str] | None = None
) -> Table:
    """The table of a file. Raises UnreadableFile and its kin, ColumnsMissing."""
    table = best_table(read_workbook(content, filename), vocabulary_of(project_id), mapping)
    if missing := [name for name in ("name", "phones") if name in table.missing]:
        raise errors.ColumnsMissing(columns=", ".join(VOCABULARY[name][0] for name in missing))
    return table


# --- A file that is kept: tried, carried out, undone ----------------------------------------------


def carry_out(import_id: int, *, by: User, table: Table | None = None) -> CustomerImport:
    """Carry out a received import to its end, or go on where it stopped.

    A file that cannot be used ends as refused, with the sentence that says why.
    """
    batch = CustomerImport.objects.select_related("project").get(pk=import_id)
    with without_collecting(), translation.override(by.language or translation.get_language()):
        content = unseal(bytes(batch.content))
        try:
            table = table or read_customers(
                content, batch.filename, batch.project_id, batch.mapping
            )
        except Refusal as refusal:
            return import_files.refuse_customers_import(
                import_id=import_id, message=str(refusal), by=by, at=now()
            )
        return _carry_out(batch, table, encoding_of(content), by)


def _carry_out(batch: CustomerImport, table: Table, encoding: str, by: User) -> CustomerImport:
    project, rows = batch.project, list(table.rows())
    batch = import_files.begin_customers_import(
        import_id=batch.pk,
        understood={**_understood(table), "encoding": encoding},
        total=len(rows),
        by=by,
        at=now(),
    )
    reader = _Reader(project, table, today=business_day(now()))
    judged = list(reader.rows(rows))
    while batch.done < len(rows):
        part = judged[batch.done : batch.done + PART]
        batch = import_files.import_customers_part(
            import_id=batch.pk,
            start=batch.done,
            seen=len(part),
            drafts=[row for row in part if isinstance(row, Draft)],
            problems=[row for row in part if isinstance(row, Problem)],
            by=by,
            at=now(),
        )
    return import_files.end_customers_import(import_id=batch.pk, by=by, at=now())


def _understood(table: Table) -> dict[str, Any]:
    row = table.header_rows[0] if table.header_rows else 0
    return {
        "sheets": [{"name": table.sheet.name, "header_row": row, "holds": ""}],
        "columns": [
            {"letter": c.letter, "header": c.header, "field": c.field or ""}
            for c in table.columns
            if c.header
        ],
        "mapping": table.mapping,
    }


def error_workbook(batch: CustomerImport, *, who: str) -> bytes:
    """The refused rows as they were, with the reason of each, to correct and upload again."""
    content = unseal(bytes(batch.content))
    table = read_customers(content, batch.filename, batch.project_id, batch.mapping)
    problems = [
        RowProblem(entry["row"], entry["column"] or None, entry["reason"]) for entry in batch.errors
    ]
    target = BytesIO()
    write_error_workbook(target, table, problems, watermark=f"{who} · {batch.filename}")
    return target.getvalue()


SECRET: Final = frozenset({"phones", "phone_2", "id_number", "address"})


class _Reader:
    """Turns rows into drafts, and keeps what must not come twice within the file."""

    def __init__(self, project: Project, table: Table, *, today: date) -> None:
        self.table = table
        self.today = today
        self.custom = FileFields(CUSTOMER, project.pk)
        self.sources = names_in_use(project.pk, SOURCE)
        self.owners = {
            key: person.pk
            for person in queries.owners_in(project)
            for key in (person.username, person.display_name)
        }
        self.seen: set[str] = set()

    def rows(self, rows: Iterable[Row] | None = None) -> Iterator[Draft | Problem]:
        for row in self.table.rows() if rows is None else rows:
            try:
                draft = self.draft(row)
            except FieldUnreadable as refusal:
                yield self._problem(row, refusal.column, str(refusal))
                continue
            except (Refusal, CellProblem) as refusal:
                yield self._problem(row, getattr(refusal, "field", "") or "", str(refusal))
                continue
            keys = {*draft.phone_indexes, *([draft.id_index] if draft.id_index else [])}
            if self.seen.isdisjoint(keys):
                self.seen |= keys
                yield draft
                continue
            yield self._problem(row, "phones", str(errors.TwiceInTheFile()), is_duplicate=True)

    def _problem(
        self, row: Row, column: str, reason: str, *, is_duplicate: bool = False
    ) -> Problem:
        """What stands in the cell is shown, but of a number or an address only its beginning."""
        text = row.text(column)[:60] if column else ""
        value = f"{text[:3]}****" if text and column in SECRET else text
        return Problem(self.table.sheet.name, row.number, column, value, reason, is_duplicate)

    def _given(self, row: Row, grade: str) -> frozenset[str]:
        said = {name for name in CHANGEABLE if not is_missing(row.cells.get(name))}
        return frozenset(said - ({"grade"} if grade not in GRADES else set()))

    def draft(self, row: Row) -> Draft:
        """Raises the Refusal that one registration would raise."""
        kind = self._kind(row)
        id_type = ID_TYPES.get(row.code("id_type").lower(), "other")
        phones = [
            text
            for name in ("phones", "phone_2")
            for text in SEPARATORS.split(row.text(name))
            if text.strip()
        ]
        next_on = row.day("next_contact_on")
        if next_on and not rules.is_next_contact_sensible(next_on, today=self.today):
            raise errors.NextContactNotSensible
        grade = row.code("grade").upper()[:1]
        return Draft(
            row=row.number,
            kind=kind,
            name=rules.checked_name(row.text("name")),
            phones=tuple(rules.checked_phones(phones)),
            id_number=rules.checked_id_number(row.text("id_number"), kind=kind, id_type=id_type),
            id_type=id_type,
            grade=grade if grade in GRADES else "C",
            sex=SEXES.get(row.code("sex").lower(), ""),
            wechat=rules.clean_line(row.text("wechat"))[:60],
            address=rules.clean_line(row.text("address"))[:200],
            legal_representative=rules.clean_line(row.text("legal_representative"))[:40],
            note=rules.clean_text(row.text("note"))[:500],
            source_id=self._source_id(row),
            owner_id=self._owner_id(row),
            first_contact_on=row.day("first_contact_on"),
            next_contact_on=next_on,
            given=self._given(row, grade),
            custom=self.custom.read(row),
        )

    @staticmethod
    def _kind(row: Row) -> str:
        text = row.code("kind").lower()
        return "corporate" if any(word in text for word in CORPORATE) else "individual"

    def _source_id(self, row: Row) -> int | None:
        text = row.code("source").lower()
        if not text:
            return None
        if text not in self.sources:
            raise errors.UnknownSource
        return self.sources[text]

    def _owner_id(self, row: Row) -> int | None:
        text = row.code("owner")
        if not text:
            return None
        if text not in self.owners:
            raise errors.UnknownOwner
        return self.owners[text]
