"""What people type for the verbs around a deal: filing, void, handover, title, provisional money."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from loupan.core.forms import AmountField, DayField
from loupan.customers.models import Customer
from loupan.inventory.models import Building
from loupan.ledger.models import Account, PaymentMethod
from loupan.ledger.queries import bank_accounts_of


class ReasonForm(forms.Form):
    """A verb that needs no more than a reason."""

    reason = forms.CharField(label=_("Reason"), max_length=200, widget=forms.Textarea({"rows": 2}))


class FilingForm(forms.Form):
    number = forms.CharField(
        label=_("Filing number"),
        max_length=60,
        help_text=_("The number the government's system gave to the contract."),
    )
    submitted_on = DayField(label=_("Submitted on"))
    filed_on = DayField(label=_("Filed on"))


class HandoverForm(forms.Form):
    handed_over_on = DayField(label=_("Handed over on"))
    received_by = forms.CharField(label=_("Received by"), max_length=80)
    note = forms.CharField(label=_("Note"), max_length=200, required=False)


class TitleForm(forms.Form):
    number = forms.CharField(label=_("Certificate number"), max_length=60)
    tax_paid_on = DayField(label=_("Tax paid on"))
    issued_on = DayField(label=_("Issued on"))


class ProvisionalForm(forms.Form):
    """For whom, how long, for how much a unit is kept (T8)."""

    customer = forms.ModelChoiceField(Customer.objects.none(), label=_("Customer"))
    amount = AmountField(label=_("Amount"), min_value=Decimal("0.01"))
    days = forms.TypedChoiceField(label=_("Until"), coerce=int)

    def __init__(
        self,
        *args: Any,
        customers: QuerySet[Customer],
        longest: int,
        at: datetime,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        customer, days = self.fields["customer"], self.fields["days"]
        assert isinstance(customer, forms.ModelChoiceField)
        assert isinstance(days, forms.TypedChoiceField)
        customer.queryset = customers
        days.choices = [
            (count, f"{localtime(at + timedelta(days=count)):%Y-%m-%d %H:%M}")
            for count in range(1, longest + 1)
        ]


class ProvisionalReceiptForm(forms.Form):
    """The small amount of a provisional reservation, as it was paid."""

    amount = AmountField(label=_("Amount"), min_value=Decimal("0.01"))
    method = forms.ChoiceField(
        label=_("Method"),
        choices=[row for row in PaymentMethod.choices if row[0] != PaymentMethod.LOAN],
    )
    bank_account_id = forms.TypedChoiceField(
        label=_("Bank account"), required=False, coerce=int, empty_value=None
    )
    received_on = DayField(label=_("Received on"))
    payer = forms.CharField(label=_("Payer"), max_length=80, required=False)
    slip_number = forms.CharField(label=_("Slip number"), max_length=60, required=False)
    request_key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, account: Account, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        accounts = self.fields["bank_account_id"]
        assert isinstance(accounts, forms.ChoiceField)
        accounts.choices = [
            *[(row.pk, f"{row.name} {row.bank}") for row in bank_accounts_of(account)],
            ("", _("None")),
        ]


class WithdrawalForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=200, widget=forms.Textarea({"rows": 2}))
    method = forms.ChoiceField(
        label=_("Paid back by"), choices=PaymentMethod.choices, initial=PaymentMethod.TRANSFER
    )
    request_key = forms.UUIDField(widget=forms.HiddenInput)


class MilestoneForm(forms.Form):
    name = forms.ChoiceField(label=_("Milestone"))
    building = forms.ModelChoiceField(
        Building.objects.none(), label=_("Building"), required=False, empty_label=_("All buildings")
    )
    noticed_on = DayField(
        label=_("Notice of"), help_text=_("Payments that waited for it fall due from this day.")
    )

    def __init__(self, *args: Any, names: list[str], project_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name, building = self.fields["name"], self.fields["building"]
        assert isinstance(name, forms.ChoiceField)
        assert isinstance(building, forms.ModelChoiceField)
        name.choices = [(each, each) for each in names]
        building.queryset = Building.objects.filter(project_id=project_id).order_by("sort", "pk")
