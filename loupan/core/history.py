"""The log in words: what happened, by whom, what it was before and after, in the reader's language."""

from collections.abc import Iterable, Mapping
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
    "allowed": gettext_lazy("allowed"),
    "approved": gettext_lazy("approved"),
    "assigned": gettext_lazy("assigned"),
    "begun": gettext_lazy("begun"),
    "cancelled": gettext_lazy("cancelled"),
    "carried_over": gettext_lazy("carried over"),
    "changed": gettext_lazy("changed"),
    "chosen": gettext_lazy("chosen"),
    "cleared": gettext_lazy("cleared"),
    "confirmed": gettext_lazy("confirmed"),
    "converted": gettext_lazy("turned into a reservation"),
    "declined": gettext_lazy("declined"),
    "deleted": gettext_lazy("deleted"),
    "disabled": gettext_lazy("disabled"),
    "discarded": gettext_lazy("given up"),
    "drawn": gettext_lazy("drawn"),
    "drawn_up": gettext_lazy("drawn up"),
    "edited": gettext_lazy("changed"),
    "enabled": gettext_lazy("enabled"),
    "ended": gettext_lazy("ended"),
    "expired": gettext_lazy("expired"),
    "exported": gettext_lazy("exported"),
    "extended": gettext_lazy("extended"),
    "filed": gettext_lazy("filed"),
    "followed_up": gettext_lazy("followed up"),
    "handed_over": gettext_lazy("handed over"),
    "held": gettext_lazy("taken up"),
    "held_back": gettext_lazy("held back"),
    "imported": gettext_lazy("imported"),
    "installed": gettext_lazy("installed"),
    "issued": gettext_lazy("issued"),
    "kept_for_money": gettext_lazy("kept, since money has arrived"),
    "left": gettext_lazy("left"),
    "lifted": gettext_lazy("lifted"),
    "locked": gettext_lazy("locked"),
    "made": gettext_lazy("made"),
    "merged": gettext_lazy("merged"),
    "moved": gettext_lazy("moved"),
    "picture_removed": gettext_lazy("picture removed"),
    "pictured": gettext_lazy("picture added"),
    "placed": gettext_lazy("spots placed"),
    "plan_changed": gettext_lazy("payment plan changed"),
    "prepared": gettext_lazy("prepared"),
    "printed": gettext_lazy("printed"),
    "reason_changed": gettext_lazy("reason changed"),
    "proof_added": gettext_lazy("proof added"),
    "proof_opened": gettext_lazy("proof looked at"),
    "proof_removed": gettext_lazy("proof removed"),
    "received": gettext_lazy("received"),
    "recorded": gettext_lazy("recorded"),
    "redrawn": gettext_lazy("worked out anew"),
    "refused": gettext_lazy("refused"),
    "registered": gettext_lazy("registered"),
    "registration_refused": gettext_lazy("registration refused"),
    "released": gettext_lazy("released"),
    "removed": gettext_lazy("removed"),
    "requested": gettext_lazy("requested"),
    "reset": gettext_lazy("reset"),
    "restored": gettext_lazy("brought back"),
    "retired": gettext_lazy("retired"),
    "returned": gettext_lazy("returned"),
    "revealed": gettext_lazy("revealed"),
    "reversed": gettext_lazy("reversed"),
    "revoked": gettext_lazy("revoked"),
    "run": gettext_lazy("carried out"),
    "saved": gettext_lazy("saved"),
    "set": gettext_lazy("set"),
    "signed": gettext_lazy("signed"),
    "started": gettext_lazy("started"),
    "stuck": gettext_lazy("kept, since it could not be returned"),
    "submitted": gettext_lazy("submitted"),
    "taken_back": gettext_lazy("taken back"),
    "took_effect": gettext_lazy("took effect"),
    "undone": gettext_lazy("undone"),
    "unfiled": gettext_lazy("filing withdrawn"),
    "unit_attached": gettext_lazy("unit attached"),
    "unit_detached": gettext_lazy("unit detached"),
    "units_generated": gettext_lazy("units generated"),
    "unlocked": gettext_lazy("unlocked"),
    "voided": gettext_lazy("voided"),
    "withdrawn": gettext_lazy("withdrawn"),
    "withheld": gettext_lazy("withheld"),
}
# What an event's name calls by another word than its model, or what has no model.
NOUNS = {
    "authority": gettext_lazy("Discount authority"),
    "bulk_run": gettext_lazy("Bulk change"),
    "claim": gettext_lazy("Lock or hold"),
    "class": gettext_lazy("Precision of a product type"),
    "contract": gettext_lazy("Contract"),
    "customer_import": gettext_lazy("Import of customers"),
    "defaults": gettext_lazy("Settings delivered"),
    "formula_case": gettext_lazy("Case"),
    "hold": gettext_lazy("Hold"),
    "list": gettext_lazy("List"),
    "list_price": gettext_lazy("List price"),
    "list_view": gettext_lazy("View of a list"),
    "paper": gettext_lazy("Paper"),
    "password": gettext_lazy("Password"),
    "plan": gettext_lazy("Payment plan"),
    "policy": gettext_lazy("Pricing settings"),
    "precision": gettext_lazy("Precision"),
    "profile": gettext_lazy("Profile"),
    "provisional": gettext_lazy("Provisional reservation"),
    "quote": gettext_lazy("Quote"),
    "receipt": gettext_lazy("Receipt"),
    "reservation": gettext_lazy("Reservation"),
    "template": gettext_lazy("Word template"),
    "title": gettext_lazy("Title certificate"),
    "token": gettext_lazy("API token"),
    "unfiling": gettext_lazy("Withdrawal of a filing"),
    "unit": gettext_lazy("Unit"),
    "unit_import": gettext_lazy("Import of units"),
    "value": gettext_lazy("Parameter"),
}
# Models whose word is kept under the noun of their events.
SUBJECTS = {
    "customerimport": "customer_import",
    "printing": "paper",
    "provisionalreservation": "provisional",
    "titlecertificate": "title",
    "unitimport": "unit_import",
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


def subject_of(event: AuditEvent) -> str:
    """ "Project 7": the record an event happened to."""
    app, _dot, model = event.subject_type.partition(".")
    return f"{_noun(app, SUBJECTS.get(model, model))} {event.subject_id}"


def source_of(event: AuditEvent) -> str:
    return str(SOURCES.get(event.source, event.source))


def changes_of(event: AuditEvent) -> tuple[Change, ...]:
    """The fields that differ; a new record has no before."""
    return tuple(
        Change(
            _label(event.subject_type, name),
            _shown(event.before.get(name), words),
            _shown(event.after.get(name), words),
        )
        for name in event.after
        for words in [_words(event.subject_type, name)]
        if not (_is_empty(event.before.get(name)) and _is_empty(event.after[name]))
    )


def _noun(app: str, noun: str) -> str:
    if noun in NOUNS:
        return str(NOUNS[noun])
    try:
        return str(apps.get_model(app, noun.replace("_", ""))._meta.verbose_name)
    except LookupError:
        return noun.replace("_", " ")


def _field(subject_type: str, name: str) -> Any:
    try:
        return apps.get_model(subject_type)._meta.get_field(name.removesuffix("_id"))
    except (LookupError, FieldDoesNotExist, ValueError):
        return None


def _label(subject_type: str, name: str) -> str:
    if name in FACTS:
        return str(FACTS[name])
    return str(getattr(_field(subject_type, name), "verbose_name", name))


def _words(subject_type: str, name: str) -> Mapping[Any, Any]:
    """What a coded value is called."""
    return dict(getattr(_field(subject_type, name), "flatchoices", None) or ())


def _is_empty(value: Any) -> bool:
    return value is None or value in ("", [], {})


def _shown(value: Any, words: Mapping[Any, Any]) -> str:
    if _is_empty(value):
        return NOTHING
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, str | int) and value in words:
        return str(words[value])
    if isinstance(value, list):
        return ", ".join(_shown(part, words) for part in value)
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_shown(part, {})}" for key, part in value.items())
    return str(value)
