"""A "no" that the person at the desk should read. Expected, translated, never a bug (HOUSE 3.9)."""

import re
from collections.abc import Callable
from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Refusal(Exception):
    """Base of every business refusal.

    A subclass is one refusal with one sentence; facts given to the constructor fill its named
    placeholders.  `field` names the form field the sentence belongs to, where there is one.
    """

    message: ClassVar[str | Promise]
    field: ClassVar[str] = ""
    # What is written although everything else is undone: that somebody tried (see db.writes).
    evidence: Callable[[], object] | None = None

    def __init__(self, **facts: object) -> None:
        self.facts = facts
        super().__init__(facts)

    def __str__(self) -> str:
        return str(self.message) % {key: str(value) for key, value in self.facts.items()}

    @property
    def code(self) -> str:
        """The stable code of the API: the class name in snake case."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", type(self).__name__).lower()


class ChangedMeanwhile(Refusal):
    message = _(
        "Somebody else changed this in the meantime. Look at the new state and decide again."
    )


class Busy(Refusal):
    message = _("Somebody else is working on exactly this. Try again in a moment.")


class NotAllowedNow(Refusal):
    message = _("This step is not possible while the status is “%(status)s”.")


class KeyReused(Refusal):
    message = _("This request key was already used for a different request. Use a new key.")


class NameMissing(Refusal):
    message = _("Give the view a name of at most 60 characters.")
    field = "name"


class ViewTooLong(Refusal):
    message = _("This view has too many filters and columns to be kept. Leave some out.")


class NothingChosen(Refusal):
    message = _("Tick at least one row first.")


class TooManyRows(Refusal):
    message = _("These are more than %(most)s rows. Narrow the list with a filter first.")


class ReasonMissing(Refusal):
    message = _("Say why you take this list out; the reason is kept in the log.")
    field = "reason"


class RunEnded(Refusal):
    message = _("Somebody else went on with this in the meantime. Look at its result.")
