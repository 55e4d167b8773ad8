"""Drawings of the demo: floor plans of its layouts, the parking level with its stalls."""

from decimal import Decimal
from io import BytesIO
from typing import Final

from PIL import Image, ImageDraw

from loupan.core.pictures import CleanPicture, clean_picture

WALL, THIN, PAPER = "#2b333a", "#9aa5ad", "#ffffff"
COLUMNS: Final = 16
PARKING_SIZE: Final = (1_920, 1_200)
_STALL: Final = (84, 132)


def floor_plan(rooms: int) -> CleanPicture:
    """A flat with a hall in the middle and so many rooms around it."""
    image = Image.new("RGB", (960, 720), PAPER)
    pen = ImageDraw.Draw(image)
    pen.rectangle((60, 60, 900, 660), outline=WALL, width=12)
    pen.line((60, 400, 900, 400), fill=WALL, width=8)
    width = 840 / max(rooms, 1)
    for number in range(1, rooms):
        x = 60 + number * width
        pen.line((x, 60, x, 400), fill=WALL, width=8)
    for number in range(rooms):
        door = 60 + number * width + 30
        pen.rectangle((door, 392, door + 70, 408), fill=PAPER)
        pen.arc((door - 70, 330, door + 70, 470), 270, 360, fill=THIN, width=3)
    pen.line((620, 400, 620, 660), fill=WALL, width=8)
    pen.rectangle((612, 500, 628, 580), fill=PAPER)
    pen.rectangle((180, 654, 420, 666), fill=THIN)
    return _clean(image)


def parking_level(stalls: int) -> CleanPicture:
    """A level with rows of stalls along its lanes."""
    image = Image.new("RGB", PARKING_SIZE, PAPER)
    pen = ImageDraw.Draw(image)
    pen.rectangle((16, 16, PARKING_SIZE[0] - 16, PARKING_SIZE[1] - 16), outline=WALL, width=10)
    for number in range(stalls):
        x, y = _middle(number)
        half_wide, half_high = _STALL[0] / 2, _STALL[1] / 2
        box = (x - half_wide, y - half_high, x + half_wide, y + half_high)
        pen.rectangle(box, outline=THIN, width=3)
    return _clean(image)


def stall_place(number: int) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    """Middle and size of a stall, counted from 0, as shares of the drawing."""
    x, y = _middle(number)
    wide, high = PARKING_SIZE
    places = (x / wide, y / high, _STALL[0] / wide, _STALL[1] / high)
    return tuple(Decimal(f"{place:.6f}") for place in places)  # type: ignore[return-value]


def _middle(number: int) -> tuple[float, float]:
    row, column = divmod(number, COLUMNS)
    lane = 70 * (row // 2 + 1)  # Two rows back to back, then a lane.
    return 110 + column * 113, 90 + row * 140 + lane


def _clean(image: Image.Image) -> CleanPicture:
    target = BytesIO()
    image.save(target, "PNG")
    return clean_picture(target.getvalue())
