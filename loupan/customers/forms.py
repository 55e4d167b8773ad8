"""What people type about customers, turned into the arguments of actions."""

import re
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from loupan.core.forms import DayField
from loupan.core.refusals import Refusal
from loupan.core.ui.imports import ColumnsForm, FileForm
from loupan.customers import queries, rules
from loupan.customers.models import CustomerKind, FollowUp
from loupan.customers.parameters import LOST_REASON, MEDIA, NEXT_CONTACT_DAYS, REGION
from loupan.customers.states import Grade, IdType
from loupan.org.models import Project, User
from loupan.parameters.queries.book import parameter

SEPARATORS = re.compile(r"[,，;；、/\n]+")
SEXES = [("", _("Not said")), ("m", _("Male")), ("f", _("Female"))]


class IdChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A choice of rows whose value is the id, as actions take it."""

    def clean(self, value: Any) -> Any:
        row = super().clean(value)
        return row.pk if row is not None else None


class PhoneField(forms.CharField):
    """One number in its normal form."""

    widget = forms.TextInput(
        {"inputmode": "tel", "autocomplete": "off", "enterkeyhint": "next", "maxlength": 40}
    )

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        try:
            return rules.checked_phones([text])[0] if text else text
        except Refusal as refusal:
            raise ValidationError(str(refusal)) from refusal


class PhonesField(forms.CharField):
    """Several numbers in one line; masked ones stay what they are."""

    widget = forms.TextInput({"inputmode": "tel", "autocomplete": "off", "maxlength": 200})

    def prepare_value(self, value: Any) -> Any:
        return "、".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        texts = [part.strip() for part in SEPARATORS.split(super().clean(value)) if part.strip()]
        try:
            if typed := [text for text in texts if "*" not in text]:
                rules.checked_phones(typed)
        except Refusal as refusal:
            raise ValidationError(str(refusal)) from refusal
        if not texts:
            raise ValidationError(self.error_messages["required"], code="required")
        return texts


_ENTRIES = {"media_id": MEDIA, "region_id": REGION, "lost_because_id": LOST_REASON}


def _entry(label: Any) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(label=label, required=False, coerce=int, empty_value=None)


class _ProjectForm(forms.Form):
    """A form whose choices belong to a project."""

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.project = project
        if "source_id" in self.fields:
            field = self.fields["source_id"]
            assert isinstance(field, IdChoice)
            field.queryset = queries.sources_of(project.pk)
        for name, dictionary in _ENTRIES.items():
            if name in self.fields:
                field = self.fields[name]
                assert isinstance(field, forms.TypedChoiceField)
                choices = queries.entry_choices(project.pk, dictionary)
                field.choices = [("", _("Not said")), *choices]
                if not choices:
                    del self.fields[name]
        if "method" in self.fields:
            field = self.fields["method"]
            assert isinstance(field, forms.ChoiceField)
            field.choices = queries.method_choices(project.pk)
        if "owner_id" in self.fields:
            field = self.fields["owner_id"]
            assert isinstance(field, IdChoice)
            field.queryset = queries.owners_in(project)


def _source() -> IdChoice:
    return IdChoice(queryset=None, label=_("Source"), required=False, empty_label=_("Not said"))


def _grade() -> forms.ChoiceField:
    return forms.ChoiceField(label=_("Grade"), choices=Grade.choices, initial=Grade.C)


class ReceptionForm(_ProjectForm):
    """A call or a visit in twenty seconds: phone first."""

    contact = forms.ChoiceField(
        label=_("Contact"),
        choices=[("visit", _("Visit")), ("call", _("Call"))],
        initial="visit",
        widget=forms.RadioSelect,
    )
    phone = PhoneField(label=_("Phone"))
    name = forms.CharField(label=_("Customer name"), max_length=80)
    source_id = _source()
    grade = _grade()
    next_contact_on = DayField(label=_("Next contact"))
    party_size = forms.IntegerField(
        label=_("Party size"), min_value=1, max_value=50, initial=1, required=False
    )
    note = forms.CharField(
        label=_("Note"), max_length=500, required=False, widget=forms.Textarea({"rows": 2})
    )

    def clean_party_size(self) -> int:
        return self.cleaned_data["party_size"] or 1


class CustomerForm(_ProjectForm):
    """Everything that is recorded about a customer."""

    kind = forms.ChoiceField(
        label=_("Kind"), choices=CustomerKind.choices, initial=CustomerKind.INDIVIDUAL
    )
    name = forms.CharField(label=_("Customer name"), max_length=80)
    phones = PhonesField(label=_("Phones"), help_text=_("Several numbers are separated by commas."))
    id_type = forms.ChoiceField(label=_("ID type"), choices=IdType.choices, initial=IdType.ID_CARD)
    id_number = forms.CharField(label=_("ID number or credit code"), max_length=40, required=False)
    source_id = _source()
    media_id = _entry(_("Media"))
    region_id = _entry(_("Region"))
    grade = _grade()
    owner_id = IdChoice(
        queryset=None, label=_("Consultant"), required=False, empty_label=_("Nobody yet")
    )
    next_contact_on = DayField(label=_("Next contact"), required=False)
    sex = forms.ChoiceField(label=_("Sex"), choices=SEXES, required=False)
    wechat = forms.CharField(label=_("WeChat"), max_length=60, required=False)
    legal_representative = forms.CharField(
        label=_("Legal representative"), max_length=40, required=False
    )
    address = forms.CharField(label=_("Address"), max_length=200, required=False)
    note = forms.CharField(
        label=_("Note"), max_length=500, required=False, widget=forms.Textarea({"rows": 3})
    )

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        number = data.get("id_number", "")
        if number and "*" not in number and "kind" in data and "id_type" in data:
            try:
                rules.checked_id_number(number, kind=data["kind"], id_type=data["id_type"])
            except Refusal as refusal:
                self.add_error("id_number", str(refusal))
        return data


class CustomerEditForm(CustomerForm):
    """The same without what has verbs of its own: kind, owner, next contact."""

    kind = None  # type: ignore[assignment]
    owner_id = None  # type: ignore[assignment]
    next_contact_on = None  # type: ignore[assignment]
    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.customer_kind = kind

    def clean(self) -> dict[str, Any]:
        self.cleaned_data["kind"] = self.customer_kind
        data = super().clean()
        del data["kind"]
        return data


class _NextContactForm(_ProjectForm):
    grade = forms.ChoiceField(label=_("Grade after"), choices=Grade.choices)


class VisitForm(_NextContactForm):
    party_size = forms.IntegerField(label=_("Party size"), min_value=1, max_value=50, initial=1)
    source_id = _source()
    next_contact_on = DayField(label=_("Next contact"), required=False)
    note = forms.CharField(
        label=_("Note"), max_length=1000, required=False, widget=forms.Textarea({"rows": 3})
    )
    field_order = ["party_size", "grade", "next_contact_on", "source_id", "note"]


class CallForm(_NextContactForm):
    source_id = _source()
    next_contact_on = DayField(label=_("Next contact"), required=False)
    note = forms.CharField(
        label=_("Note"), max_length=1000, required=False, widget=forms.Textarea({"rows": 3})
    )
    field_order = ["grade", "next_contact_on", "source_id", "note"]


class FollowUpForm(_NextContactForm):
    method = forms.ChoiceField(label=_("Method"))
    result = forms.ChoiceField(label=_("Result"), choices=FollowUp.Result.choices)
    content = forms.CharField(
        label=_("Content"), max_length=2000, widget=forms.Textarea({"rows": 3})
    )
    next_contact_on = DayField(
        label=_("Next contact"),
        required=False,
        help_text=_("Needed, unless the customer is lost."),
    )
    lost_because_id = _entry(_("Lost because"))
    lost_reason = forms.CharField(
        label=_("Lost: in their words"),
        max_length=200,
        required=False,
        help_text=_("Only when the customer is lost: why, and to whom."),
    )
    field_order = [
        "method", "result", "content", "grade", "next_contact_on", "lost_because_id", "lost_reason",
    ]  # fmt: skip


class RevealForm(forms.Form):
    what = forms.ChoiceField(
        choices=[("phone", _("Phone")), ("id", _("ID number"))], widget=forms.HiddenInput
    )
    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)


class AssignForm(_ProjectForm):
    owner_id = IdChoice(queryset=None, label=_("Consultant"))


class BulkEditForm(_ProjectForm):
    """The plain fields of many customers; what is left empty stays."""

    grade = forms.ChoiceField(
        label=_("Grade"), choices=[("", _("As it is")), *Grade.choices], required=False
    )
    source_id = _source()

    def clean(self) -> dict[str, Any]:
        data = {name: value or None for name, value in self.cleaned_data.items()}
        if not self.errors and not any(data.values()):
            raise ValidationError(_("Choose at least one new value."))
        return data


class UploadForm(FileForm):
    """A file of customers, and what happens to those who are there already."""

    label = _("File of customers")

    changes_existing = forms.BooleanField(
        label=_("Change customers who are there already"),
        help_text=_(
            "Where phone or ID number and name are the same, what the file says replaces what is"
            " recorded. Empty cells change nothing."
        ),
        required=False,
        initial=True,
    )


FIELD_LABELS: dict[str, Any] = {
    "name": _("Customer name"),
    "phones": _("Phone"),
    "phone_2": _("Second phone"),
    "kind": _("Kind"),
    "id_type": _("ID type"),
    "id_number": _("ID number"),
    "source": _("Source"),
    "owner": _("Consultant"),
    "grade": _("Grade"),
    "sex": _("Sex"),
    "wechat": _("WeChat"),
    "address": _("Address"),
    "legal_representative": _("Legal representative"),
    "note": _("Note"),
    "first_contact_on": _("First contact"),
    "next_contact_on": _("Next contact"),
}


class MappingForm(ColumnsForm):
    labels = FIELD_LABELS


def bulk_assign_form(data: Any, _user: User, project_id: int | None) -> AssignForm:
    assert project_id is not None
    return AssignForm(data, project=Project.objects.get(pk=project_id))


def bulk_edit_form(data: Any, _user: User, project_id: int | None) -> BulkEditForm:
    assert project_id is not None
    return BulkEditForm(data, project=Project.objects.get(pk=project_id))


def usual_next_contact(project: Project, today: date) -> date:
    """What a form offers first: in so many days as the project has set."""
    return today + timedelta(days=parameter(project.pk, NEXT_CONTACT_DAYS))
