"""The control sheet (销控表): every building as it stands on A3, with status, area and price (CTL-05)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from loupan.core.actions import record_export
from loupan.core.typed import one_line
from loupan.documents.queries import grids_pdf
from loupan.documents.rules.grids import Grid, GridCell, GridRow, GridSheets, chunks
from loupan.inventory.permissions import READ_BOARD
from loupan.inventory.queries.board import BoardBuilding
from loupan.inventory.queries.board import board as board_of
from loupan.org.permissions import require
from loupan.org.queries import DeskRequest, current_project
from loupan.sales.views import drawing
from loupan.sales.views.board import moment_asked, pen_of, state_asked

Unit = Mapping[str, Any]
MOST_DOORS = 28  # More do not fit across a sheet: the entrances go on on the next one.
STALLS = 20


@require_safe
def control_sheet(request: DeskRequest) -> HttpResponse:
    """The board on paper, a building a sheet, now or at the moment `?at=`.

    Cells say the line chosen on the board: buyers and deal prices only where the reader sees the deal.
    """
    project, at = current_project(request), timezone.localtime()
    require(request.user, READ_BOARD, project.pk)
    require(request.user, "documents.print", project.pk)
    asked = moment_asked(request, at)
    if asked.errors:
        raise Http404
    as_of = asked.cleaned_data["at"]
    data = board_of(project.pk, at=at, building=request.GET.get("building") or None, as_of=as_of)
    units = data["units"]
    state = state_asked(request, units, as_of)
    pen = pen_of(request.user, project.pk, state, at)
    by_building: dict[str, list[Unit]] = {}
    for unit in units:
        by_building.setdefault(unit["building"], []).append(unit)
    grids = [
        grid
        for entry in data["buildings"]
        if entry.code in by_building
        for grid in _grids(entry, by_building[entry.code], pen)
    ]
    if not grids:
        return redirect("sales:board")  # Which says what to do.
    when = f"{timezone.localtime(as_of or at):%Y-%m-%d %H:%M}"
    title = f"{project.name} {_('Control sheet')} {when}"
    record_export(
        title=title,
        columns=["number", "status", "built_area", state.line],
        rows=len(units),
        reason=one_line(request.GET.get("reason"), most=200),
        by=request.user,
        at=at,
    )
    note = f"{project.name} · {when} · {_('area in m², list total in 10k yuan')}"
    foot = f"{_('Control sheet')} · {request.user} · {at:%Y-%m-%d %H:%M}"
    answer = HttpResponse(grids_pdf(GridSheets(note, foot, grids)), content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="control-sheet-{at:%Y%m%d-%H%M}.pdf"'
    return answer


def _cell(unit: Unit, pen: drawing.Pen) -> GridCell:
    look = pen.looks[unit["status"]]
    lines = [f"{unit['room_no']} {look.label}", unit["built_area"] or "", _said(unit, pen)]
    return GridCell([line for line in lines if line], look.tone)


def _said(unit: Unit, pen: drawing.Pen) -> str:
    """The line of the board where it is about the deal, else the list total."""
    found = pen.sold.get(unit["id"])
    if pen.state.line == "customer":
        return "、".join(found.customers) if found else ""
    if pen.state.line == "deal":
        return drawing.wan(f"{found.deal_total:.2f}") if found and found.deal_total else ""
    return drawing.wan(unit["list_total"])


def _grids(entry: BoardBuilding, units: Sequence[Unit], pen: drawing.Pen) -> list[Grid]:
    """The sheets of one building: its tower, or its stalls floor by floor."""
    counts = Counter(unit["status"] for unit in units)
    said = [
        (look.label, counts[code], look.tone) for code, look in pen.looks.items() if counts[code]
    ]
    groups: dict[str, list[Unit]] = {}
    for unit in units:
        groups.setdefault(unit["entrance"], []).append(unit)
    names = {str(each["code"]): str(each["name"] or each["code"]) for each in entry.entrances}
    if entry.is_parking or not all(drawing.is_row_of_doors(group) for group in groups.values()):
        return [Grid(entry.name, [("", STALLS)], [], _stalls(groups, names, pen), said)]
    parts = _parts(groups)
    return [
        _tower(entry.name if number == 1 else f"{entry.name} ({number})", part, names, pen, said)
        for number, part in enumerate(parts, 1)
    ]


def _parts(groups: Mapping[str, list[Unit]]) -> list[dict[str, list[Unit]]]:
    """Entrances that stand side by side on one sheet."""
    parts: list[dict[str, list[Unit]]] = [{}]
    across = 0
    for code, units in groups.items():
        doors = len({unit["position"] for unit in units})
        if across and across + doors > MOST_DOORS:
            parts.append({})
            across = 0
        parts[-1][code] = units
        across += doors
    return parts


def _tower(
    title: str,
    groups: Mapping[str, list[Unit]],
    names: Mapping[str, str],
    pen: drawing.Pen,
    counts: Sequence[tuple[str, int, str]],
) -> Grid:
    tower = drawing.tower_of(groups, lambda unit: _cell(unit, pen))
    rows = []
    for row, floor in enumerate(tower.floors):
        cells: list[GridCell | None] = []
        for _code, wide, placed in tower.entrances:
            for place in wide:
                cell, span = placed.get((row, place), (None, 1))
                if cell is not None:
                    cells.append(GridCell(cell.lines, cell.tone, span))
                elif span:  # A gap; what a duplex covers takes no rows.
                    cells.append(None)
        rows.append(GridRow(drawing.floor_label(floor), cells))
    heads = [(names.get(code, code), len(wide)) for code, wide, _placed in tower.entrances]
    doors = [f"{place:02d}" for _code, wide, _placed in tower.entrances for place in wide]
    return Grid(title, heads, doors, rows, counts)


def _stalls(
    groups: Mapping[str, list[Unit]], names: Mapping[str, str], pen: drawing.Pen
) -> list[GridRow]:
    rows = []
    for code, units in groups.items():
        for floor, found in groupby(units, key=lambda unit: int(unit["floor"])):
            label = f"{names.get(code, code)} {drawing.floor_label(floor)}".strip()
            for number, line in enumerate(chunks([_cell(unit, pen) for unit in found], STALLS)):
                filled = [*line, *[None] * (STALLS - len(line))]
                rows.append(GridRow(label if number == 0 else "", filled))
    return rows
