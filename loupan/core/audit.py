"""The one way to write history (HOUSE 3.13). Called inside actions, never by a door."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Model, QuerySet

from loupan.core.bulk import insert_rows
from loupan.core.models import AuditEvent
from loupan.core.people import Actor


def plain(value: Any) -> Any:
    """JSON without losing a fen: decimals, dates and rows become text."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Model):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, Iterable):
        return [plain(part) for part in value]
    return str(value)


def entry(
    event: str,
    subject: Model,
    *,
    by: Actor | None,
    at: datetime,
    project_id: int | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    **facts: Any,
) -> AuditEvent:
    """An unsaved event; `record` saves one, `record_all` many at once."""
    if project_id is None:
        project_id = getattr(subject, "project_id", None)
    return AuditEvent(
        at=at,
        by_id=by.pk if by else None,
        post_id=by.post_id if by else None,
        source=by.source if by else "job",
        event=event,
        subject_type=subject._meta.label_lower,
        subject_id=subject.pk,
        project_id=project_id,
        facts=plain(facts),
        before=plain(before or {}),
        after=plain(after or {}),
    )


def record(event: str, subject: Model, *, by: Actor | None, at: datetime, **facts: Any) -> None:
    """Write what happened: `event` is app.noun.past_participle; `before`/`after` are changed fields."""
    entry(event, subject, by=by, at=at, **facts).save(force_insert=True)


def record_all(entries: Iterable[AuditEvent]) -> None:
    AuditEvent.objects.bulk_create(entries, batch_size=2000)


def record_changes(
    event: str,
    model: type[Model],
    changes: Iterable[tuple[int, Mapping[str, Any], Mapping[str, Any]]],
    *,
    by: Actor | None,
    at: datetime,
    project_id: int | None,
    **facts: Any,
) -> None:
    """The same event for thousands of rows of a model at once: each is id, before, after."""
    insert_rows(
        AuditEvent,
        ("subject_id", "before", "after"),
        ((pk, plain(before), plain(after)) for pk, before, after in changes),
        same={
            "at": at,
            "by_id": by.pk if by else None,
            "post_id": by.post_id if by else None,
            "source": by.source if by else "job",
            "event": event,
            "subject_type": model._meta.label_lower,
            "project_id": project_id,
            "facts": plain(facts),
        },
    )


def snapshot(row: Model, *fields: str) -> dict[str, Any]:
    """Named fields of a row, for `before` and `after`."""
    return {field: getattr(row, field) for field in fields}


def differences(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    changed = [key for key in after if before.get(key) != after[key]]
    return {key: before.get(key) for key in changed}, {key: after[key] for key in changed}


def history_of(subject: Model) -> QuerySet[AuditEvent]:
    """Everything that happened to a row, newest first."""
    return (
        AuditEvent.objects.filter(subject_type=subject._meta.label_lower, subject_id=subject.pk)
        .select_related("by")
        .order_by("-id")
    )
