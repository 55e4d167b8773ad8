"""The log in words: what happened, by whom, what it was before and after, in the reader's language."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loupan.core.audit import history_of
from loupan.core.models import AuditEvent

MOST = 200
NOTHING = "—"

# The last word of an event's name (HOUSE 3.13); a new verb is added here.
VERBS = {
    "begun": gettext_lazy("begun"),
    "cancelled": gettext_lazy("cancelled"),
    "changed": gettext_lazy("changed"),
    "chosen": gettext_lazy("chosen"),
    "approved": gettext_lazy("approved"),
    "cleared": gettext_lazy("cleared"),
    "deleted": gettext_lazy("deleted"),
    "disabled": gettext_lazy("disabled"),
    "discarded": gettext_lazy("given up"),
    "drawn_up": gettext_lazy("drawn up"),
    "edited": gettext_lazy("changed"),
    "enabled": gettext_lazy("enabled"),
    "ended": gettext_lazy("ended"),
    "expired": gettext_lazy("expired"),
    "exported": gettext_lazy("exported"),
    "followed_up": gettext_lazy("followed up"),
    "held": gettext_lazy("taken up"),
    "held_back": gettext_lazy("held back"),
    "imported": gettext_lazy("imported"),
    "installed": gettext_lazy("installed"),
    "left": gettext_lazy("left"),
    "locked": gettext_lazy("locked"),
    "made": gettext_lazy("made"),
    "moved": gettext_lazy("moved"),
    "merged": gettext_lazy("merged"),
    "printed": gettext_lazy("printed"),
    "received": gettext_lazy("received"),
    "recorded": gettext_lazy("recorded"),
    "redrawn": gettext_lazy("worked out anew"),
    "registered": gettext_lazy("registered"),
    "released": gettext_lazy("released"),
    "removed": gettext_lazy("removed"),
    "reset": gettext_lazy("reset"),
    "retired": gettext_lazy("retired"),
    "returned": gettext_lazy("returned"),
    "revealed": gettext_lazy("revealed"),
    "reversed": gettext_lazy("reversed"),
    "revoked": gettext_lazy("revoked"),
    "saved": gettext_lazy("saved"),
    "set": gettext_lazy("set"),
    "signed": gettext_lazy("signed"),
    "started": gettext_lazy("started"),
    "submitted": gettext_lazy("submitted"),
    "taken_back": gettext_lazy("taken back"),
    "took_effect": gettext_lazy("took effect"),
    "undone": gettext_lazy("undone"),
    "unlocked": gettext_lazy("unlocked"),
    "withdrawn": gettext_lazy("withdrawn"),
    "withheld": gettext_lazy("withheld"),
}
NOUNS = {
    "bulk_run": gettext_lazy("Bulk change"),
    "list": gettext_lazy("List"),
    "list_view": gettext_lazy("View of a list"),
    "formula_case": gettext_lazy("Case"),
    "list_price": gettext_lazy("List price"),
    "password": gettext_lazy("Password"),
    "profile": gettext_lazy("Profile"),
    "token": gettext_lazy("API token"),
}
# Facts that are no column of the record they happened to.
FACTS = {
    "post": gettext_lazy("Post"),
    "role": gettext_lazy("Role"),
    "starts_on": gettext_lazy("From"),
    "ends_on": gettext_lazy("Until"),
}
SOURCES = {
    "web": gettext_lazy("web"),
    "api": gettext_lazy("API"),
    "job": gettext_lazy("by the system"),
    "import": gettext_lazy("import"),
}


@dataclass(frozen=True)
class Change:
    label: str
    before: str
    after: str


@dataclass(frozen=True)
class HistoryLine:
    """One event as it is read."""

    at: datetime
    title: str
    by: str
    source: str
    changes: tuple[Change, ...]
    reason: str


def lines_of(subject: Model) -> list[HistoryLine]:
    """What happened to a record, newest first, for `core/_history.html`."""
    return in_words(history_of(subject)[:MOST])


def in_words(events: Iterable[AuditEvent]) -> list[HistoryLine]:
    return [
        HistoryLine(
            at=event.at,
            title=title_of(event),
            by=str(event.by) if event.by else "",
            source=source_of(event),
            changes=changes_of(event),
            reason=str(event.facts.get("reason") or event.facts.get("exception_reason") or ""),
        )
        for event in events
    ]


def title_of(event: AuditEvent) -> str:
    """ "Project: changed" from `org.project.changed`."""
    app, _dot, rest = event.event.partition(".")
    noun, _dot, verb = rest.partition(".")
    return _("%(noun)s: %(verb)s") % {"noun": _noun(app, noun), "verb": str(VERBS.get(verb, verb))}


def source_of(event: AuditEvent) -> str:
    return str(SOURCES.get(event.source, event.source))


def changes_of(event: AuditEvent) -> tuple[Change, ...]:
    """The fields that differ; a new record has no before."""
    return tuple(
        Change(
            _label(event.subject_type, name),
            _shown(event.before.get(name)),
            _shown(event.after.get(name)),
        )
        for name in event.after
        if not (_is_empty(event.before.get(name)) and _is_empty(event.after[name]))
    )


def _noun(app: str, noun: str) -> str:
    if noun in NOUNS:
        return str(NOUNS[noun])
    try:
        return str(apps.get_model(app, noun.replace("_", ""))._meta.verbose_name)
    except LookupError:
        return noun.replace("_", " ")


def _label(subject_type: str, name: str) -> str:
    if name in FACTS:
        return str(FACTS[name])
    try:
        field = apps.get_model(subject_type)._meta.get_field(name.removesuffix("_id"))
    except (LookupError, FieldDoesNotExist, ValueError):
        return name
    return str(getattr(field, "verbose_name", name))


def _is_empty(value: Any) -> bool:
    return value is None or value in ("", [], {})


def _shown(value: Any) -> str:
    if _is_empty(value):
        return NOTHING
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(_shown(part) for part in value)
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_shown(part)}" for key, part in value.items())
    return str(value)
