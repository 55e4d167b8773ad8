"""Filters that several apps use."""

from collections.abc import Callable
from typing import Any

import django_filters
from django.db.models import QuerySet

from loupan.core.typed import whole


class _RowField(django_filters.fields.ChoiceField):  # type: ignore[misc]  # It is untyped.
    def valid_value(self, value: str) -> bool:
        return whole(value) is not None


class RowFilter(django_filters.ChoiceFilter):  # type: ignore[misc]  # It is untyped.
    """A choice among rows by id. `offers(request)` gives the rows, which the page of the
    list reads.

    Any id is taken, also where nothing was offered, as in the API: an unknown one finds no rows.
    """

    field_class = _RowField

    def __init__(
        self, *args: Any, offers: Callable[[Any], QuerySet[Any, Any]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.offers = offers
