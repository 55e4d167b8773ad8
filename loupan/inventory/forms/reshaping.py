"""The parts of a unit that is split, the units that are merged."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from loupan.inventory.forms.property import area_field
from loupan.inventory.forms.units import UnitsForm
from loupan.inventory.models import Unit
from loupan.inventory.rules.addresses import LAST_POSITION, ROOM_LENGTH
from loupan.inventory.rules.reshaping import Part

MOST_PARTS = 6


class PartForm(forms.Form):
    room_no = forms.CharField(label=_("Room number"), max_length=ROOM_LENGTH - 12)
    position = forms.IntegerField(label=_("Position"), min_value=1, max_value=LAST_POSITION)
    built_area = area_field(_("Built area"))
    inner_area = area_field(_("Inner area"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():  # Its column has the heading; the reader hears it here.
            field.widget.attrs["aria-label"] = field.label

    def part(self) -> Part:
        return Part(**self.cleaned_data)


class SplitForm(forms.Form):
    """Two to six parts; lines left empty are none."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    reason = forms.CharField(label=_("Reason"), max_length=200)

    def __init__(self, data: Any, *, unit: Unit) -> None:
        super().__init__(data, initial={"version": unit.version})
        usual = [
            {"room_no": f"{unit.room_no}{'AB'[n]}", "position": unit.position if n == 0 else None}
            for n in range(2)
        ]
        self.parts = [
            PartForm(
                data,
                prefix=f"part{n}",
                initial=usual[n] if n < len(usual) else None,
                empty_permitted=n > 1,
                use_required_attribute=False,
            )
            for n in range(MOST_PARTS)
        ]

    def is_valid(self) -> bool:
        answers = [super().is_valid(), *(part.is_valid() for part in self.parts)]
        return all(answers)

    def chosen(self) -> dict[str, Any]:
        parts = [part.part() for part in self.parts if part.has_changed() and part.cleaned_data]
        return {**self.cleaned_data, "parts": parts}


class MergeForm(UnitsForm):
    """Units that become one."""

    room_no = forms.CharField(label=_("Room number of the new unit"), max_length=ROOM_LENGTH - 12)
    reason = forms.CharField(label=_("Reason"), max_length=200)
