"""What splitting and merging units must keep: the areas, to the last hundredth (INV-15)."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from loupan.inventory import errors


@dataclass(frozen=True)
class Part:
    """A unit that comes out of a split. Areas in m²."""

    room_no: str
    position: int
    built_area: Decimal | None
    inner_area: Decimal | None


def check_sums(
    parts: Sequence[Part], built_area: Decimal | None, inner_area: Decimal | None
) -> None:
    """Raise AreaSumsDiffer unless the parts have exactly the areas of the whole, TooFewUnits for one,
    AreaNotPositive, InnerAreaTooLarge.

    118.62 = 60.00 + 58.62; where the whole has no area, the parts have none.
    """
    if len(parts) < 2:
        raise errors.TooFewUnits
    for whole, areas in (
        (built_area, [part.built_area for part in parts]),
        (inner_area, [part.inner_area for part in parts]),
    ):
        given = sum((area for area in areas if area is not None), Decimal(0))
        if given != (whole or 0) or (whole is not None and None in areas):
            raise errors.AreaSumsDiffer(parts=given, whole="—" if whole is None else whole)
    for part in parts:
        if any(area is not None and area <= 0 for area in (part.built_area, part.inner_area)):
            raise errors.AreaNotPositive
        if part.built_area is not None and (part.inner_area or 0) > part.built_area:
            raise errors.InnerAreaTooLarge(inner=part.inner_area, built=part.built_area)


@dataclass(frozen=True)
class Piece:
    """A unit that goes into a merge."""

    number: str
    entrance_id: int
    product_type: str
    floors: Sequence[int]
    position: int
    built_area: Decimal | None
    inner_area: Decimal | None


@dataclass(frozen=True)
class Merged:
    """Where the unit of several stands, and how large it is."""

    floor: int
    spanned: int
    position: int
    built_area: Decimal
    inner_area: Decimal | None


def merged(pieces: Sequence[Piece]) -> Merged:
    """One unit of several: on one floor, or on floors without a gap between them.

    Raises TooFewUnits, UnitsOfDifferentPlaces, AreasIncomplete.
    """
    if len(pieces) < 2:
        raise errors.TooFewUnits
    if len({(piece.entrance_id, piece.product_type) for piece in pieces}) > 1:
        raise errors.UnitsOfDifferentPlaces
    floors = sorted({floor for piece in pieces for floor in piece.floors})
    if floors[-1] - floors[0] + 1 != len(floors):
        raise errors.UnitsOfDifferentPlaces
    for piece in pieces:
        if piece.built_area is None:
            raise errors.AreasIncomplete(unit=piece.number)
    inner = [piece.inner_area for piece in pieces]
    return Merged(
        floor=floors[0],
        spanned=len(floors),
        position=min(piece.position for piece in pieces),
        built_area=sum((piece.built_area or Decimal(0) for piece in pieces), Decimal(0)),
        inner_area=None
        if None in inner
        else sum((area or Decimal(0) for area in inner), Decimal(0)),
    )
