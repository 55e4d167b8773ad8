"""What a purchase plan is made of: whose, which plans, which discounts (SAL-26)."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loupan.core.formatting import date_text, money_text, rate_text
from loupan.core.forms import DayField, RowsField
from loupan.customers.models import Customer
from loupan.pricing.models import Discount, PaymentPlan

MOST_PLANS = 6  # Side by side on one page and on one paper.
FARTHEST = timedelta(days=365)
VALID_DAYS = (1, 3, 7, 15, 30)


def discount_note(discount: Discount) -> str:
    """What a discount gives and on which conditions, in a few words."""
    value = discount.amount_or_rate
    form = Discount.Form
    said = {
        form.RATE: lambda: rate_text(value),
        form.PERCENT_OFF: lambda: f"−{rate_text(value)}",
        form.AMOUNT: lambda: f"−¥{money_text(value)}",
        form.UNIT_AMOUNT: lambda: f"−¥{money_text(value)}/m²",
    }[form(discount.form)]()
    parts = [said]
    if discount.needs_proof:
        parts.append(_("needs proof"))
    if discount.is_for_signing_on_time:
        parts.append(_("if signed in time"))
    if discount.valid_until:
        parts.append(_("until %(day)s") % {"day": date_text(discount.valid_until)})
    if discount.quota is not None:
        parts.append(_("%(count)s left") % {"count": max(0, discount.quota - discount.used)})
    return " · ".join(parts)


def plan_note(plan: PaymentPlan) -> str:
    return rate_text(Decimal(plan.rate))


class QuoteTermsForm(forms.Form):
    """When the unit would be reserved, and how long the quote stands; both may be left as offered."""

    reserve_on = DayField(label=gettext_lazy("Reservation date"), required=False)
    valid_days = forms.TypedChoiceField(
        label=gettext_lazy("Quote valid for"), required=False, coerce=int, empty_value=None
    )

    def __init__(self, data: Any, *, today: date, usual_days: int) -> None:
        super().__init__(data)
        self.today, self.usual_days = today, usual_days
        days = sorted({*VALID_DAYS, usual_days})
        said = gettext_lazy("%(days)s days")
        field = self.fields["valid_days"]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = [(count, said % {"days": count}) for count in days]

    def clean_reserve_on(self) -> date:
        day: date = self.cleaned_data["reserve_on"] or self.today
        if not self.today - FARTHEST <= day <= self.today + FARTHEST:
            raise forms.ValidationError(_("Choose a day within a year from today."))
        return day

    def clean_valid_days(self) -> int:
        return self.cleaned_data["valid_days"] or self.usual_days


class QuoteForm(forms.Form):
    """The choices of a quote, kept in the address so that it can be sent to a colleague."""

    customer = forms.ModelChoiceField(
        Customer.objects.none(), label=gettext_lazy("Customer"), required=False
    )
    plan = RowsField(
        PaymentPlan.objects.none(), label=gettext_lazy("Payment plans"), required=False
    )
    discount = RowsField(Discount.objects.none(), label=gettext_lazy("Discounts"), required=False)

    def __init__(
        self,
        data: Any,
        *,
        customers: QuerySet[Customer],
        plans: QuerySet[PaymentPlan],
        discounts: QuerySet[Discount],
    ) -> None:
        super().__init__(data)
        for name, rows in (("customer", customers), ("plan", plans), ("discount", discounts)):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = rows

    def clean_plan(self) -> QuerySet[PaymentPlan]:
        chosen: QuerySet[PaymentPlan] = self.cleaned_data["plan"]
        if len(chosen) > MOST_PLANS:
            said = _("At most %(count)s plans stand side by side.")
            raise forms.ValidationError(said % {"count": MOST_PLANS})
        return chosen
