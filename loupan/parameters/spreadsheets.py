"""Dictionaries and holidays from spreadsheets; the actions take them up, wholly or not at all."""

from datetime import datetime
from typing import Final

from loupan.core.sheets.reading import read_workbook
from loupan.core.sheets.tables import best_table
from loupan.org.models import User
from loupan.parameters import errors
from loupan.parameters.actions import entries
from loupan.parameters.actions.entries import EntryDraft, Imported
from loupan.parameters.models import DictionaryEntry
from loupan.parameters.queries.places import Place

ENTRIES: Final = {
    "code": ("代码", "编码", "编号", "code"),
    "name": ("名称", "中文名称", "项目", "name"),
    "name_en": ("英文名称", "英文名", "english name", "english"),
    "parent": ("所属", "上级", "上级代码", "belongs to", "parent"),
    "tone": ("颜色", "colour", "color"),
    "is_enabled": ("启用", "在用", "状态", "in use", "enabled"),
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
