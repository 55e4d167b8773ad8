"""Dictionaries and holidays from spreadsheets; the actions take them up, wholly or not at all.

And the columns of custom fields in the files of the apps above.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from loupan.core.sheets.cells import is_missing
from loupan.core.sheets.errors import CellProblem
from loupan.core.sheets.reading import read_workbook
from loupan.core.sheets.tables import Row, best_table
from loupan.org.models import User
from loupan.parameters import errors
from loupan.parameters.actions import entries, holidays
from loupan.parameters.actions.entries import EntryDraft, Imported
from loupan.parameters.actions.holidays import HolidayDraft
from loupan.parameters.models import DictionaryEntry, Holiday
from loupan.parameters.queries.book import ParameterBook, book_of
from loupan.parameters.queries.entries import names_in_use
from loupan.parameters.queries.fields import value_in_words
from loupan.parameters.queries.places import Place
from loupan.parameters.rules.fields import Field, checked_value
from loupan.parameters.rules.values import WrongValue

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


# --- Custom fields in the files of the apps above -------------------------------------------------


class FileFields:
    """The custom fields of a subject as columns of a file: found by their names, read by their kinds.

    `vocabulary` joins that of the file; an empty cell says nothing, and takes nothing away.
    """

    def __init__(self, subject: str, project_id: int) -> None:
        self.book: ParameterBook = book_of(project_id)
        self.fields = self.book.fields.get(subject, ())
        self.by_id = {field.pk: field for field in self.fields}
        self._named = {
            field.code: names_in_use(project_id, field.dictionary)
            for field in self.fields
            if field.kind == "choice"
        }

    @property
    def vocabulary(self) -> dict[str, tuple[str, ...]]:
        """Key of the field -> its names in both languages."""
        return {field.key: field.names for field in self.fields}

    @property
    def labels(self) -> dict[str, str]:
        """Key of the field -> its name as the reader sees it."""
        return {field.key: str(field.label) for field in self.fields}

    def read(self, row: Row) -> dict[int, Any]:
        """What a row says, typed, by id of the field. Raises FieldUnreadable with the cell at fault."""
        said = {}
        for field in self.fields:
            cell = row.cells.get(field.key)
            if cell is None or is_missing(cell):
                continue
            try:
                value = self._value(field, row)
            except (CellProblem, WrongValue) as wrong:
                raise errors.FieldUnreadable(label=field.label, key=field.key) from wrong
            if value is not None:
                said[field.pk] = value
        return said

    def _value(self, field: Field, row: Row) -> Any:
        text = row.text(field.key).strip()
        named = self._named.get(field.code, {})
        value: Any = text
        match field.kind:
            case "decimal" | "money":
                value = row.decimal(field.key)
            case "date":
                value = row.day(field.key)
            case "bool":
                value = YES_OR_NO.get(text.lower(), text)
            case "choice":
                value = named.get(text.lower(), text)
        return checked_value(field, value, frozenset(named.values()))

    def in_words(self, said: Mapping[int, Any]) -> dict[str, str]:
        """Values by key of the field, as the history says them."""
        return {
            self.by_id[pk].key: value_in_words(
                self.by_id[pk], value, self._entry(self.by_id[pk], value)
            )
            for pk, value in said.items()
        }

    def _entry(self, field: Field, value: Any) -> str:
        word = self.book.vocabulary(field.dictionary).words.get(value) if field.dictionary else None
        return str(word.label) if word else ""


YES_OR_NO: Final[Mapping[str, bool]] = {
    **dict.fromkeys(("yes", "y", "true", "1", "是", "有", "√", "✓", "✔", "对"), True),
    **dict.fromkeys(("no", "n", "false", "0", "否", "无", "×", "✗", "不是"), False),
}
