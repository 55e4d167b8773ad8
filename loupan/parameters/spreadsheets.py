"""Dictionaries and holidays from spreadsheets; the actions take them up, wholly or not at all."""

from datetime import datetime
from typing import Final

from loupan.core.sheets.reading import read_workbook
from loupan.core.sheets.tables import best_table
from loupan.org.models import User
from loupan.parameters import errors
from loupan.parameters.actions import entries, holidays
from loupan.parameters.actions.entries import EntryDraft, Imported
from loupan.parameters.actions.holidays import HolidayDraft
from loupan.parameters.models import DictionaryEntry, Holiday
from loupan.parameters.queries.places import Place

ENTRIES: Final = {
    "code": ("代码", "编码", "编号", "code"),
    "name": ("名称", "姓名 / 名称", "中文名称", "项目", "name"),
    "name_en": ("英文名称", "英文名", "english name", "english"),
    "parent": ("所属", "归属", "上级", "上级代码", "belongs to", "parent"),
    "tone": ("颜色", "colour", "color"),
    "is_enabled": ("启用", "使用中", "在用", "状态", "in use", "enabled"),
}
NOES: Final = frozenset({"no", "n", "0", "false", "否", "停用", "禁用", "不启用"})


def import_dictionary(
    *, dictionary: str, place: Place, content: bytes, filename: str, by: User, at: datetime
) -> Imported:
    """Read a list of entries and take it up. Raises UnreadableFile and its kin, NothingToImport."""
    table = best_table(read_workbook(content, filename), ENTRIES, None)
    if "code" in table.missing or "name" in table.missing:
        raise errors.NothingToImport
    drafts = [
        EntryDraft(
            row=row.number,
            code=row.code("code")[:40],
            name=row.text("name").strip()[:60],
            name_en=row.text("name_en").strip()[:60],
            parent_code=row.code("parent")[:40],
            tone=_tone(row.code("tone").lower()),
            is_enabled=row.code("is_enabled").lower() not in NOES,
        )
        for row in table.rows()
        if row.code("code") or row.text("name").strip()
    ]
    if not drafts:
        raise errors.NothingToImport
    return entries.import_entries(dictionary=dictionary, place=place, drafts=drafts, by=by, at=at)


def _tone(text: str) -> str:
    return text if text in DictionaryEntry.Tone.values else ""


HOLIDAYS: Final = {
    "on": ("日期", "day", "date"),
    "kind": ("类型", "性质", "kind", "type"),
    "name": ("名称", "姓名 / 名称", "节日", "name"),
    "name_en": ("英文名称", "english name"),
    "is_greeting": ("问候日", "问候", "greeting day", "greeting"),
}
KINDS: Final = {
    "off": Holiday.Kind.OFF,
    "day off": Holiday.Kind.OFF,
    "休": Holiday.Kind.OFF,
    "放假": Holiday.Kind.OFF,
    "休息日": Holiday.Kind.OFF,
    "节假日": Holiday.Kind.OFF,
    "work": Holiday.Kind.WORK,
    "working day made up": Holiday.Kind.WORK,
    "班": Holiday.Kind.WORK,
    "上班": Holiday.Kind.WORK,
    "调休上班": Holiday.Kind.WORK,
    "补班": Holiday.Kind.WORK,
    "greeting": Holiday.Kind.GREETING,
    "greeting day only": Holiday.Kind.GREETING,
    "问候": Holiday.Kind.GREETING,
    "仅问候": Holiday.Kind.GREETING,
}
YESES: Final = frozenset({"yes", "y", "1", "true", "是", "√"})


def import_holidays(*, content: bytes, filename: str, by: User, at: datetime) -> int:
    """Read a list of days and take it up.

    Raises UnreadableFile and its kin, NothingToImport, HolidayUnreadable.
    """
    table = best_table(read_workbook(content, filename), HOLIDAYS, None)
    if "on" in table.missing or "kind" in table.missing:
        raise errors.NothingToImport
    drafts = []
    for row in table.rows():
        if (on := row.day("on")) is None:
            continue
        if (kind := KINDS.get(row.code("kind").lower())) is None:
            raise errors.HolidayUnreadable(row=row.number, kind=row.code("kind")[:20])
        drafts.append(
            HolidayDraft(
                on=on,
                kind=kind,
                name=row.text("name").strip()[:40],
                name_en=row.text("name_en").strip()[:60],
                is_greeting=row.code("is_greeting").lower() in YESES,
            )
        )
    if not drafts:
        raise errors.NothingToImport
    return holidays.import_holidays(drafts=drafts, by=by, at=at)
