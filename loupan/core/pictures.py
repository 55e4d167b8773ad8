"""Uploaded pictures: known by their content, bounded in size, drawn anew without what a camera wrote in.

What is kept is never the bytes that came: the picture is decoded and encoded again, so that no place of
a photograph, no script and no trailing archive survives.
"""

import struct
import zlib
from dataclasses import dataclass
from io import BytesIO
from typing import Final

from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps

from loupan.core.refusals import Refusal

MEBIBYTE: Final = 1024 * 1024
MOST_BYTES: Final = 10 * MEBIBYTE
MOST_PIXELS: Final = 40_000_000
LONGEST_SIDE: Final = 2_400
THUMBNAIL_SIDE: Final = 480
_QUALITY: Final = 86
_DAMAGED: Final = (
    OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError, MemoryError,
    OverflowError, struct.error, zlib.error,
)  # fmt: skip
_BOMB: Final = (Image.DecompressionBombError, Image.DecompressionBombWarning)


class NotAPicture(Refusal):
    message = _("This is no picture that can be read. Upload a JPEG, PNG or WebP.")
    field = "file"


class PictureTooBig(Refusal):
    message = _("The picture is too large. At most %(megabytes)s MB and %(pixels)s megapixels.")
    field = "file"


class NotAScan(Refusal):
    message = _("This is neither a picture nor a PDF. Upload a JPEG, PNG, WebP or PDF.")
    field = "file"


@dataclass(frozen=True)
class CleanScan:
    """A scanned document as it is kept."""

    content: bytes
    media_type: str


@dataclass(frozen=True)
class CleanPicture:
    """A picture as it is kept, and small for lists. Sides in pixels."""

    content: bytes
    thumbnail: bytes
    media_type: str
    width: int
    height: int


def clean_picture(content: bytes) -> CleanPicture:
    """The picture of an upload, drawn anew with its longest side at most 2,400 pixels.

    Raises NotAPicture, PictureTooBig.
    """
    too_big = PictureTooBig(megabytes=MOST_BYTES // MEBIBYTE, pixels=MOST_PIXELS // 1_000_000)
    if len(content) > MOST_BYTES:
        raise too_big
    try:
        with Image.open(BytesIO(content), formats=("JPEG", "PNG", "WEBP")) as opened:
            if opened.width * opened.height > MOST_PIXELS:  # Known from its head, nothing decoded.
                raise too_big
            opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            upright = ImageOps.exif_transpose(opened)
            is_drawing = upright.mode not in {"RGB", "L", "CMYK", "YCbCr"}
            image = upright.convert("RGBA" if is_drawing else "RGB")
        image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        small = image.copy()
        small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
        return CleanPicture(
            content=_encoded(image, is_drawing=is_drawing),
            thumbnail=_encoded(small, is_drawing=is_drawing),
            media_type="image/png" if is_drawing else "image/jpeg",
            width=image.width,
            height=image.height,
        )
    except _BOMB as error:
        raise too_big from error
    except _DAMAGED as error:
        raise NotAPicture from error


def clean_scan(content: bytes) -> CleanScan:
    """A scanned document: a picture is drawn anew, a PDF is kept as it came.

    A PDF is known by its first and last words; it is to be handed out as a download alone.
    Raises NotAScan, PictureTooBig.
    """
    if not content.startswith(b"%PDF-"):
        try:
            picture = clean_picture(content)
        except NotAPicture as error:
            raise NotAScan from error
        return CleanScan(picture.content, picture.media_type)
    if len(content) > MOST_BYTES:
        raise PictureTooBig(megabytes=MOST_BYTES // MEBIBYTE, pixels=MOST_PIXELS // 1_000_000)
    if b"%%EOF" not in content[-1024:]:
        raise NotAScan
    return CleanScan(content, "application/pdf")


def _encoded(image: Image.Image, *, is_drawing: bool) -> bytes:
    target = BytesIO()
    bare = Image.new(image.mode, image.size)
    bare.paste(image)  # The pixels alone: whatever else the file said stays behind.
    if is_drawing:
        bare.save(target, "PNG", optimize=True)
    else:
        bare.save(target, "JPEG", quality=_QUALITY, progressive=True)
    return target.getvalue()
