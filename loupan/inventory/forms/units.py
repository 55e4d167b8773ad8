"""Units named by their numbers, and what is to be done to them together."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from loupan.core.forms import DayField
from loupan.core.typed import wholes
from loupan.inventory.models import EncumbranceKind, Unit
from loupan.inventory.queries.units import standing_units
from loupan.org.models import User

MOST_CHOSEN = 2_000
_SEPARATOR = re.compile(r"[\s,，、;；]+")


class UnitsForm(forms.Form):
    """The units meant, one number after the other; `cleaned_data["units"]` are rows."""

    units = forms.CharField(
        label=_("Units"),
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=_("Numbers such as 1-1-1803, separated by spaces, commas or lines."),
    )

    def __init__(self, data: Any, *, viewer: User, project_id: int, given: str = "") -> None:
        self.rows = standing_units(viewer).filter(project_id=project_id)
        super().__init__(data, initial={"units": self._numbers(given)} if data is None else None)

    def _numbers(self, given: str) -> str:
        """Numbers of the units whose ids stand in an address."""
        ids = wholes(given.split(",")[:MOST_CHOSEN])
        return " ".join(
            self.rows.filter(pk__in=ids).order_by("number").values_list("number", flat=True)
        )

    def clean_units(self) -> list[Unit]:
        numbers = list(dict.fromkeys(filter(None, _SEPARATOR.split(self.cleaned_data["units"]))))
        if len(numbers) > MOST_CHOSEN:
            raise ValidationError(
                _("More than %(limit)s units at once cannot be changed. Do it in parts."),
                params={"limit": MOST_CHOSEN},
            )
        found = list(self.rows.filter(number__in=numbers).order_by("number"))
        missing = sorted(set(numbers) - {unit.number for unit in found})
        if missing:
            raise ValidationError(
                _("There is no unit %(numbers)s in this project."),
                params={"numbers": ", ".join(missing[:10])},
            )
        return found

    def chosen(self) -> dict[str, Any]:
        """What was typed, the units as their ids."""
        typed = dict(self.cleaned_data)
        return {"unit_ids": [unit.pk for unit in typed.pop("units")], **typed}


class EncumbranceForm(UnitsForm):
    """A right of somebody else to these units."""

    kind = forms.ChoiceField(label=_("Kind"), choices=EncumbranceKind)
    holder = forms.CharField(
        label=_("Holder"), max_length=80, required=False, help_text=_("The bank or the court.")
    )
    document_no = forms.CharField(label=_("Document number"), max_length=80)
    starts_on = DayField(label=_("From"))
    ends_on = DayField(label=_("Until"), required=False)
    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)


class LiftingForm(forms.Form):
    """How an encumbrance ended."""

    lifted_on = DayField(label=_("Lifted on"))
    document_no = forms.CharField(label=_("Document number"), max_length=80, required=False)
    reason = forms.CharField(label=_("Reason"), max_length=200)
