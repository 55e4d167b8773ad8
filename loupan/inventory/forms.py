"""What people type about property: reference data, one unit, a rule of generation, a file."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from loupan.core.forms import DayInput
from loupan.inventory.actions.property import EDITABLE
from loupan.inventory.models import (
    Building,
    Entrance,
    Layout,
    Orientation,
    PresalePermit,
    ProductType,
    Unit,
    Zone,
)
from loupan.inventory.rules.generation import GenerationRule, Slot, floor_list
from loupan.inventory.rules.unit_files import VOCABULARY
from loupan.org.models import Project

MOST_SLOTS = 24


class _OfProject(forms.ModelForm[Any]):
    """Reference data of a project: what must be unique there is checked there."""

    def _get_validation_exclusions(self) -> set[str]:
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return excluded - {"project", "building"}


class ZoneForm(_OfProject):
    class Meta:
        model = Zone
        fields = ["code", "name"]


class PermitForm(_OfProject):
    class Meta:
        model = PresalePermit
        fields = ["number", "issued_on", "valid_until", "is_completed_sale"]
        widgets = {"issued_on": DayInput, "valid_until": DayInput}

    def clean(self) -> dict[str, Any]:
        typed: dict[str, Any] = super().clean() or {}
        first, last = typed.get("issued_on"), typed.get("valid_until")
        if first and last and last < first:
            self.add_error("valid_until", _("This is before the day of issue."))
        return typed


class BuildingForm(_OfProject):
    class Meta:
        model = Building
        fields = ["code", "name", "zone", "permit", "sort", "is_parking", "completes_on"]
        widgets = {"completes_on": DayInput}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, model in (("zone", Zone), ("permit", PresalePermit)):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = model.objects.filter(project_id=self.instance.project_id)


class EntranceForm(_OfProject):
    class Meta:
        model = Entrance
        fields = ["code", "name", "sort"]


class LayoutForm(_OfProject):
    class Meta:
        model = Layout
        fields = ["code", "name", "rooms"]


def _area(label: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        max_digits=10,
        decimal_places=4,
        min_value=Decimal("0.0001"),
        required=False,
    )


class UnitForm(forms.Form):
    """Everything of a unit that is corrected by hand, with the version it was drawn from."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    layout = forms.ModelChoiceField(Layout.objects.none(), label=_("Layout"), required=False)
    product_type = forms.ChoiceField(label=_("Product type"), choices=ProductType)
    orientation = forms.ChoiceField(label=_("Orientation"), choices=Orientation, required=False)
    view = forms.CharField(label=_("View"), max_length=40, required=False)
    predicted_built_area = _area(_("Predicted built area"))
    predicted_inner_area = _area(_("Predicted inner area"))
    measured_built_area = _area(_("Measured built area"))
    measured_inner_area = _area(_("Measured inner area"))
    is_encumbered = forms.BooleanField(label=_("Encumbered"), required=False)
    is_sealed = forms.BooleanField(label=_("Sealed by court"), required=False)
    is_show_flat = forms.BooleanField(label=_("Show flat"), required=False)

    def __init__(self, typed: Any, *, unit: Unit) -> None:
        initial = {name: getattr(unit, name) for name in EDITABLE} | {"version": unit.version}
        super().__init__(typed, initial=initial)
        layout = self.fields["layout"]
        assert isinstance(layout, forms.ModelChoiceField)
        layout.queryset = Layout.objects.filter(project_id=unit.project_id)

    def typed(self) -> dict[str, Any]:
        """The arguments of `edit_unit`."""
        values = dict(self.cleaned_data)
        return {"version": values.pop("version"), "changes": values}


class GenerationForm(forms.Form):
    """The rule of a building: which entrances, floors and numbers (INV-03)."""

    entrances = forms.CharField(
        label=_("Entrances"),
        max_length=200,
        required=False,
        help_text=_("Codes with commas, such as 1, 2, 3. Empty: one entrance without a name."),
    )
    lowest = forms.IntegerField(label=_("Lowest floor"), min_value=-10, max_value=200, initial=1)
    highest = forms.IntegerField(label=_("Highest floor"), min_value=-10, max_value=200, initial=18)
    skipped_floors = forms.CharField(
        label=_("Floors left out"),
        max_length=200,
        required=False,
        help_text=_("Such as 4, 13, 14 or 13-14."),
    )
    skipped_positions = forms.CharField(
        label=_("Positions left out"), max_length=200, required=False
    )
    pattern = forms.CharField(
        label=_("Number pattern"),
        max_length=40,
        initial="{floor}{position:02}",
        help_text=_("{floor} and {position}; {position:02} writes two digits."),
    )

    def _numbers(self, name: str) -> frozenset[int]:
        try:
            return floor_list(self.cleaned_data[name])
        except ValueError as error:
            raise ValidationError(
                _("“%(value)s” is not a number."), params={"value": str(error)}
            ) from error

    def clean_skipped_floors(self) -> frozenset[int]:
        return self._numbers("skipped_floors")

    def clean_skipped_positions(self) -> frozenset[int]:
        return self._numbers("skipped_positions")

    def clean_entrances(self) -> list[str]:
        text = self.cleaned_data["entrances"].replace("，", ",").replace("、", ",")
        codes = [code.strip() for code in text.split(",") if code.strip()] or [""]
        if any(len(code) > 20 for code in codes):
            raise ValidationError(_("A code has at most 20 characters."))
        if len(set(codes)) != len(codes):
            raise ValidationError(_("A code stands here twice."))
        return codes

    def rule(self, building: Building, slots: Sequence[Slot]) -> GenerationRule:
        return GenerationRule(building=building.code, slots=slots, **self.cleaned_data)


