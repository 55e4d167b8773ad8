"""Writes that know no business word: answering a request once, saving reference data."""

from collections.abc import Callable
from datetime import datetime

from django.db import connection, models
from django.forms import ModelForm

from loupan.core import audit
from loupan.core.db import writes
from loupan.core.people import Actor
from loupan.core.prepared import run_prepared
from loupan.core.refusals import ChangedMeanwhile


@writes
def answer_first(
    *, key: str, fingerprint: str, do: Callable[[], tuple[int, str]], by: Actor, at: datetime
) -> tuple[int, str] | None:
    """Part of core.repeats: the key, the change and the answer in one transaction.

    None, with nothing done, when this person's key was answered before.
    """
    # The row comes first: a second request with the same key waits here for the first to end.
    instant = connection.ops.adapt_datetimefield_value(at)
    taken = run_prepared(_TAKE_THE_KEY, [by.pk, key, fingerprint, instant])
    if not taken:
        return None
    status, body = do()
    run_prepared(_KEEP_THE_ANSWER, [status, body, taken[0][0]])
    return status, body


_TAKE_THE_KEY = """
INSERT INTO core_answeredrequest (by_id, "key", fingerprint, status, body, at)
VALUES (%s, %s, %s, 0, '', %s) ON CONFLICT (by_id, "key") DO NOTHING RETURNING id
"""
_KEEP_THE_ANSWER = "UPDATE core_answeredrequest SET status = %s, body = %s WHERE id = %s"


@writes
def save_reference(
    *, form: ModelForm[models.Model], event: str, by: Actor, at: datetime
) -> models.Model:
    """Save a checked form of reference data without verbs and audit the difference (HOUSE 3.8).

    Raises ChangedMeanwhile when the row's version is no longer the one the form was drawn with.
    """
    row = form.instance
    fields = [name for name in form.changed_data if name in form.fields and hasattr(row, name)]
    before: dict[str, object] = {}
    if row.pk:
        stored = type(row)._base_manager.filter(pk=row.pk).select_for_update().get()
        if getattr(stored, "version", 0) != getattr(row, "version", 0):
            raise ChangedMeanwhile
        before = audit.snapshot(stored, *fields)
    verb = "changed" if row.pk else "made"
    if hasattr(row, "version"):
        row.version += 1
    saved = form.save()
    audit.record(
        f"{event}.{verb}",
        saved,
        by=by,
        at=at,
        before=before,
        after=audit.snapshot(saved, *fields),
    )
    return saved


@writes
def record_export(
    *, title: str, columns: list[str], rows: int, reason: str, by: Actor, at: datetime
) -> None:
    """Write down that somebody took a list out of the system (UIX-12, DOMAIN 4.4)."""
    assert isinstance(by, models.Model)
    audit.record(
        "core.list.exported",
        by,
        by=by,
        at=at,
        title=title,
        columns=columns,
        rows=rows,
        reason=reason,
    )
