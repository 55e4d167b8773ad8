"""A sum of money is money, on both databases."""

from decimal import Decimal

import pytest
from django.db.models import Sum

from loupan.inventory.models import Unit
from loupan.inventory.testing import a_unit
from loupan.org.testing import a_project

pytestmark = pytest.mark.django_db


def test_a_sum_that_comes_to_nothing_is_nothing() -> None:
    """In binary floats 0.1 + 0.2 − 0.3 is 5.6E-17."""
    project = a_project()
    for position, total in enumerate(("0.10", "0.20", "0.30", "1000000000.07"), 1):
        a_unit(project, position=position, list_total=Decimal(total))
    found = Unit.objects.aggregate(whole=Sum("list_total"))["whole"]
    assert str(found) == "1000000000.67"
    few = Unit.objects.filter(position__lte=3).aggregate(whole=Sum("list_total"))["whole"]
    assert str(few) == "0.60"
