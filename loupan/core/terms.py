"""Words an office has of its own for the things of the trade (PRM-06).

Note [Renamed in the catalogue]: an office that says 预定 for 认购 means every place at once: navigation,
headings, columns, statuses, refusals.  So the word is changed where all of them take their sentences
from, the catalogue, before anything that people have typed is filled in: what a customer is called is
never touched.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.utils.functional import lazy
from django.utils.translation import get_language, trans_real

# What may stand in for a word: it goes into sentences with %-signs and into pages.
WORD = re.compile(r"[\w·（）()\- ]{1,12}")


@dataclass(frozen=True)
class Term:
    """A word of ours that offices may say otherwise: its code and our sentences for it, singular first.

    Our word is left alone before one of `not_before` (单元, but not in 单元格).
    """

    code: str
    msgids: tuple[str, ...]
    not_before: str = ""

    @property
    def label(self) -> Any:
        """Our own word, whatever the office says."""
        return _ours(self.msgids[0])


# Every term of every app, by code, in the order declared (each app's apps.py).
TERMS: dict[str, Term] = {}


class Renamed:
    """A catalogue that says an office's words; `words` gives them by code of the term."""

    def __init__(self, catalogue: Any, words: Callable[[], Mapping[str, str]]) -> None:
        self.catalogue, self.words = catalogue, words

    def __getattr__(self, name: str) -> Any:
        return getattr(self.catalogue, name)

    def gettext(self, message: str) -> str:
        return self._said(self.catalogue.gettext(message))

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        return self._said(self.catalogue.ngettext(singular, plural, number))

    def _said(self, text: str) -> str:
        words = self.words()
        if not words:
            return text
        return renamed(text, words, self.catalogue.to_language())


def renamed(text: str, words: Mapping[str, str], language: str) -> str:
    """The text with our words replaced, each once: what an office says is not renamed again."""
    pattern, said = _pattern(language, tuple(sorted(words.items())))
    return pattern.sub(lambda found: said[found[0].lower()], text) if pattern else text


@lru_cache(maxsize=256)
def _pattern(
    language: str, words: tuple[tuple[str, str], ...]
) -> tuple[re.Pattern[str] | None, dict[str, str]]:
    catalogue = trans_real.translation(language)
    said: dict[str, str] = {}
    rules: dict[str, str] = {}
    for code, word in words:
        for msgid in TERMS[code].msgids if code in TERMS else ():
            ours = catalogue.gettext(msgid)
            said[ours.lower()] = word
            rule = re.escape(ours)
            rules[ours] = rf"\b{rule}\b" if ours.isascii() else rule
            if TERMS[code].not_before:
                rules[ours] += f"(?![{TERMS[code].not_before}])"
    longest_first = sorted(rules, key=len, reverse=True)
    if not said:
        return None, {}
    return re.compile("|".join(rules[ours] for ours in longest_first), re.IGNORECASE), said


@contextmanager
def speaking(words: Callable[[], Mapping[str, str]]) -> Iterator[None]:
    """Say an office's words within; `speaking(dict)` says ours. See Note [Renamed in the catalogue]."""
    active = trans_real._active  # type: ignore[attr-defined]  # noqa: SLF001  Django has no door for it.
    before = getattr(active, "value", None)
    catalogue = before.catalogue if isinstance(before, Renamed) else before
    active.value = Renamed(catalogue or trans_real.translation(settings.LANGUAGE_CODE), words)
    try:
        yield
    finally:
        if before is None:
            trans_real.deactivate()
        else:
            active.value = before


def _in_our_words(msgid: str) -> str:
    found: str = trans_real.translation(get_language() or settings.LANGUAGE_CODE).gettext(msgid)
    return found


_ours = lazy(_in_our_words, str)
