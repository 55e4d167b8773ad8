"""What people type about plans, discounts, the way a project computes, and prices."""

import re
from collections.abc import Collection
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import CharField, F, QuerySet, Value
from django.db.models.functions import Cast
from django.forms.formsets import DELETION_FIELD_NAME, ORDERING_FIELD_NAME
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loupan.core.forms import AmountField, DayField, DayInput
from loupan.inventory.models import Building, Layout, ProductType
from loupan.org.models import Project
from loupan.pricing.models import (
    Discount,
    PaymentPlan,
    PaymentPlanLine,
    PlanKind,
    PrecisionRule,
    PricingPolicy,
    RoundingMode,
)
from loupan.pricing.permissions import AUTHORITY_LABELS
from loupan.pricing.rules.authority import AuthorityLevel
from loupan.pricing.rules.standard_plans import STANDARD_PLANS


class PercentField(forms.DecimalField):
    """Typed as a percentage, kept as a share of one: 98 is 0.98."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            **{"max_digits": 9, "decimal_places": 4, "min_value": Decimal(0), **kwargs}
        )
        self.widget.attrs.update({"inputmode": "decimal", "class": "lp-num"})

    widget = forms.TextInput

    def clean(self, value: Any) -> Any:
        percent = super().clean(value)
        return None if percent is None else percent / 100

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, Decimal):
            return f"{value * 100:f}".rstrip("0").rstrip(".") or "0"
        return value


# --- Plans ----------------------------------------------------------------------------------------


class StandardPlansForm(forms.Form):
    """Which of the delivered plans a project takes; those it has are not offered again."""

    codes = forms.MultipleChoiceField(
        label=gettext_lazy("Plans"), widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, known: Collection[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        codes = self.fields["codes"]
        assert isinstance(codes, forms.ChoiceField)
        codes.choices = [
            (plan.code, plan.name) for plan in STANDARD_PLANS if plan.code not in known
        ]


class PlanForm(forms.Form):
    code = forms.SlugField(label=gettext_lazy("Code"), max_length=20)
    name = forms.CharField(label=gettext_lazy("Name"), max_length=60)
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=PlanKind.choices)
    rate = PercentField(
        label=gettext_lazy("Plan discount"),
        min_value=Decimal("0.01"),
        max_value=Decimal(100),
        initial=Decimal(1),
        help_text=gettext_lazy("In percent of the list total: 98 means 2 % off."),
    )
    min_down_payment_rate = PercentField(
        label=gettext_lazy("Minimum down payment"), max_value=Decimal(100), initial=Decimal(0)
    )
    product_types = forms.MultipleChoiceField(
        label=gettext_lazy("Only for"),
        choices=ProductType.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    valid_from = DayField(label=gettext_lazy("Valid from"), required=False)
    valid_until = DayField(label=gettext_lazy("Valid until"), required=False)
    sort = forms.IntegerField(
        label=gettext_lazy("Place in the list"), min_value=0, max_value=32000, initial=0
    )
    is_enabled = forms.BooleanField(label=gettext_lazy("In use"), required=False, initial=True)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)


class PlanLineForm(forms.Form):
    """One payment of a plan. A share is typed in percent, a fixed amount in yuan."""

    money_type = forms.ChoiceField(
        label=gettext_lazy("Money"),
        choices=[("", gettext_lazy("Line not used")), *PaymentPlanLine.MoneyType.choices],
    )
    # Every field has a first value: a line in which nothing was chosen is no line.
    method = forms.ChoiceField(
        label=gettext_lazy("Method"),
        choices=PaymentPlanLine.Method.choices,
        initial=PaymentPlanLine.Method.PERCENT,
    )
    amount = forms.DecimalField(
        label=gettext_lazy("Percent or yuan"),
        required=False,
        min_value=Decimal(0),
        max_digits=15,
        decimal_places=4,
        widget=forms.TextInput({"inputmode": "decimal", "class": "lp-num"}),
    )
    base = forms.ChoiceField(
        label=gettext_lazy("Of"),
        choices=PaymentPlanLine.Base.choices,
        initial=PaymentPlanLine.Base.DEAL_TOTAL,
    )
    includes_deposit = forms.BooleanField(
        label=gettext_lazy("Includes the deposit"), required=False
    )
    anchor = forms.ChoiceField(
        label=gettext_lazy("Due from"),
        choices=PaymentPlanLine.Anchor.choices,
        initial=PaymentPlanLine.Anchor.CONTRACT,
    )
    offset_days = forms.IntegerField(
        label=gettext_lazy("Days after"), min_value=-3650, max_value=3650, initial=0, required=False
    )
    offset_months = forms.IntegerField(
        label=gettext_lazy("Months after"), min_value=-120, max_value=480, initial=0, required=False
    )
    fixed_on = forms.DateField(label=gettext_lazy("Fixed date"), required=False, widget=DayInput)
    milestone = forms.CharField(label=gettext_lazy("Milestone"), max_length=40, required=False)
    rounding_unit = forms.ChoiceField(
        label=gettext_lazy("Rounded to"), choices=PrecisionRule.UNITS, initial="1"
    )
    rounding_mode = forms.ChoiceField(
        label=gettext_lazy("Rounding"),
        choices=RoundingMode.choices,
        initial=RoundingMode.HALF_UP,
    )

    def has_changed(self) -> bool:
        """A blank line that was only numbered by the page is still no line."""
        return bool(set(self.changed_data) - {ORDERING_FIELD_NAME, DELETION_FIELD_NAME})

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        amount = data.pop("amount", None) or Decimal(0)
        is_share = data.get("method") == PaymentPlanLine.Method.PERCENT
        data["amount_or_rate"] = amount / 100 if is_share else amount
        data["offset_days"] = data.get("offset_days") or 0
        data["offset_months"] = data.get("offset_months") or 0
        return data


LineFormSet = forms.formset_factory(
    PlanLineForm,
    extra=1,
    can_delete=True,
    can_order=True,
    max_num=24,
    validate_max=True,
    absolute_max=30,
)


def line_values(plan: PaymentPlan) -> list[dict[str, Any]]:
    """The lines of a plan as their forms show them."""
    shown = []
    for line in plan.lines.all():
        values = {
            name: getattr(line, name) for name in PlanLineForm.base_fields if name != "amount"
        }
        factor = 100 if line.method == PaymentPlanLine.Method.PERCENT else 1
        values["amount"] = f"{line.amount_or_rate * factor:f}".rstrip("0").rstrip(".") or "0"
        shown.append(values)
    return shown


class NumbersField(forms.CharField):
    """Numbers of units, written one after the other; kept as a list."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"widget": forms.Textarea({"rows": 2}), **kwargs})

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        parts = (part.strip() for part in re.split(r"[,，;；、\s]+", text or ""))
        return list(dict.fromkeys(part for part in parts if part))

    def run_validators(self, value: Any) -> None:
        super().run_validators(", ".join(value))

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value


