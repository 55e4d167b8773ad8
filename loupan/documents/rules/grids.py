"""A building drawn on paper as it stands: floors down, doors across, on A3; pure (CTL-05, UX 3)."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from loupan.documents.rules.papers import CHARACTER, length_of

# Between the margins of landscape A3, in points; above the rows stand title, counts and heads.
WIDE, HIGH, ABOVE = 1130.0, 770.0, 78.0
LARGEST, SMALLEST = 9.0, 4.5
LEADING, INSET = 1.1, 4.0
MOST_ROW, LABEL = 64.0, 34.0


@dataclass(frozen=True)
class GridCell:
    """One door: short lines of text, the first one bold; a tone of the kit, never alone, as ground."""

    lines: Sequence[str]
    tone: str
    rows: int = 1


@dataclass(frozen=True)
class GridRow:
    """A floor with its cells: None is a gap; what a taller cell covers is left out."""

    label: str
    cells: Sequence[GridCell | None]


@dataclass(frozen=True)
class Grid:
    """One sheet. `heads` are entrances with how many doors each has, `doors` the numbers over the columns."""

    title: str
    heads: Sequence[tuple[str, int]]
    doors: Sequence[str]
    rows: Sequence[GridRow]
    counts: Sequence[tuple[str, int, str]] = ()  # Status, how many, tone.

    @property
    def columns(self) -> int:
        return sum(count for _name, count in self.heads)


@dataclass(frozen=True)
class GridSheets:
    """The whole paper, a sheet a grid."""

    title: str
    foot: str
    grids: Sequence[Grid]

    def as_data(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "foot": self.foot,
            "grids": [
                {**asdict(grid), **measures(grid)} for grid in map(best_arranged, self.grids)
            ],
        }


def measures(grid: Grid) -> dict[str, float]:
    """Size of text, height of a row and width of a column in points, so that a building fits its sheet.

    Text never gets smaller than can be read: a tower too high for a sheet goes on on the next one.
    """
    cells = [cell for row in grid.rows for cell in row.cells if cell is not None]
    lines = max((len(cell.lines) for cell in cells), default=1)
    longest = max((length_of(line) for cell in cells for line in cell.lines), default=1)
    width = min(110.0, (WIDE - LABEL) / max(1, grid.columns))
    height = min(MOST_ROW, (HIGH - ABOVE) / max(1, len(grid.rows)))
    by_width = (width - INSET) / (max(4, longest) * CHARACTER)
    by_height = (height - INSET) / (lines * LEADING)
    size = max(SMALLEST, min(LARGEST, by_width, by_height))
    return {
        "size": round(size, 2),
        "height": round(max(height, lines * LEADING * size + INSET), 2),
        "width": round(width, 2),
    }


def best_arranged(grid: Grid) -> Grid:
    """With what follows the first line in one line, where the text can be larger so."""
    joined = replace(
        grid, rows=[GridRow(row.label, [*map(_joined, row.cells)]) for row in grid.rows]
    )
    return max(grid, joined, key=lambda each: measures(each)["size"])


def _joined(cell: GridCell | None) -> GridCell | None:
    if cell is None or len(cell.lines) < 3:
        return cell
    first, *others = cell.lines
    return replace(cell, lines=[first, " · ".join(others)])


def chunks(cells: Iterable[GridCell], size: int) -> list[list[GridCell]]:
    """Stalls one after the other, so many in a row."""
    found = list(cells)
    return [found[start : start + size] for start in range(0, len(found), size)]
