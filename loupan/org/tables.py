"""Columns of the lists: people, the log."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from loupan.core.history import NOTHING, changes_of, source_of, subject_of, title_of
from loupan.core.models import AuditEvent
from loupan.core.ui import Column
from loupan.org.models import User


def _state(user: User) -> str:
    return str(_("Active") if user.is_active else _("Disabled"))


def _changes(event: AuditEvent) -> str:
    return "; ".join(
        f"{c.label}: {c.after}" if c.before == NOTHING else f"{c.label}: {c.before} → {c.after}"
        for c in changes_of(event)
    )[:300]


USERS = (
    Column("username", _("User name"), sort="username"),
    Column("display_name", _("Full name"), sort="display_name"),
    Column("phone_tail", _("Phone tail")),
    Column("current_post.name", _("Post"), group="current_post__name"),
    Column("current_project.name", _("Project"), group="current_project__name"),
    Column("valid_until", _("Valid until"), kind="date", sort="valid_until"),
    Column("last_login", _("Last sign-in"), kind="datetime", sort="last_login"),
    Column(
        "is_active",
        _("State"),
        kind="status",
        group="is_active",
        value=_state,
        tone=lambda user: "ok" if user.is_active else "neutral",
    ),
)

EVENTS = (
    Column("at", _("When"), kind="datetime", group="at"),
    Column("by", _("Who")),
    Column("source", _("Entered through"), value=source_of, is_hidden=True),
    Column("event", _("What"), value=title_of, group="event"),
    Column("subject", _("About"), value=subject_of),
    Column("changes", _("Before and after"), value=_changes),
)


def user_url(user: User) -> str:
    return reverse("org:user", args=[user.pk])