class SlotForm(forms.Form):
    """What stands at one position of every floor."""

    position = forms.IntegerField(label=_("Position"), min_value=1, max_value=99)
    layout = forms.ModelChoiceField(Layout.objects.none(), label=_("Layout"), required=False)
    built_area = _area(_("Built area"))
    inner_area = _area(_("Inner area"))
    orientation = forms.ChoiceField(label=_("Orientation"), choices=Orientation, required=False)
    product_type = forms.ChoiceField(label=_("Product type"), choices=ProductType, required=False)
    duplex_on = forms.CharField(label=_("Two floors from floor"), max_length=100, required=False)

    def __init__(self, *args: Any, project: Project | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        layout = self.fields["layout"]
        assert isinstance(layout, forms.ModelChoiceField)
        layout.queryset = Layout.objects.filter(project=project)
        for field in self.fields.values():  # Its column has the heading; the reader hears it here.
            field.widget.attrs["aria-label"] = field.label

    def clean_duplex_on(self) -> frozenset[int]:
        try:
            return floor_list(self.cleaned_data["duplex_on"])
        except ValueError as error:
            raise ValidationError(
                _("“%(value)s” is not a number."), params={"value": str(error)}
            ) from error

    def slot(self) -> Slot:
        values = dict(self.cleaned_data)
        layout = values.pop("layout")
        return Slot(
            layout_id=layout.pk if layout else None,
            **{**values, "product_type": values["product_type"] or ProductType.FLAT.value},
        )


SlotFormSet = forms.formset_factory(
    SlotForm, extra=0, max_num=MOST_SLOTS, validate_max=True, can_delete=False
)


class UploadForm(forms.Form):
    file = forms.FileField(
        label=_("Price list"),
        help_text=_("An .xlsx, .xls, .xlsb, .ods or .csv file of up to 50 MB."),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.xlsb,.xlsm,.ods,.csv,.tsv,.txt"}),
    )


FIELD_LABELS: dict[str, Any] = {
    "building": _("Building"),
    "entrance": _("Entrance"),
    "floor": _("Floor"),
    "room": _("Room number"),
    "number": _("Number"),
    "position": _("Position"),
    "built_area": _("Built area"),
    "inner_area": _("Inner area"),
    "measured_built_area": _("Measured built area"),
    "measured_inner_area": _("Measured inner area"),
    "list_unit_price": _("List unit price"),
    "list_total": _("List total"),
    "filed_unit_price": _("Filed unit price"),
    "filed_total": _("Filed total"),
    "floor_unit_price": _("Floor unit price"),
    "floor_total": _("Floor total"),
    "status": _("Status"),
    "layout": _("Layout"),
    "orientation": _("Orientation"),
    "product_type": _("Product type"),
    "view": _("View"),
}
assert set(FIELD_LABELS) == set(VOCABULARY)


class MappingForm(forms.Form):
    """Which column of the file is which field; one select for each field."""

    def __init__(
        self,
        *args: Any,
        columns: Sequence[Mapping[str, Any]],
        chosen: Mapping[str, str],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", _("Not in the file"))] + [
            (column["letter"], f"{column['letter']} · {column['header']}") for column in columns
        ]
        by_header = {column["header"]: column["letter"] for column in columns}
        guessed = {column["field"]: column["letter"] for column in columns if column["field"]}
        for name, label in FIELD_LABELS.items():
            wish = chosen.get(name)
            letter = guessed.get(name, "") if wish is None else by_header.get(wish, wish)
            self.fields[name] = forms.ChoiceField(
                label=label, choices=choices, required=False, initial=letter
            )

    def clean(self) -> dict[str, Any]:
        typed: dict[str, Any] = super().clean() or {}
        letters = [letter for letter in typed.values() if letter]
        for name, letter in list(typed.items()):
            if letter and letters.count(letter) > 1:
                self.add_error(name, _("One column cannot be two fields."))
        return typed
