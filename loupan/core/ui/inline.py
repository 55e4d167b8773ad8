"""Changing a plain field where it stands in the list, by the action of the record's form (UX 4)."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from loupan.core.ui.columns import Column, InlineEdit
from loupan.core.ui.forms import refusals_on


def stored(column: Column, row: Any) -> Any:
    assert column.edit is not None
    return column.edit.stored(row) if column.edit.stored else getattr(row, column.key, None)


def as_text(value: Any) -> str:
    return "" if value is None else str(value)


def may_edit(edit: InlineEdit | None, row: Any, user: Any) -> bool:
    if edit is None or (edit.allowed is not None and not edit.allowed(row)):
        return False
    return bool(user.may(edit.permission, getattr(row, "project_id", None)))


class CellForm(forms.Form):
    """One field of one row, with the version and the value it was drawn with."""

    mark = ""
    version = 0
    original = ""
    conflict: Mapping[str, Any] | None = None


def form_for(column: Column, row: Any, request: Any, data: Any = None) -> CellForm:
    assert column.edit is not None
    field = column.edit.field(request, row)
    field.label = str(column.label)
    field.widget.attrs |= {"aria-label": str(column.label), "autofocus": True}
    value = stored(column, row)
    form = CellForm(data, initial={"value": value})
    form.fields["value"] = field
    form.mark = f"{row.pk}.{column.key}"
    form.version = getattr(row, "version", 0)
    form.original = as_text(value)
    return form


def save(column: Column, row: Any, request: Any) -> CellForm | None:
    """Do it; the form again when it cannot be, with both values where two people typed."""
    assert column.edit is not None
    if not may_edit(column.edit, row, request.user):
        raise PermissionDenied(column.edit.permission)
    form = form_for(column, row, request, request.POST)
    if not form.is_valid():
        return form
    drawn_with = request.POST.get("original", "")
    is_stale = request.POST.get("version", "") != str(getattr(row, "version", 0))
    if is_stale and drawn_with != as_text(stored(column, row)):
        form.conflict = _both(form, column, row, request)
        return form
    # Somebody who changed another field of the row is in nobody's way.
    with refusals_on(form):
        column.edit.act(
            pk=row.pk,
            value=form.cleaned_data["value"],
            version=getattr(row, "version", 0),
            by=request.user,
            at=timezone.now(),
        )
    return form if form.errors else None


def _both(form: CellForm, column: Column, row: Any, request: Any) -> Mapping[str, Any]:
    typed = request.POST.get("value", "")
    choices = dict(getattr(form.fields["value"], "choices", ()))
    return {
        "typed": typed,
        "mine": choices.get(typed, typed),
        "theirs": column.of(row),
    }
