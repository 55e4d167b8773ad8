"""A refused or wrong form at the door: the sentence goes where the person looks (HOUSE 3.9)."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ValidationError
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from loupan.core.refusals import Refusal


@contextmanager
def refusals_on(form: BaseForm) -> Iterator[None]:
    """A business "no" becomes an error of the form, at its field where it names one."""
    try:
        yield
    except Refusal as refusal:
        place = refusal.field if refusal.field in form.fields else None
        form.add_error(place, str(refusal))
    except ValidationError as error:
        form.add_error(None, error)


def answer_form(
    request: HttpRequest, template: str, context: Mapping[str, Any], form: BaseForm
) -> HttpResponse:
    """The page with its form: 200 when fresh, 422 when what was typed is wrong."""
    status = 422 if form.is_bound and form.errors else 200
    return render(request, template, {**context, "form": form}, status=status)
