"""What people type on the way of a deal: the contract, its end, money in and money back."""

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from loupan.core.forms import AmountField, DayField
from loupan.customers.states import IdType
from loupan.inventory.states import UnitStatus
from loupan.ledger.models import LOAN_TYPES, Account, MoneyType, PaymentMethod
from loupan.ledger.queries import Line, bank_accounts_of

_REASON = forms.Textarea({"rows": 2})
_GOES_TO = [
    (UnitStatus.WITHHELD.value, UnitStatus.WITHHELD.label),
    (UnitStatus.AVAILABLE.value, UnitStatus.AVAILABLE.label),
]


class ContractForm(forms.Form):
    signed_on = DayField(label=_("Signed on"))
    number = forms.CharField(
        label=_("Contract number"),
        max_length=40,
        required=False,
        help_text=_("Leave it empty to take the next number of the office."),
    )
    terms = forms.CharField(
        label=_("Supplementary terms"),
        max_length=4000,
        required=False,
        widget=forms.Textarea({"rows": 4}),
    )
    request_key = forms.UUIDField(widget=forms.HiddenInput, required=False)


class IdentityForm(forms.Form):
    """The ID number that a contract needs."""

    id_type = forms.ChoiceField(label=_("ID type"), choices=IdType.choices, initial=IdType.ID_CARD)
    id_number = forms.CharField(label=_("ID number or credit code"), max_length=40)


class CancellationForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=200, widget=_REASON)
    kept = AmountField(
        label=_("Amount kept"),
        min_value=Decimal(0),
        initial=Decimal(0),
        help_text=_("Everything else that was received is paid back."),
    )
    unit_goes_to = forms.ChoiceField(
        label=_("The unit becomes"), choices=_GOES_TO, widget=forms.RadioSelect
    )
    method = forms.ChoiceField(
        label=_("Paid back by"), choices=PaymentMethod.choices, initial=PaymentMethod.TRANSFER
    )
    request_key = forms.UUIDField(widget=forms.HiddenInput)


class ReceiptForm(forms.Form):
    """Money in; what the next line of the schedule asks for stands there already."""

    amount = AmountField(label=_("Amount"), min_value=Decimal("0.01"))
    method = forms.ChoiceField(label=_("Method"), choices=PaymentMethod.choices)
    money_type = forms.ChoiceField(label=_("Money"), required=False)
    bank_account_id = forms.TypedChoiceField(
        label=_("Bank account"), required=False, coerce=int, empty_value=None
    )
    received_on = DayField(label=_("Received on"))
    payer = forms.CharField(label=_("Payer"), max_length=80, required=False)
    slip_number = forms.CharField(label=_("Slip number"), max_length=60, required=False)
    request_key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, account: Account, lines: list[Line], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        loans = [line.money_type for line in lines if line.money_type in LOAN_TYPES]
        chosen = self.fields["money_type"]
        assert isinstance(chosen, forms.ChoiceField)
        chosen.choices = [
            ("", _("House money")),
            *[(code, MoneyType(code).label) for code in dict.fromkeys(loans)],
        ]
        accounts = self.fields["bank_account_id"]
        assert isinstance(accounts, forms.ChoiceField)
        accounts.choices = [
            *[(row.pk, f"{row.name} {row.bank}") for row in bank_accounts_of(account)],
            ("", _("None")),
        ]


def first_values(lines: list[Line], *, payer: str, today: date) -> dict[str, Any]:
    """What the receipt form offers: the oldest line with something outstanding."""
    due = next((line for line in lines if line.outstanding > 0), None)
    is_loan = due is not None and due.money_type in LOAN_TYPES
    return {
        "amount": due.outstanding if due else None,
        "method": PaymentMethod.LOAN if is_loan else PaymentMethod.TRANSFER,
        "money_type": due.money_type if due and is_loan else "",
        "received_on": today,
        "payer": payer,
    }


class ReversalForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=200, widget=_REASON)
