"""What is chosen on the price trial: unit, plan, discounts, special, day; all of it in the address."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loupan.core.formatting import rate_text
from loupan.core.forms import AmountField, DayField, RowsField
from loupan.inventory.models import Unit
from loupan.org.models import User
from loupan.pricing.models import Discount, PaymentPlan
from loupan.pricing.queries.discounts import discounts_for
from loupan.pricing.queries.offers import Gift, Special
from loupan.pricing.queries.plans import is_plan_for, offered_on, plans_for

FARTHEST = timedelta(days=3650)


class PlanChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} · {rate_text(obj.rate)}"


class DiscountChoices(RowsField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} · {obj.value_text}"


class TrialForm(forms.Form):
    """One price tried, without a customer (DSC-08)."""

    reserve_on = DayField(label=gettext_lazy("Reservation date"), required=False)
    plan = PlanChoice(PaymentPlan.objects.none(), label=gettext_lazy("Payment plan"))
    discount = DiscountChoices(
        Discount.objects.none(),
        label=gettext_lazy("Discounts"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    special_form = forms.ChoiceField(
        label=gettext_lazy("Special discount"),
        choices=[("", gettext_lazy("None")), *Discount.Form.choices],
        required=False,
    )
    special_value = forms.DecimalField(
        label=gettext_lazy("Its amount or rate"),
        required=False,
        min_value=Decimal(0),
        max_digits=18,
        decimal_places=6,
        help_text=gettext_lazy("A rate as a share: 0.97 means 97 %."),
        widget=forms.TextInput({"inputmode": "decimal", "class": "lp-num"}),
    )
    gift_name = forms.CharField(label=gettext_lazy("Gift"), max_length=60, required=False)
    gift_cost = AmountField(
        label=gettext_lazy("Cost of the gift"), required=False, min_value=Decimal(0)
    )
    deposit = AmountField(label=gettext_lazy("Deposit"), required=False, min_value=Decimal(0))

    def __init__(self, data: Any, *, unit: Unit, viewer: User, today: date) -> None:
        data = data.copy()
        fresh = "plan" not in data
        self.today = today
        day = self._day(data.get("reserve_on", ""))
        plans = plans_for(viewer, unit.project_id).filter(offered_on(day))
        fitting = [row for row in plans if is_plan_for(row, unit)]
        offered = list(discounts_for(viewer, unit.project_id).filter(offered_on(day)))
        if fresh:
            data["plan"] = str(fitting[0].pk) if fitting else ""
            data.setlist("discount", [str(row.pk) for row in offered if row.is_default])
        super().__init__(data)
        for name, rows, model in (("plan", fitting, PaymentPlan), ("discount", offered, Discount)):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = model.objects.filter(pk__in=[row.pk for row in rows])
            field.choices = [(row.pk, field.label_from_instance(row)) for row in rows]

    def _day(self, text: str) -> date:
        try:
            day = date.fromisoformat(text)
        except ValueError:
            return self.today
        return day if abs(day - self.today) <= FARTHEST else self.today

    def clean_reserve_on(self) -> date:
        day: date = self.cleaned_data["reserve_on"] or self.today
        if abs(day - self.today) > FARTHEST:
            raise forms.ValidationError(_("Choose a day within ten years from today."))
        return day

    def gift(self) -> Gift | None:
        name, cost = self.cleaned_data.get("gift_name"), self.cleaned_data.get("gift_cost")
        return Gift(name, cost or Decimal(0)) if name else None

    def special(self) -> Special | None:
        form, value = self.cleaned_data.get("special_form"), self.cleaned_data.get("special_value")
        return Special(form, value, _("Special discount")) if form and value is not None else None
