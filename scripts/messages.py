"""The catalogue of the product's sentences: read them from the sources, compile the translations.

    python -m scripts.messages update | compile

Babel alone, so that a machine without gettext gives the same catalogue as one with it.
"""

import re
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
LANGUAGE = "zh_Hans"
PO = ROOT / "locale" / LANGUAGE / "LC_MESSAGES" / "django.po"
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
NAMED_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")


def sources() -> Iterator[Path]:
    for ending in ("py", "html", "txt"):
        for path in sorted((ROOT / "loupan").rglob(f"*.{ending}")):
            if "tests" not in path.parts and "migrations" not in path.parts:
                yield path


def as_python(path: Path) -> bytes:
    """The source as Babel's Python reader takes it; a template becomes calls of gettext.

    Django's own reader does the work; the lines lose their indentation, which in a template
    means nothing and to Python would.
    """
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        text = "\n".join(line.strip() for line in templatize(text, str(path)).splitlines())
    return text.encode()


def read_sources() -> Catalog:
    """Every marked sentence of the product, with the files it stands in."""
    catalog = Catalog(
        locale=LANGUAGE,
        domain="django",
        project="Loupan",
        version="0.1.0",
        charset="utf-8",
        fuzzy=False,
    )
    for path in sources():
        name = path.relative_to(ROOT).as_posix()
        options = {"encoding": "utf-8"}
        for _line, text, comments, context in extract(
            "python", BytesIO(as_python(path)), KEYWORDS, ["Translators"], options
        ):
            catalog.add(text, None, [(name, 1)], auto_comments=comments, context=context)
    return catalog


def read_translations(path: Path = PO) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=LANGUAGE, domain="django")


def key(message: Message) -> tuple[str | None, str]:
    """What makes two entries the same sentence: the context and the (singular) text."""
    text = message.id if isinstance(message.id, str) else message.id[0]
    return message.context, text


def sentences(catalog: Catalog) -> dict[tuple[str | None, str], Message]:
    return {key(message): message for message in catalog if message.id}


def translations(message: Message) -> list[str]:
    """The text, or one for each plural."""
    return [message.string] if isinstance(message.string, str) else list(message.string or ())


def is_translated(message: Message) -> bool:
    return bool(translations(message)) and all(translations(message))


def update() -> None:
    """Add new sentences to the catalogue, take out those no longer said, keep the translations.

    No fuzzy guesses: a changed sentence is a new one.
    """
    found = read_sources()
    earlier_catalog = read_translations() if PO.exists() else found
    found.creation_date = earlier_catalog.creation_date  # Else every update changes the head.
    kept = sentences(earlier_catalog)
    for message_key, message in sentences(found).items():
        if earlier := kept.get(message_key):
            message.string = earlier.string
            message.user_comments = earlier.user_comments
    found.header_comment = "# Loupan 楼盘 in simplified Chinese."
    PO.parent.mkdir(parents=True, exist_ok=True)
    with PO.open("wb") as file:
        write_po(file, found, width=100, sort_by_file=True, include_lineno=False)
    all_of_them = sentences(found).values()
    waiting = sum(not is_translated(message) for message in all_of_them)
    print(f"{PO.relative_to(ROOT)}: {len(all_of_them)} sentences, {waiting} to translate")


def compile_all() -> None:
    for path in sorted((ROOT / "locale").rglob("*.po")):
        with path.open("rb") as source:
            catalog = read_po(source, locale=path.parts[-3], domain="django")
        with path.with_suffix(".mo").open("wb") as target:
            write_mo(target, catalog)


if __name__ == "__main__":
    {"update": update, "compile": compile_all}[sys.argv[1]]()
