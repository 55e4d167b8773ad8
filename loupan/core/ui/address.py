"""The address of a list is its state (UX 1.4): filters, sort, columns and grouping; the rest passes."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django import forms
from django.http import HttpRequest, QueryDict
from django.utils.formats import date_format
from django.utils.translation import gettext as _

STATE = ("sort", "column", "group")
# What an address may carry and a saved view does not: where one is in the list, and what one asks for.
PASSING = frozenset(
    {
        "after", "before", "open", "export", "reason", "view", "step", "at", "edit", "totals",
        "limit", "save",
    }
)  # fmt: skip
LONGEST_QUERY = 2_000


def url(request: HttpRequest, **changes: str | Sequence[str] | None) -> str:
    """The same list with these parameters changed; None takes one away."""
    query = request.GET.copy()
    for key, value in changes.items():
        if value is None:
            query.pop(key, None)
        elif isinstance(value, str):
            query[key] = value
        else:
            query.setlist(key, list(value))
    return joined(request.path, query)


def elsewhere(request: HttpRequest, **changes: str | Sequence[str] | None) -> str:
    """As `url`, from the first page: after another filter, order or group no place is the same."""
    return url(request, **{"after": None, "before": None, "edit": None, **changes})


def joined(path: str, query: QueryDict) -> str:
    return f"{path}?{query.urlencode()}" if query else path


def state_of(query: QueryDict, names: Collection[str] = ()) -> QueryDict:
    """What of an address makes a view: its filters (only the `names` known, if given) and STATE."""
    kept = QueryDict(mutable=True)
    for key, values in query.lists():
        if key in PASSING or (names and key not in STATE and key not in names):
            continue
        if filled := [value for value in values if value.strip() and "\x00" not in value]:
            kept.setlist(key, filled)
    return kept


def is_filtered(query: QueryDict) -> bool:
    return any(
        key not in PASSING and key not in STATE and any(value.strip() for value in values)
        for key, values in query.lists()
    )


def filter_chips(
    request: HttpRequest, form: forms.BaseForm, quick: Collection[str] = ()
) -> list[Mapping[str, Any]]:
    """Each filter that is on, in words, with the address of the list without it."""
    chips: list[Mapping[str, Any]] = []
    for name, field in form.fields.items():
        values = [value for value in request.GET.getlist(name) if value.strip()]
        if not values or name in quick:
            continue
        text = ", ".join(_said(form, name, field, value) for value in values)
        chips.append(
            {"label": f"{field.label}: {text}", "url": _without(request, name), "name": name}
        )
    return chips


def _without(request: HttpRequest, name: str) -> str:
    """Without the last filter the list shows everything, not the view it opens with."""
    address = elsewhere(request, **{name: None, "view": None})
    return f"{address}?view=" if address == request.path else address


def _said(form: forms.BaseForm, name: str, field: forms.Field, value: str) -> str:
    if isinstance(field, forms.ModelChoiceField):
        chosen = getattr(form, "cleaned_data", {}).get(name)
        return field.label_from_instance(chosen) if chosen is not None else value
    if isinstance(field, forms.NullBooleanField):
        return _("Yes") if value in {"true", "True", "1"} else _("No")
    if isinstance(field, forms.ChoiceField):
        return _flat(field.choices).get(value, value)
    if isinstance(field, forms.DateField):
        day = getattr(form, "cleaned_data", {}).get(name)
        return date_format(day, "Y-m-d") if day else value
    return value


def _flat(choices: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for value, label in choices:
        if isinstance(label, list | tuple):
            found |= _flat(label)
        else:
            found[str(value)] = str(label)
    return found
