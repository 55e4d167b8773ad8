"""What is chosen when a deal goes over to another payment plan."""

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from loupan.core.forms import AmountField
from loupan.org.models import User
from loupan.pricing.models import Discount, PaymentPlan
from loupan.sales.forms.reservations import DiscountChoices, PlanChoice
from loupan.sales.models import Deal
from loupan.sales.queries.plan_changes import discounts_to_keep, plans_to_change_to


class PlanChangeForm(forms.Form):
    """Plan and discounts, the proof of a new one, and the price that was on the screen."""

    payment_plan_id = PlanChoice(
        PaymentPlan.objects.none(), label=_("Payment plan"), widget=forms.RadioSelect,
        empty_label=None,
    )  # fmt: skip
    discount_ids = DiscountChoices(
        Discount.objects.none(),
        label=_("Discounts"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("What does not hold under the new plan is left out and named."),
    )
    proof = forms.CharField(
        label=_("Proof"),
        max_length=120,
        required=False,
        help_text=_("The document behind a discount that needs proof and is new to the deal."),
    )
    reason = forms.CharField(label=_("Reason"), max_length=200, widget=forms.Textarea({"rows": 2}))
    seen_total = AmountField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, deal: Deal, viewer: User, day: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plans = plans_to_change_to(viewer, deal, day)
        rows = PaymentPlan.objects.filter(pk__in=[row.pk for row in plans])
        self.fields["payment_plan_id"].queryset = rows  # type: ignore[attr-defined]
        kept = discounts_to_keep(viewer, deal, day)
        self.fields["discount_ids"].queryset = kept  # type: ignore[attr-defined]

    def chosen(self) -> dict[str, Any]:
        """Plan, discounts and proof as the action takes them."""
        data = self.cleaned_data
        return {
            "payment_plan_id": data["payment_plan_id"].pk,
            "discount_ids": [row.pk for row in data["discount_ids"]],
            "proof": data.get("proof", ""),
        }

    def said(self) -> dict[str, Any]:
        """The same with the reason and the price that was seen."""
        seen: Decimal | None = self.cleaned_data.get("seen_total")
        return {**self.chosen(), "reason": self.cleaned_data["reason"], "seen_total": seen}
