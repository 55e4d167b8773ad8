"""What people type about who owns or lives in a unit."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from loupan.core.forms import DayField
from loupan.customers.models import Customer
from loupan.sales.states import RelationKind


class RelationForm(forms.Form):
    customer = forms.ModelChoiceField(Customer.objects.none(), label=_("Customer"))
    kind = forms.ChoiceField(label=_("Relation"), choices=RelationKind.choices)
    starts_on = DayField(label=_("From"))
    ends_on = DayField(
        label=_("Until"), required=False, help_text=_("The last day, such as that of a lease.")
    )
    note = forms.CharField(label=_("Note"), max_length=200, required=False)

    def __init__(self, *args: Any, customers: QuerySet[Customer], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        customer = self.fields["customer"]
        assert isinstance(customer, forms.ModelChoiceField)
        customer.queryset = customers

    def typed(self) -> dict[str, Any]:
        said = {**self.cleaned_data}
        return {"customer_id": said.pop("customer").pk, **said}


class RelationEndForm(forms.Form):
    ends_on = DayField(label=_("Last day"))
    version = forms.IntegerField(widget=forms.HiddenInput)
