"""What people type about property: reference data, one unit, a rule of generation, a file."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from loupan.core.forms import DayInput, OfProjectForm, RowsField
from loupan.inventory.actions.property import EDITABLE
from loupan.inventory.models import (
    Building,
    Entrance,
    Fitout,
    Layout,
    Orientation,
    PresalePermit,
    ProductType,
    Unit,
    Zone,
)
from loupan.inventory.parameters import BUILDING_TYPE, TENURE, USE
from loupan.parameters.models import DictionaryEntry
from loupan.parameters.queries.entries import entries_in_use


class ZoneForm(OfProjectForm):
    class Meta:
        model = Zone
        fields = [
            "code", "name", "land_parcel", "land_certificate", "land_use_until", "site_area",
            "planning_permit", "construction_permit",
        ]  # fmt: skip
        widgets = {"land_use_until": DayInput}


class PermitForm(OfProjectForm):
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


class PermitBuildingsForm(forms.Form):
    """The buildings that a permit names; a new one is offered those that have none."""

    buildings = RowsField(
        Building.objects.none(),
        label=_("Buildings under this permit"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, permit: PresalePermit, **kwargs: Any) -> None:
        rows = Building.objects.filter(project_id=permit.project_id).order_by("sort", "pk")
        mine = [row for row in rows if row.permit_id == permit.pk]
        first = mine or [row for row in rows if row.permit_id is None]
        super().__init__(*args, **{"initial": {"buildings": first}, **kwargs})
        field = self.fields["buildings"]
        assert isinstance(field, RowsField)
        field.queryset = rows


class BuildingForm(OfProjectForm):
    class Meta:
        model = Building
        fields = [
            "code", "name", "zone", "permit", "building_type", "sort", "is_parking", "completes_on",
            "supervised_bank", "supervised_account", "completion_filing", "completion_filed_on",
            "survey_report", "surveyed_on",
        ]  # fmt: skip
        widgets = {
            "completes_on": DayInput,
            "completion_filed_on": DayInput,
            "surveyed_on": DayInput,
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, model in (("zone", Zone), ("permit", PresalePermit)):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = model.objects.filter(project_id=self.instance.project_id)
        _offer(self, "building_type", self.instance.project_id, BUILDING_TYPE)


class EntranceForm(OfProjectForm):
    class Meta:
        model = Entrance
        fields = ["code", "name", "sort"]


class LayoutForm(OfProjectForm):
    tour_url = forms.URLField(
        label=_("Address of the 3D tour"), required=False, assume_scheme="https", max_length=200
    )

    class Meta:
        model = Layout
        fields = [
            "code", "name", "rooms", "bedrooms", "halls", "bathrooms", "built_area", "inner_area",
            "tour_url", "selling_points",
        ]  # fmt: skip
        help_texts = {"selling_points": _("One a line.")}

    def clean(self) -> dict[str, Any]:
        typed: dict[str, Any] = super().clean() or {}
        built, inner = typed.get("built_area"), typed.get("inner_area")
        if built and inner and inner > built:
            self.add_error("inner_area", _("This is larger than the built area."))
        return typed


def _offer(form: forms.BaseForm, name: str, project_id: int, dictionary: str) -> None:
    """The words in use, and the one this row has although it went out of use."""
    field = form.fields[name]
    assert isinstance(field, forms.ModelChoiceField)
    kept = form.get_initial_for_field(field, name)
    words = entries_in_use(project_id, dictionary)
    if kept is not None:
        words |= DictionaryEntry.objects.filter(pk=getattr(kept, "pk", kept), dictionary=dictionary)
    field.queryset = words


def area_field(label: Any) -> forms.DecimalField:
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
    use = forms.ModelChoiceField(
        DictionaryEntry.objects.none(), label=_("Planned use"), required=False
    )
    tenure = forms.ModelChoiceField(
        DictionaryEntry.objects.none(), label=_("Tenure"), required=False
    )
    orientation = forms.ChoiceField(label=_("Orientation"), choices=Orientation, required=False)
    view = forms.CharField(label=_("View"), max_length=40, required=False)
    fitout = forms.ChoiceField(label=_("Fit-out"), choices=Fitout, required=False)
    predicted_built_area = area_field(_("Predicted built area"))
    predicted_inner_area = area_field(_("Predicted inner area"))
    measured_built_area = area_field(_("Measured built area"))
    measured_inner_area = area_field(_("Measured inner area"))
    balcony_area = area_field(_("Balcony area"))
    garden_area = area_field(_("Garden area"))
    is_corner = forms.BooleanField(label=_("Corner unit"), required=False)
    is_show_flat = forms.BooleanField(label=_("Show flat"), required=False)

    def __init__(self, typed: Any, *, unit: Unit) -> None:
        initial = {name: getattr(unit, name) for name in EDITABLE} | {"version": unit.version}
        super().__init__(typed, initial=initial)
        layout = self.fields["layout"]
        assert isinstance(layout, forms.ModelChoiceField)
        layout.queryset = Layout.objects.filter(project_id=unit.project_id)
        _offer(self, "use", unit.project_id, USE)
        _offer(self, "tenure", unit.project_id, TENURE)

    def typed(self) -> dict[str, Any]:
        """The arguments of `edit_unit`."""
        values = dict(self.cleaned_data)
        return {"version": values.pop("version"), "changes": values}
