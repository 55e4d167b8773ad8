"""A file of measured areas, and which measured units are listed."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from loupan.inventory.models import Building


class SurveyForm(forms.Form):
    file = forms.FileField(
        label=_("Survey results"),
        help_text=_(
            "A workbook or text file with building, entrance, floor, room and the measured areas. It "
            "is only tried first."
        ),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.xlsb,.xlsm,.ods,.csv,.tsv,.txt"}),
    )


class AreaForm(forms.Form):
    """Which measured units are listed."""

    building = forms.ModelChoiceField(
        Building.objects.none(),
        label=_("Building"),
        required=False,
        empty_label=_("All buildings"),
    )
    stage = forms.ChoiceField(
        label=_("Contract"),
        required=False,
        choices=[("", _("All")), ("before", _("Before contract")), ("after", _("After contract"))],
    )
    over = forms.BooleanField(label=_("Only beyond 3%"), required=False)

    def __init__(self, data: Any, *, buildings: QuerySet[Building]) -> None:
        super().__init__(data)
        building = self.fields["building"]
        assert isinstance(building, forms.ModelChoiceField)
        building.queryset = buildings
        self.is_valid()

    def typed(self, name: str) -> Any:
        """What was chosen; what is typed wrong chooses nothing."""
        return self.cleaned_data.get(name)
