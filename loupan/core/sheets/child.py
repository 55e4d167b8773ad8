"""The program that opens a stranger's binary workbook, in a process of its own.

It is run by path with `python -I`, imports nothing of the product, reads the workbook from its
standard input and writes JSON lines: `{"sheet": …}`, then lists of rows, then `{"end": true}`;
or `{"error": name}`. Whatever kills it (a panic, the memory limit, the clock), the parent sees
only that the end is missing.
"""

import contextlib
import io
import sys
import zipfile
from datetime import date, datetime, time, timedelta
from typing import BinaryIO

CELLS_PER_LINE = 24_000
MOST_MERGES = 100_000
OLE = b"\xd0\xcf\x11\xe0"
WORKBOOK_STARTS = (b"\x09\x08\x10\x00\x00\x06\x05\x00", b"\x09\x08\x08\x00\x00\x05\x05\x00")
FILE_PASS = 0x2F
HARMLESS_SIZE = 64 * 1024 * 1024  # Unpacked size below which the ratio does not matter.


class Stop(Exception):
    """The workbook is refused; the argument is the name of the refusal."""


def limit_resources(memory: int, seconds: int) -> None:
    """Take away the means to hurt the machine. Does nothing where the system has no limits."""
    try:
        import resource
    except ImportError:
        return
    for kind, amount in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(kind, (amount, amount))


def check_zip(content: bytes, most_unpacked: int, most_ratio: int) -> None:
    """Look at the sizes a zip container declares before anything is unpacked."""
    if not content.startswith(b"PK"):
        return
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, ValueError, OverflowError, NotImplementedError) as error:
        raise Stop("damaged") from error
    if unpacked > most_unpacked:
        raise Stop("bomb")
    if unpacked > HARMLESS_SIZE and unpacked > most_ratio * len(content):
        raise Stop("bomb")


def is_encrypted(content: bytes) -> bool:
    """Whether an OLE container is an encrypted package, or an .xls with a FilePass record.

    The reader itself tells only when it knows the ending of the file's name.
    """
    if not content.startswith(OLE):
        return False
    if "EncryptionInfo".encode("utf-16-le") in content:
        return True
    position = max(content.find(start) for start in WORKBOOK_STARTS)
    if position < 0:
        return False
    for _record in range(40):
        kind = int.from_bytes(content[position : position + 2], "little")
        if kind == FILE_PASS:
            return True
        position += 4 + int.from_bytes(content[position + 2 : position + 4], "little")
    return False


def plain(value: object) -> object:
    """What JSON cannot say: days are marked, times of day and durations become text."""
    if isinstance(value, datetime):
        return {"t": value.isoformat()}
    if isinstance(value, date):
        return {"d": value.isoformat()}
    if isinstance(value, time):
        return value.isoformat(timespec="seconds")
    if isinstance(value, timedelta):
        minutes, seconds = divmod(int(value.total_seconds()), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02}:{seconds:02}"
    return str(value)


def write_workbook(content: bytes, limits: dict[str, int], out: BinaryIO) -> None:
    import orjson
    import python_calamine

    def say(message: object) -> None:
        out.write(
            orjson.dumps(message, default=plain, option=orjson.OPT_PASSTHROUGH_DATETIME) + b"\n"
        )

    try:
        workbook = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    except python_calamine.CalamineError as error:
        raise Stop("password" if is_encrypted(content) else "damaged") from error
    cells_left = limits["cells"]
    for number, about in enumerate(workbook.sheets_metadata):
        if about.typ != python_calamine.SheetTypeEnum.WorkSheet:
            continue
        sheet = workbook.get_sheet_by_index(number)
        height, width = (sheet.end[0] + 1, sheet.end[1] + 1) if sheet.end else (0, 0)
        if height > limits["rows"]:
            raise Stop("rows:" + about.name)
        if width > limits["columns"]:
            raise Stop("columns:" + about.name)
        cells_left -= height * width
        if cells_left < 0:
            raise Stop("cells")
        merged = (sheet.merged_cell_ranges or [])[:MOST_MERGES]
        visible = about.visible == python_calamine.SheetVisibleEnum.Visible
        say({"sheet": about.name, "visible": visible, "merged": merged})
        if not height:
            continue
        lead = [""] * (sheet.start[1] if sheet.start else 0)
        chunk = []
        most_rows = max(1, CELLS_PER_LINE // max(1, width))
        for row in sheet.iter_rows():
            if lead and len(row) < width:
                row = lead + row
            chunk.append(row)
            if len(chunk) == most_rows:
                say(chunk)
                chunk = []
        if chunk:
            say(chunk)
    say({"end": True})


def main() -> None:
    memory, seconds, unpacked, ratio, rows, columns, cells = map(int, sys.argv[1:8])
    sys.path[:0] = sys.argv[8:]
    out = sys.stdout.buffer
    limit_resources(memory, seconds)
    try:
        content = sys.stdin.buffer.read()
        check_zip(content, unpacked, ratio)
        write_workbook(content, {"rows": rows, "columns": columns, "cells": cells}, out)
    except Stop as stop:
        out.write(b'{"error": ' + _quoted(str(stop)) + b"}\n")
    except MemoryError:
        out.write(b'{"error": "memory"}\n')
    except BaseException:  # noqa: BLE001  A panic of the reader is no Exception.
        out.write(b'{"error": "damaged"}\n')
    out.flush()


def _quoted(text: str) -> bytes:
    import json

    return json.dumps(text).encode()


if __name__ == "__main__":
    main()
