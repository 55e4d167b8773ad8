"""The catalogue of translations says everything the product says, in Chinese, and nothing else."""

import re
from io import BytesIO

import pytest
from babel.messages.mofile import write_mo

from scripts import messages

CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def in_sources() -> set[tuple[str | None, str]]:
    return set(messages.sentences(messages.read_sources()))


def test_every_sentence_of_the_sources_is_in_the_catalogue(
    in_sources: set[tuple[str | None, str]],
) -> None:
    """`python3 run.py messages` adds what is missing."""
    missing = in_sources - set(messages.sentences(messages.read_translations()))
    assert not missing, sorted(map(str, missing))


def test_the_catalogue_holds_nothing_that_is_no_longer_said(
    in_sources: set[tuple[str | None, str]],
) -> None:
    left_over = set(messages.sentences(messages.read_translations())) - in_sources
    assert not left_over, sorted(map(str, left_over))


def test_every_sentence_is_translated_and_none_is_a_guess() -> None:
    found = messages.sentences(messages.read_translations())
    broken = [
        str(key)
        for key, message in found.items()
        if message.fuzzy or not messages.is_translated(message)
    ]
    assert not broken, broken


def test_a_translation_has_the_placeholders_of_its_sentence() -> None:
    """A placeholder lost in translation is a crash in Chinese only."""
    broken = []
    for key, message in messages.sentences(messages.read_translations()).items():
        texts = messages.translations(message)
        originals = [message.id] if isinstance(message.id, str) else list(message.id)
        wanted = set(messages.NAMED_PLACEHOLDER.findall(originals[-1]))
        if any(set(messages.NAMED_PLACEHOLDER.findall(text)) != wanted for text in texts if text):
            broken.append(str(key))
    assert not broken, broken


def test_every_placeholder_is_named() -> None:
    """Another language has another order of words."""
    unnamed = re.compile(r"(?<!%)%[sdf]|\{\}")
    broken = [
        text
        for _context, text in messages.sentences(messages.read_sources())
        if unnamed.search(text)
    ]
    assert not broken, broken


def test_the_catalogue_compiles() -> None:
    file = BytesIO()
    write_mo(file, messages.read_translations())
    assert file.tell() > 0
