"""One verb for many rows: the same action as for one, row by row, with a result for each (UX 4)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.timezone import now
from django.utils.translation import gettext as _

from loupan.core.actions import carry_out_row, end_bulk_run, refuse_row
from loupan.core.models import BulkRun, RunState
from loupan.core.people import Actor
from loupan.core.refusals import Refusal, RunEnded

Text = str | Promise
AT_ONCE = 20  # As many are done while the person waits; more by the worker.


@dataclass(frozen=True)
class BulkVerb:
    """A verb of a list for all rows that are ticked.

    `act(pk=…, by=…, at=…, **cleaned)` is the action of one row; `rows` is the query of the rows within
    a person's reach, asked again for each; `form(data, user, project_id)` asks what the action needs.
    """

    key: str
    label: Text
    permission: str
    rows: Callable[[Any], QuerySet[Any]]
    act: Callable[..., object]
    form: Callable[[Any, Any, int | None], forms.Form] | None = None
    icon: str = ""
    tone: str = ""
    help: Text = ""

    def form_for(self, data: Any, user: Any, project_id: int | None) -> forms.Form:
        return self.form(data, user, project_id) if self.form else forms.Form(data)


# The verbs of every list by its key, for the worker, which has no page.
_VERBS: dict[tuple[str, str], BulkVerb] = {}


def register(page: str, verbs: Sequence[BulkVerb]) -> None:
    for verb in verbs:
        assert (page, verb.key) not in _VERBS, f"{page}: {verb.key} is declared twice"
        _VERBS[page, verb.key] = verb


def typed_values(form: forms.Form, posted: Any) -> dict[str, list[str]]:
    """What was typed, as the form will take it again in the worker."""
    return {name: posted.getlist(name) for name in form.fields}


def carry_out(run: BulkRun, *, by: Any) -> BulkRun:
    """Do what is left of a run. A row that says no is noted with its sentence, the next one follows."""
    verb = _VERBS[run.page, run.verb]
    if not by.may(verb.permission, run.project_id):
        raise PermissionDenied(verb.permission)
    form = verb.form_for(_posted(run.values), by, run.project_id)
    valid = form.is_valid()
    values = form.cleaned_data if valid else {}
    for place in range(run.done, run.total):
        if not _one(run, place, verb, values, by=by, at=now(), sentence=_wrong(form)):
            return run  # Somebody else goes on with it.
    return end_bulk_run(run_id=run.pk, by=by, at=now())


def _one(
    run: BulkRun,
    place: int,
    verb: BulkVerb,
    values: Mapping[str, Any],
    *,
    by: Actor,
    at: datetime,
    sentence: str,
) -> bool:
    pk = run.row_ids[place]
    row = verb.rows(by).filter(pk=pk).first()
    label = str(row) if row is not None else f"#{pk}"
    act = partial(verb.act, pk=pk, by=by, at=at, **values)
    note = partial(refuse_row, run_id=run.pk, place=place, label=label, by=by, at=at)
    try:
        if row is None:
            note(reason=_("There is no such record within your reach."))
        elif sentence:
            note(reason=sentence)
        else:
            carry_out_row(run_id=run.pk, place=place, label=label, act=act, by=by, at=at)
    except RunEnded:
        return False
    except PermissionDenied:
        note(reason=_("Your posts do not allow this."))
    except ValidationError as error:
        note(reason=" ".join(error.messages))
    except Refusal as refusal:
        note(reason=str(refusal))
    return True


def _wrong(form: forms.Form) -> str:
    return " ".join(str(text) for texts in form.errors.values() for text in texts)


def _posted(values: Mapping[str, Sequence[str]]) -> QueryDict:
    posted = QueryDict(mutable=True)
    for key, texts in values.items():
        posted.setlist(key, list(texts))
    return posted


def is_busy(run: BulkRun) -> bool:
    return run.state != RunState.DONE
