"""What the grid sends: changed cells as JSON, a block pasted as text, or one value for many units."""

from typing import Any

import orjson
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from loupan.inventory.forms.imports import FIELD_LABELS
from loupan.inventory.models import Building, Entrance
from loupan.inventory.rules.grid import FIELDS, MOST_EDITS, USUAL_FIELDS, UnitEdit

LONGEST_TEXT = 200
LABELS: dict[str, Any] = {name: FIELD_LABELS[name] for name in FIELDS}


class GridForm(forms.Form):
    """Which building, which of its units, and which fields."""

    entrance = forms.ModelChoiceField(
        Entrance.objects.none(), label=_("Entrance"), required=False, empty_label=_("All entrances")
    )
    floor_from = forms.IntegerField(
        label=_("From floor"), min_value=-20, max_value=200, required=False
    )
    floor_to = forms.IntegerField(label=_("To floor"), min_value=-20, max_value=200, required=False)
    field = forms.MultipleChoiceField(
        label=_("Fields"),
        choices=list(LABELS.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, data: Any, *, building: Building) -> None:
        super().__init__(data)
        entrance = self.fields["entrance"]
        assert isinstance(entrance, forms.ModelChoiceField)
        entrance.queryset = Entrance.objects.filter(building=building)

    def narrowing(self) -> dict[str, Any]:
        """Which units are shown, as conditions; what is typed wrong narrows nothing."""
        self.is_valid()
        typed = self.cleaned_data
        found = {
            "entrance": typed.get("entrance"),
            "floor_no__gte": typed.get("floor_from"),
            "floor_no__lte": typed.get("floor_to"),
        }
        return {name: value for name, value in found.items() if value is not None}

    def chosen(self) -> list[str]:
        """The fields shown, in their usual order."""
        self.is_valid()
        wanted = self.cleaned_data.get("field") or USUAL_FIELDS
        return [name for name in FIELDS if name in wanted]


class EditsForm(forms.Form):
    """Changed cells: `[{"unit": 7, "version": 3, "texts": {"view": "园景"}}]`."""

    edits = forms.CharField(required=False, widget=forms.HiddenInput)
    pasted = forms.CharField(
        label=_("Rows from a spreadsheet, with their headings"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
        help_text=_(
            "Copy the rows with the heading line; one column must be the number of the unit. Empty "
            "cells change nothing."
        ),
    )
    set_field = forms.ChoiceField(
        label=_("Field"), choices=[("", "—"), *LABELS.items()], required=False
    )
    set_value = forms.CharField(label=_("Value"), max_length=60, required=False)

    def clean_edits(self) -> list[UnitEdit]:
        text = self.cleaned_data["edits"]
        try:
            rows = orjson.loads(text) if text else []
            return [_edit(row) for row in _bounded(rows)]
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise ValidationError(
                _("The changed cells cannot be read. Load the grid again.")
            ) from error


def _bounded(rows: Any) -> list[Any]:
    if not isinstance(rows, list):
        raise TypeError(rows)
    if len(rows) > MOST_EDITS:
        raise ValidationError(
            _("More than %(limit)s units at once cannot be changed. Do it in parts."),
            params={"limit": MOST_EDITS},
        )
    return rows


def _edit(row: Any) -> UnitEdit:
    unit, version, texts = row["unit"], row["version"], row["texts"]
    if not (type(unit) is type(version) is int and 0 < unit < 2**63 and 0 <= version < 2**31):
        raise TypeError(row)
    if not texts or not all(isinstance(text, str) for text in texts.values()):
        raise TypeError(row)
    return UnitEdit(unit, version, {name: text[:LONGEST_TEXT] for name, text in texts.items()})


def edits_text(edits: list[UnitEdit]) -> str:
    """The edits as the page sends them again to save them."""
    return orjson.dumps(
        [{"unit": e.unit_id, "version": e.version, "texts": dict(e.texts)} for e in edits]
    ).decode()
