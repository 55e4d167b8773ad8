"""Filters by custom fields, for the filter sets of the apps above."""

from collections.abc import Callable
from functools import partial
from typing import Any

import django_filters
from django.db.models import QuerySet

from loupan.core.forms import DayInput, YesNoSelect
from loupan.parameters.hooks import SUBJECTS
from loupan.parameters.queries.book import ParameterBook
from loupan.parameters.queries.fields import listed, matching
from loupan.parameters.rules.fields import Field


def add_custom_filters(
    filterset: Any, subject: str, book: ParameterBook, record: str = "pk"
) -> None:
    """One filter for each custom field that the project lists, under the key of its column.

    `record` leads from a row of the list to the record that has the fields.
    """
    for field in listed(book.fields.get(subject, ())):
        made = _filter(field, book, partial(_matching, subject, field, record))
        made.parent, made.field_name = filterset, field.key
        filterset.filters[field.key] = made


def _matching(
    subject: str, field: Field, record: str, rows: QuerySet[Any], name: str, value: Any
) -> QuerySet[Any]:
    return matching(rows, SUBJECTS[subject], field, value, record)


def _filter(field: Field, book: ParameterBook, method: Callable[..., Any]) -> Any:
    common: dict[str, Any] = {"label": field.label, "method": method}
    match field.kind:
        case "choice":
            return django_filters.ChoiceFilter(choices=book.offered(field.dictionary), **common)
        case "date":
            return django_filters.DateFilter(widget=DayInput, **common)
        case "money" | "decimal":
            return django_filters.NumberFilter(**common)
        case "bool":
            return django_filters.BooleanFilter(widget=YesNoSelect, **common)
    return django_filters.CharFilter(max_length=60, **common)
