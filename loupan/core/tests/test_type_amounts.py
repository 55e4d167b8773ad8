"""What people type as an amount, and how a form shows itself."""

from decimal import Decimal

import pytest
from django import forms
from django.core.exceptions import ValidationError

from loupan.core.forms import AmountField, DayField, TablerRenderer


class PaymentForm(forms.Form):
    default_renderer = TablerRenderer

    amount = AmountField(label="Amount", min_value=Decimal("0.01"), help_text="In yuan")
    paid_on = DayField(label="Paid on")
    way = forms.ChoiceField(choices=[("cash", "Cash")], widget=forms.RadioSelect)
    is_late = forms.BooleanField(required=False)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("1,459,160.00", "1459160.00"),
        ("¥50000", "50000"),
        ("５０，０００．５０", "50000.50"),
        ("145.916万", "1459160.00"),
        (" 389 160 元", "389160"),
    ],
)
def test_amounts_are_read_as_people_type_them(typed: str, meant: str) -> None:
    assert AmountField().clean(typed) == Decimal(meant)


@pytest.mark.parametrize(
    "typed", ["NaN", "1e3000", "Infinity万", "十万", "万", "1.234", "--5", "1e99万"]
)
def test_what_is_no_amount_is_refused(typed: str) -> None:
    with pytest.raises(ValidationError):
        AmountField().clean(typed)


def test_an_error_is_tied_to_its_field() -> None:
    page = str(PaymentForm({"amount": "-5", "way": "cash"}))
    assert 'id="id_amount_error"' in page
    assert 'aria-describedby="id_amount_helptext id_amount_error"' in page
    assert "is-invalid" in page
    assert 'value="-5"' in page  # What was typed stays.


def test_widgets_have_the_look_of_their_kind() -> None:
    page = str(PaymentForm(initial={"amount": Decimal("50000.00")}))
    assert 'value="50,000.00"' in page
    assert 'type="date"' in page
    assert "<fieldset" in page
    assert 'class="form-check-input"' in page