class ExampleForm(forms.Form):
    """What the example of a plan is worked out for; a deal total goes before the price of the unit."""

    example_total = AmountField(
        label=gettext_lazy("Deal total"),
        required=False,
        min_value=Decimal("0.01"),
        help_text=gettext_lazy("Empty: the unit's price with the standing discounts."),
    )
    example_deposit = AmountField(
        label=gettext_lazy("Deposit"), required=False, min_value=Decimal(0)
    )
    example_reserved = DayField(label=gettext_lazy("Reserved on"), required=False)
    example_signed = DayField(label=gettext_lazy("Contract date"), required=False)


# --- Discounts ------------------------------------------------------------------------------------


class DiscountForm(forms.Form):
    code = forms.SlugField(label=gettext_lazy("Code"), max_length=20)
    name = forms.CharField(label=gettext_lazy("Name"), max_length=60)
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=Discount.Kind.choices)
    form = forms.ChoiceField(label=gettext_lazy("Form"), choices=Discount.Form.choices)
    amount_or_rate = forms.DecimalField(
        label=gettext_lazy("Amount or rate"),
        min_value=Decimal(0),
        max_digits=18,
        decimal_places=6,
        help_text=gettext_lazy(
            "A rate as a share: 0.99 means the buyer pays 99 %. An amount in yuan."
        ),
        widget=forms.TextInput({"inputmode": "decimal", "class": "lp-num"}),
    )
    order = forms.IntegerField(
        label=gettext_lazy("Order"), min_value=-32000, max_value=31000, initial=100
    )
    exclusive_group = forms.CharField(
        label=gettext_lazy("Exclusive group"),
        max_length=20,
        required=False,
        help_text=gettext_lazy("Of the discounts of one group only the best is granted."),
    )
    quota = forms.IntegerField(
        label=gettext_lazy("Quota"), min_value=0, max_value=10**6, required=False
    )
    valid_from = DayField(label=gettext_lazy("Valid from"), required=False)
    valid_until = DayField(label=gettext_lazy("Valid until"), required=False)
    product_types = forms.MultipleChoiceField(
        label=gettext_lazy("Only for"),
        choices=ProductType.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    plan_codes = forms.MultipleChoiceField(
        label=gettext_lazy("Only with the plans"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    buildings = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Only in the buildings"), coerce=int, required=False
    )
    layouts = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Only for the layouts"), coerce=int, required=False
    )
    unit_numbers = NumbersField(
        label=gettext_lazy("Only the units"),
        required=False,
        max_length=4000,
        help_text=gettext_lazy("Unit numbers, with commas between them."),
    )
    per_person = forms.IntegerField(
        label=gettext_lazy("Deals per person"),
        min_value=1,
        max_value=1000,
        required=False,
        help_text=gettext_lazy("Empty: no limit."),
    )
    gift_name = forms.CharField(
        label=gettext_lazy("Gift"),
        max_length=60,
        required=False,
        help_text=gettext_lazy("Fee years, appliances: what comes with it that is no money."),
    )
    gift_cost = AmountField(
        label=gettext_lazy("Cost of the gift"), min_value=Decimal(0), required=False
    )
    needs_proof = forms.BooleanField(label=gettext_lazy("Needs proof"), required=False)
    is_for_signing_on_time = forms.BooleanField(
        label=gettext_lazy("For signing on time"), required=False
    )
    is_default = forms.BooleanField(label=gettext_lazy("On by default"), required=False)
    is_enabled = forms.BooleanField(label=gettext_lazy("In use"), required=False, initial=True)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in scope_choices(project).items():
            field = self.fields[name]
            assert isinstance(field, forms.MultipleChoiceField)
            field.choices = choices

    def clean_gift_cost(self) -> Decimal:
        return self.cleaned_data["gift_cost"] or Decimal(0)


class SchemeItemForm(forms.Form):
    """A further item of a scheme; a line without an amount is none."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=60, required=False)
    form = forms.ChoiceField(
        label=gettext_lazy("Form"), choices=Discount.Form.choices, initial=Discount.Form.RATE
    )
    amount_or_rate = forms.DecimalField(
        label=gettext_lazy("Amount or rate"),
        min_value=Decimal(0),
        max_digits=18,
        decimal_places=6,
        widget=forms.TextInput({"inputmode": "decimal", "class": "lp-num"}),
    )
    order = forms.IntegerField(
        label=gettext_lazy("Order"), min_value=-32000, max_value=31000, initial=100
    )


_SchemeItems = forms.formset_factory(
    SchemeItemForm,
    extra=2,
    can_delete=True,
    max_num=Discount.MOST_ITEMS,
    validate_max=True,
    absolute_max=Discount.MOST_ITEMS + 3,
)


class SchemeItems(_SchemeItems):  # type: ignore[misc,valid-type]
    """The further items of a scheme as they are typed (DSC-01)."""

    def kept(self) -> list[dict[str, Any]]:
        """The items as a discount keeps them; removed ones left out."""
        return [
            {
                "name": each["name"],
                "form": each["form"],
                "amount_or_rate": f"{each['amount_or_rate']:f}",
                "order": each["order"],
            }
            for each in self.cleaned_data
            if each and not each.get("DELETE")
        ]


def scope_choices(project: Project) -> dict[str, list[tuple[str, str]]]:
    """Plans, buildings and layouts of a project as choices, in one statement."""

    def named(rows: QuerySet[Any], name: str, key: str) -> Any:
        columns = {"of": Value(name), "label": F("name"), "key": Cast(key, CharField())}
        found = rows.filter(project=project).order_by().annotate(**columns)
        return found.values_list(*columns)

    rows = named(PaymentPlan.objects.all(), "plan_codes", "code").union(
        named(Building.objects.all(), "buildings", "pk"),
        named(Layout.objects.all(), "layouts", "pk"),
    )
    found: dict[str, dict[str, str]] = {"plan_codes": {}, "buildings": {}, "layouts": {}}
    for name, label, key in sorted(rows):
        found[name].setdefault(key, label)
    return {name: list(choices.items()) for name, choices in found.items()}


# --- The way a project computes -------------------------------------------------------------------


class PolicyForm(forms.ModelForm):  # type: ignore[type-arg]
    """Validates only; saving is the action's."""

    min_deposit = AmountField(label=gettext_lazy("Minimum deposit"), min_value=Decimal(0))
    provisional_amount = AmountField(
        label=gettext_lazy("Amount of a provisional reservation"), min_value=Decimal(0)
    )
    filed_lower_rate = PercentField(
        label=gettext_lazy("Lowest list price, in percent of the filed price"),
        max_value=Decimal(100),
        required=False,
        help_text=gettext_lazy("Empty: no lower bound."),
    )

    class Meta:
        model = PricingPolicy
        fields = [
            "stack_mode",
            "identity_best_only",
            "exclusive_choice",
            "plan_change_day",
            "min_deposit",
            "down_payment_rule",
            "sign_within_days",
            "lock_minutes",
            "locks_per_person",
            "provisional_amount",
            "provisional_days",
            "allows_direct_contract",
            "filed_lower_rate",
            "gifts_count_for_floor",
        ]

    def clean_provisional_days(self) -> int:
        return _within(self.cleaned_data["provisional_days"], 1, 30)

    def clean_lock_minutes(self) -> int:
        return _within(self.cleaned_data["lock_minutes"], 1, 240)

    def clean_locks_per_person(self) -> int:
        return _within(self.cleaned_data["locks_per_person"], 1, 20)

    def clean_sign_within_days(self) -> int:
        return _within(self.cleaned_data["sign_within_days"], 0, 90)


def _within(value: int, least: int, most: int) -> int:
    if not least <= value <= most:
        said = _("Between %(least)s and %(most)s.") % {"least": least, "most": most}
        raise forms.ValidationError(said)
    return value


class AuthorityForm(forms.Form):
    """For each level the lowest overall discount it may confirm."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for level in list(AuthorityLevel)[1:]:
            self.fields[f"rate_{level.name}"] = PercentField(
                label=AUTHORITY_LABELS[level], max_value=Decimal(100), required=False
            )
            self.fields[f"below_{level.name}"] = forms.BooleanField(
                label=gettext_lazy("May go below the floor price"), required=False
            )

    def levels(self) -> list[tuple[str, Decimal, bool]]:
        data = self.cleaned_data
        return [
            (level.name, data[f"rate_{level.name}"], data[f"below_{level.name}"])
            for level in list(AuthorityLevel)[1:]
            if data[f"rate_{level.name}"] is not None
        ]
