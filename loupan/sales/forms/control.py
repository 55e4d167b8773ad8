"""What people type about units kept from sale: why, who answers for it, until when."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from loupan.core.forms import MomentField
from loupan.inventory.errors import ReasonMissing
from loupan.inventory.queries.control import withhold_words
from loupan.org.queries import staff_of
from loupan.parameters.queries.entries import label_of


class GivingBackForm(forms.Form):
    """Why a unit is offered again; may be left empty."""

    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)


class ExtensionForm(forms.Form):
    until = MomentField(label=_("Until"))


class WhyForm(forms.Form):
    """A word of the project's dictionary, a text, or both."""

    word_id = forms.TypedChoiceField(
        label=_("Reason"), coerce=int, empty_value=None, required=False
    )
    reason = forms.CharField(label=_("More about it"), max_length=200, required=False)

    def __init__(self, data: Any = None, *, project_id: int, **more: Any) -> None:
        super().__init__(data, **more)
        word = self.fields["word_id"]
        assert isinstance(word, forms.TypedChoiceField)
        words = [(e.pk, label_of(e.name, e.name_en)) for e in withhold_words(project_id)]
        word.choices = [("", _("In my own words")), *words]

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors and not said.get("word_id") and not said.get("reason"):
            raise ValidationError({"reason": str(ReasonMissing())})
        return said


class WithholdForm(WhyForm):
    """Why a unit is kept back, who answers for it, until when (T2)."""

    holder_id = forms.TypedChoiceField(
        label=_("Answers for it"), coerce=int, empty_value=None, required=False
    )
    until = MomentField(
        label=_("Until"),
        required=False,
        help_text=_("Then it is offered again by itself; empty: until somebody ends it."),
    )

    def __init__(self, data: Any = None, *, project_id: int, at: datetime, **more: Any) -> None:
        super().__init__(data, project_id=project_id, **more)
        holder = self.fields["holder_id"]
        assert isinstance(holder, forms.TypedChoiceField)
        people = [(person.pk, str(person)) for person in staff_of(project_id, at)]
        holder.choices = [("", _("Myself")), *people]
