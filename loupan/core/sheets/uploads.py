"""What somebody uploads: its bytes within limits, its encoding by name."""

from typing import Any

from django.core.files.uploadedfile import UploadedFile

from loupan.core.sheets import text_files
from loupan.core.sheets.errors import FileTooBig, UnreadableFile
from loupan.core.sheets.limits import DEFAULT, MEBIBYTE

_BOMS = ((b"\xef\xbb\xbf", "UTF-8 (BOM)"), (b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16"))
_ENCODINGS = (("utf-8", "UTF-8"), ("gb18030", "GB18030"), ("big5hkscs", "Big5"))


def content_of(file: UploadedFile[Any]) -> bytes:
    """The bytes of an upload. Raises FileTooBig before reading them."""
    size = file.size or 0
    if size > DEFAULT.size:
        raise FileTooBig(
            filename=file.name, size=-(-size // MEBIBYTE), limit=DEFAULT.size // MEBIBYTE
        )
    content: bytes = file.read()
    return content


def encoding_of(content: bytes) -> str:
    """The encoding of a text file by its name; nothing for a workbook, which has its own."""
    if content.startswith((b"PK", b"\xd0\xcf\x11\xe0")):
        return ""
    for mark, name in _BOMS:
        if content.startswith(mark):
            return name
    try:
        text = text_files.decode(content, "")
    except UnreadableFile:
        return ""
    sample = text[:2_000]
    for codec, name in _ENCODINGS:
        if content.startswith(sample.encode(codec, "replace")):
            return name
    return "UTF-16"
