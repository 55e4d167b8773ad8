"""Writes that know no business word: answered requests, reference data, views of lists, bulk runs."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.db import connection, models
from django.forms import ModelForm

from loupan.core import audit
from loupan.core.db import writes
from loupan.core.models import BulkRun, BulkRunRow, ListView, RunState
from loupan.core.people import Actor
from loupan.core.permissions import SHARE_VIEWS
from loupan.core.prepared import run_prepared
from loupan.core.refusals import (
    ChangedMeanwhile,
    NameMissing,
    NothingChosen,
    RunEnded,
    TooManyRows,
    ViewTooLong,
)

MOST_ROWS_AT_ONCE = 5_000


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


@writes
def save_view(
    *,
    page: str,
    name: str,
    query: str,
    is_shared: bool,
    project_id: int | None,
    role: str,
    by: Actor,
    at: datetime,
) -> ListView:
    """Keep what a list shows now under a name; one's own view of that name is replaced.

    A shared view is offered to whoever may open the page in the project, or to the holders of
    `role` there; it shows each of them the rows in their own scope.  Raises NameMissing, ViewTooLong,
    PermissionDenied.
    """
    name = " ".join(name.split())
    if not name or len(name) > 60:
        raise NameMissing
    if len(query) > 2_000:
        raise ViewTooLong
    if is_shared:
        _require_sharing(by, project_id)
    view = ListView.objects.locked().filter(by_id=by.pk, page=page, name=name).first()
    if view is not None and view.is_shared:
        _require_sharing(by, view.project_id)
    wanted = {
        "query": query,
        "is_shared": is_shared,
        "project_id": project_id if is_shared else None,
        "role": role if is_shared else "",
    }
    before = audit.snapshot(view, *wanted) if view else {}
    if view is None:
        view = ListView.objects.create(by_id=by.pk, page=page, name=name, **wanted)
    else:
        for field, value in wanted.items():
            setattr(view, field, value)
        view.version += 1
        view.save(update_fields=[*wanted, "version"])
    audit.record("core.list_view.saved", view, by=by, at=at, before=before, after=wanted, page=page)
    return view


@writes
def remove_view(*, view_id: int, by: Actor, at: datetime) -> None:
    """Take away one's own view, or a shared one where one may share. Raises PermissionDenied."""
    view = ListView.objects.locked().get(pk=view_id)
    if view.by_id != by.pk and not view.is_shared:
        raise PermissionDenied
    if view.by_id != by.pk:
        _require_sharing(by, view.project_id)
    audit.record(
        "core.list_view.removed",
        view,
        by=by,
        at=at,
        before=audit.snapshot(view, "name", "query"),
        page=view.page,
    )
    view.delete()


@writes
def remember_columns(*, page: str, columns: Sequence[str], by: Actor, at: datetime) -> ListView:
    """The columns this person wants to see on a page from now on; how one looks is not logged."""
    return _habit(page, by, query=urlencode([("column", key) for key in columns])[:2000])


@writes
def open_with_view(*, page: str, view_id: int | None, by: Actor, at: datetime) -> ListView:
    """The view this person's page opens with from now on, or everything; not logged either."""
    return _habit(page, by, opens_with_id=view_id)


def _habit(page: str, by: Actor, **wanted: object) -> ListView:
    habit = ListView.objects.locked().filter(by_id=by.pk, page=page, name="").first()
    if habit is None:
        return ListView.objects.create(by_id=by.pk, page=page, name="", **wanted)
    for field, value in wanted.items():
        setattr(habit, field, value)
    habit.save(update_fields=[name.removesuffix("_id") for name in wanted])
    return habit


def _require_sharing(by: Actor, project_id: int | None) -> None:
    if not by.may(SHARE_VIEWS, project_id):
        raise PermissionDenied(SHARE_VIEWS)


@writes
def start_bulk_run(
    *,
    page: str,
    verb: str,
    title: str,
    project_id: int | None,
    back_url: str,
    row_ids: Sequence[int],
    values: Mapping[str, Sequence[str]],
    by: Actor,
    at: datetime,
) -> BulkRun:
    """Write down which rows a verb is to be done to; `carry_out_row` does them one by one.

    Raises NothingChosen, TooManyRows.
    """
    if not row_ids:
        raise NothingChosen
    if len(row_ids) > MOST_ROWS_AT_ONCE:
        raise TooManyRows(most=MOST_ROWS_AT_ONCE)
    run = BulkRun.objects.create(
        by_id=by.pk,
        page=page,
        verb=verb,
        title=title[:120],
        project_id=project_id,
        back_url=back_url[:2200],
        row_ids=list(row_ids),
        values={key: list(texts) for key, texts in values.items()},
        made_at=at,
    )
    audit.record(
        "core.bulk_run.begun",
        run,
        by=by,
        at=at,
        project_id=project_id,
        page=page,
        verb=verb,
        rows=len(row_ids),
    )
    return run


@writes
def carry_out_row(
    *, run_id: int, place: int, label: str, act: Callable[[], object], by: Actor, at: datetime
) -> None:
    """Do the verb to the next row and note it, in one transaction: nothing is done twice.

    Raises RunEnded when somebody else went on with the run, and whatever the verb refuses.
    """
    run = _next_row(run_id, place, by)
    act()
    _note(run, place, label, "")


@writes
def refuse_row(
    *, run_id: int, place: int, label: str, reason: str, by: Actor, at: datetime
) -> None:
    """Note why the verb was not done to a row. Raises RunEnded."""
    run = _next_row(run_id, place, by)
    run.refused += 1
    _note(run, place, label, reason)


@writes
def end_bulk_run(*, run_id: int, by: Actor, at: datetime) -> BulkRun:
    """All rows have been seen."""
    run = BulkRun.objects.locked().get(pk=run_id)
    run.state, run.ended_at = RunState.DONE, at
    run.save(update_fields=["state", "ended_at"])
    audit.record(
        "core.bulk_run.ended",
        run,
        by=by,
        at=at,
        project_id=run.project_id,
        done=run.done - run.refused,
        refused=run.refused,
    )
    return run


def _next_row(run_id: int, place: int, by: Actor) -> BulkRun:
    run = BulkRun.objects.locked().get(pk=run_id)
    if run.done != place or run.by_id != by.pk or run.state == RunState.DONE:
        raise RunEnded
    return run


def _note(run: BulkRun, place: int, label: str, reason: str) -> None:
    BulkRunRow.objects.create(
        run=run, place=place, row_id=run.row_ids[place], label=label[:200], reason=reason
    )
    run.done, run.state = place + 1, RunState.RUNNING
    run.save(update_fields=["done", "refused", "state"])
