"""Papers as files: PDF by typst with embedded Chinese fonts, Word by the office's own template."""

import io
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import segno
import typst
from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from docx.opc.exceptions import PackageNotFoundError
from docxtpl import DocxTemplate
from jinja2 import TemplateError
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from loupan.documents import errors
from loupan.documents.models import PaperTemplate, Printing
from loupan.documents.rules.grids import GridSheets
from loupan.documents.rules.papers import Paper, fitted
from loupan.documents.rules.word import built_in
from loupan.org.models import Letterhead, Project, User

FORM = Path(__file__).resolve().parent / "typst" / "paper.typ"
GRID = FORM.with_name("grid.typ")
FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts")


# Those paper.typ asks for.
CHINESE_FONTS = frozenset({"Noto Sans CJK SC", "Noto Sans SC", "Noto Sans CJK"})


def _font_folders() -> list[str]:
    own = Path(settings.BASE_DIR) / "assets" / "fonts"
    return [str(folder) for folder in (own, *map(Path, FONT_FOLDERS)) if folder.exists()]


@lru_cache(maxsize=4)
def _has_chinese_fonts(folders: tuple[str, ...]) -> bool:
    found = typst.Fonts(include_system_fonts=False, font_paths=list(folders)).families()
    return not CHINESE_FONTS.isdisjoint(found)


def pdf_of(paper: Paper, letterhead: Letterhead | None = None) -> bytes:
    """A4 PDF with the fonts embedded; nothing outside the form's own folder can be read.

    The letterhead is that of the company whose paper it is (`org.queries.letterhead_of`).

    Raises ChineseFontsMissing instead of printing empty boxes.
    """
    return _compiled(FORM, {**paper.as_data(), **_head(letterhead)})


def grids_pdf(sheets: GridSheets) -> bytes:
    """A3 PDF, a building a sheet. Raises ChineseFontsMissing."""
    return _compiled(GRID, sheets.as_data())


def _compiled(form: Path, paper: Mapping[str, Any]) -> bytes:
    folders = _font_folders()
    if not _has_chinese_fonts(tuple(folders)):
        raise errors.ChineseFontsMissing(folder=Path(settings.BASE_DIR) / "assets" / "fonts")
    made = typst.compile(
        str(form),
        root=str(form.parent),
        font_paths=folders,
        ignore_system_fonts=True,
        format="pdf",
        sys_inputs={"paper": json.dumps(paper, ensure_ascii=False)},
    )
    assert isinstance(made, bytes)
    return made


def _head(letterhead: Letterhead | None) -> dict[str, Any]:
    """Line and logo as the form takes them; bytes travel as numbers."""
    if letterhead is None:
        return {"line": "", "logo": [], "logo_format": ""}
    kinds = {"image/png": "png", "image/jpeg": "jpg"}
    return {
        "line": letterhead.line,
        "logo": list(bytes(letterhead.logo or b"")),
        "logo_format": kinds.get(letterhead.media_type, ""),
    }


def qr_of(address: str) -> str:
    """An SVG of the way back to the record."""
    buffer = io.BytesIO()
    segno.make(address, error="m").save(buffer, kind="svg", border=1, xmldecl=False)
    return buffer.getvalue().decode()


def _cell(value: Any, kind: str) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, Decimal) and kind == "rate":
        return f"{value:.2%}"
    if kind == "number":
        return f"{value:,}"
    if isinstance(value, Decimal):
        return f"{value:,.2f}"
    if isinstance(value, datetime):
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M}"
    return value.isoformat() if isinstance(value, date) else str(value)


NUMERIC = frozenset({"money", "area", "price", "rate", "number"})


def table_pdf(
    title: str,
    heads: Sequence[tuple[str, str]],
    lines: Iterable[Sequence[Any]],
    *,
    who: str,
    at: datetime,
    subtitle: str = "",
) -> bytes:
    """A list or report on landscape A4, with who took it and when at the foot of each page."""
    table = fitted(
        [label for label, _kind in heads],
        [[_cell(v, kind) for v, (_label, kind) in zip(row, heads, strict=True)] for row in lines],
        [kind in NUMERIC for _label, kind in heads],
    )
    mark = f"{who} · {at:%Y-%m-%d %H:%M}"
    return pdf_of(
        Paper(
            title=title,
            company="",
            number="",
            subtitle=subtitle,
            tables=[table],
            foot=mark,
            mark="",
            landscape=True,
        )
    )


def template_for(kind: str, project: Project) -> PaperTemplate | None:
    """The newest enabled Word template: the project's own before the company's."""
    return (
        PaperTemplate.objects.filter(
            Q(project=project) | Q(project=None, company=project.company_id),
            kind=kind,
            is_enabled=True,
        )
        .order_by("project_id", "-edition", "-id")
        .first()
    )


def docx_of(kind: str, project: Project, fields: Mapping[str, Any]) -> bytes:
    """A Word file from the office's template, or from the built-in one where none is set.

    Raises TemplateBroken naming what the template asks for wrongly.  Templates run in a sandbox.
    """
    own = template_for(kind, project)
    return fill(bytes(own.content) if own else built_in(kind), fields)


FILTERS = frozenset(
    {"default", "d", "join", "length", "count", "lower", "upper", "trim", "first", "last"}
)
LARGEST_UNPACKED = 60 * 1024 * 1024


class MergeFields(ImmutableSandboxedEnvironment):
    """What a Word template may say: fields, lists, conditions. It calls and computes nothing."""

    intercepted_binops = frozenset(ImmutableSandboxedEnvironment.default_binop_table)

    def __init__(self) -> None:
        super().__init__(autoescape=True)
        self.globals.clear()
        self.filters = {name: self.filters[name] for name in FILTERS}

    def is_safe_callable(self, obj: Any) -> bool:
        return False

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        raise SecurityError(f"{operator} is not allowed")


def fill(template: bytes, fields: Mapping[str, Any]) -> bytes:
    """A Word file from a template. Raises TemplateBroken for whatever is no template."""
    try:
        with zipfile.ZipFile(io.BytesIO(template)) as parts:
            if sum(part.file_size for part in parts.infolist()) > LARGEST_UNPACKED:
                raise errors.TemplateBroken(problem=_("it is too large when unpacked"))
        document = DocxTemplate(io.BytesIO(template))
        document.render(dict(fields), jinja_env=MergeFields())
        buffer = io.BytesIO()
        document.save(buffer)
    except (
        TemplateError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, OSError,
        SyntaxError, zipfile.BadZipFile, PackageNotFoundError,
    ) as error:  # fmt: skip
        raise errors.TemplateBroken(problem=str(error)[:300] or type(error).__name__) from error
    return buffer.getvalue()


def templates_for(viewer: User) -> QuerySet[PaperTemplate]:
    reach = sorted(viewer.access.project_ids)
    companies = Project.objects.filter(pk__in=reach).values("company_id")
    return PaperTemplate.objects.filter(
        Q(project_id__in=reach) | Q(project=None, company_id__in=companies)
    ).order_by("kind", "-id")


def copies_of(kind: str, subject_type: str, subject_id: int) -> int:
    return Printing.objects.filter(
        kind=kind, subject_type=subject_type, subject_id=subject_id
    ).count()
