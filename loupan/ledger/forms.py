"""What people type about bank accounts."""

from typing import Any

from django import forms

from loupan.ledger.models import BankAccount


class BankAccountForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = BankAccount
        fields = ["name", "bank", "number", "kind", "project", "is_enabled"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        company = self.instance.company_id
        chosen = self.fields["project"]
        assert isinstance(chosen, forms.ModelChoiceField)
        chosen.queryset = chosen.queryset.filter(company_id=company)  # type: ignore[union-attr]
