"""A state machine as a table (HOUSE 3.6). Statuses are set by `after` and by nothing else."""

from collections.abc import Mapping
from typing import Generic, TypeVar

from django.db.models import TextChoices

from loupan.core.refusals import NotAllowedNow

S = TypeVar("S", bound=TextChoices)


class Flow(Generic[S]):
    """Verb -> (statuses it may start from, status it leads to)."""

    def __init__(self, kind: type[S], moves: Mapping[str, tuple[frozenset[S], S]]) -> None:
        self.kind = kind
        self.moves = moves

    def after(self, verb: str, status: str) -> S:
        """The status that `verb` leads to; raises NotAllowedNow where the table has no such move."""
        starts, end = self.moves[verb]
        if status not in starts:
            raise NotAllowedNow(status=self.kind(status).label, verb=verb)
        return end

    def open_verbs(self, status: str) -> list[str]:
        return [verb for verb, (starts, _end) in self.moves.items() if status in starts]
