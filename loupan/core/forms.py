"""How forms look and what they understand: native day pickers, amounts as people type them."""

import re
import unicodedata
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.forms.renderers import TemplatesSetting
from django.utils.translation import gettext_lazy as _
from django_filters.widgets import BooleanWidget

from loupan.core.typed import LONGEST_KEY

WAN = Decimal(10_000)
PLAIN = re.compile(r"[+-]?\d{1,20}(?:\.\d{1,10})?", re.ASCII)
AMOUNT_NOISE = str.maketrans("", "", ", \u00a0¥$元")


class TablerBoundField(BoundField):
    """Gives each widget the class of its kind, so that `{{ form.name }}` alone already looks right."""

    def build_widget_attrs(self, attrs: Any, widget: forms.Widget | None = None) -> Any:
        widget = widget or self.field.widget
        attrs = dict(super().build_widget_attrs(attrs, widget))
        invalid = " is-invalid" if self.form.is_bound and self.errors else ""
        own = attrs.get("class") or widget.attrs.get("class") or ""
        if classes := f"{_kind_class(widget)}{invalid} {own}".strip():
            attrs["class"] = classes
        return attrs


class TablerRenderer(TemplatesSetting):
    form_template_name = "core/forms/form.html"
    field_template_name = "core/forms/field.html"
    bound_field_class = TablerBoundField


def _kind_class(widget: forms.Widget) -> str:
    if isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple):
        return ""
    if isinstance(widget, forms.CheckboxInput):
        return "form-check-input"
    if isinstance(widget, forms.Select):
        return "form-select"
    return "form-control"


class DayInput(forms.DateInput):
    """The browser's own day picker; always ISO on the wire."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class MomentInput(forms.DateTimeInput):
    """The browser's own picker of day and time, to the minute."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%dT%H:%M")


class YesNoSelect(BooleanWidget):  # type: ignore[misc]  # It is untyped.
    """A filter by yes or no, which at first asks for neither."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.choices = [("", _("All")), ("true", _("Yes")), ("false", _("No"))]


class RowsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Several rows by their keys; a key longer than any is an invalid choice, as on PostgreSQL.

    SQLite cannot even be asked for it.
    """

    def clean(self, value: Any) -> Any:
        for key in value or ():
            if len(str(key)) > LONGEST_KEY:
                message = self.error_messages["invalid_pk_value"]
                raise ValidationError(
                    message, code="invalid_pk_value", params={"pk": str(key)[:40]}
                )
        return super().clean(value)


class OfProjectForm(forms.ModelForm[Any]):
    """Reference data of a project or building: what must be unique there is checked there."""

    def _get_validation_exclusions(self) -> set[str]:
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return excluded - {"project", "building"}


class DayField(forms.DateField):
    widget = DayInput


class MomentField(forms.DateTimeField):
    widget = MomentInput


class AmountInput(forms.TextInput):
    """Text, not `type=number`: people paste `1,459,160.00` and the wheel must not change money."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(
            {"inputmode": "decimal", "autocomplete": "off", "class": "lp-num", **(attrs or {})}
        )

    def format_value(self, value: Any) -> str | None:
        return (
            f"{value:,f}"
            if isinstance(value, Decimal) and value.is_finite()
            else super().format_value(value)
        )


class AmountField(forms.DecimalField):
    """Yuan with two decimals. Understands `1,459,160.00`, `¥50000`, full-width digits and `145.9万`."""

    widget = AmountInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_digits": 15, "decimal_places": 2, **kwargs})

    def to_python(self, value: Any) -> Any:
        if not isinstance(value, str):
            return super().to_python(value)
        text = unicodedata.normalize("NFKC", value).translate(AMOUNT_NOISE)
        if not text.endswith("万"):
            return super().to_python(text)
        if not PLAIN.fullmatch(text[:-1]):  # No exponents: 1e999999 would be written out in full.
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(f"{(Decimal(text[:-1]) * WAN).normalize():f}")
