"""A picker writes only what is chosen into the page; the rest is searched on the server."""

import pytest
from django import forms
from django.contrib.contenttypes.models import ContentType
from django.template import Context, Template

from loupan.core.forms import RowsField

pytestmark = pytest.mark.django_db


class KindForm(forms.Form):
    kind = forms.ModelChoiceField(ContentType.objects.all())


class KindsForm(forms.Form):
    kind = RowsField(ContentType.objects.all())


def drawn(form: forms.Form) -> str:
    template = Template('{% load kit %}{{ form.kind|picker_widget:"/choices/" }}')
    return str(template.render(Context({"form": form})))


def test_the_page_holds_the_chosen_one_only() -> None:
    chosen = ContentType.objects.all()[0]
    page = drawn(KindForm({"kind": chosen.pk}))
    assert page.count("<option") == 2
    assert f'value="{chosen.pk}" selected' in page
    assert 'data-picker="/choices/"' in page


def test_several_can_be_chosen() -> None:
    chosen = [row.pk for row in ContentType.objects.all()[:2]]
    assert drawn(KindsForm(initial={"kind": chosen})).count(" selected") == 2


@pytest.mark.parametrize("typed", ["", "x", "9" * 40, "٣", "1 or 1=1"])
def test_a_hostile_choice_draws_an_empty_picker(typed: str) -> None:
    assert drawn(KindForm({"kind": typed})).count("<option") == 1


def test_without_a_choice_nothing_is_asked_of_the_database(
    django_assert_num_queries: object,
) -> None:
    assert callable(django_assert_num_queries)
    with django_assert_num_queries(0):
        drawn(KindForm())
