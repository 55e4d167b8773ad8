"""Pictures of strangers: drawn anew, bounded, or refused with a sentence."""

import struct
import zlib
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from loupan.core.pictures import (
    LONGEST_SIDE,
    MOST_BYTES,
    NotAPicture,
    PictureTooBig,
    clean_picture,
)


def a_file(form: str = "JPEG", size: tuple[int, int] = (40, 20), **more: Any) -> bytes:
    target = BytesIO()
    mode = "RGBA" if form == "PNG" else "RGB"
    Image.new(mode, size, (200, 30, 30)).save(target, form, **more)
    return target.getvalue()


def a_png_that_says(width: int, height: int) -> bytes:
    """A picture of a few bytes whose head promises many pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    packed = zlib.compress(b"\0" * 1_000_000)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(("form", "kind"), [("JPEG", "jpeg"), ("WEBP", "jpeg"), ("PNG", "png")])
def test_a_picture_is_kept_in_its_kind(form: str, kind: str) -> None:
    kept = clean_picture(a_file(form))
    assert (kept.media_type, kept.width, kept.height) == (f"image/{kind}", 40, 20)
    assert Image.open(BytesIO(kept.thumbnail)).size == (40, 20)


def test_nothing_survives_but_the_pixels() -> None:
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    exif[0x0112] = 6  # Turned by 90 degrees.
    content = a_file(exif=exif.tobytes()) + b"PK\x03\x04 trailing archive <script>"
    kept = clean_picture(content)
    assert (kept.width, kept.height) == (20, 40)
    for part in (kept.content, kept.thumbnail):
        assert b"secret" not in part
        assert b"script" not in part
        assert not Image.open(BytesIO(part)).getexif()


def test_a_large_picture_is_made_smaller() -> None:
    kept = clean_picture(a_file(size=(5_000, 2_500)))
    assert (kept.width, kept.height) == (LONGEST_SIDE, LONGEST_SIDE // 2)


@pytest.mark.parametrize("size", [(60_000, 60_000), (10_000, 10_000), (2**31 - 1, 1)])
def test_a_bomb_is_refused_by_its_head(size: tuple[int, int]) -> None:
    with pytest.raises((PictureTooBig, NotAPicture)):
        clean_picture(a_png_that_says(*size))


def test_a_file_that_is_too_long_is_not_even_opened() -> None:
    with pytest.raises(PictureTooBig) as refused:
        clean_picture(b"\xff" * (MOST_BYTES + 1))
    assert "10 MB" in str(refused.value)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"GIF89a\x01\x00\x01\x00", b"%PDF-1.7", b"<svg onload=alert(1)></svg>",
        b"\x89PNG\r\n\x1a\n", a_file()[:60], a_file("PNG")[:50], b"BM" + b"\0" * 60,
    ],
    ids=range(8),
)  # fmt: skip
def test_what_is_no_picture_is_refused(content: bytes) -> None:
    with pytest.raises(NotAPicture):
        clean_picture(content)


@given(st.binary(max_size=300), st.integers(0, 200))
def test_no_bytes_break_the_reader(noise: bytes, place: int) -> None:
    good = a_file("PNG")
    for content in (noise, good[:place] + noise + good[place:]):
        try:
            clean_picture(content)
        except (NotAPicture, PictureTooBig):
            continue
