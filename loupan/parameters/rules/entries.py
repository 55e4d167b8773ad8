"""Trees of words: their order, what may hang where, and where merged words are counted (PRM-02)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,19}", re.ASCII)
DEEPEST = 5
STEP = 10


@dataclass(frozen=True)
class Word:
    """An entry as the rules see it."""

    pk: int
    code: str
    label: Any  # Text, or something that becomes text in the reader's language.
    parent: int | None = None
    order: int = 0
    is_enabled: bool = True
    successor: int | None = None
    tone: str = ""


@dataclass(frozen=True)
class Vocabulary:
    """The entries of one dictionary that a project knows; read only."""

    words: Mapping[int, Word]
    by_code: Mapping[str, Word] = field(default_factory=dict)

    def final(self, pk: int) -> int:
        """The entry under which this one is counted: itself, or what it was merged into at last."""
        seen = {pk}
        while (word := self.words.get(pk)) and word.successor and word.successor not in seen:
            pk = word.successor
            seen.add(pk)
        return pk

    def counted_as(self, pk: int) -> list[int]:
        """The entry and everything that was merged into it, ascending."""
        return sorted(other for other in {pk, *self.words} if self.final(other) == self.final(pk))

    def in_use(self) -> list[tuple[int, Word]]:
        """What can be chosen, as (depth, entry): enabled, and so is everything above."""
        hidden: set[int] = set()
        found = []
        for depth, word in drawn(self.words.values()):
            if not word.is_enabled or word.parent in hidden:
                hidden.add(word.pk)
            else:
                found.append((depth, word))
        return found

    def label(self, code: str) -> str:
        """The text of a kept code; a code nobody knows any more is shown as it is."""
        word = self.by_code.get(code)
        return str(word.label) if word else code


def vocabulary(words: Iterable[Word]) -> Vocabulary:
    """Of two entries with one code, the one named later (nearer to the project) is meant."""
    listed = list(words)
    return Vocabulary({word.pk: word for word in listed}, {word.code: word for word in listed})


def drawn(words: Iterable[Word]) -> Iterator[tuple[int, Word]]:
    """The tree from the top down, as (depth, entry). What hangs on something unknown hangs at the top."""
    listed = sorted(words, key=lambda word: (word.order, word.pk))
    known = {word.pk for word in listed}
    below: dict[int | None, list[Word]] = {}
    for word in listed:
        below.setdefault(word.parent if word.parent in known else None, []).append(word)

    def walk(parent: int | None, depth: int) -> Iterator[tuple[int, Word]]:
        for word in below.get(parent, ()):
            yield depth, word
            yield from walk(word.pk, depth + 1)

    yield from walk(None, 0)


def hangs_below(parents: Mapping[int, int | None], pk: int, other: int | None) -> bool:
    """Whether `other` is `pk` itself or hangs anywhere below it."""
    seen: set[int] = set()
    while other is not None and other not in seen:
        if other == pk:
            return True
        seen.add(other)
        other = parents.get(other)
    return False


def depth_of(parents: Mapping[int, int | None], pk: int | None) -> int:
    """0 for the top (None), 1 for what stands there."""
    depth = 0
    while pk is not None and depth <= len(parents):
        depth += 1
        pk = parents.get(pk)
    return depth


def height_of(parents: Mapping[int, int | None], pk: int) -> int:
    """1 for an entry with nothing below."""
    below = [child for child, parent in parents.items() if parent == pk]
    return 1 + max((height_of(parents, child) for child in below), default=0)


def moved(siblings: Sequence[int], pk: int, steps: int) -> list[int]:
    """The siblings with one of them moved up (negative) or down, stopping at the ends."""
    others = [each for each in siblings if each != pk]
    place = min(max(siblings.index(pk) + steps, 0), len(others))
    return [*others[:place], pk, *others[place:]]
