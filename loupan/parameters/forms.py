"""What people type when they set up; never saves."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from loupan.core.forms import AmountField, DayField
from loupan.parameters.hooks import DICTIONARIES
from loupan.parameters.models import CustomField, DictionaryEntry, Holiday, NumberingRule
from loupan.parameters.rules.fields import Field
from loupan.parameters.rules.values import LONGEST_TEXT, Kind, Parameter

HUNDRED = Decimal(100)


class PercentField(forms.DecimalField):
    """Typed as percent, kept as a share of one: `5` or `5%` is 0.05."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            **{"max_digits": 9, "decimal_places": 4, "widget": forms.TextInput, **kwargs}
        )
        self.widget.attrs |= {"inputmode": "decimal", "autocomplete": "off"}

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, Decimal):
            return format((value * HUNDRED).normalize(), "f")
        return value

    def to_python(self, value: Any) -> Any:
        text = value.strip().removesuffix("%").removesuffix("％") if value else value
        return super().to_python(text)

    def clean(self, value: Any) -> Any:
        found = super().clean(value)
        return None if found is None else found / HUNDRED


class YesNoField(forms.ChoiceField):
    """Two buttons instead of a box: an empty box and a no must not look alike."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            **{
                "choices": [("yes", _("Yes")), ("no", _("No"))],
                "widget": forms.RadioSelect,
                **kwargs,
            }
        )

    def prepare_value(self, value: Any) -> Any:
        return {True: "yes", False: "no"}.get(value, value) if value is not None else None

    def clean(self, value: Any) -> Any:
        found = super().clean(value)
        return None if found == "" else found == "yes"


def field_for(parameter: Parameter[Any]) -> forms.Field:
    """The field for one value; bounds are checked by the action, which says them in words."""
    common: dict[str, Any] = {"label": _("Value"), "help_text": parameter.help}
    match parameter.kind:
        case Kind.BOOL:
            return YesNoField(**common)
        case Kind.INTEGER:
            return forms.IntegerField(**common)
        case Kind.MONEY:
            return AmountField(**common)
        case Kind.DECIMAL:
            return forms.DecimalField(max_digits=18, decimal_places=6, **common)
        case Kind.PERCENT:
            return PercentField(**common)
        case Kind.DATE:
            return DayField(**common)
        case Kind.CHOICE:
            return forms.ChoiceField(choices=parameter.choices, **common)
        case Kind.TEXT:
            return forms.CharField(max_length=LONGEST_TEXT, required=False, **common)


class ValueForm(forms.Form):
    """One parameter at one level."""

    is_locked = forms.BooleanField(
        label=_("Locked for the levels below"),
        required=False,
        help_text=_("Companies and projects below cannot set it otherwise."),
    )
    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    field_order = ["value", "is_locked"]

    def __init__(
        self, *args: Any, parameter: Parameter[Any], has_below: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["value"] = field_for(parameter)
        if not has_below:
            del self.fields["is_locked"]
        self.order_fields(self.field_order)

    def clean_value(self) -> Any:
        value = self.cleaned_data["value"]
        if value is None:
            raise ValidationError(_("Enter a value."))
        return value


class RefusedForm(forms.Form):
    """A verb without anything to type, on a row that may have changed meanwhile."""

    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput, required=False)


class EntryForm(forms.Form):
    """A word of a dictionary."""

    code = forms.CharField(
        label=_("Code"),
        max_length=20,
        help_text=_("Letters and digits; it stays, and programs know the entry by it."),
    )
    name = forms.CharField(label=_("Name"), max_length=60)
    name_en = forms.CharField(label=_("English name"), max_length=60, required=False)
    parent_id = forms.TypedChoiceField(
        label=_("Belongs to"), required=False, coerce=int, empty_value=None
    )
    tone = forms.ChoiceField(
        label=_("Colour"),
        required=False,
        choices=[("", _("None")), *DictionaryEntry.Tone.choices],
    )
    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput, required=False)

    def __init__(
        self,
        *args: Any,
        parents: Sequence[tuple[int, str]],
        is_new: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["parent_id"]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = [("", _("At the top")), *parents]
        if not parents:
            del self.fields["parent_id"]
        del self.fields["version" if is_new else "code"]

    def values(self) -> dict[str, Any]:
        return {"parent_id": None, **self.cleaned_data}


class MergeForm(forms.Form):
    successor_id = forms.TypedChoiceField(label=_("Merge into"), coerce=int)

    def __init__(self, *args: Any, others: Sequence[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["successor_id"]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = list(others)


class UploadForm(forms.Form):
    file = forms.FileField(
        label=_("Spreadsheet"), widget=forms.FileInput({"accept": ".xlsx,.xls,.csv,.ods"})
    )


class NumberingForm(forms.Form):
    """A pattern; what it may not be is said by the action."""

    pattern = forms.CharField(
        label=_("Pattern"),
        max_length=60,
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
        help_text=_(
            "{project} and {company} are codes; {year} {yy} {month} {day} the date; {seq:4} the"
            " counter with at least four digits."
        ),
    )
    reset = forms.ChoiceField(label=_("Counter begins anew"), choices=NumberingRule.Reset.choices)
    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)


class HolidayForm(forms.Form):
    """One day of the holiday table; the day itself stays."""

    on = DayField(label=_("Day"))
    kind = forms.ChoiceField(label=_("Kind"), choices=Holiday.Kind.choices)
    name = forms.CharField(label=_("Name"), max_length=40)
    name_en = forms.CharField(label=_("English name"), max_length=60, required=False)
    is_greeting = forms.BooleanField(label=_("Greeting day"), required=False)
    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, row: Holiday | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if row is not None:
            self.fields["on"].disabled = True


class FieldForm(forms.Form):
    """A custom field; kind and code stay."""

    name = forms.CharField(label=_("Name"), max_length=40)
    name_en = forms.CharField(label=_("English name"), max_length=60, required=False)
    order = forms.IntegerField(label=_("Order"), min_value=0, max_value=32000)
    is_required = forms.BooleanField(label=_("Required"), required=False)
    is_listed = forms.BooleanField(label=_("Column of the list"), required=False)
    is_enabled = forms.BooleanField(label=_("In use"), required=False)
    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)


class NewFieldForm(forms.Form):
    code = forms.CharField(
        label=_("Code"),
        max_length=20,
        help_text=_("Letters and digits; it stays, and programs know the field by it."),
    )
    name = forms.CharField(label=_("Name"), max_length=40)
    name_en = forms.CharField(label=_("English name"), max_length=60, required=False)
    kind = forms.ChoiceField(label=_("Kind"), choices=CustomField.Kind.choices)
    dictionary = forms.ChoiceField(
        label=_("Dictionary"), required=False, help_text=_("Of a choice: what is chosen from.")
    )
    is_required = forms.BooleanField(label=_("Required"), required=False)
    is_listed = forms.BooleanField(label=_("Column of the list"), required=False, initial=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["dictionary"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("None")), *((c, d.label) for c, d in DICTIONARIES.items())]


class RecordFieldsForm(forms.Form):
    """The custom fields of one record."""

    def __init__(
        self,
        *args: Any,
        fields: Sequence[Field],
        choices: Mapping[str, Sequence[tuple[int, str]]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.custom = fields
        for field in fields:
            self.fields[field.key] = _input(field, choices.get(field.code, ()))

    def by_code(self) -> dict[str, Any]:
        return {field.code: self.cleaned_data[field.key] for field in self.custom}


def _input(field: Field, choices: Sequence[tuple[int, str]]) -> forms.Field:
    common: dict[str, Any] = {"label": field.label, "required": field.is_required}
    match field.kind:
        case "money":
            return AmountField(**common)
        case "decimal":
            return forms.DecimalField(max_digits=18, decimal_places=6, **common)
        case "date":
            return DayField(**common)
        case "bool":
            return YesNoField(**common)
        case "choice":
            return forms.TypedChoiceField(
                coerce=int, empty_value=None, choices=[("", _("Not said")), *choices], **common
            )
    return forms.CharField(max_length=LONGEST_TEXT, **common)
