"""From an uploaded file to units: read, understand, carry out part by part."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from io import BytesIO

from django.utils import translation
from django.utils.timezone import now
from django.utils.translation import gettext as _

from loupan.core.bulk import without_collecting
from loupan.core.models import ImportState
from loupan.core.refusals import Refusal
from loupan.core.sheets.reading import read_workbook
from loupan.core.sheets.uploads import encoding_of
from loupan.core.sheets.writing import (
    OutColumn,
    OutSheet,
    RowProblem,
    write_error_workbook,
    write_xlsx,
)
from loupan.inventory.actions import imports
from loupan.inventory.models import Building, Unit, UnitImport
from loupan.inventory.parameters import UNIT
from loupan.inventory.queries.areas import AreaRow
from loupan.inventory.queries.imports import register_of
from loupan.inventory.queries.units import lone_building
from loupan.inventory.rules.addresses import floor_words
from loupan.inventory.rules.areas import AreaDifference
from loupan.inventory.rules.grid import COLUMN_OF
from loupan.inventory.rules.unit_files import VOCABULARY, CustomColumns, UnitFile, understand
from loupan.inventory.tables import grid_text
from loupan.org.models import Project, User
from loupan.parameters.spreadsheets import FileFields

ROWS_AT_ONCE = 10_000


def read_units(
    content: bytes, filename: str, mapping: Mapping[str, str], project_id: int
) -> UnitFile:
    """The units a file describes. Raises UnreadableFile and the refusals of `understand`."""
    workbook, fields = read_workbook(content, filename), FileFields(UNIT, project_id)
    return understand(
        workbook,
        mapping=mapping,
        lone_building=lone_building(project_id),
        custom=CustomColumns(fields.vocabulary, fields.read) if fields.fields else None,
    )


def carry_out(import_id: int, *, by: User, file: UnitFile | None = None) -> UnitImport:
    """Carry out a received import to its end, or go on where it stopped.

    A file that cannot be used ends as refused, with the sentence that says why.
    """
    batch = UnitImport.objects.get(pk=import_id)
    with without_collecting(), translation.override(by.language or translation.get_language()):
        try:
            file = file or read_units(
                bytes(batch.content), batch.filename, batch.mapping, batch.project_id
            )
        except Refusal as refusal:
            return imports.refuse_units_import(
                import_id=import_id, message=str(refusal), by=by, at=now()
            )
        return _carry_out(batch, file, by)


def _carry_out(batch: UnitImport, file: UnitFile, by: User) -> UnitImport:
    batch = imports.begin_units_import(
        import_id=batch.pk,
        understood={**file.summary(), "encoding": encoding_of(bytes(batch.content))},
        total=len(file.units),
        problems=[problem.as_dict() for problem in file.problems],
        by=by,
        at=now(),
    )
    project = Project.objects.get(pk=batch.project_id)
    register = register_of(project, file.units, batch.kind)
    while batch.done < len(file.units):
        batch = imports.import_units(
            import_id=batch.pk,
            start=batch.done,
            units=file.units[batch.done : batch.done + ROWS_AT_ONCE],
            register=register,
            by=by,
            at=now(),
        )
    return imports.end_units_import(import_id=batch.pk, by=by, at=now())


def error_workbook(batch: UnitImport, *, who: str) -> bytes:
    """The refused rows as they were, with the reason of each, to correct and upload again."""
    target = BytesIO()
    mark = f"{who} · {batch.filename}"
    file = _read_again(batch)
    sheets = {entry["sheet"] for entry in batch.errors}
    table = next((t for t in file.tables if t.sheet.name in sheets), None) if file else None
    if table is not None and len(sheets) == 1:
        problems = [
            RowProblem(entry["row"], entry["column"] or None, entry["reason"])
            for entry in batch.errors
        ]
        write_error_workbook(target, table, problems, watermark=mark)
    else:
        columns = [
            OutColumn(_("Sheet")),
            OutColumn(_("Row"), "int"),
            OutColumn(_("Column")),
            OutColumn(_("Value")),
            OutColumn(_("Reason"), width=60),
        ]
        lines = [
            [entry[key] for key in ("sheet", "row", "column", "value", "reason")]
            for entry in batch.errors
        ]
        write_xlsx(target, [OutSheet(_("Refused rows"), columns, lines)], watermark=mark)
    return target.getvalue()


def difference_workbook(batch: UnitImport, *, who: str) -> bytes:
    """Where file and books disagree and the books stay."""
    target = BytesIO()
    columns = [
        OutColumn(_("Sheet")),
        OutColumn(_("Row"), "int"),
        OutColumn(_("Unit")),
        OutColumn(_("Column")),
        OutColumn(_("In the file")),
        OutColumn(_("In the books")),
        OutColumn(_("Reason"), width=60),
    ]
    keys = ("sheet", "row", "number", "column", "value", "ours", "reason")
    lines = [[said[key] for key in keys] for said in batch.understood.get("differences", [])]
    sheet = OutSheet(_("Differences"), columns, lines)
    write_xlsx(target, [sheet], watermark=f"{who} · {batch.filename}")
    return target.getvalue()


def _read_again(batch: UnitImport) -> UnitFile | None:
    if batch.state == ImportState.REFUSED:
        return None
    try:
        return read_units(bytes(batch.content), batch.filename, batch.mapping, batch.project_id)
    except Refusal:
        return None


def grid_workbook(
    building: Building, units: Iterable[Unit], fields: Sequence[str], *, who: str
) -> bytes:
    """The grid as a workbook whose headings the import understands: out, edited, in again."""
    target = BytesIO()
    heads = [*_PLACE, *fields]
    columns = [
        OutColumn(VOCABULARY[name][0], "area" if name.endswith("_area") else "text")
        for name in heads
    ]
    rows = [
        [
            building.name,
            unit.entrance.code,
            floor_words(unit.floor_no, unit.floors_spanned),
            unit.room_no,
            *(_grid_cell(unit, name) for name in fields),
        ]
        for unit in units
    ]
    write_xlsx(target, [OutSheet(building.name, columns, rows)], watermark=who)
    return target.getvalue()


_PLACE = ("building", "entrance", "floor", "room")


def _grid_cell(unit: Unit, name: str) -> object:
    value = getattr(unit, COLUMN_OF[name])
    return value if isinstance(value, Decimal) else grid_text(unit, name)


def difference_of_areas_workbook(rows: Iterable[AreaRow], *, who: str) -> bytes:
    """The list of area differences as a workbook."""
    target = BytesIO()
    columns = [
        OutColumn(_("Unit")),
        OutColumn(_("Status")),
        OutColumn(_("Contract")),
        OutColumn(_("Predicted built area"), "area"),
        OutColumn(_("Measured built area"), "area"),
        OutColumn(_("Difference"), "area"),
        OutColumn(_("Ratio"), "rate"),
        OutColumn(_("Predicted inner area"), "area"),
        OutColumn(_("Measured inner area"), "area"),
        OutColumn(_("Difference"), "area"),
        OutColumn(_("Ratio"), "rate"),
        OutColumn(_("Beyond 3%")),
    ]
    lines = [
        [
            row.number,
            row.status,
            _("After contract") if row.is_contracted else _("Before contract"),
            *_difference_cells(row.built),
            *_difference_cells(row.inner),
            _("Yes") if row.is_over else "",
        ]
        for row in rows
    ]
    write_xlsx(target, [OutSheet(_("Area differences"), columns, lines)], watermark=who)
    return target.getvalue()


def _difference_cells(found: AreaDifference | None) -> list[object]:
    if found is None:
        return [None, None, None, None]
    return [found.agreed, found.measured, found.difference, found.ratio]
